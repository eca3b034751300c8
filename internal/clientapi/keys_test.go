package clientapi_test

import (
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const v3 = "/_matrix/client/v3"

// keys gives p's device real keys, which are not uploaded yet.
func (p *person) keys() *devicetest.Device {
	return &devicetest.Device{Session: account.Session{User: p.user, Device: p.device}, Key: devicetest.NewKey()}
}

func TestKeysAreUploadedQueriedAndClaimed(t *testing.T) {
	s := newServer(t)
	lin, aiko := s.newPerson(t, "lin"), s.newPerson(t, "aiko")
	d := lin.keys()
	got := lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys(), "one_time_keys": d.OneTimeKeys(0, 1), "fallback_keys": d.Fallback("FB")})
	if n := got["one_time_key_counts"].(object)["signed_curve25519"]; n != 1.0 {
		t.Errorf("signed_curve25519: %v, want 1", n)
	}
	got = aiko.ok(t, "POST", v3+"/keys/query", object{"device_keys": object{string(lin.user): []string{}}})
	if got["device_keys"].(object)[string(lin.user)].(object)[string(lin.device)].(object)["device_id"] != string(lin.device) {
		t.Errorf("keys/query answered %v", got)
	}
	if _, ok := got["failures"].(object); !ok {
		t.Error("keys/query names no failures, which clients want even when there are none")
	}
	ask := object{"one_time_keys": object{string(lin.user): object{string(lin.device): "signed_curve25519"}}}
	for _, want := range []string{"signed_curve25519:" + devicetest.OneTimeID(0), "signed_curve25519:FB", "signed_curve25519:FB"} {
		got = aiko.ok(t, "POST", v3+"/keys/claim", ask)
		if got["one_time_keys"].(object)[string(lin.user)].(object)[string(lin.device)].(object)[want] == nil {
			t.Errorf("keys/claim answered %v, want %s", got, want)
		}
	}
	got = lin.ok(t, "POST", v3+"/keys/upload", object{})
	if n, ok := got["one_time_key_counts"].(object)["signed_curve25519"]; !ok || n != 0.0 {
		t.Errorf("signed_curve25519: %v, want 0", n)
	}
	lin.refused(t, 400, "M_NOT_JSON", "POST", v3+"/keys/upload", []byte("{"))
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", v3+"/keys/upload", object{"device_keys": aiko.keys().Keys()})
}

func TestKeyChangesNeedTokens(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	d := lin.keys()
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys()})
	got := lin.ok(t, "GET", v3+"/keys/changes?from=s0&to=s99", nil)
	if changed := got["changed"].([]any); len(changed) != 1 || changed[0] != string(lin.user) {
		t.Errorf("changed %v, want oneself", changed)
	}
	lin.refused(t, 400, "M_MISSING_PARAM", "GET", v3+"/keys/changes?from=s0", nil)
	lin.refused(t, 400, "M_INVALID_PARAM", "GET", v3+"/keys/changes?from=s0&to=never", nil)
}

func TestOtherCrossSigningKeysNeedThePassword(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	first, second := devicetest.NewPerson(lin.user), devicetest.NewPerson(lin.user)
	body := func(p *devicetest.Person, auth any) object {
		k := p.Keys()
		return object{"master_key": k.Master, "self_signing_key": k.SelfSigning, "user_signing_key": k.UserSigning, "auth": auth}
	}
	const path = v3 + "/keys/device_signing/upload"
	lin.ok(t, "POST", path, body(first, nil))
	lin.ok(t, "POST", path, body(first, nil))
	asked := lin.call(t, "POST", path, body(second, nil))
	if asked.status != 401 || text(asked.body["session"]) == "" {
		t.Fatalf("other keys: %d %s, want to be asked for the password", asked.status, asked.raw)
	}
	auth := object{
		"type": "m.login.password", "session": asked.body["session"], "password": "wrong",
		"identifier": object{"type": "m.id.user", "user": string(lin.user)},
	}
	lin.refused(t, 401, "M_FORBIDDEN", "POST", path, body(second, auth))
	auth["password"] = password
	lin.ok(t, "POST", path, body(second, auth))
	s.newPerson(t, "aiko").refused(t, 400, "M_MISSING_PARAM", "POST", path, object{"master_key": nil})
}

