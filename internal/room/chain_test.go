package room_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// pageAll pages through everything, calling each for every event.
func pageAll(t testing.TB, rooms *room.Rooms, who account.Session, id mxid.Room, p room.Page, each func(json.RawMessage)) {
	t.Helper()
	for {
		got, err := rooms.Messages(t.Context(), who, id, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got.Chunk {
			each(e)
		}
		if got.End == "" {
			return
		}
		if p.From, err = stream.ParseToken(got.End); err != nil {
			t.Fatal(err)
		}
	}
}

// ids pages through everything and gives the event IDs, oldest first.
func ids(t testing.TB, rooms *room.Rooms, who account.Session, id mxid.Room, backwards bool, limit int) []mxid.Event {
	t.Helper()
	var all []mxid.Event
	pageAll(t, rooms, who, id, room.Page{Backwards: backwards, Limit: limit}, func(e json.RawMessage) {
		var in struct {
			ID mxid.Event `json:"event_id"`
		}
		if err := json.Unmarshal(e, &in); err != nil {
			t.Error(err)
		}
		all = append(all, in.ID)
	})
	if backwards {
		slices.Reverse(all)
	}
	return all
}

var secret = []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"AwgAEpABm6"}`)

func TestEachMessageIsThereOnceAndInOneOrderForAll(t *testing.T) {
	const senders, messages = 16, 12
	dir := t.TempDir()
	var who []account.Session
	var id mxid.Room
	sent := map[string]mxid.Event{} // by sender and transaction
	var mu sync.Mutex
	burst := func(t *testing.T, rooms *room.Rooms, from, to int) {
		var wg sync.WaitGroup
		for _, p := range who {
			wg.Go(func() {
				for n := from; n < to; n++ {
					txn := fmt.Sprint("m", n)
					e, err := rooms.Send(t.Context(), p, id, "m.room.encrypted", txn, secret)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					if was, again := sent[string(p.User)+txn]; again && was != e {
						t.Errorf("%s of %s was %s and is %s", txn, p.User, was, e)
					}
					sent[string(p.User)+txn] = e
					mu.Unlock()
				}
			})
		}
		// Meanwhile somebody reads, in small pages and both ways; what they see must be a part of one order without gaps.
		for limit := 1; limit < 9; limit += 3 {
			for _, backwards := range []bool{true, false} {
				seen := ids(t, rooms, who[0], id, backwards, limit)
				if sorted := slices.Compact(slices.Sorted(slices.Values(seen))); len(sorted) != len(seen) {
					t.Errorf("a page was given twice: %d events, %d of them different", len(seen), len(sorted))
				}
			}
		}
		wg.Wait()
	}
	t.Run("before", func(t *testing.T) {
		rooms, db := open(t, dir)
		who = people(t, db, senders)
		id = meet(t, rooms, who)
		burst(t, rooms, 0, messages)
	})
	t.Run("after", func(t *testing.T) {
		rooms, _ := open(t, dir)
		burst(t, rooms, messages/2, 2*messages) // the first half of these was sent before
		order := ids(t, rooms, who[0], id, true, 7)
		for i, p := range who {
			for _, backwards := range []bool{true, false} {
				if got := ids(t, rooms, p, id, backwards, 5+i); !slices.Equal(got, order) {
					t.Errorf("%s sees another order (backwards %t): %d events, not %d", p.User, backwards, len(got), len(order))
				}
			}
		}
		times := map[mxid.Event]int{}
		for _, e := range order {
			times[e]++
		}
		for what, e := range sent {
			if times[e] != 1 {
				t.Errorf("%s (%s) is there %d times", what, e, times[e])
			}
		}
		if len(sent) != senders*2*messages {
			t.Errorf("%d messages were sent, want %d", len(sent), senders*2*messages)
		}
	})
}

// TestAnyoneCanRecomputeTheChain reads whole rooms as they are stored and computes every event's ID and place again.
func TestAnyoneCanRecomputeTheChain(t *testing.T) {
	rooms, db := open(t, t.TempDir())
	who := people(t, db, 3)
	for _, version := range event.Versions() {
		id, err := rooms.Create(t.Context(), who[0], room.Wanted{Version: version.String(), Name: "Quay 7", Topic: "潮汐", Preset: "public_chat"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range who[1:] {
			if err := rooms.Join(t.Context(), p, id, "why <not> & \u2028"); err != nil {
				t.Fatal(err)
			}
		}
		var last mxid.Event
		for n := range 10 {
			if last, err = rooms.Send(t.Context(), who[n%3], id, "m.room.encrypted", fmt.Sprint(n), secret); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := rooms.Redact(t.Context(), who[0], id, last, "r", []byte(`{"reason":"a slip"}`)); err != nil {
			t.Fatal(err)
		}
		want := ids(t, rooms, who[1], id, false, 100)
		var prev mxid.Event
		n := 0
		pageAll(t, rooms, who[1], id, room.Page{Limit: 4, Style: room.Style{Federation: true}}, func(raw json.RawMessage) {
			e, err := event.ID(version, raw)
			if err != nil || e != want[n] {
				t.Errorf("version %v, event %d: computed %s (%v), want %s: %s", version, n, e, err, want[n], raw)
			}
			p, err := event.Parse(version, raw)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 != (len(p.PrevEvents) == 0) || n > 0 && p.PrevEvents[0] != prev || p.Depth != int64(n+1) || p.RoomID != id {
				t.Errorf("version %v, event %d does not continue the chain at %s: %s", version, n, prev, raw)
			}
			if sum, err := event.ContentHash(raw); (sum == p.ContentHash) == (e == last) || err != nil {
				t.Errorf("version %v, event %d (redacted: %t): its hash is %s, computed %s, %v", version, n, e == last, p.ContentHash, sum, err)
			}
			prev = e
			n++
		})
		if n != len(want) {
			t.Errorf("version %v: %d raw events, want %d", version, n, len(want))
		}
	}
}

func TestRedactedContentIsGoneFromTheStore(t *testing.T) {
	rooms, db := open(t, t.TempDir())
	who := people(t, db, 2)
	id := meet(t, rooms, who)
	root, err := rooms.Send(t.Context(), who[0], id, "m.room.encrypted", "0", secret)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rooms.Send(t.Context(), who[1], id, "m.room.encrypted", "1",
		[]byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"gone","m.relates_to":{"rel_type":"m.thread","event_id":"`+string(root)+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	stored := func() room.Event {
		var found room.Event
		err := db.View(context.Background(), func(v stream.View) error {
			c, _, err := db.Room(v, id)
			if err == nil {
				found, _, err = db.Event(v, c.No, e)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := stored(); got.Relates == 0 || got.Relation != event.RelThread || !got.Counts {
		t.Errorf("a message in a thread is stored as %+v", got)
	}
	by, err := rooms.Redact(t.Context(), who[0], id, e, "2", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	got := stored()
	if string(got.Get("content")) != "{}" || got.Relates != 0 || got.Relation != "" || got.Counts || got.RedactedBy == 0 {
		t.Errorf("after the redaction %s: %+v %s", by, got, got.JSON)
	}
	if again, err := rooms.Redact(t.Context(), who[0], id, e, "2", []byte(`{}`)); err != nil || again != by {
		t.Errorf("the same redaction again gave %s, %v; want %s", again, err, by)
	}
}

func TestWhatCountsAsUnread(t *testing.T) {
	rooms, db := open(t, t.TempDir())
	who := people(t, db, 1)
	id := meet(t, rooms, who)
	root, err := rooms.Send(t.Context(), who[0], id, "m.room.encrypted", "0", secret)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		typ, rel string
		counts   bool
	}{
		{"m.room.encrypted", "", true}, {"m.room.encrypted", "m.thread", true}, {"m.room.encrypted", "m.reference", true},
		{"m.room.encrypted", "m.replace", false}, {"m.room.encrypted", "m.annotation", false}, {"m.reaction", "m.annotation", false},
	} {
		content := string(secret)
		if c.typ == "m.reaction" {
			content = `{"shortcode":"plus"}`
		}
		if c.rel != "" {
			content = strings.TrimSuffix(content, "}") + `,"m.relates_to":{"rel_type":"` + c.rel + `","event_id":"` + string(root) + `","key":"+"}}`
		}
		e, err := rooms.Send(t.Context(), who[0], id, c.typ, fmt.Sprint("t", i), []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), func(v stream.View) error {
			in, _, err := db.Room(v, id)
			if err != nil {
				return err
			}
			got, _, err := db.Event(v, in.No, e)
			if got.Counts != c.counts || got.Relation != c.rel {
				t.Errorf("%s %s: counts %t, relation %q", c.typ, c.rel, got.Counts, got.Relation)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A version 12 room is named after its create event, and rooms that are made in one commit have one time.
func TestEqualRoomsOfOneMomentAreDifferentRooms(t *testing.T) {
	rooms, db := open(t, t.TempDir())
	who := people(t, db, 1)[0]
	var mu sync.Mutex
	made := map[mxid.Room]bool{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			id, err := rooms.Create(t.Context(), who, room.Wanted{})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if made[id] {
				t.Errorf("%s was given twice", id)
			}
			made[id] = true
		})
	}
	wg.Wait()
}
