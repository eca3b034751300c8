package device_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	lin   mxid.User = "@lin:localhost"
	aiko  mxid.User = "@aiko:localhost"
	maria mxid.User = "@maria:localhost"
)

// freely hands out one-time keys to whoever asks.
func freely(mxid.User, mxid.Device) bool { return false }

func claimOne(t *testing.T, w *devicetest.World, user mxid.User, id mxid.Device) (name string, key json.RawMessage) {
	t.Helper()
	got, err := w.Claim(t.Context(), map[mxid.User]map[mxid.Device]string{user: {id: "signed_curve25519"}}, freely)
	if err != nil {
		t.Fatal(err)
	}
	for name, key = range got[user][id] {
	}
	return name, key
}

func counts(t *testing.T, w *devicetest.World, d *devicetest.Device) (c device.Counts) {
	t.Helper()
	w.View(func(v stream.View) (err error) { c, err = w.Counts(v, d.DeviceNo); return err })
	return c
}

// woken waits until the waiter was woken.
func woken(t *testing.T, w *stream.Waiter) {
	t.Helper()
	select {
	case <-w.C:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was woken")
	}
}

func TestAOneTimeKeyIsHandedOutExactlyOnceUnderConcurrency(t *testing.T) {
	w := devicetest.New(t)
	const keys, claimers = 60, 80
	w.Published(lin, "PHONE", keys)
	var mu sync.Mutex
	given := map[string]int{}
	var wg sync.WaitGroup
	for range claimers {
		wg.Go(func() {
			got, err := w.Claim(t.Context(), map[mxid.User]map[mxid.Device]string{lin: {"PHONE": "signed_curve25519"}}, freely)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for name := range got[lin]["PHONE"] {
				given[name]++
			}
		})
	}
	wg.Wait()
	if len(given) != keys {
		t.Errorf("%d keys were handed out, want all %d", len(given), keys)
	}
	for name, n := range given {
		if n != 1 {
			t.Errorf("%s was handed out %d times", name, n)
		}
	}
}

func TestOneTimeKeysAreHandedOutInUploadOrder(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 0)
	var order []int
	for _, first := range []int{500, 100} {
		body, err := json.Marshal(device.Upload{OneTimeKeys: d.OneTimeKeys(first, 60)})
		if err != nil {
			t.Fatal(err)
		}
		var up device.Upload
		if err := json.Unmarshal(body, &up); err != nil { // as it comes over the wire
			t.Fatal(err)
		}
		w.Upload(d, up)
		for n := range 60 {
			order = append(order, first+n)
		}
	}
	for _, n := range order {
		if name, _ := claimOne(t, w, lin, "PHONE"); name != "signed_curve25519:"+devicetest.OneTimeID(n) {
			t.Fatalf("got %s, want the key number %d", name, n)
		}
	}
}

func TestTheSameOneTimeKeyUploadedAgainIsTaken(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 3)
	left := w.Upload(d, device.Upload{OneTimeKeys: d.OneTimeKeys(0, 4)})
	if left["signed_curve25519"] != 4 {
		t.Errorf("%d keys, want 4", left["signed_curve25519"])
	}
}

func TestAnotherOneTimeKeyUnderTheSameIDIsRefused(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 3)
	other := device.Keys{{Name: "signed_curve25519:" + devicetest.OneTimeID(1), JSON: devicetest.Sign(map[string]any{"key": "other"}, lin, d.KeyID(), d.Key)}}
	if _, err := w.Devices.Upload(t.Context(), d.Session, device.Upload{OneTimeKeys: other}); !fault.InvalidParam.In(err) {
		t.Errorf("got %v, want a refusal", err)
	}
	if n := counts(t, w, d).OneTime["signed_curve25519"]; n != 3 {
		t.Errorf("%d keys, want 3", n)
	}
}

func TestAHandedOutKeyUploadedAgainIsNotHandedOutAgain(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 1)
	first, _ := claimOne(t, w, lin, "PHONE")
	left := w.Upload(d, device.Upload{OneTimeKeys: d.OneTimeKeys(0, 2)}) // the answer to the first upload was lost
	if left["signed_curve25519"] != 1 {
		t.Errorf("%d keys are left, want the new one alone", left["signed_curve25519"])
	}
	if second, _ := claimOne(t, w, lin, "PHONE"); second == first {
		t.Errorf("%s was handed out twice", first)
	}
}

func TestAKeyIsNotHandedOutAgainAfterACrash(t *testing.T) {
	w := devicetest.New(t)
	w.Published(lin, "PHONE", 2)
	first, _ := claimOne(t, w, lin, "PHONE")
	if second, _ := claimOne(t, w.AfterCrash(), lin, "PHONE"); second == first || second == "" {
		t.Errorf("after a crash %s was handed out, before it %s", second, first)
	}
}

