package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/config"
	"wardroom/internal/stream"
	"wardroom/internal/turn"
)

// turnName is where it is kept which of several servers tells application services, and until when.
const turnName = "telling services"

const (
	lookedAt  = 1000                   // events that are looked at in one view
	inOne     = 100                    // events in one transaction
	bytesIn   = 1 << 20                // of events in one transaction; one alone may be larger
	untold    = 10_000                 // positions after which the place is noted although there was nothing to tell
	pace      = 100 * time.Millisecond // between two looks at the stream
	afterStop = 3 * time.Second        // that a service has to answer what it was being told
	longest   = 5 * time.Minute        // that a service is left alone after attempts that failed
)

// wait is how long a service is left alone after so many attempts that failed, and one more.
func wait(tries int) time.Duration {
	if tries > 8 {
		return longest
	}
	return min(longest, time.Second<<tries)
}

// Run tells the services until ctx ends. Beside other servers it does while it is this one's turn.
func (s *Services) Run(ctx context.Context) error {
	switch {
	case len(s.All) == 0:
		return nil
	case s.Beside:
		return turn.Turn{Disk: s.Disk, Name: turnName, Doing: "telling application services", Log: s.Log, Lasts: s.turn}.Take(ctx, s.tell)
	}
	return s.tell(ctx)
}

// tell tells each service for itself, until ctx ends: one that is away holds up no other.
func (s *Services) tell(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, one := range s.All {
		if one.URL != "" {
			group.Go(func() error { s.tellOne(ctx, one); return nil })
		}
	}
	return group.Wait()
}

// teller tells one service. It is owned by one goroutine.
type teller struct {
	*Services
	*config.Service
	told  Told            // as it is kept
	typed int64           // up to which serial it was told who is writing; 0: of nobody
	at    stream.Position // up to where was looked; there is nothing to tell between told.Upto and here
}

// tellOne tells one service until ctx ends.
func (s *Services) tellOne(ctx context.Context, one *config.Service) {
	t := &teller{Services: s, Service: one}
	commits, stop := s.Hub.Follow()
	defer stop()
	var typing <-chan struct{}
	if one.Ephemeral {
		typing, stop = s.Typing.Follow()
		defer stop()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	tries, loaded := 0, false
	for {
		var more bool
		err := error(nil)
		if !loaded {
			err = t.load(ctx)
			loaded = err == nil
		}
		if loaded {
			more, err = t.step(ctx)
			loaded = !errors.Is(err, errElsewhere)
		}
		var next <-chan time.Time
		news, writing := commits, typing
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if tries == 0 {
				s.Log.WarnContext(ctx, "an application service could not be told of events; it is tried again", "service", one.ID, "err", err)
			}
			timer.Reset(s.wait(tries))
			tries++
			next, news, writing = timer.C, nil, nil
		case more:
			tries = 0
			continue
		default:
			tries = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-next:
			continue
		case <-news:
		case <-writing:
		}
		timer.Reset(pace) // what is said within a moment goes into one transaction
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

// load reads how far the service was told.
func (t *teller) load(ctx context.Context) error {
	err := t.Disk.View(ctx, func(v stream.View) (err error) {
		t.told, _, err = t.Disk.Told(v, t.ID)
		return err
	})
	t.at = t.told.Upto
	for more := err == nil && t.Encrypts; more && err == nil; {
		err = t.Disk.Do(ctx, func(u stream.Unit) (err error) {
			more, err = t.moveUp(u)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("reading how far %s was told: %w", t.ID, err)
	}
	return nil
}

// step tells of what has been begun, or of what comes next. more is set where there may be more to tell.
func (t *teller) step(ctx context.Context) (more bool, err error) {
	if t.told.Upto > t.told.Pos {
		return true, t.send(ctx)
	}
	if err := t.tellTyping(ctx); err != nil {
		return false, err
	}
	var news *batch
	err = t.Disk.View(ctx, func(v stream.View) (err error) {
		news, err = t.look(v, t.at, v.Upto().At(""), false)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("looking for what %s is told: %w", t.ID, err)
	}
	next := Told{t.at, news.upto}
	if news.empty() {
		t.at = news.upto
		if t.at-t.told.Upto < untold {
			return news.more, nil
		}
		next.Pos = t.at
	}
	// It is written down where a transaction ends before it is sent: sent again, also after a stop, it has the same events.
	if err := t.note(ctx, next, func(stream.Unit) error { return nil }); err != nil {
		return false, fmt.Errorf("noting what %s is told: %w", t.ID, err)
	}
	return true, nil
}

var errElsewhere = errors.New("another server has told it something meanwhile: this one had lost its turn")

// note writes down how far the service was told, together with what also does. It returns errElsewhere, with nothing written, where that is not
// as this server knows it: one that stood still for so long that another took over is not to take back what that one has noted, nor to tell
// the same a second time under another name.
func (t *teller) note(ctx context.Context, next Told, also func(stream.Unit) error) error {
	err := t.Disk.Do(ctx, func(u stream.Unit) error {
		now, _, err := t.Disk.Told(u, t.ID)
		if err == nil && now != t.told {
			return errElsewhere
		}
		if err == nil {
			err = also(u)
		}
		if err != nil {
			return err
		}
		return t.Disk.SetTold(u, t.ID, next)
	})
	if err == nil {
		t.told, t.at = next, next.Upto
	}
	return err
}

// send sends the transaction that has been begun, and notes that the service has taken it.
func (t *teller) send(ctx context.Context) error {
	var begun *batch
	var tx *body
	err := t.Disk.View(ctx, func(v stream.View) (err error) {
		if begun, err = t.look(v, t.told.Pos, t.told.Upto, true); err == nil {
			tx = begun.body
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what %s is told: %w", t.ID, err)
	}
	if !begun.empty() {
		if err := t.transaction(ctx, strconv.FormatInt(int64(t.told.Upto), 10), tx); err != nil {
			return err
		}
	}
	err = t.note(context.WithoutCancel(ctx), Told{t.told.Upto, t.told.Upto}, func(u stream.Unit) error { return t.Disk.DropMessages(u, begun.taken()) })
	if err != nil {
		return fmt.Errorf("noting that %s was told: %w", t.ID, err)
	}
	return nil
}

// transaction sends what a service is told. Its name is where it ends in the stream, so that the same one is never given to other events.
//
// Spec: application service API, PUT /_matrix/app/v1/transactions/{txnId}.
func (t *teller) transaction(ctx context.Context, name string, tx *body) error {
	content, err := json.Marshal(tx)
	if err != nil {
		return err
	}
	ctx, end := lasting(ctx)
	defer end()
	status, _, err := t.ask(ctx, t.Service, http.MethodPut, "transactions/"+name, bytes.NewReader(content), tellTime)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("it answered %d", status)
	}
	t.tried(t.Service, err)
	return err
}

// lasting gives a context that ends a little later than ctx: what is under way at a stop need not be told again.
func lasting(ctx context.Context) (context.Context, func()) {
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(afterStop, end) })
	return longer, func() { stop(); end() }
}
