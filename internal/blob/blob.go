// Package blob keeps the bytes of files: ciphertext, mostly, under names that say nothing. Folder keeps them on the disk
// of this machine, S3 in a bucket of a server that speaks S3.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/media"
)

const (
	unfinished = "unfinished" // the folder of what is being written
	mark       = "shared"     // what says whose the files are; see Mark
)

// Folder is a folder of files. It may be used by many goroutines at once.
type Folder struct {
	root  string
	begin func(dir string) (file, error) // begins a file of a new name in folder dir
}

// file is a file that is being written.
type file interface {
	io.Writer
	Name() string
	Sync() error
	Close() error
}

// OpenFolder opens the folder root, and makes it where there is none.
func OpenFolder(root string) (*Folder, error) {
	if err := os.MkdirAll(filepath.Join(root, unfinished), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for files: %w", err)
	}
	return &Folder{root, func(dir string) (file, error) { return os.CreateTemp(dir, "") }}, nil
}

func (f *Folder) path(name string) (string, error) {
	path, err := media.Path(name)
	return filepath.Join(f.root, filepath.FromSlash(path)), err
}

// Put keeps what r gives under name and returns how many bytes that were. When it returns nil, all of it is on disk, synced;
// whoever opens name before that finds nothing, or what was there before. An error of r is returned as it is. It returns
// fault.Unavailable, with nothing left, where the disk has no room.
func (f *Folder) Put(_ context.Context, name string, r io.Reader) (n int64, err error) {
	defer func() { err = diskFailure(err) }()
	path, err := f.path(name)
	if err != nil {
		return 0, err
	}
	temp, err := f.begin(filepath.Join(f.root, unfinished))
	if err != nil {
		return 0, fmt.Errorf("beginning a file: %w", err)
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if n, err = io.Copy(temp, r); err != nil {
		return n, err
	}
	if err := temp.Sync(); err != nil {
		return n, fmt.Errorf("syncing a file: %w", err)
	}
	if err := temp.Close(); err != nil {
		return n, fmt.Errorf("closing a file: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return n, fmt.Errorf("making a folder for files: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return n, fmt.Errorf("putting a file in its place: %w", err)
	}
	// The folder too, even if it was there: whoever made it a moment ago may not have come to this line yet.
	return n, errors.Join(syncDir(dir), syncDir(f.root))
}

// diskFailure gives an error that says that the disk took no more as a refusal, and others as they are.
func diskFailure(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS, syscall.EIO} {
		if errors.Is(err, full) {
			return fault.Unavailable.Wrap(err, "The server has no room for this file: its disk is full or broken. Nothing of it was kept. Tell whoever runs the machine, and try again later.")
		}
	}
	return err
}

// String is where the folder is.
func (f *Folder) String() string { return f.root }

// Mark is what SetMark has kept; empty where nothing was.
func (f *Folder) Mark(context.Context) (string, error) {
	text, err := os.ReadFile(filepath.Join(f.root, mark))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return strings.TrimSpace(string(text)), err
}

// SetMark keeps a line by which servers know that the folder is the same one for all of them.
func (f *Folder) SetMark(_ context.Context, line string) error {
	return os.WriteFile(filepath.Join(f.root, mark), []byte(line+"\n"), 0o600)
}

// syncDir returns when the names in folder dir are on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing a folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("syncing a folder: %w", err)
	}
	return nil
}

// Open opens the file called name. Where there is none, the error is fs.ErrNotExist.
func (f *Folder) Open(_ context.Context, name string) (io.ReadSeekCloser, error) {
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// Remove removes the file called name, if there is one.
func (f *Folder) Remove(_ context.Context, name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a file: %w", err)
	}
	return nil
}

// Walk calls each with the name of every file that was last written before before, in the order of the names. What was begun
// before then and never finished is removed on the way.
func (f *Folder) Walk(ctx context.Context, before time.Time, each func(name string) error) error {
	return filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) { // it was removed while we looked
			return nil
		}
		if err != nil || !info.ModTime().Before(before) {
			return err
		}
		if filepath.Base(filepath.Dir(path)) == unfinished {
			return os.Remove(path)
		}
		if at, err := f.path(d.Name()); err != nil || at != path {
			return nil // not ours
		}
		return each(d.Name())
	})
}
