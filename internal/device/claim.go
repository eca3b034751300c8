package device

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	maxClaims  = 10_000 // devices in one request: a room of some thousand people with all their devices
	claimBatch = 256    // claims in one unit of work, so that a large request does not hold up everybody else
)

// Claimed is what Claim gave: key objects by person, device and "algorithm:id".
type Claimed map[mxid.User]map[mxid.Device]map[string]json.RawMessage

// claim is one key that somebody asks for.
type claim struct {
	user      mxid.User
	device    mxid.Device
	algorithm string
	sparing   bool // give no one-time key
}

// Claim hands out one key for each device that is asked for, want naming the algorithm: its oldest one-time key, and where
// none is left its fallback key, which is marked as used. When Claim returns nil, no one-time key in its answer will ever
// be given to anybody else. Devices and people that are not there, or have no key, are left out. The owner of each device
// is woken, so that it publishes new keys.
//
// Of the devices for which sparing says so, the fallback key alone is given: it can be given as often as anybody asks, so who
// asks too often takes nothing from others. sparing is asked once for each device.
//
// It returns fault.TooLarge when more than 10,000 devices are named.
//
// Spec: client-server API, POST /keys/claim.
func (ds *Devices) Claim(ctx context.Context, want map[mxid.User]map[mxid.Device]string, sparing func(mxid.User, mxid.Device) bool) (Claimed, error) {
	var claims []claim
	for user, devices := range want {
		for d, algorithm := range devices {
			claims = append(claims, claim{user: user, device: d, algorithm: algorithm})
		}
	}
	if len(claims) > maxClaims {
		return nil, fault.TooLarge.New("Keys of at most %d devices can be claimed at once.", maxClaims)
	}
	for i, c := range claims {
		claims[i].sparing = sparing(c.user, c.device)
	}
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.device, b.device)) })
	all := Claimed{}
	for batch := range slices.Chunk(claims, claimBatch) {
		var given []json.RawMessage
		var names []string
		err := ds.Disk.Do(ctx, func(u stream.Unit) error {
			given, names = make([]json.RawMessage, len(batch)), make([]string, len(batch))
			for i, c := range batch {
				var err error
				if names[i], given[i], err = ds.claim(u, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i, c := range batch {
			if given[i] == nil {
				continue
			}
			if all[c.user] == nil {
				all[c.user] = map[mxid.Device]map[string]json.RawMessage{}
			}
			all[c.user][c.device] = map[string]json.RawMessage{names[i]: given[i]}
		}
	}
	return all, nil
}

// claim hands out one key. json is nil where there is none.
func (ds *Devices) claim(u stream.Unit, c claim) (name string, key json.RawMessage, err error) {
	d, ok, err := ds.Disk.Device(u, c.user, c.device)
	if err != nil || !ok {
		return "", nil, err
	}
	if !c.sparing {
		k, ok, err := ds.Disk.HandOut(u, d.No, c.algorithm)
		if err != nil {
			return "", nil, err
		}
		if ok {
			return k.Algorithm + ":" + k.ID, json.RawMessage(k.JSON), ds.Disk.SetClaimed(u, d.No, u.Next(stream.Topic(c.user)))
		}
	}
	held, err := ds.Disk.FallbackKeys(u, d.No)
	if err != nil {
		return "", nil, err
	}
	for _, f := range held {
		if f.Algorithm != c.algorithm {
			continue
		}
		if !f.Used {
			f.Used = true
			if err := ds.Disk.SetFallbackKey(u, d.No, f); err != nil {
				return "", nil, err
			}
			if err := ds.Disk.SetClaimed(u, d.No, u.Next(stream.Topic(c.user))); err != nil {
				return "", nil, err
			}
		}
		return f.Algorithm + ":" + f.ID, json.RawMessage(f.JSON), nil
	}
	return "", nil, nil
}
