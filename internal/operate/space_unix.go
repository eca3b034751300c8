//go:build linux || darwin || freebsd

package operate

import "syscall"

// space is how many bytes the filesystem of folder has free for this program, and how many in all.
func space(folder string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil
}
