package clientapi_test

// The rules that Matrix clients in use depend on, one test each, named after what a client relies on.

import (
	"net/url"
	"testing"
)

// The SDK loads members, pages back and asks for changed keys with the token of a sync.
func TestASyncTokenIsTakenWhereverATokenIs(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	lin.ok(t, "PUT", in(room, "typing", string(lin.user)), object{"typing": true, "timeout": 30_000})
	d := &synced{person: lin}
	d.sync(t)
	lin.say(t, room, "1", cipher("one"))
	for _, path := range []string{
		in(room, "members") + "?at=",
		in(room, "messages") + "?dir=b&from=",
		in(room, "messages") + "?dir=b&to=",
		v3 + "/keys/changes?to=s1&from=",
		v3 + "/keys/changes?from=s1&to=",
	} {
		lin.ok(t, "GET", path+url.QueryEscape(d.since), nil)
	}
}

// A client that has a room's events from an earlier stay begins its timeline anew, and shows nothing twice.
func TestARoomComesAnewToWhoComesBack(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
	mei.join(t, room)
	d := &synced{person: mei}
	if first := d.sync(t); dig(first, "rooms", "join", room, "timeline", "limited") != false {
		t.Errorf("a first sync that has everything: %v", dig(first, "rooms", "join", room, "timeline"))
	}
	mei.ok(t, "POST", in(room, "leave"), object{})
	d.sync(t)
	lin.invite(t, room, mei)
	d.sync(t)
	mei.join(t, room)
	if back := d.sync(t); dig(back, "rooms", "join", room, "timeline", "limited") != true {
		t.Errorf("after coming back: %v", dig(back, "rooms", "join", room, "timeline"))
	}
}

// Matrix clients send the steps of verifying somebody in clear, also where the room is encrypted.
func TestPeopleCanVerifyEachOtherInARoom(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
	mei.join(t, room)
	request := object{
		"msgtype": "m.key.verification.request", "body": "Lin wants to verify your key.", "methods": []string{"m.sas.v1"},
		"from_device": lin.device, "to": mei.user,
	}
	first := text(lin.ok(t, "PUT", in(room, "send", "m.room.message", "1"), request)["event_id"])
	for _, step := range []string{"ready", "start", "accept", "key", "mac", "done", "cancel"} {
		mei.ok(t, "PUT", in(room, "send", "m.key.verification."+step, step), object{
			"m.relates_to": object{"rel_type": "m.reference", "event_id": first},
		})
	}
	request["url"] = "mxc://wardroom.test/plain"
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "send", "m.room.message", "2"), request)
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "send", "m.key.verification.note", "3"), object{"body": "in clear"})
}

// A client that loads members lazily knows the name of everybody whom it shows.
func TestWhoIsNamedIsIntroducedToALazyClient(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	var others []*person
	var invited []string
	for _, name := range []string{"sora", "oda", "kai"} {
		p := s.newPerson(t, name)
		others, invited = append(others, p), append(invited, string(p.user))
	}
	room := lin.newRoom(t, object{"invite": append(invited, string(mei.user))})
	for _, p := range append(others, mei) {
		p.join(t, room)
	}
	lin.say(t, room, "1", cipher("one"))
	for _, where := range []string{"state", "state_after"} {
		d := &synced{person: mei, filter: `{"room":{"timeline":{"limit":1},"state":{"lazy_load_members":true}}}`}
		look := func() any {
			q := url.Values{"filter": {d.filter}, "since": {d.since}}
			if where == "state_after" {
				q.Set("use_state_after", "true")
			}
			answer := d.ok(t, "GET", v3+"/sync?"+q.Encode(), nil)
			d.since = text(answer["next_batch"])
			return dig(answer, "rooms", "join", room)
		}
		first := look()
		for _, hero := range dig(first, "summary", "m.heroes").([]any) {
			if find(dig(first, where, "events"), "m.room.member", text(hero)) == nil {
				t.Errorf("%s: the room is known by %s, who is not there", where, hero)
			}
		}
		others[2].say(t, room, where, cipher("two"))
		if find(dig(look(), where, "events"), "m.room.member", string(others[2].user)) == nil {
			t.Errorf("%s: %s speaks, and is not there", where, others[2].user)
		}
	}
}
