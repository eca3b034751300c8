package device_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// verified publishes the ledger and reads all of it as somebody outside does.
func verified(t *testing.T, w *devicetest.World) *ledger.Verdict {
	t.Helper()
	if err := w.Ledger.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		data, err := w.Ledger.Tile(r.Context(), path)
		if path == "checkpoint" {
			data, err = w.Ledger.Checkpoint(r.Context())
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusNotFound)
			return
		}
		_, _ = rw.Write(data)
	}))
	defer served.Close()
	log, err := torchwood.NewTileFetcher(served.URL)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.Verify(t.Context(), log, ledger.Trust{Key: w.Ledger.Key()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func prove(t *testing.T, w *devicetest.World, of ...mxid.User) device.IdentityProofs {
	t.Helper()
	p, err := w.ProveIdentities(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// holds looks at a proof as a client must that believes nothing of the server but the log's key: public is the key it was shown.
func holds(t *testing.T, p device.IdentityProofs, user mxid.User, public string) error {
	t.Helper()
	text, _, _ := strings.Cut(p.Checkpoint, "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	under := func(p ledger.Proof) error {
		return tlog.CheckRecord(p.Proof, c.N, c.Hash, p.Number, tlog.RecordHash([]byte(p.Entry)))
	}
	if err := under(p.Tags.Proof); err != nil || !strings.Contains(p.Tags.Entry, ledger.CommitTagKey(p.Tags.Key)) {
		return fmt.Errorf("the key of tags: %w", err)
	}
	previous := ""
	for i, e := range p.People[user].Entries {
		if err := under(e.Proof); err != nil {
			return err
		}
		body := event.Value(e.Entry).Get("body")
		switch {
		case body.Get("tag").Text() != ledger.Tag(p.Tags.Key, user):
			return errors.New("it is about somebody else")
		case body.Get("key").Text() != ledger.CommitKey(e.Nonce, user, e.Key):
			return errors.New("it is about another key")
		case i > 0 && body.Get("previous").Text() != previous:
			return errors.New("it does not follow the one before")
		}
		previous = tlog.RecordHash([]byte(e.Entry)).String()
	}
	if n := len(p.People[user].Entries); n == 0 || p.People[user].Entries[n-1].Key != public {
		return errors.New("the newest entry is not about the key that is shown")
	}
	return nil
}

func TestEachMasterKeyIsInTheLedger(t *testing.T) {
	w := devicetest.New(t)
	d, p := crossSigned(t, w, lin)
	if _, err := w.ProveIdentities(t.Context(), []mxid.User{lin}); !fault.NotFound.In(err) {
		t.Errorf("before there is a checkpoint: %v", err)
	}
	if v := verified(t, w); v.People != 1 || v.Kinds[ledger.Identity] != 1 {
		t.Errorf("the ledger has %+v", v)
	}
	if err := holds(t, prove(t, w, lin, "@nobody:localhost"), lin, devicetest.Public(p.Master)); err != nil {
		t.Error(err)
	}
	next := devicetest.NewPerson(lin)
	if err := w.UploadCrossSigning(t.Context(), d.Session, next.Keys(), true); err != nil {
		t.Fatal(err)
	}
	if is := prove(t, w, lin).People[lin]; !is.Pending || len(is.Entries) != 1 {
		t.Errorf("before it is published: %+v", is)
	}
	_, aikos := crossSigned(t, w, aiko)
	if v := verified(t, w); v.People != 2 || v.Kinds[ledger.Identity] != 3 {
		t.Errorf("the ledger has %+v", v)
	}
	proofs := prove(t, w, lin, lin, aiko, "@nobody:localhost")
	for _, c := range []struct {
		user  mxid.User
		key   string
		holds bool
	}{
		{lin, devicetest.Public(next.Master), true}, {aiko, devicetest.Public(aikos.Master), true},
		{lin, devicetest.Public(p.Master), false}, {aiko, devicetest.Public(next.Master), false}, {"@nobody:localhost", "", false},
	} {
		if err := holds(t, proofs, c.user, c.key); (err == nil) != c.holds {
			t.Errorf("%s, %s: %v", c.user, c.key, err)
		}
	}
	if is := proofs.People["@nobody:localhost"]; is.Pending || is.Entries == nil || len(proofs.People) != 3 || proofs.People[lin].Pending {
		t.Errorf("proofs are %+v", proofs)
	}
	for range 12 { // of a long chain the end is given
		next = devicetest.NewPerson(lin)
		if err := w.UploadCrossSigning(t.Context(), d.Session, next.Keys(), true); err != nil {
			t.Fatal(err)
		}
	}
	verified(t, w)
	long := prove(t, w, lin)
	if err := holds(t, long, lin, devicetest.Public(next.Master)); err != nil || len(long.People[lin].Entries) != 10 {
		t.Errorf("%d entries, %v", len(long.People[lin].Entries), err)
	}
	if _, err := w.ProveIdentities(t.Context(), make([]mxid.User, 101)); !fault.TooLarge.In(err) {
		t.Errorf("proofs of 101 people: %v", err)
	}
	if found, err := w.Audit(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("after honest work the audit finds %q, %v", found, err)
	}
}

func TestAMasterKeyThatCanNotBeRecordedIsNotPublished(t *testing.T) {
	w := devicetest.New(t)
	d, p := crossSigned(t, w, lin)
	w.Exec(`DELETE FROM meta WHERE name = 'ledger_tags'`)
	if err := w.UploadCrossSigning(t.Context(), d.Session, devicetest.NewPerson(lin).Keys(), true); err == nil {
		t.Error("it was published")
	}
	var keys, leaves int
	w.Row(`SELECT COUNT(*) FROM master_key`, nil, &keys)
	w.Row(`SELECT COUNT(*) FROM ledger_leaf`, nil, &leaves)
	if got := string(query(t, w, aiko, lin).MasterKeys[lin]); keys != 1 || leaves != 3 || !strings.Contains(got, devicetest.Public(p.Master)) {
		t.Errorf("%d keys, %d entries, %s is shown", keys, leaves, got)
	}
}

// before makes the world one whose ledger knows of no master keys yet, with so many people who have had three.
func before(t *testing.T, w *devicetest.World, people int) {
	t.Helper()
	w.Do(func(u stream.Unit) error {
		for i := range people {
			user := mxid.User(fmt.Sprintf("@p%03d:localhost", i))
			no, err := w.DB.AddPerson(u, user, "x")
			if err != nil {
				return err
			}
			for seq := range int64(3) {
				p := devicetest.NewPerson(user)
				key, err := event.Canonical(p.Keys().Master)
				if err != nil {
					return err
				}
				m := device.MasterKey{Seq: seq + 1, PublicKey: devicetest.Public(p.Master), Previous: make([]byte, 32), JSON: key}
				if err := errors.Join(w.DB.AddMasterKey(u, no, m), w.DB.SetCrossSigningKey(u, no, device.Master, key)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	w.Exec(`DELETE FROM ledger_leaf`)
	w.Exec(`DELETE FROM ledger_hash`)
	w.Exec(`DELETE FROM meta`)
	if err := w.Ledger.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// stops is a store that fails after so many keys were recorded.
type stops struct {
	device.Disk
	left *int
}

func (s stops) AddRecorded(u stream.Unit, r device.Recorded) error {
	if *s.left--; *s.left < 0 {
		return errors.New("it stops")
	}
	return s.Disk.AddRecorded(u, r)
}

func TestMasterKeysFromBeforeComeUnderTheLedger(t *testing.T) {
	w := devicetest.New(t)
	before(t, w, 230)
	left := 210
	cut := &device.Devices{Disk: stops{w.DB, &left}, Ledger: w.Ledger}
	if err := cut.PrepareRecord(t.Context()); err == nil {
		t.Fatal("it did not stop")
	}
	if v := verified(t, w); v.People != 200 || v.Missing != 30 {
		t.Errorf("after a stop the ledger has %d people, and %d are missing", v.People, v.Missing)
	}
	for range 2 { // the second time there is nothing to do
		if err := w.PrepareRecord(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v := verified(t, w); v.People != 230 || v.Missing != 0 || v.Kinds[ledger.Identity] != 230 {
			t.Errorf("the ledger has %+v", v)
		}
	}
	const p7 = mxid.User("@p007:localhost")
	shown := func() string {
		for _, key := range event.Value(query(t, w, aiko, p7).MasterKeys[p7]).Get("keys").Each() {
			return key.Text()
		}
		return ""
	}
	if err := holds(t, prove(t, w, p7), p7, shown()); err != nil {
		t.Error(err)
	}
	d := w.Device(p7, "PHONE")
	if err := w.UploadCrossSigning(t.Context(), d.Session, devicetest.NewPerson(p7).Keys(), true); err != nil {
		t.Fatal(err)
	}
	verified(t, w)
	if err := holds(t, prove(t, w, p7), p7, shown()); err != nil {
		t.Error(err)
	}
	if found, err := w.Audit(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("the audit finds %q, %v", found, err)
	}
}

// What somebody does by hand in the database who wants to be somebody else.
func TestAMasterKeyThatIsChangedByHandIsFoundOut(t *testing.T) {
	ghost := devicetest.NewPerson(lin)
	public := devicetest.Public(ghost.Master)
	json := string(ghost.Keys().Master)
	for name, c := range map[string]struct {
		does func(w *devicetest.World)
		says string
	}{
		"the key that is shown": {func(w *devicetest.World) {
			w.Exec(`UPDATE cross_signing_key SET json = $1 WHERE usage = 'master'`, []byte(json))
		}, "that is shown as that of @lin"},
		"and its history": {func(w *devicetest.World) {
			w.Exec(`UPDATE cross_signing_key SET json = $1 WHERE usage = 'master'`, []byte(json))
			w.Exec(`UPDATE master_key SET json = $1, public_key = $2`, []byte(json), public)
		}, "the master key 1 of @lin:localhost in the table master_key is not the one in the ledger (entry 2)"},
		"a further one in the history": {func(w *devicetest.World) {
			w.Exec(`UPDATE cross_signing_key SET json = $1 WHERE usage = 'master'`, []byte(json))
			w.Exec(`INSERT INTO master_key (account, seq, public_key, previous, pos, json) SELECT account, 2, $1, previous, pos, json FROM master_key`, public)
		}, "a key of @lin:localhost that is not in the ledger"},
		"the record of it": {func(w *devicetest.World) {
			w.Exec(`DELETE FROM identity_entry`)
		}, "the entry 2 of the ledger is about a master key of somebody"},
		"the nonce": {func(w *devicetest.World) {
			w.Exec(`UPDATE identity_entry SET nonce = $1`, make([]byte, 32))
		}, "is not the one in the ledger (entry 2)"},
		"the history is emptied": {func(w *devicetest.World) {
			w.Exec(`DELETE FROM master_key`)
		}, "is in the ledger (entry 2) and not in the table master_key"},
		"an entry of the ledger": {func(w *devicetest.World) {
			w.Exec(`UPDATE ledger_leaf SET leaf = (SELECT leaf FROM ledger_leaf WHERE no = 1) WHERE no = 2`)
		}, "the ledger is not right: the entry 2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := devicetest.New(t)
			crossSigned(t, w, lin)
			verified(t, w)
			c.does(w)
			found, err := w.Audit(t.Context())
			if err != nil || !strings.Contains(strings.Join(found, "\n"), c.says) {
				t.Errorf("the audit finds %q, %v", found, err)
			}
			shown := ""
			for _, key := range event.Value(query(t, w, aiko, lin).MasterKeys[lin]).Get("keys").Each() {
				shown = key.Text()
			}
			if err := holds(t, prove(t, w, lin), lin, shown); err == nil {
				t.Error("the proof holds")
			}
			// The server does not put a false history into the ledger either, and one that was made by hand is not taken for an old one.
			if err := w.PrepareRecord(t.Context()); err != nil {
				t.Error(err)
			}
			if again, err := w.Audit(t.Context()); err != nil || !slices.Equal(again, found) {
				t.Errorf("after another start the audit finds %q, %v", again, err)
			}
		})
	}
}
