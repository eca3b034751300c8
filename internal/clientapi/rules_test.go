package clientapi_test

// The rules that Matrix clients in use depend on, one test each, named after what a client relies on.

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// Clients look for a version by its exact name, and some know none above v1.13.
func TestEveryVersionFromTheFirstOnIsNamed(t *testing.T) {
	s := newServer(t)
	answer := s.call(t, "", "GET", "/_matrix/client/versions", nil).body
	versions, _ := answer["versions"].([]any)
	for minor := 1; minor <= 18; minor++ {
		if v := fmt.Sprintf("v1.%d", minor); !slices.Contains(versions, any(v)) {
			t.Errorf("%s is missing in %v", v, versions)
		}
	}
	for feature, what := range map[string]string{"org.matrix.msc4222": "state after the timeline", "org.matrix.simplified_msc3575": "sliding sync, which some clients do not go on without,"} {
		if dig(answer, "unstable_features", feature) != true {
			t.Errorf("%s is not announced: %v", what, answer["unstable_features"])
		}
	}
}

// Clients try a newer address, and fall back where it is not known.
func TestUnknownAddressesAndMethodsAreUnrecognized(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	for path, status := range map[string]int{
		"GET /_matrix/client/v3/unheard/of":                                                404,
		"GET /_matrix/client/v9/sync":                                                      404,
		"POST /_matrix/client/unstable/org.matrix.msc3575/sync":                            404,
		"GET /_matrix/client/v3%2Fsync":                                                    404, // the slash is part of a name
		"GET /_matrix/client/v3/":                                                          404,
		"DELETE /_matrix/client/v3/sync":                                                   405,
		"GET /_matrix/client/v3/createRoom":                                                405,
		"POST /_matrix/client/v3/rooms/%21x:wardroom.test/send/m.room.encrypted/1":         405,
		"PUT /_matrix/client/v3/rooms/%21x:wardroom.test/messages":                         405,
		"PATCH /_matrix/client/v3/rooms/%21x:wardroom.test/state/m.room.member/@lin%2Fx:a": 405,
	} {
		var method, address string
		if _, err := fmt.Sscan(path, &method, &address); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{"", lin.token} {
			r := s.call(t, token, method, address, nil)
			if r.status != status || r.errcode() != "M_UNRECOGNIZED" {
				t.Errorf("%s: %d %s, want %d M_UNRECOGNIZED", path, r.status, r.raw, status)
			}
		}
	}
}

// A client in a browser on another site may ask, and read the answer, also where it is a refusal. What is in an answer besides its content is the
// same for all, so that a cache may keep it, but for what only such a client reads.
func TestABrowserMayAskFromAnywhere(t *testing.T) {
	s := newServer(t)
	for path, method := range map[string]string{v3 + "/sync": "OPTIONS", v3 + "/unheard/of": "GET", v3 + "/account/whoami": "GET"} {
		for _, origin := range []string{"", "https://elsewhere.example"} {
			req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			resp, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			r := read(t, resp)
			if r.header.Get("Access-Control-Allow-Origin") != "*" || method == "OPTIONS" && r.status/100 != 2 {
				t.Errorf("%s %s: %d %v", method, path, r.status, r.header)
			}
			for _, name := range []string{"Access-Control-Allow-Methods", "Access-Control-Allow-Headers"} {
				if (r.header.Get(name) != "") != (origin != "" || method == "OPTIONS") {
					t.Errorf("%s %s from %q: %v", method, path, origin, r.header)
				}
			}
		}
	}
}

