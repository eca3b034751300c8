// Package push tells push services outside that something is new for somebody, for those whose devices asked for it.
//
// It follows the stream. What is to be pushed is written down as a row for each pusher in the unit in which the position that was
// looked at is noted, and removed when the push service has taken it: a stop loses nothing, and repeats at most what was under
// way. Nothing of what was said is pushed, nor who said it: the event's ID, its room's, and how much is unread.
package push

import (
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Key is a pusher.
type Key struct {
	Account account.No
	AppID   string
	Pushkey string
}

// Due is something that a pusher has to be told: the event at Pos, or where there is none there, that less is unread since Pos.
type Due struct {
	Key
	Pos stream.Position
}

// Happened is an event that somebody may have to be told of.
type Happened struct {
	room.Event
	In mxid.Room
}

// Listener is somebody with pushers, and what decides on what they are told.
type Listener struct {
	account.No
	User    mxid.User
	Rules   json.RawMessage // as they are kept; nil for the defaults
	Ignored json.RawMessage // the content of m.ignored_user_list; nil where there is none
}

// Disk is what is read of the stream, and what is due.
type Disk interface {
	stream.Disk
	account.PusherDisk

	// AnyPusher reports whether anybody has one.
	AnyPusher(v stream.View) (bool, error)
	// Pushed gives the position up to which SetPushed noted that what is due was written down; ok is false before that.
	Pushed(v stream.View) (pos stream.Position, ok bool, err error)
	SetPushed(u stream.Unit, pos stream.Position) error
	// Happened gives the events at after < position <= upto that count as unread, and the memberships among them; in order, at
	// most limit.
	Happened(v stream.View, after, upto stream.Position, limit int) ([]Happened, error)
	// EventAt gives the event at pos, or the one that was there before it was redacted, emptied; ok is false where no event is there.
	EventAt(v stream.View, pos stream.Position) (h Happened, ok bool, err error)
	// Stands reports whether the membership of who in the room is still what the event at pos made it.
	Stands(v stream.View, no room.No, who mxid.User, pos stream.Position) (bool, error)
	// Followers gives who follows the thread with the root at that position.
	Followers(v stream.View, root stream.Position) ([]account.No, error)
	// Listeners gives the people with pushers who are joined to the room.
	Listeners(v stream.View, no room.No) ([]Listener, error)
	// Listener gives somebody with their account's number; ok is false for who has no pusher.
	Listener(v stream.View, who mxid.User) (l Listener, ok bool, err error)
	// ReadBy gives those with pushers who have read on in after < position <= upto, each with the last such position.
	ReadBy(v stream.View, after, upto stream.Position) (map[account.No]stream.Position, error)

	// KeysOf gives the pushers of accounts.
	KeysOf(v stream.View, who []account.No) (map[account.No][]Kept, error)
	// Kept gives a pusher and whose it is; ok is false where it is gone.
	Kept(v stream.View, k Key) (p Kept, ok bool, err error)

	// Due gives everything that is due, in order.
	Due(v stream.View) ([]Due, error)
	AddDue(u stream.Unit, d Due) error
	// DropDue removes what is due to k at position upto or before.
	DropDue(u stream.Unit, k Key, upto stream.Position) error

	// Meta gives what is kept under a name for the whole installation.
	Meta(v stream.View, name string) (value string, ok bool, err error)
	SetMeta(u stream.Unit, name, value string) error
}

// Kept is a pusher as it is kept.
type Kept struct {
	Key
	User mxid.User
	JSON json.RawMessage
}

// Ears knows what somebody's push rules make of what happens.
type Ears interface {
	// Hears is what rules make of e.
	Hears(v stream.View, rules *account.PushRules, who account.No, e *room.Event, in mxid.Room) (account.Verdict, error)
	// Waiting is how much is unread of what s's rules tell of, by room; rooms with nothing are left out. It is not changed.
	Waiting(v stream.View, s account.Session) (map[room.No]int, error)
}
