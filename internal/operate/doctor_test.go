package operate_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardroom/internal/operate"
)

// findings is what the doctor found, as lines "about: state".
func examine(t *testing.T, i *operate.Installation) map[string]operate.Finding {
	t.Helper()
	if i.Client == nil {
		i.Client = http.DefaultClient
	}
	found := map[string]operate.Finding{}
	for _, f := range i.Examine(t.Context()) {
		if old, twice := found[f.About]; !twice || f.State > old.State {
			found[f.About] = f
		}
		if f.State != operate.Fine && f.Do == "" && f.About != "space" {
			t.Errorf("%s is %s, and nothing is said about what to do", f.About, f.State)
		}
	}
	return found
}

func expect(t *testing.T, f operate.Finding, state operate.State, says string) {
	t.Helper()
	if f.State != state || !strings.Contains(f.Says, says) {
		t.Errorf("got %s %q, want %s and %q", f.State, f.Says, state, says)
	}
}

func private(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAHealthyFolder(t *testing.T) {
	found := examine(t, &operate.Installation{Data: private(t), Database: func() error { return nil }, BackedUp: func() string { return time.Now().Format(time.RFC3339) }})
	if s := found["data folder"].State; s == operate.Wrong {
		t.Errorf("the folder is %v", found["data folder"])
	}
	expect(t, found["database"], operate.Fine, "No damage")
	expect(t, found["backup"], operate.Fine, "The last one was made on")
	if found["space"].Says == "" || found["open files"].Says == "" || found["clock"].Says == "" {
		t.Errorf("not everything was looked at: %v", found)
	}
}

func TestAFolderThatOthersCanRead(t *testing.T) {
	dir := private(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f := examine(t, &operate.Installation{Data: dir})["data folder"]
	expect(t, f, operate.Wrong, "Other users of this machine can open it")
	if f.Do != "chmod 700 "+dir {
		t.Errorf("it says to do %q", f.Do)
	}
}

func TestAFolderThatIsNotThere(t *testing.T) {
	f := examine(t, &operate.Installation{Data: filepath.Join(t.TempDir(), "none")})["data folder"]
	expect(t, f, operate.Look, "is not there yet")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, examine(t, &operate.Installation{Data: file})["data folder"], operate.Wrong, "is no folder")
}

func TestSpaceThatRunsOut(t *testing.T) {
	for _, c := range []struct {
		free, total uint64
		want        operate.State
	}{{1 << 20, 1 << 40, operate.Wrong}, {1 << 30, 1 << 40, operate.Look}, {10 << 30, 1 << 40, operate.Look}, {100 << 30, 1 << 40, operate.Fine}} {
		if f := operate.Space(c.free, c.total); f.State != c.want {
			t.Errorf("%d of %d: %v", c.free, c.total, f)
		}
	}
}

func TestDamageAndOldBackups(t *testing.T) {
	found := examine(t, &operate.Installation{
		Data: private(t), Database: func() error { return errors.New("row 7 missing from index") },
		BackedUp: func() string { return time.Now().Add(-8 * 24 * time.Hour).Format(time.RFC3339) },
	})
	expect(t, found["database"], operate.Wrong, "row 7 missing")
	expect(t, found["backup"], operate.Look, "The last one was made on")
	expect(t, operate.LastBackup(""), operate.Look, "No backup was ever made")
	found = examine(t, &operate.Installation{Data: private(t), Database: func() error { return fmt.Errorf("opening: %w", fs.ErrNotExist) }})
	expect(t, found["database"], operate.Fine, "none yet")
}

func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := l.Addr().String()
	dir := private(t)
	expect(t, examine(t, &operate.Installation{Data: dir, Listen: []string{taken}})["port "+taken], operate.Wrong, "Another program has it")
	expect(t, examine(t, &operate.Installation{Data: dir, Listen: []string{taken}, Serving: true})["port "+taken], operate.Fine, "The running server has it")
	l.Close()
	expect(t, examine(t, &operate.Installation{Data: dir, Listen: []string{taken}})["port "+taken], operate.Fine, "free")
	expect(t, examine(t, &operate.Installation{Data: dir, Listen: []string{"192.0.2.1:80"}})["port 192.0.2.1:80"], operate.Wrong, "does not have that address")
}

