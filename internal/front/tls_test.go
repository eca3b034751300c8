package front

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair writes a certificate with that serial number and its key, changed at that time.
func writePair(t *testing.T, certificate, key string, serial int64, at time.Time) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANewCertificateIsTakenUp(t *testing.T) {
	dir := t.TempDir()
	p := &pair{certificate: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	start := time.Now().Add(-time.Hour)
	writePair(t, p.certificate, p.key, 1, start)
	if err := p.read(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	serial := func() int64 {
		p.looked = time.Now().Add(-2 * look)
		return p.current(slog.New(slog.NewTextHandler(&log, nil))).Leaf.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("at first: %d", got)
	}
	writePair(t, p.certificate, p.key, 2, start.Add(time.Minute))
	if got := serial(); got != 2 {
		t.Errorf("after a change: %d", got)
	}
	// Half a change, as a script makes that writes one file after the other, does not stop anybody.
	if err := os.WriteFile(p.certificate, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 || !strings.Contains(log.String(), "going on with the old one") {
		t.Errorf("with a broken file: %d, %s", got, log.String())
	}
	writePair(t, p.certificate, p.key, 3, start.Add(2*time.Minute))
	if got := serial(); got != 3 {
		t.Errorf("after the whole change: %d", got)
	}
}

func TestFilesThatDoNotFitTogetherAreRefusedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, certificate, filepath.Join(dir, "other.pem"), 1, time.Now())
	writePair(t, filepath.Join(dir, "another.pem"), key, 2, time.Now())
	if _, err := FromFiles(certificate, key, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a certificate with another's key was taken")
	}
}
