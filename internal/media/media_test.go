package media_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/blob"
	"wardroom/internal/fault"
	"wardroom/internal/media"
	"wardroom/internal/mxid"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// anybody is always signed in.
var anybody = media.Reader{Alive: func(stream.View) error { return nil }}

var lin = account.Session{User: "@lin:wardroom.test", Account: 1}

func newFiles(t *testing.T) (files *media.Files, root string) {
	t.Helper()
	db, hub := storetest.Open(t)
	root = filepath.Join(t.TempDir(), "files")
	bucket, err := blob.OpenFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	return media.New(db, bucket, hub, mxid.Server("wardroom.test"), 1<<20), root
}

func add(t *testing.T, files *media.Files, text string) (id string) {
	t.Helper()
	uri, err := files.Add(t.Context(), lin, media.Upload{Size: int64(len(text)), Body: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(uri, "mxc://wardroom.test/")
}

func is(t *testing.T, files *media.Files, id string) bool {
	t.Helper()
	_, body, err := files.Open(t.Context(), "wardroom.test", id, anybody)
	if err == nil {
		body.Close()
	}
	return err == nil
}

func TestAnUploadThatEndsEarlyLeavesNothing(t *testing.T) {
	files, root := newFiles(t)
	gone := errors.New("connection reset")
	_, err := files.Add(t.Context(), lin, media.Upload{Size: 10, Body: io.MultiReader(strings.NewReader("half"), iotest.ErrReader(gone))})
	if !fault.InvalidParam.In(err) || !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left over: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPruneRemovesWhatNobodyHas(t *testing.T) {
	files, root := newFiles(t)
	kept, lost, recent := add(t, files, "kept"), "ORPHANEDBYTESOLD", "ORPHANEDBYTESNEW"
	for _, name := range []string{lost, recent} {
		if _, err := files.Bucket.Put(t.Context(), name, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	threeDaysAgo := time.Now().Add(-72 * time.Hour)
	for _, name := range []string{kept, lost} {
		if err := os.Chtimes(filepath.Join(root, name[:2], name), threeDaysAgo, threeDaysAgo); err != nil {
			t.Fatal(err)
		}
	}
	today := time.Now().Unix() / 86400
	for id, day := range map[string]int64{"ANNOUNCEDLONGAGO": today - 3, "ANNOUNCEDTODAY": today} {
		err := files.Disk.Do(t.Context(), func(u stream.Unit) error {
			return files.Disk.AddFile(u, media.File{ID: id, Account: 1, CreatedDay: day})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !is(t, files, kept) {
		t.Error("a file of somebody's is gone")
	}
	for name, want := range map[string]bool{lost: false, recent: true} {
		body, err := files.Bucket.Open(t.Context(), name)
		if err == nil {
			body.Close()
		}
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for id, code := range map[string]fault.Code{"ANNOUNCEDLONGAGO": fault.NotFound, "ANNOUNCEDTODAY": fault.NotYetUploaded} {
		if _, _, err := files.Open(t.Context(), "wardroom.test", id, anybody); !code.In(err) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestALostFileSaysSo(t *testing.T) {
	files, _ := newFiles(t)
	id := add(t, files, "text")
	if err := files.Bucket.Remove(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	_, _, err := files.Open(t.Context(), "wardroom.test", id, anybody)
	if !fault.NotFound.In(err) || !strings.Contains(err.Error(), "lost") {
		t.Errorf("got %v", err)
	}
}
