package clientapi_test

import (
	"bytes"
	"encoding/json"
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
