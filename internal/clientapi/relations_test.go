package clientapi_test

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/store/storetest"
)

// to is the content of an encrypted event that relates to another.
func to(rel, id string) object {
	c := cipher("x")
	c["m.relates_to"] = object{"rel_type": rel, "event_id": id}
	return c
}

// relations is the path of what relates to an event.
func relations(room string, parts ...string) string {
	path := "/_matrix/client/v1/rooms/" + url.PathEscape(room) + "/relations"
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

func TestWhatRelatesToAnEventIsShownWithIt(t *testing.T) {
	s := newServer(t)
	lin, mei, oda := s.newPerson(t, "lin"), s.newPerson(t, "mei"), s.newPerson(t, "oda")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	oda.join(t, room)
	root := lin.say(t, room, "root", cipher("x"))
	if e := lin.ok(t, "GET", in(room, "event", root), nil); dig(e, "unsigned", "m.relations") != nil {
		t.Errorf("nothing relates to %v", e)
	}
	lin.say(t, room, "e1", to("m.replace", root))
	edit := lin.say(t, room, "e2", to("m.replace", root))
	mei.say(t, room, "e3", to("m.replace", root)) // not hers to edit
	one := mei.say(t, room, "t1", to("m.thread", root))
	two := mei.say(t, room, "t2", to("m.thread", root))
	editOfTwo := mei.say(t, room, "t3", to("m.replace", two))
	ref := oda.say(t, room, "r", to("m.reference", root))
	like := object{"m.relates_to": object{"rel_type": "m.annotation", "event_id": root, "key": "👍"}}
	reaction := text(mei.ok(t, "PUT", in(room, "send", "m.reaction", "a"), like)["event_id"])
	mei.refused(t, 400, "M_DUPLICATE_ANNOTATION", "PUT", in(room, "send", "m.reaction", "b"), like)
	mei.refused(t, 400, "M_INVALID_PARAM", "PUT", in(room, "send", "m.room.encrypted", "c"), to("m.thread", one))

	for who, took := range map[*person]bool{lin: true, mei: true, oda: false} {
		e := who.ok(t, "GET", in(room, "event", root), nil)
		all := dig(e, "unsigned", "m.relations")
		if dig(all, "m.replace", "event_id") != edit {
			t.Errorf("the edit in force is %v, want %s", dig(all, "m.replace"), edit)
		}
		thread := dig(all, "m.thread")
		if dig(thread, "count") != 2.0 || dig(thread, "latest_event", "event_id") != two || dig(thread, "current_user_participated") != took {
			t.Errorf("%s sees the thread as %v", who.user, thread)
		}
		if got := dig(thread, "latest_event", "unsigned", "m.relations", "m.replace", "event_id"); got != editOfTwo {
			t.Errorf("the edit of the thread's last event is %v, want %s", got, editOfTwo)
		}
		if refs := objects(dig(all, "m.reference", "chunk")); len(refs) != 1 || refs[0]["event_id"] != ref {
			t.Errorf("the references are %v", refs)
		}
	}
	mei.ok(t, "PUT", in(room, "redact", two, "d"), object{})
	lin.ok(t, "PUT", in(room, "redact", edit, "d"), object{})
	all := dig(lin.ok(t, "GET", in(room, "event", root), nil), "unsigned", "m.relations")
	if dig(all, "m.thread", "count") != 1.0 || dig(all, "m.thread", "latest_event", "event_id") != one || dig(all, "m.replace", "event_id") == edit {
		t.Errorf("after the redactions: %v", all)
	}
	mei.ok(t, "PUT", in(room, "redact", reaction, "e"), object{})
	mei.ok(t, "PUT", in(room, "send", "m.reaction", "f"), like) // taken back, and given again
	lin.ok(t, "PUT", in(room, "redact", root, "g"), object{})
	all = dig(mei.ok(t, "GET", in(room, "event", root), nil), "unsigned", "m.relations")
	if dig(all, "m.thread", "latest_event", "event_id") != one || dig(all, "m.replace") != nil || dig(all, "m.reference") != nil {
		t.Errorf("with its root redacted the thread is %v, want its answers alone", all)
	}
}

// However much was answered in threads since somebody joined, and read there, what is new is counted.
func TestNewAnswersAreUnreadBehindManyThatWereRead(t *testing.T) {
	dir := t.TempDir()
	s := newServerIn(t, dir)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	root, other := lin.say(t, room, "root", cipher("x")), lin.say(t, room, "other", cipher("x"))
	lin.say(t, room, "copied", to("m.thread", root))
	tx, err := storetest.Beside(t, dir).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const far = 1_000_000 // behind all other positions
	for n := range 1000 {
		id := make([]byte, 32)
		_, _ = rand.Read(id) // never fails
		if _, err := tx.ExecContext(t.Context(), `
			INSERT INTO event (pos, room, id, id_key, sender, relates, relation, counts, json)
			SELECT $1, room, $2, $1, sender, relates, relation, counts, json FROM event WHERE txn = 'copied'`, far+n, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.ExecContext(t.Context(), `UPDATE stream_shard SET pos = $1`, far+1000); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	mei.ok(t, "POST", in(room, "receipt", "m.read.private", other), object{"thread_id": "main"})
	last := lin.say(t, room, "last", to("m.thread", root))
	mei.ok(t, "POST", in(room, "receipt", "m.read.private", last), object{"thread_id": root})
	lin.say(t, room, "new", to("m.thread", other))
	filter := "?filter=" + url.QueryEscape(`{"room":{"timeline":{"unread_thread_notifications":true}}}`)
	joined := dig(mei.ok(t, "GET", v3+"/sync"+filter, nil), "rooms", "join", room)
	if n := dig(joined, "unread_thread_notifications", other, "notification_count"); n != 1.0 || dig(joined, "unread_thread_notifications", root) != nil {
		t.Errorf("unread are %v", dig(joined, "unread_thread_notifications"))
	}
}

func TestAnswersInThreadsAreUnreadUntilTheirThreadIsRead(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	root, other := lin.say(t, room, "root", cipher("x")), lin.say(t, room, "other", cipher("x"))
	one := lin.say(t, room, "t1", to("m.thread", root))
	two := lin.say(t, room, "t2", to("m.thread", root))
	lin.say(t, room, "edit", to("m.replace", two))
	lin.ok(t, "PUT", in(room, "send", "m.reaction", "a"), object{"m.relates_to": object{"rel_type": "m.annotation", "event_id": two, "key": "+"}})
	third := lin.say(t, room, "t3", to("m.thread", other))
	mei.say(t, room, "t4", to("m.thread", other)) // her own is read
	filter := "?filter=" + url.QueryEscape(`{"room":{"timeline":{"unread_thread_notifications":true}}}`)
	unread := func(when string, main, ofRoot, ofOther any) {
		t.Helper()
		joined := dig(mei.ok(t, "GET", "/_matrix/client/v3/sync"+filter, nil), "rooms", "join", room)
		count := func(thread string) any {
			return dig(joined, "unread_thread_notifications", thread, "notification_count")
		}
		if n := dig(joined, "unread_notifications", "notification_count"); n != main || count(root) != ofRoot || count(other) != ofOther {
			t.Errorf("%s: %v unread in the room, %v and %v in its threads; want %v, %v, %v", when, n, count(root), count(other), main, ofRoot, ofOther)
		}
		whole := mei.ok(t, "GET", "/_matrix/client/v3/sync", nil)
		sum := main.(float64)
		for _, n := range []any{ofRoot, ofOther} {
			if n != nil {
				sum += n.(float64)
			}
		}
		if n := dig(whole, "rooms", "join", room, "unread_notifications", "notification_count"); n != sum {
			t.Errorf("%s: %v unread for a client without threads, want %v", when, n, sum)
		}
	}
	read := func(event, thread string) {
		t.Helper()
		body := object{}
		if thread != "" {
			body["thread_id"] = thread
		}
		mei.ok(t, "POST", in(room, "receipt", "m.read.private", event), body)
	}
	unread("at first", 2.0, 2.0, 1.0)
	read(one, root)
	unread("with one answer read", 2.0, 1.0, 1.0)
	read(other, "main")
	unread("with the room read", 0.0, 1.0, 1.0)
	read(two, root)
	unread("with one thread read", 0.0, nil, 1.0)
	read(one, root)
	unread("a receipt never goes back", 0.0, nil, 1.0)
	read(third, "")
	unread("without threads everything is read", 0.0, nil, nil)
	mei.refused(t, 400, "M_INVALID_PARAM", "POST", in(room, "receipt", "m.read", two), object{"thread_id": "side"})
}

func TestRelationsArePagedAndFollowed(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	root := lin.say(t, room, "root", cipher("x"))
	var replies []string
	for n := range 7 {
		replies = append(replies, lin.say(t, room, fmt.Sprint("t", n), to("m.thread", root)))
	}
	ref := lin.say(t, room, "ref", to("m.reference", root))
	edit := lin.say(t, room, "edit", to("m.replace", replies[0]))
	lin.ok(t, "PUT", in(room, "send", "m.reaction", "a"), object{"m.relates_to": object{"rel_type": "m.annotation", "event_id": edit, "key": "+"}})

	list := func(query string, parts ...string) (all []string) {
		from := ""
		for {
			page := lin.ok(t, "GET", relations(room, parts...)+"?limit=2&"+query+"&from="+from, nil)
			all = append(all, each(objects(page["chunk"]), "event_id")...)
			if from = text(page["next_batch"]); from == "" {
				return all
			}
		}
	}
	forwards := slices.Concat(replies, []string{ref})
	backwards := slices.Clone(forwards)
	slices.Reverse(backwards)
	if got := list("", root); !slices.Equal(got, backwards) {
		t.Errorf("related to the root: %v, want %v", got, backwards)
	}
	if got := list("dir=f", root); !slices.Equal(got, forwards) {
		t.Errorf("forwards: %v, want %v", got, forwards)
	}
	if got := list("dir=f", root, "m.thread"); !slices.Equal(got, replies) {
		t.Errorf("in the thread: %v, want %v", got, replies)
	}
	if got := list("dir=f", root, "m.thread", "m.room.message"); got != nil {
		t.Errorf("unencrypted in the thread: %v", got)
	}
	if got := list("dir=f", root, "m.reference", "m.room.encrypted"); !slices.Equal(got, []string{ref}) {
		t.Errorf("references: %v", got)
	}
	if got := list("dir=f&recurse=true", root); len(got) != len(forwards)+2 || !slices.Contains(got, edit) {
		t.Errorf("with what relates to that: %v", got)
	}
	mei.refused(t, 404, "M_NOT_FOUND", "GET", relations(room, root), nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", relations(room, "$none"), nil)
}

func TestThreadsAreListedNewestFirst(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	mei.join(t, room)
	var roots []string
	for n := range 5 {
		roots = append(roots, lin.say(t, room, fmt.Sprint("root", n), cipher("x")))
	}
	for i, n := range []int{0, 3, 1, 3, 0} { // so 0 is the newest, then 3, then 1; 2 and 4 are no threads
		lin.say(t, room, fmt.Sprint("t", i), to("m.thread", roots[n]))
	}
	mei.say(t, room, "m", to("m.thread", roots[1]))
	list := func(p *person, query string) (all []string) {
		from := ""
		for {
			page := p.ok(t, "GET", "/_matrix/client/v1/rooms/"+url.PathEscape(room)+"/threads?limit=1"+query+"&from="+from, nil)
			for _, e := range objects(page["chunk"]) {
				all = append(all, text(e["event_id"]))
				if dig(e, "unsigned", "m.relations", "m.thread", "latest_event") == nil {
					t.Errorf("%v comes without its thread", e)
				}
			}
			if from = text(page["next_batch"]); from == "" {
				return all
			}
		}
	}
	if got, want := list(lin, ""), []string{roots[1], roots[0], roots[3]}; !slices.Equal(got, want) {
		t.Errorf("threads %v, want %v", got, want)
	}
	if got, want := list(mei, "&include=participated"), []string{roots[1]}; !slices.Equal(got, want) {
		t.Errorf("mei's threads are %v, want %v", got, want)
	}
}

// Whoever was away in a room whose history is for those who are in learns nothing of what was said meanwhile, not even where it
// relates to what they may read.
func TestWhatRelatesToAnEventIsHiddenFromWhoWasAway(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{"preset": "public_chat", "initial_state": []object{
		{"type": "m.room.history_visibility", "state_key": "", "content": object{"history_visibility": "joined"}},
	}})
	mei.join(t, room)
	root, quiet := lin.say(t, room, "root", cipher("x")), lin.say(t, room, "quiet", cipher("x"))
	seen := lin.say(t, room, "t0", to("m.thread", root))
	mei.ok(t, "POST", in(room, "leave"), object{})
	gap := []string{
		lin.say(t, room, "e1", to("m.replace", root)), lin.say(t, room, "t1", to("m.thread", root)), lin.say(t, room, "r1", to("m.reference", root)),
		lin.say(t, room, "t2", to("m.thread", quiet)), lin.say(t, room, "e2", to("m.replace", seen)),
	}
	mei.join(t, room)
	paths := []string{
		in(room, "event", root), in(room, "event", quiet), in(room, "context", root), in(room, "messages") + "?dir=b&limit=50",
		"/_matrix/client/v1/rooms/" + url.PathEscape(room) + "/threads", "/_matrix/client/v3/sync?filter=" + url.QueryEscape(`{"room":{"timeline":{"limit":50}}}`),
	}
	for _, path := range paths {
		answer := mei.call(t, "GET", path, nil)
		if answer.status != 200 {
			t.Fatalf("%s: %d %s", path, answer.status, answer.raw)
		}
		for i, id := range gap {
			if strings.Contains(string(answer.raw), id) {
				t.Errorf("%s shows number %d of what was sent in the gap", path, i)
			}
		}
	}
	thread := func() any {
		return dig(mei.ok(t, "GET", in(room, "event", root), nil), "unsigned", "m.relations", "m.thread")
	}
	if got := thread(); dig(got, "count") != 1.0 || dig(got, "latest_event", "event_id") != seen {
		t.Errorf("the thread is shown as %v", got)
	}
	if got := objects(mei.ok(t, "GET", paths[4], nil)["chunk"]); len(got) != 1 || got[0]["event_id"] != root {
		t.Errorf("the threads are %v", got)
	}
	last := lin.say(t, room, "t3", to("m.thread", root))
	if got := thread(); dig(got, "count") != 2.0 || dig(got, "latest_event", "event_id") != last {
		t.Errorf("after the return, the thread is shown as %v", got)
	}
}
