package device

import (
	"wardroom/internal/event"
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
	Master, SelfSigning, UserSigning event.Value
}

// Signature is one signature made after the key it is over was uploaded.
type Signature struct {
	Target    string // a device ID or a master key's public key
	Signer    mxid.User
	KeyID     string
	Signature string
}

// MasterKey is one entry in a person's history of master keys: that the person had this key from Pos on. Entries are only
// added, and each names the one before it by hash, so that none can be left out without a trace.
type MasterKey struct {
	Seq       int64 // 1 for the first
	PublicKey string
	Previous  []byte // SHA-256 over the JSON and Previous of the entry before; of nothing for the first
	Pos       stream.Position
	JSON      event.Value
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
