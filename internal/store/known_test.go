package store_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// atOnce calls each of fns while the writer is held up, so that what they hand to it goes into one transaction, in their order.
func atOnce(t *testing.T, db *store.DB, fns ...func() error) []error {
	t.Helper()
	held, hold := make(chan bool), make(chan bool)
	go func() { _ = db.Do(t.Context(), func(stream.Unit) error { held <- true; <-hold; return nil }) }()
	<-held
	answers, errs := make([]chan error, len(fns)), make([]error, len(fns))
	for i, fn := range fns {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- fn() }()
		for db.Wait() < i+1 {
			runtime.Gosched()
		}
	}
	close(hold)
	for i, answer := range answers {
		errs[i] = <-answer
	}
	return errs
}

// between is a store whose units are looked at when they are done: what after returns is what they return.
type between struct {
	*store.DB
	after func(u stream.Unit, before int) error
}

func (b between) Do(ctx context.Context, fn func(stream.Unit) error) error {
	return b.DB.Do(ctx, func(u stream.Unit) error {
		before := store.Asked(u)
		if err := fn(u); err != nil {
			return err
		}
		return b.after(u, before)
	})
}

const here = mxid.Server("wardroom.test")

var said = []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"AwgAEpABm6"}`)

// staff makes n people, and a room like wanted in which all of them are.
func staff(t *testing.T, db *store.DB, n int, wanted room.Wanted) (*room.Rooms, []account.Session, mxid.Room) {
	t.Helper()
	rooms, who := &room.Rooms{Disk: db, Server: here}, make([]account.Session, n)
	err := db.Do(t.Context(), func(u stream.Unit) (err error) {
		for i := range who {
			s := account.Session{User: mxid.User(fmt.Sprintf("@p%d:%s", i, here)), Device: "D"}
			if s.Account, err = db.AddPerson(u, s.User, "x"); err != nil {
				return err
			}
			if s.DeviceNo, err = db.PutDevice(u, s.Account, s.Device, ""); err != nil {
				return err
			}
			who[i] = s
		}
		return nil
	})
	must(t, err)
	id, err := rooms.Create(t.Context(), who[0], wanted)
	must(t, err)
	for _, p := range who[1:] {
		must(t, rooms.Join(t.Context(), p, id, ""))
	}
	return rooms, who, id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, rooms *room.Rooms, who account.Session, in mxid.Room, txn string) (mxid.Event, error) {
	return rooms.Send(t.Context(), who, in, "m.room.encrypted", txn, said)
}

// chain gives what was said in a room, and fails t where it is not one chain up to the room's head.
func chain(t *testing.T, db *store.DB, id mxid.Room) (messages []mxid.Event) {
	t.Helper()
	must(t, db.View(t.Context(), func(v stream.View) error {
		c, _, err := db.Room(v, id)
		must(t, err)
		all, err := db.Timeline(v, c.No, 0, v.Upto()[0], false, 1000)
		var last mxid.Event
		for _, e := range all {
			var prev []mxid.Event
			_ = json.Unmarshal(e.Get("prev_events"), &prev)
			if last != "" && (len(prev) != 1 || prev[0] != last) {
				t.Errorf("%s is behind %v, want %s", e.ID, prev, last)
			}
			if last = e.ID; e.Txn != "" {
				messages = append(messages, e.ID)
			}
		}
		if c.Head != last || c.Depth != int64(len(all)) {
			t.Errorf("the head is %s at %d, want %s at %d", c.Head, c.Depth, last, len(all))
		}
		return err
	}))
	return messages
}

// What every sender's unit needs to know is not asked for each: over a network that is what takes the time.
func TestWhatManySendersNeedToKnowIsNotAskedForEach(t *testing.T) {
	db, _ := storetest.Open(t)
	rooms, who, id := staff(t, db, 3, room.Wanted{Preset: "public_chat"})
	var asked atomic.Int64
	rooms.Disk = between{db, func(u stream.Unit, before int) error { asked.Add(int64(store.Asked(u) - before)); return nil }}
	for round := range 2 {
		asked.Store(0)
		var fns []func() error
		for n := range 12 {
			fns = append(fns, func() error {
				_, err := send(t, rooms, who[n%3], id, fmt.Sprint(round, "-", n))
				return err
			})
		}
		must(t, errors.Join(atOnce(t, db, fns...)...))
	}
	want := int64(0)
	if !storetest.Postgres() { // whether each was sent before, which is not there: a statement and a look for its row
		want = 2 * 12
	}
	if asked.Load() != want {
		t.Errorf("%d statements and rows, want %d", asked.Load(), want)
	}
	if got := len(chain(t, db, id)); got != 24 {
		t.Errorf("%d messages are there, want 24", got)
	}
}

func TestOneTransactionIDTwiceInOneCommitSendsOnce(t *testing.T) {
	db, _ := storetest.Open(t)
	rooms, who, id := staff(t, db, 2, room.Wanted{Preset: "public_chat"})
	var got [6]mxid.Event
	var fns []func() error
	for i := range got {
		fns = append(fns, func() (err error) {
			got[i], err = send(t, rooms, who[i%2], id, "the same")
			return err
		})
	}
	must(t, errors.Join(atOnce(t, db, fns[:4]...)...))
	must(t, errors.Join(atOnce(t, db, fns[4:]...)...)) // and later
	for i := range got {
		if got[i] != got[i%2] {
			t.Errorf("message %d is %s, want %s", i, got[i], got[i%2])
		}
	}
	if got := chain(t, db, id); len(got) != 2 {
		t.Errorf("%d messages are there, want 2", len(got))
	}
}

// An event that cannot be kept fails for who sends it; those who share the transaction are in the room, each once.
func TestAnEventThatFailsLateFailsAlone(t *testing.T) {
	db, _ := storetest.Open(t)
	rooms, who, id := staff(t, db, 2, room.Wanted{Preset: "public_chat"})
	good := func(txn string) func() error {
		return func() error { _, err := send(t, rooms, who[0], id, txn); return err }
	}
	wrongEnd := func() error {
		return db.Do(t.Context(), func(u stream.Unit) error {
			c, _, err := db.Room(u, id)
			if err != nil {
				return err
			}
			c.Head = "$" + mxid.Event("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
			return db.Append(u, c, &room.Event{Pos: u.Next(stream.Topic(id)), Room: c.No, ID: "$AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Sender: 1, JSON: []byte(`{}`)})
		})
	}
	unkeepable := good("no\x00text") // PostgreSQL has no text with NUL in it
	errs := atOnce(t, db, wrongEnd, good("1"), unkeepable, good("2"), wrongEnd, good("3"))
	for i, err := range errs {
		fails := i == 0 || i == 4 || i == 2 && storetest.Postgres()
		if fails != (err != nil) {
			t.Errorf("unit %d is answered %v", i, err)
		}
	}
	want := 3
	if !storetest.Postgres() {
		want++
	}
	if got := chain(t, db, id); len(got) != want {
		t.Errorf("%d messages are there, want %d", len(got), want)
	}
}

// What was read in a transaction that is not kept is not remembered.
func TestWhatWasNotKeptIsNotKnown(t *testing.T) {
	db, _ := storetest.Open(t)
	rooms, who, id := staff(t, db, 2, room.Wanted{Preset: "public_chat"})
	failure := errors.New("fails after it wrote")
	failing := &room.Rooms{Server: here, Disk: between{db, func(u stream.Unit, _ int) error {
		c, _, err := db.Room(u, id)
		must(t, err)
		_, err = db.State(u, c.No, event.StateKey{Type: event.TypeMember, Key: string(who[1].User)})
		must(t, err)
		return failure
	}}}
	if err := failing.Ban(t.Context(), who[0], id, who[1].User, ""); !errors.Is(err, failure) {
		t.Fatalf("got %v, want the unit's own error", err)
	}
	if _, err := send(t, rooms, who[1], id, "m"); err != nil {
		t.Error(err)
	}
	chain(t, db, id)
}

// A piece of state whose event was redacted is another one, though nothing took its place.
func TestRedactedStateIsNotTakenForWhatItWas(t *testing.T) {
	db, _ := storetest.Open(t)
	rooms, who, id := staff(t, db, 1, room.Wanted{Preset: "public_chat"})
	topic := func() mxid.Event {
		e, err := rooms.SetState(t.Context(), who[0], id, event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"Harbour"}`))
		must(t, err)
		return e
	}
	first := topic()
	if again := topic(); again != first {
		t.Error("the same topic was set twice")
	}
	_, err := rooms.Redact(t.Context(), who[0], id, first, "r", []byte(`{}`))
	must(t, err)
	if topic() == first {
		t.Error("a topic that was redacted counts as set")
	}
}

