// Package crash_test proves that what was answered 200 is kept: people send, the server is killed at a random moment and started
// again on the same data, and everybody must find every answered message exactly once and in one order.
//
// A killed process leaves what it has written to the operating system, so this says nothing of a power failure; package trace
// looks at that.
package crash_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"wardroom/test/rig"
)

var (
	rounds = flag.Int("rounds", 10, "how often the server is killed")
	seed   = flag.Uint64("seed", 0, "repeats the random choices of an earlier run; 0: new ones")
)

// patience is how long anything may take that must happen.
const patience = time.Minute

func TestWhatWasAnsweredIsKeptExactlyOnceAndInOneOrder(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("%d rounds, -seed %d", *rounds, *seed)
	kept(t, ground{program: built(t)}, *rounds)
}

// The same with the tables in PostgreSQL, where now the server is killed and now PostgreSQL, which then starts again beneath it.
func TestWhatWasAnsweredIsKeptByPostgreSQLToo(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("%d rounds, -seed %d", max(4, *rounds/2), *seed)
	kept(t, ground{program: built(t), server: rig.PostgresFor(t)}, max(4, *rounds/2))
}

// TestTheCrashTestFindsWhatIsLost lets it judge servers that break the promise in one place each.
func TestTheCrashTestFindsWhatIsLost(t *testing.T) {
	for name, broken := range map[string]struct {
		change rig.Change
		says   []string // one of these must be among the complaints
	}{
		"an answer before the commit": {rig.Change{File: "internal/store/store.go", Old: "err = t.end()\n", New: `if t.start > 100 { // once the rooms are made
			for i, u := range batch[:len(refused)] {
				u.done <- refused[i]
				batch[i] = &unit{done: make(chan error, 1)} // the answer that comes too late
			}
			time.Sleep(5 * time.Millisecond)
		}
		err = t.end()
`}, []string{"is there 0 times", "and was sent"}},
		"a repeated message is sent again": {rig.Change{File: "internal/room/send.go", Old: "range sent {", New: "range sent[:0] {"}, []string{"a message stands there twice"}},
		"a repeated to-device message is sent again": {rig.Change{File: "internal/device/todevice.go",
			Old: "if err := ds.Disk.Remember(u, Txn{who.DeviceNo, txn}); err != nil {", New: "if err := error(nil); err != nil {"}, []string{"and was sent"}},
		"a one-time key is kept when it is handed out": {rig.Change{File: "internal/store/keys.go", Old: "SET json = NULL", New: "SET json = json"}, []string{"was handed out twice"}},
		"sync tells in another order":                  {rig.Change{File: "internal/feed/rooms.go", Old: "slices.Reverse(n.events)", New: ""}, []string{"a broken chain"}},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := rig.Build(t.Context(), t.TempDir(), broken.change)
			if err != nil {
				t.Fatal(err)
			}
			found(t, ground{program: program}, broken.says)
		})
	}
}

// kept runs the proof, which must find nothing.
func kept(t *testing.T, g ground, rounds int) {
	t.Helper()
	c := &complaints{TB: t}
	prove(t, c, g, rounds)
	for _, what := range c.all {
		t.Error(what)
	}
}

// found runs the proof, which must find something and say one of these.
func found(t *testing.T, g ground, says []string) {
	t.Helper()
	c := &complaints{TB: t}
	prove(t, c, g, 20)
	is := func(what string) bool {
		return slices.ContainsFunc(says, func(says string) bool { return strings.Contains(what, says) })
	}
	if !slices.ContainsFunc(c.all, is) {
		t.Errorf("nothing was said of it: %q", c.all)
	}
}

// complaints are kept, so that who runs the proof can decide whether it was to fail.
type complaints struct {
	testing.TB
	mu  sync.Mutex // guards all
	all []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

func (c *complaints) Error(args ...any) { c.Errorf("%s", fmt.Sprint(args...)) }

func (c *complaints) any() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all) > 0
}

