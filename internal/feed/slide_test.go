package feed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// slid is an answer of sliding sync as a client reads it.
type slid struct {
	Pos   string
	Lists map[string]struct{ Count int }
	Rooms map[mxid.Room]*slidRoom
	Ext   struct {
		ToDevice *struct {
			Next   string `json:"next_batch"`
			Events []slidEvent
		} `json:"to_device"`
		E2EE *struct {
			Lists *struct{ Changed, Left []mxid.User } `json:"device_lists"`
			Count map[string]int                       `json:"device_one_time_keys_count"`
			Types []string                             `json:"device_unused_fallback_key_types"`
		}
		Data *struct {
			Global []slidEvent
			Rooms  map[mxid.Room][]slidEvent
		} `json:"account_data"`
		Receipts, Typing struct{ Rooms map[mxid.Room]slidEvent }
	} `json:"extensions"`
	text string
}

type slidRoom struct {
	Membership       string
	Lists            []string
	Initial, Limited bool
	Expanded         bool  `json:"unstable_expanded_timeline"`
	Bump             int64 `json:"bump_stamp"`
	DM               *bool `json:"is_dm"`
	Name, Avatar     *json.RawMessage
	Heroes           []struct {
		User mxid.User `json:"user_id"`
	}
	Joined   *int        `json:"joined_count"`
	Invited  *int        `json:"invited_count"`
	State    []slidEvent `json:"required_state"`
	Timeline []slidEvent
	Live     int         `json:"num_live"`
	Prev     string      `json:"prev_batch"`
	Invite   []slidEvent `json:"invite_state"`
	Unread   *int        `json:"notification_count"`
}

type slidEvent struct {
	ID      mxid.Event `json:"event_id"`
	Type    string
	Key     *string `json:"state_key"`
	Content map[string]any
}

// keys are the types and keys of state.
func keys(state []slidEvent) (all []string) {
	for _, e := range state {
		all = append(all, strings.TrimSuffix(e.Type+" "+*e.Key, " "))
	}
	slices.Sort(all)
	return all
}

func ids(timeline []slidEvent) (all []mxid.Event) {
	for _, e := range timeline {
		all = append(all, e.ID)
	}
	return all
}

// ask reads a request as clients write it.
func ask(t testing.TB, pos, body string) feed.SlideRequest {
	t.Helper()
	var req feed.SlideRequest
	must(t, json.Unmarshal([]byte(body), &req))
	must(t, req.Check())
	req.Pos = pos
	return req
}

// slide asks for what is new, without waiting.
func (o *office) slide(t testing.TB, who account.Session, pos, body string) *slid {
	t.Helper()
	got, err := o.Slide(t.Context(), who, ask(t, pos, body))
	must(t, err)
	return read(t, got)
}

func read(t testing.TB, got *feed.Slide) *slid {
	t.Helper()
	text, err := json.Marshal(got)
	must(t, err)
	a := &slid{text: string(text)}
	must(t, json.Unmarshal(text, a))
	return a
}

// all asks for all rooms: so many events of each, and this state.
func all(limit int, state string) string {
	return fmt.Sprintf(`{"lists":{"all":{"ranges":[[0,99]],"timeline_limit":%d,"required_state":[%s]}}}`, limit, state)
}

// with adds extensions to a request.
func with(body, extensions string) string {
	return strings.TrimSuffix(body, "}") + `,"extensions":{` + extensions + `}}`
}

func TestAWindowHoldsTheRoomsInWhichSomethingHappenedLast(t *testing.T) {
	o := open(t, 2, 5)
	me := o.people[0]
	o.say(t, o.people[1], o.rooms[1], "a")
	o.say(t, o.people[1], o.rooms[3], "b")
	two := `{"lists":{"all":{"ranges":[[0,1]],"timeline_limit":1}}}`
	a := o.slide(t, me, "", two)
	if a.Lists["all"].Count != 5 || len(a.Rooms) != 2 || a.Rooms[o.rooms[1]] == nil || a.Rooms[o.rooms[3]] == nil {
		t.Fatalf("the first two of five: %s", a.text)
	}
	if a.Rooms[o.rooms[1]].Bump >= a.Rooms[o.rooms[3]].Bump {
		t.Errorf("bump stamps do not grow: %s", a.text)
	}
	o.say(t, o.people[1], o.rooms[0], "c")
	b := o.slide(t, me, a.Pos, two)
	if len(b.Rooms) != 1 || b.Rooms[o.rooms[0]] == nil || !b.Rooms[o.rooms[0]].Initial {
		t.Fatalf("a room that came into the window: %s", b.text)
	}
	c := o.slide(t, me, b.Pos, all(1, ""))
	if len(c.Rooms) != 2 || c.Rooms[o.rooms[2]] == nil || c.Rooms[o.rooms[4]] == nil {
		t.Errorf("a larger window tells what was not told: %s", c.text)
	}
	// A room that left the window and comes back is told from where it was left.
	one := o.say(t, o.people[1], o.rooms[2], "d")
	two2 := o.say(t, o.people[1], o.rooms[2], "e")
	none := o.slide(t, me, c.Pos, `{"lists":{"all":{"ranges":[],"timeline_limit":1}}}`)
	if len(none.Rooms) != 0 || none.Lists["all"].Count != 5 {
		t.Errorf("no window: %s", none.text)
	}
	d := o.slide(t, me, none.Pos, all(5, ""))
	if r := d.Rooms[o.rooms[2]]; r == nil || r.Initial || !slices.Equal(ids(r.Timeline)[max(0, len(r.Timeline)-2):], []mxid.Event{one, two2}) {
		t.Errorf("back in the window: %s", d.text)
	}
}

