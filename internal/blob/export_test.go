package blob

import (
	"os"
	"sync/atomic"
	"syscall"
)

// LeaveRoom makes the disk of f one that takes so many bytes more.
func LeaveRoom(f *Folder, bytes int64) {
	var left atomic.Int64
	left.Store(bytes)
	f.begin = func(dir string) (file, error) {
		one, err := os.CreateTemp(dir, "")
		return &small{one, &left}, err
	}
}

type small struct {
	file
	left *atomic.Int64
}

func (s *small) Write(p []byte) (int, error) {
	left := s.left.Add(-int64(len(p)))
	if left >= 0 {
		return s.file.Write(p)
	}
	n, err := s.file.Write(p[:max(0, int64(len(p))+left)])
	if err == nil {
		err = &os.PathError{Op: "write", Path: s.Name(), Err: syscall.ENOSPC}
	}
	return n, err
}
