// Wardroom is work chat and meetings that nobody can secretly watch: one program, started with one command.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const usage = `Wardroom: end-to-end encrypted work chat on your own machine.

Usage:
  wardroom serve    start the server
  wardroom invite   make links with which people sign up
  wardroom backup   write everything into one encrypted file, also while it runs
  wardroom restore  make a data folder from such a file
  wardroom doctor   say what is wrong with an installation, and what to do
  wardroom config   check or print a configuration file
  wardroom approve  show a warrant, and sign it with an officer's own key
  wardroom audit    compare the database with the ledger, and name each difference
  wardroom verify   check the whole ledger of a server, anybody's
  wardroom witness  sign how far others' ledgers have been seen, so that nobody changes them unnoticed
  wardroom app      serve the web client on this machine for a server elsewhere, which can then not change it
  wardroom version  print the version

"wardroom help COMMAND" explains a command.
`

func main() {
	syscall.Umask(0o077) // what this program writes is for its own user alone
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "wardroom:", err)
		os.Exit(1)
	}
}

// run carries out one command.
func run(ctx context.Context, args []string, out, errs io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return fmt.Errorf("say which command")
	}
	switch args[0] {
	case "serve":
		return serve(ctx, args[1:], out, errs)
	case "invite":
		return invite(ctx, args[1:], out, errs)
	case "backup":
		return makeBackup(ctx, args[1:], out, errs)
	case "restore":
		return restore(ctx, args[1:], out, errs)
	case "doctor":
		return doctor(ctx, args[1:], out)
	case "config":
		return configure(args[1:], out, errs)
	case "approve":
		return approve(ctx, args[1:], os.Stdin, out, errs)
	case "audit":
		return audit(ctx, args[1:], out, errs)
	case "verify":
		return verify(ctx, args[1:], out)
	case "witness":
		return witness(ctx, args[1:], out, errs)
	case "app":
		return app(ctx, args[1:], out, errs)
	case "version":
		printVersion(out)
		return nil
	case "help", "-h", "--help":
		if len(args) == 2 && args[1] != "help" && args[1] != "version" && !strings.HasPrefix(args[1], "-") {
			return run(ctx, []string{args[1], "--help"}, out, errs)
		}
		fmt.Fprint(out, usage)
		return nil
	default:
		fmt.Fprint(errs, usage)
		return fmt.Errorf("there is no command %q", args[0])
	}
}
