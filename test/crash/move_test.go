package crash_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wardroom/internal/store"
	"wardroom/test/rig"
)

// moveCuts are more points at which a program may kill itself: around what PostgreSQL is given.
var moveCuts = []rig.Change{
	{File: "internal/store/cut.go", New: `package store

import (
	"os"
	"syscall"
)

func Cut(point string) {
	if os.Getenv("CUT") == point {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
`},
	{File: "internal/store/move.go", Old: "		moved = append(moved, m)", New: "		moved = append(moved, m)\n		Cut(\"half copied\")"},
	{File: "internal/store/move.go", Old: "	number := rand.Text()", New: "	Cut(\"copied over\")\n	number := rand.Text()"},
	{File: "internal/store/move.go", Old: "	if err := postgres.commit(&tx{", New: "	Cut(\"before the commit\")\n	if err := postgres.commit(&tx{"},
	{File: "internal/store/move.go", Old: "	return moved, nil\n}\n\n// copyFromPostgres", New: "	Cut(\"after the commit\")\n	return moved, nil\n}\n\n// copyFromPostgres"},
	{File: "cmd/wardroom/move.go", Old: "	if err := errors.Join(os.Rename(old, name)", New: "	store.Cut(\"noted\")\n	if err := errors.Join(os.Rename(old, name)"},
	{File: "cmd/wardroom/move.go", Old: "	fmt.Fprintf(out, \"The old database is", New: "	store.Cut(\"renamed\")\n	fmt.Fprintf(out, \"The old database is"},
}

// mover is an archive and a PostgreSQL server.
type mover struct {
	*archive
	server *rig.Postgres
}

func newMover(t *testing.T) *mover {
	t.Helper()
	server := rig.PostgresFor(t)
	return &mover{newArchive(t, moveCuts...), server}
}