func TestARoomIsToldOnceAndThenWhatIsNew(t *testing.T) {
	o := open(t, 3, 1)
	me, in := o.people[0], o.rooms[0]
	want := all(2, `["m.room.create",""],["m.room.member","$LAZY"]`)
	a := o.slide(t, me, "", want)
	r := a.Rooms[in]
	if r == nil || !r.Initial || !r.Limited || r.Live != 0 || len(r.Timeline) != 2 || *r.Joined != 3 || *r.Invited != 0 || len(r.Heroes) != 2 || r.Name != nil {
		t.Fatalf("first: %s", a.text)
	}
	if got := keys(r.State); !slices.Equal(got, []string{"m.room.create", "m.room.member @p1:wardroom.test", "m.room.member @p2:wardroom.test"}) {
		t.Errorf("state: %v", got)
	}
	if b := o.slide(t, me, a.Pos, want); len(b.Rooms) != 0 {
		t.Errorf("told again: %s", b.text)
	}
	said := o.say(t, o.people[1], in, "x")
	c := o.slide(t, me, a.Pos, want)
	r = c.Rooms[in]
	if r == nil || r.Initial || r.Limited || r.Live != 1 || !slices.Equal(ids(r.Timeline), []mxid.Event{said}) || len(r.State) != 0 || r.Joined != nil || *r.Unread != 1 {
		t.Fatalf("one message: %s", c.text)
	}
	_, err := o.Rooms.SetState(t.Context(), me, in, event.StateKey{Type: "m.room.name"}, []byte(`{"name":"Boats"}`))
	must(t, err)
	_, err = o.Rooms.SetState(t.Context(), me, in, event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"x"}`))
	must(t, err)
	d := o.slide(t, me, c.Pos, want)
	if r = d.Rooms[in]; r == nil || string(*r.Name) != `"Boats"` || !slices.Equal(keys(r.State), []string{"m.room.member @p0:wardroom.test"}) || r.Live != 2 || len(r.Heroes) != 0 {
		t.Errorf("a name: %s", d.text)
	}
	_, err = o.Rooms.SetState(t.Context(), me, in, event.StateKey{Type: "m.room.name"}, []byte(`{}`))
	must(t, err)
	e := o.slide(t, me, d.Pos, want)
	if !strings.Contains(e.text, `"name":null`) || len(e.Rooms[in].Heroes) != 2 {
		t.Errorf("no name: %s", e.text)
	}
	must(t, o.Rooms.Leave(t.Context(), o.people[2], in, ""))
	f := o.slide(t, me, e.Pos, want)
	if r = f.Rooms[in]; r == nil || *r.Joined != 2 || !slices.Equal(keys(r.State), []string{"m.room.member @p2:wardroom.test"}) {
		t.Errorf("somebody left: %s", f.text)
	}
}

func TestMoreThanTheLimitIsLimited(t *testing.T) {
	o := open(t, 2, 1)
	want := all(2, "")
	a := o.slide(t, o.people[0], "", want)
	var said []mxid.Event
	for i := range 4 {
		said = append(said, o.say(t, o.people[1], o.rooms[0], fmt.Sprint(i)))
	}
	b := o.slide(t, o.people[0], a.Pos, want)
	r := b.Rooms[o.rooms[0]]
	if !r.Limited || r.Expanded || r.Live != 2 || !slices.Equal(ids(r.Timeline), said[2:]) {
		t.Fatalf("%s", b.text)
	}
	must(t, o.Disk.View(t.Context(), func(v stream.View) error {
		token, err := feed.ParseToken(r.Prev)
		must(t, err)
		stay, _, err := o.Disk.Stay(v, o.people[0].User, o.rooms[0])
		must(t, err)
		page, err := o.Disk.Timeline(v, stay.Room, 0, token.Token[0], true, 1)
		if err == nil && page[0].ID != said[1] {
			t.Errorf("what lies before begins with %s", page[0].ID)
		}
		return err
	}))
}

func TestALargerLimitGivesOlderEvents(t *testing.T) {
	o := open(t, 2, 1)
	me, in := o.people[0], o.rooms[0]
	var said []mxid.Event
	for i := range 6 {
		said = append(said, o.say(t, o.people[1], in, fmt.Sprint(i)))
	}
	a := o.slide(t, me, "", all(1, ""))
	b := o.slide(t, me, a.Pos, all(4, ""))
	r := b.Rooms[in]
	if r == nil || !r.Expanded || !r.Limited || r.Initial || r.Live != 0 || !slices.Equal(ids(r.Timeline), said[2:]) {
		t.Fatalf("larger: %s", b.text)
	}
	if c := o.slide(t, me, b.Pos, all(4, "")); len(c.Rooms) != 0 {
		t.Errorf("the same: %s", c.text)
	}
	c := o.slide(t, me, b.Pos, all(1, ""))
	if d := o.slide(t, me, c.Pos, all(3, "")); len(c.Rooms)+len(d.Rooms) != 0 {
		t.Errorf("what was told already is told again: %s", d.text)
	}
	d := o.slide(t, me, c.Pos, `{"rooms":{"`+string(in)+`":{"timeline_limit":50}}}`)
	if r := d.Rooms[in]; r == nil || !r.Expanded || r.Limited || len(r.Timeline) < 8 || len(r.Lists) != 0 {
		t.Errorf("by a subscription, all there is: %s", d.text)
	}
	e := o.slide(t, me, d.Pos, `{"rooms":{"`+string(in)+`":{"timeline_limit":100}}}`)
	if len(e.Rooms) != 0 {
		t.Errorf("there is no more: %s", e.text)
	}
}

func TestMoreStateIsGivenWhenMoreIsAskedFor(t *testing.T) {
	o := open(t, 3, 1)
	me, in := o.people[0], o.rooms[0]
	a := o.slide(t, me, "", all(1, `["m.room.create",""],["m.room.member","$ME"]`))
	if got := keys(a.Rooms[in].State); !slices.Equal(got, []string{"m.room.create", "m.room.member @p0:wardroom.test"}) {
		t.Fatalf("first: %v", got)
	}
	b := o.slide(t, me, a.Pos, all(1, `["m.room.create",""],["m.room.power_levels",""],["m.room.member","*"]`))
	if r := b.Rooms[in]; r == nil || r.Initial || len(r.Timeline) != 0 ||
		!slices.Equal(keys(r.State), []string{"m.room.member @p1:wardroom.test", "m.room.member @p2:wardroom.test", "m.room.power_levels"}) {
		t.Fatalf("more: %s", b.text)
	}
	// What changed while it was not asked for is told when it is asked for again.
	c := o.slide(t, me, b.Pos, all(1, `["m.room.create",""]`))
	_, err := o.Rooms.SetState(t.Context(), me, in, event.StateKey{Type: "m.room.power_levels"}, []byte(`{"users_default":0,"invite":50}`))
	must(t, err)
	d := o.slide(t, me, c.Pos, all(1, `["m.room.create",""]`))
	if r := d.Rooms[in]; r == nil || len(r.State) != 0 {
		t.Fatalf("not asked for: %s", d.text)
	}
	e := o.slide(t, me, d.Pos, all(1, `["m.room.power_levels",""]`))
	if r := e.Rooms[in]; r == nil || !slices.Equal(keys(r.State), []string{"m.room.power_levels"}) {
		t.Errorf("asked for again: %s", e.text)
	}
	o.name(t, in)
	f := o.slide(t, me, "", `{"lists":{"all":{"range":[0,9],"timeline_limit":1,"required_state":{"include":[{}],"exclude":[{"type":"m.room.create"}],"lazy_members":true}}}}`)
	if got := keys(f.Rooms[in].State); slices.Contains(got, "m.room.create") || !slices.Contains(got, "m.room.join_rules") || slices.Contains(got, "m.room.member @p1:wardroom.test") {
		t.Errorf("as the accepted proposal writes it: %v", got)
	}
}

// name gives a room a name: it is known by that, not by the people in it.
func (o *office) name(t *testing.T, in mxid.Room) {
	t.Helper()
	_, err := o.Rooms.SetState(t.Context(), o.people[0], in, event.StateKey{Type: "m.room.name"}, []byte(`{"name":"Boats"}`))
	must(t, err)
}

func TestWhoARoomIsKnownByIsGivenWithIt(t *testing.T) {
	o := open(t, 3, 2)
	me, in, named := o.people[0], o.rooms[0], o.rooms[1]
	for _, id := range o.rooms {
		o.say(t, me, id, "last")
	}
	o.name(t, named)
	a := o.slide(t, me, "", all(1, `["m.room.member","$LAZY"]`))
	if got := keys(a.Rooms[in].State); !slices.Equal(got, []string{"m.room.member @p0:wardroom.test", "m.room.member @p1:wardroom.test", "m.room.member @p2:wardroom.test"}) {
		t.Errorf("a room without a name: %v", got)
	}
	if got := keys(a.Rooms[named].State); !slices.Equal(got, []string{"m.room.member @p0:wardroom.test"}) {
		t.Errorf("a room with a name: %v", got)
	}
}

func TestMembersAreGivenOnceWhereTheySpeak(t *testing.T) {
	o := open(t, 3, 1)
	me, in := o.people[0], o.rooms[0]
	o.name(t, in)
	want := all(1, `["m.room.member","$LAZY"]`)
	a := o.slide(t, me, "", want)
	pos := a.Pos
	for i, expected := range [][]string{{"m.room.member @p1:wardroom.test"}, nil} {
		o.say(t, o.people[1], in, fmt.Sprint(i))
		b := o.slide(t, me, pos, want)
		if got := keys(b.Rooms[in].State); !slices.Equal(got, expected) {
			t.Errorf("message %d: %v", i, got)
		}
		pos = b.Pos
	}
}

func TestWhoChangedWhileMembersWereNotAskedForIsGivenAgain(t *testing.T) {
	o := open(t, 3, 1)
	me, in := o.people[0], o.rooms[0]
	o.say(t, o.people[1], in, "1")
	a := o.slide(t, me, "", all(1, `["m.room.member","$LAZY"]`))
	must(t, o.Rooms.Leave(t.Context(), o.people[1], in, ""))
	must(t, o.Rooms.Join(t.Context(), o.people[1], in, ""))
	o.say(t, o.people[2], in, "2")
	b := o.slide(t, me, a.Pos, all(1, ""))
	o.say(t, o.people[1], in, "3")
	c := o.slide(t, me, b.Pos, all(1, `["m.room.member","$LAZY"]`))
	if got := keys(c.Rooms[in].State); !slices.Equal(got, []string{"m.room.member @p1:wardroom.test"}) {
		t.Errorf("%s", c.text)
	}
}

func TestAnAnswerThatWasLostIsGivenAgain(t *testing.T) {
	o := open(t, 2, 2)
	me := o.people[0]
	want := with(all(2, `["*","*"]`), `"account_data":{"enabled":true},"receipts":{"enabled":true},"e2ee":{"enabled":true}`)
	a := o.slide(t, me, "", want)
	one := o.say(t, o.people[1], o.rooms[0], "1")
	must(t, o.Receive(t.Context(), o.people[1], o.rooms[0], feed.Receipt{Type: feed.Read, Event: one}))
	lost := o.slide(t, me, a.Pos, want)
	two := o.say(t, o.people[1], o.rooms[1], "2")
	again := o.slide(t, me, a.Pos, want)
	if len(again.Rooms) != 2 || !slices.Equal(ids(again.Rooms[o.rooms[0]].Timeline), []mxid.Event{one}) || !slices.Equal(ids(again.Rooms[o.rooms[1]].Timeline), []mxid.Event{two}) ||
		len(again.Ext.Receipts.Rooms) != 1 {
		t.Fatalf("again: %s", again.text)
	}
	if _, err := o.Slide(t.Context(), me, ask(t, lost.Pos, want)); !fault.UnknownPos.In(err) {
		t.Errorf("the lost answer's position: %v", err)
	}
	b := o.slide(t, me, again.Pos, want)
	if len(b.Rooms) != 0 {
		t.Errorf("after it: %s", b.text)
	}
	if _, err := o.Slide(t.Context(), me, ask(t, a.Pos, want)); !fault.UnknownPos.In(err) {
		t.Errorf("a position that was left behind: %v", err)
	}
}

func TestAPositionThatIsNotRememberedIsRefused(t *testing.T) {
	o := open(t, 2, 1)
	want := all(1, "")
	a := o.slide(t, o.people[0], "", want)
	restarted := &feed.Feed{Disk: o.Disk, Hub: o.Hub, Rooms: o.Rooms, Devices: o.Devices, Typing: o.Typing}
	for name, try := range map[string]func() error{
		"after a restart":  func() error { _, err := restarted.Slide(t.Context(), o.people[0], ask(t, a.Pos, want)); return err },
		"of somebody else": func() error { _, err := o.Slide(t.Context(), o.people[1], ask(t, a.Pos, want)); return err },
		"of no connection": func() error { _, err := o.Slide(t.Context(), o.people[0], ask(t, "s1.2", want)); return err },
		"that is none":     func() error { _, err := o.Slide(t.Context(), o.people[0], ask(t, "\x00", want)); return err },
		"of another one": func() error {
			req := ask(t, a.Pos, want)
			req.Conn = "other"
			_, err := o.Slide(t.Context(), o.people[0], req)
			return err
		},
	} {
		if err := try(); !fault.UnknownPos.In(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b := o.slide(t, o.people[0], a.Pos, want); len(b.Rooms) != 0 {
		t.Errorf("the position is not what it was: %s", b.text)
	}
}

func TestADeviceHasAFewConnectionsEachOnItsOwn(t *testing.T) {
	o := open(t, 2, 1)
	want := all(1, "")
	first := map[int]string{}
	for i := range 9 {
		req := ask(t, "", want)
		req.Conn = fmt.Sprint(i)
		a, err := o.Slide(t.Context(), o.people[0], req)
		must(t, err)
		first[i] = a.Pos
	}
	for i := range 9 {
		req := ask(t, first[i], want)
		req.Conn = fmt.Sprint(i)
		if _, err := o.Slide(t.Context(), o.people[0], req); (err != nil) != (i == 0) {
			t.Errorf("connection %d of nine: %v", i, err)
		}
	}
}

func TestARequestThatWasReplacedChangesNothing(t *testing.T) {
	o := open(t, 2, 1)
	me, want := o.people[0], all(5, "")
	a := o.slide(t, me, "", want)
	old := ask(t, a.Pos, want)
	old.Timeout = time.Minute
	ended := make(chan *slid)
	go func() {
		got, err := o.Slide(t.Context(), me, old)
		if err != nil {
			t.Error(err)
			got = &feed.Slide{}
		}
		ended <- read(t, got)
	}()
	for !o.Hub.Awaited() {
		time.Sleep(0)
	}
	newer := o.slide(t, me, a.Pos, want)
	said := o.say(t, o.people[1], o.rooms[0], "x")
	if got := <-ended; got.Pos != a.Pos || len(got.Rooms) != 0 {
		t.Errorf("the request that was replaced: %s", got.text)
	}
	if b := o.slide(t, me, newer.Pos, want); !slices.Equal(ids(b.Rooms[o.rooms[0]].Timeline), []mxid.Event{said}) {
		t.Errorf("the newer one's position: %s", b.text)
	}
}

func TestWhoWaitsIsWoken(t *testing.T) {
	for name, happens := range map[string]func(t *testing.T, o *office) error{
		"message": func(t *testing.T, o *office) error { o.say(t, o.people[1], o.rooms[0], "x"); return nil },
		"typing": func(t *testing.T, o *office) error {
			return o.SetTyping(t.Context(), o.people[1], o.rooms[0], time.Minute)
		},
		"receipt": func(t *testing.T, o *office) error {
			e := o.say(t, o.people[1], o.rooms[1], "x") // outside the window
			return o.Receive(t.Context(), o.people[1], o.rooms[1], feed.Receipt{Type: feed.Read, Event: e})
		},
		"message to a device": func(t *testing.T, o *office) error {
			return o.Devices.Send(t.Context(), o.people[1], "x", "t", map[mxid.User]map[mxid.Device]json.RawMessage{o.people[0].User: {"D": []byte(`{}`)}})
		},
		"a key that is handed out": func(t *testing.T, o *office) error {
			_, err := o.Devices.Claim(t.Context(), map[mxid.User]map[mxid.Device]string{o.people[0].User: {"D": "curve25519"}}, func(mxid.User, mxid.Device) bool { return false })
			return err
		},
		"data": func(t *testing.T, o *office) error {
			return account.New(o.Disk.(*store.DB), "wardroom.test").SetData(t.Context(), o.people[0], account.Datum{Type: "x", Content: []byte(`{}`)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, 2, 2)
			want := with(`{"lists":{"all":{"ranges":[[0,9]],"timeline_limit":1}}}`, `"to_device":{"enabled":true},"e2ee":{"enabled":true},"account_data":{"enabled":true},"receipts":{"enabled":true},"typing":{"enabled":true}`)
			_, err := o.Devices.Upload(t.Context(), o.people[0], device.Upload{OneTimeKeys: device.Keys{{Name: "curve25519:1", JSON: []byte(`"1"`)}}})
			must(t, err)
			a := o.slide(t, o.people[0], "", want)
			req := ask(t, a.Pos, want)
			req.Timeout = time.Minute
			ctx, end := context.WithTimeout(t.Context(), 30*time.Second)
			defer end()
			done := make(chan error, 1)
			go func() {
				_, err := o.Slide(ctx, o.people[0], req)
				done <- err
			}()
			for !o.Hub.Awaited() {
				time.Sleep(0)
			}
			must(t, happens(t, o))
			must(t, <-done)
		})
	}
}

func TestAnInvitationIsToldWithWhatMayBeKnownFromOutside(t *testing.T) {
	o := open(t, 2, 1)
	me, in := person(t, o.Disk.(*store.DB), 7), o.rooms[0]
	want := all(5, `["*","*"]`)
	a := o.slide(t, me, "", want)
	must(t, o.Rooms.Invite(t.Context(), o.people[0], in, me.User, ""))
	o.say(t, o.people[0], in, "inside")
	b := o.slide(t, me, a.Pos, want)
	r := b.Rooms[in]
	if r == nil || r.Membership != "invite" || !r.Initial || len(r.Invite) == 0 || len(r.Timeline)+len(r.State) != 0 || r.Joined != nil || b.Lists["all"].Count != 1 {
		t.Fatalf("invited: %s", b.text)
	}
	if c := o.slide(t, me, b.Pos, want); len(c.Rooms) != 0 {
		t.Errorf("again: %s", c.text)
	}
	must(t, o.Rooms.Join(t.Context(), me, in, ""))
	c := o.slide(t, me, b.Pos, want)
	if r = c.Rooms[in]; r == nil || !r.Initial || r.Membership != "join" || len(r.Invite) != 0 || len(r.Timeline) == 0 || r.Joined == nil {
		t.Errorf("joined: %s", c.text)
	}
}

func TestAnInvitationThatWasRejectedTellsNothingOfTheRoom(t *testing.T) {
	o := open(t, 2, 1)
	me, in := person(t, o.Disk.(*store.DB), 7), o.rooms[0]
	want := all(5, `["*","*"]`)
	must(t, o.Rooms.Invite(t.Context(), o.people[0], in, me.User, ""))
	a := o.slide(t, me, "", want)
	_, err := o.Rooms.SetState(t.Context(), o.people[0], in, event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"secret"}`))
	must(t, err)
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	b := o.slide(t, me, a.Pos, want)
	r := b.Rooms[in]
	if r == nil || r.Membership != "leave" || !slices.Equal(keys(r.State), []string{"m.room.member @p7:wardroom.test"}) || len(r.Timeline) != 0 || strings.Contains(b.text, "secret") {
		t.Errorf("%s", b.text)
	}
	for range 2 {
		if b = o.slide(t, me, b.Pos, want); len(b.Rooms) != 0 {
			t.Errorf("again: %s", b.text)
		}
	}
}

