package feed_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// filters are what devices of different kinds ask for.
var filters = []string{
	`{}`,
	`{"room":{"state":{"lazy_load_members":true},"timeline":{"unread_thread_notifications":true,"limit":3}}}`,
	`{"event_format":"federation","room":{"timeline":{"not_types":["m.reaction"],"limit":2},"ephemeral":{"not_types":["m.typing"]}}}`,
	`{"room":{"timeline":{"types":["m.room.encrypted"]},"state":{"lazy_load_members":true,"not_senders":["@p1:wardroom.test"]}},"account_data":{"types":[]}}`,
}

// differs is what may be otherwise in two true answers: how old an event is, and who the reader was when somebody joined.
var differs = regexp.MustCompile(`("type":"m.room.member","unsigned":\{)(?:"age":\d+,?)?(?:"membership":"\w+",?)?|"age":\d+,?`)

// Whatever happens, and whichever token a device comes back with, it is told the same out of memory and out of the store.
func TestMemoryTellsWhatTheStoreTells(t *testing.T) {
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 0))
	o := open(t, 4, 3)
	o.tellsWhatTheStoreTells(t, 600, seed, dice, func(int) *feed.Feed { return o.Feed })
	if quick := feed.Quick(o.Feed); quick < 100 {
		t.Errorf("only %d answers came from memory", quick)
	}
}

// The same where two servers share the store, each person uses now this one and now that, and what one of them has committed is
// heard by the other at once, late, or never.
func TestWithTwoServersMemoryTellsWhatTheStoreTells(t *testing.T) {
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex // guards heard
	var heard [2][]func()
	var dbs [2]*store.DB
	var hubs [2]*stream.Hub
	dbs, hubs = storetest.Pair(t, func(i int, after, upto stream.Position, entries []*stream.Entry) {
		mu.Lock()
		defer mu.Unlock()
		other := dbs[1-i]
		heard[1-i] = append(heard[1-i], func() {
			told := make([]*stream.Entry, len(entries))
			for j, e := range entries {
				told[j] = &stream.Entry{Pos: e.Pos, Topics: e.Topics}
			}
			must(t, other.Heard(t.Context(), after, upto, told))
		})
	})
	o := openOn(t, dbs[0], hubs[0], 4, 3)
	servers := [2]*feed.Feed{o.Feed, feedOn(dbs[1], hubs[1])}
	defer hubs[1].Subscribe("@somebody:else").Close()
	skipped := 0
	o.tellsWhatTheStoreTells(t, 300, seed, dice, func(n int) *feed.Feed {
		i := dice.IntN(2)
		if n/50%2 == 0 { // in turn people stay at one, and go to and fro
			i = n / 100 % 2
		}
		mu.Lock()
		say := heard[i]
		switch d := dice.IntN(20); {
		case d == 0:
			heard[i], say = nil, nil // lost
		case d < 4:
			say = nil // late
		default:
			heard[i] = nil
		}
		mu.Unlock()
		hubs[i].Patience(2 * time.Millisecond)
		for _, one := range say {
			one()
		}
		if len(say) == 0 {
			hubs[i].Patience(0)
		}
		p, err := dbs[i].Position(t.Context())
		must(t, err)
		hubs[i].Reach(t.Context(), p) // as each request does
		skipped += hubs[i].Skips()
		return servers[i]
	})
	if quick := feed.Quick(servers[0]) + feed.Quick(servers[1]); quick < 20 || skipped == 0 {
		t.Errorf("only %d answers came from memory, and %d times something was given up", quick, skipped)
	}
}

