package clientapi_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/mxid"
)

// modelRoom is a room as the specification says it is, with as much of it as five people need who talk and quarrel: a list of events, from which
// all else follows. What may be done, who sees what and what is unread is decided here once more, and shares no code with the server.
type modelRoom struct {
	id       string
	creator  mxid.User
	log      []*modelEvent
	now      map[string]*modelEvent // state, by type and key
	receipts map[string]map[mxid.User]int
	data     map[mxid.User]map[string]string
}

// modelEvent is one event. Its name is its ID, or, where the API tells nobody the ID, what else is like no other.
type modelEvent struct {
	name, typ string
	sender    mxid.User
	key       *string
	content   object
	redacted  bool
	redacts   *modelEvent
}

func (e *modelEvent) is(typ string) bool { return e.typ == typ }

func (r *modelRoom) add(e *modelEvent) {
	r.log = append(r.log, e)
	if e.key != nil {
		r.now[e.typ+"|"+*e.key] = e
	}
	if e.redacts != nil {
		e.redacts.redacted = true
	}
}

// of is a text in a piece of state; "" where there is none.
func (r *modelRoom) of(typ, key, field string) string {
	if e := r.now[typ+"|"+key]; e != nil {
		return text(e.content[field])
	}
	return ""
}

func (r *modelRoom) membership(u mxid.User) string {
	return r.of("m.room.member", string(u), "membership")
}

// power is somebody's level; whoever made a room of version 12 is above all levels.
func (r *modelRoom) power(u mxid.User) float64 {
	if u == r.creator {
		return math.Inf(1)
	}
	level, _ := dig(r.now["m.room.power_levels|"].content, "users", string(u)).(float64)
	return level
}

func (r *modelRoom) needs(field string) float64 {
	level, _ := dig(r.now["m.room.power_levels|"].content, field).(float64)
	return level
}

func (r *modelRoom) needsFor(typ string) float64 {
	if level, ok := dig(r.now["m.room.power_levels|"].content, "events", typ).(float64); ok {
		return level
	}
	return r.needs("state_default")
}

// sees says of each event whether somebody who is in the room may see it.
//
// Spec: client-server API, "Room History Visibility".
func (r *modelRoom) sees(u mxid.User) []bool {
	rule, was := "shared", ""
	sees := make([]bool, len(r.log))
	for i, e := range r.log {
		ruleBefore, wasBefore := rule, was
		if e.is("m.room.history_visibility") {
			rule = text(e.content["history_visibility"])
		}
		if e.is("m.room.member") && *e.key == string(u) {
			was = text(e.content["membership"])
		}
		for _, rule := range []string{ruleBefore, rule} {
			for _, was := range []string{wasBefore, was} {
				sees[i] = sees[i] || rule == "shared" || was == "join" || rule == "invited" && was == "invite"
			}
		}
	}
	return sees
}

// unread is how many encrypted events of others somebody has not read since they came.
func (r *modelRoom) unread(u mxid.User) int {
	read := -1
	for i, e := range r.log {
		if e.is("m.room.member") && *e.key == string(u) && e.content["membership"] == "join" {
			read = i
		}
	}
	for _, typ := range []string{"m.read", "m.read.private"} {
		if at, ok := r.receipts[typ][u]; ok {
			read = max(read, at)
		}
	}
	n := 0
	for _, e := range r.log[read+1:] {
		if e.is("m.room.encrypted") && e.sender != u && !e.redacted {
			n++
		}
	}
	return n
}

// model is three rooms and what five people do in them.
type model struct {
	*server
	dice     *rand.Rand
	people   []*person
	rooms    []*modelRoom
	ids      map[string]string // the name of an event by its ID, where they differ
	n        int
	history  []string
	compared int // rooms that somebody was in
}

