package room

import (
	"context"
	"encoding/json"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	maxPage = 1000 // events in one answer
	maxScan = 5000 // events read for one answer, wanted or not
)

// Page is a piece of a room's history that somebody asks for.
type Page struct {
	From      stream.Token // nil: from the end that the direction begins at
	To        stream.Token // nil: as far as there is something
	Backwards bool
	Limit     int // 0: 10
	Filter    Filter
	Style     Style
}

// Messages is a piece of a room's history.
type Messages struct {
	Start string            `json:"start"`
	End   string            `json:"end,omitempty"` // "" where there is nothing more
	Chunk []json.RawMessage `json:"chunk"`
	State []json.RawMessage `json:"state,omitempty"`
}

// Messages gives the events that who may see between two points of a room's history, in order. Following End until there is
// none gives each event exactly once, whatever is sent meanwhile: a token is a position of the stream, and what lies
// at or before it never changes its place.
//
// What people sent whom who ignores is passed over, so a page may be shorter than asked for and not be the last.
//
// It returns fault.Forbidden if who may see nothing of the room.
//
// Spec: client-server API, GET /rooms/{roomId}/messages.
func (r *Rooms) Messages(ctx context.Context, who account.Session, room mxid.Room, p Page) (Messages, error) {
	return view(ctx, r.Disk, func(v stream.View) (Messages, error) {
		s, err := r.readable(v, who, room)
		if err != nil {
			return Messages{}, err
		}
		w := p.window(v, room, 10)
		w.wanted = r.filtered(v, s, &p.Filter)
		out := Messages{Start: token(w.from), Chunk: []json.RawMessage{}}
		if !p.Filter.Room(room) {
			return out, nil
		}
		events, end, more, err := walk(s, w, r.timeline(v, s))
		if err != nil {
			return Messages{}, err
		}
		if more {
			out.End = token(end)
		}
		if out.Chunk, err = r.Show(v, s, events, p.Style); err != nil {
			return Messages{}, err
		}
		if p.Filter.LazyMembers && len(events) > 0 {
			out.State, err = r.lazyMembers(v, s, events, p.Style)
		}
		return out, err
	})
}

// readable is Sight for somebody who may see at least something.
func (r *Rooms) readable(v stream.View, who account.Session, room mxid.Room) (*Sight, error) {
	s, err := r.hearing(v, who, room)
	if err != nil {
		return nil, err
	}
	if len(s.stays) == 0 && !s.public() {
		return nil, notThere()
	}
	if s.Last() == 0 {
		return nil, fault.Forbidden.New("You can not read this room before you have joined it.")
	}
	return s, nil
}

// hearing is Sight with the people whom who ignores.
func (r *Rooms) hearing(v stream.View, who account.Session, room mxid.Room) (*Sight, error) {
	s, err := r.Sight(v, who, room)
	if err == nil {
		s.Ignored, err = account.IgnoredBy(v, r.Disk, who)
	}
	return s, err
}

func token(pos stream.Position) string { return stream.Token{pos}.String() }

// window is the part of a room's history that a page is cut from.
type window struct {
	from      stream.Position // where it begins
	stop      stream.Position // where it ends at the latest
	backwards bool
	limit     int
	wanted    func(*Event) (bool, error)
}

// window is what p asks for.
func (p *Page) window(v stream.View, room mxid.Room, missing int) window {
	topic := stream.Topic(room)
	w := window{from: 0, stop: v.Upto().At(topic), backwards: p.Backwards}
	if p.Backwards {
		w.from, w.stop = w.stop, 0
	}
	if p.From != nil {
		w.from = p.From.At(topic)
	}
	if p.To != nil {
		w.stop = p.To.At(topic)
	}
	w.limit = p.Limit
	if w.limit == 0 {
		w.limit = p.Filter.Limit
	}
	if w.limit <= 0 {
		w.limit = missing
	}
	w.limit = min(w.limit, maxPage)
	return w
}

// reader gives at most limit events with after < position <= upto, in the window's direction.
type reader func(after, upto stream.Position, backwards bool, limit int) ([]Event, error)

// timeline reads all events of the room.
func (r *Rooms) timeline(v stream.View, s *Sight) reader {
	return func(after, upto stream.Position, backwards bool, limit int) ([]Event, error) {
		return r.Disk.Timeline(v, s.Room, after, upto, backwards, limit)
	}
}

