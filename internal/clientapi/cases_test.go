package clientapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// unstable is where Wardroom's own addresses are.
const unstable = "/_matrix/client/unstable/org.wardroom/"

// steps are what was done in a case, as "what by>to".
func steps(c object) string {
	var all []string
	for _, s := range c["steps"].([]any) {
		one := s.(object)
		all = append(all, text(one["did"])+" "+text(one["by"])+">"+text(one["to"]))
	}
	return strings.ReplaceAll(strings.Join(all, ", "), ":wardroom.test", "")
}

// may is what may be done in a case.
func may(c object) string {
	var all []string
	for _, s := range c["may"].([]any) {
		all = append(all, s.(string))
	}
	return strings.Join(all, " ")
}

// number is a number as it stands in an address.
func number(v any) string { return fmt.Sprintf("%.0f", v) }

func is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q instead of %q", what, got, want)
	}
}

func TestWhoReportsHasANumberSomebodyInChargeADateAndAnAnswer(t *testing.T) {
	s := newServer(t)
	lin, mei, sora := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "sora")
	room := mei.newRoom(t, object{})
	mei.invite(t, room, sora)
	sora.join(t, room)
	said := mei.say(t, room, "1", cipher("x"))
	linKnew := lin.ok(t, "GET", v3+"/sync", nil)["next_batch"]

	made := sora.ok(t, "POST", in(room, "report", said), object{"reason": "It is meant to hurt."})
	mine := sora.ok(t, "GET", unstable+"cases", nil)["cases"].([]any)
	if len(mine) != 1 || mine[0].(object)["number"] != made["org.wardroom.case"] {
		t.Fatalf("sora's cases are %v", mine)
	}
	at := unstable + "cases/" + number(made["org.wardroom.case"])
	c := sora.ok(t, "GET", at, nil)
	is(t, "steps", steps(c), "opened @sora>, assigned >@lin")
	is(t, "what sora may", may(c), "say withdraw")
	about := c["about"].(object)
	if about["event_id"] != said || about["room_id"] != room || about["user_id"] != string(mei.user) {
		t.Errorf("it is about %v", about)
	}
	if days := (c["due"].(float64) - c["opened"].(float64)) / float64((24 * time.Hour).Milliseconds()); days != 7 {
		t.Errorf("it is to be answered in %v days", days)
	}

	told := lin.ok(t, "GET", v3+"/sync?since="+text(linKnew), nil)["account_data"].(object)["events"].([]any)
	if len(told) != 1 || told[0].(object)["type"] != "org.wardroom.cases" {
		t.Errorf("lin is told %v", told)
	}
	lin.refused(t, 405, "M_UNRECOGNIZED", "PUT", v3+"/user/"+string(lin.user)+"/account_data/org.wardroom.cases", object{"changed": 0})
	is(t, "what lin may", may(lin.ok(t, "GET", at, nil)), "say decide")
	mei.refused(t, 404, "M_NOT_FOUND", "GET", at, nil)

	lin.ok(t, "POST", at+"/say", object{"text": "I have asked both of you."})
	sora.refused(t, 403, "M_FORBIDDEN", "POST", at+"/decide", object{"outcome": "upheld", "text": "yes"})
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", at+"/decide", object{"outcome": "perhaps", "text": "yes"})
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", at+"/decide", object{"outcome": "upheld", "text": " "})
	lin.ok(t, "POST", at+"/decide", object{"outcome": "not_upheld", "text": "It was a quotation."})
	lin.refused(t, 403, "M_FORBIDDEN", "POST", at+"/decide", object{"outcome": "upheld", "text": "after all"})
	c = sora.ok(t, "GET", at, nil)
	is(t, "what sora may now", may(c), "appeal")
	is(t, "outcome", text(c["outcome"]), "not_upheld")

	// nobody judges an appeal against their own decision, but they hear of it
	linKnew = lin.ok(t, "GET", v3+"/sync", nil)["next_batch"]
	c = sora.ok(t, "POST", at+"/appeal", object{"text": "It was none."})
	is(t, "steps", steps(c), "opened @sora>, assigned >@lin, said @lin>, decided @lin>, appealed @sora>, assigned >")
	if c["in_charge"] != nil || c["state"] != "open" || c["appealed"] != true {
		t.Errorf("after the appeal it is %v", c)
	}
	is(t, "what lin may", may(lin.ok(t, "GET", at, nil)), "")
	if told := lin.ok(t, "GET", v3+"/sync?since="+text(linKnew), nil)["account_data"].(object)["events"].([]any); len(told) != 1 {
		t.Errorf("of the appeal lin is told %v", told)
	}
	lin.refused(t, 403, "M_FORBIDDEN", "POST", at+"/decide", object{"outcome": "not_upheld", "text": "again"})
	c = sora.ok(t, "POST", at+"/withdraw", object{})
	is(t, "state", text(c["state"]), "withdrawn")
	sora.refused(t, 403, "M_FORBIDDEN", "POST", at+"/say", object{"text": "one more"})
}

