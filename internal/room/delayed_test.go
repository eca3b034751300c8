package room_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

const sealed = `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"later","session_id":"s","sender_key":"k","device_id":"D"}`

// later is a room of two people in which things are sent later.
type later struct {
	*room.Rooms
	db  *store.DB
	who []account.Session
	in  mxid.Room
}

// delaying runs fn where time passes when everybody waits.
func delaying(t *testing.T, fn func(t *testing.T, l *later)) {
	synctest.Test(t, func(t *testing.T) {
		rooms, db := open(t, t.TempDir())
		who := people(t, db, 2)
		fn(t, &later{rooms, db, who, meet(t, rooms, who)})
	})
}

// run sends what becomes due, as a program does that is started now, until the test ends.
func (l *later) run(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- (&room.Rooms{Disk: l.db, Server: server}).RunDelayed(ctx, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() { end(); <-done })
}

func (l *later) schedule(t *testing.T, who account.Session, txn string, delay time.Duration) string {
	t.Helper()
	id, err := l.Schedule(t.Context(), who, l.in, "m.room.encrypted", nil, txn, []byte(sealed), delay)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sent gives the transaction IDs of what has been said.
func (l *later) sent(t *testing.T) (txns []string) {
	t.Helper()
	err := l.db.View(t.Context(), func(v stream.View) error {
		c, _, err := l.db.Room(v, l.in)
		if err != nil {
			return err
		}
		all, err := l.db.Timeline(v, c.No, 0, v.Upto()[0], false, 1000)
		for _, e := range all {
			if e.Txn != "" {
				txns = append(txns, e.Txn)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return txns
}

// Two programs look for what is due, and neither is the one that was asked: as after a restart, and as with several servers.
func TestADelayedEventIsSentOnceWhenItsTimeHasCome(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		me := l.who[0]
		first := l.schedule(t, me, "first", time.Hour)
		if again := l.schedule(t, me, "first", time.Hour); again != first {
			t.Error("the same transaction was scheduled twice")
		}
		put := l.schedule(t, me, "put off", time.Hour)
		l.schedule(t, me, "cancelled", time.Hour)
		gone := l.schedule(t, me, "gone", time.Hour)
		l.run(t)
		l.run(t)
		must(t, l.Manage(t.Context(), me, gone, room.Cancel))
		time.Sleep(time.Hour - time.Millisecond)
		synctest.Wait()
		if got := l.sent(t); len(got) != 0 {
			t.Fatalf("before its time %q was sent", got)
		}
		must(t, l.Manage(t.Context(), account.Session{}, put, room.Restart)) // without signing in
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := l.sent(t); !slices.Equal(got, []string{"first", "cancelled"}) && !slices.Equal(got, []string{"cancelled", "first"}) {
			t.Fatalf("at its time %q was sent", got)
		}
		is, err := l.OneDelayed(t.Context(), me, first)
		if err != nil || is.Outcome == nil || is.Outcome.Event == "" {
			t.Errorf("what became of it is %+v, %v", is.Outcome, err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := l.sent(t); len(got) != 3 || got[2] != "put off" {
			t.Errorf("an hour later %q was sent", got)
		}
		time.Sleep(25 * time.Hour)
		must(t, l.PruneDelayed(t.Context()))
		if _, err := l.OneDelayed(t.Context(), me, first); !fault.NotFound.In(err) {
			t.Errorf("after a day it is answered %v", err)
		}
	})
}

// A program that waits for an event is told of one that is due before it.
func TestWhatIsDueEarlierIsNotWaitedBehind(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		l.schedule(t, l.who[0], "late", 48*time.Hour)
		ctx, end := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.RunDelayed(ctx, slog.New(slog.DiscardHandler)) }()
		synctest.Wait()
		l.schedule(t, l.who[0], "early", time.Minute)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := l.sent(t); !slices.Equal(got, []string{"early"}) {
			t.Errorf("after a minute %q was sent", got)
		}
		end()
		must(t, <-done)
	})
}

// One server is asked and ends, and another one, which had nothing to wait for, sends.
func TestAnotherServerSendsWhatIsDue(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		l.run(t)
		synctest.Wait()
		l.schedule(t, l.who[0], "orphaned", 30*time.Second)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := l.sent(t); !slices.Equal(got, []string{"orphaned"}) {
			t.Errorf("sent was %q", got)
		}
	})
}

