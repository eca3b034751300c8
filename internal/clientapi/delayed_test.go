package clientapi_test

import (
	"net/http"
	"net/url"
	"testing"
)

const delayedEvents = "/_matrix/client/unstable/org.matrix.msc4140/delayed_events"

// As matrix-js-sdk and its predecessors ask: the delay in the address or in the body, the action in the path or in the body, with a
// token or without one.
func TestEventsAreSentLater(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	later := func(path string, body object) string {
		t.Helper()
		return text(lin.ok(t, "PUT", path, body)["delay_id"])
	}
	const day = "?org.matrix.msc4140.delay=86400000"
	first := later(in(room, "send", "m.room.encrypted", "1")+day, cipher("later"))
	if again := later(in(room, "send", "m.room.encrypted", "1")+day, cipher("later")); again != first || first == "" {
		t.Errorf("sent again it is %q, was %q", again, first)
	}
	second := later(in(room, "state", "m.room.topic")+day, object{"topic": "fog"})
	third := later("/_matrix/client/unstable/org.matrix.msc4140/rooms/"+url.PathEscape(room)+"/delayed_event/m.room.name/2", object{"delay_ms": 5000, "state_key": "", "content": object{"name": "The pier"}})
	all := objects(lin.ok(t, "GET", delayedEvents, nil)["delayed_events"])
	if len(all) != 3 || all[0]["delay_id"] != third || all[0]["state_key"] != "" || all[1]["delay_ms"] != 86400000.0 || dig(all[0], "content", "name") != "The pier" || all[1]["room_id"] != room {
		t.Errorf("waiting are %v", all)
	}
	if all := objects(mei.ok(t, "GET", delayedEvents, nil)["delayed_events"]); len(all) != 0 {
		t.Errorf("another person is told of %v", all)
	}
	mei.refused(t, 404, "M_NOT_FOUND", "GET", delayedEvents+"/"+first, nil)
	mei.refused(t, 404, "M_NOT_FOUND", "POST", delayedEvents+"/"+first+"/cancel", object{})
	lin.ok(t, "POST", delayedEvents+"/"+first+"/restart", nil)
	if r := s.call(t, "", "POST", delayedEvents+"/"+second, object{"action": "send"}); r.status != 200 {
		t.Errorf("without a token it is answered %d %s", r.status, r.raw)
	}
	s.call(t, "none", "POST", delayedEvents+"/"+second, object{"action": "send"}).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	if topic := lin.state(t, room, "m.room.topic", ""); topic["topic"] != "fog" {
		t.Errorf("the topic is %v", topic)
	}
	lin.ok(t, "POST", delayedEvents+"/"+second+"/send", object{}) // a repeated request
	lin.refused(t, 409, "M_NOT_FOUND", "POST", delayedEvents+"/"+second+"/cancel", object{})
	lin.refused(t, 409, "M_NOT_FOUND", "POST", delayedEvents+"/"+second+"/restart", object{})
	lin.ok(t, "POST", delayedEvents+"/"+first+"/cancel", object{})
	lin.ok(t, "POST", delayedEvents+"/"+first+"/cancel", object{})
	lin.refused(t, 409, "M_NOT_FOUND", "POST", delayedEvents+"/"+first+"/send", object{})
	if one := lin.ok(t, "GET", delayedEvents+"/"+second, nil); dig(one, "finalised", "event_id") == nil {
		t.Errorf("what was sent is %v", one)
	}
	if one := lin.ok(t, "GET", delayedEvents+"/"+first, nil); dig(one, "finalised") == nil || dig(one, "finalised", "event_id") != nil || dig(one, "finalised", "error") != nil {
		t.Errorf("what was cancelled is %v", one)
	}
	for _, bad := range []string{"soon", "0", "-5"} {
		lin.refused(t, 400, "M_INVALID_PARAM", "PUT", in(room, "send", "m.room.encrypted", "3")+"?org.matrix.msc4140.delay="+bad, cipher("x"))
	}
	long := lin.refused(t, 400, "M_UNKNOWN", "PUT", in(room, "send", "m.room.encrypted", "3")+"?org.matrix.msc4140.delay=99999999999", cipher("x"))
	if long["org.matrix.msc4140.errcode"] != "M_MAX_DELAY_EXCEEDED" || long["org.matrix.msc4140.max_delay"] != 604800000.0 {
		t.Errorf("too long a delay is answered %v", long)
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", delayedEvents+"/"+first+"/forget", object{})
	limits := dig(lin.ok(t, "GET", v3+"/capabilities", nil), "capabilities", "org.matrix.msc4140.delayed_events")
	if dig(limits, "max_delay_ms") != 604800000.0 || dig(limits, "max_scheduled") != 100.0 {
		t.Errorf("announced are %v", limits)
	}
}

// What was sent later tells its sender, on any of their devices and for good, the ID that it had until then. Nobody else is told.
func TestWhoSentLaterFindsWhatCameOfIt(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"invite": []any{mei.user}})
	mei.ok(t, "POST", in(room, "join"), object{})
	id := text(lin.ok(t, "PUT", in(room, "send", "m.room.encrypted", "1")+"?org.matrix.msc4140.delay=86400000", cipher("later"))["delay_id"])
	told := make(map[string]func() []object)
	for name, who := range map[string]*person{"lin": lin, "mei": mei, "lin's other device": lin.secondDevice(t)} {
		since := text(who.ok(t, "GET", v3+"/sync", nil)["next_batch"])
		who.ok(t, "GET", v3+"/sync?since="+url.QueryEscape(since), nil) // from here on it is told from memory
		told[name] = func() []object {
			return objects(dig(who.ok(t, "GET", v3+"/sync?since="+url.QueryEscape(since), nil), "rooms", "join", room, "timeline", "events"))
		}
	}
	lin.ok(t, "POST", delayedEvents+"/"+id+"/send", object{})
	event := ""
	check := func(where, name string, e object) {
		want := any(id)
		if name == "mei" {
			want = nil
		}
		if got := dig(e, "unsigned", "org.matrix.msc4140.delay_id"); got != want {
			t.Errorf("%s %s is told %v, want %v", where, name, got, want)
		}
	}
	for name, sync := range told {
		all := sync()
		if len(all) != 1 {
			t.Fatalf("%s is told %v", name, all)
		}
		event = text(all[0]["event_id"])
		check("in a sync", name, all[0])
	}
	check("later", "lin", lin.ok(t, "GET", in(room, "event", event), nil))
	check("later", "mei", mei.ok(t, "GET", in(room, "event", event), nil))
}

// Who asks without a token is counted by address, and keeps nobody from asking who has signed in.
func TestWhoHasNotSignedInGuessesNoNames(t *testing.T) {
	frozen(t, func(t *testing.T, s *server) {
		lin := s.newPerson(t, "lin")
		s.api.Unlimited = false
		for range 500 {
			s.call(t, "", "POST", delayedEvents+"/GUESSED/cancel", nil).mustRefuse(t, 404, "M_NOT_FOUND")
		}
		s.call(t, "", "POST", delayedEvents+"/GUESSED/cancel", nil).mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
		lin.refused(t, 404, "M_NOT_FOUND", "POST", delayedEvents+"/GUESSED/cancel", nil)
		s.api.Proxied = true
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+delayedEvents+"/GUESSED/cancel", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", "192.0.2.9")
		answer, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		read(t, answer).mustRefuse(t, 404, "M_NOT_FOUND") // another address
	})
}
