package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/stream"
	"wardroom/internal/turn"
)

// turnName is where it is kept which of several servers pushes, and until when.
const turnName = "pushing"

// How much goes on at once. A push service that is slow holds up what goes there and nothing else.
const (
	allAtOnce   = 64 // requests
	hostAtOnce  = 8  // to one host
	ownAtOnce   = 4  // for one person
	mostDue     = 50 // to one pusher: of more, the oldest is not told any more
	notesAtOnce = 5  // to one pusher, before it is looked again whether it is still there and who is still unread
	afterStop   = 3 * time.Second
	pace        = 100 * time.Millisecond // between two looks at the stream
	again       = 2 * time.Second        // after one that failed
)

// Pushers pushes. Its exported fields are set before Prepare.
type Pushers struct {
	Disk    Disk
	Ears    Ears
	Hub     *stream.Hub
	Log     *slog.Logger
	Hosts   config.Hosts // to which something may be sent
	Contact string       // an https URL of this server, for push services to turn to
	Client  *http.Client // nil: one that NewClient makes
	Beside  bool         // there are other servers with the same database: one of them pushes

	vapid vapid

	// Owned by Run.
	at, noted stream.Position // up to where was looked, and up to where that is noted
	lines     map[Key]*line
	all       int // requests under way: in all, by host, by person
	hosts     map[string]int
	people    map[account.No]int
	back      chan outcome
	wait      func(tries int) time.Duration
	turn      time.Duration // how long one lasts; 0: as always
}

// line is what is due to one pusher, the oldest first.
type line struct {
	host  string
	at    string // the host of what is under way
	due   []stream.Position
	busy  bool
	tries int       // that failed, one after another
	until time.Time // not before
}

// outcome is what came of an attempt.
type outcome struct {
	Key
	upto  stream.Position // what is due up to here is done; 0: nothing is
	after time.Duration   // 0: it succeeded, or there is nothing more to be done; else the push service asked to wait so long, at least
	err   error           // why it has to be tried again
}

// Prepare makes or reads the server's key for browsers' push services, and notes where pushing begins. The store's writer must be running.
func (p *Pushers) Prepare(ctx context.Context) error {
	p.back = make(chan outcome)
	if p.wait == nil {
		p.wait = wait
	}
	if p.Client == nil {
		p.Client = NewClient(p.Hosts)
	}
	if p.Hosts.None() {
		return nil
	}
	if err := p.vapid.prepare(ctx, p.Disk); err != nil {
		return err
	}
	err := p.Disk.Do(ctx, func(u stream.Unit) error {
		if _, ok, err := p.Disk.Pushed(u); err != nil || ok {
			return err
		}
		return p.Disk.SetPushed(u, u.Upto().At("")) // it begins here
	})
	if err != nil {
		return fmt.Errorf("noting where pushing begins: %w", err)
	}
	return nil
}

// load reads how far was looked and what is due.
func (p *Pushers) load(ctx context.Context) error {
	p.lines, p.hosts, p.people, p.all = map[Key]*line{}, map[string]int{}, map[account.No]int{}, 0
	return p.Disk.View(ctx, func(v stream.View) error {
		at, ok, err := p.Disk.Pushed(v)
		if err != nil {
			return err
		}
		if !ok || at > v.Upto().At("") {
			at = v.Upto().At("")
		}
		p.at, p.noted = at, at
		due, err := p.Disk.Due(v)
		if err != nil {
			return err
		}
		who := map[account.No]bool{}
		for _, d := range due {
			who[d.Account] = true
		}
		kept, err := p.Disk.KeysOf(v, slices.Collect(maps.Keys(who)))
		if err != nil {
			return err
		}
		hosts := map[Key]string{}
		for _, all := range kept {
			for i := range all {
				if t, err := p.target(&all[i]); err == nil {
					hosts[all[i].Key] = t.host
				}
			}
		}
		for _, d := range due {
			p.add(d, hosts[d.Key])
		}
		return nil
	})
}

