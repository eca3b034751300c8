package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardroom/internal/stream"
	"wardroom/internal/turn"
)

// turnName is where it is kept which of several servers sends mail, and until when.
const turnName = "mailing"

const (
	inOne     = 20               // letters that are looked up at a time
	lookAgain = 30 * time.Second // a wake-up may get lost
	afterStop = 3 * time.Second  // that the letter under way has
	longest   = 30 * time.Minute // between two tries
)

// pause is how long a letter waits after so many tries that failed, and one more.
func pause(tries int) time.Duration {
	if tries > 8 {
		return longest
	}
	return min(longest, 15*time.Second<<tries)
}

// Run sends letters until ctx ends. What is under way then has a few seconds more. Beside other servers it sends while it is this one's turn.
func (o *Outbox) Run(ctx context.Context) error {
	switch {
	case !o.Conf.On():
		return nil
	case o.Beside:
		return turn.Turn{Disk: o.Disk, Name: turnName, Doing: "sending mail", Log: o.Log}.Take(ctx, o.send)
	}
	return o.send(ctx)
}

// send sends letters until ctx ends.
func (o *Outbox) send(ctx context.Context) error {
	news := o.Hub.Subscribe(topic)
	defer news.Close()
	for {
		next, err := o.Step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			o.Log.ErrorContext(ctx, "sending mail", "err", err)
			next = time.Now().Add(lookAgain)
		}
		after := lookAgain
		if !next.IsZero() {
			after = min(after, time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-news.C:
		case <-time.After(after):
		}
	}
}

// Step sends what is due now and says when something is due next; zero: nothing waits. A letter that the SMTP server took and whose row the
// program did not come to remove is sent twice.
func (o *Outbox) Step(ctx context.Context) (next time.Time, err error) {
	for {
		var due []Letter
		err := o.Disk.View(ctx, func(v stream.View) (err error) {
			due, err = o.Disk.DueLetters(v, time.Now().UnixMilli(), inOne)
			return err
		})
		if err != nil {
			return next, fmt.Errorf("looking for letters that are due: %w", err)
		}
		if len(due) == 0 {
			break
		}
		for _, l := range due {
			if err := o.one(ctx, l); err != nil || ctx.Err() != nil {
				return next, err
			}
		}
	}
	err = o.Disk.View(ctx, func(v stream.View) error {
		ms, ok, err := o.Disk.NextLetter(v)
		if ok {
			next = time.UnixMilli(ms)
		}
		return err
	})
	if err != nil {
		return next, fmt.Errorf("looking when the next letter is due: %w", err)
	}
	return next, nil
}

// one sends a letter, or notes that it has to be tried again. Of one that is given up the log says so, and never who it was for.
func (o *Outbox) one(ctx context.Context, l Letter) error {
	var refused error
	if l.To.Mail != "" {
		work, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the letter under way may be finished
		stop := context.AfterFunc(ctx, func() { time.AfterFunc(afterStop, cancel) })
		refused = o.deliver(work, l)
		stop()
		cancel()
	}
	wait := o.wait
	if wait == nil {
		wait = pause
	}
	again := time.Now().Add(wait(l.Tries)).UnixMilli()
	var final *finally
	over := refused == nil || errors.As(refused, &final) || again >= l.UntilMS
	switch {
	case refused != nil && over:
		o.Log.WarnContext(ctx, "a letter could not be sent and was given up", "kind", l.Kind, "err", refused)
	case refused != nil && l.Tries == 0:
		o.Log.WarnContext(ctx, "a letter could not be sent; it is tried again", "kind", l.Kind, "err", refused)
	}
	err := o.Disk.Do(context.WithoutCancel(ctx), func(u stream.Unit) error { // a letter that was sent is not sent again
		if over {
			return o.Disk.DropLetter(u, l.ID)
		}
		return o.Disk.DelayLetter(u, l.ID, again)
	})
	if err != nil {
		return fmt.Errorf("noting that a letter was sent: %w", err)
	}
	return nil
}
