package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wardroom/internal/stream"
)

// tables gives every table and index that the database in dir has, as it was made.
func tables(t *testing.T, dir string) (all []string) {
	t.Helper()
	for _, row := range rowsOf(t, dir, `SELECT type || ' ' || name || ': ' || sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name`) {
		all = append(all, strings.Join(strings.Fields(row), " "))
	}
	return all
}

// rowsOf gives the one column of each row.
func rowsOf(t *testing.T, dir, q string) (all []string) {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	rows, err := pool.Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// Each older version with something in its tables becomes what a new database is, and keeps what it had.
func TestEveryOlderVersionBecomesTheLatest(t *testing.T) {
	open := func(dir string) {
		db, err := Open(t.Context(), dir, stream.NewHub(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fresh := t.TempDir()
	open(fresh)
	for have := range Version() {
		t.Run(fmt.Sprint("from ", have), func(t *testing.T) {
			dir := t.TempDir()
			older(t, dir, have)
			open(dir)
			if got, want := tables(t, dir), tables(t, fresh); !slices.Equal(got, want) {
				t.Errorf("the tables are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := rowsOf(t, dir, `PRAGMA user_version`); got[0] != strconv.Itoa(Version()) {
				t.Errorf("the version is %s", got[0])
			}
			if have == 0 {
				return
			}
			if got := rowsOf(t, dir, `SELECT name || '=' || value FROM meta`); !slices.Equal(got, []string{"kept=yes"}) {
				t.Errorf("kept is %q", got)
			}
			if have < 2 {
				sums := rowsOf(t, dir, `SELECT sender || ' ' || messages || ' ' || bytes FROM to_device_waiting ORDER BY sender`)
				if want := []string{"@aiko:x 2 11", "@lin:x 1 3"}; !slices.Equal(sums, want) {
					t.Errorf("what waits is counted as %q, want %q", sums, want)
				}
				keys := rowsOf(t, dir, `SELECT version || ' ' || keys || ' ' || bytes FROM backup_version ORDER BY version`)
				if want := []string{"1 2 9", "2 0 0"}; !slices.Equal(keys, want) {
					t.Errorf("backups are counted as %q, want %q", keys, want)
				}
			}
		})
	}
}

// older makes a database of an older version in dir, with something in it.
func older(t *testing.T, dir string, version int) {
	t.Helper()
	pool, err := sql.Open("sqlite", address(filepath.Join(dir, File))+pragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	c, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	db := &DB{write: &conn{sql: c}, log: slog.New(slog.DiscardHandler)}
	for v := 1; v <= version; v++ {
		if err := db.step(context.Background(), v); err != nil {
			t.Fatal(err)
		}
	}
	if version == 0 {
		return
	}
	_, err = c.ExecContext(t.Context(), `
		INSERT INTO meta (name, value) VALUES ('kept', 'yes');
		INSERT INTO to_device (pos, device, sender, type, content) VALUES
			(1, 1, '@lin:x', 't', x'616263'), (2, 1, '@aiko:x', 't', x'61'), (3, 2, '@aiko:x', 't', x'30313233343536373839');
		INSERT INTO backup_version (account, version, algorithm, auth_data, etag, keys, deleted) VALUES
			(1, 1, 'a', x'7b7d', 2, 2, FALSE), (1, 2, 'a', x'7b7d', 0, 0, FALSE);
		INSERT INTO backup_key (account, version, room, session, first_index, forwarded, verified, data) VALUES
			(1, 1, '!a', 's', 0, 0, TRUE, x'61626364'), (1, 1, '!a', 't', 0, 0, TRUE, x'6162636465');`)
	if err != nil {
		t.Fatal(err)
	}
}
