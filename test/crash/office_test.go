package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wardroom/test/rig"
)

// How large the office is.
const (
	people        = 4
	roomCount     = 3
	sendersOfEach = 2 // requests that one person has in flight
	claimers      = 2
)

// message is one message, sent under one transaction ID until it is answered.
type message struct {
	by         *rig.Person
	room, txn  string
	text       string
	id         string    // of its event, once answered
	began      time.Time // when it was first sent
	answered   time.Time
	unanswered bool // the server was killed before the first answer came
}

// office is people at work on one server, and what is known of what they did.
type office struct {
	t    *complaints
	site *rig.Site
	ground
	random *rand.Rand // of the main goroutine alone
	people []*rig.Person
	rooms  []string

	senders  []*sender
	carriers []*carrier
	stock    *stock
	readers  []*reader
	leave    func() // ends the readers

	order   map[string][]string  // event IDs by room, as found so far
	byID    map[string]*message  // every message whose event ID is known
	latest  map[string]time.Time // by room: when the last begun of the messages in order was begun
	killed  time.Time            // when the server was last killed
	counted counts
}

// counts is what makes a run meaningful.
type counts struct {
	rounds, messages, unanswered, onDisk int
	unreached                            atomic.Int64 // requests that were refused because the database was not there
}

// open makes the office: the server, people, rooms.
func open(t *complaints, site *rig.Site, g ground) *office {
	t.Helper()
	ctx := t.Context()
	sites := []*rig.Site{site}
	if g.beside != nil {
		sites = append(sites, g.beside.site)
	}
	for _, s := range sites {
		if err := s.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if log, err := s.Stop(); err != nil {
				t.Errorf("%v\n%s", err, log)
			}
		})
	}
	// at gives somebody who uses one of the servers, each in turn.
	at := func(p *rig.Person, turn int) *rig.Person {
		other := *p
		other.Site = sites[turn%len(sites)]
		return &other
	}
	o := &office{t: t, site: site, ground: g, random: rand.New(rand.NewPCG(*seed, 0)),
		order: map[string][]string{}, byID: map[string]*message{}, latest: map[string]time.Time{}}
	var err error
	if o.people, err = site.People(ctx, people); err != nil {
		t.Fatal(err)
	}
	for i := range roomCount {
		room, err := o.people[0].Room(ctx, fmt.Sprintf("Room %d", i), o.people[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		if g.beside != nil {
			if err := g.beside.watcher.join(ctx, o.people[0], room); err != nil {
				t.Fatal(err)
			}
		}
		o.rooms = append(o.rooms, room)
		if o.order[room], err = back(ctx, o.people[0], room, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range o.people {
		for j := range sendersOfEach {
			o.senders = append(o.senders, &sender{office: o, by: at(p, j), name: fmt.Sprintf("%d.%d", i, j), random: rand.New(rand.NewPCG(*seed, uint64(1+i*sendersOfEach+j)))})
		}
		o.carriers = append(o.carriers, &carrier{office: o, by: at(p, i), random: rand.New(rand.NewPCG(*seed, uint64(1000+i))), sent: map[string][]int{}})
	}
	if o.stock, err = newStock(o); err != nil {
		t.Fatal(err)
	}
	reading, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, p := range o.people {
		r := newReader(t, at(p, 0))
		r.gone, r.sites = o.gone, sites
		o.readers = append(o.readers, r)
		all.Go(func() { r.run(reading) })
	}
	o.leave = func() { stop(); all.Wait() }
	t.Cleanup(o.leave)
	return o
}

// work lets everybody send until ctx ends or the server goes. done is closed when nobody does any more.
func (o *office) work(ctx context.Context) (done chan struct{}) {
	var all sync.WaitGroup
	for _, s := range o.senders {
		all.Go(func() { s.run(ctx) })
	}
	for _, c := range o.carriers {
		all.Go(func() { c.run(ctx) })
	}
	o.stock.work(ctx, &all)
	done = make(chan struct{})
	go func() { all.Wait(); close(done) }()
	return done
}

// insist sends a message at one of the servers until it is answered: until that one has the database again. Each time that it is told that the
// database is not there, it calls refused.
func (o *office) insist(at *rig.Site, refused func()) {
	ctx, cancel := context.WithTimeout(o.t.Context(), 2*patience) // a network that is silent takes its time
	defer cancel()
	by := *o.people[0]
	by.Site = at
	m := &message{by: &by, room: o.rooms[0], txn: fmt.Sprint("insists ", o.counted.messages), text: "insists", began: time.Now()}
	for {
		id, err := by.Send(ctx, m.room, m.txn, m.text)
		if err == nil {
			m.id, m.answered = id, time.Now()
			o.byID[id] = m
			o.counted.messages++
			return
		}
		if !o.gone(err) {
			o.t.Errorf("%s sends: %v", by.User, err)
			return
		}
		refused()
		after(10 * time.Millisecond)
	}
}

// gone reports whether err is what people read while the database is not there.
func (o *office) gone(err error) bool {
	var r *rig.Refusal
	is := o.server != nil && errors.As(err, &r) && r.Status == 503 && strings.Contains(r.Body, "The server cannot reach its database just now")
	if is {
		o.counted.unreached.Add(1)
	}
	return is
}

// refused notes an error that is no loss of the connection.
func (o *office) refused(what string, err error) {
	var r *rig.Refusal
	if errors.As(err, &r) && !o.gone(err) {
		o.t.Errorf("%s: %v", what, err)
	}
}

// settle repeats what was not answered, and some of what was, now that the server runs again.
func (o *office) settle(ctx context.Context, killed time.Time) {
	for _, s := range o.senders {
		s.settle(ctx)
		for _, m := range s.done {
			if was := o.byID[m.id]; was != nil {
				o.t.Errorf("%s and %s were answered with the same event %s", was.text, m.text, m.id)
			}
			o.byID[m.id] = m
			o.counted.messages++
		}
		s.done = nil
	}
	for _, c := range o.carriers {
		c.settle(ctx)
	}
	o.stock.settle(ctx)
	o.counted.rounds++
	o.killed = killed
}

// look compares what everybody finds in every room with what was answered.
func (o *office) look(ctx context.Context) {
	for _, room := range o.rooms {
		known := o.order[room]
		last := known[len(known)-1]
		var news []string
		for i, p := range o.people {
			found, err := back(ctx, p, room, "", last)
			if err != nil {
				o.t.Errorf("%s pages back: %v", p.User, err)
				return
			}
			if i == 0 {
				news = found
			}
			o.same(p.User+" pages back", room, found, news)
		}
		o.judge(room, news)
		o.order[room] = slices.Concat(known, news)
		o.told(ctx, room)
	}
	o.complete()
	if o.beside != nil {
		o.beside.watcher.complain(o)
	}
	if o.t.any() {
		return // what is lost is not worth waiting for
	}
	for i, r := range o.readers {
		o.toDevice(ctx, r, o.people[i])
	}
}

// judge checks new events of a room: each is one that was answered, and none that was answered before another was begun stands
// behind it.
func (o *office) judge(room string, news []string) {
	for _, id := range news {
		m := o.byID[id]
		if m == nil {
			o.t.Errorf("%s holds %s, which answers nothing that was sent: a message stands there twice", room, id)
			continue
		}
		if m.room != room {
			o.t.Errorf("%s was sent to %s and stands in %s", m.text, m.room, room)
		}
		if m.answered.Before(o.latest[room]) {
			o.t.Errorf("%s was answered before a message was begun that stands before it", m.text)
		}
		if m.began.After(o.latest[room]) {
			o.latest[room] = m.began
		}
	}
}

// told checks that everybody who syncs was told of the room's events in their order.
func (o *office) told(ctx context.Context, room string) {
	want := o.order[room]
	for _, r := range o.readers {
		ok := r.until(ctx, func() bool { return r.rooms[room] != nil && len(r.rooms[room].ids) >= len(want) })
		r.mu.Lock()
		if !ok {
			o.t.Errorf("%s waited in vain for all of %s", r.person.User, room)
		}
		if got := r.rooms[room]; got != nil {
			o.same(r.person.User+" syncs", room, got.ids, want)
			for id, ts := range got.ts { // of this round
				if m := o.byID[id]; m != nil && m.unanswered && ts <= o.killed.UnixMilli() {
					o.counted.onDisk++
					m.unanswered = false
				}
			}
			clear(got.ts)
		}
		r.mu.Unlock()
	}
}

// complete checks that everything that was answered was found.
func (o *office) complete() {
	found := map[string]int{}
	for _, ids := range o.order {
		for _, id := range ids {
			found[id]++
		}
	}
	for id, m := range o.byID {
		if found[id] != 1 {
			o.t.Errorf("%s of %s was answered with %s, which is there %d times", m.text, m.by.User, id, found[id])
		}
	}
}

// same compares two lists of event IDs of a room.
func (o *office) same(what, room string, got, want []string) {
	if slices.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	o.t.Errorf("%s in %s: %d events instead of %d; the first that differs is number %d", what, room, len(got), len(want), i)
}

func (o *office) report() {
	gaps := 0
	for _, r := range o.readers {
		for _, known := range r.rooms {
			gaps += known.gaps
		}
	}
	c, toDevice, keys := &o.counted, 0, len(o.stock.given)
	for _, r := range o.readers {
		for _, numbers := range r.arrived {
			toDevice += len(numbers)
		}
	}
	o.t.Logf("%d rounds: %d messages answered, %d of them not before the kill (%d of these were on disk already), each found once by %d people; "+
		"%d to-device messages, %d one-time keys handed out; %d gaps in syncs filled by paging",
		c.rounds, c.messages, c.unanswered, c.onDisk, people, toDevice, keys, gaps)
	if o.server != nil {
		o.t.Logf("%d requests were told that the database was not there", c.unreached.Load())
	}
	if c.rounds >= 10 && (c.unanswered == 0 || c.messages < 100 || toDevice == 0 || keys == 0) {
		o.t.Error("the kills met too little work to prove anything")
	}
}
