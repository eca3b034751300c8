// Package account is people's accounts: signing up by invitation, signing in, sessions and their tokens, profiles and
// passwords. Nobody has power over somebody else's account here.
package account

import (
	"context"
	"crypto/sha256"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// No is an account's number inside the store.
type No int64

// DeviceNo is a device's number inside the store.
type DeviceNo int64

// Session is who asks: one device of one person.
type Session struct {
	User     mxid.User
	Account  No
	Device   mxid.Device
	DeviceNo DeviceNo
}

// Disk is what accounts keep.
type Disk interface {
	stream.Disk
	// TokenSession finds the session of an access token by the token's hash. ok is false for a token that is not there or was
	// revoked; expired is true for one whose time is over at now.
	TokenSession(v stream.View, hash [32]byte, now time.Time) (s Session, expired, ok bool, err error)
}

// Accounts answers for everybody's account.
type Accounts struct {
	Disk   Disk
	Server mxid.Server // whose accounts these are
}

// Session finds who holds the access token. It returns fault.UnknownToken for a token that is unknown, revoked, or
// expired; for an expired one the client is told to use its refresh token ("soft_logout").
//
// Spec: client-server API, "Client Authentication".
func (a *Accounts) Session(ctx context.Context, token string) (Session, error) {
	var s Session
	var expired, ok bool
	err := a.Disk.View(ctx, func(v stream.View) (err error) {
		s, expired, ok, err = a.Disk.TokenSession(v, sha256.Sum256([]byte(token)), time.Now())
		return err
	})
	switch {
	case err != nil:
		return Session{}, err
	case !ok:
		return Session{}, fault.UnknownToken.New("This session has ended. Sign in again.")
	case expired:
		f := fault.UnknownToken.New("The access token is too old. Ask for a new one with the refresh token.")
		f.More = map[string]any{"soft_logout": true}
		return Session{}, f
	}
	return s, nil
}
