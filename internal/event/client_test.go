package event

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"wardroom/internal/mxid"
)

func TestAppendClient(t *testing.T) {
	build := func(v Version, p PDU) Built {
		t.Helper()
		p.RoomID, p.OriginServerTS, p.Depth = "!r:example.org", 5, 2
		b, err := Build(v, p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	message := PDU{Type: "m.room.message", Sender: "@lin:example.org", Content: json.RawMessage(`{"body":"天気 \"x\""}`)}
	name := PDU{Type: "m.room.name", Sender: "@lin:example.org", StateKey: ptr(""), Content: json.RawMessage(`{"name":"Quay 7"}`)}
	redaction := PDU{Type: TypeRedaction, Sender: "@lin:example.org", Redacts: "$x", Content: json.RawMessage(`{"reason":"spam"}`)}
	create := PDU{Type: TypeCreate, Sender: "@lin:example.org", StateKey: ptr(""), Content: json.RawMessage(`{"room_version":"12"}`)}
	both := `{"content":{"reason":"spam","redacts":"$x"},"event_id":"$id","origin_server_ts":5,"redacts":"$x","room_id":"!r:example.org",` +
		`"sender":"@lin:example.org","type":"m.room.redaction"}`
	redact := func(v Version, b Built) Built {
		raw, err := Redact(v, b.JSON)
		if err != nil {
			t.Fatal(err)
		}
		return Built{JSON: raw}
	}
	for _, c := range []struct {
		name     string
		b        Built
		room     mxid.Room
		unsigned string
		want     string
	}{
		{
			"message", build(V12, message), "!r:example.org", `{"age":1}`,
			`{"content":{"body":"天気 \"x\""},"event_id":"$id","origin_server_ts":5,"room_id":"!r:example.org","sender":"@lin:example.org",` +
				`"type":"m.room.message","unsigned":{"age":1}}`,
		},
		{
			"in sync", build(V12, message), "", "",
			`{"content":{"body":"天気 \"x\""},"event_id":"$id","origin_server_ts":5,"sender":"@lin:example.org","type":"m.room.message"}`,
		},
		{
			"state", build(V12, name), "", "",
			`{"content":{"name":"Quay 7"},"event_id":"$id","origin_server_ts":5,"sender":"@lin:example.org","state_key":"","type":"m.room.name"}`,
		},
		{
			"create event of version 12 has the room ID too", build(V12, create), "!r", "",
			`{"content":{"room_version":"12"},"event_id":"$id","origin_server_ts":5,"room_id":"!r","sender":"@lin:example.org","state_key":"","type":"m.room.create"}`,
		},
		{"redaction 10", build(V10, redaction), "!r:example.org", "", both},
		{"redaction 11", build(V11, redaction), "!r:example.org", "", both},
		{"redaction 12", build(V12, redaction), "!r:example.org", "", both},
		{
			"redacted redaction", redact(V10, build(V10, redaction)), "", "",
			`{"content":{},"event_id":"$id","origin_server_ts":5,"sender":"@lin:example.org","type":"m.room.redaction"}`,
		},
		{
			"redacted", redact(V12, build(V12, message)), "", `{"redacted_because":{}}`,
			`{"content":{},"event_id":"$id","origin_server_ts":5,"sender":"@lin:example.org","type":"m.room.message","unsigned":{"redacted_because":{}}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := AppendClient([]byte("x"), c.b.JSON, "$id", c.room, json.RawMessage(c.unsigned))
			if string(got) != "x"+c.want {
				t.Errorf("got  %s\nwant x%s", got, c.want)
			}
		})
	}
}

// Whatever is stored, a client gets the same values as a plain reading of the JSON gives.
func TestAppendClientKeepsValues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		b, err := Build(V12, randomPDU(rnd, V12))
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(b.JSON, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(AppendClient(nil, b.JSON, b.ID, b.PDU.RoomID, nil), &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"auth_events", "depth", "hashes", "prev_events"} {
			delete(want, key)
		}
		want["event_id"], want["room_id"] = string(b.ID), string(b.PDU.RoomID)
		if b.PDU.Redacts != "" {
			want["redacts"] = string(b.PDU.Redacts)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	}
}

func TestAppendStripped(t *testing.T) {
	b, err := Build(V12, PDU{
		Type: "m.room.name", StateKey: ptr(""), Sender: "@lin:example.org", RoomID: "!r", Content: json.RawMessage(`{"name":"Quay 7"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"content":{"name":"Quay 7"},"sender":"@lin:example.org","state_key":"","type":"m.room.name"}`
	if got := AppendStripped([]byte("["), b.JSON); string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkAppendClient(b *testing.B) {
	built, err := Build(V12, messageDraft())
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendClient(dst[:0], built.JSON, built.ID, built.PDU.RoomID, nil)
	}
}
