package event

import (
	"encoding/json"

	"wardroom/internal/mxid"
)

// AppendClient appends an event to dst as clients read it. raw is the event's stored JSON (canonical, whole or redacted). With
// room "" the event has no room_id, as in the answer to /sync. unsigned, a JSON object, is put in as it is; with nil the event
// has none.
//
// The event a redaction redacts is named both in content and beside it, whatever the room version, because older and newer
// clients look in different places.
//
// Spec: client-server API, "Room event format"; room version 11, "Moving the redacts property".
func AppendClient(dst, raw []byte, id mxid.Event, room mxid.Room, unsigned json.RawMessage) []byte {
	o := OutlineOf(raw)
	return o.AppendClient(dst, raw, id, room, unsigned)
}

// AppendClient is AppendClient of raw, whose outline this is.
func (o *Outline) AppendClient(dst, raw []byte, id mxid.Event, room mxid.Room, unsigned json.RawMessage) []byte {
	content, ts, redacts, sender, stateKey, typ := o.at(raw, 0), o.at(raw, 1), o.at(raw, 2), o.at(raw, 3), o.at(raw, 4), o.at(raw, 5)
	if string(typ) == `"`+TypeRedaction+`"` {
		if redacts != nil {
			content = with(content, "redacts", redacts)
		} else if r := content.Get("redacts"); r.IsString() {
			redacts = r
		}
	}
	add := func(key string, v []byte) {
		if len(v) > 0 {
			dst = append(append(append(append(dst, ",\""...), key...), "\":"...), v...)
		}
	}
	dst = append(append(dst, `{"content":`...), content...)
	dst = AppendText(append(dst, `,"event_id":`...), id)
	add("origin_server_ts", ts)
	add("redacts", redacts)
	if room != "" {
		dst = AppendText(append(dst, `,"room_id":`...), room)
	}
	add("sender", sender)
	add("state_key", stateKey)
	add("type", typ)
	add("unsigned", unsigned)
	return append(dst, '}')
}

// AppendStripped appends a state event to dst as those see it who are invited or might join: sender, type, state_key and
// content. raw is the event's stored JSON, which is canonical.
//
// Spec: client-server API, "Stripped state".
func AppendStripped(dst, raw []byte) []byte {
	return append(dst, Value(raw).keep(func(key []byte, v Value) Value {
		switch string(key) {
		case "content", "sender", "state_key", "type":
			return v
		}
		return nil
	})...)
}
