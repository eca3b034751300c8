package clientapi_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/event"
)

// pageOf asks for messages with a query of name, value, name, value, …
func (p *person) pageOf(t testing.TB, room string, query ...string) object {
	t.Helper()
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	return p.ok(t, "GET", in(room, "messages")+"?"+q.Encode(), nil)
}

func TestPagesEndWhereTheyAreToldTo(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	var sent []string
	for n := range 10 {
		sent = append(sent, lin.say(t, room, fmt.Sprint(n), cipher("x")))
	}
	first := lin.pageOf(t, room, "dir", "b", "limit", "3")
	if got := each(objects(first["chunk"]), "event_id"); !slices.Equal(got, []string{sent[9], sent[8], sent[7]}) {
		t.Errorf("the newest page is %v", got)
	}
	next := lin.pageOf(t, room, "dir", "b", "limit", "100", "from", text(first["end"]), "to", text(lin.pageOf(t, room, "dir", "b", "limit", "6")["end"]))
	if got := each(objects(next["chunk"]), "event_id"); !slices.Equal(got, []string{sent[6], sent[5], sent[4]}) || next["end"] != nil {
		t.Errorf("between the two tokens lies %v, then %v", got, next["end"])
	}
	forth := lin.pageOf(t, room, "dir", "f", "limit", "2", "from", text(first["end"]))
	if got := each(objects(forth["chunk"]), "event_id"); !slices.Equal(got, []string{sent[7], sent[8]}) || forth["start"] != first["end"] {
		t.Errorf("forwards from the end of the newest page: %v from %v", got, forth["start"])
	}
	if all := lin.pageOf(t, room, "dir", "b", "limit", "100"); all["end"] != nil {
		t.Errorf("the beginning of the room is not the end: %v", all["end"])
	}
	for _, bad := range []string{"", "?dir=x", "?dir=b&from=x", "?dir=b&to=s-1", "?dir=b&limit=x", "?dir=b&limit=-1", "?dir=b&filter=%7B"} {
		if r := lin.call(t, "GET", in(room, "messages")+bad, nil); r.status != 400 {
			t.Errorf("%q: %d %s", bad, r.status, r.raw)
		}
	}
}

func TestFilteredPagesLoseNothing(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat", "creation_content": object{"org.wardroom.announcement": true}})
	mei.join(t, room)
	for n := range 30 {
		from, content := lin, object{"msgtype": "m.text", "body": fmt.Sprint(n)}
		if n%3 == 0 {
			from, content["url"] = mei, "mxc://wardroom.test/x"
		}
		e := from.ok(t, "PUT", in(room, "send", "m.room.message", fmt.Sprint(n)), content)["event_id"]
		if n%5 == 0 {
			lin.ok(t, "PUT", in(room, "send", "m.reaction", fmt.Sprint("r", n)), object{"m.relates_to": object{"rel_type": "m.annotation", "event_id": e, "key": "+"}})
		}
	}
	count := func(filter object) int {
		text1, _ := json.Marshal(filter)
		n, from := 0, ""
		for {
			query := []string{"dir", "b", "limit", "2", "filter", string(text1)}
			if from != "" {
				query = append(query, "from", from)
			}
			page := mei.pageOf(t, room, query...)
			n += len(objects(page["chunk"]))
			if from = text(page["end"]); from == "" {
				return n
			}
		}
	}
	for _, c := range []struct {
		filter object
		want   int
	}{
		{object{"types": []string{"m.room.message"}}, 30},
		{object{"types": []string{"m.room.mess*"}, "senders": []any{mei.user}}, 10},
		{object{"types": []string{"m.*"}, "not_types": []string{"m.room.*"}}, 6},
		{object{"types": []string{}}, 0},
		{object{"types": []string{"m.room.message"}, "not_senders": []any{mei.user}}, 20},
		{object{"contains_url": true}, 10},
		{object{"contains_url": false, "types": []string{"m.room.message"}}, 20},
		{object{"related_by_rel_types": []string{"m.annotation"}}, 6},
		{object{"related_by_senders": []any{mei.user}}, 0},
		{object{"related_by_senders": []any{lin.user}, "senders": []any{mei.user}}, 2},
		{object{"not_rooms": []string{room}}, 0},
		{object{"rooms": []string{}}, 0},
	} {
		if got := count(c.filter); got != c.want {
			t.Errorf("%v matches %d, want %d", c.filter, got, c.want)
		}
	}
	page := mei.pageOf(t, room, "dir", "b", "limit", "1", "filter", `{"lazy_load_members":true,"types":["m.reaction"]}`)
	if got := objects(page["state"]); len(got) != 1 || got[0]["state_key"] != string(lin.user) || got[0]["type"] != "m.room.member" {
		t.Errorf("the members with one event of lin are %v", got)
	}
}