// Run pushes until ctx ends. What is under way then has a few seconds more. Beside other servers it pushes while it is this one's turn.
func (p *Pushers) Run(ctx context.Context) error {
	switch {
	case p.Hosts.None():
		return nil
	case p.Beside:
		return turn.Turn{Disk: p.Disk, Name: turnName, Doing: "pushing", Log: p.Log, Lasts: p.turn}.Take(ctx, p.push)
	}
	return p.push(ctx)
}

// push pushes until ctx ends.
func (p *Pushers) push(ctx context.Context) error {
	if err := p.load(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("reading what is to be pushed: %w", err)
	}
	commits, stop := p.Hub.Follow()
	defer stop()
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	looked, news := time.Time{}, true
	for {
		next, left := time.Hour, time.Until(looked.Add(pace))
		switch {
		case news && left > 0:
			next = left
		case news:
			var err error
			if news, err = p.look(ctx); err != nil && ctx.Err() == nil {
				p.Log.ErrorContext(ctx, "pushing", "err", err)
				news, next, looked = true, again, time.Now().Add(again-pace)
				break
			}
			if looked = time.Now(); news {
				next = pace
			}
		}
		next = min(next, p.start(work, time.Now()))
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return p.end(cancel)
		case <-commits:
			news = true
		case done := <-p.back:
			p.settle(done, time.Now())
		case <-timer.C:
		}
	}
}

// end waits for what is under way.
func (p *Pushers) end(cancel func()) error {
	late := time.AfterFunc(afterStop, cancel)
	defer late.Stop()
	for p.all > 0 {
		p.settle(<-p.back, time.Now())
	}
	return nil
}

// add puts what is due into its pusher's line.
func (p *Pushers) add(d Due, host string) {
	l := p.lines[d.Key]
	if l == nil {
		l = &line{}
		p.lines[d.Key] = l
	}
	l.host = host // of what begins next; what is under way counts where it began
	if l.due = append(l.due, d.Pos); len(l.due) > mostDue {
		l.due = slices.Delete(l.due, 0, len(l.due)-mostDue) // look has removed their rows
	}
}

// start begins what can begin now and returns after how long more can.
func (p *Pushers) start(ctx context.Context, now time.Time) (next time.Duration) {
	next = time.Hour
	for key, l := range p.lines {
		if l.busy || len(l.due) == 0 {
			continue
		}
		if left := l.until.Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		if p.all >= allAtOnce || p.hosts[l.host] >= hostAtOnce || p.people[key.Account] >= ownAtOnce {
			continue // one that ends makes room
		}
		l.busy = true
		p.all++
		l.at = l.host
		p.hosts[l.at]++
		p.people[key.Account]++
		due := slices.Clone(l.due)
		go func() { p.back <- p.attempt(ctx, key, due) }()
	}
	return next
}

// settle takes in what came of an attempt.
func (p *Pushers) settle(done outcome, now time.Time) {
	l := p.lines[done.Key]
	l.busy = false
	p.all--
	less(p.hosts, l.at)
	less(p.people, done.Account)
	l.due = slices.DeleteFunc(l.due, func(pos stream.Position) bool { return pos <= done.upto })
	if done.err == nil {
		l.tries, l.until = 0, time.Time{}
	} else {
		// Neither where it was sent nor for whom: both are somebody's affair.
		p.Log.Debug("a push has to be tried again", "tries", l.tries+1)
		l.until = now.Add(max(p.wait(l.tries), done.after))
		l.tries++
	}
	if len(l.due) == 0 {
		delete(p.lines, done.Key)
	}
}

// less counts one less under key.
func less[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] == 0 {
		delete(counts, key)
	}
}

// longest is how long a push service is left alone at most.
const longest = time.Hour

// wait is how long a push service is left alone after so many attempts that failed, and one more.
func wait(tries int) time.Duration {
	if tries > 8 {
		return longest
	}
	return min(longest, 15*time.Second<<tries)
}

var errRetry = errors.New("the push service did not take it")
