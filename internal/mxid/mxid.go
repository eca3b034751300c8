// Package mxid holds Matrix identifiers as types of their own, so that a room can not be passed where a user is meant.
//
// Spec: appendices, "Identifier Grammar".
package mxid

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Server is a server name, such as "example.org" or "localhost:8448".
type Server string

// User is a full user ID, such as "@lin:example.org".
type User string

// Room is a room ID, such as "!abc:example.org", or "!hash" from room version 12 on.
type Room string

// Event is an event ID, such as "$hash".
type Event string

// Device is a device ID, an opaque string that is unique for one user.
type Device string

// Alias is a room alias, such as "#quay7:example.org".
type Alias string

// MaxLen is how many bytes an identifier may have at most, sigil and server name included.
const MaxLen = 255

var errID = errors.New("not a valid identifier")

// ParseUser checks s against the grammar of user IDs that servers still accept (historical localparts too).
func ParseUser(s string) (User, error) {
	local, server, ok := split(s, '@')
	if !ok || !printable(local) || !validServer(server) {
		return "", errID
	}
	return User(s), nil
}

// NewUser joins a localpart and a server name. It refuses what new accounts may not have: the localpart is of
// a–z, 0–9 and . _ = - / +, and the whole is at most 255 bytes.
func NewUser(local string, server Server) (User, error) {
	if local == "" {
		return "", errID
	}
	for _, c := range []byte(local) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("._=-/+", c) < 0 {
			return "", errID
		}
	}
	u := "@" + local + ":" + string(server)
	if len(u) > MaxLen {
		return "", errID
	}
	return User(u), nil
}

// Local is the part between "@" and ":".
func (u User) Local() string {
	local, _, _ := split(string(u), '@')
	return local
}

// Server is the part after the first ":".
func (u User) Server() Server {
	_, server, _ := split(string(u), '@')
	return Server(server)
}

// ParseRoom checks s: "!" and an opaque part, with a server name (versions to 11) or without (version 12).
func ParseRoom(s string) (Room, error) {
	if len(s) < 2 || len(s) > MaxLen || s[0] != '!' || !printable(s[1:]) {
		return "", errID
	}
	if _, server, ok := strings.Cut(s, ":"); ok && !validServer(server) {
		return "", errID
	}
	return Room(s), nil
}

// ParseEvent checks s: "$" and at least one printable character.
func ParseEvent(s string) (Event, error) {
	if len(s) < 2 || len(s) > MaxLen || s[0] != '$' || !printable(s[1:]) {
		return "", errID
	}
	return Event(s), nil
}

// ParseAlias checks s against the grammar of room aliases.
func ParseAlias(s string) (Alias, error) {
	local, server, ok := split(s, '#')
	if !ok || local == "" || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00") || !validServer(server) {
		return "", errID
	}
	return Alias(s), nil
}

// Server is the part after the first ":".
func (a Alias) Server() Server {
	_, server, _ := split(string(a), '#')
	return Server(server)
}

// ParseDevice checks s: 1 to 255 printable ASCII characters.
func ParseDevice(s string) (Device, error) {
	if s == "" || len(s) > MaxLen || !printable(s) {
		return "", errID
	}
	return Device(s), nil
}

// ParseServer checks s: a host name or an IP literal, with or without a port.
func ParseServer(s string) (Server, error) {
	if !validServer(s) || len(s) > 230 {
		return "", errID
	}
	return Server(s), nil
}

func split(s string, sigil byte) (local, server string, ok bool) {
	if len(s) < 2 || len(s) > MaxLen || s[0] != sigil {
		return "", "", false
	}
	return strings.Cut(s[1:], ":")
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func validServer(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(".-:[]", c) < 0 {
			return false
		}
	}
	return true
}