// walk collects the wanted events of the window that s may see and hears. end is where to go on from, if there is more.
func walk(s *Sight, w window, read reader) (events []Event, end stream.Position, more bool, err error) {
	ranges := s.Ranges()
	if w.backwards {
		slices.Reverse(ranges)
	}
	scanned := 0
	end = w.from
	for _, in := range ranges {
		after, upto := max(in.First-1, w.from), min(in.Last, w.stop)
		if w.backwards {
			after, upto = max(in.First-1, w.stop), min(in.Last, w.from)
		}
		for after < upto {
			want := w.limit - len(events) + 1
			batch, err := read(after, upto, w.backwards, want)
			if err != nil {
				return nil, 0, false, err
			}
			for i := range batch {
				e := &batch[i]
				if len(events) == w.limit || scanned >= maxScan {
					return events, end, true, nil
				}
				scanned++
				if !s.hears(e) {
					// it is passed over as what the filter does not want
				} else if ok, err := w.wanted(e); err != nil {
					return nil, 0, false, err
				} else if ok {
					events = append(events, *e)
				}
				if w.backwards {
					end = e.Pos - 1
					upto = end
				} else {
					end = e.Pos
					after = end
				}
			}
			if len(batch) < want || len(batch) == 0 {
				break
			}
		}
	}
	return events, end, false, nil
}

// all wants every event.
func all(*Event) (bool, error) { return true, nil }

// filtered wants what f matches.
func (r *Rooms) filtered(v stream.View, s *Sight, f *Filter) func(*Event) (bool, error) {
	return func(e *Event) (bool, error) {
		if !f.Match(e) || !f.Related() {
			return f.Match(e), nil
		}
		children, err := r.Disk.Children(v, e.Pos, Children{Upto: Still, Limit: maxPage})
		return f.MatchRelated(slices.DeleteFunc(children, func(c Event) bool { return !s.Sees(c.Pos) || !s.hears(&c) })), err
	}
}

// lazyMembers gives the memberships of those who sent events, as they were at the first of them.
func (r *Rooms) lazyMembers(v stream.View, s *Sight, events []Event, style Style) ([]json.RawMessage, error) {
	var senders []mxid.User
	for i := range events {
		senders = append(senders, mxid.User(events[i].Get("sender").Text()))
	}
	slices.Sort(senders)
	members, err := r.Disk.MembersAt(v, []Members{{s.Room, events[0].Pos, slices.Compact(senders)}})
	if err != nil {
		return nil, err
	}
	style.Plain = true
	return r.Show(v, s, members[s.Room], style)
}

// State gives the room's whole state as who may see it: for members as it is, for those who have left as it was then.
//
// Spec: client-server API, GET /rooms/{roomId}/state.
func (r *Rooms) State(ctx context.Context, who account.Session, room mxid.Room) ([]json.RawMessage, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]json.RawMessage, error) {
		s, at, err := r.stateReadable(v, who, room)
		if err != nil {
			return nil, err
		}
		events, err := r.Disk.StateAt(v, s.Room, at, "")
		if err != nil {
			return nil, err
		}
		return r.Show(v, s, events, Style{Plain: true})
	})
}

func (r *Rooms) stateReadable(v stream.View, who account.Session, room mxid.Room) (*Sight, stream.Position, error) {
	s, err := r.Sight(v, who, room)
	if err != nil {
		return nil, 0, err
	}
	at, ok := s.StateAt()
	if !ok {
		return nil, 0, notThere()
	}
	return s, at, nil
}

// StateEvent gives one piece of the room's state as who may see it: its content, or with whole the event.
//
// It returns fault.NotFound if the room has no such state.
//
// Spec: client-server API, GET /rooms/{roomId}/state/{eventType}/{stateKey}.
func (r *Rooms) StateEvent(ctx context.Context, who account.Session, room mxid.Room, key event.StateKey, whole bool) ([]byte, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]byte, error) {
		s, at, err := r.stateReadable(v, who, room)
		if err != nil {
			return nil, err
		}
		spans, err := r.Disk.Spans(v, s.Room, key)
		if err != nil {
			return nil, err
		}
		for _, span := range slices.Backward(spans) {
			switch {
			case span.Pos > at:
			case whole:
				shown, err := r.Show(v, s, []Event{span.Event}, Style{Plain: true})
				if err != nil {
					return nil, err
				}
				return shown[0], nil
			default:
				return span.Get("content"), nil
			}
		}
		return nil, fault.NotFound.New("This room has no %s with the key %q.", key.Type, key.Key)
	})
}

