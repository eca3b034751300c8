package clientapi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/media"
)

const (
	uploads   = "/_matrix/media/v3/upload"
	downloads = "/_matrix/client/v1/media/download/"
)

// upload uploads body as p, under that type, and returns where the server says it is: "server/id".
func (p *person) upload(t testing.TB, kind, query string, body []byte) string {
	t.Helper()
	r := p.send(t, "POST", uploads+query, kind, body)
	if r.status != http.StatusOK {
		t.Fatalf("uploading: %d %s", r.status, r.raw)
	}
	place, ok := strings.CutPrefix(text(r.body["content_uri"]), "mxc://")
	if !ok {
		t.Fatalf("uploading: %s", r.raw)
	}
	return place
}

// send sends one request as p with bytes of that type.
func (p *person) send(t testing.TB, method, path, kind string, body []byte) reply {
	t.Helper()
	return p.do(t, method, path, body, "Content-Type", kind)
}

func (p *person) do(t testing.TB, method, path string, body []byte, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.server.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := p.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func TestAFileIsForWhoeverIsSignedIn(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	secret := bytes.Repeat([]byte("ciphertext"), 1000)
	at := lin.upload(t, "application/octet-stream", "", secret)
	got := mei.call(t, "GET", downloads+at, nil)
	if got.status != http.StatusOK || !bytes.Equal(got.raw, secret) {
		t.Errorf("mei got %d, %d bytes", got.status, len(got.raw))
	}
	s.call(t, "", "GET", downloads+at, nil).mustRefuse(t, 401, "M_MISSING_TOKEN")
	for _, old := range []string{"/_matrix/media/v3/download/", "/_matrix/media/r0/download/", "/_matrix/media/v3/thumbnail/"} {
		s.call(t, "", "GET", old+at+"?width=32&height=32", nil).mustRefuse(t, 404, "M_NOT_FOUND")
		lin.refused(t, 404, "M_NOT_FOUND", "GET", old+at+"?width=32&height=32", nil)
	}
	lin.refused(t, 404, "M_NOT_FOUND", "GET", downloads+"wardroom.test/NOSUCHFILE", nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", downloads+"elsewhere.example/"+strings.TrimPrefix(at, "wardroom.test/"), nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", downloads+"wardroom.test/..%2F..%2Fwardroom.db", nil)
}

func TestAFileIsSafeToOpenInABrowser(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	for _, c := range []struct{ kind, name, wantKind, want string }{
		{"image/png", "a.png", "image/png", `inline; filename=a.png`},
		{"text/plain; charset=utf-8", "备忘.txt", "text/plain; charset=utf-8", `inline; filename*=utf-8''%E5%A4%87%E5%BF%98.txt`},
		{"text/html", "a.html", "text/html", `attachment; filename=a.html`},
		{"image/svg+xml", "", "image/svg+xml", `attachment`},
		{"application/octet-stream", "", "application/octet-stream", `attachment`},
		{"", "", "application/octet-stream", `attachment`},
		{"nonsense\"; x", "", "application/octet-stream", `attachment`},
	} {
		at := lin.upload(t, c.kind, "?filename="+c.name, []byte("<script>alert(1)</script>"))
		h := lin.call(t, "GET", downloads+at, nil).header
		if h.Get("Content-Type") != c.wantKind || h.Get("Content-Disposition") != c.want {
			t.Errorf("%q %q: %q, %q", c.kind, c.name, h.Get("Content-Type"), h.Get("Content-Disposition"))
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox; default-src 'none'; script-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %v", c.kind, h)
		}
	}
	at := lin.upload(t, "image/png", "?filename=a.png", []byte("x"))
	h := lin.call(t, "GET", downloads+at+"/"+"b%22%0d%0aSet-Cookie:x.png", nil).header
	if h.Get("Set-Cookie") != "" || h.Get("Content-Disposition") == `inline; filename=a.png` {
		t.Errorf("a name in the address gives %v", h)
	}
}

func TestAPartOfAFile(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	at := lin.upload(t, "video/mp4", "", []byte("0123456789"))
	r := lin.do(t, "GET", downloads+at, nil, "Range", "bytes=3-5")
	if r.status != http.StatusPartialContent || string(r.raw) != "345" || r.header.Get("Content-Range") != "bytes 3-5/10" {
		t.Errorf("got %d %q %v", r.status, r.raw, r.header)
	}
	whole := lin.do(t, "GET", downloads+at, nil)
	if again := lin.do(t, "GET", downloads+at, nil, "If-None-Match", whole.header.Get("Etag")); again.status != http.StatusNotModified {
		t.Errorf("asked again: %d", again.status)
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	s := newServer(t) // which takes 1 MiB
	lin := s.newPerson(t, "lin")
	lin.upload(t, "", "", make([]byte, 1<<20))
	lin.send(t, "POST", uploads, "", make([]byte, 1<<20+1)).mustRefuse(t, 413, "M_TOO_LARGE")
	if size := lin.ok(t, "GET", "/_matrix/client/v1/media/config", nil)["m.upload.size"]; size != float64(1<<20) {
		t.Errorf("the limit is given as %v", size)
	}
	// Without a length, it is the bytes that count.
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+uploads, struct{ *bytes.Reader }{bytes.NewReader(make([]byte, 2<<20))})
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+lin.token)
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	read(t, resp).mustRefuse(t, 413, "M_TOO_LARGE")
}

