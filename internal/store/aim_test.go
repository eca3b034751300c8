package store

import (
	"context"
	"log/slog"
	"testing"

	"wardroom/internal/stream"
)

// Who is in a room as a transaction would have left it that is rolled back, is not who is in it.
func TestNobodyIsToldByWhatWasNotKept(t *testing.T) {
	hub := stream.NewHub()
	db, err := Open(t.Context(), t.TempDir(), hub, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer hub.Subscribe("@somebody:else").Close()
	// Looking up the second room fails.
	if db.write.stmts[joinedTo], err = db.write.sql.PrepareContext(t.Context(), `SELECT CASE WHEN $1 = '!b' THEN json('{') ELSE '@lin:x' END`); err != nil {
		t.Fatal(err)
	}
	u := &unit{t.Context(), func(u stream.Unit) error { u.Next("!a"); u.Next("!b"); return nil }, make(chan error, 1)}
	db.commit(context.WithoutCancel(t.Context()), []*unit{u})
	if err := <-u.done; err == nil {
		t.Fatal("the look-up did not fail")
	}
	if people := db.audiences.of("!a"); people != nil {
		t.Errorf("%d people are remembered of what was rolled back", people.Len())
	}
}
