package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardroom/internal/warrant"
)

// A warrant is shown in full, signed by ssh-keygen, and not where head and text differ.
func TestAnOfficerSignsWhatTheyHaveSeen(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	own, err := warrant.ParseKey(string(public))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	text := &warrant.Text{
		Version: 1, Nonce: warrant.Nonce(), Log: "quay/ledger+00000000+AA==", Kind: warrant.Suspend, Law: "DE", Asked: now, ApproveBy: now + 3600, Until: now + 7200, By: "@a:quay",
		Subject: "@b:quay", Scope: "sending", Ground: "house rules, 4", Contract: true, Reasons: "a drawing\x1b[2J\u202eleft the house", Appeal: "to counsel",
		Evidence: []warrant.Evidence{{What: "a picture", Shows: "a mark", Not: "whose hand held it"}},
	}
	whole, err := text.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	head := &warrant.Head{
		Version: 1, Log: text.Log, Kind: text.Kind, Law: text.Law, Hash: warrant.Hash(whole), Asked: text.Asked, ApproveBy: text.ApproveBy, Until: text.Until, By: own, About: "tag",
	}
	file := filepath.Join(dir, "warrant.json")
	write := func() []byte {
		signed, err := head.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		both, err := json.MarshalIndent(map[string]json.RawMessage{"head": signed, "text": whole}, "", "  ")
		if err == nil {
			err = os.WriteFile(file, both, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	run := func(answer string, args ...string) (string, error) {
		var out strings.Builder
		err := approve(t.Context(), args, strings.NewReader(answer), &out, io.Discard)
		return out.String(), err
	}
	signed := write()
	out, err := run("", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"@b:quay", "house rules, 4 (a rule of the house's; law of DE)", "a drawing<U+001B>[2J<U+202E>left the house", "whose hand held it", head.Hash} {
		if !strings.Contains(out, says) {
			t.Errorf("it does not say %q:\n%s", says, out)
		}
	}
	if _, err := run("yes\n", "--key", key, file); err == nil || !strings.Contains(err.Error(), "not signed") {
		t.Errorf("it is signed by another word than \"sign\": %v", err)
	}
	if _, err := run("sign\n", "--key", key, file); err != nil {
		t.Fatal(err)
	}
	signature, err := os.ReadFile(file + ".sig")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		message []byte
		by      string
	}{{signed, own}, {append([]byte(" "), signed...), ""}} {
		if by, _ := warrant.Signer(string(signature), c.message); by != c.by {
			t.Errorf("the signature is by %q, and not by %q", by, c.by)
		}
	}
	head.Until++
	write()
	if _, err := run("sign\n", "--key", key, file); err == nil || !strings.Contains(err.Error(), "Do not sign it") {
		t.Errorf("what is to be signed is not what it says, and: %v", err)
	}
}
