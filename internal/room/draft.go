package room

import (
	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Event types that this package has an opinion on, beside those of package event.
const (
	typeEncryption     = "m.room.encryption"
	typeEncrypted      = "m.room.encrypted"
	typeMessage        = "m.room.message"
	typeReaction       = "m.reaction"
	typeName           = "m.room.name"
	typeTopic          = "m.room.topic"
	typeAvatar         = "m.room.avatar"
	typeGuestAccess    = "m.room.guest_access"
	typeCanonicalAlias = "m.room.canonical_alias"
	typeTombstone      = "m.room.tombstone"

	// TypeLabel is the room's label; its meaning is laid down in package label.
	TypeLabel = "org.wardroom.label"
)

// proposal is an event that somebody wants in a room.
type proposal struct {
	who     account.Session
	typ     string
	key     *string // of a state event
	content event.Content
	redacts mxid.Event
	txn     string // "" if the request has none
	delay   string // the ID of a delayed event that this is
}

// draft is events that are about to be appended to one room in one unit of work. Each is judged with those before it in
// force. Nothing is written before write, so a refusal leaves no trace.
type draft struct {
	*Rooms
	u     stream.Unit
	chain Chain  // as it will be behind the queue
	state []held // what has been looked up or drafted, each key once
	queue []pending

	at     int64      // when all this happens, in milliseconds
	naming mxid.Alias // what the unit will name the room; "" for nothing
	moving mxid.Room  // whose names the unit will give to the room; "" for nobody's
}

// held is one piece of the room's state.
type held struct {
	event.StateKey
	pdu *event.PDU // nil: the room has none
	id  mxid.Event
}

// pending is one event that was allowed and built, not yet written.
type pending struct {
	before  Chain // the room as it was in front of it
	e       Event
	pdu     event.PDU
	redacts *Event     // what it redacts
	person  account.No // whose membership it begins, 0 if none
}

// draftIn begins a draft for a room that exists.
func (r *Rooms) draftIn(u stream.Unit, id mxid.Room) (*draft, error) {
	c, ok, err := r.Disk.Room(u, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notThere()
	}
	return &draft{Rooms: r, u: u, chain: c, at: u.Now().UnixMilli()}, nil
}

// notThere is said of rooms that do not exist and of rooms whose existence is nobody's business.
func notThere() error { return fault.Forbidden.New("You are not in this room.") }

// find gives the place in d.state of the state under key. It is good until the next find or load.
func (d *draft) find(typ, key string) (*held, error) {
	want := event.StateKey{Type: typ, Key: key}
	if h := d.known(want); h != nil {
		return h, nil
	}
	err := d.load(want)
	return &d.state[len(d.state)-1], err
}

func (d *draft) known(key event.StateKey) *held {
	for i := range d.state {
		if h := &d.state[i]; h.StateKey == key {
			return h
		}
	}
	return nil
}

// load looks up the state under keys, as far as it is not known.
func (d *draft) load(keys ...event.StateKey) error {
	unknown := make([]event.StateKey, 0, 8)
	for _, key := range keys {
		if d.known(key) == nil {
			unknown = append(unknown, key)
			d.state = append(d.state, held{StateKey: key})
		}
	}
	if len(unknown) == 0 || d.chain.No == 0 {
		return nil
	}
	found, err := d.Disk.State(d.u, d.chain.No, unknown...)
	if err != nil {
		return err
	}
	for i := range found {
		n, h := &found[i], d.known(unknown[i])
		if n.ID != "" {
			h.id, h.pdu = n.ID, &event.PDU{
				Type: h.Type, RoomID: d.chain.ID, StateKey: &unknown[i].Key,
				Sender: mxid.User(n.Get("sender").Text()), Content: []byte(n.Get("content")),
			}
		}
	}
	return nil
}

// now is the state event under (typ, key) as the draft would leave it, nil if there is none. It is an event.StateView.
func (d *draft) now(typ, key string) (*event.PDU, error) {
	h, err := d.find(typ, key)
	if err != nil {
		return nil, err
	}
	return h.pdu, nil
}

// membership is somebody's as the draft would leave it, "" if they never had one.
func (d *draft) membership(who mxid.User) (string, error) {
	m, err := d.now(event.TypeMember, string(who))
	if err != nil || m == nil {
		return "", err
	}
	return m.Get("membership").Text(), nil
}

// add judges p, builds it and puts it behind the queue. It returns the event's ID, which is nobody's to know before the
// unit is on disk. A state event that changes nothing is not added; then the ID is that of the event that is there.
//
// It returns fault.Forbidden where the rules of the room or of this server refuse p, and what event.Build refuses.
func (d *draft) add(p proposal) (mxid.Event, error) {
	pdu := event.PDU{
		Type: p.typ, RoomID: d.chain.ID, Sender: p.who.User, StateKey: p.key, Redacts: p.redacts,
		OriginServerTS: d.at, Depth: d.chain.Depth + 1, Content: p.content.JSON(),
	}
	if d.chain.Head != "" {
		pdu.PrevEvents = []mxid.Event{d.chain.Head}
	}
	auth := event.AuthEvents(d.chain.Version, &pdu)
	if err := d.load(append(auth, event.StateKey{Type: event.TypeCreate})...); err != nil {
		return "", err
	}
	for _, key := range auth {
		if h := d.known(key); h.pdu != nil {
			pdu.AuthEvents = append(pdu.AuthEvents, h.id)
		}
	}
	if err := event.Allowed(d.chain.Version, &pdu, d.now); err != nil {
		return "", err
	}
	next := pending{before: d.chain}
	if err := d.check(p, &pdu, &next); err != nil {
		return "", err
	}
	if p.key != nil {
		h, err := d.find(p.typ, *p.key)
		if err != nil {
			return "", err
		}
		if unchanged(h, &pdu) {
			return h.id, nil
		}
	}
	built, err := event.Build(d.chain.Version, pdu)
	if err != nil {
		return "", err
	}
	next.pdu = built.PDU
	next.e.ID, next.e.JSON = built.ID, built.JSON
	next.e.Sender, next.e.Device, next.e.Txn, next.e.Delay = p.who.Account, p.who.DeviceNo, p.txn, p.delay
	next.e.Counts = counts(&pdu)
	d.queue = append(d.queue, next)
	d.chain.Head, d.chain.Depth, d.chain.ID = built.ID, d.chain.Depth+1, built.PDU.RoomID
	if p.key != nil {
		h, err := d.find(p.typ, *p.key)
		if err != nil {
			return "", err
		}
		kept := built.PDU
		h.id, h.pdu = built.ID, &kept
	}
	return built.ID, nil
}

// setAs proposes a piece of state in who's name. content is a JSON object in any form.
func (d *draft) setAs(who account.Session, typ, key string, content []byte) error {
	said, err := event.NewContent(content)
	if err != nil {
		return err
	}
	_, err = d.add(proposal{who: who, typ: typ, key: &key, content: said})
	return err
}

// unchanged reports whether pdu says what the state event h already says, by the same person.
func unchanged(h *held, pdu *event.PDU) bool {
	return h.pdu != nil && h.pdu.Sender == pdu.Sender && string(h.pdu.Content) == string(pdu.Content)
}

// counts says whether an event is unread for those who did not send it. Of an encrypted event only the relation is legible.
func counts(p *event.PDU) bool {
	if p.StateKey != nil {
		return false
	}
	switch p.Type {
	case typeMessage, typeEncrypted, "m.sticker", "m.poll.start", "org.matrix.msc3381.poll.start":
		rel := event.Relation(p.Content).Type
		return rel != event.RelReplace && rel != event.RelAnnotation
	}
	return false
}

// write puts the queue on disk, each event at the next position of the stream, and wakes who has to know.
func (d *draft) write() error {
	for i := range d.queue {
		q := &d.queue[i]
		if q.before.No == 0 {
			if d.chain.No == 0 {
				no, err := d.Disk.Begin(d.u, d.chain.ID, d.chain.Version)
				if err != nil {
					return err
				}
				d.chain.No = no
			}
			q.before.No = d.chain.No
		}
		if err := d.put(q); err != nil {
			return err
		}
	}
	d.queue = nil
	return nil
}

func (d *draft) put(q *pending) error {
	topic := stream.Topic(d.chain.ID)
	if q.pdu.Type == event.TypeMember && q.pdu.StateKey != nil {
		q.e.Pos = d.u.Next(topic, stream.Topic(*q.pdu.StateKey))
	} else {
		q.e.Pos = d.u.Next(topic)
	}
	if err := d.Disk.Append(d.u, q.before, &q.e); err != nil {
		return err
	}
	if q.pdu.StateKey != nil {
		key := event.StateKey{Type: q.pdu.Type, Key: *q.pdu.StateKey}
		membership := ""
		if key.Type == event.TypeMember {
			membership = q.pdu.Get("membership").Text()
		}
		if err := d.Disk.Replace(d.u, q.before.No, key, q.e.Pos, membership); err != nil {
			return err
		}
		if err := d.Disk.SupersedeDelayed(d.u, q.before.No, key, q.e.Sender, d.at, fault.Forbidden.Name, "Somebody else has changed this meanwhile."); err != nil {
			return err
		}
	}
	if q.person != 0 {
		if err := d.Disk.RememberRoom(d.u, q.person, q.before.No); err != nil {
			return err
		}
	}
	if q.redacts != nil && q.redacts.RedactedBy == 0 {
		left, err := event.Redact(d.chain.Version, q.redacts.JSON)
		if err != nil {
			return err
		}
		return d.Disk.Redact(d.u, q.redacts.Pos, q.e.Pos, left)
	}
	if q.pdu.StateKey == nil && q.pdu.Type != event.TypeRedaction {
		q.e.Room = q.before.No
		d.u.Tell(&Said{Event: q.e, In: d.chain.ID, By: mxid.User(q.e.Get("sender").Text())})
	}
	return nil
}
