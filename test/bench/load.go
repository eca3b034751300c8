package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// layout says who is in which room: one room for all people, or teams of equal size with a room each.
type layout struct {
	first, rooms, people int           // rooms are numbered from first on
	pause                time.Duration // from one message of a sender to the next; 0: as soon as the one before was answered
	deaf                 bool          // nobody syncs
}

// roomOf is the room that person who talks in.
func (l layout) roomOf(who int) int { return l.first + who%l.rooms }

// members is how many people get each message.
func (l layout) members() int { return l.people / l.rooms }

// sending is what came of people sending while others sync.
type sending struct {
	Senders, Members int
	Messages         int           // answered within the window
	All              int           // answered at all
	Gaps             int           // syncs that left messages out, which were then fetched page by page
	Window           time.Duration // that was counted
	Sent             percentiles   // from a request to its answer
	Delivered        percentiles   // from a request to each member's having the message
	CPU              time.Duration // of the server, within the window
	Own              time.Duration // of this program, within the window
}

func (s *sending) perSecond() float64 { return float64(s.Messages) / s.Window.Seconds() }
func (s *sending) perMessage() float64 {
	return float64(s.CPU.Microseconds()) / float64(max(1, s.Messages))
}
func (s *sending) busy(d time.Duration) float64 { return d.Seconds() / s.Window.Seconds() }

// percentiles of some durations.
type percentiles struct{ p50, p99 time.Duration }

func percentilesOf(all []time.Duration) percentiles {
	if len(all) == 0 {
		return percentiles{}
	}
	slices.Sort(all)
	return percentiles{all[len(all)/2], all[len(all)*99/100]}
}

// run is one such measurement under way.
type run struct {
	target target
	layout layout
	began  time.Time
	base   int64        // messages with lower numbers are of earlier runs
	next   atomic.Int64 // number of the last message
	starts []atomic.Int64
	stop   atomic.Bool
}

// message numbers are never used twice, so that a first sync does not count what an earlier run said.
var messages atomic.Int64

// maxMessages bounds one run.
const maxMessages = 1 << 20

// listener is one person who syncs.
type listener struct {
	*line
	had    atomic.Int64 // messages of this run
	seen   map[int64]bool
	gaps   int
	number []int64 // of each
	at     []time.Duration
}

// drive lets senders send and everybody sync, and measures. Each sender has one request under way at a time.
func drive(ctx context.Context, t target, l layout, senders int, size sizes) (*sending, error) {
	r := &run{target: t, layout: l, began: time.Now(), base: messages.Load(), starts: make([]atomic.Int64, maxMessages)}
	defer func() { messages.Add(r.next.Load()) }()
	listening, hangUp := context.WithCancel(ctx)
	defer hangUp()
	group, listening := errgroup.WithContext(listening)
	listeners, err := r.listen(listening, group)
	if err != nil {
		return nil, err
	}
	var writers errgroup.Group
	sent := make([][]answered, senders)
	for i := range senders {
		writers.Go(func() (err error) {
			<-time.After(l.pause * time.Duration(i) / time.Duration(senders)) // so that those who pause do not all speak at once
			sent[i], err = r.talk(i)
			return err
		})
	}
	out := &sending{Senders: senders, Members: l.members()}
	from, to, err := r.window(ctx, size, out)
	r.stop.Store(true)
	if err = errors.Join(err, writers.Wait()); err != nil {
		return nil, err
	}
	all := slices.Concat(sent...)
	err = r.drain(listening, listeners, all)
	hangUp()
	for _, l := range listeners {
		l.conn.Close()
	}
	if err := errors.Join(group.Wait(), err); err != nil {
		return nil, err
	}
	out.All = len(all)
	r.sum(out, listeners, all, from, to)
	return out, nil
}

