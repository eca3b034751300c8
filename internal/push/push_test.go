package push_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/push"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// office is people who talk to each other on a server that pushes to a gateway.
type office struct {
	*feed.Feed
	accounts *account.Accounts
	db       *store.DB
	hub      *stream.Hub
	people   []account.Session
	gateway  *gateway
	ears     *ears
	log      *strings.Builder
}

// gateway is a push gateway. It answers what answer says, and keeps what it got.
type gateway struct {
	*httptest.Server
	answer func(http.ResponseWriter, notification)
	got    chan notification
}

// notification is what a gateway gets.
type notification struct {
	raw     string
	Event   mxid.Event     `json:"event_id"`
	Room    mxid.Room      `json:"room_id"`
	Counts  map[string]int `json:"counts"`
	Devices []struct {
		AppID   string         `json:"app_id"`
		Pushkey string         `json:"pushkey"`
		Data    map[string]any `json:"data"`
	} `json:"devices"`
}

func newGateway(t testing.TB) *gateway {
	g := &gateway{got: make(chan notification, 100)}
	g.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var body struct{ Notification notification }
		if err := json.Unmarshal(raw, &body); err != nil || r.Method != "POST" || r.URL.Path != "/_matrix/push/v1/notify" {
			t.Errorf("the gateway got %s %s %s: %v", r.Method, r.URL, raw, err)
		}
		body.Notification.raw = string(raw)
		if g.answer != nil {
			g.answer(w, body.Notification)
		} else {
			_, _ = io.WriteString(w, `{"rejected":[]}`)
		}
		g.got <- body.Notification
	}))
	t.Cleanup(g.Close)
	return g
}

// ears count how often rules were asked.
type ears struct {
	*feed.Feed
	asked atomic.Int64
}

func (e *ears) Hears(v stream.View, rules *account.PushRules, who account.No, ev *room.Event, in mxid.Room) (account.Verdict, error) {
	e.asked.Add(1)
	return e.Feed.Hears(v, rules, who, ev, in)
}