func TestHandedOutKeysAreForgottenInTime(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 0)
	for round := range 5 {
		w.Upload(d, device.Upload{OneTimeKeys: d.OneTimeKeys(round*50, 50)})
		for range 50 {
			claimOne(t, w, lin, "PHONE")
		}
	}
	w.Upload(d, device.Upload{OneTimeKeys: d.OneTimeKeys(1000, 1)})
	var n int
	w.Row(`SELECT COUNT(*) FROM one_time_key WHERE json IS NULL`, nil, &n)
	if n != 128 {
		t.Errorf("%d handed out keys are remembered, want 128", n)
	}
}

func TestACountOfZeroIsTold(t *testing.T) {
	w := devicetest.New(t)
	d := w.Device(lin, "PHONE")
	c := counts(t, w, d)
	if n, ok := c.OneTime["signed_curve25519"]; !ok || n != 0 {
		t.Errorf("got %v, want signed_curve25519: 0", c.OneTime)
	}
	if c.UnusedFallback == nil {
		t.Error("the unused fallback keys are nil, want an empty list")
	}
}

func TestAClaimWakesTheOwner(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 1)
	before := w.Upto()
	waiting := w.Hub.Subscribe(stream.Topic(lin))
	defer waiting.Close()
	claimOne(t, w, lin, "PHONE")
	woken(t, waiting)
	if c := counts(t, w, d); c.Claimed <= before {
		t.Errorf("the claim is at %d, want it after %d", c.Claimed, before)
	}
}

func TestAFallbackKeyIsKeptAndMarkedUsed(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 1)
	w.Upload(d, device.Upload{FallbackKeys: d.Fallback("FB1")})
	if c := counts(t, w, d); len(c.UnusedFallback) != 1 {
		t.Fatalf("unused fallback keys %v, want one", c.UnusedFallback)
	}
	claimOne(t, w, lin, "PHONE")
	for range 3 {
		if name, key := claimOne(t, w, lin, "PHONE"); name != "signed_curve25519:FB1" || key == nil {
			t.Fatalf("got %s, want the fallback key", name)
		}
	}
	if c := counts(t, w, d); len(c.UnusedFallback) != 0 {
		t.Errorf("unused fallback keys %v, want none", c.UnusedFallback)
	}
	w.Upload(d, device.Upload{FallbackKeys: d.Fallback("FB1")})
	if c := counts(t, w, d); len(c.UnusedFallback) != 0 {
		t.Error("the same fallback key uploaded again counts as unused")
	}
	w.Upload(d, device.Upload{FallbackKeys: d.Fallback("FB2")})
	if c := counts(t, w, d); len(c.UnusedFallback) != 1 {
		t.Error("a new fallback key does not count as unused")
	}
}

func TestDeviceKeysOfSomebodyElseAreRefused(t *testing.T) {
	w := devicetest.New(t)
	phone, laptop, hers := w.Device(lin, "PHONE"), w.Device(lin, "LAPTOP"), w.Device(aiko, "PHONE")
	unsigned, err := json.Marshal(phone.Bare())
	if err != nil {
		t.Fatal(err)
	}
	forged := phone.Bare()
	forged["algorithms"] = []string{"none"}
	forged["signatures"] = map[mxid.User]map[string]string{lin: {}}
	var real struct {
		Signatures map[mxid.User]map[string]string `json:"signatures"`
	}
	if err := json.Unmarshal(phone.Keys(), &real); err != nil {
		t.Fatal(err)
	}
	forged["signatures"] = real.Signatures
	changed, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		keys json.RawMessage
		want fault.Code
	}{
		"another device":            {laptop.Keys(), fault.InvalidParam},
		"another person":            {hers.Keys(), fault.InvalidParam},
		"no signature":              {unsigned, fault.InvalidSignature},
		"changed after the signing": {changed, fault.InvalidSignature},
		"no object":                 {json.RawMessage(`[]`), fault.BadJSON},
		"nothing in it":             {json.RawMessage(`{}`), fault.InvalidParam},
		"a key twice":               {json.RawMessage(`{"user_id":"@lin:localhost","user_id":"@lin:localhost"}`), fault.BadJSON},
	} {
		if _, err := w.Devices.Upload(t.Context(), phone.Session, device.Upload{DeviceKeys: test.keys}); !test.want.In(err) {
			t.Errorf("%s: got %v, want %s", name, err, test.want.Name)
		}
	}
	w.Upload(phone, device.Upload{DeviceKeys: phone.Keys()})
}

