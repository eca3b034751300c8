package clientapi_test

import (
	"fmt"
	"net/url"
	"testing"
)

// named is the path of a room address.
func named(alias string) string { return v3 + "/directory/room/" + url.PathEscape(alias) }

func TestARoomIsFoundByItsAddresses(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat", "room_alias_name": "quay"})
	const quay, seven = "#quay:wardroom.test", "#埠頭7:wardroom.test"
	if got := lin.state(t, room, "m.room.canonical_alias", ""); got["alias"] != quay {
		t.Errorf("the main address is %v", got)
	}
	lin.refused(t, 400, "M_ROOM_IN_USE", "POST", v3+"/createRoom", object{"room_alias_name": "quay"})
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", v3+"/createRoom", object{"room_alias_name": "a:b"})
	if got := mei.ok(t, "GET", named(quay), nil); got["room_id"] != room {
		t.Errorf("%s leads to %v", quay, got)
	}
	mei.refused(t, 404, "M_NOT_FOUND", "GET", named(seven), nil)
	mei.refused(t, 403, "M_FORBIDDEN", "PUT", named(seven), object{"room_id": room})
	if got := mei.ok(t, "POST", v3+"/join/"+url.PathEscape(quay), nil); got["room_id"] != room {
		t.Errorf("joined %v", got)
	}
	mei.ok(t, "PUT", named(seven), object{"room_id": room})
	lin.refused(t, 400, "M_ROOM_IN_USE", "PUT", named(seven), object{"room_id": room})
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", named("#x:elsewhere.test"), object{"room_id": room})
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", named("x"), object{"room_id": room})
	if got := mei.ok(t, "GET", in(room, "aliases"), nil)["aliases"]; fmt.Sprint(got) != fmt.Sprint([]string{quay, seven}) {
		t.Errorf("the addresses are %v", got)
	}

	canonical := in(room, "state", "m.room.canonical_alias")
	lin.refused(t, 400, "M_BAD_ALIAS", "PUT", canonical, object{"alias": "#other:wardroom.test"})
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", canonical, object{"alias": "nonsense"})
	lin.ok(t, "PUT", canonical, object{"alias": quay, "alt_aliases": []string{seven}})
	mei.refused(t, 403, "M_FORBIDDEN", "DELETE", named(quay), nil)
	lin.ok(t, "DELETE", named(quay), nil)
	if got := lin.state(t, room, "m.room.canonical_alias", ""); got["alias"] != nil || fmt.Sprint(got["alt_aliases"]) != "["+seven+"]" {
		t.Errorf("after its address was taken away: %v", got)
	}
	mei.ok(t, "DELETE", named(seven), nil)
	mei.refused(t, 404, "M_NOT_FOUND", "DELETE", named(seven), nil)
	mei.refused(t, 404, "M_NOT_FOUND", "POST", v3+"/join/"+url.PathEscape(seven), nil)
}

func TestThePublicDirectory(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	private := lin.newRoom(t, object{"name": "Private"})
	quay := lin.newRoom(t, object{"name": "Quay 7", "topic": "Tides", "visibility": "public"})
	busy := lin.newRoom(t, object{"name": "Busy", "visibility": "public"})
	space := lin.newRoom(t, object{"name": "Space", "visibility": "public", "creation_content": object{"type": "m.space"}})
	mei.join(t, busy)
	list := func(body object) (ids []string) {
		for {
			got := mei.ok(t, "POST", v3+"/publicRooms", body)
			ids = append(ids, each(objects(got["chunk"]), "room_id")...)
			if got["next_batch"] == nil {
				return ids
			}
			body["since"] = got["next_batch"]
		}
	}
	for _, c := range []struct {
		body object
		want []string
	}{
		{object{}, []string{busy, quay, space}},
		{object{"limit": 1}, []string{busy, quay, space}},
		{object{"filter": object{"generic_search_term": "tide"}}, []string{quay}},
		{object{"filter": object{"room_types": []any{nil}}}, []string{busy, quay}},
		{object{"filter": object{"room_types": []any{"m.space"}}}, []string{space}},
		{object{"filter": object{"generic_search_term": "private"}}, nil},
	} {
		if got := list(c.body); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v gives %v, want %v", c.body, got, c.want)
		}
	}
	first := objects(mei.ok(t, "GET", v3+"/publicRooms?limit=1", nil)["chunk"])
	if len(first) != 1 || first[0]["num_joined_members"] != 2.0 || first[0]["join_rule"] != "public" || first[0]["world_readable"] != false || first[0]["guest_can_join"] != false {
		t.Errorf("the first room is %v", first)
	}
	mei.refused(t, 400, "M_INVALID_PARAM", "GET", v3+"/publicRooms?since=x", nil)
	mei.refused(t, 404, "M_NOT_FOUND", "GET", v3+"/publicRooms?server=elsewhere.test", nil)

	where := func(room string) string { return v3 + "/directory/list/room/" + url.PathEscape(room) }
	mei.refused(t, 403, "M_FORBIDDEN", "PUT", where(busy), object{"visibility": "private"})
	mei.refused(t, 403, "M_FORBIDDEN", "PUT", where(private), object{"visibility": "public"})
	mei.refused(t, 404, "M_NOT_FOUND", "GET", where(private), nil)
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", where(busy), object{"visibility": "secret"})
	lin.ok(t, "PUT", where(busy), object{"visibility": "private"})
	if got := lin.ok(t, "GET", where(busy), nil)["visibility"]; got != "private" {
		t.Errorf("visibility is %v", got)
	}
	if got := mei.ok(t, "GET", where(quay), nil)["visibility"]; got != "public" {
		t.Errorf("visibility is %v", got)
	}

	summary := "/_matrix/client/v1/room_summary/"
	if got := mei.ok(t, "GET", summary+url.PathEscape(quay), nil); got["name"] != "Quay 7" || got["membership"] != nil || got["room_version"] != "12" || got["encryption"] == nil {
		t.Errorf("the summary for a stranger is %v", got)
	}
	if got := mei.ok(t, "GET", summary+url.PathEscape(busy), nil); got["membership"] != "join" {
		t.Errorf("the summary for a member is %v", got)
	}
	mei.refused(t, 404, "M_NOT_FOUND", "GET", summary+url.PathEscape(private), nil)
	mei.refused(t, 404, "M_NOT_FOUND", "GET", summary+url.PathEscape("!none"), nil)
}

