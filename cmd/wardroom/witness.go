package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"wardroom/internal/front"
	"wardroom/internal/ledger"
)

const witnessUsage = `Signs how far it has seen others' ledgers, and never signs one that does not contain all that it has seen: whoever runs such a
server can then not change what is recorded there without everybody noticing. Run it on a machine of your own.

Usage:
  wardroom witness --name NAME --log KEY [--log KEY …] [--state DIR] [--listen HOST:PORT]

It prints the line by which it is named as a witness; add the address at which it is reached. A proxy in front of it may encrypt the connections; what it is
told and what it answers is public. Its folder holds its key and what it has seen. Never put an older copy of the folder in place: it would sign what
it has refused.

`

// ofWitness are a witness' times: what it reads and writes is small.
const ofWitness = 20 * time.Second

func witness(ctx context.Context, args []string, out, errs io.Writer) error {
	is := command{"witness", witnessUsage}
	flags := is.flags()
	name := flags.String("name", "", "what the witness is called, such as `witness.example.org`; part of its key, and the same for ever")
	state := flags.String("state", "./witness", "`folder` for its key and what it has seen")
	listen := flags.String("listen", "127.0.0.1:8009", "`address` to listen on, HOST:PORT")
	var logs []string
	flags.Func("log", "`key` of a ledger that it signs: the operator's page and \"wardroom verify\" print it; may be given several times", func(s string) error {
		logs = append(logs, s)
		return nil
	})
	if err := is.parse(flags, args, out); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *name == "" {
		return errors.New("say what the witness is called: --name witness.example.org")
	}
	if err := os.MkdirAll(*state, 0o700); err != nil {
		return fmt.Errorf("making the witness' folder: %w", err)
	}
	unlock, err := lock(filepath.Join(*state, "lock"), fmt.Errorf("another witness is using %s", *state))
	if err != nil {
		return err
	}
	defer unlock()
	w, err := ledger.OpenWitness(*state, *name, logs)
	if err != nil {
		return err
	}
	at, err := net.Listen("tcp", *listen)
	if err != nil {
		return cannotListen(*listen, err)
	}
	fmt.Fprintf(out, "Witnessing %d ledgers at http://%s. Its line in a file of witnesses:\n  witness %s %s http://%s\n", len(logs), at.Addr(), *name, w.Key(), at.Addr())
	server := front.Server(w, nil, front.Log(slog.NewTextHandler(errs, nil)))
	server.ReadTimeout, server.WriteTimeout = ofWitness, ofWitness
	return serveAll(ctx, []opened{{server, at}})
}
