package stream_test

import (
	"strconv"
	"testing"

	"wardroom/internal/stream"
)

// Whoever comes to a room of thousands makes another audience of it, and each is in an entry that stays in memory.
func TestWhatStaysInMemoryIsBoundedByPeopleToo(t *testing.T) {
	people := make([]stream.Topic, 10_000)
	for i := range people {
		people[i] = stream.Topic("@" + strconv.Itoa(100_000+i))
	}
	h := stream.NewHub()
	h.Committed(0, 0, nil)
	for p := range stream.Position(3000) {
		h.Committed(p, p+1, []*stream.Entry{{Pos: p + 1, Topics: []stream.Topic{"!r"}, Rooms: []*stream.Audience{stream.NewAudience(people)}}})
	}
	from := stream.Position(0)
	for _, _, known := h.After(from); !known; _, _, known = h.After(from) {
		from++
	}
	entries, upto, _ := h.After(from)
	held := 0
	for i, e := range entries {
		held += e.Rooms[0].Len()
		if e.Pos != from+stream.Position(i)+1 {
			t.Fatalf("entry %d is at %d, behind %d", i, e.Pos, from)
		}
	}
	if held > 1_000_000 || len(entries) < 40 || upto != 3000 {
		t.Errorf("%d entries with %d people stay, up to %d", len(entries), held, upto)
	}
}
