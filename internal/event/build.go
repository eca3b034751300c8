package event

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

const (
	// MaxSize is how many bytes an event's canonical JSON may have.
	MaxSize = 65536

	// MaxField is how many bytes a type, a state key, a sender or a room ID may have.
	MaxField = 255
)

// Built is a finished event: its JSON does not change any more (redaction gives a new JSON for the same ID).
type Built struct {
	ID mxid.Event

	// PDU is the event with everything filled in: canonical content, content hash, room ID, the event it redacts.
	PDU PDU

	// JSON is the whole event in canonical form. It is what is stored, and what "event_format": "federation" shows.
	JSON []byte
}

// Build writes p down as an event of a room of version v. The result depends on nothing but v and p. Of p, it ignores
// ContentHash and Unsigned, and RoomID on a version 12 create event (the room ID follows from the event). An
// m.room.redaction must have Redacts or content.redacts; Build writes it where v wants it.
//
// It does not ask whether the event is allowed (see Allowed). It returns fault.NotJSON or fault.BadJSON where the content is
// no canonical object or a field is missing or impossible, and fault.TooLarge where the event or a field of it is too long.
//
// Spec: server-server API, "Adding hashes and signatures to outgoing events"; client-server API, "Size limits".
func Build(v Version, p PDU) (Built, error) {
	content, err := Canonical(p.Content)
	if err != nil {
		return Built{}, err
	}
	p.Content, p.ContentHash, p.Unsigned = content, "", nil
	if err := p.check(v); err != nil {
		return Built{}, err
	}
	if err := p.placeRedacts(v); err != nil {
		return Built{}, err
	}

	size := len(p.Content) + len(p.Type) + len(p.Sender) + len(p.RoomID) + 64*(len(p.PrevEvents)+len(p.AuthEvents)) + 384
	scratch := p.append(make([]byte, 0, size), v, p.Content)
	if len(scratch) > MaxSize {
		return Built{}, tooLarge(len(scratch))
	}
	p.ContentHash = hash(base64.RawStdEncoding, scratch)
	stored := p.append(make([]byte, 0, len(scratch)+hashesSize), v, p.Content)
	if len(stored) > MaxSize {
		return Built{}, tooLarge(len(stored))
	}
	id := p.id(v, scratch)
	if p.namesRoom(v) {
		p.RoomID = roomID(id)
	}
	return Built{ID: id, PDU: p, JSON: stored}, nil
}

// hashesSize is what the member "hashes" takes in an event's JSON.
const hashesSize = len(`"hashes":{"sha256":""},`) + 43

func tooLarge(n int) error {
	return fault.TooLarge.New("This is too large to send: an event may have %d bytes and this one has %d. Send long content as a file.", MaxSize, n)
}

func hash(enc *base64.Encoding, data []byte) string {
	sum := sha256.Sum256(data)
	return enc.EncodeToString(sum[:])
}

// check refuses fields that no event may have.
func (p *PDU) check(v Version) error {
	if !Value(p.Content).IsObject() {
		return fault.BadJSON.New("The content of an event must be a JSON object.")
	}
	if p.Type == "" {
		return fault.BadJSON.New("An event needs a type.")
	}
	if p.Sender == "" {
		return fault.BadJSON.New("An event needs a sender.")
	}
	if p.namesRoom(v) {
		p.RoomID = ""
	} else if p.RoomID == "" {
		return fault.BadJSON.New("An event needs a room ID.")
	}
	fields := [...]struct{ name, value string }{
		{"type", p.Type}, {"sender", string(p.Sender)}, {"room_id", string(p.RoomID)}, {"state_key", p.key()},
	}
	for _, f := range fields {
		if len(f.value) > MaxField {
			return fault.TooLarge.New("The event's %s is too long: it has %d bytes and may have %d.", f.name, len(f.value), MaxField)
		}
		if !utf8.ValidString(f.value) || strings.IndexByte(f.value, 0) >= 0 {
			return fault.BadJSON.New("The event's %s is not valid text.", f.name)
		}
	}
	if p.Depth < 0 || p.Depth > maxInt || p.OriginServerTS < 0 || p.OriginServerTS > maxInt {
		return fault.BadJSON.New("The event's depth or time is out of range.")
	}
	return nil
}

