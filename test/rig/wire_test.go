package rig

import (
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// far is a socket at which everything that is said is said back.
func far(t *testing.T) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), "far")
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	return at
}

// A network that is silent acknowledges nothing: a connection with TCP_USER_TIMEOUT ends by it, and no other begins. One that was only slow
// loses nothing.
func TestANetworkFallsSilent(t *testing.T) {
	w, err := NewNetwork(far(t))
	if err != nil {
		t.Skip(err)
	}
	defer w.Close()
	dial := func(timeout time.Duration) (net.Conn, error) {
		d := net.Dialer{Timeout: timeout, Control: func(_, _ string, c syscall.RawConn) (err error) {
			_ = c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, 18, 500) })
			return err
		}}
		return d.DialContext(t.Context(), "tcp", w.Address)
	}
	say := func(c net.Conn, what string) error { _, err := io.WriteString(c, what); return err }
	hear := func(c net.Conn, want string) error {
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		if string(got) != want {
			t.Errorf("heard %q, want %q", got, want)
		}
		return nil
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := dial(time.Minute)
	ok(err)
	defer c.Close()
	ok(say(c, "one"))
	ok(hear(c, "one"))

	ok(w.Silence())
	ok(say(c, "two"))
	ok(c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)))
	if err := hear(c, "two"); err == nil {
		t.Error("silence lets something through")
	}
	ok(c.SetReadDeadline(time.Time{}))
	ok(w.Resume())
	ok(hear(c, "two"))

	ok(w.Silence())
	ok(say(c, "three"))
	if err := hear(c, "three"); err == nil {
		t.Error("something came through, and nobody was to acknowledge it")
	}
	if c, err := dial(300 * time.Millisecond); err == nil {
		c.Close()
		t.Error("silence lets somebody connect")
	}
	ok(w.Mend())
	again, err := dial(time.Minute)
	ok(err)
	defer again.Close()
	ok(say(again, "four"))
	ok(hear(again, "four"))
}
