package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

const inviteUsage = `Makes invitations, also while the server runs. Whoever opens the link can sign up with it.

Usage:
  wardroom invite --data DIR [--uses N] [--days D] [--name TEXT] [--token-only]

An invitation gives no power: whoever signs up with it is a person like any other.

`

// invite makes invitations and prints their links.
func invite(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("wardroom invite", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, inviteUsage); flags.PrintDefaults() }
	data := flags.String("data", "./data", "folder of the server")
	uses := flags.Int("uses", 1, "how many people may sign up with the link")
	days := flags.Int("days", 7, "for how many days it is valid")
	name := flags.String("name", "", "whom it is for, or a sentence: shown to whoever opens the link")
	tokenOnly := flags.Bool("token-only", false, "print the registration token alone, for other Matrix clients")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q? A name is given as --name TEXT", flags.Arg(0))
	}
	if *uses < 1 || *days < 1 || *days > 365 {
		return fmt.Errorf("--uses is 1 or more, --days is 1 to 365")
	}
	return withStore(ctx, *data, errs, func(ctx context.Context, db *store.DB) error {
		until := time.Now().Add(time.Duration(*days) * 24 * time.Hour)
		token, err := account.New(db, "").Invite(ctx, account.Invitation{Note: *name, Uses: *uses, Until: until})
		if err != nil {
			return err
		}
		if *tokenOnly {
			fmt.Fprintln(out, token)
			return nil
		}
		at, err := servedAt(ctx, db)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, inviteLink(at, token))
		fmt.Fprintf(errs, "For %s, until %s.\n", people(*uses), until.Format("2006-01-02 15:04"))
		return nil
	})
}

func people(n int) string {
	if n == 1 {
		return "one person"
	}
	return fmt.Sprintf("%d people", n)
}

// inviteLink is the address that opens the sign-up page. The token stands after the "#": browsers send that to nobody.
func inviteLink(base, token string) string { return base + "/#/invite/" + token }

// servedAt is where the server was last opened at.
func servedAt(ctx context.Context, db *store.DB) (at string, err error) {
	var ok bool
	err = db.View(ctx, func(v stream.View) (err error) {
		at, ok, err = db.Meta(v, store.ServedAt)
		return err
	})
	if err == nil && !ok {
		err = errors.New("the server has never run here, so there is no address to print: start it once, or use --token-only")
	}
	return at, err
}

// withStore opens the store in folder data, runs work with its writer running, and closes it.
func withStore(ctx context.Context, data string, errs io.Writer, work func(context.Context, *store.DB) error) (err error) {
	if _, err := os.Stat(filepath.Join(data, store.File)); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(errs, "There was no server's data in %s: made new.\n", data)
		if err := os.MkdirAll(data, 0o700); err != nil {
			return fmt.Errorf("making the data folder: %w", err)
		}
	}
	db, err := store.Open(ctx, data, stream.NewHub(), slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return db.Run(writing) })
	group.Go(func() error {
		defer stopWriting()
		return work(ctx, db)
	})
	return group.Wait()
}
