package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"

	"wardroom/internal/blob"
	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/media"
)

func open(t *testing.T) (*blob.Folder, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "files")
	f, err := blob.OpenFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	return f, root
}

// place is a bucket of either kind. Whatever it is, the same holds of it.
type place struct {
	media.Bucket
	marked
	begin func(t *testing.T)          // leaves a file there that is not finished
	begun func(t *testing.T) []string // such files; nil where a server does not list them
}

type marked interface {
	Mark(context.Context) (string, error)
	SetMark(context.Context, string) error
}

// everyKind runs a test with a bucket of each kind.
func everyKind(t *testing.T, test func(t *testing.T, f place)) {
	t.Run("folder", func(t *testing.T) {
		f, root := open(t)
		aside := filepath.Join(root, "unfinished")
		test(t, place{f, f, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(aside, "123"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, func(t *testing.T) (names []string) {
			left, err := os.ReadDir(aside)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range left {
				names = append(names, e.Name())
			}
			return names
		}})
	})
	s3 := func(at config.S3, s *blob.S3) place {
		return place{s, s, func(t *testing.T) {
			if _, err := core(t, at).NewMultipartUpload(t.Context(), at.Bucket, at.Prefix+"UN/UNFINISHED", minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}, func(t *testing.T) []string { return unfinishedUploads(t, at) }}
	}
	t.Run("s3", func(t *testing.T) {
		s, _, at := fake(t)
		test(t, s3(at, s))
	})
	if at, ok := real(t); ok {
		t.Run("real s3", func(t *testing.T) {
			s, err := blob.OpenS3(at)
			if err != nil {
				t.Fatal(err)
			}
			one := s3(at, s)
			one.begun = nil
			test(t, one)
		})
	}
}

func put(t *testing.T, f media.Bucket, name, text string) {
	t.Helper()
	n, err := f.Put(t.Context(), name, strings.NewReader(text))
	if err != nil || n != int64(len(text)) {
		t.Fatalf("putting %s: %d, %v", name, n, err)
	}
}

func read(t *testing.T, f media.Bucket, name string) string {
	t.Helper()
	r, err := f.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWhatWasPutIsThereUntilRemoved(t *testing.T) {
	everyKind(t, func(t *testing.T, f place) {
		put(t, f, "ABCDEFGH", "one")
		put(t, f, "ABCDEFGH", "two")
		if got := read(t, f, "ABCDEFGH"); got != "two" {
			t.Errorf("got %q", got)
		}
		for range 2 {
			if err := f.Remove(t.Context(), "ABCDEFGH"); err != nil {
				t.Error(err)
			}
		}
		if _, err := f.Open(t.Context(), "ABCDEFGH"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after removing: %v", err)
		}
		if f.begun != nil && len(f.begun(t)) != 0 {
			t.Errorf("left over: %v", f.begun(t))
		}
	})
}

func TestFilesOfEverySizeComeBackAsTheyWere(t *testing.T) {
	const part = 5 << 20 // where S3 begins another one
	data := large()
	everyKind(t, func(t *testing.T, f place) {
		for _, size := range []int{0, 1, 64<<10 + 1, part - 1, part, part + 1, 2 * part, len(data)} {
			if n, err := f.Put(t.Context(), "ABCDEFGH", iotest.HalfReader(bytes.NewReader(data[:size]))); err != nil || n != int64(size) {
				t.Fatalf("putting %d bytes: %d, %v", size, n, err)
			}
			if got := read(t, f, "ABCDEFGH"); got != string(data[:size]) {
				t.Errorf("of %d bytes %d came back, or others", size, len(got))
			}
		}
		r, err := f.Open(t.Context(), "ABCDEFGH")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := iotest.TestReader(io.MultiReader(io.LimitReader(r, 1000)), data[:1000]); err != nil {
			t.Error(err)
		}
		for _, step := range []struct {
			by   int64
			from int
			at   int64
		}{{-10, io.SeekEnd, int64(len(data)) - 10}, {7, io.SeekStart, 7}, {part, io.SeekCurrent, part + 8}, {3, io.SeekStart, 3}, {5, io.SeekEnd, int64(len(data)) + 5}} {
			at, err := r.Seek(step.by, step.from)
			if err != nil || at != step.at {
				t.Fatalf("seeking gave %d, %v, want %d", at, err, step.at)
			}
			one := make([]byte, 1)
			if n, err := r.Read(one); at >= int64(len(data)) && err != io.EOF || at < int64(len(data)) && (n != 1 || err != nil || one[0] != data[at]) {
				t.Errorf("at %d there is %d %v %v", at, n, one, err)
			}
		}
		if _, err := r.Seek(-1, io.SeekStart); err == nil {
			t.Error("something is before the beginning")
		}
	})
}

func TestHalfAFileIsNeverThere(t *testing.T) {
	everyKind(t, func(t *testing.T, f place) {
		put(t, f, "ABCDEFGH", "whole")
		gone := errors.New("the client has gone")
		for _, half := range []string{"half", string(large())} {
			_, err := f.Put(t.Context(), "ABCDEFGH", io.MultiReader(strings.NewReader(half), iotest.ErrReader(gone)))
			if err != gone {
				t.Errorf("got %v", err)
			}
			ctx, stop := context.WithCancel(t.Context()) // and with it its request
			if _, err := f.Put(ctx, "ABCDEFGH", io.MultiReader(strings.NewReader(half), stopping(func() error { stop(); return gone }))); err == nil {
				t.Error("it was kept")
			}
			if got := read(t, f, "ABCDEFGH"); got != "whole" {
				t.Errorf("got %d bytes", len(got))
			}
		}
		if f.begun != nil && len(f.begun(t)) != 0 {
			t.Errorf("left over: %v", f.begun(t))
		}
	})
}

type stopping func() error

func (s stopping) Read([]byte) (int, error) { return 0, s() }

func TestAMarkIsKeptAndIsNoFile(t *testing.T) {
	everyKind(t, func(t *testing.T, f place) {
		if have, err := f.Mark(t.Context()); have != "" || err != nil {
			t.Errorf("at first: %q %v", have, err)
		}
		if err := f.SetMark(t.Context(), "theirs"); err != nil {
			t.Fatal(err)
		}
		if have, err := f.Mark(t.Context()); have != "theirs" || err != nil {
			t.Errorf("then: %q %v", have, err)
		}
		err := f.Walk(t.Context(), time.Now().Add(time.Hour), func(name string) error { t.Errorf("found %s", name); return nil })
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNamesLeadNowhereElse(t *testing.T) {
	everyKind(t, func(t *testing.T, f place) {
		for _, name := range []string{"", "short", "../../../../etc/passwd", "abcdefg/", "abcdefgh\x00", "..........", strings.Repeat("a", 129), "名名名名名名"} {
			if _, err := f.Put(t.Context(), name, strings.NewReader("x")); err == nil {
				t.Errorf("%q was taken", name)
			}
			if _, err := f.Open(t.Context(), name); err == nil {
				t.Errorf("%q was opened", name)
			}
			if err := f.Remove(t.Context(), name); err == nil {
				t.Errorf("%q was removed", name)
			}
		}
	})
}

func TestWalkFindsWhatIsOldAndRemovesWhatWasNeverFinished(t *testing.T) {
	everyKind(t, func(t *testing.T, f place) {
		put(t, f, "BBBBBBBB", "1")
		put(t, f, "AAAAAAAA", "2")
		put(t, f, "AAAAAAAB", "3")
		f.begin(t)
		walk := func(before time.Time) string {
			var names []string
			if err := f.Walk(t.Context(), before, func(name string) error { names = append(names, name); return nil }); err != nil {
				t.Fatal(err)
			}
			return strings.Join(names, " ")
		}
		if got := walk(time.Now().Add(-time.Hour)); got != "" {
			t.Errorf("older than an hour: %s", got)
		}
		if f.begun != nil && len(f.begun(t)) != 1 {
			t.Error("what was just begun is gone")
		}
		if got := walk(time.Now().Add(time.Hour)); got != "AAAAAAAA AAAAAAAB BBBBBBBB" {
			t.Errorf("all: %s", got)
		}
		if f.begun != nil && len(f.begun(t)) != 0 {
			t.Errorf("what was never finished is still there: %v", f.begun(t))
		}
		stop := errors.New("enough")
		if err := f.Walk(t.Context(), time.Now().Add(time.Hour), func(string) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("stopped: %v", err)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("ABCDEFGH")
	f.Add("../etc/passwd")
	f.Fuzz(func(t *testing.T, name string) {
		folder, root := open(t)
		if _, err := folder.Put(t.Context(), name, bytes.NewReader([]byte("x"))); err != nil {
			return
		}
		if _, err := os.Stat(filepath.Join(root, name[:2], name)); err != nil || strings.ContainsAny(name, "/.\\") {
			t.Errorf("%q was put elsewhere: %v", name, err)
		}
	})
}

func TestOnAFullDiskAFileIsRefusedInWordsAndNothingOfItStays(t *testing.T) {
	f, root := open(t)
	blob.LeaveRoom(f, 100<<10)
	put(t, f, "ABCDEFGH", "it fits")
	large := strings.Repeat("x", 200<<10)
	_, err := f.Put(t.Context(), "IJKLMNOP", strings.NewReader(large))
	var refusal *fault.Fault
	if !errors.As(err, &refusal) || refusal.Code != fault.Unavailable || !strings.Contains(refusal.Says, "no room") || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("it is refused with %v", err)
	}
	var there []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			there = append(there, filepath.Base(path))
		}
		return err
	})
	if err != nil || len(there) != 1 || there[0] != "ABCDEFGH" {
		t.Errorf("afterwards there is %v, %v", there, err)
	}
	blob.LeaveRoom(f, 1<<20)
	put(t, f, "IJKLMNOP", large)
}
