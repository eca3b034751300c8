package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Passkey is one passkey as its person sees it.
type Passkey struct {
	ID      string // names it to its person; nobody can sign in with it
	Name    string
	MadeDay int64 // in days since 1970
	UsedDay int64 // as above; 0: never
}

// KeptPasskey is a passkey as it is kept.
type KeptPasskey struct {
	Passkey
	Credential []byte // its credential ID
	Handle     []byte // what the authenticator calls the account: the same for all of a person's
	Record     []byte // webauthn.Credential as JSON: public key, counter, flags
}

// PasskeyDisk keeps passkeys.
type PasskeyDisk interface {
	// PasskeyPerson finds whose passkey has a credential ID.
	PasskeyPerson(v stream.View, credential []byte) (p Person, ok bool, err error)
	// Passkeys lists an account's passkeys, the oldest first.
	Passkeys(v stream.View, a No) ([]KeptPasskey, error)
	// AddPasskey keeps a passkey, made today. Its credential ID must be new.
	AddPasskey(u stream.Unit, a No, k KeptPasskey) error
	// UsePasskey replaces the record of a passkey, used today.
	UsePasskey(u stream.Unit, credential, record []byte) error
	// NamePasskey gives a passkey another name.
	NamePasskey(u stream.Unit, credential []byte, name string) error
	// DropPasskey deletes a passkey.
	DropPasskey(u stream.Unit, credential []byte) error
	// DropPasskeys removes all passkeys of a person.
	DropPasskeys(u stream.Unit, a No) error
}

const (
	// maxPasskeys is how many one account may have.
	maxPasskeys = 20
	// challengesLast is how long somebody may take to touch their key.
	challengesLast = 5 * time.Minute
	maxChallenges  = 10_000
	maxPublicKey   = 2 << 10 // bytes: an RSA key of 8,192 bits
	maxRecord      = 8 << 10 // bytes
)

// Purpose is what a challenge was made for. What answers one never answers for another: signing in approves nothing.
type Purpose string

// The purposes.
const (
	ToSignIn  Purpose = "sign in"
	ToConfirm Purpose = "confirm" // something that somebody who is signed in is about to do
	toAdd     Purpose = "add"
)

// challenges are those that wait for an answer: in memory alone, each good for one. Where there are too many, one goes whose asker has the
// most, the oldest of those: who asks for thousands takes nobody else's. The zero value is ready.
type challenges struct {
	mu   sync.Mutex // guards everything below
	key  [32]byte   // of this run: askers are known by a hash alone
	open map[string]challenge
	of   map[asker]int // how many of open each has
	age  []string      // of open and of what was in it, oldest first
}

// asker is who asked for a challenge: an account, or where nobody knows yet whose it is, a client's address.
type asker [16]byte

type challenge struct {
	purpose Purpose
	base    string // the address that it was made at
	account No     // who adds a passkey; 0: not known yet
	data    webauthn.SessionData
	by      asker
}

// begin keeps a challenge that from asked for.
func (c *challenges) begin(from string, one challenge) (name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open, c.of = map[string]challenge{}, map[asker]int{}
		_, _ = rand.Read(c.key[:]) // never fails
	}
	now := time.Now()
	for len(c.age) > 0 {
		if oldest, waits := c.open[c.age[0]]; waits && now.Before(oldest.data.Expires) {
			break
		}
		c.forget(c.age[0])
		c.age = c.age[1:]
	}
	if len(c.age) >= 2*maxChallenges { // most of them were answered
		c.age = slices.DeleteFunc(c.age, func(name string) bool { _, waits := c.open[name]; return !waits })
	}
	if len(c.open) >= maxChallenges {
		most := 0
		for _, n := range c.of {
			most = max(most, n)
		}
		i := slices.IndexFunc(c.age, func(name string) bool { is, waits := c.open[name]; return waits && c.of[is.by] == most })
		c.forget(c.age[i])
	}
	sum := sha256.Sum256(append(c.key[:], from...))
	one.by = asker(sum[:16])
	name = rand.Text()
	c.open[name], c.age = one, append(c.age, name)
	c.of[one.by]++
	return name
}

