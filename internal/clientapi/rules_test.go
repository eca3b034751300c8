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
