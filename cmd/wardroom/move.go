package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"wardroom/internal/backup"
	"wardroom/internal/config"
	"wardroom/internal/store"
)

const (
	postgresNote = "postgresql.txt" // in the data folder: the server's tables are in PostgreSQL
	movedAway    = ".moved-to-postgresql-"
)

// bring moves what SQLite has in the folder to PostgreSQL, where the server is to use that and it is empty, and says what it did. Where
// an earlier move was cut off after its commit, it does the rest. Two stores that have nothing to do with each other are refused.
func (p place) bring(ctx context.Context, out io.Writer) error {
	if p.database == "" {
		return nil
	}
	old, err := exists(filepath.Join(p.data, store.File))
	if err != nil || !old {
		return err
	}
	to := config.Shown(p.database)
	empty, err := store.Empty(ctx, p.database)
	if err != nil {
		return err
	}
	if empty {
		fmt.Fprintf(out, "Moving what SQLite has in %s to %s. Until that is done nobody can connect.\n", p.data, to)
		began := time.Now()
		moved, err := store.Move(ctx, p.data, p.database)
		if err != nil {
			return fmt.Errorf("moving to PostgreSQL: %w", err)
		}
		var rows, altered int64
		for _, m := range moved {
			fmt.Fprintf(out, "  %-18s %10d\n", m.Table, m.Rows)
			rows, altered = rows+m.Rows, altered+m.Altered
		}
		fmt.Fprintf(out, "Moved %d rows of %d tables in %s; all were read back and are the same.\n", rows, len(moved), time.Since(began).Round(time.Second/100))
		if altered > 0 {
			fmt.Fprintf(out, "In %d texts, such as names of devices, a character that PostgreSQL cannot keep (NUL) is U+FFFD now.\n", altered)
		}
		return p.away(out)
	}
	same, err := store.WasMoved(ctx, p.data, p.database)
	if err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("%s holds a server's data, and %s too, and neither was moved from the other. Which one is right is yours to say: "+
			"to use PostgreSQL, move %s away (keep it); to move what SQLite has, name an empty database; to use SQLite, leave \"database\" empty",
			filepath.Join(p.data, store.File), to, filepath.Join(p.data, store.File))
	}
	fmt.Fprintf(out, "An earlier move from %s to %s was complete, and was cut off after that.\n", p.data, to)
	return p.away(out)
}

// away gives the old file of SQLite, which was moved, another name.
func (p place) away(out io.Writer) error {
	if err := p.note(); err != nil {
		return err
	}
	old := filepath.Join(p.data, store.File)
	name, err := unused(old + movedAway + time.Now().Format("20060102"))
	if err != nil {
		return err
	}
	if err := errors.Join(os.Rename(old, name), backup.SyncFolder(p.data)); err != nil {
		return fmt.Errorf("moving the old database away: %w", err)
	}
	fmt.Fprintf(out, "The old database is %s now. It still holds everything as it was and is not used any more; delete it when a backup of PostgreSQL is made.\n", name)
	return nil
}

// note writes into the folder that the tables are in PostgreSQL, so that no command looks for them there.
func (p place) note() error {
	if p.database == "" {
		return nil
	}
	text := fmt.Sprintf("The tables of this server are in PostgreSQL, %s.\nCommands are told so by its configuration: wardroom … --config FILE\n", config.Shown(p.database))
	file := filepath.Join(p.data, postgresNote)
	if is, err := os.ReadFile(file); err == nil && string(is) == text {
		return nil
	}
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), backup.SyncFolder(p.data)); err != nil {
		return fmt.Errorf("noting where the database is: %w", err)
	}
	return nil
}

// refuseOther returns an error that says what to do where the folder's server has its tables in PostgreSQL, and the command was not told.
func (p place) refuseOther() error {
	if p.database != "" {
		return nil
	}
	there, err := exists(filepath.Join(p.data, postgresNote))
	if err == nil && there {
		err = fmt.Errorf("the server of %s has its tables in PostgreSQL, as %s says there: name its configuration with --config FILE. "+
			"To go back to SQLite, make a backup with --config and restore it into a new folder with --data", p.data, postgresNote)
	}
	return err
}

// refuseSQLite returns an error where SQLite has something in the folder of a server that is to use PostgreSQL.
func (p place) refuseSQLite() error {
	if p.database == "" {
		return nil
	}
	there, err := exists(filepath.Join(p.data, store.File))
	if err == nil && there {
		err = fmt.Errorf("SQLite has a server's data in %s: start the server once, it moves them to PostgreSQL", p.data)
	}
	return err
}
