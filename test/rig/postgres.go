package rig

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres is a PostgreSQL server of the test's own: a folder, one socket in it, no port.
type Postgres struct {
	// URL is the address of its database "postgres", whose owner may make others.
	URL string

	dir    string
	launch func() *exec.Cmd
	server *exec.Cmd
	ended  chan error
}

// StartPostgres makes a cluster in a new folder with what Debian's package installed, and starts it. settings are more of the
// server's own, such as "fsync=off" for tests that do not cut the power. Stop removes all of it.
func StartPostgres(ctx context.Context, settings ...string) (p *Postgres, err error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wardroom-postgres-") // a socket's path must be short
	if err != nil {
		return nil, err
	}
	p = &Postgres{dir: dir, ended: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Stop())
		}
	}()
	as, err := notRoot(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "wardroom", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a PostgreSQL cluster: %w\n%s", err, out)
	}
	args := []string{"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=500"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	p.launch = func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
		cmd.SysProcAttr, cmd.Dir = as, dir
		return cmd
	}
	p.URL = "postgres://wardroom@/postgres?host=" + url.QueryEscape(dir)
	return p, p.Start(ctx)
}

// PostgresFor is StartPostgres for a test: what fails fails t, and the server ends with t.
func PostgresFor(t Test, settings ...string) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	stops(t, p)
	return p
}

// Start starts the server again, after Crash.
func (p *Postgres) Start(ctx context.Context) error {
	said, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer said.Close()
	cmd := p.launch()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		return err
	}
	p.server = cmd
	go func() { p.ended <- cmd.Wait() }()
	return p.answers(ctx, said.Name())
}

// Crash ends the server at once, as "pg_ctl stop -m immediate" does: nothing is finished or written down.
func (p *Postgres) Crash() error {
	cmd := p.server
	if p.server = nil; cmd == nil {
		return nil
	}
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := <-p.ended; err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// Database makes an empty database and gives its address. how is what CREATE DATABASE is told beside the name.
func (p *Postgres) Database(ctx context.Context, name, how string) (string, error) {
	if err := p.Run(ctx, p.URL, "CREATE DATABASE "+name+" "+how); err != nil {
		return "", err
	}
	return strings.Replace(p.URL, "/postgres?", "/"+name+"?", 1), nil
}

// Socket is the server's.
func (p *Postgres) Socket() string { return filepath.Join(p.dir, ".s.PGSQL.5432") }

// Run runs one statement in the database at address.
func (p *Postgres) Run(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// answers returns nil as soon as the server takes connections.
func (p *Postgres) answers(ctx context.Context, log string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, p.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
		case exit := <-p.ended:
			p.server = nil
			err = exit
		case <-time.After(20 * time.Millisecond):
			continue
		}
		text, _ := os.ReadFile(log)
		return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, text)
	}
}

// Stop ends the server and removes everything it kept.
func (p *Postgres) Stop() error {
	var err error
	if p.server != nil {
		if err = p.server.Process.Signal(syscall.SIGINT); err == nil { // it ends at once, and cuts its connections
			err = <-p.ended
		}
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// postgresPrograms is the folder of the newest PostgreSQL server that Debian's packages put here.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("there is no PostgreSQL server in /usr/lib/postgresql: install Debian's package postgresql")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// notRoot gives dir to the user that Debian's package made, for PostgreSQL refuses to run as root.
func notRoot(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(who.Uid)
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}
