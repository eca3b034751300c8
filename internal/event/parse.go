package event

import (
	"encoding/json"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// Parse reads an event of a room of version v from its JSON, whole or redacted. Fields that this package does not know are
// passed over. It does not compare the content hash (see ContentHash).
//
// It returns fault.NotJSON or fault.BadJSON where raw has no canonical form, a field is missing or of the wrong kind, or a
// create event of version 12 has a room_id.
//
// Spec: room versions, "Event format".
func Parse(v Version, raw []byte) (*PDU, error) {
	e, err := canonicalEvent(raw)
	if err != nil {
		return nil, err
	}
	var f wireFields
	f.read(e)
	p := &PDU{
		Type:           f.text("type", f.typ),
		RoomID:         mxid.Room(f.optional("room_id", f.roomID)),
		Sender:         mxid.User(f.text("sender", f.sender)),
		Content:        json.RawMessage(f.content),
		OriginServerTS: f.integer("origin_server_ts", f.ts),
		Depth:          f.integer("depth", f.depth),
		PrevEvents:     f.ids("prev_events", f.prev),
		AuthEvents:     f.ids("auth_events", f.auth),
		ContentHash:    f.text("hashes.sha256", f.hashes.Get("sha256")),
		Unsigned:       json.RawMessage(f.unsigned),
	}
	if f.stateKey != nil {
		key := f.optional("state_key", f.stateKey)
		p.StateKey = &key
	}
	if p.Type == TypeRedaction {
		if v.RedactsInContent() {
			p.Redacts = mxid.Event(p.Get("redacts").Text())
		} else {
			p.Redacts = mxid.Event(f.optional("redacts", f.redacts))
		}
	}
	if f.content == nil {
		f.wrong("content")
	}
	if (p.RoomID == "") != p.namesRoom(v) {
		f.wrong("room_id")
	}
	if f.bad != "" {
		return nil, fault.BadJSON.New("The event's %s is missing or not what it should be.", f.bad)
	}
	if p.namesRoom(v) {
		id, err := ID(v, e)
		if err != nil {
			return nil, err
		}
		p.RoomID = roomID(id)
	}
	return p, nil
}

// wireFields are the fields of an event as they stand in its JSON, and the name of the first that was found wrong.
type wireFields struct {
	typ, roomID, sender, stateKey, content, ts, depth, prev, auth, hashes, redacts, unsigned Value

	bad string
}

func (f *wireFields) read(e Value) {
	for k, v := range e.fields {
		switch string(k) {
		case "auth_events":
			f.auth = v
		case "content":
			f.content = v
		case "depth":
			f.depth = v
		case "hashes":
			f.hashes = v
		case "origin_server_ts":
			f.ts = v
		case "prev_events":
			f.prev = v
		case "redacts":
			f.redacts = v
		case "room_id":
			f.roomID = v
		case "sender":
			f.sender = v
		case "state_key":
			f.stateKey = v
		case "type":
			f.typ = v
		case "unsigned":
			f.unsigned = v
		}
	}
}

func (f *wireFields) wrong(name string) {
	if f.bad == "" {
		f.bad = name
	}
}

// text reads a string that must be there and not be empty.
func (f *wireFields) text(name string, v Value) string {
	s := v.Text()
	if s == "" {
		f.wrong(name)
	}
	return s
}

// optional reads a string that may be absent.
func (f *wireFields) optional(name string, v Value) string {
	if v != nil && !v.IsString() {
		f.wrong(name)
	}
	return v.Text()
}

func (f *wireFields) integer(name string, v Value) int64 {
	n, ok := v.Int()
	if !ok {
		f.wrong(name)
	}
	return n
}

func (f *wireFields) ids(name string, v Value) []mxid.Event {
	if !v.IsList() {
		f.wrong(name)
	}
	var ids []mxid.Event
	for item := range v.Items() {
		id := item.eventID()
		if id == "" {
			f.wrong(name)
		}
		ids = append(ids, id)
	}
	return ids
}
