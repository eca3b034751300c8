package store

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/stream"
)

// Whoever waits beside much work waits for one piece of it, not for all that was handed in at the same time.
func TestATransactionTakesNoMoreAfterMuchWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.Context(), t.TempDir(), stream.NewHub(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var commits []int
		db.Committed = func(units int, _ time.Duration) { commits = append(commits, units) }
		taking := func(work time.Duration) *unit {
			return &unit{t.Context(), func(u stream.Unit) error { time.Sleep(work); u.Next("!room"); return nil }, make(chan error, 1)}
		}
		batch := []*unit{
			taking(time.Millisecond), taking(time.Millisecond), taking(50 * time.Millisecond),
			taking(50 * time.Millisecond), taking(0), taking(10 * time.Millisecond), taking(15 * time.Millisecond), taking(0),
		}
		db.commit(context.WithoutCancel(t.Context()), batch)
		for i, u := range batch {
			if err := <-u.done; err != nil {
				t.Errorf("unit %d is answered %v", i, err)
			}
		}
		if want := []int{3, 1, 3, 1}; !slices.Equal(commits, want) {
			t.Errorf("the transactions held %v units, want %v", commits, want)
		}
		err = db.View(t.Context(), func(v stream.View) error {
			if v.Upto()[0] != 8 {
				t.Errorf("the stream ends at %d, want 8", v.Upto()[0])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
