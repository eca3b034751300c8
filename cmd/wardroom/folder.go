package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/backup"
	"wardroom/internal/config"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// Names inside the data folder, beside the database and the locks.
const (
	filesFolder = "files"          // the people's files
	newest      = "backup-copy.db" // the copy of the database that a backup is made from
	restoring   = "restoring"      // where a backup is unpacked and checked before it is put in its place
	restoreMark = "restore"        // an empty file in it: a restore made the folder
)

// place is where one server keeps everything.
type place struct {
	data     string // its folder
	database string // the address of its PostgreSQL database; empty: it is SQLite's, in the folder
	files    string // the address of the bucket that the people's files are in; empty: they are in the folder
	option   string // how a command is told of it: --data DIR or --config FILE
}

// store is where its tables are, as package store takes it.
func (p place) store() string {
	if p.database != "" {
		return p.database
	}
	return p.data
}

// half says how far a restore into a folder has come that has not ended.
type half int

const (
	noHalf   half = iota // there is none
	unplaced             // the database is not in its place: there is no server here
	placed               // all is in its place; only the restore's own folder has to go
	doubtful             // one database is in its place, and the restore has another
)

func (p place) half(ctx context.Context) (half, error) {
	begun, err := exists(filepath.Join(p.data, restoring))
	if err != nil || !begun {
		return noHalf, err
	}
	aside, err := exists(filepath.Join(p.data, restoring, store.File))
	if err != nil {
		return noHalf, err
	}
	here, err := p.holds(ctx, aside)
	switch {
	case err != nil:
		return noHalf, err
	case here && aside && p.database == "":
		return doubtful, nil
	case here:
		return placed, nil
	}
	return unplaced, nil
}

// holds reports whether a database is in its place: with PostgreSQL that which the restore has aside, if it has any.
func (p place) holds(ctx context.Context, aside bool) (bool, error) {
	switch {
	case p.database == "":
		return exists(filepath.Join(p.data, store.File))
	case aside:
		return store.WasMoved(ctx, filepath.Join(p.data, restoring), p.database)
	}
	empty, err := store.Empty(ctx, p.database)
	return !empty, err
}

// refuse returns an error that says what to do where the folder is not what the command was told: it holds no whole server because of a
// restore, or its server has its tables in PostgreSQL and nobody said which.
func (p place) refuse(ctx context.Context) error {
	if err := p.refuseOther(); err != nil {
		return err
	}
	is, err := p.half(ctx)
	switch aside := filepath.Join(p.data, restoring); {
	case err != nil:
		return err
	case is == doubtful:
		return fmt.Errorf("%s holds a database, and %s another one that a restore did not put in its place. If the first is the right one, "+
			"move %s away and start the server; if not, restore the backup into a new folder", p.data, aside, aside)
	case is == unplaced:
		return fmt.Errorf("a restore into %s was cut off, or is still going on: there is no whole server there. Run the same \"wardroom restore\" again: "+
			"it clears away what the earlier one left, and begins anew", p.data)
	}
	return nil
}

// clearHalf removes what a restore into the folder has left that was cut off, and reports whether there was anything. The folder's
// serve lock must be held. It returns an error, and removes nothing, where something else is there.
func (p place) clearHalf(ctx context.Context) (cleared bool, err error) {
	is, err := p.half(ctx)
	if err != nil || is == noHalf {
		return false, err
	}
	aside := filepath.Join(p.data, restoring)
	if marked, err := exists(filepath.Join(aside, restoreMark)); err != nil {
		return false, err
	} else if left, err := os.ReadDir(aside); err != nil || !marked && len(left) > 0 {
		return false, errors.Join(err, fmt.Errorf("%s was not made by a restore; look into it", aside))
	}
	remove := []string{restoring}
	switch is {
	case doubtful:
		return false, p.refuse(ctx)
	case unplaced:
		remove = append(remove, filesFolder, store.File+"-wal", store.File+"-shm")
		if p.database != "" {
			remove = append(remove, postgresNote)
		}
		entries, err := os.ReadDir(p.data)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			if !isLock(e.Name()) && !slices.Contains(remove, e.Name()) {
				return false, fmt.Errorf("%s holds what an earlier restore that was cut off has left, and beside it %s, which is not a restore's. "+
					"Look into it, empty the folder, and run this again", p.data, e.Name())
			}
		}
	}
	if is == unplaced {
		if err := p.clearBucket(ctx); err != nil {
			return false, fmt.Errorf("clearing away what an earlier restore left: %w", err)
		}
	}
	for _, name := range remove {
		if err := os.RemoveAll(filepath.Join(p.data, name)); err != nil {
			return false, fmt.Errorf("clearing away what an earlier restore left: %w", err)
		}
	}
	return true, backup.SyncFolder(p.data)
}

