package blob_test

import (
	"bytes"
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

	"wardroom/internal/blob"
	"wardroom/internal/fault"
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

func put(t *testing.T, f *blob.Folder, name, text string) {
	t.Helper()
	n, err := f.Put(t.Context(), name, strings.NewReader(text))
	if err != nil || n != int64(len(text)) {
		t.Fatalf("putting %s: %d, %v", name, n, err)
	}
}

func read(t *testing.T, f *blob.Folder, name string) string {
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
	f, root := open(t)
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
	if left, err := os.ReadDir(filepath.Join(root, "unfinished")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestHalfAFileIsNeverThere(t *testing.T) {
	f, root := open(t)
	put(t, f, "ABCDEFGH", "whole")
	gone := errors.New("the client has gone")
	_, err := f.Put(t.Context(), "ABCDEFGH", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(gone)))
	if err != gone {
		t.Errorf("got %v", err)
	}
	if got := read(t, f, "ABCDEFGH"); got != "whole" {
		t.Errorf("got %q", got)
	}
	if left, err := os.ReadDir(filepath.Join(root, "unfinished")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestNamesLeadNowhereElse(t *testing.T) {
	f, _ := open(t)
	for _, name := range []string{"", "short", "../../../../etc/passwd", "abcdefg/", "abcdefgh\x00", "..........", strings.Repeat("a", 129), "名名名名名名"} {
		if _, err := f.Put(t.Context(), name, strings.NewReader("x")); err == nil {
			t.Errorf("%q was taken", name)
		}
		if _, err := f.Open(t.Context(), name); err == nil {
			t.Errorf("%q was opened", name)
		}
	}
}

func TestWalkFindsWhatIsOldAndRemovesWhatWasNeverFinished(t *testing.T) {
	f, root := open(t)
	put(t, f, "BBBBBBBB", "1")
	put(t, f, "AAAAAAAA", "2")
	put(t, f, "AAAAAAAB", "3")
	begun := filepath.Join(root, "unfinished", "123")
	if err := os.WriteFile(begun, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
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
	if _, err := os.Stat(begun); err != nil {
		t.Errorf("what was just begun is gone: %v", err)
	}
	if got := walk(time.Now().Add(time.Hour)); got != "AAAAAAAA AAAAAAAB BBBBBBBB" {
		t.Errorf("all: %s", got)
	}
	if _, err := os.Stat(begun); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was never finished is still there: %v", err)
	}
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
