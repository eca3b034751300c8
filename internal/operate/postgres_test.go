package operate_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"wardroom/internal/operate"
)

func TestAPostgreSQLServerIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *operate.Postgres)
		about  string
		state  operate.State
		says   string
	}{
		"well":                  {func(*operate.Postgres) {}, "fsync", operate.Fine, "It is on."},
		"well encrypted":        {func(p *operate.Postgres) { p.Local, p.Encrypted = false, true }, "space for PostgreSQL", operate.Fine, "cannot be seen from here"},
		"no fsync":              {func(p *operate.Postgres) { p.Fsync = "off" }, "fsync", operate.Wrong, "is lost when that machine stops"},
		"half pages":            {func(p *operate.Postgres) { p.FullPageWrites = "off" }, "full_page_writes", operate.Wrong, "may be damaged"},
		"early commits":         {func(p *operate.Postgres) { p.SynchronousCommit = "off" }, "synchronous_commit", operate.Wrong, "is lost"},
		"few connections":       {func(p *operate.Postgres) { p.Open = 90 }, "connections", operate.Wrong, "11 more are needed"},
		"few beside the server": {func(p *operate.Postgres) { p.Open, p.Serving = 90, true }, "connections", operate.Fine, "Of 97"},
		"a limit":               {func(p *operate.Postgres) { p.Limit = 5 }, "connections", operate.Wrong, "may have 5; a server and its commands need 11"},
		"a clock ahead":         {func(p *operate.Postgres) { p.Ahead = time.Minute }, "clock of PostgreSQL", operate.Look, "1m0s ahead of"},
		"a clock behind":        {func(p *operate.Postgres) { p.Ahead = -time.Hour }, "clock of PostgreSQL", operate.Look, "1h0m0s behind"},
		"in clear":              {func(p *operate.Postgres) { p.Local = false }, "encryption", operate.Wrong, "is not encrypted"},
		"a disk of this one":    {func(p *operate.Postgres) { p.Folder = "/" }, "space for PostgreSQL", operate.Fine, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &operate.Postgres{Version: "15.8", Fsync: "on", FullPageWrites: "on", SynchronousCommit: "on", Connections: 97, Open: 3, Needed: 5, Limit: -1, Local: true}
			c.change(p)
			found := examine(t, &operate.Installation{Data: private(t), Postgres: func() (*operate.Postgres, error) { return p, nil }})
			if name != "a disk of this one" || found[c.about].Says == "" { // how full that is is not known here
				expect(t, found[c.about], c.state, c.says)
			}
			expect(t, found["PostgreSQL"], operate.Fine, "Version 15.8 answers")
			expect(t, found["database"], operate.Fine, "It can be read.")
		})
	}
	found := examine(t, &operate.Installation{Data: private(t), Postgres: func() (*operate.Postgres, error) { return nil, errors.New("nobody answers") }})
	expect(t, found["PostgreSQL"], operate.Wrong, "Nobody answers.")
	found = examine(t, &operate.Installation{Data: private(t), Postgres: func() (*operate.Postgres, error) { return &operate.Postgres{}, nil },
		Tables: func() error { return fmt.Errorf("nothing: %w", os.ErrNotExist) }})
	expect(t, found["database"], operate.Fine, "There is nothing in it yet.")
}
