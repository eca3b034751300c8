package device_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// crossSigned gives user a device and cross-signing keys.
func crossSigned(t *testing.T, w *devicetest.World, user mxid.User) (*devicetest.Device, *devicetest.Person) {
	t.Helper()
	d, p := w.Published(user, "PHONE", 0), devicetest.NewPerson(user)
	if err := w.UploadCrossSigning(t.Context(), d.Session, p.Keys(), false); err != nil {
		t.Fatal(err)
	}
	return d, p
}

func query(t *testing.T, w *devicetest.World, reader, user mxid.User) device.Queried {
	t.Helper()
	q, err := w.Query(t.Context(), reader, map[mxid.User][]mxid.Device{user: {}})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// signatures are those in a key, by person and key ID.
func signatures(t *testing.T, key json.RawMessage) map[mxid.User]map[string]string {
	t.Helper()
	var got struct {
		Signatures map[mxid.User]map[string]string `json:"signatures"`
	}
	if err := json.Unmarshal(key, &got); err != nil {
		t.Fatal(err)
	}
	return got.Signatures
}

func sign(t *testing.T, w *devicetest.World, who account.Session, owner mxid.User, name string, object json.RawMessage) *fault.Fault {
	t.Helper()
	failures, err := w.UploadSignatures(t.Context(), who, map[mxid.User]map[string]json.RawMessage{owner: {name: object}})
	if err != nil {
		t.Fatal(err)
	}
	return failures[owner][name]
}

func TestUserSigningKeysAreOnlyForOneself(t *testing.T) {
	w := devicetest.New(t)
	crossSigned(t, w, lin)
	own, other := query(t, w, lin, lin), query(t, w, aiko, lin)
	if own.MasterKeys[lin] == nil || own.SelfSigningKeys[lin] == nil || own.UserSigningKeys[lin] == nil {
		t.Errorf("the person does not see the own keys: %+v", own)
	}
	if other.MasterKeys[lin] == nil || other.SelfSigningKeys[lin] == nil {
		t.Errorf("others do not see the keys: %+v", other)
	}
	if len(other.UserSigningKeys) != 0 {
		t.Error("others see the user-signing key")
	}
}

func TestOtherCrossSigningKeysNeedConfirming(t *testing.T) {
	w := devicetest.New(t)
	d, p := crossSigned(t, w, lin)
	before := w.Upto()
	if err := w.UploadCrossSigning(t.Context(), d.Session, p.Keys(), false); err != nil {
		t.Errorf("the same keys again: %v", err)
	}
	if before != w.Upto() {
		t.Error("the same keys again took a position")
	}
	other := devicetest.NewPerson(lin)
	if err := w.UploadCrossSigning(t.Context(), d.Session, other.Keys(), false); !errors.Is(err, device.ErrUnconfirmed) {
		t.Fatalf("other keys: got %v, want ErrUnconfirmed", err)
	}
	if got := string(query(t, w, lin, lin).MasterKeys[lin]); !strings.Contains(got, devicetest.Public(p.Master)) {
		t.Error("the master key changed without being confirmed")
	}
	if err := w.UploadCrossSigning(t.Context(), d.Session, other.Keys(), true); err != nil {
		t.Fatal(err)
	}
	if got := string(query(t, w, lin, lin).MasterKeys[lin]); !strings.Contains(got, devicetest.Public(other.Master)) {
		t.Error("the master key did not change though it was confirmed")
	}
}

func TestWrongCrossSigningKeysAreRefused(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 0)
	p, other := devicetest.NewPerson(lin), devicetest.NewPerson(lin)
	named := w.Published(lin, mxid.Device(devicetest.Public(other.Master)), 0)
	badMaster := devicetest.Sign(p.Bare(device.Master, p.Master), lin, d.KeyID(), devicetest.NewKey())
	for name, test := range map[string]struct {
		keys device.CrossSigningUpload
		want fault.Code
	}{
		"no master key":              {device.CrossSigningUpload{SelfSigning: p.Keys().SelfSigning}, fault.MissingParam},
		"signed by another master":   {device.CrossSigningUpload{Master: p.Keys().Master, SelfSigning: other.Keys().SelfSigning}, fault.InvalidSignature},
		"somebody else's":            {devicetest.NewPerson(aiko).Keys(), fault.InvalidParam},
		"wrong usage":                {device.CrossSigningUpload{Master: p.Keys().SelfSigning}, fault.InvalidParam},
		"no keys":                    {device.CrossSigningUpload{Master: json.RawMessage(`{"user_id":"@lin:localhost","usage":["master"],"keys":{}}`)}, fault.InvalidParam},
		"no object":                  {device.CrossSigningUpload{Master: json.RawMessage(`7`)}, fault.BadJSON},
		"the name of a device":       {other.Keys(), fault.Forbidden},
		"wrongly signed by a device": {device.CrossSigningUpload{Master: badMaster}, fault.InvalidSignature},
	} {
		if err := w.UploadCrossSigning(t.Context(), named.Session, test.keys, false); !test.want.In(err) {
			t.Errorf("%s: got %v, want %s", name, err, test.want.Name)
		}
	}
	good := p.Keys()
	good.Master = devicetest.Sign(p.Bare(device.Master, p.Master), lin, d.KeyID(), d.Key)
	if err := w.UploadCrossSigning(t.Context(), d.Session, good, false); err != nil {
		t.Errorf("a master key signed by the device: %v", err)
	}
}