// window waits for the time that counts and notes what the processes did in it.
func (r *run) window(ctx context.Context, size sizes, out *sending) (from, to time.Duration, err error) {
	wait := func(d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := wait(size.Warm); err != nil {
		return 0, 0, err
	}
	own := ownCPU()
	before, err := cpu(r.target.pid())
	if err != nil {
		return 0, 0, err
	}
	from = time.Since(r.began)
	if err := wait(size.Window); err != nil {
		return 0, 0, err
	}
	to = time.Since(r.began)
	after, err := cpu(r.target.pid())
	out.Window, out.CPU, out.Own = to-from, after-before, ownCPU()-own
	return from, to, err
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for no process of one's own
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// mark is how message number n can be found in an answer.
func mark(n int64) string { return fmt.Sprintf("[[%010d]]", n) }

// answered is a message that was.
type answered struct {
	number   int64
	room     int
	from, to time.Duration
}

// talk sends one message after the other.
func (r *run) talk(i int) ([]answered, error) {
	l, err := dial(r.target.url())
	if err != nil {
		return nil, err
	}
	defer l.conn.Close()
	who := i % r.layout.people
	room := r.layout.roomOf(who)
	pause := time.NewTicker(max(r.layout.pause, 1))
	defer pause.Stop()
	filler := strings.Repeat("AwgAEnAbcd", 35) // with what is around it, an event of about 700 bytes
	var all []answered
	for !r.stop.Load() {
		if r.layout.pause > 0 {
			<-pause.C
		}
		n := r.next.Add(1)
		if n >= maxMessages {
			return all, errors.New("too many messages in one run")
		}
		text := mark(r.base+n) + filler
		req := r.target.send(who, room, "b"+strconv.FormatInt(r.base+n, 10), text)
		from := time.Since(r.began)
		r.starts[n].Store(int64(from))
		if _, err := l.do(req); err != nil {
			return all, fmt.Errorf("sending: %w", err)
		}
		all = append(all, answered{n, room, from, time.Since(r.began)})
	}
	return all, nil
}

// listen connects everybody, and lets them sync until their connections are closed and ctx ends.
func (r *run) listen(ctx context.Context, group *errgroup.Group) ([]*listener, error) {
	all := make([]*listener, r.layout.people)
	if r.layout.deaf {
		return nil, nil
	}
	for who := range all {
		c, err := dial(r.target.url())
		if err != nil {
			return nil, err
		}
		all[who] = &listener{line: c, seen: map[int64]bool{}}
		since, err := all[who].hear(r, who, "")
		if err != nil {
			return nil, err
		}
		group.Go(func() error {
			for {
				var err error
				if since, err = all[who].hear(r, who, since); err != nil {
					if ctx.Err() != nil {
						return nil // it was hung up
					}
					return fmt.Errorf("syncing: %w", err)
				}
			}
		})
	}
	return all, nil
}

// hear makes one sync and notes what it brought. Where the sync left out what lies before its newest events, the rest is fetched
// page by page, as a client would.
func (l *listener) hear(r *run, who int, since string) (string, error) {
	room := r.layout.roomOf(who)
	body, err := l.do(r.target.sync(who, room, since))
	if err != nil {
		return "", err
	}
	next, err := token(body, "next_batch")
	if err != nil {
		return "", err
	}
	limited := since != "" && bytes.Contains(body, []byte(`"limited":true`))
	from := ""
	if limited {
		if from, err = token(body, "prev_batch"); err != nil {
			return "", err
		}
		l.gaps++
	}
	l.note(r, body)
	for missing := limited; missing; {
		if body, err = l.do(r.target.back(who, room, from)); err != nil {
			return "", err
		}
		from, _ = token(body, "end") // there is none where history begins
		missing = !l.note(r, body) && from != ""
	}
	return next, nil
}

// note notes the messages in an answer that are of this run and new, and reports whether one was not.
func (l *listener) note(r *run, body []byte) (old bool) {
	now := time.Since(r.began)
	for {
		i := bytes.Index(body, []byte("[["))
		if i < 0 || len(body) < i+14 {
			return old
		}
		n, err := strconv.ParseInt(string(body[i+2:i+12]), 10, 64)
		if body = body[i+14:]; err != nil {
			continue
		}
		if n <= r.base || l.seen[n-r.base] {
			old = true
			continue
		}
		n -= r.base
		l.seen[n] = true
		l.number, l.at = append(l.number, n), append(l.at, now)
		l.had.Add(1)
	}
}

// drain waits until everybody has every message, which is an error if it takes long.
func (r *run) drain(ctx context.Context, listeners []*listener, all []answered) error {
	inRoom := map[int]int64{}
	for _, a := range all {
		inRoom[a.room]++
	}
	end := time.Now().Add(30 * time.Second)
	for who, l := range listeners {
		want := inRoom[r.layout.roomOf(who)]
		for l.had.Load() != want {
			if time.Now().After(end) || ctx.Err() != nil {
				return fmt.Errorf("person %d was told of %d messages out of %d", who, l.had.Load(), want)
			}
			<-time.After(5 * time.Millisecond)
		}
	}
	return nil
}

// sum adds up what lies within the window.
func (r *run) sum(out *sending, listeners []*listener, all []answered, from, to time.Duration) {
	var sent, delivered []time.Duration
	for _, a := range all {
		if a.to >= from && a.to < to {
			out.Messages++
			sent = append(sent, a.to-a.from)
		}
	}
	for _, l := range listeners {
		out.Gaps += l.gaps
		for i, n := range l.number {
			if start := time.Duration(r.starts[n].Load()); start >= from && start < to {
				delivered = append(delivered, l.at[i]-start)
			}
		}
	}
	out.Sent, out.Delivered = percentilesOf(sent), percentilesOf(delivered)
}
