package account_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const day = 24 * time.Hour

// signIn signs lin in on the device called id.
func signIn(t testing.TB, a *account.Accounts, id mxid.Device) (account.Grant, error) {
	t.Helper()
	return a.SignIn(t.Context(), "lin", password, account.NewDevice{ID: id})
}

// ids lists lin's devices.
func ids(t testing.TB, a *account.Accounts, s account.Session) (all []mxid.Device) {
	t.Helper()
	devices, err := a.Devices(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		all = append(all, d.Device)
	}
	return all
}

func TestAnAccountHasAsManyDevicesAsAPersonUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, g := signedUp(t)
		var gone []mxid.Device
		a.DeviceGone = func(_ stream.Unit, s account.Session) error { gone = append(gone, s.Device); return nil }
		for i := range account.MaxDevices - 1 {
			if _, err := signIn(t, a, mxid.Device(fmt.Sprintf("D%02d", i))); err != nil {
				t.Fatalf("device %d: %v", i, err)
			}
		}
		if _, err := signIn(t, a, "MORE"); !fault.OverQuota.In(err) {
			t.Fatalf("one device more: %v", err)
		}
		if _, err := signIn(t, a, "D07"); err != nil { // no other device
			t.Errorf("one that is there already: %v", err)
		}
		if len(gone) > 0 || len(ids(t, a, g.Session)) != account.MaxDevices {
			t.Fatalf("%v are gone", gone)
		}
		// A month later the one that was used least gives way, and no other.
		time.Sleep(29 * day)
		for _, id := range ids(t, a, g.Session) {
			if id != "D30" && id != "D31" {
				again, err := signIn(t, a, id)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := a.Session(t.Context(), again.Access); err != nil { // a use of it is what counts
					t.Fatal(err)
				}
			}
		}
		if _, err := signIn(t, a, "MORE"); !fault.OverQuota.In(err) {
			t.Errorf("before the month is over: %v", err)
		}
		time.Sleep(day)
		if _, err := signIn(t, a, "MORE"); err != nil {
			t.Errorf("after a month: %v", err)
		}
		if !slices.Equal(gone, []mxid.Device{"D30"}) || slices.Contains(ids(t, a, g.Session), "D30") {
			t.Errorf("%v are gone, want D30", gone)
		}
	})
}

func TestADeviceThatNobodyUsesForHalfAYearIsSignedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, g := signedUp(t)
		phone, err := signIn(t, a, "PHONE")
		if err != nil {
			t.Fatal(err)
		}
		var gone []mxid.Device
		a.DeviceGone = func(_ stream.Unit, s account.Session) error { gone = append(gone, s.Device); return nil }
		run(t, a, account.Unused)
		again, err := signIn(t, a, g.Device)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Session(t.Context(), again.Access); err != nil {
			t.Fatal(err)
		}
		if err := a.EndUnused(t.Context()); err != nil || len(gone) > 0 {
			t.Errorf("on day %d %v are gone: %v", account.Unused, gone, err)
		}
		time.Sleep(day)
		if err := a.EndUnused(t.Context()); err != nil || !slices.Equal(gone, []mxid.Device{"PHONE"}) {
			t.Errorf("on the day after %v are gone: %v", gone, err)
		}
		if _, err := a.Session(t.Context(), phone.Access); !fault.UnknownToken.In(err) {
			t.Errorf("the unused device's token: %v", err)
		}
		if got := ids(t, a, g.Session); !slices.Equal(got, []mxid.Device{g.Device}) {
			t.Errorf("the devices are %v", got)
		}
	})
}

func TestAfterARestoreTheDaysWithoutUseBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := signedUp(t)
		gone := 0
		a.DeviceGone = func(stream.Unit, account.Session) error { gone++; return nil }
		time.Sleep(100 * day)
		a.Lost = stream.Token{7, stream.Position(time.Now().UnixMicro())}
		run(t, a, account.Unused)
		if err := a.EndUnused(t.Context()); err != nil || gone > 0 {
			t.Errorf("%d days after the restore %d devices are gone: %v", account.Unused, gone, err)
		}
		time.Sleep(day)
		if err := a.EndUnused(t.Context()); err != nil || gone != 1 {
			t.Errorf("a day later %d devices are gone: %v", gone, err)
		}
	})
}

