package clientapi_test

import (
	"fmt"
	"net/url"
	"testing"
)

// Who wants no invitations gets none, by whichever door they come.
func TestNobodyIsInvitedWhoWantsNoInvitations(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	wants := func(content object) {
		t.Helper()
		mei.ok(t, "PUT", v3+"/user/"+string(mei.user)+"/account_data/m.invite_permission_config", content)
	}
	wants(object{"default_action": "block"})
	lin.refused(t, 403, "M_INVITE_BLOCKED", "POST", in(room, "invite"), object{"user_id": mei.user})
	lin.refused(t, 403, "M_INVITE_BLOCKED", "PUT", in(room, "state")+"/m.room.member/"+string(mei.user), object{"membership": "invite"})
	lin.refused(t, 403, "M_INVITE_BLOCKED", "POST", v3+"/createRoom", object{"invite": []any{mei.user}})
	for _, content := range []object{{"default_action": "allow"}, {"default_action": 7}, {}} {
		wants(object{"default_action": "block"})
		wants(content)
		lin.invite(t, room, mei)
	}
}

func TestWhoMayChangeWhoseMembership(t *testing.T) {
	s := newServer(t)
	lin, mei, oda, kim := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda"), s.newPerson(t, "kim")
	room := lin.newRoom(t, object{"invite": []any{mei.user}})
	about := func(p *person) object { return object{"user_id": p.user, "reason": "because"} }

	// Invited: may decline and be invited again; who is a stranger sees nothing and does nothing.
	mei.ok(t, "POST", in(room, "leave"), nil)
	mei.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "join"), nil)
	lin.invite(t, room, mei)
	mei.join(t, room)
	mei.join(t, room) // once more changes nothing
	for _, act := range []string{"invite", "kick", "ban", "unban"} {
		kim.refused(t, 403, "M_FORBIDDEN", "POST", in(room, act), about(mei))
	}
	lin.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "invite"), about(mei))
	lin.refused(t, 404, "M_NOT_FOUND", "POST", in(room, "invite"), object{"user_id": "@nobody:wardroom.test"})
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", in(room, "invite"), object{"user_id": "nobody"})
	lin.refused(t, 400, "M_MISSING_PARAM", "POST", in(room, "invite"), object{})
	lin.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "invite"), object{"medium": "email", "address": "mei@example.org", "id_server": "x"})

	// Members invite, moderators remove and ban.
	mei.invite(t, room, oda)
	oda.join(t, room)
	mei.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "kick"), about(oda))
	mei.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "ban"), about(oda))
	lin.ok(t, "POST", in(room, "kick"), about(oda))
	if m := lin.state(t, room, "m.room.member", string(oda.user)); m["membership"] != "leave" || m["reason"] != "because" {
		t.Errorf("after the kick: %v", m)
	}
	lin.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "kick"), about(oda))
	lin.ok(t, "POST", in(room, "ban"), about(oda))
	oda.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "join"), nil)
	lin.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "invite"), about(oda))
	lin.ok(t, "POST", in(room, "unban"), about(oda))
	lin.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "unban"), about(oda))
	lin.invite(t, room, oda)
	oda.join(t, room)

	// Leaving, and forgetting what was left.
	oda.refused(t, 400, "M_UNKNOWN", "POST", in(room, "forget"), nil)
	oda.ok(t, "POST", in(room, "leave"), nil)
	oda.ok(t, "POST", in(room, "leave"), nil)
	oda.ok(t, "GET", in(room, "messages")+"?dir=b", nil)
	oda.ok(t, "POST", in(room, "forget"), nil)
	oda.refused(t, 403, "M_FORBIDDEN", "GET", in(room, "messages")+"?dir=b", nil)
	oda.refused(t, 403, "M_FORBIDDEN", "GET", in(room, "state"), nil)
	lin.invite(t, room, oda)
	oda.join(t, room)
	oda.ok(t, "GET", in(room, "messages")+"?dir=b", nil)
	kim.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "leave"), nil)
	kim.refused(t, 403, "M_FORBIDDEN", "POST", in(room, "forget"), nil)
}

func TestAnInvitationCarriesTheProfileAndWhatTheClientSigned(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	mei.ok(t, "PUT", "/_matrix/client/v3/profile/"+string(mei.user)+"/displayname", object{"displayname": "佐伯 澪"})
	room := lin.newRoom(t, object{})
	signed := object{"v": 1.0, "sig": "abc"}
	lin.ok(t, "PUT", in(room, "state", "m.room.member", string(mei.user)), object{"membership": "invite", "org.wardroom.invitation": signed})
	m := lin.state(t, room, "m.room.member", string(mei.user))
	if m["displayname"] != "佐伯 澪" || fmt.Sprint(m["org.wardroom.invitation"]) != fmt.Sprint(signed) {
		t.Errorf("the invitation is %v", m)
	}
	lin.refused(t, 404, "M_NOT_FOUND", "PUT", in(room, "state", "m.room.member", "@nobody:wardroom.test"), object{"membership": "invite"})
}

