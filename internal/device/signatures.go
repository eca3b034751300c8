package device

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// maxSigned is how many signed keys one request may carry: each is checked while nobody else can write.
const maxSigned = 200

// Signature is one signature made after the key it is over was uploaded.
type Signature struct {
	Target    string // a device ID or a master key's public key
	Signer    mxid.User
	KeyID     string
	Signature string
}

// SignatureFailures is why signatures were not taken, by person and by the key that was signed.
type SignatureFailures map[mxid.User]map[string]*fault.Fault

// target is a key that somebody can sign, and who may sign it how.
type target struct {
	owner   mxid.User
	account account.No
	name    string
	key     event.Value
	signers map[string]ed25519.PublicKey // by key ID
}

// UploadSignatures adds signatures of the person to keys, sent by owner and by device ID or public key: of the self-signing key
// over own devices, of own devices over the own master key, and of the user-signing key over other people's master keys.
// Each is checked; those that are right are stored when it returns, the others are in the failures. Signatures over own
// keys are told to everybody who shares a room, those over other people's only to the person's own devices.
//
// It returns fault.TooLarge for more than 200 keys.
//
// Spec: client-server API, POST /keys/signatures/upload.
func (ds *Devices) UploadSignatures(ctx context.Context, who account.Session, sent map[mxid.User]map[string]json.RawMessage) (SignatureFailures, error) {
	n := 0
	for _, keys := range sent {
		n += len(keys)
	}
	if n > maxSigned {
		return nil, fault.TooLarge.New("At most %d keys can be signed at once.", maxSigned)
	}
	var failures SignatureFailures
	err := ds.Disk.Do(ctx, func(u stream.Unit) error {
		failures = SignatureFailures{}
		return ds.addSignatures(u, who, sent, failures)
	})
	return failures, err
}

// addSignatures checks everything before it writes anything.
func (ds *Devices) addSignatures(u stream.Unit, who account.Session, sent map[mxid.User]map[string]json.RawMessage, failures SignatureFailures) error {
	mine, err := ds.Disk.CrossSigning(u, who.User)
	if err != nil {
		return err
	}
	type added struct {
		account account.No
		Signature
	}
	var all []added
	own := false
	for _, owner := range slices.Sorted(maps.Keys(sent)) {
		had, err := ds.Disk.Signatures(u, owner, who.User)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(sent[owner])) {
			made, no, err := ds.checkSigned(u, who.User, mine, owner, name, sent[owner][name])
			var refused *fault.Fault
			if errors.As(err, &refused) {
				if failures[owner] == nil {
					failures[owner] = map[string]*fault.Fault{}
				}
				failures[owner][name] = refused
				continue
			}
			if err != nil {
				return err
			}
			for _, s := range made {
				if !slices.Contains(had, s) {
					all = append(all, added{no, s})
					own = own || owner == who.User
				}
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	if own {
		if err := ds.KeysChanged(u, who.Account, who.User); err != nil {
			return err
		}
	}
	pos := u.Next(stream.Topic(who.User))
	for _, s := range all {
		if err := ds.Disk.AddSignature(u, s.account, s.Signature, pos); err != nil {
			return err
		}
	}
	return nil
}

// checkSigned gives the signatures in raw that who made over owner's key of that name, all of them right, and the owner's
// account. It returns a fault if there is none, or one that is wrong.
func (ds *Devices) checkSigned(v stream.View, who mxid.User, mine CrossSigning, owner mxid.User, name string, raw json.RawMessage) ([]Signature, account.No, error) {
	object, err := parseObject(raw, "signed key")
	if err != nil {
		return nil, 0, err
	}
	t, err := ds.target(v, who, mine, owner, name)
	if err != nil {
		return nil, 0, err
	}
	bare, err := without(object, "signatures", "unsigned")
	if err != nil {
		return nil, 0, err
	}
	is, err := without(t.key, "signatures", "unsigned")
	if err != nil {
		return nil, 0, err
	}
	if !bytes.Equal(bare, is) {
		return nil, 0, fault.InvalidParam.New("What was signed is not the key that is published.")
	}
	var made []Signature
	for keyID, text := range object.Get("signatures").Get(string(who)).Each() {
		key, ok := t.signers[keyID]
		if !ok {
			continue // the key's own signature, or one with a key that does not stand for the person
		}
		if !signedBy(object, who, keyID, key) {
			return nil, 0, fault.InvalidSignature.New("The signature made with %s is wrong.", keyID)
		}
		made = append(made, Signature{Target: name, Signer: who, KeyID: keyID, Signature: text.Text()})
	}
	if made == nil {
		return nil, 0, fault.InvalidSignature.New("There is no signature that could count here.")
	}
	return made, t.account, nil
}

// target finds the key of owner that who signs. It returns fault.NotFound where there is none that who may sign.
func (ds *Devices) target(v stream.View, who mxid.User, mine CrossSigning, owner mxid.User, name string) (target, error) {
	t := target{owner: owner, name: name, signers: map[string]ed25519.PublicKey{}}
	devices, err := ds.Disk.Devices(v, owner)
	if err != nil {
		return t, err
	}
	theirs, err := ds.Disk.CrossSigning(v, owner)
	if err != nil {
		return t, err
	}
	stands := func(key event.Value) {
		if text := crossPublicKey(key); text != "" {
			t.signers["ed25519:"+text], _ = publicKey(text)
		}
	}
	t.account = theirs.Account
	master := theirs.Master != nil && crossPublicKey(theirs.Master) == name
	for _, d := range devices {
		t.account = d.Account
		switch {
		case d.Keys == nil || owner != who:
		case master:
			t.signers["ed25519:"+string(d.ID)] = identity(d.Keys, d.ID)
		case string(d.ID) == name:
			t.key = d.Keys
			stands(mine.SelfSigning)
		}
	}
	if master {
		t.key = theirs.Master
		if owner != who {
			stands(mine.UserSigning)
		}
	}
	if t.key == nil {
		return t, fault.NotFound.New("There is no key here that you can sign by the name %q.", name)
	}
	return t, nil
}
