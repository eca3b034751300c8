package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"wardroom/test/rig"
	"wardroom/test/trace"
)

// report is everything that was measured.
type report struct {
	machine machine
	size    sizes
	pinned  string // the server's processors; "" for all
	only    string // names of sections with commas between them; "" for all

	dir     string
	program rig.Program
	w       *wardroom
	floor   *bare

	calm     pair // as in an office: now and then a message, and everybody waits
	empty    [2]asking
	sendings []pair
	durable  durable
	half     halfway
	synced   []counted
	stores   []storing
	idle     []idling
	first    []firstSync
	crowd    crowded
	whole    organisation
}

// section is a part of the report that can be measured alone.
type section struct {
	name    string
	measure func(context.Context) error
	write   func(p func(string, ...any))
}

// sections are those that were asked for, in their order.
func (r *report) sections() []section {
	all := []section{
		{"calm", r.calmly, r.told},
		{"empty", r.emptily, r.nothing},
		{"sending", r.sending, r.sent},
		{"durable", r.durably, r.kept},
		{"store", r.storing, r.stored},
		{"half", r.halfway, r.inTime},
		{"syncs", r.counting, r.disk},
		{"idle", r.idling, r.waiting},
		{"first", r.firstSyncs, r.firsts},
		{"crowd", r.crowding, r.crowds},
		{"whole", r.organising, r.organised},
	}
	if r.only == "" {
		return all
	}
	return slices.DeleteFunc(all, func(s section) bool { return !slices.Contains(strings.Split(r.only, ","), s.name) })
}

// pair is one measurement of wardroom and the bare server's beside it.
type pair struct{ wardroom, floor *sending }

// counted is how often the disk was synced for some messages.
type counted struct {
	senders, messages, syncs int
}

// measure measures everything that was asked for, in a folder of its own.
func measure(ctx context.Context, dir string, size sizes, serverCPUs, only string) (*report, error) {
	r := &report{size: size, pinned: serverCPUs, only: only, dir: dir}
	if len(r.sections()) == 0 {
		return nil, fmt.Errorf("there is no section %q", only)
	}
	var err error
	if r.machine, err = look(ctx, dir); err != nil {
		return nil, err
	}
	if r.program, err = rig.Build(ctx, dir); err != nil {
		return nil, err
	}
	if r.floor, err = startBare(dir, serverCPUs); err != nil {
		return nil, err
	}
	r.w = r.site("data")
	if err = r.w.open(ctx, size); err == nil {
		for _, s := range r.sections() {
			if err = s.measure(ctx); err != nil {
				err = fmt.Errorf("%s: %w", s.name, err)
				break
			}
		}
	}
	_, stopped := r.w.site.Stop()
	return r, errors.Join(err, stopped, r.floor.stop())
}

// site is a server of its own, which does not run yet.
func (r *report) site(name string) *wardroom {
	return &wardroom{site: rig.NewSite(r.program, filepath.Join(r.dir, name), on(r.pinned)...)}
}

// open starts the server and makes people, one room for all, and one for each team.
func (w *wardroom) open(ctx context.Context, size sizes) error {
	progress("signing up %d people", size.People)
	err := w.site.Start(ctx)
	if err != nil {
		return err
	}
	if w.people, err = w.site.People(ctx, size.People); err != nil {
		return err
	}
	for i := range 1 + size.Teams {
		team := w.people
		if i > 0 {
			team = nil
			for j := i - 1; j < len(w.people); j += size.Teams {
				team = append(team, w.people[j])
			}
		}
		room, err := team[0].Room(ctx, fmt.Sprintf("Room %d", i), team[1:]...)
		if err != nil {
			return err
		}
		w.rooms = append(w.rooms, room)
	}
	return nil
}

// both measures wardroom and the floor.
func (r *report) both(ctx context.Context, w *wardroom, l layout, senders int, size sizes) (pair, error) {
	f, err := drive(ctx, r.floor, l, senders, size)
	if err != nil {
		return pair{}, fmt.Errorf("the bare server: %w", err)
	}
	s, err := drive(ctx, w, l, senders, size)
	return pair{s, f}, err
}

// calmly measures one sender who pauses, so that no two messages share anything.
func (r *report) calmly(ctx context.Context) (err error) {
	progress("a message each %s, %d people told of it", r.size.Pause, r.size.People)
	size := r.size
	size.Window *= 3 // processors are accounted for in steps of 10 ms
	r.calm, err = r.both(ctx, r.w, layout{rooms: 1, people: r.size.People, pause: r.size.Pause}, 1, size)
	return err
}

// asking is what requests cost that are answered at once.
type asking struct {
	requests, bytes int           // bytes of each answer
	took            percentiles   // from a request to its answer
	cpu             time.Duration // of the server, for each
}

