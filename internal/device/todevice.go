package device

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	maxContent    = 64 << 10       // bytes of one message's content
	maxRecipients = 5000           // devices that one call may write to
	maxTxn        = 255            // bytes of a transaction ID
	rememberTxn   = 48 * time.Hour // how long a repeated transaction is recognised: a device that was asleep over a day
	pruneBatch    = 500            // rows removed in one unit of work
)

// Message is one message from a device to another, waiting to be fetched.
type Message struct {
	Pos     stream.Position
	Sender  mxid.User
	Type    string
	Content json.RawMessage
}

// Txn is one remembered transaction of a device.
type Txn struct {
	Device account.DeviceNo
	ID     string
}

// QueueDisk keeps the messages that wait for devices.
type QueueDisk interface {
	// Enqueue stores m for the device, after all others.
	Enqueue(u stream.Unit, to account.DeviceNo, m Message) error
	// Queue lists the first messages that wait for the device after one position and up to another, at most limit.
	Queue(v stream.View, d account.DeviceNo, after, upto stream.Position, limit int) ([]Message, error)
	// Waiting reports whether a message waits for the device up to the position.
	Waiting(v stream.View, d account.DeviceNo, upto stream.Position) (bool, error)
	// Dequeue removes the device's messages up to the position.
	Dequeue(u stream.Unit, d account.DeviceNo, upto stream.Position) error
	// Sent reports whether the transaction was seen before, and remembers it.
	Sent(u stream.Unit, t Txn) (bool, error)
	// OldTxns lists some transactions from before a time, at most limit.
	OldTxns(v stream.View, before time.Time, limit int) ([]Txn, error)
	// ForgetTxn forgets a transaction.
	ForgetTxn(u stream.Unit, t Txn) error
}

// Everyone stands for all devices of a person in Send.
const Everyone mxid.Device = "*"

// Send gives messages of one type to devices; the device Everyone means all that the person has. When it returns nil they
// are on disk, and each device will fetch them in the order in which they were sent. The same transaction of the same device
// is carried out once, however often it comes within two days. People and devices that are not there are left out.
//
// It returns fault.BadJSON for content that is no object, fault.TooLarge for content above 64 KiB or more than 5,000
// receiving devices.
//
// Spec: client-server API, PUT /sendToDevice/{eventType}/{txnId}.
func (ds *Devices) Send(ctx context.Context, who account.Session, typ, txn string, messages map[mxid.User]map[mxid.Device]json.RawMessage) error {
	if len(typ) > maxTxn || len(txn) > maxTxn {
		return fault.InvalidParam.New("The event type and the transaction ID may have %d bytes.", maxTxn)
	}
	type parcel struct {
		user    mxid.User
		device  mxid.Device
		content json.RawMessage
	}
	var parcels []parcel
	for user, devices := range messages {
		for d, content := range devices {
			content, err := compactObject(content, "content", maxContent)
			if err != nil {
				return err
			}
			parcels = append(parcels, parcel{user, d, content})
		}
	}
	if len(parcels) > maxRecipients {
		return tooMany()
	}
	slices.SortFunc(parcels, func(a, b parcel) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.device, b.device)) })
	return ds.Disk.Do(ctx, func(u stream.Unit) error {
		var to []account.DeviceNo
		var what []parcel
		for _, p := range parcels {
			found, err := ds.recipients(u, p.user, p.device)
			if err != nil {
				return err
			}
			for _, d := range found {
				to, what = append(to, d), append(what, p)
			}
		}
		if len(to) > maxRecipients {
			return tooMany()
		}
		if again, err := ds.Disk.Sent(u, Txn{who.DeviceNo, txn}); err != nil || again {
			return err
		}
		for i, p := range what {
			m := Message{Pos: u.Next(stream.Topic(p.user)), Sender: who.User, Type: typ, Content: p.content}
			if err := ds.Disk.Enqueue(u, to[i], m); err != nil {
				return err
			}
		}
		return nil
	})
}

func tooMany() error {
	return fault.TooLarge.New("A message can go to %d devices at once. Send it in several calls.", maxRecipients)
}

// recipients finds the devices that a message for one device, or for Everyone, goes to.
func (ds *Devices) recipients(v stream.View, user mxid.User, id mxid.Device) ([]account.DeviceNo, error) {
	if id != Everyone {
		d, ok, err := ds.Disk.Device(v, user, id)
		if err != nil || !ok {
			return nil, err
		}
		return []account.DeviceNo{d.No}, nil
	}
	all, err := ds.Disk.Devices(v, user)
	if err != nil {
		return nil, err
	}
	var nos []account.DeviceNo
	for _, d := range all {
		nos = append(nos, d.No)
	}
	return nos, nil
}

// ToDevice gives the first messages that wait for a device after one position of the stream and up to another, oldest
// first, at most limit; more is true where others follow. They stay until AckToDevice: asked again, it gives the same.
func (ds *Devices) ToDevice(v stream.View, d account.DeviceNo, after, upto stream.Position, limit int) (all []Message, more bool, err error) {
	all, err = ds.Disk.Queue(v, d, after, upto, limit+1)
	if len(all) > limit {
		return all[:limit], true, err
	}
	return all, false, err
}

// Unacked reports whether AckToDevice with the same position would remove anything, so that a sync that has nothing to remove
// writes nothing.
func (ds *Devices) Unacked(v stream.View, d account.DeviceNo, upto stream.Position) (bool, error) {
	return ds.Disk.Waiting(v, d, upto)
}

// AckToDevice removes the messages that the device has, which it shows by coming back with the token of the answer that
// brought them.
func (ds *Devices) AckToDevice(u stream.Unit, d account.DeviceNo, upto stream.Position) error {
	return ds.Disk.Dequeue(u, d, upto)
}

// Prune forgets transactions that are too old to be repeated. It is done a little at a time.
func (ds *Devices) Prune(ctx context.Context) error {
	for {
		var old []Txn
		err := ds.Disk.View(ctx, func(v stream.View) (err error) {
			old, err = ds.Disk.OldTxns(v, time.Now().Add(-rememberTxn), pruneBatch)
			return err
		})
		if err != nil || len(old) == 0 {
			return err
		}
		err = ds.Disk.Do(ctx, func(u stream.Unit) error {
			for _, t := range old {
				if err := ds.Disk.ForgetTxn(u, t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("forgetting old transactions: %w", err)
		}
	}
}
