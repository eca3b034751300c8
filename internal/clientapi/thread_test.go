package clientapi_test

import (
	"fmt"
	"net/url"
	"testing"
)

const subscriptions = "/_matrix/client/unstable/io.element.msc4308/thread_subscriptions"

func subscription(room, root string) string {
	return "/_matrix/client/unstable/io.element.msc4306/rooms/" + url.PathEscape(room) + "/thread/" + url.PathEscape(root) + "/subscription"
}

// Who left a thread is not brought back by what was said before, on whichever device it is seen late.
func TestAThreadIsFollowedAndLeft(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	lin.invite(t, room, mei)
	mei.join(t, room)
	root := lin.say(t, room, "1", cipher("root"))
	one, stray := lin.say(t, room, "2", to("m.thread", root)), lin.say(t, room, "3", cipher("elsewhere"))
	path := subscription(room, root)
	follows := func(automatic any) {
		t.Helper()
		if automatic == nil {
			mei.refused(t, 404, "M_NOT_FOUND", "GET", path, nil)
		} else if is := mei.ok(t, "GET", path, nil); is["automatic"] != automatic {
			t.Errorf("the subscription is %v, want automatic %v", is, automatic)
		}
	}
	follows(nil)
	mei.ok(t, "DELETE", path, nil) // nothing to leave
	mei.refused(t, 400, "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD", "PUT", path, object{"automatic": stray})
	mei.refused(t, 400, "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD", "PUT", path, object{"automatic": root})
	mei.refused(t, 400, "M_INVALID_PARAM", "PUT", path, object{"automatic": true})
	follows(nil)
	mei.ok(t, "PUT", path, object{"automatic": one})
	follows(true)
	mei.ok(t, "PUT", path, nil)
	follows(false)
	mei.ok(t, "PUT", path, object{"automatic": one}) // what she did herself stays
	follows(false)
	mei.ok(t, "DELETE", path, nil)
	follows(nil)
	mei.refused(t, 409, "IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION", "PUT", path, object{"automatic": one})
	follows(nil)
	two := lin.say(t, room, "4", to("m.thread", root))
	mei.ok(t, "PUT", path, object{"automatic": two})
	follows(true)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", path, nil) // it is mei's own
	for what, other := range map[string]string{"not there": "$none", "an answer": one} {
		if r := mei.call(t, "PUT", subscription(room, other), object{}); r.status != 404 {
			t.Errorf("a thread that is %s is answered %d %s", what, r.status, r.raw)
		}
	}
}

// Sliding sync tells the newest changes, and the others are paged back to, each once and as it is now.
func TestSubscriptionsToThreadsAreTold(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	room := lin.newRoom(t, object{})
	var roots []string
	for i := range 5 {
		roots = append(roots, lin.say(t, room, fmt.Sprint(i), cipher("root")))
		lin.ok(t, "PUT", subscription(room, roots[i]), object{})
	}
	ask := object{"extensions": object{"io.element.msc4308.thread_subscriptions": object{"enabled": true, "limit": 2}}}
	told := func(list any, want ...string) {
		t.Helper()
		got, _ := dig(list, "subscribed", room).(object)
		for _, root := range want {
			if dig(got, root, "automatic") != false || dig(got, root, "bump_stamp") == nil {
				t.Errorf("%s is not told: %v", root, list)
			}
		}
		if len(got) != len(want) {
			t.Errorf("told are %v, want %v", got, want)
		}
	}
	first := lin.ok(t, "POST", sliding, ask)
	list := dig(first, "extensions", "io.element.msc4308.thread_subscriptions")
	told(list, roots[3], roots[4])
	page := lin.ok(t, "GET", subscriptions+"?dir=b&limit=2&from="+text(dig(list, "prev_batch")), nil)
	told(page, roots[1], roots[2])
	page = lin.ok(t, "GET", subscriptions+"?dir=b&limit=2&from="+text(page["end"]), nil)
	told(page, roots[0])
	if page["end"] != nil {
		t.Errorf("there is more behind the end: %v", page)
	}
	next := sliding + "?timeout=0&pos=" + url.QueryEscape(text(first["pos"]))
	if again := lin.ok(t, "POST", next, ask); dig(again, "extensions", "io.element.msc4308.thread_subscriptions") != nil {
		t.Errorf("with nothing new: %v", again)
	}
	lin.ok(t, "DELETE", subscription(room, roots[2]), nil)
	for _, i := range []int{1, 0, 3} {
		lin.ok(t, "DELETE", subscription(room, roots[i]), nil)
		lin.ok(t, "PUT", subscription(room, roots[i]), object{})
	}
	list = dig(lin.ok(t, "POST", next, ask), "extensions", "io.element.msc4308.thread_subscriptions")
	told(list, roots[0], roots[3])
	page = lin.ok(t, "GET", subscriptions+"?dir=b&from="+text(dig(list, "prev_batch"))+"&to="+url.QueryEscape(text(first["pos"])), nil)
	told(page, roots[1])
	if left, _ := dig(page, "unsubscribed", room).(object); len(left) != 1 || dig(left, roots[2], "bump_stamp") == nil {
		t.Errorf("left threads are %v", page)
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", subscriptions+"?dir=f", nil)
}

// A thread that one follows tells of itself in a room that is muted, and others do not; where one's clients know subscriptions, only these do.
func TestWhatIsFollowedNotifies(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	room := lin.newRoom(t, object{})
	lin.invite(t, room, mei)
	mei.join(t, room)
	followed, other := lin.say(t, room, "1", cipher("followed")), lin.say(t, room, "2", cipher("other"))
	lin.say(t, room, "3", to("m.thread", followed))
	lin.say(t, room, "4", to("m.thread", other))
	mei.ok(t, "PUT", subscription(room, followed), object{})
	filter := "?filter=" + url.QueryEscape(`{"room":{"timeline":{"unread_thread_notifications":true}}}`)
	expect := func(what string, main, inFollowed, inOther float64) {
		t.Helper()
		joined := dig(mei.ok(t, "GET", v3+"/sync"+filter, nil), "rooms", "join", room)
		got := []any{dig(joined, "unread_notifications", "notification_count"), dig(joined, "unread_thread_notifications", followed, "notification_count"),
			dig(joined, "unread_thread_notifications", other, "notification_count")}
		if fmt.Sprint(got) != fmt.Sprint([]any{main, inFollowed, inOther}) {
			t.Errorf("%s: counted are %v, want %v, %v, %v", what, got, main, inFollowed, inOther)
		}
		if got := len(mei.notified(t, 10)); float64(got) != main+inFollowed+inOther {
			t.Errorf("%s: %d notifications", what, got)
		}
	}
	const rules = v3 + "/pushrules/global"
	const quiet = rules + "/postcontent/.io.element.msc4306.rule.unsubscribed_thread"
	expect("at first", 2, 1, 1)
	mei.ok(t, "PUT", rules+"/room/"+url.PathEscape(room), object{"actions": []string{}})
	expect("with the room muted", 0, 1, 0)
	mei.ok(t, "DELETE", rules+"/room/"+url.PathEscape(room), nil)
	mei.ok(t, "PUT", quiet+"/enabled", object{"enabled": true})
	expect("where only what is followed notifies", 2, 1, 0)
	mei.ok(t, "DELETE", subscription(room, followed), nil)
	expect("with nothing followed", 2, 0, 0)
	mei.refused(t, 400, "M_INVALID_PARAM", "PUT", rules+"/postcontent/mine", object{"actions": []string{}, "conditions": []object{}})
}
