// Package config is the operator's file: the few things that differ from one machine to another. What concerns people
// (how long messages are kept, who may sign up, who witnesses and who approves) is not in it, on purpose: whoever can
// edit a file on the server must not gain power over the people who use it.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"wardroom/internal/mxid"
)

// Config is the whole file. Every field may be left out. The manual, docs/CONFIG.md, is made of these comments.
type Config struct {
	// Name of this server, the part after the colon in every account, such as "example.org". It is fixed when the
	// server first starts, because it is part of every account and every room. Left empty, it is the host of
	// public_url, or "localhost" where there is none.
	Name string `toml:"name"`

	// What the organisation calls itself, such as "Kestrel Bay Port". Everybody sees it above their rooms and where one
	// signs up and in, before they have said who they are. Left empty, nothing stands there but the product's name.
	Organisation string `toml:"organisation"`

	// Address at which people reach this server, such as "https://chat.example.org". Web browsers only allow
	// encrypted chat over https, except on the machine itself. Left empty, the server is for this machine alone.
	PublicURL string `toml:"public_url"`

	// Address to listen on, HOST:PORT. For the outside world with a certificate of its own: ":443".
	Listen string `toml:"listen"`

	// Folder for everything that the server keeps.
	Data string `toml:"data"`

	// Address of a PostgreSQL database (version 15 or later, encoding UTF8) for everything but the people's files, such as
	// "postgres://wardroom@db.example.org:5432/wardroom". Left empty, it is SQLite in the data folder. Where SQLite has
	// something there already and the PostgreSQL database is empty, the server moves it when it starts.
	// The password stands in the address, after the user and a colon, or in a file: passfile=FILE at the address's end
	// after "?", or PGPASSFILE in the environment. Connections to another machine are encrypted and its certificate is
	// checked unless sslmode says otherwise.
	Database string `toml:"database"`

	// Where the people's files are: a bucket of a server that speaks S3, such as
	// "s3://office-files/wardroom?endpoint=https://s3.example.org&region=eu-central-1&keyfile=/etc/wardroom/s3.key". What follows the
	// bucket is put before each file's name; the region may be left out where the server has none. The file that keyfile names has the
	// access key in its first line and its secret in the second. The connection is encrypted unless it stays on this machine. Bucket
	// and prefix must be for this server alone. Left empty, files are in the folder "files" of the data folder. Where files are there
	// already, the server moves them to the bucket when it starts.
	Files string `toml:"files"`

	// Address of a Redis server through which several servers with one PostgreSQL database hear of each other, such as
	// "rediss://wardroom:password@redis.example.org:6380" or "unix:///run/redis/redis.sock". Each server has a data folder of
	// its own, in which the folder "files" is the same one for all unless files are in a bucket. Redis keeps nothing; on another machine it must be reached with
	// encryption (rediss). Left empty, this server has the database for itself.
	Redis string `toml:"redis"`

	// Second address to listen on, HOST:PORT, for /metrics and /operator alone. Nobody is asked for a password there,
	// so let only those reach it who run this machine. Left empty, both are at the first address for this machine
	// itself as long as there is no public_url, and nowhere once there is one.
	OperatorListen string `toml:"operator_listen"`

	// Largest file that may be uploaded, in MiB. Each person may upload twenty times as much in a day.
	UploadLimit int `toml:"upload_limit"`

	// Where this server may send push notifications, so that telephones and closed browsers learn that there is something
	// new: words with spaces between them. "browsers" are the push services of the makers of Chrome, Firefox, Edge and
	// Safari; a host such as "push.example.org" is a Matrix push gateway there (with ":PORT" where that is not 443), which
	// may be inside your own network; "any" is every host of the public network. Whoever is named learns, of the people who
	// switch it on, when each of them gets messages and how many; never from whom, nor what. Left empty, nothing is
	// sent to anybody.
	Push string `toml:"push"`

	// Folder with the registration files of application services (bots and bridges), as they or their authors write them: each
	// file in it whose name ends in ".yaml" or ".yml" is one, and is read when the server starts. Whoever meets a service's
	// account sees that it is one. Left empty, there are none.
	Services string `toml:"services"`

	// The ledger: the public record of every act of power, which nobody can change afterwards without being noticed.
	Ledger Ledger `toml:"ledger"`

	// Encryption of the connections.
	TLS TLS `toml:"tls"`

	// Mail that the server sends to the addresses that people have given to their accounts: a link for who has forgotten their
	// password, and word of what became of it. Whoever reads that mail, or runs the server that carries it, can sign in on a new device
	// where a person has given an address; that device is not verified and can read nothing of before (docs/decisions/mail.md).
	Mail Mail `toml:"mail"`
}

