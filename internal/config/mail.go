package config

import (
	"fmt"
	"net"
	"net/mail"
	"os"
	"slices"
	"strings"
)

// The values of Mail.TLS, after Complete. Off is the same word as for TLS.From.
const (
	StartTLS = "starttls"
	Implicit = "implicit"
)

// MailLanguages are the languages that mail is written in: those of the web client.
var MailLanguages = []string{"en", "zh-Hans", "zh-Hant", "ja"}

// On reports whether mail is sent.
func (m Mail) On() bool { return m.Server != "" }

func (c *Config) completeMail(say func(field, format string, args ...any)) {
	m := &c.Mail
	if !m.On() {
		if *m != (Mail{}) {
			say("mail.server", "is empty, and something else stands below [mail]; name the SMTP server, or leave all of it out")
		}
		return
	}
	_, port, err := net.SplitHostPort(m.Server)
	if err == nil {
		err = listenAddress(m.Server)
	}
	if host, _, _ := net.SplitHostPort(m.Server); err != nil || host == "" || port == "" || port == "0" {
		say("mail.server", "%q is not HOST:PORT, such as smtp.example.org:587", m.Server)
	}
	if m.TLS == "" {
		switch {
		case Local(m.Server):
			m.TLS = Off
		case port == "465":
			m.TLS = Implicit
		default:
			m.TLS = StartTLS
		}
	}
	if !slices.Contains([]string{StartTLS, Implicit, Off}, m.TLS) {
		say("mail.tls", `%q is none of "starttls", "implicit" and "off"`, m.TLS)
	} else if m.TLS == Off && !Local(m.Server) {
		say("mail.tls", `is "off", and %s is another machine: whoever listens on the way could sign in as those whom mail is sent to`, m.Server)
	}
	if (m.User == "") != (m.PasswordFile == "") {
		say("mail.user", "and mail.password_file belong together; name both or neither")
	} else if _, err := m.Password(); err != nil {
		say("mail.password_file", "%v", err)
	}
	if at, err := mail.ParseAddress(m.From); err != nil || at.Address != m.From || at.Name != "" {
		say("mail.from", "%q is not a mail address such as wardroom@example.org", m.From)
	}
	if m.Language == "" {
		m.Language = MailLanguages[0]
	}
	if !slices.Contains(MailLanguages, m.Language) {
		say("mail.language", "%q is none of %s", m.Language, strings.Join(MailLanguages, ", "))
	}
	if c.PublicURL == "" && !Local(c.Listen) {
		say("public_url", "is empty, and mail has links to it; name the address at which people reach this server")
	}
}

// Password reads the password for the SMTP server; it is empty where there is no file.
func (m Mail) Password() (string, error) {
	if m.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if first = strings.TrimRight(first, "\r"); first == "" {
		return "", fmt.Errorf("%s has nothing in its first line", m.PasswordFile)
	}
	return first, nil
}
