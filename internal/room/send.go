package room

import (
	"context"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Send puts a message event into the room in who's name and returns its event ID. When it returns nil, the event is on disk.
// The same device that sends with the same txn to the same room and type again, however much later, gets the event ID that
// it got before, and nothing is sent.
//
// It returns fault.Forbidden if who may not do this there or the event is not encrypted where it must be, and fault.TooLarge,
// fault.BadJSON or fault.NotJSON for content that no event can have.
//
// Spec: client-server API, PUT /rooms/{roomId}/send/{eventType}/{txnId}.
func (r *Rooms) Send(ctx context.Context, who account.Session, room mxid.Room, typ, txn string, content []byte) (mxid.Event, error) {
	said, err := event.NewContent(content)
	if err != nil {
		return "", err
	}
	if typ == event.TypeRedaction && said.Get("redacts") == nil {
		return "", fault.BadJSON.New("A redaction must name the event that it redacts.")
	}
	return r.once(ctx, room, proposal{who: who, typ: typ, content: said, txn: txn})
}

// Redact removes what an event says from the room for good and returns the ID of the redaction. One may redact one's own
// events, and others' with the power for it.
//
// It returns fault.NotFound if the room has no such event and fault.Forbidden if who may not redact it.
//
// Spec: client-server API, PUT /rooms/{roomId}/redact/{eventId}/{txnId}.
func (r *Rooms) Redact(ctx context.Context, who account.Session, room mxid.Room, target mxid.Event, txn string, content []byte) (mxid.Event, error) {
	said, err := event.NewContent(content)
	if err != nil {
		return "", err
	}
	return r.once(ctx, room, proposal{who: who, typ: event.TypeRedaction, content: said, redacts: target, txn: txn})
}

// once sends p unless p.who's device has done so before.
func (r *Rooms) once(ctx context.Context, room mxid.Room, p proposal) (mxid.Event, error) {
	if p.txn == "" || len(p.txn) > mxid.MaxLen {
		return "", fault.InvalidParam.New("A transaction ID has 1 to %d bytes.", mxid.MaxLen)
	}
	return do(r.Disk.Sending(ctx, p.who.DeviceNo, p.txn), r.Disk, func(u stream.Unit) (mxid.Event, error) {
		d, err := r.draftIn(u, room)
		if err != nil {
			return "", err
		}
		sent, err := r.Disk.SentBy(u, d.chain.No, p.who.DeviceNo, p.txn)
		if err != nil {
			return "", err
		}
		for _, e := range sent {
			if e.Get("type").Text() == p.typ {
				return e.ID, nil
			}
		}
		return d.addAndWrite(p)
	})
}

// SetState sets a piece of the room's state in who's name and returns the ID of the event that holds it. If who says what is
// already there, by who, nothing is added.
//
// It returns fault.Forbidden if who may not, and what Send returns for bad content.
//
// Spec: client-server API, PUT /rooms/{roomId}/state/{eventType}/{stateKey}.
func (r *Rooms) SetState(ctx context.Context, who account.Session, room mxid.Room, key event.StateKey, content []byte) (mxid.Event, error) {
	said, err := event.NewContent(content)
	if err != nil {
		return "", err
	}
	return do(ctx, r.Disk, func(u stream.Unit) (mxid.Event, error) {
		d, err := r.draftIn(u, room)
		if err != nil {
			return "", err
		}
		full := said
		if key.Type == event.TypeMember {
			if full, err = d.withLook(mxid.User(key.Key), said); err != nil {
				return "", err
			}
		}
		return d.addAndWrite(proposal{who: who, typ: key.Type, key: &key.Key, content: full})
	})
}

func (d *draft) addAndWrite(p proposal) (mxid.Event, error) {
	id, err := d.add(p)
	if err != nil {
		return "", err
	}
	return id, d.write()
}