// pairs opens a store as a server does with a command beside it, and as two servers do.
func pairs(t *testing.T, test func(t *testing.T, db, beside *store.DB)) {
	t.Run("command", func(t *testing.T) {
		dir := t.TempDir()
		db, _ := storetest.OpenDir(t, dir)
		beside, _ := storetest.JoinDir(t, dir)
		test(t, db, beside)
	})
	t.Run("server", func(t *testing.T) {
		dbs, _ := storetest.Pair(t, func(int, stream.Position, stream.Position, []*stream.Entry) {})
		test(t, dbs[0], dbs[1])
	})
}

// What another process has done since is obeyed, in the room itself and where another room rests on it.
func TestWhatAnotherProcessDidIsKnown(t *testing.T) {
	pairs(t, func(t *testing.T, db, beside *store.DB) {
		rooms, who, id := staff(t, db, 2, room.Wanted{Preset: "public_chat"})
		others := &room.Rooms{Disk: beside, Server: here}
		inner, err := rooms.Create(t.Context(), who[0], room.Wanted{InitialState: []room.Piece{{Type: "m.room.join_rules", Content: json.RawMessage(
			`{"join_rule":"restricted","allow":[{"type":"m.room_membership","room_id":"` + string(id) + `"}]}`)}}})
		must(t, err)
		must(t, rooms.Join(t.Context(), who[1], inner, ""))
		must(t, rooms.Leave(t.Context(), who[1], inner, ""))
		for i := range 3 { // both in turn
			_, err := send(t, rooms, who[1], id, fmt.Sprint("a", i))
			must(t, err)
			_, err = send(t, others, who[1], id, fmt.Sprint("b", i))
			must(t, err)
		}
		must(t, others.Leave(t.Context(), who[1], id, ""))
		if err := rooms.Join(t.Context(), who[1], inner, ""); !fault.Forbidden.In(err) {
			t.Errorf("who left the room that another one takes people from is answered %v there", err)
		}
		if _, err := send(t, rooms, who[1], id, "c"); !fault.Forbidden.In(err) {
			t.Errorf("who left is answered %v", err)
		}
		if got := chain(t, db, id); len(got) != 6 {
			t.Errorf("%d messages are there, want 6", len(got))
		}
	})
}

