package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strings"
)

//go:embed migrate/*.sql
var migrations embed.FS

// Version is the version of the tables that this program works with.
func Version() int {
	steps, _ := stepsIn(migrations) // a test holds that the files are numbered
	return len(steps)
}

// stepsIn gives the files that lead from each version to the next, in order. The file of version 1 is the first.
func stepsIn(files fs.FS) ([]string, error) {
	steps, err := fs.Glob(files, "migrate/*.sql") // sorted
	for i, file := range steps {
		if !strings.HasPrefix(path.Base(file), fmt.Sprintf("%04d_", i+1)) {
			return nil, fmt.Errorf("%s is not the file of version %d", file, i+1)
		}
	}
	return steps, err
}

// VersionError says that tables are of another version than the program works with.
type VersionError struct{ Have, Want int }

func (e *VersionError) Error() string {
	if e.Have > e.Want {
		return fmt.Sprintf("its tables are of version %d, and this program knows versions up to %d. A newer program has used it: use that one, or restore a backup of before", e.Have, e.Want)
	}
	return fmt.Sprintf("its tables are of version %d, and this program works with version %d. A server of an older program may be using it, "+
		"so nothing was changed: use that program, or start this one with \"wardroom serve\", which brings the tables up to date", e.Have, e.Want)
}

// migrate brings the tables from whatever version they have to the last one in files, all in one transaction: where a step
// fails, nothing has changed. It returns a VersionError for tables of a later version, which it leaves as they are.
func migrate(ctx context.Context, k *kind, c *sql.Conn, files fs.FS, log *slog.Logger) error {
	steps, err := stepsIn(files)
	if err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, k.migrating); err != nil {
		return err
	}
	defer func() { _, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }() // after the commit there is nothing to undo
	if err := k.lock(ctx, c); err != nil {
		return err
	}
	have, err := k.version(ctx, c)
	if err != nil {
		return err
	}
	if have > len(steps) {
		return &VersionError{have, len(steps)}
	}
	if have == len(steps) {
		return nil
	}
	if err := walkOn(ctx, k, c, files, have, len(steps)); err != nil {
		return fmt.Errorf("%w. Nothing was changed; the program that was used before still works with it", err)
	}
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	log.Info("tables migrated", "from", have, "to", len(steps))
	return nil
}

// walkOn takes the steps from version have to version want, inside a transaction.
func walkOn(ctx context.Context, k *kind, c *sql.Conn, files fs.FS, have, want int) error {
	steps, err := stepsIn(files)
	if err != nil {
		return err
	}
	for _, file := range steps[have:want] {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		if err := k.script(ctx, c, string(text)); err != nil {
			return fmt.Errorf("bringing its tables from version %d to %d failed in %s: %w", have, want, path.Base(file), err)
		}
	}
	return k.setVersion(ctx, c, want)
}

// current returns a VersionError unless the tables are of this program's own version, and fs.ErrNotExist for a PostgreSQL database
// with nothing in it.
func current(ctx context.Context, k *kind, c *sql.Conn) error {
	have, err := k.version(ctx, c)
	switch {
	case err != nil:
		return err
	case have == 0 && k == &postgres:
		return fmt.Errorf("nothing of a server's is in it: %w", fs.ErrNotExist)
	case have != Version():
		return &VersionError{have, Version()}
	}
	return nil
}
