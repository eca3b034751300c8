package feed

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// known is what one device has been told and what was read for it, as of the token that it was given last. As long as nothing
// happens but that others speak, write or read in rooms that it knows, its next answers are made of this and of what the hub knows, and the
// store is not asked. Anything else makes the device's answer be read from the store, and this anew.
type known struct {
	at      stream.Position // the token's
	counts  device.Counts
	keys    json.RawMessage // counts as the answer has them
	ignored account.Ignored // by the person; of no account before a room was looked into
	unread  tallies
}

// maxKnown is how many devices are known at once: a few hundred bytes each.
const maxKnown = 20_000

// memory is the devices that are known. The zero value is ready.
type memory struct {
	mu      sync.Mutex // guards devices
	devices map[account.DeviceNo]*known
	answers atomic.Int64 // that were made of it and told something
}

// of gives what is known of a device that comes back with the token at, nil if nothing is.
func (m *memory) of(d account.DeviceNo, at stream.Position) *known {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.devices[d]; k != nil && k.at == at {
		return k
	}
	return nil
}

// put replaces what is known of a device; nil forgets it. Where there are too many, some go, whichever come first.
func (m *memory) put(d account.DeviceNo, k *known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k == nil {
		delete(m.devices, d)
		return
	}
	if m.devices == nil {
		m.devices = map[account.DeviceNo]*known{}
	}
	if len(m.devices) >= maxKnown {
		for old := range m.devices {
			if delete(m.devices, old); len(m.devices) < maxKnown {
				break
			}
		}
	}
	m.devices[d] = k
}

// maxArrears is how much of the stream a device that comes back may have missed to be told of it from memory.
const maxArrears = 1024

// arrive begins an answer from memory: it collects what the device missed since its token. The wait, if there is to be one, was begun before.
func (l *looking) arrive() {
	l.known = l.memory.of(l.s.DeviceNo, l.at)
	l.before = l.known
	if l.known == nil {
		return
	}
	entries, upto, ok := l.Hub.After(l.at)
	if !ok || len(entries) > maxArrears {
		l.known = nil
		return
	}
	me := stream.Topic(l.s.User)
	for _, e := range entries {
		if e.Concerns(me) {
			l.pending = append(l.pending, e)
		}
	}
	l.heard = max(upto, l.at)
}

// quick makes the answer from memory. ok is false where that does not tell everything: then look has to. wait is nil for who does not wait, and
// is told of what arrive has found.
func (l *looking) quick(ctx context.Context, wait *stream.Waiter, last bool) (ok bool) {
	if l.known == nil {
		return false
	}
	all := true
	if wait != nil {
		var news []*stream.Entry
		var upto stream.Position
		news, upto, all = wait.News()
		for _, e := range news {
			if e.Pos > l.heard {
				l.pending = append(l.pending, e)
			}
		}
		l.heard = max(l.heard, upto)
	}
	q := quickly{looking: l, ctx: ctx}
	if !all || len(l.pending) > maxArrears || !q.sort() {
		l.known = nil // for the rest of this request
		return false
	}
	typing := l.Typing.Serial()
	for _, id := range l.Typing.ChangedFor(l.s.User, l.since.typing) {
		q.room(id)
	}
	seen := Token{stream.Token{l.heard}, typing, l.since.others}
	if len(q.rooms) == 0 && !last { // so it is for most who begin to wait
		l.upto, l.seen, l.answer, l.unreadNow, l.stale = l.heard, seen, nil, nil, nil
		return true
	}
	answer := &Sync{Rooms: nothing,
		OneTime: l.known.counts.OneTime, Fallback: l.known.counts.UnusedFallback, keys: l.known.keys}
	var numbers tallies
	l.stale = make([]mxid.Room, 0, len(q.rooms))
	for _, r := range q.rooms {
		l.stale = append(l.stale, r.in)
		if !l.req.Filter.Room.room(r.in) {
			continue
		}
		j, counts := q.join(r)
		if j == nil {
			l.known = nil
			return false
		}
		if numbers == nil {
			answer.Rooms.Join = make(map[mxid.Room]*joined, len(q.rooms))
		}
		answer.Rooms.Join[r.in], numbers = j, append(numbers, roomTally{r.in, counts})
	}
	l.upto, l.seen, l.answer, l.unreadNow = l.heard, seen, answer, numbers
	answer.Next = l.seen.String()
	if len(answer.Rooms.Join) > 0 {
		l.memory.answers.Add(1)
	}
	return true
}