// Names in a path may hold anything, escaped: session IDs are base64, state keys and types are people's own.
func TestPathsAreReadEscaped(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	for i, name := range []string{"a/b", "a+b", "a%2Fb", "a b", "a?b#c", "ab=/", "埠頭/七", "a;b&c", "a//b", "//", "%"} {
		typ, key := "org.example/"+name, url.PathEscape(name)
		path := in(room, "state", typ) + "/" + key
		lin.ok(t, "PUT", path, object{"n": i})
		if got := lin.ok(t, "GET", path+"?format=event", nil); got["state_key"] != name || got["type"] != typ {
			t.Errorf("%q became %v", name, got)
		}
		data := v3 + "/user/" + url.PathEscape(string(lin.user)) + "/account_data/" + key
		lin.ok(t, "PUT", data, object{"n": i})
		if got := lin.ok(t, "GET", data, nil); got["n"] != float64(i) {
			t.Errorf("account data %q is %v", name, got)
		}
		txn := in(room, "send", "m.room.encrypted", name)
		if lin.ok(t, "PUT", txn, cipher("x"))["event_id"] != lin.ok(t, "PUT", txn, cipher("x"))["event_id"] {
			t.Errorf("the transaction %q was carried out twice", name)
		}
	}
	// This one net/http takes for the end of the path: it would be state under another key.
	lin.refused(t, 400, "M_INVALID_PARAM", "PUT", in(room, "state", "org.example.x")+"/%2f", object{})
}

// Older clients say r0, and some put their token into the address.
func TestR0AndTheTokenInTheAddressAreTaken(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	token := "?access_token=" + url.QueryEscape(lin.token)
	const r0 = "/_matrix/client/r0"
	for path, method := range map[string]string{
		r0 + "/sync": "GET",
		r0 + "/rooms/" + url.PathEscape(room) + "/state/org.example%2Fx/a%2Fb":       "PUT",
		r0 + "/rooms/" + url.PathEscape(room) + "/send/m.room.encrypted/1":           "PUT",
		r0 + "/rooms/" + url.PathEscape(room) + "/joined_members":                    "GET",
		v3 + "/user/" + url.PathEscape(string(lin.user)) + "/account_data/org.x%2Fy": "PUT",
		"/_matrix/media/r0/config": "GET",
	} {
		if r := s.call(t, "", method, path+token, cipher("x")); r.status != http.StatusOK {
			t.Errorf("%s %s: %d %s", method, path, r.status, r.raw)
		}
	}
	lin.ok(t, "GET", in(room, "state", "org.example/x", "a/b"), nil)
	s.call(t, "", "GET", r0+"/sync", nil).mustRefuse(t, 401, "M_MISSING_TOKEN")
	s.call(t, "", "GET", r0+"/sync?access_token=made-up", nil).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
}

// matrix-nio takes an answer without this key for none.
func TestJoinedMembersHaveADisplayNameKey(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	for _, name := range []any{nil, "Lin"} {
		if name != nil {
			lin.ok(t, "PUT", v3+"/profile/"+string(lin.user)+"/displayname", object{"displayname": name})
		}
		one := dig(lin.ok(t, "GET", in(room, "joined_members"), nil), "joined", string(lin.user))
		if got, there := one.(object)["display_name"]; !there || got != name {
			t.Errorf("display_name is %v, want %v", got, name)
		}
	}
}

// matrix-js-sdk asks under the unstable name and reads under the unstable name alone.
func TestStateAfterHasTheNameUnderWhichItWasAskedFor(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{"name": "Quay"})
	lin.say(t, room, "1", cipher("one"))
	filter := "&filter=" + url.QueryEscape(`{"room":{"timeline":{"limit":1}}}`)
	for asked, name := range map[string]string{
		"org.matrix.msc4222.use_state_after=true":  "org.matrix.msc4222.state_after",
		"use_state_after=true":                     "state_after",
		"use_state_after=false":                    "state",
		"org.matrix.msc4222.use_state_after=false": "state",
	} {
		got, _ := dig(lin.ok(t, "GET", v3+"/sync?"+asked+filter, nil), "rooms", "join", room).(object)
		if find(dig(got, name, "events"), "m.room.name", "") == nil {
			t.Errorf("%s: no state under %s in %v", asked, name, slices.Sorted(maps.Keys(got)))
		}
		if _, there := got["state"]; there != (name == "state") {
			t.Errorf("%s: %v", asked, slices.Sorted(maps.Keys(got)))
		}
	}
}

