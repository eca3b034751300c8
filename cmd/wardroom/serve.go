package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
	"wardroom/internal/clientapi"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

func serve(ctx context.Context, args []string, out, errs io.Writer) (err error) {
	flags := flag.NewFlagSet("wardroom serve", flag.ContinueOnError)
	flags.SetOutput(errs)
	data := flags.String("data", "./data", "folder for everything the server keeps")
	listen := flags.String("listen", "127.0.0.1:8008", "address to listen on, HOST:PORT")
	unlimited := flags.Bool("unlimited", false, "lift all rate limits, for measurements; only where nobody but this machine can connect")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if err := os.MkdirAll(*data, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	log := slog.New(slog.NewTextHandler(errs, nil))
	hub := stream.NewHub()
	db, err := store.Open(ctx, *data, hub, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", *listen, err)
	}
	if *unlimited && !loopbackAlone(listener.Addr()) {
		listener.Close()
		return fmt.Errorf("--unlimited is refused: %s can be reached from other machines. Use --listen 127.0.0.1:PORT with it", listener.Addr())
	}
	accounts := account.New(db, mxid.Server("localhost"))
	devices := &device.Devices{Disk: db}
	rooms := &room.Rooms{Disk: db, Server: accounts.Server}
	accounts.DeviceGone, accounts.Renamed, accounts.Leaving = devices.Remove, rooms.Renamed, rooms.LeaveAll
	feeds := &feed.Feed{Disk: db, Hub: hub, Rooms: rooms, Devices: devices, Typing: feed.NewTyping(hub)}
	api := &clientapi.API{Accounts: accounts, Devices: devices, Backups: &device.Backups{Disk: db}, Rooms: rooms, Feed: feeds, Log: log, Unlimited: *unlimited}
	server := &http.Server{Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}

	// The writer outlives the requests: it stops when the last of them has been answered.
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return db.Run(writing) })
	group.Go(func() error { return welcome(ctx, out, db, accounts, urlOf(listener.Addr())) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		defer stopWriting()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	})
	return group.Wait()
}

// welcome prints where the server is, and, as long as nobody has signed up, the link for the first person.
func welcome(ctx context.Context, out io.Writer, db *store.DB, accounts *account.Accounts, at string) error {
	err := db.Do(ctx, func(u stream.Unit) error { return db.SetMeta(u, store.ServedAt, at) })
	if err != nil {
		return fmt.Errorf("noting the address: %w", err)
	}
	first, err := accounts.FirstInvitation(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Wardroom is at %s\n", at)
	if first != "" {
		fmt.Fprintf(out, "Nobody has an account yet. The first person signs up here, once:\n  %s\n", inviteLink(at, first))
	}
	return nil
}

// urlOf is where a browser on this machine finds a listener.
func urlOf(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + addr.String()
}

// loopbackAlone reports whether only this machine can connect to addr.
func loopbackAlone(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
