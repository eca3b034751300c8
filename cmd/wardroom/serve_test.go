package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer is what a command wrote, readable while it runs.
type buffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// served is a running `wardroom serve`.
type served struct {
	url     string
	log     *buffer
	said    *buffer       // the lines before the one with the address
	printed <-chan string // the lines after the one with the address; closed when it has stopped
	stop    func() error  // stops it and gives its error
}

// startServer runs serve with args and waits until it says where it is.
func startServer(t *testing.T, args ...string) served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	s := served{log: &buffer{}, said: &buffer{}}
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"serve"}, args...), write, s.log)
		write.CloseWithError(errors.Join(io.EOF, err))
		ended <- err
	}()
	s.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = s.stop() })
	lines := bufio.NewScanner(read)
	for s.url == "" && lines.Scan() {
		s.url, _ = strings.CutPrefix(lines.Text(), "Wardroom is at ")
		if !strings.HasPrefix(s.url, "http") {
			s.url = ""
			fmt.Fprintln(s.said, lines.Text())
		}
	}
	if s.url == "" {
		t.Fatalf("the server did not start: %v\n%s", s.stop(), s.log)
	}
	printed := make(chan string, 100)
	s.printed = printed
	go func() {
		defer close(printed)
		for lines.Scan() {
			printed <- lines.Text()
		}
	}()
	return s
}

func get(t *testing.T, client *http.Client, url string) (status int, body string, header http.Header) {
	t.Helper()
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(data), r.Header
}

func TestServeWithNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startServer(t, "--data", dir, "--listen", "127.0.0.1:0")
	for path, want := range map[string]string{
		"/":                               "<!doctype html>",
		"/_matrix/client/versions":        `"versions":["v1.1"`,
		"/healthz":                        "ok\n",
		"/readyz":                         "ready\n",
		"/metrics":                        `wardroom_requests_total{method="GET",route="/_matrix/client/versions",status="200"} 1`,
		"/_matrix/client/v3/rooms/!x/nix": `"errcode":"M_UNRECOGNIZED"`,
	} {
		if path == "/metrics" {
			continue // asked last, when there is something to count
		}
		if _, body, _ := get(t, http.DefaultClient, s.url+path); !strings.Contains(strings.ToLower(body), strings.ToLower(want)) {
			t.Errorf("%s answered %s", path, body)
		}
	}
	_, metrics, _ := get(t, http.DefaultClient, s.url+"/metrics")
	for _, want := range []string{
		`wardroom_requests_total{method="GET",route="/_matrix/client/versions",status="200"} 1`,
		"wardroom_commit_seconds_count", "wardroom_commit_units_sum", "process_open_fds", `wardroom_build{version="`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, "!x") {
		t.Error("the metrics name a room")
	}
	if err := s.stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	if err := startServer(t, "--data", dir, "--listen", "127.0.0.1:0").stop(); err != nil {
		t.Errorf("started again it stopped with %v", err)
	}
}

func TestTheNameIsFixedAtTheFirstStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "wardroom.toml")
	configure := func(name string) {
		text := "name = \"" + name + "\"\nlisten = \"127.0.0.1:0\"\ndata = \"" + dir + "\"\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure("one.example.org")
	if err := startServer(t, "--config", file).stop(); err != nil {
		t.Fatal(err)
	}
	configure("two.example.org")
	err := run(t.Context(), []string{"serve", "--config", file}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `write name = "one.example.org" in the configuration`) {
		t.Errorf("with another name: %v", err)
	}
	configure("one.example.org")
	if err := startServer(t, "--config", file).stop(); err != nil {
		t.Errorf("with the first name again: %v", err)
	}
}

func TestUnlimitedIsForThisMachineAlone(t *testing.T) {
	err := run(t.Context(), []string{"serve", "--data", t.TempDir(), "--listen", "0.0.0.0:0", "--unlimited"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "--unlimited is refused") {
		t.Errorf("got %v", err)
	}
	behind := filepath.Join(t.TempDir(), "wardroom.toml")
	if err := os.WriteFile(behind, []byte("public_url = \"https://chat.example\"\n[tls]\nfrom = \"proxy\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = run(t.Context(), []string{"serve", "--data", t.TempDir(), "--config", behind, "--unlimited"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "through the proxy") {
		t.Errorf("behind a proxy: %v", err)
	}
}

// certify writes a certificate for 127.0.0.1, with this serial number, and its key into folder.
func certify(t *testing.T, folder string, serial int64) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func TestOwnCertificateFilesAndAnOperatorsListener(t *testing.T) {
	dir := t.TempDir()
	certificate, key := certify(t, dir, 1)
	operator, err := net.Listen("tcp", "127.0.0.1:0") // finds a free port
	if err != nil {
		t.Fatal(err)
	}
	second := operator.Addr().String()
	operator.Close()
	file := filepath.Join(dir, "wardroom.toml")
	text := "listen = \"127.0.0.1:0\"\noperator_listen = \"" + second + "\"\ndata = \"" + dir + "\"\n[tls]\ncertificate = \"" + certificate + "\"\nkey = \"" + key + "\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--config", file)
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") {
		t.Fatalf("it is at %s", s.url)
	}
	pool := x509.NewCertPool()
	data, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	pool.AppendCertsFromPEM(data)
	for _, h2 := range []bool{false, true} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: h2}}
		status, _, header := get(t, client, s.url+"/_matrix/client/versions")
		if status != 200 || header.Get("Strict-Transport-Security") == "" {
			t.Errorf("over TLS (HTTP/2: %v): %d %v", h2, status, header)
		}
		if status, _, _ := get(t, client, s.url+"/metrics"); status != 404 {
			t.Errorf("the metrics are at the public listener too: %d", status)
		}
		client.CloseIdleConnections()
	}
	if status, body, _ := get(t, http.DefaultClient, "http://"+second+"/metrics"); status != 200 || !strings.Contains(body, "wardroom_build") {
		t.Errorf("the operator's listener answers %d", status)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestStoppingCutsLongPollsShortAndAnswersNothingFalse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveAll(ctx, []opened{{server, listener}}) }()
	go func() { <-waiting; cancel() }()
	if r, err := http.Get("http://" + listener.Addr().String()); err == nil {
		r.Body.Close()
		t.Errorf("a request that was cut short was answered %d", r.StatusCode)
	}
	if err := <-ended; err != nil {
		t.Errorf("stopping gave %v", err)
	}
}
