package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"wardroom/internal/config"
	"wardroom/internal/ledger"
	"wardroom/internal/warrant"
)

const verifyUsage = `Reads the whole ledger of a server and says whether anything is wrong with it. It needs no account, and trusts nobody but whom you name.

Usage:
  wardroom verify --seen FILE URL    the ledger of the server at URL, such as https://chat.example.org
  wardroom verify --seen FILE DIR    a copy of a ledger that --copy has made

With --seen it also says whether all that it saw the last time is still there: run it now and then, with the same file. It ends with 1 if anything is
wrong.

`

func verify(ctx context.Context, args []string, out io.Writer) error {
	is := command{"verify", verifyUsage}
	flags := is.flags()
	key := flags.String("key", "", "`key` of the ledger, as somebody gave it to you whom you trust. Without it, the one that was seen the last time, or that the ledger itself names")
	witnesses := flags.String("witnesses", "", "`file` that names the witnesses who must have signed, in the form of ledger.witnesses in the configuration. Without it, those that the ledger itself names")
	seenFile := flags.String("seen", "", "`file` that keeps what was seen, for the next time")
	copyTo := flags.String("copy", "", "`folder` to put a copy of the ledger into")
	if err := is.parseUpto(1, flags, args, out); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	where := flags.Arg(0)
	if where == "" {
		return errors.New("say which ledger: wardroom verify https://chat.example.org")
	}
	trust, err := trusted(*key, *witnesses, *seenFile)
	if err != nil {
		return err
	}
	log, err := openLedger(where)
	if err != nil {
		return err
	}
	copied := &ledger.Copy{TileReader: log, Folder: *copyTo}
	if *copyTo != "" {
		log = copied
	}
	power := &warrant.Record{}
	trust.Rules = append(trust.Rules, power.Entry)
	found, err := ledger.Verify(ctx, log, trust)
	if err != nil {
		return fmt.Errorf("the ledger at %s is NOT right: %w", where, err)
	}
	if *copyTo != "" {
		if err := errors.Join(copied.Err, os.WriteFile(filepath.Join(*copyTo, "checkpoint"), found.Checkpoint, 0o600)); err != nil {
			return fmt.Errorf("keeping a copy: %w", err)
		}
	}
	if *seenFile != "" {
		if err := replaceFile(*seenFile, found.String()); err != nil {
			return fmt.Errorf("keeping what was seen: %w", err)
		}
	}
	report(out, found, trust, *key != "")
	return nil
}

// trusted is what somebody knows of a ledger before they look at it.
func trusted(key, witnesses, seen string) (trust ledger.Trust, err error) {
	if _, err := note.NewVerifier(key); key != "" && err != nil {
		return trust, fmt.Errorf("--key %s is not the key of a ledger: %w", key, err)
	}
	trust.Key = key
	if witnesses != "" {
		if trust.Policy, err = config.ReadPolicy(witnesses); err != nil {
			return trust, err
		}
		if key == "" && len(trust.Policy.Logs) == 1 {
			trust.Key = trust.Policy.Logs[0]
		}
	}
	if seen == "" {
		return trust, nil
	}
	text, err := os.ReadFile(seen)
	if errors.Is(err, fs.ErrNotExist) {
		return trust, nil
	}
	if err == nil {
		trust.Seen, err = ledger.ParseSeen(string(text))
	}
	if err != nil {
		return trust, fmt.Errorf("reading what was seen the last time: %s: %w", seen, err)
	}
	return trust, nil
}

// openLedger gives what reads the ledger at an address of a server, or in a folder.
func openLedger(where string) (torchwood.TileReader, error) {
	if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
		client := &http.Client{Timeout: time.Minute, Transport: bounded{http.DefaultTransport}}
		return torchwood.NewTileFetcher(strings.TrimRight(where, "/")+"/ledger", torchwood.WithHTTPClient(client), torchwood.WithUserAgent("wardroom verify"), torchwood.WithConcurrencyLimit(8))
	}
	if _, err := os.Stat(filepath.Join(where, "checkpoint")); err != nil {
		return nil, fmt.Errorf("%s is neither the address of a server nor a folder with a ledger: %w", where, err)
	}
	return torchwood.NewTileFS(os.DirFS(where))
}

// bounded reads no more of an answer than any part of a ledger may have.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, torchwood.TileWidth*(ledger.MaxLeaf+2))
	}
	return resp, err
}

// replaceFile writes a file: all of it, or what was there before stays.
func replaceFile(file, text string) error {
	part := file + ".part"
	if err := os.WriteFile(part, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(part, file)
}

// report says what was found, and what of it rests on the server's own word.
func report(out io.Writer, v *ledger.Verdict, trust ledger.Trust, given bool) {
	fmt.Fprintf(out, "The ledger %s is right: all %d entries are those under its checkpoint.\n", v.Origin, v.Entries)
	say := func(what, format string, args ...any) {
		fmt.Fprintf(out, "  %-11s %s\n", what, fmt.Sprintf(format, args...))
	}
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(v.Kinds)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", v.Kinds[k], k))
	}
	say("entries", "%s", strings.Join(kinds, ", "))
	if v.People > 0 {
		say("identities", "each of %d people has one chain of master keys, without gaps", v.People)
	}
	if v.Missing > 0 {
		say("", "of %d people who had a master key before there is no entry yet", v.Missing)
	}
	switch {
	case given || trust.Policy != nil && len(trust.Policy.Logs) == 1:
		say("key", "%s, as you gave it", v.Key)
	case trust.Seen != nil:
		say("key", "%s, as the last time", v.Key)
	default:
		say("key", "%s, as the ledger itself says: compare it with what the organisation gives out elsewhere", v.Key)
	}
	if trust.Seen != nil {
		say("since then", "all %d entries that were there the last time are still there", v.Before)
	} else {
		say("since then", "not compared with an earlier time: use --seen FILE")
	}
	whose := "named by you"
	if trust.Policy == nil {
		whose = "named by the ledger itself"
	}
	if len(v.Policy.Witnesses) == 0 {
		say("witnesses", "NONE, %s: whoever runs the server could show others another ledger, or have rewritten what nobody had seen", whose)
	} else {
		say("witnesses", "%d, %s; enough of them signed, last at %s UTC", len(v.Policy.Witnesses), whose, v.Witnessed.UTC().Format(time.DateTime))
	}
	if v.Client.Build != "" {
		say("client", "build %s of version %s was recorded last: its list of files is at /build.txt, and that is its SHA-256", v.Client.Build, v.Client.Version)
	}
	if v.Running {
		say("beginning", "people had accounts before the ledger began: what was before is in no ledger")
	}
}
