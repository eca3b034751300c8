package main

import (
	"errors"
	"fmt"
	"io"

	"wardroom/internal/config"
)

const configUsage = `Looks at configuration files. A server needs none; docs/CONFIG.md explains every field.

Usage:
  wardroom config print       print a file with every field, its meaning and its default
  wardroom config check FILE  say everything that is wrong with a file

`

func configure(args []string, out, errs io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == "print":
		_, err := fmt.Fprint(out, config.Example)
		return err
	case len(args) == 2 && args[0] == "check":
		c, err := config.Read(args[1])
		if err = errors.Join(err, c.Complete()); err != nil {
			return err
		}
		tables := "SQLite"
		if c.Database != "" {
			tables = config.Shown(c.Database)
		}
		files := "in the data folder"
		if c.Files != "" {
			at, err := config.ParseS3(c.Files)
			if err != nil {
				return err
			}
			files = at.String()
		}
		fmt.Fprintf(out, "%s is right: server %s, listening on %s, data in %s, database: %s, files: %s, encryption: %s\n", args[1], c.Name, c.Listen, c.Data, tables, files, c.TLS.From)
		return nil
	case len(args) == 1 && (args[0] == "--help" || args[0] == "-h"):
		fmt.Fprint(out, configUsage)
		return nil
	default:
		fmt.Fprint(errs, configUsage)
		return fmt.Errorf("say config print or config check FILE")
	}
}
