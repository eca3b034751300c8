package operate

import "syscall"

// synchronised reports whether the kernel's clock is kept right by a time service; known is false where that cannot be seen.
func synchronised() (synced, known bool) {
	const unsynchronised = 0x40 // STA_UNSYNC
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return false, false
	}
	return t.Status&unsynchronised == 0, true
}

// network reports whether folder is on a network filesystem, and on which kind.
func network(folder string) (kind string, is bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return "", false
	}
	kind = map[uint32]string{0x6969: "NFS", 0xff534d42: "SMB", 0xfe534d42: "SMB", 0x517b: "SMB", 0x5346414f: "AFS", 0x00c36400: "Ceph"}[uint32(s.Type)]
	return kind, kind != ""
}