func TestMasterKeysAreKeptAsAHistory(t *testing.T) {
	w := devicetest.New(t)
	d := w.Published(lin, "PHONE", 0)
	var people []*devicetest.Person
	for range 3 {
		p := devicetest.NewPerson(lin)
		people = append(people, p)
		if err := w.UploadCrossSigning(t.Context(), d.Session, p.Keys(), true); err != nil {
			t.Fatal(err)
		}
		if err := w.UploadCrossSigning(t.Context(), d.Session, p.Keys(), true); err != nil { // adds nothing
			t.Fatal(err)
		}
	}
	previous := sha256.Sum256(nil)
	var last stream.Position
	for i, p := range people {
		var public string
		var prev, text []byte
		var pos stream.Position
		w.Row(`SELECT public_key, previous, pos, json FROM master_key WHERE account = $1 AND seq = $2`, []any{d.Account, i + 1}, &public, &prev, &pos, &text)
		if public != devicetest.Public(p.Master) || !slices.Equal(prev, previous[:]) || pos <= last {
			t.Errorf("entry %d: key %s at %d does not follow the one before", i+1, public, pos)
		}
		previous, last = sha256.Sum256(append(text, prev...)), pos
	}
	var n int
	w.Row(`SELECT COUNT(*) FROM master_key`, nil, &n)
	if n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestDeviceListsChangedOnCrossSigningUpload(t *testing.T) {
	w := devicetest.New(t)
	w.Member("!a", lin, "join")
	w.Member("!a", aiko, "join")
	w.Published(aiko, "PHONE", 0)
	before := w.Upto()
	d, p := crossSigned(t, w, lin)
	middle := w.Upto()
	if changed, _ := lists(t, w, aiko, before, middle); !slices.Equal(changed, []mxid.User{lin}) {
		t.Errorf("changed %v after cross-signing keys, want lin", changed)
	}
	object := devicetest.Sign(d.Bare(), lin, "ed25519:"+devicetest.Public(p.SelfSigning), p.SelfSigning)
	if f := sign(t, w, d.Session, lin, "PHONE", object); f != nil {
		t.Fatal(f)
	}
	if changed, _ := lists(t, w, aiko, middle, w.Upto()); !slices.Equal(changed, []mxid.User{lin}) {
		t.Errorf("changed %v after a signature over a device, want lin", changed)
	}
}

func TestQueryMergesSignatures(t *testing.T) {
	w := devicetest.New(t)
	d, p := crossSigned(t, w, lin)
	by := "ed25519:" + devicetest.Public(p.SelfSigning)
	if f := sign(t, w, d.Session, lin, "PHONE", devicetest.Sign(d.Bare(), lin, by, p.SelfSigning)); f != nil {
		t.Fatal(f)
	}
	name := devicetest.Public(p.Master)
	if f := sign(t, w, d.Session, lin, name, devicetest.Sign(p.Bare(device.Master, p.Master), lin, d.KeyID(), d.Key)); f != nil {
		t.Fatal(f)
	}
	q := query(t, w, aiko, lin)
	if s := signatures(t, q.DeviceKeys[lin]["PHONE"])[lin]; s[by] == "" || s[d.KeyID()] == "" {
		t.Errorf("the device has the signatures %v, want its own and the self-signing key's", s)
	}
	if s := signatures(t, q.MasterKeys[lin])[lin]; s[d.KeyID()] == "" {
		t.Errorf("the master key has the signatures %v, want the device's", s)
	}
	w.Upload(d, device.Upload{DeviceKeys: d.Keys()})
	if s := signatures(t, query(t, w, aiko, lin).DeviceKeys[lin]["PHONE"])[lin]; s[by] == "" {
		t.Error("the signature is lost after the device uploaded its keys again")
	}
}

func TestASignatureOverSomebodyElseIsSeenByItsMakerAlone(t *testing.T) {
	w := devicetest.New(t) // they share no room
	d, p := crossSigned(t, w, lin)
	_, hers := crossSigned(t, w, aiko)
	before := w.Upto()
	name, by := devicetest.Public(hers.Master), "ed25519:"+devicetest.Public(p.UserSigning)
	if f := sign(t, w, d.Session, aiko, name, devicetest.Sign(hers.Bare(device.Master, hers.Master), lin, by, p.UserSigning)); f != nil {
		t.Fatal(f)
	}
	for reader, want := range map[mxid.User]bool{lin: true, aiko: false, maria: false} {
		got := signatures(t, query(t, w, reader, aiko).MasterKeys[aiko])[lin][by] != ""
		if got != want {
			t.Errorf("%s sees the signature: %v, want %v", reader, got, want)
		}
		changed, _ := lists(t, w, reader, before, w.Upto())
		if (len(changed) > 0) != want {
			t.Errorf("%s: changed %v", reader, changed)
		}
	}
	after := w.Upto()
	if f := sign(t, w, d.Session, aiko, name, devicetest.Sign(hers.Bare(device.Master, hers.Master), lin, by, p.UserSigning)); f != nil {
		t.Fatal(f)
	}
	if w.Upto() != after {
		t.Error("the same signature again took a position")
	}
}

func TestWrongSignaturesAreReportedAndNotStored(t *testing.T) {
	w := devicetest.New(t)
	d, p := crossSigned(t, w, lin)
	_, hers := crossSigned(t, w, aiko)
	self, user := "ed25519:"+devicetest.Public(p.SelfSigning), "ed25519:"+devicetest.Public(p.UserSigning)
	hisMaster, herMaster := devicetest.Public(p.Master), devicetest.Public(hers.Master)
	changed := d.Bare()
	changed["algorithms"] = []string{"none"}
	before := w.Upto()
	for what, test := range map[string]struct {
		owner  mxid.User
		name   string
		object json.RawMessage
		want   fault.Code
	}{
		"another key's signature":          {lin, "PHONE", devicetest.Sign(d.Bare(), lin, self, p.UserSigning), fault.InvalidSignature},
		"the user-signing key on a device": {lin, "PHONE", devicetest.Sign(d.Bare(), lin, user, p.UserSigning), fault.InvalidSignature},
		"only the device's own":            {lin, "PHONE", d.Keys(), fault.InvalidSignature},
		"other keys than published":        {lin, "PHONE", devicetest.Sign(changed, lin, self, p.SelfSigning), fault.InvalidParam},
		"a device that is not there":       {lin, "NONE", devicetest.Sign(d.Bare(), lin, self, p.SelfSigning), fault.NotFound},
		"somebody else's device":           {aiko, "PHONE", devicetest.Sign(d.Bare(), lin, self, p.SelfSigning), fault.NotFound},
		"self-signing key on her master":   {aiko, herMaster, devicetest.Sign(hers.Bare(device.Master, hers.Master), lin, self, p.SelfSigning), fault.InvalidSignature},
		"a signature in her name":          {aiko, herMaster, devicetest.Sign(hers.Bare(device.Master, hers.Master), aiko, "ed25519:PHONE", d.Key), fault.InvalidSignature},
		"another device's on the master":   {lin, hisMaster, devicetest.Sign(p.Bare(device.Master, p.Master), lin, d.KeyID(), devicetest.NewKey()), fault.InvalidSignature},
		"no object":                        {lin, "PHONE", json.RawMessage(`[]`), fault.BadJSON},
	} {
		f := sign(t, w, d.Session, test.owner, test.name, test.object)
		if f == nil || f.Code != test.want {
			t.Errorf("%s: got %v, want %s", what, f, test.want.Name)
		}
	}
	if w.Upto() != before {
		t.Error("a wrong signature took a position")
	}
}

func TestANewMasterKeyDropsWhatTheOldOneSigned(t *testing.T) {
	w := devicetest.New(t)
	d, p := crossSigned(t, w, lin)
	by := "ed25519:" + devicetest.Public(p.SelfSigning)
	if f := sign(t, w, d.Session, lin, "PHONE", devicetest.Sign(d.Bare(), lin, by, p.SelfSigning)); f != nil {
		t.Fatal(f)
	}
	next := devicetest.NewPerson(lin)
	if err := w.UploadCrossSigning(t.Context(), d.Session, device.CrossSigningUpload{Master: next.Keys().Master}, true); err != nil {
		t.Fatal(err)
	}
	q := query(t, w, lin, lin)
	if len(q.SelfSigningKeys) != 0 || len(q.UserSigningKeys) != 0 {
		t.Error("keys that the old master key signed are still there")
	}
	if s := signatures(t, q.DeviceKeys[lin]["PHONE"])[lin]; s[by] != "" {
		t.Error("the device still carries the signature of the old self-signing key")
	}
}
