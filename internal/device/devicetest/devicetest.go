// Package devicetest makes devices with real keys, and the people and rooms they belong to, for tests.
package devicetest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// World is a store with people in it.
type World struct {
	*device.Devices
	DB  *store.DB
	Hub *stream.Hub

	t   testing.TB
	dir string
	sql *sql.DB // beside the store, for rows that other packages own
}

// New makes an empty world.
func New(t testing.TB) *World {
	t.Helper()
	return open(t, t.TempDir())
}

// AfterCrash is the world as it would be found if the machine had stopped this moment.
func (w *World) AfterCrash() *World {
	w.t.Helper()
	dir := w.t.TempDir()
	storetest.Copy(w.t, w.dir, dir)
	return open(w.t, dir)
}

func open(t testing.TB, dir string) *World {
	t.Helper()
	db, hub := storetest.OpenDir(t, dir)
	w := &World{Devices: &device.Devices{Disk: db, Ledger: ledgerOf(db, hub)}, DB: db, Hub: hub, t: t, dir: dir, sql: storetest.Beside(t, dir)}
	if err := errors.Join(w.Ledger.Prepare(t.Context()), w.PrepareRecord(t.Context())); err != nil {
		t.Fatal(err)
	}
	return w
}

// ledgerOf is the ledger in a store, with no witnesses.
func ledgerOf(db *store.DB, hub *stream.Hub) *ledger.Ledger {
	return &ledger.Ledger{Disk: db, Hub: hub, Server: "wardroom.test", Policy: config.Nobody()}
}

// Device is one person's device with its own keys.
type Device struct {
	account.Session
	Key ed25519.PrivateKey
}

// Device adds a device for user, and user too where there is none yet.
func (w *World) Device(user mxid.User, id mxid.Device) *Device {
	w.t.Helper()
	w.Exec(`INSERT INTO account (id, password, created_day, closed, keys_pos) VALUES ($1, '', 0, FALSE, 0) ON CONFLICT DO NOTHING`, user)
	w.Exec(`INSERT INTO device (account, id, name, seen_day) SELECT no, $1, $2, 0 FROM account WHERE id = $3`, id, "", user)
	d := &Device{Session: account.Session{User: user, Device: id}, Key: NewKey()}
	w.Row(`SELECT device.account, device.no FROM device JOIN account ON account.no = device.account WHERE account.id = $1 AND device.id = $2`,
		[]any{user, id}, &d.Account, &d.DeviceNo)
	return d
}

// Published is Device with its keys and n one-time keys uploaded.
func (w *World) Published(user mxid.User, id mxid.Device, n int) *Device {
	w.t.Helper()
	d := w.Device(user, id)
	w.Upload(d, device.Upload{DeviceKeys: d.Keys(), OneTimeKeys: d.OneTimeKeys(0, n)})
	return d
}

// Upload publishes keys, which must work.
func (w *World) Upload(d *Device, up device.Upload) map[string]int {
	w.t.Helper()
	counts, err := w.Devices.Upload(w.t.Context(), d.Session, up)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts
}

// Exec runs a statement beside the store.
func (w *World) Exec(q string, args ...any) {
	w.t.Helper()
	if _, err := w.sql.ExecContext(w.t.Context(), q, args...); err != nil {
		w.t.Fatal(err)
	}
}

// Row reads one row beside the store.
func (w *World) Row(q string, args []any, into ...any) {
	w.t.Helper()
	if err := w.sql.QueryRowContext(w.t.Context(), q, args...).Scan(into...); err != nil {
		w.t.Fatal(err)
	}
}

// Member writes down that user's membership in room is another from the next position on.
func (w *World) Member(room mxid.Room, user mxid.User, membership string) {
	w.t.Helper()
	var pos stream.Position
	if err := w.DB.Do(w.t.Context(), func(u stream.Unit) error { pos = u.Next(stream.Topic(room)); return nil }); err != nil {
		w.t.Fatal(err)
	}
	w.Exec(`INSERT INTO room (id, version, head, depth, listed) VALUES ($1, '12', $2, 0, FALSE) ON CONFLICT DO NOTHING`, room, []byte{})
	w.Exec(`UPDATE state SET until = $1 WHERE room = (SELECT no FROM room WHERE id = $2) AND type = 'm.room.member' AND state_key = $3
		AND until = 9223372036854775807`, pos, room, user)
	w.Exec(`INSERT INTO state (room, type, state_key, pos, until, membership)
		SELECT no, 'm.room.member', $1, $2, 9223372036854775807, $3 FROM room WHERE id = $4`, user, pos, membership, room)
}

