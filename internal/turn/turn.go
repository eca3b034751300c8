// Package turn is whose turn it is: several servers share a database, and some work only one of them may do at a time.
package turn

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"wardroom/internal/stream"
)

// Disk is where it is kept whose turn it is.
type Disk interface {
	stream.Disk
	// Meta gives what is kept under a name for the whole installation.
	Meta(v stream.View, name string) (value string, ok bool, err error)
	SetMeta(u stream.Unit, name, value string) error
}

// lasts is for how long a server says that it is the one. It says so again after a third of that, and where it does not, because it has ended or
// can not reach the database, another one takes over.
const lasts = 30 * time.Second

// Turn is one server's part in some work.
type Turn struct {
	Disk  Disk
	Name  string // of the work, as it is kept
	Doing string // the same for people: "pushing"
	Log   *slog.Logger
	Lasts time.Duration // 0: half a minute
}

// Take calls do whenever it is this server's turn, until ctx ends. The context that do gets ends with the turn.
func (t Turn) Take(ctx context.Context, do func(context.Context) error) error {
	if t.Lasts == 0 {
		t.Lasts = lasts
	}
	me := rand.Text()
	again := time.NewTicker(t.Lasts / 3)
	defer again.Stop()
	for {
		asked := time.Now()
		if mine, err := t.claim(ctx, me); err != nil && ctx.Err() == nil {
			t.Log.ErrorContext(ctx, t.Doing, "err", err)
		} else if mine {
			if err := t.take(ctx, me, asked, do); err != nil && ctx.Err() == nil {
				t.Log.ErrorContext(ctx, t.Doing, "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// take calls do for as long as the turn is this server's, which was asked for at that time, and gives it back when ctx ends. It ends before anybody
// else may have the turn, also while the database says nothing, and at once where this process stood still for so long.
func (t Turn) take(ctx context.Context, me string, asked time.Time, do func(context.Context) error) error {
	turn, end := context.WithCancel(ctx)
	left := func(asked time.Time) time.Duration { return time.Until(asked.Add(t.Lasts - t.Lasts/10)) } // other machines have clocks of their own
	over := time.AfterFunc(left(asked), end)
	defer over.Stop()
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		defer end()
		again := time.NewTicker(t.Lasts / 3)
		defer again.Stop()
		for {
			select {
			case <-turn.Done():
				return
			case <-again.C:
			}
			asked := time.Now()
			mine, err := t.claim(turn, me)
			if err == nil && !mine {
				return
			}
			if err == nil {
				over.Reset(left(asked))
			}
		}
	}()
	err := do(turn)
	end()
	<-kept
	if ctx.Err() != nil {
		_ = t.Disk.Do(context.WithoutCancel(ctx), func(u stream.Unit) error { // where that fails, the turn ends by itself
			if who, _, err := t.whose(u); err != nil || who != me {
				return err
			}
			return t.Disk.SetMeta(u, t.Name, "nobody 0")
		})
	}
	return err
}

// claim makes the turn this server's for a while, unless it is another one's.
func (t Turn) claim(ctx context.Context, me string) (mine bool, err error) {
	err = t.Disk.Do(ctx, func(u stream.Unit) error {
		who, until, err := t.whose(u)
		if err != nil {
			return err
		}
		if mine = who == me || !u.Now().Before(until); !mine {
			return nil
		}
		return t.Disk.SetMeta(u, t.Name, fmt.Sprint(me, " ", u.Now().Add(t.Lasts).UnixMilli()))
	})
	if err != nil {
		return false, fmt.Errorf("agreeing with the other servers on whose turn it is: %w", err)
	}
	return mine, nil
}

// whose gives whose turn it is, and until when.
func (t Turn) whose(v stream.View) (who string, until time.Time, err error) {
	text, ok, err := t.Disk.Meta(v, t.Name)
	if err != nil || !ok {
		return "", time.Time{}, err
	}
	var ms int64
	if _, err := fmt.Sscan(text, &who, &ms); err != nil {
		return "", time.Time{}, fmt.Errorf("reading whose turn it is: %w", err)
	}
	return who, time.UnixMilli(ms), nil
}
