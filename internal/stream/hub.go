package stream

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// Entry is one fact as it was committed.
type Entry struct {
	Pos    Position
	Topics []Topic // what it concerns
	// Rooms are the people in the rooms among Topics, as the commit left them.
	Rooms []*Audience
	// Unknown says that the people of one of the rooms were not looked up: the entry may concern anybody.
	Unknown bool
	// What is the fact itself, for those who are told of it at once; nil where it has to be read from the store.
	What any
}

// Names reports whether the entry is about t itself, and not only about a room that t is in.
func (e *Entry) Names(t Topic) bool { return slices.Contains(e.Topics, t) }

// Concerns reports whether the entry may be news to t.
func (e *Entry) Concerns(t Topic) bool {
	return e.Unknown || e.Names(t) || slices.ContainsFunc(e.Rooms, func(a *Audience) bool { return a.Has(t) })
}

// Audience is the people who are joined to one room. It does not change; a membership that changes makes a new one.
type Audience struct {
	people []Topic
	notes  sync.Map // what Note keeps
}

// NewAudience takes people over.
func NewAudience(people []Topic) *Audience {
	slices.Sort(people)
	return &Audience{people: people}
}

// Anew is the same people, of whom nothing is noted.
func (a *Audience) Anew() *Audience { return &Audience{people: a.people} }

// With is the same people with or without one of them, of whom nothing is noted.
func (a *Audience) With(who Topic, joined bool) *Audience {
	i, has := slices.BinarySearch(a.people, who)
	switch {
	case has == joined:
		return a.Anew()
	case joined:
		return &Audience{people: slices.Insert(slices.Clip(a.people), i, who)}
	}
	return &Audience{people: slices.Concat(a.people[:i], a.people[i+1:])}
}

// Note gives what find found under key, which stays true for as long as nobody comes, goes or takes another name, and
// nothing of that is redacted. Several may find
// at once.
func (a *Audience) Note(key Topic, find func() (any, error)) (any, error) {
	if note, ok := a.notes.Load(key); ok {
		return note, nil
	}
	note, err := find()
	if err == nil {
		a.notes.Store(key, note)
	}
	return note, err
}

// Has reports whether t is one of them.
func (a *Audience) Has(t Topic) bool {
	_, has := slices.BinarySearch(a.people, t)
	return has
}

// Len is how many they are.
func (a *Audience) Len() int { return len(a.people) }

// How much of the stream stays in memory for those who are told of it at once.
const (
	recent  = 4096      // entries, twice as many at times
	crowd   = 1_000_000 // people in the audiences of the recent entries, each audience counted once
	pending = 512       // entries that one waiter is given at most; who misses more reads the store
)

// Hub knows what was committed a moment ago and wakes waiting devices. Whatever is missed here is in the store: a wake-up that is lost
// costs latency, never a message.
//
// Where several servers have one store, each hub is told of the others' commits as well. They come in no order: one that comes before those it
// follows waits for them, for as long as Patience says.
type Hub struct {
	// Elsewhere, if set before anybody waits, takes on what Wake is told, for those who wait at other servers. It must not wait.
	Elsewhere func(topics []Topic)

	mu      sync.Mutex                 // guards everything below
	waiting map[Topic][]*Waiter        // every open Waiter under each of its topics
	from    Position                   // recent holds every entry behind it
	upto    Position                   // and up to here
	recent  []*Entry                   // in their order; what was given out is not changed
	rooms   map[*Audience]int          // the audiences of recent, and how many entries have them
	follow  map[chan struct{}]struct{} // who follows all of the stream
	people  int                        // in all of those

	patience time.Duration // see Patience
	early    []commit      // that follow some which are not known yet, in their order
	further  chan struct{} // closed when upto has grown; nil while nobody waits for that
	skips    int           // how often something was given up
	late     *time.Timer   // when patience with the first of early is at an end; nil while there is none
	calling  bool          // everybody will be woken in a moment
}

// commit is what was committed behind after and up to upto.
type commit struct {
	after, upto Position
	entries     []*Entry
	by          time.Time // patience with what it follows ends then
}

// calm is how often everybody is woken at most for what is not known, where what other servers do is not heard of.
const calm = 250 * time.Millisecond

// NewHub returns a hub with nobody waiting.
func NewHub() *Hub { return &Hub{waiting: make(map[Topic][]*Waiter)} }

// Waiter is one device's wait. Close it when done.
type Waiter struct {
	// C receives once after any of the topics was woken, however often.
	C      <-chan struct{}
	wake   chan struct{}
	hub    *Hub
	topics []Topic
	news   []*Entry // that concern one of the topics, since they were last asked for; guarded by hub.mu
	missed bool     // there was more than that; guarded by hub.mu
}

