package clientapi

import (
	"sync"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// turns is how many views one person may have open at once: half of those that there are for all.
const turns = 2

// readers are the people whose requests are being served.
type readers struct {
	mu sync.Mutex // guards by
	by map[account.No]*reader
}

type reader struct {
	turns    stream.Turns
	requests int // that are being served
}

// metered makes who asks take turns with themselves, whatever they ask for, so that nobody keeps all others waiting; and counts
// what is read as reading on routes of that class. done, unless it is nil, is to be called when the request has been served.
func (a *API) metered(r *request, class limit) (done func()) {
	if a.Unlimited {
		return nil
	}
	all, no := &a.readers, r.who.Account
	all.mu.Lock()
	defer all.mu.Unlock()
	one := all.by[no]
	if one == nil {
		one = &reader{turns: stream.NewTurns(turns)}
		if all.by == nil {
			all.by = map[account.No]*reader{}
		}
		all.by[no] = one
	}
	one.requests++
	person := "person\x00" + string(r.who.User)
	r.Request = r.WithContext(stream.Metered(r.Context(), one.turns, func(rows int) {
		if class == reading {
			a.limits.spend(reading.rate(), person, rows)
		}
	}))
	return func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		if one.requests--; one.requests == 0 {
			delete(all.by, no)
		}
	}
}
