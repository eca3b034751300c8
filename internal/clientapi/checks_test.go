package clientapi_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// writings gives the JSON text content in several ways that say the same: as it is, with white space everywhere, with keys
// and words escaped.
func writings(t testing.TB, content string) map[string]string {
	t.Helper()
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, []byte(content), "", "\t"); err != nil {
		t.Fatal(err)
	}
	escaped := strings.NewReplacer("m", `\u006d`, "a", `\u0061`, "r", `\u0072`).Replace(content)
	return map[string]string{"compact": content, "spaced": spaced.String(), "escaped": escaped}
}

// What this server checks of an event does not depend on how its JSON was written, nor on the way it came.
func TestChecksReadWhatIsSaidHoweverItIsWritten(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	mei.newRoom(t, object{"room_alias_name": "board"})
	for _, c := range []struct {
		typ, key, content string
		making, setting   int // the answers to creating a room with it, and to putting it into one
	}{
		{"m.room.canonical_alias", "", `{"alias":"#board:wardroom.test"}`, 400, 400},
		{"m.room.canonical_alias", "", `{"alt_aliases":["#board:wardroom.test"]}`, 400, 400},
		{"m.room.member", "@ghost:wardroom.test", `{"membership":"invite"}`, 404, 404},
		{"m.room.member", string(mei.user), `{"membership":"invite"}`, 200, 200},
		{"m.room.member", string(mei.user), `{"membership":"join"}`, 400, 403},
		{"m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`, 200, 200},
		{"m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2","rotation_period_msgs":50}`, 200, 200},
		{"m.room.encryption", "", `{"algorithm":"m.none"}`, 400, 403},
		{"m.room.join_rules", "", `{"join_rule":"public"}`, 200, 200},
		{"m.room.power_levels", "", `{"users":{"@lin:wardroom.test":"many"}}`, 400, 403},
		{"org.wardroom.label", "", `{"compartments":["x"],"level":"secret"}`, 200, 200},
		{"org.wardroom.label", "", `{"compartments":"x","level":"secret"}`, 400, 400},
		{"m.room.topic", "", `[]`, 400, 400},
	} {
		for how, content := range writings(t, c.content) {
			piece, err := json.Marshal(c.typ)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"room_version":"11","initial_state":[{"type":` + string(piece) + `,"state_key":"` + c.key + `","content":` + content + `}]}`
			made := lin.call(t, "POST", v3+"/createRoom", []byte(want))
			if made.status != c.making {
				t.Errorf("making a room with %s, %s: %d %s, want %d", c.content, how, made.status, made.raw, c.making)
			}
			room := lin.newRoom(t, object{"room_version": "11"})
			set := lin.call(t, "PUT", in(room, "state", c.typ)+"/"+c.key, []byte(content))
			if set.status != c.setting {
				t.Errorf("setting %s, %s: %d %s, want %d", c.content, how, set.status, set.raw, c.setting)
			}
		}
	}
	room := lin.newRoom(t, object{})
	for how, text := range writings(t, `{"redacts":"EVENT"}`) {
		id := lin.say(t, room, how, cipher("x"))
		lin.ok(t, "PUT", in(room, "send", "m.room.redaction", "of "+how), []byte(strings.Replace(text, "EVENT", id, 1)))
	}
}

