package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"wardroom/web"
)

// startApp runs "wardroom app" until the test ends and gives the address that it prints.
func startApp(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"app", "--listen", "127.0.0.1:0"}, args...), write, io.Discard)
		write.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewScanner(read)
	if !lines.Scan() {
		t.Fatal(lines.Err())
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	_, at, _ := strings.Cut(lines.Text(), " is at ")
	return at
}

// Whatever the server serves, and also while it is asked nothing, the client is the one in this program.
func TestTheAppServesItsOwnClient(t *testing.T) {
	var asked atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "<!doctype html><script src=/evil.js></script>")
	}))
	defer evil.Close()
	at := startApp(t, evil.URL+"/")
	err := fs.WalkDir(web.Client(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".gz") {
			return err
		}
		want, err := fs.ReadFile(web.Client(), name)
		if name == "index.html" {
			name = ""
		}
		if status, body, _ := get(t, http.DefaultClient, at+"/"+name); status != 200 || body != string(want) {
			t.Errorf("/%s: %d, %d bytes in the place of %d", name, status, len(body), len(want))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, header := get(t, http.DefaultClient, at+"/")
	policy := header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "; connect-src 'self' "+evil.URL+"; ") || strings.Count(policy, evil.URL) != 1 || !strings.Contains(policy, "default-src 'none'; script-src 'self' ") {
		t.Errorf("the page may load and ask: %s", policy)
	}
	_, says, _ := get(t, http.DefaultClient, at+"/.well-known/matrix/client")
	var told map[string]struct {
		Base string `json:"base_url"`
	}
	if err := json.Unmarshal([]byte(says), &told); err != nil || told[appKey].Base != evil.URL {
		t.Errorf("%v: the client is told %s", err, says)
	}
	for _, path := range []string{"/evil.js", "/_matrix/client/versions", "/_matrix/client/v3/login", "/ledger/checkpoint", "/.well-known/matrix/server", "/healthz", "/metrics", "/operator"} {
		if status, _, _ := get(t, http.DefaultClient, at+path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the server was asked %d times by the program", n)
	}
}

func TestTheAppIsForOneServerAndThisMachine(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end() // one that is not refused ends at once
	for _, c := range []struct{ args, says string }{
		{"", "say which server"},
		{"chat.example.org", "is not the address of a server"},
		{"ftp://chat.example.org", "is not the address of a server"},
		{"https://chat.example.org/path", "is not the address of a server"},
		{"https://me:pass@chat.example.org", "is not the address of a server"},
		{"https://chat.example.org;script-src", "is not the"},
		{"https://*", "is not the name of a server"},
		{"https://船.example", "is not the name of a server"},
		{"http://chat.example.org", "would not be encrypted"},
		{"--listen 0.0.0.0:0 https://chat.example.org", "other machines could connect"},
		{"--listen :0 https://chat.example.org", "other machines could connect"},
	} {
		if err := run(ended, append([]string{"app"}, strings.Fields(c.args)...), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("app %s: %v", c.args, err)
		}
	}
	for text, want := range map[string]string{
		"https://Chat.Example.org/": "https://chat.example.org", "https://chat.example.org:443": "https://chat.example.org", "https://chat.example.org:8443": "https://chat.example.org:8443",
		"http://localhost:8008": "http://localhost:8008", "http://[::1]:8008": "http://[::1]:8008",
	} {
		if origin, err := originOf(text); err != nil || origin != want {
			t.Errorf("%s: %s, %v", text, origin, err)
		}
	}
	if one, other := appAddress("https://chat.example.org"), appAddress("https://talk.example.org"); one == other || one != appAddress("https://chat.example.org") {
		t.Errorf("addresses: %s, %s", one, other)
	}
}