// Who was in the room before is told how it was when they left it then.
func TestAnInvitationThatWasRejectedTellsNothingSinceTheFirstStay(t *testing.T) {
	o := open(t, 2, 1)
	me, in := o.people[1], o.rooms[0]
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	_, err := o.Rooms.SetState(t.Context(), o.people[0], in, event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"secret"}`))
	must(t, err)
	must(t, o.Rooms.Invite(t.Context(), o.people[0], in, me.User, ""))
	a := o.slide(t, me, "", all(5, ""))
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	b := o.slide(t, me, a.Pos, all(5, `["*","*"]`))
	if r := b.Rooms[in]; r == nil || r.Membership != "leave" || strings.Contains(b.text, "secret") || !slices.Contains(keys(r.State), "m.room.member @p1:wardroom.test") {
		t.Errorf("%s", b.text)
	}
}

func TestARoomThatWasLeftIsToldUpToThere(t *testing.T) {
	o := open(t, 2, 2)
	me, other := o.people[1], o.people[0]
	want := all(5, `["m.room.topic",""]`)
	a := o.slide(t, me, "", want)
	last := o.say(t, other, o.rooms[0], "last")
	must(t, o.Rooms.Leave(t.Context(), me, o.rooms[0], ""))
	o.say(t, other, o.rooms[0], "later")
	_, err := o.Rooms.SetState(t.Context(), other, o.rooms[0], event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"secret"}`))
	must(t, err)
	b := o.slide(t, me, a.Pos, want)
	r := b.Rooms[o.rooms[0]]
	if r == nil || r.Membership != "leave" || r.Initial || len(r.Timeline) != 2 || r.Timeline[0].ID != last || r.Joined != nil || r.Unread != nil ||
		!slices.Equal(keys(r.State), []string{"m.room.member @p1:wardroom.test"}) || strings.Contains(b.text, "secret") {
		t.Errorf("left: %s", b.text)
	}
	if c := o.slide(t, me, b.Pos, want); len(c.Rooms) != 0 {
		t.Errorf("again: %s", c.text)
	}
	// Who begins anew is not told of rooms that they left, but of those that they were put out of.
	must(t, o.Rooms.Ban(t.Context(), other, o.rooms[1], me.User, ""))
	d := o.slide(t, me, "", want)
	if r := d.Rooms[o.rooms[1]]; len(d.Rooms) != 1 || d.Lists["all"].Count != 1 || r == nil || r.Membership != "ban" || !r.Initial ||
		!slices.Contains(keys(r.State), "m.room.member @p1:wardroom.test") {
		t.Errorf("anew: %s", d.text)
	}
}

