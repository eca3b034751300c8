package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// s3 is a server in this process that speaks S3 and has the bucket "files".
type s3 struct {
	*httptest.Server
	puts atomic.Int64 // where it comes to 0 with one more file, the server is away from then on
	away atomic.Bool
	key  string
}

const s3Secret = "seven-quiet-boats"

func newS3(t *testing.T) *s3 {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	s := &s3{key: filepath.Join(t.TempDir(), "s3.key")}
	inner := gofakes3.New(backend).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && s.puts.Add(-1) == 0 {
			s.away.Store(true)
		}
		if s.away.Load() {
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	if err := os.WriteFile(s.key, []byte("office\n"+s3Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// at is a place for files there.
func (s *s3) at(prefix string) string {
	return "s3://files/" + prefix + "?endpoint=" + url.QueryEscape(s.URL) + "&keyfile=" + url.QueryEscape(s.key)
}

// holds are the names of the objects with this prefix.
func (s *s3) holds(t *testing.T, prefix string) (names []string) {
	t.Helper()
	status, list, _ := get(t, s.Client(), s.URL+"/files?list-type=2&prefix="+prefix)
	if status != 200 {
		t.Fatalf("%d %s", status, list)
	}
	for _, part := range strings.Split(list, "<Key>")[1:] {
		name, _, _ := strings.Cut(part, "</Key>")
		names = append(names, name)
	}
	return names
}

// names gives a configuration for a server of this data folder.
func (s *s3) names(t *testing.T, data, prefix string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "wardroom.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "data = %q\nfiles = %q\n", data, s.at(prefix)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (o *office) downloads(t *testing.T, files map[string]string) {
	t.Helper()
	for at, text := range files {
		if status, data := o.ask(t, "GET", "/_matrix/client/v1/media/download/"+at, o.token, nil); status != 200 || string(data) != text {
			t.Errorf("%s is %d %q", at, status, data)
		}
	}
}

// begins is why a server does not start; one that does is ended at once, and its error is nil.
func begins(t *testing.T, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return run(ctx, args, started(cancel), io.Discard)
}

type started func()

func (s started) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "Wardroom is at") {
		s()
	}
	return len(p), nil
}

func TestFilesMoveToS3AndNobodyLosesSightOfThem(t *testing.T) {
	store := newS3(t)
	o := newOffice(t)
	uploaded := map[string]string{}
	add := func(text string) {
		at, err := o.upload(t, text)
		if err != nil {
			t.Fatal(err)
		}
		uploaded[at] = text
	}
	add("one")
	add("two")
	add("three")
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	conf := store.names(t, o.data, "office")

	// The move is cut off, after the mark and a file. Until it is whole, the folder is as it was.
	store.puts.Store(3)
	if err := begins(t, "serve", "--config", conf, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "moving files into the bucket") {
		t.Errorf("without the S3 server: %v", err)
	}
	if _, _, err := wardroom(t, "backup", "--config", conf, "--to", filepath.Join(t.TempDir(), "b"), "--recipient", o.recipient); err == nil {
		t.Error("a backup was made of files that are not there yet")
	}
	store.away.Store(false)
	o.served = startServer(t, "--data", o.data, "--listen", "127.0.0.1:0", "--unlimited")
	o.downloads(t, uploaded)
	add("four")
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}

	o.served = startServer(t, "--config", conf, "--listen", "127.0.0.1:0", "--unlimited")
	if said := o.said.String(); !strings.Contains(said, "Moved 4 files, 1 MiB. The old folder is "+o.data+"/files.moved-to-s3-") {
		t.Errorf("the server says %s", said)
	}
	o.downloads(t, uploaded)
	add("five")
	o.downloads(t, uploaded)
	if have := store.holds(t, "office/"); len(have) != 6 || !slices.Contains(have, "office/shared") {
		t.Errorf("in the bucket is %v", have)
	}
	if there, err := exists(filepath.Join(o.data, filesFolder)); err != nil || there {
		t.Errorf("there is a folder of files: %v", err)
	}
	if _, page, _ := get(t, http.DefaultClient, o.url+"/operator"); !strings.Contains(page, "s3://files/office/ at "+store.URL) || strings.Contains(page, s3Secret) {
		t.Errorf("the operator's page does not say where files are:\n%s", page)
	}
	if out, _, _ := wardroom(t, "doctor", "--config", conf, "--listen", "127.0.0.1:0"); !strings.Contains(out, "ok    files: They can be written to the bucket, read and removed.") {
		t.Errorf("the doctor says:\n%s", out)
	}
	if out, _, err := wardroom(t, "config", "check", conf); err != nil || !strings.Contains(out, "files: s3://files/office/ at http") || strings.Contains(out, s3Secret) {
		t.Errorf("config check says %s %v", out, err)
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(o.log.String(), s3Secret) {
		t.Error("the secret is in the log")
	}

	// From then on nobody starts without them, and nobody takes them for their own.
	elsewhere := store.names(t, o.data, "elsewhere")
	another := store.names(t, filepath.Join(t.TempDir(), "another"), "office")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"name the bucket as \"files\"", []string{"serve", "--data", o.data, "--listen", "127.0.0.1:0"}},
		{"name the bucket as \"files\"", []string{"backup", "--data", o.data, "--to", filepath.Join(t.TempDir(), "b"), "--recipient", o.recipient}},
		{"is not where the files of this server are", []string{"serve", "--config", elsewhere, "--listen", "127.0.0.1:0"}},
		{"is not where the files of this server are", []string{"backup", "--config", elsewhere, "--to", filepath.Join(t.TempDir(), "b"), "--recipient", o.recipient}},
		{"holds the files of another server", []string{"serve", "--config", another, "--listen", "127.0.0.1:0"}},
	} {
		if err := begins(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.args, err, c.want)
		}
	}
	if out, _, err := wardroom(t, "doctor", "--config", elsewhere, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(out, "is not where the files of this server are") {
		t.Errorf("the doctor says:\n%s", out)
	}
	store.away.Store(true)
	if out, _, err := wardroom(t, "doctor", "--config", conf, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(out, "wrong files: Nothing can be written to s3://files/office/") || !strings.Contains(out, "s3:PutObject") {
		t.Errorf("without the S3 server the doctor says:\n%s", out)
	}
}

func TestABackupOfFilesInS3IsRestoredIntoEither(t *testing.T) {
	store := newS3(t)
	data := filepath.Join(t.TempDir(), "data")
	conf := store.names(t, data, "office")
	o := newOfficeAt(t, data, "--config", conf)
	uploaded := map[string]string{}
	for _, text := range []string{"one", "two", strings.Repeat("many parts ", 1<<20)} {
		at, err := o.upload(t, text)
		if err != nil {
			t.Fatal(err)
		}
		uploaded[at] = text
	}
	lost, err := o.upload(t, "lost")
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(lost, "localhost/")
	req, err := http.NewRequestWithContext(t.Context(), "DELETE", store.URL+"/files/office/"+id[:2]+"/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := store.Client().Do(req); err != nil || resp.StatusCode != 204 {
		t.Fatal(resp, err)
	}
	file := filepath.Join(t.TempDir(), "backup")
	store.away.Store(true) // a file that cannot be read is not a file that is lost
	if _, _, err := wardroom(t, "backup", "--config", conf, "--to", file, "--recipient", o.recipient); err == nil {
		t.Error("a backup without files was made")
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) > 0 {
		t.Errorf("it left %v %v", left, err)
	}
	store.away.Store(false)
	out, _, err := wardroom(t, "backup", "--config", conf, "--to", file, "--recipient", o.recipient)
	if err != nil || !strings.Contains(out, "and 3 files") || !strings.Contains(out, "1 files were not there any more") {
		t.Fatalf("%v %s", err, out)
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}

	restore := func(args ...string) (string, error) {
		out, _, err := wardroom(t, append([]string{"restore", "--from", file, "--identity", o.key}, args...)...)
		return out, err
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	if _, err := restore("--config", store.names(t, fresh, "office")); err == nil || !strings.Contains(err.Error(), "is not empty; name another bucket") {
		t.Errorf("into a bucket with files: %v", err)
	}
	into := store.names(t, fresh, "restored")
	store.puts.Store(3) // it is cut off after the mark and a file, and can clear nothing away
	if _, err := restore("--config", into); err == nil {
		t.Error("it was restored without the S3 server")
	}
	store.away.Store(false)
	if have := store.holds(t, "restored/"); len(have) == 0 {
		t.Error("nothing was left in the bucket: this test shows nothing")
	}
	if err := begins(t, "serve", "--config", into, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "restore") {
		t.Errorf("a server on half a restore: %v", err)
	}
	if _, err := restore("--config", store.names(t, fresh, "other")); err == nil || !strings.Contains(err.Error(), "s3://files/restored/") {
		t.Errorf("a restore that leaves what is in the bucket: %v", err)
	}
	out, err = restore("--config", into)
	if err != nil || !strings.Contains(out, "was cut off; removed what it left") || !strings.Contains(out, "s3://files/restored/") {
		t.Fatalf("restoring once more: %v\n%s", err, out)
	}
	if have := store.holds(t, "restored/"); len(have) != 4 { // a mark beside them
		t.Errorf("in the bucket is %v", have)
	}
	folder := filepath.Join(t.TempDir(), "folder")
	if _, err := restore("--data", folder); err != nil {
		t.Fatal(err)
	}
	for _, where := range [][]string{{"--config", into}, {"--data", folder}} {
		o.served = startServer(t, append(where, "--listen", "127.0.0.1:0", "--unlimited")...)
		o.token = o.signIn(t)
		o.downloads(t, uploaded)
		if status, _ := o.ask(t, "GET", "/_matrix/client/v1/media/download/"+lost, o.token, nil); status != 404 {
			t.Errorf("the lost file is %d", status)
		}
		if err := o.stop(); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{fresh, folder} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == restoring {
				err = fmt.Errorf("%s is left", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
