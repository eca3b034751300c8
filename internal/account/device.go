package account

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Device is one device as its person sees it.
type Device struct {
	Session
	Name    string
	SeenDay int64 // when it was last used, in days since 1970; never more exactly
}

// DeviceDisk keeps devices.
type DeviceDisk interface {
	// PutDevice finds the account's device id, or makes it with name and with nothing waiting for it.
	PutDevice(u stream.Unit, a No, id mxid.Device, name string) (DeviceNo, error)
	// OwnDevices lists the account's devices, by ID.
	OwnDevices(v stream.View, a No) ([]Device, error)
	// NameDevice gives a device another name.
	NameDevice(u stream.Unit, d DeviceNo, name string) error
	// Unused lists some devices, of anybody, that were last seen before a day, at most limit.
	Unused(v stream.View, before int64, limit int) ([]Device, error)
	// Ran gives what SetRan kept; the zero Ran before that.
	Ran(v stream.View) (Ran, error)
	// SetRan keeps r.
	SetRan(u stream.Unit, r Ran) error
	// DropDevice deletes a device, every token of it and its pushers.
	DropDevice(u stream.Unit, d DeviceNo) error
}

// Ran is when the server ran, in days since 1970: last, and since when it has not stood still for long.
type Ran struct{ Last, Since int64 }

const (
	// MaxDevices is how many devices one account may have. Each one costs everybody who writes to its person a key.
	MaxDevices = 50
	// givesWay is after how many days without use a device gives way to a new one where the account has MaxDevices.
	givesWay = 30
	// Unused is after how many days without use a device is signed out by itself; see docs/decisions/limits.md.
	Unused = 180
	// stoodStill is for how many days the server must have stood still for the days without use to begin anew.
	stoodStill = 30
	// unusedBatch is how many of them are looked up at a time.
	unusedBatch = 100
)

// Devices lists s's own devices, by ID.
//
// Spec: client-server API, GET /devices.
func (a *Accounts) Devices(ctx context.Context, s Session) (all []Device, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		all, err = a.Disk.OwnDevices(v, s.Account)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the devices of %s: %w", s.User, err)
	}
	return all, nil
}

// Device gives one of s's own devices. It returns fault.NotFound where there is none.
//
// Spec: client-server API, GET /devices/{deviceId}.
func (a *Accounts) Device(ctx context.Context, s Session, id mxid.Device) (Device, error) {
	all, err := a.Devices(ctx, s)
	if err != nil {
		return Device{}, err
	}
	return theDevice(all, id)
}

func theDevice(all []Device, id mxid.Device) (Device, error) {
	for _, d := range all {
		if d.Device == id {
			return d, nil
		}
	}
	return Device{}, fault.NotFound.New("You have no device %s.", id)
}

// NameDevice gives one of s's own devices another name. It returns fault.NotFound where there is none.
//
// Spec: client-server API, PUT /devices/{deviceId}.
func (a *Accounts) NameDevice(ctx context.Context, s Session, id mxid.Device, name string) error {
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		all, err := a.Disk.OwnDevices(u, s.Account)
		if err != nil {
			return err
		}
		d, err := theDevice(all, id)
		if err != nil {
			return err
		}
		if err := a.Disk.NameDevice(u, d.DeviceNo, clip(name)); err != nil || a.DeviceNamed == nil {
			return err
		}
		return a.DeviceNamed(u, d.Session)
	})
	if err != nil {
		return fmt.Errorf("naming device %s of %s: %w", id, s.User, err)
	}
	return nil
}

// DropDevices deletes those of s's own devices that ids names: their tokens are void, their keys gone. An ID that is
// nobody's is passed over.
//
// Spec: client-server API, POST /delete_devices and DELETE /devices/{deviceId}.
func (a *Accounts) DropDevices(ctx context.Context, s Session, ids ...mxid.Device) error {
	wanted := make(map[mxid.Device]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		return a.dropDevices(u, s.Account, func(d Device) bool { return wanted[d.Device] })
	})
	if err != nil {
		return fmt.Errorf("deleting devices of %s: %w", s.User, err)
	}
	return nil
}

