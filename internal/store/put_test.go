package store_test

import (
	"errors"
	"runtime"
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
		func(u stream.Unit) error { return store.Put(u, wrong, `UPDATE meta SET value = $1 WHERE name = $2`, "x", "nobody") },
		set("second"),
		set("second"), // is there already
		set("third"),
	}
	held, hold := make(chan bool), make(chan bool)
	go func() { _ = db.Do(t.Context(), func(stream.Unit) error { held <- true; <-hold; return nil }) }()
	<-held
	answers := make([]chan error, len(units))
	for i, fn := range units {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- db.Do(t.Context(), fn) }()
		for db.Wait() < i+1 {
			runtime.Gosched()
		}
	}
	close(hold)
	for i, answer := range answers {
		err := <-answer
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
