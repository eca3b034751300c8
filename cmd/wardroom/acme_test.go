package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// newAuthority starts a certificate authority that validates names on that port. It gives the authority's directory, a file with the
// root by which its own address is trusted, and the root of what it certifies.
func newAuthority(t *testing.T, port int) (directory, rootFile string, issued *x509.CertPool) {
	t.Helper()
	for name, value := range map[string]string{"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "20"} {
		t.Setenv(name, value)
	}
	quiet := log.New(io.Discard, "", 0)
	memory := db.NewMemoryStore()
	authority := ca.New(quiet, memory, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	front := wfe.New(quiet, memory, va.New(quiet, 0, port, true, "", memory), authority, nil, true, false, 1, 1)
	s := httptest.NewTLSServer(front.Handler())
	t.Cleanup(s.Close)
	rootFile = filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(rootFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	issued = x509.NewCertPool()
	issued.AppendCertsFromPEM(authority.GetRootCert(0).PEM())
	return s.URL + "/dir", rootFile, issued
}

func TestTheServerGetsItsOwnCertificate(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	directory, root, issued := newAuthority(t, port)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "wardroom.toml"), filepath.Join(dir, "data")
	text := fmt.Sprintf("public_url = \"https://localhost:%d\"\nlisten = \"127.0.0.1:%d\"\ndata = %q\n[tls]\nfrom = \"acme\"\nauthority = %q\nauthority_root = %q\n",
		port, port, data, directory, root)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--config", file)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: issued}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		},
	}}
	defer client.CloseIdleConnections()
	deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		r, err := client.Get(s.url + "/_matrix/client/versions")
		if err == nil {
			r.Body.Close()
			if r.StatusCode != 200 || r.ProtoMajor != 2 || r.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("over its own certificate the server answers %d %s %v", r.StatusCode, r.Proto, r.Header)
			}
			break
		}
		select {
		case <-again.C:
		case <-deadline.Done():
			t.Fatalf("no certificate came: %v\n%s", err, s.log)
		}
	}
	if kept, err := filepath.Glob(filepath.Join(data, "certificates", "certificates", "*", "localhost", "*.crt")); err != nil || len(kept) != 1 {
		t.Errorf("the certificate is not kept: %v %v", kept, err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(s.log.String(), "127.0.0.1") {
		t.Errorf("the log holds an address: %s", s.log)
	}
}
