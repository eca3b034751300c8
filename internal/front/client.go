package front

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// types of the files of a web client. The machine's own table is not asked: it may be missing or wrong, and a browser
// refuses WebAssembly and modules of another type.
var types = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff2":       "font/woff2",
}

const indexFile = "index.html"

// client serves the web client's files. Its fields do not change after newClient.
type client struct {
	files  fs.FS
	tags   map[string]string // by name: a quoted hash of the content
	policy string
}

// newClient reads every file once, so that an unchanged file is answered with 304. elsewhere is the origin of the server that the client speaks
// with, where it is not this one.
func newClient(files fs.FS, elsewhere string) (*client, error) {
	if elsewhere != "" {
		elsewhere = " " + elsewhere
	}
	c := &client{files: files, tags: map[string]string{}, policy: fmt.Sprintf(clientPolicy, elsewhere)}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		c.tags[name] = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the web client: %w", err)
	}
	if c.tags[indexFile] == "" {
		return nil, errors.New("the web client has no index.html")
	}
	return c, nil
}

// authorizePage is where apps send people to sign in by OAuth: the one address of the client's that does not stand after a "#".
const authorizePage = "authorize"

// ServeHTTP answers with the file. The client's own addresses stand after a "#", so the server never sees them.
func (c *client) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This address takes no "+method(r)+".", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" || name == authorizePage {
		name = indexFile
	}
	if c.tags[name] == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	kind, known := types[path.Ext(name)]
	if !known {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", c.policy)
	if isAsset(name) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	// make build leaves a compressed twin beside what compresses well.
	h.Set("Vary", "Accept-Encoding")
	if twin := name + ".gz"; c.tags[twin] != "" && takesGzip(r) {
		name = twin
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Etag", c.tags[name])
	f, err := c.files.Open(name)
	if err != nil {
		http.Error(w, "The server failed to read its own files.", http.StatusInternalServerError)
		return
	}
	defer f.Close()
	content, ok := f.(io.ReadSeeker)
	if !ok {
		http.Error(w, "The server failed to read its own files.", http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, name, time.Time{}, content)
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" {
			return !strings.HasPrefix(strings.ReplaceAll(params, " ", ""), "q=0") || strings.Contains(params, "q=0.")
		}
	}
	return false
}
