package clientapi_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// synced is one device's sync: it keeps the token.
type synced struct {
	*person
	since  string
	filter string
}

// sync asks what is new and gives the answer; it does not wait.
func (d *synced) sync(t testing.TB) object { return d.syncFor(t, 0) }

// syncFor is sync that waits for news.
func (d *synced) syncFor(t testing.TB, wait time.Duration) object {
	t.Helper()
	q := url.Values{"timeout": {itoa(wait.Milliseconds())}, "use_state_after": {"true"}}
	if d.since != "" {
		q.Set("since", d.since)
	}
	if d.filter != "" {
		q.Set("filter", d.filter)
	}
	answer := d.ok(t, "GET", "/_matrix/client/v3/sync?"+q.Encode(), nil)
	d.since = text(answer["next_batch"])
	return answer
}

// dig follows keys into v; nil where there is nothing.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(object)
		v = m[k]
	}
	return v
}

// bodies lists content.body of the events in list.
func bodies(list any) []string {
	var all []string
	events, _ := list.([]any)
	for _, e := range events {
		if b := text(dig(e, "content", "body")); b != "" {
			all = append(all, b)
		}
	}
	return all
}

// find gives the first event of that type and state key ("" for any) in list.
func find(list any, typ, key string) object {
	events, _ := list.([]any)
	for _, e := range events {
		if text(dig(e, "type")) == typ && (key == "" || text(dig(e, "state_key")) == key) {
			return e.(object)
		}
	}
	return nil
}

func announcements(t testing.TB, p *person, more object) string {
	t.Helper()
	body := object{"preset": "private_chat", "creation_content": object{"org.wardroom.announcement": true}}
	for k, v := range more {
		body[k] = v
	}
	return text(p.ok(t, "POST", "/_matrix/client/v3/createRoom", body)["room_id"])
}

func say(t testing.TB, p *person, room, txn, body string) string {
	t.Helper()
	return text(p.ok(t, "PUT", "/_matrix/client/v3/rooms/"+room+"/send/m.room.message/"+txn, object{"msgtype": "m.text", "body": body})["event_id"])
}

func TestSyncTellsTwoPeopleTheSame(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	a, b := &synced{person: lin}, &synced{person: sora}
	first := a.sync(t)
	if find(dig(first, "account_data", "events"), "m.push_rules", "") == nil {
		t.Error("the first sync has no push rules")
	}
	if n, ok := dig(first, "device_one_time_keys_count", "signed_curve25519").(float64); !ok || n != 0 {
		t.Errorf("one-time key count: %v", first["device_one_time_keys_count"])
	}
	b.sync(t)

	room := announcements(t, lin, object{"name": "Quay 7", "invite": []string{string(sora.user)}})
	invited := b.sync(t)
	if find(dig(invited, "rooms", "invite", room, "invite_state", "events"), "m.room.name", "") == nil {
		t.Fatalf("the invitation does not name the room: %v", invited)
	}
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	say(t, lin, room, "1", "good morning")
	for _, d := range []*synced{a, b} {
		got := d.sync(t)
		if said := bodies(dig(got, "rooms", "join", room, "timeline", "events")); len(said) != 1 || said[0] != "good morning" {
			t.Errorf("%s reads %v", d.user, said)
		}
		state := dig(got, "rooms", "join", room, "state_after", "events")
		for typ, key := range map[string]string{"m.room.create": "", "m.room.name": "", "m.room.member": string(sora.user)} {
			if find(state, typ, key) == nil {
				t.Errorf("%s: no %s %s in the state", d.user, typ, key)
			}
		}
		if n := dig(got, "rooms", "join", room, "summary", "m.joined_member_count"); n != 2.0 {
			t.Errorf("%s counts %v members", d.user, n)
		}
	}
	again := b.sync(t)
	if dig(again, "rooms", "join", room) != nil {
		t.Errorf("told twice: %v", again)
	}
}

func TestSyncWaitsAndIsWoken(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	b := &synced{person: sora}
	b.sync(t)
	for _, what := range []string{"one", "two"} {
		got := make(chan []string)
		go func() {
			got <- bodies(dig(b.syncFor(t, time.Minute), "rooms", "join", room, "timeline", "events"))
		}()
		say(t, lin, room, what, what)
		if said := <-got; len(said) != 1 || said[0] != what {
			t.Fatalf("woken with %v, want %q", said, what)
		}
	}
}

