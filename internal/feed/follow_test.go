package feed_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/store"
)

// follower is a client of sliding sync: what it knows after the answers that reached it.
type follower struct {
	writing    int64 // the serial of typing before the last answer
	who        account.Session
	pos, since string
	rooms      map[mxid.Room]*followed
	data       map[string]string
	devices    []string // messages, in the order in which they came
	anew       int      // how often it had to begin anew
}

type followed struct {
	membership, name string
	state            map[string]mxid.Event
	timeline         []mxid.Event
	unread, joined   int
	data, receipts   map[string]string
	typing           string
}

// windows are what a client asks for at times.
var windows = []string{
	`"lists":{"l":{"ranges":[[0,0]],"timeline_limit":2,"required_state":[["*","*"]]}}`,
	`"lists":{"l":{"ranges":[[0,1]],"timeline_limit":1,"required_state":[["m.room.create",""],["m.room.member","$LAZY"],["m.room.topic",""]]}}`,
	`"lists":{"l":{"ranges":[],"timeline_limit":1}}`,
	`"lists":{"a":{"ranges":[[0,9]],"timeline_limit":4,"required_state":[["m.room.member","$ME"]]},"b":{"ranges":[[0,0]],"timeline_limit":6,"required_state":[["m.room.topic",""]]}}`,
	everything, everything, everything,
}

const everything = `"lists":{"l":{"ranges":[[0,99]],"timeline_limit":3,"required_state":[["*","*"]]}}`

// next asks once, without waiting. Sometimes the answer is lost.
func (f *follower) next(t *testing.T, o *office, window string, lost bool) *slid {
	limit := 1 + len(f.devices)%3
	got, err := o.Slide(t.Context(), f.who, ask(t, f.pos, `{`+window+`,"extensions":{"to_device":{"enabled":true,"limit":`+fmt.Sprint(limit)+`,"since":"`+f.since+`"},
		"e2ee":{"enabled":true},"account_data":{"enabled":true},"receipts":{"enabled":true},"typing":{"enabled":true}}}`))
	if fault.UnknownPos.In(err) {
		f.pos, f.rooms, f.data = "", map[mxid.Room]*followed{}, map[string]string{}
		f.anew++
		return f.next(t, o, window, lost)
	}
	must(t, err)
	a := read(t, got)
	if !lost {
		f.take(t, a)
	}
	return a
}

// take is what a client does with an answer.
func (f *follower) take(t *testing.T, a *slid) {
	f.pos, f.since = a.Pos, a.Ext.ToDevice.Next
	for _, e := range a.Ext.ToDevice.Events {
		f.devices = append(f.devices, fmt.Sprint(e.Content["n"]))
	}
	for id, r := range a.Rooms {
		k := f.rooms[id]
		if k == nil && !r.Initial {
			t.Fatalf("%s is not known and told in part: %s", id, a.text)
		}
		if r.Initial {
			k = &followed{state: map[string]mxid.Event{}, data: map[string]string{}, receipts: map[string]string{}}
			if old := f.rooms[id]; old != nil { // extensions are on their own
				k.data, k.receipts, k.typing = old.data, old.receipts, old.typing
			}
			f.rooms[id] = k
		}
		k.membership = r.Membership
		if len(r.Invite) > 0 {
			continue
		}
		for _, e := range r.State {
			k.state[e.Type+" "+*e.Key] = e.ID
		}
		if r.Name != nil {
			k.name = string(*r.Name)
		}
		if r.Joined != nil {
			k.joined = *r.Joined
		}
		if r.Unread != nil {
			k.unread = *r.Unread
		}
		if r.Limited && !r.Expanded && !r.Initial || r.Expanded {
			k.timeline = nil
		}
		for _, e := range r.Timeline {
			if slices.Contains(k.timeline, e.ID) {
				t.Fatalf("%s is told twice: %s", e.ID, a.text)
			}
			k.timeline = append(k.timeline, e.ID)
		}
	}
	if a.Ext.Data != nil {
		for _, e := range a.Ext.Data.Global {
			f.data[e.Type] = fmt.Sprint(e.Content)
		}
		for id, all := range a.Ext.Data.Rooms {
			for _, e := range all {
				f.rooms[id].data[e.Type] = fmt.Sprint(e.Content)
			}
		}
	}
	for id, e := range a.Ext.Receipts.Rooms {
		takeReceipts(f.rooms[id].receipts, e.Content)
	}
	for id, e := range a.Ext.Typing.Rooms {
		f.rooms[id].typing = fmt.Sprint(e.Content["user_ids"])
	}
}