// leftByBackup lists what backups that were cut off have left: copies of the database inside folder data, and the unfinished file
// at the place that the lock names. The folder's backup lock must be held, or nobody else there to look.
func leftByBackup(data string) (left []string, err error) {
	for _, end := range []string{"", "-journal", "-wal", "-shm"} {
		left = append(left, filepath.Join(data, newest+end))
	}
	noted, err := os.ReadFile(filepath.Join(data, backupLock))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if part := strings.TrimSpace(string(noted)); filepath.IsAbs(part) {
		left = append(left, part)
	}
	there := left[:0]
	for _, file := range left {
		if is, err := exists(file); err == nil && is { // what is on a disk that is not there now stays
			there = append(there, file)
		}
	}
	return there, nil
}

// clearBackup removes what backups that were cut off have left. The folder's backup lock must be held.
func clearBackup(data string) (removed []string, err error) {
	removed, err = leftByBackup(data)
	for _, file := range removed {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		return nil, fmt.Errorf("clearing away what an earlier backup left: %w", err)
	}
	return removed, os.Truncate(filepath.Join(data, backupLock), 0)
}

// tidyBackup is clearBackup for a server: it does nothing while a backup is being made.
func tidyBackup(data string) error {
	file := filepath.Join(data, backupLock)
	if there, err := exists(file); err != nil || !there {
		return err
	}
	unlock, err := lock(file, errBackingUp)
	if errors.Is(err, errBackingUp) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	_, err = clearBackup(data)
	return err
}

func exists(file string) (bool, error) {
	_, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, err
}

// beside opens the store of a server, beside one that may be using it, and runs work. It returns an error that says
// what to do where the tables are of another version, and where there is no server's data. With create it makes a new server's
// data there.
func (p place) beside(ctx context.Context, create bool, errs io.Writer, work func(context.Context, *store.DB) error) error {
	if err := p.refuse(ctx); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := store.Join(ctx, p.store(), stream.NewHub(), log)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return p.nobody()
		}
		db, err = p.create(ctx, errs, log)
	}
	if err != nil {
		return err
	}
	return writing(ctx, db, work)
}

// nobody says that there is no server's data.
func (p place) nobody() error {
	if p.database != "" {
		return fmt.Errorf("there is no server's data in %s. Look at \"database\" in the configuration; a new server makes it when you start it once", config.Shown(p.database))
	}
	return fmt.Errorf("there is no server's data in %s. Name its folder with --data, or its configuration with --config; a new server makes it when you start it once", p.data)
}

// create makes a new server's data, which no server may be using.
func (p place) create(ctx context.Context, errs io.Writer, log *slog.Logger) (*store.DB, error) {
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	unlock, err := lock(filepath.Join(p.data, serveLock), fmt.Errorf("a server is just being started or restored in %s: run this again in a moment", p.data))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := p.refuse(ctx); err != nil {
		return nil, err
	}
	if err := p.refuseSQLite(); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, p.store(), stream.NewHub(), log)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(errs, "There was no server's data in %s: made new.\n", config.Shown(p.store()))
	return db, p.note()
}

// writing runs work with db's writer running, and closes db.
func writing(ctx context.Context, db *store.DB, work func(context.Context, *store.DB) error) (err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return db.Run(writing) })
	group.Go(func() error {
		defer stopWriting()
		return work(ctx, db)
	})
	return group.Wait()
}
