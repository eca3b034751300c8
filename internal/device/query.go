package device

import (
	"context"
	"encoding/json"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// maxQueried is how many people one request may ask about.
const maxQueried = 10_000

// Queried is everybody's published keys, as one reader may see them.
//
// Spec: client-server API, POST /keys/query.
type Queried struct {
	DeviceKeys      map[mxid.User]map[mxid.Device]json.RawMessage `json:"device_keys"`
	MasterKeys      map[mxid.User]json.RawMessage                 `json:"master_keys"`
	SelfSigningKeys map[mxid.User]json.RawMessage                 `json:"self_signing_keys"`
	UserSigningKeys map[mxid.User]json.RawMessage                 `json:"user_signing_keys"`
	Failures        struct{}                                      `json:"failures"` // of other servers; there are none
}

// Query gives the newest keys of people and their devices; an empty list of devices means all. Everybody who was asked for
// is in DeviceKeys, with an empty map where there is no such person. Signatures that were made after a key was uploaded are merged
// into it: those of its owner, and the reader's own, which nobody else sees. The user-signing key and what the person calls
// their devices are given to their owner alone.
//
// It returns fault.TooLarge when more than 10,000 people are named.
//
// Spec: client-server API, POST /keys/query.
func (ds *Devices) Query(ctx context.Context, reader mxid.User, want map[mxid.User][]mxid.Device) (Queried, error) {
	if len(want) > maxQueried {
		return Queried{}, fault.TooLarge.New("Keys of at most %d people can be asked for at once.", maxQueried)
	}
	q := Queried{
		DeviceKeys:      map[mxid.User]map[mxid.Device]json.RawMessage{},
		MasterKeys:      map[mxid.User]json.RawMessage{},
		SelfSigningKeys: map[mxid.User]json.RawMessage{},
		UserSigningKeys: map[mxid.User]json.RawMessage{},
	}
	err := ds.Disk.View(ctx, func(v stream.View) error {
		for user, ids := range want {
			if err := ds.query(v, &q, reader, user, ids); err != nil {
				return err
			}
		}
		return nil
	})
	return q, err
}

// query adds the keys of one person to q.
func (ds *Devices) query(v stream.View, q *Queried, reader, user mxid.User, ids []mxid.Device) error {
	devices, err := ds.Disk.Devices(v, user)
	if err != nil {
		return err
	}
	cross, err := ds.Disk.CrossSigning(v, user)
	if err != nil {
		return err
	}
	signatures, err := ds.Disk.Signatures(v, user, reader)
	if err != nil {
		return err
	}
	asked := map[mxid.Device]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	q.DeviceKeys[user] = map[mxid.Device]json.RawMessage{}
	for _, d := range devices {
		if d.Keys == nil || len(ids) > 0 && !asked[d.ID] {
			continue
		}
		keys, err := signed(d.Keys, string(d.ID), signatures)
		if err != nil {
			return err
		}
		if d.Name != "" && user == reader {
			if keys, err = with(keys, "unsigned", map[string]string{"device_display_name": d.Name}); err != nil {
				return err
			}
		}
		q.DeviceKeys[user][d.ID] = json.RawMessage(keys)
	}
	if cross.Master != nil {
		master, err := signed(cross.Master, crossPublicKey(cross.Master), signatures)
		if err != nil {
			return err
		}
		q.MasterKeys[user] = json.RawMessage(master)
	}
	if cross.SelfSigning != nil {
		q.SelfSigningKeys[user] = json.RawMessage(cross.SelfSigning)
	}
	if cross.UserSigning != nil && user == reader {
		q.UserSigningKeys[user] = json.RawMessage(cross.UserSigning)
	}
	return nil
}

// signed gives the key with the signatures over target merged into those it came with.
func signed(key event.Value, target string, signatures []Signature) (event.Value, error) {
	merged := map[string]map[string]string{}
	found := false
	for _, s := range signatures {
		if s.Target != target {
			continue
		}
		if !found {
			for user, made := range key.Get("signatures").Each() {
				merged[user] = map[string]string{}
				for id, text := range made.Each() {
					merged[user][id] = text.Text()
				}
			}
			found = true
		}
		if merged[string(s.Signer)] == nil {
			merged[string(s.Signer)] = map[string]string{}
		}
		merged[string(s.Signer)][s.KeyID] = s.Signature
	}
	if !found {
		return key, nil
	}
	return with(key, "signatures", merged)
}
