// Package room is rooms: making them, who is in them, what is said in them, and their state.
//
// A room is one chain of events. Whatever happens in it is one more event at the chain's end: a draft reads what it needs,
// asks the rules of package event, and writes all its events in one unit of work or none. What a person may read follows
// from the room's history: see Sight.
package room

import (
	"context"
	"encoding/json"
	"math"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// No is a room's number inside the store.
type No int64

// Still is a state row's end while the row is current.
const Still stream.Position = math.MaxInt64

// Chain is a room, known by the end of its chain of events.
type Chain struct {
	No      No
	ID      mxid.Room
	Version event.Version
	Head    mxid.Event // the last event; "" while there is none
	Depth   int64      // of the last event
}

// Event is an event as it is kept.
type Event struct {
	Pos        stream.Position
	Room       No
	ID         mxid.Event
	Sender     account.No
	Device     account.DeviceNo // that sent it; 0 if none did
	Txn        string           // the device's transaction ID; "" if there was none
	Delay      string           // the ID that it had while it was delayed; "" if it was not
	Relates    stream.Position  // of the event that it relates to; 0 if there is none
	Relation   string           // the rel_type of that relation
	RedactedBy stream.Position  // of its redaction; 0 if it stands
	Counts     bool             // as unread for others
	JSON       []byte           // federation format, canonical

	outline event.Outline // of JSON, if it is known
}

// SetJSON sets the JSON of an event that is going to be asked for several of its fields.
func (e *Event) SetJSON(json []byte) { e.JSON, e.outline = json, event.OutlineOf(json) }

// Named is as much of an event as judging others takes.
type Named struct {
	ID   mxid.Event
	JSON []byte
}

// Get is a field of the event, as "content" or "type".
func (e *Event) Get(field string) event.Value {
	if e.outline.Known() {
		return e.outline.Get(e.JSON, field)
	}
	return event.Value(e.JSON).Get(field)
}

// Get is a field of the event.
func (n *Named) Get(field string) event.Value { return event.Value(n.JSON).Get(field) }

// Content is a field of the event's content.
func (e *Event) Content(field string) event.Value { return e.Get("content").Get(field) }

// Span is a piece of state for as long as it was current: from the position of its event up to, and not including, Until.
type Span struct {
	Event
	Until      stream.Position // Still, or the position of the event that replaced it
	Membership string          // of an m.room.member event
}

// Stay is somebody's present membership of a room.
type Stay struct {
	Room       No
	ID         mxid.Room
	Pos        stream.Position // of the membership event
	Membership string
}

// Aggregate is what relates to one event in one way. Redacted events do not count.
type Aggregate struct {
	Target   stream.Position
	Relation string
	Count    int64
	Last     stream.Position // the newest of them
	LastOwn  stream.Position // the newest of them by the sender of the target; 0 if there is none
	Mine     bool            // "me" has sent one of them
}

// Children says which of the events that relate to another one are meant.
type Children struct {
	Relation  string          // "" for any
	After     stream.Position // only later ones
	Upto      stream.Position // only these and earlier ones
	Backwards bool            // the newest first
	Limit     int
}

// Descendant is an event that relates to another one, or to what relates to that, so many steps away.
type Descendant struct {
	Pos      stream.Position
	Relation string
	Steps    int
}

// Stretch is a piece of a room's chain: what lies in After < position <= Upto.
type Stretch struct {
	Room        No
	After, Upto stream.Position
}

// Members are some people's memberships of a room, behind the event at position At.
type Members struct {
	Room No
	At   stream.Position
	Who  []mxid.User
}

// Thread is a thread of a room: where it begins, and its newest event.
type Thread struct{ Root, Last stream.Position }

// Disk is what rooms keep.
type Disk interface {
	stream.Disk
	Writing
	Reading
	Directory
	Delaying
	account.HearingDisk
}

// Writing is how rooms grow. A unit that appends must have done all its asking before, so that it can only fail as a whole.
type Writing interface {
	// Begin adds a room without events and gives its number.
	Begin(u stream.Unit, id mxid.Room, v event.Version) (No, error)
	// Append writes e, at e.Pos, behind the event that c.Head names, and makes it the head at depth c.Depth+1. It fails if
	// the room's head has become another one.
	Append(u stream.Unit, c Chain, e *Event) error
	// Replace makes the event at pos the current state under key, and ends what was current before.
	Replace(u stream.Unit, room No, key event.StateKey, pos stream.Position, membership string) error
	// Redact replaces the JSON of the event at pos for good and notes that the event at by did it. The event relates to
	// nothing and counts for nothing any more.
	Redact(u stream.Unit, pos, by stream.Position, json []byte) error
	// ForgetRoom hides the room from who left it; RememberRoom undoes that.
	ForgetRoom(u stream.Unit, who account.No, room No) error
	RememberRoom(u stream.Unit, who account.No, room No) error
}

// Reading is what can be read of rooms. Everything is in the order of positions unless it says otherwise.
type Reading interface {
	// Room finds a room by its ID.
	Room(v stream.View, id mxid.Room) (c Chain, ok bool, err error)
	// State gives the current state event for each of keys, in their order; one without ID where there is none.
	State(v stream.View, room No, keys ...event.StateKey) ([]Named, error)
	// StateAt gives the state behind the event at position at: of type typ, or all of it where typ is "".
	StateAt(v stream.View, room No, at stream.Position, typ string) ([]Event, error)
	// Spans gives everything that ever was the state under key.
	Spans(v stream.View, room No, key event.StateKey) ([]Span, error)
	// Standing gives what decides over what who may see of these rooms: who's memberships, and the history visibilities. Of the events
	// there are only the positions, and the JSON of the visibilities.
	Standing(v stream.View, rooms []No, who mxid.User) (memberships, visibilities map[No][]Span, err error)
	// Replaced gives the state events that these ones replaced, by the positions of those that did.
	Replaced(v stream.View, by []*Event) (map[stream.Position]Event, error)
	// Event finds an event of the room by its ID.
	Event(v stream.View, room No, id mxid.Event) (e Event, ok bool, err error)
	// EventsAt gives the events at these positions, those that there are.
	EventsAt(v stream.View, at []stream.Position) ([]Event, error)
	// Timeline gives at most limit events of the room with after < position <= upto: the oldest of them, or with backwards the
	// newest of them, newest first.
	Timeline(v stream.View, room No, after, upto stream.Position, backwards bool, limit int) ([]Event, error)
	// Newest gives the newest events of each of these stretches, newest first, at most limit of each.
	Newest(v stream.View, of []Stretch, limit int) (map[No][]Event, error)
	// MembersAt gives the m.room.member events of these people in each of these rooms.
	MembersAt(v stream.View, of []Members) (map[No][]Event, error)
	// By gives what sender has sent that relates to the event at target in this way.
	By(v stream.View, target stream.Position, relation string, sender account.No) ([]Event, error)
	// Aggregates counts what relates to each of the events at targets, as far as it lies in seen and none of ignored sent it.
	Aggregates(v stream.View, targets []stream.Position, seen Range, me account.No, ignored []account.No) ([]Aggregate, error)
	// Children gives the events that relate to the one at target.
	Children(v stream.View, target stream.Position, c Children) ([]Event, error)
	// Descendants gives at most limit events that are at most steps away from the one at target, in the order of their steps. It looks
	// at no others.
	Descendants(v stream.View, target stream.Position, steps, limit int) ([]Descendant, error)
	// Threads gives at most limit threads whose newest event, of those at or before upto, lies before before; the one with
	// the newest first. If me is not 0, only those that me has sent something to.
	Threads(v stream.View, room No, before, upto stream.Position, me account.No, limit int) ([]Thread, error)
	// Count says how many people have each membership of these rooms.
	Count(v stream.View, rooms ...No) (map[No]map[string]int, error)
	// SentBy finds what the device has sent to the room under this transaction ID.
	SentBy(v stream.View, room No, device account.DeviceNo, txn string) ([]Named, error)
	// Sending is ctx for a Do that is going to ask SentBy: where many units wait, it may be asked for all of them at once.
	Sending(ctx context.Context, device account.DeviceNo, txn string) context.Context
	// Stays gives the rooms that somebody has a membership event in, left and forgotten ones too.
	Stays(v stream.View, who mxid.User) ([]Stay, error)
	// Forgotten says whether somebody forgot the room.
	Forgotten(v stream.View, who account.No, room No) (bool, error)
}

// Directory is how rooms and people are found by name.
type Directory interface {
	// PersonByID finds an account, open or closed.
	PersonByID(v stream.View, who mxid.User) (p account.Person, ok bool, err error)
	// Datum gives a piece of somebody's account data; ok is false where there is none.
	Datum(v stream.View, a account.No, room mxid.Room, typ string) (content json.RawMessage, ok bool, err error)
	// Profile gives the fields of somebody's profile.
	Profile(v stream.View, who account.No) (map[string]json.RawMessage, error)
	// Alias finds the room that an alias names, and who made it.
	Alias(v stream.View, a mxid.Alias) (id mxid.Room, by account.No, ok bool, err error)
	// Aliases gives all aliases of the room, sorted.
	Aliases(v stream.View, room No) ([]mxid.Alias, error)
	// Name makes the alias name the room; Unname removes it; Rename gives all aliases of one room to another.
	Name(u stream.Unit, a mxid.Alias, room No, by account.No) error
	Unname(u stream.Unit, a mxid.Alias) error
	Rename(u stream.Unit, from, to No) error
	// List puts the room in the public directory or takes it out.
	List(u stream.Unit, room No, listed bool) error
	// IsListed says whether a room that exists is in the public directory.
	IsListed(v stream.View, room No) (bool, error)
	// Listed gives the rooms in the public directory.
	Listed(v stream.View) ([]Chain, error)
}

// Rooms answers for all rooms.
type Rooms struct {
	Disk   Disk
	Server mxid.Server // whose rooms these are

	// Services are the application services, which keep some addresses of rooms for themselves.
	Services config.Services

	alarm alarm
}

// do is Disk.Do for a unit that has an answer. There is no answer before the unit is on disk.
func do[T any](ctx context.Context, d Disk, fn func(stream.Unit) (T, error)) (T, error) {
	var answer, none T
	err := d.Do(ctx, func(u stream.Unit) (err error) {
		answer, err = fn(u)
		return err
	})
	if err != nil {
		return none, err
	}
	return answer, nil
}

// view is Disk.View for a look that has an answer.
func view[T any](ctx context.Context, d Disk, fn func(stream.View) (T, error)) (answer T, err error) {
	err = d.View(ctx, func(v stream.View) (err error) {
		answer, err = fn(v)
		return err
	})
	return answer, err
}
