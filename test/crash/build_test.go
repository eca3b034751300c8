package crash_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wardroom/test/rig"
)

// long is from how many rounds on there is time for the program's own patience.
const long = 100

// programs is where what was built for several tests is.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "wardroom-programs-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(programs)
	os.Exit(code)
}

func build(name string, changes ...rig.Change) func() (rig.Program, error) {
	return sync.OnceValues(func() (rig.Program, error) {
		dir := filepath.Join(programs, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return "", err
		}
		return rig.Build(context.Background(), dir, changes...)
	})
}

var (
	asItIs = build("as-it-is")
	quick  = build("quick", hurry...)
)

// built gives the program as it is.
func built(t *testing.T) rig.Program {
	t.Helper()
	p, err := asItIs()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hasty gives one that waits for a second or two where the other waits for ten or thirty, and for how long a turn of it lasts. It breaks the promise
// in the place that BREAK names.
func hasty(t *testing.T) (rig.Program, time.Duration) {
	t.Helper()
	p, err := quick()
	if err != nil {
		t.Fatal(err)
	}
	return p, time.Second
}

const (
	inPostgres = "internal/store/postgres.go"
	inStore    = "internal/store/store.go"
)

var hurry = []rig.Change{
	{File: "internal/store/dial_linux.go", Old: "const silence = 30 * time.Second", New: "const silence = 2 * time.Second"},
	{File: "internal/store/dial_linux.go", Old: "Idle: 15 * time.Second, Interval: 5 * time.Second", New: "Idle: time.Second, Interval: time.Second"},
	{File: inPostgres, Old: "conf.ConnectTimeout = 10 * time.Second", New: "conf.ConnectTimeout = 2 * time.Second"},
	{File: "internal/store/refuse.go", Old: "idle_in_transaction_session_timeout = '10s'", New: "idle_in_transaction_session_timeout = '1s'"},
	{File: "internal/turn/turn.go", Old: "const lasts = 30 * time.Second", New: "const lasts = time.Second"},

	{File: "internal/store/breaks.go", New: "package store\n\nimport \"os\"\n\nvar breaks = os.Getenv(\"BREAK\")\n"},
	{File: inPostgres, Old: `"synchronous_commit": "on"`, New: `"synchronous_commit": map[bool]string{true: "off", false: "on"}[breaks == "unsynced"]`},
	{File: inPostgres, Old: "tag, err := driver.(*stdlib.Conn).Conn().Exec(t.ctx, \"COMMIT\")", New: `if breaks == "unheard" {
				time.Sleep(20 * time.Millisecond) // it is more likely to be under way then
			}
			tag, err := driver.(*stdlib.Conn).Conn().Exec(t.ctx, "COMMIT")`},
	{File: inPostgres, Old: `if err == nil && tag.String() != "COMMIT" {`, New: `if err != nil && breaks == "unheard" && t.c.kind.gone(err) {
				err = nil
			} else if err == nil && tag.String() != "COMMIT" {`},
	{File: inStore, Old: "err = t.end()\n", New: `if breaks == "early" && t.start > 100 { // once the rooms are made
		for i, u := range batch[:len(refused)] {
			u.done <- refused[i]
			batch[i] = &unit{done: make(chan error, 1)} // the answer that comes too late
		}
		time.Sleep(5 * time.Millisecond)
	}
	err = t.end()
`},
	{File: inStore, Old: "db.known.changed(t.foreign, t.start > db.told && t.told)", New: `if breaks != "alone" {
				db.known.changed(t.foreign, t.start > db.told && t.told)
			}`},
	{File: "internal/turn/turn.go", Old: "import (\n", New: "import (\n\t\"os\"\n"},
	{File: "internal/turn/turn.go", Old: "if mine = who == me ||", New: `if mine = os.Getenv("BREAK") == "turns" || who == me ||`},
	{File: "internal/service/tell.go", Old: "import (\n", New: "import (\n\t\"os\"\n"},
	{File: "internal/service/tell.go", Old: "if err == nil && now != t.told {", New: `if err == nil && now != t.told && os.Getenv("BREAK") != "turns" {`},
	{File: "internal/store/known.go", Old: "WHERE no = $4 AND head = $5`, []any{h.to, h.depth, h.last, int64(no), h.from}",
		New: "WHERE no = $4 AND (head = $5 OR $6)`, []any{h.to, h.depth, h.last, int64(no), h.from, breaks == \"alone\"}"},
}

// TestTheCrashTestFindsWhatIsLostOnPostgreSQL lets it judge servers that break the promise in one place each: behind a PostgreSQL server that ends, one that falls
// silent, and beside another server.
func TestTheCrashTestFindsWhatIsLostOnPostgreSQL(t *testing.T) {
	program, turn := hasty(t)
	onOne := func(settings ...string) func(*testing.T) ground {
		return func(t *testing.T) ground {
			return ground{program: program, server: rig.PostgresFor(t, settings...)}
		}
	}
	for name, broken := range map[string]struct {
		breaks string
		ground func(*testing.T) ground
		says   []string
	}{
		"an answer before the commit":                        {"early", onOne(), []string{"is there 0 times", "and was sent"}},
		"commits that are not synced":                        {"unsynced", onOne("wal_writer_delay=10s"), []string{"is there 0 times", "and was sent"}},
		"a commit without an answer is taken for done":       {"unheard", func(t *testing.T) ground { return quiet(t, program) }, []string{"is there 0 times", "and was sent"}},
		"it is not looked where another server has appended": {"alone", func(t *testing.T) ground { return two(t, program, turn) }, []string{"a broken chain"}},
		"two servers have their turn at once":                {"turns", func(t *testing.T) ground { return two(t, program, turn) }, []string{"two servers had their turn at once"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := broken.ground(t)
			g.breaks = broken.breaks
			found(t, g, broken.says)
		})
	}
}