// Whoever is put out of a room learns that, also where the room was not in a window before.
func TestWhoIsPutOutIsTold(t *testing.T) {
	o := open(t, 2, 2)
	me, one := o.people[1], `{"lists":{"all":{"ranges":[[0,0]],"timeline_limit":1}}}`
	a := o.slide(t, me, "", one)
	if a.Rooms[o.rooms[0]] != nil {
		t.Fatalf("%s", a.text)
	}
	must(t, o.Rooms.Kick(t.Context(), o.people[0], o.rooms[0], me.User, ""))
	b := o.slide(t, me, a.Pos, one)
	if r := b.Rooms[o.rooms[0]]; r == nil || r.Membership != "leave" || b.Lists["all"].Count != 2 {
		t.Errorf("%s", b.text)
	}
}

func TestWhoComesBackIsToldTheRoomAnew(t *testing.T) {
	o := open(t, 2, 1)
	me, in := o.people[1], o.rooms[0]
	want := all(5, `["*","*"]`)
	a := o.slide(t, me, "", want)
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	b := o.slide(t, me, a.Pos, want)
	must(t, o.Rooms.Join(t.Context(), me, in, ""))
	c := o.slide(t, me, b.Pos, want)
	if r := c.Rooms[in]; r == nil || !r.Initial || len(r.State) < 5 {
		t.Errorf("%s", c.text)
	}
}

