package event

import (
	"iter"
	"math"

	"wardroom/internal/mxid"
)

// StateView looks up the state that an event is judged by: the state event of the room that holds (typ, key), or nil if
// there is none. An error is the store's own failure.
type StateView func(typ, key string) (*PDU, error)

// Infinite is the power of a creator of a version 12 room. It is more than a power level can be.
const Infinite = math.MaxInt64

// Power is who may do what in a room: its power levels, with the defaults for what they leave out and the creators that
// stand above them. It reads the room's events where they stand and is cheap to make.
//
// Spec: client-server API, m.room.power_levels.
type Power struct {
	version Version
	create  *PDU  // nil before the create event
	levels  Value // content of m.room.power_levels; nil while there is none
}

// PowerOf reads the power of a room of version v from its state. An error is the view's.
func PowerOf(v Version, state StateView) (Power, error) {
	create, err := state(TypeCreate, "")
	if err != nil {
		return Power{}, err
	}
	levels, err := state(TypePowerLevels, "")
	if err != nil {
		return Power{}, err
	}
	p := Power{version: v, create: create}
	if levels != nil {
		p.levels = Value(levels.Content)
	}
	return p, nil
}

// Creators goes over the people that the room's version treats as its creators: one in versions 10 and 11; the sender and
// the additional_creators of the create event in version 12.
func (p Power) Creators() iter.Seq[mxid.User] {
	return func(yield func(mxid.User) bool) {
		switch {
		case p.create == nil:
		case p.version.CreatorInContent():
			yield(mxid.User(p.create.Get("creator").Text()))
		default:
			if !yield(p.create.Sender) || !p.version.PrivilegedCreators() {
				return
			}
			for c := range p.create.Get("additional_creators").Items() {
				if !yield(mxid.User(c.Text())) {
					return
				}
			}
		}
	}
}

// IsCreator reports whether u is one of Creators.
func (p Power) IsCreator(u mxid.User) bool {
	for c := range p.Creators() {
		if c == u {
			return true
		}
	}
	return false
}

// User is the power level of u: Infinite for a creator of a version 12 room, else what the power levels say. While a room
// has no power levels, its creator has 100 and everyone else 0.
func (p Power) User(u mxid.User) int64 {
	if p.version.PrivilegedCreators() && p.IsCreator(u) {
		return Infinite
	}
	if p.levels == nil {
		if p.IsCreator(u) {
			return 100
		}
		return 0
	}
	if n, ok := p.levels.Get("users").Get(string(u)).Int(); ok {
		return n
	}
	return p.level("users_default")
}

// Send is the level needed to send events of this type, as state or as message. For m.room.member it says nothing: see
// Invite, Kick and Ban.
func (p Power) Send(typ string, state bool) int64 {
	if n, ok := p.levels.Get("events").Get(typ).Int(); ok {
		return n
	}
	if state {
		return p.level("state_default")
	}
	return p.level("events_default")
}

// Invite is the level needed to invite.
func (p Power) Invite() int64 { return p.level("invite") }

// Kick is the level needed to remove somebody who has less power.
func (p Power) Kick() int64 { return p.level("kick") }

// Ban is the level needed to ban somebody who has less power.
func (p Power) Ban() int64 { return p.level("ban") }

// Redact is the level needed to redact what others sent.
func (p Power) Redact() int64 { return p.level("redact") }

// Notify is the level needed to notify everybody under this key, such as "room".
func (p Power) Notify(key string) int64 {
	if n, ok := p.levels.Get("notifications").Get(key).Int(); ok {
		return n
	}
	return 50
}

// MayRedact reports whether who may redact what author sent: one's own always, that of others with the redact level. That
// who may send an m.room.redaction at all is for Allowed to say.
//
// Spec: room versions, "Handling redactions". Its rule that a server may redact for its own users is what one's own means
// where there is one server.
func (p Power) MayRedact(who, author mxid.User) bool {
	return who == author || p.User(who) >= p.Redact()
}

// singleLevels are the members of the power levels that are one number.
var singleLevels = [...]string{"users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"}

// level is one of singleLevels, or its default.
func (p Power) level(key string) int64 {
	if n, ok := p.levels.Get(key).Int(); ok {
		return n
	}
	switch key {
	case "state_default", "ban", "redact", "kick":
		return 50
	}
	return 0
}
