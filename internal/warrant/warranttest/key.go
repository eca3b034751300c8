// Package warranttest makes officers' keys and what they sign, for tests.
package warranttest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"testing"

	"golang.org/x/crypto/ssh"

	"wardroom/internal/warrant"
)

// Key is an officer's.
type Key struct {
	t      testing.TB
	signer ssh.Signer
}

// New makes a key.
func New(t testing.TB) Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return Key{t, s}
}

// Public is the key as an appointment names it.
func (k Key) Public() string {
	k.t.Helper()
	text, err := warrant.ParseKey(string(ssh.MarshalAuthorizedKey(k.signer.PublicKey())))
	if err != nil {
		k.t.Fatal(err)
	}
	return text
}

// Sign is what ssh-keygen -Y sign -n namespace would write.
func (k Key) Sign(namespace string, message []byte) string {
	k.t.Helper()
	digest := sha512.Sum512(message)
	magic := [6]byte([]byte("SSHSIG"))
	s, err := k.signer.Sign(rand.Reader, ssh.Marshal(struct {
		Magic                     [6]byte
		Namespace, Reserved, Hash string
		Digest                    []byte
	}{magic, namespace, "", "sha512", digest[:]}))
	if err != nil {
		k.t.Fatal(err)
	}
	blob := ssh.Marshal(struct {
		Magic                     [6]byte
		Version                   uint32
		Key                       []byte
		Namespace, Reserved, Hash string
		Signature                 []byte
	}{magic, 1, k.signer.PublicKey().Marshal(), namespace, "", "sha512", ssh.Marshal(s)})
	return string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob}))
}