func TestWrongSignaturesAreReportedByKey(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	d, p := lin.keys(), devicetest.NewPerson(lin.user)
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys()})
	k := p.Keys()
	lin.ok(t, "POST", v3+"/keys/device_signing/upload", object{"master_key": k.Master, "self_signing_key": k.SelfSigning})
	by := "ed25519:" + devicetest.Public(p.SelfSigning)
	wrong := devicetest.Sign(d.Bare(), lin.user, by, p.Master)
	got := lin.ok(t, "POST", v3+"/keys/signatures/upload", object{string(lin.user): object{string(lin.device): wrong}})
	f := got["failures"].(object)[string(lin.user)].(object)[string(lin.device)].(object)
	if f["errcode"] != "M_INVALID_SIGNATURE" {
		t.Errorf("the failure is %v", f)
	}
	right := devicetest.Sign(d.Bare(), lin.user, by, p.SelfSigning)
	got = lin.ok(t, "POST", v3+"/keys/signatures/upload", object{string(lin.user): object{string(lin.device): right}})
	if failures, ok := got["failures"].(object); !ok || len(failures) != 0 {
		t.Errorf("the right signature is answered with %v", got)
	}
}

func TestSendToDevice(t *testing.T) {
	s := newServer(t)
	lin, aiko := s.newPerson(t, "lin"), s.newPerson(t, "aiko")
	for range 2 {
		lin.ok(t, "PUT", v3+"/sendToDevice/m.room.encrypted/a%2Fb%2B1", object{"messages": object{string(aiko.user): object{"*": object{"a": 1}}}})
	}
	lin.refused(t, 400, "M_MISSING_PARAM", "PUT", v3+"/sendToDevice/m.test/2", object{})
	lin.refused(t, 400, "M_BAD_JSON", "PUT", v3+"/sendToDevice/m.test/2", object{"messages": object{string(aiko.user): object{"*": "text"}}})
	all := s.toDevice(t, aiko)
	if len(all) != 1 || all[0].Type != "m.room.encrypted" || string(all[0].Content) != `{"a":1}` {
		t.Errorf("got %+v, want the message once", all)
	}
}

// toDevice is what waits for p's device.
func (s *server) toDevice(t *testing.T, p *person) (all []device.Message) {
	t.Helper()
	err := s.db.View(t.Context(), func(v stream.View) error {
		d, _, err := s.db.Device(v, p.user, p.device)
		if err == nil {
			all, _, err = s.api.Devices.ToDevice(v, d.No, 0, v.Upto().At(""), 100)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSigningOutTakesTheKeysAlong(t *testing.T) {
	s := newServer(t)
	lin, aiko := s.newPerson(t, "lin"), s.newPerson(t, "aiko")
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": lin.keys().Keys()})
	lin.ok(t, "POST", v3+"/logout", object{})
	got := aiko.ok(t, "POST", v3+"/keys/query", object{"device_keys": object{string(lin.user): []mxid.Device{}}})
	if devices := got["device_keys"].(object)[string(lin.user)].(object); len(devices) != 0 {
		t.Errorf("devices are left: %v", devices)
	}
}

func TestANewPasswordLeavesCrossSigningAlone(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	k := devicetest.NewPerson(lin.user).Keys()
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": lin.keys().Keys()})
	lin.ok(t, "POST", v3+"/keys/device_signing/upload", object{"master_key": k.Master, "self_signing_key": k.SelfSigning, "user_signing_key": k.UserSigning})
	ask := object{"device_keys": object{string(lin.user): []string{}}}
	before := lin.call(t, "POST", v3+"/keys/query", ask)
	for _, signOut := range []bool{false, true} {
		if r := lin.confirmed(t, "POST", changePassword, object{"new_password": password, "logout_devices": signOut}, password); r.status != 200 {
			t.Fatalf("changing the password: %d %s", r.status, r.raw)
		}
	}
	if after := lin.call(t, "POST", v3+"/keys/query", ask); string(after.raw) != string(before.raw) || before.body["master_keys"] == nil {
		t.Errorf("before the password was changed:\n%s\nafterwards:\n%s", before.raw, after.raw)
	}
}