// Subscribe starts to listen to topics. Whatever is woken from now on is noticed, so subscribe first and read the
// stream afterwards.
func (h *Hub) Subscribe(topics ...Topic) *Waiter {
	c := make(chan struct{}, 1)
	w := &Waiter{C: c, wake: c, hub: h, topics: topics}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		h.waiting[t] = append(h.waiting[t], w)
	}
	return w
}

// Close ends the wait.
func (w *Waiter) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range w.topics {
		all := h.waiting[t]
		i := slices.Index(all, w)
		switch last := len(all) - 1; {
		case i < 0: // it was closed already
		case last == 0:
			delete(h.waiting, t)
		default:
			all[i], all[last] = all[last], nil
			h.waiting[t] = all[:last]
		}
	}
}

// Follow gives a channel that receives once after commits, however many, and ends with stop. It is for who reads all of the stream from
// the store, whomever it concerns.
func (h *Hub) Follow() (commits <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.follow == nil {
		h.follow = map[chan struct{}]struct{}{}
	}
	h.follow[c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.follow, c)
	}
}

// News gives the entries committed since Subscribe, or since News was last called, that concern the waiter's topics, in their order, and how
// far the stream was known then: no entry up to there is missing. It is false where some are not known.
func (w *Waiter) News() (news []*Entry, upto Position, known bool) {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	news, known = w.news, !w.missed
	w.news, w.missed = nil, false
	return news, h.upto, known
}

// After gives the entries behind p, whomever they concern, in their order, and how far the stream is known. known is false where some
// are not in memory any more.
func (h *Hub) After(p Position) (entries []*Entry, upto Position, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p < h.from {
		return nil, h.upto, false
	}
	i := sort.Search(len(h.recent), func(i int) bool { return h.recent[i].Pos > p })
	return h.recent[i:len(h.recent):len(h.recent)], h.upto, true
}

// Awaited reports whether any person's device listens.
func (h *Hub) Awaited() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.waiting { // few are anything else
		if t.person() {
			return true
		}
	}
	return false
}

// person reports whether t is a person.
func (t Topic) person() bool { return strings.HasPrefix(string(t), "@") }

// Wake wakes everybody who listens to one of topics, for what is in no stream.
func (h *Hub) Wake(topics ...Topic) {
	h.WakeHere(topics...)
	if h.Elsewhere != nil {
		h.Elsewhere(topics)
	}
}

// WakeHere is Wake for those alone who wait at this server.
func (h *Hub) WakeHere(topics ...Topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		h.each(t, (*Waiter).signal)
	}
}

// Patience is how long the hub waits for commits that have not been told of yet, before it goes on without them. Without patience, as at
// first, it does not wait.
func (h *Hub) Patience(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.patience = d; d == 0 {
		h.goOn()
	}
}

// Upto is how far the stream is known.
func (h *Hub) Upto() Position {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.upto
}

// Skips counts how often something was given up.
func (h *Hub) Skips() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.skips
}

// Reach returns when all up to p is known or given up: whoever read the store up to p, finds that the hub has not stayed behind. It
// returns earlier where ctx ends.
func (h *Hub) Reach(ctx context.Context, p Position) {
	var enough <-chan time.Time
	for {
		h.mu.Lock()
		if h.upto >= p {
			h.mu.Unlock()
			return
		}
		if h.patience == 0 {
			h.skip(p)
			h.catchUp()
			h.mu.Unlock()
			return
		}
		if h.further == nil {
			h.further = make(chan struct{})
		}
		further := h.further
		if enough == nil {
			timer := time.NewTimer(h.patience)
			defer timer.Stop()
			enough = timer.C
		}
		h.mu.Unlock()
		select {
		case <-further:
		case <-enough:
			h.mu.Lock()
			if h.upto < p {
				h.skip(p)
				h.catchUp()
			}
			h.mu.Unlock()
			return
		case <-ctx.Done():
			return
		}
	}
}

// Committed takes in what was committed behind after and up to upto, and wakes whomever it concerns. Where after is not where the last
// commit ended, somebody else has written in between: once patience is at an end, nothing before it counts as known. What is known already is
// left out.
func (h *Hub) Committed(after, upto Position, entries []*Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := commit{after, upto, entries, time.Now().Add(h.patience)}
	switch {
	case after < upto && upto <= h.upto:
		return
	case after > h.upto && h.patience > 0:
		if h.late == nil {
			h.late = time.AfterFunc(h.patience, h.tooLate)
		}
		i := sort.Search(len(h.early), func(i int) bool { return h.early[i].after >= after })
		h.early = slices.Insert(h.early, i, c)
		return
	case after != h.upto:
		h.skip(after)
	}
	h.take(c)
	h.catchUp()
}

