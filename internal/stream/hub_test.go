package stream_test

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

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

// Commits of several servers come in no order, and are told in theirs.
func TestWhatComesEarlyWaitsForWhatItFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stream.NewHub()
		h.Committed(10, 10, nil)
		h.Patience(time.Second)
		w := h.Subscribe("@a")
		defer w.Close()
		say := func(after, upto stream.Position) {
			h.Committed(after, upto, []*stream.Entry{{Pos: upto, Topics: []stream.Topic{"@a"}}})
		}
		news := func() (at []stream.Position, known bool) {
			entries, _, known := w.News()
			for _, e := range entries {
				at = append(at, e.Pos)
			}
			return at, known
		}
		say(13, 14)
		say(11, 13)
		if at, _ := news(); len(at) > 0 || h.Upto() != 10 {
			t.Fatalf("told of %v before what it follows, up to %d", at, h.Upto())
		}
		reached := make(chan struct{})
		go func() { h.Reach(t.Context(), 13); close(reached) }()
		synctest.Wait()
		say(10, 11)
		say(10, 11) // twice
		<-reached
		if at, known := news(); !known || !slices.Equal(at, []stream.Position{11, 13, 14}) || h.Upto() != 14 || h.Skips() != 1 {
			t.Fatalf("told of %v, all of it %v, up to %d, %d times given up", at, known, h.Upto(), h.Skips())
		}

		say(15, 16) // 15 never comes
		time.Sleep(2 * time.Second)
		if at, known := news(); known || h.Upto() != 16 {
			t.Fatalf("told of %v, all of it %v, up to %d", at, known, h.Upto())
		}
		if _, _, known := h.After(14); known {
			t.Error("what was never told counts as known")
		}
		if _, _, known := h.After(15); !known {
			t.Error("what was told is not known")
		}
		h.Reach(t.Context(), 20) // in vain
		if _, known := news(); known || h.Upto() != 20 {
			t.Errorf("all of it %v, up to %d", known, h.Upto())
		}
		h.Patience(0)
		say(22, 23)
		if _, known := news(); known || h.Upto() != 23 {
			t.Errorf("without patience: all of it %v, up to %d", known, h.Upto())
		}
	})
}

// Patience with a commit is its own: that with an earlier one, which has ended meanwhile, does not end it.
func TestEachCommitIsWaitedForAsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stream.NewHub()
		h.Committed(10, 10, nil)
		h.Patience(time.Second)
		h.Committed(11, 12, nil)
		time.Sleep(900 * time.Millisecond)
		h.Committed(10, 11, nil)
		h.Committed(13, 14, nil)
		time.Sleep(500 * time.Millisecond)
		h.Committed(12, 13, nil)
		if h.Upto() != 14 || h.Skips() != 1 { // one at the beginning
			t.Errorf("up to %d, and %d times something was given up", h.Upto(), h.Skips())
		}
	})
}

func TestAnAudienceWithOneMoreOrLess(t *testing.T) {
	one := stream.NewAudience([]stream.Topic{"@b", "@d"})
	for _, c := range []struct {
		who    stream.Topic
		joined bool
		want   []stream.Topic
	}{
		{"@a", true, []stream.Topic{"@a", "@b", "@d"}}, {"@c", true, []stream.Topic{"@b", "@c", "@d"}}, {"@e", true, []stream.Topic{"@b", "@d", "@e"}}, {"@b", true, []stream.Topic{"@b", "@d"}},
		{"@b", false, []stream.Topic{"@d"}}, {"@d", false, []stream.Topic{"@b"}}, {"@c", false, []stream.Topic{"@b", "@d"}},
	} {
		got := one.With(c.who, c.joined)
		for _, who := range []stream.Topic{"@a", "@b", "@c", "@d", "@e"} {
			if got.Has(who) != slices.Contains(c.want, who) {
				t.Errorf("with %s, joined %v: %s is in it: %v", c.who, c.joined, who, got.Has(who))
			}
		}
		if got.Len() != len(c.want) || got == one || one.Len() != 2 || !one.Has("@b") || !one.Has("@d") {
			t.Errorf("with %s, joined %v: %d people, and %d in the one before", c.who, c.joined, got.Len(), one.Len())
		}
	}
}

// What runs beside and waits for facts of its own makes nobody look for people.
func TestOnlyDevicesAwait(t *testing.T) {
	h := stream.NewHub()
	own := h.Subscribe("ledger")
	if h.Awaited() {
		t.Error("somebody is awaiting")
	}
	h.Committed(0, 1, []*stream.Entry{{Pos: 1, Topics: []stream.Topic{"!room"}, Unknown: true}})
	select {
	case <-own.C:
		t.Error("it was woken by what is nothing to it")
	default:
	}
	defer h.Subscribe("@lin").Close()
	if !h.Awaited() {
		t.Error("nobody is awaiting")
	}
}
