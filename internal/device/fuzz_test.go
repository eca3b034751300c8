package device_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/event"
)

// canonical fails the test unless v is canonical and has no "unsigned".
func canonical(t *testing.T, v event.Value) {
	t.Helper()
	again, err := event.Canonical(v)
	if err != nil || !bytes.Equal(again, v) {
		t.Fatalf("%s is not canonical: %v", v, err)
	}
	if v.Get("unsigned") != nil {
		t.Fatalf("%s has kept unsigned", v)
	}
}

func FuzzUpload(f *testing.F) {
	d := &devicetest.Device{Session: account.Session{User: lin, Device: "PHONE"}, Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	good, err := json.Marshal(device.Upload{DeviceKeys: d.Keys(), OneTimeKeys: d.OneTimeKeys(0, 2), FallbackKeys: d.Fallback("FB")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"device_keys":null,"one_time_keys":{"signed_curve25519:A":{"key":"x"},"curve25519:B":"y"}}`))
	f.Add([]byte(`{"fallback_keys":{"a:b":{"key":"x","fallback":true,"unsigned":{}},"a:c":"z"},"one_time_keys":{":":1,"a":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var up device.Upload
		if json.Unmarshal(data, &up) != nil {
			return
		}
		keys, others, err := device.CheckUpload(d.Session, up, d.Key.Public().(ed25519.PublicKey))
		if err != nil {
			return
		}
		if keys != nil {
			canonical(t, keys)
			if keys.Get("user_id").Text() != string(lin) || keys.Get("device_id").Text() != "PHONE" {
				t.Fatalf("the keys of somebody else were taken: %s", keys)
			}
		}
		for _, k := range others {
			if k.Algorithm == "" || k.ID == "" || strings.ContainsAny(k.Algorithm+k.ID, " \x00\n") || strings.Contains(k.Algorithm, ":") {
				t.Fatalf("a key named %q:%q was taken", k.Algorithm, k.ID)
			}
			if again, err := event.Canonical(k.JSON); err != nil || !bytes.Equal(again, k.JSON) {
				t.Fatalf("%s is not canonical: %v", k.JSON, err)
			}
		}
	})
}

func FuzzCrossSigningKey(f *testing.F) {
	p := devicetest.NewPerson(lin)
	k := p.Keys()
	for _, key := range []json.RawMessage{k.Master, k.SelfSigning, []byte(`{"user_id":"@lin:localhost","usage":["master"],"keys":{"ed25519:a":"b"},"unsigned":1}`)} {
		f.Add([]byte(key))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := device.ParseCrossKey(lin, device.Master, data)
		if err != nil {
			return
		}
		canonical(t, v)
		if device.CrossPublicKey(v) == "" {
			t.Fatalf("a key without a public key was taken: %s", v)
		}
		device.SignedBy(v, lin, "ed25519:x", p.Master.Public().(ed25519.PublicKey))
	})
}

func FuzzMergedSignatures(f *testing.F) {
	d := &devicetest.Device{Session: account.Session{User: lin, Device: "PHONE"}, Key: devicetest.NewKey()}
	f.Add([]byte(d.Keys()), "ed25519:x", "sig")
	f.Add([]byte(`{"signatures":{"@a:b":7,"@lin:localhost":[]}}`), "ed25519:\"", "\\")
	f.Fuzz(func(t *testing.T, data []byte, keyID, signature string) {
		key, err := event.Canonical(data)
		if err != nil || key[0] != '{' || !utf8.ValidString(keyID) || !utf8.ValidString(signature) {
			return
		}
		made := device.Signature{Target: "T", Signer: lin, KeyID: keyID, Signature: signature}
		merged, err := device.Signed(key, "T", []device.Signature{made, {Target: "other"}})
		if err != nil {
			return // a key ID that has no canonical form
		}
		if got := merged.Get("signatures").Get(string(lin)).Get(keyID).Text(); got != signature {
			t.Fatalf("the signature is %q, want %q", got, signature)
		}
		for name, member := range event.Value(key).Each() {
			if name != "signatures" && !bytes.Equal(merged.Get(name), member) {
				t.Fatalf("%q is %s, want %s", name, merged.Get(name), member)
			}
		}
	})
}

func FuzzBackedUp(f *testing.F) {
	f.Add("!room:b", "session/+=", int64(0), []byte(`{"ciphertext": "a"}`))
	f.Add("", "\x00", int64(-1), []byte(`[]`))
	f.Fuzz(func(t *testing.T, room, session string, first int64, data []byte) {
		k, err := roomKey("", session, first, 0, true, string(data)).Checked()
		if err == nil {
			t.Fatalf("a key of no room was taken: %+v", k)
		}
		k = roomKey("!a", session, first, 0, true, string(data))
		if k, err = k.Checked(); err != nil {
			return
		}
		if k.FirstIndex < 0 || k.Session == "" || k.Data[0] != '{' || !json.Valid(k.Data) || bytes.ContainsRune(k.Data, '\n') {
			t.Fatalf("%+v was taken", k)
		}
	})
}