func takeReceipts(into map[string]string, content map[string]any) {
	for id, types := range content {
		for typ, users := range types.(map[string]any) {
			for user, mark := range users.(map[string]any) {
				into[fmt.Sprint(typ, " ", user, " ", mark.(map[string]any)["thread_id"])] = id
			}
		}
	}
}

// Whatever happens, whatever a client asks for in between, whichever answers are lost and however often the server is started again: a client
// that follows ends with what a first sync tells.
func TestWhoFollowsHasWhatTheServerHas(t *testing.T) {
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 1))
	o := open(t, 4, 4)
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	var history []string
	defer func() {
		if t.Failed() {
			t.Logf("seed %d; what happened last:\n%s", seed, strings.Join(history[max(0, len(history)-40):], "\n"))
		}
	}()
	said := map[mxid.Room][]mxid.Event{}
	ignores := map[mxid.User]bool{}
	followers := make([]*follower, len(o.people))
	for i, p := range o.people {
		followers[i] = &follower{who: p, rooms: map[mxid.Room]*followed{}, data: map[string]string{}}
	}
	for n := range 400 {
		who, in := o.people[dice.IntN(len(o.people))], o.rooms[dice.IntN(len(o.rooms))]
		what, err := o.something(t, dice, n/20%3 > 0, accounts, said, who, in, fmt.Sprint(n))
		if strings.HasPrefix(what, "ignoring") {
			ignores[who.User] = true
		}
		history = append(history, fmt.Sprintf("%d: %s in %s: %s (%v)", n, who.User, in, what, err))
		if dice.IntN(60) == 0 {
			history = append(history, "the server is started again")
			o.Feed = &feed.Feed{Disk: o.Disk, Hub: o.Hub, Rooms: o.Rooms, Devices: o.Devices, Typing: o.Typing}
		}
		i := dice.IntN(len(followers))
		f, window, lost := followers[i], windows[dice.IntN(len(windows))], dice.IntN(4) == 0
		a := f.next(t, o, window, lost)
		history = append(history, fmt.Sprintf("%s asks for %.40s (lost: %v): %.1500s", f.who.User, window, lost, a.text))
		if dice.IntN(10) > 0 {
			continue
		}
		for range 40 { // messages to the device may hold the rooms up
			f.writing = o.Typing.Serial()
			a = f.next(t, o, everything, false)
			if len(a.Rooms)+len(a.Ext.ToDevice.Events) == 0 {
				break
			}
		}
		f.compare(t, o, ignores[f.who.User])
		if t.Failed() {
			return
		}
	}
	if followers[0].anew+followers[1].anew+followers[2].anew+followers[3].anew == 0 {
		t.Error("nobody had to begin anew")
	}
}

// compare holds what a client has against a first sync. Of who ignores somebody the timelines are not compared: what they were told
// before is not taken back.
func (f *follower) compare(t *testing.T, o *office, ignores bool) {
	filter, err := feed.ParseFilter([]byte(`{"room":{"timeline":{"limit":100}}}`))
	must(t, err)
	fresh, err := (&feed.Feed{Disk: o.Disk, Hub: o.Hub, Rooms: o.Rooms, Devices: o.Devices, Typing: o.Typing}).Sync(t.Context(), f.who, feed.Request{Filter: filter, StateAfter: true})
	must(t, err)
	joined := 0
	for id, k := range f.rooms {
		if k.membership == event.Join {
			joined++
		}
		switch {
		case (fresh.Rooms.Join[id] != nil) != (k.membership == event.Join):
			t.Errorf("%s: %s is %q: %v", f.who.User, id, k.membership, fresh.Rooms.Join[id])
		case fresh.Rooms.Invite[id] != nil && k.membership != event.Invite:
			t.Errorf("%s: %s is %q and invited", f.who.User, id, k.membership)
		case k.membership == event.Join:
			f.compareRoom(t, o, id, k, plainly(t, fresh.Rooms.Join[id]), ignores)
		}
	}
	if joined != len(fresh.Rooms.Join) {
		t.Errorf("%s knows %d of %d rooms", f.who.User, joined, len(fresh.Rooms.Join))
	}
	for _, raw := range fresh.Data.Events {
		e := plainly(t, raw)
		if got, want := f.data[e.Type], fmt.Sprint(e.Content); got != want {
			t.Errorf("%s: %s is %s, not %s", f.who.User, e.Type, got, want)
		}
	}
	if !slices.IsSortedFunc(f.devices, func(a, b string) int { return number(a) - number(b) }) || len(slices.Compact(slices.Clone(f.devices))) != len(f.devices) {
		t.Errorf("%s: messages to the device: %v", f.who.User, f.devices)
	}
}

