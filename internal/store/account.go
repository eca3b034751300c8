package store

import (
	"time"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// TokenSession implements account.Disk.
func (db *DB) TokenSession(v stream.View, hash [32]byte, now time.Time) (s account.Session, expired, ok bool, err error) {
	var until int64
	err = in(v).row(`
		SELECT account.id, account.no, device.id, device.no, token.until_ms
		FROM token JOIN device ON device.no = token.device JOIN account ON account.no = device.account
		WHERE token.hash = $1 AND NOT token.refresh`, hash[:]).
		Scan(&s.User, &s.Account, &s.Device, &s.DeviceNo, &until)
	ok, err = found(err)
	return s, ok && until <= now.UnixMilli(), ok, err
}
