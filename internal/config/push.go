package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"wardroom/internal/mxid"
)

// browsers are the push services of the browsers' makers: Chrome and what is made of it, Firefox, Edge, Safari.
var browsers = []string{"fcm.googleapis.com:443", "*.push.services.mozilla.com:443", "*.notify.windows.com:443", "web.push.apple.com:443"}

// Hosts are the hosts that push notifications may be sent to. The zero Hosts are none.
type Hosts struct {
	named    map[string]bool // HOST:PORT
	browsers bool
	any      bool // of the public network
}

// ParseHosts reads Config.Push.
func ParseHosts(text string) (Hosts, error) {
	h := Hosts{named: map[string]bool{}}
	for word := range strings.FieldsSeq(text) {
		switch word {
		case "browsers":
			h.browsers = true
		case "any":
			h.any = true
		default:
			name, err := mxid.ParseServer(word)
			if err != nil {
				return Hosts{}, fmt.Errorf(`%q is neither "browsers" nor "any" nor a host such as push.example.org`, word)
			}
			at := strings.ToLower(string(name))
			if _, _, err := net.SplitHostPort(at); err != nil {
				at = net.JoinHostPort(strings.Trim(at, "[]"), "443")
			}
			h.named[at] = true
		}
	}
	return h, nil
}

// None reports whether nothing may be sent anywhere.
func (h Hosts) None() bool { return len(h.named) == 0 && !h.browsers && !h.any }

// Web reports whether the push services of browsers are among them.
func (h Hosts) Web() bool { return h.browsers || h.any }

// Allow reports whether something may be sent to port of host. private is set where the operator has named them: such a host may be
// inside the operator's own network.
func (h Hosts) Allow(host string, port int) (ok, private bool) {
	at := net.JoinHostPort(strings.ToLower(strings.TrimSuffix(host, ".")), strconv.Itoa(port))
	if h.named[at] {
		return true, true
	}
	if h.any && port == 443 {
		return true, false
	}
	for _, b := range browsers {
		rest, wild := strings.CutPrefix(b, "*")
		if h.browsers && (at == b || wild && strings.HasSuffix(at, rest)) {
			return true, false
		}
	}
	return false, false
}
