package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/service"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

const (
	asToken = "as-token-of-the-telegraph-0123456789"
	hsToken = "hs-token-of-the-telegraph-0123456789"
)

// office is a person, a server, and a bridge that is told of what happens.
type office struct {
	db       *store.DB
	hub      *stream.Hub
	accounts *account.Accounts
	rooms    *room.Rooms
	lin, bot account.Session
	devices  *device.Devices
	feed     *feed.Feed
	bridge   *bridge
	asks     string // what the bridge's registration asks for
	log      *strings.Builder
}

// bridge is an application service. It keeps what it got.
type bridge struct {
	*httptest.Server
	got chan transaction

	mu     sync.Mutex // guards what is below
	answer func(w http.ResponseWriter, try int)
	tries  int
}

// answers replaces what the bridge answers with; nil: with 200.
func (b *bridge) answers(answer func(w http.ResponseWriter, try int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

// transaction is what a bridge gets.
type transaction struct {
	txn    string
	ids    []mxid.Event
	Events []struct {
		ID      mxid.Event     `json:"event_id"`
		Room    mxid.Room      `json:"room_id"`
		Type    string         `json:"type"`
		Sender  mxid.User      `json:"sender"`
		Content map[string]any `json:"content"`
	} `json:"events"`
	passing
	Old passing
	keys
	OldKeys keys
}

// passing is what passes in rooms, and between devices.
type passing struct {
	Ephemeral []struct {
		Type    string          `json:"type"`
		Room    mxid.Room       `json:"room_id"`
		Content json.RawMessage `json:"content"`
	} `json:"ephemeral"`
	ToDevice []struct {
		Type    string            `json:"type"`
		Sender  mxid.User         `json:"sender"`
		User    mxid.User         `json:"to_user_id"`
		Device  mxid.Device       `json:"to_device_id"`
		Content map[string]string `json:"content"`
	} `json:"to_device"`
}

// keys is what encrypting services have to know.
type keys struct {
	Lists *struct {
		Changed []mxid.User `json:"changed"`
		Left    []mxid.User `json:"left"`
	} `json:"device_lists"`
	OneTime map[mxid.User]map[mxid.Device]map[string]int `json:"device_one_time_keys_count"`
	Unused  map[mxid.User]map[mxid.Device][]string       `json:"device_unused_fallback_key_types"`
}

// read reads a transaction, the older names beside the others.
func (tx *transaction) read(raw []byte) error {
	var all map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(raw, tx), json.Unmarshal(raw, &all)); err != nil {
		return err
	}
	old := map[string]json.RawMessage{}
	for name, value := range all {
		for _, before := range []string{"de.sorunome.msc2409.", "org.matrix.msc3202."} {
			if bare, ok := strings.CutPrefix(name, before); ok {
				old[bare] = value
			}
		}
	}
	text, err := json.Marshal(old)
	return errors.Join(err, json.Unmarshal(text, &tx.Old), json.Unmarshal(text, &tx.OldKeys))
}

func newBridge(t testing.TB) *bridge {
	b := &bridge{got: make(chan transaction, 1000)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var tx transaction
		var ok bool
		if tx.txn, ok = strings.CutPrefix(r.URL.Path, "/at/_matrix/app/v1/transactions/"); !ok || r.Method != "PUT" || tx.read(raw) != nil ||
			r.Header.Get("Authorization") != "Bearer "+hsToken || r.URL.RawQuery != "" {
			t.Errorf("the bridge got %s %s %v %s", r.Method, r.URL, r.Header, raw)
		}
		for _, e := range tx.Events {
			tx.ids = append(tx.ids, e.ID)
		}
		b.mu.Lock()
		b.tries++
		answer, try := b.answer, b.tries
		b.mu.Unlock()
		b.got <- tx
		if answer != nil {
			answer(w, try)
		} else {
			_, _ = io.WriteString(w, "{}")
		}
	}))
	t.Cleanup(b.Close)
	return b
}

// next gives what the bridge gets next.
func (b *bridge) next(t testing.TB) transaction {
	t.Helper()
	select {
	case tx := <-b.got:
		return tx
	case <-time.After(time.Minute):
		t.Fatal("nothing is told")
		return transaction{}
	}
}

