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

// Show gives events as s's person reads them, in their order. All must be of s's room, and may be seen.
//
// Spec: client-server API, "Room event format"; "Aggregations of child events"; m.room.redaction.
func (r *Rooms) Show(v stream.View, s *Sight, events []Event, style Style) ([]json.RawMessage, error) {
	shown := make([]json.RawMessage, len(events))
	if style.Federation {
		for i := range events {
			shown[i] = events[i].JSON
		}
		return shown, nil
	}
	sh := shower{Rooms: r, v: v, sight: s, now: time.Now()}
	if !style.NoRoom {
		sh.room = s.Room.ID
	}
	if err := sh.redactions(events); err != nil {
		return nil, err
	}
	if !style.Plain {
		if err := sh.relations(events); err != nil {
			return nil, err
		}
	}
	for i := range events {
		var err error
		if shown[i], err = sh.show(&events[i], !style.Plain); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// unsignedDelay is where an event's sender finds the ID that it had while it was delayed.
//
// Spec: MSC4140, "delay_id in unsigned event data".
const unsignedDelay = "org.matrix.msc4140.delay_id"

// Tell gives events of one room, in their order, as they are for nobody in particular: to who may see them all.
func (r *Rooms) Tell(v stream.View, in mxid.Room, events []Event) ([]json.RawMessage, error) {
	sh := shower{Rooms: r, v: v, room: in, now: time.Now()}
	if err := sh.redactions(events); err != nil {
		return nil, err
	}
	told := make([]json.RawMessage, len(events))
	for i := range events {
		var err error
		if told[i], err = sh.show(&events[i], true); err != nil {
			return nil, err
		}
	}
	return told, nil
}

// shower shows some events of one room.
type shower struct {
	*Rooms
	v       stream.View
	sight   *Sight    // nil: it is for nobody in particular
	room    mxid.Room // named in each event; "" for none
	now     time.Time
	because map[stream.Position]*Event             // redactions by position
	bundles map[stream.Position]map[string]*bundle // what relates to an event, by relation
}

// show gives one event; with before also what it replaced.
func (sh *shower) show(e *Event, before bool) ([]byte, error) {
	unsigned, err := sh.unsigned(e, before)
	if err != nil {
		return nil, err
	}
	raw := e.JSON
	if sh.sight != nil && !sh.sight.hears(e) && e.Get("type").Text() == event.TypeRedaction {
		raw = event.BareRedaction(raw) // its reason would be a message
	}
	return event.AppendClient(make([]byte, 0, len(raw)+len(unsigned)+128), raw, e.ID, sh.room, unsigned), nil
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
	quoted, _ := json.Marshal(value) // a string always has a JSON form
	f.add(key, quoted)
}

func (f fields) end() []byte {
	if len(f) == 0 {
		return nil
	}
	return append(f, '}')
}

func (sh *shower) unsigned(e *Event, before bool) ([]byte, error) {
	var u fields
	if ts, ok := e.Get("origin_server_ts").Int(); ok {
		u.add("age", strconv.AppendInt(nil, max(0, sh.now.UnixMilli()-ts), 10))
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
	if key := e.Get("state_key"); key != nil && before {
		old, ok, err := sh.Disk.Before(sh.v, e.Room, event.StateKey{Type: e.Get("type").Text(), Key: key.Text()}, e.Pos)
		if err != nil {
			return nil, err
		}
		if ok {
			u.add("prev_content", old.Get("content"))
			u.add("prev_sender", old.Get("sender"))
			u.text("replaces_state", string(old.ID))
		}
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
func (sh *shower) redactions(events []Event) error {
	var at []stream.Position
	for i := range events {
		if by := events[i].RedactedBy; by != 0 {
			at = append(at, by)
		}
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
