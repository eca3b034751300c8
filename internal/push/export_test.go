package push

import (
	"net/netip"
	"time"
)

// Wait is how long is waited after so many attempts.
var Wait = wait

// Public reports whether an address is one of the public network.
func Public(ip string) bool { return public(netip.MustParseAddr(ip)) }

// SetWait replaces how long a push service that failed is left alone.
func (p *Pushers) SetWait(d time.Duration) { p.wait = func(int) time.Duration { return d } }

// SetTurn replaces for how long a server has its turn.
func (p *Pushers) SetTurn(d time.Duration) { p.turn = d }

// Limits.
const (
	MostDue = mostDue
	Stale   = stale
)

// Key is the public key for browsers' push services, whether browsers are told of it or not.
func (p *Pushers) Key() string { return p.vapid.public }
