package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/test/rig"
	"wardroom/test/trace"
)

// report is everything that was measured.
type report struct {
	machine machine
	size    sizes
	pinned  string // the server's processors; "" for all

	calm     pair // as in an office: now and then a message, and everybody waits
	sendings []pair
	synced   []counted
	idle     [2]idling // wardroom, floor
	first    []firstSync
}

// pair is one measurement of wardroom and the bare server's beside it.
type pair struct{ wardroom, floor *sending }

// counted is how often the disk was synced for some messages.
type counted struct {
	senders, messages, syncs int
}

// measure measures everything, in a folder of its own.
func measure(ctx context.Context, dir string, size sizes, serverCPUs string) (*report, error) {
	r := &report{size: size, pinned: serverCPUs}
	var err error
	if r.machine, err = look(ctx, dir); err != nil {
		return nil, err
	}
	program, err := rig.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	floor, err := startBare(dir, serverCPUs)
	if err != nil {
		return nil, err
	}
	w := &wardroom{site: rig.NewSite(program, filepath.Join(dir, "data"), on(serverCPUs)...)}
	for _, step := range []func() error{
		func() error { return w.open(ctx, size) },
		func() error { return r.calmly(ctx, w, floor) },
		func() error { return r.sending(ctx, w, floor) },
		func() error { return r.counting(ctx, w, dir) },
		func() error { return r.idling(ctx, w, floor, dir) },
		func() error { return r.firstSyncs(ctx, w, floor) },
	} {
		if err = step(); err != nil {
			break
		}
	}
	_, stopped := w.site.Stop()
	return r, errors.Join(err, stopped, floor.stop())
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
func (r *report) both(ctx context.Context, w *wardroom, floor *bare, l layout, senders int, size sizes) (pair, error) {
	f, err := drive(ctx, floor, l, senders, size)
	if err != nil {
		return pair{}, fmt.Errorf("the bare server: %w", err)
	}
	s, err := drive(ctx, w, l, senders, size)
	return pair{s, f}, err
}

// calmly measures one sender who pauses, so that no two messages share anything.
func (r *report) calmly(ctx context.Context, w *wardroom, floor *bare) (err error) {
	progress("a message each %s, %d people told of it", r.size.Pause, r.size.People)
	size := r.size
	size.Window *= 3 // processors are accounted for in steps of 10 ms
	r.calm, err = r.both(ctx, w, floor, layout{0, 1, r.size.People, r.size.Pause}, 1, size)
	return err
}

// sending measures both layouts with each number of senders.
func (r *report) sending(ctx context.Context, w *wardroom, floor *bare) error {
	for _, l := range []layout{{0, 1, r.size.People, 0}, {1, r.size.Teams, r.size.People, 0}} {
		for _, senders := range r.size.Senders {
			progress("%d senders, %d people told of each message", senders, l.members())
			one, err := r.both(ctx, w, floor, l, senders, r.size)
			if err != nil {
				return err
			}
			r.sendings = append(r.sendings, one)
		}
	}
	return nil
}

// counting counts syncs of the disk under strace, which slows the server down; nothing else is measured then.
func (r *report) counting(ctx context.Context, w *wardroom, dir string) error {
	file := filepath.Join(dir, "syncs")
	strace, err := trace.Command(file)
	if err != nil {
		return err
	}
	for i, arg := range strace {
		if strings.HasPrefix(arg, "trace=") {
			strace[i] = "trace=fsync,fdatasync"
		}
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
		s, err := drive(ctx, w, layout{0, 1, size.People, 0}, senders, size)
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
	for lines := bufio.NewScanner(f); lines.Scan(); {
		at, ok := syncedAt(lines.Text())
		for i, w := range windows {
			if ok && at.After(w.from) && at.Before(w.to) {
				r.synced[i].syncs++
			}
		}
	}
	return nil
}

// syncedAt is when a line of strace's shows a sync to end.
func syncedAt(line string) (time.Time, bool) {
	fields := strings.Fields(line)
	if len(fields) < 3 || !strings.HasSuffix(line, " = 0") {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(fields[1], 64)
	return time.UnixMicro(int64(seconds * 1e6)), err == nil
}

// again stops the server and starts it otherwise.
func (w *wardroom) again(ctx context.Context, change func(*rig.Site)) error {
	if log, err := w.site.Stop(); err != nil {
		return fmt.Errorf("%w\n%s", err, log)
	}
	change(w.site)
	return w.site.Start(ctx)
}

// idling is memory and work of a server while many connections wait.
type idling struct {
	connections int
	bytes       int64         // of each connection
	at, with    int64         // resident without and with them
	cpu, window time.Duration // spent while nothing happened
}

// probe lets a build collect its garbage when it is told to.
const probe = `package main

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func init() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		for range told {
			debug.FreeOSMemory()
			os.WriteFile(os.Getenv("BENCH_PROBE"), nil, 0o600)
		}
	}()
}
`

// idling measures connections that wait, on a freshly started server.
func (r *report) idling(ctx context.Context, w *wardroom, floor *bare, dir string) error {
	progress("%d idle connections", r.size.Idle)
	folder := filepath.Join(dir, "probed")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	was := w.site.Program
	probed, err := rig.Build(ctx, folder, rig.Change{File: "cmd/wardroom/probe.go", New: probe})
	if err != nil {
		return err
	}
	done := filepath.Join(folder, "collected")
	err = w.again(ctx, func(s *rig.Site) { s.Program, s.Env = probed, []string{"BENCH_PROBE=" + done} })
	if err != nil {
		return err
	}
	r.idle[0], err = idle(ctx, w, r.size, func() error { return signalled(w.pid(), done) })
	if err != nil {
		return err
	}
	r.idle[1], err = idle(ctx, floor, r.size, func() error {
		res, err := http.Get("http://" + floor.at + "/collect")
		if err == nil {
			err = res.Body.Close()
		}
		return err
	})
	if err != nil {
		return err
	}
	return w.again(ctx, func(s *rig.Site) { s.Program, s.Env = was, nil })
}

// signalled tells a server that was built for it to do its special work, and waits for the file that shows it.
func signalled(pid int, shows string) error {
	_ = os.Remove(shows) // it may not be there
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(syscall.SIGUSR1)
	}
	if err != nil {
		return err
	}
	for range 1000 {
		if _, err := os.Stat(shows); err == nil {
			return nil
		}
		<-time.After(10 * time.Millisecond)
	}
	return fmt.Errorf("the server did not make %s", shows)
}

// idle opens connections that all wait, after a first time whose traces in the server's caches are not to count.
func idle(ctx context.Context, t target, size sizes, collect func() error) (idling, error) {
	out := idling{connections: size.Idle}
	for _, counts := range []bool{false, true} {
		if err := errors.Join(quiet(t.pid()), collect()); err != nil {
			return out, err
		}
		var err error
		if out.at, err = resident(t.pid()); err != nil {
			return out, err
		}
		lines, err := waiting(ctx, t, size)
		if err == nil && counts {
			err = out.settle(t, collect)
		}
		for _, l := range lines {
			if l != nil {
				l.conn.Close()
			}
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// waiting opens connections, each of which has a sync that waits.
func waiting(ctx context.Context, t target, size sizes) ([]*line, error) {
	lines := make([]*line, size.Idle)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := range lines {
		group.Go(func() error {
			l, err := dial(t.addr())
			if err != nil {
				return err
			}
			lines[i] = l
			body, err := l.do(t.sync(i%size.People, -1, ""))
			if err != nil {
				return err
			}
			since, err := token(body, "next_batch")
			if err != nil {
				return err
			}
			return errors.Join(ctx.Err(), l.write(t.sync(i%size.People, -1, since)))
		})
	}
	return lines, group.Wait()
}

// settle measures once nothing moves any more.
func (out *idling) settle(t target, collect func() error) error {
	if err := errors.Join(quiet(t.pid()), collect()); err != nil {
		return err
	}
	var err error
	if out.with, err = resident(t.pid()); err != nil {
		return err
	}
	out.bytes = (out.with - out.at) / int64(out.connections)
	before, err := cpu(t.pid())
	if err != nil {
		return err
	}
	out.window = 3 * time.Second
	<-time.After(out.window)
	after, err := cpu(t.pid())
	out.cpu = after - before
	return err
}

// firstSync is the first sync of somebody who is in many rooms.
type firstSync struct {
	what  string
	rooms int
	bytes int
	took  time.Duration // the middle one of five
	cpu   time.Duration // of the server, each
	floor time.Duration // the bare server's time for as many bytes
}

// firstSyncs makes the rooms and measures.
func (r *report) firstSyncs(ctx context.Context, w *wardroom, floor *bare) error {
	progress("making %d rooms", r.size.Rooms)
	group, inside := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := range r.size.Rooms {
		group.Go(func() error {
			others := []*rig.Person{w.people[1+i%(len(w.people)-1)], w.people[1+(i+1)%(len(w.people)-1)]}
			room, err := w.people[0].Room(inside, fmt.Sprintf("Project %d", i), others...)
			if err != nil {
				return err
			}
			for n := range r.size.Said {
				if _, err := others[n%2].Send(inside, room, fmt.Sprintf("first%d.%d", i, n), strings.Repeat("AwgAEnAbcd", 35)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, f := range []struct{ what, filter string }{
		{"20 events of each room", `{"room":{"timeline":{"limit":20},"state":{"lazy_load_members":true}}}`},
		{"1 event of each room", `{"room":{"timeline":{"limit":1},"state":{"lazy_load_members":true}}}`},
	} {
		progress("first sync, %s", f.what)
		got, err := r.firstSync(w, floor, f.filter)
		if err != nil {
			return err
		}
		got.what, got.rooms = f.what, r.size.Rooms
		r.first = append(r.first, got)
	}
	return nil
}

func (r *report) firstSync(w *wardroom, floor *bare, filter string) (out firstSync, err error) {
	const times = 5
	if err := quiet(w.pid()); err != nil {
		return out, err
	}
	before, err := cpu(w.pid())
	if err != nil {
		return out, err
	}
	out.took, out.bytes, err = fetch(w.addr(), request("GET", rig.SyncPath("", filter, 0), w.people[0].Token, ""), times)
	if err != nil {
		return out, err
	}
	after, err := cpu(w.pid())
	if err != nil {
		return out, err
	}
	out.cpu = (after - before) / times
	out.floor, _, err = fetch(floor.at, request("GET", "/bytes/"+strconv.Itoa(out.bytes), "", ""), times)
	return out, err
}

// fetch does the same request several times and gives the middle duration.
func fetch(addr string, req []byte, times int) (time.Duration, int, error) {
	l, err := dial(addr)
	if err != nil {
		return 0, 0, err
	}
	defer l.conn.Close()
	var all []time.Duration
	size := 0
	for range times {
		start := time.Now()
		body, err := l.do(req)
		if err != nil {
			return 0, 0, err
		}
		all, size = append(all, time.Since(start)), len(body)
	}
	return percentilesOf(all).p50, size, nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "… "+format+"\n", args...) }
