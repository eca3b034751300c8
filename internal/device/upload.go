package device

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	maxKeySize     = 16 << 10 // bytes of one key object
	maxKeyName     = 255      // bytes of an algorithm and of a key's ID
	maxOneTimeKeys = 1000     // that a device may have waiting; clients keep 50 to 100
	rememberedKeys = 128      // handed out keys of an algorithm whose IDs are remembered: more than a client has unpublished
)

// signedCurve25519 is the algorithm of the one-time keys that Olm uses.
const signedCurve25519 = "signed_curve25519"

// Upload is what a device publishes. What is empty stays as it is.
//
// Spec: client-server API, POST /keys/upload.
type Upload struct {
	DeviceKeys   json.RawMessage            `json:"device_keys"`
	OneTimeKeys  Keys                       `json:"one_time_keys"`
	FallbackKeys map[string]json.RawMessage `json:"fallback_keys"`
}

// Keys are key objects with their names, in the order in which the device wrote them.
type Keys []Key

// Key is one key object. Its name is algorithm:id.
type Key struct {
	Name string
	JSON json.RawMessage
}

// UnmarshalJSON reads an object. Of two members with one name the last counts.
func (k *Keys) UnmarshalJSON(data []byte) error {
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(data, &byName); err != nil || byName == nil {
		return err
	}
	*k = make(Keys, 0, len(byName))
	members := json.NewDecoder(bytes.NewReader(data))
	if _, err := members.Token(); err != nil { // {
		return err
	}
	for members.More() {
		name, err := members.Token()
		if err != nil {
			return err
		}
		var skipped json.RawMessage
		if err := members.Decode(&skipped); err != nil {
			return err
		}
		if key, ok := byName[name.(string)]; ok {
			*k = append(*k, Key{name.(string), key})
			delete(byName, name.(string))
		}
	}
	return nil
}

// MarshalJSON writes the object that UnmarshalJSON reads.
func (k Keys) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, key := range k {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(key.Name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), key.JSON...)
	}
	return append(out, '}'), nil
}

// OneTimeKey is a key that is given to one other device, once.
type OneTimeKey struct {
	Algorithm string
	ID        string
	Seq       int64       // its place among the device's keys of this algorithm, in the order of upload; the store sets it
	JSON      event.Value // canonical; nil once it was handed out
}

// FallbackKey is given out when no one-time key is left, as often as needed.
type FallbackKey struct {
	Algorithm string
	ID        string
	JSON      event.Value
	Used      bool // it was given out since the device published it
}

// upload is an Upload that was read and is well formed.
type upload struct {
	keys     event.Value // nil: none
	oneTime  []OneTimeKey
	fallback []FallbackKey
}