func TestAPersonMayNotFillTheDisk(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	for range 20 {
		lin.upload(t, "", "", make([]byte, 1<<20))
	}
	lin.send(t, "POST", uploads, "", []byte("x")).mustRefuse(t, 403, "M_FORBIDDEN")
	mei.upload(t, "", "", []byte("x"))
}

func TestAnAnnouncedFile(t *testing.T) {
	s := newServer(t)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	made := lin.ok(t, "POST", "/_matrix/media/v1/create", nil)
	at := strings.TrimPrefix(text(made["content_uri"]), "mxc://")
	if until, _ := made["unused_expires_at"].(float64); until < float64(time.Now().Add(23*time.Hour).UnixMilli()) {
		t.Errorf("it may be uploaded until %v", until)
	}
	mei.refused(t, 504, "M_NOT_YET_UPLOADED", "GET", downloads+at+"?timeout_ms=1", nil)

	mei.send(t, "PUT", uploads+"/"+at, "", []byte("not mine")).mustRefuse(t, 403, "M_FORBIDDEN")
	lin.send(t, "PUT", uploads+"/wardroom.test/NEVERANNOUNCED", "", []byte("x")).mustRefuse(t, 404, "M_NOT_FOUND")
	lin.send(t, "PUT", uploads+"/elsewhere.example/"+at[len("wardroom.test/"):], "", []byte("x")).mustRefuse(t, 404, "M_NOT_FOUND")

	waiting := make(chan reply, 1)
	go func() { waiting <- mei.call(t, "GET", downloads+at+"?timeout_ms=60000", nil) }()
	if r := lin.send(t, "PUT", uploads+"/"+at+"?filename=a.txt", "text/plain", []byte("here it is")); r.status != http.StatusOK {
		t.Fatalf("uploading: %d %s", r.status, r.raw)
	}
	if r := <-waiting; r.status != http.StatusOK || string(r.raw) != "here it is" || r.header.Get("Content-Disposition") != "inline; filename=a.txt" {
		t.Errorf("who waited got %d %q %v", r.status, r.raw, r.header)
	}
	lin.send(t, "PUT", uploads+"/"+at, "", []byte("another")).mustRefuse(t, 409, "M_CANNOT_OVERWRITE_MEDIA")
	if r := mei.call(t, "GET", downloads+at, nil); string(r.raw) != "here it is" {
		t.Errorf("after a second upload: %q", r.raw)
	}
	for range 100 {
		lin.ok(t, "POST", "/_matrix/media/v1/create", nil)
	}
	lin.refused(t, 429, "M_LIMIT_EXCEEDED", "POST", "/_matrix/media/v1/create", nil)
}

