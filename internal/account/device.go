package account

import (
	"context"
	"fmt"

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
	// DropDevice deletes a device and every token of it.
	DropDevice(u stream.Unit, d DeviceNo) error
}

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
		return a.dropDevices(u, s.Account, func(Device) bool { return true })
	})
	if err != nil {
		return fmt.Errorf("signing out all of %s: %w", s.User, err)
	}
	return nil
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
