package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wardroom/internal/stream"
)

// Copy writes a consistent copy of the database at where to file, which must not exist, also while a server writes to it. The copy is
// one for SQLite, whatever the database is. It changes nothing, not even the version of the tables. The copy is not synced.
func Copy(ctx context.Context, where, file string) error {
	if kindOf(where) == &postgres {
		return copyFromPostgres(ctx, where, file)
	}
	err := aside(ctx, where, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "VACUUM INTO ?", file)
		return err
	})
	if err != nil {
		return err
	}
	return asideFile(ctx, file, func(c *sql.Conn) error { // what is restored from it has not been moved
		_, err := c.ExecContext(ctx, `DELETE FROM meta WHERE name = ?`, movingName)
		return err
	})
}

// Snapshot is what a copy of the database holds, as far as a backup must know.
type Snapshot struct {
	Server string   // the server's name
	Tables int      // the version of the tables
	Files  []string // the ids of all files whose bytes belong to it, in order
}

// Inside reads what the copy in file holds.
func Inside(ctx context.Context, file string) (s Snapshot, err error) {
	err = asideFile(ctx, file, func(c *sql.Conn) error {
		if err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&s.Tables); err != nil {
			return err
		}
		err := c.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, ServerName).Scan(&s.Server)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		rows, err := uncounted(c.QueryContext(ctx, `SELECT id FROM media WHERE complete ORDER BY id`))
		s.Files, err = collect(rows, err, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) })
		return err
	})
	return s, err
}

// Note keeps value under name in the database at where, also while a server writes to it; see SetMeta.
func Note(ctx context.Context, where, name, value string) error {
	return aside(ctx, where, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, kindOf(where).text(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2`), name, value)
		return err
	})
}

// Check reads the whole database in folder dir and returns an error that lists what is damaged in it, if anything. It may be
// called while a server writes to it. quick leaves out that every index agrees with its table.
func Check(ctx context.Context, dir string, quick bool) error {
	how := "PRAGMA integrity_check(20)"
	if quick {
		how = "PRAGMA quick_check(20)"
	}
	return aside(ctx, dir, func(c *sql.Conn) error {
		rows, err := uncounted(c.QueryContext(ctx, how))
		found, err := collect(rows, err, func(rows *sql.Rows) (line string, err error) { return line, rows.Scan(&line) })
		if err == nil && (len(found) != 1 || found[0] != "ok") {
			err = fmt.Errorf("the database is damaged: %s", strings.Join(found, "; "))
		}
		return err
	})
}

// Current returns a *VersionError unless the tables at where are of this program's version, and fs.ErrNotExist where there are none.
// It may be called while a server writes to them, and changes nothing.
func Current(ctx context.Context, where string) error {
	return aside(ctx, where, func(c *sql.Conn) error { return current(ctx, kindOf(where), c) })
}

// aside runs fn with a connection of its own to a database that exists, apart from the writer's and the readers'.
func aside(ctx context.Context, where string, fn func(*sql.Conn) error) error {
	k := kindOf(where)
	if k == &sqlite {
		return asideFile(ctx, filepath.Join(where, File), fn)
	}
	pool, err := k.open(where)
	if err == nil {
		err = errors.Join(single(ctx, pool, func(c *sql.Conn) error {
			if err := k.fit(ctx, c); err != nil {
				return err
			}
			return fn(c)
		}), pool.Close())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.shown(where), k.explain(where, err))
	}
	return nil
}

// asideFile is aside for a file of SQLite's.
func asideFile(ctx context.Context, file string, fn func(*sql.Conn) error) error {
	if _, err := os.Stat(file); err != nil {
		return err
	}
	pool, err := sql.Open("sqlite", address(file)+"?mode=rw&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	if err = errors.Join(single(ctx, pool, fn), pool.Close()); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	return nil
}

// single runs fn with one connection out of pool.
func single(ctx context.Context, pool *sql.DB, fn func(*sql.Conn) error) error {
	c, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	err = fn(c)
	if broken := c.Close(); err == nil && !errors.Is(broken, sql.ErrConnDone) {
		err = broken
	}
	return err
}

// Restored makes the database of a restored backup fit for devices that know more than it does.
//
// All one-time keys and fallback keys are removed, because some may have been handed out since; every device is told and
// uploads new ones. The stream goes on from a position that no server can have reached before (the number of microseconds since
// 1970), so that a device which has read further than the backup goes does not miss what comes now; see Gaps.
//
// All access and refresh tokens, all invitations and OAuth's codes are removed too: some had been revoked or used since. The marks of sign-ins
// stay, so that a device which comes back, also after months, is told to keep its keys. It returns how many one-time keys were removed.
func (db *DB) Restored(u stream.Unit) (keys int64, err error) {
	t := in(u)
	gaps, err := db.Gaps(u)
	if err != nil {
		return 0, err
	}
	gaps = append(gaps, t.pos, max(t.pos, stream.Position(u.Now().UnixMicro())))
	t.pos = gaps[len(gaps)-1]
	if err := t.row(`SELECT count(*) FROM one_time_key WHERE json IS NOT NULL`).Scan(&keys); err != nil {
		return 0, err
	}
	if _, err := t.exec(`DELETE FROM one_time_key`); err != nil {
		return 0, err
	}
	for _, q := range []string{`DELETE FROM fallback_key`, `DELETE FROM token`, `DELETE FROM invitation`, `DELETE FROM oauth_code`, `DELETE FROM mail_proof`, `DELETE FROM outbox`} {
		if _, err := t.exec(q); err != nil {
			return 0, err
		}
	}
	if _, err := t.exec(`DELETE FROM meta WHERE name IN ($1, $2, $3)`, ClusterSecret, ClusterFiles, FilesIn); err != nil { // other servers have other files
		return 0, err
	}
	if _, err := t.exec(`UPDATE device SET claimed_pos = $1`, int64(t.Next(""))); err != nil {
		return 0, err
	}
	return keys, db.SetMeta(u, gapsName, gaps[max(0, len(gaps)-60):].String())
}

// Gaps gives the gaps that restored backups have left in the stream: the position at which each begins, then the one at which
// it ends, and so on. What was at the positions between is lost; a device that has read up to one of them knows things
// that this server does not.
func (db *DB) Gaps(v stream.View) (stream.Token, error) {
	text, ok, err := db.Meta(v, gapsName)
	if err != nil || !ok {
		return nil, err
	}
	return stream.ParseToken(text)
}

// Peek gives what is kept under name in the database at where, also while a server writes to it; see Meta.
func Peek(ctx context.Context, where, name string) (value string, err error) {
	k := kindOf(where)
	err = aside(ctx, where, func(c *sql.Conn) error {
		if have, err := k.version(ctx, c); err != nil || have == 0 {
			return err
		}
		err := c.QueryRowContext(ctx, k.text(`SELECT value FROM meta WHERE name = $1`), name).Scan(&value)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return value, err
}
