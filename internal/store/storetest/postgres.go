package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// Variable names the environment variable with the address of a PostgreSQL server for tests. Where it is set, stores are
// opened there, each in a database of its own, which is removed some time after its folder; otherwise in SQLite.
const Variable = "WARDROOM_TEST_POSTGRES"

// note is the file in a store's folder that names its database.
const note = "database"

// databases are those that this process has made.
var databases struct {
	sync.Mutex
	byFolder map[string]string
	template string         // one with all tables and nothing in them
	open     map[string]int // by folder: how often OpenDir and Beside have it open
}

// database is the address of the database that belongs to folder dir; it is made where there is none yet.
func database(t testing.TB, dir string) string {
	t.Helper()
	kept, err := os.ReadFile(filepath.Join(dir, note))
	if err == nil {
		return named(t, string(kept))
	}
	databases.Lock()
	defer databases.Unlock()
	if databases.template == "" {
		databases.byFolder = map[string]string{}
		databases.template = create(t, "template1")
		db, err := store.Open(context.Background(), named(t, databases.template), stream.NewHub(), slog.New(slog.DiscardHandler))
		if err == nil {
			err = db.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return named(t, belonging(t, dir, databases.template))
}

// belonging makes a database like another one, which nobody may be using, and gives it to folder dir. Those whose folders are gone
// are removed before.
func belonging(t testing.TB, dir, like string) (name string) {
	t.Helper()
	for old, name := range databases.byFolder {
		if _, err := os.Stat(old); errors.Is(err, os.ErrNotExist) {
			run(t, os.Getenv(Variable), "DROP DATABASE "+name+" WITH (FORCE)")
			delete(databases.byFolder, old)
		}
	}
	name = create(t, like)
	databases.byFolder[dir] = name
	if err := os.WriteFile(filepath.Join(dir, note), []byte(name), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// using notes that the store of folder dir is open until the test ends. What closes it then is registered after this.
func using(t testing.TB, dir string) {
	count := func(n int) {
		databases.Lock()
		defer databases.Unlock()
		if databases.open == nil {
			databases.open = map[string]int{}
		}
		databases.open[dir] += n
	}
	count(1)
	t.Cleanup(func() { count(-1) })
}

// create makes a database like another one, which nobody may be using.
func create(t testing.TB, like string) (name string) {
	t.Helper()
	name = "t_" + strings.ToLower(rand.Text())
	run(t, os.Getenv(Variable), "CREATE DATABASE "+name+" TEMPLATE "+like)
	return name
}

// named is the address of a database.
func named(t testing.TB, name string) string {
	t.Helper()
	at, err := url.Parse(os.Getenv(Variable))
	if err != nil {
		t.Fatal(err)
	}
	at.Path = "/" + name
	return at.String()
}

// copyDatabase makes the database of folder to like that of folder from: in one go, or, where that is open, with all that is committed
// in it.
func copyDatabase(t testing.TB, from, to string) {
	t.Helper()
	original, err := os.ReadFile(filepath.Join(to, note)) // from's, which was copied along
	if err == nil {
		err = os.Remove(filepath.Join(to, note))
	}
	if err != nil {
		t.Fatal(err)
	}
	databases.Lock()
	closed := databases.open[from] == 0
	if closed {
		belonging(t, to, string(original))
	}
	databases.Unlock()
	if !closed {
		copyTables(t, from, to)
	}
}

// copyTables fills the database of folder to with all that is committed in that of folder from, which may be in use.
func copyTables(t testing.TB, from, to string) {
	t.Helper()
	old, copied := connect(t, database(t, from)), connect(t, database(t, to))
	defer old.Close(context.Background())
	defer copied.Close(context.Background())
	rows, _ := old.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) // CollectRows gives its error
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil {
		_, err = old.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	}
	for _, table := range tables {
		var data bytes.Buffer
		if err == nil {
			_, err = old.PgConn().CopyTo(t.Context(), &data, "COPY "+table+" TO STDOUT BINARY")
		}
		if err == nil {
			_, err = copied.Exec(t.Context(), "TRUNCATE "+table)
		}
		if err == nil {
			_, err = copied.PgConn().CopyFrom(t.Context(), &data, "COPY "+table+" FROM STDIN BINARY")
		}
	}
	for _, table := range []string{"account", "device", "room"} { // whose numbers go on
		if err == nil {
			_, err = copied.Exec(t.Context(), "SELECT setval(pg_get_serial_sequence('"+table+"', 'no'), (SELECT coalesce(max(no), 0) + 1 FROM "+table+"), false)")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func connect(t testing.TB, at string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func run(t testing.TB, at, statement string) {
	t.Helper()
	conn := connect(t, at)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
