package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

var postgres = kind{
	open: func(where string) (*sql.DB, error) {
		conf, err := pgx.ParseConfig(where)
		if err != nil {
			return nil, err
		}
		// Whatever the server is set to: a commit has been synced when it returns.
		conf.RuntimeParams["synchronous_commit"] = "on"
		return stdlib.OpenDB(*conf), nil
	},
	shown: func(where string) string {
		at, err := url.Parse(where)
		if err != nil {
			return "PostgreSQL"
		}
		return at.Redacted()
	},
	// One writer at a time, in whatever process: the row is locked until the commit, so positions become visible in their order.
	write: opening{"BEGIN ISOLATION LEVEL READ COMMITTED", position + " FOR UPDATE"},
	read:  opening{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", position},
	text:  func(q string) string { return q },
	// To a COMMIT after a failed statement PostgreSQL answers, without an error, that it has rolled back.
	commit: func(t *tx) error {
		return t.c.sql.Raw(func(driver any) error {
			tag, err := driver.(*stdlib.Conn).Conn().Exec(t.ctx, "COMMIT")
			if err == nil && tag.String() != "COMMIT" {
				err = errors.New("a statement had failed, so nothing was committed")
			}
			return err
		})
	},
	disk: func(err error) bool {
		var failed *pgconn.PgError
		return errors.As(err, &failed) && slices.Contains([]string{diskFull, ioError, readOnlyTransaction}, failed.Code)
	},
	alone: "BEGIN",
	version: func(ctx context.Context, c *sql.Conn) (v int, err error) {
		// The first question of a transaction that migrates; elsewhere the lock is gone at once.
		if _, err := c.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('wardroom tables'))"); err != nil {
			return 0, err
		}
		var there bool
		if err := c.QueryRowContext(ctx, "SELECT to_regclass('meta') IS NOT NULL").Scan(&there); err != nil || !there {
			return 0, err
		}
		var text string
		if err := c.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = $1", tablesName).Scan(&text); err != nil {
			return 0, err
		}
		return strconv.Atoi(text)
	},
	setVersion: func(ctx context.Context, c *sql.Conn, v int) error {
		_, err := c.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2", tablesName, strconv.Itoa(v))
		return err
	},
	script: func(ctx context.Context, c *sql.Conn, text string) error {
		text = textColumn.ReplaceAllString(without(text, "sqlite"), `$1 TEXT COLLATE "C"`)
		_, err := c.ExecContext(ctx, text, pgx.QueryExecModeSimpleProtocol) // several statements at once
		return err
	},
}

// SQLSTATEs of PostgreSQL.
const (
	diskFull            = "53100"
	ioError             = "58030"
	readOnlyTransaction = "25006"
)

// tablesName is where PostgreSQL keeps the version of the tables; SQLite has a place for it in the file's head.
const tablesName = "tables"

// Text is compared by its bytes, as everywhere in Matrix, whatever the order of the database is.
var textColumn = regexp.MustCompile(`(?m)^(\s+(?:ADD COLUMN )?\w+) TEXT\b`)
