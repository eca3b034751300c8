package store

import (
	"context"
	"errors"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// failure gives an error of a transaction that failed because of the disk, or because the database was not there, as a refusal that
// says so. Of the first nothing was kept; of the second that is not known where it was the commit that got no answer, so who repeats it
// must do so by the same transaction ID. It logs what happened. Other errors are given as they are.
func (db *DB) failure(err error) error {
	var refusal *fault.Fault
	switch {
	case err == nil || errors.As(err, &refusal):
		return err
	case db.kind.disk(err):
		db.unwritable.Store(true)
		db.log.Error("the disk does not take what is written", "err", err)
		return fault.Unavailable.Wrap(err, "The server's disk is full or broken, and this was not done. Tell whoever runs the machine, and try again later.")
	case db.kind.gone(err):
		if db.lost.CompareAndSwap(false, true) {
			db.log.Error("the database is not there", "err", err)
		}
		return fault.Unavailable.Wrap(err, "The server cannot reach its database just now. Try again in a moment.")
	}
	return err
}

// Writable returns nil if the disk takes what is written. Where the last write failed, it tries: it writes a little and takes it away
// again in one unit.
func (db *DB) Writable(ctx context.Context) error {
	if !db.unwritable.Load() {
		return nil
	}
	return db.Do(ctx, func(u stream.Unit) error {
		const name = "probe"
		if err := db.SetMeta(u, name, strings.Repeat("x", 64<<10)); err != nil {
			return err
		}
		_, err := in(u).exec(`DELETE FROM meta WHERE name = $1`, name)
		return err
	})
}