func newModel(t *testing.T, dice *rand.Rand) *model {
	m := &model{server: newServer(t), dice: dice, ids: map[string]string{}}
	for i := range 5 {
		m.people = append(m.people, m.newPerson(t, fmt.Sprint("p", i)))
	}
	for i := range 3 {
		maker := m.people[i]
		r := &modelRoom{id: maker.newRoom(t, object{"preset": "private_chat"}), creator: maker.user, now: map[string]*modelEvent{},
			receipts: map[string]map[mxid.User]int{"m.read": {}, "m.read.private": {}}, data: map[mxid.User]map[string]string{}}
		for _, e := range maker.history(t, r.id, "f", 100) {
			key := text(e["state_key"])
			r.add(&modelEvent{name: text(e["event_id"]), typ: text(e["type"]), sender: maker.user, key: &key, content: e["content"].(object)})
		}
		m.rooms = append(m.rooms, r)
		for _, p := range m.people {
			if p != maker && m.dice.IntN(4) > 0 {
				key := string(p.user)
				maker.ok(t, "POST", in(r.id, "invite"), object{"user_id": key, "reason": r.id})
				r.add(&modelEvent{name: "member " + key + " " + r.id, typ: "m.room.member", sender: maker.user, key: &key, content: object{"membership": "invite"}})
			}
		}
	}
	return m
}

