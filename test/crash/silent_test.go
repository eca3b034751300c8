package crash_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"wardroom/test/rig"
)

// A network that falls silent between the server and PostgreSQL, and says no more than that: it was only slow, or what was on its way is lost, or the server
// finds out by itself and says so, instead of letting everybody wait.
func TestWhatWasAnsweredIsKeptWhilePostgreSQLIsSilent(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	n := max(3, *rounds/16)
	t.Logf("%d rounds, -seed %d", n, *seed)
	program, _ := hasty(t)
	if *rounds >= long {
		program = built(t)
	}
	kept(t, quiet(t, program), n)
}

// quiet is the ground of a server whose way to PostgreSQL falls silent.
func quiet(t *testing.T, program rig.Program) ground {
	t.Helper()
	server := rig.PostgresFor(t)
	wire, err := rig.NewNetwork(server.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wire.Close() })
	return ground{program: program, server: server, wire: wire, harm: fallSilent}
}

func fallSilent(o *office, stop func(), done chan struct{}) *rig.Site {
	ok := func(err error) {
		if err != nil {
			o.t.Error(err)
		}
	}
	moment := func() { after(time.Duration(100+o.random.IntN(400)) * time.Millisecond) }
	before := o.counted.unreached.Load()
	ok(o.wire.Silence())
	switch o.counted.rounds % 3 {
	case 0:
		moment()
		ok(o.wire.Resume())
		moment()
		if n := o.counted.unreached.Load() - before; n > 0 {
			o.t.Errorf("the network was slow for a moment, and %d requests were told that the database is not there", n)
		}
	case 1:
		moment()
		ok(o.wire.Mend())
	case 2:
		told := 0
		o.insist(o.site, func() {
			if told++; told == 2 { // who asks again is told so again, and by then nobody can connect anew
				ok(o.wire.Mend())
			}
		})
		if told < 2 {
			o.t.Errorf("nothing was heard of PostgreSQL, and who sends was told so %d times before it was answered", told)
		}
	}
	mended := time.Now()
	stop()
	<-done
	o.insist(o.site, func() {})
	o.goOn(mended)
	return nil
}
