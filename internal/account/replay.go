package account

import (
	"context"
	"crypto/sha256"
	"strconv"
	"sync"
	"time"

	"wardroom/internal/stream"
)

// renewalsLast is how long after a renewal other tokens of the sign-in are refused and no more: a client may have asked twice at once, and
// come back with the token that did not stay.
const renewalsLast = 10 * time.Second

// maxRenewals bounds what is remembered of them.
const maxRenewals = 10_000

// renewals is when apps renewed their tokens last, in memory alone. The zero value is ready.
type renewals struct {
	mu sync.Mutex // guards at
	at map[DeviceNo]time.Time
}

// note remembers that a device has renewed its tokens now. When there are too many, those that matter no more are forgotten.
func (r *renewals) note(d DeviceNo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if len(r.at) >= maxRenewals {
		for d, at := range r.at {
			if now.Sub(at) >= renewalsLast {
				delete(r.at, d)
			}
		}
	}
	if r.at == nil {
		r.at = map[DeviceNo]time.Time{}
	}
	r.at[d] = now
}

// recent reports whether a device has just renewed its tokens.
func (r *renewals) recent(d DeviceNo) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[d]
	return ok && time.Since(at) < renewalsLast
}

// endReplayed ends the session of client that a token which is not valid any more was of. What such a token is of its mark says: whoever
// has the mark has had a token of that sign-in. Nothing ends for a sign-in of before a restore, which may have lost the token; nor for a
// token that is valid, as an access token in the wrong place.
func (a *Accounts) endReplayed(ctx context.Context, token, client string) error {
	mark, ok := markOf(token)
	if !ok {
		return nil
	}
	pos, err := strconv.ParseInt(mark[markText:], 36, 64)
	if err != nil || len(a.Lost) > 0 && stream.Position(pos) <= a.Lost[len(a.Lost)-1] {
		return nil
	}
	hash := sha256.Sum256([]byte(token))
	find := func(v stream.View) (s Session, ended bool, err error) {
		if _, _, valid, err := a.Disk.RefreshSession(v, hash); err != nil || valid {
			return s, false, err
		}
		if _, valid, err := a.Disk.TokenSession(v, hash); err != nil || valid {
			return s, false, err
		}
		s, ok, err := a.Disk.SignedIn(v, sha256.Sum256([]byte(mark)))
		if err != nil || !ok || a.renewals.recent(s.DeviceNo) {
			return s, false, err
		}
		has, err := a.Disk.ClientOf(v, s.DeviceNo)
		return s, err == nil && has == client, err
	}
	var replayed bool
	err = a.Disk.View(ctx, func(v stream.View) (err error) { // a guess must not cost the writer anything
		_, replayed, err = find(v)
		return err
	})
	if err != nil || !replayed {
		return err
	}
	return a.Disk.Do(ctx, func(u stream.Unit) error {
		s, replayed, err := find(u)
		if err != nil || !replayed {
			return err
		}
		return a.dropDevices(u, s.Account, func(d Device) bool { return d.DeviceNo == s.DeviceNo })
	})
}