// step is one thing that somebody tries to do. Whether it is allowed the model says first.
func (m *model) step(t *testing.T) {
	m.n++
	p, r, other := m.people[m.dice.IntN(5)], m.rooms[m.dice.IntN(3)], m.people[m.dice.IntN(5)]
	was, theirs := r.membership(p.user), r.membership(other.user)
	in1, mine := was == "join", r.power(p.user)
	number := fmt.Sprint(m.n)
	what, may := "", false
	var do func() reply
	event := &modelEvent{sender: p.user}
	member := func(endpoint string, target *person, membership string) {
		what = endpoint + " " + string(target.user)
		body := object{"reason": number}
		if target != p {
			body["user_id"] = target.user
		}
		key := string(target.user)
		event.typ, event.key, event.content, event.name = "m.room.member", &key, object{"membership": membership}, "member "+key+" "+number
		do = func() reply { return p.call(t, "POST", in(r.id, endpoint), body) }
	}
	state := func(typ, key string, content object) {
		what, may = typ, in1 && mine >= r.needsFor(typ)
		event.typ, event.key, event.content = typ, &key, content
		do = func() reply { return p.call(t, "PUT", in(r.id, "state", typ)+"/"+url.PathEscape(key), content) }
	}
	d := m.dice.IntN(100)
	if !in1 && m.dice.IntN(3) > 0 { // whoever is outside mostly wants in, and now and then tries what is for members
		d = 30 + m.dice.IntN(11)
	}
	switch {
	case d < 30:
		what, may = "say", in1 && mine >= r.needs("events_default")
		event.typ, event.content = "m.room.encrypted", cipher(number)
		do = func() reply { return p.call(t, "PUT", in(r.id, "send", event.typ, number), event.content) }
	case d < 39:
		rule := r.of("m.room.join_rules", "", "join_rule")
		member("join", p, "join")
		if may = was == "invite" || rule == "public" && was != "ban"; in1 {
			return
		}
	case d < 41:
		member("knock", p, "knock")
		do = func() reply {
			return p.call(t, "POST", v3+"/knock/"+url.PathEscape(r.id), object{"reason": number})
		}
		if may = r.of("m.room.join_rules", "", "join_rule") == "knock" && was != "ban"; was == "join" || was == "invite" || was == "knock" {
			return
		}
	case d < 53:
		member("invite", other, "invite")
		if may = in1 && theirs != "join" && theirs != "ban" && mine >= r.needs("invite"); theirs == "invite" || other == p {
			return
		}
	case d < 55:
		member("leave", p, "leave")
		if may = was == "join" || was == "invite" || was == "knock"; !may {
			return
		}
	case d < 57:
		member("kick", other, "leave")
		if may = in1 && mine >= r.needs("kick") && mine > r.power(other.user); other == p || theirs != "join" && theirs != "invite" && theirs != "knock" {
			return
		}
	case d < 59:
		member("ban", other, "ban")
		if may = in1 && mine >= r.needs("ban") && mine > r.power(other.user); other == p || theirs == "ban" {
			return
		}
	case d < 63:
		member("unban", other, "leave")
		if may = in1 && mine >= r.needs("ban") && mine > r.power(other.user); other == p || theirs != "ban" {
			return
		}
	case d < 68:
		state("m.room.topic", "", object{"topic": number})
	case d < 70:
		state("m.room.name", "", object{"name": number})
	case d < 73:
		state("m.room.join_rules", "", object{"join_rule": []string{"invite", "public", "knock"}[m.dice.IntN(3)], "n": number})
	case d < 75:
		state("m.room.history_visibility", "", object{"history_visibility": []string{"shared", "invited", "joined"}[m.dice.IntN(3)], "n": number})
	case d < 79:
		levels := maps.Clone(r.now["m.room.power_levels|"].content)
		users, _ := levels["users"].(object)
		had, level := r.power(other.user), float64(m.dice.IntN(3)*50)
		if other.user == r.creator || had == level {
			return
		}
		users = maps.Clone(users)
		users[string(other.user)] = level
		levels["users"] = users
		state("m.room.power_levels", "", levels)
		may = may && level <= mine && (had < mine || other == p)
	case d < 86:
		e := r.log[m.dice.IntN(len(r.log))]
		if !e.is("m.room.encrypted") || e.redacted || !in1 {
			return
		}
		what, may = "redact", mine >= r.needs("events_default") && (e.sender == p.user || mine >= r.needs("redact"))
		event.typ, event.content, event.redacts = "m.room.redaction", object{"reason": number}, e
		do = func() reply { return p.call(t, "PUT", in(r.id, "redact", e.name, number), object{"reason": number}) }
	case d < 94:
		at, typ := m.dice.IntN(len(r.log)), []string{"m.read", "m.read.private"}[m.dice.IntN(2)]
		e := r.log[at]
		if !in1 || !strings.HasPrefix(e.name, "$") || !r.sees(p.user)[at] {
			return
		}
		what, may = typ, true
		do = func() reply { return p.call(t, "POST", in(r.id, "receipt", typ, e.name), object{}) }
		if had, ok := r.receipts[typ][p.user]; !ok || had < at {
			defer func() { r.receipts[typ][p.user] = at }()
		}
	default:
		what, may = "data", true
		typ := fmt.Sprint("org.example.", m.dice.IntN(3))
		do = func() reply {
			return p.call(t, "PUT", v3+"/user/"+url.PathEscape(string(p.user))+"/rooms/"+url.PathEscape(r.id)+"/account_data/"+typ, object{"n": number})
		}
		if r.data[p.user] == nil {
			r.data[p.user] = map[string]string{}
		}
		r.data[p.user][typ] = number
	}
	got := do()
	m.history = append(m.history, fmt.Sprintf("%d: %s in %s: %s: %d", m.n, p.user, r.id, what, got.status))
	want := 403
	if may {
		want = 200
	}
	if got.status != want {
		t.Fatalf("step %d: %s (%q, level %v) in %s: %s is answered %d %s, not %d", m.n, p.user, was, mine, r.id, what, got.status, got.raw, want)
	}
	if !may || event.typ == "" {
		return
	}
	if event.name == "" {
		event.name = text(got.body["event_id"])
	}
	r.add(event)
}

// nameOf is the name that the model has for an event.
func (m *model) nameOf(e object) string {
	if reason := text(dig(e, "content", "reason")); e["type"] == "m.room.member" && reason != "" {
		return "member " + text(e["state_key"]) + " " + reason
	}
	return text(e["event_id"])
}

// view is what one device knows.
type view struct {
	token string
	rooms map[string]*seen
}

type seen struct {
	membership string
	state      map[string]string // the names of events, by type and key
	timeline   []string
	redacted   map[string]bool
	receipts   map[string]string // the names of events, by type and user
	unread     int
	data       map[string]string
}

