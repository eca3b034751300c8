package clientapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestStateIsSetAndReadInAllForms(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	first := text(lin.ok(t, "PUT", in(room, "state", "m.room.topic"), object{"topic": "one"})["event_id"])
	if again := lin.ok(t, "PUT", in(room, "state", "m.room.topic")+"/", object{"topic": "one"})["event_id"]; again != first {
		t.Errorf("setting what is there made a new event %v", again)
	}
	second := text(lin.ok(t, "PUT", in(room, "state", "m.room.topic")+"/", object{"topic": "two"})["event_id"])
	for _, path := range []string{in(room, "state", "m.room.topic"), in(room, "state", "m.room.topic") + "/"} {
		if got := mei.ok(t, "GET", path, nil); got["topic"] != "two" {
			t.Errorf("%s is %v", path, got)
		}
		if got := mei.ok(t, "GET", path+"?format=event", nil); got["event_id"] != second || got["sender"] != string(lin.user) {
			t.Errorf("as an event %s is %v", path, got)
		}
	}
	mei.refused(t, 400, "M_INVALID_PARAM", "GET", in(room, "state", "m.room.topic")+"?format=xml", nil)
	key := "a/b c%"
	lin.ok(t, "PUT", in(room, "state", "org.example.thing", key), object{"x": 1})
	if got := mei.ok(t, "GET", in(room, "state", "org.example.thing", key)+"?format=event", nil); got["state_key"] != key {
		t.Errorf("the state key came back as %v", got["state_key"])
	}
	mei.refused(t, 404, "M_NOT_FOUND", "GET", in(room, "state", "org.example.thing", "other"), nil)
	for _, key := range []string{"a\x00b", "\xff"} {
		lin.refused(t, 400, "M_INVALID_PARAM", "PUT", in(room, "state", "org.example.thing", key), object{})
		lin.refused(t, 400, "M_INVALID_PARAM", "GET", in(room, "state", "org.example.thing", key), nil)
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", in(room, "send", "m.room.encrypted", strings.Repeat("t", 256)), cipher("x"))
	mei.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "m.room.topic"), object{"topic": "three"})
	lin.refused(t, 400, "M_BAD_JSON", "PUT", in(room, "state", "m.room.topic"), []byte(`{"topic":1.5}`))
	lin.refused(t, 400, "M_NOT_JSON", "PUT", in(room, "state", "m.room.topic"), []byte(`{"topic":`))
	lin.refused(t, 400, "M_BAD_JSON", "PUT", in(room, "state", "m.room.topic"), []byte(`[]`))
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "org.example.thing", string(mei.user)), object{})

	event := lin.ok(t, "GET", in(room, "event", second), nil)
	if dig(event, "unsigned", "prev_content", "topic") != "one" || dig(event, "unsigned", "replaces_state") != first || dig(event, "unsigned", "membership") != "join" {
		t.Errorf("the second topic is %v", event)
	}

	lin.ok(t, "PUT", in(room, "state", "org.wardroom.label"), object{"level": "internal", "compartments": []string{"harbour"}})
	lin.refused(t, 400, "M_BAD_JSON", "PUT", in(room, "state", "org.wardroom.label"), object{"level": 3})
	mei.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "org.wardroom.label"), object{"level": "none", "compartments": []string{}})
}

func TestTheMembersOfARoomNowAndThen(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	device := &synced{person: lin}
	device.sync(t)
	lin.invite(t, room, oda)
	mei.ok(t, "POST", in(room, "leave"), nil)
	who := func(p *person, query string) (got string) {
		for _, e := range objects(p.ok(t, "GET", in(room, "members")+query, nil)["chunk"]) {
			got += fmt.Sprint(" ", e["state_key"], " ", dig(e, "content", "membership"))
		}
		return got
	}
	l, m, o := string(lin.user), string(mei.user), string(oda.user)
	for query, want := range map[string]string{
		"":                                      " " + l + " join " + o + " invite " + m + " leave",
		"?membership=join":                      " " + l + " join",
		"?not_membership=leave":                 " " + l + " join " + o + " invite",
		"?membership=leave&not_membership=join": " " + o + " invite " + m + " leave",
		"?at=" + url.QueryEscape(device.since):  " " + l + " join " + m + " join",
	} {
		if got := who(lin, query); got != want {
			t.Errorf("%q gives%s, want%s", query, got, want)
		}
	}
	if got, want := who(mei, ""), " "+l+" join "+o+" invite "+m+" leave"; got != want {
		t.Errorf("who has left sees%s, want%s", got, want)
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", in(room, "members")+"?at=x", nil)
	mei.refused(t, 403, "M_FORBIDDEN", "GET", in(room, "joined_members"), nil)
}
