package clientapi_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"
)

// notified pages through all notifications and returns the ciphertexts, the newest first, each with "read " before it where it
// is read.
func (p *person) notified(t *testing.T, limit int) (all []string) {
	t.Helper()
	for from := ""; ; {
		answer := p.ok(t, "GET", fmt.Sprintf("%s/notifications?limit=%d&from=%s", v3, limit, from), nil)
		for _, one := range objects(answer["notifications"]) {
			e, _ := one["event"].(object)
			content, _ := e["content"].(object)
			what := text(content["ciphertext"])
			if one["read"] == true {
				what = "read " + what
			}
			if one["ts"] != e["origin_server_ts"] || text(one["room_id"]) == "" || len(one["actions"].([]any)) != 1 {
				t.Errorf("a notification is %v", one)
			}
			all = append(all, what)
		}
		if from = text(answer["next_token"]); from == "" {
			return all
		}
	}
}

func TestNotificationsAreWhatCountedAsUnread(t *testing.T) {
	s := newServer(t)
	lin, mei, sora := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "sora")
	quay, gate, other := lin.newRoom(t, object{}), lin.newRoom(t, object{}), lin.newRoom(t, object{})
	lin.say(t, quay, "0", cipher("before mei came"))
	for _, room := range []string{quay, gate} {
		lin.invite(t, room, mei)
		mei.join(t, room)
	}
	first := lin.say(t, quay, "1", cipher("one"))
	mei.say(t, quay, "1", cipher("her own"))
	lin.say(t, gate, "2", cipher("two"))
	lin.say(t, other, "3", cipher("not hers to know"))
	reply := cipher("three, in a thread")
	reply["m.relates_to"] = object{"rel_type": "m.thread", "event_id": first}
	threaded := lin.say(t, quay, "4", reply)
	gone := lin.say(t, quay, "5", cipher("taken back"))
	lin.ok(t, "PUT", in(quay, "redact", gone, "6"), object{})
	last := lin.say(t, quay, "7", cipher("four"))

	want := []string{"four", "three, in a thread", "two", "one"}
	for _, limit := range []int{0, 1, 2, 3, 50} {
		if got := mei.notified(t, limit); !slices.Equal(got, want) {
			t.Errorf("%d at a time, mei's notifications are %q, want %q", limit, got, want)
		}
	}
	if got := sora.notified(t, 10); len(got) > 0 {
		t.Errorf("who is in no room was notified of %q", got)
	}
	if got := mei.ok(t, "GET", v3+"/notifications?only=highlight", nil); len(objects(got["notifications"])) > 0 {
		t.Errorf("the server took something for a highlight: %v", got)
	}

	mei.ok(t, "POST", in(quay, "receipt", "m.read.private", first), object{"thread_id": "main"})
	want = []string{"four", "three, in a thread", "two", "read one"}
	if got := mei.notified(t, 2); !slices.Equal(got, want) {
		t.Errorf("after the first was read they are %q, want %q", got, want)
	}
	mei.ok(t, "POST", in(quay, "receipt", "m.read", threaded), object{"thread_id": first})
	mei.ok(t, "POST", in(quay, "receipt", "m.read", last), object{"thread_id": "main"})
	want = []string{"read four", "read three, in a thread", "two", "read one"}
	if got := mei.notified(t, 2); !slices.Equal(got, want) {
		t.Errorf("after the thread was read they are %q, want %q", got, want)
	}

	mei.ok(t, "POST", in(quay, "leave"), object{})
	if got := mei.notified(t, 2); !slices.Equal(got, []string{"two"}) {
		t.Errorf("out of the room she is told of %q", got)
	}
	for _, q := range []string{"from=made+up", "limit=-1", "limit=x"} {
		mei.refused(t, 400, "M_INVALID_PARAM", "GET", v3+"/notifications?"+q, nil)
	}
}

func TestANewNameReadsNothing(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	lin.invite(t, room, mei)
	mei.join(t, room)
	lin.say(t, room, "1", cipher("one"))
	lin.say(t, room, "2", cipher("two"))
	mei.ok(t, "PUT", v3+"/profile/"+string(mei.user)+"/displayname", object{"displayname": "Mei of the night shift"})
	rooms, _ := mei.ok(t, "GET", v3+"/sync", nil)["rooms"].(object)
	joined, _ := rooms["join"].(object)
	one, _ := joined[room].(object)
	unread, _ := one["unread_notifications"].(object)
	if unread["notification_count"] != 2.0 {
		t.Errorf("after a new name %v are unread, want 2", unread["notification_count"])
	}
	if got := mei.notified(t, 10); len(got) != 2 {
		t.Errorf("the notifications are %q", got)
	}
}

