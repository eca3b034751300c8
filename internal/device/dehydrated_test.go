package device_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// asleep makes a dehydrated device for who.
func asleep(who *devicetest.Device, id mxid.Device) (*devicetest.Device, device.DehydratedUpload) {
	d := &devicetest.Device{Session: account.Session{User: who.User, Account: who.Account, Device: id}, Key: devicetest.NewKey()}
	return d, device.DehydratedUpload{
		Device: id, Data: json.RawMessage(`{"algorithm":"x"}`), Name: "Dehydrated device",
		Upload: device.Upload{DeviceKeys: d.Keys(), OneTimeKeys: d.OneTimeKeys(0, 1), FallbackKeys: d.Fallback("FB")},
	}
}

func TestADehydratedDeviceReceivesUntilItIsReplaced(t *testing.T) {
	w := devicetest.New(t)
	phone, from := w.Published(lin, "PHONE", 0), w.Device(aiko, "PHONE")
	if _, err := w.Dehydrated(t.Context(), phone.Session); !fault.NotFound.In(err) {
		t.Fatalf("got %v, want M_NOT_FOUND", err)
	}
	for round, id := range []mxid.Device{"SLEEP1", "SLEEP2", "SLEEP2"} {
		before := w.Upto()
		_, up := asleep(phone, id)
		if err := w.Dehydrate(t.Context(), phone.Session, up); err != nil {
			t.Fatal(err)
		}
		d, err := w.Dehydrated(t.Context(), phone.Session)
		if err != nil || d.Device != id || string(d.Data) != `{"algorithm":"x"}` {
			t.Fatalf("got %+v: %v", d, err)
		}
		q := query(t, w, aiko, lin)
		if len(q.DeviceKeys[lin]) != 2 || q.DeviceKeys[lin][id] == nil {
			t.Fatalf("round %d: %d devices, want the phone and %s", round, len(q.DeviceKeys[lin]), id)
		}
		if changed, _ := lists(t, w, lin, before, w.Upto()); len(changed) != 1 {
			t.Errorf("round %d: changed %v, want oneself", round, changed)
		}
		if name, _ := claimOne(t, w, lin, id); name == "" {
			t.Errorf("round %d: there is no key to claim", round)
		}
		for i := range 120 {
			send(t, w, from, fmt.Sprint(round, "-", i), lin, "*", `{}`)
		}
		first, err := w.DehydratedEvents(t.Context(), phone.Session, id, 0)
		if err != nil || len(first) != 100 {
			t.Fatalf("%d messages, want 100: %v", len(first), err)
		}
		rest, err := w.DehydratedEvents(t.Context(), phone.Session, id, first[99].Pos)
		if err != nil || len(rest) != 20 {
			t.Fatalf("%d messages, want 20: %v", len(rest), err)
		}
		if _, err := w.DehydratedEvents(t.Context(), phone.Session, "PHONE", 0); !fault.NotFound.In(err) {
			t.Errorf("another device's messages: got %v, want M_NOT_FOUND", err)
		}
	}
	if id, err := w.DropDehydrated(t.Context(), phone.Session); err != nil || id != "SLEEP2" {
		t.Errorf("dropped %s: %v", id, err)
	}
	if _, err := w.DropDehydrated(t.Context(), phone.Session); !fault.NotFound.In(err) {
		t.Errorf("dropped again: got %v, want M_NOT_FOUND", err)
	}
	if n := len(query(t, w, aiko, lin).DeviceKeys[lin]); n != 1 {
		t.Errorf("%d devices are left, want the phone", n)
	}
}

func TestADehydratedDeviceThatIsDeletedAsADeviceIsGone(t *testing.T) {
	w := devicetest.New(t)
	phone := w.Published(lin, "PHONE", 0)
	d, up := asleep(phone, "SLEEP")
	if err := w.Dehydrate(t.Context(), phone.Session, up); err != nil {
		t.Fatal(err)
	}
	w.Do(func(u stream.Unit) error { return w.Remove(u, d.Session) })
	var n int
	w.Row(`SELECT COUNT(*) FROM dehydrated_device`, nil, &n)
	if n != 0 {
		t.Error("the dehydrated device is still there")
	}
}

func TestWrongDehydratedDevicesAreRefused(t *testing.T) {
	w := devicetest.New(t)
	phone := w.Published(lin, "PHONE", 0)
	_, taken := asleep(phone, "PHONE")
	_, other := asleep(phone, "SLEEP")
	_, good := asleep(phone, "SLEEP")
	mixed := good
	mixed.OneTimeKeys = other.OneTimeKeys
	noKeys, noData, noName := good, good, good
	noKeys.DeviceKeys, noData.Data, noName.Device = nil, nil, ""
	for what, test := range map[string]struct {
		up   device.DehydratedUpload
		want fault.Code
	}{
		"a device in use":       {taken, fault.InvalidParam},
		"no device keys":        {noKeys, fault.MissingParam},
		"no data":               {noData, fault.BadJSON},
		"no ID":                 {noName, fault.InvalidParam},
		"another device's keys": {mixed, fault.InvalidSignature},
	} {
		if err := w.Dehydrate(t.Context(), phone.Session, test.up); !test.want.In(err) {
			t.Errorf("%s: got %v, want %s", what, err, test.want.Name)
		}
	}
	if _, err := w.Dehydrated(t.Context(), phone.Session); !fault.NotFound.In(err) {
		t.Errorf("one was taken: %v", err)
	}
}
