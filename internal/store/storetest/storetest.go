// Package storetest opens real stores for tests.
package storetest

import (
	"context"
	"log/slog"
	"testing"

	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// Open opens a new store in a folder of the test's own, with its writer running; both end with the test.
func Open(t testing.TB) (*store.DB, *stream.Hub) {
	t.Helper()
	return OpenDir(t, t.TempDir())
}

// OpenDir is Open for a folder that may hold a store already.
func OpenDir(t testing.TB, dir string) (*store.DB, *stream.Hub) {
	t.Helper()
	hub := stream.NewHub()
	db, err := store.Open(context.Background(), dir, hub, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, hub
}
