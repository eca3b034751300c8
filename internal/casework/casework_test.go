package casework_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/casework"
	"wardroom/internal/config"
	"wardroom/internal/desk"
	"wardroom/internal/fault"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
	"wardroom/internal/warrant/warranttest"
)

// office is cases and people, the first of whom answers them.
func office(t *testing.T, n int) (*casework.Cases, *store.DB, []account.Session) {
	t.Helper()
	db, _ := storetest.Open(t)
	people := make([]account.Session, n)
	err := db.Do(t.Context(), func(u stream.Unit) (err error) {
		for i := range people {
			s := &people[i]
			s.User, s.Device = mxid.User(fmt.Sprintf("@p%d:wardroom.test", i)), "D"
			if s.Account, err = db.AddPerson(u, s.User, "x"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &casework.Cases{Disk: db, Rooms: &room.Rooms{Disk: db, Server: "wardroom.test"}}, db, people
}

// ok gives what was shown, and fails the test where nothing was.
func ok(t *testing.T) func(casework.Shown, error) casework.Shown {
	t.Helper()
	return func(c casework.Shown, err error) casework.Shown {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// An answer can be appealed against for thirty days, and what is over goes after a year.
func TestTheTimesOfACase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cs, _, people := office(t, 3)
		head, who := people[0], people[1]
		about := casework.About{Person: people[2].User}
		first, second := ok(t)(cs.Open(t.Context(), who, about, "one")), ok(t)(cs.Open(t.Context(), who, about, "two"))
		for _, c := range []casework.Shown{first, second} {
			ok(t)(cs.Decide(t.Context(), head, c.No, casework.Upheld, "so it is"))
		}
		time.Sleep(30*24*time.Hour - time.Minute)
		c := ok(t)(cs.Appeal(t.Context(), who, first.No, "in time"))
		if due := time.UnixMilli(c.Due); !due.Equal(time.UnixMilli(c.Changed).Add(7 * 24 * time.Hour)) {
			t.Errorf("an appeal of %v is to be answered by %v", time.UnixMilli(c.Changed), due)
		}
		time.Sleep(2 * time.Minute)
		if _, err := cs.Appeal(t.Context(), who, second.No, "too late"); !fault.Forbidden.In(err) {
			t.Errorf("an appeal after more than thirty days: %v", err)
		}

		left := func() (n int) {
			t.Helper()
			if err := cs.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			all, _, err := cs.List(t.Context(), who, 0)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		time.Sleep(335*24*time.Hour - time.Hour)
		if n := left(); n != 2 {
			t.Errorf("before a year is over there are %d cases", n)
		}
		time.Sleep(2 * time.Hour)
		if n := left(); n != 1 {
			t.Errorf("after a year there are %d cases: one was answered, one is open", n)
		}
		if _, err := cs.Case(t.Context(), who, second.No); !fault.NotFound.In(err) {
			t.Errorf("what went is answered %v", err)
		}
		if c := ok(t)(cs.Case(t.Context(), who, first.No)); len(c.Steps) != 5 {
			t.Errorf("the open one has steps %v", c.Steps)
		}
	})
}

// A list goes on where its page ended, and no case ends up in it twice.
func TestCasesAreListedByPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cs, _, people := office(t, 3)
		var opened []casework.No
		for range 60 {
			c := ok(t)(cs.Open(t.Context(), people[1], casework.About{Person: people[2].User}, ""))
			if len(opened) > 0 && c.No == opened[0]+1 { // one chance in ninety million
				t.Error("whoever opened the one before learns that nobody else has opened one since")
			}
			opened = append([]casework.No{c.No}, opened...)
			time.Sleep(2 * time.Hour)
		}
		for _, who := range []account.Session{people[0], people[1]} { // who answers, and who opened them
			first, next, err := cs.List(t.Context(), who, 0)
			if err != nil {
				t.Fatal(err)
			}
			rest, end, err := cs.List(t.Context(), who, next)
			if err != nil || end != 0 || len(first) != 50 {
				t.Fatalf("%d, then %d with %d behind them: %v", len(first), len(rest), end, err)
			}
			for i, c := range append(first, rest...) {
				if c.No != opened[i] {
					t.Fatalf("number %d of the list is case %d instead of %d", i, c.No, opened[i])
				}
			}
		}
		if all, _, err := cs.List(t.Context(), people[2], 0); err != nil || len(all) > 0 {
			t.Errorf("whom they are about is shown %d: %v", len(all), err)
		}
	})
}

// Two who act at once do not both.
func TestACaseIsDecidedOnce(t *testing.T) {
	cs, _, people := office(t, 3)
	c := ok(t)(cs.Open(t.Context(), people[1], casework.About{Person: people[2].User}, "one"))
	results := make(chan error, 2)
	for _, act := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := cs.Decide(ctx, people[0], c.No, casework.Upheld, "yes")
			return err
		},
		func(ctx context.Context) error {
			_, err := cs.Withdraw(ctx, people[1], c.No, "")
			return err
		},
	} {
		go func() { results <- act(t.Context()) }()
	}
	one, two := <-results, <-results
	if (one == nil) == (two == nil) {
		t.Errorf("one ended with %v, the other with %v", one, two)
	}
	if c := ok(t)(cs.Case(t.Context(), people[1], c.No)); len(c.Steps) != 3 {
		t.Errorf("its steps are %v", c.Steps)
	}
}