func number(s string) (n int) { _, _ = fmt.Sscan(s, &n); return n }

// plainRoom is a room, or an event, of a sync as a client reads it.
type plainRoom struct {
	slidEvent
	Timeline  struct{ Events []slidEvent }
	After     struct{ Events []slidEvent } `json:"state_after"`
	Data      struct{ Events []slidEvent } `json:"account_data"`
	Ephemeral struct{ Events []slidEvent }
	Summary   struct {
		Joined int `json:"m.joined_member_count"`
	}
	Unread struct {
		N int `json:"notification_count"`
	} `json:"unread_notifications"`
}

func plainly(t *testing.T, v any) (p plainRoom) {
	text, err := json.Marshal(v)
	must(t, err)
	must(t, json.Unmarshal(text, &p))
	return p
}

func (f *follower) compareRoom(t *testing.T, o *office, id mxid.Room, k *followed, want plainRoom, ignores bool) {
	state, name := map[string]mxid.Event{}, ""
	for _, e := range want.After.Events {
		state[e.Type+" "+*e.Key] = e.ID
		if n, _ := e.Content["name"].(string); e.Type == "m.room.name" && n != "" {
			name = fmt.Sprintf("%q", n)
		}
	}
	for key, event := range state {
		if k.state[key] != event {
			t.Errorf("%s in %s: %s is %q, not %q", f.who.User, id, key, k.state[key], event)
		}
	}
	if k.name != name && !(name == "" && k.name == "null") {
		t.Errorf("%s in %s: its name is %s, not %s", f.who.User, id, k.name, name)
	}
	if k.joined != want.Summary.Joined {
		t.Errorf("%s in %s: %d are in it, not %d", f.who.User, id, k.joined, want.Summary.Joined)
	}
	if all := ids(want.Timeline.Events); !ignores {
		if n := min(len(k.timeline), len(all)); !slices.Equal(k.timeline[len(k.timeline)-n:], all[len(all)-n:]) {
			t.Errorf("%s in %s: the timeline ends with %v, not with %v", f.who.User, id, k.timeline, all[max(0, len(all)-len(k.timeline)):])
		}
	}
	if k.unread != want.Unread.N {
		t.Errorf("%s in %s: %d are unread, not %d", f.who.User, id, k.unread, want.Unread.N)
	}
	for _, e := range want.Data.Events {
		if got, want := k.data[e.Type], fmt.Sprint(e.Content); got != want {
			t.Errorf("%s in %s: data %s is %s, not %s", f.who.User, id, e.Type, got, want)
		}
	}
	receipts, typing := map[string]string{}, "[]"
	for _, e := range want.Ephemeral.Events {
		if e.Type == "m.receipt" {
			takeReceipts(receipts, e.Content)
		} else {
			typing = fmt.Sprint(e.Content["user_ids"])
		}
	}
	ended := o.Typing.Serial() != f.writing // somebody's minute was over meanwhile
	if got := k.typing; !ended && got != typing && !(got == "" && typing == "[]") {
		t.Errorf("%s in %s: %s are typing, not %s", f.who.User, id, got, typing)
	}
	for key, event := range receipts {
		if got := k.receipts[key]; got != event && (got != "" || strings.Contains(key, string(f.who.User))) {
			t.Errorf("%s in %s: the receipt %s is at %s, not at %s", f.who.User, id, key, got, event)
		}
	}
}
