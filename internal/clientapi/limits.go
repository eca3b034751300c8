package clientapi

import (
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"wardroom/internal/fault"
)

// limit says how often a route may be called, and by whom it is counted. Every route has one.
type limit int

const (
	_           limit = iota
	general           // whatever is cheap, or counted inside as well: counted by person, or by client address where nobody is signed in
	reading           // counted by person and by what was read: a page of history costs as much as is on it
	writing           // what a client keeps by itself: settings, keys, how far one has read: counted by person
	sending           // what a person puts before others: counted by person
	renaming          // a new name or picture, which every room of the person shows: counted by person
	costly            // searches and other work that grows with the organisation: counted by person
	signingIn         // anything that tries a password: counted by client address here, and by account name where it is tried
	signingUp         // anything that tries an invitation or a new name: counted by client address
	registering       // an app that says what it is, before anybody signs in with it: counted by client address
	mailing           // what sends mail, and what takes the token of a link: counted by client address here, and by mail address and in whole where it is asked
)

// rate is a bucket: burst calls at once, and one more after each pause.
type rate struct {
	burst int
	pause time.Duration
}

// rates of each counted class; those of reading are rows of the database. Sign-ins and sign-ups that succeed are given back, so
// an office behind one address can start its day. What the numbers were chosen for is in docs/decisions/limits.md.
func (l limit) rate() rate {
	switch l {
	case general:
		return rate{20_000, 5 * time.Millisecond}
	case reading:
		return rate{1_000_000, 200 * time.Microsecond}
	case writing:
		return rate{500, 20 * time.Millisecond}
	case sending:
		return rate{100, 100 * time.Millisecond}
	case renaming:
		return rate{5, time.Minute}
	case costly:
		return rate{50, 200 * time.Millisecond}
	case signingIn:
		return rate{60, 2 * time.Second}
	case signingUp:
		return rate{60, 5 * time.Second}
	case registering:
		return rate{10, 30 * time.Second}
	case mailing:
		return rate{30, 20 * time.Second}
	default:
		return rate{}
	}
}

var (
	// signIns is how often one account may be signed in to with the right password.
	signIns = rate{30, 2 * time.Minute}
	// claims is of how many devices one person may claim keys; sameClaims, how many one-time keys of one and the same device.
	// Who asks for more than these is given its fallback key.
	claims     = rate{20_000, 100 * time.Millisecond}
	sameClaims = rate{3, 20 * time.Minute}
	// postage is what one person may send to devices: each message costs one, and one more for each whole KiB.
	postage = rate{100_000, 10 * time.Millisecond}
)

// maxBuckets bounds what the limits of one class remember.
const maxBuckets = 50_000

// limits counts calls, in memory alone. Whom it counts it knows only by a hash with a key that is made anew each hour and
// kept nowhere, so neither addresses nor names can be read out of it; each hour everybody starts with a full bucket.
type limits struct {
	mu      sync.Mutex // guards everything below
	key     [32]byte
	made    time.Time                        // when key was made
	buckets map[rate]map[[16]byte]*time.Time // when each bucket will be full again
}

// take counts n calls by who and returns zero, or how long who has to wait; then nothing was counted. More than a burst is
// taken for a burst.
func (l *limits) take(r rate, who string, n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, r.burst)
	full := l.full(r, who)
	if wait := time.Until(*full) - time.Duration(r.burst-n)*r.pause; wait > 0 {
		return wait
	}
	*full = full.Add(time.Duration(n) * r.pause)
	return 0
}

// spend counts n calls that were made already, also where that is more than the bucket holds: then who has to wait longer.
func (l *limits) spend(r rate, who string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full(r, who)
	*full = full.Add(time.Duration(n) * r.pause)
}

// full is when who's bucket will be full again, at the earliest now.
func (l *limits) full(r rate, who string) *time.Time {
	now := time.Now()
	full := l.bucket(r, who, now)
	if full.Before(now) {
		*full = now
	}
	return full
}

// wait is how long who would have to wait. Nothing is counted.
func (l *limits) wait(r rate, who string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return l.bucket(r, who, now).Sub(now) - time.Duration(r.burst-1)*r.pause
}

// giveBack undoes one take.
func (l *limits) giveBack(r rate, who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.bucket(r, who, time.Now())
	*full = full.Add(-r.pause)
}

// bucket finds who's bucket or makes it. When there are too many, the full ones go, and where that does not help, all.
func (l *limits) bucket(r rate, who string, now time.Time) *time.Time {
	if now.Sub(l.made) >= time.Hour {
		_, _ = rand.Read(l.key[:]) // never fails
		l.made, l.buckets = now, map[rate]map[[16]byte]*time.Time{}
	}
	sum := sha256.Sum256(append(l.key[:], who...))
	id := [16]byte(sum[:16])
	all := l.buckets[r]
	if b := all[id]; b != nil {
		return b
	}
	if len(all) >= maxBuckets {
		for id, full := range all {
			if full.Before(now) {
				delete(all, id)
			}
		}
	}
	if all == nil || len(all) >= maxBuckets {
		all = map[[16]byte]*time.Time{}
		l.buckets[r] = all
	}
	b := &now
	all[id] = b
	return b
}

// limited counts the call and refuses it when there were too many.
//
// Spec: client-server API, "Rate limiting".
func (a *API) limited(r *request, class limit) error {
	if a.Unlimited {
		return nil
	}
	switch class {
	case signingIn, signingUp, registering, mailing:
		return a.count(class.rate(), "address\x00"+a.address(r), 1)
	default:
		if r.who.Account == 0 {
			return a.count(class.rate(), "address\x00"+a.address(r), 1)
		}
		if r.uncounted() {
			return nil
		}
		return a.count(class.rate(), "person\x00"+string(r.who.User), 1)
	}
}

// count counts n calls by who, or refuses them.
func (a *API) count(r rate, who string, n int) error {
	if a.Unlimited {
		return nil
	}
	return tooOften(a.limits.take(r, who, n))
}

// tooOften refuses a call whose caller has to wait.
func tooOften(wait time.Duration) error {
	if wait > 0 {
		f := fault.LimitExceeded.New("That was too often in a short time. Wait %d seconds and try again.", int(wait/time.Second)+1)
		f.RetryAfter = wait
		return f
	}
	return nil
}

// uncount undoes one call that was counted.
func (a *API) uncount(r rate, who string) {
	if !a.Unlimited {
		a.limits.giveBack(r, who)
	}
}

// giveBack undoes what r had counted by its address, where it turned out to be no guess.
func (a *API) giveBack(r *request, class limit) {
	a.uncount(class.rate(), "address\x00"+a.address(r))
}

// address is what the limits take for one client: its IP address, or its /64 network for IPv6. With a reverse proxy in front,
// that is who the proxy says it speaks for, as long as the proxy is on this machine or in a private network. It is used for
// counting and goes nowhere else.
func (a *API) address(r *request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	if addr = addr.Unmap(); a.Proxied && (addr.IsLoopback() || addr.IsPrivate()) {
		chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if told, err := netip.ParseAddr(strings.TrimSpace(chain[len(chain)-1])); err == nil {
			addr = told.Unmap()
		}
	}
	if addr.Is6() {
		b := addr.As16()
		return string(b[:8])
	}
	return string(addr.AsSlice())
}