// Mail is how the server sends mail.
type Mail struct {
	// SMTP server that takes the mail, HOST:PORT, such as "smtp.example.org:587". Left empty, no mail is sent, and nobody can give an
	// address to their account.
	Server string `toml:"server"`

	// Encryption of the connection to it, always with a certificate that this machine trusts. "starttls": begun in clear and encrypted before
	// anything is said; "implicit": encrypted from the first byte; "off": nothing is encrypted, for a server on this machine alone. Left
	// empty, it is "off" for a server on this machine, otherwise "implicit" on port 465 and "starttls" on every other.
	TLS string `toml:"tls"`

	// Name to sign in to the SMTP server with. Left empty, one does not sign in.
	User string `toml:"user"`

	// File whose first line is the password for that. It is read when the server starts.
	PasswordFile string `toml:"password_file"`

	// Address that the mail is from, such as "wardroom@example.org".
	From string `toml:"from"`

	// Language of mail to people of whom it is not known which they read: "en", "zh-Hans", "zh-Hant" or "ja". Left empty, "en".
	Language string `toml:"language"`
}

// Ledger is where others look on.
type Ledger struct {
	// File that names the witnesses: others' machines, which sign how far they have seen the ledger and never sign that it
	// was changed. Each line is "witness NAME KEY URL", "group NAME NUMBER NAME…" or "quorum NAME", the form that the
	// tools of transparency logs share; who starts "wardroom witness" is told its line. What the file says becomes an entry of the ledger itself, and
	// so does each change of it, for everybody to see. Left empty, nobody witnesses.
	Witnesses string `toml:"witnesses"`
}

// TLS is how connections are encrypted.
type TLS struct {
	// Where the certificate comes from. "acme": from a certificate authority, whose terms one accepts by it; the server
	// gets and renews it by itself, on the port it listens on, which must be reached from outside as 443; "files": from
	// the two files below; "proxy": a reverse proxy in front of this server does it; "off": nothing is encrypted, for
	// this machine alone. Left empty, it is "files" where the files are named, otherwise "acme" where public_url begins
	// with https and listen is open to other machines, otherwise "proxy" or "off".
	From string `toml:"from"`

	// Certificate chain in PEM form, for "files". It is read again when it changes.
	Certificate string `toml:"certificate"`

	// Private key of the certificate in PEM form, for "files".
	Key string `toml:"key"`

	// Where the certificate authority writes to when something is wrong with the certificate, for "acme".
	Email string `toml:"email"`

	// Directory address of the certificate authority, for "acme". Left empty, it is Let's Encrypt.
	Authority string `toml:"authority"`

	// Root certificate in PEM form by which an authority of one's own is trusted, for "acme".
	AuthorityRoot string `toml:"authority_root"`
}

// Default is the configuration of a server that was told nothing.
func Default() Config {
	return Config{Listen: "127.0.0.1:8008", Data: "./data", UploadLimit: 100}
}

// The values of TLS.From, after Complete.
const (
	ACME  = "acme"
	Files = "files"
	Proxy = "proxy"
	Off   = "off"
)

// maxOrganisation is how many characters the organisation's name may have: it stands in one line.
const maxOrganisation = 80

