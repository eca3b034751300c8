package device

import (
	"context"
	"maps"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// ListDisk knows whose keys changed, and who shares rooms with whom.
type ListDisk interface {
	// JoinedRooms lists the rooms that user is joined to.
	JoinedRooms(v stream.View, user mxid.User) ([]mxid.Room, error)
	// ChangedSince lists everybody whose keys changed after pos; everybody over whose keys user made a signature after pos,
	// perhaps twice; and everybody, user too, whose membership changed after pos in a room in which user has, or once had, one.
	ChangedSince(v stream.View, user mxid.User, pos stream.Position) (keys, signed, members []mxid.User, err error)
	// Sharing lists everybody who was joined, at pos, to a room to which user was joined then; user too if there was any.
	Sharing(v stream.View, user mxid.User, pos stream.Position) ([]mxid.User, error)
	// Shares reports whether both were joined to the same room at pos.
	Shares(v stream.View, a, b mxid.User, pos stream.Position) (bool, error)
}

// Counts is what a device must know of the keys it published, to publish more in time.
//
// Spec: client-server API, "End-to-end encryption", extensions to /sync.
type Counts struct {
	// OneTime is how many one-time keys are left by algorithm. signed_curve25519 is always there.
	OneTime map[string]int
	// UnusedFallback is the algorithms whose fallback key was not given out. It is never nil.
	UnusedFallback []string
	// Claimed is where in the stream a key of the device was last handed out: a sync that waits with an older token has
	// these counts to tell.
	Claimed stream.Position
}

// Counts says what is left of the device's keys.
func (ds *Devices) Counts(v stream.View, d account.DeviceNo) (Counts, error) {
	c, err := ds.Disk.Counts(v, d)
	if err != nil {
		return Counts{}, err
	}
	if _, ok := c.OneTime[signedCurve25519]; !ok {
		c.OneTime[signedCurve25519] = 0
	}
	if c.UnusedFallback == nil {
		c.UnusedFallback = []string{}
	}
	return c, nil
}

// setwise is from how many people on it is cheaper to list everybody than to ask one by one.
const setwise = 64

// Lists says whose keys me must ask for again after reading the stream from one position to another (changed), and whom me
// shares no room with any more (left). Changed are those who share a room with me at the end, me too, and whose keys changed
// in between or who shared none at the beginning; and everybody whose keys me signed in between, perhaps on another device.
//
// Both are sorted and never nil. It sees what v sees: to may not be after v.Upto().
//
// Spec: client-server API, "Tracking the device list for a user"; GET /keys/changes.
func (ds *Devices) Lists(v stream.View, me mxid.User, from, to stream.Position) (changed, left []mxid.User, err error) {
	keys, signed, members, err := ds.Disk.ChangedSince(v, me, from)
	if err != nil {
		return nil, nil, err
	}
	newKeys, newlySigned := set(keys), set(signed)
	was, is, among, err := ds.sharing(v, me, from, to, append(keys, signed...), members)
	if err != nil {
		return nil, nil, err
	}
	changed, left = []mxid.User{}, []mxid.User{}
	for _, user := range slices.Sorted(maps.Keys(among)) {
		switch {
		case newlySigned[user], user == me && newKeys[user], is[user] && (newKeys[user] || !was[user]):
			changed = append(changed, user)
		case was[user] && !is[user] && user != me:
			left = append(left, user)
		}
	}
	return changed, left, nil
}

// sharing finds out who of those that can have changed shared a room with me at from, and who does at to.
func (ds *Devices) sharing(v stream.View, me mxid.User, from, to stream.Position, keys, members []mxid.User) (was, is, among map[mxid.User]bool, err error) {
	among = set(keys, members)
	if slices.Contains(members, me) || len(among) > setwise {
		before, err := ds.Disk.Sharing(v, me, from)
		if err != nil {
			return nil, nil, nil, err
		}
		after, err := ds.Disk.Sharing(v, me, to)
		if err != nil {
			return nil, nil, nil, err
		}
		return set(before), set(after), set(keys, members, before, after), nil
	}
	was, is = map[mxid.User]bool{}, map[mxid.User]bool{}
	for user := range among {
		if was[user], err = ds.Disk.Shares(v, me, user, from); err != nil {
			return nil, nil, nil, err
		}
		if is[user], err = ds.Disk.Shares(v, me, user, to); err != nil {
			return nil, nil, nil, err
		}
	}
	return was, is, among, nil
}

// Changes is Lists between two tokens of earlier syncs. A token of the future means now.
//
// Spec: client-server API, GET /keys/changes.
func (ds *Devices) Changes(ctx context.Context, me mxid.User, from, to stream.Token) (changed, left []mxid.User, err error) {
	topic := stream.Topic(me)
	err = ds.Disk.View(ctx, func(v stream.View) error {
		changed, left, err = ds.Lists(v, me, from.At(topic), min(to.At(topic), v.Upto().At(topic)))
		return err
	})
	return changed, left, err
}

func set(lists ...[]mxid.User) map[mxid.User]bool {
	all := map[mxid.User]bool{}
	for _, list := range lists {
		for _, user := range list {
			all[user] = true
		}
	}
	return all
}