func (v *view) clone() *view {
	rooms := map[string]*seen{}
	for id, k := range v.rooms {
		c := *k
		c.state, c.timeline, c.redacted, c.receipts, c.data = maps.Clone(k.state), slices.Clone(k.timeline), maps.Clone(k.redacted), maps.Clone(k.receipts), maps.Clone(k.data)
		rooms[id] = &c
	}
	return &view{v.token, rooms}
}

func (v *view) room(id string) *seen {
	if v.rooms[id] == nil {
		v.rooms[id] = &seen{state: map[string]string{}, redacted: map[string]bool{}, receipts: map[string]string{}, data: map[string]string{}}
	}
	return v.rooms[id]
}

func (m *model) takeState(k *seen, events []object) {
	for _, e := range events {
		if key, ok := e["state_key"]; ok {
			k.state[text(e["type"])+"|"+text(key)] = m.nameOf(e)
		}
	}
}

func (m *model) takeTimeline(k *seen, events []object) {
	for _, e := range events {
		k.timeline = append(k.timeline, m.nameOf(e))
		if e["type"] == "m.room.redaction" {
			k.redacted[text(dig(e, "content", "redacts"))] = true
		}
		if dig(e, "unsigned", "redacted_because") != nil {
			k.redacted[text(e["event_id"])] = true
		}
	}
}

func (m *model) takeReceipts(k *seen, content object) {
	for id, types := range content {
		for typ, users := range types.(object) {
			for user := range users.(object) {
				k.receipts[typ+" "+user] = id
			}
		}
	}
}

// sync asks once with /sync, and says whether there was anything.
func (m *model) sync(t *testing.T, p *person, v *view, limit int, after bool) bool {
	q := url.Values{"timeout": {"0"}, "filter": {fmt.Sprintf(`{"room":{"timeline":{"limit":%d}}}`, limit)}, "use_state_after": {fmt.Sprint(after)}}
	if v.token != "" {
		q.Set("since", v.token)
	}
	got := p.ok(t, "GET", v3+"/sync?"+q.Encode(), nil)
	v.token = text(got["next_batch"])
	rooms, told := orEmpty(got["rooms"]), 0
	for _, section := range rooms {
		told += len(orEmpty(section))
	}
	for section, membership := range map[string]string{"invite": "invite", "knock": "knock", "leave": "leave"} {
		for id := range orEmpty(rooms[section]) {
			v.room(id).membership = membership
		}
	}
	joined := orEmpty(rooms["join"])
	for _, id := range slices.Sorted(maps.Keys(joined)) { // in an order that a seed repeats
		k, one := v.room(id), joined[id].(object)
		k.membership = "join"
		timeline := objects(dig(one, "timeline", "events"))
		if dig(one, "timeline", "limited") == true {
			m.fill(t, p, id, k, text(dig(one, "timeline", "prev_batch")))
		}
		m.takeTimeline(k, timeline)
		if after {
			m.takeState(k, objects(dig(one, "state_after", "events")))
		} else {
			m.takeState(k, objects(dig(one, "state", "events")))
			m.takeState(k, timeline)
		}
		for _, e := range objects(dig(one, "ephemeral", "events")) {
			if e["type"] == "m.receipt" {
				m.takeReceipts(k, e["content"].(object))
			}
		}
		for _, e := range objects(dig(one, "account_data", "events")) {
			k.data[text(e["type"])] = text(dig(e, "content", "n"))
		}
		if n, ok := dig(one, "unread_notifications", "notification_count").(float64); ok {
			k.unread = int(n)
		}
	}
	return told > 0
}