func TestOneTimeKeysThatTheDeviceDidNotSignAreRefused(t *testing.T) {
	w := devicetest.New(t)
	phone, laptop := w.Published(lin, "PHONE", 0), w.Published(lin, "LAPTOP", 0)
	for name, up := range map[string]device.Upload{
		"one-time key": {OneTimeKeys: laptop.OneTimeKeys(0, 1)},
		"fallback key": {FallbackKeys: laptop.Fallback("FB")},
	} {
		if _, err := w.Devices.Upload(t.Context(), phone.Session, up); !fault.InvalidSignature.In(err) {
			t.Errorf("%s: got %v, want M_INVALID_SIGNATURE", name, err)
		}
	}
}

func TestNewIdentityKeysThrowAwayTheOldOneTimeKeys(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 5)
	w.Upload(d, device.Upload{FallbackKeys: d.Fallback("FB")})
	d.Key = devicetest.NewKey() // the client lost its store and begins again under the same name
	left := w.Upload(d, device.Upload{DeviceKeys: d.Keys(), OneTimeKeys: d.OneTimeKeys(0, 2)})
	if left["signed_curve25519"] != 2 {
		t.Errorf("%d one-time keys, want the 2 new ones", left["signed_curve25519"])
	}
	if c := counts(t, w, d); len(c.UnusedFallback) != 0 {
		t.Error("the old fallback key is still there")
	}
}

func TestQueryGivesDeviceKeysToAllAndTheirNamesToTheOwner(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 0)
	w.Published(lin, "LAPTOP", 0)
	w.Device(lin, "WITHOUTKEYS")
	w.Exec(`UPDATE device SET name = 'Lin''s "phone" <1>' WHERE id = 'PHONE'`)
	q, err := w.Query(t.Context(), aiko, map[mxid.User][]mxid.Device{lin: {}, "@nobody:localhost": {}})
	if err != nil {
		t.Fatal(err)
	}
	if len(q.DeviceKeys[lin]) != 2 {
		t.Fatalf("got %d devices, want the two with keys", len(q.DeviceKeys[lin]))
	}
	if nobody, ok := q.DeviceKeys["@nobody:localhost"]; !ok || len(nobody) != 0 {
		t.Error("somebody who is not here must be answered with no devices")
	}
	var got struct {
		Keys     map[string]string `json:"keys"`
		Unsigned struct {
			Name string `json:"device_display_name"`
		} `json:"unsigned"`
	}
	if err := json.Unmarshal(q.DeviceKeys[lin]["PHONE"], &got); err != nil {
		t.Fatal(err)
	}
	if got.Keys[d.KeyID()] != devicetest.Public(d.Key) {
		t.Errorf("got %+v", got)
	}
	if s := string(q.DeviceKeys[lin]["PHONE"]); got.Unsigned.Name != "" || strings.Contains(s, "unsigned") {
		t.Errorf("aiko is told what Lin calls her phone: %s", s)
	}
	own, err := w.Query(t.Context(), lin, map[mxid.User][]mxid.Device{lin: {}})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(own.DeviceKeys[lin]["PHONE"], &got); err != nil || got.Unsigned.Name != `Lin's "phone" <1>` {
		t.Errorf("Lin herself is told %+v, %v", got, err)
	}
	one, err := w.Query(t.Context(), aiko, map[mxid.User][]mxid.Device{lin: {"LAPTOP", "NONE"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.DeviceKeys[lin]) != 1 || one.DeviceKeys[lin]["LAPTOP"] == nil {
		t.Errorf("got %d devices, want the one that was asked for", len(one.DeviceKeys[lin]))
	}
}

func TestRemovingADeviceLeavesNothingOfIt(t *testing.T) {
	w := devicetest.New(t)
	phone, laptop := w.Published(lin, "PHONE", 5), w.Published(lin, "LAPTOP", 0)
	w.Upload(phone, device.Upload{FallbackKeys: phone.Fallback("FB")})
	send(t, w, laptop, "t1", lin, "PHONE", `{}`)
	send(t, w, phone, "t1", lin, "LAPTOP", `{}`)
	before := w.Upto()
	w.Do(func(u stream.Unit) error { return w.Remove(u, phone.Session) })
	for _, table := range []string{"one_time_key", "fallback_key", "to_device", "to_device_txn"} {
		var n int
		w.Row(fmt.Sprintf(`SELECT COUNT(*) FROM %s WHERE device = $1`, table), []any{phone.DeviceNo}, &n)
		if n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	q, err := w.Query(t.Context(), lin, map[mxid.User][]mxid.Device{lin: {}})
	if err != nil {
		t.Fatal(err)
	}
	if q.DeviceKeys[lin]["PHONE"] != nil || q.DeviceKeys[lin]["LAPTOP"] == nil {
		t.Error("want the keys of the other device alone")
	}
	changed, _ := lists(t, w, lin, before, w.Upto())
	if len(changed) != 1 || changed[0] != lin {
		t.Errorf("changed %v, want the person whose device went", changed)
	}
	w.Do(func(u stream.Unit) error { return w.Remove(u, account.Session{User: lin, Device: "NONE"}) })
}
