package store

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"wardroom/internal/stream"
)

// On a full disk, a failed read or want of memory SQLite may roll back the transaction by itself. The unit that met it is
// answered with its error; its neighbours are kept, each once.
func TestATransactionThatRolledBackByItselfIsBegunAgain(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), stream.NewHub(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	note := func(name string) *unit {
		return &unit{t.Context(), func(u stream.Unit) error { u.Next("!room"); return db.SetMeta(u, name, name) }, make(chan error, 1)}
	}
	failure := errors.New("the disk failed")
	broken := &unit{t.Context(), func(u stream.Unit) error { return errors.Join(failure, in(u).control("ROLLBACK")) }, make(chan error, 1)}
	before, after := note("before"), note("after")
	db.commit(context.WithoutCancel(t.Context()), []*unit{before, broken, after})
	if err := errors.Join(<-before.done, <-after.done); err != nil {
		t.Errorf("the neighbours are answered %v", err)
	}
	if err := <-broken.done; !errors.Is(err, failure) {
		t.Errorf("the broken unit is answered %v", err)
	}
	err = db.View(t.Context(), func(v stream.View) error {
		for _, name := range []string{"before", "after"} {
			if _, ok, err := db.Meta(v, name); err != nil || !ok {
				t.Errorf("%s was not kept: %v", name, err)
			}
		}
		if v.Upto()[0] != 2 {
			t.Errorf("the stream ends at %d, want 2", v.Upto()[0])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
