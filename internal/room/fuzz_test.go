package room_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/room"
)

// refusal fails the test for an error that is not a refusal of what the client sent.
func refusal(t *testing.T, err error) {
	t.Helper()
	var f *fault.Fault
	if err != nil && (!errors.As(err, &f) || f.Code.Status >= 500) {
		t.Errorf("%v", err)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"types":["m.room.*"],"not_types":["*"],"senders":[],"limit":-1,"contains_url":true}`, `{"types":["*a*b*"]}`,
		`{"related_by_rel_types":["m.thread"],"related_by_senders":["@a:b"]}`, `[]`, `{"limit":1e99}`, `null`,
	} {
		f.Add(seed, `{"type":"m.room.name","sender":"@a:b","content":{"url":"x"}}`)
	}
	f.Fuzz(func(t *testing.T, text, json string) {
		filter, err := room.ParseFilter([]byte(text))
		refusal(t, err)
		if err != nil {
			return
		}
		e := room.Event{JSON: []byte(json)}
		if filter.Match(&e) {
			typ := e.Get("type").Text()
			filter.NotTypes = append(filter.NotTypes, typ+"*")
			if filter.Match(&e) {
				t.Errorf("%q still matches after %q was excluded", json, typ+"*")
			}
		}
		filter.MatchRelated([]room.Event{e})
	})
}

func FuzzCreate(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"preset":"public_chat","name":"x","invite":["@p1:wardroom.test"],"is_direct":true}`,
		`{"room_version":"10","power_level_content_override":{"users":{"@p1:wardroom.test":50},"events":{"a":"b"}}}`,
		`{"initial_state":[{"type":"m.room.encryption","content":{}},{"type":"m.room.create","content":{}}]}`,
		`{"creation_content":{"additional_creators":[1],"creator":"x","type":"m.space"},"preset":"trusted_private_chat"}`,
		`{"initial_state":[{"type":"m.room.member","state_key":"@p1:wardroom.test","content":{"membership":"join"}}]}`,
		`{"room_alias_name":"a b","topic":"\u0000","visibility":"public"}`, `{"power_level_content_override":null}`,
	} {
		f.Add(seed)
	}
	rooms, db := open(f, f.TempDir())
	who := people(f, db, 2)
	f.Fuzz(func(t *testing.T, text string) {
		var want room.Wanted
		if json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		id, err := rooms.Create(t.Context(), who[0], want)
		refusal(t, err)
		if err != nil {
			return
		}
		state, err := rooms.State(t.Context(), who[0], id)
		if err != nil {
			t.Fatalf("the creator can not read the room %s: %v", text, err)
		}
		encrypted, announced := false, false
		for _, e := range state {
			v := event.Value(e)
			encrypted = encrypted || v.Get("type").Text() == "m.room.encryption" && v.Get("state_key").Text() == "" && v.Get("content").Get("algorithm").Text() == "m.megolm.v1.aes-sha2"
			announced = announced || v.Get("type").Text() == "m.room.create" && v.Get("content").Get("org.wardroom.announcement").Bool()
		}
		if !encrypted && !announced {
			t.Errorf("%s made a room that is not encrypted", text)
		}
	})
}

func FuzzSend(f *testing.F) {
	rooms, db := open(f, f.TempDir())
	who := people(f, db, 2)
	id := meet(f, rooms, who)
	root, err := rooms.Send(f.Context(), who[0], id, "m.room.encrypted", "root", secret)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{}`, `{"m.relates_to":{"rel_type":"m.thread","event_id":"` + string(root) + `"}}`, `{"redacts":"` + string(root) + `"}`,
		`{"membership":"leave"}`, `{"users":{"@p0:wardroom.test":100}}`, `{"m.relates_to":1,"x":1e400}`, `{"a":{"a":{"a":[[[]]]}}}`, `{"":"` + "\xff" + `"}`,
		`{"alias":"#x:y","alt_aliases":[1,"#a"]}`, `{"algorithm":"m.megolm.v1.aes-sha2","rotation_period_ms":"1"}`, `{"join_rule":"restricted","allow":[{}]}`,
	} {
		for _, typ := range []string{"m.room.encrypted", "m.reaction", "m.room.redaction", "m.room.member", "m.room.power_levels", "m.room.canonical_alias", "m.room.encryption", "m.room.join_rules"} {
			f.Add(typ, "", seed)
			f.Add(typ, "@p1:wardroom.test", seed)
		}
	}
	n := 0
	f.Fuzz(func(t *testing.T, typ, key, content string) {
		n++
		_, err := rooms.Send(t.Context(), who[1], id, typ, strconv.Itoa(n), []byte(content))
		refusal(t, err)
		_, err = rooms.SetState(t.Context(), who[0], id, event.StateKey{Type: typ, Key: key}, []byte(content))
		refusal(t, err)
		// Whatever was taken can be read.
		if _, err := rooms.Messages(t.Context(), who[1], id, room.Page{Backwards: true, Limit: 3}); err != nil {
			refusal(t, err)
		}
	})
}