func TestTheRawFormOfMessagesGivesTheirIDs(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{"name": "Quay 7"})
	sent := lin.say(t, room, "1", cipher("x"))
	r := lin.call(t, "GET", in(room, "messages")+"?dir=b&limit=1&filter="+url.QueryEscape(`{"event_format":"federation"}`), nil)
	var page struct{ Chunk []json.RawMessage }
	if err := json.Unmarshal(r.raw, &page); err != nil || len(page.Chunk) != 1 {
		t.Fatalf("%v: %s", err, r.raw)
	}
	if id, err := event.ID(event.V12, page.Chunk[0]); err != nil || string(id) != sent {
		t.Errorf("computed %s (%v), want %s", id, err, sent)
	}
}

func TestTheRawFormOfWhatWasAroundAnEventGivesTheirIDs(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	var sent []string
	for n := range 3 {
		sent = append(sent, lin.say(t, room, fmt.Sprint(n), cipher("x")))
	}
	r := lin.call(t, "GET", in(room, "context", sent[1])+"?limit=2&filter="+url.QueryEscape(`{"event_format":"federation"}`), nil)
	var around struct {
		Before []json.RawMessage `json:"events_before"`
		Event  json.RawMessage   `json:"event"`
		After  []json.RawMessage `json:"events_after"`
		State  []json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(r.raw, &around); err != nil || len(around.Before) != 1 || len(around.After) != 1 || len(around.State) == 0 {
		t.Fatalf("%v: %s", err, r.raw)
	}
	for i, e := range append([]json.RawMessage{around.Before[0], around.Event, around.After[0]}, around.State...) {
		id, err := event.ID(event.V12, e)
		if err != nil || i < 3 && string(id) != sent[i] || event.Value(e).Get("prev_events") == nil {
			t.Errorf("computed %s (%v) of %s", id, err, e)
		}
	}
}

func TestAnEventWithWhatWasAroundIt(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	var sent []string
	var times []int64
	for n := range 11 {
		id := lin.say(t, room, fmt.Sprint(n), cipher("x"))
		sent = append(sent, id)
		ts, _ := lin.ok(t, "GET", in(room, "event", id), nil)["origin_server_ts"].(float64)
		times = append(times, int64(ts))
	}
	around := func(query string) (string, object) {
		c := lin.ok(t, "GET", in(room, "context", sent[5])+query, nil)
		return fmt.Sprint(each(objects(c["events_before"]), "event_id"), dig(c, "event", "event_id"), each(objects(c["events_after"]), "event_id")), c
	}
	for query, want := range map[string]string{
		"":         fmt.Sprint([]string{sent[4], sent[3], sent[2], sent[1], sent[0]}, sent[5], sent[6:11]),
		"?limit=4": fmt.Sprint([]string{sent[4], sent[3]}, sent[5], sent[6:8]),
		"?limit=1": fmt.Sprint([]string{}, sent[5], sent[6:7]),
		"?limit=0": fmt.Sprint([]string{}, sent[5], []string{}),
		"?limit=4&filter=" + url.QueryEscape(`{"types":["m.room.name"]}`): fmt.Sprint([]string{}, sent[5], []string{}),
	} {
		got, c := around(query)
		if got != want {
			t.Errorf("%q gives %s, want %s", query, got, want)
		}
		if strings.Contains(query, "filter") {
			continue
		}
		before := lin.pageOf(t, room, "dir", "b", "limit", "1", "from", text(c["start"]))
		after := lin.pageOf(t, room, "dir", "f", "limit", "1", "from", text(c["end"]))
		oldest, newest := sent[5-len(objects(c["events_before"]))], 5+len(objects(c["events_after"]))
		if e := objects(before["chunk"])[0]; e["event_id"] == oldest || slices.Contains(sent[5-len(objects(c["events_before"])):], text(e["event_id"])) {
			t.Errorf("%q: before the start comes %v", query, e)
		}
		if chunk := objects(after["chunk"]); newest < 10 && (len(chunk) != 1 || chunk[0]["event_id"] != sent[newest+1]) {
			t.Errorf("%q: after the end comes %v", query, chunk)
		}
	}
	if _, c := around("?limit=2"); find(c["state"], "m.room.create", "") == nil || find(c["state"], "m.room.member", string(lin.user)) == nil {
		t.Errorf("the state around is %v", c["state"])
	}
	mei.refused(t, 404, "M_NOT_FOUND", "GET", in(room, "context", sent[5]), nil)
	mei.refused(t, 404, "M_NOT_FOUND", "GET", in(room, "event", sent[5]), nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", in(room, "event", "$unknown"), nil)
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", in(room, "event", "unknown"), nil)

	for _, dir := range []string{"f", "b"} {
		got := lin.ok(t, "GET", fmt.Sprintf("/_matrix/client/v1/rooms/%s/timestamp_to_event?ts=%d&dir=%s", url.PathEscape(room), times[5], dir), nil)
		at, _ := got["origin_server_ts"].(float64)
		if i := slices.Index(sent, text(got["event_id"])); i < 0 || times[i] != times[5] || int64(at) != times[5] {
			t.Errorf("at the time of event 5, %s, is %v (%d)", dir, got, i)
		}
	}
	lin.refused(t, 404, "M_NOT_FOUND", "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(room)+"/timestamp_to_event?dir=b&ts=1", nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(room)+"/timestamp_to_event?dir=f&ts=99999999999999", nil)
	mei.refused(t, 403, "M_FORBIDDEN", "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(room)+"/timestamp_to_event?dir=f&ts=1", nil)
}

func TestWhoMayRedactAndWhatIsLeft(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	for _, version := range []string{"10", "11", "12"} {
		room := lin.newRoom(t, object{"preset": "public_chat", "room_version": version})
		mei.join(t, room)
		lins, meis := lin.say(t, room, "1", cipher("lin's")), mei.say(t, room, "1", cipher("mei's"))
		mei.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "redact", lins, "2"), object{})
		oda.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "redact", lins, "2"), object{})
		lin.refused(t, 404, "M_NOT_FOUND", "PUT", in(room, "redact", "$unknown", "2"), object{})
		own := mei.ok(t, "PUT", in(room, "redact", meis, "3"), object{"reason": "a slip"})["event_id"]
		by := lin.ok(t, "PUT", in(room, "redact", lins, "4"), nil)["event_id"]
		if again := lin.ok(t, "PUT", in(room, "redact", lins, "4"), nil)["event_id"]; again != by {
			t.Errorf("version %s: the same redaction again is %v", version, again)
		}
		for id, want := range map[string]any{meis: own, lins: by} {
			e := mei.ok(t, "GET", in(room, "event", id), nil)
			because := dig(e, "unsigned", "redacted_because")
			if fmt.Sprint(e["content"]) != "map[]" || dig(because, "event_id") != want || dig(because, "content", "redacts") != id || dig(because, "redacts") != id {
				t.Errorf("version %s: the redacted event is %v", version, e)
			}
		}
		// As an ordinary event too, in the form of the room's version.
		more := lin.say(t, room, "5", cipher("more"))
		lin.ok(t, "PUT", in(room, "send", "m.room.redaction", "6"), object{"redacts": more})
		if because := dig(lin.ok(t, "GET", in(room, "event", more), nil), "unsigned", "redacted_because"); dig(because, "redacts") != more {
			t.Errorf("version %s: it is redacted because of %v", version, because)
		}
		lin.refused(t, 400, "M_BAD_JSON", "PUT", in(room, "send", "m.room.redaction", "7"), object{})
	}
}