// Somebody who left a room and forgot it before the next answer is told that they are out, and nothing else.
func TestARoomThatWasForgottenIsToldToBeLeft(t *testing.T) {
	o := open(t, 2, 1)
	me, in := o.people[1], o.rooms[0]
	want := all(5, `["*","*"]`)
	a := o.slide(t, me, "", want)
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	must(t, o.Rooms.Forget(t.Context(), me, in))
	b := o.slide(t, me, a.Pos, want)
	if r := b.Rooms[in]; r == nil || r.Membership != "leave" || len(r.State) != 1 || len(r.Timeline) != 0 {
		t.Errorf("%s", b.text)
	}
	if c := o.slide(t, me, "", `{"rooms":{"`+string(in)+`":{"timeline_limit":5}}}`); len(c.Rooms) != 0 {
		t.Errorf("asked for by name: %s", c.text)
	}
}

func TestListsAreFiltered(t *testing.T) {
	o := open(t, 2, 4)
	me, other := o.people[0], o.people[1]
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	var made room.Wanted
	must(t, json.Unmarshal([]byte(`{"preset":"public_chat","creation_content":{"type":"m.space"}}`), &made))
	space, err := o.Rooms.Create(t.Context(), me, made)
	must(t, err)
	must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "m.direct", Content: []byte(`{"` + string(other.User) + `":["` + string(o.rooms[0]) + `"]}`)}))
	must(t, accounts.SetData(t.Context(), me, account.Datum{Room: o.rooms[1], Type: "m.tag", Content: []byte(`{"tags":{"m.favourite":{}}}`)}))
	_, err = o.Rooms.SetState(t.Context(), me, space, event.StateKey{Type: "m.space.child", Key: string(o.rooms[2])}, []byte(`{"via":["wardroom.test"]}`))
	must(t, err)
	invited, err := o.Rooms.Create(t.Context(), other, room.Wanted{Preset: "private_chat", Invite: []mxid.User{me.User}})
	must(t, err)
	name := map[mxid.Room]string{space: "space", invited: "invited"}
	for i, id := range o.rooms {
		name[id] = fmt.Sprint(i)
	}
	for filter, want := range map[string]string{
		`{}`:                                  "0 1 2 3 invited space",
		`{"is_dm":true}`:                      "0",
		`{"is_dm":false}`:                     "1 2 3 invited space",
		`{"is_invite":true}`:                  "invited",
		`{"is_invited":false}`:                "0 1 2 3 space",
		`{"is_encrypted":true,"is_dm":true}`:  "0",
		`{"is_encrypted":false,"is_dm":true}`: "",
		`{"room_types":["m.space"]}`:          "space",
		`{"room_types":[null]}`:               "0 1 2 3 invited",
		`{"not_room_types":["m.space"]}`:      "0 1 2 3 invited",
		`{"room_types":["m.space"],"not_room_types":["m.space"]}`: "",
		`{"tags":["m.favourite","x"]}`:                            "1",
		`{"not_tags":["m.favourite"],"is_invite":false}`:          "0 2 3 space",
		`{"spaces":["` + string(space) + `","!none:x"]}`:          "2",
		`{"spaces":["` + string(invited) + `"]}`:                  "",
	} {
		a := o.slide(t, me, "", `{"lists":{"l":{"ranges":[[0,99]],"timeline_limit":0,"filters":`+filter+`}}}`)
		var got []string
		for id, r := range a.Rooms {
			got = append(got, name[id])
			if (r.DM != nil) != (name[id] == "0") {
				t.Errorf("%s: is_dm of %s: %s", filter, name[id], a.text)
			}
		}
		if slices.Sort(got); strings.Join(got, " ") != want || a.Lists["l"].Count != len(got) {
			t.Errorf("%s: %v (%d), want %s", filter, got, a.Lists["l"].Count, want)
		}
	}
}

