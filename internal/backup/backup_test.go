package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"wardroom/internal/blob"
	"wardroom/internal/fault"
	"wardroom/internal/media"
)

// archived makes a tar archive of entries, in order: name, content, name, content, …
func archived(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		h := &tar.Header{Name: entries[i], Mode: 0o600, Size: int64(len(entries[i+1]))}
		if target, link := strings.CutPrefix(entries[i+1], "->"); link {
			h = &tar.Header{Name: entries[i], Typeflag: tar.TypeSymlink, Linkname: target}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, entries[i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// listing is a manifest of entries.
func listing(t testing.TB, entries ...string) string {
	t.Helper()
	m := Manifest{Format: Format}
	for i := 0; i < len(entries); i += 2 {
		sum := sha256.Sum256([]byte(entries[i+1]))
		m.Entries = append(m.Entries, Entry{entries[i], int64(len(entries[i+1])), hex.EncodeToString(sum[:])})
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWhatDoesNotBelongInABackupIsRefused(t *testing.T) {
	const file = "files/AB/ABCDEFGH"
	db := []string{Database, "db"}
	good := listing(t, Database, "db")
	for _, c := range []struct {
		name    string
		entries []string
		want    string // empty: it is taken
	}{
		{"a whole one", append(db, file, "x", manifest, listing(t, Database, "db", file, "x")), ""},
		{"no manifest", db, "no manifest"},
		{"no database", []string{manifest, listing(t)}, "no database"},
		{"a file too many", append(db, file, "x", manifest, good), "holds 2 files, and its manifest lists 1"},
		{"a file too few", append(db, manifest, listing(t, Database, "db", file, "x")), "lacks files/AB/ABCDEFGH"},
		{"another file", append(db, file, "y", manifest, listing(t, Database, "db", file, "x")), "is not what the manifest says"},
		{"the same twice", append(db, Database, "db", manifest, good), "file exists"},
		{"something after the manifest", append(db, manifest, good, file, "x"), "comes after the manifest"},
		{"a link", append(db, file, "->/etc/passwd", manifest, good), "is no file"},
		{"a way out", append(db, "../outside", "x", manifest, good), "does not belong"},
		{"another way out", append(db, "files/../../outside1", "x", manifest, good), "does not belong"},
		{"an absolute path", append(db, "/tmp/outside1", "x", manifest, good), "does not belong"},
		{"another folder", append(db, "files/XY/ABCDEFGH", "x", manifest, good), "does not belong"},
		{"a later format", append(db, manifest, `{"format":2,"version":"v9"}`), "version v9"},
		{"a manifest that is none", append(db, manifest, "hello"), "manifest cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			into := filepath.Join(t.TempDir(), "in")
			if err := os.Mkdir(into, 0o700); err != nil {
				t.Fatal(err)
			}
			_, err := unpack(t.Context(), bytes.NewReader(archived(t, c.entries...)), into)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if left, err := os.ReadDir(filepath.Dir(into)); err != nil || len(left) != 1 {
				t.Errorf("it wrote outside: %v %v", left, err)
			}
		})
	}
}

func TestABackupOpensWithoutWardroom(t *testing.T) {
	dir := t.TempDir()
	db, files := filepath.Join(dir, "copy"), filepath.Join(dir, "files")
	if err := os.MkdirAll(filepath.Join(files, "AB"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{db: "the database", filepath.Join(files, "AB", "ABCDEFGH"): "a file"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "backup")
	m := &Manifest{Version: "v1", Made: time.Now()}
	bucket, err := blob.OpenFolder(files)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), Part(to), to, []age.Recipient{key.Recipient()}, Source{db, bucket, []string{"ABCDEFGH", "LOSTLOST"}}, m); err != nil {
		t.Fatal(err)
	}
	if len(m.Missing) != 1 || m.Missing[0] != "LOSTLOST" || m.Bytes() != int64(len("the databasea file")) {
		t.Errorf("the manifest says %+v", m)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("the database")) || bytes.Contains(data, []byte("ABCDEFGH")) {
		t.Error("the backup is not encrypted")
	}
	if info, err := os.Stat(to); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("the backup has mode %v (%v)", info.Mode(), err)
	}
	plain, err := age.Decrypt(bytes.NewReader(data), key)
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(plain)
	for _, want := range []string{Database, "files/AB/ABCDEFGH", manifest} {
		h, err := in.Next()
		if err != nil || h.Name != want {
			t.Errorf("got %v (%v), want %s", h, err, want)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	const file = "files/AB/ABCDEFGH"
	f.Add(archived(f, Database, "db", file, "x", manifest, listing(f, Database, "db", file, "x")))
	f.Add(archived(f, Database, "db", "../../x", "x"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		into := filepath.Join(t.TempDir(), "in")
		if err := os.Mkdir(into, 0o700); err != nil {
			t.Fatal(err)
		}
		m, err := unpack(t.Context(), bytes.NewReader(archive), into)
		if err == nil && len(m.Entries) == 0 {
			t.Error("an archive without entries was taken")
		}
		if left, err := os.ReadDir(filepath.Dir(into)); err != nil || len(left) != 1 {
			t.Errorf("it wrote outside: %v %v", left, err)
		}
	})
}

// away is a bucket that cannot be reached.
type away struct{ media.Bucket }

func (away) Open(context.Context, string) (io.ReadSeekCloser, error) {
	return nil, fault.Unavailable.New("The server cannot reach the place where it keeps files.")
}

func TestFilesThatCannotBeReachedAreNotLost(t *testing.T) {
	dir := t.TempDir()
	db, to := filepath.Join(dir, "copy"), filepath.Join(dir, "backup")
	if err := os.WriteFile(db, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	err = Write(t.Context(), Part(to), to, []age.Recipient{key.Recipient()}, Source{db, away{}, []string{"ABCDEFGH"}}, &Manifest{})
	if !fault.Unavailable.In(err) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left over: %v %v", left, err)
	}
}