func TestNobodyAnswersACaseOfTheirOwn(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	c := mei.ok(t, "POST", unstable+"cases", object{"about": object{"user_id": lin.user}, "text": "He shouts."})
	is(t, "steps", steps(c), "opened @mei>, assigned >")
	at := unstable + "cases/" + number(c["number"])
	lin.refused(t, 404, "M_NOT_FOUND", "GET", at, nil)
	if all := lin.ok(t, "GET", unstable+"cases", nil)["cases"].([]any); len(all) > 0 {
		t.Errorf("lin is shown %v", all)
	}

	answer := lin.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/users/"+string(mei.user)+"/report", object{"reason": "She shouts."})
	if !strings.Contains(text(answer["error"]), "only one") {
		t.Errorf("lin reads %q", answer["error"])
	}
	open := lin.newRoom(t, object{"preset": "public_chat"})
	c = mei.ok(t, "POST", unstable+"cases", object{"about": object{"room_id": open}, "text": "Nobody may speak there."})
	is(t, "steps of a case about a room that lin runs", steps(c), "opened @mei>, assigned >")
}

func TestACaseIsHandedOver(t *testing.T) {
	s := newServer(t)
	lin, mei, sora := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "sora")
	opened := func(who, about *person) string {
		return unstable + "cases/" + number(who.ok(t, "POST", unstable+"cases", object{"about": object{"user_id": about.user}, "text": "x"})["number"])
	}
	handOver := func() {
		t.Helper()
		if err := s.api.Cases.HandOver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	waiting, own, other := opened(sora, lin), opened(mei, mei), opened(sora, sora)
	handOver()
	is(t, "steps of what waits while nobody comes", steps(sora.ok(t, "GET", waiting, nil)), "opened @sora>, assigned >")
	if r := lin.confirmed(t, "POST", deactivate, object{}, password); r.status != 200 {
		t.Fatalf("closing the account: %d %s", r.status, r.raw)
	}
	knew := sora.ok(t, "GET", v3+"/sync", nil)["next_batch"]
	handOver()
	is(t, "steps of what waited", steps(sora.ok(t, "GET", waiting, nil)), "opened @sora>, assigned >, assigned >@mei")
	is(t, "steps of what lin had", steps(sora.ok(t, "GET", other, nil)), "opened @sora>, assigned >@lin, assigned >@mei")
	is(t, "steps of mei's own", steps(mei.ok(t, "GET", own, nil)), "opened @mei>, assigned >@lin, assigned >")
	if told := sora.ok(t, "GET", v3+"/sync?since="+text(knew), nil)["account_data"].(object)["events"].([]any); len(told) != 1 {
		t.Errorf("sora is told %v", told)
	}
	is(t, "what mei may", may(mei.ok(t, "GET", other, nil)), "say decide")
}

func TestWhatACaseIsAbout(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	mei, sora := s.newPerson(t, "mei"), s.newPerson(t, "sora")
	closed, open := mei.newRoom(t, object{}), mei.newRoom(t, object{"preset": "public_chat"})
	said := mei.say(t, closed, "1", cipher("x"))
	for what, about := range map[string]object{
		"nothing": {}, "a person in a room": {"room_id": open, "user_id": mei.user}, "an event of no room": {"event_id": said}, "no ID": {"user_id": "mei"},
	} {
		answer := sora.call(t, "POST", unstable+"cases", object{"about": about, "text": "x"})
		if answer.status != 400 || answer.errcode() != "M_INVALID_PARAM" {
			t.Errorf("%s: %d %s", what, answer.status, answer.raw)
		}
	}
	sora.refused(t, 404, "M_NOT_FOUND", "POST", unstable+"cases", object{"about": object{"room_id": closed}, "text": "x"})
	sora.refused(t, 404, "M_NOT_FOUND", "POST", unstable+"cases", object{"about": object{"room_id": "!none"}, "text": "x"})
	sora.ok(t, "POST", unstable+"cases", object{"about": object{"room_id": open}, "text": "a\x00b"})
	sora.refused(t, 400, "M_INVALID_PARAM", "POST", unstable+"cases", object{"about": object{"room_id": open}, "text": strings.Repeat("字", 4001)})
	for range 19 {
		sora.ok(t, "POST", unstable+"cases", object{"about": object{"room_id": open}})
	}
	sora.refused(t, 429, "M_LIMIT_EXCEEDED", "POST", unstable+"cases", object{"about": object{"room_id": open}})
}
