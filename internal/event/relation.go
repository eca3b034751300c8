package event

import "wardroom/internal/mxid"

// The relation types that the server knows.
const (
	RelThread     = "m.thread"
	RelReplace    = "m.replace"
	RelAnnotation = "m.annotation"
	RelReference  = "m.reference"
)

// Relates is what an event's content says about other events. What is absent, of the wrong kind or no event ID is empty.
type Relates struct {
	// Type and Event are rel_type and event_id: both set, or neither.
	Type  string
	Event mxid.Event

	// Key is what an annotation says, such as an emoji; it counts with Type RelAnnotation.
	Key string

	// InReplyTo is the event that this one answers, with or without a relation.
	InReplyTo mxid.Event

	// FallingBack reports that InReplyTo of an event in a thread is there only for clients that know no threads.
	FallingBack bool
}

// Relation reads m.relates_to of an event's content, which must be canonical. In an encrypted event it stands outside the
// ciphertext.
//
// Spec: client-server API, "Forming relationships between events", "Rich replies", "Threading".
func Relation(content []byte) Relates {
	rel := Value(content).Get("m.relates_to")
	if rel == nil {
		return Relates{}
	}
	r := Relates{
		Type:        rel.Get("rel_type").Text(),
		Event:       rel.Get("event_id").eventID(),
		Key:         rel.Get("key").Text(),
		InReplyTo:   rel.Get("m.in_reply_to").Get("event_id").eventID(),
		FallingBack: rel.Get("is_falling_back").Bool(),
	}
	if r.Type == "" || r.Event == "" {
		r.Type, r.Event, r.Key = "", "", ""
	}
	return r
}

// eventID is the event ID that v is, or "".
func (v Value) eventID() mxid.Event {
	id, err := mxid.ParseEvent(v.Text())
	if err != nil {
		return ""
	}
	return id
}
