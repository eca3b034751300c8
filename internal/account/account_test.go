package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

const password = "seven quiet boats"

// signedUp is a new store with one person in it, lin.
func signedUp(t testing.TB) (*account.Accounts, account.Grant) {
	t.Helper()
	return signedUpIn(t, t.TempDir())
}

func signedUpIn(t testing.TB, dir string) (*account.Accounts, account.Grant) {
	t.Helper()
	db, _ := storetest.OpenDir(t, dir)
	a := account.New(db, "wardroom.test")
	token, err := a.Invite(t.Context(), account.Invitation{Uses: 1, Until: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	g, err := a.SignUp(t.Context(), account.SignUp{Invitation: token, Name: "lin", Password: password, Device: account.NewDevice{Refresh: true}})
	if err != nil {
		t.Fatal(err)
	}
	return a, g
}

func person(t testing.TB, a *account.Accounts, g account.Grant) (p account.Person) {
	t.Helper()
	err := a.Disk.View(t.Context(), func(v stream.View) (err error) {
		p, _, err = a.Disk.PersonByID(v, g.User)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPasswordsAreKeptAsArgon2idWithTheirCost(t *testing.T) {
	a, g := signedUp(t)
	account.HashAsUsual(a)
	if err := a.ChangePassword(t.Context(), g.Session, password, false); err != nil {
		t.Fatal(err)
	}
	one := person(t, a, g).Password
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(one, password) {
		t.Errorf("the password is kept as %s", one)
	}
	if err := a.ChangePassword(t.Context(), g.Session, password, false); err != nil {
		t.Fatal(err)
	}
	if person(t, a, g).Password == one {
		t.Error("the same password twice has the same hash: there is no salt")
	}
	if err := a.CheckPassword(t.Context(), g.Session, password); err != nil {
		t.Error(err)
	}
	if err := a.CheckPassword(t.Context(), g.Session, password+" "); !fault.Forbidden.In(err) {
		t.Errorf("another password: %v", err)
	}
}

func TestAPasswordHashedAtAnotherCostStillFits(t *testing.T) {
	a, g := signedUp(t)
	// Made by the reference implementation: echo -n "seven quiet boats" | argon2 somesaltsomesalt -id -t 1 -m 10 -p 2 -l 24 -e
	const cheaper = "$argon2id$v=19$m=1024,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$O2n9d2ItQahfjet0+h5Wg/ZTPFNvtvFa"
	err := a.Disk.Do(t.Context(), func(u stream.Unit) error { return a.Disk.SetPassword(u, g.Account, cheaper) })
	if err != nil {
		t.Fatal(err)
	}
	if err := a.CheckPassword(t.Context(), g.Session, password); err != nil {
		t.Error(err)
	}
}

func TestNoSecretIsWrittenToDisk(t *testing.T) {
	dir := t.TempDir()
	a, g := signedUpIn(t, dir)
	invitation, _, err := a.InviteOne(t.Context(), g.Session, "sato")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{"password": password, "access token": g.Access, "refresh token": g.Refresh, "invitation": invitation} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("the %s stands in %s", what, f.Name())
			}
		}
	}
	if s, err := a.Session(t.Context(), g.Access); err != nil || s.User != g.User || s.DeviceNo != g.DeviceNo {
		t.Errorf("the token is %v's, %v", s, err)
	}
	if _, err := a.Session(t.Context(), g.Refresh); !fault.UnknownToken.In(err) {
		t.Errorf("a refresh token opens a session: %v", err)
	}
}

// counting counts the units of work.
type counting struct {
	account.Disk
	units atomic.Int64
}

func (c *counting) Do(ctx context.Context, fn func(stream.Unit) error) error {
	c.units.Add(1)
	return c.Disk.Do(ctx, fn)
}

func TestTheFirstUseOfADayIsWrittenDownOnceByDay(t *testing.T) {
	a, g := signedUp(t)
	seen := func() int64 {
		all, err := a.Devices(t.Context(), g.Session)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0].SeenDay
	}
	today := time.Now().Unix() / 86400
	if _, err := a.Session(t.Context(), g.Access); err != nil || seen() != today {
		t.Errorf("seen on day %d, want %d (%v)", seen(), today, err)
	}
	counted := &counting{Disk: a.Disk}
	a.Disk = counted
	for range 10 {
		if _, err := a.Session(t.Context(), g.Access); err != nil {
			t.Fatal(err)
		}
	}
	if n := counted.units.Load(); n != 0 {
		t.Errorf("requests of the same day wrote %d times", n)
	}
}

// BenchmarkSession is what every request pays to find out who asks.
func BenchmarkSession(b *testing.B) {
	a, g := signedUp(b)
	if _, err := a.Session(b.Context(), g.Access); err != nil { // the first use is written down
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Session(b.Context(), g.Access); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignIn(b *testing.B) {
	a, _ := signedUp(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.SignIn(b.Context(), "lin", password, account.NewDevice{ID: "D"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch finds one of 10,000 people.
func BenchmarkSearch(b *testing.B) {
	a, g := signedUp(b)
	err := a.Disk.Do(b.Context(), func(u stream.Unit) error {
		for i := range 10_000 {
			no, err := a.Disk.AddPerson(u, mxid.User(fmt.Sprintf("@p%05d:wardroom.test", i)), "")
			if err != nil {
				return err
			}
			if err := a.Disk.SetProfile(u, no, account.DisplayName, []byte(`"佐藤"`)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := a.Search(b.Context(), g.Session, "p09999", 10); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAnExpiredTokenAsksForARefreshAndNotForSigningOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, g := signedUp(t)
		if g.Lasts < time.Hour || g.Lasts > 3*time.Hour || time.Now().Add(g.Lasts).Second() != 0 {
			t.Errorf("it lasts %v", g.Lasts)
		}
		time.Sleep(g.Lasts - time.Second)
		if _, err := a.Session(t.Context(), g.Access); err != nil {
			t.Errorf("a second before its end the token is refused: %v", err)
		}
		time.Sleep(time.Second)
		_, err := a.Session(t.Context(), g.Access)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != fault.UnknownToken || f.More["soft_logout"] != true {
			t.Fatalf("an expired token: %v", err)
		}
		next, err := a.Refresh(t.Context(), g.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := a.Session(t.Context(), next.Access); err != nil || s.User != g.User || s.DeviceNo != g.DeviceNo {
			t.Errorf("after refreshing the session is %v, %v", s, err)
		}
	})
}

func FuzzNameOfAnAccount(f *testing.F) {
	for _, s := range []string{"lin", " @Lin:wardroom.test", "@lin:elsewhere.test", "@", "林", "a:b", "@lin", "@lin:WARDROOM.test:1"} {
		f.Add(s)
	}
	a := account.New(nil, "wardroom.test")
	f.Fuzz(func(t *testing.T, name string) {
		counted := a.Counted(name)
		if a.Names(account.Session{User: mxid.User(counted)}, name) {
			if user, err := mxid.ParseUser(counted); err != nil || user.Server() != "wardroom.test" {
				t.Errorf("%q is taken for %q", name, counted)
			}
		} else if counted != name {
			t.Errorf("%q is nobody's name and counted as %q", name, counted)
		}
	})
}

func FuzzOpenIDUser(f *testing.F) {
	db, _ := storetest.Open(f)
	a := account.New(db, "wardroom.test")
	token, _ := a.OpenID(account.Session{User: "@lin:wardroom.test"})
	f.Add(token)
	f.Add("")
	f.Fuzz(func(t *testing.T, given string) {
		if user, err := a.OpenIDUser(t.Context(), given); err == nil {
			t.Errorf("%q shows %s", given, user)
		}
	})
}
