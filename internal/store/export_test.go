package store

import (
	"fmt"

	"wardroom/internal/stream"
)

// LimitPages lets the database grow by that many pages and no further: whatever needs another one meets a full disk.
func LimitPages(u stream.Unit, more int) error {
	var is int
	if err := in(u).row(`PRAGMA page_count`).Scan(&is); err != nil {
		return err
	}
	return in(u).row(fmt.Sprintf(`PRAGMA max_page_count = %d`, is+more)).Scan(&is)
}

// Backend gives the number of the PostgreSQL process that a view or a unit is read from.
func Backend(v stream.View) (pid int, err error) {
	return pid, in(v).row(`SELECT pg_backend_pid()`).Scan(&pid)
}

// Put is a change that is put off where that is done.
func Put(u stream.Unit, one error, q string, args ...any) error { return in(u).put(one, q, args...) }

// Wait gives how many units wait for the writer.
func (db *DB) Wait() int { return len(db.units) }

// Asked is how many statements that answer rows were run in a unit's transaction so far, and how many rows they gave.
func Asked(u stream.Unit) int { return in(u).read }

// MaxForeign is how many events of other servers are looked at.
const MaxForeign = maxForeign