// What one's push rules keep quiet is no notification, and sync counts none; it is unread all the same, which is a number beside. The
// master switch and a room's level count, as far as the server can know what they are about.
func TestWhatWasMutedIsNoNotification(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	var rooms []string
	for _, name := range []string{"quay", "tide"} {
		room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
		mei.join(t, room)
		lin.say(t, room, "1", cipher("in "+name))
		rooms = append(rooms, room)
	}
	const rules = v3 + "/pushrules/global"
	quiet := object{"actions": []string{}, "conditions": []object{{"kind": "event_match", "key": "room_id", "pattern": rooms[0]}}}
	expect := func(what string, want ...string) {
		t.Helper()
		if got := mei.notified(t, 10); !slices.Equal(got, want) {
			t.Errorf("%s: the notifications are %q, want %q", what, got, want)
		}
		for i, room := range rooms {
			told := 0.0
			if slices.Contains(want, "in "+[]string{"quay", "tide"}[i]) {
				told = 1
			}
			synced := mei.ok(t, "GET", v3+"/sync", nil)
			n, all := dig(synced, "rooms", "join", room, "unread_notifications", "notification_count"), dig(synced, "rooms", "join", room, "org.wardroom.unread", "main")
			if n != told || all != map[float64]any{0: 1.0, 1: nil}[told] {
				t.Errorf("%s: sync counts %v in room %d, and %v in all; want %v, and 1 where that is another number", what, n, i, all, told)
			}
		}
	}
	expect("at first", "in tide", "in quay")
	mei.ok(t, "PUT", rules+"/override/"+url.PathEscape(rooms[0]), quiet)
	expect("one room muted", "in tide")
	mei.ok(t, "DELETE", rules+"/override/"+url.PathEscape(rooms[0]), nil)
	mei.ok(t, "PUT", rules+"/room/"+url.PathEscape(rooms[1]), object{"actions": []string{}})
	expect("mentions alone in the other", "in quay")
	mei.ok(t, "PUT", rules+"/override/.m.rule.master/enabled", object{"enabled": true})
	expect("all quiet")
	mei.ok(t, "PUT", rules+"/override/.m.rule.master/enabled", object{"enabled": false})
	mei.ok(t, "DELETE", rules+"/room/"+url.PathEscape(rooms[1]), nil)
	expect("as at first", "in tide", "in quay")
	mei.ok(t, "PUT", rules+"/sender/"+string(lin.user), object{"actions": []string{}})
	expect("quiet of lin")
	mei.ok(t, "DELETE", rules+"/sender/"+string(lin.user), nil)
	two := object{"actions": []string{}, "conditions": []object{{"kind": "room_member_count", "is": "2"}}}
	mei.ok(t, "PUT", rules+"/override/two", two)
	expect("quiet of two")
	lin.ok(t, "POST", in(rooms[1], "invite"), object{"user_id": s.newPerson(t, "oda").user})
	expect("an invitation is nobody who is there")
}

// In a room that is open the server reads what is said, so there it knows who is named.
func TestInAnOpenRoomSyncCountsWhoIsNamed(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	room := lin.newRoom(t, object{"creation_content": object{"org.wardroom.announcement": true}, "invite": []string{string(mei.user), string(oda.user)},
		"power_level_content_override": object{"events_default": 0}})
	mei.join(t, room)
	oda.join(t, room)
	n := 0
	say := func(by *person, content object) string {
		t.Helper()
		n++
		content["body"] = "x"
		return text(by.ok(t, "PUT", in(room, "send", "m.room.message", fmt.Sprint(n)), content)["event_id"])
	}
	named := func(who ...string) object { return object{"msgtype": "m.text", "m.mentions": object{"user_ids": who}} }
	root := say(lin, named())
	say(lin, named(string(mei.user)))
	say(lin, named(string(oda.user)))
	say(lin, object{"msgtype": "m.notice"})
	say(oda, object{"msgtype": "m.text", "m.mentions": object{"room": true}}) // has no power to
	reply := named(string(mei.user))
	reply["m.relates_to"] = object{"rel_type": "m.thread", "event_id": root}
	say(oda, reply)
	expect := func(what string, main, highlights, all any, thread any) {
		t.Helper()
		there := dig(mei.ok(t, "GET", v3+"/sync?filter="+url.QueryEscape(`{"room":{"timeline":{"unread_thread_notifications":true}}}`), nil), "rooms", "join", room)
		got := []any{dig(there, "unread_notifications", "notification_count"), dig(there, "unread_notifications", "highlight_count"),
			dig(there, "org.wardroom.unread", "main"), dig(there, "unread_thread_notifications", root, "highlight_count")}
		if want := []any{main, highlights, all, thread}; !slices.Equal(got, want) {
			t.Errorf("%s: counted are %v, want %v", what, got, want)
		}
	}
	expect("at first", 4.0, 1.0, 5.0, 1.0)
	mei.ok(t, "PUT", v3+"/pushrules/global/room/"+url.PathEscape(room), object{"actions": []string{}})
	expect("mentions alone", 1.0, 1.0, 5.0, 1.0)
	if got := objects(mei.ok(t, "GET", v3+"/notifications?only=highlight", nil)["notifications"]); len(got) != 2 {
		t.Errorf("the highlights are %v", got)
	}
	mei.ok(t, "PUT", v3+"/pushrules/global/override/quiet", object{"actions": []string{}, "conditions": []object{{"kind": "event_match", "key": "room_id", "pattern": room}}})
	expect("muted", 0.0, 0.0, 5.0, 0.0)
}

