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
	r := reader{e: e}
	p := &PDU{
		Type:           r.text("type"),
		RoomID:         mxid.Room(r.optional("room_id").Text()),
		Sender:         mxid.User(r.text("sender")),
		Content:        json.RawMessage(r.member("content")),
		OriginServerTS: r.integer("origin_server_ts"),
		Depth:          r.integer("depth"),
		PrevEvents:     r.ids("prev_events"),
		AuthEvents:     r.ids("auth_events"),
		ContentHash:    r.member("hashes").Get("sha256").Text(),
		Unsigned:       json.RawMessage(e.Get("unsigned")),
	}
	if key := r.optional("state_key"); key != nil {
		text := key.Text()
		p.StateKey = &text
	}
	if p.Type == TypeRedaction {
		if v.RedactsInContent() {
			p.Redacts = mxid.Event(p.Get("redacts").Text())
		} else {
			p.Redacts = mxid.Event(r.optional("redacts").Text())
		}
	}
	if (p.RoomID == "") != p.namesRoom(v) {
		r.wrong("room_id")
	}
	if r.bad != "" {
		return nil, fault.BadJSON.New("The event's %s is missing or not what it should be.", r.bad)
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

// reader reads the fields of an event and remembers the first one that is wrong.
type reader struct {
	e   Value
	bad string
}

func (r *reader) wrong(key string) {
	if r.bad == "" {
		r.bad = key
	}
}

// member reads a field that must be there.
func (r *reader) member(key string) Value {
	v := r.e.Get(key)
	if v == nil {
		r.wrong(key)
	}
	return v
}

// text reads a string that must be there and not be empty.
func (r *reader) text(key string) string {
	s := r.member(key).Text()
	if s == "" {
		r.wrong(key)
	}
	return s
}

// optional reads a string that may be absent.
func (r *reader) optional(key string) Value {
	v := r.e.Get(key)
	if v != nil && !v.IsString() {
		r.wrong(key)
	}
	return v
}

func (r *reader) integer(key string) int64 {
	n, ok := r.member(key).Int()
	if !ok {
		r.wrong(key)
	}
	return n
}

func (r *reader) ids(key string) []mxid.Event {
	list := r.member(key)
	if !list.IsList() {
		r.wrong(key)
	}
	var ids []mxid.Event
	for item := range list.Items() {
		id, err := mxid.ParseEvent(item.Text())
		if err != nil {
			r.wrong(key)
		}
		ids = append(ids, id)
	}
	return ids
}