func TestAGapIsSaidAndItsStateIsComplete(t *testing.T) {
	s := newServer(t)
	lin, sora, kai := s.newPerson(t, "lin"), s.newPerson(t, "sora"), s.newPerson(t, "kai")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	b := &synced{person: sora, filter: `{"room":{"timeline":{"limit":3},"state":{"lazy_load_members":true}}}`}
	b.sync(t)
	kai.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		say(t, lin, room, n, n)
	}
	got := dig(b.sync(t), "rooms", "join", room)
	if dig(got, "timeline", "limited") != true {
		t.Fatal("the gap is not marked as limited")
	}
	if find(dig(got, "state_after", "events"), "m.room.member", string(kai.user)) == nil {
		t.Error("whoever encrypts would not know of the member who joined in the gap")
	}
	back := sora.ok(t, "GET", "/_matrix/client/v3/rooms/"+room+"/messages?dir=b&limit=2&from="+text(dig(got, "timeline", "prev_batch")), nil)
	if said := bodies(back["chunk"]); len(said) != 2 || said[0] != "2" || said[1] != "1" {
		t.Errorf("before the gap: %v, want 2, 1", said)
	}
}

// Whoever missed it that a room was encrypted must be told, or would write in clear, also in a room of many, whose members a lazy
// client gets in parts.
func TestAGapThatEncryptionWasSwitchedOnInSaysSo(t *testing.T) {
	s := newServer(t)
	lin, sora, late := s.newPerson(t, "lin"), s.newPerson(t, "sora"), s.newPerson(t, "late")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.join(t, room)
	for n := range 8 {
		s.newPerson(t, "member"+itoa(int64(n))).join(t, room)
	}
	say(t, lin, room, "before", "for all")
	since := (&synced{person: sora}).sync(t)["next_batch"]
	lin.ok(t, "PUT", in(room, "state", "m.room.encryption"), object{"algorithm": "m.megolm.v1.aes-sha2"})
	late.join(t, room)
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		lin.say(t, room, n, cipher(n))
	}
	for _, where := range []string{"state", "state_after"} {
		for _, lazy := range []string{"false", "true"} {
			for _, from := range []string{text(since), ""} {
				q := url.Values{"filter": {`{"room":{"timeline":{"limit":3},"state":{"lazy_load_members":` + lazy + `}}}`}, "use_state_after": {strconv.FormatBool(where == "state_after")}}
				if from != "" {
					q.Set("since", from)
				}
				got := dig(sora.ok(t, "GET", v3+"/sync?"+q.Encode(), nil), "rooms", "join", room)
				if dig(got, "timeline", "limited") != true {
					t.Fatalf("%s, lazy %s, since %q: no gap", where, lazy, from)
				}
				state := dig(got, where, "events")
				if dig(find(state, "m.room.encryption", ""), "content", "algorithm") != "m.megolm.v1.aes-sha2" {
					t.Errorf("%s, lazy %s, since %q: the room is not said to be encrypted", where, lazy, from)
				}
				if from != "" && find(state, "m.room.member", string(late.user)) == nil {
					t.Errorf("%s, lazy %s: whoever encrypts would not know of who joined in the gap", where, lazy)
				}
			}
		}
	}
}

// matrix-js-sdk loads the members of a room as of its last sync.
func TestMembersAreListedAsOfASync(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := announcements(t, lin, object{"preset": "public_chat"})
	a := &synced{person: lin}
	a.sync(t)
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	at := func() any {
		return lin.ok(t, "GET", "/_matrix/client/v3/rooms/"+room+"/members?not_membership=leave&at="+a.since, nil)["chunk"]
	}
	if find(at(), "m.room.member", string(sora.user)) != nil {
		t.Error("sora is listed before she joined")
	}
	a.sync(t)
	if find(at(), "m.room.member", string(sora.user)) == nil {
		t.Error("sora is not listed after she joined")
	}
}

