// Package device is a person's devices as far as end-to-end encryption goes: the keys they publish, the one-time keys
// that others claim, the signatures that tie them together, the messages they send each other, and the backup of their
// room keys. The server passes keys on and checks what a server can check; it can decrypt nothing.
//
// A device learns about all this through sync: Queue, Counts and Lists are what a sync asks, inside its one view.
package device

import (
	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Device is one device of a person.
type Device struct {
	No      account.DeviceNo
	Account account.No
	User    mxid.User
	ID      mxid.Device
	Name    string
	Keys    event.Value // the device keys it published, canonical; nil where it published none
}

// Disk is what devices keep.
type Disk interface {
	stream.Disk
	IdentityDisk
	CrossSigningDisk
	OneTimeKeyDisk
	ListDisk
	QueueDisk
	DehydratedDisk
	RecordDisk
}

// IdentityDisk keeps what a device and a person are known by.
type IdentityDisk interface {
	// Device finds one device of user. ok is false where there is none.
	Device(v stream.View, user mxid.User, id mxid.Device) (d Device, ok bool, err error)
	// Devices lists all devices of user, those without keys too.
	Devices(v stream.View, user mxid.User) ([]Device, error)
	// SetDeviceKeys stores the device's keys in place of those it had.
	SetDeviceKeys(u stream.Unit, d account.DeviceNo, keys event.Value) error
	// SetKeysPos notes that the account's keys changed at pos.
	SetKeysPos(u stream.Unit, a account.No, pos stream.Position) error
	// Forget removes the device's keys, its one-time keys, and the messages to it and from it that are remembered.
	Forget(u stream.Unit, d account.DeviceNo) error
}

// CrossSigningDisk keeps the keys that stand for a person, and the signatures made with them.
type CrossSigningDisk interface {
	// CrossSigning gives the three cross-signing keys of user; they are nil where there are none.
	CrossSigning(v stream.View, user mxid.User) (CrossSigning, error)
	// SetCrossSigningKey stores one key in place of the one the account had for that usage; a nil key removes it.
	SetCrossSigningKey(u stream.Unit, a account.No, usage Usage, key event.Value) error
	// LastMasterKey gives the account's newest entry in its history of master keys. ok is false where there is none.
	LastMasterKey(v stream.View, a account.No) (m MasterKey, ok bool, err error)
	// AddMasterKey adds an entry to that history.
	AddMasterKey(u stream.Unit, a account.No, m MasterKey) error
	// Signatures lists the signatures over keys of owner that owner or reader made after the keys were uploaded.
	Signatures(v stream.View, owner, reader mxid.User) ([]Signature, error)
	// AddSignature stores a signature over a key of account a, made known at pos.
	AddSignature(u stream.Unit, a account.No, s Signature, pos stream.Position) error
	// DropSignatures removes the signatures over target, which is a device ID or a public key of the account, and those
	// over the account's keys that were made by owner with the key of that name. An empty keyID names none.
	DropSignatures(u stream.Unit, a account.No, owner mxid.User, target, keyID string) error
}

// OneTimeKeyDisk keeps the keys that are handed out.
type OneTimeKeyDisk interface {
	// OneTimeKeys lists the device's one-time keys by algorithm in the order of upload, and what is still remembered of
	// those that were handed out.
	OneTimeKeys(v stream.View, d account.DeviceNo) ([]OneTimeKey, error)
	// AddOneTimeKey stores a key that is handed out after all others of its algorithm.
	AddOneTimeKey(u stream.Unit, d account.DeviceNo, k OneTimeKey) error
	// ForgetHandedOut forgets the handed out keys of an algorithm up to seq.
	ForgetHandedOut(u stream.Unit, d account.DeviceNo, algorithm string, seq int64) error
	// HandOut takes the device's oldest one-time key of the algorithm. Nobody else is given it. ok is false where none is
	// left.
	HandOut(u stream.Unit, d account.DeviceNo, algorithm string) (k OneTimeKey, ok bool, err error)
	// FallbackKeys lists the device's fallback keys.
	FallbackKeys(v stream.View, d account.DeviceNo) ([]FallbackKey, error)
	// SetFallbackKey stores k in place of the device's fallback key of that algorithm.
	SetFallbackKey(u stream.Unit, d account.DeviceNo, k FallbackKey) error
	// SetClaimed notes that a key of the device was handed out at pos.
	SetClaimed(u stream.Unit, d account.DeviceNo, pos stream.Position) error
	// Counts says how many one-time keys the device has left by algorithm, the algorithms of its unused fallback keys, and
	// where in the stream a key of it was last handed out.
	Counts(v stream.View, d account.DeviceNo) (Counts, error)
	// DropOneTimeKeys removes all one-time and fallback keys of the device.
	DropOneTimeKeys(u stream.Unit, d account.DeviceNo) error
}

// Devices answers for everybody's devices.
type Devices struct {
	Disk   Disk
	Ledger *ledger.Ledger // where each master key is recorded
}

// Remove removes what belongs to the device of s: its keys and their signatures, its one-time keys, the messages that wait
// for it. Whoever shares a room with the person is told that the device has gone. The caller removes the device itself and
// its tokens, in the same unit. A device that is not there is no error.
func (ds *Devices) Remove(u stream.Unit, s account.Session) error {
	d, ok, err := ds.Disk.Device(u, s.User, s.Device)
	if err != nil || !ok {
		return err
	}
	if err := ds.Disk.Forget(u, d.No); err != nil {
		return err
	}
	if err := ds.Disk.DropSignatures(u, d.Account, d.User, string(d.ID), "ed25519:"+string(d.ID)); err != nil {
		return err
	}
	if d.Keys == nil {
		return nil
	}
	return ds.KeysChanged(u, d.Account, d.User)
}

// Named tells the person's own devices, and everybody who shares a room with the person, that a device has another name.
func (ds *Devices) Named(u stream.Unit, s account.Session) error {
	return ds.KeysChanged(u, s.Account, s.User)
}

// KeysChanged tells the person's own devices, and everybody who shares a room with the person, to ask for the person's
// keys again. It is for whatever shows in the answer of Query, a device's name too.
func (ds *Devices) KeysChanged(u stream.Unit, a account.No, user mxid.User) error {
	rooms, err := ds.Disk.JoinedRooms(u, user)
	if err != nil {
		return err
	}
	topics := make([]stream.Topic, len(rooms))
	for i, room := range rooms {
		topics[i] = stream.Topic(room)
	}
	return ds.Disk.SetKeysPos(u, a, u.Next(stream.Topic(user), topics...))
}