// server answers as Wardroom at its public address does; base is what its .well-known says, or its own address if empty.
func server(t *testing.T, base string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	if base == "" {
		base = s.URL
	}
	mux.HandleFunc("/_matrix/client/versions", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"versions":["v1.1"]}`) })
	mux.HandleFunc("/.well-known/matrix/client", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		fmt.Fprintf(w, `{"m.homeserver":{"base_url":%q}}`, base)
	})
	return s
}

func TestThePublicAddress(t *testing.T) {
	s := server(t, "")
	i := &operate.Installation{Data: private(t), Name: "127.0.0.1", PublicURL: s.URL, Client: s.Client()}
	found := examine(t, i)
	expect(t, found["public address"], operate.Fine, "The server answers at "+s.URL)
	expect(t, found["certificate"], operate.Fine, "valid until")
	expect(t, found[".well-known"], operate.Fine, "find the server")

	i.Client = http.DefaultClient // which does not trust the test's authority
	expect(t, examine(t, i)["public address"], operate.Wrong, "was not made by an authority that this machine trusts")

	elsewhere := server(t, "https://old.example.org")
	i = &operate.Installation{Data: private(t), Name: "127.0.0.1", PublicURL: elsewhere.URL, Client: elsewhere.Client()}
	expect(t, examine(t, i)[".well-known"], operate.Wrong, "says that the server is at https://old.example.org")

	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	i = &operate.Installation{Data: private(t), Name: "127.0.0.1", PublicURL: other.URL, Client: other.Client()}
	found = examine(t, i)
	expect(t, found["public address"], operate.Wrong, "it is not Wardroom")
	expect(t, found[".well-known"], operate.Look, "does not say where the server is")

	other.Close()
	expect(t, examine(t, i)["public address"], operate.Wrong, "no server is running")
	i.Serving = true
	expect(t, examine(t, i)["public address"], operate.Wrong, "does not answer")
	i.PublicURL = "https://no-such-name.invalid"
	expect(t, examine(t, i)["public address"], operate.Wrong, "is not known")
}

func TestCertificateFiles(t *testing.T) {
	dir := private(t)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(from, until time.Duration, name string) {
		t.Helper()
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until), DNSNames: []string{name}}
		der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
		if err != nil {
			t.Fatal(err)
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
			if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	const year, day = 365 * 24 * time.Hour, 24 * time.Hour
	for _, c := range []struct {
		from, until time.Duration
		name        string
		state       operate.State
		says        string
	}{
		{-day, year, "chat.example.org", operate.Fine, "valid until"},
		{-day, 5 * day, "chat.example.org", operate.Look, "ends on"},
		{-year, -day, "chat.example.org", operate.Wrong, "ended on"},
		{day, year, "chat.example.org", operate.Wrong, "not valid before"},
		{-day, year, "mail.example.org", operate.Wrong, "It is not for chat.example.org, but for mail.example.org"},
	} {
		write(c.from, c.until, c.name)
		i := &operate.Installation{Data: dir, Certificate: cert, Key: key, PublicURL: "https://chat.example.org", Client: &http.Client{
			Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("not asked here") }},
		}}
		expect(t, examine(t, i)["certificate files"], c.state, c.says)
	}
	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, examine(t, &operate.Installation{Data: dir, Certificate: cert, Key: key})["certificate files"], operate.Wrong, "")
}

func TestAClockThatIsOff(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
	}))
	defer s.Close()
	found := examine(t, &operate.Installation{Data: private(t), Authority: s.URL})
	expect(t, found["clock"], operate.Wrong, "off, compared with the certificate authority")
	expect(t, found["certificate authority"], operate.Fine, "It answers")
	s.Close()
	expect(t, examine(t, &operate.Installation{Data: private(t), Authority: s.URL})["certificate authority"], operate.Wrong, "does not answer")
}

func TestNoPublicAddress(t *testing.T) {
	expect(t, examine(t, &operate.Installation{Data: private(t), Listen: []string{"127.0.0.1:0"}})["public address"], operate.Fine, "for this machine alone")
	expect(t, examine(t, &operate.Installation{Data: private(t), Listen: []string{"0.0.0.0:0"}})["public address"], operate.Wrong, "without encryption")
}