// tooLate ends the patience with those that came early when it is time.
func (h *Hub) tooLate() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.late = nil
	for len(h.early) > 0 {
		if left := time.Until(h.early[0].by); left > 0 {
			h.late = time.AfterFunc(left, h.tooLate)
			return
		}
		h.skip(h.early[0].after)
		h.catchUp()
	}
}

// goOn goes on without what has not come in time. The caller holds h.mu.
func (h *Hub) goOn() {
	for len(h.early) > 0 {
		h.skip(h.early[0].after)
		h.catchUp()
	}
}

// catchUp takes in those that came early and follow what is known by now. The caller holds h.mu.
func (h *Hub) catchUp() {
	for len(h.early) > 0 && h.early[0].after <= h.upto {
		c := h.early[0]
		if h.early = h.early[1:]; c.after == h.upto {
			h.take(c)
		} else if c.upto > h.upto { // what is known ends within it
			h.skip(c.upto)
		}
	}
	if len(h.early) == 0 {
		h.early = nil
	}
	if h.further != nil {
		close(h.further)
		h.further = nil
	}
}

// skip goes on to p without knowing what is before it: it may be news to anybody. The caller holds h.mu.
func (h *Hub) skip(p Position) {
	h.from, h.upto, h.recent, h.rooms, h.people = p, p, nil, nil, 0
	h.skips++
	h.followed()
	for _, set := range h.waiting {
		for _, w := range set {
			w.news, w.missed = nil, true
		}
	}
	switch {
	case h.patience > 0:
		h.callAll()
	case !h.calling: // each request finds that the stream has gone on: not each is to wake everybody
		h.calling = true
		time.AfterFunc(calm, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.calling = false
			h.callAll()
		})
	}
}

// callAll wakes everybody who waits for anything. The caller holds h.mu.
func (h *Hub) callAll() {
	for _, set := range h.waiting {
		for _, w := range set {
			w.signal()
		}
	}
}

// followed tells those who follow that upto has grown. The caller holds h.mu.
func (h *Hub) followed() {
	for c := range h.follow {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// take takes in a commit that follows what is known. The caller holds h.mu.
func (h *Hub) take(c commit) {
	upto, entries := c.upto, c.entries
	h.upto = upto
	h.followed()
	if len(h.recent)+len(entries) > 2*recent {
		h.forget(max(0, len(h.recent)-recent))
	}
	h.recent = append(h.recent, entries...)
	h.hold(entries)
	if h.people > crowd { // each who comes to a large room makes another audience of it
		n := 0
		for left, people := maps.Clone(h.rooms), h.people; people > crowd/2; n++ {
			for _, room := range h.recent[n].Rooms {
				if left[room]--; left[room] == 0 {
					people -= room.Len()
				}
			}
		}
		h.forget(n)
	}
	for _, e := range entries {
		told := func(w *Waiter) { w.tell(e) }
		for _, t := range e.Topics {
			h.each(t, told)
		}
		for _, room := range e.Rooms {
			for _, t := range room.people {
				h.each(t, told)
			}
		}
		if e.Unknown { // nobody awaited anything a moment ago: whoever does by now looks
			for t := range h.waiting {
				if t.person() {
					h.each(t, func(w *Waiter) { w.missed = true; w.signal() })
				}
			}
		}
	}
}

// hold counts the audiences of entries that are new in recent. The caller holds h.mu.
func (h *Hub) hold(entries []*Entry) {
	if h.rooms == nil {
		h.rooms = map[*Audience]int{}
	}
	for _, e := range entries {
		for _, room := range e.Rooms {
			if h.rooms[room]++; h.rooms[room] == 1 {
				h.people += room.Len()
			}
		}
	}
}

// forget drops the first n recent entries. The caller holds h.mu.
func (h *Hub) forget(n int) {
	if n == 0 {
		return
	}
	h.from, h.recent = h.recent[n-1].Pos, slices.Clone(h.recent[n:])
	h.rooms, h.people = nil, 0
	h.hold(h.recent)
}

// each calls fn for everybody who listens to t. The caller holds h.mu.
func (h *Hub) each(t Topic, fn func(*Waiter)) {
	for _, w := range h.waiting[t] {
		fn(w)
	}
}

// tell gives w an entry, once, and wakes it. The caller holds the hub's mu.
func (w *Waiter) tell(e *Entry) {
	switch n := len(w.news); {
	case n > 0 && w.news[n-1] == e:
	case n >= pending:
		w.news, w.missed = nil, true
	case !w.missed:
		w.news = append(w.news, e)
	}
	w.signal()
}

func (w *Waiter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