// The rules hold twice: when it is asked for, and when it is sent.
func TestADelayedEventIsJudgedWhenItIsSent(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		for _, refused := range []struct{ typ, content string }{{"m.room.message", `{"msgtype":"m.text","body":"in clear"}`}, {"m.room.redaction", `{}`}, {"m.room.encrypted", `[]`}} {
			if _, err := l.Schedule(t.Context(), l.who[0], l.in, refused.typ, nil, "x", []byte(refused.content), time.Hour); err == nil {
				t.Errorf("%s was taken", refused.content)
			}
		}
		topic := ""
		if _, err := l.Schedule(t.Context(), l.who[1], l.in, "m.room.topic", &topic, "", []byte(`{"topic":"mine"}`), time.Hour); !fault.Forbidden.In(err) {
			t.Errorf("without power: %v", err)
		}
		mine := l.schedule(t, l.who[1], "after leaving", time.Hour)
		must(t, l.Leave(t.Context(), l.who[1], l.in, ""))
		if err := l.Manage(t.Context(), l.who[1], mine, room.SendNow); !fault.Forbidden.In(err) {
			t.Errorf("sent at once: %v", err)
		}
		if waiting, err := l.AllDelayed(t.Context(), l.who[1]); err != nil || len(waiting) != 1 {
			t.Errorf("what could not be sent at once does not wait: %v, %v", waiting, err)
		}
		l.run(t)
		time.Sleep(time.Hour)
		synctest.Wait()
		is, err := l.OneDelayed(t.Context(), l.who[1], mine)
		if err != nil || is.Outcome == nil || is.Outcome.Event != "" || is.Outcome.Error == nil || is.Outcome.Error.Code != "M_FORBIDDEN" || len(l.sent(t)) != 0 {
			t.Errorf("what became of it is %+v, %v", is.Outcome, err)
		}
	})
}

// Who else says what is so has the last word; one's own word does not take back what one has said for later.
func TestADelayedStateEndsWhereSomebodyElseSetsIt(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		key := event.StateKey{Type: "org.example.shift", Key: string(l.who[1].User)}
		must(t, set(t, l, l.who[0], event.StateKey{Type: "m.room.power_levels"}, fmt.Sprintf(`{"state_default":0,"users":{"%s":50}}`, l.who[1].User)))
		schedule := func() string {
			id, err := l.Schedule(t.Context(), l.who[1], l.in, key.Type, &key.Key, "", []byte(`{"on":false}`), time.Hour)
			must(t, err)
			return id
		}
		id := schedule()
		must(t, set(t, l, l.who[1], key, `{"on":true}`))
		if waiting, err := l.AllDelayed(t.Context(), l.who[1]); err != nil || len(waiting) != 1 {
			t.Errorf("after one's own word %v wait, %v", waiting, err)
		}
		must(t, set(t, l, l.who[1], event.StateKey{Type: "org.example.shift"}, `{"on":true}`)) // another piece of state
		must(t, l.Manage(t.Context(), l.who[1], id, room.Cancel))
		key.Key = ""
		id = schedule()
		must(t, set(t, l, l.who[0], key, `{"on":"by night"}`))
		is, err := l.OneDelayed(t.Context(), l.who[1], id)
		if err != nil || is.Outcome == nil || is.Outcome.Error == nil {
			t.Errorf("after another's word it is %+v, %v", is.Outcome, err)
		}
	})
}

func set(t *testing.T, l *later, who account.Session, key event.StateKey, content string) error {
	t.Helper()
	_, err := l.SetState(t.Context(), who, l.in, key, []byte(content))
	return err
}

