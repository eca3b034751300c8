package room

import (
	"encoding/json"
	"strconv"
	"time"

	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Style is how events are shown.
type Style struct {
	NoRoom     bool // without room_id, as in /sync
	Federation bool // as they are stored, so that their IDs can be recomputed
	Plain      bool // without what other events say about them: relations, what they replaced
}

// Showing is events of one room, which are to be shown to the person whose Sight of it that is. They may see all of them.
type Showing struct {
	Sight *Sight
	Style
	Events []Event
	Shown  []json.RawMessage // by ShowAll, in their order

	// Related, if not nil, are all that anything relates to among Events.
	Related map[stream.Position]bool
}

// Show gives events as s's person reads them, in their order. All must be of s's room, and may be seen.
//
// Spec: client-server API, "Room event format"; "Aggregations of child events"; m.room.redaction.
func (r *Rooms) Show(v stream.View, s *Sight, events []Event, style Style) ([]json.RawMessage, error) {
	one := Showing{Sight: s, Style: style, Events: events}
	err := r.ShowAll(v, []*Showing{&one})
	return one.Shown, err
}

// ShowAll is Show of events of several rooms.
func (r *Rooms) ShowAll(v stream.View, all []*Showing) error {
	sh := shower{Rooms: r, v: v, now: time.Now()}
	if err := sh.prepare(all); err != nil {
		return err
	}
	for _, one := range all {
		if one.Shown = make([]json.RawMessage, len(one.Events)); len(one.Events) == 0 {
			continue
		}
		sh.sight, sh.room, sh.bundles = one.Sight, "", nil
		if !one.NoRoom {
			sh.room = one.Sight.ID
		}
		if !one.Plain && !one.Federation {
			if err := sh.relations(one.Events, one.Related); err != nil {
				return err
			}
		}
		for i := range one.Events {
			var err error
			if e := &one.Events[i]; one.Federation {
				one.Shown[i] = e.JSON
			} else if one.Shown[i], err = sh.show(e, !one.Plain); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare looks up what redacted these events, and what those of them replaced that are state.
func (sh *shower) prepare(all []*Showing) error {
	var redacted, replacing []*Event
	for _, one := range all {
		if one.Federation {
			continue
		}
		for i := range one.Events {
			e := &one.Events[i]
			if e.RedactedBy != 0 {
				redacted = append(redacted, e)
			}
			if !one.Plain && e.Get("state_key") != nil {
				replacing = append(replacing, e)
			}
			sh.size += len(e.JSON) + extra
		}
	}
	if err := sh.redactions(redacted); err != nil || len(replacing) == 0 {
		return err
	}
	var err error
	sh.replaced, err = sh.Disk.Replaced(sh.v, replacing)
	return err
}

// unsignedDelay is where an event's sender finds the ID that it had while it was delayed.
//
// Spec: MSC4140, "delay_id in unsigned event data".
const unsignedDelay = "org.matrix.msc4140.delay_id"

// Tell gives events of one room, in their order, as they are for nobody in particular: to who may see them all.
func (r *Rooms) Tell(v stream.View, in mxid.Room, events []Event) ([]json.RawMessage, error) {
	sh := shower{Rooms: r, v: v, now: time.Now()}
	if err := sh.prepare([]*Showing{{Events: events}}); err != nil {
		return nil, err
	}
	sh.room = in
	told := make([]json.RawMessage, len(events))
	for i := range events {
		var err error
		if told[i], err = sh.show(&events[i], true); err != nil {
			return nil, err
		}
	}
	return told, nil
}

// shower shows some events of one room after the other.
type shower struct {
	*Rooms
	v        stream.View
	now      time.Time
	because  map[stream.Position]*Event // redactions by position
	replaced map[stream.Position]Event  // what a piece of state replaced, by the position of that
	size     int                        // that is still to be shown
	out      []byte                     // room for more of it

	// of one room
	sight   *Sight                                 // nil: it is for nobody in particular
	room    mxid.Room                              // named in each event; "" for none
	bundles map[stream.Position]map[string]*bundle // what relates to an event, by relation
}

const (
	extra    = 128      // about what an event as it is shown has more than as it is kept, beside what is unsigned
	maxBlock = 64 << 10 // for how much of what is shown room is made at once
)

// show gives one event; with before also what it replaced.
func (sh *shower) show(e *Event, before bool) ([]byte, error) {
	var some [256]byte
	unsigned, err := sh.unsigned(some[:0], e, before)
	if err != nil {
		return nil, err
	}
	raw, outline := e.JSON, e.outline
	if sh.sight != nil && !sh.sight.hears(e) && e.Get("type").Is(event.TypeRedaction) {
		raw, outline = event.BareRedaction(raw), event.Outline{} // its reason would be a message
	}
	if !outline.Known() {
		outline = event.OutlineOf(raw)
	}
	need := len(raw) + len(unsigned) + extra
	if cap(sh.out)-len(sh.out) < need {
		sh.out = make([]byte, 0, max(need, min(sh.size, maxBlock)))
	}
	from := len(sh.out)
	sh.out = outline.AppendClient(sh.out, raw, e.ID, sh.room, unsigned)
	sh.size -= len(e.JSON) + extra
	return sh.out[from:len(sh.out):len(sh.out)], nil
}

// fields is a JSON object that grows.
type fields []byte

func (f *fields) add(key string, value []byte) {
	sep := byte(',')
	if len(*f) == 0 {
		sep = '{'
	}
	*f = append(append(append(append(*f, sep, '"'), key...), '"', ':'), value...)
}

func (f *fields) text(key, value string) {
	f.add(key, nil)
	*f = event.AppendText(*f, value)
}

func (f fields) end() []byte {
	if len(f) == 0 {
		return nil
	}
	return append(f, '}')
}

// unsigned appends what is unsigned of an event.
func (sh *shower) unsigned(u fields, e *Event, before bool) ([]byte, error) {
	if ts, ok := e.Get("origin_server_ts").Int(); ok {
		u.add("age", nil)
		u = strconv.AppendInt(u, max(0, sh.now.UnixMilli()-ts), 10)
	}
	if sh.sight != nil {
		u.text("membership", sh.sight.MembershipAt(e.Pos))
		if e.Txn != "" && e.Device == sh.sight.who.DeviceNo {
			u.text("transaction_id", e.Txn)
		}
		if e.Delay != "" && e.Sender == sh.sight.who.Account {
			u.text(unsignedDelay, e.Delay)
		}
	}
	if old, ok := sh.replaced[e.Pos]; ok && before {
		u.add("prev_content", old.Get("content"))
		u.add("prev_sender", old.Get("sender"))
		u.text("replaces_state", string(old.ID))
	}
	if because := sh.because[e.RedactedBy]; because != nil {
		shown, err := sh.show(because, false)
		if err != nil {
			return nil, err
		}
		u.add("redacted_because", shown)
	}
	relations, err := sh.bundled(e)
	if err != nil {
		return nil, err
	}
	if relations != nil {
		u.add("m.relations", relations)
	}
	return u.end(), nil
}

// redactions looks up what redacted these events.
func (sh *shower) redactions(events []*Event) error {
	var at []stream.Position
	for _, e := range events {
		at = append(at, e.RedactedBy)
	}
	found, err := sh.Disk.EventsAt(sh.v, at)
	if err != nil || len(found) == 0 {
		return err
	}
	sh.because = make(map[stream.Position]*Event, len(found))
	for i := range found {
		sh.because[found[i].Pos] = &found[i]
	}
	return nil
}
