package store_test

import (
	"errors"
	"testing"

	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// Changes that are put off and run together: one that fails is answered to whoever made it, and what the others did is kept, each once, in their order.
func TestAChangeThatWasPutOffFailsForWhoMadeIt(t *testing.T) {
	db, _ := storetest.Open(t)
	wrong := errors.New("no row was changed")
	set := func(name string) func(stream.Unit) error {
		return func(u stream.Unit) error {
			u.Next("!room")
			return store.Put(u, nil, `INSERT INTO meta (name, value) VALUES ($1, $2)`, name, name)
		}
	}
	units := []func(stream.Unit) error{
		set("first"),
		func(u stream.Unit) error {
			return store.Put(u, wrong, `UPDATE meta SET value = $1 WHERE name = $2`, "x", "nobody")
		},
		set("second"),
		set("second"), // is there already
		set("third"),
	}
	var fns []func() error
	for _, fn := range units {
		fns = append(fns, func() error { return db.Do(t.Context(), fn) })
	}
	for i, err := range atOnce(t, db, fns...) {
		if fails := i == 1 || i == 3; fails != (err != nil) || i == 1 && !errors.Is(err, wrong) {
			t.Errorf("unit %d is answered %v", i, err)
		}
	}
	err := db.View(t.Context(), func(v stream.View) error {
		for _, name := range []string{"first", "second", "third"} {
			if value, _, err := db.Meta(v, name); value != name || err != nil {
				t.Errorf("%s is %q: %v", name, value, err)
			}
		}
		if v.Upto()[0] != 3 {
			t.Errorf("the stream ends at %d, want 3", v.Upto()[0])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Where the connection is cut before what was put off is written, it is written on another one, or whoever made it is told.
func TestPostgresMayCutOffWhatIsPutOff(t *testing.T) {
	needPostgres(t)
	dir := t.TempDir()
	db, _ := storetest.OpenDir(t, dir)
	set := func(name string) func() error {
		return func() error {
			return db.Do(t.Context(), func(u stream.Unit) error {
				u.Next("!room")
				return store.Put(u, nil, `INSERT INTO meta (name, value) VALUES ($1, $2)`, name, name)
			})
		}
	}
	cuts := 0
	cutting := func() error {
		return db.Do(t.Context(), func(u stream.Unit) error {
			if cuts++; cuts == 1 {
				cut(t, dir)
			}
			_, _, err := db.Meta(u, "first")
			return err
		})
	}
	names := []string{"first", "second", "third", "fourth"}
	errs := atOnce(t, db, set(names[0]), set(names[1]), cutting, set(names[2]), set(names[3]))
	errs = append(errs[:2:2], errs[3:]...)
	there := stream.Position(0)
	for i, name := range names {
		err := db.View(t.Context(), func(v stream.View) error {
			_, ok, err := db.Meta(v, name)
			if ok {
				there++
			}
			if ok != (errs[i] == nil) {
				t.Errorf("%s is there: %t, and was answered %v", name, ok, errs[i])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := upto(t, db); got != there {
		t.Errorf("the stream ends at %d, want %d", got, there)
	}
}
