package event

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

var fuzzSeeds = []string{
	`{"auth_events":[],"content":{"room_version":"12"},"depth":1,"hashes":{"sha256":"x"},"origin_server_ts":1,"prev_events":[],"sender":"@a:b","state_key":"","type":"m.room.create"}`,
	`{"auth_events":["$a"],"content":{"membership":"join","third_party_invite":{"signed":{},"x":1}},"depth":2,"hashes":{"sha256":"x"},"origin":"b","origin_server_ts":1,"prev_events":["$b"],"room_id":"!r","sender":"@a:b","state_key":"@a:b","type":"m.room.member","unsigned":{"age":1}}`,
	`{"auth_events":[],"content":{"redacts":"$y"},"depth":1,"hashes":{"sha256":"x"},"origin_server_ts":1,"prev_events":[],"redacts":"$x","room_id":"!r:b","sender":"@a:b","type":"m.room.redaction"}`,
	`{"content":{"users":{"@a:b":1},"invite":5,"ban":{"k\"":[1,{"x":null}]}},"type":"m.room.power_levels"}`,
}

func FuzzParse(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, v := range Versions() {
			p, err := Parse(v, raw)
			if err != nil {
				if !fault.BadJSON.In(err) && !fault.NotJSON.In(err) {
					t.Fatalf("not a refusal: %v", err)
				}
				continue
			}
			built, err := Build(v, *p)
			if err != nil {
				continue // parsed, but nothing that would be built: an overlong field, say
			}
			again, err := Parse(v, built.JSON)
			if err != nil {
				t.Fatalf("what was built cannot be parsed: %v\n%s", err, built.JSON)
			}
			if !reflect.DeepEqual(*again, built.PDU) {
				t.Fatalf("built  %+v\nparsed %+v", built.PDU, *again)
			}
			Relation(p.Content)
			AuthEvents(v, p)
			if err := Allowed(v, p, office(v).view); err != nil && !fault.Forbidden.In(err) {
				t.Fatalf("not a refusal: %v", err)
			}
		}
	})
}

// FuzzRedact holds Redact against a redaction over Go maps, and checks that twice is the same as once.
func FuzzRedact(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, v := range Versions() {
			once, err := Redact(v, raw)
			if err != nil {
				if !fault.BadJSON.In(err) && !fault.NotJSON.In(err) {
					t.Fatalf("not a refusal: %v", err)
				}
				continue
			}
			twice, err := Redact(v, once)
			if err != nil || !bytes.Equal(once, twice) {
				t.Fatalf("once  %s\ntwice %s, %v", once, twice, err)
			}
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			var m map[string]any
			if err := d.Decode(&m); err != nil {
				t.Fatal(err)
			}
			if want := naiveEncode(t, naiveRedact(v, m)); want != string(once) {
				t.Fatalf("got  %s\nwant %s", once, want)
			}
			before, err := ID(v, raw)
			if err != nil {
				t.Fatal(err)
			}
			if after, err := ID(v, once); err != nil || after != before {
				t.Fatalf("the ID was %s and is %s, %v", before, after, err)
			}
		}
	})
}

// FuzzValue reads bytes that nobody has looked at: nothing may break, whatever the answers.
func FuzzValue(f *testing.F) {
	for _, seed := range append(fuzzSeeds, `{"m.relates_to":{"rel_type":"m.thread","event_id":"$a"}}`, `{"\`, `{"a":"\`, `{"\u00`, `[1,[`, `{"a":}`, `{"a"}`) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var read func(v Value, depth int)
		read = func(v Value, depth int) {
			v.Text()
			v.Int()
			v.Bool()
			if depth > 20 {
				return
			}
			for k, member := range v.Each() {
				v.Get(k)
				read(member, depth+1)
			}
			for item := range v.Items() {
				read(item, depth+1)
			}
		}
		read(raw, 0)
		AppendClient(nil, raw, mxid.Event("$id"), "", nil)
		AppendStripped(nil, raw)
		Relation(raw)
	})
}

// FuzzRelation holds Relation against encoding/json on canonical content.
func FuzzRelation(f *testing.F) {
	f.Add([]byte(`{"m.relates_to":{"rel_type":"m.annotation","event_id":"$a\u0041","key":"\ud83d\udc4d\n"}}`))
	f.Add([]byte(`{"m.relates_to":{"rel_type":"m.thread","event_id":"$root","is_falling_back":true,"m.in_reply_to":{"event_id":"$last"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		content, err := Canonical(raw)
		if err != nil {
			return
		}
		var c any
		if err := json.Unmarshal(content, &c); err != nil {
			t.Fatal(err)
		}
		get := func(v any, key string) any {
			m, _ := v.(map[string]any)
			return m[key]
		}
		text := func(v any) string {
			s, _ := v.(string)
			return s
		}
		id := func(v any) mxid.Event {
			e, _ := mxid.ParseEvent(text(v))
			return e
		}
		rel := get(c, "m.relates_to")
		want := Relates{
			Type: text(get(rel, "rel_type")), Event: id(get(rel, "event_id")), Key: text(get(rel, "key")),
			InReplyTo: id(get(get(rel, "m.in_reply_to"), "event_id")), FallingBack: get(rel, "is_falling_back") == true,
		}
		if want.Type == "" || want.Event == "" {
			want.Type, want.Event, want.Key = "", "", ""
		}
		if got := Relation(content); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