func TestUnreadCountsFollowReceipts(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	b := &synced{person: sora}
	b.sync(t)
	unread := func() any { return dig(b.sync(t), "rooms", "join", room, "unread_notifications", "notification_count") }
	say(t, lin, room, "1", "one")
	two := say(t, lin, room, "2", "two")
	if n := unread(); n != 2.0 {
		t.Fatalf("unread: %v, want 2", n)
	}
	say(t, lin, room, "3", "three")
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/receipt/m.read.private/"+two, object{"thread_id": "main"})
	if n := unread(); n != 1.0 {
		t.Fatalf("unread after reading two of three: %v, want 1", n)
	}
	a := &synced{person: lin}
	if receipt := find(dig(a.sync(t), "rooms", "join", room, "ephemeral", "events"), "m.receipt", ""); receipt != nil {
		t.Errorf("a private receipt was shown to another person: %v", receipt)
	}
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/receipt/m.read/"+two, object{})
	if receipt := find(dig(a.sync(t), "rooms", "join", room, "ephemeral", "events"), "m.receipt", ""); receipt == nil {
		t.Error("a public receipt was not shown")
	}
	lin.refused(t, http.StatusBadRequest, "M_INVALID_PARAM", "POST", "/_matrix/client/v3/rooms/"+room+"/receipt/m.seen/"+two, object{})
}

func TestAReceiptBelongsToAThreadThatIsThere(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := lin.newRoom(t, object{"preset": "public_chat", "initial_state": []object{
		{"type": "m.room.history_visibility", "state_key": "", "content": object{"history_visibility": "joined"}},
	}})
	hidden := lin.say(t, room, "1", cipher("x"))
	sora.join(t, room)
	root := lin.say(t, room, "2", cipher("x"))
	answer := lin.say(t, room, "3", to("m.thread", root))
	elsewhere := sora.say(t, sora.newRoom(t, object{}), "4", cipher("x"))
	path := in(room, "receipt", "m.read", answer)
	for what, thread := range map[string]string{"invented": "$invented", "hidden": hidden, "elsewhere": elsewhere} {
		if r := sora.call(t, "POST", path, object{"thread_id": thread}); r.status != http.StatusBadRequest || r.errcode() != "M_INVALID_PARAM" {
			t.Errorf("a receipt in a thread that is %s is answered %d %s", what, r.status, r.raw)
		}
	}
	sora.ok(t, "POST", path, object{"thread_id": root})
	sora.ok(t, "POST", path, object{"thread_id": "main"})
}

func TestToDeviceMessagesComeUntilTheDeviceComesBack(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	b := &synced{person: sora}
	b.sync(t)
	before := b.since
	lin.ok(t, "PUT", "/_matrix/client/v3/sendToDevice/m.room_key/1", object{"messages": object{
		string(sora.user): object{string(sora.device): object{"n": 1}},
	}})
	for range 2 { // the same token twice gives them twice
		b.since = before
		if m := find(dig(b.sync(t), "to_device", "events"), "m.room_key", ""); m == nil || m["sender"] != string(lin.user) {
			t.Fatalf("the message did not come: %v", m)
		}
	}
	b.sync(t)
	b.since = before
	if m := find(dig(b.sync(t), "to_device", "events"), "m.room_key", ""); m != nil {
		t.Error("a message that the device has was kept")
	}
}

// A device that asks twice with one token, because the first answer was lost, is told twice what came after it: the token shows that it
// has what came before, and no more.
func TestATokenAcknowledgesNoMessageBehindIt(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	b := &synced{person: sora}
	b.sync(t)
	send := func(n string) {
		lin.ok(t, "PUT", "/_matrix/client/v3/sendToDevice/m.room_key/"+n, object{"messages": object{
			string(sora.user): object{string(sora.device): object{"n": n}},
		}})
	}
	got := func() (all []string) {
		for _, m := range objects(dig(b.sync(t), "to_device", "events")) {
			all = append(all, text(dig(m, "content", "n")))
		}
		return all
	}
	send("1")
	if first := got(); !slices.Equal(first, []string{"1"}) {
		t.Fatalf("first came %v", first)
	}
	token := b.since
	send("2") // at the very next position
	for n := range 3 {
		b.since = token
		if again := got(); !slices.Equal(again, []string{"2"}) {
			t.Errorf("time %d with the same token: %v, want the second message", n+1, again)
		}
	}
	if rest := got(); rest != nil {
		t.Errorf("behind the second: %v", rest)
	}
}

