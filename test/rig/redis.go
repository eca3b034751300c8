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
	"sync"
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

// Wire is a way to a socket that can be cut, as a network's can.
type Wire struct {
	Socket string // where it begins

	to       string
	listener net.Listener

	mu    sync.Mutex // guards everything below
	state string     // "", "cut" or "silent"
	conns map[net.Conn]struct{}
}

// NewWire begins a way at the socket from to the socket to. Close ends it.
func NewWire(from, to string) (*Wire, error) {
	l, err := net.Listen("unix", from)
	if err != nil {
		return nil, err
	}
	w := &Wire{Socket: from, to: to, listener: l, conns: map[net.Conn]struct{}{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w, os.Chmod(from, 0o777)
}

// Cut closes every connection and lets no new one through, until Mend.
func (w *Wire) Cut() { w.set("cut") }

// Silence lets nothing through, and closes nothing, until Mend.
func (w *Wire) Silence() { w.set("silent") }

// Mend lets new connections through again. Those that were silent are closed.
func (w *Wire) Mend() { w.set("") }

func (w *Wire) set(state string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = state
	if state == "silent" {
		return
	}
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

// Close ends the way and all that goes over it.
func (w *Wire) Close() error {
	w.set("cut")
	return w.listener.Close()
}

func (w *Wire) keep(conns ...net.Conn) (ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == "cut" {
		for _, c := range conns {
			c.Close()
		}
		return false
	}
	for _, c := range conns {
		w.conns[c] = struct{}{}
	}
	return true
}

func (w *Wire) silent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state == "silent"
}

func (w *Wire) carry(c net.Conn) {
	if !w.keep(c) {
		return
	}
	far, err := net.Dial("unix", w.to)
	if err != nil {
		c.Close()
		return
	}
	if !w.keep(far) {
		c.Close()
		return
	}
	move := func(to, from net.Conn) {
		defer to.Close()
		defer from.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if w.silent() {
				n = 0 // it is lost; the connection ends with Mend
			}
			if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	}
	go move(far, c)
	move(c, far)
}
