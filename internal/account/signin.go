package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math"
	chance "math/rand/v2"
	"strings"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// ends is when an access token ends that is made now and can be replaced with a refresh token: after one to three hours,
// at a minute left to chance, so that what is kept of it says in which hour it was made and no more.
func ends(now time.Time) time.Time {
	return now.Truncate(time.Hour).Add(2*time.Hour + chance.N(time.Hour)).Truncate(time.Minute)
}

// Forever is the time of a token that does not end by itself, in milliseconds.
const Forever = math.MaxInt64

// NewDevice is what somebody who signs in says about the device.
type NewDevice struct {
	ID      mxid.Device // empty: a new one is chosen
	Name    string      // for a device that is new; a known one keeps its name
	Refresh bool        // give a token that ends soon, and one to replace it with

	client string // the OAuth client that it signs in with; empty: without OAuth
}

// Grant is what a device holds after signing in.
type Grant struct {
	Session
	Access  string
	Refresh string        // empty unless the device asked for it
	Lasts   time.Duration // how long Access lasts; zero: until it is revoked
}

// Person is one account as the store has it.
type Person struct {
	No       No
	User     mxid.User
	Password string // PHC form; empty for an application service's account
	Service  string // the application service that it belongs to; empty: it is a person's
	Closed   bool
}

// Pair is one access token and, perhaps, the refresh token that came with it. Each refresh makes the device's next pair.
type Pair struct {
	No      int64
	Access  [32]byte
	Refresh *[32]byte
	UntilMS int64 // when Access ends, in milliseconds since 1970, or Forever
}

var errDeviceID = fault.InvalidParam.New("The device ID may have up to 255 letters, digits and signs.")

// userID makes a full user ID of what somebody typed as their name: "lin", "Lin" or "@lin:example.org". ok is false for
// what cannot be anybody's here.
func (a *Accounts) userID(name string) (u mxid.User, ok bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if local, isFull := strings.CutPrefix(name, "@"); isFull {
		var server string
		if name, server, _ = strings.Cut(local, ":"); server != strings.ToLower(string(a.Server)) {
			return "", false
		}
	}
	u, err := mxid.NewUser(name, a.Server)
	return u, err == nil
}

// SignIn gives a device of the person called name a new access token. A device the person already has keeps its keys and
// loses its earlier tokens. It returns fault.Forbidden, always in the same words, unless name and password belong together, and
// fault.OverQuota where the person has devices enough.
//
// Spec: client-server API, POST /login.
func (a *Accounts) SignIn(ctx context.Context, name, password string, device NewDevice) (Grant, error) {
	p, err := a.ProvePassword(ctx, name, password)
	if err != nil {
		return Grant{}, err
	}
	return a.SignInAs(ctx, p, device)
}

// Proof is that somebody was found to be who they say a moment ago.
type Proof struct{ person Person }

// User is who it was.
func (p Proof) User() mxid.User { return p.person.User }

// ProvePassword finds the person whose name and password these are; see SignIn.
func (a *Accounts) ProvePassword(ctx context.Context, name, password string) (Proof, error) {
	p, err := a.person(ctx, name, password)
	return Proof{p}, err
}

// still gives the person that was proven, unless their account was closed or their password changed since.
func (a *Accounts) still(v stream.View, who Proof) (Person, error) {
	now, ok, err := a.Disk.PersonByID(v, who.person.User)
	if err == nil && (!ok || now.Closed || now.Password != who.person.Password) {
		err = fault.Forbidden.New("The name or the password is not right.")
	}
	return now, err
}

// SignInAs is SignIn for somebody who was proven.
func (a *Accounts) SignInAs(ctx context.Context, who Proof, device NewDevice) (g Grant, err error) {
	if device.ID != "" {
		if _, err := mxid.ParseDevice(string(device.ID)); err != nil {
			return Grant{}, errDeviceID
		}
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		p, err := a.still(u, who)
		if err != nil {
			return err
		}
		g, err = a.grant(u, p, device)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("signing in %s: %w", who.User(), err)
	}
	return g, nil
}