// Upto is the end of the stream.
func (w *World) Upto() (p stream.Position) {
	w.t.Helper()
	w.View(func(v stream.View) error { p = v.Upto().At(""); return nil })
	return p
}

// View runs fn in a view; it must work.
func (w *World) View(fn func(stream.View) error) {
	w.t.Helper()
	if err := w.DB.View(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// Do runs fn in a unit of work; it must work.
func (w *World) Do(fn func(stream.Unit) error) {
	w.t.Helper()
	if err := w.DB.Do(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// NewKey makes an Ed25519 key.
func NewKey() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// Public is the public half of a key, in unpadded base64.
func Public(key ed25519.PrivateKey) string {
	return base64.RawStdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

// Sign adds user's signature to an object.
func Sign(object map[string]any, user mxid.User, keyID string, key ed25519.PrivateKey) json.RawMessage {
	bare := map[string]any{}
	for k, v := range object {
		if k != "signatures" && k != "unsigned" {
			bare[k] = v
		}
	}
	data, err := event.Canonical(must(json.Marshal(bare)))
	if err != nil {
		panic(err)
	}
	all, ok := object["signatures"].(map[mxid.User]map[string]string)
	if !ok {
		all = map[mxid.User]map[string]string{}
		object["signatures"] = all
	}
	if all[user] == nil {
		all[user] = map[string]string{}
	}
	all[user][keyID] = base64.RawStdEncoding.EncodeToString(ed25519.Sign(key, data))
	return must(json.Marshal(object))
}

// KeyID names the device's own Ed25519 key.
func (d *Device) KeyID() string { return "ed25519:" + string(d.Session.Device) }

// Keys is the device's keys, signed.
func (d *Device) Keys() json.RawMessage {
	return Sign(d.Bare(), d.User, d.KeyID(), d.Key)
}

// Bare is the device's keys before anybody signed them.
func (d *Device) Bare() map[string]any {
	return map[string]any{
		"user_id":    d.User,
		"device_id":  d.Session.Device,
		"algorithms": []string{"m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"},
		"keys": map[string]string{
			d.KeyID():                                Public(d.Key),
			"curve25519:" + string(d.Session.Device): d.curve("identity"),
		},
	}
}

// OneTimeKeys is n signed one-time keys, numbered from first on.
func (d *Device) OneTimeKeys(first, n int) device.Keys {
	all := make(device.Keys, n)
	for i := range all {
		id := OneTimeID(first + i)
		all[i] = device.Key{Name: "signed_curve25519:" + id, JSON: Sign(map[string]any{"key": d.curve(id)}, d.User, d.KeyID(), d.Key)}
	}
	return all
}

// OneTimeID is the ID that Olm libraries give to a device's n-th key: base64 of a counter, whose text is in another order.
func OneTimeID(n int) string {
	return base64.RawStdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// Fallback is a signed fallback key of that ID.
func (d *Device) Fallback(id string) map[string]json.RawMessage {
	return map[string]json.RawMessage{"signed_curve25519:" + id: Sign(map[string]any{"key": d.curve(id), "fallback": true}, d.User, d.KeyID(), d.Key)}
}

// curve is something that looks like a Curve25519 key; the server never uses one.
func (d *Device) curve(name string) string {
	sum := sha256.Sum256(append([]byte(name), d.Key...))
	return base64.RawStdEncoding.EncodeToString(sum[:])
}

// Person is somebody's three cross-signing keys.
type Person struct {
	User                             mxid.User
	Master, SelfSigning, UserSigning ed25519.PrivateKey
}

// NewPerson makes cross-signing keys.
func NewPerson(user mxid.User) *Person { return &Person{user, NewKey(), NewKey(), NewKey()} }

// Bare is one of the keys before anybody signed it.
func (p *Person) Bare(usage device.Usage, key ed25519.PrivateKey) map[string]any {
	return map[string]any{
		"user_id": p.User,
		"usage":   []device.Usage{usage},
		"keys":    map[string]string{"ed25519:" + Public(key): Public(key)},
	}
}

// Keys is the three keys, the second and third signed by the first.
func (p *Person) Keys() device.CrossSigningUpload {
	by := "ed25519:" + Public(p.Master)
	return device.CrossSigningUpload{
		Master:      must(json.Marshal(p.Bare(device.Master, p.Master))),
		SelfSigning: Sign(p.Bare(device.SelfSigning, p.SelfSigning), p.User, by, p.Master),
		UserSigning: Sign(p.Bare(device.UserSigning, p.UserSigning), p.User, by, p.Master),
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
