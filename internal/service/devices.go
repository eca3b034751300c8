package service

import (
	"encoding/json"
	"maps"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Message is one that waits for a device of one of a service's accounts.
type Message struct {
	device.Message
	User   mxid.User
	Device mxid.Device
}

// Move is a membership that changed.
type Move struct {
	Room room.No
	User mxid.User
	Own  bool // it is one of the service's accounts
}

// Stay is a room that somebody was joined to, from the event at Pos on, to before the one at Until.
type Stay struct {
	Room room.No
	Span
}

// Own is a device of one of a service's accounts.
type Own struct {
	No     account.DeviceNo
	User   mxid.User
	Device mxid.Device
}

// DeviceDisk is what is read for services that encrypt.
type DeviceDisk interface {
	// DeviceMessages gives the messages of after < position <= upto that wait for devices of a service's accounts, in order, at most limit.
	DeviceMessages(v stream.View, id string, after, upto stream.Position, limit int) ([]Message, error)
	// DropMessages removes the messages at these positions.
	DropMessages(u stream.Unit, at []stream.Position) error
	// MoveMessage gives the message at one position another one.
	MoveMessage(u stream.Unit, from, to stream.Position) error

	// KeysChanged gives whose keys changed at after < position <= upto; own is those of the service's accounts.
	KeysChanged(v stream.View, id string, after, upto stream.Position) (own, others []mxid.User, err error)
	// Moves gives the memberships that changed at after < position <= upto in all rooms.
	Moves(v stream.View, id string, after, upto stream.Position) ([]Move, error)
	// OthersIn gives who was joined to a room at one of the two positions, without a service's accounts.
	OthersIn(v stream.View, no room.No, id string, after, upto stream.Position) ([]mxid.User, error)
	// JoinsOf gives the rooms that user was joined to at some position from after to upto.
	JoinsOf(v stream.View, user mxid.User, after, upto stream.Position) ([]Stay, error)
	// Claimed gives the devices of a service's accounts of which a key was handed out last at after < position <= upto.
	Claimed(v stream.View, id string, after, upto stream.Position) ([]Own, error)
}

// deviceLists is whose keys are to be asked for again, and with whom no room is shared any more.
type deviceLists struct {
	Changed []mxid.User `json:"changed"`
	Left    []mxid.User `json:"left"`
}

// toDevice is a message as services get it.
type toDevice struct {
	Type    string          `json:"type"`
	Sender  mxid.User       `json:"sender"`
	User    mxid.User       `json:"to_user_id"`
	Device  mxid.Device     `json:"to_device_id"`
	Content json.RawMessage `json:"content"`
}

// messages adds to b the messages to devices of the service's accounts, and shortens it where they are many: what comes after them in the stream
// waits, so that no event is told before the keys that were sent ahead of it.
func (l *looking) messages(b *batch) error {
	all, err := l.Disk.DeviceMessages(l.v, l.ID, l.after, b.upto, l.limit(inOne+1))
	if err != nil {
		return err
	}
	b.messages = all
	size := 0
	for i, m := range all {
		size += len(m.Content)
		if !l.whole && i > 0 && (i == inOne || size > bytesIn) {
			b.end(all[i-1].Pos)
			break
		}
	}
	return nil
}

// keys adds to b whose keys changed, and of which devices of its accounts keys were handed out.
func (l *looking) keys(b *batch) error {
	if err := l.lists(b); err != nil {
		return err
	}
	claimed, err := l.Disk.Claimed(l.v, l.ID, l.after, b.upto)
	if err != nil {
		return err
	}
	for _, d := range claimed {
		counts, err := l.Keys.Counts(l.v, d.No)
		if err != nil {
			return err
		}
		if b.oneTime == nil {
			b.oneTime, b.unused = map[mxid.User]map[mxid.Device]map[string]int{}, map[mxid.User]map[mxid.Device][]string{}
		}
		if b.oneTime[d.User] == nil {
			b.oneTime[d.User], b.unused[d.User] = map[mxid.Device]map[string]int{}, map[mxid.Device][]string{}
		}
		b.oneTime[d.User][d.Device], b.unused[d.User][d.Device] = counts.OneTime, counts.UnusedFallback
	}
	return nil
}

// lists finds what device.Devices.Lists finds for one person, for all of the service's accounts together: with whom one of them shares a room. What its
// accounts signed it knows itself.
func (l *looking) lists(b *batch) error {
	own, keys, err := l.Disk.KeysChanged(l.v, l.ID, l.after, b.upto)
	if err != nil {
		return err
	}
	moves, err := l.Disk.Moves(l.v, l.ID, l.after, b.upto)
	if err != nil {
		return err
	}
	newKeys, among := map[mxid.User]bool{}, map[mxid.User]bool{}
	for _, user := range keys {
		newKeys[user], among[user] = true, true
	}
	looked := map[room.No]bool{}
	for _, m := range moves {
		in, err := l.room(m.Room)
		if err != nil {
			return err
		}
		was, is := in.joined(l.after), in.joined(b.upto)
		switch {
		case was == is:
			if was && !m.Own {
				among[m.User] = true
			}
		case !looked[m.Room]: // the service came or went, and with it everybody who is there
			looked[m.Room] = true
			others, err := l.Disk.OthersIn(l.v, m.Room, l.ID, l.after, b.upto)
			if err != nil {
				return err
			}
			for _, user := range others {
				among[user] = true
			}
		}
	}
	b.changed, b.left = own, nil
	for _, user := range slices.Sorted(maps.Keys(among)) {
		was, is, err := l.shares(user, b.upto)
		switch {
		case err != nil:
			return err
		case is && (newKeys[user] || !was):
			b.changed = append(b.changed, user)
		case was && !is:
			b.left = append(b.left, user)
		}
	}
	return nil
}

// shares reports whether user shared a room with one of the service's accounts before what is looked at, and whether they do at its end.
func (l *looking) shares(user mxid.User, upto stream.Position) (was, is bool, err error) {
	stays, err := l.Disk.JoinsOf(l.v, user, l.after, upto)
	for _, s := range stays {
		in, err := l.room(s.Room)
		if err != nil {
			return false, false, err
		}
		was = was || s.covers(l.after) && in.joined(l.after)
		is = is || s.covers(upto) && in.joined(upto)
	}
	return was, is, err
}

// secret puts what b has for devices into a transaction.
func (b *batch) secret(tx *body) {
	for _, m := range b.messages {
		tx.ToDevice = append(tx.ToDevice, toDevice{m.Type, m.Sender, m.User, m.Device, m.Content})
	}
	if len(b.changed)+len(b.left) > 0 {
		tx.Lists = &deviceLists{append([]mxid.User{}, b.changed...), append([]mxid.User{}, b.left...)}
	}
	tx.OneTime, tx.Unused = b.oneTime, b.unused
	tx.MSC2409ToDevice, tx.MSC3202Lists, tx.MSC3202OneTime, tx.MSC3202Unused = tx.ToDevice, tx.Lists, tx.OneTime, tx.Unused
}

// moveUp gives the messages to devices that waited before the service was told of such ones new places in the stream, in their order: a
// transaction has what lies behind the one before it.
func (t *teller) moveUp(u stream.Unit) (more bool, err error) {
	old, err := t.Disk.DeviceMessages(u, t.ID, 0, t.told.Pos, lookedAt)
	for _, m := range old {
		if err := t.Disk.MoveMessage(u, m.Pos, u.Next(stream.Topic(m.User))); err != nil {
			return false, err
		}
	}
	return len(old) == lookedAt, err
}
