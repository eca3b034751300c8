package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Names of the locks in the data folder. A lock ends with the program that holds it, however that ends.
const (
	serveLock  = "serve.lock"
	backupLock = "backup.lock" // names the file that a backup is being written into
)

func isLock(name string) bool { return name == serveLock || name == backupLock }

var (
	errServing   = errors.New("a server is using the folder")
	errBackingUp = errors.New("another backup of this folder is being made")
)

// lock takes the lock in file, which it makes where there is none. It returns held if another program has it.
func lock(file string, held error) (unlock func(), err error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, held
		}
		return nil, fmt.Errorf("locking %s: %w", file, err)
	}
	return func() { f.Close() }, nil
}