// Once there are officers they answer cases, none of their own, and an appeal goes to another one.
func TestOfficersAnswerCases(t *testing.T) {
	cs, db, people := office(t, 4)
	l := &ledger.Ledger{Disk: db, Hub: stream.NewHub(), Log: slog.New(slog.DiscardHandler), Server: "wardroom.test", Policy: config.Nobody()}
	if err := l.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	cs.Desk = &desk.Desk{Disk: db, Ledger: l, Hub: l.Hub, Log: l.Log}
	about := casework.About{Person: people[0].User}
	if c := ok(t)(cs.Open(t.Context(), people[3], casework.About{Person: people[1].User}, "before")); c.InCharge.User != people[0].User {
		t.Errorf("while there are no officers, %s answers", c.InCharge.User)
	}

	// The second and the third are appointed.
	keys := []warranttest.Key{warranttest.New(t), warranttest.New(t)}
	a := desk.Asked{Kind: warrant.Appoint, Law: "DE", Scope: "s", Ground: "g", Reasons: "r", Appeal: "a", Charter: &warrant.Charter{Approvals: 2}}
	for i, of := range []warrant.Office{warrant.Counsel, warrant.Staff} {
		a.Appoint = append(a.Appoint, warrant.Appointee{User: people[i+1].User, Office: of, Key: keys[i].Public(), Until: time.Now().Add(time.Hour).Unix()})
	}
	w, err := cs.Desk.Ask(t.Context(), people[0], a)
	for i, key := range keys {
		if err == nil {
			w, err = cs.Desk.Approve(t.Context(), people[i+1], w.Hash, key.Sign(warrant.Namespace, w.Head))
		}
	}
	if err == nil {
		_, err = cs.Desk.Step(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}

	c := ok(t)(cs.Open(t.Context(), people[3], about, "after"))
	first, other := people[1], people[2]
	if c.InCharge.User == other.User {
		first, other = other, first
	}
	if c.InCharge.User != first.User {
		t.Fatalf("%s answers, who is no officer", c.InCharge.User)
	}
	ok(t)(cs.Decide(t.Context(), first, c.No, casework.NotUpheld, "no"))
	if c = ok(t)(cs.Appeal(t.Context(), people[3], c.No, "but")); c.InCharge.User != other.User {
		t.Errorf("the appeal goes to %s", c.InCharge.User)
	}
	if c = ok(t)(cs.Open(t.Context(), people[3], casework.About{Person: first.User}, "about an officer")); c.InCharge.User != other.User {
		t.Errorf("a complaint about an officer goes to %s", c.InCharge.User)
	}
}
