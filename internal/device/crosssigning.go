package device

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Usage is what a cross-signing key is for.
type Usage string

// The three keys that stand for a person.
const (
	Master      Usage = "master"
	SelfSigning Usage = "self_signing"
	UserSigning Usage = "user_signing"
)

// CrossSigning is a person's cross-signing keys, canonical; nil where there is none.
type CrossSigning struct {
	Account                          account.No // zero where there is no key
	Master, SelfSigning, UserSigning event.Value
}

// MasterKey is one entry in a person's history of master keys: that the person had this key from Pos on. Entries are only
// added, and each names the one before it by hash, so that none can be left out without a trace.
type MasterKey struct {
	Seq       int64 // 1 for the first
	PublicKey string
	Previous  []byte // SHA-256 over JSON and Previous of the entry before; for the first over nothing
	Pos       stream.Position
	JSON      event.Value
}

// hash is what the next entry names this one by.
func (m MasterKey) hash() []byte {
	sum := sha256.Sum256(append(bytes.Clone(m.JSON), m.Previous...))
	return sum[:]
}

// CrossSigningUpload is what a person publishes. What is empty stays as it is.
//
// Spec: client-server API, POST /keys/device_signing/upload.
type CrossSigningUpload struct {
	Master      json.RawMessage `json:"master_key"`
	SelfSigning json.RawMessage `json:"self_signing_key"`
	UserSigning json.RawMessage `json:"user_signing_key"`
}

// ErrUnconfirmed is returned where the person must first confirm with the password.
var ErrUnconfirmed = errors.New("this has to be confirmed")

// UploadCrossSigning publishes the person's cross-signing keys. The first keys, and the same keys again, need nothing more;
// for any other, confirmed says that the person has just given the password, and without it UploadCrossSigning returns
// ErrUnconfirmed and changes nothing. Nobody but the person can do this.
//
// The self-signing and the user-signing key must be signed by the master key, the new one if there is one. A new master key
// is added to the person's history and to the ledger; keys signed by the old one go with it. Everybody who shares a room is told.
//
// It returns fault.InvalidSignature, fault.InvalidParam or fault.BadJSON for what does not hold, fault.MissingParam where there is
// no master key, and fault.Forbidden for a public key that is also the ID of a device.
//
// Spec: client-server API, POST /keys/device_signing/upload.
func (ds *Devices) UploadCrossSigning(ctx context.Context, who account.Session, up CrossSigningUpload, confirmed bool) error {
	var sent CrossSigning
	for _, part := range []struct {
		usage Usage
		raw   json.RawMessage
		into  *event.Value
	}{{Master, up.Master, &sent.Master}, {SelfSigning, up.SelfSigning, &sent.SelfSigning}, {UserSigning, up.UserSigning, &sent.UserSigning}} {
		if !present(part.raw) {
			continue
		}
		key, err := parseCrossKey(who.User, part.usage, part.raw)
		if err != nil {
			return err
		}
		*part.into = key
	}
	return ds.Disk.Do(ctx, func(u stream.Unit) error { return ds.setCrossSigning(u, who, sent, confirmed) })
}

// setCrossSigning stores the keys of sent that are new. It refuses before it writes anything.
func (ds *Devices) setCrossSigning(u stream.Unit, who account.Session, sent CrossSigning, confirmed bool) error {
	had, err := ds.Disk.CrossSigning(u, who.User)
	if err != nil {
		return err
	}
	fresh := CrossSigning{
		Master:      unlessSame(sent.Master, had.Master),
		SelfSigning: unlessSame(sent.SelfSigning, had.SelfSigning),
		UserSigning: unlessSame(sent.UserSigning, had.UserSigning),
	}
	master := had.Master
	if fresh.Master != nil {
		master = fresh.Master
	}
	if master == nil {
		return fault.MissingParam.New("There is no master key yet: send master_key first.")
	}
	if fresh.Master == nil && fresh.SelfSigning == nil && fresh.UserSigning == nil {
		return nil
	}
	if err := ds.checkCrossSigning(u, who.User, master, fresh); err != nil {
		return err
	}
	if had.Master != nil && !confirmed {
		return ErrUnconfirmed
	}
	if err := ds.KeysChanged(u, who.Account, who.User); err != nil {
		return err
	}
	return ds.replaceCrossSigning(u, who, had, fresh)
}

// unlessSame gives key, or nil if it is the one there was. Signatures do not make another key of it.
func unlessSame(key, had event.Value) event.Value {
	if key == nil || had == nil {
		return key
	}
	a, errA := without(key, "signatures", "unsigned")
	b, errB := without(had, "signatures", "unsigned")
	if errA == nil && errB == nil && bytes.Equal(a, b) {
		return nil
	}
	return key
}

