// Package feed is what each device is told: sync, and with it receipts and who is typing.
//
// A device asks with a token of how far it has read and learns everything that concerns it after that, out of one view
// of the store, so an event is never shown before the keys that were sent ahead of it.
package feed

import (
	"encoding/json"
	"strconv"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Disk is what the feed reads, and the receipts that it keeps.
type Disk interface {
	stream.Disk
	account.DataDisk
	account.HearingDisk
	room.Reading

	// Stay gives who's present membership of a room, left and forgotten ones too; ok is false where there is none.
	Stay(v stream.View, who mxid.User, id mxid.Room) (st room.Stay, ok bool, err error)
	// DataSince gives what was written of a's account data in after < position <= upto.
	DataSince(v stream.View, a account.No, after, upto stream.Position) ([]account.Datum, error)
	// News gives the rooms that who, with account a, has a present membership of, left ones too, and that have an event, or
	// a receipt that a may see, in after < position <= upto.
	News(v stream.View, who mxid.User, a account.No, after, upto stream.Position) ([]News, error)
	// Turned gives those of these stretches in which anybody's membership changed.
	Turned(v stream.View, of []room.Stretch) (map[room.No]bool, error)
	// StateSince gives the state of each room as it is at the end of the stretch, of what changed in it. Where the stretch begins at 0 that is all
	// state; without everybody it is then that without m.room.member events.
	StateSince(v stream.View, of []room.Stretch, everybody bool) (map[room.No][]room.Event, error)
	// Joined lists the people who are joined to the room now.
	Joined(v stream.View, no room.No) ([]mxid.User, error)
	// Heroes gives up to five people of each of these rooms other than who, joined or invited now; earliest first.
	Heroes(v stream.View, rooms []room.No, who mxid.User) (map[room.No][]mxid.User, error)
	// Encrypted gives those of these rooms in which encryption is switched on.
	Encrypted(v stream.View, rooms []room.No) (map[room.No]bool, error)
	// Unread counts the events in each of these rooms that count for who, with account a, since they joined, and that a's receipts do not
	// cover, by thread and sender; at most 1000 of the main timeline, and as many in threads.
	Unread(v stream.View, rooms []room.No, who mxid.User, a account.No) (map[room.No][]Unread, error)
	// UnreadEvents gives the events that Unread counts.
	UnreadEvents(v stream.View, no room.No, who mxid.User, a account.No) ([]UnreadEvent, error)
	// Senders gives the names of accounts.
	Senders(v stream.View, who []account.No) (map[account.No]mxid.User, error)
	// Counting gives the newest events before before that count in the rooms that who, with account a, is joined to, of other
	// senders, whether they are read or not, whether who was in the room then or not; newest first, at most limit.
	Counting(v stream.View, who mxid.User, a account.No, before stream.Position, limit int) ([]Counted, error)
	// ReadTo gives how far a has read in the room: the position of the event that the furthest receipt points to, by thread.
	ReadTo(v stream.View, no room.No, a account.No) (map[string]stream.Position, error)

	// ReceiptPosition gives the position of the event that a's receipt points to; 0 where there is none.
	ReceiptPosition(v stream.View, no room.No, a account.No, typ, thread string) (stream.Position, error)
	// SetReceipt writes r, which points to the event at position event, at pos.
	SetReceipt(u stream.Unit, no room.No, a account.No, r Receipt, event, pos stream.Position) error
	// ReceiptsSince gives the receipts of each of these stretches: a's own ones, and the public ones that point to an event that is not older than
	// the oldest one of the stretch.
	ReceiptsSince(v stream.View, of []Receipts, a account.No) (map[room.No][]GivenReceipt, error)

	// Subscription is a's subscription to the thread whose root is at that position; ok is false where there never was one.
	Subscription(v stream.View, a account.No, root stream.Position) (s Subscription, ok bool, err error)
	// SetSubscription writes it.
	SetSubscription(u stream.Unit, a account.No, no room.No, root stream.Position, s Subscription) error
	// CountSubscriptions counts a's, those that ended too.
	CountSubscriptions(v stream.View, a account.No) (int, error)
	// SubscriptionsSince gives those of a's that changed in after < position <= upto, the newest first, at most limit.
	SubscriptionsSince(v stream.View, a account.No, after, upto stream.Position, limit int) ([]ThreadSubscription, error)
	// SubscribedIn gives the roots of the threads in the room that a follows.
	SubscribedIn(v stream.View, a account.No, no room.No) ([]mxid.Event, error)

	// Recent gives the rooms that who, with account a, has a present membership of, left ones too, the one first in which something
	// happened last that who may learn of.
	Recent(v stream.View, who mxid.User, a account.No) ([]Recent, error)
	// Kinds gives the kinds of the rooms that who has a present membership of.
	Kinds(v stream.View, who mxid.User) (map[room.No]Kind, error)
	// RoomDataSince gives what was written of a's data for the rooms in each of these stretches; for no room that of the whole account.
	RoomDataSince(v stream.View, a account.No, of []room.Stretch) (map[room.No][]account.Datum, error)
	// Spoken is where something was said last in each of these stretches that counts; where nothing was, where the room began.
	Spoken(v stream.View, of []room.Stretch) (map[room.No]stream.Position, error)
}

// Unread is how much of one sender somebody has not read: in the main timeline, or in a thread, by its root.
type Unread struct {
	Thread mxid.Event // "" for the main timeline
	Sender account.No
	N      int
}

// UnreadEvent is an event that somebody has not read, and the thread that it is in, if any.
type UnreadEvent struct {
	room.Event
	Thread mxid.Event
}

// Counted is an event that counts, and the room that it is in.
type Counted struct {
	room.Event
	In mxid.Room
}

// GivenReceipt is a receipt and whose it is.
type GivenReceipt struct {
	Receipt
	User mxid.User
}

// Receipts are the receipts that were given in a piece of the stream, of those that point to the event at Oldest or a later one.
type Receipts struct {
	room.Stretch
	Oldest stream.Position
}

// News is a room in which something is new to somebody.
type News struct {
	room.Stay
	Last     stream.Position // of the events; 0 for none
	Receipts bool            // there are some
}

// Recent is a room in somebody's list of rooms.
type Recent struct {
	room.Stay
	Last stream.Position // of the events that they may learn of: the room's last one, or where they are outside, their own membership
	// Of a room that they are no longer in:
	Out       bool // somebody else put them out, and they had been in it
	Forgotten bool // they have forgotten it
}

// Kind is what a room is made for.
type Kind struct {
	Type      string // of its m.room.create event; "" for none
	Encrypted bool
}

// Feed tells devices what they have to learn.
type Feed struct {
	Disk    Disk
	Hub     *stream.Hub
	Rooms   *room.Rooms
	Devices *device.Devices
	Typing  *Typing

	// Gaps are where the stream lost what was in it, when the server was restored from a backup: the position at which each
	// gap begins, then the one at which it ends, and so on.
	Gaps []stream.Position

	memory      memory
	connections connections
	badges      badges
}

// lost reports whether what was at p is lost.
func (f *Feed) lost(p stream.Position) bool {
	for i := 1; i < len(f.Gaps); i += 2 {
		if f.Gaps[i-1] < p && p < f.Gaps[i] {
			return true
		}
	}
	return false
}

// Token is how far a device has been told: a position in the stream, and what it was told that is in no stream.
type Token struct {
	stream.Token
	typing int64   // the serial of Typing
	others []int64 // those of other servers, who have told the device of it as well
}

// maxSerials is how many servers a device's token remembers.
const maxSerials = 8

// String is the text that the device keeps. Up to the first dot it is a stream token, valid wherever one is.
func (t Token) String() string {
	var room [64]byte
	b := strconv.AppendInt(append(t.Token.Append(room[:0]), '.'), t.typing, 36)
	for _, serial := range t.others[:min(len(t.others), maxSerials-1)] {
		b = strconv.AppendInt(append(b, '.'), serial, 36)
	}
	return string(b)
}

// ParseToken reads what String wrote, or a plain stream token. It returns stream.ErrToken for anything else.
func ParseToken(s string) (t Token, err error) {
	position, rest, tail := strings.Cut(s, ".")
	if t.Token, err = stream.ParseToken(position); err != nil || !tail {
		return t, err
	}
	for i, text := range strings.SplitN(rest, ".", maxSerials+1) {
		serial, err := strconv.ParseInt(text, 36, 64)
		switch {
		case err != nil || i == maxSerials:
			return Token{}, stream.ErrToken
		case i == 0:
			t.typing = serial
		default:
			t.others = append(t.others, serial)
		}
	}
	return t, nil
}

// answer types; their JSON is the specification's.
//
// Spec: client-server API, GET /sync.
type (
	// Sync is the answer to one sync request.
	Sync struct {
		Next     string       `json:"next_batch"`
		Data     eventList    `json:"account_data"`
		Rooms    rooms        `json:"rooms"`
		ToDevice eventList    `json:"to_device"`
		Lists    *deviceLists `json:"device_lists,omitempty"`
		Presence eventList    `json:"presence"` // always empty: presence is not kept

		OneTime  map[string]int `json:"device_one_time_keys_count"`
		Fallback []string       `json:"device_unused_fallback_key_types"`

		claimed bool            // a one-time key was handed out since
		keys    json.RawMessage // the two above as they are written, where somebody has done that already
	}
	eventList struct {
		Events []json.RawMessage `json:"events"`
	}
	deviceLists struct {
		Changed []mxid.User `json:"changed"`
		Left    []mxid.User `json:"left"`
	}
	rooms struct {
		Join   map[mxid.Room]*joined  `json:"join"`
		Invite map[mxid.Room]*invited `json:"invite"`
		Knock  map[mxid.Room]*knocked `json:"knock"`
		Leave  map[mxid.Room]*left    `json:"leave"`
	}
	timeline struct {
		Events  []json.RawMessage `json:"events"`
		Limited bool              `json:"limited"`
		Prev    string            `json:"prev_batch,omitempty"`
	}
	left struct {
		Timeline timeline   `json:"timeline"`
		State    *eventList `json:"state,omitempty"`
		After    *eventList `json:"state_after,omitempty"`
		// the name that the state after the timeline has while its proposal is not in a version of the specification
		AfterUnstable *eventList `json:"org.matrix.msc4222.state_after,omitempty"`
		Data          eventList  `json:"account_data"`
	}
	joined struct {
		left
		Ephemeral eventList             `json:"ephemeral"`
		Summary   *summary              `json:"summary,omitempty"`
		Unread    unread                `json:"unread_notifications"`
		Threads   map[mxid.Event]unread `json:"unread_thread_notifications,omitempty"`
		Messages  *messages             `json:"org.wardroom.unread,omitempty"` // an addition of this server; nil where the two above say the same
	}
	unread struct {
		Notifications int `json:"notification_count"`
		Highlights    int `json:"highlight_count"`
	}
	// messages is how much is unread, whatever notifies or does not.
	messages struct {
		Main    int                `json:"main"`
		Threads map[mxid.Event]int `json:"threads,omitempty"`
	}
	summary struct {
		Heroes  []mxid.User `json:"m.heroes,omitempty"`
		Joined  int         `json:"m.joined_member_count"`
		Invited int         `json:"m.invited_member_count"`
	}
	invited struct {
		State eventList `json:"invite_state"`
	}
	knocked struct {
		State eventList `json:"knock_state"`
	}
)

// MarshalJSON writes an empty list as [], never as null.
func (l eventList) MarshalJSON() ([]byte, error) {
	if len(l.Events) == 0 {
		return []byte(`{"events":[]}`), nil
	}
	type plain eventList
	return json.Marshal(plain(l))
}