// What waits ends with its device, whoever knows its ID; what waits of another device of the same person does not.
func TestADelayedEventEndsWithItsDevice(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		me, other := l.who[0], l.who[0]
		must(t, l.db.Do(t.Context(), func(u stream.Unit) (err error) {
			other.Device = "E"
			other.DeviceNo, err = l.db.PutDevice(u, other.Account, other.Device, "")
			return err
		}))
		gone := l.schedule(t, me, "gone", time.Hour)
		l.schedule(t, other, "stays", time.Hour)
		accounts := account.New(l.db, server)
		accounts.DeviceGone = l.EndDelayed
		must(t, accounts.SignOut(t.Context(), me))
		for _, action := range []string{room.SendNow, room.Restart} {
			if err := l.Manage(t.Context(), account.Session{}, gone, action); !fault.Finalised.In(err) {
				t.Errorf("%s is answered %v", action, err)
			}
		}
		is, err := l.OneDelayed(t.Context(), other, gone)
		if err != nil || is.Outcome == nil || is.Outcome.Event != "" || is.Outcome.Error == nil || is.Outcome.Error.Code != "M_UNKNOWN_TOKEN" {
			t.Errorf("what became of it is %+v, %v", is.Outcome, err)
		}
		if _, err := l.Schedule(t.Context(), me, l.in, "m.room.encrypted", nil, "late", []byte(sealed), time.Hour); !fault.UnknownToken.In(err) {
			t.Errorf("a request that was under way is answered %v", err)
		}
		l.run(t)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := l.sent(t); !slices.Equal(got, []string{"stays"}) {
			t.Errorf("sent was %q", got)
		}
	})
}

// What is told out of memory is shared by those who are told, but for what is for the sender alone.
func TestOnlyTheSenderIsToldWhatWasDelayed(t *testing.T) {
	said := &room.Said{Event: room.Event{ID: "$a", Sender: 1, Device: 1, Delay: "name", JSON: []byte(`{"content":{},"type":"m.room.encrypted"}`)}}
	for _, of := range []struct {
		account account.No
		device  account.DeviceNo
	}{{2, 9}, {1, 1}, {2, 9}, {1, 2}, {2, 9}} {
		shown := said.Show(account.Session{Account: of.account, DeviceNo: of.device}, false)
		if told := strings.Contains(string(shown), `"org.matrix.msc4140.delay_id":"name"`); told != (of.account == 1) {
			t.Errorf("device %d of account %d is told %s", of.device, of.account, shown)
		}
	}
}

// broken is a store that cannot read one room.
type broken struct {
	*store.DB
	room mxid.Room
}

func (b broken) Room(v stream.View, id mxid.Room) (room.Chain, bool, error) {
	if id == b.room {
		return room.Chain{}, false, errors.New("this room cannot be read")
	}
	return b.DB.Room(v, id)
}

func TestADelayedEventThatFailsKeepsNoOther(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		whole := l.in
		l.in = meet(t, l.Rooms, l.who)
		for n := range room.MaxDelayed { // as many as are looked at together
			l.schedule(t, l.who[0], fmt.Sprint(n), time.Hour)
		}
		rooms := &room.Rooms{Disk: broken{l.db, l.in}, Server: server}
		l.in = whole
		l.schedule(t, l.who[1], "behind them", 2*time.Hour)
		time.Sleep(2 * time.Hour)
		if _, err := rooms.SendDue(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("it is reported as %v", err)
		}
		if got := l.sent(t); !slices.Equal(got, []string{"behind them"}) {
			t.Errorf("sent was %q", got)
		}
		if waiting, err := l.AllDelayed(t.Context(), l.who[0]); err != nil || len(waiting) != room.MaxDelayed {
			t.Errorf("%d wait on, %v", len(waiting), err)
		}
	})
}

func TestHowMuchWaitsIsBounded(t *testing.T) {
	delaying(t, func(t *testing.T, l *later) {
		for n := range room.MaxDelayed {
			l.schedule(t, l.who[0], fmt.Sprint(n), time.Duration(n+1)*time.Hour)
		}
		_, err := l.Schedule(t.Context(), l.who[0], l.in, "m.room.encrypted", nil, "more", []byte(sealed), time.Hour)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != fault.LimitExceeded || f.RetryAfter != time.Hour {
			t.Errorf("one more is answered %v", err)
		}
		l.schedule(t, l.who[1], "another's", time.Hour)
		must(t, l.db.Do(t.Context(), func(u stream.Unit) error { return l.db.ClosePerson(u, l.who[0].Account) }))
		time.Sleep(3 * time.Hour)
		if _, err := l.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := l.sent(t); !slices.Equal(got, []string{"another's"}) {
			t.Errorf("after an account was closed %q was sent", got)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
