package clientapi_test

import (
	"net/http"
	"runtime"
	"testing"
)

const sliding = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"

// Element X signs in only where it is announced.
func TestSlidingSyncIsAnnounced(t *testing.T) {
	s := newServer(t)
	answer := s.call(t, "", "GET", "/_matrix/client/versions", nil).body
	if dig(answer, "unstable_features", "org.matrix.simplified_msc3575") != true {
		t.Errorf("%v", answer["unstable_features"])
	}
}

// Today's clients send pos and timeout in the address, those of the accepted proposal in the body.
func TestTheParametersOfSlidingSyncStandInTheAddressOrTheBody(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := announcements(t, lin, object{})
	all := object{"lists": object{"all": object{"ranges": []any{[]int{0, 19}}, "timeline_limit": 1, "required_state": []any{[]string{"m.room.create", ""}}}},
		"conn_id": "main", "txn_id": "7", "set_presence": "offline"}
	first := lin.ok(t, "POST", sliding+"?timeout=0&set_presence=online", all)
	if dig(first, "rooms", room, "initial") != true || dig(first, "txn_id") != "7" || dig(first, "lists", "all", "count") != 1.0 {
		t.Fatalf("%v", first)
	}
	say(t, lin, room, "1", "one")
	second := lin.ok(t, "POST", sliding+"?pos="+text(first["pos"]), all)
	if got := bodies(dig(second, "rooms", room, "timeline")); len(got) != 1 || got[0] != "one" {
		t.Fatalf("%v", second)
	}
	say(t, lin, room, "2", "two")
	all["pos"], all["timeout"] = second["pos"], 1
	third := lin.ok(t, "POST", sliding, all)
	if got := bodies(dig(third, "rooms", room, "timeline")); len(got) != 1 || got[0] != "two" {
		t.Fatalf("%v", third)
	}
	// A page of history begins where an answer ended.
	page := lin.ok(t, "GET", "/_matrix/client/v3/rooms/"+room+"/messages?dir=b&limit=1&from="+text(second["pos"]), nil)
	if got := bodies(page["chunk"]); len(got) != 1 || got[0] != "one" {
		t.Errorf("%v", page)
	}
	lin.refused(t, http.StatusBadRequest, "M_UNKNOWN_POS", "POST", sliding+"?pos="+text(first["pos"]), all)
	for _, bad := range []string{"?timeout=soon", "?timeout=-1"} {
		lin.refused(t, http.StatusBadRequest, "M_INVALID_PARAM", "POST", sliding+bad, object{})
	}
	lin.refused(t, http.StatusBadRequest, "M_INVALID_PARAM", "POST", sliding, object{"lists": object{"a": object{"ranges": []any{[]int{2, 1}}}}})
	lin.refused(t, http.StatusBadRequest, "M_BAD_JSON", "POST", sliding, object{"lists": object{"a": object{"required_state": "all"}}})
}

func TestSigningOutEndsTheSlidingSyncThatWaits(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	other := lin.secondDevice(t)
	first := lin.ok(t, "POST", sliding, object{})
	answer := make(chan reply, 1)
	go func() { answer <- lin.call(t, "POST", sliding+"?timeout=60000&pos="+text(first["pos"]), object{}) }()
	for !s.hub.Awaited() {
		runtime.Gosched()
	}
	other.ok(t, "POST", "/_matrix/client/v3/logout/all", object{})
	got := <-answer
	got.mustRefuse(t, http.StatusUnauthorized, "M_UNKNOWN_TOKEN")
}
