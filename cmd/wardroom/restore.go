package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"filippo.io/age"

	"wardroom/internal/backup"
	"wardroom/internal/config"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

const restoreUsage = `Makes a server's data from a backup.

Usage:
  wardroom restore --from FILE --data NEWDIR --identity FILE
  wardroom restore --from FILE --data NEWDIR --passphrase-file FILE
  wardroom restore --from FILE --config FILE …

The folder must be empty or not there. With a configuration that names a PostgreSQL database, that must be empty too: it gets
everything but the files, in one transaction. A bucket that it names for files must be empty as well; files are unpacked and checked in
the folder first. Nothing is put in its place before the whole backup has been checked. Where a restore
was cut off, run it again: it clears away what the earlier one left.

All devices are signed out and all invitations end; what else people will notice is told at the end.

`

func restore(ctx context.Context, args []string, out, errs io.Writer) error {
	is := command{"restore", restoreUsage}
	flags := is.flags()
	from := flags.String("from", "", "backup `file`")
	placed := placeFlags(flags, "", "`folder` for the restored data, empty or not there")
	identity := flags.String("identity", "", "`file` with the key that opens the backup")
	passphrase := flags.String("passphrase-file", "", "`file` whose first line opens the backup")
	if err := is.parse(flags, args, out); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	at, err := placed()
	if err != nil {
		return err
	}
	if *from == "" || at.data == "" || (*identity == "") == (*passphrase == "") {
		return errors.New("say --from FILE, --data NEWDIR or --config FILE, and --identity FILE or --passphrase-file FILE")
	}
	identities, err := readIdentities(*identity, *passphrase)
	if err != nil {
		return err
	}
	archive, err := os.Open(*from)
	if err != nil {
		return fmt.Errorf("opening the backup: %w", err)
	}
	defer archive.Close()
	done, err := at.restore(ctx, archive, identities, out)
	if err != nil {
		return err
	}
	done.tell(out, at)
	return nil
}

func readIdentities(identity, passphrase string) ([]age.Identity, error) {
	if passphrase != "" {
		secret, err := readPassphrase(passphrase)
		if err != nil {
			return nil, err
		}
		one, err := age.NewScryptIdentity(secret)
		return []age.Identity{one}, err
	}
	f, err := os.Open(identity)
	if err != nil {
		return nil, fmt.Errorf("opening the key: %w", err)
	}
	defer f.Close()
	all, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("%s is no key for backups: %w", identity, err)
	}
	return all, nil
}

// restored is what a restore did.
type restored struct {
	manifest *backup.Manifest
	keys     int64 // one-time keys that were removed
}

