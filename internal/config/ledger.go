package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"filippo.io/torchwood"
)

// maxPolicy is how long the text of a policy may be: it becomes an entry of the ledger.
const maxPolicy = 4 << 10

// Policy says who witnesses a log, and how many of them have to sign what they saw of it.
type Policy struct {
	// Text is the policy without comments and without the lines that name logs, one line after the other.
	Text string
	// Logs are the keys of the logs that it names.
	Logs      []string
	Witnesses []Witness
}

// Witness is one of those who are asked for their signature.
type Witness struct {
	Name string // in the policy alone
	Key  *torchwood.CosignatureVerifier
	URL  string // where it is asked, without a "/" at the end; empty: it is not
}

// Nobody is the policy of a log that has no witness.
func Nobody() *Policy { return &Policy{Text: "quorum none\n"} }

// ParsePolicy reads a policy in the form that the tools of transparency logs share:
//
//	witness NAME KEY [URL]
//	group NAME all|any|NUMBER NAME…
//	quorum NAME|none
//
// Lines that begin with "log", and what follows "#", are for others.
func ParsePolicy(text string) (*Policy, error) {
	p := &Policy{}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if fields[0] == "log" {
			p.Logs = append(p.Logs, fields[1:min(2, len(fields))]...)
			continue
		}
		p.Text += strings.Join(fields, " ") + "\n"
		if fields[0] != "witness" || len(fields) < 3 {
			continue // what is wrong with it is said below
		}
		key, err := torchwood.NewCosignatureVerifier(fields[2])
		if err != nil {
			return nil, fmt.Errorf("the witness %s: %q is not the key of a witness: %w", fields[1], fields[2], err)
		}
		if seen[key.String()] {
			return nil, fmt.Errorf("the witness %s has the same key as another one: it would count twice", fields[1])
		}
		seen[key.String()] = true
		w := Witness{Name: fields[1], Key: key}
		if len(fields) > 3 {
			u, err := url.Parse(fields[3])
			if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
				return nil, fmt.Errorf("the witness %s: %q is not an address such as https://witness.example.org", w.Name, fields[3])
			}
			w.URL = strings.TrimRight(fields[3], "/")
		}
		p.Witnesses = append(p.Witnesses, w)
	}
	if len(p.Text) > maxPolicy {
		return nil, fmt.Errorf("it is longer than %d bytes", maxPolicy)
	}
	_, err := torchwood.ParsePolicy([]byte(p.Text))
	return p, err
}

// Of is the policy for the log with this key: it has to have signed as well.
func (p *Policy) Of(log string) (torchwood.Policy, error) {
	return torchwood.ParsePolicy([]byte("log " + log + "\n" + p.Text))
}

// ReadWitnesses reads the file that Ledger.Witnesses names. Without one nobody witnesses.
func (c *Config) ReadWitnesses() (*Policy, error) {
	if c.Ledger.Witnesses == "" {
		return Nobody(), nil
	}
	p, err := ReadPolicy(c.Ledger.Witnesses)
	if err != nil {
		return nil, err
	}
	for _, w := range p.Witnesses {
		if w.URL == "" {
			err = errors.Join(err, fmt.Errorf("%s: the witness %s has no address; write it behind its key", c.Ledger.Witnesses, w.Name))
		}
	}
	return p, err
}

// ReadPolicy is ParsePolicy for a file.
func ReadPolicy(file string) (*Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p, err := ParsePolicy(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}
