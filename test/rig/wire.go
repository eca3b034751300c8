package rig

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
)

// Wire is a way to a socket that can be cut, or fall silent, as a network can.
type Wire struct {
	Socket  string // where it begins; empty: at Address
	Address string // HOST:PORT

	to       string
	listener net.Listener

	mu     sync.Mutex // guards everything below
	spoken sync.Cond  // when it is silent no more
	state  string     // "", "cut" or "silent"
	conns  map[net.Conn]struct{}
}

// NewWire begins a way at the socket from to the socket to. Close ends it.
func NewWire(from, to string) (*Wire, error) {
	l, err := net.Listen("unix", from)
	if err != nil {
		return nil, err
	}
	w := carry(l, to)
	w.Socket = from
	return w, os.Chmod(from, 0o777)
}

// NewNetwork begins a way at some port of this machine to the socket to. When it is silent, not even TCP says anything: nothing is acknowledged,
// and nobody is connected or turned away.
func NewNetwork(to string) (*Wire, error) {
	var plain net.ListenConfig
	plain.SetMultipathTCP(false) // a socket for several ways cannot be made deaf
	l, err := plain.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if err := deaf(l.(*net.TCPListener), false); err != nil { // whether it can be
		return nil, errors.Join(err, l.Close())
	}
	w := carry(l, to)
	w.Address = l.Addr().String()
	return w, nil
}

func carry(l net.Listener, to string) *Wire {
	w := &Wire{to: to, listener: l, conns: map[net.Conn]struct{}{}}
	w.spoken.L = &w.mu
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

// Cut closes every connection and lets no new one through, until Mend.
func (w *Wire) Cut() error { return w.set("cut", true) }

// Silence lets nothing through, and closes nothing, until Mend or Resume.
func (w *Wire) Silence() error { return w.set("silent", false) }

// Mend lets new connections through again. Those that were silent are closed, and what was on its way is lost.
func (w *Wire) Mend() error { return w.set("", true) }

// Resume lets everything through that has waited since Silence, as a network does that was only slow.
func (w *Wire) Resume() error { return w.set("", false) }

func (w *Wire) set(state string, closes bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = state
	w.spoken.Broadcast()
	errs := []error{w.hears(w.listener)}
	for c := range w.conns {
		errs = append(errs, w.hears(c))
		if closes {
			c.Close()
		}
	}
	if closes {
		clear(w.conns)
	}
	return errors.Join(errs...)
}

// hears lets a socket of TCP hear what comes in, or not while the way is silent. The caller holds w.mu.
func (w *Wire) hears(socket any) error {
	switch s := socket.(type) {
	case *net.TCPListener:
		return deaf(s, w.state == "silent")
	case *net.TCPConn:
		return deaf(s, w.state == "silent")
	}
	return nil
}

// Close ends the way and all that goes over it.
func (w *Wire) Close() error { return errors.Join(w.Cut(), w.listener.Close()) }

// keep takes a connection in; ok is false where it was closed instead.
func (w *Wire) keep(c net.Conn) (ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == "cut" || w.hears(c) != nil { // it has this from who listens, as that was when it came
		c.Close()
		return false
	}
	w.conns[c] = struct{}{}
	return true
}

// passes waits while nothing is let through. It returns false for connections that were closed meanwhile.
func (w *Wire) passes(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.state == "silent" {
		w.spoken.Wait()
	}
	_, ok := w.conns[c]
	return ok
}

// drop closes connections that have ended.
func (w *Wire) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		delete(w.conns, c)
		c.Close()
	}
}

func (w *Wire) carry(c net.Conn) {
	if !w.keep(c) {
		return
	}
	defer w.drop(c)
	if !w.passes(c) {
		return
	}
	far, err := net.Dial("unix", w.to)
	if err != nil || !w.keep(far) {
		return
	}
	move := func(to, from net.Conn) {
		defer w.drop(to, from)
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if !w.passes(from) { // in silence not even its end is heard
				return
			}
			if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	}
	go move(far, c)
	move(c, far)
}
