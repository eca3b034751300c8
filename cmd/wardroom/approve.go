package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"wardroom/internal/event"
	"wardroom/internal/warrant"
)

const approveUsage = `Shows what a warrant says, and signs it with an officer's own key. It needs no network, and asks no server.

Usage:
  wardroom approve FILE               show it, and whether what is to be signed is what it says
  wardroom approve --key KEY FILE     and sign it, after a question; the signature is in FILE.sig

FILE is what the officers' desk gives: a warrant with its text. KEY is the officer's private key, or the .pub file of one that is in hardware or in an agent,
as ssh-keygen takes it. Put the signature back on the desk.

`

// approve shows a warrant and signs it.
func approve(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) error {
	is := command{"approve", approveUsage}
	flags := is.flags()
	key := flags.String("key", "", "`file` of the officer's key")
	if err := is.parseUpto(1, flags, args, out); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	file := flags.Arg(0)
	if file == "" {
		return errors.New("say which warrant: wardroom approve warrant.json")
	}
	h, head, t, err := readWarrant(file)
	if err != nil {
		return fmt.Errorf("%s: %w. Do not sign it", file, err)
	}
	showWarrant(out, h, t)
	if *key == "" {
		return nil
	}
	fmt.Fprint(out, "Sign this? Your signature can be checked for ever, and cannot be taken back. Write \"sign\": ")
	line, err := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(line) != "sign" {
		return errors.Join(errors.New("it was not signed"), ignoreEOF(err))
	}
	if err := sign(ctx, *key, head, file+".sig", in, out, errs); err != nil {
		return err
	}
	fmt.Fprintf(out, "Signed: %s.sig\n", file)
	return nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// maxWarrant is how many bytes such a file may have.
const maxWarrant = 4 * warrant.MaxText

// readWarrant reads a warrant and returns an error where head and text do not agree, or one of them breaks a rule.
func readWarrant(file string) (h *warrant.Head, head []byte, t *warrant.Text, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	var both struct {
		Head json.RawMessage `json:"head"`
		Text json.RawMessage `json:"text"`
	}
	if err := json.NewDecoder(io.LimitReader(f, maxWarrant)).Decode(&both); err != nil {
		return nil, nil, nil, fmt.Errorf("it is no warrant: %w", err)
	}
	if head, err = event.Canonical(both.Head); err != nil {
		return nil, nil, nil, fmt.Errorf("it is no warrant: %w", err)
	}
	text, err := event.Canonical(both.Text)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("it is no warrant: %w", err)
	}
	if h, err = warrant.ParseHead(head); err == nil {
		t, err = h.Agrees(text)
	}
	return h, head, t, err
}

// showWarrant says all that a warrant says. What others wrote is shown so that it can steer no terminal.
func showWarrant(out io.Writer, h *warrant.Head, t *warrant.Text) {
	say := func(what, text string) {
		if text != "" {
			fmt.Fprintf(out, "%-14s %s\n", what, strings.ReplaceAll(plain(text), "\n", "\n               "))
		}
	}
	at := func(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 UTC") }
	say("WARRANT", string(t.Kind))
	say("about", string(t.Subject))
	for _, a := range t.Appoint {
		say("appoints", fmt.Sprintf("%s as %s until %s, with the key %s", a.User, a.Office, at(a.Until), a.Key))
	}
	for _, a := range t.Dismiss {
		say("dismisses", fmt.Sprintf("%s, %s, with the key %s", a.User, a.Office, a.Key))
	}
	if c := t.Charter; c != nil {
		secrets := "never carried"
		if c.StateSecrets {
			secrets = "may be carried"
		}
		say("charter", fmt.Sprintf("%d approvals; disclosures sealed for %d days at most; state secrets %s", c.Approvals, c.SealDays, secrets))
	}
	if t.Reverses != nil {
		say("ends", fmt.Sprintf("what the ledger's entry %d authorised", *t.Reverses))
	}
	say("scope", t.Scope)
	if t.Until != 0 {
		say("until", at(t.Until))
	}
	ground := t.Ground + " (law of " + t.Law + ")"
	if t.Contract {
		ground = t.Ground + " (a rule of the house's; law of " + t.Law + ")"
	}
	say("ground", ground)
	say("asked for by", string(t.By)+", at "+at(t.Asked))
	say("on behalf of", t.Outside)
	say("reasons", t.Reasons)
	if t.Automated {
		say("", "found or decided by a program")
	}
	for _, e := range t.Evidence {
		say("evidence", e.What)
		say("  it shows", e.Shows)
		say("  it does not", e.Not)
		say("  SHA-256", e.SHA256)
	}
	say("milder step", t.Milder)
	say("to object", t.Appeal)
	say("approve by", at(t.ApproveBy))
	say("ledger", h.Log)
	say("hash", h.Hash)
}

// plain shows what a terminal would obey, and what turns the direction of writing, as what it is.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != '\n' && r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			fmt.Fprintf(&b, "<U+%04X>", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// sign has ssh-keygen sign a head, and keeps the signature in a file.
func sign(ctx context.Context, key string, head []byte, to string, in io.Reader, out, errs io.Writer) error {
	dir, err := os.MkdirTemp("", "wardroom-approve-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	message := filepath.Join(dir, "head")
	if err := os.WriteFile(message, head, 0o600); err != nil {
		return err
	}
	run := exec.CommandContext(ctx, "ssh-keygen", "-q", "-Y", "sign", "-n", warrant.Namespace, "-f", key, message)
	run.Stdin, run.Stdout, run.Stderr = in, out, errs // it may ask for a passphrase, or for a touch
	if err := run.Run(); errors.Is(err, exec.ErrNotFound) {
		return errors.New("ssh-keygen is not here: install OpenSSH (on Debian: apt install openssh-client)")
	} else if err != nil {
		return fmt.Errorf("ssh-keygen did not sign: %w", err)
	}
	signature, err := os.ReadFile(message + ".sig")
	if err != nil {
		return err
	}
	return replaceFile(to, string(signature))
}