// Members gives the membership events of a room as who may see them. With at, they are those of that point in its history.
//
// Spec: client-server API, GET /rooms/{roomId}/members.
func (r *Rooms) Members(ctx context.Context, who account.Session, room mxid.Room, at stream.Token, want func(membership string) bool) ([]json.RawMessage, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]json.RawMessage, error) {
		s, pos, err := r.stateReadable(v, who, room)
		if err != nil {
			return nil, err
		}
		if at != nil {
			pos = min(pos, at.At(stream.Topic(room)))
		}
		members, err := r.Disk.StateAt(v, s.Room, pos, event.TypeMember)
		if err != nil {
			return nil, err
		}
		members = slices.DeleteFunc(members, func(e Event) bool { return !want(e.Content("membership").Text()) })
		return r.Show(v, s, members, Style{Plain: true})
	})
}

// Member is somebody in a room.
type Member struct {
	Name   *string `json:"display_name"`
	Avatar string  `json:"avatar_url,omitempty"`
}

// Joined gives who is in the room, for those who are in it.
//
// Spec: client-server API, GET /rooms/{roomId}/joined_members.
func (r *Rooms) Joined(ctx context.Context, who account.Session, room mxid.Room) (map[mxid.User]Member, error) {
	return view(ctx, r.Disk, func(v stream.View) (map[mxid.User]Member, error) {
		s, err := r.Sight(v, who, room)
		if err != nil {
			return nil, err
		}
		if s.Membership() != event.Join {
			return nil, notThere()
		}
		members, err := r.Disk.StateAt(v, s.Room, Still-1, event.TypeMember)
		if err != nil {
			return nil, err
		}
		joined := map[mxid.User]Member{}
		for i := range members {
			if e := &members[i]; e.Content("membership").Text() == event.Join {
				m := Member{Avatar: e.Content("avatar_url").Text()}
				if name := e.Content("displayname"); name.IsString() {
					text := name.Text()
					m.Name = &text
				}
				joined[mxid.User(e.Get("state_key").Text())] = m
			}
		}
		return joined, nil
	})
}

// JoinedRooms gives the rooms that who is in.
//
// Spec: client-server API, GET /joined_rooms.
func (r *Rooms) JoinedRooms(ctx context.Context, who account.Session) ([]mxid.Room, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]mxid.Room, error) {
		stays, err := r.Disk.Stays(v, who.User)
		rooms := []mxid.Room{}
		for _, s := range stays {
			if s.Membership == event.Join {
				rooms = append(rooms, s.ID)
			}
		}
		return rooms, err
	})
}

// MutualRooms gives the rooms that who and somebody else are in, in the order of their IDs. Of somebody who does not exist there are none.
//
// Spec: client-server API, GET /mutual_rooms.
func (r *Rooms) MutualRooms(ctx context.Context, who account.Session, other mxid.User) ([]mxid.Room, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]mxid.Room, error) {
		theirs, err := r.Disk.Stays(v, other)
		if err != nil {
			return nil, err
		}
		in := map[No]bool{}
		for _, s := range theirs {
			in[s.Room] = s.Membership == event.Join
		}
		mine, err := r.Disk.Stays(v, who.User)
		rooms := []mxid.Room{}
		for _, s := range mine {
			if s.Membership == event.Join && in[s.Room] {
				rooms = append(rooms, s.ID)
			}
		}
		slices.Sort(rooms)
		return rooms, err
	})
}

// Find gives the room that an ID or an alias names. It returns fault.NotFound if an alias names none.
//
// Spec: client-server API, "Room aliases".
func (r *Rooms) Find(ctx context.Context, name string) (mxid.Room, error) {
	if id, err := mxid.ParseRoom(name); err == nil {
		return id, nil
	}
	alias, err := mxid.ParseAlias(name)
	if err != nil {
		return "", fault.InvalidParam.New("%q is neither a room ID nor a room address.", name)
	}
	return view(ctx, r.Disk, func(v stream.View) (mxid.Room, error) {
		id, _, ok, err := r.Disk.Alias(v, alias)
		if err == nil && !ok {
			err = fault.NotFound.New("No room has the address %s.", alias)
		}
		return id, err
	})
}
