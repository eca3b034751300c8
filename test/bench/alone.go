package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
	"wardroom/test/rig"
)

// storing is what senders got done who had no server between them and the disk.
type storing struct {
	what      string
	events    int
	window    time.Duration
	cpu       time.Duration // of this process
	written   int64         // bytes that this process wrote
	floor     int           // index of what it is compared with
	wanted    float64       // what part of the floor; 0: none
	wantedAs  string
	databases bool // another process writes, so that CPU and bytes say little
}

func (s *storing) perSecond() float64 { return float64(s.events) / s.window.Seconds() }

// storing measures the store without a server, in this process, and what it could not be faster than.
func (r *report) storing(ctx context.Context) error {
	text, err := rig.Canonical(rig.Encrypted(strings.Repeat("AwgAEnAbcd", 35)))
	if err != nil {
		return err
	}
	if err := r.logAlone(ctx, text); err != nil {
		return err
	}
	if err := r.oneStore(ctx, filepath.Join(r.dir, "alone"), "SQLite", text, storing{floor: 0, wanted: 1. / 6, wantedAs: "1/6"}); err != nil {
		return err
	}
	server, err := rig.StartPostgres(ctx)
	if err != nil {
		return err
	}
	err = r.batches(ctx, server, text)
	if err == nil {
		var at string
		if at, err = server.Database(ctx, "store", ""); err == nil {
			err = r.oneStore(ctx, at, "PostgreSQL", text, storing{floor: len(r.stores) - 1, wanted: 1. / 2, wantedAs: "1/2", databases: true})
		}
	}
	if stopped := server.Stop(); err == nil {
		err = stopped
	}
	return err
}

// logAlone is the least: each message is in a file.
func (r *report) logAlone(ctx context.Context, text []byte) error {
	file, err := os.Create(filepath.Join(r.dir, "alone.log"))
	if err != nil {
		return err
	}
	defer file.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	log := newFloor(file)
	go log.write(ctx)
	return r.hammer(ctx, storing{what: "a plain log, one `fdatasync` for all that wait"}, func(int, int64) error {
		s := &said{room: "", body: text, done: make(chan error, 1)}
		log.waits <- s
		return <-s.done
	})
}

// batches is the least with PostgreSQL: one connection, one transaction for all that wait, its statements sent in one go.
func (r *report) batches(ctx context.Context, server *rig.Postgres, text []byte) error {
	at, err := server.Database(ctx, "floor", "")
	if err == nil {
		err = within(ctx, at, func(*store.DB) error { return nil }) // the same tables and indexes
	}
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	waits := make(chan *said, maxShared)
	go func() {
		for pos := int64(1); ; {
			all := shared(ctx, waits)
			if len(all) == 0 {
				return
			}
			runtime.Gosched() // as the store does: whoever is about to bring a message takes part
			for more := true; more && len(all) < maxShared; {
				select {
				case s := <-waits:
					all = append(all, s)
				default:
					more = false
				}
			}
			var b pgx.Batch
			b.Queue("BEGIN")
			for _, s := range all {
				id := make([]byte, 32)
				rand.Read(id)
				b.Queue("INSERT INTO event (pos, room, id, id_key, sender, device, txn, counts, json) VALUES ($1, 1, $2, $3, 1, 1, $4, true, $5)",
					pos, id, int64(binary.BigEndian.Uint64(id)), strconv.FormatInt(pos, 10), []byte(s.body))
				pos++
			}
			b.Queue("COMMIT")
			err := conn.SendBatch(ctx, &b).Close()
			for _, s := range all {
				s.done <- err
			}
		}
	}()
	return r.hammer(ctx, storing{what: "PostgreSQL, batches of inserts", databases: true}, func(int, int64) error {
		s := &said{body: text, done: make(chan error, 1)}
		waits <- s
		return <-s.done
	})
}