func TestADirectRoomIsSaidToBeOneWhenItBecomesOne(t *testing.T) {
	o := open(t, 2, 2)
	me := o.people[0]
	a := o.slide(t, me, "", all(1, ""))
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "m.direct", Content: []byte(`{"x":["` + string(o.rooms[0]) + `"]}`)}))
	b := o.slide(t, me, a.Pos, all(1, ""))
	if r := b.Rooms[o.rooms[0]]; len(b.Rooms) != 1 || r == nil || r.DM == nil || !*r.DM {
		t.Fatalf("is one: %s", b.text)
	}
	must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "m.direct", Content: []byte(`{"x":7}`)}))
	if c := o.slide(t, me, b.Pos, all(1, "")); c.Rooms[o.rooms[0]] == nil || *c.Rooms[o.rooms[0]].DM {
		t.Errorf("is none: %s", c.text)
	}
}

func TestReadingSetsTheNumberBack(t *testing.T) {
	o := open(t, 2, 2)
	me, in := o.people[0], o.rooms[0]
	said := o.say(t, o.people[1], in, "x")
	a := o.slide(t, me, "", all(1, ""))
	if *a.Rooms[in].Unread != 1 {
		t.Fatalf("%s", a.text)
	}
	must(t, o.Receive(t.Context(), me, in, feed.Receipt{Type: feed.ReadPrivate, Event: said}))
	outside := o.slide(t, me, a.Pos, `{"lists":{"all":{"ranges":[]}}}`)
	b := o.slide(t, me, outside.Pos, all(1, ""))
	if r := b.Rooms[in]; r == nil || *r.Unread != 0 || len(r.Timeline) != 0 {
		t.Errorf("read while nobody asked for the room: %s", b.text)
	}
	said = o.say(t, o.people[1], in, "y")
	c := o.slide(t, me, b.Pos, all(1, ""))
	must(t, o.Receive(t.Context(), me, in, feed.Receipt{Type: feed.Read, Event: said}))
	if d := o.slide(t, me, c.Pos, all(1, "")); *c.Rooms[in].Unread != 1 || d.Rooms[in] == nil || *d.Rooms[in].Unread != 0 {
		t.Errorf("read: %s", d.text)
	}
}

// The number beside a room is another one once its messages are not told of any more, without anything happening in the room.
func TestMutingSetsTheNumberBack(t *testing.T) {
	o := open(t, 2, 2)
	me, in := o.people[0], o.rooms[0]
	o.say(t, o.people[1], in, "x")
	o.say(t, o.people[1], o.rooms[1], "x")
	a := o.slide(t, me, "", all(1, ""))
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "m.ignored_user_list", Content: []byte(`{"ignored_users":{"@p1:wardroom.test":{}}}`)}))
	b := o.slide(t, me, a.Pos, all(1, ""))
	if r := b.Rooms[in]; r == nil || *r.Unread != 0 || len(b.Rooms) != 2 {
		t.Fatalf("ignored: %s", b.text)
	}
	must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "m.ignored_user_list", Content: []byte(`{}`)}))
	c := o.slide(t, me, b.Pos, all(1, ""))
	must(t, accounts.PutPushRule(t.Context(), me, "room", account.Rule{ID: string(in), Actions: []json.RawMessage{}}, "", ""))
	d := o.slide(t, me, c.Pos, all(1, ""))
	if r := d.Rooms[in]; *c.Rooms[in].Unread != 1 || r == nil || *r.Unread != 0 || len(d.Rooms) != 1 {
		t.Errorf("muted: %s", d.text)
	}
}

func TestNoMessageOfWhoIsIgnored(t *testing.T) {
	o := open(t, 3, 1)
	me, in := o.people[0], o.rooms[0]
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "m.ignored_user_list", Content: []byte(`{"ignored_users":{"@p1:wardroom.test":{}}}`)}))
	o.say(t, o.people[1], in, "x")
	said := o.say(t, o.people[2], in, "y")
	invited, err := o.Rooms.Create(t.Context(), o.people[1], room.Wanted{Preset: "private_chat", Invite: []mxid.User{me.User}})
	must(t, err)
	a := o.slide(t, me, "", `{"lists":{"all":{"ranges":[[0,9]],"timeline_limit":2}},"rooms":{"`+string(invited)+`":{"timeline_limit":1}}}`)
	if r := a.Rooms[in]; len(a.Rooms) != 1 || !slices.Equal(ids(r.Timeline), []mxid.Event{said}) || *r.Unread != 1 {
		t.Errorf("%s", a.text)
	}
}

