package device_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// undelivered is what the store counts of sender's waiting messages.
func undelivered(t *testing.T, w *devicetest.World, sender mxid.User) [2]int64 {
	t.Helper()
	var messages, bytes int64
	w.View(func(v stream.View) (err error) {
		messages, bytes, err = w.DB.Undelivered(v, sender)
		return err
	})
	return [2]int64{messages, bytes}
}

func TestWhatWaitsForDevicesIsCountedBySender(t *testing.T) {
	w := devicetest.New(t)
	phone, tablet := w.Device(lin, "PHONE"), w.Device(lin, "TABLET")
	from, other := w.Device(aiko, "PHONE"), w.Device(maria, "PHONE")
	send(t, w, from, "1", lin, device.Everyone, `{"a":1}`)
	send(t, w, from, "2", lin, "PHONE", `{}`)
	send(t, w, from, "2", lin, "PHONE", `{}`)  // the same again
	send(t, w, from, "3", lin, "NOBODY", `{}`) // to no device at all
	send(t, w, other, "1", lin, "PHONE", `{"b":[]}`)
	if got := undelivered(t, w, aiko); got != [2]int64{3, 16} {
		t.Errorf("three messages of 16 bytes are counted as %v", got)
	}
	if got := undelivered(t, w, maria); got != [2]int64{1, 8} {
		t.Errorf("another's is counted as %v", got)
	}
	first := waiting(t, w, phone, 0)[0].Pos
	ack := func(d *devicetest.Device, upto stream.Position) {
		t.Helper()
		if err := w.DB.Do(t.Context(), func(u stream.Unit) error { return w.AckToDevice(u, d.DeviceNo, upto) }); err != nil {
			t.Fatal(err)
		}
	}
	ack(phone, first)
	ack(phone, first)
	if got := undelivered(t, w, aiko); got != [2]int64{2, 9} {
		t.Errorf("after the first was fetched: %v", got)
	}
	if err := w.DB.Do(t.Context(), func(u stream.Unit) error { return w.Remove(u, tablet.Session) }); err != nil {
		t.Fatal(err)
	}
	if got := undelivered(t, w, aiko); got != [2]int64{1, 2} {
		t.Errorf("after a device was signed out: %v", got)
	}
	ack(phone, 1<<40)
	if a, m := undelivered(t, w, aiko), undelivered(t, w, maria); a != [2]int64{} || m != [2]int64{} {
		t.Errorf("when all is fetched: %v and %v", a, m)
	}
}

// full is a store in which some messages of everybody wait already.
type full struct {
	device.Disk
	messages, bytes int64
}

func (f full) Undelivered(stream.View, mxid.User) (messages, bytes int64, err error) {
	return f.messages, f.bytes, nil
}

func TestWhoHasTooMuchWaitingIsToldSoAndNothingIsDropped(t *testing.T) {
	w := devicetest.New(t)
	phone, from := w.Device(lin, "PHONE"), w.Device(aiko, "PHONE")
	send(t, w, from, "before", lin, "PHONE", `{"n":1}`)
	try := func(messages, bytes int64, txn string) error {
		ds := device.Devices{Disk: full{w.DB, messages, bytes}}
		return ds.Send(t.Context(), from.Session, "m.test", txn, map[mxid.User]map[mxid.Device]json.RawMessage{lin: {"PHONE": json.RawMessage(`{"n":2}`)}})
	}
	for name, err := range map[string]error{
		"messages": try(500_000, 0, "a"),
		"bytes":    try(0, 512<<20-6, "b"),
	} {
		if !fault.OverQuota.In(err) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	if err := try(500_000, 0, "before"); err != nil {
		t.Errorf("what was sent before, sent again: %v", err)
	}
	if n := len(waiting(t, w, phone, 0)); n != 1 {
		t.Errorf("%d messages wait, want the one that was taken", n)
	}
	if err := try(499_999, 512<<20-7, "a"); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	if n := len(waiting(t, w, phone, 0)); n != 2 {
		t.Errorf("%d messages wait, want both", n)
	}
}

func TestWhoClaimsSparinglyGetsTheFallbackKey(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 3)
	w.Upload(d, device.Upload{FallbackKeys: d.Fallback("FB")})
	w.Published(maria, "PHONE", 3) // without a fallback key
	want := map[mxid.User]map[mxid.Device]string{lin: {"PHONE": "signed_curve25519"}, maria: {"PHONE": "signed_curve25519"}}
	for range 2 {
		got, err := w.Claim(t.Context(), want, func(mxid.User, mxid.Device) bool { return true })
		if err != nil || got[lin]["PHONE"]["signed_curve25519:FB"] == nil || len(got[lin]["PHONE"]) != 1 || got[maria] != nil {
			t.Errorf("got %v, %v; want lin's fallback key alone", got, err)
		}
	}
	if left := counts(t, w, d).OneTime["signed_curve25519"]; left != 3 {
		t.Errorf("%d one-time keys are left, want all 3", left)
	}
	if name, _ := claimOne(t, w, lin, "PHONE"); name == "" || name == "signed_curve25519:FB" {
		t.Errorf("somebody else got %q, want a one-time key", name)
	}
}

func TestKeysInBackupsHaveAQuota(t *testing.T) {
	w, bs, d, version := newBackup(t)
	put := func(session, data string) (device.Backup, error) {
		return bs.Put(t.Context(), d.Session, version, []device.BackedUp{roomKey("!a:b", session, 5, 0, false, data)})
	}
	b, err := put("one", `{"x":"123"}`)
	if err != nil || b.Keys != 1 || b.Bytes != 11 {
		t.Fatalf("one key of 11 bytes is counted as %d of %d, %v", b.Keys, b.Bytes, err)
	}
	set := func(keys, bytes int64) { // as if there were more, in an older version
		t.Helper()
		err := w.DB.Do(t.Context(), func(u stream.Unit) error {
			return w.DB.PutBackup(u, d.Account, device.Backup{Version: 0, Algorithm: algorithm, AuthData: []byte(`{}`), Keys: keys, Bytes: bytes})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		keys, bytes int64
		ok          bool
	}{{499_998, 0, true}, {499_999, 0, false}, {0, 1<<30 - 11 - 2, true}, {0, 1<<30 - 11 - 1, false}} {
		set(c.keys, c.bytes)
		before, err := bs.Version(t.Context(), d.Session, version)
		if err != nil {
			t.Fatal(err)
		}
		_, err = put("two", `{}`)
		if (err == nil) != c.ok || err != nil && !fault.OverQuota.In(err) {
			t.Errorf("with %d keys of %d bytes before: %v", c.keys, c.bytes, err)
		}
		if err != nil {
			if after, err := bs.Version(t.Context(), d.Session, version); err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("a refused key changed %v to %v, %v", before, after, err)
			}
			better := roomKey("!a:b", "one", 1, 0, true, `{"x":"123"}`)
			if _, err := bs.Put(t.Context(), d.Session, version, []device.BackedUp{better}); err != nil {
				t.Errorf("at the quota, a better key in place of another: %v", err)
			}
		}
		if _, err := bs.Drop(t.Context(), d.Session, version, "!a:b", "two"); err != nil {
			t.Fatal(err)
		}
	}
	if b, err = bs.Drop(t.Context(), d.Session, version, "", ""); err != nil || b.Keys != 0 || b.Bytes != 0 {
		t.Errorf("when all keys are gone %d of %d bytes are counted, %v", b.Keys, b.Bytes, err)
	}
}
