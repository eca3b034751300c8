package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/stream"
)

// newDatabase makes an empty PostgreSQL database that ends with the test, and a connection to it.
func newDatabase(t *testing.T, how string) (address string, c *sql.DB) {
	t.Helper()
	at, err := url.Parse(os.Getenv("WARDROOM_TEST_POSTGRES"))
	if err != nil || at.Scheme == "" {
		t.Skip("WARDROOM_TEST_POSTGRES does not name a PostgreSQL server")
	}
	name := "m_" + strings.ToLower(rand.Text())
	server, err := sql.Open("pgx", at.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Exec("CREATE DATABASE " + name + " " + how); err != nil {
		t.Fatal(err)
	}
	at.Path = "/" + name
	if c, err = sql.Open("pgx", at.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if _, err := server.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return at.String(), c
}

// inFile runs fn with a connection to the file of folder dir, and leaves none behind.
func inFile(t *testing.T, dir string, fn func(*sql.Conn)) {
	t.Helper()
	pool, err := sql.Open("sqlite", address(filepath.Join(dir, File))+pragmas)
	if err == nil {
		err = errors.Join(single(t.Context(), pool, func(c *sql.Conn) error { fn(c); return nil }), pool.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// filled is a folder with rows in every table, which had version v when they came.
func filled(t *testing.T, v int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	inFile(t, dir, func(c *sql.Conn) {
		mustMigrate(t, c, upTo(t, migrations, v))
		fill(t, c)
		for _, q := range []string{
			`UPDATE stream_shard SET pos = 7000 WHERE shard = 0`, `DELETE FROM stream_shard WHERE shard > 0`,
			`UPDATE event SET id = x'', device = NULL, txn = NULL WHERE pos = 2`, // what is empty, and what is not there
			`UPDATE account SET id = '人 ''\%' WHERE no = 1`,
			`INSERT INTO device (no, account, id, name, seen_day) VALUES (41, 1, 'gone', '', 1)`, `DELETE FROM device WHERE no = 41`,
			`INSERT INTO meta (name, value) VALUES ('server_name', 'quay.test')`,
			`UPDATE device SET name = 'a' || char(0) || 'b' WHERE no = 2`, `UPDATE media SET name = CAST(x'61ff62' AS TEXT) WHERE id = 'text 2'`,
		} {
			if _, err := c.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	})
	return dir
}

// kept is what is in the file of folder dir, but for what a move marks it with.
func kept(t *testing.T, dir string) (all map[string][]string) {
	t.Helper()
	inFile(t, dir, func(c *sql.Conn) { all = dump(t, c) })
	all["meta"] = slices.DeleteFunc(all["meta"], func(row string) bool { return strings.Contains(row, movingName) })
	return all
}

func TestPostgresIsGivenEverythingThatSQLiteHas(t *testing.T) {
	for v := 1; v <= Version(); v++ {
		t.Run(fmt.Sprint("version ", v), func(t *testing.T) {
			dir := filled(t, v)
			address, beside := newDatabase(t, "")
			before := kept(t, dir)
			moved, err := Move(t.Context(), dir, address)
			if err != nil {
				t.Fatal(err)
			}
			if now := kept(t, dir); !maps.EqualFunc(now, before, slices.Equal) {
				t.Errorf("the old file is %v, was %v", now, before)
			}
			for _, m := range moved {
				if m.Rows == 0 || m.Table != "meta" && int(m.Rows) != len(before[m.Table]) {
					t.Errorf("of %s %d rows were moved, there are %d", m.Table, m.Rows, len(before[m.Table]))
				}
			}
			if n := slices.IndexFunc(moved, func(m Moved) bool { return m.Table == "device" }); moved[n].Altered != 1 {
				t.Errorf("of devices it tells that %d names were altered", moved[n].Altered)
			}
			if len(moved) != len(before)-2 { // the version and the schema
				t.Errorf("%d tables were moved of %d", len(moved), len(before))
			}

			// The way back, into a file of SQLite's again, holds the same.
			back := t.TempDir()
			if err := Copy(t.Context(), address, filepath.Join(back, File)); err != nil {
				t.Fatal(err)
			}
			want := filled(t, v)
			inFile(t, want, func(c *sql.Conn) {
				mustMigrate(t, c, migrations)
				// two names have what PostgreSQL cannot keep
				for _, q := range []string{`UPDATE device SET name = 'a�b' WHERE no = 2`, `UPDATE media SET name = 'a�b' WHERE id = 'text 2'`} {
					if _, err := c.ExecContext(t.Context(), q); err != nil {
						t.Fatal(err)
					}
				}
			})
			have, should := kept(t, back), kept(t, want)
			for table, rows := range should {
				if slices.Sort(rows); !slices.Equal(slices.Sorted(slices.Values(have[table])), rows) {
					t.Errorf("%s comes back as %v, want %v", table, have[table], rows)
				}
			}
			if same, err := WasMoved(t.Context(), dir, address); err != nil || !same {
				t.Errorf("the two are not known again: %v, %v", same, err)
			}

			// The numbers go on, also after the last one that is not there any more.
			for table, want := range map[string]int{"account": 4, "room": 4, "device": 42} {
				var next int
				q := fmt.Sprintf("SELECT nextval(pg_get_serial_sequence('%s', 'no'))", table)
				if err := beside.QueryRow(q).Scan(&next); err != nil || next != want {
					t.Errorf("the next number in %s is %d, want %d (%v)", table, next, want, err)
				}
			}
			if got := ask(t, connect(t, back), `SELECT seq FROM sqlite_sequence WHERE name = 'device'`); len(got) != 1 || word(got[0]["seq"]) != "41" {
				t.Errorf("on the way back the last device was %v", got)
			}

			// A server takes what was moved, and not what it was moved from.
			log := slog.New(slog.DiscardHandler)
			db, err := Open(t.Context(), address, stream.NewHub(), log)
			if err != nil {
				t.Fatal(err)
			}
			if db.View(t.Context(), func(v stream.View) error {
				if v.Upto()[0] != 7000 {
					t.Errorf("the stream goes on from %v", v.Upto())
				}
				return nil
			}) != nil || db.Close() != nil {
				t.Error("it cannot be read")
			}
			if _, err := Open(t.Context(), dir, stream.NewHub(), log); !errors.Is(err, ErrMoved) {
				t.Errorf("the old file is opened: %v", err)
			}
			if _, err := Join(t.Context(), dir, stream.NewHub(), log); v == Version() && !errors.Is(err, ErrMoved) {
				t.Errorf("the old file is opened beside: %v", err)
			}
			if _, err := Move(t.Context(), filled(t, v), address); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("a second move into it: %v", err)
			}
		})
	}
}

// breakIn runs a statement inside of PostgreSQL whenever rows come into one table.
func breakIn(t *testing.T, beside *sql.DB, does string) {
	t.Helper()
	if _, err := beside.Exec(`
		CREATE FUNCTION broken() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
			IF EXISTS (SELECT FROM pg_class WHERE relname = 'pusher') AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'broken_row') THEN
				CREATE FUNCTION broken_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ` + does + ` END';
				CREATE TRIGGER broken_row BEFORE INSERT ON pusher FOR EACH ROW EXECUTE FUNCTION broken_row();
			END IF;
		END $$;
		CREATE EVENT TRIGGER broken ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION broken();`); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresKeepsNothingOfAMoveThatFails(t *testing.T) {
	for name, c := range map[string]struct{ does, says string }{
		"a row is refused":      {`RAISE EXCEPTION ''no'';`, "copying the table pusher"},
		"a row is left out":     {`RETURN NULL;`, "3 rows were copied, and 0 are there"},
		"a row is changed":      {`NEW.pushkey := NEW.pushkey || ''x''; RETURN NEW;`, "not what was copied"},
		"the connection is cut": {`PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;`, "copying the table pusher"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t, Version())
			address, beside := newDatabase(t, "")
			breakIn(t, beside, c.does)
			if _, err := Move(t.Context(), dir, address); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
			if empty, err := Empty(t.Context(), address); err != nil || !empty {
				t.Errorf("something is there: %v", err)
			}
			if db, err := Open(t.Context(), dir, stream.NewHub(), slog.New(slog.DiscardHandler)); err != nil || db.Close() != nil {
				t.Errorf("the old file is not taken any more: %v", err)
			}
			if _, err := beside.Exec(`DROP EVENT TRIGGER broken`); err != nil {
				t.Fatal(err)
			}
			if _, err := Move(t.Context(), dir, address); err != nil {
				t.Errorf("another time: %v", err)
			}
		})
	}
}

func TestPostgresIsNotMovedToWhileAnotherProgramHasTheFile(t *testing.T) {
	dir := filled(t, Version())
	address, _ := newDatabase(t, "")
	c := connect(t, dir)
	if _, err := c.ExecContext(t.Context(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	ask(t, c, "SELECT * FROM meta")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := Move(ctx, dir, address); err == nil || !strings.Contains(err.Error(), "another program has the database open") {
		t.Errorf("beside a reader: %v", err)
	}
	c.Close()
}

func TestPostgresThatDoesNotFitIsRefusedInWords(t *testing.T) {
	good, beside := newDatabase(t, "")
	latin, _ := newDatabase(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	foreign, others := newDatabase(t, "")
	at, _ := url.Parse(good)
	with := func(change func(u *url.URL)) string {
		u := *at
		change(&u)
		return u.String()
	}
	role := "r_" + strings.ToLower(rand.Text())
	for _, c := range []struct {
		db *sql.DB
		q  string
	}{
		{others, "CREATE TABLE invoices (no int)"}, {beside, "CREATE ROLE " + role + " LOGIN"},
	} {
		if _, err := c.db.Exec(c.q); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _, _ = others.Exec("DROP ROLE " + role) })
	for name, c := range map[string]struct{ address, says string }{
		"an encoding":        {latin, "encoding is LATIN1, and Wardroom needs UTF8"},
		"somebody's tables":  {foreign, `1 tables are in it that are not Wardroom's, such as "invoices"`},
		"no rights":          {with(func(u *url.URL) { u.User = url.User(role) }), `the user "` + role + `" may not make tables in it. Make that user its owner`},
		"no such user":       {with(func(u *url.URL) { u.User = url.UserPassword("nobody_at_all", "geheim") }), `does not let the user "nobody_at_all" in`},
		"no such database":   {with(func(u *url.URL) { u.Path = "/none_at_all" }), `has no database "none_at_all". Make it: CREATE DATABASE`},
		"no server":          {"postgres://u:geheim@/n?host=" + url.QueryEscape(t.TempDir()), "nobody answers at"},
		"nobody at the port": {"postgres://u:geheim@127.0.0.1:1/n", "nobody answers at 127.0.0.1:1 (connection refused)"},
		"no such host":       {"postgres://u:geheim@no-such-name.invalid/n", "the host no-such-name.invalid is not known"},
		"no address":         {"postgres://u:geheim@h/n?sslmode=full", "is no address that can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), c.address, stream.NewHub(), slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("the password is told: %v", err)
			}
		})
	}
}

func TestPostgresIsForOneServer(t *testing.T) {
	address, beside := newDatabase(t, "")
	log := slog.New(slog.DiscardHandler)
	db, err := Open(t.Context(), address, stream.NewHub(), log)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := Join(t.Context(), address, stream.NewHub(), log)
	if err != nil {
		t.Fatalf("a command beside it: %v", err)
	}
	joined.Close()
	if _, err := beside.Exec("ALTER ROLE CURRENT_USER SET statement_timeout = '1s'"); err != nil { // as somebody may have set it
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = beside.Exec("ALTER ROLE CURRENT_USER RESET statement_timeout") })
	if _, err := Open(t.Context(), address, stream.NewHub(), log); !errors.Is(err, errBusy) {
		t.Errorf("a second server: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(t.Context(), address, stream.NewHub(), log); err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	db.Close()
}

// A server whose connections were cut while another one took its place writes nothing beside it.
func TestPostgresIsForOneServerAlsoAfterACut(t *testing.T) {
	address, beside := newDatabase(t, "")
	log := slog.New(slog.DiscardHandler)
	first, err := Open(t.Context(), address, stream.NewHub(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	note := func(db *DB) error {
		u := &unit{t.Context(), func(u stream.Unit) error { return db.SetMeta(u, "note", "x") }, make(chan error, 1)}
		db.commit(context.WithoutCancel(t.Context()), []*unit{u})
		return <-u.done
	}
	cut := func() {
		if _, err := beside.Exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
			t.Fatal(err)
		}
	}
	cut()
	if err := note(first); err != nil {
		t.Fatalf("after a cut: %v", err)
	}
	if _, err := Open(t.Context(), address, stream.NewHub(), log); !errors.Is(err, errBusy) {
		t.Errorf("after a cut it has the database no more for itself: %v", err)
	}
	cut()
	second, err := Open(t.Context(), address, stream.NewHub(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := note(first); !errors.Is(err, errBusy) {
		t.Errorf("beside the second the first is answered %v", err)
	}
	if err := note(second); err != nil {
		t.Errorf("the second is answered %v", err)
	}
}
