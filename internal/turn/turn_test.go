package turn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/stream"
)

// table is a database that keeps one value, for all who share it.
type table struct {
	mu   sync.Mutex // guards says
	says string
}

// way is how one server reaches a table.
type way struct {
	*table
	open   chan struct{} // has an element while something comes through
	broken atomic.Bool   // what was on its way is lost
}

type unit struct {
	stream.Unit
	now time.Time
}

func (u unit) Now() time.Time { return u.now }

func (w *way) Do(_ context.Context, fn func(stream.Unit) error) error {
	<-w.open
	defer func() { w.open <- struct{}{} }()
	if w.broken.Load() {
		return errors.New("cut off")
	}
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return fn(unit{now: time.Now()})
}

func (w *way) View(ctx context.Context, fn func(stream.View) error) error { return nil }

func (w *way) Meta(stream.View, string) (string, bool, error) { return w.says, w.says != "", nil }

func (w *way) SetMeta(_ stream.Unit, _, value string) error { w.says = value; return nil }

// Whose database says nothing any more has no turn when another one takes it; nor has one that could not say in time that it goes on.
func TestTwoNeverHaveTheirTurnAtOnce(t *testing.T) {
	for name, harm := range map[string]func(*way){
		"silent": func(w *way) { <-w.open },
		"cut":    func(w *way) { w.broken.Store(true) },
		"slow": func(w *way) { // what it asks is answered at last
			<-w.open
			time.AfterFunc(lasts, func() { w.open <- struct{}{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				shared := &table{}
				ways := []*way{{table: shared, open: make(chan struct{}, 1)}, {table: shared, open: make(chan struct{}, 1)}}
				var mu sync.Mutex // guards doing and turns
				doing, turns := 0, 0
				var all sync.WaitGroup
				for _, w := range ways {
					w.open <- struct{}{}
					all.Go(func() {
						_ = Turn{Disk: w, Name: "x", Doing: "x", Log: slog.New(slog.DiscardHandler)}.Take(ctx, func(ctx context.Context) error {
							mu.Lock()
							doing++
							turns++
							if doing > 1 {
								t.Error("two have their turn")
							}
							mu.Unlock()
							<-ctx.Done()
							mu.Lock()
							doing--
							mu.Unlock()
							return nil
						})
					})
					synctest.Wait() // the first one has it
				}
				had := func() int {
					mu.Lock()
					defer mu.Unlock()
					return turns
				}
				time.Sleep(lasts + time.Second)
				if n := had(); n != 1 {
					t.Errorf("%d turns, and nothing was in the way", n)
				}
				harm(ways[0])
				time.Sleep(2 * lasts)
				if had() < 2 {
					t.Error("nobody took over")
				}
				if name == "silent" {
					ways[0].open <- struct{}{}
				}
				stop()
				all.Wait()
			})
		})
	}
}
