package desk_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/desk"
	"wardroom/internal/fault"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
	"wardroom/internal/warrant/warranttest"
)

// house is a server's desk, people, and the keys of the first four.
type house struct {
	*desk.Desk
	t        *testing.T
	db       *store.DB
	accounts *account.Accounts
	people   []account.Session
	keys     []warranttest.Key
}

const day = 24 * time.Hour

// newHouse has six people, of whom nobody is an officer.
func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseIn(t, t.TempDir())
}

func newHouseIn(t *testing.T, dir string) *house {
	t.Helper()
	h := openHouse(t, dir)
	if err := h.Ledger.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := h.db.Do(t.Context(), func(u stream.Unit) (err error) {
		for i := range h.people {
			s := &h.people[i]
			s.User, s.Device = mxid.User(fmt.Sprintf("@p%d:wardroom.test", i)), "D"
			if s.Account, err = h.db.AddPerson(u, s.User, "x"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		h.keys = append(h.keys, warranttest.New(t))
	}
	return h
}

// openHouse is the desk over the store in a folder.
func openHouse(t *testing.T, dir string) *house {
	t.Helper()
	db, hub := storetest.OpenDir(t, dir)
	l := &ledger.Ledger{Disk: db, Hub: hub, Log: slog.New(slog.DiscardHandler), Server: "wardroom.test", Policy: config.Nobody()}
	h := &house{t: t, db: db, accounts: account.New(db, "wardroom.test"), people: make([]account.Session, 6)}
	h.Desk = &desk.Desk{Disk: db, Ledger: l, Hub: hub, Log: l.Log, Acts: desk.Powers(h.accounts)}
	return h
}

// asked is what every warrant says.
func asked(kind warrant.Kind) desk.Asked {
	return desk.Asked{Kind: kind, Law: "DE", Scope: "what is done", Ground: "house rules, 4", Contract: true, Reasons: "why", Appeal: "to another officer"}
}

func (h *house) until(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// appointed makes the first four officers: two stewards, a counsel, and a representative of the staff.
func (h *house) appointed() {
	h.t.Helper()
	a := asked(warrant.Appoint)
	a.Charter = &warrant.Charter{Approvals: 2}
	for i, office := range []warrant.Office{warrant.Steward, warrant.Counsel, warrant.Staff, warrant.Steward} {
		a.Appoint = append(a.Appoint, warrant.Appointee{User: h.people[i].User, Office: office, Key: h.keys[i].Public(), Until: h.until(365 * day)})
	}
	w := h.ask(0, a)
	for i := range 4 {
		w = h.approve(i, w)
	}
	h.step()
	if got := h.one(0, w); got.State != desk.Finished {
		h.t.Fatalf("after the first appointment it is %s", got.State)
	}
}

func (h *house) ask(who int, a desk.Asked) desk.Shown {
	h.t.Helper()
	w, err := h.Ask(h.t.Context(), h.people[who], a)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

func (h *house) approve(who int, w desk.Shown) desk.Shown {
	h.t.Helper()
	w, err := h.Approve(h.t.Context(), h.people[who], w.Hash, h.keys[who].Sign(warrant.Namespace, w.Head))
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

func (h *house) step() {
	h.t.Helper()
	if _, err := h.Step(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) one(who int, w desk.Shown) desk.Shown {
	h.t.Helper()
	got, err := h.One(h.t.Context(), h.people[who], w.Hash)
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

// suspend is a request by the first officer to suspend somebody for a week.
func (h *house) suspend(who int) desk.Asked {
	a := asked(warrant.Suspend)
	a.Subject, a.Until = h.people[who].User, h.until(7*day)
	return a
}

// called gives what tells each person's clients that there is something new; it is another each time.
func (h *house) called() (all [6]string) {
	h.t.Helper()
	time.Sleep(time.Millisecond)
	for i, s := range h.people {
		d, err := h.accounts.Data(h.t.Context(), s, "", account.WarrantsChanged)
		if err != nil && !fault.NotFound.In(err) {
			h.t.Fatal(err)
		}
		all[i] = string(d)
	}
	return all
}

// suspended says whether somebody may not write now.
func (h *house) suspended(who int) (is bool) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(v stream.View) error {
		err := account.MayWrite(v, h.db, h.people[who].Account, time.Now())
		if is = fault.UserSuspended.In(err); is {
			err = nil
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return is
}

// verified checks the whole ledger as an outsider would, and gives its kinds.
func (h *house) verified() map[ledger.Kind]int {
	h.t.Helper()
	if err := h.Ledger.Publish(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	power := &warrant.Record{}
	v, err := ledger.Verify(h.t.Context(), reader{h.Ledger}, ledger.Trust{Key: h.Ledger.Key(), Rules: []ledger.Rule{power.Entry}})
	if err != nil {
		h.t.Fatal(err)
	}
	return v.Kinds
}

// reader reads a ledger as over HTTP.
type reader struct{ *ledger.Ledger }

func (r reader) ReadEndpoint(ctx context.Context, _ string) ([]byte, error) { return r.Checkpoint(ctx) }
func (r reader) SaveTiles([]tlog.Tile, [][]byte)                            {}
func (r reader) ReadTiles(ctx context.Context, tiles []tlog.Tile) (all [][]byte, err error) {
	for _, t := range tiles {
		path := torchwood.TilePath(t)
		data, err := r.Tile(ctx, path)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func TestNobodyActsBeforeThereAreOfficersOfTwoOffices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		refused(t, fault.InvalidParam, "the first warrant appoints", h.err(h.Ask(t.Context(), h.people[0], h.suspend(5))))
		refused(t, fault.Forbidden, "whoever signed up first", h.err(h.Ask(t.Context(), h.people[1], h.suspend(5))))
		a := asked(warrant.Appoint)
		a.Charter = &warrant.Charter{Approvals: 2}
		a.Appoint = []warrant.Appointee{
			{User: h.people[0].User, Office: warrant.Steward, Key: h.keys[0].Public(), Until: h.until(day)},
			{User: h.people[1].User, Office: warrant.Steward, Key: h.keys[1].Public(), Until: h.until(day)},
		}
		refused(t, fault.InvalidParam, "2 officers of 1 offices", h.err(h.Ask(t.Context(), h.people[0], a)))
		a.Appoint[1].Office = warrant.Counsel
		w := h.ask(0, a)
		w = h.approve(0, w)
		if h.step(); h.one(0, w).State != desk.Waits {
			t.Error("one of the two whom it appoints was enough")
		}
		refused(t, fault.NotFound, "not for you", h.err(h.Approve(t.Context(), h.people[2], w.Hash, h.keys[2].Sign(warrant.Namespace, w.Head))))
		w = h.approve(1, w)
		h.step()
		is, err := h.Standing(t.Context(), h.people[1])
		if err != nil || is.Charter == nil || len(is.Officers) != 2 || is.Own == nil || is.Own.Office != warrant.Counsel {
			t.Errorf("after the first appointment: %+v %v", is, err)
		}
		if kinds := h.verified(); kinds[ledger.Authorised] != 1 || kinds[ledger.Executed] != 1 || kinds[ledger.Done] != 1 {
			t.Errorf("the ledger has %v", kinds)
		}
	})
}

func TestASuspensionIsAskedForApprovedToldCarriedOutAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.appointed()
		refused(t, fault.Forbidden, "asked for by officers", h.err(h.Ask(t.Context(), h.people[4], h.suspend(5))))
		early, err := h.About(t.Context(), h.people[5])
		if err != nil || len(early.Key) != 32 {
			t.Fatalf("who is not suspended yet has the key %x %v", early.Key, err)
		}
		before := h.called()
		w := h.ask(0, h.suspend(5))
		if now := h.called(); now[0] != before[0] || now[1] == before[1] || now[2] == before[2] || now[5] != before[5] {
			t.Errorf("who is to approve it is called %q, and was %q before", now, before)
		}
		h.approve(1, w)
		refused(t, fault.NotFound, "not for you", h.err(h.One(t.Context(), h.people[5], w.Hash)))
		w = h.approve(2, w)
		if w.State != desk.Authorised || h.suspended(5) {
			t.Fatalf("with enough approvals it is %s", w.State)
		}
		about, err := h.About(t.Context(), h.people[5])
		if err != nil || len(about.Warrants) != 1 || about.Warrants[0].Hash != w.Hash || about.Warrants[0].From != time.Now().Add(day).Unix() {
			t.Fatalf("who it is about is told %+v %v", about, err)
		}
		if string(about.Key) != string(early.Key) {
			t.Error("it is another key than before")
		}
		head, err := warrant.ParseHead(w.Head)
		if err != nil || head.About != desk.Tag(about.Key, about.Used-1) {
			t.Errorf("the person's own devices do not find it: %v %v", head, err)
		}
		if h.step(); h.suspended(5) {
			t.Fatal("without witnesses it was carried out at once")
		}
		time.Sleep(day)
		if h.step(); !h.suspended(5) || h.one(5, w).State != desk.Finished {
			t.Fatalf("a day later it is %s", h.one(5, w).State)
		}
		h.audited(0)
		h.ended(5, w.Entry)
		h.audited(1)
		h.again(5, w.Entry, time.Now().Add(5*day))
		h.audited(2)
		h.ended(5, w.Entry)
		h.again(5, w.Entry, time.Unix(head.Until, 0))
		h.audited(0)
		time.Sleep(6 * day)
		if h.suspended(5) {
			t.Error("its time is over, and it is not")
		}
		if h.step(); h.one(5, w).State != desk.Over {
			t.Errorf("its time is over, and it is %s", h.one(5, w).State)
		}
		if kinds := h.verified(); kinds[ledger.Lapsed] != 1 || kinds[ledger.Executed] != 2 {
			t.Errorf("the ledger has %v", kinds)
		}
	})
}

// With witnesses nothing is carried out before they hold it, and the ledger shows that they did. Then it is carried out at once.
func TestNothingIsCarriedOutBeforeItIsWitnessed(t *testing.T) {
	h := newHouse(t)
	h.appointed()
	if err := h.Ledger.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	witness, err := ledger.OpenWitness(t.TempDir(), "east.example.org", []string{h.Ledger.Key()})
	if err != nil {
		t.Fatal(err)
	}
	away := true
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		witness.ServeHTTP(w, r)
	}))
	t.Cleanup(served.Close)
	h.Ledger.Client = http.DefaultClient
	if h.Ledger.Policy, err = config.ParsePolicy("witness east " + witness.Key() + " " + served.URL + "\nquorum east\n"); err != nil {
		t.Fatal(err)
	}
	if err := h.Ledger.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := h.ask(0, h.suspend(5))
	h.approve(1, w)
	w = h.approve(2, w)
	if err := h.Ledger.Publish(t.Context()); err == nil {
		t.Fatal("it was published without its witness")
	}
	if h.step(); h.suspended(5) || h.one(5, w).State != desk.Authorised {
		t.Fatal("it was carried out while the witness was away")
	}
	away = false
	if err := h.Ledger.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.step(); !h.suspended(5) || h.one(5, w).State != desk.Finished {
		t.Fatalf("it was witnessed, and is %s", h.one(5, w).State)
	}
	h.verified()
	h.audited(0)
}

func TestASuspensionIsEndedByAnotherWarrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.appointed()
		w := h.ask(0, h.suspend(5))
		h.approve(1, w)
		w = h.approve(2, w)
		time.Sleep(day)
		h.step()
		a := asked(warrant.Restore)
		a.Reverses = &w.Entry
		back := h.ask(3, a)
		h.approve(1, back)
		h.approve(2, back)
		if h.step(); h.suspended(5) || h.one(5, w).State != desk.Over || h.one(5, back).State != desk.Finished {
			t.Errorf("they are %s and %s", h.one(5, w).State, h.one(5, back).State)
		}
		time.Sleep(7 * day)
		h.step()
		if kinds := h.verified(); kinds[ledger.Lapsed] != 0 {
			t.Errorf("what was ended lapsed as well: %v", kinds)
		}
	})
}

