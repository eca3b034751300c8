package clientapi_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// in is the path of something in a room.
func in(room string, parts ...string) string {
	path := v3 + "/rooms/" + url.PathEscape(room)
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// newRoom makes a room and returns its ID.
func (p *person) newRoom(t testing.TB, want object) string {
	t.Helper()
	return text(p.ok(t, "POST", v3+"/createRoom", want)["room_id"])
}

// cipher is the content of an encrypted event, as the server sees it.
func cipher(what string) object {
	return object{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": what, "session_id": "s", "sender_key": "k", "device_id": "D"}
}

// say sends an encrypted event and returns its ID.
func (p *person) say(t testing.TB, room, txn string, content object) string {
	t.Helper()
	return text(p.ok(t, "PUT", in(room, "send", "m.room.encrypted", txn), content)["event_id"])
}

// join makes p a member.
func (p *person) join(t testing.TB, room string) {
	t.Helper()
	p.ok(t, "POST", in(room, "join"), object{})
}

// invite invites somebody.
func (p *person) invite(t testing.TB, room string, who *person) {
	t.Helper()
	p.ok(t, "POST", in(room, "invite"), object{"user_id": who.user})
}

// state gives the content of a piece of state.
func (p *person) state(t testing.TB, room, typ, key string) object {
	t.Helper()
	return p.ok(t, "GET", in(room, "state", typ)+"/"+url.PathEscape(key), nil)
}

// objects is a list of objects.
func objects(v any) []object {
	list, _ := v.([]any)
	all := make([]object, len(list))
	for i := range list {
		all[i], _ = list[i].(object)
	}
	return all
}

// history pages through everything p can see of a room, and returns the events in the order of the pages.
func (p *person) history(t testing.TB, room, dir string, limit int) []object {
	t.Helper()
	var all []object
	for from := ""; ; {
		q := url.Values{"dir": {dir}, "limit": {fmt.Sprint(limit)}}
		if from != "" {
			q.Set("from", from)
		}
		page := p.ok(t, "GET", in(room, "messages")+"?"+q.Encode(), nil)
		all = append(all, objects(page["chunk"])...)
		if from = text(page["end"]); from == "" {
			return all
		}
	}
}

// each gives one field of every event.
func each(events []object, field string) []string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = text(e[field])
	}
	return all
}

func TestANewRoomIsWhatItsPresetSays(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	for _, version := range []string{"10", "11", "12"} {
		for _, preset := range []string{"private_chat", "public_chat", "trusted_private_chat"} {
			room := lin.newRoom(t, object{
				"room_version": version, "preset": preset, "name": "Quay 7", "topic": "Tides", "invite": []string{string(mei.user)},
				"is_direct": true,
			})
			what := version + " " + preset
			create := lin.state(t, room, "m.room.create", "")
			if create["room_version"] != version {
				t.Errorf("%s: create says %v", what, create)
			}
			rule, guests := "invite", "can_join"
			if preset == "public_chat" {
				rule, guests = "public", "forbidden"
			}
			for typ, want := range map[string][2]string{
				"m.room.join_rules":         {"join_rule", rule},
				"m.room.guest_access":       {"guest_access", guests},
				"m.room.history_visibility": {"history_visibility", "shared"},
				"m.room.name":               {"name", "Quay 7"},
				"m.room.topic":              {"topic", "Tides"},
				"m.room.encryption":         {"algorithm", "m.megolm.v1.aes-sha2"},
			} {
				if got := lin.state(t, room, typ, ""); got[want[0]] != want[1] {
					t.Errorf("%s: %s is %v, want %s", what, typ, got, want)
				}
			}
			if got := lin.state(t, room, "m.room.member", string(mei.user)); got["membership"] != "invite" || got["is_direct"] != true {
				t.Errorf("%s: the invitation is %v", what, got)
			}
			levels := lin.state(t, room, "m.room.power_levels", "")
			users, _ := levels["users"].(object)
			mine, meis := users[string(lin.user)], users[string(mei.user)]
			switch {
			case version == "12" && (mine != nil || meis != nil):
				t.Errorf("%s: creators stand in the power levels: %v", what, users)
			case version != "12" && mine != 100.0, version != "12" && preset == "trusted_private_chat" && meis != 100.0:
				t.Errorf("%s: power of the creators is %v", what, users)
			}
			if version == "12" && preset == "trusted_private_chat" && fmt.Sprint(create["additional_creators"]) != fmt.Sprintf("[%s]", mei.user) {
				t.Errorf("%s: additional creators are %v", what, create["additional_creators"])
			}
			if first := lin.history(t, room, "f", 3)[0]; first["type"] != "m.room.create" {
				t.Errorf("%s: the room begins with %v", what, first)
			}
		}
	}
}

func TestUnencryptedContentIsRefused(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	for _, typ := range []string{"m.room.message", "m.sticker", "m.poll.start", "org.matrix.msc3381.poll.response", "org.example.note"} {
		got := lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "send", typ, "1"), object{"msgtype": "m.text", "body": "in clear"})
		if got["error"] == "" {
			t.Errorf("%s was refused without a word", typ)
		}
	}
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "m.room.encryption"), object{})
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "m.room.encryption"), object{"algorithm": "none"})
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "m.room.encryption"), object{"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 1000})
	lin.ok(t, "PUT", in(room, "state", "m.room.encryption"), object{"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 10})
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "state", "m.room.encryption"), object{"algorithm": "m.megolm.v1.aes-sha2"})
	for _, e := range objects(lin.ok(t, "GET", in(room, "messages")+"?dir=b&limit=100", nil)["chunk"]) {
		if e["type"] == "m.room.encryption" || e["type"] == "m.room.create" {
			lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "redact", text(e["event_id"]), text(e["event_id"])), object{})
		}
	}

	open := lin.newRoom(t, object{"creation_content": object{"org.wardroom.announcement": true}})
	lin.refused(t, 404, "M_NOT_FOUND", "GET", in(open, "state", "m.room.encryption"), nil)
	lin.ok(t, "PUT", in(open, "send", "m.room.message", "1"), object{"msgtype": "m.text", "body": "for all"})
	lin.ok(t, "PUT", in(open, "state", "m.room.encryption"), object{"algorithm": "m.megolm.v1.aes-sha2"})
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(open, "send", "m.room.message", "2"), object{"msgtype": "m.text", "body": "for all"})
}

