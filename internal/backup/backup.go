// Package backup is one encrypted file with everything that a server keeps: a consistent copy of the database, the people's
// files, and a manifest with the hash of each.
//
// The file is a tar archive inside age encryption (https://age-encryption.org/v1), so that it can be opened without
// Wardroom too. age notices every changed or missing byte; the manifest, which comes last, shows that nothing was left out.
package backup

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"filippo.io/age"

	"wardroom/internal/media"
)

// Format is the version of the archive's form.
const Format = 1

// Names inside the archive.
const (
	Database    = "wardroom.db"
	FilesFolder = "files"
	manifest    = "manifest.json"
)

// maxManifest bounds what a manifest may take in memory: some millions of files.
const maxManifest = 1 << 30

// Manifest says what an archive holds.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the program that wrote it
	Made    time.Time `json:"made"`    // when the copy of the database was taken
	Server  string    `json:"server"`  // the server's name
	Tables  int       `json:"tables"`  // the version of the database's tables
	Entries []Entry   `json:"entries"`
	Missing []string  `json:"missing,omitempty"` // files that the server had lost before
}

// Entry is one file in the archive.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Bytes is the size of all entries.
func (m *Manifest) Bytes() (n int64) {
	for _, e := range m.Entries {
		n += e.Size
	}
	return n
}

// Source is what goes into an archive.
type Source struct {
	Database string       // a file with a consistent copy of the database
	Bucket   media.Bucket // the people's files
	Files    []string     // the ids of those that belong to the copy
}

// Part makes up a name beside the file to, under which an archive is written before it is whole. Nobody else has that name.
func Part(to string) string {
	return filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+"."+rand.Text()[:10]+".part")
}

// Write writes the archive to the file to, for recipients alone, and completes m. The file must not exist. It is written under the
// name part, which Part made. When Write returns nil the file is whole and on disk; otherwise there is none.
func Write(ctx context.Context, part, to string, recipients []age.Recipient, src Source, m *Manifest) (err error) {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is there already; name another file", to)
	}
	w, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("beginning the backup: %w", err)
	}
	defer func() {
		if err != nil {
			w.Close()
			os.Remove(part)
		}
	}()
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("encrypting the backup: %w", err)
	}
	if err := fill(ctx, sealed, src, m); err != nil {
		return err
	}
	if err := sealed.Close(); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	if err := w.Sync(); err != nil {
		return fmt.Errorf("syncing the backup: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("closing the backup: %w", err)
	}
	// A link, not a rename: it fails where somebody else has made the file since.
	if err := os.Link(part, to); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already; name another file", to)
		}
		if err := os.Rename(part, to); err != nil { // a filesystem without links
			return fmt.Errorf("putting the backup in its place: %w", err)
		}
	} else if err := os.Remove(part); err != nil {
		return fmt.Errorf("putting the backup in its place: %w", err)
	}
	return SyncFolder(filepath.Dir(to))
}

// fill writes the archive: the database, the files, the manifest.
func fill(ctx context.Context, w io.Writer, src Source, m *Manifest) error {
	out := tar.NewWriter(w)
	add := func(name string, open func() (io.ReadSeekCloser, error)) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := open()
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		defer f.Close()
		e, err := addFile(out, name, f, m.Made)
		if err == nil {
			m.Entries = append(m.Entries, e)
		}
		return err
	}
	m.Format, m.Entries, m.Missing = Format, nil, nil
	if err := add(Database, func() (io.ReadSeekCloser, error) { return os.Open(src.Database) }); err != nil {
		return err
	}
	for _, id := range src.Files {
		name, err := fileName(id)
		if err != nil {
			return err
		}
		lost := false
		err = add(name, func() (io.ReadSeekCloser, error) {
			f, err := src.Bucket.Open(ctx, id)
			lost = errors.Is(err, fs.ErrNotExist)
			return f, err
		})
		if lost {
			m.Missing = append(m.Missing, id)
		} else if err != nil {
			return err
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{Name: manifest, Mode: 0o600, Size: int64(len(text)), ModTime: m.Made}); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	if _, err := out.Write(text); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}

func addFile(out *tar.Writer, name string, f io.ReadSeeker, at time.Time) (Entry, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: at}); err != nil {
		return Entry{}, fmt.Errorf("writing the backup: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), f)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Entry{}, fmt.Errorf("copying %s: %w", name, err)
	}
	return entry(name, n, sum), nil
}