func TestASubscriptionOpensNoRoom(t *testing.T) {
	o := open(t, 2, 1)
	stranger := person(t, o.Disk.(*store.DB), 8)
	a := o.slide(t, stranger, "", `{"rooms":{"`+string(o.rooms[0])+`":{"timeline_limit":10,"required_state":[["*","*"]]},"!none:x":{},"nonsense":{}}}`)
	if len(a.Rooms) != 0 {
		t.Errorf("%s", a.text)
	}
}

// send sends messages to the device of the first person.
func (o *office) send(t *testing.T, txns ...string) {
	for _, txn := range txns {
		must(t, o.Devices.Send(t.Context(), o.people[1], "org.example", txn, map[mxid.User]map[mxid.Device]json.RawMessage{o.people[0].User: {"D": []byte(`{"n":"` + txn + `"}`)}}))
	}
}

func delivered(a *slid) string {
	var got []string
	for _, e := range a.Ext.ToDevice.Events {
		got = append(got, fmt.Sprint(e.Content["n"]))
	}
	return strings.Join(got, " ")
}

func TestMessagesToADeviceStayUntilTheirTokenComesBack(t *testing.T) {
	o := open(t, 2, 1)
	me := o.people[0]
	want := func(since string, limit int) string {
		return fmt.Sprintf(`{"extensions":{"to_device":{"enabled":true,"since":"%s","limit":%d}}}`, since, limit)
	}
	o.send(t, "1", "2", "3")
	a := o.slide(t, me, "", want("", 100))
	if delivered(a) != "1 2 3" {
		t.Fatalf("%s", a.text)
	}
	// pos alone acknowledges nothing, and beginning anew loses nothing
	b := o.slide(t, me, a.Pos, want("", 2))
	if delivered(b) != "1 2" {
		t.Errorf("%s", b.text)
	}
	c := o.slide(t, me, "", want(b.Ext.ToDevice.Next, 100))
	if delivered(c) != "3" {
		t.Errorf("%s", c.text)
	}
	if d := o.slide(t, me, "", want("", 100)); delivered(d) != "3" {
		t.Errorf("what was acknowledged is given again: %s", d.text)
	}
	o.send(t, "4")
	d := o.slide(t, me, "", want(c.Ext.ToDevice.Next, 100))
	if delivered(d) != "4" {
		t.Errorf("%s", d.text)
	}
	_, err := o.Slide(t.Context(), me, ask(t, "", want("nonsense", 1)))
	if !fault.InvalidParam.In(err) {
		t.Errorf("a token that is none: %v", err)
	}
}

// The rooms end where the messages to the device end, so that no event is shown before its key.
func TestRoomsWaitForMessagesToTheDevice(t *testing.T) {
	o := open(t, 2, 2)
	me := o.people[0]
	want := func(since string, limit int) string {
		return with(all(10, ""), fmt.Sprintf(`"to_device":{"enabled":true,"since":"%s","limit":%d}`, since, limit))
	}
	a := o.slide(t, me, "", want("", 10))
	var said []mxid.Event
	for i := range 3 {
		o.send(t, fmt.Sprint(i))
		said = append(said, o.say(t, o.people[1], o.rooms[0], fmt.Sprint(i)))
	}
	pos, since := a.Pos, a.Ext.ToDevice.Next
	for i := range 3 {
		b := o.slide(t, me, pos, want(since, 1))
		var got []mxid.Event
		if r := b.Rooms[o.rooms[0]]; r != nil {
			got = ids(r.Timeline)
		}
		told := said[max(i-1, 0):i] // what was said between this message and the one before
		if i == 2 {
			told = said[1:]
		}
		if delivered(b) != fmt.Sprint(i) || !slices.Equal(got, told) {
			t.Errorf("answer %d: %s", i, b.text)
		}
		pos, since = b.Pos, b.Ext.ToDevice.Next
	}
	// A device that has lost its messages is shown nothing before it has them again.
	o.send(t, "3", "4")
	o.slide(t, me, pos, want(since, 10))
	b := o.slide(t, me, "", with(all(10, ""), `"typing":{"enabled":true}`))
	must(t, o.SetTyping(t.Context(), o.people[1], o.rooms[0], time.Minute))
	c := o.slide(t, me, b.Pos, `{"lists":{"all":{"ranges":[[0,0]],"timeline_limit":20}},"extensions":{"typing":{"enabled":true},"to_device":{"enabled":true,"limit":1,"since":"`+since+`"}}}`)
	if delivered(c) != "3" || len(c.Rooms)+len(c.Ext.Typing.Rooms) != 0 {
		t.Errorf("%s", c.text)
	}
	d := o.slide(t, me, c.Pos, `{"lists":{"all":{"ranges":[[0,0]],"timeline_limit":20}},"extensions":{"typing":{"enabled":true},"to_device":{"enabled":true,"limit":1,"since":"`+c.Ext.ToDevice.Next+`"}}}`)
	if delivered(d) != "4" || len(d.Rooms) != 1 || len(d.Ext.Typing.Rooms) != 1 {
		t.Errorf("%s", d.text)
	}
}

func TestKeysAreToldOf(t *testing.T) {
	o := open(t, 3, 1)
	me := o.people[0]
	want := `{"extensions":{"e2ee":{"enabled":true}}}`
	a := o.slide(t, me, "", want)
	if e := a.Ext.E2EE; e == nil || e.Lists != nil || e.Types == nil {
		t.Fatalf("%s", a.text)
	} else if n, ok := e.Count["signed_curve25519"]; !ok || n != 0 {
		t.Errorf("%s", a.text)
	}
	newcomer := person(t, o.Disk.(*store.DB), 9)
	must(t, o.Rooms.Join(t.Context(), newcomer, o.rooms[0], ""))
	must(t, o.Rooms.Leave(t.Context(), o.people[2], o.rooms[0], ""))
	for range 2 { // also when the first answer is lost
		b := o.slide(t, me, a.Pos, want)
		if l := b.Ext.E2EE.Lists; l == nil || !slices.Equal(l.Changed, []mxid.User{newcomer.User}) || !slices.Equal(l.Left, []mxid.User{o.people[2].User}) {
			t.Errorf("%s", b.text)
		}
	}
	// What happened while it was not asked for is told when it is.
	b := o.slide(t, me, a.Pos, `{}`)
	c := o.slide(t, me, b.Pos, want)
	if l := c.Ext.E2EE.Lists; l == nil || len(l.Changed)+len(l.Left) != 2 {
		t.Errorf("%s", c.text)
	}
	if d := o.slide(t, me, c.Pos, want); d.Ext.E2EE.Lists != nil {
		t.Errorf("told twice: %s", d.text)
	}
}

