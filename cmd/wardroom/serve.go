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
	"wardroom/internal/mxid"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

func serve(ctx context.Context, args []string, out, errs io.Writer) (err error) {
	flags := flag.NewFlagSet("wardroom serve", flag.ContinueOnError)
	flags.SetOutput(errs)
	data := flags.String("data", "./data", "folder for everything the server keeps")
	listen := flags.String("listen", "127.0.0.1:8008", "address to listen on, HOST:PORT")
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

	api := &clientapi.API{
		Accounts: &account.Accounts{Disk: db, Server: mxid.Server("localhost")},
		Log:      log,
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", *listen, err)
	}
	server := &http.Server{Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	fmt.Fprintf(out, "Wardroom is at http://%s\n", listener.Addr())

	// The writer outlives the requests: it stops when the last of them has been answered.
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return db.Run(writing) })
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
