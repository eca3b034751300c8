package front_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wardroom/internal/front"
)

var files = fstest.MapFS{
	"index.html":            {Data: []byte("<!doctype html><title>Wardroom</title>")},
	"manifest.webmanifest":  {Data: []byte("{}")},
	"assets/app-1a2b.js":    {Data: []byte("export {};")},
	"assets/app-1a2b.js.gz": {Data: []byte("(compressed)")},
	"assets/crypto-9f.wasm": {Data: []byte("\x00asm")},
}

// door is a door with api behind it, and what it logged and counted.
type door struct {
	http.Handler
	log  bytes.Buffer
	seen []string
}

func newDoor(t *testing.T, api http.HandlerFunc) *door {
	t.Helper()
	d := &door{}
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	h, err := (&front.Door{
		API: api, Client: files, Health: says("health"), Operator: says("operator"),
		Log: front.Log(slog.NewTextHandler(&d.log, nil)),
		Seen: func(route, method string, status int, _ time.Duration) {
			d.seen = append(d.seen, fmt.Sprint(method, " ", route, " ", status))
		},
	}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = h
	return d
}

func (d *door) get(path string, header ...string) *http.Response {
	return d.do(http.MethodGet, path, header...)
}

func (d *door) do(method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:999", "localhost:8008"
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFilesOfTheClient(t *testing.T) {
	d := newDoor(t, http.NotFound)
	for _, c := range []struct {
		path, kind, cache string
		status            int
	}{
		{"/", "text/html; charset=utf-8", "no-cache", 200},
		{"/index.html", "text/html; charset=utf-8", "no-cache", 200},
		{"/metrics2", "text/plain; charset=utf-8", "", 404},
		{"/manifest.webmanifest", "application/manifest+json", "no-cache", 200},
		{"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/crypto-9f.wasm", "application/wasm", "public, max-age=31536000, immutable", 200},
		{"/assets/gone-77.js", "text/plain; charset=utf-8", "", 404},
		{"/favicon.ico", "text/plain; charset=utf-8", "", 404},
	} {
		r := d.get(c.path)
		if r.StatusCode != c.status || r.Header.Get("Content-Type") != c.kind || r.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q %q", c.path, r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("Cache-Control"))
		}
		if c.status != 200 {
			continue
		}
		csp := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'") || strings.Contains(csp, "unsafe-inline") {
			t.Errorf("%s: policy %q", c.path, csp)
		}
	}
	if r := d.do(http.MethodPost, "/"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST / gave %d", r.StatusCode)
	}
}

func TestAnUnchangedFileIsNotSentAgain(t *testing.T) {
	d := newDoor(t, http.NotFound)
	tag := d.get("/").Header.Get("Etag")
	if r := d.get("/", "If-None-Match", tag); tag == "" || r.StatusCode != http.StatusNotModified {
		t.Errorf("with the tag %s the answer is %d", tag, r.StatusCode)
	}
}

func TestTheCompressedTwin(t *testing.T) {
	d := newDoor(t, http.NotFound)
	r := d.get("/assets/app-1a2b.js", "Accept-Encoding", "br, gzip")
	if body(t, r) != "(compressed)" || r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("got %v", r.Header)
	}
	for _, refuses := range []string{"", "br", "gzip;q=0"} {
		if r := d.get("/assets/app-1a2b.js", "Accept-Encoding", refuses); body(t, r) != "export {};" || r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%q: got %v", refuses, r.Header)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	d := newDoor(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	for _, path := range []string{"/", "/_matrix/client/versions", "/healthz", "/nothing.png"} {
		h := d.get(path).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if len(h.Get("X-Request-Id")) != 12 || h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if csp := d.get("/_matrix/client/versions").Header.Get("Content-Security-Policy"); csp != "default-src 'none'; frame-ancestors 'none'; sandbox" {
		t.Errorf("policy of what is neither JSON nor sets its own: %q", csp)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("over TLS the browser is not told to stay there")
	}
}

