package feed_test

import (
	"crypto/rand"
	"encoding/json"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// sync asks for what is new, without waiting.
func (o *office) sync(t testing.TB, who account.Session, since string) *feed.Sync {
	t.Helper()
	answer, err := o.Sync(t.Context(), who, feed.Request{Since: since})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// say sends an encrypted message.
func (o *office) say(t testing.TB, who account.Session, in mxid.Room, txn string) mxid.Event {
	t.Helper()
	id, err := o.Rooms.Send(t.Context(), who, in, "m.room.encrypted", txn, []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`+txn+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// must fails the test if err is one.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// busy is an office of three people in which, after the token, each of the seven rooms has news of another kind for the
// second person: a message, a receipt, an invitation, that they left, data of theirs, somebody who writes, nothing.
func busy(t *testing.T) (o *office, since string) {
	o = open(t, 3, 7)
	ctx, kai, me := t.Context(), o.people[0], o.people[1]
	seen, first := o.say(t, kai, o.rooms[1], "seen"), o.say(t, kai, o.rooms[4], "first")
	must(t, o.Rooms.Leave(ctx, me, o.rooms[2], ""))
	since = o.sync(t, me, "").Next
	o.say(t, kai, o.rooms[0], "hello")
	must(t, o.Receive(ctx, kai, o.rooms[1], feed.Receipt{Type: feed.Read, Event: seen}))
	must(t, o.Rooms.Invite(ctx, kai, o.rooms[2], me.User, ""))
	must(t, o.Rooms.Leave(ctx, me, o.rooms[3], ""))
	must(t, o.Receive(ctx, me, o.rooms[4], feed.Receipt{Type: feed.FullyRead, Event: first}))
	must(t, o.SetTyping(ctx, kai, o.rooms[5], time.Minute))
	return o, since
}

func TestEachKindOfNewsNamesItsRoom(t *testing.T) {
	o, since := busy(t)
	answer := o.sync(t, o.people[1], since)
	for i, want := range []struct{ said, receipts, data, typing int }{{said: 1}, {receipts: 1}, {}, {}, {data: 1}, {typing: 1}, {}} {
		j := answer.Rooms.Join[o.rooms[i]]
		if (j != nil) != (want.said+want.receipts+want.data+want.typing > 0) {
			t.Errorf("room %d: %+v", i, j)
		}
		if j == nil {
			continue
		}
		if len(j.Timeline.Events) != want.said || len(j.Ephemeral.Events) != want.receipts+want.typing || len(j.Data.Events) != want.data || j.Summary != nil {
			t.Errorf("room %d: %+v", i, j)
		}
		if j.Timeline.Prev == "" || j.Timeline.Limited {
			t.Errorf("room %d: its timeline is not said to be whole: %+v", i, j.Timeline)
		}
	}
	if answer.Rooms.Invite[o.rooms[2]] == nil || answer.Rooms.Leave[o.rooms[3]] == nil || len(answer.Rooms.Invite)+len(answer.Rooms.Leave) != 2 {
		t.Errorf("invited to %v, left %v", answer.Rooms.Invite, answer.Rooms.Leave)
	}
	if again := o.sync(t, o.people[1], answer.Next); len(again.Rooms.Join)+len(again.Rooms.Invite)+len(again.Rooms.Leave) != 0 {
		t.Errorf("told again: %+v", again.Rooms)
	}
}

// What was missed is looked for in another way when the stream has gone on far.
func TestALongAbsenceIsToldTheSame(t *testing.T) {
	o, since := busy(t)
	changing := regexp.MustCompile(`"age":\d+|"prev_batch":"[^"]*"|"next_batch":"[^"]*"`)
	tell := func() string {
		text, err := json.Marshal(o.sync(t, o.people[1], since))
		must(t, err)
		return changing.ReplaceAllString(string(text), "")
	}
	short := tell()
	must(t, o.Disk.Do(t.Context(), func(u stream.Unit) error {
		for range 20_000 {
			u.Next("!elsewhere")
		}
		return nil
	}))
	if long := tell(); long != short {
		t.Errorf("after a long absence:\n%s\nbefore:\n%s", long, short)
	}
}

// Whoever was away while somebody joined learns of it, with and without the timeline's having room for it.
func TestAJoinIsInStateAndSummary(t *testing.T) {
	o := open(t, 2, 1)
	newcomer := person(t, o.Disk.(*store.DB), 2)
	for name, limit := range map[string]int{"whole": 10, "limited": 1} {
		t.Run(name, func(t *testing.T) {
			since := o.sync(t, o.people[0], "").Next
			must(t, o.Rooms.Join(t.Context(), newcomer, o.rooms[0], ""))
			o.say(t, o.people[1], o.rooms[0], name+"1")
			o.say(t, o.people[1], o.rooms[0], name+"2")
			for _, after := range []bool{false, true} {
				answer, err := o.Sync(t.Context(), o.people[0], feed.Request{Since: since, StateAfter: after,
					Filter: &feed.Filter{Room: feed.RoomFilter{Timeline: room.Filter{Limit: limit}}}})
				must(t, err)
				j := answer.Rooms.Join[o.rooms[0]]
				if j == nil || j.Summary == nil || j.Summary.Joined != 3 {
					t.Fatalf("state after: %v: the summary is %+v", after, j)
				}
				state := j.State
				if after {
					state = j.After
				}
				if told := len(state.Events) == 1; told != (after || limit == 1) {
					t.Errorf("state after: %v: the state holds %s", after, state.Events)
				}
			}
			must(t, o.Rooms.Leave(t.Context(), newcomer, o.rooms[0], ""))
		})
	}
}

func TestAMessageWakesWhoIsInTheRoom(t *testing.T) {
	o := open(t, 3, 2)
	must(t, o.Rooms.Leave(t.Context(), o.people[2], o.rooms[0], ""))
	woken := func(who account.Session) bool {
		w := o.Hub.Subscribe(stream.Topic(who.User))
		defer w.Close()
		other := o.Hub.Subscribe("@somebody:else")
		defer other.Close()
		o.say(t, o.people[0], o.rooms[0], rand.Text())
		// What comes after it is waited for, so that this has been decided.
		must(t, o.Disk.Do(t.Context(), func(u stream.Unit) error { u.Next("@somebody:else"); return nil }))
		<-other.C
		select {
		case <-w.C:
			return true
		default:
			return false
		}
	}
	for i, want := range []bool{true, true, false} {
		if got := woken(o.people[i]); got != want {
			t.Errorf("person %d is woken: %v, want %v", i, got, want)
		}
	}
	must(t, o.Rooms.Join(t.Context(), o.people[2], o.rooms[0], ""))
	if !woken(o.people[2]) {
		t.Error("somebody who has come back is not woken")
	}
}

// Nobody has to wait for the time to run out, whatever it is that they learn.
func TestEveryKindOfNewsWakes(t *testing.T) {
	o := open(t, 2, 1)
	kai, me := o.people[0], o.people[1]
	said := o.say(t, kai, o.rooms[0], "1")
	for name, happen := range map[string]func(){
		"a message":           func() { o.say(t, kai, o.rooms[0], "2") },
		"a receipt":           func() { must(t, o.Receive(t.Context(), kai, o.rooms[0], feed.Receipt{Type: feed.Read, Event: said})) },
		"somebody who writes": func() { must(t, o.SetTyping(t.Context(), kai, o.rooms[0], time.Minute)) },
		"a to-device message": func() {
			must(t, o.Devices.Send(t.Context(), kai, "m.x", "1", map[mxid.User]map[mxid.Device]json.RawMessage{me.User: {me.Device: json.RawMessage(`{}`)}}))
		},
		"own data": func() {
			must(t, o.Receive(t.Context(), me, o.rooms[0], feed.Receipt{Type: feed.FullyRead, Event: said}))
		},
		"a name": func() {
			must(t, o.Disk.Do(t.Context(), func(u stream.Unit) error { return o.Devices.KeysChanged(u, kai.Account, kai.User) }))
		},
		"being put out": func() { must(t, o.Rooms.Kick(t.Context(), kai, o.rooms[0], me.User, "")) },
	} {
		t.Run(name, func(t *testing.T) {
			since := o.sync(t, me, "").Next
			told := make(chan error, 1)
			go func() {
				_, err := o.Sync(t.Context(), me, feed.Request{Since: since, Timeout: time.Hour})
				told <- err
			}()
			for !o.Hub.Awaited() {
				runtime.Gosched()
			}
			happen()
			select {
			case err := <-told:
				must(t, err)
			case <-time.After(30 * time.Second):
				t.Fatal("they were not woken")
			}
			if name == "being put out" {
				must(t, o.Rooms.Join(t.Context(), me, o.rooms[0], ""))
			}
		})
	}
}

// A room is known by its people where it has no name: also when it loses the one that it had.
func TestHeroesAreNamedWhereTheRoomHasNoName(t *testing.T) {
	o := open(t, 2, 1)
	name := func(text string) {
		t.Helper()
		_, err := o.Rooms.SetState(t.Context(), o.people[0], o.rooms[0], event.StateKey{Type: "m.room.name"}, []byte(`{"name":"`+text+`"}`))
		must(t, err)
	}
	heroes := func(since string) (int, string) {
		t.Helper()
		answer, err := o.Sync(t.Context(), o.people[1], feed.Request{Since: since, Filter: &feed.Filter{Room: feed.RoomFilter{Timeline: room.Filter{Limit: 1}}}})
		must(t, err)
		j := answer.Rooms.Join[o.rooms[0]]
		if j == nil || j.Summary == nil || j.Summary.Joined != 2 {
			t.Fatalf("the summary is missing: %+v", j)
		}
		return len(j.Summary.Heroes), answer.Next
	}
	if n, _ := heroes(""); n != 1 {
		t.Errorf("without a name: %d heroes", n)
	}
	name("Tides")
	o.say(t, o.people[0], o.rooms[0], "one")
	n, since := heroes("")
	if n != 0 {
		t.Errorf("with a name: %d heroes", n)
	}
	name("")
	if n, _ := heroes(since); n != 1 {
		t.Errorf("when the name was taken away: %d heroes", n)
	}
}

// A change of state is told with what was there before, wherever it is told: clients say "declined" and "left" by it.
func TestAChangeIsToldWithWhatWasBefore(t *testing.T) {
	o := open(t, 2, 1)
	since := o.sync(t, o.people[0], "").Next
	must(t, o.Rooms.Leave(t.Context(), o.people[1], o.rooms[0], ""))
	answer, err := o.Sync(t.Context(), o.people[0], feed.Request{Since: since, StateAfter: true})
	must(t, err)
	j := answer.Rooms.Join[o.rooms[0]]
	for _, list := range [][]json.RawMessage{j.Timeline.Events, j.After.Events} {
		if len(list) != 1 || !strings.Contains(string(list[0]), `"prev_content":{"membership":"join"}`) {
			t.Errorf("told of the leaving: %s", list)
		}
	}
}

// A device that was away while somebody left a room and forgot it on another one goes on syncing, and learns that they left.
func TestAForgottenRoomDoesNotEndTheSync(t *testing.T) {
	o := open(t, 2, 2)
	me := o.people[1]
	since := o.sync(t, me, "").Next
	must(t, o.Rooms.Leave(t.Context(), me, o.rooms[0], ""))
	must(t, o.Rooms.Forget(t.Context(), me, o.rooms[0]))
	answer := o.sync(t, me, since)
	gone := answer.Rooms.Leave[o.rooms[0]]
	if gone == nil || len(gone.Timeline.Events) != 1 || !strings.Contains(string(gone.Timeline.Events[0]), `"membership":"leave"`) {
		t.Errorf("left: %+v", gone)
	}
	filter, err := feed.ParseFilter([]byte(`{"room":{"include_leave":true}}`))
	must(t, err)
	first, err := o.Sync(t.Context(), me, feed.Request{Filter: filter})
	must(t, err)
	if len(first.Rooms.Leave) != 0 || len(first.Rooms.Join) != 1 {
		t.Errorf("a first sync tells %+v", first.Rooms)
	}
}
