// Package event is a room's events as the Matrix specification has them: how an event is written down, what its ID is,
// what is left of it when it is redacted, who may send it, and how a client gets to see it.
//
// Wardroom does not federate: one server writes every event of a room, so a room is a linear chain (each event names the
// one before it in prev_events) and there is no state resolution. Events carry real content hashes and real event IDs
// that anyone can recompute from the raw event, but no server signatures: the "signatures" field is absent. It has no
// part in an event's hashes, so leaving it out changes no ID.
//
// Event JSON is kept in canonical form from the moment it is built. Build, Redact and Canonical give canonical JSON; the
// functions that say so need it.
//
// Spec: room versions 10, 11 and 12; server-server API, "Signing Events"; appendices, "Canonical JSON".
package event

import (
	"encoding/json"

	"wardroom/internal/mxid"
)

// The event types that the rules in this package know.
const (
	TypeCreate            = "m.room.create"
	TypeMember            = "m.room.member"
	TypePowerLevels       = "m.room.power_levels"
	TypeJoinRules         = "m.room.join_rules"
	TypeHistoryVisibility = "m.room.history_visibility"
	TypeThirdPartyInvite  = "m.room.third_party_invite"
	TypeRedaction         = "m.room.redaction"
)

// What the "membership" of an m.room.member event may be.
const (
	Join   = "join"
	Invite = "invite"
	Knock  = "knock"
	Leave  = "leave"
	Ban    = "ban"
)

// PDU is one event of a room (the specification's "persistent data unit"). It is a message event where StateKey is nil
// and a state event otherwise.
//
// Spec: room versions, "Event format".
type PDU struct {
	Type string

	// RoomID is set on every event, also on the create event of a version 12 room, whose JSON does not have it.
	RoomID mxid.Room

	Sender   mxid.User
	StateKey *string

	// Content is a JSON object; canonical once the event is built or parsed.
	Content json.RawMessage

	// OriginServerTS is when the server took the event, in milliseconds since 1970.
	OriginServerTS int64

	// Depth is the event's place in the chain: 1 for the create event, then one more for each event.
	Depth int64

	PrevEvents []mxid.Event
	AuthEvents []mxid.Event

	// ContentHash is hashes.sha256: unpadded base64 of the hash over the whole event. Build sets it.
	ContentHash string

	// Redacts is the event that an m.room.redaction redacts, in whichever place the room version writes it. Other types
	// have none.
	Redacts mxid.Event

	// Unsigned is what travels with the event without being part of it. It is never hashed and Build does not write it.
	Unsigned json.RawMessage
}

// StateKey names a piece of a room's state.
type StateKey struct {
	Type string
	Key  string
}

// Is reports whether p is the state event that holds (typ, key).
func (p *PDU) Is(typ, key string) bool {
	return p.Type == typ && p.StateKey != nil && *p.StateKey == key
}

// Get is a member of the event's content. The content must be canonical.
func (p *PDU) Get(key string) Value { return Value(p.Content).Get(key) }
