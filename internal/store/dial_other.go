//go:build !linux

package store

import "net"

var dial = new(net.Dialer).DialContext
