package crash_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wardroom/test/rig"
)

// link is an event as anybody can check it: read from the raw bytes alone, with nothing of the server's own code.
type link struct {
	ID    string
	Type  string `json:"type"`
	Room  string `json:"room_id"`
	TS    int64  `json:"origin_server_ts"`
	Depth int64  `json:"depth"`
	Prev  []string
}

// keptContent is what redaction leaves of the content of state events.
//
// Spec: room version 11, "Redactions" (12 has the same).
var keptContent = map[string][]string{
	"m.room.member":             {"membership", "join_authorised_via_users_server"},
	"m.room.join_rules":         {"join_rule", "allow"},
	"m.room.power_levels":       {"ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"},
	"m.room.history_visibility": {"history_visibility"},
}

// keptFields is what redaction leaves of an event.
var keptFields = []string{"type", "room_id", "sender", "state_key", "content", "hashes", "signatures", "depth", "prev_events",
	"auth_events", "origin_server_ts"}

// read checks a raw event's content hash and computes its ID.
//
// Spec: server-server API, "Calculating the content hash for an event", "Calculating the reference hash for an event".
func read(raw json.RawMessage) (link, error) {
	var l link
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return l, err
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return l, err
	}
	prev, _ := fields["prev_events"].([]any)
	for _, p := range prev {
		l.Prev = append(l.Prev, fmt.Sprint(p))
	}
	hashes, _ := fields["hashes"].(map[string]any)
	signatures, unsigned := fields["signatures"], fields["unsigned"]
	delete(fields, "hashes")
	delete(fields, "signatures")
	delete(fields, "unsigned")
	sum, err := hash(fields)
	if err != nil {
		return l, err
	}
	if want := base64.RawStdEncoding.EncodeToString(sum); hashes["sha256"] != want {
		return l, fmt.Errorf("the content hash is %v, computed %s", hashes["sha256"], want)
	}
	if unsigned != nil || signatures != nil && len(signatures.(map[string]any)) > 0 {
		return l, errors.New("a raw event carries \"unsigned\" or signatures, which this server does not make")
	}
	fields["hashes"] = hashes
	if sum, err = hash(redacted(fields, l.Type)); err != nil {
		return l, err
	}
	l.ID = "$" + base64.RawURLEncoding.EncodeToString(sum)
	return l, nil
}

func redacted(fields map[string]any, typ string) map[string]any {
	out := map[string]any{}
	for _, k := range keptFields {
		if v, ok := fields[k]; ok {
			out[k] = v
		}
	}
	content, _ := fields["content"].(map[string]any)
	if typ == "m.room.create" {
		return out // all of its content stays
	}
	kept := map[string]any{}
	for _, k := range keptContent[typ] {
		if v, ok := content[k]; ok {
			kept[k] = v
		}
	}
	out["content"] = kept
	return out
}

func hash(v any) ([]byte, error) {
	text, err := rig.Canonical(v)
	sum := sha256.Sum256(text)
	return sum[:], err
}

// follows checks that next stands directly behind last in the room's chain. last is nil for the first event.
func (next *link) follows(last *link, room string) error {
	if last == nil {
		if next.Type != "m.room.create" || len(next.Prev) != 0 || "!"+next.ID[1:] != room {
			return fmt.Errorf("%s begins with %s %s after %v", room, next.Type, next.ID, next.Prev)
		}
		return nil
	}
	if next.Room != room || len(next.Prev) != 1 || next.Prev[0] != last.ID || next.Depth != last.Depth+1 {
		return fmt.Errorf("%s in %s at depth %d has prev_events %v; the event before it is %s at depth %d",
			next.ID, next.Room, next.Depth, next.Prev, last.ID, last.Depth)
	}
	return nil
}
