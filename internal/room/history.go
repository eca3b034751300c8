package room

import (
	"context"
	"encoding/json"
	"slices"
	"sort"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// visible finds an event that who may see. It returns fault.NotFound where there is none, whatever the reason.
func (r *Rooms) visible(v stream.View, who account.Session, room mxid.Room, id mxid.Event) (*Sight, *Event, error) {
	s, err := r.hearing(v, who, room)
	if fault.Forbidden.In(err) {
		return nil, nil, noEvent()
	}
	if err != nil {
		return nil, nil, err
	}
	e, ok, err := r.Disk.Event(v, s.Room, id)
	if err != nil {
		return nil, nil, err
	}
	if !ok || !s.Sees(e.Pos) {
		return nil, nil, noEvent()
	}
	return s, &e, nil
}

func noEvent() error {
	return fault.NotFound.New("There is no such event, or you may not see it.")
}

// Event gives one event that who may see. It returns fault.NotFound where there is none.
//
// Spec: client-server API, GET /rooms/{roomId}/event/{eventId}.
func (r *Rooms) Event(ctx context.Context, who account.Session, room mxid.Room, id mxid.Event) (json.RawMessage, error) {
	return view(ctx, r.Disk, func(v stream.View) (json.RawMessage, error) {
		s, e, err := r.visible(v, who, room, id)
		if err != nil {
			return nil, err
		}
		shown, err := r.Show(v, s, []Event{*e}, Style{})
		if err != nil {
			return nil, err
		}
		return shown[0], nil
	})
}

// Context is an event with what was before and after it.
type Context struct {
	Start  string            `json:"start"` // to page backwards from
	End    string            `json:"end"`   // to page forwards from
	Before []json.RawMessage `json:"events_before"`
	Event  json.RawMessage   `json:"event"`
	After  []json.RawMessage `json:"events_after"`
	State  []json.RawMessage `json:"state"`
}

// Context gives an event, at most limit events around it as far as who may see them, and the room's state at the last of
// them. It returns fault.NotFound where there is no such event.
//
// Spec: client-server API, GET /rooms/{roomId}/context/{eventId}.
func (r *Rooms) Context(ctx context.Context, who account.Session, room mxid.Room, id mxid.Event, limit int, f Filter) (Context, error) {
	return view(ctx, r.Disk, func(v stream.View) (Context, error) {
		s, e, err := r.visible(v, who, room, id)
		if err != nil {
			return Context{}, err
		}
		limit = min(limit, maxPage)
		w := window{from: e.Pos - 1, backwards: true, limit: limit / 2, wanted: r.filtered(v, s, &f)}
		var before, after []Event
		start, end := e.Pos-1, e.Pos
		if limit > 1 {
			if before, start, _, err = walk(s, w, r.timeline(v, s)); err != nil {
				return Context{}, err
			}
		}
		if limit > 0 {
			w.from, w.stop, w.backwards, w.limit = e.Pos, v.Upto().At(stream.Topic(room)), false, limit-len(before)
			if after, end, _, err = walk(s, w, r.timeline(v, s)); err != nil {
				return Context{}, err
			}
		}
		around := slices.Concat(before, []Event{*e}, after)
		state, err := r.stateAround(v, s, around, f)
		if err != nil {
			return Context{}, err
		}
		shown, err := r.Show(v, s, around, Style{Federation: f.Format == "federation"})
		if err != nil {
			return Context{}, err
		}
		n := len(before)
		return Context{token(start), token(end), shown[:n:n], shown[n], shown[n+1:], state}, nil
	})
}

// stateAround gives the state behind the last of events; of the members with lazy loading only those who sent one of them.
func (r *Rooms) stateAround(v stream.View, s *Sight, events []Event, f Filter) ([]json.RawMessage, error) {
	at, senders := stream.Position(0), map[string]bool{}
	for i := range events {
		at = max(at, events[i].Pos)
		senders[events[i].Get("sender").Text()] = true
	}
	state, err := r.Disk.StateAt(v, s.Room, at, "")
	if err != nil {
		return nil, err
	}
	state = slices.DeleteFunc(state, func(e Event) bool {
		other := e.Get("type").Text() == event.TypeMember && !senders[e.Get("state_key").Text()]
		return f.LazyMembers && other || !f.Match(&e)
	})
	return r.Show(v, s, state, Style{Plain: true, Federation: f.Format == "federation"})
}

// Near is an event by its time.
type Near struct {
	ID mxid.Event `json:"event_id"`
	TS int64      `json:"origin_server_ts"`
}

// Near finds the first event that who may see at or after ts, in milliseconds since 1970, or backwards the last one at or
// before it. It returns fault.NotFound where there is none.
//
// Spec: client-server API, GET /rooms/{roomId}/timestamp_to_event.
func (r *Rooms) Near(ctx context.Context, who account.Session, room mxid.Room, ts int64, backwards bool) (Near, error) {
	return view(ctx, r.Disk, func(v stream.View) (Near, error) {
		s, err := r.readable(v, who, room)
		if err != nil {
			return Near{}, err
		}
		from, err := r.since(v, s, ts, backwards)
		if err != nil {
			return Near{}, err
		}
		w := window{from: from, backwards: backwards, limit: 1, wanted: all}
		if !backwards {
			w.stop = v.Upto().At(stream.Topic(room))
		}
		found, _, _, err := walk(s, w, r.timeline(v, s))
		if err != nil {
			return Near{}, err
		}
		if len(found) == 0 {
			return Near{}, fault.NotFound.New("This room has no event at that time or further on in that direction.")
		}
		at, _ := found[0].Get("origin_server_ts").Int()
		return Near{found[0].ID, at}, nil
	})
}

// since gives the position behind which the events of ts and later begin, or with behind those later than ts. The
// server's clock gives the times, so they grow with the positions.
func (r *Rooms) since(v stream.View, s *Sight, ts int64, behind bool) (stream.Position, error) {
	var failed error
	upto := v.Upto().At(stream.Topic(s.ID))
	n := sort.Search(int(upto), func(i int) bool {
		next, err := r.Disk.Timeline(v, s.Room, stream.Position(i), upto, false, 1)
		if err != nil {
			failed = err
		}
		if len(next) == 0 {
			return true
		}
		at, _ := next[0].Get("origin_server_ts").Int()
		return at > ts || at == ts && !behind
	})
	return stream.Position(n), failed
}