// forget forgets a challenge, if it is there.
func (c *challenges) forget(name string) {
	one, ok := c.open[name]
	if !ok {
		return
	}
	delete(c.open, name)
	if c.of[one.by]--; c.of[one.by] == 0 {
		delete(c.of, one.by)
	}
}

// take gives the challenge and forgets it: right or wrong, an answer spends it.
func (c *challenges) take(name string, purpose Purpose, base string, account No) (webauthn.SessionData, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.open[name]
	c.forget(name)
	ok = ok && one.purpose == purpose && one.base == base && one.account == account && time.Now().Before(one.data.Expires)
	return one.data, ok
}

// party is this server to an authenticator, for who reaches it at base. A passkey belongs to the host and works nowhere else.
func party(base string) (*webauthn.WebAuthn, error) {
	at, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	lasts := webauthn.TimeoutConfig{Enforce: true, Timeout: challengesLast, TimeoutUVD: challengesLast}
	w, err := webauthn.New(&webauthn.Config{
		RPID: at.Hostname(), RPDisplayName: at.Hostname(), RPOrigins: []string{base}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired},
		Timeouts:               webauthn.TimeoutsConfig{Login: lasts, Registration: lasts},
	})
	if err != nil {
		return nil, fault.BadRequest.New("Passkeys work where this server is reached by a name, not by a number.")
	}
	return w, nil
}

// holder is a person as the library asks about them.
type holder struct {
	user mxid.User
	keys []KeptPasskey
}

func (h holder) WebAuthnID() []byte {
	if len(h.keys) == 0 {
		return nil
	}
	return h.keys[0].Handle
}
func (h holder) WebAuthnName() string        { return string(h.user) }
func (h holder) WebAuthnDisplayName() string { return string(h.user) }
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(h.keys))
	for i, k := range h.keys {
		_ = json.Unmarshal(k.Record, &all[i]) // we wrote it; one that cannot be read fits nothing
	}
	return all
}

// PasskeyChallenge begins a sign-in, or a confirmation, with a passkey, of whoever has one for this server. from is where they ask from:
// who asks for very many keeps nobody elsewhere from signing in.
func (a *Accounts) PasskeyChallenge(base string, purpose Purpose, from string) (name string, options any, err error) {
	w, err := party(base)
	if err != nil {
		return "", nil, err
	}
	asks, data, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", nil, fmt.Errorf("asking for a passkey: %w", err)
	}
	return a.challenges.begin("address\x00"+from, challenge{purpose: purpose, base: base, data: *data}), asks.Response, nil
}

var errPasskey = fault.Forbidden.New("This passkey is not known here, or was not asked for just now. Try again, or sign in with the password.")

