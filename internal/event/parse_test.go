package event

import (
	"strings"
	"testing"

	"wardroom/internal/fault"
)

const whole = `{"auth_events":["$a"],"content":{"body":"x"},"depth":2,"hashes":{"sha256":"h"},"origin_server_ts":1,"prev_events":["$b"],` +
	`"room_id":"!r:b","sender":"@a:b","state_key":"k","type":"m.room.message","unsigned":{"age":1}}`

func TestParse(t *testing.T) {
	p, err := Parse(V12, []byte(" "+whole))
	if err != nil {
		t.Fatal(err)
	}
	if p.Type != "m.room.message" || p.RoomID != "!r:b" || p.Sender != "@a:b" || *p.StateKey != "k" || p.Depth != 2 ||
		p.OriginServerTS != 1 || p.PrevEvents[0] != "$b" || p.AuthEvents[0] != "$a" || p.ContentHash != "h" ||
		string(p.Content) != `{"body":"x"}` || string(p.Unsigned) != `{"age":1}` || p.Redacts != "" {
		t.Errorf("parsed %+v", p)
	}
	if !p.Is("m.room.message", "k") || p.Is("m.room.message", "") || p.Is("m.room.name", "k") {
		t.Errorf("Is goes wrong")
	}
	if p, err = Parse(V12, []byte(strings.Replace(whole, `"state_key":"k",`, "", 1))); err != nil || p.StateKey != nil || p.Is("m.room.message", "") {
		t.Errorf("a message event is parsed as %+v, %v", p, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		old, new, says string
		code           fault.Code
	}{
		{`{"auth`, `[{"auth`, "not JSON", fault.NotJSON},
		{`"body":"x"`, `"body":1.5`, "1.5", fault.BadJSON},
		{`{"body":"x"}`, `[]`, "object", fault.BadJSON},
		{`"content":{"body":"x"},`, ``, "content", fault.BadJSON},
		{`"depth":2,`, ``, "depth", fault.BadJSON},
		{`"depth":2`, `"depth":"2"`, "depth", fault.BadJSON},
		{`"origin_server_ts":1`, `"origin_server_ts":null`, "origin_server_ts", fault.BadJSON},
		{`"hashes":{"sha256":"h"}`, `"hashes":{}`, "hashes", fault.BadJSON},
		{`["$a"]`, `"$a"`, "auth_events", fault.BadJSON},
		{`["$a"]`, `["$a",5]`, "auth_events", fault.BadJSON},
		{`["$b"]`, `["b"]`, "prev_events", fault.BadJSON},
		{`"room_id":"!r:b",`, ``, "room_id", fault.BadJSON},
		{`"!r:b"`, `5`, "room_id", fault.BadJSON},
		{`"@a:b"`, `""`, "sender", fault.BadJSON},
		{`"k"`, `null`, "state_key", fault.BadJSON},
		{`"m.room.message"`, `{}`, "type", fault.BadJSON},
		{`"m.room.message"`, `"m.room.create"`, "room_id", fault.BadJSON},
	} {
		raw := strings.Replace(whole, c.old, c.new, 1)
		if _, err := Parse(V12, []byte(raw)); !c.code.In(err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s instead of %s: %v", c.new, c.old, err)
		}
	}
	for name, f := range map[string]func(string) error{
		"Redact":      func(raw string) error { _, err := Redact(V12, []byte(raw)); return err },
		"ID":          func(raw string) error { _, err := ID(V12, []byte(raw)); return err },
		"ContentHash": func(raw string) error { _, err := ContentHash([]byte(raw)); return err },
	} {
		if err := f(`{`); !fault.NotJSON.In(err) {
			t.Errorf("%s of what is not JSON: %v", name, err)
		}
		for _, raw := range []string{`[]`, `{"content":5}`, `{"a":1,"a":1}`} {
			if err := f(raw); !fault.BadJSON.In(err) {
				t.Errorf("%s of %s: %v", name, raw, err)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	for _, v := range Versions() {
		if got, err := ParseVersion(v.String()); got != v || err != nil {
			t.Errorf("%v reads as %v, %v", v, got, err)
		}
	}
	for _, s := range []string{"", "1", "9", "13", "012", " 12", "org.example.12"} {
		if _, err := ParseVersion(s); !fault.UnsupportedVersion.In(err) {
			t.Errorf("version %q: %v", s, err)
		}
	}
}