// namesRoom reports whether the room is named after this event, so that its JSON has no room_id.
func (p *PDU) namesRoom(v Version) bool { return v.HashedRoomID() && p.Type == TypeCreate }

// roomID is the ID of the room whose create event is create, from version 12 on.
func roomID(create mxid.Event) mxid.Room { return mxid.Room("!" + create[1:]) }

// key is the state key, "" for a message event.
func (p *PDU) key() string {
	if p.StateKey == nil {
		return ""
	}
	return *p.StateKey
}

// placeRedacts brings Redacts and content.redacts together.
func (p *PDU) placeRedacts(v Version) error {
	if p.Type != TypeRedaction {
		p.Redacts = ""
		return nil
	}
	if in := p.Get("redacts"); !v.RedactsInContent() && in != nil {
		if p.Redacts == "" {
			p.Redacts = mxid.Event(in.Text())
		}
		p.Content = json.RawMessage(Value(p.Content).without("redacts"))
	}
	if v.RedactsInContent() {
		if p.Redacts == "" {
			p.Redacts = mxid.Event(p.Get("redacts").Text())
		} else {
			p.Content = json.RawMessage(with(Value(p.Content), "redacts", AppendText(nil, p.Redacts)))
		}
	}
	if _, err := mxid.ParseEvent(string(p.Redacts)); err != nil {
		return fault.BadJSON.New("A redaction must name the event that it redacts.")
	}
	return nil
}

// with gives a canonical object in which key, which needs no escapes, has the given canonical value.
func with(object Value, key string, value []byte) Value {
	out := append(make([]byte, 0, len(object)+len(key)+len(value)+4), '{')
	write := func(k string, v []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(AppendText(out, k), ':'), v...)
	}
	written := false
	for k, v := range object.Each() {
		if k == key {
			continue
		}
		if k > key && !written {
			write(key, value)
			written = true
		}
		write(k, v)
	}
	if !written {
		write(key, value)
	}
	return append(out, '}')
}

// append appends the event's canonical JSON with this content; without "hashes" while there is no content hash.
func (p *PDU) append(dst []byte, v Version, content []byte) []byte {
	dst = appendIDs(append(dst, `{"auth_events":`...), p.AuthEvents)
	dst = append(append(dst, `,"content":`...), content...)
	dst = strconv.AppendInt(append(dst, `,"depth":`...), p.Depth, 10)
	if p.ContentHash != "" {
		dst = append(append(append(dst, `,"hashes":{"sha256":"`...), p.ContentHash...), `"}`...)
	}
	dst = strconv.AppendInt(append(dst, `,"origin_server_ts":`...), p.OriginServerTS, 10)
	dst = appendIDs(append(dst, `,"prev_events":`...), p.PrevEvents)
	if p.Redacts != "" && !v.RedactsInContent() {
		dst = AppendText(append(dst, `,"redacts":`...), p.Redacts)
	}
	if !p.namesRoom(v) {
		dst = AppendText(append(dst, `,"room_id":`...), p.RoomID)
	}
	dst = AppendText(append(dst, `,"sender":`...), p.Sender)
	if p.StateKey != nil {
		dst = AppendText(append(dst, `,"state_key":`...), *p.StateKey)
	}
	dst = AppendText(append(dst, `,"type":`...), p.Type)
	return append(dst, '}')
}

func appendIDs(dst []byte, ids []mxid.Event) []byte {
	dst = append(dst, '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(dst, id)
	}
	return append(dst, ']')
}

// id is the event's ID: its reference hash. scratch is overwritten.
//
// Spec: server-server API, "Calculating the reference hash for an event".
func (p *PDU) id(v Version, scratch []byte) mxid.Event {
	redacted := *p
	redacted.Redacts = ""
	scratch = redacted.append(scratch[:0], v, redactContent(v, p.Type, Value(p.Content)))
	return mxid.Event("$" + hash(base64.RawURLEncoding, scratch))
}
