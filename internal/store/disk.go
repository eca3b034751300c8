package store

import (
	"context"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// diskFailure gives an error of a transaction that failed because of the disk as a refusal: nothing of it was kept, and it may be
// tried again when there is room. It logs what happened and remembers it for Writable. Other errors are given as they are.
func (db *DB) diskFailure(err error) error {
	if err == nil || !db.kind.disk(err) {
		return err
	}
	db.unwritable.Store(true)
	db.log.Error("the disk does not take what is written", "err", err)
	return fault.Unavailable.Wrap(err, "The server's disk is full or broken, and this was not done. Tell whoever runs the machine, and try again later.")
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
