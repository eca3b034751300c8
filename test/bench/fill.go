package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
	"wardroom/test/rig"
)

// filling puts something into a store that no server has open.
type filling func(ctx context.Context, rooms *room.Rooms, people []account.Session) error

// fill starts a new server with n people in it, and whatever more adds. They come from within, because to hash thousands of
// passwords would take longer than all measurements.
func (w *wardroom) fill(ctx context.Context, n int, more filling) error {
	if err := w.site.Start(ctx); err != nil { // it makes its tables and takes a name
		return err
	}
	if log, err := w.site.Stop(); err != nil {
		return fmt.Errorf("%w\n%s", err, log)
	}
	err := within(ctx, w.site.Data, func(db *store.DB) error {
		var name string
		if err := db.View(ctx, func(v stream.View) (err error) {
			name, _, err = db.Meta(v, store.ServerName)
			return err
		}); err != nil {
			return err
		}
		people, err := w.settle(ctx, db, name, n)
		if err != nil {
			return err
		}
		return more(ctx, &room.Rooms{Disk: db, Server: mxid.Server(name)}, people)
	})
	if err != nil {
		return err
	}
	return w.site.Start(ctx)
}

// settle makes the people, each with a device that is signed in.
func (w *wardroom) settle(ctx context.Context, db *store.DB, server string, n int) ([]account.Session, error) {
	people := make([]account.Session, n)
	w.people = make([]*rig.Person, n)
	return people, db.Do(ctx, func(u stream.Unit) (err error) {
		for i := range people {
			s, secret := &people[i], "bench"+strconv.Itoa(i)
			s.User, s.Device = mxid.User("@b"+strconv.Itoa(i)+":"+server), "BENCH"
			w.people[i] = &rig.Person{Site: w.site, User: string(s.User), Device: "BENCH", Token: secret}
			if s.Account, err = db.AddPerson(u, s.User, ""); err != nil {
				return err
			}
			if s.DeviceNo, err = db.PutDevice(u, s.Account, s.Device, ""); err != nil {
				return err
			}
			if err = db.AddTokens(u, s.DeviceNo, account.Pair{No: 1, Access: sha256.Sum256([]byte(secret)), UntilMS: account.Forever}); err != nil {
				return err
			}
		}
		return nil
	})
}

// within opens the store at where in this process, with its writer running, for as long as do takes.
func within(ctx context.Context, where string, do func(*store.DB) error) error {
	db, err := store.Open(ctx, where, stream.NewHub(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- db.Run(running) }()
	err = do(db)
	stop()
	return errors.Join(err, <-ended, db.Close())
}

// teams makes rooms of so many members each, one after the other of all people, over and over, with so many messages in each.
func teams(n, members, said int) filling {
	return func(ctx context.Context, rooms *room.Rooms, people []account.Session) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(64)
		for i := range n {
			group.Go(func() error {
				team := make([]account.Session, members)
				for j := range team {
					team[j] = people[(i*members+j)%len(people)]
				}
				return chat(ctx, rooms, fmt.Sprintf("Team %d", i), team, said)
			})
		}
		return group.Wait()
	}
}
