package clientapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestTagsAreOnesOwnAndReachEveryDevice(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
	mei.join(t, room)
	tags := func(p *person, parts ...string) string {
		path := v3 + "/user/" + url.PathEscape(string(p.user)) + "/rooms/" + url.PathEscape(room) + "/tags"
		for _, part := range parts {
			path += "/" + url.PathEscape(part)
		}
		return path
	}
	phone, meis := &synced{person: lin.secondDevice(t)}, &synced{person: mei}
	learns := func(what string) {
		t.Helper()
		m := find(dig(phone.sync(t), "rooms", "join", room, "account_data", "events"), "m.tag", "")
		if got := fmt.Sprint(dig(m, "content", "tags")); got != what {
			t.Errorf("the other device learns of the tags %s, want %s", got, what)
		}
	}
	if got := lin.ok(t, "GET", tags(lin), nil); fmt.Sprint(got) != "map[tags:map[]]" {
		t.Errorf("without tags: %v", got)
	}
	phone.sync(t)
	meis.sync(t)
	lin.ok(t, "PUT", tags(lin, "m.favourite"), object{"order": 0.25})
	learns("map[m.favourite:map[order:0.25]]")
	lin.ok(t, "PUT", tags(lin, "u.港務/七"), object{"org.example.colour": "red"})
	lin.ok(t, "PUT", tags(lin, "m.favourite"), object{"order": 1})
	learns("map[m.favourite:map[order:1] u.港務/七:map[org.example.colour:red]]")
	lin.ok(t, "DELETE", tags(lin, "u.港務/七"), nil)
	lin.ok(t, "DELETE", tags(lin, "u.港務/七"), nil)
	learns("map[m.favourite:map[order:1]]")
	if got := lin.ok(t, "GET", tags(lin), nil); fmt.Sprint(got) != "map[tags:map[m.favourite:map[order:1]]]" {
		t.Errorf("the tags are %v", got)
	}
	lin.ok(t, "DELETE", tags(lin, "m.favourite"), nil)
	learns("map[]")
	if got := dig(meis.sync(t), "rooms", "join", room); got != nil {
		t.Errorf("another member learns of it: %v", got)
	}
	mei.refused(t, 403, "M_FORBIDDEN", "GET", tags(lin), nil)
	mei.refused(t, 403, "M_FORBIDDEN", "PUT", tags(lin, "u.x"), object{})
	mei.refused(t, 403, "M_FORBIDDEN", "DELETE", tags(lin, "u.x"), nil)

	for _, bad := range []any{object{"order": -0.1}, object{"order": 1.1}, object{"order": "0.5"}, object{"order": nil}, []any{}, []byte("null")} {
		lin.refused(t, 400, "M_BAD_JSON", "PUT", tags(lin, "u.x"), bad)
	}
	lin.refused(t, 400, "M_NOT_JSON", "PUT", tags(lin, "u.x"), []byte("{"))
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", tags(lin, strings.Repeat("x", 256)), object{})
	lin.refused(t, 413, "M_TOO_LARGE", "PUT", tags(lin, "u.x"), object{"note": strings.Repeat("x", 65_536)})
	lin.refused(t, 404, "M_NOT_FOUND", "PUT", strings.Replace(tags(lin, "u.x"), url.PathEscape(room), "%21nowhere:wardroom.test", 1), object{})
	// What a client wrote there that is no tags is in nobody's way.
	lin.ok(t, "PUT", strings.Replace(tags(lin), "/tags", "/account_data/m.tag", 1), object{"tags": "none"})
	lin.ok(t, "PUT", tags(lin, "m.lowpriority"), object{})
	if got := lin.ok(t, "GET", tags(lin), nil); fmt.Sprint(got) != "map[tags:map[m.lowpriority:map[]]]" {
		t.Errorf("the tags are %v", got)
	}
}