// Of somebody whom one ignores only what belongs to a room's state comes: who is in it, what it is called.
func TestWhoIsIgnoredIsNotHeard(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	room := lin.newRoom(t, object{"invite": []string{string(mei.user), string(oda.user)}, "power_level_content_override": object{"users_default": 50}, "room_version": "11"})
	mei.join(t, room)
	oda.join(t, room)
	root := oda.say(t, room, "root", cipher("root"))
	meis, odas := &synced{person: mei}, &synced{person: oda}
	meis.sync(t)
	odas.sync(t)
	ignore := v3 + "/user/" + string(mei.user) + "/account_data/m.ignored_user_list"
	mei.ok(t, "PUT", ignore, object{"ignored_users": object{string(lin.user): object{}, string(mei.user): object{}, "@nobody:wardroom.test": object{}}})
	oda.say(t, room, "1", cipher("oda's"))
	lin.say(t, room, "1", cipher("lin's"))
	lin.say(t, room, "2", to("m.thread", root))
	mei.say(t, room, "1", cipher("mei's"))
	lin.ok(t, "PUT", in(room, "state", "m.room.name"), object{"name": "Quay"})
	lin.newRoom(t, object{"invite": []string{string(mei.user), string(oda.user)}})
	said := func(d *synced) (all []string, invitations int, unread any) {
		answer := d.sync(t)
		there := dig(answer, "rooms", "join", room)
		for _, e := range objects(dig(there, "timeline", "events")) {
			if text(e["type"]) == "m.room.name" {
				all = append(all, "the name")
			} else {
				all = append(all, text(dig(e, "content", "ciphertext")))
			}
		}
		invited, _ := dig(answer, "rooms", "invite").(object)
		return all, len(invited), dig(there, "unread_notifications", "notification_count")
	}
	got, invitations, unread := said(meis)
	if want := []string{"oda's", "mei's", "the name"}; !slices.Equal(got, want) || invitations != 0 || unread != 2.0 {
		t.Errorf("who ignores hears %q, %d invitations, %v unread; want %q, none, 2", got, invitations, unread, want)
	}
	got, invitations, unread = said(odas)
	if want := []string{"oda's", "lin's", "x", "mei's", "the name"}; !slices.Equal(got, want) || invitations != 1 || unread != 3.0 {
		t.Errorf("somebody else hears %q, %d invitations, %v unread; want %q, one, 3", got, invitations, unread, want)
	}
	if got := mei.notified(t, 10); !slices.Equal(got, []string{"oda's", "root"}) {
		t.Errorf("the notifications are %q", got)
	}
	// Whoever ignores nobody any more hears all from then on.
	mei.ok(t, "PUT", ignore, object{"ignored_users": object{}})
	lin.say(t, room, "3", cipher("lin's again"))
	if got, _, _ := said(meis); !slices.Equal(got, []string{"lin's again"}) {
		t.Errorf("afterwards %q", got)
	}
}

// What was deleted leaves the devices that have it, also of who ignores its sender by then; what the sender says of it is not told.
func TestWhatIgnoredPeopleDeleteGoes(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	for _, version := range []string{"10", "11"} {
		room := lin.newRoom(t, object{"preset": "public_chat", "room_version": version})
		mei.join(t, room)
		oda.join(t, room)
		regretted := lin.say(t, room, "1", cipher("regretted"))
		meis, odas := &synced{person: mei}, &synced{person: oda}
		meis.sync(t)
		odas.sync(t)
		mei.ok(t, "PUT", v3+"/user/"+string(mei.user)+"/account_data/m.ignored_user_list", object{"ignored_users": object{string(lin.user): object{}}})
		lin.say(t, room, "2", cipher("unheard"))
		lin.ok(t, "PUT", in(room, "redact", regretted, "3"), object{"reason": "look at me"})
		slid := objects(dig(mei.ok(t, "POST", sliding, object{"lists": object{"all": object{"ranges": [][]int{{0, 10}}, "timeline_limit": 10, "required_state": []any{}}}}), "rooms", room, "timeline"))
		for name, c := range map[string]struct {
			told   []object
			reason any
			events int
		}{
			"who ignores":  {objects(dig(meis.sync(t), "rooms", "join", room, "timeline", "events")), nil, 1},
			"who slides":   {slid[max(0, len(slid)-1):], nil, 1},
			"who does not": {objects(dig(odas.sync(t), "rooms", "join", room, "timeline", "events")), "look at me", 2},
		} {
			var last object
			if len(c.told) > 0 {
				last = c.told[len(c.told)-1]
			}
			if len(c.told) != c.events || last["type"] != "m.room.redaction" || last["redacts"] != regretted || dig(last, "content", "redacts") != regretted || dig(last, "content", "reason") != c.reason {
				t.Errorf("in version %s %s is told %v", version, name, c.told)
			}
		}
		mei.ok(t, "PUT", v3+"/user/"+string(mei.user)+"/account_data/m.ignored_user_list", object{})
	}
}

