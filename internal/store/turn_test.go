package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

func TestAReaderTakesTurnsWithItselfAndOthersPass(t *testing.T) {
	db, _ := storetest.Open(t)
	var spent atomic.Int64
	greedy := stream.Metered(t.Context(), stream.NewTurns(2), func(rows int) { spent.Add(int64(rows)) })
	release, opened, done := make(chan struct{}), make(chan struct{}), make(chan error)
	for range 2 {
		go func() {
			done <- db.View(greedy, func(v stream.View) error { opened <- struct{}{}; <-release; return nil })
		}()
		<-opened
	}
	ending, end := context.WithCancel(greedy)
	end()
	if err := db.View(ending, func(stream.View) error { return errors.New("it was opened") }); !errors.Is(err, context.Canceled) {
		t.Errorf("a third view at once: %v", err)
	}
	if err := db.View(t.Context(), func(stream.View) error { return nil }); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	close(release)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	before := spent.Load()
	err := db.View(greedy, func(v stream.View) error {
		_, _, err := db.Meta(v, "x")
		return err
	})
	if err != nil || spent.Load() <= before {
		t.Errorf("a view afterwards spent %d rows, %v", spent.Load()-before, err)
	}
}