func TestAMessageGoesFromOneToAnother(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
	mei.join(t, room)
	first, second := lin.say(t, room, "1", cipher("one")), mei.say(t, room, "1", cipher("two"))
	for _, p := range []*person{lin, mei} {
		got := each(p.history(t, room, "b", 1), "event_id")
		if len(got) < 2 || got[0] != second || got[1] != first {
			t.Errorf("%s sees %v, want %s and %s first", p.user, got, second, first)
		}
		forwards := each(p.history(t, room, "f", 2), "event_id")
		slices.Reverse(forwards)
		if !slices.Equal(got, forwards) {
			t.Errorf("%s sees %v backwards and %v forwards", p.user, got, forwards)
		}
	}
	oda.refused(t, 403, "M_FORBIDDEN", "GET", in(room, "messages")+"?dir=b", nil)
	oda.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "send", "m.room.encrypted", "1"), cipher("three"))
	oda.refused(t, 403, "M_FORBIDDEN", "GET", in(room, "state"), nil)
	oda.refused(t, 403, "M_FORBIDDEN", "GET", in(room, "members"), nil)
	oda.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "join"), object{})
	if got := mei.ok(t, "GET", v3+"/joined_rooms", nil)["joined_rooms"]; fmt.Sprint(got) != "["+room+"]" {
		t.Errorf("mei is in %v", got)
	}
	joined, _ := mei.ok(t, "GET", in(room, "joined_members"), nil)["joined"].(object)
	if len(joined) != 2 {
		t.Errorf("%v are in the room", joined)
	}
	if one, _ := joined[string(lin.user)].(object); one == nil {
		t.Errorf("lin is not in the room: %v", joined)
	} else if _, there := one["display_name"]; !there {
		t.Errorf("%v has no display_name", one)
	}
}

func TestTheSameTransactionAgainGivesTheSameEvent(t *testing.T) {
	dir := t.TempDir()
	var lin person
	var room, other, first string
	t.Run("before", func(t *testing.T) {
		s := newServerIn(t, dir)
		p := s.newPerson(t, "lin")
		room, other = p.newRoom(t, object{}), p.newRoom(t, object{})
		first = p.say(t, room, "t1", cipher("one"))
		if again := p.say(t, room, "t1", cipher("changed")); again != first {
			t.Errorf("got %s, want %s", again, first)
		}
		if elsewhere := p.say(t, other, "t1", cipher("one")); elsewhere == first {
			t.Error("another room's event was taken for this one's")
		}
		if reaction := p.ok(t, "PUT", in(room, "send", "m.reaction", "t1"), object{})["event_id"]; reaction == first {
			t.Error("an event of another type was taken for this one")
		}
		if second := p.secondDevice(t).say(t, room, "t1", cipher("one")); second == first {
			t.Error("another device's event was taken for this one's")
		}
		lin = *p
	})
	s := newServerIn(t, dir)
	lin.server = s
	if again := lin.say(t, room, "t1", cipher("one")); again != first {
		t.Errorf("after a restart: got %s, want %s", again, first)
	}
	for _, e := range lin.history(t, room, "b", 100) {
		unsigned, _ := e["unsigned"].(object)
		if mine := e["event_id"] == first || e["type"] == "m.reaction"; mine != (unsigned["transaction_id"] == "t1") {
			t.Errorf("%v has the transaction ID %v", e, unsigned["transaction_id"])
		}
	}
}

func TestMutualRoomsAreThoseThatBothAreIn(t *testing.T) {
	s := newServer(t)
	lin, mei, sora := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "sora")
	both, invited, left, others := lin.newRoom(t, object{}), lin.newRoom(t, object{}), lin.newRoom(t, object{}), mei.newRoom(t, object{})
	for _, room := range []string{both, invited, left} {
		lin.invite(t, room, mei)
	}
	mei.invite(t, others, sora)
	sora.join(t, others)
	mei.join(t, both)
	mei.join(t, left)
	mei.ok(t, "POST", in(left, "leave"), object{})
	of := func(p *person, query string) string {
		got := p.ok(t, "GET", "/_matrix/client/v1/mutual_rooms?"+query, nil)
		return fmt.Sprint(got["joined"], got["count"], got["next_batch"])
	}
	for query, want := range map[string]string{
		"user_id=" + string(mei.user):                   "[" + both + "] 1 <nil>",
		"user_id=" + string(mei.user) + "&from=" + both: "[] 1 <nil>",
		"user_id=" + string(sora.user):                  "[] 0 <nil>",
		"user_id=@nobody:wardroom.test":                 "[] 0 <nil>",
	} {
		if got := of(lin, query); got != want {
			t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
	for _, query := range []string{"", "user_id=mei", "user_id=" + string(lin.user), "user_id=" + string(mei.user) + "&from=x"} {
		lin.refused(t, 400, "M_INVALID_PARAM", "GET", "/_matrix/client/v1/mutual_rooms?"+query, nil)
	}
}
