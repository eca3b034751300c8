package device

import (
	"crypto/ed25519"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
)

// CheckUpload reads an upload, and checks its signatures with signer, or with the key it brings where that is nil. It gives the
// device keys and all others.
func CheckUpload(who account.Session, up Upload, signer ed25519.PublicKey) (keys event.Value, others []OneTimeKey, err error) {
	p, err := parseUpload(who, up)
	if err != nil {
		return nil, nil, err
	}
	if p.keys != nil {
		signer = identity(p.keys, who.Device)
	}
	for _, f := range p.fallback {
		others = append(others, OneTimeKey{Algorithm: f.Algorithm, ID: f.ID, JSON: f.JSON})
	}
	return p.keys, append(others, p.oneTime...), p.verify(who, signer)
}

// ParseCrossKey is parseCrossKey.
func ParseCrossKey(user mxid.User, usage Usage, raw []byte) (event.Value, error) {
	return parseCrossKey(user, usage, raw)
}

// CrossPublicKey is crossPublicKey.
func CrossPublicKey(key event.Value) string { return crossPublicKey(key) }

// Signed is signed.
func Signed(key event.Value, target string, signatures []Signature) (event.Value, error) {
	return signed(key, target, signatures)
}

// SignedBy is signedBy.
func SignedBy(v event.Value, user mxid.User, keyID string, key ed25519.PublicKey) bool {
	return signedBy(v, user, keyID, key)
}

// Checked is BackedUp.checked.
func (k BackedUp) Checked() (BackedUp, error) { return k.checked() }
