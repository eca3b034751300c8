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

// several is a second server beside the first, with the same database, and the ways between them.
type several struct {
	site          *rig.Site
	redis         *rig.Redis
	heard, tables *rig.Wire // of the second server: to Redis, and to PostgreSQL
}

// Two servers with one database are one: people use both, each device now this one and now that, while one is killed, or cut off from Redis or
// from PostgreSQL, or PostgreSQL itself ends.
func TestTwoServersAreOne(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	program, err := rig.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n := max(8, *rounds/2)
	t.Logf("%d rounds, -seed %d", n, *seed)
	c := &complaints{TB: t}
	server := rig.PostgresFor(t)
	prove(t, c, server, newSeveral(t, server, program), n, program)
	for _, what := range c.all {
		t.Error(what)
	}
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
	return &several{rig.NewSite(program, filepath.Join(t.TempDir(), "second")), redis, wire("redis", redis.Socket), wire(".s.PGSQL.5432", server.Socket())}
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
	return errors.Join(os.MkdirAll(files, 0o700), os.MkdirAll(s.site.Data, 0o700), os.Symlink(files, filepath.Join(s.site.Data, "files")))
}

// harm does something to the second server, or to a wire of it. It returns the site that is to be killed, or nil where all is done.
func (s *several) harm(o *office, stop func(), done chan struct{}) (kill *rig.Site) {
	switch o.counted.rounds % 4 {
	case 1:
		return s.site
	case 2:
		s.heard.Silence()
		if o.random.IntN(2) == 0 {
			s.heard.Cut()
		}
		defer s.heard.Mend()
		after(time.Duration(100+o.random.IntN(300)) * time.Millisecond)
		stop()
		<-done
		o.goOn(time.Now()) // while it is still cut off: the database says all
		return nil
	default:
		if o.random.IntN(2) == 0 {
			o.crashPostgres(stop, done)
			return nil
		}
		s.tables.Cut()
		after(time.Duration(100+o.random.IntN(300)) * time.Millisecond)
		killed := time.Now()
		stop()
		<-done
		s.tables.Mend()
		o.goOn(killed)
		return nil
	}
}