// A client finds its own message by this, and another must not take it for its own.
func TestATransactionIDIsShownToItsDeviceAlone(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
	mei.join(t, room)
	id := lin.say(t, room, "mine", cipher("one"))
	for _, p := range []*person{lin, lin.secondDevice(t), mei} {
		events, _ := dig((&synced{person: p}).sync(t), "rooms", "join", room, "timeline", "events").([]any)
		for _, e := range append(events, p.ok(t, "GET", in(room, "event", id), nil)) {
			txn, there := dig(e, "unsigned", "transaction_id").(string)
			if own := p == lin && dig(e, "event_id") == id; there != own || own && txn != "mine" {
				t.Errorf("%s of %s reads transaction ID %q of %v", p.device, p.user, txn, dig(e, "event_id"))
			}
		}
	}
}

// Clients show who removed a message, and when, from what stands in the removed one.
func TestRedactedEventsSayWhatRedactedThem(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	id := lin.say(t, room, "1", cipher("one"))
	by := lin.ok(t, "PUT", in(room, "redact", id, "2"), object{"reason": "a slip"})["event_id"]
	events, _ := dig((&synced{person: lin}).sync(t), "rooms", "join", room, "timeline", "events").([]any)
	seen := 0
	for _, e := range append(events, lin.ok(t, "GET", in(room, "event", id), nil)) {
		if dig(e, "event_id") != id {
			continue
		}
		seen++
		because := dig(e, "unsigned", "redacted_because")
		if dig(because, "event_id") != by || dig(because, "content", "reason") != "a slip" || dig(because, "sender") != string(lin.user) || dig(e, "content", "ciphertext") != nil {
			t.Errorf("the redacted event is %v", e)
		}
	}
	if seen != 2 {
		t.Errorf("it was seen %d times, want in sync and by itself", seen)
	}
}

// Paging back while others write neither leaves a message out nor gives one twice.
func TestPagingBackWhileOthersSendIsComplete(t *testing.T) {
	s := newServer(t)
	reader := s.newPerson(t, "reader")
	room := reader.newRoom(t, object{"preset": "public_chat"})
	const writers, each = 4, 30
	var all sync.WaitGroup
	for w := range writers {
		p := s.newPerson(t, fmt.Sprintf("writer%d", w))
		p.join(t, room)
		all.Go(func() {
			for i := range each {
				p.say(t, room, fmt.Sprint(i), cipher("x"))
			}
		})
	}
	d := &synced{person: reader, filter: `{"room":{"timeline":{"limit":7}}}`}
	got := map[string]int{}
	count := func(events []object) {
		for _, e := range events {
			if e["type"] == "m.room.encrypted" {
				got[text(e["event_id"])]++
			}
		}
	}
	for len(got) < writers*each {
		since := d.since
		timeline := dig(d.syncFor(t, 10_000_000_000), "rooms", "join", room, "timeline")
		count(objects(dig(timeline, "events")))
		if dig(timeline, "limited") != true {
			continue
		}
		for from := text(dig(timeline, "prev_batch")); from != ""; { // fill the gap, down to where the last sync ended
			page := reader.ok(t, "GET", in(room, "messages")+"?"+url.Values{"dir": {"b"}, "limit": {"5"}, "from": {from}, "to": {since}}.Encode(), nil)
			count(objects(page["chunk"]))
			from = text(page["end"])
		}
	}
	all.Wait()
	for id, n := range got {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if history := reader.history(t, room, "b", 11); len(slices.DeleteFunc(history, func(e object) bool { return e["type"] != "m.room.encrypted" })) != writers*each {
		t.Errorf("%d messages are there, want %d", len(history), writers*each)
	}
}

// hydrogen finds the creator of a room in the content of its first event.
func TestARoomOfVersion10NamesItsCreator(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{"room_version": "10"})
	if got := lin.state(t, room, "m.room.create", "")["creator"]; got != string(lin.user) {
		t.Errorf("the creator is %v", got)
	}
}

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

// Matrix clients send the steps of verifying somebody in clear, also where the room is encrypted. Nothing else fits into a step.
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
		mei.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "send", "m.key.verification."+step, "more "+step), object{
			"m.relates_to": object{"rel_type": "m.reference", "event_id": first}, "body": "in clear",
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