// oneStore measures one store: rows alone, then with what a room asks before it takes a message.
func (r *report) oneStore(ctx context.Context, at, name string, text []byte, like storing) error {
	if !strings.Contains(at, "://") {
		if err := os.Mkdir(at, 0o700); err != nil {
			return err
		}
	}
	return within(ctx, at, func(db *store.DB) error {
		w := &wardroom{}
		people, err := w.settle(ctx, db, "bench.test", slices.Max(r.size.Senders))
		if err != nil {
			return err
		}
		rooms := &room.Rooms{Disk: db, Server: "bench.test"}
		var places [2]mxid.Room
		for i := range places {
			if places[i], err = rooms.Create(ctx, people[0], room.Wanted{Preset: "public_chat"}); err != nil {
				return err
			}
			for _, p := range people[1:] {
				if err := rooms.Join(ctx, p, places[i], ""); err != nil {
					return err
				}
			}
		}
		like.what = name + ", the store alone"
		if err := r.hammer(ctx, like, func(who int, n int64) error { return appendTo(ctx, db, places[0], people[who], n, text) }); err != nil {
			return err
		}
		like.what, like.wanted = name+", the same through `room`: who may, hashes, transaction IDs", 0
		return r.hammer(ctx, like, func(who int, n int64) error {
			_, err := rooms.Send(ctx, people[who], places[1], "m.room.encrypted", "s"+strconv.FormatInt(n, 10), text)
			return err
		})
	})
}

// appendTo writes an event's row and its room's.
func appendTo(ctx context.Context, db *store.DB, in mxid.Room, who account.Session, n int64, text []byte) error {
	return db.Do(ctx, func(u stream.Unit) error {
		c, _, err := db.Room(u, in)
		if err != nil {
			return err
		}
		id := make([]byte, 32)
		rand.Read(id)
		return db.Append(u, c, &room.Event{Pos: u.Next(stream.Topic(in)), Room: c.No, ID: mxid.Event("$" + base64.RawURLEncoding.EncodeToString(id)),
			Sender: who.Account, Device: who.DeviceNo, Txn: "a" + strconv.FormatInt(n, 10), Counts: true, JSON: text})
	})
}

// hammer lets as many senders as there are at most store one message after the other, and counts.
func (r *report) hammer(ctx context.Context, s storing, say func(who int, n int64) error) error {
	senders := slices.Max(r.size.Senders)
	progress("%d senders: %s", senders, s.what)
	var n, done atomic.Int64
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	for who := range senders {
		group.Go(func() error {
			for ctx.Err() == nil {
				if err := say(who, n.Add(1)); err != nil {
					return fmt.Errorf("%s: %w", s.what, err)
				}
				done.Add(1)
			}
			return nil
		})
	}
	<-time.After(r.size.Warm)
	events, from, used, wrote := done.Load(), time.Now(), ownCPU(), written()
	<-time.After(r.size.Window / 2)
	s.events, s.window, s.cpu, s.written = int(done.Load()-events), time.Since(from), ownCPU()-used, written()-wrote
	stop()
	r.stores = append(r.stores, s)
	return group.Wait()
}

// written is how many bytes this process has written to files, each page as often as it was.
func written() int64 {
	n, _ := strconv.ParseInt(field("/proc/self/io", "write_bytes"), 10, 64)
	return n
}

func (r *report) stored(p func(string, ...any)) {
	p("## The store alone\n")
	p("%d senders without a server or HTTP between them and the store, in one process on %d processor(s), PostgreSQL's own server on the same.", slices.Max(r.size.Senders), max(1, processors()/2))
	p("Each message is on disk before the next one of its sender.\n")
	p("| | events/s | of its floor | CPU an event | written an event |\n| --- | --: | --: | --: | --: |")
	for _, s := range r.stores {
		own := fmt.Sprintf("%.0f µs | %.1f KB", float64(s.cpu.Microseconds())/float64(max(1, s.events)), float64(s.written)/1e3/float64(max(1, s.events)))
		if s.databases {
			own, _, _ = strings.Cut(own, "|")
			own += "and the server's | its server's"
		}
		p("| %s | **%.0f** | %.2f | %s |", s.what, s.perSecond(), s.perSecond()/r.stores[s.floor].perSecond(), own)
	}
	p("")
	for _, s := range r.stores {
		if part := s.perSecond() / r.stores[s.floor].perSecond(); s.wanted > 0 {
			p("Wanted: %s, at least %s of its floor: %s.", s.what, s.wantedAs, met(part >= s.wanted))
		}
	}
	p("")
}
