package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatConfigPrintsConfigCheckTakes(t *testing.T) {
	out, _, err := wardroom(t, "config", "print")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "wardroom.toml")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err = wardroom(t, "config", "check", file)
	if err != nil || !strings.Contains(out, "is right: server localhost, listening on 127.0.0.1:8008") {
		t.Errorf("%v %s", err, out)
	}
	if err := os.WriteFile(file, []byte("listen = \"8008\"\nadmin = \"lin\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = wardroom(t, "config", "check", file)
	if err == nil || !strings.Contains(err.Error(), "admin: there is no such field; rules about people are not set by a file on the server") {
		t.Errorf("a field for an administrator: %v", err)
	}
	if _, _, err = wardroom(t, "serve", "--config", file); err == nil {
		t.Error("the server starts with a field that does not exist")
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, command := range []string{"serve", "invite", "backup", "restore", "doctor", "config", "approve", "audit"} {
		out, errs, err := wardroom(t, command, "--help")
		if err != nil || !strings.Contains(out+errs, "Usage:\n  wardroom "+command) {
			t.Errorf("%s --help: %v\n%s%s", command, err, out, errs)
		}
		if !strings.Contains(usage, "  wardroom "+command+" ") {
			t.Errorf("wardroom help does not name %s", command)
		}
	}
}