// ProvePasskey finds the person whose passkey has answered a challenge. It returns fault.Forbidden for every answer that does not fit, and for
// a passkey whose counter says that there is a copy of it.
//
// Spec: Web Authentication level 3, 7.2.
func (a *Accounts) ProvePasskey(ctx context.Context, base, name string, purpose Purpose, answer []byte) (who Proof, err error) {
	data, ok := a.challenges.take(name, purpose, base, 0)
	parsed, bad := protocol.ParseCredentialRequestResponseBytes(answer)
	if !ok || bad != nil {
		return Proof{}, errPasskey
	}
	w, err := party(base)
	if err != nil {
		return Proof{}, err
	}
	var p Person
	var keys []KeptPasskey
	find := func(v stream.View) (err error) {
		var ok bool
		if p, ok, err = a.Disk.PasskeyPerson(v, parsed.RawID); err != nil {
			return err
		}
		if !ok || p.Closed {
			return errPasskey
		}
		keys, err = a.Disk.Passkeys(v, p.No)
		return err
	}
	if err := a.Disk.View(ctx, find); err != nil {
		return Proof{}, fmt.Errorf("looking for a passkey: %w", err)
	}
	checked := keys // checking a signature must not keep the writer waiting, and a guess not reach it
	_, used, bad := w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if subtle.ConstantTimeCompare(handle, checked[0].Handle) != 1 {
			return nil, errors.New("another account's")
		}
		return holder{p.User, checked}, nil
	}, data, parsed)
	if bad != nil || used.Authenticator.CloneWarning {
		return Proof{}, errPasskey
	}
	record, err := json.Marshal(used)
	if err != nil {
		return Proof{}, err
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		if err := find(u); err != nil {
			return err
		}
		// It is still there, and nobody has used it meanwhile: otherwise its counter was compared with an old one.
		same := func(k KeptPasskey) bool {
			return bytes.Equal(k.Credential, parsed.RawID) && slices.ContainsFunc(checked, func(c KeptPasskey) bool {
				return bytes.Equal(c.Credential, k.Credential) && bytes.Equal(c.Record, k.Record)
			})
		}
		if !slices.ContainsFunc(keys, same) {
			return errPasskey
		}
		who = Proof{p}
		return a.Disk.UsePasskey(u, parsed.RawID, record)
	})
	if err != nil {
		return Proof{}, fmt.Errorf("checking a passkey: %w", err)
	}
	return who, nil
}

// BeginPasskey begins adding a passkey to s's own account. It returns fault.OverQuota where there are enough.
//
// Spec: Web Authentication level 3, 7.1.
func (a *Accounts) BeginPasskey(ctx context.Context, s Session, base string) (name string, options any, err error) {
	w, err := party(base)
	if err != nil {
		return "", nil, err
	}
	keys, err := a.keptPasskeys(ctx, s)
	if err != nil {
		return "", nil, err
	}
	if len(keys) >= maxPasskeys {
		return "", nil, fault.OverQuota.New("You have %d passkeys, which is the most. Remove one that you do not need.", len(keys))
	}
	h := holder{s.User, keys}
	var excluded []protocol.CredentialDescriptor
	for _, c := range h.WebAuthnCredentials() {
		excluded = append(excluded, c.Descriptor())
	}
	if len(keys) == 0 { // the account's first gets a handle that says nothing of whose it is
		handle := make([]byte, 32)
		_, _ = rand.Read(handle) // never fails
		h.keys = []KeptPasskey{{Handle: handle}}
	}
	asks, data, err := w.BeginRegistration(handled{h}, webauthn.WithExclusions(excluded), webauthn.WithCredentialParameters(algorithms))
	if err != nil {
		return "", nil, fmt.Errorf("beginning a passkey for %s: %w", s.User, err)
	}
	return a.challenges.begin(fmt.Sprint("account\x00", s.Account), challenge{purpose: toAdd, base: base, account: s.Account, data: *data}), asks.Response, nil
}

// algorithms are those of keys that authenticators make.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// handled is a holder whose passkeys are not asked for.
type handled struct{ holder }

func (handled) WebAuthnCredentials() []webauthn.Credential { return nil }

