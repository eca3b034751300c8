package feed

import (
	"context"
	"encoding/json"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Kinds of receipts.
//
// Spec: client-server API, "Receipts" and "Fully read markers".
const (
	Read        = "m.read"
	ReadPrivate = "m.read.private"
	FullyRead   = "m.fully_read"
)

// Receipt says how far a person has read: in the whole room where Thread is empty, in its main timeline for "main", or
// in the thread with that root.
type Receipt struct {
	Type   string
	Thread string
	Event  mxid.Event
}

// Receive notes that s has read as far as each of receipts, in that room. A receipt never goes backwards: an older one changes nothing. It returns
// fault.Forbidden for who is not in the room, fault.NotFound for an event that is not there, and fault.InvalidParam for a thread whose root s does not see.
//
// Spec: client-server API, POST /rooms/{roomId}/receipt/{receiptType}/{eventId}.
func (f *Feed) Receive(ctx context.Context, s account.Session, in mxid.Room, receipts ...Receipt) error {
	for _, r := range receipts {
		switch {
		case r.Type != Read && r.Type != ReadPrivate && r.Type != FullyRead:
			return fault.InvalidParam.New("There is no receipt of type %q.", r.Type)
		case r.Thread != "" && r.Type == FullyRead:
			return fault.InvalidParam.New("The fully-read marker belongs to the whole room: leave out thread_id.")
		}
	}
	return f.Disk.Do(ctx, func(u stream.Unit) error {
		no, err := f.mustBeIn(u, s, in)
		if err != nil {
			return err
		}
		for _, r := range receipts {
			e, ok, err := f.Disk.Event(u, no, r.Event)
			if err != nil {
				return err
			}
			if !ok {
				return fault.NotFound.New("There is no event %s in this room.", r.Event)
			}
			if err := f.mustBeThread(u, s, in, no, r.Thread); err != nil {
				return err
			}
			at := e.Pos
			if r.Type == FullyRead {
				err = f.fullyRead(u, s, in, no, r.Event, at)
			} else {
				err = f.receive(u, s, in, no, r, at)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// mustBeThread returns fault.InvalidParam unless thread is empty, "main" or an event of the room that s sees: each thread is a row.
func (f *Feed) mustBeThread(u stream.Unit, s account.Session, in mxid.Room, no room.No, thread string) error {
	if thread == "" || thread == "main" {
		return nil
	}
	root, ok, err := f.Disk.Event(u, no, mxid.Event(thread))
	if err != nil {
		return err
	}
	sight, err := f.Rooms.Sight(u, s, in)
	if err != nil {
		return err
	}
	if !ok || !sight.Sees(root.Pos) {
		return fault.InvalidParam.New("There is no thread %s in this room. thread_id is \"main\" or the ID of the event at which a thread begins.", thread)
	}
	return nil
}

func (f *Feed) receive(u stream.Unit, s account.Session, in mxid.Room, no room.No, r Receipt, at stream.Position) error {
	had, err := f.Disk.ReceiptPosition(u, no, s.Account, r.Type, r.Thread)
	if err != nil || had >= at {
		return err
	}
	topic := stream.Topic(in) // everybody learns a public one
	if r.Type == ReadPrivate {
		topic = stream.Topic(s.User)
	}
	pos := u.Next(topic)
	u.Tell(&read{in, GivenReceipt{r, s.User}})
	return f.Disk.SetReceipt(u, no, s.Account, r, at, pos)
}

// read is a receipt as it was committed a moment ago.
type read struct {
	In mxid.Room
	GivenReceipt
}

// fullyRead keeps the marker as the room's account data, where clients look for it.
func (f *Feed) fullyRead(u stream.Unit, s account.Session, in mxid.Room, no room.No, event mxid.Event, at stream.Position) error {
	old, ok, err := f.Disk.Datum(u, s.Account, in, FullyRead)
	if err != nil {
		return err
	}
	type marker struct {
		Event mxid.Event `json:"event_id"`
	}
	if ok {
		var m marker
		if err := json.Unmarshal(old, &m); err != nil {
			return err
		}
		had, known, err := f.Disk.Event(u, no, m.Event)
		if err != nil || known && had.Pos >= at {
			return err
		}
	}
	content, err := json.Marshal(marker{event})
	if err != nil {
		return err
	}
	_, err = f.Disk.SetDatum(u, s.Account, account.Datum{Room: in, Type: FullyRead, Content: content}, u.Next(stream.Topic(s.User)))
	return err
}

// SetTyping announces that s is writing in a room for the next d, or has stopped when d is not positive. It returns
// fault.Forbidden for who is not in the room.
//
// Spec: client-server API, PUT /rooms/{roomId}/typing/{userId}.
func (f *Feed) SetTyping(ctx context.Context, s account.Session, in mxid.Room, d time.Duration) error {
	members, err := f.roommates(ctx, s, in)
	if err == nil {
		f.Typing.Set(in, s.User, d, members)
	}
	return err
}

// HeardTyping takes in what SetTyping was told at another server.
func (f *Feed) HeardTyping(ctx context.Context, who mxid.User, in mxid.Room, d time.Duration) error {
	members, err := f.roommates(ctx, account.Session{User: who}, in)
	if err == nil {
		f.Typing.SetHere(in, who, d, members)
	}
	return err
}

// roommates gives who is in a room together with s. It returns fault.Forbidden for who is not in the room.
func (f *Feed) roommates(ctx context.Context, s account.Session, in mxid.Room) (members []mxid.User, err error) {
	err = f.Disk.View(ctx, func(v stream.View) error {
		no, err := f.mustBeIn(v, s, in)
		if err == nil {
			members, err = f.Disk.Joined(v, no)
		}
		return err
	})
	return members, err
}

// mustBeIn gives the room's number, or fault.Forbidden unless s is joined to it.
func (f *Feed) mustBeIn(v stream.View, s account.Session, in mxid.Room) (room.No, error) {
	st, ok, err := f.Disk.Stay(v, s.User, in)
	if err == nil && (!ok || st.Membership != event.Join) {
		err = fault.Forbidden.New("You are not in this room.")
	}
	return st.Room, err
}
