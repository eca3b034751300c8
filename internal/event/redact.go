package event

import (
	"encoding/base64"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// Redact gives what is left of an event of a room of version v when it is redacted, as canonical JSON. Redacting twice
// gives the same as redacting once, and the event's ID stays what it was.
//
// It returns fault.NotJSON or fault.BadJSON where raw is not an event that has a canonical form.
//
// Spec: room versions, "Redactions".
func Redact(v Version, raw []byte) ([]byte, error) {
	e, err := canonicalEvent(raw)
	if err != nil {
		return nil, err
	}
	return e.keep(func(key []byte, value Value) Value {
		switch string(key) {
		case "content":
			return redactContent(v, e.Get("type").Text(), value)
		case "auth_events", "depth", "event_id", "hashes", "origin_server_ts", "prev_events", "room_id", "sender",
			"signatures", "state_key", "type":
			return value
		case "membership", "origin", "prev_state":
			if v < V11 {
				return value
			}
		}
		return nil
	}), nil
}

// redactContent gives what is left of an event's content, which must be canonical.
func redactContent(v Version, typ string, content Value) Value {
	switch typ {
	case TypeCreate, TypeMember, TypeJoinRules, TypePowerLevels, TypeHistoryVisibility, TypeRedaction:
	default:
		return Value("{}")
	}
	return content.keep(func(key []byte, value Value) Value {
		if contentSurvives(v, typ, string(key)) {
			return value
		}
		if typ == TypeMember && string(key) == "third_party_invite" && v >= V11 && value.IsObject() {
			return value.keep(func(key []byte, value Value) Value {
				if string(key) == "signed" {
					return value
				}
				return nil
			})
		}
		return nil
	})
}

// contentSurvives says which keys of content redaction leaves alone.
func contentSurvives(v Version, typ, key string) bool {
	switch typ {
	case TypeCreate:
		return v >= V11 || key == "creator"
	case TypeMember:
		return key == "membership" || key == "join_authorised_via_users_server"
	case TypeJoinRules:
		return key == "join_rule" || key == "allow"
	case TypePowerLevels:
		switch key {
		case "ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default":
			return true
		case "invite":
			return v >= V11
		}
	case TypeHistoryVisibility:
		return key == "history_visibility"
	case TypeRedaction:
		return v >= V11 && key == "redacts"
	}
	return false
}

// keep gives the object of those members that f returns a value for.
func (v Value) keep(f func(key []byte, value Value) Value) Value {
	out := Value{'{'}
	for k, member := range v.fields {
		kept := f(decode(k), member)
		if kept == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), k...), '"', ':')
		out = append(out, kept...)
	}
	return append(out, '}')
}

// ContentHash computes hashes.sha256 of an event from its JSON.
//
// Spec: server-server API, "Calculating the content hash for an event".
func ContentHash(raw []byte) (string, error) {
	e, err := canonicalEvent(raw)
	if err != nil {
		return "", err
	}
	return hash(base64.RawStdEncoding, e.without("hashes", "signatures", "unsigned")), nil
}

// ID computes an event's ID from its JSON, whether whole or redacted.
//
// Spec: server-server API, "Calculating the reference hash for an event"; room versions, "Event IDs".
func ID(v Version, raw []byte) (mxid.Event, error) {
	redacted, err := Redact(v, raw)
	if err != nil {
		return "", err
	}
	return mxid.Event("$" + hash(base64.RawURLEncoding, Value(redacted).without("signatures"))), nil
}

// without gives an object without these members.
func (v Value) without(keys ...string) Value {
	return v.keep(func(key []byte, value Value) Value {
		for _, k := range keys {
			if k == string(key) {
				return nil
			}
		}
		return value
	})
}

// canonicalEvent gives raw in canonical form, if it is an object whose content, if it has any, is an object.
func canonicalEvent(raw []byte) (Value, error) {
	out, err := Canonical(raw)
	if err != nil {
		return nil, err
	}
	e := Value(out)
	if content := e.Get("content"); !e.IsObject() || content != nil && !content.IsObject() {
		return nil, fault.BadJSON.New("An event must be a JSON object, and its content too.")
	}
	return e, nil
}

// BareRedaction is the stored JSON of a redaction without what its sender says of it: it names the event that it redacts, and no more.
func BareRedaction(raw []byte) []byte {
	return Value(raw).keep(func(key []byte, v Value) Value {
		if string(key) != "content" {
			return v
		}
		return v.keep(func(key []byte, v Value) Value {
			if string(key) != "redacts" {
				return nil
			}
			return v
		})
	})
}
