// Package account is people's accounts: signing up by invitation, signing in, sessions and their tokens, profiles and
// passwords. Nobody has power over somebody else's account here.
package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/url"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/mail"
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
	Token    Token  // what it asks with; zero where nothing has been asked yet
	Service  string // the application service that the account belongs to; empty: it is a person's

	SuspendedMS int64 // until when the person may not write, in milliseconds since 1970; see Writes
}

// Token is an access token, as far as the store knows it.
type Token struct {
	Hash [32]byte
	Pair int64
}

// Disk is what accounts keep, one part beside each file of this package.
type Disk interface {
	stream.Disk
	SessionDisk
	DeviceDisk
	PeopleDisk
	ProfileDisk
	FaceDisk
	InvitationDisk
	DataDisk
	PusherDisk
	ClientDisk
	CodeDisk
	PasskeyDisk
	ServiceDisk
	MailDisk
	SuspensionDisk
}

// SessionDisk keeps the tokens of devices.
type SessionDisk interface {
	// TokenSession finds the holder of an access token by the token's hash. ok is false for a token that is not there.
	TokenSession(v stream.View, hash [32]byte) (h Holder, ok bool, err error)
	// TokenLives reports whether the device still has token t, or a later one that it was refreshed to.
	TokenLives(v stream.View, d DeviceNo, t Token) (bool, error)
	// RefreshSession finds the session of a refresh token by the token's hash, and the number of its pair.
	RefreshSession(v stream.View, hash [32]byte) (s Session, pair int64, ok bool, err error)
	// AddTokens adds an unused pair to a device.
	AddTokens(u stream.Unit, d DeviceNo, p Pair) error
	// UsePair writes down that a pair is in use, and that the device was seen today, and drops the pairs before it.
	UsePair(u stream.Unit, d DeviceNo, pair int64) error
	// DropPairsAfter drops the pairs that were made after pair.
	DropPairsAfter(u stream.Unit, d DeviceNo, pair int64) error
	// DropTokens drops every token of a device.
	DropTokens(u stream.Unit, d DeviceNo) error
	// SetSignIn keeps the hash of the mark of a device's sign-in and the OAuth client it was with, in the place of an earlier one.
	SetSignIn(u stream.Unit, d DeviceNo, mark [32]byte, client string) error
	// SignedIn finds the device whose sign-in has that mark.
	SignedIn(v stream.View, mark [32]byte) (s Session, ok bool, err error)
}

// Holder is who holds an access token, and what is to be written down about that.
type Holder struct {
	Session
	Pair    int64 // the token's pair
	Used    bool  // the pair has been used before
	SeenDay int64 // when the device was last written down as seen, in days since 1970
	UntilMS int64 // when the token ends
}

// Accounts answers for everybody's account.
type Accounts struct {
	Disk   Disk
	Server mxid.Server // whose accounts these are

	// What other nouns do in the same unit of work, each if set: DeviceGone where a device is deleted (its keys and messages go
	// with it), DeviceNamed where one has another name (the person's clients show it).
	DeviceGone, DeviceNamed func(u stream.Unit, s Session) error

	// What is done in all of s's rooms, each if set: Renamed shows s's present display name and avatar there, Leaving ends s's
	// memberships. They run after the unit of work that changed the name or closed the account: in somebody's hundreds of rooms that
	// is much work, and others are not to wait for it.
	Renamed, Leaving func(ctx context.Context, s Session) error

	// MayPush reports whether this server sends push notifications to a URL; nil: to none.
	MayPush func(*url.URL) bool

	// Lost are the stretches of the stream that restores from backups have lost: where each begins, then where it ends. Whoever
	// signed in there is not known any more, and has not been signed out.
	Lost stream.Token

	// Services are the application services, which have accounts of their own.
	Services config.Services

	// Mail is the outbox; nil: no mail is sent.
	Mail *mail.Outbox

	// Hub, if set, knows of each commit at once, so that sessions need not be looked for each time.
	Hub *stream.Hub
	// Beside says that other servers end sessions too: each is looked for each time, and the hub is to know what was committed before.
	Beside bool

	sessions   sessions
	challenges challenges
	renewals   renewals
	cost       cost
	hashing    chan struct{} // holds one element for each password that is being hashed
	openIDKey  [32]byte      // of this run of the server
}

// New returns the accounts of server that disk keeps.
func New(disk Disk, server mxid.Server) *Accounts {
	a := &Accounts{Disk: disk, Server: server, cost: costHere(), hashing: make(chan struct{}, hashesAtOnce)}
	_, _ = rand.Read(a.openIDKey[:]) // never fails
	return a
}

// SignWith takes key for what this server signs and has to recognise: where servers share it, at each of them. It is called before the
// first request.
func (a *Accounts) SignWith(key [32]byte) { a.openIDKey = key }

// Session finds who holds the access token. It returns fault.UnknownToken for a token that is unknown, revoked, or
// expired; for an expired one the client is told to use its refresh token ("soft_logout"), and one whose device was not signed
// out keeps its keys (ended). The first use of a token after a
// refresh ends the one before it; the first on a day is written down, by day alone.
//
// Spec: client-server API, "Client Authentication".
func (a *Accounts) Session(ctx context.Context, token string) (Session, error) {
	hash, now := sha256.Sum256([]byte(token)), time.Now()
	if a.Hub != nil && !a.Beside {
		if h, ok := a.sessions.find(a.Hub, hash); ok && h.UntilMS > now.UnixMilli() && h.SeenDay == now.Unix()/86400 {
			return h.Session, nil
		}
	}
	var h Holder
	var at stream.Position
	err := a.Disk.View(ctx, func(v stream.View) (err error) {
		var ok bool
		h, ok, err = a.Disk.TokenSession(v, hash)
		h.Token = Token{hash, h.Pair}
		at = v.Upto().At(stream.Topic(h.User))
		if err == nil && !ok {
			err = a.ended(v, token)
		}
		return err
	})
	switch {
	case err != nil:
		return Session{}, fmt.Errorf("looking for a session: %w", err)
	case a.stillServed(h.Session) != nil:
		return Session{}, a.stillServed(h.Session)
	case h.UntilMS <= now.UnixMilli():
		f := fault.UnknownToken.New("The access token is too old. Ask for a new one with the refresh token.")
		f.More = map[string]any{"soft_logout": true}
		return Session{}, f
	}
	if !h.Used || h.SeenDay != now.Unix()/86400 {
		err := a.Disk.Do(ctx, func(u stream.Unit) error {
			u.Next(stream.Topic(h.User)) // the pairs before it end
			return a.Disk.UsePair(u, h.DeviceNo, h.Pair)
		})
		if err != nil {
			return Session{}, fmt.Errorf("noting that %s of %s is in use: %w", h.Device, h.User, err)
		}
	} else if a.Hub != nil && !a.Beside {
		a.sessions.put(hash, h, at)
	}
	if a.Beside {
		a.Hub.Reach(ctx, at)
	}
	return h.Session, nil
}

// Alive returns nil while s, which Session found, has not ended: what waits for long asks again before it tells or keeps anything.
// It returns fault.UnknownToken once the device was signed out. A token that was refreshed meanwhile has not ended.
func (a *Accounts) Alive(v stream.View, s Session) error {
	if s.acts() {
		return a.actsStill(v, s)
	}
	lives, err := a.Disk.TokenLives(v, s.DeviceNo, s.Token)
	if err == nil && !lives {
		err = endedError(false)
	}
	return err
}