// Where other servers send messages, the ends of these rooms alone are asked for again; after more than can be looked at, everything.
func TestPostgresForgetsWhatOtherServersChanged(t *testing.T) {
	needPostgres(t)
	dbs, _ := storetest.Pair(t, func(int, stream.Position, stream.Position, []*stream.Entry) {})
	rooms, who, id := staff(t, dbs[0], 2, room.Wanted{Preset: "public_chat"})
	others := &room.Rooms{Disk: dbs[1], Server: here}
	elsewhere, err := others.Create(t.Context(), who[0], room.Wanted{Preset: "public_chat"})
	must(t, err)
	var asked int
	rooms.Disk = between{dbs[0], func(u stream.Unit, before int) error { asked = store.Asked(u) - before; return nil }}
	say := func(txn string, want int) {
		t.Helper()
		if _, err := send(t, rooms, who[1], id, txn); err != nil || asked != want {
			t.Errorf("%s asked %d, want %d: %v", txn, asked, want, err)
		}
	}
	_, err = send(t, rooms, who[1], id, "at first")
	must(t, err)
	say("nothing happened", 0)
	_, err = send(t, others, who[0], elsewhere, "m")
	must(t, err)
	say("another room", 0)
	_, err = send(t, others, who[0], id, "m")
	must(t, err)
	say("this room", 1)
	say("nothing more", 0)
	must(t, dbs[1].Do(t.Context(), func(u stream.Unit) error {
		c, _, err := dbs[1].Room(u, elsewhere)
		for n := 0; n <= store.MaxForeign && err == nil; n++ {
			id := mxid.Event("$" + base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 24), uint64(n))))
			if err = dbs[1].Append(u, c, &room.Event{Pos: u.Next(stream.Topic(elsewhere)), Room: c.No, ID: id, Sender: 1, Counts: true, JSON: []byte(`{}`)}); err == nil {
				c.Head, c.Depth = id, c.Depth+1
			}
		}
		return err
	}))
	if _, err := send(t, rooms, who[1], id, "very much"); err != nil || asked < 2 {
		t.Errorf("after very much, %d was asked: %v", asked, err)
	}
	chain(t, dbs[0], id)
}

// That a room is in the directory stands beside the stream: no position tells a server that another one has put it there.
func TestWhatAnotherServerListedIsKnown(t *testing.T) {
	dbs, _ := storetest.Pair(t, func(int, stream.Position, stream.Position, []*stream.Entry) {})
	rooms, who, id := staff(t, dbs[0], 1, room.Wanted{Preset: "public_chat"})
	_, err := send(t, rooms, who[0], id, "m")
	must(t, err)
	must(t, (&room.Rooms{Disk: dbs[1], Server: here}).List(t.Context(), who[0], id, true))
	next, err := rooms.Upgrade(t.Context(), who[0], id, "12", nil)
	must(t, err)
	if listed, err := rooms.Listed(t.Context(), who[0], next); !listed || err != nil {
		t.Errorf("the room that took its place is listed: %t, %v", listed, err)
	}
}
