package crash_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardroom/test/rig"
)

// several is a second server beside the first, with the same database, the ways between them, and who is told by the one whose turn it is.
type several struct {
	site          *rig.Site
	redis         *rig.Redis
	heard, tables *rig.Wire // of the second server: to Redis, and to PostgreSQL
	watcher       *watcher
	turn          time.Duration // how long one lasts
}

// Two servers with one database are one: people use both, each device now this one and now that, while one is killed, or stands still, or is cut off from
// Redis or from PostgreSQL, or hears nothing more of it, or PostgreSQL itself ends. An application service is told of everything once, by whichever
// server's turn it is.
func TestTwoServersAreOneAndWhatWasAnsweredIsKept(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	n := max(8, *rounds/2)
	t.Logf("%d rounds, -seed %d", n, *seed)
	program, turn := hasty(t)
	if *rounds >= long {
		program, turn = built(t), 30*time.Second
	}
	kept(t, two(t, program, turn), n)
}

// two is the ground of two servers.
func two(t *testing.T, program rig.Program, turn time.Duration) ground {
	t.Helper()
	server := rig.PostgresFor(t)
	s := newSeveral(t, server, program)
	s.turn = turn
	return ground{program: program, server: server, beside: s, harm: s.harm}
}

func newSeveral(t *testing.T, server *rig.Postgres, program rig.Program) *several {
	t.Helper()
	redis := rig.RedisFor(t)
	dir, err := os.MkdirTemp("", "wardroom-wires-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	wire := func(name, to string) *rig.Wire {
		w, err := rig.NewWire(filepath.Join(dir, name), to)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		return w
	}
	return &several{site: rig.NewSite(program, filepath.Join(t.TempDir(), "second")), redis: redis, heard: wire("redis", redis.Socket),
		tables: wire(".s.PGSQL.5432", server.Socket()), watcher: newWatcher(t)}
}

// join lets both servers use the database at address, which the second one reaches through its wire, and have the same files.
func (s *several) join(first *rig.Site, address string) error {
	before, _, ok := strings.Cut(address, "?host=")
	if !ok {
		return fmt.Errorf("%s is not by a socket", address)
	}
	through := before + "?host=" + url.QueryEscape(filepath.Dir(s.tables.Socket))
	if err := errors.Join(first.On(address, "unix://"+s.redis.Socket), s.site.On(through, "unix://"+s.heard.Socket)); err != nil {
		return err
	}
	files := filepath.Join(first.Data, "files")
	return errors.Join(first.Also("services", s.watcher.folder), s.site.Also("services", s.watcher.folder),
		os.MkdirAll(files, 0o700), os.MkdirAll(s.site.Data, 0o700), os.Symlink(files, filepath.Join(s.site.Data, "files")))
}

// harm does something to one of the servers, or to a wire of the second one: each in its turn.
func (s *several) harm(o *office, stop func(), done chan struct{}) (kill *rig.Site) {
	moment := func() { after(time.Duration(100+o.random.IntN(300)) * time.Millisecond) }
	ok := func(err error) {
		if err != nil {
			o.t.Error(err)
		}
	}
	waits := func() {
		o.t.Errorf("something is wrong with one server, and the other one says that its database is not there")
	}
	var mended time.Time
	switch o.counted.rounds % 6 {
	case 0:
		return o.site
	case 1:
		return s.site
	case 2:
		ok(s.heard.Silence())
		if o.random.IntN(2) == 0 {
			ok(s.heard.Cut())
		}
		moment()
		stop()
		<-done
		o.goOn(time.Now()) // while it is still cut off: the database says all
		ok(s.heard.Mend())
		return nil
	case 3:
		if o.random.IntN(2) == 0 {
			o.crashPostgres(stop, done)
			return nil
		}
		ok(s.tables.Cut())
		moment()
		mended = time.Now()
		ok(s.tables.Mend())
	case 4: // in the middle of what it writes, perhaps: then the other one waits for as long as PostgreSQL does
		ok(s.tables.Silence())
		moment()
		o.insist(o.site, waits)
		mended = time.Now()
		if o.random.IntN(2) == 0 {
			ok(s.tables.Mend())
		} else {
			ok(s.tables.Resume())
		}
	case 5: // it finds out that it had its turn
		still, other := s.site, o.site
		if o.random.IntN(2) == 0 {
			still, other = other, still
		}
		ok(still.Pause())
		moment()
		o.insist(other, waits)
		if o.random.IntN(3) > 0 { // until the other one has its turn
			after(s.turn + s.turn/2)
		}
		mended = time.Now()
		ok(still.Continue())
		moment()
	}
	stop()
	<-done
	for _, site := range []*rig.Site{o.site, s.site} {
		o.insist(site, func() {})
	}
	o.goOn(mended)
	return nil
}
