package blob_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"wardroom/internal/blob"
	"wardroom/internal/config"
	"wardroom/internal/fault"
)

const secret = "seven-quiet-boats"

// gate stands before an S3 server of the test's own.
type gate struct {
	http.Handler
	away  atomic.Bool  // no request is answered
	after atomic.Int64 // if not 0: the next answer with a body breaks after so many bytes
	spoil atomic.Bool  // a byte of what is put changes on its way
	parts atomic.Int64 // where it comes to 0 with one more part, the server is away from then on
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("partNumber") && g.parts.Add(-1) == 0 {
		g.away.Store(true)
	}
	if g.away.Load() {
		panic(http.ErrAbortHandler)
	}
	if !strings.Contains(r.Header.Get("Authorization"), "Credential=office/") {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>InvalidAccessKeyId</Code><Message>The access key is not known here.</Message></Error>`)
		return
	}
	if r.Method == http.MethodPut && g.spoil.Load() {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) == 0 {
			panic(http.ErrAbortHandler)
		}
		body[len(body)/2] ^= 1
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if r.Method == http.MethodGet {
		if after := g.after.Swap(0); after > 0 {
			w = &breaking{w, after}
		}
	}
	g.Handler.ServeHTTP(w, r)
}

type breaking struct {
	http.ResponseWriter
	left int64
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return b.ResponseWriter.Write(p)
}

// fake is a place for files on an S3 server in this process.
func fake(t *testing.T) (*blob.S3, *gate, config.S3) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	g := &gate{Handler: gofakes3.New(backend).Server()}
	server := httptest.NewServer(g)
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	at := "s3://files/office?endpoint=" + url.QueryEscape(server.URL) + "&keyfile=" + url.QueryEscape(keyFile(t, "office"))
	return openS3(t, at), g, parsed(t, at)
}

func keyFile(t *testing.T, id string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(id+"\n"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func parsed(t *testing.T, address string) config.S3 {
	t.Helper()
	at, err := config.ParseS3(address)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func openS3(t *testing.T, address string) *blob.S3 {
	t.Helper()
	s, err := blob.OpenS3(parsed(t, address))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// core asks the server behind s as another program would.
func core(t *testing.T, at config.S3) *minio.Core {
	t.Helper()
	id, secret, err := at.Key()
	if err != nil {
		t.Fatal(err)
	}
	c, err := minio.NewCore(at.Endpoint.Host, &minio.Options{Creds: credentials.NewStaticV4(id, secret, ""), Region: at.Region})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// unfinishedUploads are those that the server knows of.
func unfinishedUploads(t *testing.T, at config.S3) (names []string) {
	t.Helper()
	for u := range core(t, at).ListIncompleteUploads(t.Context(), at.Bucket, "", true) {
		if minio.ToErrorResponse(u.Err).Code == minio.NoSuchUpload { // so says the server that is in this process where there is none
			return nil
		}
		if u.Err != nil {
			t.Fatal(u.Err)
		}
		names = append(names, u.Key)
	}
	return names
}

// real is a place for files of this test's own on the server that the environment names, if it does.
func real(t *testing.T) (config.S3, bool) {
	t.Helper()
	address := os.Getenv("WARDROOM_TEST_S3")
	if address == "" {
		return config.S3{}, false
	}
	at := parsed(t, address)
	at.Prefix += rand.Text() + "/"
	err := core(t, at).MakeBucket(t.Context(), at.Bucket, minio.MakeBucketOptions{Region: at.Region})
	if err != nil && minio.ToErrorResponse(err).Code != "BucketAlreadyOwnedByYou" {
		t.Fatal(err)
	}
	return at, true
}

// large is more than two parts.
func large() []byte {
	data := make([]byte, 12<<20)
	_, _ = rand.Read(data)
	return data
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	var refusal *fault.Fault
	if !errors.As(err, &refusal) || refusal.Code != fault.Unavailable || !strings.Contains(refusal.Says, "place where it keeps files") {
		t.Fatalf("it is refused with %v", err)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("the operator does not read %q: %v", want, err)
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(refusal.Says, "127.0.0.1") {
		t.Errorf("it tells too much: %v", err)
	}
}

func TestAnS3ServerThatGoesAwayInTheMiddleKeepsNothing(t *testing.T) {
	s, g, at := fake(t)
	put(t, s, "ABCDEFGH", "whole")
	for _, parts := range []int64{1, 3} {
		g.parts.Store(parts)
		_, err := s.Put(t.Context(), "ABCDEFGH", bytes.NewReader(large()))
		refused(t, err, "")
		g.away.Store(false)
		if got := read(t, s, "ABCDEFGH"); got != "whole" {
			t.Errorf("there are %d bytes now", len(got))
		}
	}
	if left := unfinishedUploads(t, at); len(left) != 2 {
		t.Fatalf("the server could not be told, and knows of %v", left)
	}
	if err := s.Walk(t.Context(), time.Now().Add(time.Hour), func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if left := unfinishedUploads(t, at); len(left) != 0 {
		t.Errorf("afterwards it knows of %v", left)
	}
	g.away.Store(true)
	_, err := s.Put(t.Context(), "IJKLMNOP", strings.NewReader("small"))
	refused(t, err, "")
	_, err = s.Open(t.Context(), "ABCDEFGH")
	refused(t, err, "")
	if _, err := s.Mark(t.Context()); err == nil {
		t.Error("there is no mark, says a server that is away")
	}
}

func TestAConnectionThatBreaksDoesNotEndAFile(t *testing.T) {
	s, g, _ := fake(t)
	data := large()
	put(t, s, "ABCDEFGH", string(data))
	g.after.Store(5 << 20)
	if got := read(t, s, "ABCDEFGH"); got != string(data) {
		t.Errorf("%d bytes of %d, or others, were read", len(got), len(data))
	}
	g.after.Store(5 << 20)
	r, err := s.Open(t.Context(), "ABCDEFGH")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, 1<<20); err != nil {
		t.Fatal(err)
	}
	g.away.Store(true) // and it does not come back
	n, err := io.Copy(io.Discard, r)
	refused(t, err, "")
	if n >= int64(len(data)) {
		t.Errorf("%d bytes were read", n)
	}
}

func TestAnObjectThatIsRemovedWhileItIsRead(t *testing.T) {
	s, _, _ := fake(t)
	put(t, s, "ABCDEFGH", string(large()))
	r, err := s.Open(t.Context(), "ABCDEFGH")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := s.Remove(t.Context(), "ABCDEFGH"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Seek(-1, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestWhatChangesOnItsWayIsNotKept(t *testing.T) {
	s, g, at := fake(t)
	g.spoil.Store(true)
	for _, data := range []string{"small", string(large())} {
		_, err := s.Put(t.Context(), "ABCDEFGH", strings.NewReader(data))
		refused(t, err, "BadDigest")
		if _, err := s.Open(t.Context(), "ABCDEFGH"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("afterwards: %v", err)
		}
	}
	if left := unfinishedUploads(t, at); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestAKeyThatIsNotKnown(t *testing.T) {
	if at, ok := real(t); ok {
		t.Run("real s3", func(t *testing.T) {
			at.KeyFile = keyFile(t, "wardroom") // with another secret
			s, err := blob.OpenS3(at)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Put(t.Context(), "ABCDEFGH", strings.NewReader("x"))
			refused(t, err, "SignatureDoesNotMatch")
		})
	}
	_, _, at := fake(t)
	at.KeyFile = keyFile(t, "another")
	s, err := blob.OpenS3(at)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), "ABCDEFGH", strings.NewReader("x"))
	refused(t, err, "InvalidAccessKeyId")
	_, err = s.Open(t.Context(), "ABCDEFGH")
	refused(t, err, "InvalidAccessKeyId")
	if err := s.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing can be written to s3://files/office/ at http://127.0.0.1") || !strings.Contains(err.Error(), "InvalidAccessKeyId") || strings.Contains(err.Error(), secret) {
		t.Errorf("the doctor says %v", err)
	}
}

func TestAProbeLeavesNothing(t *testing.T) {
	if at, ok := real(t); ok {
		t.Run("real s3", func(t *testing.T) {
			s, err := blob.OpenS3(at)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Probe(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	s, _, at := fake(t)
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	for o := range core(t, at).ListObjectsIter(t.Context(), at.Bucket, minio.ListObjectsOptions{Recursive: true}) {
		t.Errorf("left over: %s %v", o.Key, o.Err)
	}
	at.Bucket = "elsewhere"
	s, err := blob.OpenS3(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("without a bucket: %v", err)
	}
}