func entry(name string, size int64, sum hash.Hash) Entry {
	return Entry{name, size, hex.EncodeToString(sum.Sum(nil))}
}

// fileName is where the file called id stands in the archive; it is the same below the data folder.
func fileName(id string) (string, error) {
	name, err := media.Path(id)
	if err != nil {
		return "", fmt.Errorf("%q: %w", id, err)
	}
	return FilesFolder + "/" + name, nil
}

// Extract writes what the archive holds into the folder into, which must be empty, and returns its manifest. When it returns nil,
// every byte agrees with the manifest and is on disk. It returns an error that says what is wrong where the archive is
// changed, cut short, of a later format, or not for these identities.
func Extract(ctx context.Context, from io.Reader, identities []age.Identity, into string) (*Manifest, error) {
	opened, err := age.Decrypt(from, identities...)
	if err != nil {
		var wrong *age.NoIdentityMatchError
		if errors.As(err, &wrong) {
			return nil, errors.New("the backup is for other keys: none of the identities opens it")
		}
		return nil, fmt.Errorf("this is no backup that can be opened: %w", err)
	}
	return unpack(ctx, suspicious{opened}, into)
}

// unpack is Extract for what has been decrypted.
func unpack(ctx context.Context, opened io.Reader, into string) (*Manifest, error) {
	root, err := os.OpenRoot(into)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	found := map[string]Entry{}
	var m *Manifest
	in := tar.NewReader(opened)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the backup: %w", err)
		}
		switch {
		case m != nil:
			return nil, fmt.Errorf("the backup is damaged: %q comes after the manifest", h.Name)
		case h.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("the backup holds %q, which is no file", h.Name)
		case h.Name == manifest:
			if m, err = readManifest(in, h.Size); err != nil {
				return nil, err
			}
		default:
			e, err := extract(root, in, h.Name)
			if err != nil {
				return nil, err
			}
			found[e.Name] = e
		}
	}
	if _, err := io.Copy(io.Discard, opened); err != nil { // to the very end, so that age has seen it all
		return nil, err
	}
	if m == nil {
		return nil, errors.New("the backup is cut short: it has no manifest")
	}
	if err := m.agrees(found); err != nil {
		return nil, err
	}
	return m, syncTree(into)
}

// suspicious says of every failure to read that the backup is damaged.
type suspicious struct{ r io.Reader }

func (s suspicious) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("the backup is damaged or cut short: %w", err)
	}
	return n, err
}

func readManifest(r io.Reader, size int64) (*Manifest, error) {
	if size > maxManifest {
		return nil, errors.New("the backup's manifest is too large")
	}
	var m Manifest
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return nil, fmt.Errorf("the backup's manifest cannot be read: %w", err)
	}
	if m.Format != Format {
		return nil, fmt.Errorf("the backup has format %d, and this program knows format %d: use the program that wrote it, version %s, or a newer one", m.Format, Format, m.Version)
	}
	return &m, nil
}

// extract writes one file below root.
func extract(root *os.Root, in io.Reader, name string) (Entry, error) {
	if name != Database {
		want, err := fileName(path.Base(name))
		if err != nil || want != name {
			return Entry{}, fmt.Errorf("the backup holds %q, which does not belong in one", name)
		}
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return Entry{}, err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Entry{}, fmt.Errorf("writing %s: %w", name, err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), in)
	if err != nil {
		return Entry{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return Entry{}, fmt.Errorf("writing %s: %w", name, err)
	}
	return entry(name, n, sum), nil
}

// agrees returns an error unless found is exactly what the manifest lists.
func (m *Manifest) agrees(found map[string]Entry) error {
	if _, ok := found[Database]; !ok {
		return errors.New("the backup holds no database")
	}
	for _, e := range m.Entries {
		switch have, ok := found[e.Name]; {
		case !ok:
			return fmt.Errorf("the backup lacks %s", e.Name)
		case have != e:
			return fmt.Errorf("the backup is damaged: %s is not what the manifest says", e.Name)
		}
	}
	if len(found) != len(m.Entries) {
		return fmt.Errorf("the backup holds %d files, and its manifest lists %d", len(found), len(m.Entries))
	}
	return nil
}

// syncTree returns when the names of all files below dir are on disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return SyncFolder(path)
	})
}

// SyncFolder returns when the names in folder dir are on disk.
func SyncFolder(dir string) error {
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