// ground is what the proof stands on.
type ground struct {
	program rig.Program
	breaks  string        // what the program breaks, if it is one that can
	server  *rig.Postgres // nil: the tables are in SQLite
	wire    *rig.Wire     // the way to server; nil: there is none in between
	beside  *several      // a second server; nil: there is one alone
	// What happens while people send, in place of the server's being killed; it returns the site that is to be killed, or nil where all is done.
	harm func(o *office, stop func(), done chan struct{}) (kill *rig.Site)
}

// prove is the whole proof. It ends early once something is wrong.
func prove(t *testing.T, c *complaints, g ground, rounds int) {
	site := rig.NewSite(g.program, filepath.Join(t.TempDir(), "data"))
	site.Env = []string{"BREAK=" + g.breaks}
	if g.server != nil {
		address, err := g.server.Database(t.Context(), "office", "")
		switch {
		case err != nil:
		case g.beside != nil:
			g.beside.site.Env = site.Env
			err = g.beside.join(site, address)
		case g.wire != nil:
			err = site.On("postgres://wardroom@"+g.wire.Address+"/office?sslmode=disable", "")
		default:
			err = site.On(address, "")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	o := open(c, site, g)
	for range rounds {
		o.round()
		if c.any() {
			return
		}
	}
	o.finish()
}

// round is one life of the server: people send until it is killed, it is started again, and all is looked through.
func (o *office) round() {
	working, stop := context.WithCancel(o.t.Context())
	done := o.work(working)
	// A random moment is what this waits for.
	after(time.Duration(20+o.random.IntN(300)) * time.Millisecond)
	site := o.site
	switch {
	case o.harm != nil:
		if site = o.harm(o, stop, done); site == nil {
			return
		}
	case o.server != nil && o.counted.rounds%2 == 1:
		o.crashPostgres(stop, done)
		return
	}
	if _, err := site.Kill(); err != nil {
		o.t.Error(err)
	}
	killed := time.Now()
	stop()
	<-done
	if o.random.IntN(4) == 0 {
		if err := site.KillEarly(time.Duration(o.random.IntN(60)) * time.Millisecond); err != nil {
			o.t.Error(err)
		}
	}
	if err := site.Start(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	o.goOn(killed)
}

// crashPostgres ends PostgreSQL beneath people who send, and starts it again. The server stays.
func (o *office) crashPostgres(stop func(), done chan struct{}) {
	if err := o.server.Crash(); err != nil {
		o.t.Error(err)
	}
	killed := time.Now()
	if _, err := o.people[0].Send(o.t.Context(), o.rooms[0], fmt.Sprint("in vain ", o.counted.rounds), "in vain"); !o.gone(err) {
		o.t.Errorf("PostgreSQL has ended, and who sends is told %v", err)
	}
	stop()
	<-done
	if err := o.server.Start(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	o.goOn(killed)
}

// goOn looks through everything after a server was killed, and is there again.
func (o *office) goOn(killed time.Time) {
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	o.settle(ctx, killed)
	o.look(ctx)
}

func after(d time.Duration) { <-time.After(d) }

// finish looks through everything once more from the beginning, and into the database.
func (o *office) finish() {
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	for _, p := range o.people {
		for _, room := range o.rooms {
			backwards, err := back(ctx, p, room, "", "")
			if err != nil {
				o.t.Error(err)
			}
			o.same(p.User+" pages back through everything", room, backwards, o.order[room])
			forwards, err := forth(ctx, p, room)
			if err != nil {
				o.t.Error(err)
			}
			o.same(p.User+" pages forwards through everything", room, forwards, o.order[room])
		}
	}
	o.leftKeys(ctx)
	if o.beside != nil {
		o.beside.watcher.all(ctx, o)
	}
	o.leave()
	if _, err := o.site.Stop(); err != nil {
		o.t.Error(err)
	}
	o.report()
	if o.server != nil {
		return
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(o.site.Data, "wardroom.db"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		o.t.Errorf("the database says of itself: %s, %v", verdict, err)
	}
	var cheap int // a test in the server's own process hashes at another cost
	const usual = "SELECT count(*) FROM account WHERE password NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'"
	if err := db.QueryRow(usual).Scan(&cheap); err != nil || cheap > 0 {
		o.t.Errorf("%d passwords are kept as nobody's should be, %v", cheap, err)
	}
}