// on is a site with a folder of its own, which keeps its tables in a new database.
func (m *mover) on(t *testing.T, name string) (*rig.Site, string) {
	t.Helper()
	site := rig.NewSite(m.program, filepath.Join(t.TempDir(), "data"))
	address, err := m.server.Database(t.Context(), strings.ReplaceAll(name, " ", "_"), "")
	if err == nil {
		err = site.On(address, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return site, address
}

// in counts the people's tables in a database: all of them, or none.
func (m *mover) in(t *testing.T, address string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err == nil {
		err = conn.QueryRow(t.Context(), "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}

func (m *mover) with(t *testing.T) *mover {
	a := *m.archive
	a.T = t
	return &mover{&a, m.server}
}

func TestAMoveToPostgreSQLThatWasKilledHasNotBegunOrIsWhole(t *testing.T) {
	all := newMover(t)
	serve := []string{"--listen", "127.0.0.1:0"}
	for _, c := range []struct {
		point string
		begun bool // there is everything in PostgreSQL
		alone bool // the folder still has a server that uses SQLite, as far as everybody knows
	}{
		{"half copied", false, true}, {"copied over", false, true}, {"before the commit", false, false},
		{"after the commit", true, false}, {"noted", true, false}, {"renamed", true, false},
	} {
		t.Run(c.point, func(t *testing.T) {
			m := all.with(t)
			site, address := m.on(t, c.point)
			if err := os.CopyFS(site.Data, os.DirFS(m.data)); err != nil {
				t.Fatal(err)
			}
			m.run(c.point, true, site.Args("serve", serve...)...)
			if n := m.in(t, address); (n > 0) != c.begun {
				t.Errorf("killed there, PostgreSQL has %d tables", n)
			}
			said := m.run("", c.alone, "invite", "--data", site.Data, "--token-only")
			if !c.alone && !strings.Contains(said, "onfiguration") {
				t.Errorf("without the configuration it says\n%s", said)
			}
			if !c.alone {
				m.run("", false, "serve", "--data", site.Data, "--listen", "127.0.0.1:0")
			}
			m.serves(site)
			m.serves(site)
			old, err := filepath.Glob(filepath.Join(site.Data, store.File+"*"))
			if err != nil || len(old) != 1 || !strings.Contains(old[0], ".moved-to-postgresql-") {
				t.Errorf("of SQLite there are %v, %v", old, err)
			}
			if said := m.run("", false, "invite", "--data", site.Data, "--list"); !strings.Contains(said, "name its configuration with --config FILE") {
				t.Errorf("without the configuration it says\n%s", said)
			}
			if said := m.run("", false, "serve", "--data", site.Data, "--listen", "127.0.0.1:0"); !strings.Contains(said, "name its configuration with --config FILE") {
				t.Errorf("a server without it says\n%s", said)
			}
			said = m.run("", true, site.Args("invite", "--list")...)
			if n := strings.Count(said, "for one person"); c.alone && n != 1 { // what was made meanwhile has come along
				t.Errorf("%d invitations came along:\n%s", n, said)
			}
			m.from(t, site, old[0])
		})
	}
}

// from makes a server of the old file again: by a backup and a restore, and in no other way.
func (m *mover) from(t *testing.T, site *rig.Site, old string) {
	t.Helper()
	again := rig.NewSite(m.program, filepath.Join(t.TempDir(), "again"))
	if err := os.CopyFS(again.Data, os.DirFS(m.data)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(old)
	if err == nil {
		err = os.WriteFile(filepath.Join(again.Data, store.File), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if said := m.run("", false, again.Args("serve", "--listen", "127.0.0.1:0")...); !strings.Contains(said, "was moved to PostgreSQL") {
		t.Errorf("on the old file a server says\n%s", said)
	}
	file := filepath.Join(t.TempDir(), "backup")
	m.run("", true, again.Args("backup", "--to", file, "--recipient", m.recipient)...)
	fresh := rig.NewSite(m.program, filepath.Join(t.TempDir(), "fresh"))
	m.run("", true, fresh.Args("restore", "--from", file, "--identity", m.key)...)
	m.serves(fresh)
}

func TestTwoServersDataIsNotTakenForOne(t *testing.T) {
	m := newMover(t)
	site, address := m.on(t, "other")
	m.start(site) // a new server
	m.stop(site)
	if m.in(t, address) == 0 {
		t.Fatal("nothing is in PostgreSQL")
	}
	text, err := os.ReadFile(filepath.Join(m.data, store.File))
	if err == nil {
		err = os.WriteFile(filepath.Join(site.Data, store.File), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if said := m.run("", false, site.Args("serve", "--listen", "127.0.0.1:0")...); !strings.Contains(said, "neither was moved from the other") {
		t.Errorf("it says\n%s", said)
	}
}

func TestARestoreIntoPostgreSQLThatWasKilledHasNotBegunOrIsWhole(t *testing.T) {
	all := newMover(t)
	all.archive.backup("", "backup")
	for _, c := range []struct {
		point string
		begun bool
	}{{"unpacked", false}, {"half placed", false}, {"copied over", false}, {"before the commit", false}, {"after the commit", true}, {"placed", true}} {
		t.Run(c.point, func(t *testing.T) {
			m := all.with(t)
			site, address := m.on(t, "r_"+c.point)
			restore := site.Args("restore", "--from", filepath.Join(m.to, "backup"), "--identity", m.key)
			m.run(c.point, true, restore...)
			if n := m.in(t, address); (n > 0) != c.begun {
				t.Errorf("killed there, PostgreSQL has %d tables", n)
			}
			before := tree(t, site.Data)
			if !c.begun {
				if said := m.run("", false, site.Args("serve", "--listen", "127.0.0.1:0")...); !strings.Contains(said, `Run the same "wardroom restore" again`) {
					t.Errorf("a server says\n%s", said)
				}
			}
			for _, command := range []string{"serve", "invite", "doctor"} { // without the configuration
				m.run("", false, command, "--data", site.Data)
			}
			if now := tree(t, site.Data); !slices.Equal(now, before) {
				t.Errorf("something was put there: %v, was %v", now, before)
			}
			said := m.run("", !c.begun, restore...)
			if c.begun && !strings.Contains(said, "is complete: there is a whole server. Start it: wardroom serve --config") {
				t.Errorf("restoring again says\n%s", said)
			}
			m.serves(site)
			if said := m.run("", false, restore...); !strings.Contains(said, "is not empty") {
				t.Errorf("into what is full it says\n%s", said)
			}
			other := rig.NewSite(m.program, filepath.Join(t.TempDir(), "other"))
			if err := other.On(address, ""); err != nil {
				t.Fatal(err)
			}
			if said := m.run("", false, other.Args("restore", "--from", filepath.Join(m.to, "backup"), "--identity", m.key)...); !strings.Contains(said, "is not empty; make a new one") {
				t.Errorf("into a database that is full it says\n%s", said)
			}
			if _, err := os.Stat(other.Data); err == nil {
				t.Error("it has made a folder")
			}
			if said := m.run("", true, site.Args("doctor", "--listen", "127.0.0.1:0")...); !strings.Contains(said, "ok    fsync: It is on.") {
				t.Errorf("the doctor says\n%s", said)
			}
		})
	}
}
