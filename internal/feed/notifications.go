package feed

import (
	"context"
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Notifications is a piece of the list of what counted as unread for somebody, the newest first.
type Notifications struct {
	Next string         `json:"next_token,omitempty"` // "" where there is nothing more
	List []Notification `json:"notifications"`
}

// Notification is one event that counted as unread.
type Notification struct {
	Actions []any           `json:"actions"`
	Event   json.RawMessage `json:"event"`
	Read    bool            `json:"read"`
	Room    mxid.Room       `json:"room_id"`
	TS      int64           `json:"ts"` // milliseconds since 1970
}

const (
	fewNotifications  = 20  // in one answer, where nobody says how many
	manyNotifications = 100 // at most
)

// Notifications lists what counted as unread for s in the rooms that s is in, since s came in, read by now or not: the same
// that sync counts. from is the Next of the answer before, or nil. What an encrypted message says the server does not know, so for it
// none of those is a highlight. Left out is what s's push rules keep quiet, with highlights also what is none, and what people wrote
// whom s ignores; so an answer may list less than limit and have a Next.
//
// Spec: client-server API, GET /notifications.
func (f *Feed) Notifications(ctx context.Context, s account.Session, from stream.Token, limit int, highlights bool) (list Notifications, err error) {
	if limit == 0 {
		limit = fewNotifications
	}
	limit = min(limit, manyNotifications)
	err = f.Disk.View(ctx, func(v stream.View) error {
		list = Notifications{List: []Notification{}}
		before := v.Upto().At(stream.Topic(s.User)) + 1
		if from != nil {
			before = from.At(stream.Topic(s.User))
		}
		events, err := f.Disk.Counting(v, s.User, s.Account, before, limit)
		if err != nil {
			return err
		}
		if len(events) == limit {
			list.Next = stream.Token{events[limit-1].Pos}.String()
		}
		n := notifying{Feed: f, v: v, s: s, highlights: highlights, rooms: map[room.No]*place{}}
		if n.rules, err = account.PushRulesOf(v, f.Disk, s); err != nil {
			return err
		}
		if n.ignored, err = account.IgnoredBy(v, f.Disk, s); err != nil {
			return err
		}
		for _, e := range events {
			one, ok, err := n.notification(e)
			if err != nil {
				return err
			}
			if ok {
				list.List = append(list.List, one)
			}
		}
		return nil
	})
	return list, err
}

// notifying is one look at somebody's notifications.
type notifying struct {
	*Feed
	v          stream.View
	s          account.Session
	highlights bool // alone
	rules      account.PushRules
	ignored    account.Ignored
	rooms      map[room.No]*place
}

// place is a room with notifications: what of it may be seen, what the rules make of it, and how far it was read by thread.
type place struct {
	*room.Sight
	*hearing
	read map[string]stream.Position
}

// notification is what is told of e; ok is false where s was not in the room then.
func (n *notifying) notification(e Counted) (one Notification, ok bool, err error) {
	p := n.rooms[e.Room]
	if p == nil {
		p = &place{}
		if p.Sight, err = n.Rooms.Sight(n.v, n.s, e.In); err != nil {
			return one, false, err
		}
		p.Ignored = n.ignored
		if p.read, err = n.Disk.ReadTo(n.v, e.Room, n.s.Account); err != nil {
			return one, false, err
		}
		if p.hearing, err = n.hears(n.v, &n.rules, n.s.Account, e.Room, e.In); err != nil {
			return one, false, err
		}
		n.rooms[e.Room] = p
	}
	if n.ignored.Has(mxid.User(e.Get("sender").Text())) {
		return one, false, nil
	}
	root, err := n.rootOf(n.v, &e.Event)
	if err != nil {
		return one, false, err
	}
	is, err := p.of(&e.Event, root)
	if err != nil || !is.Notify || n.highlights && !is.Highlight {
		return one, false, err
	}
	if p.MembershipAt(e.Pos) != event.Join || !p.Sees(e.Pos) {
		return one, false, nil
	}
	shown, err := n.Rooms.Show(n.v, p.Sight, []room.Event{e.Event}, room.Style{NoRoom: true})
	if err != nil {
		return one, false, err
	}
	read := p.read[""]
	switch {
	case e.Relation != event.RelThread:
		read = max(read, p.read["main"])
	case root != "":
		read = max(read, p.read[string(root)])
	}
	ts, _ := e.Get("origin_server_ts").Int()
	actions := []any{"notify"}
	if is.Highlight {
		actions = append(actions, map[string]any{"set_tweak": "highlight"})
	}
	return Notification{Actions: actions, Event: shown[0], Read: e.Pos <= read, Room: e.In, TS: ts}, true, nil
}