// restore restores archive into the folder, which must be empty or not there, and the database, which must be empty; what an earlier restore left that was cut
// off is removed first. Where it fails, the folder is as it was.
func (p place) restore(ctx context.Context, archive io.Reader, identities []age.Identity, out io.Writer) (done restored, err error) {
	data := p.data
	if err := p.refuseOther(); err != nil {
		return restored{}, err
	}
	there, err := exists(data)
	if err != nil {
		return restored{}, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return restored{}, fmt.Errorf("making the new folder: %w", err)
	}
	lockFile := filepath.Join(data, serveLock)
	locked, err := exists(lockFile)
	if err != nil {
		return restored{}, err
	}
	unlock, err := lock(lockFile, fmt.Errorf("a server is using %s, or another restore into it is going on", data))
	if err != nil {
		return restored{}, err
	}
	defer unlock()
	defer func() {
		if err != nil && !locked {
			os.Remove(lockFile)
		}
		if err != nil && !there {
			os.Remove(data)
		}
	}()
	if err := p.emptied(ctx, out); err != nil {
		return restored{}, err
	}
	defer func() {
		if err != nil {
			_, again := p.clearHalf(context.WithoutCancel(ctx))
			err = errors.Join(err, again)
		}
	}()
	aside := filepath.Join(data, restoring)
	if err := os.Mkdir(aside, 0o700); err != nil {
		return restored{}, fmt.Errorf("making a folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(aside, restoreMark), nil, 0o600); err != nil {
		return restored{}, fmt.Errorf("making a folder: %w", err)
	}
	if done, err = unpack(ctx, archive, identities, aside, p.noted); err != nil {
		return restored{}, err
	}
	return done, p.put(ctx)
}

// emptied returns nil if the folder is empty but for locks, after it has removed what a restore left there that was cut off, and the
// database too.
func (p place) emptied(ctx context.Context, out io.Writer) error {
	is, err := p.half(ctx)
	if err != nil {
		return err
	}
	if is == placed {
		return fmt.Errorf("an earlier restore into %s is complete: there is a whole server. Start it: wardroom serve %s", p.data, p.option)
	}
	cleared, err := p.clearHalf(ctx)
	if err != nil {
		return err
	}
	if cleared {
		fmt.Fprintf(out, "An earlier restore into %s was cut off; removed what it left.\n", p.data)
	}
	if err := p.refuseFull(ctx); err != nil {
		return err
	}
	entries, err := os.ReadDir(p.data)
	for _, e := range entries {
		if !isLock(e.Name()) {
			return fmt.Errorf("%s is not empty; restore into a new folder, and put it in the place of the old one yourself", p.data)
		}
	}
	if err != nil || p.database == "" {
		return err
	}
	empty, err := store.Empty(ctx, p.database)
	if err == nil && !empty {
		err = fmt.Errorf("the database %s is not empty; make a new one and name it in the configuration", config.Shown(p.database))
	}
	return err
}

// noted keeps in a restored database in whose bucket its files are going to be, if in any.
func (p place) noted(db *store.DB, u stream.Unit) error {
	in, err := p.bucket()
	if in == nil {
		return err
	}
	secret := rand.Text() + rand.Text()
	if err := p.noteBucket(markOf(secret)); err != nil {
		return err
	}
	return errors.Join(db.SetMeta(u, store.ClusterSecret, secret), db.SetMeta(u, store.FilesIn, in.String()))
}

// unpack unpacks and checks archive in the folder aside, resets what must not come back, and calls note with the rest.
func unpack(ctx context.Context, archive io.Reader, identities []age.Identity, aside string, note func(*store.DB, stream.Unit) error) (restored, error) {
	m, err := backup.Extract(ctx, archive, identities, aside)
	if err != nil {
		return restored{}, err
	}
	if m.Tables > store.Version() {
		return restored{}, fmt.Errorf("the backup was written by a newer program (%s): install that one first", m.Version)
	}
	if err := store.Check(ctx, aside, false); err != nil {
		return restored{}, err
	}
	done := restored{manifest: m}
	db, err := store.Open(ctx, aside, stream.NewHub(), slog.New(slog.DiscardHandler))
	if err != nil {
		return restored{}, err
	}
	err = writing(ctx, db, func(ctx context.Context, db *store.DB) error {
		return db.Do(ctx, func(u stream.Unit) (err error) {
			if done.keys, err = db.Restored(u); err != nil {
				return err
			}
			return note(db, u)
		})
	})
	if err != nil {
		return restored{}, fmt.Errorf("resetting keys: %w", err)
	}
	return done, nil
}

// put moves what was unpacked to its place: the database last, when the names of all else are on disk, so that there is
// a whole server or none.
func (p place) put(ctx context.Context) error {
	aside := filepath.Join(p.data, restoring)
	if p.files != "" {
		if err := p.putFiles(ctx); err != nil {
			return fmt.Errorf("putting files into the bucket: %w", err)
		}
	}
	entries, err := os.ReadDir(aside)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != store.File && e.Name() != restoreMark && e.Name() != bucketNote { // the files, and whatever the database left beside itself
			if err := os.Rename(filepath.Join(aside, e.Name()), filepath.Join(p.data, e.Name())); err != nil {
				return fmt.Errorf("putting the data in its place: %w", err)
			}
		}
	}
	if err := p.note(); err != nil {
		return err
	}
	if err := backup.SyncFolder(p.data); err != nil {
		return err
	}
	if p.database != "" {
		if _, err := store.Move(ctx, aside, p.database); err != nil {
			return fmt.Errorf("putting the database in its place: %w", err)
		}
		if err := os.Remove(filepath.Join(aside, store.File)); err != nil { // before the mark of the restore that it lies beside
			return err
		}
	} else if err := os.Rename(filepath.Join(aside, store.File), filepath.Join(p.data, store.File)); err != nil {
		return fmt.Errorf("putting the database in its place: %w", err)
	}
	return errors.Join(os.RemoveAll(aside), backup.SyncFolder(p.data))
}

// tell says what was done, and what people will notice.
func (r restored) tell(out io.Writer, at place) {
	m, into := r.manifest, at.data
	if at.database != "" {
		into += " and " + config.Shown(at.database)
	}
	if bucket, err := at.bucket(); err == nil && bucket != nil {
		into += " and " + bucket.String()
	}
	fmt.Fprintf(out, `Restored the server %q into %s, as it was on %s (UTC).

Done:
  * %d files of the backup, %d MiB, were checked against their hashes and the database against itself.
  * %d one-time keys and all fallback keys were removed: some may have been handed out since. Devices upload new ones by
    themselves when they connect.
  * All devices were signed out and all invitations ended: what was revoked after the backup must not be valid again.
  * The stream of events goes on after a gap, so that no device misses what comes now.

What people will notice:
  * What was written after the backup is gone from the server. Devices that had received it may still show it.
  * Whoever joined, left, was invited or changed a room after the backup has to do so again.
  * Every device asks for the password once and goes on with its keys, also one that comes back after months. Passwords are
    those of the backup.
  * A device that was signed out after the backup stands in its person's list again: sign it out once more.
  * Invitations that were not used yet have to be made again.
  * Devices that were added after the backup are not known any more; others will see them as new, and have to verify them again.

Not in a backup: the configuration file and TLS certificates. Now run: wardroom doctor %s, then wardroom serve %s
`, m.Server, into, m.Made.Format("2006-01-02 15:04"), len(m.Entries), (m.Bytes()+1<<20-1)>>20, r.keys, at.option, at.option)
	if len(m.Missing) > 0 {
		fmt.Fprintf(out, "\n%d files had been lost before the backup was made; people will read that they are lost.\n", len(m.Missing))
	}
}
