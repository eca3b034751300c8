package rig

import (
	"syscall"
	"unsafe"
)

// soDetachFilter is SO_DETACH_FILTER, which package syscall does not name.
const soDetachFilter = 27

// deaf lets the kernel throw away all that comes in on a socket before it looks at it, or no more: it is a machine whose cable was
// pulled out.
func deaf(socket syscall.Conn, is bool) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	none := syscall.SockFilter{Code: syscall.BPF_RET | syscall.BPF_K} // of each packet no byte
	program := syscall.SockFprog{Len: 1, Filter: &none}
	var failed error
	err = raw.Control(func(fd uintptr) {
		if !is {
			failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soDetachFilter, 0)
			return
		}
		_, _, errno := syscall.Syscall6(syscall.SYS_SETSOCKOPT, fd, syscall.SOL_SOCKET, syscall.SO_ATTACH_FILTER, uintptr(unsafe.Pointer(&program)), unsafe.Sizeof(program), 0)
		if errno != 0 {
			failed = errno
		}
	})
	if err == nil && failed != syscall.ENOENT { // there is none to be taken away
		err = failed
	}
	return err
}
