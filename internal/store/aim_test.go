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

// A standby that has taken over may not have heard of what was committed last. What devices were told of is not told of as something else.
func TestNoPositionIsTakenTwiceWhereTheDatabaseWentBack(t *testing.T) {
	hub := stream.NewHub()
	db, err := Open(t.Context(), t.TempDir(), hub, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	next := func() (p stream.Position) {
		t.Helper()
		u := &unit{t.Context(), func(u stream.Unit) error { p = u.Next("@lin:x"); return nil }, make(chan error, 1)}
		db.commit(context.WithoutCancel(t.Context()), []*unit{u})
		if err := <-u.done; err != nil {
			t.Fatal(err)
		}
		return p
	}
	next()
	told := next()
	if _, err := db.write.sql.ExecContext(t.Context(), `UPDATE stream_shard SET pos = pos - 1`); err != nil {
		t.Fatal(err)
	}
	w := hub.Subscribe("@lin:x")
	defer w.Close()
	if p := next(); p <= told || hub.Upto() != p {
		t.Fatalf("at %d after %d, and the hub is at %d", p, told, hub.Upto())
	}
	<-w.C
	if p := next(); p <= told {
		t.Errorf("then at %d", p)
	}
}
