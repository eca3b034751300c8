// Package storetest opens real stores for tests.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // for Beside

	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// Open opens a new store of the test's own, with its writer running; both end with the test.
func Open(t testing.TB) (*store.DB, *stream.Hub) {
	t.Helper()
	return OpenDir(t, t.TempDir())
}

// OpenDir is Open for a folder that may hold a store already.
func OpenDir(t testing.TB, dir string) (*store.DB, *stream.Hub) {
	t.Helper()
	file := filepath.Join(dir, store.File)
	if _, err := os.Stat(file); !Postgres() && errors.Is(err, fs.ErrNotExist) {
		data, err := empty()
		if err == nil {
			err = os.WriteFile(file, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return running(t, dir, store.Open)
}

// empty is SQLite's file with all tables and nothing in them: to copy it takes much less than to make the tables anew for each test.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wardroom-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(context.Background(), dir, stream.NewHub(), slog.New(slog.DiscardHandler))
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.File))
})

// JoinDir is OpenDir beside a server that has the store open, as a command does it.
func JoinDir(t testing.TB, dir string) (*store.DB, *stream.Hub) {
	t.Helper()
	return running(t, dir, store.Join)
}

// Pair opens a new store twice, as two servers do that share it. elsewhere is called with what the one called i has committed, and has to
// see to it that the other one hears of it.
func Pair(t testing.TB, elsewhere func(i int, after, upto stream.Position, entries []*stream.Entry)) (dbs [2]*store.DB, hubs [2]*stream.Hub) {
	t.Helper()
	dir, open := t.TempDir(), []opener{store.Open, store.Join}
	if Postgres() {
		open = []opener{store.OpenBeside, store.OpenBeside}
	}
	for i := range dbs {
		dbs[i], hubs[i] = running(t, dir, func(ctx context.Context, where string, hub *stream.Hub, log *slog.Logger) (*store.DB, error) {
			db, err := open[i](ctx, where, hub, log)
			if err == nil {
				db.Elsewhere = func(after, upto stream.Position, entries []*stream.Entry) { elsewhere(i, after, upto, entries) }
			}
			return db, err
		})
	}
	return dbs, hubs
}

type opener = func(context.Context, string, *stream.Hub, *slog.Logger) (*store.DB, error)

func running(t testing.TB, dir string, open opener) (*store.DB, *stream.Hub) {
	t.Helper()
	using(t, dir)
	hub := stream.NewHub()
	db, err := open(context.Background(), At(t, dir), hub, slog.New(slog.DiscardHandler))
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

// At is where the store that belongs to folder dir is opened: the folder itself, or a database of PostgreSQL.
func At(t testing.TB, dir string) string {
	t.Helper()
	if Postgres() {
		return database(t, dir)
	}
	return dir
}

// Postgres reports whether stores are in PostgreSQL.
func Postgres() bool { return os.Getenv(Variable) != "" }

// Beside is a connection of the test's own to the store in folder dir. It takes statements with $1, $2, … in their order.
func Beside(t testing.TB, dir string) *sql.DB {
	t.Helper()
	using(t, dir)
	driver, where := "sqlite", "file:"+filepath.Join(dir, store.File)+"?_pragma=busy_timeout(10000)"
	if Postgres() {
		driver, where = "pgx", database(t, dir)
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Copy makes of folder to what would be found if the machine had stopped this moment with folder from in it.
func Copy(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if Postgres() {
		copyDatabase(t, from, to)
	}
}