// grant makes the device or finds it, and gives it a first pair of tokens.
func (a *Accounts) grant(u stream.Unit, p Person, device NewDevice) (Grant, error) {
	if device.ID == "" {
		device.ID = newDeviceID()
	}
	if err := a.makeRoom(u, p.No, device.ID); err != nil {
		return Grant{}, err
	}
	no, err := a.Disk.PutDevice(u, p.No, device.ID, clip(device.Name))
	if err != nil {
		return Grant{}, err
	}
	if err := a.Disk.DropTokens(u, no); err != nil {
		return Grant{}, err
	}
	pos := u.Next(stream.Topic(p.User)) // wakes what waits with one of the earlier tokens: it ends
	g := Grant{Session: Session{User: p.User, Account: p.No, Device: device.ID, DeviceNo: no, Service: p.Service}}
	mark, err := a.mark(u, no, device.client, pos)
	if err != nil {
		return g, err
	}
	return g, a.pair(u, &g, 1, mark, device.Refresh)
}

// pair makes the device's pair of tokens number no, of the sign-in that mark is of, and puts them into g.
func (a *Accounts) pair(u stream.Unit, g *Grant, no int64, mark string, refresh bool) error {
	g.Access = newToken(mark)
	pair := Pair{No: no, Access: sha256.Sum256([]byte(g.Access)), UntilMS: Forever}
	if refresh {
		until := ends(u.Now())
		g.Refresh, g.Lasts = newToken(mark), until.Sub(u.Now())
		hash := sha256.Sum256([]byte(g.Refresh))
		pair.Refresh, pair.UntilMS = &hash, until.UnixMilli()
	}
	return a.Disk.AddTokens(u, g.DeviceNo, pair)
}

// Refresh replaces a device's tokens by a new pair. The pair before it stays valid until one of the new ones is used, so
// that a client which missed the answer can ask again. It returns fault.UnknownToken for a token that is not valid.
//
// Spec: client-server API, POST /refresh.
func (a *Accounts) Refresh(ctx context.Context, token string) (Grant, error) {
	return a.refresh(ctx, token, "")
}

// refresh is Refresh for a device that signed in with client; empty: without OAuth.
func (a *Accounts) refresh(ctx context.Context, token, client string) (Grant, error) {
	var g Grant
	find := func(v stream.View) (s Session, pair int64, err error) {
		s, pair, ok, err := a.Disk.RefreshSession(v, sha256.Sum256([]byte(token)))
		if err == nil && !ok {
			err = a.ended(v, token)
		}
		if err == nil {
			err = a.stillServed(s)
		}
		if err == nil {
			var has string
			if has, err = a.Disk.ClientOf(v, s.DeviceNo); err == nil && has != client {
				err = fault.UnknownToken.New("This token belongs to another app.")
			}
		}
		return s, pair, err
	}
	err := a.Disk.View(ctx, func(v stream.View) error { // a guess must not cost the writer anything
		_, _, err := find(v)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("refreshing a session: %w", err)
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		s, pair, err := find(u)
		if err != nil {
			return err
		}
		if err := a.Disk.UsePair(u, s.DeviceNo, pair); err != nil {
			return err
		}
		if err := a.Disk.DropPairsAfter(u, s.DeviceNo, pair); err != nil {
			return err
		}
		u.Next(stream.Topic(s.User)) // the other pairs end
		mark, ok := markOf(token)
		if !ok { // of before tokens had one
			if mark, err = a.mark(u, s.DeviceNo, client, u.Next("")); err != nil {
				return err
			}
		}
		g = Grant{Session: s}
		return a.pair(u, &g, pair+1, mark, true)
	})
	if err != nil {
		return Grant{}, fmt.Errorf("refreshing a session: %w", err)
	}
	return g, nil
}

func newDeviceID() mxid.Device {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = 'A' + b[i]%26
	}
	return mxid.Device(b[:])
}

// clip keeps a name that is shown to people within 100 characters and to text that every database takes.
func clip(name string) string {
	name = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\x00", ""))
	if runes := []rune(name); len(runes) > 100 {
		return string(runes[:100])
	}
	return name
}

// Names reports whether name, as somebody typed it, is s's own.
func (a *Accounts) Names(s Session, name string) bool {
	u, ok := a.userID(name)
	return ok && u == s.User
}

// Knows reports whether the person called name, as somebody typed it, has a device of that ID.
func (a *Accounts) Knows(ctx context.Context, name string, id mxid.Device) (knows bool, err error) {
	user, ok := a.userID(name)
	if !ok || id == "" {
		return false, nil
	}
	return a.hasDevice(ctx, user, func(d Device) bool { return d.Device == id })
}

// Counted is what tries to sign in as name are counted by: the same for every way of writing it.
func (a *Accounts) Counted(name string) string {
	if u, ok := a.userID(name); ok {
		return string(u)
	}
	return name
}