// A label needs 100, as does what closes a room or says who may do what: it can not be emptied with the 50 that deleting takes.
func TestDeletingStateTakesThePowerToSetIt(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	for _, version := range []string{"10", "11", "12"} {
		room := lin.newRoom(t, object{
			"invite": []string{string(mei.user)}, "room_version": version, "name": "Quay",
			"power_level_content_override": object{"users": object{string(mei.user): 50}},
		})
		mei.join(t, room)
		event := func(typ, key string) string {
			return text(lin.ok(t, "GET", in(room, "state", typ)+"/"+key+"?format=event", nil)["event_id"])
		}
		set := func(typ string, content object) string {
			return text(lin.ok(t, "PUT", in(room, "state", typ), content)["event_id"])
		}
		label := set("org.wardroom.label", object{"level": "secret", "compartments": []string{"x"}})
		acl := set("m.room.server_acl", object{"allow": []string{"*"}})
		for _, id := range []string{label, acl, event("m.room.power_levels", ""), event("m.room.history_visibility", ""), event("m.room.encryption", "")} {
			mei.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "redact", id, "of "+id), object{})
		}
		if got := lin.state(t, room, "org.wardroom.label", ""); got["level"] != "secret" {
			t.Errorf("version %s: the label is %v", version, got)
		}
		// The owner may delete what the owner may set, but no label at all.
		lin.refused(t, 403, "M_FORBIDDEN", "PUT", in(room, "redact", label, "x"), object{})
		lin.ok(t, "PUT", in(room, "redact", acl, "y"), object{})
		// A moderator may delete what takes 50, and everybody the words in a membership of their own.
		mei.ok(t, "PUT", in(room, "redact", event("m.room.name", ""), "z"), object{})
		lin.ok(t, "PUT", in(room, "state", "m.room.power_levels"), object{"users": object{}})
		mei.ok(t, "PUT", in(room, "redact", event("m.room.member", string(mei.user)), "w"), object{})
	}
}

func TestAnEventThatIsTooLargeIsRefused(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	lin.refused(t, 413, "M_TOO_LARGE", "PUT", in(room, "send", "m.room.encrypted", "1"), cipher(strings.Repeat("x", 65536)))
	lin.say(t, room, "2", cipher(strings.Repeat("x", 60000)))
	lin.refused(t, 413, "M_TOO_LARGE", "PUT", in(room, "state", "m.room.topic", strings.Repeat("k", 256)), object{})
}

func TestSearchFindsNothingBecauseTheServerCannotRead(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	got := lin.ok(t, "POST", v3+"/search", object{"search_categories": object{"room_events": object{"search_term": "quay"}}})
	if dig(got, "search_categories", "room_events", "count") != 0.0 {
		t.Errorf("found %v", got)
	}
}