// Pages of what was said before leave out whom one ignores, as a sync does, and lead on to the end all the same.
func TestWhoIsIgnoredIsNotReadLater(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	oda.join(t, room)
	root := oda.say(t, room, "root", cipher("root"))
	for i := range 12 {
		lin.say(t, room, fmt.Sprint(i), cipher("lin's"))
	}
	middle := oda.say(t, room, "m", cipher("middle"))
	answer := oda.say(t, room, "a", to("m.thread", root))
	oda.say(t, room, "r", to("m.reference", root))
	lin.say(t, room, "a", to("m.thread", root))
	lin.say(t, room, "r", to("m.reference", root))
	lins := lin.say(t, room, "l", cipher("lin's"))
	oda.say(t, room, "a2", to("m.thread", lins))
	silent := oda.say(t, room, "s", cipher("silent"))
	lin.say(t, room, "a3", to("m.thread", silent))
	lin.ok(t, "PUT", in(room, "state", "m.room.topic"), object{"topic": "boats"})
	const all = 12
	for step, p := range map[string]*person{"mei": mei, "oda": oda} {
		hears := p == oda
		if !hears {
			p.ok(t, "PUT", v3+"/user/"+string(p.user)+"/account_data/m.ignored_user_list", object{"ignored_users": object{string(lin.user): object{}}})
		}
		given := func(what string, events ...object) (others int) {
			for _, e := range events {
				if text(e["sender"]) == string(lin.user) && e["state_key"] == nil {
					others++
				}
			}
			if !hears && others > 0 {
				t.Errorf("%s is given %d events of whom she ignores by %s", step, others, what)
			}
			return others
		}
		for _, dir := range []string{"b", "f"} {
			pages, heard, seen := 0, 0, map[string]bool{}
			for from := ""; ; pages++ {
				page := p.ok(t, "GET", in(room, "messages")+"?dir="+dir+"&limit=2"+from, nil)
				chunk := objects(page["chunk"])
				heard += given("messages", chunk...)
				for _, e := range chunk {
					if id := text(e["event_id"]); seen[id] {
						t.Errorf("%s is given %s twice", step, id)
					} else {
						seen[id] = true
					}
				}
				if text(page["end"]) == "" {
					break
				}
				if pages > 100 {
					t.Fatal("there is no end")
				}
				from = "&from=" + text(page["end"])
			}
			if !seen[root] || !seen[middle] || !seen[silent] || hears && heard < all {
				t.Errorf("%s, %s: of %d events %d are lin's", step, dir, len(seen), heard)
			}
		}
		around := p.ok(t, "GET", in(room, "context", middle)+"?limit=20", nil)
		given("context", append(objects(around["events_before"]), objects(around["events_after"])...)...)
		related := objects(p.ok(t, "GET", relations(room, root), nil)["chunk"])
		given("relations", related...)
		threads := objects(p.ok(t, "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(room)+"/threads", nil)["chunk"])
		given("threads", threads...)
		counts := map[string]any{"related": len(related), "threads": len(threads)}
		for _, e := range threads {
			if text(e["event_id"]) == root {
				thread := dig(e, "unsigned", "m.relations", "m.thread")
				latest, _ := dig(thread, "latest_event").(object)
				given("the end of a thread", latest)
				counts["in thread"], counts["latest is oda's"] = dig(thread, "count"), text(latest["event_id"]) == answer
				counts["references"] = len(objects(dig(e, "unsigned", "m.relations", "m.reference", "chunk")))
			}
		}
		want := map[string]any{"related": 2, "threads": 1, "in thread": 1.0, "latest is oda's": true, "references": 1}
		if hears {
			want = map[string]any{"related": 4, "threads": 3, "in thread": 2.0, "latest is oda's": false, "references": 2}
		}
		if !maps.Equal(counts, want) {
			t.Errorf("%s is given %v, want %v", step, counts, want)
		}
	}
}