func open(t testing.TB, people int) *office {
	db, hub := storetest.Open(t)
	o := &office{db: db, hub: hub, gateway: newGateway(t), log: &strings.Builder{}, accounts: account.New(db, "wardroom.test")}
	o.Feed = &feed.Feed{Disk: db, Hub: hub, Rooms: &room.Rooms{Disk: db, Server: "wardroom.test"}, Devices: &device.Devices{Disk: db}, Typing: feed.NewTyping(hub)}
	o.accounts.MayPush = func(*url.URL) bool { return true }
	o.ears = &ears{Feed: o.Feed}
	for i := range people {
		s := account.Session{User: mxid.User("@p" + strconv.Itoa(i) + ":wardroom.test"), Device: "D"}
		must(t, db.Do(t.Context(), func(u stream.Unit) (err error) {
			if s.Account, err = db.AddPerson(u, s.User, "x"); err == nil {
				s.DeviceNo, err = db.PutDevice(u, s.Account, s.Device, "")
			}
			return err
		}))
		o.people = append(o.people, s)
	}
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hosts are those of these servers.
func hosts(t testing.TB, servers ...*httptest.Server) config.Hosts {
	var words []string
	for _, s := range servers {
		words = append(words, strings.TrimPrefix(s.URL, "https://"))
	}
	h, err := config.ParseHosts(strings.Join(words, " "))
	must(t, err)
	return h
}

// pushers gives what pushes, prepared. Where no hosts are given it sends to the gateway.
func (o *office) pushers(t testing.TB, to ...*httptest.Server) *push.Pushers {
	to = append(to, o.gateway.Server)
	p := &push.Pushers{Disk: o.db, Ears: o.ears, Hub: o.hub, Log: slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Hosts: hosts(t, to...), Contact: "https://wardroom.test"}
	p.Client = push.NewClient(p.Hosts)
	p.Client.Transport.(*http.Transport).TLSClientConfig = to[0].Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	p.SetWait(time.Millisecond)
	must(t, p.Prepare(t.Context()))
	return p
}

// run runs p until the test ends or stop is called, which waits for its end.
func run(t testing.TB, p *push.Pushers) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		must(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

// listens makes somebody a pusher with this key, at the gateway.
func (o *office) listens(t testing.TB, who int, key string) {
	t.Helper()
	o.listensAt(t, who, key, o.gateway.URL)
}

func (o *office) listensAt(t testing.TB, who int, key, at string) {
	t.Helper()
	to, _ := json.Marshal(at + "/_matrix/push/v1/notify")
	must(t, o.accounts.SetPusher(t.Context(), o.people[who], account.Pusher{Kind: "http", AppID: "org.example", Pushkey: key, Append: true,
		Data: map[string]json.RawMessage{"url": to, "format": json.RawMessage(`"event_id_only"`), "mine": json.RawMessage(`{"a":1}`)}}))
}

// room makes a room that all are in.
func (o *office) room(t testing.TB, w room.Wanted) mxid.Room {
	t.Helper()
	w.Preset = "public_chat"
	id, err := o.Rooms.Create(t.Context(), o.people[0], w)
	must(t, err)
	for _, p := range o.people[1:] {
		must(t, o.Rooms.Join(t.Context(), p, id, ""))
	}
	return id
}

func (o *office) say(t testing.TB, who int, in mxid.Room, txn string) mxid.Event {
	t.Helper()
	id, err := o.Rooms.Send(t.Context(), o.people[who], in, "m.room.encrypted", txn, []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`+txn+`"}`))
	must(t, err)
	return id
}

// next gives what the gateway gets next.
func (g *gateway) next(t testing.TB) notification {
	t.Helper()
	select {
	case n := <-g.got:
		return n
	case <-time.After(time.Minute):
		t.Fatal("nothing is pushed")
		return notification{}
	}
}

// alone fails the test if the gateway has got anything, up to the next message, which the last person hears.
func (o *office) alone(t testing.TB, in mxid.Room) {
	t.Helper()
	last := len(o.people) - 1
	o.listens(t, last, "control")
	want := o.say(t, 0, in, "control"+strconv.FormatInt(time.Now().UnixNano(), 36))
	for {
		n := o.gateway.next(t)
		if control := n.Devices[0].Pushkey == "control"; control && n.Event == want {
			return
		} else if control || n.Event == want {
			continue
		}
		t.Errorf("this was pushed: %s", n.raw)
	}
}

func TestAMessageIsPushedByItsNameAlone(t *testing.T) {
	o := open(t, 3)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	run(t, o.pushers(t))
	said := o.say(t, 0, in, "hello")
	n := o.gateway.next(t)
	want := `{"notification":{"event_id":"` + string(said) + `","room_id":"` + string(in) + `","prio":"high","counts":{"unread":1},` +
		`"devices":[{"app_id":"org.example","data":{"format":"event_id_only","mine":{"a":1}},"pushkey":"phone"}]}}`
	if n.raw != want {
		t.Errorf("the gateway got\n%s, want\n%s", n.raw, want)
	}
	o.say(t, 0, in, "again")
	if n := o.gateway.next(t); n.Counts["unread"] != 2 {
		t.Errorf("of two messages, %v are unread", n.Counts)
	}
	o.say(t, 1, in, "mine") // is no news to its sender
	o.alone(t, in)
	if log := o.log.String(); log != "" {
		t.Errorf("the log says %s", log)
	}
}

func TestRulesAreAskedOncePerRoomAndRuleSet(t *testing.T) {
	o := open(t, 12)
	in := o.room(t, room.Wanted{})
	for i := 1; i < 12; i++ {
		o.listens(t, i, "phone"+strconv.Itoa(i))
	}
	// Four of them have changed something and put it back, one has muted the room.
	for i := 1; i <= 4; i++ {
		must(t, o.accounts.EnablePushRule(t.Context(), o.people[i], "override", ".m.rule.master", false))
	}
	must(t, o.accounts.PutPushRule(t.Context(), o.people[5], "override", account.Rule{ID: "quiet", Actions: []json.RawMessage{},
		Conditions: []account.Condition{{Kind: "event_match", Key: "room_id", Pattern: string(in)}}}, "", ""))
	run(t, o.pushers(t))
	o.say(t, 0, in, "hello")
	var told []string
	for range 10 {
		told = append(told, o.gateway.next(t).Devices[0].Pushkey)
	}
	slices.Sort(told)
	want := []string{"phone1", "phone10", "phone11", "phone2", "phone3", "phone4", "phone6", "phone7", "phone8", "phone9"}
	if !slices.Equal(told, want) {
		t.Errorf("told are %v, want %v", told, want)
	}
	if n := o.ears.asked.Load(); n != 3 {
		t.Errorf("eleven people with three sets of rules: they were asked %d times", n)
	}
}

func TestInAnOpenRoomWhoIsNamedIsTold(t *testing.T) {
	o := open(t, 4)
	// Nothing but mentions.
	in, err := o.Rooms.Create(t.Context(), o.people[0], room.Wanted{Preset: "public_chat",
		Creation: map[string]json.RawMessage{"org.wardroom.announcement": json.RawMessage("true")}})
	must(t, err)
	for i, p := range o.people[1:] {
		must(t, o.Rooms.Join(t.Context(), p, in, ""))
		if i < 2 {
			o.listens(t, i+1, "phone"+strconv.Itoa(i+1))
			must(t, o.accounts.EnablePushRule(t.Context(), p, "underride", ".m.rule.message", false))
		}
	}
	run(t, o.pushers(t))
	_, err = o.Rooms.Send(t.Context(), o.people[0], in, "m.room.message", "1", []byte(`{"msgtype":"m.text","body":"hear","m.mentions":{"user_ids":["@p2:wardroom.test"]}}`))
	must(t, err)
	if n := o.gateway.next(t); n.Devices[0].Pushkey != "phone2" || strings.Contains(n.raw, "hear") {
		t.Errorf("told is %s", n.raw)
	}
}

func TestWhatWasReadElsewhereIsANumberAlone(t *testing.T) {
	o := open(t, 2)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	run(t, o.pushers(t))
	said := o.say(t, 0, in, "hello")
	o.gateway.next(t)
	must(t, o.Receive(t.Context(), o.people[1], in, feed.Receipt{Type: feed.ReadPrivate, Event: said}))
	if n := o.gateway.next(t); n.Event != "" || n.Room != "" || len(n.Counts) != 1 || n.Counts["unread"] != 0 {
		t.Errorf("after it was read, %s is pushed", n.raw)
	}
}

func TestAnInvitationIsPushedAndWhoIsIgnoredIsNot(t *testing.T) {
	o := open(t, 3)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	must(t, o.accounts.SetData(t.Context(), o.people[1], account.Datum{Type: account.IgnoredType, Content: []byte(`{"ignored_users":{"@p2:wardroom.test":{}}}`)}))
	run(t, o.pushers(t))
	o.say(t, 2, in, "ignored")
	_, err := o.Rooms.Create(t.Context(), o.people[2], room.Wanted{Invite: []mxid.User{o.people[1].User}})
	must(t, err)
	invited, err := o.Rooms.Create(t.Context(), o.people[0], room.Wanted{Invite: []mxid.User{o.people[1].User}})
	must(t, err)
	if n := o.gateway.next(t); n.Room != invited || n.Event == "" {
		t.Errorf("pushed is %s", n.raw)
	}
}

func TestAnInvitationThatWasWithdrawnIsNotPushed(t *testing.T) {
	o := open(t, 2)
	o.listens(t, 1, "phone")
	p := o.pushers(t)
	invited, err := o.Rooms.Create(t.Context(), o.people[0], room.Wanted{Invite: []mxid.User{o.people[1].User}})
	must(t, err)
	must(t, o.Rooms.Kick(t.Context(), o.people[0], invited, o.people[1].User, ""))
	run(t, p)
	if n := o.gateway.next(t); n.Event != "" || n.Room != "" {
		t.Errorf("pushed is %s", n.raw)
	}
}

// hearsWhatTheyFollow lets somebody be told of those threads alone that they follow.
func (o *office) hearsWhatTheyFollow(t testing.TB, who int) {
	t.Helper()
	must(t, o.accounts.EnablePushRule(t.Context(), o.people[who], "postcontent", ".io.element.msc4306.rule.unsubscribed_thread", true))
}

// answer answers in the thread that begins with root.
func (o *office) answer(t testing.TB, who int, in mxid.Room, root mxid.Event) mxid.Event {
	t.Helper()
	id, err := o.Rooms.Send(t.Context(), o.people[who], in, "m.room.encrypted", "answer to "+string(root), []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"answer",`+
		`"m.relates_to":{"rel_type":"m.thread","event_id":"`+string(root)+`"}}`))
	must(t, err)
	return id
}

func TestWhoFollowsAThreadIsPushedAnotherNumberNext(t *testing.T) {
	o := open(t, 2)
	in, elsewhere := o.room(t, room.Wanted{}), o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	o.hearsWhatTheyFollow(t, 1)
	run(t, o.pushers(t))
	root := o.say(t, 0, in, "root")
	if n := o.gateway.next(t); n.Counts["unread"] != 1 {
		t.Fatalf("at first %s is pushed", n.raw)
	}
	o.answer(t, 0, in, root) // which is not told of
	for i, following := range []struct {
		change func() error
		unread int
	}{
		{func() error { return nil }, 2},
		{func() error { return o.Subscribe(t.Context(), o.people[1], in, root, "") }, 4},
		{func() error { return o.Unsubscribe(t.Context(), o.people[1], in, root) }, 4},
	} {
		must(t, following.change())
		o.say(t, 0, elsewhere, strconv.Itoa(i))
		if n := o.gateway.next(t); n.Counts["unread"] != following.unread {
			t.Errorf("pushed is %s, want %d unread", n.raw, following.unread)
		}
	}
}

// People whose rules are the same are two sets in a thread: those who follow it, and the others.
func TestOfAThreadRulesAreAskedOncePerSet(t *testing.T) {
	o := open(t, 9)
	in := o.room(t, room.Wanted{})
	root := o.say(t, 0, in, "root")
	var want []string
	for i := 1; i < 9; i++ {
		o.listens(t, i, "phone"+strconv.Itoa(i))
		o.hearsWhatTheyFollow(t, i)
		if i%2 == 0 {
			must(t, o.Subscribe(t.Context(), o.people[i], in, root, ""))
			want = append(want, "phone"+strconv.Itoa(i))
		}
	}
	must(t, o.Unsubscribe(t.Context(), o.people[8], in, root))
	run(t, o.pushers(t))
	o.answer(t, 0, in, root)
	var told []string
	for range 3 {
		told = append(told, o.gateway.next(t).Devices[0].Pushkey)
	}
	slices.Sort(told)
	if !slices.Equal(told, want[:3]) {
		t.Errorf("told are %v, want %v", told, want[:3])
	}
	if n := o.ears.asked.Load(); n != 2 {
		t.Errorf("eight people with one set of rules: they were asked %d times", n)
	}
}

func TestAPusherThatIsRejectedIsRemoved(t *testing.T) {
	o := open(t, 3)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "old phone")
	o.listens(t, 1, "phone")
	o.gateway.answer = func(w http.ResponseWriter, _ notification) { _, _ = io.WriteString(w, `{"rejected":["old phone"]}`) }
	stop := run(t, o.pushers(t))
	o.say(t, 0, in, "hello")
	o.gateway.next(t)
	o.gateway.next(t)
	stop()
	all, err := o.accounts.Pushers(t.Context(), o.people[1])
	must(t, err)
	if len(all) != 1 || !strings.Contains(string(all[0]), `"phone"`) {
		t.Errorf("left are %s", all)
	}
	if due := o.due(t); len(due) != 0 {
		t.Errorf("due is %v", due)
	}
}

func (o *office) due(t testing.TB) (due []push.Due) {
	t.Helper()
	must(t, o.db.View(t.Context(), func(v stream.View) (err error) {
		due, err = o.db.Due(v)
		return err
	}))
	return due
}

func TestWhatAGatewayDoesNotTakeIsTriedAgainInOrder(t *testing.T) {
	o := open(t, 2)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	var n atomic.Int64
	o.gateway.answer = func(w http.ResponseWriter, _ notification) {
		switch n.Add(1) {
		case 1:
			w.WriteHeader(502)
		case 2:
			w.Header().Set("Location", "/elsewhere") // the gateway complains of whoever goes there
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	}
	run(t, o.pushers(t))
	first := o.say(t, 0, in, "first")
	for range 3 {
		if got := o.gateway.next(t); got.Event != first {
			t.Fatalf("pushed is %s, want the first again", got.raw)
		}
	}
	second := o.say(t, 0, in, "second")
	if got := o.gateway.next(t); got.Event != second {
		t.Errorf("pushed is %s, want the second", got.raw)
	}
	if strings.Contains(o.log.String(), "127.0.0.1") || strings.Contains(o.log.String(), "phone") || strings.Contains(o.log.String(), "@p1") {
		t.Errorf("the log says %s", o.log)
	}
}

// What was not told before a stop is told after it, and what was told is not told again.
func TestAStopLosesNothingAndRepeatsNothing(t *testing.T) {
	o := open(t, 3)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	var down atomic.Bool
	o.gateway.answer = func(w http.ResponseWriter, _ notification) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		_, _ = io.WriteString(w, `{}`)
	}
	stop := run(t, o.pushers(t))
	told := o.say(t, 0, in, "told")
	o.gateway.next(t)
	down.Store(true)
	missed := o.say(t, 0, in, "missed")
	o.gateway.next(t)
	stop()
	for len(o.gateway.got) > 0 {
		<-o.gateway.got
	}
	meanwhile := o.say(t, 0, in, "meanwhile") // the server stops before it has looked at that
	down.Store(false)
	if due := o.due(t); len(due) != 1 {
		t.Fatalf("due is %v, want what was missed", due)
	}
	run(t, o.pushers(t))
	for _, want := range []mxid.Event{missed, meanwhile} {
		if got := o.gateway.next(t); got.Event != want {
			t.Errorf("pushed is %s, want %s (told before is %s)", got.raw, want, told)
		}
	}
	o.alone(t, in)
}

func TestASlowGatewayHoldsUpNobodyElse(t *testing.T) {
	o := open(t, 20)
	in := o.room(t, room.Wanted{})
	slow, free := newGateway(t), make(chan struct{})
	slow.answer = func(w http.ResponseWriter, _ notification) {
		<-free
		_, _ = io.WriteString(w, `{}`)
	}
	for i := 1; i < 19; i++ {
		o.listensAt(t, i, "slow"+strconv.Itoa(i), slow.URL)
	}
	o.listens(t, 19, "quick")
	p := o.pushers(t, slow.Server)
	p.Client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true // two servers, two authorities
	p.Client.Timeout = time.Hour                                                   // nothing but its being alone there helps the quick one
	run(t, p)
	for i := range 3 {
		want := o.say(t, 0, in, strconv.Itoa(i))
		if got := o.gateway.next(t); got.Event != want {
			t.Errorf("pushed is %s, want %s", got.raw, want)
		}
	}
	close(free)
	for range 18 * 3 {
		slow.next(t)
	}
}

// A gateway that is away for long is told of the newest, and what waits for it stays bounded.
func TestWhatIsDueIsBounded(t *testing.T) {
	o := open(t, 2)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	o.gateway.answer = func(w http.ResponseWriter, _ notification) { w.WriteHeader(500) }
	const more = 20
	var said []mxid.Event
	for range 2 { // at the second start, much is due already
		p := o.pushers(t)
		p.SetWait(time.Hour)
		for range push.MostDue/2 + more {
			said = append(said, o.say(t, 0, in, "t"+strconv.Itoa(len(said))))
		}
		stop := run(t, p)
		o.gateway.next(t)
		stop()
	}
	due := o.due(t)
	if len(due) != push.MostDue {
		t.Fatalf("%d pushes are kept, want %d", len(due), push.MostDue)
	}
	must(t, o.db.View(t.Context(), func(v stream.View) error {
		e, _, err := o.db.EventAt(v, due[0].Pos)
		if want := said[len(said)-push.MostDue]; e.ID != want {
			t.Errorf("the oldest that is due is %s, want %s", e.ID, want)
		}
		return err
	}))
}

func TestPushersEndWithTheirDevice(t *testing.T) {
	o := open(t, 2)
	o.listens(t, 1, "phone")
	must(t, o.accounts.SignOut(t.Context(), o.people[1]))
	all, err := o.accounts.Pushers(t.Context(), o.people[1])
	must(t, err)
	if len(all) != 0 {
		t.Errorf("after the device was signed out, it has %s", all)
	}
}

func TestADeviceThatChangedHandsIsTheNewPersonsAlone(t *testing.T) {
	o := open(t, 3)
	has := func(who int) bool {
		all, err := o.accounts.Pushers(t.Context(), o.people[who])
		must(t, err)
		return len(all) > 0
	}
	o.listens(t, 0, "phone")
	o.listens(t, 1, "phone") // beside it: append
	if !has(0) || !has(1) {
		t.Error("with append, one has taken the other's place")
	}
	must(t, o.accounts.SetPusher(t.Context(), o.people[2], account.Pusher{Kind: "http", AppID: "org.example", Pushkey: "phone",
		Data: map[string]json.RawMessage{"url": json.RawMessage(`"https://push.example/_matrix/push/v1/notify"`)}}))
	if has(0) || has(1) || !has(2) {
		t.Error("without append, others still have it")
	}
}

func TestNothingIsSentWhereTheOperatorHasNotAllowedIt(t *testing.T) {
	o := open(t, 2)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	o.accounts.MayPush = nil
	err := o.accounts.SetPusher(t.Context(), o.people[1], account.Pusher{Kind: "http", AppID: "a", Pushkey: "b",
		Data: map[string]json.RawMessage{"url": json.RawMessage(`"https://push.example/_matrix/push/v1/notify"`)}})
	if err == nil || !strings.Contains(err.Error(), "push.example") {
		t.Errorf("a pusher that nothing is sent to is answered %v", err)
	}
	// The gateway was allowed when the pusher was set, and is not any more.
	p := o.pushers(t)
	p.Hosts = hosts(t, newGateway(t).Server)
	stop := run(t, p)
	o.say(t, 0, in, "hello")
	stop()
	if len(o.gateway.got) != 0 {
		t.Error("it was pushed")
	}
	p = &push.Pushers{Disk: o.db, Ears: o.ears, Hub: o.hub, Log: p.Log}
	must(t, p.Prepare(t.Context()))
	must(t, p.Run(t.Context())) // at once: there is nothing to do
	if p.Vapid() != "" {
		t.Error("browsers are told to subscribe")
	}
}

// A person may name any URL; this server is inside a network that they are outside of.
func TestNobodyReachesTheInsideThroughAPusher(t *testing.T) {
	var reached atomic.Bool
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
	ask := func(words, at string) error {
		h, err := config.ParseHosts(words)
		must(t, err)
		c := push.NewClient(h)
		c.Transport.(*http.Transport).TLSClientConfig = inside.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		resp, err := c.Post(at, "application/json", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	for _, at := range []string{inside.URL, "https://localhost:" + port, "https://localhost", "https://127.0.0.1", "https://[::1]", "https://10.0.0.1", "https://169.254.169.254"} {
		if err := ask("any browsers", at); err == nil || reached.Load() {
			t.Errorf("%s is reached: %v", at, err)
		} else if u, _ := url.Parse(at); u.Port() == "" && !strings.Contains(err.Error(), "not of the public network") {
			t.Errorf("%s was only not there: %v", at, err)
		}
	}
	if err := ask("127.0.0.1:"+port, inside.URL); err != nil || !reached.Load() {
		t.Errorf("what the operator has named is not reached: %v", err)
	}
	for ip, want := range map[string]bool{
		"1.1.1.1": true, "2606:4700::1111": true, "0.0.0.0": false, "127.0.0.1": false, "127.8.8.8": false, "10.1.2.3": false, "172.16.0.1": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false,
	} {
		if push.Public(ip) != want {
			t.Errorf("%s is taken to be public: %t", ip, !want)
		}
	}
}

func TestAFailureIsFollowedByLongerAndLongerWaits(t *testing.T) {
	if push.Wait(0) != 15*time.Second || push.Wait(1) != 30*time.Second || push.Wait(8) != time.Hour || push.Wait(1000) != time.Hour {
		t.Errorf("%v, %v, %v, %v", push.Wait(0), push.Wait(1), push.Wait(8), push.Wait(1000))
	}
}

func TestOfSeveralServersOnePushesAndAnotherTakesOver(t *testing.T) {
	o := open(t, 3)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	both := [2]*push.Pushers{o.pushers(t), o.pushers(t)}
	var stop [2]func()
	for i, p := range both {
		p.Beside = true
		p.SetTurn(time.Minute) // nobody's ends by itself
		stop[i] = run(t, p)
		if i == 0 { // it has its turn before the other one asks
			want := o.say(t, 0, in, "first")
			if got := o.gateway.next(t); got.Event != want {
				t.Fatalf("pushed is %s, want %s", got.raw, want)
			}
		}
	}
	want := o.say(t, 0, in, "second")
	if got := o.gateway.next(t); got.Event != want {
		t.Errorf("pushed is %s, want %s", got.raw, want)
	}
	stop[0]() // which gives its turn back
	stop[1]()
	third := o.pushers(t)
	third.Beside = true
	o.say(t, 0, in, "third")
	run(t, third)
	o.gateway.next(t)
	o.alone(t, in)
}

func TestAServerThatHasEndedLosesItsTurn(t *testing.T) {
	o := open(t, 2)
	in := o.room(t, room.Wanted{})
	o.listens(t, 1, "phone")
	must(t, o.db.Do(t.Context(), func(u stream.Unit) error {
		return o.db.SetMeta(u, "pushing", fmt.Sprint("another ", time.Now().Add(300*time.Millisecond).UnixMilli()))
	}))
	p := o.pushers(t)
	p.Beside = true
	p.SetTurn(150 * time.Millisecond)
	run(t, p)
	want := o.say(t, 0, in, "hello")
	if got := o.gateway.next(t); got.Event != want {
		t.Errorf("pushed is %s, want %s", got.raw, want)
	}
}