// fill closes the gap before what comes next: it pages back to the last event that is known, or to the beginning.
func (m *model) fill(t *testing.T, p *person, id string, k *seen, from string) {
	missing := &seen{redacted: k.redacted}
	for pages := [][]object{}; ; {
		page := p.pageOf(t, id, "dir", "b", "limit", fmt.Sprint(1+m.dice.IntN(6)), "from", from)
		chunk := objects(page["chunk"])
		known := -1
		if len(k.timeline) > 0 {
			known = slices.IndexFunc(chunk, func(e object) bool { return m.nameOf(e) == k.timeline[len(k.timeline)-1] })
		}
		if known >= 0 {
			chunk = chunk[:known]
		}
		pages = append(pages, chunk)
		if from = text(page["end"]); known >= 0 || from == "" {
			if known < 0 {
				k.timeline = nil
			}
			for _, chunk := range slices.Backward(pages) {
				slices.Reverse(chunk)
				m.takeTimeline(missing, chunk)
			}
			k.timeline = append(k.timeline, missing.timeline...)
			return
		}
	}
}

func orEmpty(v any) object { o, _ := v.(object); return o }

// slide asks once with sliding sync, and says whether there was anything. A lost answer changes nothing.
func (m *model) slide(t *testing.T, p *person, v *view, limit int, lost bool) bool {
	path := sliding + "?timeout=0"
	if v.token != "" {
		path += "&pos=" + v.token
	}
	r := p.call(t, "POST", path, object{
		"lists":      object{"all": object{"ranges": []any{[]int{0, 9}}, "timeline_limit": limit, "required_state": []any{[]string{"*", "*"}}}},
		"extensions": object{"account_data": object{"enabled": true}, "receipts": object{"enabled": true}}})
	if r.errcode() == "M_UNKNOWN_POS" {
		*v = view{rooms: map[string]*seen{}}
		return true
	}
	if r.status != 200 {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	if lost {
		return true
	}
	v.token = text(r.body["pos"])
	told := orEmpty(r.body["rooms"])
	for id, one := range told {
		k, one := v.room(id), one.(object)
		k.membership = text(one["membership"])
		if k.membership != "join" {
			continue
		}
		if one["initial"] == true {
			k.state = map[string]string{}
		}
		if one["initial"] == true || one["limited"] == true || one["expanded_timeline"] == true {
			k.timeline = nil
		}
		m.takeTimeline(k, objects(one["timeline"]))
		m.takeState(k, objects(one["required_state"]))
		if n, ok := one["notification_count"].(float64); ok {
			k.unread = int(n)
		}
	}
	extensions := orEmpty(r.body["extensions"])
	for id, e := range orEmpty(dig(extensions, "receipts", "rooms")) {
		m.takeReceipts(v.room(id), dig(e, "content").(object))
	}
	for id, events := range orEmpty(dig(extensions, "account_data", "rooms")) {
		for _, e := range objects(events) {
			v.room(id).data[text(e["type"])] = text(dig(e, "content", "n"))
		}
	}
	return len(told)+len(orEmpty(dig(extensions, "receipts", "rooms")))+len(orEmpty(dig(extensions, "account_data", "rooms"))) > 0
}

// compare holds a view against the model. A view of sliding sync is told of others' receipts only for events that it was told.
func (m *model) compare(t *testing.T, p *person, v *view, how string) {
	for _, r := range m.rooms {
		k, is := v.rooms[r.id], r.membership(p.user)
		if k == nil {
			k = &seen{}
		}
		if got := k.membership; got != is && !(is == "ban" && got == "leave") && !(got == "" && (is == "leave" || is == "ban")) {
			t.Errorf("%s by %s: in %s they are %q, not %q", p.user, how, r.id, got, is)
		}
		if is != "join" {
			continue
		}
		m.compared++
		for key, e := range r.now {
			if k.state[key] != e.name {
				t.Errorf("%s by %s in %s: %s is %s, not %s", p.user, how, r.id, key, k.state[key], e.name)
			}
		}
		if len(k.state) != len(r.now) {
			t.Errorf("%s by %s in %s: %d pieces of state, not %d", p.user, how, r.id, len(k.state), len(r.now))
		}
		sees := r.sees(p.user)
		var visible []string
		for i, e := range r.log {
			if sees[i] {
				visible = append(visible, e.name)
			}
			if e.redacts != nil && sees[i] && slices.Contains(k.timeline, e.redacts.name) && !k.redacted[e.redacts.name] {
				t.Errorf("%s by %s in %s: %s is not redacted", p.user, how, r.id, e.redacts.name)
			}
		}
		if n := len(k.timeline); n > len(visible) || n == 0 || !slices.Equal(k.timeline, visible[len(visible)-n:]) {
			t.Errorf("%s by %s in %s: the timeline is not what they may see of it:\n%s", p.user, how, r.id, r.account(k.timeline, sees))
		}
		if want := r.unread(p.user); k.unread != want {
			t.Errorf("%s by %s in %s: %d are unread, not %d", p.user, how, r.id, k.unread, want)
		}
		for typ, all := range r.receipts {
			for user, at := range all {
				mine := user == p.user
				if typ == "m.read.private" && !mine || r.membership(user) != "join" {
					continue
				}
				if got, want := k.receipts[typ+" "+string(user)], r.log[at].name; got != want && (how == "sync" || mine || got != "") {
					t.Errorf("%s by %s in %s: the receipt %s of %s is at %q, not at %q", p.user, how, r.id, typ, user, got, want)
				}
			}
		}
		for typ, want := range r.data[p.user] {
			if k.data[typ] != want {
				t.Errorf("%s by %s in %s: data %s is %q, not %q", p.user, how, r.id, typ, k.data[typ], want)
			}
		}
		for key := range k.receipts {
			if typ, user, _ := strings.Cut(key, " "); typ == "m.read.private" && user != string(p.user) {
				t.Errorf("%s by %s in %s: is told how far %s has read in private", p.user, how, r.id, user)
			}
		}
	}
}

// account writes down what is in a timeline, and what should be.
func (r *modelRoom) account(timeline []string, sees []bool) string {
	var b strings.Builder
	for i, e := range r.log {
		fmt.Fprintf(&b, "%s %s: to be seen: %v, seen: %v\n", e.name, e.typ, sees[i], slices.Contains(timeline, e.name))
	}
	return b.String()
}

// Whatever five people do in three rooms: it is allowed where the specification allows it, and whoever syncs, by either sync, from whichever
// token they were ever given, ends with what the specification says is theirs to know.
func TestEverySyncEndsWithWhatTheSpecificationSays(t *testing.T) {
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 2))
	m := newModel(t, dice)
	defer func() {
		if t.Failed() {
			t.Logf("seed %d; what happened last:\n%s", seed, strings.Join(m.history[max(0, len(m.history)-60):], "\n"))
		}
	}()
	views, slides := make([]*view, 5), make([]*view, 5)
	kept := make([][]*view, 5) // what somebody knew at some time
	for i := range 5 {
		views[i], slides[i] = &view{rooms: map[string]*seen{}}, &view{rooms: map[string]*seen{}}
		kept[i] = []*view{views[i].clone()}
	}
	for range 250 {
		m.step(t)
		i := dice.IntN(5)
		switch p := m.people[i]; dice.IntN(8) {
		case 0, 1:
			m.sync(t, p, views[i], 1+dice.IntN(4), dice.IntN(2) == 0)
			kept[i] = append(kept[i], views[i].clone())
		case 2, 3:
			m.slide(t, p, slides[i], 1+dice.IntN(4), dice.IntN(4) == 0)
		case 4:
			v := kept[i][dice.IntN(len(kept[i]))].clone()
			for limit := 1 + dice.IntN(4); m.sync(t, p, v, limit, dice.IntN(2) == 0); {
			}
			m.compare(t, p, v, "sync")
			for m.slide(t, p, slides[i], 3, false) {
			}
			m.compare(t, p, slides[i], "sliding sync")
		}
		if t.Failed() {
			return
		}
	}
	if m.compared < 15 {
		t.Errorf("only %d times somebody's room was looked at", m.compared)
	}
}