func TestKnockingAndRestrictedRooms(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	rule := func(content object) object {
		return object{"initial_state": []object{{"type": "m.room.join_rules", "content": content}}}
	}
	knock := lin.newRoom(t, rule(object{"join_rule": "knock"}))
	mei.refused(t, 403, "M_FORBIDDEN", "POST", in(knock, "join"), nil)
	mei.ok(t, "POST", v3+"/knock/"+url.PathEscape(knock), object{"reason": "let me in"})
	mei.refused(t, 403, "M_FORBIDDEN", "GET", in(knock, "messages")+"?dir=b", nil)
	lin.invite(t, knock, mei)
	mei.join(t, knock)
	lin.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/knock/"+url.PathEscape(knock), nil)

	allow := []object{{"type": "m.room_membership", "room_id": knock}}
	restricted := lin.newRoom(t, rule(object{"join_rule": "restricted", "allow": allow}))
	oda.refused(t, 403, "M_FORBIDDEN", "POST", in(restricted, "join"), nil)
	oda.refused(t, 403, "M_FORBIDDEN", "PUT", in(restricted, "state", "m.room.member", string(oda.user)),
		object{"membership": "join", "join_authorised_via_users_server": lin.user})
	oda.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/knock/"+url.PathEscape(restricted), nil)
	mei.join(t, restricted)
	if m := mei.state(t, restricted, "m.room.member", string(mei.user)); m["join_authorised_via_users_server"] != string(lin.user) {
		t.Errorf("mei came in as %v", m)
	}
}

// TestWhoSeesWhatOfTheHistory sends a message in each phase of mei's membership and compares what she sees at the end.
func TestWhoSeesWhatOfTheHistory(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	for visibility, want := range map[string]string{
		"joined":         "in,again",
		"invited":        "invited,in,reinvited,again",
		"shared":         "before,invited,in,away,reinvited,again",
		"world_readable": "before,invited,in,away,reinvited,again,after",
	} {
		room := lin.newRoom(t, object{"creation_content": object{"org.wardroom.announcement": true}, "initial_state": []object{
			{"type": "m.room.history_visibility", "content": object{"history_visibility": visibility}}}})
		n := 0
		speak := func(body string) string {
			n++
			return say(t, lin, room, fmt.Sprint(n), body)
		}
		sees := func(p *person, events ...string) (got []bool) {
			for _, e := range events {
				got = append(got, p.call(t, "GET", in(room, "event", e), nil).status == 200)
			}
			return got
		}
		before := speak("before")
		lin.invite(t, room, mei)
		invited := speak("invited")
		if got, want := sees(mei, before, invited), []bool{visibility == "world_readable", visibility == "world_readable" || visibility == "invited"}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: while invited mei sees %v, want %v", visibility, got, want)
		}
		mei.join(t, room)
		speak("in")
		mei.ok(t, "POST", in(room, "leave"), nil)
		away := speak("away")
		if got := sees(mei, away); got[0] != (visibility == "world_readable") {
			t.Errorf("%s: while away mei sees %v", visibility, got)
		}
		lin.invite(t, room, mei)
		speak("reinvited")
		mei.join(t, room)
		speak("again")
		lin.ok(t, "POST", in(room, "kick"), object{"user_id": mei.user})
		after := speak("after")
		for _, dir := range []string{"f", "b"} {
			got := ""
			for _, e := range mei.history(t, room, dir, 2) {
				if body := text(dig(e, "content", "body")); body != "" && dir == "f" {
					got += "," + body
				} else if body != "" {
					got = "," + body + got
				}
			}
			if got != ","+want {
				t.Errorf("%s, %s: mei sees %q, want %q", visibility, dir, got, want)
			}
		}
		if open := visibility == "world_readable"; sees(oda, after)[0] != open || (oda.call(t, "GET", in(room, "state"), nil).status == 200) != open {
			t.Errorf("%s: a stranger sees %v", visibility, sees(oda, after))
		}
		// Whose state do those see who have left?
		lin.ok(t, "PUT", in(room, "state", "m.room.name"), object{"name": "later"})
		r := mei.call(t, "GET", in(room, "state", "m.room.name"), nil)
		if later := r.status == 200; later != (visibility == "world_readable") {
			t.Errorf("%s: who has left gets %d %s for what came later", visibility, r.status, r.raw)
		}
	}
}
