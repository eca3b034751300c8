package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func ptr(s string) *string { return &s }

// Spec: appendices, "Cryptographic Test Vectors", "Event Signing".
func TestContentHash(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{
			"minimal",
			`{"room_id": "!x:domain", "sender": "@a:domain", "origin": "domain", "origin_server_ts": 1000000, "signatures": {},
			  "hashes": {}, "type": "X", "content": {}, "prev_events": [], "auth_events": [], "depth": 3, "unsigned": {"age_ts": 1000000}}`,
			"5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos",
		},
		{
			"redactable",
			`{"content": {"body": "Here is the message content"}, "event_id": "$0:domain", "origin": "domain",
			  "origin_server_ts": 1000000, "type": "m.room.message", "room_id": "!r:domain", "sender": "@u:domain",
			  "signatures": {}, "unsigned": {"age_ts": 1000000}}`,
			"onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := ContentHash([]byte(c.raw)); got != c.want || err != nil {
				t.Fatalf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// messageDraft is an event such as a client of today sends: encrypted, in a version 12 room.
func messageDraft() PDU {
	return PDU{
		Type:   "m.room.encrypted",
		RoomID: "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM",
		Sender: "@lin:example.org",
		Content: json.RawMessage(`{"algorithm":"m.megolm.v1.aes-sha2","sender_key":"r3GtTRp5j2GkbFPeK5cBmXyMtqPnOSmfNVGGqf9cqzs","ciphertext":"` +
			strings.Repeat("AwgAEnACgAkLmt6qF84IK", 20) + `","session_id":"X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ","device_id":"RJYKSTBOIE",` +
			`"m.relates_to":{"rel_type":"m.thread","event_id":"$Nhl3rsgHMjk-DjMJANawr9HHAhLg4GcoTYrSiYYGqEE"}}`),
		OriginServerTS: 1790000000000,
		Depth:          4711,
		PrevEvents:     []mxid.Event{"$26RqwJMLw-yds1GAH_QxjHRC1Da9oasK0e5VLnck_45"},
		AuthEvents: []mxid.Event{
			"$Nhl3rsgHMjk-DjMJANawr9HHAhLg4GcoTYrSiYYGqEE", "$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg",
		},
	}
}

// TestBuildCanBeRecomputed builds hundreds of events of every kind and computes their hashes anew in the plainest way,
// from nothing but the JSON that is stored.
func TestBuildCanBeRecomputed(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, v := range Versions() {
		for range 500 { // the same ones each time; FuzzParse and its like make new ones
			p := randomPDU(rnd, v)
			b, err := Build(v, p)
			if err != nil {
				t.Fatalf("%v %+v: %v", v, p, err)
			}
			again, err := Canonical(b.JSON)
			if err != nil || !bytes.Equal(again, b.JSON) {
				t.Fatalf("the stored JSON is not canonical: %s", b.JSON)
			}
			content, id := naiveHashes(t, v, b.JSON)
			if content != b.PDU.ContentHash || id != b.ID {
				t.Fatalf("got %s and %s, naively %s and %s\n%s", b.PDU.ContentHash, b.ID, content, id, b.JSON)
			}
			if got, err := ID(v, b.JSON); got != b.ID || err != nil {
				t.Fatalf("ID gives %s, %v", got, err)
			}
			if got, err := ContentHash(b.JSON); got != b.PDU.ContentHash || err != nil {
				t.Fatalf("ContentHash gives %s, %v", got, err)
			}
			redacted, err := Redact(v, b.JSON)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ID(v, redacted); got != b.ID || err != nil {
				t.Fatalf("redacted, the ID is %s, %v", got, err)
			}

			parsed, err := Parse(v, b.JSON)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprintf("%+v", *parsed), fmt.Sprintf("%+v", b.PDU); parsed.key() != b.PDU.key() ||
				dropPointers(got) != dropPointers(want) {
				t.Fatalf("parsed %s\nwant   %s", got, want)
			}
			rebuilt, err := Build(v, *parsed)
			if err != nil || rebuilt.ID != b.ID || !bytes.Equal(rebuilt.JSON, b.JSON) {
				t.Fatalf("rebuilt %s, %v", rebuilt.JSON, err)
			}
		}
	}
}

// dropPointers takes the address of the state key out of a printed PDU.
func dropPointers(s string) string {
	before, after, ok := strings.Cut(s, "StateKey:0x")
	if !ok {
		return s
	}
	_, after, _ = strings.Cut(after, " ")
	return before + after
}

var randomTypes = []string{
	TypeCreate, TypeMember, TypePowerLevels, TypeJoinRules, TypeHistoryVisibility, TypeRedaction, "m.room.message",
	"m.room.aliases", "天気", `quote"back\slash`,
}

func randomPDU(rnd *rand.Rand, v Version) PDU {
	p := PDU{
		Type:           randomTypes[rnd.IntN(len(randomTypes))],
		RoomID:         "!room:example.org",
		Sender:         "@lin:example.org",
		OriginServerTS: rnd.Int64N(maxInt),
		Depth:          rnd.Int64N(1000),
		Unsigned:       json.RawMessage(`{"age":1}`),
	}
	if rnd.IntN(2) == 0 || p.Type == TypeCreate {
		p.StateKey = ptr([]string{"", "@lin:example.org", "a\u2028\n\x01\"<>&"}[rnd.IntN(3)])
	}
	if p.Type == TypeRedaction {
		p.Redacts = "$26RqwJMLw-yds1GAH_QxjHRC1Da9oasK0e5VLnck_45"
	}
	for range rnd.IntN(3) {
		p.PrevEvents = append(p.PrevEvents, mxid.Event(fmt.Sprint("$prev", rnd.Int())))
		p.AuthEvents = append(p.AuthEvents, mxid.Event(fmt.Sprint("$auth", rnd.Int())))
	}
	p.Content = json.RawMessage(naiveEncodeAny(randomObject(rnd, 3)))
	return p
}

var randomKeys = []string{
	"creator", "membership", "third_party_invite", "signed", "join_authorised_via_users_server", "join_rule", "allow", "ban",
	"events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default", "notifications",
	"history_visibility", "redacts", "body", "Membership", `key"quoted\`, "", "鍵", "😀",
}

func randomObject(rnd *rand.Rand, depth int) map[string]any {
	o := map[string]any{}
	for range rnd.IntN(10) {
		o[randomKeys[rnd.IntN(len(randomKeys))]] = randomValue(rnd, depth)
	}
	return o
}

func randomValue(rnd *rand.Rand, depth int) any {
	switch n := rnd.IntN(8); {
	case n < 3 && depth > 0:
		return randomObject(rnd, depth-1)
	case n < 4 && depth > 0:
		return []any{randomValue(rnd, depth-1), randomValue(rnd, 0)}
	case n < 5:
		return rnd.Int64N(2*maxInt) - maxInt
	case n < 6:
		return []any{nil, true, false}[rnd.IntN(3)]
	}
	return []string{"", "text", "日本語 😀", "line\nbreak\t\"quoted\" \\ \x01\x7f <b>&\u2029"}[rnd.IntN(4)]
}

func naiveEncodeAny(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// survivors says for each version what redaction leaves of content: "type key".
var survivors = func() map[Version]map[string]bool {
	common := []string{
		"m.room.member membership", "m.room.member join_authorised_via_users_server", "m.room.create creator",
		"m.room.join_rules join_rule", "m.room.join_rules allow", "m.room.power_levels ban", "m.room.power_levels events",
		"m.room.power_levels events_default", "m.room.power_levels kick", "m.room.power_levels redact",
		"m.room.power_levels state_default", "m.room.power_levels users", "m.room.power_levels users_default",
		"m.room.history_visibility history_visibility",
	}
	later := []string{"m.room.power_levels invite", "m.room.redaction redacts"}
	m := map[Version]map[string]bool{V10: {}, V11: {}, V12: {}}
	for v := range m {
		for _, s := range common {
			m[v][s] = true
		}
		if v != V10 {
			for _, s := range later {
				m[v][s] = true
			}
		}
	}
	return m
}()

// naiveHashes computes content hash and event ID as the specification's prose reads, over Go maps.
func naiveHashes(t *testing.T, v Version, raw []byte) (content string, id mxid.Event) {
	t.Helper()
	decode := func() map[string]any {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var m map[string]any
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		delete(m, "unsigned")
		delete(m, "signatures")
		return m
	}
	m := decode()
	delete(m, "hashes")
	sum := sha256.Sum256([]byte(naiveEncode(t, m)))
	content = base64.RawStdEncoding.EncodeToString(sum[:])

	m = naiveRedact(v, decode())
	sum = sha256.Sum256([]byte(naiveEncode(t, m)))
	return content, mxid.Event("$" + base64.RawURLEncoding.EncodeToString(sum[:]))
}

func naiveRedact(v Version, m map[string]any) map[string]any {
	top := " event_id type room_id sender state_key content hashes signatures depth prev_events auth_events origin_server_ts "
	if v == V10 {
		top += "prev_state origin membership "
	}
	for k := range m {
		if !strings.Contains(top, " "+k+" ") {
			delete(m, k)
		}
	}
	typ, _ := m["type"].(string)
	c, _ := m["content"].(map[string]any)
	if v != V10 && typ == "m.room.create" {
		return m
	}
	for k, value := range c {
		if survivors[v][typ+" "+k] {
			continue
		}
		if k == "third_party_invite" && typ == "m.room.member" && v != V10 {
			if o, ok := value.(map[string]any); ok {
				for k := range o {
					if k != "signed" {
						delete(o, k)
					}
				}
				continue
			}
		}
		delete(c, k)
	}
	return m
}

func TestBuildRoomID(t *testing.T) {
	create := PDU{Type: TypeCreate, StateKey: ptr(""), Sender: "@lin:example.org", Content: json.RawMessage(`{"room_version":"12"}`), Depth: 1}
	b, err := Build(V12, create)
	if err != nil {
		t.Fatal(err)
	}
	if want := "!" + string(b.ID[1:]); string(b.PDU.RoomID) != want {
		t.Errorf("the room is %s, want %s", b.PDU.RoomID, want)
	}
	if Value(b.JSON).Get("room_id") != nil {
		t.Errorf("the create event has a room_id: %s", b.JSON)
	}

	create.RoomID = "!room:example.org"
	b, err = Build(V11, create)
	if err != nil {
		t.Fatal(err)
	}
	if got := Value(b.JSON).Get("room_id").Text(); got != "!room:example.org" || b.PDU.RoomID != "!room:example.org" {
		t.Errorf("the room is %s in the JSON and %s outside", got, b.PDU.RoomID)
	}
}

func TestBuildRedaction(t *testing.T) {
	p := messageDraft()
	p.Type, p.Content, p.Redacts = TypeRedaction, json.RawMessage(`{"reason":"spam","a":1,"z":1,"redacts":"$other"}`), "$target"
	for v, want := range map[Version]string{V10: "", V11: "$target", V12: "$target"} {
		b, err := Build(v, p)
		if err != nil {
			t.Fatal(err)
		}
		if got := Value(b.JSON).Get("content").Get("redacts").Text(); got != want {
			t.Errorf("version %v: content.redacts is %q, want %q", v, got, want)
		}
		if top := Value(b.JSON).Get("redacts").Text(); (top == "$target") != (v == V10) || b.PDU.Redacts != "$target" {
			t.Errorf("version %v: redacts is %q in the JSON and %q outside", v, top, b.PDU.Redacts)
		}
	}
	p.Redacts = ""
	for v, inContent := range map[Version]string{V10: "", V12: "$other"} {
		b, err := Build(v, p)
		if err != nil || b.PDU.Redacts != "$other" || b.PDU.Get("redacts").Text() != inContent {
			t.Errorf("version %v: the content's redacts gives %q and stands there as %q, %v", v, b.PDU.Redacts, b.PDU.Get("redacts"), err)
		}
	}
	p.Content = json.RawMessage(`{"reason":"spam"}`)
	if _, err := Build(V10, p); !fault.BadJSON.In(err) {
		t.Errorf("version 10 takes a redaction of nothing: %v", err)
	}
}

func TestBuildRefuses(t *testing.T) {
	long := strings.Repeat("ü", 128)
	for _, c := range []struct {
		name   string
		change func(*PDU)
		code   fault.Code
		says   string
	}{
		{"content is a list", func(p *PDU) { p.Content = json.RawMessage(`[]`) }, fault.BadJSON, "JSON object"},
		{"no content", func(p *PDU) { p.Content = nil }, fault.NotJSON, "too early"},
		{"a float", func(p *PDU) { p.Content = json.RawMessage(`{"a":0.5}`) }, fault.BadJSON, "0.5"},
		{"no type", func(p *PDU) { p.Type = "" }, fault.BadJSON, "type"},
		{"no sender", func(p *PDU) { p.Sender = "" }, fault.BadJSON, "sender"},
		{"no room", func(p *PDU) { p.RoomID = "" }, fault.BadJSON, "room"},
		{"long type", func(p *PDU) { p.Type = long }, fault.TooLarge, "256 bytes"},
		{"long sender", func(p *PDU) { p.Sender = mxid.User(long) }, fault.TooLarge, "sender"},
		{"long room", func(p *PDU) { p.RoomID = mxid.Room(long) }, fault.TooLarge, "room_id"},
		{"long state key", func(p *PDU) { p.StateKey = &long }, fault.TooLarge, "state_key"},
		{"broken type", func(p *PDU) { p.Type = "a\xff" }, fault.BadJSON, "valid text"},
		{"NUL in the state key", func(p *PDU) { p.StateKey = ptr("\x00") }, fault.BadJSON, "valid text"},
		{"depth", func(p *PDU) { p.Depth = maxInt + 1 }, fault.BadJSON, "depth"},
		{"time", func(p *PDU) { p.OriginServerTS = -1 }, fault.BadJSON, "time"},
		{"redaction of nothing", func(p *PDU) { p.Type = TypeRedaction }, fault.BadJSON, "redacts"},
		{"large", func(p *PDU) { p.Content = json.RawMessage(`{"a":"` + strings.Repeat("x", MaxSize) + `"}`) }, fault.TooLarge, "65536"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := messageDraft()
			c.change(&p)
			_, err := Build(V12, p)
			if !c.code.In(err) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %s: … %s …", err, c.code.Name, c.says)
			}
		})
	}
}

// An event may have 65,536 bytes and no more, hashes included.
func TestBuildSize(t *testing.T) {
	p := messageDraft()
	p.Content = json.RawMessage(`{"a":""}`)
	b, err := Build(V12, p)
	if err != nil {
		t.Fatal(err)
	}
	fill := func(n int) error {
		p.Content = json.RawMessage(`{"a":"` + strings.Repeat("x", n) + `"}`)
		_, err := Build(V12, p)
		return err
	}
	room := MaxSize - len(b.JSON)
	if err := fill(room); err != nil {
		t.Errorf("the largest event is refused: %v", err)
	}
	if err := fill(room + 1); !fault.TooLarge.In(err) {
		t.Errorf("one byte more is not refused: %v", err)
	}
}

func BenchmarkBuild(b *testing.B) {
	p := messageDraft()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Build(V12, p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	built, err := Build(V12, messageDraft())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(V12, built.JSON); err != nil {
			b.Fatal(err)
		}
	}
}