func TestAThumbnail(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	picture := image.NewNRGBA(image.Rect(0, 0, 1000, 500))
	for x := range 1000 {
		for y := range 500 {
			picture.Set(x, y, color.NRGBA{uint8(x / 4), uint8(y / 2), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	at := lin.upload(t, "image/png", "", b.Bytes())
	thumbnails := "/_matrix/client/v1/media/thumbnail/"
	for _, c := range []struct {
		query         string
		width, height int
	}{
		{"width=32&height=32&method=crop", 32, 32},
		{"width=40&height=40&method=crop", 96, 96},
		{"width=320&height=240&method=scale", 320, 160},
		{"width=400&height=300", 640, 320},
		{"width=5000&height=5000", 800, 400},
	} {
		r := lin.call(t, "GET", thumbnails+at+"?"+c.query, nil)
		got, kind, err := image.DecodeConfig(bytes.NewReader(r.raw))
		if r.status != 200 || err != nil || got.Width != c.width || got.Height != c.height || "image/"+kind != r.header.Get("Content-Type") || r.header.Get("Content-Disposition") != "inline; filename=thumbnail."+kind {
			t.Errorf("%s: %d, %d × %d %s (%v), %v", c.query, r.status, got.Width, got.Height, kind, err, r.header)
		}
	}
	for _, wrong := range []string{"", "width=a&height=1", "width=-1&height=5", "width=0&height=0", "width=9&height=9&method=squeeze"} {
		lin.refused(t, 400, "M_INVALID_PARAM", "GET", thumbnails+at+"?"+wrong, nil)
	}
	cipher := lin.upload(t, "application/octet-stream", "", []byte("ciphertext"))
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", thumbnails+cipher+"?width=32&height=32", nil)
	broken := lin.upload(t, "image/png", "", b.Bytes()[:200])
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", thumbnails+broken+"?width=32&height=32", nil)

	// A few bytes that claim to be a picture of 60000 × 60000 pixels are not unpacked.
	bomb := bytes.Clone(b.Bytes())
	copy(bomb[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	fixChecksum(bomb)
	at = lin.upload(t, "image/png", "", bomb)
	lin.refused(t, 413, "M_TOO_LARGE", "GET", thumbnails+at+"?width=32&height=32", nil)
}

// fixChecksum makes the checksum of a PNG's header right again.
func fixChecksum(file []byte) {
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
}

func TestALabelIsKeptAndNamesAreText(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	lin.upload(t, "", "?org.wardroom.label=internal", []byte("x"))
	for _, wrong := range []string{"?filename=a%00b", "?filename=%ff", "?org.wardroom.label=" + strings.Repeat("x", 256), "?filename=" + strings.Repeat("x", 256)} {
		lin.send(t, "POST", uploads+wrong, "", []byte("x")).mustRefuse(t, 400, "M_INVALID_PARAM")
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", downloads+"wardroom.test/X?timeout_ms="+strconv.Itoa(-1), nil)
}

// fullBucket is one on a disk that has no room.
type fullBucket struct{ media.Bucket }

func (fullBucket) Put(_ context.Context, _ string, r io.Reader) (int64, error) {
	if _, err := io.CopyN(io.Discard, r, 1); err != nil {
		return 0, err
	}
	return 1, fault.Unavailable.Wrap(syscall.ENOSPC, "The server has no room for this file.")
}

func TestAFileThatThereIsNoRoomForIsRefusedInWords(t *testing.T) {
	s := newServer(t)
	var log bytes.Buffer
	s.api.Log = slog.New(slog.NewTextHandler(&log, nil))
	lin := s.newPerson(t, "lin")
	at := strings.TrimPrefix(text(lin.ok(t, "POST", "/_matrix/media/v1/create", nil)["content_uri"]), "mxc://")
	bucket := s.api.Media.Bucket
	s.api.Media.Bucket = fullBucket{bucket}
	for method, path := range map[string]string{"POST": uploads, "PUT": uploads + "/" + at} {
		r := lin.send(t, method, path, "", []byte("ciphertext"))
		r.mustRefuse(t, 503, "M_UNKNOWN")
		if says := text(r.body["error"]); !strings.Contains(says, "no room") || strings.Contains(says, syscall.ENOSPC.Error()) {
			t.Errorf("who uploads reads %q", says)
		}
	}
	if got := strings.Count(log.String(), syscall.ENOSPC.Error()); got != 2 {
		t.Errorf("the operator reads of it %d times:\n%s", got, &log)
	}
	s.api.Media.Bucket = bucket
	if r := lin.send(t, "PUT", uploads+"/"+at, "", []byte("ciphertext")); r.status != http.StatusOK {
		t.Errorf("with room again: %d %s", r.status, r.raw)
	}
}