func TestNoEventIsShownBeforeTheKeysSentAheadOfIt(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	b := &synced{person: sora}
	b.sync(t)
	const keys = 230 // more than one answer carries
	for n := range keys {
		lin.ok(t, "PUT", "/_matrix/client/v3/sendToDevice/m.room_key/"+itoa(int64(n)), object{"messages": object{
			string(sora.user): object{"*": object{"n": n}},
		}})
	}
	say(t, lin, room, "1", "encrypted with the last key")
	had := 0
	for had < keys {
		got := b.sync(t)
		events, _ := dig(got, "to_device", "events").([]any)
		if len(events) == 0 {
			t.Fatalf("only %d of %d keys came", had, keys)
		}
		had += len(events)
		if said := bodies(dig(got, "rooms", "join", room, "timeline", "events")); len(said) > 0 && had < keys {
			t.Fatalf("the event came after %d of %d keys", had, keys)
		} else if had == keys && len(said) == 0 {
			if said = bodies(dig(b.sync(t), "rooms", "join", room, "timeline", "events")); len(said) != 1 {
				t.Fatal("the event never came")
			}
		}
	}
}

func TestTypingReachesTheOthers(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := announcements(t, lin, object{"preset": "public_chat"})
	lin.refused(t, http.StatusForbidden, "M_FORBIDDEN", "PUT", "/_matrix/client/v3/rooms/"+room+"/typing/"+string(sora.user), object{"typing": true})
	sora.refused(t, http.StatusForbidden, "M_FORBIDDEN", "PUT", "/_matrix/client/v3/rooms/"+room+"/typing/"+string(sora.user), object{"typing": true})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	b := &synced{person: sora}
	b.sync(t)
	lin.ok(t, "PUT", "/_matrix/client/v3/rooms/"+room+"/typing/"+string(lin.user), object{"typing": true, "timeout": 30000})
	who, _ := dig(find(dig(b.sync(t), "rooms", "join", room, "ephemeral", "events"), "m.typing", ""), "content", "user_ids").([]any)
	if len(who) != 1 || who[0] != string(lin.user) {
		t.Fatalf("typing: %v", who)
	}
	lin.ok(t, "PUT", "/_matrix/client/v3/rooms/"+room+"/typing/"+string(lin.user), object{"typing": false})
	typing := find(dig(b.sync(t), "rooms", "join", room, "ephemeral", "events"), "m.typing", "")
	if who, ok := dig(typing, "content", "user_ids").([]any); !ok || len(who) != 0 {
		t.Fatalf("after the end: %v", typing)
	}
}

func TestLeavingEndsTheRoomInSync(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	b := &synced{person: sora}
	b.sync(t)
	say(t, lin, room, "1", "before")
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/leave", object{})
	say(t, lin, room, "2", "after")
	got := b.sync(t)
	if dig(got, "rooms", "join", room) != nil {
		t.Error("a room that was left is shown as joined")
	}
	if said := bodies(dig(got, "rooms", "leave", room, "timeline", "events")); len(said) != 1 || said[0] != "before" {
		t.Errorf("in the room that was left: %v, want only what was said before", said)
	}
	if left, _ := dig(got, "device_lists", "left").([]any); len(left) != 1 || left[0] != string(lin.user) {
		t.Errorf("device_lists.left: %v", left)
	}
}

func TestBadSyncRequestsAreRefused(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	for _, q := range []string{"since=x", "since=s1.!", "timeout=-1", "timeout=soon", "filter=7x", "filter={", `filter={"event_format":"raw"}`} {
		key, value, _ := strings.Cut(q, "=")
		r := lin.call(t, "GET", "/_matrix/client/v3/sync?"+key+"="+url.QueryEscape(value), nil)
		if r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", q, r.status, r.raw)
		}
	}
	lin.refused(t, http.StatusNotFound, "M_NOT_FOUND", "GET", "/_matrix/client/v3/sync?filter=99", nil)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
