package store

import (
	"net"
	"syscall"
	"testing"
)

func TestAConnectionThatFellSilentIsNotWaitedForLong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var is int
	if failed := raw.Control(func(fd uintptr) { is, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout) }); failed != nil || err != nil || is != 30_000 {
		t.Errorf("after %d ms: %v, %v", is, failed, err)
	}
}
