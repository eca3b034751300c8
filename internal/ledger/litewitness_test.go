package ledger_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"filippo.io/torchwood"
)

// litewitness names the environment variable with the path of torchwood's litewitness. Where it is set, the witnesses in the tests of this
// package are that program: what our own refuses, somebody else's refuses too. "make witness-test" builds and names it.
const litewitness = "WARDROOM_TEST_LITEWITNESS"

// startLite starts the program. It has its key from an agent, which is here.
func (w *witness) startLite(t *testing.T, program string) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := torchwood.NewCosignatureSigner(w.name, key)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(w.folder, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, c) }()
		}
	}()
	shown, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	cmd := exec.Command(program, "-name", w.name, "-db", filepath.Join(w.folder, "witness.db"), "-ssh-agent", socket.Addr().String(), "-key", ssh.FingerprintSHA256(shown), "-listen", at)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.key, w.url = signer.Verifier().String(), "http://"+at
	w.close = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		socket.Close()
	})
	for deadline := time.Now().Add(time.Minute); ; {
		resp, err := http.Post(w.url+"/add-checkpoint", "", strings.NewReader(""))
		if err == nil {
			resp.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// tellLite registers logs, as witnessctl does.
func (w *witness) tellLite(t *testing.T, logs []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.folder, "witness.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	nothing := "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" // the hash of the empty tree
	for _, key := range logs {
		origin, _, _ := strings.Cut(key, "+")
		for _, q := range []string{
			`INSERT INTO log VALUES ($1, 0, '` + nothing + `') ON CONFLICT DO NOTHING`, `DELETE FROM key WHERE origin = $1`, `INSERT INTO key VALUES ($1, '` + key + `')`,
		} {
			if _, err := db.Exec(q, origin); err != nil {
				t.Fatal(err)
			}
		}
	}
}