// remember keeps what this answer has told, for the device's next request.
func (l *looking) remember() {
	before := l.before
	next := &known{at: l.upto, counts: l.counts, ignored: l.ignored, unread: l.unreadNow}
	slices.Sort(l.stale)
	switch {
	case l.answer == nil, len(l.answer.ToDevice.Events) > 0: // it has to acknowledge them
		next = nil
	case l.known != nil:
		next.counts, next.keys, next.ignored = before.counts, before.keys, before.ignored
		fallthrough
	case before != nil && !l.dataChanged:
		if next.ignored == nil {
			next.ignored = before.ignored
		}
		for _, one := range before.unread {
			if _, stale := slices.BinarySearch(l.stale, one.room); !stale { // else it was told, left, or kept back by a filter that the next request may not have
				next.unread = append(next.unread, one)
			}
		}
	}
	if next != nil && next.keys == nil {
		next.keys = appendCounts(nil, next.counts.OneTime, next.counts.UnusedFallback)
	}
	l.memory.put(l.s.DeviceNo, next)
}

// nothing is told of no room. It is not changed.
var nothing = noRooms()

// quickly is the making of one answer from memory.
type quickly struct {
	*looking
	ctx   context.Context
	rooms []*said
}

// said is what is new in one room.
type said struct {
	in       mxid.Room
	people   *stream.Audience // who is in it
	events   []*room.Said
	receipts []GivenReceipt
}

// room gives what is new in a room, to be added to. Few rooms have news at once.
func (q *quickly) room(id mxid.Room) *said {
	for _, r := range q.rooms {
		if r.in == id {
			return r
		}
	}
	r := &said{in: id}
	q.rooms = append(q.rooms, r)
	return r
}

// sort puts what is pending to its rooms. It returns false where something else has happened than that others spoke or read.
func (q *quickly) sort() bool {
	me := stream.Topic(q.s.User)
	for _, e := range q.pending {
		if e.Unknown || e.Names(me) {
			return false
		}
		switch what := e.What.(type) {
		case *room.Said:
			r := q.room(what.In)
			r.people, r.events = e.Rooms[0], append(r.events, what)
		case *read:
			if what.User == q.s.User { // what is unread changes
				return false
			}
			r := q.room(what.In)
			r.receipts = append(r.receipts, what.GivenReceipt)
		default:
			return false
		}
	}
	return true
}

// join is what a joined room has to tell, and the person's unread numbers with it; nil where memory does not tell.
func (q *quickly) join(r *said) (*joined, *tally) {
	counts := q.known.unread.of(r.in)
	limit := q.req.Filter.limit()
	if counts == nil || len(r.events) > limit || q.related(r) {
		return nil, nil
	}
	j := &joined{left: left{Timeline: timeline{Events: make([]json.RawMessage, 0, len(r.events))}}}
	start, lazy := q.heard+1, q.req.Filter.lazy()
	var named []mxid.User
	for i, e := range r.events {
		if i == 0 {
			start = e.Pos
			counts = counts.clone()
		}
		if !q.count(counts, e) {
			return nil, nil
		}
		if q.known.ignored.Has(e.By) || !q.req.Filter.Room.Timeline.Match(&e.Event) {
			continue
		}
		j.Timeline.Events = append(j.Timeline.Events, e.Show(q.s, q.req.Filter.EventFormat == "federation"))
		if lazy {
			named = append(named, e.By)
		}
	}
	j.Timeline.Prev = stream.Token{start - 1}.String()
	state := &eventList{}
	if lazy {
		var err error
		if state.Events, err = q.introduced(r, named); err != nil {
			return nil, nil // reading it all from the store says what is wrong
		}
	}
	q.putState(&j.left, state)
	j.Ephemeral.Events = q.typing(r.in)
	if len(r.receipts) > 0 && q.req.Filter.Room.Ephemeral.MatchType("m.receipt") {
		j.Ephemeral.Events = append(j.Ephemeral.Events, receiptEvent(latest(r.receipts)))
	}
	q.putUnread(j, counts)
	return j, counts
}