// emptily measures the sync that has nothing to tell and does not wait, one after the other on one connection, and the bare server's answer of
// as many bytes. They take turns, so that a machine which becomes slower does so for both.
func (r *report) emptily(context.Context) error {
	w, floor := r.w, r.floor
	progress("syncs with nothing in them")
	l, err := dial(w.url())
	if err != nil {
		return err
	}
	defer l.conn.Close()
	// As a client does it: a filter by its text, and no wait.
	ask := func(since string) []byte {
		return request("GET", rig.SyncPath(since, `{"room":{"timeline":{"limit":100}}}`, 0), w.people[0].Token, "")
	}
	body, err := l.do(ask(""))
	if err != nil {
		return err
	}
	since, err := token(body, "next_batch")
	if err == nil {
		body, err = l.do(ask(since))
	}
	if err == nil {
		since, err = token(body, "next_batch")
	}
	if err != nil {
		return err
	}
	size := len(body)
	requests := [2][]byte{ask(since), request("GET", "/bytes/"+strconv.Itoa(size), "", "")}
	var took [2][]time.Duration
	var spent [2]time.Duration
	if err := errors.Join(quiet(w.pid()), quiet(floor.pid())); err != nil {
		return err
	}
	const rounds = 10
	for range rounds {
		for i, t := range []target{w, floor} {
			more, cost, err := askFor(t, requests[i], r.size.Window/rounds)
			if err != nil {
				return err
			}
			took[i], spent[i] = append(took[i], more...), spent[i]+cost
		}
	}
	for i := range r.empty {
		n := len(took[i])
		r.empty[i] = asking{n, size, percentilesOf(took[i]), spent[i] / time.Duration(max(1, n))}
	}
	return nil
}

// askFor makes the same request again and again, for as long as it is told to.
func askFor(t target, req []byte, length time.Duration) (took []time.Duration, spent time.Duration, err error) {
	l, err := dial(t.url())
	if err != nil {
		return nil, 0, err
	}
	defer l.conn.Close()
	before, err := cpu(t.pid())
	if err != nil {
		return nil, 0, err
	}
	for end := time.Now().Add(length); time.Now().Before(end); {
		start := time.Now()
		if _, err := l.do(req); err != nil {
			return nil, 0, err
		}
		took = append(took, time.Since(start))
	}
	after, err := cpu(t.pid())
	return took, after - before, err
}

// sending measures both layouts with each number of senders.
func (r *report) sending(ctx context.Context) error {
	for _, l := range []layout{{rooms: 1, people: r.size.People}, {first: 1, rooms: r.size.Teams, people: r.size.People}} {
		for _, senders := range r.size.Senders {
			progress("%d senders, %d people told of each message", senders, l.members())
			one, err := r.both(ctx, r.w, l, senders, r.size)
			if err != nil {
				return err
			}
			r.sendings = append(r.sendings, one)
		}
	}
	return nil
}

// halfway is what people feel of a server that is half as busy as it can be.
type halfway struct {
	capacity float64 // messages a second
	syncs    percentiles
	pair
}

// halfway measures how much the server can do, and then with half of that.
func (r *report) halfway(ctx context.Context) error {
	senders := slices.Max(r.size.Senders)
	everybody := layout{rooms: 1, people: r.size.People}
	progress("%d senders, at half of what the server can do", senders)
	most := &sending{}
	for _, s := range r.sendings { // where that section was measured as well
		if s.wardroom.Members == r.size.People && s.wardroom.Senders == senders {
			most = s.wardroom
		}
	}
	if most.Messages == 0 {
		var err error
		if most, err = drive(ctx, r.w, everybody, senders, r.size); err != nil {
			return err
		}
	}
	r.half.capacity = most.perSecond()
	everybody.pause = time.Duration(float64(senders) / (r.half.capacity / 2) * float64(time.Second))
	before, err := fdatasyncs(r.dir)
	if err != nil {
		return err
	}
	if r.half.pair, err = r.both(ctx, r.w, everybody, senders, r.size); err != nil {
		return err
	}
	after, err := fdatasyncs(r.dir)
	r.half.syncs = percentilesOf(append(before, after...))
	return err
}

// counting counts syncs of the disk under strace, which slows the server down; nothing else is measured then.
func (r *report) counting(ctx context.Context) error {
	w, file := r.w, filepath.Join(r.dir, "syncs")
	strace, err := trace.CommandForSyncs(file, 0)
	if err != nil {
		return err
	}
	if err := w.again(ctx, func(s *rig.Site) { s.Wrap = append(on(r.pinned), strace...) }); err != nil {
		return err
	}
	type window struct {
		from, to time.Time
	}
	windows := make([]window, len(r.size.Senders))
	for i, senders := range r.size.Senders {
		progress("counting syncs of the disk, %d senders", senders)
		size := r.size
		size.Window = size.Counted
		windows[i].from = time.Now()
		s, err := drive(ctx, w, layout{rooms: 1, people: size.People}, senders, size)
		if err != nil {
			return err
		}
		windows[i].to = time.Now()
		r.synced = append(r.synced, counted{senders: senders, messages: s.All})
	}
	if err := w.again(ctx, func(s *rig.Site) { s.Wrap = on(r.pinned) }); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	ends, err := trace.Syncs(f)
	for _, at := range ends {
		for i, w := range windows {
			if at.After(w.from) && at.Before(w.to) {
				r.synced[i].syncs++
			}
		}
	}
	return err
}

// again stops the server and starts it otherwise.
func (w *wardroom) again(ctx context.Context, change func(*rig.Site)) error {
	if log, err := w.site.Stop(); err != nil {
		return fmt.Errorf("%w\n%s", err, log)
	}
	change(w.site)
	return w.site.Start(ctx)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "… "+format+"\n", args...) }