// Upload publishes keys of the device who, and says how many one-time keys it has by algorithm. When it returns nil, they
// are on disk and whoever shares a room with the person will be told of new device keys. One-time keys are handed out in the
// order in which they came, also within one upload.
//
// Device keys must name their own person and device and be signed by the device; signed one-time keys are checked in the
// same way once the device's keys are known. A one-time key that the server has, or has handed out, is taken again
// silently and not stored twice; another key under the same ID is refused. When a device publishes other identity keys
// than before, its one-time keys go: they belong to keys that nobody has any more.
//
// It returns fault.InvalidParam, fault.BadJSON or fault.InvalidSignature for what does not hold, fault.TooLarge for too many
// keys.
//
// Spec: client-server API, POST /keys/upload.
func (ds *Devices) Upload(ctx context.Context, who account.Session, up Upload) (counts map[string]int, err error) {
	p, err := parseUpload(who, up)
	if err != nil {
		return nil, err
	}
	signer := identity(p.keys, who.Device)
	if p.keys == nil && len(p.oneTime)+len(p.fallback) > 0 {
		err := ds.Disk.View(ctx, func(v stream.View) error {
			d, _, err := ds.Disk.Device(v, who.User, who.Device)
			signer = identity(d.Keys, who.Device)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if err := p.verify(who, signer); err != nil {
		return nil, err
	}
	err = ds.Disk.Do(ctx, func(u stream.Unit) error {
		if err := ds.publish(u, who, p); err != nil {
			return err
		}
		left, err := ds.Counts(u, who.DeviceNo)
		counts = left.OneTime
		return err
	})
	return counts, err
}

// publish carries out an upload. It refuses before it writes anything.
func (ds *Devices) publish(u stream.Unit, who account.Session, p upload) error {
	d, ok, err := ds.Disk.Device(u, who.User, who.Device)
	if err != nil {
		return err
	}
	if !ok {
		return fault.UnknownToken.New("This session has ended. Sign in again.")
	}
	replaced := p.keys != nil && d.Keys != nil && !sameIdentity(d.Keys, p.keys, d.ID)
	var held []OneTimeKey
	if len(p.oneTime) > 0 && !replaced {
		if held, err = ds.Disk.OneTimeKeys(u, d.No); err != nil {
			return err
		}
	}
	fresh, err := unpublished(held, p.oneTime)
	if err != nil {
		return err
	}
	if replaced {
		if err := ds.Disk.DropOneTimeKeys(u, d.No); err != nil {
			return err
		}
		if err := ds.Disk.DropSignatures(u, d.Account, who.User, string(d.ID), "ed25519:"+string(d.ID)); err != nil {
			return err
		}
	}
	if p.keys != nil && !bytes.Equal(d.Keys, p.keys) {
		if err := ds.Disk.SetDeviceKeys(u, d.No, p.keys); err != nil {
			return err
		}
		if err := ds.KeysChanged(u, d.Account, who.User); err != nil {
			return err
		}
	}
	for _, k := range fresh {
		if err := ds.Disk.AddOneTimeKey(u, d.No, k); err != nil {
			return err
		}
	}
	if len(fresh) > 0 {
		if err := ds.forgetHandedOut(u, d.No, held); err != nil {
			return err
		}
	}
	if len(fresh)+len(p.fallback) > 0 {
		u.Next(stream.Topic(who.User)) // the device is told how many it has
	}
	return ds.replaceFallback(u, d.No, p.fallback)
}

// unpublished gives the keys of sent that are not held yet. It refuses a key whose ID names another one.
func unpublished(held, sent []OneTimeKey) ([]OneTimeKey, error) {
	type name struct{ algorithm, id string }
	have := make(map[name]event.Value, len(held))
	waiting := 0
	for _, k := range held {
		have[name{k.Algorithm, k.ID}] = k.JSON
		if k.JSON != nil {
			waiting++
		}
	}
	var fresh []OneTimeKey
	for _, k := range sent {
		old, known := have[name{k.Algorithm, k.ID}]
		switch {
		case !known:
			fresh = append(fresh, k)
		case old != nil && !bytes.Equal(keyOf(old), keyOf(k.JSON)):
			return nil, fault.InvalidParam.New("One-time key %s:%s was published before with another key.", k.Algorithm, k.ID)
		}
	}
	if waiting+len(fresh) > maxOneTimeKeys {
		return nil, fault.TooLarge.New("A device may have %d one-time keys waiting.", maxOneTimeKeys)
	}
	return fresh, nil
}

// keyOf is the key itself inside a key object, or the whole where it is only a string.
func keyOf(k event.Value) event.Value {
	if k.IsObject() {
		return k.Get("key")
	}
	return k
}

// forgetHandedOut keeps the newest of the handed out keys and forgets the others.
func (ds *Devices) forgetHandedOut(u stream.Unit, d account.DeviceNo, held []OneTimeKey) error {
	gone := map[string][]int64{}
	for _, k := range held {
		if k.JSON == nil {
			gone[k.Algorithm] = append(gone[k.Algorithm], k.Seq)
		}
	}
	for algorithm, seqs := range gone {
		if len(seqs) > rememberedKeys {
			if err := ds.Disk.ForgetHandedOut(u, d, algorithm, seqs[len(seqs)-rememberedKeys-1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceFallback stores new fallback keys. One that is published again stays used if it was.
func (ds *Devices) replaceFallback(u stream.Unit, d account.DeviceNo, keys []FallbackKey) error {
	if len(keys) == 0 {
		return nil
	}
	held, err := ds.Disk.FallbackKeys(u, d)
	if err != nil {
		return err
	}
	for _, k := range keys {
		for _, old := range held {
			if old.Algorithm == k.Algorithm && old.ID == k.ID && bytes.Equal(keyOf(old.JSON), keyOf(k.JSON)) {
				k.Used = old.Used
			}
		}
		if err := ds.Disk.SetFallbackKey(u, d, k); err != nil {
			return err
		}
	}
	return nil
}

func parseUpload(who account.Session, up Upload) (upload, error) {
	var p upload
	var err error
	if present(up.DeviceKeys) {
		if p.keys, err = parseDeviceKeys(who.User, who.Device, up.DeviceKeys); err != nil {
			return upload{}, err
		}
	}
	if len(up.OneTimeKeys) > maxOneTimeKeys || len(up.FallbackKeys) > maxOneTimeKeys {
		return upload{}, fault.TooLarge.New("At most %d keys can be published at once.", maxOneTimeKeys)
	}
	for _, key := range up.OneTimeKeys {
		k, err := parseOneTimeKey(key.Name, key.JSON)
		if err != nil {
			return upload{}, err
		}
		p.oneTime = append(p.oneTime, k)
	}
	for _, name := range slices.Sorted(maps.Keys(up.FallbackKeys)) {
		k, err := parseOneTimeKey(name, up.FallbackKeys[name])
		if err != nil {
			return upload{}, err
		}
		if n := len(p.fallback); n > 0 && p.fallback[n-1].Algorithm == k.Algorithm {
			return upload{}, fault.InvalidParam.New("A device has one fallback key for each algorithm, and %s came twice.", k.Algorithm)
		}
		p.fallback = append(p.fallback, FallbackKey{Algorithm: k.Algorithm, ID: k.ID, JSON: k.JSON})
	}
	return p, nil
}

// present reports whether an optional member is there and is not null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// parseDeviceKeys reads the keys of a device of user. "unsigned" is left out: what is in it is for servers to say.
//
// Spec: client-server API, "DeviceKeys".
func parseDeviceKeys(user mxid.User, id mxid.Device, raw []byte) (event.Value, error) {
	v, err := parseObject(raw, "device keys")
	if err != nil {
		return nil, err
	}
	switch {
	case len(v) > maxKeySize:
		return nil, fault.TooLarge.New("Device keys may have %d bytes.", maxKeySize)
	case v.Get("user_id").Text() != string(user):
		return nil, fault.InvalidParam.New("These device keys belong to somebody else: their user_id is not %s.", user)
	case v.Get("device_id").Text() != string(id):
		return nil, fault.InvalidParam.New("These device keys belong to another device: their device_id is not %s.", id)
	case !v.Get("algorithms").IsList():
		return nil, fault.InvalidParam.New("Device keys must list their algorithms.")
	case identity(v, id) == nil:
		return nil, fault.InvalidParam.New("Device keys must have an Ed25519 key named ed25519:%s.", id)
	}
	return without(v, "unsigned")
}

// parseOneTimeKey reads one key. name is "algorithm:id".
func parseOneTimeKey(name string, raw []byte) (OneTimeKey, error) {
	algorithm, id, ok := strings.Cut(name, ":")
	if !ok || !plainName(algorithm) || !plainName(id) {
		return OneTimeKey{}, fault.InvalidParam.New("%q is not the name of a one-time key, which is algorithm:id.", name)
	}
	canonical, err := event.Canonical(raw)
	if err != nil {
		return OneTimeKey{}, err
	}
	v := event.Value(canonical)
	if len(v) > maxKeySize {
		return OneTimeKey{}, fault.TooLarge.New("A key may have %d bytes.", maxKeySize)
	}
	if !keyOf(v).IsString() {
		return OneTimeKey{}, fault.BadJSON.New("One-time key %s must be a string, or an object with a string named key.", name)
	}
	return OneTimeKey{Algorithm: algorithm, ID: id, JSON: v}, nil
}

// plainName reports whether s can name an algorithm, a key or a session: 1 to 255 printable ASCII characters.
func plainName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxKeyName
}

// identity is the Ed25519 key of device keys; nil where there is none.
func identity(keys event.Value, id mxid.Device) ed25519.PublicKey {
	key, ok := publicKey(keys.Get("keys").Get("ed25519:" + string(id)).Text())
	if !ok {
		return nil
	}
	return key
}

// sameIdentity reports whether both keys of the device, for signing and for agreeing, are what they were.
func sameIdentity(a, b event.Value, id mxid.Device) bool {
	for _, algorithm := range []string{"ed25519:", "curve25519:"} {
		name := algorithm + string(id)
		if !bytes.Equal(a.Get("keys").Get(name), b.Get("keys").Get(name)) {
			return false
		}
	}
	return true
}

// verify checks every signature that the device itself must have made. signer is its key; where the server does not know
// one yet, only what came without device keys goes unchecked.
func (p upload) verify(who account.Session, signer ed25519.PublicKey) error {
	keyID := "ed25519:" + string(who.Device)
	if p.keys != nil && !signedBy(p.keys, who.User, keyID, signer) {
		return fault.InvalidSignature.New("The device keys are not signed by the device itself.")
	}
	if signer == nil {
		return nil
	}
	for _, k := range p.oneTime {
		if k.Algorithm == signedCurve25519 && !signedBy(k.JSON, who.User, keyID, signer) {
			return fault.InvalidSignature.New("One-time key %s:%s is not signed by the device.", k.Algorithm, k.ID)
		}
	}
	for _, k := range p.fallback {
		if k.Algorithm == signedCurve25519 && !signedBy(k.JSON, who.User, keyID, signer) {
			return fault.InvalidSignature.New("Fallback key %s:%s is not signed by the device.", k.Algorithm, k.ID)
		}
	}
	return nil
}
