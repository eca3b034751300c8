package service

import (
	"encoding/json"
	"math"

	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// body is a transaction as it is sent. What has a name of before it was in the specification is sent under both: some services know the one, some
// the other.
type body struct {
	Events    []json.RawMessage                            `json:"events"`
	Ephemeral []ephemeral                                  `json:"ephemeral,omitempty"`
	ToDevice  []toDevice                                   `json:"to_device,omitempty"`
	Lists     *deviceLists                                 `json:"device_lists,omitempty"`
	OneTime   map[mxid.User]map[mxid.Device]map[string]int `json:"device_one_time_keys_count,omitempty"`
	Unused    map[mxid.User]map[mxid.Device][]string       `json:"device_unused_fallback_key_types,omitempty"`

	MSC2409Ephemeral []ephemeral                                  `json:"de.sorunome.msc2409.ephemeral,omitempty"`
	MSC2409ToDevice  []toDevice                                   `json:"de.sorunome.msc2409.to_device,omitempty"`
	MSC3202Lists     *deviceLists                                 `json:"org.matrix.msc3202.device_lists,omitempty"`
	MSC3202OneTime   map[mxid.User]map[mxid.Device]map[string]int `json:"org.matrix.msc3202.device_one_time_keys_count,omitempty"`
	MSC3202Unused    map[mxid.User]map[mxid.Device][]string       `json:"org.matrix.msc3202.device_unused_fallback_key_types,omitempty"`
}

// batch is what a service is to be told of a stretch of the stream, which ends at upto. more is set where there is more behind it.
type batch struct {
	upto stream.Position
	more bool

	events   []json.RawMessage
	places   []stream.Position // of events
	receipts []Receipt
	messages []Message

	changed, left []mxid.User
	oneTime       map[mxid.User]map[mxid.Device]map[string]int
	unused        map[mxid.User]map[mxid.Device][]string

	body *body // all of that
}

// end shortens b, so that it ends at pos.
func (b *batch) end(pos stream.Position) {
	if pos >= b.upto {
		return
	}
	b.upto, b.more = pos, true
	for len(b.places) > 0 && b.places[len(b.places)-1] > pos {
		b.events, b.places = b.events[:len(b.events)-1], b.places[:len(b.places)-1]
	}
	for len(b.receipts) > 0 && b.receipts[len(b.receipts)-1].Pos > pos {
		b.receipts = b.receipts[:len(b.receipts)-1]
	}
	for len(b.messages) > 0 && b.messages[len(b.messages)-1].Pos > pos {
		b.messages = b.messages[:len(b.messages)-1]
	}
}

func (b *batch) empty() bool {
	return len(b.events)+len(b.receipts)+len(b.messages)+len(b.changed)+len(b.left)+len(b.oneTime) == 0
}

// taken is where the messages to devices were that the service has when it has b.
func (b *batch) taken() []stream.Position {
	at := make([]stream.Position, len(b.messages))
	for i, m := range b.messages {
		at[i] = m.Pos
	}
	return at
}

// looking is one look at a stretch of the stream.
type looking struct {
	*teller
	v     stream.View
	after stream.Position
	whole bool
	rooms map[room.No]*seen
}

// look finds what the service is told of what happened at after < position <= upto. With whole, that is all of one transaction; otherwise it
// may end earlier.
func (t *teller) look(v stream.View, after, upto stream.Position, whole bool) (*batch, error) {
	l := &looking{t, v, after, whole, map[room.No]*seen{}}
	b := &batch{upto: upto, events: []json.RawMessage{}}
	steps := []func(*batch) error{l.events}
	if t.Encrypts {
		steps = append(steps, l.messages)
	}
	if t.Service.Ephemeral {
		steps = append(steps, l.receipts)
	}
	if t.Encrypts {
		steps = append(steps, l.keys) // when it is known where it ends
	}
	for _, step := range steps {
		if err := step(b); err != nil {
			return nil, err
		}
	}
	received, err := l.received(b)
	if err != nil {
		return nil, err
	}
	b.body = t.passing(&body{Events: b.events}, received)
	b.secret(b.body)
	return b, nil
}

// limit is n, unless all of a transaction is looked for.
func (l *looking) limit(n int) int {
	if l.whole {
		return math.MaxInt32
	}
	return n
}

// events adds the events to b, and shortens it where they are many.
func (l *looking) events(b *batch) error {
	events, err := l.Disk.EventsIn(l.v, l.after, b.upto, lookedAt)
	if err != nil {
		return err
	}
	if len(events) == lookedAt && !l.whole {
		b.end(events[lookedAt-1].Pos)
	}
	size := 0
	for i := range events {
		e := &events[i]
		in, err := l.room(e.Room)
		if err != nil {
			return err
		}
		if !in.sees(e.Pos) {
			continue
		}
		id, err := l.roomID(e.Room)
		if err != nil {
			return err
		}
		told, err := l.teller.Rooms.Tell(l.v, id, events[i:i+1])
		if err != nil {
			return err
		}
		size += len(told[0])
		if !l.whole && len(b.events) > 0 && (len(b.events) == inOne || size > bytesIn) {
			b.end(events[i-1].Pos)
			break
		}
		b.events, b.places = append(b.events, told...), append(b.places, e.Pos)
	}
	return nil
}

// seen is a room as a service's accounts know it.
type seen struct {
	id    mxid.Room
	spans []Span
}

// room gives a room as the service's accounts know it from l.after on.
func (l *looking) room(no room.No) (*seen, error) {
	if in := l.rooms[no]; in != nil {
		return in, nil
	}
	spans, err := l.Disk.ServiceSpans(l.v, no, l.ID, l.after)
	if err != nil {
		return nil, err
	}
	l.rooms[no] = &seen{spans: spans}
	return l.rooms[no], nil
}

func (l *looking) roomID(no room.No) (mxid.Room, error) {
	in, err := l.room(no)
	if err == nil && in.id == "" {
		in.id, err = l.Disk.RoomID(l.v, no)
	}
	if err != nil {
		return "", err
	}
	return in.id, nil
}

// covers reports whether s was so at pos.
func (s Span) covers(pos stream.Position) bool { return s.Pos <= pos && pos < s.Until }

// joined reports whether one of the service's accounts was in the room at pos.
func (in *seen) joined(pos stream.Position) bool {
	for _, s := range in.spans {
		if s.Joined && s.covers(pos) {
			return true
		}
	}
	return false
}

// sees reports whether the service is told of the event at pos: one of its accounts was in the room then, or it is what makes one's membership.
func (in *seen) sees(pos stream.Position) bool {
	for _, s := range in.spans {
		if s.Pos == pos {
			return true
		}
	}
	return in.joined(pos)
}