// Who came to a room through one server is told of what is said through the other one.
func TestWhoComesIsHeardOfElsewhere(t *testing.T) {
	var dbs [2]*store.DB
	var hubs [2]*stream.Hub
	var late []func()
	dbs, hubs = storetest.Pair(t, func(i int, after, upto stream.Position, entries []*stream.Entry) {
		if i == 0 {
			late = append(late, func() {
				told := make([]*stream.Entry, len(entries))
				for j, e := range entries {
					told[j] = &stream.Entry{Pos: e.Pos, Topics: e.Topics}
				}
				must(t, dbs[1].Heard(t.Context(), after, upto, told))
			})
		}
	})
	defer hubs[1].Subscribe("@somebody:else").Close()
	hear := func() {
		for _, one := range late {
			one()
		}
		late = nil
	}
	o := openOn(t, dbs[0], hubs[0], 2, 1)
	second := feedOn(dbs[1], hubs[1])
	me, in := o.people[1], o.rooms[0]
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	o.say(t, o.people[0], in, "1")
	hear() // now the second server knows who is in the room
	must(t, second.Rooms.Join(t.Context(), me, in, ""))
	sync := func(since string) *feed.Sync {
		answer, err := second.Sync(t.Context(), me, feed.Request{Since: since})
		must(t, err)
		return answer
	}
	since := sync(sync("").Next).Next
	o.say(t, o.people[0], in, "2")
	hear()
	if j := sync(since).Rooms.Join[in]; j == nil || len(j.Timeline.Events) != 1 {
		t.Errorf("who came is told %+v", j)
	}
}

// tellsWhatTheStoreTells lets people do everything at random and compares each answer of the server that is at hand at a step with what
// is read from the store.
func (o *office) tellsWhatTheStoreTells(t *testing.T, steps int, seed uint64, dice *rand.Rand, at func(step int) *feed.Feed) {
	t.Helper()
	defer o.Hub.Subscribe("@somebody:else").Close() // nobody looks who is in a room while nobody waits
	var history []string
	asked := make([]*feed.Filter, len(filters))
	for i, text := range filters {
		var err error
		asked[i], err = feed.ParseFilter([]byte(text))
		must(t, err)
	}
	tokens := make([][]string, len(o.people))
	said := map[mxid.Room][]mxid.Event{}
	for i, p := range o.people {
		tokens[i] = []string{o.sync(t, p, "").Next}
	}
	for n := range steps {
		who, in := o.people[dice.IntN(len(o.people))], o.rooms[dice.IntN(len(o.rooms))]
		calm := n/20%3 > 0 // people write, read and answer
		server := &office{Feed: at(n), people: o.people, rooms: o.rooms}
		what, err := server.something(t, dice, calm, account.New(server.Disk.(*store.DB), "wardroom.test"), said, who, in, fmt.Sprint(n))
		history = append(history, fmt.Sprintf("%s in %s: %s (%v)", who.User, in, what, err))
		i := dice.IntN(len(o.people))
		since := tokens[i][len(tokens[i])-1]
		if dice.IntN(20) == 0 {
			since = tokens[i][dice.IntN(len(tokens[i]))]
		}
		req := feed.Request{Since: since, Filter: asked[i], StateAfter: i%2 == 1}
		f := at(n)
		quick, writing := feed.Quick(f), f.Typing.Serial()
		answer, err := f.Sync(t.Context(), o.people[i], req)
		must(t, err)
		read, err := (&feed.Feed{Disk: f.Disk, Hub: f.Hub, Rooms: f.Rooms, Devices: f.Devices, Typing: f.Typing}).Sync(t.Context(), o.people[i], req)
		must(t, err)
		tokens[i] = append(tokens[i], answer.Next)
		if f.Typing.Serial() != writing {
			continue // somebody's minute was over between the two
		}
		if got, want := plain(t, answer), plain(t, read); got != want {
			same := 0
			for same < min(len(got), len(want)) && got[same] == want[same] {
				same++
			}
			got, want = got[max(0, same-300):], want[max(0, same-300):]
			t.Fatalf("seed %d, step %d: %s since %s, from memory %v:\n%s\nthe store tells:\n%s\nwhat happened last:\n%s", seed, n, o.people[i].User, since, feed.Quick(f) > quick, got, want, history[max(0, len(history)-20):])
		}
	}
}

func TestMemoryCountsByThePushRules(t *testing.T) {
	o := open(t, 2, 1)
	defer o.Hub.Subscribe("@somebody:else").Close() // nobody looks who is in a room while nobody waits
	accounts := account.New(o.Disk.(*store.DB), "wardroom.test")
	me, in := o.people[1], o.rooms[0]
	since := o.sync(t, me, "").Next
	for round, told := range []int{0, 3} {
		if told == 0 {
			must(t, accounts.PutPushRule(t.Context(), me, "room", account.Rule{ID: string(in), Actions: []json.RawMessage{}}, "", ""))
		} else {
			must(t, accounts.DeletePushRule(t.Context(), me, "room", string(in)))
		}
		before := feed.Quick(o.Feed)
		for n := range 3 {
			since = o.sync(t, me, since).Next
			o.say(t, o.people[0], in, fmt.Sprint(round, n))
		}
		answer := o.sync(t, me, since)
		since = answer.Next
		if feed.Quick(o.Feed) == before {
			t.Error("nothing was told from memory")
		}
		j := answer.Rooms.Join[in]
		all := 3 * (round + 1)
		if quiet := told == 0; quiet && (j.Unread.Notifications != 0 || j.Messages == nil || j.Messages.Main != all) || !quiet && (j.Unread.Notifications != all || j.Messages != nil) {
			t.Errorf("round %d: counted are %+v, in all %+v", round, j.Unread, j.Messages)
		}
	}
}

