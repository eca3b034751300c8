package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"wardroom/internal/config"
)

var postgres = kind{
	open: func(where string) (*sql.DB, error) {
		conf, err := pgx.ParseConfig(config.Encrypted(where))
		if err != nil {
			return nil, err
		}
		if conf.ConnectTimeout == 0 {
			conf.ConnectTimeout = 10 * time.Second
		}
		conf.DialFunc = dial
		if conf.ValidateConnect == nil { // of several hosts the one that is no standby
			conf.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
		}
		for name, value := range sessions {
			conf.RuntimeParams[name] = value
		}
		return stdlib.OpenDB(*conf), nil
	},
	shown: config.Shown,
	// One writer at a time, in whatever process: the row is locked until the commit, so positions become visible in their order.
	write: opening{"BEGIN ISOLATION LEVEL READ COMMITTED", position + here + " FOR UPDATE"},
	read:  opening{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", position + here},
	text:  func(q string) string { return q },
	begin: func(t *tx, how opening, f foresight) error {
		var all pgx.Batch
		all.Queue(how.begin)
		all.Queue(how.pos).QueryRow(func(row pgx.Row) error { return row.Scan((*int64)(&t.pos)) })
		if f.since > 0 {
			all.Queue(appendedSince, int64(f.since), maxForeign+1).Query(func(rows pgx.Rows) error { return t.heardOf(rows) })
		}
		for _, a := range f.sending {
			all.Queue(sentBy, int64(a.device), a.txn).Query(func(rows pgx.Rows) error { return t.answered(a, rows) })
		}
		return native(t.c.sql, func(c *pgx.Conn) error { return c.SendBatch(t.ctx, &all).Close() })
	},
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
	together: func(t *tx, puts []put) error {
		var all pgx.Batch
		for _, p := range puts {
			all.Queue(p.q, p.args...).Exec(func(tag pgconn.CommandTag) error {
				if p.one != nil && tag.RowsAffected() != 1 {
					return p.one
				}
				return nil
			})
		}
		return native(t.c.sql, func(c *pgx.Conn) error { return c.SendBatch(t.ctx, &all).Close() })
	},
	disk: func(err error) bool {
		var failed *pgconn.PgError
		return errors.As(err, &failed) && slices.Contains([]string{diskFull, ioError, readOnlyTransaction}, failed.Code)
	},
	gone: func(err error) bool {
		var failed *pgconn.PgError
		if errors.As(err, &failed) {
			return strings.HasPrefix(failed.Code, "08") || slices.Contains([]string{shutDown, crashed, startingUp, tooMany, deadSession}, failed.Code)
		}
		var connecting *pgconn.ConnectError
		var network *net.OpError
		for _, e := range []error{driver.ErrBadConn, sql.ErrConnDone, pgconn.ErrConnClosed, io.ErrUnexpectedEOF, net.ErrClosed} {
			if errors.Is(err, e) {
				return true
			}
		}
		return errors.As(err, &connecting) || errors.As(err, &network)
	},
	sound: func(ctx context.Context, c *sql.Conn) bool {
		var standby bool
		return c.QueryRowContext(ctx, "SELECT pg_is_in_recovery()").Scan(&standby) == nil && !standby
	},
	fit:       fit,
	alone:     aloneOnServer,
	explain:   explainPostgres,
	migrating: "BEGIN",
	lock: func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('wardroom tables'))")
		return err
	},
	version: func(ctx context.Context, c *sql.Conn) (v int, err error) {
		if there, err := ours(ctx, c); err != nil || !there {
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

// here makes the question where the stream stands find nothing on a server that is a standby: what that says is of some time ago.
const here = " AND NOT pg_is_in_recovery()"

// sessions is what our connections say of themselves, whatever the server or the user is set to: a commit has been synced when it
// returns, long copies are not cut short, and a connection whose program is gone ends within two minutes.
var sessions = map[string]string{
	"synchronous_commit": "on", "client_encoding": "UTF8", "application_name": "wardroom",
	"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
	"tcp_keepalives_idle": "60", "tcp_keepalives_interval": "15", "tcp_keepalives_count": "4",
}

// SQLSTATEs of PostgreSQL.
const (
	diskFull            = "53100"
	tooMany             = "53300"
	ioError             = "58030"
	readOnlyTransaction = "25006"
	deadSession         = "25P03" // it was idle for too long
	shutDown            = "57P01"
	crashed             = "57P02"
	startingUp          = "57P03"
	lockNotAvailable    = "55P03"
	noSuchDatabase      = "3D000"
	wrongPassword       = "28P01"
	notAllowed          = "28000"
	noPrivilege         = "42501"
)

// tablesName is where PostgreSQL keeps the version of the tables; SQLite has a place for it in the file's head.
const tablesName = "tables"

// Text is compared by its bytes, as everywhere in Matrix, whatever the order of the database is.
var textColumn = regexp.MustCompile(`(?m)^(\s+(?:ADD COLUMN )?\w+) TEXT\b`)