// upto gives all that the bridge gets up to the event last, which must come once.
func (b *bridge) upto(t testing.TB, last mxid.Event) (ids []mxid.Event) {
	t.Helper()
	for !slices.Contains(ids, last) {
		ids = append(ids, b.next(t).ids...)
	}
	return ids
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB) *office {
	db, hub := storetest.Open(t)
	o := &office{db: db, hub: hub, accounts: account.New(db, "office.test"), rooms: &room.Rooms{Disk: db, Server: "office.test"}, bridge: newBridge(t), log: &strings.Builder{}}
	o.devices = &device.Devices{Disk: db}
	o.feed = &feed.Feed{Disk: db, Hub: hub, Rooms: o.rooms, Devices: o.devices, Typing: feed.NewTyping(hub)}
	o.lin = account.Session{User: "@lin:office.test", Device: "D"}
	must(t, db.Do(t.Context(), func(u stream.Unit) (err error) {
		if o.lin.Account, err = db.AddPerson(u, o.lin.User, "x"); err == nil {
			o.lin.DeviceNo, err = db.PutDevice(u, o.lin.Account, o.lin.Device, "")
		}
		return err
	}))
	return o
}

// services gives what tells the bridge, prepared; rooms is its namespace of rooms.
func (o *office) services(t testing.TB, rooms string) *service.Services {
	t.Helper()
	one, err := config.ParseService([]byte(`{id: telegraph, url: `+o.bridge.URL+`/at, as_token: `+asToken+`, hs_token: `+hsToken+`, sender_localpart: telegraphbot,`+o.asks+`
		namespaces: {users: [{regex: '@telegraph_.*', exclusive: true}], rooms: [`+rooms+`]}}`), "office.test")
	must(t, err)
	all := config.Services{one}
	o.accounts.Services, o.rooms.Services = all, all
	must(t, o.accounts.PrepareServices(t.Context()))
	o.bot, err = o.accounts.ActAs(t.Context(), one, "", "")
	must(t, err)
	s := &service.Services{All: all, Disk: o.db, Rooms: o.rooms, Typing: o.feed.Typing, Keys: o.devices, Hub: o.hub, Log: slog.New(slog.NewTextHandler(o.log, nil))}
	s.SetWait(time.Millisecond)
	must(t, s.Prepare(t.Context()))
	return s
}

