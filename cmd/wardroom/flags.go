package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"wardroom/internal/config"
)

// command is one command: its name, and its help up to the list of options.
type command struct{ name, usage string }

// flags is an empty set of the command's options.
func (c command) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("wardroom "+c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what is wrong is said once, by who gets the error
	flags.Usage = func() {}
	return flags
}

// parse reads args. Where they ask for help it prints that on out and returns flag.ErrHelp; an error says what is wrong in words.
func (c command) parse(flags *flag.FlagSet, args []string, out io.Writer) error {
	return c.parseUpto(0, flags, args, out)
}

// parseUpto is parse for a command that takes up to n arguments behind its options.
func (c command) parseUpto(n int, flags *flag.FlagSet, args []string, out io.Writer) error {
	err := flags.Parse(args)
	help := fmt.Sprintf("\"wardroom %s --help\" shows what there is", c.name)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help(flags, out)
		return err
	case err == nil && flags.NArg() > n:
		return fmt.Errorf("%q is no option: %s", flags.Arg(n), help)
	case err == nil:
		return nil
	}
	says := err.Error()
	if name, ok := strings.CutPrefix(says, "flag provided but not defined: -"); ok {
		return fmt.Errorf("there is no option --%s: %s", strings.TrimPrefix(name, "-"), help)
	}
	if name, ok := strings.CutPrefix(says, "flag needs an argument: -"); ok {
		return fmt.Errorf("--%s needs a value: %s", name, help)
	}
	if value, rest, ok := strings.Cut(strings.TrimPrefix(says, "invalid value "), " for flag -"); ok {
		name, why, _ := strings.Cut(rest, ": ")
		if why == "parse error" {
			why = "it must be a whole number"
		}
		return fmt.Errorf("--%s cannot be %s: %s", name, value, why)
	}
	return fmt.Errorf("%s: %s", says, help)
}

// placeFlags adds the options that say where a server is. What it returns reads them after parse. about says what the folder is.
func placeFlags(flags *flag.FlagSet, folder, about string) func() (place, error) {
	data := flags.String("data", folder, about)
	file := flags.String("config", "", "configuration `file` of the server, instead of --data: for one whose database is PostgreSQL, or whose files are in a bucket")
	return func() (place, error) {
		if *file == "" {
			return place{data: *data, option: "--data " + *data}, nil
		}
		conf, err := config.Read(*file)
		if isSet(flags, "data") { // what was said here wins over the file
			conf.Data = *data
		}
		return placeOf(&conf, *file, isSet(flags, "data")), errors.Join(err, conf.Complete())
	}
}

// placeOf is where the server is that conf describes, which was read from file if that is not empty.
func placeOf(conf *config.Config, file string, otherData bool) place {
	p := place{data: conf.Data, database: conf.Database, files: conf.Files, option: "--data " + conf.Data}
	if file != "" {
		p.option = "--config " + file
		if otherData {
			p.option += " --data " + conf.Data
		}
	}
	return p
}

func isSet(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

func (c command) help(flags *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, c.usage)
	flags.VisitAll(func(f *flag.Flag) {
		value, about := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		fmt.Fprintf(out, "  --%s%s\n      %s", f.Name, value, about)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			fmt.Fprintf(out, " (without it: %s)", f.DefValue)
		}
		fmt.Fprintln(out)
	})
}