// What no browser makes a document of has no use for what tells it how to treat one.
func TestHeadersOfJSON(t *testing.T) {
	for kind, page := range map[string]bool{"application/json": false, "text/html": true, "image/svg+xml": true, "application/json, text/html": true, "": true} {
		d := newDoor(t, func(w http.ResponseWriter, _ *http.Request) {
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			fmt.Fprint(w, "{}")
		})
		h := d.get("/_matrix/client/versions").Header
		for _, name := range []string{"Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "X-Frame-Options", "Permissions-Policy"} {
			if (h.Get(name) != "") != page {
				t.Errorf("%q: %s is %q", kind, name, h.Get(name))
			}
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || len(h.Get("X-Request-Id")) != 12 {
			t.Errorf("%q: %v", kind, h)
		}
	}
}

func TestRequestsHaveNamesOfTheirOwn(t *testing.T) {
	d, seen := newDoor(t, http.NotFound), map[string]bool{}
	for range 1000 {
		seen[d.get("/_matrix/client/versions").Header.Get("X-Request-Id")] = true
	}
	if len(seen) != 1000 {
		t.Errorf("1000 requests have %d names", len(seen))
	}
}

func TestThePageWhereAppsSignInIsTheClientAndFitsInNoFrame(t *testing.T) {
	d := newDoor(t, http.NotFound)
	r := d.get("/authorize?client_id=x&state=y")
	h := r.Header
	if r.StatusCode != 200 || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Cache-Control") != "no-cache" {
		t.Errorf("answered %d %v", r.StatusCode, h)
	}
	if h.Get("X-Frame-Options") != "DENY" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe-inline") ||
		h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("another page could show it in a frame, or learn its address: %v", h)
	}
	if r := d.get("/authorize/x"); r.StatusCode != 404 {
		t.Errorf("below it there is something: %d", r.StatusCode)
	}
}

func TestTheOperatorsPagesAreForThisMachineAlone(t *testing.T) {
	d := newDoor(t, http.NotFound)
	for _, path := range []string{"/metrics", "/operator", "/operator/look.css"} {
		if got := body(t, d.get(path)); got != "operator" {
			t.Errorf("%s from this machine: %q", path, got)
		}
		for _, header := range [][]string{
			{"X-Forwarded-For", "203.0.113.9"}, {"Forwarded", "for=203.0.113.9"}, {"Via", "1.1 proxy"}, // through a proxy
			{"Host", "chat.example.org"}, // through a proxy, or from a page whose name was pointed here
		} {
			if r := d.get(path, header...); r.StatusCode != http.StatusNotFound {
				t.Errorf("%s with %v: %d", path, header, r.StatusCode)
			}
		}
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr, r.Host = "203.0.113.9:999", "localhost"
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != http.StatusNotFound {
			t.Errorf("%s from another machine: %d", path, w.Code)
		}
	}
}

func TestAPanicIsAnsweredAndLoggedWithoutNames(t *testing.T) {
	d := newDoor(t, func(http.ResponseWriter, *http.Request) {
		panic("lost @lin:example.org in !room:example.org at 203.0.113.9:4711 and [2001:db8::7]:443 by $" + strings.Repeat("a", 43))
	})
	r := d.get("/_matrix/client/v3/rooms/secret-room?access_token=secret-token")
	if r.StatusCode != http.StatusInternalServerError || strings.Contains(body(t, r), "lost") {
		t.Errorf("answered %d", r.StatusCode)
	}
	log := d.log.String()
	if !strings.Contains(log, r.Header.Get("X-Request-Id")) || !strings.Contains(log, "lost (id) in (id) at (address) and (address) by (id)") {
		t.Errorf("the log says %s", log)
	}
	for _, secret := range []string{"lin", "example.org", "203.0", "2001", "secret"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q: %s", secret, log)
		}
	}
	if want := "GET /_matrix/ 500"; len(d.seen) != 1 || d.seen[0] != want {
		t.Errorf("counted %q, want %q", d.seen, want)
	}
}

func TestTheAPIAnswersForWhateverBelongsToIt(t *testing.T) {
	d := newDoor(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the API") })
	for _, path := range []string{"/_matrix", "/_matrix/", "//_matrix/client/versions", "/_matrix//client", "/_matrix/client/../x", "/.well-known/matrix", "/.well-known//matrix/client"} {
		if r := d.get(path); r.StatusCode != http.StatusOK || body(t, r) != "the API" {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	for _, path := range []string{"/_matrixes", "/x/_matrix/client", "/.well-known/security.txt"} {
		if r := d.get(path); body(t, r) == "the API" {
			t.Errorf("%s reached the API", path)
		}
	}
}

func TestWhatAClientInventsIsNotCounted(t *testing.T) {
	d := newDoor(t, http.NotFound)
	d.do("INVENTED", "/invented")
	if want := "other / 405"; len(d.seen) != 1 || d.seen[0] != want {
		t.Errorf("counted %q, want %q", d.seen, want)
	}
}