// run lets days pass on which the server runs.
func run(t *testing.T, a *account.Accounts, days int) {
	t.Helper()
	for range days {
		if err := a.EndUnused(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(day)
	}
}

func TestWhileTheServerStandsStillNoDeviceGoesUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := signedUp(t)
		gone := 0
		a.DeviceGone = func(stream.Unit, account.Session) error { gone++; return nil }
		run(t, a, 100)
		time.Sleep(200 * day)
		run(t, a, account.Unused-31)
		time.Sleep(28 * day) // a short stop: 29 days without a run
		run(t, a, 4)
		if gone > 0 {
			t.Errorf("%d devices are gone that could not be used for long enough", gone)
		}
		run(t, a, 1)
		if gone != 1 {
			t.Errorf("after %d days %d devices are gone", account.Unused, gone)
		}
	})
}

func TestAFilterHasOneIDHoweverItIsWritten(t *testing.T) {
	a, g := signedUp(t)
	add := func(filter string) (int64, error) {
		return a.AddFilter(t.Context(), g.Session, json.RawMessage(filter))
	}
	one, err := add(`{"room":{"timeline":{"limit":20,"types":["a","b"]}},"event_format":"client"}`)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := add("{ \"event_format\": \"client\",\n\"room\": {\"timeline\": {\"types\": [\"a\", \"b\"], \"limit\": 20}}}"); err != nil || again != one {
		t.Errorf("the same filter has the IDs %d and %d, %v", one, again, err)
	}
	if other, err := add(`{"room":{"timeline":{"limit":20,"types":["b","a"]}},"event_format":"client"}`); err != nil || other == one {
		t.Errorf("another filter has the ID %d too, %v", other, err)
	}
	large, err := add(`{"x":12345678901234567890}`)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := a.Filter(t.Context(), g.Session, large); err != nil || string(kept) != `{"x":12345678901234567890}` {
		t.Errorf("a large number became %s, %v", kept, err)
	}
	for i := 0; ; i++ {
		if i > 500 {
			t.Fatal("an account may have any number of filters")
		}
		if _, err := add(fmt.Sprintf(`{"n":%d}`, i)); fault.OverQuota.In(err) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if again, err := add(`{"n":0}`); err != nil || again == 0 {
		t.Errorf("at the quota, one that is there already: %d, %v", again, err)
	}
}

func TestAccountDataHasAQuotaAndMayAlwaysShrink(t *testing.T) {
	a, g := signedUp(t)
	set := func(typ string, bytes int) error {
		return a.SetData(t.Context(), g.Session, account.Datum{Type: typ, Content: json.RawMessage(`{"x":"` + strings.Repeat("x", bytes-8) + `"}`)})
	}
	const piece = 64 << 10
	for i := range 16 << 20 / piece {
		if err := set(fmt.Sprintf("t%d", i), piece); err != nil {
			t.Fatalf("piece %d: %v", i, err)
		}
	}
	if err := set("more", 8); !fault.OverQuota.In(err) {
		t.Errorf("above the quota: %v", err)
	}
	if err := set("t0", piece); err != nil {
		t.Errorf("a piece of the same size: %v", err)
	}
	if err := set("t0", piece/2); err != nil {
		t.Errorf("a smaller piece: %v", err)
	}
	if err := set("more", 8); err != nil {
		t.Errorf("after that, one more: %v", err)
	}
	if err := set("t0", piece); !fault.OverQuota.In(err) {
		t.Errorf("the old size again: %v", err)
	}
}

func TestTheNumberOfPiecesOfAccountDataHasAQuota(t *testing.T) {
	a, g := signedUp(t)
	err := a.Disk.Do(t.Context(), func(u stream.Unit) error {
		for i := range 10_000 {
			if _, err := a.Disk.SetDatum(u, g.Account, account.Datum{Type: fmt.Sprintf("t%d", i), Content: []byte(`{}`)}, u.Next("x")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetData(t.Context(), g.Session, account.Datum{Type: "more", Content: []byte(`{}`)}); !fault.OverQuota.In(err) {
		t.Errorf("above the quota: %v", err)
	}
	if err := a.SetData(t.Context(), g.Session, account.Datum{Type: "t7", Content: []byte(`{"a":1}`)}); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}
