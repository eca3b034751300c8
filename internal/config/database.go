package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
)

// sslModes are the values of sslmode.
var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// secret are the parameters of a PostgreSQL address that are not shown.
var secret = []string{"password", "sslpassword"}

// database returns an error that says what is wrong with the address of a PostgreSQL database, and nothing that is secret in it.
func database(s string) error {
	const like = "postgres://user@host:5432/name?sslmode=verify-full"
	u, err := url.Parse(s)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) { // whose text has the whole address in it, with the password
			err = bad.Err
		}
		return fmt.Errorf("is not an address such as %s: %s", like, hidden(err, s))
	}
	q := u.Query()
	switch {
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		return fmt.Errorf("is not the address of a PostgreSQL database; write one such as %s, or leave it empty for SQLite in the data folder", like)
	case u.Fragment != "" || strings.Contains(s, "#"):
		return errors.New(`has a "#" in it; in a password write %23 instead`)
	case strings.Trim(u.Path, "/") == "" && q.Get("dbname") == "":
		return fmt.Errorf("names no database; write its name after the host, as in %s", like)
	case q.Has("sslmode") && !slices.Contains(sslModes, q.Get("sslmode")):
		return fmt.Errorf("sslmode is none of %s", strings.Join(sslModes, ", "))
	}
	for _, name := range []string{"passfile", "sslrootcert", "sslcert", "sslkey"} {
		if file := q.Get(name); file != "" && file != "system" {
			if _, err := os.Stat(file); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// hidden is an error's text if it has no part of s in it that might be a password.
func hidden(err error, s string) string {
	_, rest, _ := strings.Cut(s, "://")
	user, _, _ := strings.Cut(rest, "@")
	if _, password, ok := strings.Cut(user, ":"); ok && strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "port") {
		return `a user or a password with one of the characters : / ? # [ ] @ % in it is written with %3A and the like`
	}
	return err.Error()
}

// Shown is the address of a PostgreSQL database without what is secret in it.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	if q := u.Query(); u.RawQuery != "" {
		for _, name := range secret {
			if q.Has(name) {
				q.Set(name, "xxxxx")
			}
		}
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// Encrypted is the address with sslmode said: where it leaves that out, connections to other machines are encrypted and the
// server's certificate is checked.
func Encrypted(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Query().Has("sslmode") || OnThisMachine(address) {
		return address
	}
	q := u.Query()
	q.Set("sslmode", "verify-full")
	u.RawQuery = q.Encode()
	return u.String()
}

// OnThisMachine reports whether the PostgreSQL server at address is reached without a network.
func OnThisMachine(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	hosts := u.Hostname()
	if at := u.Query().Get("host"); at != "" {
		hosts = at
	}
	for host := range strings.SplitSeq(hosts, ",") {
		ip, err := netip.ParseAddr(host)
		loopback := err == nil && ip.Unmap().IsLoopback()
		if host != "" && !strings.HasPrefix(host, "/") && !strings.EqualFold(host, "localhost") && !loopback {
			return false
		}
	}
	return true
}

// redis returns an error that says what is wrong with the address of a Redis server, and nothing that is secret in it.
func redis(s string) error {
	const like = "rediss://user:password@host:6380 or unix:///run/redis/redis.sock"
	u, err := url.Parse(s)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return fmt.Errorf("is not an address such as %s: %s", like, hidden(err, s))
	}
	switch {
	case u.Scheme == "unix" && u.Path != "":
	case u.Scheme == "rediss" && u.Hostname() != "":
	case u.Scheme == "redis" && u.Hostname() != "":
		if at, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !at.IsLoopback()) {
			return errors.New("is on another machine, and what passes would not be encrypted; write rediss:// and let the Redis server use TLS")
		}
	default:
		return fmt.Errorf("is not the address of a Redis server; write one such as %s", like)
	}
	return nil
}