func TestWhatIsNoApproval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.appointed()
		other, w := h.ask(0, h.suspend(4)), h.ask(0, h.suspend(5))
		stranger := warranttest.New(t)
		for _, c := range []struct {
			what, says, signature string
		}{
			{"who asks for it", "by the officer who asks", h.keys[0].Sign(warrant.Namespace, w.Head)},
			{"another warrant's", "not of this warrant", h.keys[1].Sign(warrant.Namespace, other.Head)},
			{"what was signed for something else", "was made for \"git\"", h.keys[1].Sign("git", w.Head)},
			{"somebody who is no officer", "no officer's", stranger.Sign(warrant.Namespace, w.Head)},
			{"no signature", "begins with", "approved"},
		} {
			refused(t, fault.InvalidParam, c.says, h.err(h.Approve(t.Context(), h.people[1], w.Hash, c.signature)))
		}
		h.approve(1, w)
		refused(t, fault.InvalidParam, "by one person", h.err(h.Approve(t.Context(), h.people[1], w.Hash, h.keys[1].Sign(warrant.Namespace, w.Head))))
		// Two of one office are not enough.
		w = h.ask(1, h.suspend(5))
		h.approve(0, w)
		if w = h.approve(3, w); w.State != desk.Waits {
			t.Error("two officers of one office were enough")
		}
		// Nobody decides about themselves.
		w = h.ask(1, h.suspend(2))
		refused(t, fault.InvalidParam, "whom it is about", h.err(h.Approve(t.Context(), h.people[2], w.Hash, h.keys[2].Sign(warrant.Namespace, w.Head))))
		// Nor once it is too late.
		time.Sleep(8 * day)
		refused(t, fault.InvalidParam, "within its time", h.err(h.Approve(t.Context(), h.people[0], w.Hash, h.keys[0].Sign(warrant.Namespace, w.Head))))
	})
}

func TestADismissedOfficerApprovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.appointed()
		a := asked(warrant.Dismiss)
		a.Dismiss = []string{h.keys[3].Public()}
		w := h.ask(0, a)
		refused(t, fault.InvalidParam, "whom it is about", h.err(h.Approve(t.Context(), h.people[3], w.Hash, h.keys[3].Sign(warrant.Namespace, w.Head))))
		h.approve(1, w)
		h.approve(2, w)
		time.Sleep(day)
		h.step()
		w = h.ask(1, h.suspend(5))
		refused(t, fault.NotFound, "not for you", h.err(h.Approve(t.Context(), h.people[3], w.Hash, h.keys[3].Sign(warrant.Namespace, w.Head))))
		refused(t, fault.InvalidParam, "no officer's", h.err(h.Approve(t.Context(), h.people[0], w.Hash, h.keys[3].Sign(warrant.Namespace, w.Head))))
		// Not so many that nobody could act any more.
		a.Dismiss = []string{h.keys[1].Public(), h.keys[2].Public()}
		refused(t, fault.InvalidParam, "appoint others first", h.err(h.Ask(t.Context(), h.people[0], a)))
		h.verified()
	})
}

// ended and again change who is suspended by hand.
func (h *house) ended(who int, entry int64) {
	h.t.Helper()
	if err := h.db.Do(h.t.Context(), func(u stream.Unit) error { _, err := h.db.EndSuspension(u, h.people[who].Account, entry); return err }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) again(who int, entry int64, until time.Time) {
	h.t.Helper()
	s := account.Suspension{Entry: entry, UntilMS: until.UnixMilli()}
	if err := h.db.Do(h.t.Context(), func(u stream.Unit) error { return h.db.AddSuspension(u, h.people[who].Account, s) }); err != nil {
		h.t.Fatal(err)
	}
}

// audited fails unless the audit names n differences.
func (h *house) audited(n int) {
	h.t.Helper()
	if found, err := h.Audit(h.t.Context()); err != nil || len(found) != n {
		h.t.Errorf("the audit finds %q %v, and not %d differences", found, err, n)
	}
}

// columns gives the columns of a table, each with what it is set to in order to change it.
func columns(t *testing.T, db *sql.DB, table string) map[string]string {
	t.Helper()
	rows, err := db.Query(`SELECT * FROM ` + table + ` WHERE 1 = 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil || rows.Err() != nil {
		t.Fatal(err, rows.Err())
	}
	all := map[string]string{}
	for _, c := range types {
		switch c.DatabaseTypeName() {
		case "TEXT":
			all[c.Name()] = c.Name() + ` || 'x'`
		case "BYTEA":
			all[c.Name()] = `(SELECT hash FROM ledger_hash WHERE no = 0)`
		default:
			all[c.Name()] = c.Name() + ` + 100`
		}
	}
	return all
}

// Whatever is changed by hand in what warrants rest on is named, one thing at a time; and what was done by them is not.
func TestWhatWasChangedByHandIsNamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	changes := map[string]string{}
	t.Run("prepare", func(t *testing.T) {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		h := newHouseIn(t, dir)
		h.appointed()
		w := h.ask(0, h.suspend(5))
		h.approve(1, w)
		h.approve(2, w)
		h.ask(1, h.suspend(4))
		if err := h.Ledger.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found, err := h.Audit(t.Context()); err != nil || len(found) > 0 {
			t.Fatalf("nothing was changed, and it finds %q %v", found, err)
		}
		beside := storetest.Beside(t, dir)
		for table, key := range map[string]string{
			"warrant": "entry", "warrant_notice": "warrant", "log_key": "account", "ledger_leaf": "no", "ledger_hash": "no",
		} {
			for column, to := range columns(t, beside, table) {
				changes[table+"."+column] = fmt.Sprintf(`UPDATE %s SET %s = %s WHERE %s = (SELECT max(%s) FROM %s)`, table, column, to, key, key, table)
			}
			changes[table+" removed"] = fmt.Sprintf(`DELETE FROM %s WHERE %s = (SELECT max(%s) FROM %s)`, table, key, key, table)
		}
	})
	delete(changes, "warrant.asked")                        // orders the list, and says when what was not approved goes: the head has the time
	changes["log_key.used"] = `UPDATE log_key SET used = 0` // one more would hide nothing
	delete(changes, "warrant_notice.at_ms")                 // orders the list
	changes["suspended by hand"] = `INSERT INTO suspension (account, entry, until_ms) VALUES (5, 3, 4000000000000)`
	changes["told by hand"] = `INSERT INTO warrant_notice (account, warrant, at_ms) SELECT 5, hash, 1 FROM warrant WHERE entry >= 0`
	for _, what := range slices.Sorted(maps.Keys(changes)) {
		t.Run(what, func(t *testing.T) {
			copied := t.TempDir()
			storetest.Copy(t, dir, copied)
			if _, err := storetest.Beside(t, copied).Exec(changes[what]); err != nil {
				t.Fatal(err)
			}
			h := openHouse(t, copied)
			if err := h.Ledger.Prepare(t.Context()); err != nil {
				t.Log(err) // that it does not start is a finding, too
				return
			}
			if found, err := h.Audit(t.Context()); err != nil || len(found) == 0 {
				t.Errorf("%s: it finds %q %v", changes[what], found, err)
			}
		})
	}
}

func (h *house) err(_ desk.Shown, err error) error { return err }

// refused fails unless err is of that code and says that.
func refused(t *testing.T, code fault.Code, says string, err error) {
	t.Helper()
	if !code.In(err) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, and %s %q is wanted", err, code.Name, says)
	}
}
