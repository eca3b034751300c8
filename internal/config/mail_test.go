package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/config"
)

func TestMailIsOffAndEncryptedWhereItLeavesTheMachine(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("quiet boats\r\nand more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const good = "public_url = \"https://chat.example.org\"\n[mail]\nfrom = \"chat@example.org\"\n"
	for _, c := range []struct{ text, tls, wrong string }{
		{"", "", ""},
		{good + `server = "smtp.example.org:587"`, config.StartTLS, ""},
		{good + `server = "smtp.example.org:465"`, config.Implicit, ""},
		{good + `server = "localhost:25"`, config.Off, ""},
		{good + "server = \"127.0.0.1:25\"\ntls = \"starttls\"", config.StartTLS, ""},
		{good + "server = \"smtp.example.org:25\"\ntls = \"off\"", config.Off, "mail.tls"},
		{good + "server = \"smtp.example.org:25\"\ntls = \"maybe\"", "maybe", "mail.tls"},
		{good + `server = "smtp.example.org"`, config.StartTLS, "mail.server"},
		{good + `server = ":25"`, config.StartTLS, "mail.server"},
		{good, "", "mail.server"},
		{good + "server = \"s:25\"\nuser = \"u\"", config.StartTLS, "mail.user"},
		{good + "server = \"s:25\"\nuser = \"u\"\npassword_file = \"/nowhere\"", config.StartTLS, "mail.password_file"},
		{good + "server = \"s:25\"\nuser = \"u\"\npassword_file = \"" + secret + "\"", config.StartTLS, ""},
		{good + "server = \"s:25\"\nlanguage = \"zh-Hant\"", config.StartTLS, ""},
		{good + "server = \"s:25\"\nlanguage = \"fr\"", config.StartTLS, "mail.language"},
		{"[mail]\nserver = \"s:25\"\nfrom = \"Wardroom <chat@example.org>\"", config.StartTLS, "mail.from"},
		{"listen = \":8008\"\n[mail]\nserver = \"s:25\"\nfrom = \"chat@example.org\"", config.StartTLS, "public_url"},
	} {
		conf, err := config.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		err = conf.Complete()
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong+": ")) {
			t.Errorf("%q: %v", c.text, err)
		}
		if conf.Mail.TLS != c.tls {
			t.Errorf("%q: tls is %q", c.text, conf.Mail.TLS)
		}
	}
	if got, err := (config.Mail{PasswordFile: secret}).Password(); got != "quiet boats" || err != nil {
		t.Errorf("the password is %q, %v", got, err)
	}
}