// checkCrossSigning checks the new keys against the master key and the person's devices.
func (ds *Devices) checkCrossSigning(v stream.View, user mxid.User, master event.Value, fresh CrossSigning) error {
	devices, err := ds.Disk.Devices(v, user)
	if err != nil {
		return err
	}
	public := crossPublicKey(master)
	key, _ := publicKey(public) // checked when it was parsed
	for _, k := range []event.Value{fresh.SelfSigning, fresh.UserSigning} {
		if k != nil && !signedBy(k, user, "ed25519:"+public, key) {
			return fault.InvalidSignature.New("The self-signing and the user-signing key must be signed by the master key.")
		}
	}
	for _, d := range devices {
		for _, k := range []event.Value{fresh.Master, fresh.SelfSigning, fresh.UserSigning} {
			if k != nil && crossPublicKey(k) == string(d.ID) {
				return fault.Forbidden.New("One of the keys is already the name of a device.")
			}
		}
		keyID := "ed25519:" + string(d.ID)
		made := fresh.Master.Get("signatures").Get(string(user)).Get(keyID) != nil
		if made && d.Keys != nil && !signedBy(fresh.Master, user, keyID, identity(d.Keys, d.ID)) {
			return fault.InvalidSignature.New("The master key carries a wrong signature of device %s.", d.ID)
		}
	}
	return nil
}

// replaceCrossSigning stores the new keys, and removes what was made with the old ones.
func (ds *Devices) replaceCrossSigning(u stream.Unit, who account.Session, had, fresh CrossSigning) error {
	set := func(usage Usage, key event.Value) error {
		return ds.Disk.SetCrossSigningKey(u, who.Account, usage, key)
	}
	if fresh.Master != nil {
		if err := ds.rememberMaster(u, who, fresh.Master); err != nil {
			return err
		}
		if err := set(Master, fresh.Master); err != nil {
			return err
		}
		if err := ds.Disk.DropSignatures(u, who.Account, who.User, crossPublicKey(had.Master), ""); err != nil {
			return err
		}
	}
	if fresh.Master != nil || fresh.SelfSigning != nil {
		if old := crossPublicKey(had.SelfSigning); old != "" {
			if err := ds.Disk.DropSignatures(u, who.Account, who.User, "", "ed25519:"+old); err != nil {
				return err
			}
		}
		if err := set(SelfSigning, fresh.SelfSigning); err != nil {
			return err
		}
	}
	if fresh.Master != nil || fresh.UserSigning != nil {
		return set(UserSigning, fresh.UserSigning)
	}
	return nil
}

// rememberMaster adds the new master key to the person's history, and to the ledger.
func (ds *Devices) rememberMaster(u stream.Unit, who account.Session, key event.Value) error {
	last, ok, err := ds.Disk.LastMasterKey(u, who.Account)
	if err != nil {
		return err
	}
	m := MasterKey{Seq: last.Seq + 1, PublicKey: crossPublicKey(key), Pos: u.Upto().At(stream.Topic(who.User)), JSON: key}
	if ok {
		m.Previous = last.hash()
	} else {
		none := sha256.Sum256(nil)
		m.Previous = none[:]
	}
	if err := ds.Disk.AddMasterKey(u, who.Account, m); err != nil {
		return err
	}
	return ds.recordNext(u, who, m)
}

// parseCrossKey reads a cross-signing key of user for one usage, without "unsigned".
//
// Spec: client-server API, "CrossSigningKey".
func parseCrossKey(user mxid.User, usage Usage, raw []byte) (event.Value, error) {
	v, err := parseObject(raw, "cross-signing key")
	if err != nil {
		return nil, err
	}
	uses := func(use event.Value) bool { return use.Text() == string(usage) }
	switch {
	case len(v) > maxKeySize:
		return nil, fault.TooLarge.New("A cross-signing key may have %d bytes.", maxKeySize)
	case v.Get("user_id").Text() != string(user):
		return nil, fault.InvalidParam.New("This cross-signing key belongs to somebody else: its user_id is not %s.", user)
	case !slices.ContainsFunc(slices.Collect(v.Get("usage").Items()), uses):
		return nil, fault.InvalidParam.New("The usage of this cross-signing key must name %s.", usage)
	case crossPublicKey(v) == "":
		return nil, fault.InvalidParam.New("A cross-signing key must have exactly one Ed25519 key, named after itself.")
	}
	return without(v, "unsigned")
}

// crossPublicKey is the public key of a cross-signing key as its owner wrote it; "" where it has not exactly one.
func crossPublicKey(key event.Value) string {
	text, n := "", 0
	for id, public := range key.Get("keys").Each() {
		n++
		if id == "ed25519:"+public.Text() {
			text = public.Text()
		}
	}
	if _, ok := publicKey(text); !ok || n != 1 {
		return ""
	}
	return text
}
