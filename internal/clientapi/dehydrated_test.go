package clientapi_test

import (
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device/devicetest"
)

func TestADehydratedDeviceIsStoredAndRead(t *testing.T) {
	s := newServer(t)
	lin, aiko := s.newPerson(t, "lin"), s.newPerson(t, "aiko")
	const path = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
	lin.refused(t, 404, "M_NOT_FOUND", "GET", path, nil)
	d := &devicetest.Device{Session: account.Session{User: lin.user, Device: "a/b+c"}, Key: devicetest.NewKey()}
	lin.ok(t, "PUT", path, object{"device_id": "a/b+c", "device_data": object{"algorithm": "x"}, "device_keys": d.Keys(), "one_time_keys": d.OneTimeKeys(0, 3)})
	if got := lin.ok(t, "GET", path, nil); got["device_id"] != "a/b+c" || got["device_data"].(object)["algorithm"] != "x" {
		t.Errorf("the dehydrated device is %v", got)
	}
	aiko.refused(t, 404, "M_NOT_FOUND", "GET", path, nil)
	aiko.ok(t, "PUT", v3+"/sendToDevice/m.test/1", object{"messages": object{string(lin.user): object{"a/b+c": object{"n": 1}}}})
	const events = path + "/a%2Fb%2Bc/events"
	for _, method := range []string{"GET", "POST"} {
		next, n := "", 0
		for range 2 {
			var got object
			if method == "GET" {
				got = lin.ok(t, "GET", events+"?from="+next, nil)
			} else {
				got = lin.ok(t, "POST", events, object{"next_batch": next})
			}
			n += len(got["events"].([]any))
			next = text(got["next_batch"])
		}
		if n != 1 || next != "" {
			t.Errorf("%s: %d messages, and then next_batch %q; want 1 and none", method, n, next)
		}
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", events+"?from=x", nil)
	if got := lin.ok(t, "DELETE", path, nil); got["device_id"] != "a/b+c" {
		t.Errorf("deleting answered %v", got)
	}
}
