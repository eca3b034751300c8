package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/web"
)

// startWitness runs "wardroom witness" until the test ends, or stop is called, and gives its line in a file of witnesses.
func startWitness(t *testing.T, args ...string) (line string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"witness", "--listen", "127.0.0.1:0"}, args...), write, io.Discard)
		write.CloseWithError(fmt.Errorf("it ended: %w", err))
		ended <- err
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); strings.HasPrefix(text, "witness ") {
			go func() { _, _ = io.Copy(io.Discard, read) }()
			return text, stop
		}
	}
	t.Fatal(lines.Err())
	return "", nil
}

// published waits until a server's checkpoint has so many lines of signatures.
func published(t *testing.T, url string, signatures int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); runtime.Gosched() {
		if status, body, _ := get(t, http.DefaultClient, url+"/ledger/checkpoint"); status == 200 && strings.Count(body, "\n— ") == signatures {
			return
		}
	}
	t.Fatal("no such checkpoint was published")
}

func TestTheLedgerIsWitnessedAndVerified(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	verified := func(says string, args ...string) string {
		t.Helper()
		out, _, err := wardroom(t, append([]string{"verify"}, args...)...)
		if err != nil {
			out += err.Error()
		}
		if (err == nil) != strings.Contains(out, " is right: ") || !strings.Contains(out, says) {
			t.Errorf("verify %v says %s", args, out)
		}
		return out
	}
	data := filepath.Join(dir, "data")
	s := startServer(t, "--data", data, "--listen", "127.0.0.1:0")
	published(t, s.url, 1)
	seen, copied := filepath.Join(dir, "seen"), filepath.Join(dir, "copy")
	out := verified("all 3 entries are those", "--seen", seen, s.url)
	verified("NONE, named by the ledger itself", "--seen", seen, s.url)
	build, err := web.Build(web.Client())
	if err != nil {
		t.Fatal(err)
	}
	verified("client      build "+build+" of version "+version, s.url)
	key := regexp.MustCompile(`localhost/ledger\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+`).FindString(out)
	if status, page, _ := get(t, http.DefaultClient, s.url+"/operator"); status != 200 || !strings.Contains(page, "Nobody outside witnesses it") {
		t.Errorf("the operator's page does not say that nobody witnesses: %s", page)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	line, stop := startWitness(t, "--name", "witness.example.org", "--log", key, "--state", filepath.Join(dir, "witness"))
	witnesses := file("witnesses", "# outside\n"+line+"\nquorum witness.example.org\n")
	conf := file("wardroom.toml", "data = '"+data+"'\nlisten = '127.0.0.1:0'\n[ledger]\nwitnesses = '"+witnesses+"'\n")
	s = startServer(t, "--config", conf)
	published(t, s.url, 2)
	verified("1, named by you; enough of them signed", "--witnesses", witnesses, "--key", key, "--seen", seen, "--copy", copied, s.url)
	verified("all 4 entries that were there the last time", "--seen", seen, copied)
	_, header, _ := get(t, http.DefaultClient, s.url+"/metrics")
	if !strings.Contains(header, "wardroom_ledger_published_entries 4\n") || !strings.Contains(header, "wardroom_ledger_halted 0\n") || strings.Contains(header, "wardroom_ledger_witnessed_time_seconds 0\n") {
		t.Errorf("the metrics do not say how the ledger stands:\n%s", header)
	}
	for path, cache := range map[string]string{"/ledger/checkpoint": "no-cache", "/ledger/tile/entries/000.p/4": "public, max-age=31536000, immutable"} {
		if status, _, header := get(t, http.DefaultClient, s.url+path); status != 200 || header.Get("Cache-Control") != cache || header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, status, header)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	stop()

	// One byte of an entry is changed where it is kept.
	entries := filepath.Join(copied, "tile", "entries", "000.p", "4")
	text, err := os.ReadFile(entries)
	if err != nil {
		t.Fatal(err)
	}
	file("copy/tile/entries/000.p/4", strings.Replace(string(text), `"quorum `, `"quorun `, 1))
	verified("is NOT right", copied)
	verified("is neither the address of a server nor a folder", filepath.Join(dir, "nowhere"))
	verified("say which ledger", "--seen", seen)
	verified("is not the key of a ledger", "--key", "made up", copied)
	for _, c := range []struct{ args, says string }{
		{"", "say what the witness is called"},
		{"--name witness.example.org --log none --state " + filepath.Join(dir, "other"), "is not the key of a log"},
		{"--name other.example.org --state " + filepath.Join(dir, "witness"), "its name is part of its key"},
	} {
		if _, _, err := wardroom(t, append([]string{"witness"}, strings.Fields(c.args)...)...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("witness %s: %v", c.args, err)
		}
	}
}
