package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	embedded "modernc.org/sqlite"
)

// pragmas of every connection. Nothing here trades durability for speed: a commit has been synced when it returns. What is
// deleted is overwritten with zeros (docs/decisions/deletion.md). In a page of 8 KiB five events of usual size leave little room unused; of
// 4 KiB a sixth would be (TestCostOfAYear). The size has to be said before the journal's mode, and the driver sorts
// them by name but for the first. A file that is there already keeps its own.
var pragmas = "?_pragma=busy_timeout(10000)%3Bpragma%20page_size(8192)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=wal_autocheckpoint(10000)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)" +
	"&_pragma=secure_delete(ON)&_pragma=foreign_keys(OFF)&_time_format=sqlite"

var sqlite = kind{
	open: func(dir string) (*sql.DB, error) {
		return sql.Open("sqlite", address(filepath.Join(dir, File))+pragmas)
	},
	shown: func(dir string) string { return dir },
	write: opening{"BEGIN IMMEDIATE", position},
	read:  opening{"BEGIN", position},
	text: func(q string) string {
		return limited.ReplaceAllString(dollar.ReplaceAllString(q, "?${1}"), "LIMIT CAST(?${1} AS INTEGER)")
	}, // $1 is bound by order of appearance, ?1 by number
	begin: func(t *tx, how opening, _ foresight) error { // there is no way to save: units ask for themselves
		if err := t.control(how.begin); err != nil {
			return err
		}
		return t.row(how.pos).Scan((*int64)(&t.pos))
	},
	commit: func(t *tx) error { return t.control("COMMIT") },
	disk: func(err error) bool {
		var failed *embedded.Error
		return errors.As(err, &failed) && slices.Contains([]int{readOnly, ioErr, full, cantOpen}, failed.Code()&0xff)
	},
	gone:  func(error) bool { return false },
	sound: func(ctx context.Context, c *sql.Conn) bool { return c.PingContext(ctx) == nil },
	fit: func(ctx context.Context, c *sql.Conn) error {
		var moved bool
		err := c.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'meta')`).Scan(&moved)
		if err == nil && moved {
			err = c.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM meta WHERE name = ?)`, movingName).Scan(&moved)
		}
		if err == nil && moved {
			err = ErrMoved
		}
		return err
	},
	alone:     func(context.Context, *sql.Conn) error { return nil }, // the folder has a lock
	explain:   func(_ string, err error) error { return err },
	migrating: "BEGIN IMMEDIATE",
	lock:      func(context.Context, *sql.Conn) error { return nil },
	version: func(ctx context.Context, c *sql.Conn) (v int, err error) {
		return v, c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	},
	setVersion: func(ctx context.Context, c *sql.Conn, v int) error {
		_, err := c.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(v))
		return err
	},
	script: func(ctx context.Context, c *sql.Conn, text string) error {
		_, err := c.ExecContext(ctx, strings.ReplaceAll(without(text, "postgres"), "BYTEA", "BLOB"))
		return err
	},
}

// Result codes of SQLite.
const (
	readOnly = 8
	ioErr    = 10
	full     = 13
	cantOpen = 14
)

var (
	dollar = regexp.MustCompile(`\$(\d+)`)
	// Of a bare parameter for a limit SQLite looks at the value when it plans, and plans anew each time that one is bound, even the same.
	limited = regexp.MustCompile(`LIMIT \?(\d+)`)
)

// address is where SQLite finds a file, whatever its folders are called.
func address(file string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file)
}
