package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/test/rig"
)

// idling is memory and work of a server while many connections wait.
type idling struct {
	what        string
	connections int
	bytes       int64         // of each connection
	at, with    int64         // resident without and with them
	cpu, window time.Duration // spent while nothing happened
}

// probe lets a build collect its garbage when it is told to.
const probe = `package main

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func init() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		for range told {
			debug.FreeOSMemory()
			os.WriteFile(os.Getenv("BENCH_PROBE"), nil, 0o600)
		}
	}()
}
`

// inTeam is how many people have a room together whose devices wait.
const inTeam = 50

// idling measures connections that wait, in clear and encrypted: each is another person's.
func (r *report) idling(ctx context.Context) error {
	progress("making %d people whose connections are idle", r.size.Idle)
	folder := filepath.Join(r.dir, "probed")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	probed, err := rig.Build(ctx, folder, rig.Change{File: "cmd/wardroom/probe.go", New: probe})
	if err != nil {
		return err
	}
	w, done := r.site("idle"), filepath.Join(folder, "collected")
	w.site.Program, w.site.Env = probed, []string{"BENCH_PROBE=" + done}
	if err := w.fill(ctx, r.size.Idle, teams(max(1, r.size.Idle/inTeam), min(inTeam, r.size.Idle), 20)); err != nil {
		return err
	}
	cert, key, err := certificate(folder)
	if err != nil {
		return err
	}
	encrypted := filepath.Join(folder, "encrypted.toml")
	if err := os.WriteFile(encrypted, fmt.Appendf(nil, "[tls]\nfrom = \"files\"\ncertificate = %q\nkey = %q\n", cert, key), 0o600); err != nil {
		return err
	}
	for _, one := range []struct {
		what, config string
		floor        *bare
	}{{"in clear", "", r.floor}, {"encrypted (TLS)", encrypted, &bare{cmd: r.floor.cmd, at: r.floor.secure}}} {
		progress("%d idle connections, %s", r.size.Idle, one.what)
		if err := w.again(ctx, func(s *rig.Site) { s.Config = one.config }); err != nil {
			return err
		}
		since, err := now(w)
		if err != nil {
			return err
		}
		ours, err := idle(ctx, w, r.size, since, func() error { return signalled(w.pid(), done) })
		if err != nil {
			return err
		}
		end, err := now(one.floor) // there may be much before it, of other sections
		if err != nil {
			return err
		}
		floors, err := idle(ctx, one.floor, r.size, end, func() error {
			res, err := http.Get(r.floor.url() + "/collect")
			if err == nil {
				err = res.Body.Close()
			}
			return err
		})
		if err != nil {
			return err
		}
		ours.what, floors.what = "wardroom, "+one.what, "floor, "+one.what
		r.idle = append(r.idle, ours, floors)
	}
	_, err = w.site.Stop()
	return err
}

// now is a sync token for everybody.
func now(t target) (string, error) {
	l, err := dial(t.url())
	if err != nil {
		return "", err
	}
	defer l.conn.Close()
	body, err := l.do(t.sync(0, 0, ""))
	if err != nil {
		return "", err
	}
	return token(body, "next_batch")
}

// signalled tells a server that was built for it to do its special work, and waits for the file that shows it.
func signalled(pid int, shows string) error {
	_ = os.Remove(shows) // it may not be there
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(syscall.SIGUSR1)
	}
	if err != nil {
		return err
	}
	for range 6000 {
		if _, err := os.Stat(shows); err == nil {
			return nil
		}
		<-time.After(10 * time.Millisecond)
	}
	return fmt.Errorf("the server did not make %s", shows)
}

// idle opens connections that all wait for what is new after since, after a first time whose traces in the server's caches are not to count.
func idle(ctx context.Context, t target, size sizes, since string, collect func() error) (idling, error) {
	n := size.Idle
	out := idling{connections: n, window: min(size.Window, 3*time.Second)}
	for _, counts := range []bool{false, true} {
		if err := errors.Join(quiet(t.pid()), collect()); err != nil {
			return out, err
		}
		var err error
		if out.at, err = memory(t.pid(), "VmRSS"); err != nil {
			return out, err
		}
		lines, err := waiting(ctx, t, n, since)
		if err == nil && counts {
			err = out.settle(t, collect)
		} else if err == nil {
			err = quiet(t.pid())
		}
		for _, l := range lines {
			if l != nil {
				l.conn.Close()
			}
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// waiting opens connections, each of which has a sync that waits, of one person each.
func waiting(ctx context.Context, t target, n int, since string) ([]*line, error) {
	lines := make([]*line, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := range lines {
		group.Go(func() error {
			l, err := dial(t.url())
			if err != nil {
				return err
			}
			lines[i] = l
			if c, ok := l.conn.(*tls.Conn); ok {
				if err := c.HandshakeContext(ctx); err != nil {
					return err
				}
			}
			return errors.Join(ctx.Err(), l.write(t.sync(i, -1, since)))
		})
	}
	return lines, group.Wait()
}

// settle measures once nothing moves any more.
func (out *idling) settle(t target, collect func() error) error {
	if err := errors.Join(quiet(t.pid()), collect()); err != nil {
		return err
	}
	var err error
	if out.with, err = memory(t.pid(), "VmRSS"); err != nil {
		return err
	}
	out.bytes = (out.with - out.at) / int64(out.connections)
	before, err := cpu(t.pid())
	if err != nil {
		return err
	}
	<-time.After(out.window)
	after, err := cpu(t.pid())
	out.cpu = after - before
	return err
}

// more is what a connection may take beyond the floor's.
const more = 6 << 10

func (r *report) waiting(p func(string, ...any)) {
	p("## Idle connections\n")
	p("%d connections of as many people, in rooms of %d, each with a sync that waits; VmRSS after a collection of garbage, less that before", r.size.Idle, inTeam)
	p("they were opened. (The measured build differs from the normal one in that it collects when it is told to.)\n")
	p("| | memory a connection | without, with them | CPU while nothing happens |\n| --- | --: | --: | --: |")
	for _, w := range r.idle {
		p("| %s | **%.1f KiB** | %d MiB, %d MiB | %s in %s |", w.what, float64(w.bytes)/1024, w.at>>20, w.with>>20, ms(w.cpu), w.window)
	}
	p("")
	for i := 0; i+1 < len(r.idle); i += 2 {
		w, f := r.idle[i], r.idle[i+1]
		p("Wanted: %s, no more than the floor and 6 KiB, so %.1f KiB, and no more work than the floor's while nothing happens: %s.", w.what, float64(f.bytes+more)/1024, met(w.bytes <= f.bytes+more && w.cpu <= f.cpu+tick))
	}
	p("")
}