// plain is an answer without what may differ. It is the same however it is written.
func plain(t *testing.T, a *feed.Sync) string {
	text, err := json.Marshal(a)
	must(t, err)
	var marshalled, appended any
	must(t, json.Unmarshal(text, &marshalled))
	must(t, json.Unmarshal(a.AppendJSON(nil), &appended))
	if !reflect.DeepEqual(marshalled, appended) {
		t.Fatalf("%s\nis written as\n%s", text, a.AppendJSON(nil))
	}
	return differs.ReplaceAllString(string(text), "$1")
}

// something is done by who, something small where it is calm, and said what it was. It may be refused.
func (o *office) something(t *testing.T, dice *rand.Rand, calm bool, accounts *account.Accounts, said map[mxid.Room][]mxid.Event, who account.Session, in mxid.Room, txn string) (what string, err error) {
	ctx := t.Context()
	send := func(typ, content string) error {
		id, err := o.Rooms.Send(ctx, who, in, typ, txn, []byte(content))
		if err == nil {
			said[in] = append(said[in], id)
		}
		return err
	}
	some := func() mxid.Event {
		if all := said[in]; len(all) > 0 {
			return all[max(0, len(all)-1-dice.IntN(6))]
		}
		return "$none"
	}
	relation := func(typ string) string {
		return fmt.Sprintf(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"%s","m.relates_to":{"rel_type":"%s","event_id":"%s"}}`, txn, typ, some())
	}
	other := o.people[dice.IntN(len(o.people))]
	of := 106
	if calm {
		of = 82
	}
	switch d := dice.IntN(of); {
	case d < 60:
		return "message", send("m.room.encrypted", `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`+txn+`"}`)
	case d < 65:
		return "answer in a thread", send("m.room.encrypted", relation(event.RelThread))
	case d < 68:
		return "edit", send("m.room.encrypted", relation(event.RelReplace))
	case d < 71:
		return "reaction", send("m.reaction", fmt.Sprintf(`{"m.relates_to":{"rel_type":"m.annotation","event_id":"%s","key":"%s"}}`, some(), txn))
	case d < 75:
		return "public receipt", o.Receive(ctx, who, in, feed.Receipt{Type: feed.Read, Event: some()})
	case d < 77:
		return "private receipt", o.Receive(ctx, who, in, feed.Receipt{Type: feed.ReadPrivate, Event: some(), Thread: "main"})
	case d < 82:
		return "typing", o.SetTyping(ctx, who, in, time.Duration(dice.IntN(2))*time.Minute)
	case d < 84:
		_, err := o.Rooms.Redact(ctx, who, in, some(), txn, []byte(`{}`))
		return "redaction", err
	case d < 86:
		_, err := o.Rooms.SetState(ctx, who, in, event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"`+txn+`"}`))
		return "topic", err
	case d < 87:
		return "leave", o.Rooms.Leave(ctx, who, in, "")
	case d < 90:
		return "join", o.Rooms.Join(ctx, who, in, "")
	case d < 91:
		return "invite", o.Rooms.Invite(ctx, who, in, other.User, "")
	case d < 92:
		return "ignoring " + string(other.User), accounts.SetData(ctx, who, account.Datum{Type: "m.ignored_user_list", Content: []byte(`{"ignored_users":{"` + string(other.User) + `":{}}}`)})
	case d < 94:
		return "data of a room", accounts.SetData(ctx, who, account.Datum{Room: in, Type: "org.example", Content: []byte(`{"n":` + txn + `}`)})
	case d < 96:
		return "message to a device", o.Devices.Send(ctx, who, "org.example", txn, map[mxid.User]map[mxid.Device]json.RawMessage{other.User: {"*": []byte(`{"n":` + txn + `}`)}})
	case d < 98:
		_, err := o.Devices.Upload(ctx, who, device.Upload{OneTimeKeys: device.Keys{{Name: "curve25519:" + txn, JSON: []byte(`"` + txn + `"`)}}})
		return "one-time key", err
	case d < 99:
		_, err := o.Devices.Claim(ctx, map[mxid.User]map[mxid.Device]string{other.User: {"D": "curve25519"}}, func(mxid.User, mxid.Device) bool { return false })
		return "claim", err
	case d < 102:
		rule := account.Rule{ID: string(in), Enabled: true, Actions: []json.RawMessage{}}
		kind := []string{"room", "sender", "override"}[dice.IntN(3)]
		switch kind {
		case "sender":
			rule.ID = string(other.User)
		case "override":
			rule.ID, rule.Conditions = "few", []account.Condition{{Kind: "room_member_count", Is: "<4"}}
		}
		if dice.IntN(2) == 0 {
			return "no push rule by " + kind, accounts.DeletePushRule(ctx, who, kind, rule.ID)
		}
		return "a push rule by " + kind, accounts.PutPushRule(ctx, who, kind, rule, "", "")
	case d < 104:
		return "following a thread", o.Subscribe(ctx, who, in, some(), "")
	case d < 105:
		return "leaving a thread", o.Unsubscribe(ctx, who, in, some())
	default:
		return "another name", o.Rooms.Renamed(ctx, who)
	}
}

// warm gives a token of a person whom memory knows with these rooms.
func (o *office) warm(t *testing.T, me account.Session, rooms ...int) (since string) {
	t.Helper()
	since = o.sync(t, me, "").Next
	for _, i := range rooms {
		o.say(t, o.people[0], o.rooms[i], fmt.Sprint("warm", i, since))
	}
	return o.sync(t, me, since).Next
}

func TestARoomThatWasLeftIsNotToldOfAsJoined(t *testing.T) {
	o := open(t, 2, 1)
	defer o.Hub.Subscribe("@somebody:else").Close()
	me, in := o.people[1], o.rooms[0]
	since := o.warm(t, me, 0)
	must(t, o.SetTyping(t.Context(), o.people[0], in, 3*time.Second))
	serial := o.Typing.Serial()
	must(t, o.Rooms.Leave(t.Context(), me, in, ""))
	answer := o.sync(t, me, since)
	if answer.Rooms.Leave[in] == nil {
		t.Fatal("not left")
	}
	for o.Typing.Serial() == serial { // until the announcement ends by itself
		time.Sleep(10 * time.Millisecond)
	}
	if j := o.sync(t, me, answer.Next).Rooms.Join[in]; j != nil {
		t.Errorf("a room that was left is told of as joined: %s", j.Ephemeral.Events)
	}
}

func TestWhatAFilterHidesIsCountedWhenAnotherOneAsks(t *testing.T) {
	for _, quick := range []bool{true, false} {
		o := open(t, 2, 2)
		defer o.Hub.Subscribe("@somebody:else").Close()
		me, in := o.people[1], o.rooms[0]
		since := o.warm(t, me, 0, 1) // one is unread
		o.say(t, o.people[0], in, "hidden")
		if !quick {
			_, err := o.Rooms.SetState(t.Context(), o.people[0], o.rooms[1], event.StateKey{Type: "m.room.topic"}, []byte(`{"topic":"x"}`))
			must(t, err)
		}
		answer, err := o.Sync(t.Context(), me, feed.Request{Since: since, Filter: &feed.Filter{Room: feed.RoomFilter{NotRooms: []mxid.Room{in}}}})
		must(t, err)
		o.say(t, o.people[0], in, "shown")
		j := o.sync(t, me, answer.Next).Rooms.Join[in]
		if j == nil || j.Unread.Notifications != 3 {
			t.Errorf("hidden from memory %v: unread %+v, want 3", quick, j.Unread)
		}
	}
}

func TestTheFirstMessageAfterAFirstSyncIsToldFromMemory(t *testing.T) {
	o := open(t, 2, 1)
	defer o.Hub.Subscribe("@somebody:else").Close()
	me, in := o.people[1], o.rooms[0]
	o.say(t, o.people[0], in, "before")
	since, before := o.sync(t, me, "").Next, feed.Quick(o.Feed)
	o.say(t, o.people[0], in, "after")
	if j := o.sync(t, me, since).Rooms.Join[in]; j == nil || j.Unread.Notifications != 2 || feed.Quick(o.Feed) != before+1 {
		t.Errorf("%d answers from memory: %+v", feed.Quick(o.Feed)-before, j)
	}
}

// A client that lost its connection asks again with the token that it has, while the first request still waits.
func TestRequestsWithOneTokenCountTheSame(t *testing.T) {
	o := open(t, 2, 1)
	defer o.Hub.Subscribe("@somebody:else").Close()
	me, in := o.people[1], o.rooms[0]
	since := o.warm(t, me, 0) // one is unread
	for n := range 5 {
		answers := make(chan *feed.Sync)
		for range 3 {
			go func() {
				answer, err := o.Sync(t.Context(), me, feed.Request{Since: since, Timeout: time.Minute})
				if err != nil {
					t.Error(err)
				}
				answers <- answer
			}()
		}
		o.say(t, o.people[0], in, fmt.Sprint(n))
		var next string
		for range 3 {
			answer := <-answers
			if answer == nil {
				continue
			}
			if j := answer.Rooms.Join[in]; j == nil || j.Unread.Notifications != n+2 {
				t.Errorf("message %d: %+v", n, j)
			}
			next = answer.Next
		}
		since = next
	}
}

func TestWhoComesWhileSomebodyWritesIsToldThatTheyStopped(t *testing.T) {
	for _, first := range []bool{false, true} {
		o := open(t, 2, 1)
		defer o.Hub.Subscribe("@somebody:else").Close()
		me, in := o.people[1], o.rooms[0]
		must(t, o.Rooms.Leave(t.Context(), me, in, ""))
		since := o.sync(t, me, "").Next
		must(t, o.SetTyping(t.Context(), o.people[0], in, 3*time.Second))
		must(t, o.Rooms.Join(t.Context(), me, in, ""))
		if first {
			since = ""
		}
		answer := o.sync(t, me, since)
		if j := answer.Rooms.Join[in]; j == nil || !strings.Contains(fmt.Sprintf("%s", j.Ephemeral.Events), "@p0") {
			t.Fatalf("not told that somebody writes: %+v", j)
		}
		told := make(chan *feed.Sync, 1)
		go func() {
			a, _ := o.Sync(t.Context(), me, feed.Request{Since: answer.Next, Timeout: 30 * time.Second})
			told <- a
		}()
		j := (<-told).Rooms.Join[in]
		if j == nil || !strings.Contains(fmt.Sprintf("%s", j.Ephemeral.Events), `"user_ids":[]`) {
			t.Errorf("first sync %v: nobody told that they stopped: %+v", first, j)
		}
	}
}

func TestWhatWasRedactedOfAMembershipIsNotIntroduced(t *testing.T) {
	o := open(t, 3, 1)
	defer o.Hub.Subscribe("@somebody:else").Close()
	ctx, kai, me, in := t.Context(), o.people[0], o.people[1], o.rooms[0]
	id, err := o.Rooms.SetState(ctx, kai, in, event.StateKey{Type: event.TypeMember, Key: string(kai.User)}, []byte(`{"membership":"join","displayname":"a slip of the pen"}`))
	must(t, err)
	lazy := &feed.Filter{Room: feed.RoomFilter{State: room.Filter{LazyMembers: true}}}
	tell := func(since string) *feed.Sync {
		answer, err := o.Sync(ctx, me, feed.Request{Since: since, Filter: lazy})
		must(t, err)
		return answer
	}
	since := o.warm(t, me, 0)
	o.say(t, kai, in, "1")
	answer := tell(since) // looks up who kai is
	since = answer.Next
	_, err = o.Rooms.Redact(ctx, kai, in, id, "r", []byte(`{}`))
	must(t, err)
	since = tell(since).Next
	o.say(t, kai, in, "2")
	before := feed.Quick(o.Feed)
	answer = tell(since)
	if feed.Quick(o.Feed) == before {
		t.Fatal("not from memory")
	}
	if got := fmt.Sprintf("%s", answer.Rooms.Join[in].State.Events); strings.Contains(got, "slip") {
		t.Errorf("what was redacted is told: %s", got)
	}
}
