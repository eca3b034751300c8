package crash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"wardroom/test/rig"
)

// reader is one person's device, which syncs from beginning to end, whatever happens to the server.
type reader struct {
	t      testing.TB
	person *rig.Person
	since  string
	gone   func(error) bool // whether it is a refusal that ends by itself
	sites  []*rig.Site      // where it asks, in turn

	mu      sync.Mutex // guards everything below
	rooms   map[string]*told
	arrived map[string][]int // numbers of to-device messages by sender, in the order of arrival
	changed chan struct{}    // closed and made anew at each answer
}

// told is what a reader was told of one room.
type told struct {
	ids  []string         // in the order of arrival
	ts   map[string]int64 // origin_server_ts by ID, of the events that came raw
	last *link            // nil after a gap, until the next raw event
	gaps int
}

func newReader(t testing.TB, p *rig.Person) *reader {
	return &reader{t: t, person: p, rooms: map[string]*told{}, arrived: map[string][]int{}, changed: make(chan struct{})}
}

// run syncs until ctx ends.
func (r *reader) run(ctx context.Context) {
	for turn := 0; ctx.Err() == nil; turn++ {
		r.person.Site = r.sites[turn%len(r.sites)]
		answer, err := r.person.Sync(ctx, r.since, rig.Raw, 30*time.Second)
		var refused *rig.Refusal
		if errors.As(err, &refused) && r.gone(err) {
			after(10 * time.Millisecond) // as a client does, which waits before it asks again
			continue
		}
		if errors.As(err, &refused) {
			r.t.Errorf("%s may not sync: %v", r.person.User, err)
			return
		}
		if err != nil {
			continue // the server is gone; the next call waits for its return
		}
		if !r.take(ctx, answer) {
			continue // the server went while a gap was filled: ask again for the same
		}
		r.since = answer.Next
	}
}

// take notes what an answer tells. It returns false, with nothing noted, if a gap could not be filled.
func (r *reader) take(ctx context.Context, answer *rig.Sync) bool {
	missing := map[string][]string{}
	for id, joined := range answer.Rooms.Join {
		if known := r.rooms[id]; joined.Timeline.Limited && known != nil {
			between, err := back(ctx, r.person, id, joined.Timeline.Prev, known.ids[len(known.ids)-1])
			if errors.Is(err, errLost) {
				r.t.Errorf("%s in %s: %v", r.person.User, id, err)
			}
			if err != nil {
				return false
			}
			missing[id] = between
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, joined := range answer.Rooms.Join {
		r.room(id, joined.Timeline.Events, joined.Timeline.Limited, missing[id])
	}
	for _, e := range answer.ToDevice.Events {
		var content struct{ N int }
		if err := json.Unmarshal(e.Content, &content); err != nil {
			r.t.Errorf("a to-device message arrived as %s: %v", e.Content, err)
		}
		r.arrived[e.Sender] = append(r.arrived[e.Sender], content.N)
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return true
}

// room notes new events of one room and checks that they continue its chain. The caller holds r.mu.
func (r *reader) room(id string, events []json.RawMessage, limited bool, missing []string) {
	known := r.rooms[id]
	first := known == nil
	if first {
		known = &told{ts: map[string]int64{}}
		r.rooms[id] = known
	}
	if limited {
		known.ids = append(known.ids, missing...)
		known.last, known.gaps = nil, known.gaps+1
	}
	for i, raw := range events {
		l, err := read(raw)
		if err != nil {
			r.t.Errorf("%s was given an event that does not hold: %v\n%s", r.person.User, err, raw)
			continue
		}
		if known.last != nil || first && i == 0 && !limited {
			if err := l.follows(known.last, id); err != nil {
				r.t.Errorf("%s was given a broken chain: %v", r.person.User, err)
			}
		}
		known.last, known.ts[l.ID] = &l, l.TS
		known.ids = append(known.ids, l.ID)
	}
}

// until waits until done, which is called with r.mu held, is true.
func (r *reader) until(ctx context.Context, done func() bool) bool {
	for {
		r.mu.Lock()
		ok, changed := done(), r.changed
		r.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

var errLost = errors.New("paging back did not come to an event that was told before")

// back pages a room's history back from a token to, and without, the event last ("" for all of it) and returns its IDs, oldest first.
func back(ctx context.Context, p *rig.Person, room, from, last string) ([]string, error) {
	var ids []string
	for {
		page, err := p.Messages(ctx, room, from, "b", 250)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Chunk {
			if e.ID == last {
				slices.Reverse(ids)
				return ids, nil
			}
			ids = append(ids, e.ID)
		}
		if from = page.End; from == "" {
			break
		}
	}
	if last != "" {
		return nil, fmt.Errorf("%w: %s", errLost, last)
	}
	slices.Reverse(ids)
	return ids, nil
}

// forth pages a room's whole history forwards.
func forth(ctx context.Context, p *rig.Person, room string) ([]string, error) {
	var ids []string
	from := ""
	for {
		page, err := p.Messages(ctx, room, from, "f", 250)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Chunk {
			ids = append(ids, e.ID)
		}
		if from = page.End; from == "" || len(page.Chunk) == 0 {
			return ids, nil
		}
	}
}