// AddPasskey keeps the passkey that an authenticator has made for the challenge called name.
//
// Spec: Web Authentication level 3, 7.1.
func (a *Accounts) AddPasskey(ctx context.Context, s Session, base, name string, answer []byte, called string) (Passkey, error) {
	data, ok := a.challenges.take(name, toAdd, base, s.Account)
	parsed, bad := protocol.ParseCredentialCreationResponseBytes(answer)
	if !ok || bad != nil {
		return Passkey{}, fault.InvalidParam.New("This passkey was not asked for just now. Begin again.")
	}
	w, err := party(base)
	if err != nil {
		return Passkey{}, err
	}
	made, bad := w.CreateCredential(handled{holder{s.User, []KeptPasskey{{Handle: data.UserID}}}}, data, parsed)
	if bad != nil {
		return Passkey{}, fault.InvalidParam.New("This passkey does not fit. It has to be kept on the device or key itself, and ask for a PIN, a finger or a face.")
	}
	made.Attestation = webauthn.CredentialAttestation{} // who made the authenticator is not asked
	record, err := json.Marshal(made)
	if err != nil {
		return Passkey{}, err
	}
	if len(made.PublicKey) > maxPublicKey || len(record) > maxRecord { // checking takes the longer, the larger a key is
		return Passkey{}, fault.InvalidParam.New("This passkey does not fit: its key is larger than any that is in use.")
	}
	k := KeptPasskey{Credential: made.ID, Handle: data.UserID, Record: record}
	k.ID, k.Name, k.MadeDay = passkeyID(made.ID), clip(called), time.Now().Unix()/86400
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		if err := a.Alive(u, s); err != nil { // an answer may be long on its way
			return err
		}
		keys, err := a.Disk.Passkeys(u, s.Account)
		if err != nil {
			return err
		}
		if len(keys) >= maxPasskeys {
			return fault.OverQuota.New("You have %d passkeys, which is the most. Remove one that you do not need.", len(keys))
		}
		if _, taken, err := a.Disk.PasskeyPerson(u, made.ID); err != nil || taken {
			return errors.Join(err, fault.InvalidParam.New("This passkey is there already."))
		}
		if len(keys) > 0 && subtle.ConstantTimeCompare(keys[0].Handle, data.UserID) != 1 { // two first ones at once
			return fault.InvalidParam.New("Another passkey was added meanwhile. Begin again.")
		}
		return a.Disk.AddPasskey(u, s.Account, k)
	})
	if err != nil {
		return Passkey{}, fmt.Errorf("adding a passkey of %s: %w", s.User, err)
	}
	return k.Passkey, nil
}

// passkeyID names a passkey to its person.
func passkeyID(credential []byte) string {
	sum := sha256.Sum256(credential)
	return hex.EncodeToString(sum[:8])
}

func (a *Accounts) keptPasskeys(ctx context.Context, s Session) (keys []KeptPasskey, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		keys, err = a.Disk.Passkeys(v, s.Account)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the passkeys of %s: %w", s.User, err)
	}
	return keys, nil
}

// Passkeys lists s's own passkeys, the oldest first.
func (a *Accounts) Passkeys(ctx context.Context, s Session) ([]Passkey, error) {
	keys, err := a.keptPasskeys(ctx, s)
	all := make([]Passkey, len(keys))
	for i, k := range keys {
		all[i] = k.Passkey
		all[i].ID = passkeyID(k.Credential)
	}
	return all, err
}

// NamePasskey gives one of s's own passkeys another name. It returns fault.NotFound where there is none.
func (a *Accounts) NamePasskey(ctx context.Context, s Session, id, name string) error {
	return a.withPasskey(ctx, s, id, func(u stream.Unit, k KeptPasskey) error { return a.Disk.NamePasskey(u, k.Credential, clip(name)) })
}

// DropPasskey deletes one of s's own passkeys: nobody signs in with it any more. It returns fault.NotFound where there is none.
func (a *Accounts) DropPasskey(ctx context.Context, s Session, id string) error {
	return a.withPasskey(ctx, s, id, func(u stream.Unit, k KeptPasskey) error { return a.Disk.DropPasskey(u, k.Credential) })
}

func (a *Accounts) withPasskey(ctx context.Context, s Session, id string, do func(stream.Unit, KeptPasskey) error) error {
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		keys, err := a.Disk.Passkeys(u, s.Account)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if passkeyID(k.Credential) == id {
				return do(u, k)
			}
		}
		return fault.NotFound.New("You have no such passkey.")
	})
	if err != nil {
		return fmt.Errorf("changing a passkey of %s: %w", s.User, err)
	}
	return nil
}
