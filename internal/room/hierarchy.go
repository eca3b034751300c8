package room

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	typeSpace      = "m.space" // the type of rooms that are spaces
	typeSpaceChild = "m.space.child"

	maxTree  = 2000 // rooms that are looked at below one space
	maxLevel = 50   // levels below it
)

// Tree asks for the rooms of a space.
type Tree struct {
	Suggested bool // only what is suggested
	Depth     int  // at most this many levels below the space; -1: as many as there are
	Limit     int
	Since     string // "" for the beginning, or where another answer ended
}

// Branch is one room of a space.
type Branch struct {
	Summary
	Children []json.RawMessage `json:"children_state"`
}

// Branches is a part of a space, depth first.
type Branches struct {
	Rooms []Branch `json:"rooms"`
	Next  string   `json:"next_batch,omitempty"`
}

// Hierarchy gives the rooms of a space that are open to who, and theirs, each once, in the order that the space gives them.
//
// It returns fault.Forbidden if the space itself is not open to who.
//
// Spec: client-server API, GET /rooms/{roomId}/hierarchy; "Ordering of children within a space".
func (r *Rooms) Hierarchy(ctx context.Context, who account.Session, room mxid.Room, ask Tree) (Branches, error) {
	from, err := ask.offset()
	if err != nil {
		return Branches{}, err
	}
	limit := min(cmp.Or(ask.Limit, 50), 100)
	return view(ctx, r.Disk, func(v stream.View) (Branches, error) {
		w := walker{Rooms: r, v: v, who: who, ask: ask, first: from, last: from + limit, seen: map[mxid.Room]bool{}}
		if err := w.visit(room, 0); err != nil {
			return Branches{}, err
		}
		if w.n == 0 {
			return Branches{}, fault.Forbidden.New("There is no such space, or it is not open to you.")
		}
		out := Branches{Rooms: append([]Branch{}, w.found...)}
		if w.n > w.last {
			out.Next = ask.token(w.last)
		}
		return out, nil
	})
}

// token is a place in the answer to one question.
func (t *Tree) token(n int) string { return fmt.Sprintf("t%d_%d_%t", n, t.Depth, t.Suggested) }

func (t *Tree) offset() (n int, err error) {
	if t.Since == "" {
		return 0, nil
	}
	if _, err := fmt.Sscanf(t.Since, "t%d", &n); err != nil || n < 0 || t.token(n) != t.Since {
		return 0, fault.InvalidParam.New("%q is not a token that this server gave out for this question.", t.Since)
	}
	return n, nil
}

// walker walks a space.
type walker struct {
	*Rooms
	v           stream.View
	who         account.Session
	ask         Tree
	first, last int // the places that are asked for, last excluded
	n           int // rooms found so far
	found       []Branch
	seen        map[mxid.Room]bool
}

// visit walks from the room downwards until it has found one room more than asked for.
func (w *walker) visit(room mxid.Room, level int) error {
	if w.seen[room] || w.n > w.last || len(w.seen) >= maxTree {
		return nil
	}
	w.seen[room] = true
	c, ok, err := w.Disk.Room(w.v, room)
	if err != nil || !ok {
		return err
	}
	s, ok, err := w.summaryFor(w.v, w.who, c)
	if err != nil || !ok {
		return err
	}
	var children []Event
	if s.Type == typeSpace {
		if children, err = w.children(c); err != nil {
			return err
		}
	}
	if w.n >= w.first && w.n < w.last {
		b := Branch{Summary: s, Children: []json.RawMessage{}}
		for i := range children {
			b.Children = append(b.Children, stripped(&children[i]))
		}
		w.found = append(w.found, b)
	}
	w.n++
	if level == w.ask.Depth || level == maxLevel {
		return nil
	}
	for i := range children {
		if err := w.visit(mxid.Room(children[i].Get("state_key").Text()), level+1); err != nil {
			return err
		}
	}
	return nil
}

// children gives the valid m.space.child events of a space in their order.
func (w *walker) children(c Chain) ([]Event, error) {
	all, err := w.Disk.StateAt(w.v, c.No, Still-1, typeSpaceChild)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e Event) bool {
		valid := false
		for via := range e.Content("via").Items() {
			valid = valid || via.IsString()
		}
		return !valid || w.ask.Suggested && !e.Content("suggested").Bool()
	})
	slices.SortFunc(all, func(a, b Event) int {
		x, y := order(&a), order(&b)
		if (x == "") != (y == "") {
			return cmp.Compare(y, x) // who has an order comes first
		}
		ats, _ := a.Get("origin_server_ts").Int()
		bts, _ := b.Get("origin_server_ts").Int()
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(ats, bts), cmp.Compare(a.Get("state_key").Text(), b.Get("state_key").Text()))
	})
	return all, nil
}

// order is the order of a child, "" if it has no valid one.
func order(e *Event) string {
	o := e.Content("order").Text()
	for _, b := range []byte(o) {
		if b < ' ' || b > '~' {
			return ""
		}
	}
	if len(o) > 50 {
		return ""
	}
	return o
}

// stripped is an m.space.child event as it is shown in a hierarchy.
func stripped(e *Event) []byte {
	out := event.AppendStripped(nil, e.JSON)
	ts, _ := e.Get("origin_server_ts").Int()
	out = append(out[:len(out)-1], `,"origin_server_ts":`...)
	return append(strconv.AppendInt(out, ts, 10), '}')
}
