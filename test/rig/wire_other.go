//go:build !linux

package rig

import (
	"errors"
	"syscall"
)

func deaf(syscall.Conn, bool) error { return errors.New("a network that is silent needs Linux") }
