package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/backup"
	"wardroom/internal/blob"
	"wardroom/internal/config"
	"wardroom/internal/media"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

const (
	movedFiles = ".moved-to-s3-" // follows the name of a folder of files that are in a bucket now
	bucketNote = "bucket"        // in the folder of a restore: the mark of the bucket that it puts files into, and where that is
	copying    = 8               // files that are copied at once
)

// files is where the people's files are.
type files interface {
	media.Bucket
	fmt.Stringer
	// Mark is what SetMark has kept; empty where nothing was.
	Mark(ctx context.Context) (string, error)
	// SetMark keeps a line by which servers know that these are their files.
	SetMark(ctx context.Context, line string) error
}

// bucket is the S3 bucket that files are in; nil where they are in the folder.
func (p place) bucket() (*blob.S3, error) {
	if p.files == "" {
		return nil, nil
	}
	at, err := config.ParseS3(p.files)
	if err != nil {
		return nil, err
	}
	return blob.OpenS3(at)
}

// openFiles opens what files are in.
func (p place) openFiles() (files, error) {
	if p.files == "" {
		return blob.OpenFolder(filepath.Join(p.data, filesFolder))
	}
	return p.bucket()
}

// markOf is the mark of the files of the servers that have secret.
func markOf(secret string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte("files "+secret))) }

// clusterSecret gives what all servers with this database know, and nobody else. The first one makes it.
func clusterSecret(ctx context.Context, db *store.DB) (secret string, err error) {
	err = db.Do(ctx, func(u stream.Unit) (err error) {
		var ok bool
		if secret, ok, err = db.Meta(u, store.ClusterSecret); err != nil || ok {
			return err
		}
		secret = rand.Text() + rand.Text()
		return db.SetMeta(u, store.ClusterSecret, secret)
	})
	return secret, err
}

// bringFiles returns when the files of the server with db are in what its configuration names, and it is theirs: what is in the folder is
// moved into the bucket, where there is one. It returns an error that says what to do where files would get out of sight, or
// where they are another server's, which tidying up would remove. Where it is cut off, it goes on the next time.
func (p place) bringFiles(ctx context.Context, out io.Writer, db *store.DB, in files) error {
	var moved string
	err := db.View(ctx, func(v stream.View) (err error) { moved, _, err = db.Meta(v, store.FilesIn); return err })
	if err != nil {
		return fmt.Errorf("reading where files are: %w", err)
	}
	if p.files == "" {
		return p.refuseFolder(moved)
	}
	secret, err := clusterSecret(ctx, db)
	if err != nil {
		return fmt.Errorf("marking the bucket for files: %w", err)
	}
	if err := marked(ctx, in, moved, markOf(secret)); err != nil {
		return err
	}
	if moved == "" {
		if err := in.SetMark(ctx, markOf(secret)); err != nil {
			return fmt.Errorf("marking the bucket for files: %w", err)
		}
	}
	if err := p.moveFiles(ctx, out, in, func() error {
		return db.Do(ctx, func(u stream.Unit) error { return db.SetMeta(u, store.FilesIn, in.String()) })
	}); err != nil {
		return fmt.Errorf("moving files into the bucket: %w", err)
	}
	return nil
}

// refuseFolder returns an error where files are in a bucket and the command was not told.
func (p place) refuseFolder(moved string) error {
	if moved == "" {
		return nil
	}
	return fmt.Errorf("the files of this server are in %s: name the bucket as \"files\" in the configuration, and that with --config FILE. "+
		"To have them in the folder again, make a backup with --config and restore it into a new folder with \"files\" empty", moved)
}

// marked returns an error unless what is in the bucket belongs to the server with this mark, or to nobody as long as nothing was moved there.
func marked(ctx context.Context, in files, moved, mark string) error {
	have, err := in.Mark(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("looking into %s: %w", in, err)
	case have == mark || have == "" && moved == "":
		return nil
	case moved == "":
		return fmt.Errorf("%s holds the files of another server: name another bucket, or another prefix after its name", in)
	}
	return fmt.Errorf("%s is not where the files of this server are: they are in %s. If they were copied from there, copy the object \"shared\" too", in, moved)
}

// moveFiles copies what the folder has into the bucket, calls done when all of it is there, and gives the folder another name. Where there
// is no folder, it calls done alone.
func (p place) moveFiles(ctx context.Context, out io.Writer, to files, done func() error) error {
	old := filepath.Join(p.data, filesFolder)
	there, err := exists(old)
	if err != nil {
		return err
	}
	if !there {
		return done()
	}
	fmt.Fprintf(out, "Moving the files in %s to %s. Until that is done nobody can connect.\n", old, to)
	from, err := blob.OpenFolder(old)
	if err != nil {
		return err
	}
	n, bytes, err := copyFiles(ctx, from, to)
	if err == nil {
		err = done()
	}
	if err != nil {
		return err
	}
	name, err := unused(old + movedFiles + time.Now().Format("20060102"))
	if err == nil {
		err = errors.Join(os.Rename(old, name), backup.SyncFolder(p.data))
	}
	if err != nil { // somewhere else is mounted there, for example
		fmt.Fprintf(out, "Moved %d files, %d MiB. The folder could not be given another name (%v): move it away, or the server looks through it at each start.\n", n, (bytes+1<<20-1)>>20, err)
		return nil
	}
	fmt.Fprintf(out, "Moved %d files, %d MiB. The old folder is %s now. It still holds everything as it was and is not used any more; delete it when a backup is made.\n", n, (bytes+1<<20-1)>>20, name)
	return nil
}

