package operate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/config"
	"wardroom/internal/operate"
)

func TestTheDoctorTriesMail(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("quiet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var away error
	i := operate.Installation{Data: t.TempDir(), Name: "wardroom.test", TryMail: func(context.Context) error { return away }}
	look := func() (states string) {
		for _, f := range i.Examine(t.Context()) {
			if f.About == "mail" {
				states += f.State.String() + " "
			}
			if f.About == "mail" && f.State != operate.Fine && (f.Do == "" || !strings.HasSuffix(f.Says, ".")) {
				t.Errorf("%+v", f)
			}
		}
		return states
	}
	if got := look(); got != "" {
		t.Errorf("without mail: %s", got)
	}
	i.Mail = config.Mail{Server: "smtp.example.org:587", TLS: config.StartTLS, User: "u", PasswordFile: secret}
	if got := look(); got != "ok " {
		t.Errorf("where all is well: %s", got)
	}
	away = errors.New("dial failed")
	if got := look(); got != "wrong " {
		t.Errorf("where it does not answer: %s", got)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != "wrong wrong " {
		t.Errorf("where anybody can read the password, too: %s", got)
	}
}
