package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/store"
)

// oldInvitations lists the invitations made here, or ends one.
func oldInvitations(ctx context.Context, want invitations, flags *flag.FlagSet, out, errs io.Writer) error {
	alone := true
	flags.Visit(func(f *flag.Flag) {
		alone = alone && (f.Name == "data" || f.Name == "config" || f.Name == "list" || f.Name == "revoke")
	})
	if !alone || want.list && want.revoke != "" {
		return errors.New("--list and --revoke make no invitations: give one of them, with --data or --config alone")
	}
	return want.at.beside(ctx, false, errs, func(ctx context.Context, db *store.DB) error {
		accounts := account.New(db, "")
		if want.list {
			return listInvitations(ctx, accounts, out, errs)
		}
		name := want.revoke
		if _, token, ok := strings.Cut(name, inviteLink("", "")); ok {
			name = token
		}
		ended, err := accounts.Revoke(ctx, name)
		var refused *fault.Fault
		if errors.As(err, &refused) {
			return fmt.Errorf("%s Those that are: wardroom invite --list", refused.Says)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Revoked: %s. Whoever signed up with it stays.\n", told(ended))
		return nil
	})
}

func listInvitations(ctx context.Context, accounts *account.Accounts, out, errs io.Writer) error {
	list, err := accounts.Invitations(ctx)
	if err != nil {
		return err
	}
	for _, k := range list {
		fmt.Fprintf(out, "%s\t%s\n", k.ID(), told(k.Invitation))
	}
	if len(list) == 0 {
		fmt.Fprintln(errs, "No invitation that was made here is valid.")
	}
	return nil
}

// told is an invitation in words.
func told(i account.Invitation) string {
	whom := i.Note
	if i.First {
		whom = "the first person"
	}
	if whom != "" {
		whom += ", "
	}
	return fmt.Sprintf("%sfor %s, until %s", whom, people(i.Uses), i.Until.Format("2006-01-02 15:04"))
}