// copyFiles copies every file to where it is not yet, and returns how many there are and their size.
func copyFiles(ctx context.Context, from, to media.Bucket) (n, bytes int64, err error) {
	var files, size atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copying)
	err = from.Walk(ctx, time.Now().Add(time.Hour), func(name string) error {
		group.Go(func() error {
			n, err := copyFile(ctx, from, to, name)
			files.Add(1)
			size.Add(n)
			return err
		})
		return nil
	})
	err = errors.Join(group.Wait(), err)
	return files.Load(), size.Load(), err
}

func copyFile(ctx context.Context, from, to media.Bucket, name string) (size int64, err error) {
	r, err := from.Open(ctx, name)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if size, err = length(r); err != nil {
		return 0, err
	}
	have, err := to.Open(ctx, name)
	if err == nil { // what is there is whole, and never changes
		there, err := length(have)
		have.Close()
		if err == nil && there == size {
			return size, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	n, err := to.Put(ctx, name, r)
	if err == nil && n != size {
		err = fmt.Errorf("%s has %d bytes and %d were read", name, size, n)
	}
	return size, err
}

// length is how many bytes r has from its beginning, where it is again afterwards.
func length(r io.Seeker) (int64, error) {
	n, err := r.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	return n, err
}

// unused is name, or name with a number that makes it one that nothing has.
func unused(name string) (string, error) {
	as := name
	for n := 2; ; n++ {
		there, err := exists(as)
		if err != nil || !there {
			return as, err
		}
		as = fmt.Sprintf("%s-%d", name, n)
	}
}

// theirFiles opens the files of the server for a command beside it. It returns an error that says what to do where they are elsewhere.
func (p place) theirFiles(ctx context.Context) (files, error) {
	moved, err := store.Peek(ctx, p.store(), store.FilesIn)
	if err != nil {
		return nil, err
	}
	if p.files == "" {
		if err := p.refuseFolder(moved); err != nil {
			return nil, err
		}
		return p.openFiles()
	}
	in, err := p.openFiles()
	if err != nil {
		return nil, err
	}
	if moved == "" {
		return nil, fmt.Errorf("the files of this server are not in %s yet: start it once with this configuration, it moves them", in)
	}
	secret, err := store.Peek(ctx, p.store(), store.ClusterSecret)
	if err != nil {
		return nil, err
	}
	return in, marked(ctx, in, moved, markOf(secret))
}

// probe looks whether files can be kept where the configuration says, and whether that is this server's.
func (p place) probe(ctx context.Context, began bool) error {
	in, err := p.bucket()
	if err != nil {
		return err
	}
	if err := in.Probe(ctx); err != nil || !began {
		return err
	}
	if moved, err := store.Peek(ctx, p.store(), store.FilesIn); err != nil || moved == "" {
		return nil // a database that cannot be read is found elsewhere
	}
	_, err = p.theirFiles(ctx)
	return err
}

// refuseFull returns an error where the bucket that a restore is to put files into is not empty.
func (p place) refuseFull(ctx context.Context) error {
	in, err := p.bucket()
	if in == nil {
		return err
	}
	full := fmt.Errorf("%s is not empty; name another bucket in the configuration, or another prefix after its name", in)
	if mark, err := in.Mark(ctx); err != nil {
		return err
	} else if mark != "" {
		return full
	}
	return in.Walk(ctx, time.Now().Add(time.Hour), func(string) error { return full })
}

// noteBucket writes down, in the folder of a restore, whose files it is going to put into the bucket.
func (p place) noteBucket(mark string) error {
	aside := filepath.Join(p.data, restoring)
	in, err := p.bucket()
	if err == nil {
		err = os.WriteFile(filepath.Join(aside, bucketNote), []byte(mark+"\n"+in.String()+"\n"), 0o600)
	}
	return errors.Join(err, backup.SyncFolder(aside))
}

// putFiles moves the files that a restore has unpacked into the bucket.
func (p place) putFiles(ctx context.Context) error {
	aside := filepath.Join(p.data, restoring)
	in, err := p.bucket()
	if err != nil {
		return err
	}
	note, err := os.ReadFile(filepath.Join(aside, bucketNote))
	if err != nil {
		return err
	}
	mark, _, _ := strings.Cut(string(note), "\n")
	if err := in.SetMark(ctx, mark); err != nil {
		return err
	}
	from, err := blob.OpenFolder(filepath.Join(aside, filesFolder))
	if err != nil {
		return err
	}
	if _, _, err := copyFiles(ctx, from, in); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(aside, filesFolder))
}

// clearBucket removes from the bucket what a restore that was cut off has put there.
func (p place) clearBucket(ctx context.Context) error {
	note, err := os.ReadFile(filepath.Join(p.data, restoring, bucketNote))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	mark, at, _ := strings.Cut(strings.TrimSpace(string(note)), "\n")
	in, err := p.bucket()
	if err != nil {
		return err
	}
	if in == nil || in.String() != at {
		return fmt.Errorf("an earlier restore that was cut off was putting files into %s: run it with the configuration that names that once more", at)
	}
	if have, err := in.Mark(ctx); err != nil || have != mark { // it had not come so far
		return err
	}
	err = in.Walk(ctx, time.Now().Add(time.Hour), func(name string) error { return in.Remove(ctx, name) })
	if err != nil {
		return err
	}
	return in.SetMark(ctx, "")
}
