package device_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

const algorithm = "m.megolm_backup.v1.curve25519-aes-sha2"

func newBackup(t *testing.T) (*devicetest.World, *device.Backups, *devicetest.Device, string) {
	t.Helper()
	w := devicetest.New(t)
	bs, d := &device.Backups{Disk: w.DB}, w.Device(lin, "PHONE")
	version, err := bs.Create(t.Context(), d.Session, algorithm, json.RawMessage(`{"public_key":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	return w, bs, d, version
}

func roomKey(room mxid.Room, session string, first, forwarded int64, verified bool, data string) device.BackedUp {
	return device.BackedUp{Room: room, Session: session, FirstIndex: first, Forwarded: forwarded, Verified: verified, Data: json.RawMessage(data)}
}

func TestAStaleBackupVersionIsRefusedWithTheCurrentOne(t *testing.T) {
	_, bs, d, first := newBackup(t)
	second, err := bs.Create(t.Context(), d.Session, algorithm, json.RawMessage(`{}`))
	if err != nil || second == first {
		t.Fatalf("the second version is %s: %v", second, err)
	}
	_, err = bs.Put(t.Context(), d.Session, first, []device.BackedUp{roomKey("!a:b", "s", 0, 0, true, `{}`)})
	if !fault.WrongKeysVersion.In(err) || err.(*fault.Fault).More["current_version"] != second {
		t.Errorf("got %v, want M_WRONG_ROOM_KEYS_VERSION with current_version %s", err, second)
	}
	if err := bs.Delete(t.Context(), d.Session, second); err != nil {
		t.Fatal(err)
	}
	if _, err := bs.Put(t.Context(), d.Session, first, nil); err != nil {
		t.Errorf("the first version is current again, but: %v", err)
	}
	third, err := bs.Create(t.Context(), d.Session, algorithm, json.RawMessage(`{}`))
	if err != nil || third == second {
		t.Errorf("the number %s of a deleted version was given again: %v", third, err)
	}
}

func TestNoBackupIsNotFound(t *testing.T) {
	w := devicetest.New(t)
	bs, d := &device.Backups{Disk: w.DB}, w.Device(lin, "PHONE")
	other := w.Device(aiko, "PHONE")
	if _, err := bs.Create(t.Context(), other.Session, algorithm, json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"", "1", "01", "-1", "x"} {
		if _, err := bs.Version(t.Context(), d.Session, version); !fault.NotFound.In(err) {
			t.Errorf("version %q: got %v, want M_NOT_FOUND", version, err)
		}
	}
	_, put := bs.Put(t.Context(), d.Session, "1", nil)
	_, key := bs.Key(t.Context(), d.Session, "1", "!a", "s")
	_, drop := bs.Drop(t.Context(), d.Session, "1", "", "")
	for what, err := range map[string]error{
		"put": put, "key": key, "drop": drop, "delete": bs.Delete(t.Context(), d.Session, "1"),
		"set":  bs.SetAuthData(t.Context(), d.Session, "1", "", algorithm, json.RawMessage(`{}`)),
		"each": bs.Each(t.Context(), d.Session, "1", "", func([]device.BackedUp) error { return nil }),
	} {
		if !fault.NotFound.In(err) {
			t.Errorf("%s: got %v, want M_NOT_FOUND", what, err)
		}
	}
}

func TestABetterKeyReplacesAWorseOne(t *testing.T) {
	_, bs, d, version := newBackup(t)
	for i, step := range []struct {
		first, forwarded int64
		verified         bool
		taken            bool
	}{
		{10, 5, false, true},
		{10, 5, false, false}, // the same
		{10, 6, false, false},
		{11, 0, false, false},
		{10, 4, false, true},
		{9, 9, false, true},
		{20, 20, true, true}, // verified comes before all else
		{0, 0, false, false},
		{20, 19, true, true},
		{3, 20, true, true},
	} {
		before, err := bs.Version(t.Context(), d.Session, version)
		if err != nil {
			t.Fatal(err)
		}
		data := fmt.Sprintf(`{"step":%d}`, i)
		after, err := bs.Put(t.Context(), d.Session, version, []device.BackedUp{roomKey("!a:b", "s", step.first, step.forwarded, step.verified, data)})
		if err != nil {
			t.Fatal(err)
		}
		k, err := bs.Key(t.Context(), d.Session, version, "!a:b", "s")
		if err != nil {
			t.Fatal(err)
		}
		if taken := string(k.Data) == data; taken != step.taken {
			t.Errorf("step %d: taken %v, want %v", i, taken, step.taken)
		}
		if changed := after.ETag != before.ETag; changed != step.taken || after.Keys != 1 {
			t.Errorf("step %d: etag changed %v, %d keys; want %v, 1", i, changed, after.Keys, step.taken)
		}
	}
}

func TestETagAndCountChangeOnRealChangeOnly(t *testing.T) {
	_, bs, d, version := newBackup(t)
	keys := func() (all []device.BackedUp) {
		for i := range 1200 {
			all = append(all, roomKey(mxid.Room(fmt.Sprintf("!%d:b", i%7)), fmt.Sprintf("a/b+%d", i), 0, 0, true, `{"a": 1}`))
		}
		return all
	}
	put, err := bs.Put(t.Context(), d.Session, version, keys())
	if err != nil || put.Keys != 1200 {
		t.Fatalf("%d keys, want 1200: %v", put.Keys, err)
	}
	again, err := bs.Put(t.Context(), d.Session, version, keys())
	if err != nil || again.ETag != put.ETag || again.Keys != put.Keys {
		t.Errorf("the same keys again: etag %d → %d, %d keys: %v", put.ETag, again.ETag, again.Keys, err)
	}
	if err := bs.SetAuthData(t.Context(), d.Session, version, version, algorithm, json.RawMessage(`{"new":1}`)); err != nil {
		t.Fatal(err)
	}
	b, err := bs.Version(t.Context(), d.Session, "")
	if err != nil || b.ETag != put.ETag || string(b.AuthData) != `{"new":1}` {
		t.Errorf("after new auth data: %+v: %v", b, err)
	}
	n := 0
	for range 2 {
		n = 0
		last := device.BackedUp{}
		err := bs.Each(t.Context(), d.Session, version, "", func(page []device.BackedUp) error {
			for _, k := range page {
				if k.Room < last.Room || k.Room == last.Room && k.Session <= last.Session {
					t.Fatalf("%s %s comes after %s %s", k.Room, k.Session, last.Room, last.Session)
				}
				last = k
				n++
			}
			return nil
		})
		if err != nil || n != 1200 {
			t.Errorf("%d keys were read, want 1200: %v", n, err)
		}
	}
	dropped, err := bs.Drop(t.Context(), d.Session, version, "!none:b", "")
	if err != nil || dropped.ETag != put.ETag {
		t.Errorf("dropping nothing changed the etag: %v", err)
	}
	if dropped, err = bs.Drop(t.Context(), d.Session, version, "!1:b", "a/b+1"); err != nil || dropped.Keys != 1199 || dropped.ETag == put.ETag {
		t.Errorf("after dropping one: %+v: %v", dropped, err)
	}
	if _, err := bs.Key(t.Context(), d.Session, version, "!1:b", "a/b+1"); !fault.NotFound.In(err) {
		t.Errorf("the dropped key: %v, want M_NOT_FOUND", err)
	}
	if dropped, err = bs.Drop(t.Context(), d.Session, version, "!1:b", ""); err != nil || dropped.Keys != 1200-172 {
		t.Errorf("after dropping a room: %d keys: %v", dropped.Keys, err)
	}
	if dropped, err = bs.Drop(t.Context(), d.Session, version, "", ""); err != nil || dropped.Keys != 0 {
		t.Errorf("after dropping all: %d keys: %v", dropped.Keys, err)
	}
}

func TestADeletedBackupLeavesNoKeys(t *testing.T) {
	w, bs, d, version := newBackup(t)
	if _, err := bs.Put(t.Context(), d.Session, version, []device.BackedUp{roomKey("!a:b", "s", 0, 0, true, `{}`)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time silently
		if err := bs.Delete(t.Context(), d.Session, version); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	w.Row(`SELECT COUNT(*) FROM backup_key`, nil, &n)
	if n != 0 {
		t.Errorf("%d keys are left", n)
	}
	w.Exec(`INSERT INTO backup_key SELECT account, version, '!a:b', 's', 0, 0, TRUE, auth_data FROM backup_version`) // the server was stopped in the middle
	if err := bs.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Row(`SELECT COUNT(*) FROM backup_key`, nil, &n)
	if n != 0 {
		t.Errorf("%d keys are left after pruning", n)
	}
}

func TestWrongBackupsAreRefused(t *testing.T) {
	_, bs, d, version := newBackup(t)
	long := json.RawMessage(`{"a":"` + strings.Repeat("x", 40<<10) + `"}`)
	good := json.RawMessage(`{}`)
	create := func(algorithm string, data json.RawMessage) error {
		_, err := bs.Create(t.Context(), d.Session, algorithm, data)
		return err
	}
	put := func(k device.BackedUp) error {
		_, err := bs.Put(t.Context(), d.Session, version, []device.BackedUp{k})
		return err
	}
	for what, test := range map[string]struct {
		err  error
		want fault.Code
	}{
		"no algorithm":       {create("", good), fault.InvalidParam},
		"no auth data":       {create(algorithm, nil), fault.BadJSON},
		"long auth data":     {create(algorithm, long), fault.TooLarge},
		"another algorithm":  {bs.SetAuthData(t.Context(), d.Session, version, "", "other", good), fault.InvalidParam},
		"another version":    {bs.SetAuthData(t.Context(), d.Session, version, "7", algorithm, good), fault.InvalidParam},
		"no room":            {put(roomKey("a", "s", 0, 0, true, `{}`)), fault.InvalidParam},
		"no session":         {put(roomKey("!a:b", "", 0, 0, true, `{}`)), fault.InvalidParam},
		"a negative index":   {put(roomKey("!a:b", "s", -1, 0, true, `{}`)), fault.InvalidParam},
		"data is no object":  {put(roomKey("!a:b", "s", 0, 0, true, `7`)), fault.BadJSON},
		"data is very long":  {put(roomKey("!a:b", "s", 0, 0, true, string(long))), fault.TooLarge},
		"data is not there":  {put(device.BackedUp{Room: "!a:b", Session: "s"}), fault.BadJSON},
		"a session with NUL": {put(roomKey("!a:b", "s\x00", 0, 0, true, `{}`)), fault.InvalidParam},
	} {
		if !test.want.In(test.err) {
			t.Errorf("%s: got %v, want %s", what, test.err, test.want.Name)
		}
	}
	for range 99 {
		if err := create(algorithm, good); err != nil {
			t.Fatal(err)
		}
	}
	if err := create(algorithm, good); !fault.OverQuota.In(err) {
		t.Errorf("the 101st backup: got %v, want a refusal", err)
	}
}