// run runs s until the test ends or stop is called, which waits for its end.
func run(t testing.TB, s *service.Services) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		must(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func (o *office) room(t testing.TB) mxid.Room {
	t.Helper()
	id, err := o.rooms.Create(t.Context(), o.lin, room.Wanted{Preset: "public_chat"})
	must(t, err)
	return id
}

func (o *office) say(t testing.TB, in mxid.Room, txn string) mxid.Event {
	t.Helper()
	id, err := o.rooms.Send(t.Context(), o.lin, in, "m.room.encrypted", txn, []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`+txn+`"}`))
	must(t, err)
	return id
}

// shared is a room that the bot is in.
func (o *office) shared(t testing.TB) mxid.Room {
	t.Helper()
	in := o.room(t)
	must(t, o.rooms.Join(t.Context(), o.bot, in, ""))
	return in
}

func TestAServiceIsToldOfWhatHappensWhereItIsSeen(t *testing.T) {
	o := open(t)
	private, public, other := o.room(t), o.room(t), o.room(t)
	// A namespace of rooms gives it nothing: it is in neither of these.
	run(t, o.services(t, `{exclusive: false, regex: '`+regexp.QuoteMeta(string(private))+`'}, {exclusive: false, regex: '`+regexp.QuoteMeta(string(other))+`'}`))
	o.say(t, private, "1")
	o.say(t, public, "2")
	must(t, o.rooms.Invite(t.Context(), o.lin, private, o.bot.User, ""))
	invited := o.bridge.next(t)
	if len(invited.Events) != 1 || invited.Events[0].Room != private || invited.Events[0].Content["membership"] != "invite" {
		t.Fatalf("told was %+v", invited)
	}
	o.say(t, private, "3") // it is not in the room yet
	must(t, o.rooms.Join(t.Context(), o.bot, private, ""))
	want := []mxid.Event{o.say(t, private, "4")}
	o.say(t, public, "5")
	o.say(t, other, "6")
	for _, txn := range []string{"7", "8", "9"} {
		want = append(want, o.say(t, private, txn))
	}
	told := o.bridge.upto(t, want[3])
	if len(told) != 5 || !slices.Equal(told[1:], want) { // the first is that it joined
		t.Errorf("told was %v, want its joining and %v", told, want)
	}
	must(t, o.rooms.Kick(t.Context(), o.lin, private, o.bot.User, ""))
	removed := o.bridge.next(t)
	o.say(t, private, "10")
	must(t, o.rooms.Join(t.Context(), o.bot, public, ""))
	joined := o.bridge.next(t)
	if len(removed.Events) != 1 || removed.Events[0].Content["membership"] != "leave" || len(joined.Events) != 1 || joined.Events[0].Room != public {
		t.Errorf("told was %+v, then %+v", removed, joined)
	}
}

// What was said while none of its accounts was there is not told later, also where all of it is looked at together.
func TestWhatWasSaidWithoutAServiceIsNotTold(t *testing.T) {
	o := open(t)
	s := o.services(t, "")
	in := o.shared(t)
	want := []mxid.Event{o.say(t, in, "1")}
	must(t, o.rooms.Kick(t.Context(), o.lin, in, o.bot.User, ""))
	without := o.say(t, in, "2")
	must(t, o.rooms.Join(t.Context(), o.bot, in, ""))
	want = append(want, o.say(t, in, "3"))
	run(t, s)
	told := o.bridge.upto(t, want[1])
	if len(told) != 5 || told[1] != want[0] || slices.Contains(told, without) { // it joined, 1, it was removed, it joined, 3
		t.Errorf("told was %v, without it was said %s", told, without)
	}
}

func TestALostAnswerIsFollowedByTheSameTransaction(t *testing.T) {
	o := open(t)
	s := o.services(t, "")
	in := o.shared(t)
	var later mxid.Event
	o.bridge.answers(func(w http.ResponseWriter, try int) {
		switch try {
		case 1:
			later = o.say(t, in, "later") // goes into the next one
			panic(http.ErrAbortHandler)   // the answer is lost
		case 2:
			w.WriteHeader(http.StatusForbidden) // another hs_token
		case 3:
			w.Header().Set("Location", o.bridge.URL+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	said := o.say(t, in, "hello")
	run(t, s)
	first := o.bridge.next(t)
	if !slices.Contains(first.ids, said) {
		t.Fatalf("told was %v without %s", first.ids, said)
	}
	for range 3 {
		if again := o.bridge.next(t); again.txn != first.txn || !slices.Equal(again.ids, first.ids) {
			t.Errorf("then it was told %s of %v, at first %s of %v", again.txn, again.ids, first.txn, first.ids)
		}
	}
	if then := o.bridge.next(t); then.txn == first.txn || !slices.Equal(then.ids, []mxid.Event{later}) {
		t.Errorf("then %s of %v, want %s alone", then.txn, then.ids, later)
	}
	last := o.say(t, in, "last")
	if ids := o.bridge.upto(t, last); len(ids) != 1 {
		t.Errorf("told again: %v", ids)
	}
}

func TestAStopLosesAndRepeatsNothing(t *testing.T) {
	o := open(t)
	s := o.services(t, "")
	in := o.shared(t)
	o.bridge.answers(func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) })
	said := o.say(t, in, "hello")
	s.SetWait(time.Hour)
	stop := run(t, s)
	first := o.bridge.next(t)
	stop()
	if is := s.States(); len(is) != 1 || is[0].Err != "it answered 502" || is[0].Since.IsZero() || !slices.Contains(first.ids, said) {
		t.Errorf("it stands %+v, told was %v", is, first.ids)
	}
	o.bridge.answers(nil)
	away := []mxid.Event{o.say(t, in, "while away 1"), o.say(t, in, "while away 2")}
	s = o.services(t, "")
	stop = run(t, s)
	if again := o.bridge.next(t); again.txn != first.txn || !slices.Equal(again.ids, first.ids) {
		t.Errorf("after a stop it was told %s of %v, before %s of %v", again.txn, again.ids, first.txn, first.ids)
	}
	if ids := o.bridge.upto(t, away[1]); !slices.Equal(ids, away) {
		t.Errorf("told was %v, want %v", ids, away)
	}
	for len(o.bridge.got) > 0 {
		t.Errorf("told again: %v", o.bridge.next(t).ids)
	}
	stop()
	if is := s.States(); !is[0].Since.IsZero() || is[0].Err != "" {
		t.Errorf("it stands %+v", is)
	}
	run(t, o.services(t, ""))
	last := o.say(t, in, "last")
	if ids := o.bridge.upto(t, last); len(ids) != 1 {
		t.Errorf("told again: %v", ids)
	}
}

func TestMuchIsToldInSeveralTransactions(t *testing.T) {
	o := open(t)
	s := o.services(t, "")
	in := o.shared(t)
	var want []mxid.Event
	for i := range 2*service.InOne + 10 {
		want = append(want, o.say(t, in, "n"+string(rune('a'+i%26))+string(rune('a'+i/26))))
	}
	run(t, s)
	var told []mxid.Event
	for len(told) < len(want)+1 {
		tx := o.bridge.next(t)
		if len(tx.ids) > service.InOne {
			t.Errorf("%d in one", len(tx.ids))
		}
		told = append(told, tx.ids...)
	}
	if !slices.Equal(told[1:], want) {
		t.Error("told was something else, or in another order")
	}
}

// A server that stood still while another took its turn finds out before it notes anything: nothing is told a second time under another name.
func TestOneThatLostItsTurnTellsNothingTwice(t *testing.T) {
	o := open(t)
	first, second := o.services(t, ""), o.services(t, "")
	in := o.shared(t)
	goOn := make(chan struct{})
	o.bridge.answers(func(_ http.ResponseWriter, try int) {
		if try == 1 {
			<-goOn
		}
	})
	told := map[mxid.Event]string{}
	upto := func(last mxid.Event) {
		t.Helper()
		for told[last] == "" {
			tx := o.bridge.next(t)
			for _, id := range tx.ids {
				if told[id] != "" && told[id] != tx.txn {
					t.Errorf("%s was told as %s and as %s", id, told[id], tx.txn)
				}
				told[id] = tx.txn
			}
		}
	}
	said := o.say(t, in, "1")
	stop := run(t, first)
	upto(said)
	stopToo := run(t, second) // and the first one stands still
	upto(o.say(t, in, "2"))
	close(goOn)
	upto(o.say(t, in, "3"))
	stop()
	stopToo()
	run(t, o.services(t, ""))
	upto(o.say(t, in, "4"))
}

func TestOfSeveralServersOneTellsAndAnotherTakesOver(t *testing.T) {
	o := open(t)
	both := [2]*service.Services{o.services(t, ""), o.services(t, "")}
	in := o.shared(t)
	var stop [2]func()
	for i, s := range both {
		s.Beside = true
		s.SetTurn(time.Minute) // nobody's ends by itself
		stop[i] = run(t, s)
		if i == 0 { // it has its turn before the other one asks
			o.bridge.upto(t, o.say(t, in, "first"))
		}
	}
	want := o.say(t, in, "second")
	if ids := o.bridge.upto(t, want); len(ids) != 1 {
		t.Errorf("told was %v", ids)
	}
	stop[0]() // which gives its turn back
	stop[1]()
	third := o.services(t, "")
	third.Beside = true
	want = o.say(t, in, "third")
	run(t, third)
	if ids := o.bridge.upto(t, want); len(ids) != 1 {
		t.Errorf("told was %v", ids)
	}
}

func TestANameThatIsSomebodysIsNotAServices(t *testing.T) {
	o := open(t)
	one, err := config.ParseService([]byte(`{id: lin, url: null, as_token: `+asToken+`, hs_token: `+hsToken+`, sender_localpart: lin, namespaces: {}}`), "office.test")
	must(t, err)
	one.File = "lin.yaml"
	o.accounts.Services = config.Services{one}
	if err := o.accounts.PrepareServices(t.Context()); err == nil || !strings.Contains(err.Error(), "lin.yaml: sender_localpart: the name lin is somebody's already") {
		t.Errorf("a person's name: %v", err)
	}
	if _, err := o.accounts.ActAs(t.Context(), one, "", ""); err == nil {
		t.Error("it acts as a person")
	}
}

func TestAServiceThatFailsIsLeftAloneForLongerAndLonger(t *testing.T) {
	if service.Wait(0) != time.Second || service.Wait(3) != 8*time.Second || service.Wait(1000) != 5*time.Minute {
		t.Errorf("%v, %v, %v", service.Wait(0), service.Wait(3), service.Wait(1000))
	}
}