func TestAccountDataReceiptsAndTypingOfTheRoomsThatAreAskedFor(t *testing.T) {
	o := open(t, 2, 3)
	me, other := o.people[0], o.people[1]
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	mark := func(n string) {
		must(t, accounts.SetData(t.Context(), me, account.Datum{Type: "org.example", Content: []byte(`{"n":` + n + `}`)}))
		for _, id := range o.rooms[:2] {
			must(t, accounts.SetData(t.Context(), me, account.Datum{Room: id, Type: "org.example", Content: []byte(`{"n":` + n + `}`)}))
			must(t, o.Receive(t.Context(), other, id, feed.Receipt{Type: feed.Read, Event: o.say(t, me, id, n)}))
			must(t, o.SetTyping(t.Context(), other, id, 0))
			must(t, o.SetTyping(t.Context(), other, id, time.Minute))
		}
	}
	mark("1")
	said := func(step string, a *slid, global bool, rooms ...mxid.Room) {
		t.Helper()
		of := func(which string, has func(mxid.Room) bool) {
			for i, id := range o.rooms {
				if has(id) != slices.Contains(rooms, id) {
					t.Errorf("%s: %s of room %d: %s", step, which, i, a.text)
				}
			}
		}
		of("data", func(id mxid.Room) bool { return a.Ext.Data != nil && a.Ext.Data.Rooms[id] != nil })
		of("receipts", func(id mxid.Room) bool { _, ok := a.Ext.Receipts.Rooms[id]; return ok })
		of("typing", func(id mxid.Room) bool { _, ok := a.Ext.Typing.Rooms[id]; return ok })
		if (a.Ext.Data != nil && len(a.Ext.Data.Global) > 0) != global {
			t.Errorf("%s: data of the account: %s", step, a.text)
		}
	}
	extensions := `"account_data":{"enabled":true},"receipts":{"enabled":true},"typing":{"enabled":true}`
	last := func(n int) string { // the window holds the n rooms in which something happened last
		return with(fmt.Sprintf(`{"lists":{"l":{"ranges":[[0,%d]],"timeline_limit":1}}}`, n-1), extensions)
	}
	a := o.slide(t, me, "", last(1))
	said("first", a, true, o.rooms[1])
	b := o.slide(t, me, a.Pos, last(1))
	said("nothing new", b, false)
	b = o.slide(t, me, b.Pos, last(3))
	said("more rooms", b, false, o.rooms[0])
	mark("2")
	c := o.slide(t, me, b.Pos, last(3))
	said("new", c, true, o.rooms[0], o.rooms[1])
	d := o.slide(t, me, c.Pos, `{}`)
	mark("3")
	d = o.slide(t, me, d.Pos, `{}`)
	said("not asked for", d, false)
	e := o.slide(t, me, d.Pos, last(3))
	said("asked for again", e, true, o.rooms[0], o.rooms[1])
	mark("4")
	only := strings.ReplaceAll(extensions, `true`, `true,"lists":[],"rooms":["`+string(o.rooms[0])+`"]`)
	f := o.slide(t, me, e.Pos, with(`{"lists":{"l":{"ranges":[[0,9]]}},"rooms":{"`+string(o.rooms[0])+`":{},"`+string(o.rooms[1])+`":{}}}`, only))
	said("of one subscription", f, true, o.rooms[0])
}

func TestAtFirstOnlyReceiptsOfWhatIsShown(t *testing.T) {
	o := open(t, 3, 1)
	me, in := o.people[0], o.rooms[0]
	old := o.say(t, me, in, "old")
	must(t, o.Receive(t.Context(), o.people[1], in, feed.Receipt{Type: feed.Read, Event: old}))
	must(t, o.Receive(t.Context(), me, in, feed.Receipt{Type: feed.ReadPrivate, Event: old}))
	shown := o.say(t, me, in, "shown")
	must(t, o.Receive(t.Context(), o.people[2], in, feed.Receipt{Type: feed.Read, Event: shown}))
	a := o.slide(t, me, "", with(all(1, ""), `"receipts":{"enabled":true}`))
	text, _ := json.Marshal(a.Ext.Receipts.Rooms[in].Content)
	if got := string(text); strings.Contains(got, "@p1:") || !strings.Contains(got, "@p0:") || !strings.Contains(got, "@p2:") {
		t.Errorf("%s", got)
	}
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	many := func(n int, entry string) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	numbered := func(n int, value string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"%d":%s`, i, value))
		}
		return strings.Join(all, ",")
	}
	for body, ok := range map[string]bool{
		`{"lists":{` + numbered(100, `{}`) + `}}`:                                      true,
		`{"lists":{` + numbered(101, `{}`) + `}}`:                                      false,
		`{"rooms":{` + numbered(101, `{}`) + `}}`:                                      false,
		`{"lists":{"a":{"ranges":[[3,2]]}}}`:                                           false,
		`{"lists":{"a":{"ranges":[[-1,2]]}}}`:                                          false,
		`{"lists":{"a":{"ranges":[[1]]}}}`:                                             false,
		`{"lists":{"a":{"timeline_limit":-1}}}`:                                        false,
		`{"rooms":{"a":{"timeline_limit":-1}}}`:                                        false,
		`{"lists":{"a":{"required_state":[` + many(101, `["a","b"]`) + `]}}}`:          false,
		`{"lists":{"a":{"required_state":[["a"]]}}}`:                                   false,
		`{"lists":{"a":{"required_state":[["` + strings.Repeat("x", 256) + `",""]]}}}`: false,
		`{"lists":{"a":{"required_state":null,"filters":null,"ranges":null}}}`:         true,
		`{"conn":"` + strings.Repeat("x", 256) + `"}`:                                  false,
		`{"extensions":{"to_device":{"limit":-1}}}`:                                    false,
	} {
		var req feed.SlideRequest
		must(t, json.Unmarshal([]byte(body), &req))
		err := req.Check()
		var refusal *fault.Fault
		if (err == nil) != ok || err != nil && (!errors.As(err, &refusal) || refusal.Code != fault.InvalidParam) {
			t.Errorf("%.80s: %v", body, err)
		}
	}
}
