package device

import (
	"context"
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	maxDehydrated = 64 << 10 // bytes of a dehydrated device
	maxName       = 255      // bytes of its name
	eventsPage    = 100      // messages in one answer
)

// Dehydrated is a device that nobody holds: its private keys lie on the server, encrypted, and messages wait for it. A
// person who has lost every other device takes it over with the recovery key, and reads what was sent meanwhile.
//
// Spec: MSC3814.
type Dehydrated struct {
	No     account.DeviceNo
	Device mxid.Device
	Data   json.RawMessage // the device, encrypted
}

// DehydratedUpload is a new dehydrated device, with what it publishes.
type DehydratedUpload struct {
	Device mxid.Device     `json:"device_id"`
	Data   json.RawMessage `json:"device_data"`
	Name   string          `json:"initial_device_display_name"`
	Upload
}

// DehydratedDisk keeps dehydrated devices.
type DehydratedDisk interface {
	// Dehydrated finds the account's dehydrated device. ok is false where there is none.
	Dehydrated(v stream.View, a account.No) (d Dehydrated, ok bool, err error)
	// SetDehydrated makes d the account's dehydrated device.
	SetDehydrated(u stream.Unit, a account.No, d Dehydrated) error
	// PutDevice finds the account's device id, or makes it with name.
	PutDevice(u stream.Unit, a account.No, id mxid.Device, name string) (account.DeviceNo, error)
	// DropDevice deletes a device.
	DropDevice(u stream.Unit, d account.DeviceNo) error
}

// Dehydrate puts a dehydrated device in place of the one that the person had. It is checked like Upload checks other devices,
// and must bring its keys.
//
// It returns fault.InvalidParam where the device is one that somebody is signed in on, and what Upload returns.
//
// Spec: MSC3814, PUT /dehydrated_device.
func (ds *Devices) Dehydrate(ctx context.Context, who account.Session, up DehydratedUpload) error {
	if _, err := mxid.ParseDevice(string(up.Device)); err != nil {
		return fault.InvalidParam.New("%q is not a device ID.", up.Device)
	}
	if !present(up.DeviceKeys) {
		return fault.MissingParam.New("A dehydrated device must come with its device keys.")
	}
	if len(up.Name) > maxName {
		return fault.InvalidParam.New("The name of a device may have %d bytes.", maxName)
	}
	data, err := compactObject(up.Data, "device_data", maxDehydrated)
	if err != nil {
		return err
	}
	asleep := account.Session{User: who.User, Account: who.Account, Device: up.Device}
	p, err := parseUpload(asleep, up.Upload)
	if err != nil {
		return err
	}
	if err := p.verify(asleep, identity(p.keys, up.Device)); err != nil {
		return err
	}
	return ds.Disk.Do(ctx, func(u stream.Unit) error {
		if err := ds.makeRoom(u, who, up.Device); err != nil {
			return err
		}
		no, err := ds.Disk.PutDevice(u, who.Account, up.Device, up.Name)
		if err != nil {
			return err
		}
		if err := ds.publish(u, asleep, p); err != nil {
			return err
		}
		return ds.Disk.SetDehydrated(u, who.Account, Dehydrated{No: no, Device: up.Device, Data: data})
	})
}

// makeRoom removes the dehydrated device that the person had, for one that will be called id. It refuses the ID of any other
// device before it writes anything.
func (ds *Devices) makeRoom(u stream.Unit, who account.Session, id mxid.Device) error {
	old, had, err := ds.Disk.Dehydrated(u, who.Account)
	if err != nil {
		return err
	}
	_, taken, err := ds.Disk.Device(u, who.User, id)
	if err != nil {
		return err
	}
	if taken && (!had || old.Device != id) {
		return fault.InvalidParam.New("You have another device of this ID.")
	}
	if !had {
		return nil
	}
	return ds.removeDehydrated(u, who, old)
}

// removeDehydrated removes a dehydrated device and all that belongs to it.
func (ds *Devices) removeDehydrated(u stream.Unit, who account.Session, d Dehydrated) error {
	if err := ds.Remove(u, account.Session{User: who.User, Account: who.Account, Device: d.Device, DeviceNo: d.No}); err != nil {
		return err
	}
	return ds.Disk.DropDevice(u, d.No)
}

// Dehydrated gives the person's dehydrated device. It returns fault.NotFound where there is none.
//
// Spec: MSC3814, GET /dehydrated_device.
func (ds *Devices) Dehydrated(ctx context.Context, who account.Session) (d Dehydrated, err error) {
	err = ds.Disk.View(ctx, func(v stream.View) error {
		d, err = ds.dehydrated(v, who)
		return err
	})
	return d, err
}

func (ds *Devices) dehydrated(v stream.View, who account.Session) (Dehydrated, error) {
	d, ok, err := ds.Disk.Dehydrated(v, who.Account)
	if err == nil && !ok {
		err = fault.NotFound.New("There is no dehydrated device.")
	}
	return d, err
}

// DropDehydrated removes the person's dehydrated device and says which it was. It returns fault.NotFound where there is none.
//
// Spec: MSC3814, DELETE /dehydrated_device.
func (ds *Devices) DropDehydrated(ctx context.Context, who account.Session) (id mxid.Device, err error) {
	err = ds.Disk.Do(ctx, func(u stream.Unit) error {
		d, err := ds.dehydrated(u, who)
		if err != nil {
			return err
		}
		id = d.Device
		return ds.removeDehydrated(u, who, d)
	})
	return id, err
}

// DehydratedEvents gives the first messages that wait for the person's dehydrated device id behind a position. They stay until
// the device is replaced. It returns fault.NotFound where id is not the dehydrated device.
//
// Spec: MSC3814, /dehydrated_device/{device_id}/events.
func (ds *Devices) DehydratedEvents(ctx context.Context, who account.Session, id mxid.Device, after stream.Position) (all []Message, err error) {
	err = ds.Disk.View(ctx, func(v stream.View) error {
		d, err := ds.dehydrated(v, who)
		if err != nil {
			return err
		}
		if d.Device != id {
			return fault.NotFound.New("Device %q is not your dehydrated device.", id)
		}
		all, err = ds.Disk.Queue(v, d.No, after, v.Upto().At(stream.Topic(who.User)), eventsPage)
		return err
	})
	return all, err
}