// introduced gives the memberships of the people who are named; see introduce. They are looked up once for all who are told, and again
// when somebody comes or goes.
func (q *quickly) introduced(r *said, named []mxid.User) ([]json.RawMessage, error) {
	var all []room.Introduction
	slices.Sort(named)
	for _, who := range slices.Compact(named) {
		if who == q.s.User || !q.wantsMember(who) {
			continue
		}
		note, err := r.people.Note(stream.Topic(who), func() (any, error) {
			var i room.Introduction
			err := q.Disk.View(q.ctx, func(v stream.View) (err error) {
				i, err = q.Rooms.Introduce(v, r.events[0].Room, q.heard, who)
				return err
			})
			return i, err
		})
		if err != nil {
			return nil, err
		}
		if i := note.(room.Introduction); i.Pos > 0 {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b room.Introduction) int { return cmp.Compare(a.Pos, b.Pos) })
	shown := make([]json.RawMessage, len(all))
	for n, i := range all {
		if shown[n] = i.Shown; q.req.Filter.EventFormat == "federation" {
			shown[n] = i.Raw
		}
	}
	return shown, nil
}

// wantsMember reports whether the filter lets somebody's membership through.
func (q *quickly) wantsMember(who mxid.User) bool {
	f := &q.req.Filter.Room.State
	return f.MatchType(event.TypeMember) && !slices.Contains(f.NotSenders, who) && (f.Senders == nil || slices.Contains(*f.Senders, who))
}

// related reports whether one of the new events relates to another one of them, which is then shown with it.
func (q *quickly) related(r *said) bool {
	for i, e := range r.events {
		if e.Relates != 0 && slices.ContainsFunc(r.events[:i], func(target *room.Said) bool { return target.Pos == e.Relates }) {
			return true
		}
	}
	return false
}

// count counts an event among the unread ones. It returns false where the rules have to be asked of each event.
func (q *quickly) count(counts *tally, e *room.Said) bool {
	if !e.Counts || e.Sender == q.s.Account || q.known.ignored.Has(e.By) {
		return true
	}
	if !counts.heard {
		err := q.Disk.View(q.ctx, func(v stream.View) error {
			rules, err := account.PushRulesOf(v, q.Disk, q.s)
			if err != nil {
				return err
			}
			h, err := q.hears(v, &rules, q.s.Account, e.Room, e.In)
			if err == nil {
				err = counts.hear(h)
			}
			return err
		})
		if err != nil {
			return false // reading it all from the store says what is wrong
		}
	}
	if !counts.one {
		return false
	}
	root := mxid.Event("")
	if e.Relation == event.RelThread {
		root = event.Relation(e.Get("content")).Event
	}
	n := counts.of(root)
	n.all = min(n.all+1, maxUnread)
	n.told = unread{}.plus(counts.is, n.all)
	return true
}

// latest leaves of several receipts of one person of one kind the last.
func latest(given []GivenReceipt) []GivenReceipt {
	type kind struct {
		user        mxid.User
		typ, thread string
	}
	last := map[kind]int{}
	for i, g := range given {
		last[kind{g.User, g.Type, g.Thread}] = i
	}
	kept := given[:0:0]
	for i, g := range given {
		if last[kind{g.User, g.Type, g.Thread}] == i {
			kept = append(kept, g)
		}
	}
	return kept
}
