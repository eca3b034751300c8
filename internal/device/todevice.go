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

	// What one person may have waiting in the queues of all devices together. Room keys for devices that never fetch them wait
	// until these are signed out, after 180 days at the latest (account.Unused): for a person who writes much, some ten thousand.
	maxUndelivered      = 500_000
	maxUndeliveredBytes = 512 << 20
)

// Message is one message from a device to another, waiting to be fetched.
type Message struct {
	Pos     stream.Position
	Sender  mxid.User
	Type    string
	Content json.RawMessage
}

// Parcel is a message on its way to one device.
type Parcel struct {
	To      account.DeviceNo
	Pos     stream.Position
	Content json.RawMessage
}

// Txn is one remembered transaction of a device.
type Txn struct {
	Device account.DeviceNo
	ID     string
}

// QueueDisk keeps the messages that wait for devices.
type QueueDisk interface {
	// Enqueue stores messages of one type for the devices they go to, each after all others.
	Enqueue(u stream.Unit, sender mxid.User, typ string, parcels []Parcel) error
	// Undelivered says how many messages of sender wait in all queues together, and how many bytes of content.
	Undelivered(v stream.View, sender mxid.User) (messages, bytes int64, err error)
	// Queue lists the first messages that wait for the device after one position and up to another, at most limit.
	Queue(v stream.View, d account.DeviceNo, after, upto stream.Position, limit int) ([]Message, error)
	// Waiting reports whether a message waits for the device up to the position.
	Waiting(v stream.View, d account.DeviceNo, upto stream.Position) (bool, error)
	// Dequeue removes the device's messages up to the position.
	Dequeue(u stream.Unit, d account.DeviceNo, upto stream.Position) error
	// Sent reports whether the transaction is remembered.
	Sent(v stream.View, t Txn) (bool, error)
	// Remember remembers a transaction that is not yet.
	Remember(u stream.Unit, t Txn) error
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
// receiving devices, and fault.OverQuota when too much of what the person sent waits already; then none of it is sent.
//
// Spec: client-server API, PUT /sendToDevice/{eventType}/{txnId}.
func (ds *Devices) Send(ctx context.Context, who account.Session, typ, txn string, messages map[mxid.User]map[mxid.Device]json.RawMessage) error {
	if len(typ) > maxTxn || len(txn) > maxTxn {
		return fault.InvalidParam.New("The event type and the transaction ID may have %d bytes.", maxTxn)
	}
	type addressed struct {
		user    mxid.User
		device  mxid.Device
		content json.RawMessage
	}
	var all []addressed
	for user, devices := range messages {
		for d, content := range devices {
			content, err := compactObject(content, "content", maxContent)
			if err != nil {
				return err
			}
			all = append(all, addressed{user, d, content})
		}
	}
	if len(all) > maxRecipients {
		return tooMany()
	}
	slices.SortFunc(all, func(a, b addressed) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.device, b.device)) })
	return ds.Disk.Do(ctx, func(u stream.Unit) error {
		if again, err := ds.Disk.Sent(u, Txn{who.DeviceNo, txn}); err != nil || again {
			return err
		}
		var parcels []Parcel
		size := 0
		for _, a := range all {
			found, err := ds.recipients(u, a.user, a.device)
			if err != nil {
				return err
			}
			for _, d := range found {
				parcels = append(parcels, Parcel{To: d, Pos: u.Next(stream.Topic(a.user)), Content: a.content})
				size += len(a.content)
			}
			if len(parcels) > maxRecipients {
				return tooMany()
			}
		}
		if err := ds.roomToSend(u, who.User, len(parcels), size); err != nil {
			return err
		}
		if err := ds.Disk.Remember(u, Txn{who.DeviceNo, txn}); err != nil {
			return err
		}
		return ds.Disk.Enqueue(u, who.User, typ, parcels)
	})
}

// roomToSend refuses what would make more of sender wait than may.
func (ds *Devices) roomToSend(u stream.Unit, sender mxid.User, messages, size int) error {
	waiting, bytes, err := ds.Disk.Undelivered(u, sender)
	if err == nil && (waiting+int64(messages) > maxUndelivered || bytes+int64(size) > maxUndeliveredBytes) {
		err = fault.OverQuota.New("%d messages of yours, %d MiB, wait for devices that do not fetch them, and the server takes no more. "+
			"Nothing of this was sent. Ask the people you write to, to sign out devices they do not use.", waiting, bytes>>20)
	}
	return err
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
