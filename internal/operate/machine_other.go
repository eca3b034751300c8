//go:build !linux

package operate

// synchronised reports whether the kernel's clock is kept right by a time service; known is false where that cannot be seen.
func synchronised() (synced, known bool) { return false, false }

// network reports whether folder is on a network filesystem, and on which kind.
func network(string) (kind string, is bool) { return "", false }
