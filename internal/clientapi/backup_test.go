package clientapi_test

import (
	"fmt"
	"net/url"
	"testing"
)

func sessionData(n int) object {
	return object{"first_message_index": n, "forwarded_count": 0, "is_verified": true, "session_data": object{"ciphertext": fmt.Sprint(n)}}
}

func TestKeyBackup(t *testing.T) {
	s := newServer(t)
	lin, aiko := s.newPerson(t, "lin"), s.newPerson(t, "aiko")
	const path, algorithm = v3 + "/room_keys/", "m.megolm_backup.v1.curve25519-aes-sha2"
	lin.refused(t, 404, "M_NOT_FOUND", "GET", path+"version", nil)
	body := object{"algorithm": algorithm, "auth_data": object{"public_key": "abc"}}
	version := text(lin.ok(t, "POST", path+"version", body)["version"])
	got := lin.ok(t, "GET", path+"version", nil)
	if got["version"] != version || got["algorithm"] != algorithm || got["count"] != 0.0 || text(got["etag"]) == "" ||
		got["auth_data"].(object)["public_key"] != "abc" {
		t.Errorf("the new backup is %v", got)
	}
	body["version"] = version
	lin.ok(t, "PUT", path+"version/"+version, body)
	aiko.refused(t, 404, "M_NOT_FOUND", "GET", path+"version/"+version, nil)

	// Session IDs are base64: a slash and a plus in them are part of the name.
	const session = "ab/cd+ef/="
	escaped := url.PathEscape(session)
	one := path + "keys/%21room%3Ab/" + escaped + "?version=" + version
	put := lin.ok(t, "PUT", one, sessionData(1))
	if put["count"] != 1.0 || text(put["etag"]) == text(got["etag"]) {
		t.Errorf("putting one key answered %v", put)
	}
	if got := lin.ok(t, "GET", one, nil); got["first_message_index"] != 1.0 || got["is_verified"] != true {
		t.Errorf("the key is %v", got)
	}
	lin.refused(t, 404, "M_NOT_FOUND", "GET", path+"keys/%21room%3Ab/none?version="+version, nil)
	lin.ok(t, "PUT", path+"keys/!room:b?version="+version, object{"sessions": object{"two": sessionData(2), session: sessionData(3)}})
	rooms := object{}
	for i := range 3 {
		sessions := object{}
		for k := range 400 {
			sessions[fmt.Sprintf("s%d", k)] = sessionData(k)
		}
		rooms[fmt.Sprintf("!%d\"<x>:b", i)] = object{"sessions": sessions}
	}
	if put := lin.ok(t, "PUT", path+"keys?version="+version, object{"rooms": rooms}); put["count"] != 1202.0 {
		t.Errorf("after putting many: %v", put)
	}
	all := lin.ok(t, "GET", path+"keys?version="+version, nil)["rooms"].(object)
	if len(all) != 4 || len(all["!1\"<x>:b"].(object)["sessions"].(object)) != 400 {
		t.Errorf("%d rooms, want 4", len(all))
	}
	if all["!room:b"].(object)["sessions"].(object)[session].(object)["first_message_index"] != 1.0 {
		t.Error("the key was replaced by a worse one, or lost")
	}
	room := lin.ok(t, "GET", path+"keys/!room:b?version="+version, nil)["sessions"].(object)
	if len(room) != 2 {
		t.Errorf("the room has %d keys, want 2", len(room))
	}
	if none := lin.ok(t, "GET", path+"keys/!none:b?version="+version, nil)["sessions"].(object); len(none) != 0 {
		t.Errorf("a room without keys is answered %v", none)
	}
	if left := lin.ok(t, "DELETE", one, nil); left["count"] != 1201.0 {
		t.Errorf("after deleting one: %v", left)
	}
	if left := lin.ok(t, "DELETE", path+"keys/!room:b?version="+version, nil); left["count"] != 1200.0 {
		t.Errorf("after deleting a room: %v", left)
	}
	if left := lin.ok(t, "DELETE", path+"keys?version="+version, nil); left["count"] != 0.0 {
		t.Errorf("after deleting all: %v", left)
	}
	if none := lin.ok(t, "GET", path+"keys?version="+version, nil)["rooms"].(object); len(none) != 0 {
		t.Errorf("an empty backup is answered %v", none)
	}
	refused := lin.refused(t, 403, "M_WRONG_ROOM_KEYS_VERSION", "PUT", path+"keys?version=99", object{"rooms": object{}})
	if refused["current_version"] != version {
		t.Errorf("the refusal names version %v, want %s", refused["current_version"], version)
	}
	lin.refused(t, 400, "M_MISSING_PARAM", "PUT", path+"keys", object{"rooms": object{}})
	lin.refused(t, 400, "M_BAD_JSON", "PUT", one, object{"session_data": object{}})
	lin.ok(t, "DELETE", path+"version/"+version, nil)
	lin.ok(t, "DELETE", path+"version/"+version, nil)
	lin.refused(t, 404, "M_NOT_FOUND", "DELETE", path+"version/99", nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", path+"version", nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", path+"keys?version="+version, nil)
}
