package store_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/fault"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// needPostgres leaves out a test where the stores are SQLite's.
func needPostgres(t *testing.T) {
	t.Helper()
	if !storetest.Postgres() {
		t.Skipf("%s does not name a PostgreSQL server", storetest.Variable)
	}
}

// cut ends every connection to the database in dir but the one it asks with.
func cut(t *testing.T, dir string) {
	t.Helper()
	if _, err := storetest.Beside(t, dir).Exec(`
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresMayCloseEveryConnection(t *testing.T) {
	needPostgres(t)
	dir := t.TempDir()
	db, _ := storetest.OpenDir(t, dir)
	for round := range stream.Position(3) {
		if err := db.Do(t.Context(), func(u stream.Unit) error { u.Next("!room"); return nil }); err != nil {
			t.Fatal(err)
		}
		cut(t, dir)
		for range 8 { // each of the readers meets it
			if got := upto(t, db); got != round+1 {
				t.Errorf("the stream ends at %d, want %d", got, round+1)
			}
		}
		cut(t, dir)
	}
	// in the middle of a unit: it fails, and is not half there
	err := db.Do(t.Context(), func(u stream.Unit) error {
		if err := db.SetMeta(u, "before", "yes"); err != nil {
			return err
		}
		cut(t, dir)
		return db.SetMeta(u, "after", "yes")
	})
	if err == nil {
		t.Error("a unit whose connection was cut is answered with success")
	}
	_ = db.View(t.Context(), func(v stream.View) error {
		for _, name := range []string{"before", "after"} {
			if _, ok, err := db.Meta(v, name); ok || err != nil {
				t.Errorf("%s is there: %v, %v", name, ok, err)
			}
		}
		return nil
	})
}

// aging lets a test say of connections to the database in dir that they lead to a standby: retire says it of all that are there now, and
// with later set also of those that come.
func aging(t *testing.T, dir string) (retire func(later bool)) {
	t.Helper()
	beside := storetest.Beside(t, dir)
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := beside.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	run(`CREATE TABLE retired (pid INT)`)
	run(`CREATE FUNCTION public.pg_is_in_recovery() RETURNS BOOL LANGUAGE SQL AS 'SELECT EXISTS (SELECT 1 FROM public.retired WHERE pid IN (0, pg_backend_pid()))'`)
	run(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$`)
	return func(later bool) {
		t.Helper()
		run(`INSERT INTO retired SELECT pid FROM pg_stat_activity WHERE datname = current_database() UNION ALL SELECT 0 WHERE $1`, later)
	}
}

// A server that another one has taken over from may go on answering on connections that are still there: what it knows.
func TestPostgresIsNotAskedAnyMoreOnceItIsAStandby(t *testing.T) {
	needPostgres(t)
	dir := t.TempDir()
	retire := aging(t, dir)
	db, _ := storetest.OpenDir(t, dir)
	backends := func() (all []int) {
		note := func(v stream.View) error {
			pid, err := store.Backend(v)
			all = append(all, pid)
			return err
		}
		for range 8 { // each of the readers
			if err := db.View(t.Context(), note); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Do(t.Context(), func(u stream.Unit) error { return note(u) }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	old := backends()
	retire(false)
	for _, pid := range backends() {
		if slices.Contains(old, pid) {
			t.Errorf("connection %d is still used", pid)
		}
	}
	retire(true) // and there is no other server
	if err := db.View(t.Context(), func(stream.View) error { return nil }); !fault.Unavailable.In(err) {
		t.Errorf("a reader is answered %v", err)
	}
	if err := db.Do(t.Context(), func(stream.Unit) error { return nil }); !fault.Unavailable.In(err) {
		t.Errorf("a writer is answered %v", err)
	}
	if _, err := store.Join(t.Context(), storetest.At(t, dir), stream.NewHub(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "names the primary") {
		t.Errorf("who starts reads %v", err)
	}
}

func TestPostgresIsNotBelievedToHaveCommittedAfterAFailedStatement(t *testing.T) {
	needPostgres(t)
	db, _ := storetest.Open(t)
	err := db.Do(t.Context(), func(u stream.Unit) error {
		if err := db.SetMeta(u, "kept", "yes"); err != nil {
			return err
		}
		_ = db.SetMeta(u, "wrong\x00", "yes") // PostgreSQL has no text with NUL in it
		return nil
	})
	if err == nil {
		t.Error("the unit is answered with success")
	}
	_ = db.View(t.Context(), func(v stream.View) error {
		if _, ok, err := db.Meta(v, "kept"); ok || err != nil {
			t.Errorf("it is there: %v, %v", ok, err)
		}
		return nil
	})
}

var _ stream.Disk = (*store.DB)(nil)
