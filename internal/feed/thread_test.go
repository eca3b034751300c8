package feed_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"wardroom/internal/account"
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
