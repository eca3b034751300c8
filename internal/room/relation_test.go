package room_test

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"

	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// Of what relates to what relates to an event only so much is looked through: where there is more, the answer goes fewer steps and
// says so.
func TestARecursiveRelationLooksThroughSoMuchAndNoMore(t *testing.T) {
	dir := t.TempDir()
	rooms, db := open(t, dir)
	who := people(t, db, 1)
	in := meet(t, rooms, who)
	say := func(txn string, to mxid.Event) mxid.Event {
		t.Helper()
		content := `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x"`
		if to != "" {
			content += `,"m.relates_to":{"rel_type":"m.reference","event_id":"` + string(to) + `"}`
		}
		id, err := rooms.Send(t.Context(), who[0], in, "m.room.encrypted", txn, []byte(content+`}`))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	root := say("root", "")
	child := say("child", root)
	beside := storetest.Beside(t, dir)
	next := int64(1_000_000) // positions far behind all others
	grow := func(n int) {
		t.Helper()
		tx, err := beside.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		for range n {
			id := make([]byte, 32)
			_, _ = rand.Read(id) // never fails
			_, err := tx.ExecContext(t.Context(), `
				INSERT INTO event (pos, room, id, id_key, sender, relates, relation, counts, json)
				SELECT $1, room, $2, $1, sender, pos, relation, counts, json FROM event WHERE txn = 'child'`, next, id)
			if err != nil {
				t.Fatal(err)
			}
			next++
		}
		if _, err := tx.ExecContext(t.Context(), `UPDATE stream_shard SET pos = $1`, next); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(what string, wantDepth, wantEvents int) {
		t.Helper()
		var read atomic.Int64
		ctx := stream.Metered(t.Context(), stream.NewTurns(1), func(n int) { read.Add(int64(n)) })
		got, events, pages := room.Relations{Next: "s0"}, 0, 0
		for seen := map[string]bool{}; got.Next != ""; pages++ {
			from, err := stream.ParseToken(got.Next)
			if err != nil {
				t.Fatal(err)
			}
			got, err = rooms.Relations(ctx, who[0], in, root, room.Related{Recurse: true, Page: room.Page{From: from, Limit: 7}})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range got.Chunk {
				id := event.Value(e).Get("event_id").Text()
				if seen[id] {
					t.Errorf("%s: %s is given twice", what, id)
				}
				seen[id] = true
			}
			events = len(seen)
		}
		if got.Depth != wantDepth || events != wantEvents {
			t.Errorf("%s: %d events by %d steps, want %d by %d", what, events, got.Depth, wantEvents, wantDepth)
		}
		if most := int64(5500 * pages); read.Load() > most {
			t.Errorf("%s: %d pages looked at %d rows", what, pages, read.Load())
		}
	}
	grow(15)
	ask("a small tree", 5, 16)
	grow(5100)
	ask("a large tree", 1, 1)

	// An event that relates to itself is a tree without end: what is looked at does not depend on how large a tree is.
	if _, err := beside.ExecContext(t.Context(), `UPDATE event SET relates = pos WHERE txn = 'child'`); err != nil {
		t.Fatal(err)
	}
	err := db.View(t.Context(), func(v stream.View) error {
		c, _, err := db.Room(v, in)
		if err != nil {
			return err
		}
		e, _, err := db.Event(v, c.No, child)
		if err != nil {
			return err
		}
		some, err := db.Descendants(v, e.Pos, 1<<30, 10)
		if err == nil && len(some) != 10 {
			err = fmt.Errorf("of a tree without end there are %d events", len(some))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