// SignOut ends s: its device and its tokens are gone at once.
//
// Spec: client-server API, POST /logout.
func (a *Accounts) SignOut(ctx context.Context, s Session) error {
	return a.DropDevices(ctx, s, s.Device)
}

// SignOutEverywhere ends every session of s's person.
//
// Spec: client-server API, POST /logout/all.
func (a *Accounts) SignOutEverywhere(ctx context.Context, s Session) error {
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		if err := a.Disk.EndOAuthCodes(u, s.Account); err != nil {
			return err
		}
		return a.dropDevices(u, s.Account, func(Device) bool { return true })
	})
	if err != nil {
		return fmt.Errorf("signing out all of %s: %w", s.User, err)
	}
	return nil
}

// EndUnused signs out every device that nobody has used for 180 days, as its person would: what waits for it is gone, and
// whoever encrypts for its person is told that it has gone. A device that is dehydrated counts from the day it was made.
// After a restore the days begin anew: what was used in the part that is lost, nobody knows. So they do where it was not called for
// 30 days: while the server stands still nobody can use anything.
func (a *Accounts) EndUnused(ctx context.Context) error {
	before := time.Now().Unix()/86400 - Unused
	since, err := a.running(ctx)
	if err != nil || max(since, a.restoredDay()) >= before {
		return err
	}
	for {
		var old []Device
		err := a.Disk.View(ctx, func(v stream.View) (err error) {
			old, err = a.Disk.Unused(v, before, unusedBatch)
			return err
		})
		if err != nil || len(old) == 0 {
			return err
		}
		for _, d := range old { // each for itself: there may be much that waits for it
			err := a.Disk.Do(ctx, func(u stream.Unit) error {
				return a.dropDevices(u, d.Account, func(now Device) bool { return now.DeviceNo == d.DeviceNo && now.SeenDay < before })
			})
			if err != nil {
				return fmt.Errorf("ending an unused device: %w", err)
			}
		}
	}
}

// running notes that the server runs today, and gives the day since when it has not stood still for long.
func (a *Accounts) running(ctx context.Context) (since int64, err error) {
	var ran Ran
	err = a.Disk.View(ctx, func(v stream.View) (err error) { ran, err = a.Disk.Ran(v); return err })
	if today := time.Now().Unix() / 86400; err == nil && ran.Last != today {
		if today-ran.Last >= stoodStill || today < ran.Last { // the clock may have been wrong, then or now
			ran.Since = today
		}
		ran.Last = today
		err = a.Disk.Do(ctx, func(u stream.Unit) error { return a.Disk.SetRan(u, ran) })
	}
	if err != nil {
		return 0, fmt.Errorf("noting that the server runs: %w", err)
	}
	return ran.Since, nil
}

// makeRoom sees to it that the account may have one more device, called id: where it has as many as it may, the one that was not
// used for the longest time goes, if that was 30 days or more. It returns fault.OverQuota if not, and then has written nothing.
func (a *Accounts) makeRoom(u stream.Unit, no No, id mxid.Device) error {
	all, err := a.Disk.OwnDevices(u, no)
	if err != nil || len(all) < MaxDevices || slices.ContainsFunc(all, func(d Device) bool { return d.Device == id }) {
		return err
	}
	oldest := slices.MinFunc(all, func(a, b Device) int { return cmp.Compare(a.SeenDay, b.SeenDay) })
	if u.Now().Unix()/86400-oldest.SeenDay < givesWay {
		return fault.OverQuota.New("You are signed in on %d devices, which is the most. Sign out on one that you do not need.", len(all))
	}
	return a.dropDevices(u, no, func(d Device) bool { return d.DeviceNo == oldest.DeviceNo })
}

// dropDevices deletes the devices of an account for which drop says so.
func (a *Accounts) dropDevices(u stream.Unit, no No, drop func(Device) bool) error {
	all, err := a.Disk.OwnDevices(u, no)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !drop(d) {
			continue
		}
		if a.DeviceGone != nil {
			if err := a.DeviceGone(u, d.Session); err != nil {
				return err
			}
		}
		if err := a.Disk.DropDevice(u, d.DeviceNo); err != nil {
			return err
		}
		u.Next(stream.Topic(d.User)) // wakes what waits in the device's name: it ends
	}
	return nil
}
