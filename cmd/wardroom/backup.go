package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"wardroom/internal/backup"
	"wardroom/internal/store"
)

const backupUsage = `Writes everything that the server keeps into one encrypted file, also while the server runs.

Usage:
  wardroom backup --new-key FILE                                    make a key, once
  wardroom backup --data DIR --to FILE --recipient age1…            write a backup that this key opens
  wardroom backup --data DIR --to FILE --passphrase-file FILE       write a backup that this passphrase opens
  wardroom backup --config FILE …                                   of a server that was started with this configuration

Keep the key away from this machine: whoever has a backup and its key has the server's data, and without the key a backup
cannot be opened by anybody. A backup of a server with PostgreSQL, or with files in a bucket, is of the same form: it can be restored into either. Messages stay encrypted even then; the server never had their keys.
The configuration file and TLS certificates are not in a backup.

`

func makeBackup(ctx context.Context, args []string, out, errs io.Writer) error {
	is := command{"backup", backupUsage}
	flags := is.flags()
	placed := placeFlags(flags, "./data", "`folder` of the server")
	to := flags.String("to", "", "`file` to write; it must not exist")
	newKey := flags.String("new-key", "", "make a new key, keep it in `file`, and print its recipient")
	passphrase := flags.String("passphrase-file", "", "`file` whose first line opens the backup")
	var recipients []age.Recipient
	flags.Func("recipient", "`age1…` for whom to encrypt; may be given several times", func(s string) error {
		more, err := age.ParseRecipients(strings.NewReader(s))
		if err != nil {
			return errors.New("that is no recipient; \"wardroom backup --new-key FILE\" prints one")
		}
		recipients = append(recipients, more...)
		return nil
	})
	if err := is.parse(flags, args, out); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	switch {
	case *newKey != "":
		return makeKey(*newKey, out)
	case *to == "":
		return errors.New("say where to: --to FILE")
	case *passphrase != "" && len(recipients) > 0:
		return errors.New("a backup is for a passphrase or for recipients, not for both")
	case *passphrase != "":
		secret, err := readPassphrase(*passphrase)
		if err != nil {
			return err
		}
		one, err := age.NewScryptRecipient(secret)
		if err != nil {
			return err
		}
		recipients = []age.Recipient{one}
	case len(recipients) == 0:
		return errors.New("a backup is always encrypted: say for whom with --recipient age1… (wardroom backup --new-key FILE makes one) or --passphrase-file FILE")
	}
	at, err := placed()
	if err != nil {
		return err
	}
	return at.backup(ctx, *to, recipients, out)
}

func makeKey(file string, out io.Writer) error {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; name another file", file)
	}
	if err != nil {
		return fmt.Errorf("keeping the key: %w", err)
	}
	_, err = fmt.Fprintf(f, "# Opens Wardroom's backups. Made %s.\n# recipient: %s\n%s\n", time.Now().Format(time.RFC3339), key.Recipient(), key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keeping the key: %w", err)
	}
	fmt.Fprintln(out, key.Recipient())
	return nil
}

// readPassphrase reads the first line of file.
func readPassphrase(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the passphrase: %w", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimRight(line, "\r"); len(line) < 12 {
		return "", fmt.Errorf("the passphrase in %s is shorter than 12 characters", file)
	}
	return line, nil
}

// backup backs everything up into the file to. What an earlier one left that was cut off is removed first.
func (p place) backup(ctx context.Context, to string, recipients []age.Recipient, out io.Writer) (err error) {
	if err := p.refuse(ctx); err != nil {
		return err
	}
	data := p.data
	if err := store.Current(ctx, p.store()); errors.Is(err, fs.ErrNotExist) {
		return p.nobody()
	} else if err != nil {
		return err
	}
	bucket, err := p.theirFiles(ctx)
	if err != nil {
		return err
	}
	lockFile := filepath.Join(data, backupLock)
	unlock, err := lock(lockFile, errBackingUp)
	if err != nil {
		return err
	}
	defer unlock()
	removed, err := clearBackup(data)
	if err != nil {
		return err
	}
	for _, file := range removed {
		fmt.Fprintf(out, "An earlier backup was cut off; removed what it left: %s\n", file)
	}
	part, err := filepath.Abs(backup.Part(to))
	if err != nil {
		return err
	}
	if err := os.WriteFile(lockFile, []byte(part+"\n"), 0o600); err != nil { // so that the next one finds what this one leaves
		return fmt.Errorf("beginning the backup: %w", err)
	}
	copied := filepath.Join(data, newest)
	defer func() {
		_, cleared := clearBackup(data)
		err = errors.Join(err, cleared)
	}()
	m := &backup.Manifest{Version: version, Made: time.Now().UTC().Truncate(time.Second)}
	if err := store.Copy(ctx, p.store(), copied); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	inside, err := store.Inside(ctx, copied)
	if err != nil {
		return fmt.Errorf("reading the copy: %w", err)
	}
	m.Server, m.Tables = inside.Server, inside.Tables
	src := backup.Source{Database: copied, Bucket: bucket, Files: inside.Files}
	if err := backup.Write(ctx, part, to, recipients, src, m); err != nil {
		return err
	}
	if err := store.Note(ctx, p.store(), store.BackedUpAt, m.Made.Format(time.RFC3339)); err != nil {
		return fmt.Errorf("the backup is complete, but noting its time failed: %w", err)
	}
	fmt.Fprintf(out, "Backed up the server %q into %s: the database and %d files, %d MiB in all.\n", m.Server, to, len(m.Entries)-1, (m.Bytes()+1<<20-1)>>20)
	if len(m.Missing) > 0 {
		fmt.Fprintf(out, "%d files were not there any more and are not in the backup: %s has lost them.\n", len(m.Missing), bucket)
	}
	return nil
}
