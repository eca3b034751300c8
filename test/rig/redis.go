package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Redis is a Redis server of the test's own: a folder, one socket in it, no port.
type Redis struct {
	Socket string

	dir    string
	server *exec.Cmd
	ended  chan error
}

// StartRedis starts what Debian's package installed. Stop removes all of it.
func StartRedis(ctx context.Context) (*Redis, error) {
	dir, err := os.MkdirTemp("", "wardroom-redis-") // a socket's path must be short
	if err != nil {
		return nil, err
	}
	r := &Redis{Socket: filepath.Join(dir, "socket"), dir: dir, ended: make(chan error, 1)}
	var said bytes.Buffer
	r.server = exec.Command("redis-server", "--port", "0", "--unixsocket", r.Socket, "--save", "", "--appendonly", "no", "--dir", dir)
	r.server.Stdout, r.server.Stderr = &said, &said
	if err := r.server.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting Redis: %w", err), os.RemoveAll(dir))
	}
	go func() { r.ended <- r.server.Wait() }()
	for {
		if conn, err := net.Dial("unix", r.Socket); err == nil {
			return r, conn.Close()
		}
		select {
		case err := <-r.ended:
			return nil, errors.Join(fmt.Errorf("Redis ended: %w\n%s", err, &said), os.RemoveAll(dir))
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), r.Stop())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// RedisFor is StartRedis for a test: what fails fails t, and the server ends with t.
func RedisFor(t Test) *Redis {
	t.Helper()
	r, err := StartRedis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stops(t, r)
	return r
}

// Test is as much of testing.TB as this takes: the package is no test's alone.
type Test interface {
	Helper()
	Context() context.Context
	Fatal(...any)
	Error(...any)
	Cleanup(func())
}

func stops(t Test, server interface{ Stop() error }) {
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// Stop ends the server, if it has not ended yet, and removes it.
func (r *Redis) Stop() error {
	if r.server == nil {
		return nil
	}
	err := r.server.Process.Signal(syscall.SIGKILL)
	<-r.ended
	r.server = nil
	return errors.Join(err, os.RemoveAll(r.dir))
}
