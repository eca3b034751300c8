package feed_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/store"
)

// answer says something in a thread.
func (o *office) answer(t *testing.T, who account.Session, in mxid.Room, txn string, root mxid.Event) mxid.Event {
	t.Helper()
	id, err := o.Rooms.Send(t.Context(), who, in, "m.room.encrypted", txn,
		[]byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x","m.relates_to":{"rel_type":"m.thread","event_id":"`+string(root)+`"}}`))
	must(t, err)
	return id
}

// What memory knows of a muted room's numbers ends when a thread in it is followed.
func TestAThreadThatIsFollowedIsCounted(t *testing.T) {
	o := open(t, 2, 1)
	defer o.Hub.Subscribe("@somebody:else").Close()
	lin, me, in := o.people[0], o.people[1], o.rooms[0]
	must(t, account.New(o.Disk.(*store.DB), "wardroom.test").PutPushRule(t.Context(), me, "room", account.Rule{ID: string(in), Actions: []json.RawMessage{}}, "", ""))
	root := o.say(t, lin, in, "root")
	o.answer(t, lin, in, "1", root)
	first := o.slide(t, me, "", all(1, ""))
	if n := first.Rooms[in].Unread; n == nil || *n != 0 {
		t.Fatalf("in a muted room: %s", first.text)
	}
	since := o.warm(t, me, 0)
	first = o.slide(t, me, first.Pos, all(1, ""))
	must(t, o.Subscribe(t.Context(), me, in, root, ""))
	next := o.slide(t, me, first.Pos, all(1, ""))
	if r := next.Rooms[in]; r == nil || r.Unread == nil || *r.Unread != 1 {
		t.Errorf("sliding sync does not tell the number: %s", next.text)
	}
	since = o.sync(t, me, since).Next
	o.answer(t, lin, in, "2", root)
	if j := o.sync(t, me, since).Rooms.Join[in]; j == nil || j.Unread.Notifications != 2 {
		t.Errorf("sync counts something else: %v", j != nil)
	}
}

func TestFollowingAThreadWakesOnesOtherDevices(t *testing.T) {
	o := open(t, 1, 1)
	me, in := o.people[0], o.rooms[0]
	root := o.say(t, me, in, "root")
	const body = `{"extensions":{"io.element.msc4308.thread_subscriptions":{"enabled":true}}}`
	first := o.slide(t, me, "", body)
	ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
	defer end()
	text := make(chan string, 1)
	go func() {
		req := ask(t, first.Pos, body)
		req.Timeout = time.Minute
		answer, err := o.Slide(ctx, me, req)
		if err != nil {
			text <- err.Error()
			return
		}
		said, _ := json.Marshal(answer.Extensions.Threads)
		text <- string(said)
	}()
	must(t, o.Subscribe(t.Context(), me, in, root, ""))
	var told struct {
		Subscribed map[mxid.Room]map[mxid.Event]struct{ Automatic *bool }
	}
	if said := <-text; json.Unmarshal([]byte(said), &told) != nil || told.Subscribed[in][root].Automatic == nil {
		t.Errorf("told is %s", said)
	}
}

// Whoever asks for it is told the numbers of threads apart, and of a muted room what is unread all the same, as by /sync.
func TestNumbersOfThreadsAreToldApartToWhoAsks(t *testing.T) {
	o := open(t, 2, 2)
	lin, me, in, quiet := o.people[0], o.people[1], o.rooms[0], o.rooms[1]
	must(t, account.New(o.Disk.(*store.DB), "wardroom.test").PutPushRule(t.Context(), me, "room", account.Rule{ID: string(quiet), Actions: []json.RawMessage{}}, "", ""))
	type numbers struct {
		Main    int `json:"notification_count"`
		Threads map[mxid.Event]struct {
			N int `json:"notification_count"`
		} `json:"unread_thread_notifications"`
		All *struct {
			Main    int
			Threads map[mxid.Event]int
		} `json:"org.wardroom.unread"`
	}
	const apart = `"org.wardroom.unread":{"enabled":true}`
	next := func(pos, extensions string) (string, map[mxid.Room]numbers) {
		a := o.slide(t, me, pos, with(all(1, ""), extensions))
		var told struct{ Rooms map[mxid.Room]numbers }
		must(t, json.Unmarshal([]byte(a.text), &told))
		return a.Pos, told.Rooms
	}
	roots := map[mxid.Room]mxid.Event{}
	for _, id := range o.rooms {
		roots[id] = o.say(t, lin, id, "root")
	}
	answer := o.answer(t, lin, in, "1", roots[in])
	o.answer(t, lin, quiet, "2", roots[quiet])

	if _, rooms := next("", `"e2ee":{}`); rooms[in].Main != 2 || rooms[in].Threads != nil || rooms[quiet].All != nil {
		t.Errorf("to who did not ask: %+v", rooms)
	}
	pos, rooms := next("", apart)
	if n := rooms[in]; n.Main != 1 || n.Threads[roots[in]].N != 1 || n.All != nil {
		t.Errorf("of a room: %+v", n)
	}
	if n := rooms[quiet]; n.Main != 0 || n.All == nil || n.All.Main != 1 || n.All.Threads[roots[quiet]] != 1 {
		t.Errorf("of a muted one: %+v", n)
	}
	must(t, o.Receive(t.Context(), me, in, feed.Receipt{Type: feed.ReadPrivate, Event: answer, Thread: string(roots[in])}))
	pos, rooms = next(pos, apart)
	if n, told := rooms[in]; !told || n.Main != 1 || n.Threads[roots[in]].N != 0 || len(rooms) != 1 {
		t.Errorf("where the thread was read: %+v", rooms)
	}
	must(t, o.Receive(t.Context(), me, quiet, feed.Receipt{Type: feed.ReadPrivate, Event: roots[quiet], Thread: "main"}))
	if _, rooms = next(pos, apart); rooms[quiet].All == nil || rooms[quiet].All.Main != 0 || len(rooms) != 1 {
		t.Errorf("where a muted room was read: %+v", rooms)
	}
}