func TestASpaceIsWalkedDepthFirst(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	space := func(name string) string {
		return lin.newRoom(t, object{"name": name, "preset": "public_chat", "creation_content": object{"type": "m.space"}})
	}
	top, sub, leaf, last := space("top"), space("sub"), lin.newRoom(t, object{"preset": "public_chat"}), lin.newRoom(t, object{"preset": "public_chat"})
	private := lin.newRoom(t, object{})
	child := func(parent, room string, content object) {
		content["via"] = []string{"wardroom.test"}
		lin.ok(t, "PUT", in(parent, "state", "m.space.child", room), content)
	}
	child(top, last, object{})
	child(top, sub, object{"order": "a", "suggested": true})
	child(top, private, object{"order": "b"})
	child(sub, leaf, object{})
	child(sub, top, object{}) // a circle
	child(sub, "!none", object{})
	lin.ok(t, "PUT", in(top, "state", "m.space.child", leaf), object{}) // taken out again
	walk := func(p *person, query string) (ids []string) {
		from := ""
		for {
			got := p.ok(t, "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(top)+"/hierarchy?"+query+"&from="+from, nil)
			ids = append(ids, each(objects(got["rooms"]), "room_id")...)
			if from = text(got["next_batch"]); from == "" {
				return ids
			}
		}
	}
	for _, c := range []struct {
		who   *person
		query string
		want  []string
	}{
		{lin, "", []string{top, sub, leaf, private, last}},
		{mei, "", []string{top, sub, leaf, last}},
		{mei, "limit=1", []string{top, sub, leaf, last}},
		{mei, "max_depth=1", []string{top, sub, last}},
		{mei, "max_depth=0", []string{top}},
		{mei, "suggested_only=true", []string{top, sub}},
	} {
		if got := walk(c.who, c.query); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%q gives %v, want %v", c.query, got, c.want)
		}
	}
	got := lin.ok(t, "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(top)+"/hierarchy?limit=1", nil)
	children := objects(objects(got["rooms"])[0]["children_state"])
	if len(children) != 3 || children[0]["state_key"] != sub || children[0]["origin_server_ts"] == nil {
		t.Errorf("the children are %v", children)
	}
	mei.refused(t, 400, "M_INVALID_PARAM", "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(top)+"/hierarchy?max_depth=1&from="+text(got["next_batch"]), nil)
	mei.refused(t, 403, "M_FORBIDDEN", "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(private)+"/hierarchy", nil)
}

func TestAnUpgradedRoomTakesEverythingOver(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	for _, from := range []string{"10", "12"} {
		for _, to := range []string{"11", "12"} {
			what := from + " to " + to
			alias := "move-" + from + "-" + to
			old := lin.newRoom(t, object{"preset": "public_chat", "visibility": "public", "room_version": from, "name": "Quay 7", "room_alias_name": alias,
				"power_level_content_override": object{"users": object{string(mei.user): 50}}})
			mei.join(t, old)
			lin.ok(t, "POST", in(old, "ban"), object{"user_id": oda.user})
			mei.refused(t, 403, "M_FORBIDDEN", "POST", in(old, "upgrade"), object{"new_version": to})
			lin.refused(t, 400, "M_UNSUPPORTED_ROOM_VERSION", "POST", in(old, "upgrade"), object{"new_version": "1"})
			next := text(lin.ok(t, "POST", in(old, "upgrade"), object{"new_version": to})["replacement_room"])
			if got := lin.state(t, old, "m.room.tombstone", ""); got["replacement_room"] != next {
				t.Errorf("%s: the tombstone is %v", what, got)
			}
			create := lin.state(t, next, "m.room.create", "")
			if dig(create, "predecessor", "room_id") != old || create["room_version"] != to {
				t.Errorf("%s: the new room begins with %v", what, create)
			}
			levels := lin.state(t, next, "m.room.power_levels", "")
			if dig(levels, "users", string(mei.user)) != 50.0 || (dig(levels, "users", string(lin.user)) == nil) != (to == "12") {
				t.Errorf("%s: power is %v", what, levels)
			}
			if lin.state(t, next, "m.room.name", "")["name"] != "Quay 7" || lin.state(t, next, "m.room.encryption", "")["algorithm"] == nil ||
				lin.state(t, next, "m.room.member", string(oda.user))["membership"] != "ban" ||
				lin.state(t, next, "m.room.canonical_alias", "")["alias"] != "#"+alias+":wardroom.test" {
				t.Errorf("%s: something was left behind", what)
			}
			if got := mei.ok(t, "GET", named("#"+alias+":wardroom.test"), nil)["room_id"]; got != next {
				t.Errorf("%s: the address leads to %v", what, got)
			}
			mei.join(t, next)
			mei.say(t, next, "1", cipher("x"))
			oda.refused(t, 403, "M_FORBIDDEN", "POST", in(next, "join"), nil)
			if levels := lin.state(t, old, "m.room.power_levels", ""); levels["events_default"] != 50.0 {
				t.Errorf("%s: people can go on in the old room: %v", what, levels)
			}
		}
	}
}
