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
	said, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer said.Close()
	p.server = exec.Command(filepath.Join(bin, "postgres"), args...)
	p.server.SysProcAttr, p.server.Dir, p.server.Stdout, p.server.Stderr = as, dir, said, said
	if err := p.server.Start(); err != nil {
		p.server = nil
		return nil, err
	}
	go func() { p.ended <- p.server.Wait() }()
	p.URL = "postgres://wardroom@/postgres?host=" + url.QueryEscape(dir)
	return p, p.answers(ctx, said.Name())
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