// Complete fills in what follows from the other fields and checks everything. It returns all mistakes, joined; each says
// which field is wrong and what it may be.
func (c *Config) Complete() error {
	var wrong []error
	say := func(field, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	public, err := publicURL(c.PublicURL)
	if err != nil {
		say("public_url", "%v", err)
	}
	if c.Name == "" {
		c.Name = "localhost"
		if public != nil {
			c.Name = public.Hostname()
		}
	}
	if _, err := mxid.ParseServer(c.Name); err != nil {
		say("name", "%q is not a server name; write a host name such as example.org", c.Name)
	}
	c.Organisation = strings.TrimSpace(c.Organisation)
	if utf8.RuneCountInString(c.Organisation) > maxOrganisation || strings.ContainsFunc(c.Organisation, unicode.IsControl) {
		say("organisation", "is longer than %d characters, or has line breaks in it; write a name", maxOrganisation)
	}
	if err := listenAddress(c.Listen); err != nil {
		say("listen", "%v", err)
	}
	if c.OperatorListen != "" {
		if err := listenAddress(c.OperatorListen); err != nil {
			say("operator_listen", "%v", err)
		} else if c.OperatorListen == c.Listen {
			say("operator_listen", "must differ from listen")
		}
	}
	if c.Data == "" {
		say("data", "is empty; name a folder")
	}
	if c.Database != "" {
		if err := database(c.Database); err != nil {
			say("database", "%v", err)
		}
	}
	if c.Files != "" {
		if _, err := ParseS3(c.Files); err != nil {
			say("files", "%v", err)
		}
	}
	if c.Redis != "" {
		if err := redis(c.Redis); err != nil {
			say("redis", "%v", err)
		} else if c.Database == "" {
			say("redis", "is for several servers with one PostgreSQL database, and database is empty; leave both empty or name both")
		}
	}
	if c.UploadLimit < 1 || c.UploadLimit > 10_000 {
		say("upload_limit", "%d is not between 1 and 10000 MiB", c.UploadLimit)
	}
	if _, err := ParseHosts(c.Push); err != nil {
		say("push", "%v", err)
	}
	if _, err := c.ReadServices(); err != nil {
		for _, one := range unjoined(err) {
			say("services", "%v", one)
		}
	}
	if _, err := c.ReadWitnesses(); err != nil {
		for _, one := range unjoined(err) {
			say("ledger.witnesses", "%v", one)
		}
	}
	c.completeTLS(public, say)
	c.completeMail(say)
	return errors.Join(wrong...)
}

func (c *Config) completeTLS(public *url.URL, say func(field, format string, args ...any)) {
	https := public != nil && public.Scheme == "https"
	t := &c.TLS
	if t.From == "" {
		switch {
		case t.Certificate != "" || t.Key != "":
			t.From = Files
		case https && !Local(c.Listen):
			t.From = ACME
		case https:
			t.From = Proxy
		default:
			t.From = Off
		}
	}
	switch t.From {
	case ACME:
		if !https {
			say("tls.from", `"acme" needs a public_url that begins with https`)
		} else if _, err := netip.ParseAddr(public.Hostname()); err == nil {
			say("public_url", `"acme" needs a host name, not a number`)
		}
	case Files:
		for _, f := range []struct{ field, file string }{{"tls.certificate", t.Certificate}, {"tls.key", t.Key}} {
			if f.file == "" {
				say(f.field, `is empty, and tls.from is "files"`)
			} else if _, err := os.Stat(f.file); err != nil {
				say(f.field, "%v", err)
			}
		}
	case Proxy, Off:
		if t.From == Off && https {
			say("tls.from", `is "off", but public_url begins with https; write "proxy" if something in front of this server encrypts`)
		}
	default:
		say("tls.from", `%q is none of "acme", "files", "proxy" and "off"`, t.From)
	}
	if t.From != Files && (t.Certificate != "" || t.Key != "") {
		say("tls.certificate", "and tls.key are used with tls.from = \"files\" alone")
	}
	if t.From != ACME && (t.Email != "" || t.Authority != "" || t.AuthorityRoot != "") {
		say("tls.email", `authority and authority_root are used with tls.from = "acme" alone`)
	}
	if t.Email != "" {
		if _, err := mail.ParseAddress(t.Email); err != nil {
			say("tls.email", "%q is not an e-mail address", t.Email)
		}
	}
	if t.Authority != "" {
		if u, err := url.Parse(t.Authority); err != nil || u.Scheme != "https" || u.Host == "" {
			say("tls.authority", "%q is not an https address", t.Authority)
		}
	}
	if t.AuthorityRoot != "" {
		if _, err := os.Stat(t.AuthorityRoot); err != nil {
			say("tls.authority_root", "%v", err)
		}
	}
}

// publicURL is nil for an empty text.
func publicURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "":
		return nil, fmt.Errorf("%q is not an address such as https://chat.example.org", s)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, fmt.Errorf("%q has more than a host name and a port; Wardroom needs a host name of its own", s)
	case u.Scheme == "http" && !Local(u.Host):
		return nil, fmt.Errorf("%q is not encrypted; browsers refuse encrypted chat there. Write https", s)
	}
	return u, nil
}

func listenAddress(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:8008 or :443", s)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q: the port is not a number between 0 and 65535", s)
	}
	return nil
}

// Local reports whether hostport, with or without a port, can be reached from this machine alone.
func Local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// URL is where people reach the server that listens on at: the public address, or the one it listens on. It has no slash
// at its end.
func (c *Config) URL(at net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	scheme := "http://"
	if c.TLS.From == Files || c.TLS.From == ACME {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(at.String())
	if ip, bad := netip.ParseAddr(host); err == nil && bad == nil && ip.IsUnspecified() {
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + at.String()
}

// Certificates is the folder in which certificates from an authority are kept.
func (c *Config) Certificates() string { return filepath.Join(c.Data, "certificates") }
