package service

import (
	"context"
	"encoding/json"
	"strconv"

	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Receipt says how far somebody has read, where they let the room know.
type Receipt struct {
	Pos    stream.Position
	Room   room.No
	User   mxid.User
	Event  mxid.Event
	Thread string // "" for the whole room
}

// EphemeralDisk is what is read for services that are told who has read what, and who writes where.
type EphemeralDisk interface {
	// ReceiptsIn gives the public receipts of after < position <= upto of all rooms, in order, at most limit. One that was moved on later
	// is there at its later position alone.
	ReceiptsIn(v stream.View, after, upto stream.Position, limit int) ([]Receipt, error)
	// ServiceIn reports whether one of a service's accounts is joined to a room.
	ServiceIn(v stream.View, id string, in mxid.Room) (bool, error)
}

// ephemeral is what passes in a room, as services are told of it.
//
// Spec: application service API, "Pushing ephemeral data".
type ephemeral struct {
	Type    string    `json:"type"`
	Room    mxid.Room `json:"room_id"`
	Content any       `json:"content"`
}

// receipts adds to b who has read what in rooms that one of the service's accounts was in by then, and shortens it where that is much.
func (l *looking) receipts(b *batch) error {
	given, err := l.Disk.ReceiptsIn(l.v, l.after, b.upto, l.limit(lookedAt))
	if err != nil {
		return err
	}
	if !l.whole && len(given) == lookedAt {
		b.end(given[lookedAt-1].Pos)
	}
	for _, r := range given {
		in, err := l.room(r.Room)
		if err != nil {
			return err
		}
		if in.joined(r.Pos) {
			b.receipts = append(b.receipts, r)
		}
	}
	return nil
}

// received gives the receipts of b as m.receipt, one for each room.
//
// Spec: client-server API, "Receipts".
func (l *looking) received(b *batch) ([]ephemeral, error) {
	type mark struct {
		Thread string `json:"thread_id,omitempty"`
	}
	type content map[mxid.Event]map[string]map[mxid.User]mark
	var all []ephemeral
	at := map[room.No]content{}
	for _, r := range b.receipts {
		in := at[r.Room]
		if in == nil {
			id, err := l.roomID(r.Room)
			if err != nil {
				return nil, err
			}
			in = content{}
			at[r.Room] = in
			all = append(all, ephemeral{"m.receipt", id, in})
		}
		if in[r.Event] == nil {
			in[r.Event] = map[string]map[mxid.User]mark{"m.read": {}}
		}
		in[r.Event]["m.read"][r.User] = mark{r.Thread}
	}
	return all, nil
}

// tellTyping tells who began and stopped writing since it was told last, if anybody did where one of the service's accounts is. It is as it is now that is
// told, in a transaction of its own that is made anew where it is not taken: what was so a while ago is nothing that anybody wants.
func (t *teller) tellTyping(ctx context.Context) error {
	if !t.Service.Ephemeral {
		return nil
	}
	serial := t.Typing.Serial()
	if serial == t.typed {
		return nil
	}
	var news []ephemeral
	err := t.Disk.View(ctx, func(v stream.View) error {
		news = nil
		for _, in := range t.Typing.Changed(t.typed) {
			who := t.Typing.Who(in)
			if t.typed == 0 && len(who) == 0 { // it was told of nobody
				continue
			}
			here, err := t.Disk.ServiceIn(v, t.ID, in)
			if err != nil {
				return err
			}
			if here {
				news = append(news, ephemeral{"m.typing", in, map[string]any{"user_ids": who}})
			}
		}
		return nil
	})
	if err == nil && len(news) > 0 {
		err = t.transaction(ctx, "typing-"+strconv.FormatInt(serial, 10), t.passing(&body{Events: []json.RawMessage{}}, news))
	}
	if err == nil {
		t.typed = serial
	}
	return err
}

// passing puts what passes in rooms into a transaction, under the names that the service asks for.
func (t *teller) passing(tx *body, news []ephemeral) *body {
	tx.Ephemeral = news
	if t.OldEphemeral {
		tx.MSC2409Ephemeral = news
	}
	return tx
}
