package device

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// object is a JSON object whose members are taken apart no further.
type object map[string]json.RawMessage

// parseObject gives raw in canonical form if it is an object. what names it in the refusal.
func parseObject(raw []byte, what string) (event.Value, error) {
	canonical, err := event.Canonical(raw)
	if err != nil {
		return nil, err
	}
	if v := event.Value(canonical); v.IsObject() {
		return v, nil
	}
	return nil, fault.BadJSON.New("The %s must be a JSON object.", what)
}

// without gives the canonical object v without the members of those names.
func without(v event.Value, names ...string) (event.Value, error) {
	o := object{}
	for key, member := range v.Each() {
		o[key] = json.RawMessage(member)
	}
	for _, name := range names {
		delete(o, name)
	}
	return o.canonical()
}

// with gives the canonical object v with one member set to value.
func with(v event.Value, name string, value any) (event.Value, error) {
	o := object{}
	for key, member := range v.Each() {
		o[key] = json.RawMessage(member)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	o[name] = data
	return o.canonical()
}

func (o object) canonical() (event.Value, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return event.Canonical(data)
}

// publicKey reads an Ed25519 public key in unpadded base64.
func publicKey(text string) (ed25519.PublicKey, bool) {
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	return key, err == nil && len(key) == ed25519.PublicKeySize
}

// signedBy reports whether v, a canonical object, carries user's signature under the key ID, made with key.
//
// Spec: appendices, "Checking for a Signature".
func signedBy(v event.Value, user mxid.User, keyID string, key ed25519.PublicKey) bool {
	text := v.Get("signatures").Get(string(user)).Get(keyID).Text()
	signature, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(signature) != ed25519.SignatureSize || len(key) != ed25519.PublicKeySize {
		return false
	}
	signed, err := without(v, "signatures", "unsigned")
	return err == nil && ed25519.Verify(key, signed, signature)
}

// compactObject gives a JSON object without the space between its parts. what names it in the refusal.
func compactObject(raw json.RawMessage, what string, limit int) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil || b.Len() == 0 || b.Bytes()[0] != '{' {
		return nil, fault.BadJSON.New("The %s must be a JSON object.", what)
	}
	if b.Len() > limit {
		return nil, fault.TooLarge.New("The %s may have %d bytes.", what, limit)
	}
	return b.Bytes(), nil
}
