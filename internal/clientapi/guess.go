package clientapi

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"wardroom/internal/fault"
)

// passwordTries is how often a wrong password may be given for one account from one place. allTries is how often from all
// places together from which the right one was never given, by clients that are no device of the account: so whoever guesses soon has
// to wait, from however many places, and nobody is kept out of their account by what strangers type elsewhere.
var (
	passwordTries = rate{10, 30 * time.Second}
	allTries      = rate{200, 5 * time.Second}
)

// guess checks a password for the account called name, typed at place: an address, or a device that is signed in. Wrong
// ones are counted, there and with those of everybody who is counted as among.
func (a *API) guess(place, name, among string, check func() error) error {
	if a.Unlimited {
		return check()
	}
	here := place + "\x00" + name
	if err := a.count(passwordTries, here, 1); err != nil { // before, so that of many at once no more than these are tried
		return err
	}
	known := a.places.known(here)
	if !known {
		if err := tooOften(a.limits.wait(allTries, among)); err != nil {
			a.limits.giveBack(passwordTries, here)
			return err
		}
	}
	err := check()
	switch {
	case err == nil:
		a.places.note(here)
		a.limits.giveBack(passwordTries, here)
	case !fault.Forbidden.In(err): // it was not tried
		a.limits.giveBack(passwordTries, here)
	case !known:
		a.limits.take(allTries, among, 1)
	}
	return err
}

// placesLast is how long a place is known, at most.
const placesLast = 24 * time.Hour

// places is where which account was signed in to with the right password, in memory alone. Like limits it knows that by a hash,
// with a key that is made anew each day and kept nowhere; then all is forgotten.
type places struct {
	mu   sync.Mutex // guards everything below
	key  [32]byte
	made time.Time // when key was made
	all  map[[16]byte]struct{}
}

func (p *places) note(place string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.made) >= placesLast || len(p.all) >= maxBuckets {
		_, _ = rand.Read(p.key[:]) // never fails
		p.made, p.all = now, map[[16]byte]struct{}{}
	}
	p.all[p.name(place)] = struct{}{}
}

func (p *places) known(place string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.all[p.name(place)]
	return known && time.Since(p.made) < placesLast
}

func (p *places) name(place string) [16]byte {
	sum := sha256.Sum256(append(p.key[:], place...))
	return [16]byte(sum[:16])
}
