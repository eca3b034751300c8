package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"wardroom/internal/desk"
	"wardroom/internal/device"
	"wardroom/internal/ledger"
	"wardroom/internal/store"
)

const auditUsage = `Compares everything in the database that gives power over people, or takes something from them, with the ledger, and names each difference. It
changes nothing, and can be run beside the server.

Usage:
  wardroom audit [--data DIR]
  wardroom audit --config FILE

It ends with 1 if there is a difference: then somebody changed the database by hand, or another program did. The server does the same when it
starts and every day, and says so on its operator's page and in /metrics.

`

func audit(ctx context.Context, args []string, out, errs io.Writer) error {
	is := command{"audit", auditUsage}
	flags := is.flags()
	placed := placeFlags(flags, "./data", "`folder` of the server")
	if err := is.parse(flags, args, out); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	at, err := placed()
	if err != nil {
		return err
	}
	return at.beside(ctx, false, errs, func(ctx context.Context, db *store.DB) error {
		record := &ledger.Ledger{Disk: db}
		devices := &device.Devices{Disk: db, Ledger: record}
		found, err := (&desk.Desk{Disk: db, Ledger: record, Audits: []desk.Compare{devices.Audit}}).Audit(ctx)
		if err != nil {
			return fmt.Errorf("comparing the database with the ledger: %w", err)
		}
		for _, f := range found {
			fmt.Fprintln(out, f)
		}
		switch len(found) {
		case 0:
			fmt.Fprintln(out, "No difference: every act of power in the database is one that the ledger explains.")
			return nil
		case 1:
			return errors.New("one difference")
		}
		return fmt.Errorf("%d differences", len(found))
	})
}
