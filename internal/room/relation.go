package room

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// depth is how many steps "recurse" goes, at most: see Rooms.tree.
const depth = 5

// Related asks for what relates to an event.
type Related struct {
	Relation string // "" for any
	Type     string // "" for any
	Recurse  bool   // also what relates to what relates to it
	Page
}

// Relations is what relates to an event, or a room's threads.
type Relations struct {
	Chunk []json.RawMessage `json:"chunk"`
	Next  string            `json:"next_batch,omitempty"` // "" where there is nothing more
	Prev  string            `json:"prev_batch,omitempty"`
	Depth int               `json:"recursion_depth,omitempty"`
}

// Relations gives the events that relate to an event, as far as who may see them. It returns fault.NotFound where who sees no
// such event.
//
// Spec: client-server API, GET /rooms/{roomId}/relations/{eventId}/{relType}/{eventType}.
func (r *Rooms) Relations(ctx context.Context, who account.Session, room mxid.Room, id mxid.Event, ask Related) (Relations, error) {
	return view(ctx, r.Disk, func(v stream.View) (Relations, error) {
		s, target, err := r.visible(v, who, room, id)
		if err != nil {
			return Relations{}, err
		}
		out := Relations{}
		read := func(after, upto stream.Position, backwards bool, limit int) ([]Event, error) {
			return r.Disk.Children(v, target.Pos, Children{ask.Relation, after, upto, backwards, limit})
		}
		if ask.Recurse {
			var tree []Descendant
			if tree, out.Depth, err = r.tree(v, target.Pos); err != nil {
				return Relations{}, err
			}
			if out.Depth > 1 {
				read = r.branches(v, tree, ask.Relation)
			}
		}
		w := ask.window(v, room, 20)
		w.wanted = func(e *Event) (bool, error) { return ask.Type == "" || e.Get("type").Text() == ask.Type, nil }
		events, end, more, err := walk(s, w, read)
		if err != nil {
			return Relations{}, err
		}
		if more {
			out.Next = token(end)
		}
		if ask.From != nil {
			out.Prev = ask.From.String()
		}
		out.Chunk, err = r.Show(v, s, events, Style{})
		return out, err
	})
}

// tree gives what is at most so many steps away from the event at target, in the order of positions: depth steps, or as many as can be
// gone without looking at more than maxScan events, and at least one. Where that is one, not all of it may be there.
func (r *Rooms) tree(v stream.View, target stream.Position) (tree []Descendant, steps int, err error) {
	tree, err = r.Disk.Descendants(v, target, depth, maxScan+1)
	if err != nil {
		return nil, 0, err
	}
	steps = depth
	if len(tree) > maxScan {
		last := tree[maxScan].Steps // of the step that was cut off
		steps = max(1, last-1)
		tree = slices.DeleteFunc(tree, func(b Descendant) bool { return b.Steps >= last })
	}
	slices.SortFunc(tree, func(a, b Descendant) int { return cmp.Compare(a.Pos, b.Pos) })
	return tree, steps, nil
}

// branches reads the events of a tree that relate to another one in this way, "" for any.
func (r *Rooms) branches(v stream.View, tree []Descendant, relation string) reader {
	return func(after, upto stream.Position, backwards bool, limit int) ([]Event, error) {
		var at []stream.Position
		for _, b := range tree {
			if b.Pos > after && b.Pos <= upto && (relation == "" || b.Relation == relation) {
				at = append(at, b.Pos)
			}
		}
		if backwards {
			slices.Reverse(at)
		}
		events, err := r.Disk.EventsAt(v, at[:min(limit, len(at))])
		if backwards {
			slices.Reverse(events)
		}
		return events, err
	}
}

// Threads gives the events at which threads of the room begin, the one with the newest event first. With mine, only the
// threads that who has taken part in.
//
// Spec: client-server API, GET /rooms/{roomId}/threads.
func (r *Rooms) Threads(ctx context.Context, who account.Session, room mxid.Room, mine bool, p Page) (Relations, error) {
	return view(ctx, r.Disk, func(v stream.View) (Relations, error) {
		s, err := r.readable(v, who, room)
		if err != nil {
			return Relations{}, err
		}
		p.Backwards = true
		w := p.window(v, room, 20)
		me := account.No(0)
		if mine {
			me = who.Account
		}
		threads, err := r.Disk.Threads(v, s.Room, w.from+1, s.Last(), me, w.limit+1)
		if err != nil {
			return Relations{}, err
		}
		out := Relations{}
		if len(threads) > w.limit {
			threads = threads[:w.limit]
			out.Next = token(threads[w.limit-1].Last - 1)
		}
		roots, err := r.threadRoots(v, s, threads)
		if err != nil {
			return Relations{}, err
		}
		out.Chunk, err = r.Show(v, s, roots, Style{})
		return out, err
	})
}

// threadRoots gives the events where threads begin that s may see something of, in the order of what is seen of them.
func (r *Rooms) threadRoots(v stream.View, s *Sight, threads []Thread) ([]Event, error) {
	var at []stream.Position
	order := map[stream.Position]stream.Position{}
	for _, t := range threads {
		if s.Sees(t.Root) {
			at = append(at, t.Root)
		}
	}
	found, err := r.aggregates(v, s, at)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		if a.Relation == event.RelThread {
			order[a.Target] = a.Last
		}
	}
	at = slices.DeleteFunc(at, func(root stream.Position) bool { return order[root] == 0 })
	roots, err := r.Disk.EventsAt(v, at)
	roots = slices.DeleteFunc(roots, func(e Event) bool { return !s.hears(&e) })
	slices.SortFunc(roots, func(a, b Event) int { return int(order[b.Pos] - order[a.Pos]) })
	return roots, err
}
