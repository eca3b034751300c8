package rig

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
)

// Canonical is the canonical JSON of v, which has no numbers but whole ones.
//
// Spec: appendices, "Canonical JSON".
func Canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // maps are written in the order of their keys
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Keys is a device's signing key.
type Keys struct {
	who *Person
	key ed25519.PrivateKey
}

// Publish makes device keys for p's device and publishes them.
func (p *Person) Publish(ctx context.Context) (*Keys, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &Keys{p, key}
	keys, err := k.signed(map[string]any{
		"user_id": p.User, "device_id": p.Device, "algorithms": []string{"m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"},
		"keys": map[string]string{
			"ed25519:" + p.Device:    base64.RawStdEncoding.EncodeToString(public),
			"curve25519:" + p.Device: base64.RawStdEncoding.EncodeToString(public), // never used by anybody
		},
	})
	if err != nil {
		return nil, err
	}
	_, err = p.Site.Call(ctx, p.Token, "POST", "/_matrix/client/v3/keys/upload", map[string]any{"device_keys": keys})
	return k, err
}

// signed adds the device's signature to an object.
func (k *Keys) signed(object map[string]any) (map[string]any, error) {
	text, err := Canonical(object)
	if err != nil {
		return nil, err
	}
	object["signatures"] = map[string]any{k.who.User: map[string]string{
		"ed25519:" + k.who.Device: base64.RawStdEncoding.EncodeToString(ed25519.Sign(k.key, text)),
	}}
	return object, nil
}

// OneTime makes signed one-time keys with these IDs, ready for Upload. The same ID gives the same key.
func (k *Keys) OneTime(ids ...string) (map[string]any, error) {
	all := map[string]any{}
	for _, id := range ids {
		public := make([]byte, 32)
		copy(public, id)
		key, err := k.signed(map[string]any{"key": base64.RawStdEncoding.EncodeToString(public)})
		if err != nil {
			return nil, err
		}
		all["signed_curve25519:"+id] = key
	}
	return all, nil
}

// Upload publishes one-time keys.
func (k *Keys) Upload(ctx context.Context, keys map[string]any) error {
	_, err := k.who.Site.Call(ctx, k.who.Token, "POST", "/_matrix/client/v3/keys/upload", map[string]any{"one_time_keys": keys})
	return err
}

// Claim asks for a one-time key of another's device and returns its name, such as "signed_curve25519:id"; "" if there was none.
func (p *Person) Claim(ctx context.Context, of *Person) (string, error) {
	given, err := get[struct {
		Keys map[string]map[string]map[string]json.RawMessage `json:"one_time_keys"`
	}](ctx, p.Site, p.Token, "POST", "/_matrix/client/v3/keys/claim",
		map[string]any{"one_time_keys": map[string]any{of.User: map[string]string{of.Device: "signed_curve25519"}}})
	if err != nil {
		return "", err
	}
	for name := range given.Keys[of.User][of.Device] {
		return name, nil
	}
	return "", nil
}