// What clients in use send into an encrypted room goes through; what could be read beside it does not.
func TestNothingTravelsInClearBesideWhatIsEncrypted(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	id := lin.say(t, room, "0", cipher("x"))
	of := func(rel string, more object) object {
		about := object{"rel_type": rel, "event_id": id}
		maps.Copy(about, more)
		return about
	}
	and := func(content object, key string, value any) object {
		content = maps.Clone(content)
		content[key] = value
		return content
	}
	bare := object{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEp", "session_id": "s"}
	answer := object{"m.in_reply_to": object{"event_id": id}}
	like := object{"m.relates_to": of("m.annotation", object{"key": "👩🏽‍❤️‍💋‍👨🏿"})}
	request := object{
		"msgtype": "m.key.verification.request", "methods": []string{"m.sas.v1", "m.qr_code.show.v1", "m.reciprocate.v1"}, "from_device": lin.device, "to": lin.user,
		"body": strings.Repeat("@somebody.with.a.long.name:wardroom.test ", 4) + "is requesting to verify your key, but your client does not support in-chat key verification.  You will need to use legacy key verification to verify keys.",
	}
	start := object{
		"from_device": lin.device, "method": "m.sas.v1", "key_agreement_protocols": []string{"curve25519-hkdf-sha256"}, "hashes": []string{"sha256"},
		"message_authentication_codes": []string{"hkdf-hmac-sha256.v2"}, "short_authentication_string": []string{"decimal", "emoji"}, "m.relates_to": of("m.reference", nil),
	}
	words := strings.Repeat("in clear ", 60)
	for what, c := range map[string]struct {
		typ     string
		content object
		ok      bool
	}{
		"newer clients leave sender_key and device_id out": {"m.room.encrypted", bare, true},
		"matrix-js-sdk, nio":       {"m.room.encrypted", cipher("x"), true},
		"an answer":                {"m.room.encrypted", and(bare, "m.relates_to", answer), true},
		"an answer in a thread":    {"m.room.encrypted", and(bare, "m.relates_to", of("m.thread", and(answer, "is_falling_back", true))), true},
		"an edit":                  {"m.room.encrypted", and(bare, "m.relates_to", of("m.replace", nil)), true},
		"our encrypted reaction":   {"m.room.encrypted", and(bare, "m.relates_to", of("m.annotation", object{"key": ""})), true},
		"nheko's edit of a reply":  {"m.room.encrypted", and(and(and(bare, "m.relates_to", of("m.replace", nil)), "m.new_content", object{"m.relates_to": answer}), "im.nheko.relations.v1.relations", []any{of("m.replace", nil), of("im.nheko.relations.v1.in_reply_to", nil)}), true},
		"a reaction":               {"m.reaction", like, true},
		"a reaction with its name": {"m.reaction", and(object{"m.relates_to": of("m.annotation", object{"key": "💋"})}, "shortcode", "kiss"), true},
		"a request":                {"m.room.message", request, true},
		"a step":                   {"m.key.verification.start", start, true},
		"a cancellation":           {"m.key.verification.cancel", object{"m.relates_to": of("m.reference", nil), "code": "m.user", "reason": "The user cancelled."}, true},

		"nothing":                     {"m.room.encrypted", object{}, false},
		"words":                       {"m.room.encrypted", object{"body": "hello in clear", "msgtype": "m.text"}, false},
		"no ciphertext":               {"m.room.encrypted", object{"algorithm": "m.megolm.v1.aes-sha2"}, false},
		"an object of ciphertext":     {"m.room.encrypted", and(bare, "ciphertext", object{"body": "hello"}), false},
		"another algorithm":           {"m.room.encrypted", and(bare, "algorithm", "none"), false},
		"words beside ciphertext":     {"m.room.encrypted", and(bare, "body", "hello"), false},
		"words under no name":         {"m.room.encrypted", and(bare, "", "hello"), false},
		"words in a key":              {"m.room.encrypted", and(bare, "sender_key", words), false},
		"words in a relation":         {"m.room.encrypted", and(bare, "m.relates_to", of("m.thread", object{"body": "hello"})), false},
		"words in an answer":          {"m.room.encrypted", and(bare, "m.relates_to", object{"m.in_reply_to": object{"event_id": id, "body": "hello"}}), false},
		"words for a relation":        {"m.room.encrypted", and(bare, "m.relates_to", "hello"), false},
		"new content":                 {"m.room.encrypted", and(bare, "m.new_content", object{"body": "hello"}), false},
		"words in nheko's":            {"m.room.encrypted", and(bare, "im.nheko.relations.v1.relations", []any{"hello"}), false},
		"a reaction with words":       {"m.reaction", object{"m.relates_to": of("m.annotation", object{"key": "🙂"}), "body": "hello"}, false},
		"words for a reaction":        {"m.reaction", object{"m.relates_to": of("m.annotation", object{"key": words})}, false},
		"a request of many words":     {"m.room.message", and(request, "body", words), false},
		"a request with an attached":  {"m.room.message", and(request, "url", "mxc://x/y"), false},
		"a method that is a sentence": {"m.room.message", and(request, "methods", "hello"), false},
		"a cancellation of words":     {"m.key.verification.cancel", object{"m.relates_to": of("m.reference", nil), "code": "m.user", "reason": words}, false},
		"a step of words":             {"m.key.verification.start", and(start, "hashes", slices.Repeat([]string{words}, 8)), false},
		"no step":                     {"m.key.verification.note", object{}, false},
	} {
		r := lin.call(t, "PUT", in(room, "send", c.typ, what), c.content)
		if ok := r.status == 200; ok != c.ok || !ok && r.errcode() != "M_FORBIDDEN" {
			t.Errorf("%s: %d %s", what, r.status, r.raw)
		}
	}
	open := lin.newRoom(t, object{"creation_content": object{"org.wardroom.announcement": true}})
	lin.ok(t, "PUT", in(open, "send", "m.reaction", "1"), object{"body": "for all"})
}
