package store_test

import (
	"testing"

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
