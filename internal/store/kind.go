package store

import (
	"context"
	"database/sql"
	"strings"
)

// kind is what SQLite and PostgreSQL do not have in common. The SQL of the work is not here: it is one text for both.
type kind struct {
	open  func(where string) (*sql.DB, error)
	shown func(where string) string // where, without what is secret in it
	write opening                   // a transaction that writes: there is one at a time
	read  opening                   // a snapshot
	text  func(q string) string     // a statement as the driver takes it
	// begin begins a transaction, reads where the stream stands, and what is asked ahead of the units.
	begin func(t *tx, how opening, f foresight) error
	// commit returns nil where all of the transaction is on disk.
	commit func(t *tx) error
	// together runs changes in their order, and waits for all of them at once. nil where there is no way to wait for.
	together func(t *tx, puts []put) error

	disk func(err error) bool // whether it says that the disk did not take what was to be written
	gone func(err error) bool // whether it says that the database was not there, or went
	// sound reports whether a connection that gave an error is whole, and leads to where what is committed now is.
	sound func(ctx context.Context, c *sql.Conn) bool

	fit     func(ctx context.Context, c *sql.Conn) error // an error that says why the database is not to be used
	alone   func(ctx context.Context, c *sql.Conn) error // an error where another server has it; c keeps others out while it lasts
	explain func(where string, err error) error          // err of opening where, in words that say what to do

	migrating  string                                       // begins a transaction that, with lock, nobody else migrates beside
	lock       func(ctx context.Context, c *sql.Conn) error // the first thing in it
	version    func(ctx context.Context, c *sql.Conn) (int, error)
	setVersion func(ctx context.Context, c *sql.Conn, v int) error
	script     func(ctx context.Context, c *sql.Conn, text string) error // the text of a migration
}

// opening is how a transaction begins, and how it reads where the stream stands.
type opening struct{ begin, pos string }

const position = `SELECT pos FROM stream_shard WHERE shard = 0`

func kindOf(where string) *kind {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return &postgres
	}
	return &sqlite
}

// without leaves out the lines that are marked for one of the databases.
func without(text, mark string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(strings.TrimSpace(line), "-- "+mark) {
			b.WriteString(line)
		}
	}
	return b.String()
}
