package store

import (
	"database/sql"
	"fmt"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// PutDevice implements account.DeviceDisk.
func (db *DB) PutDevice(u stream.Unit, a account.No, id mxid.Device, name string) (no account.DeviceNo, err error) {
	t := in(u)
	err = t.row(`SELECT no FROM device WHERE account = $1 AND id = $2`, int64(a), string(id)).Scan(&no)
	if ok, err := found(err); ok || err != nil {
		return no, err
	}
	t.wrote = true
	err = t.row(`
		INSERT INTO device (account, id, name, seen_day) VALUES ($1, $2, $3, $4) RETURNING no`,
		int64(a), string(id), name, day(u.Now())).Scan(&no)
	return no, err
}

// OwnDevices implements account.DeviceDisk.
func (db *DB) OwnDevices(v stream.View, a account.No) ([]account.Device, error) {
	rows, err := in(v).query(`
		SELECT account.id, account.no, device.id, device.no, device.name, device.seen_day
		FROM device JOIN account ON account.no = device.account WHERE device.account = $1 ORDER BY device.no`, int64(a))
	return collect(rows, err, func(r *sql.Rows) (d account.Device, err error) {
		return d, r.Scan(&d.User, &d.Account, &d.Device, &d.DeviceNo, &d.Name, &d.SeenDay)
	})
}

// Unused implements account.DeviceDisk.
func (db *DB) Unused(v stream.View, since int64, limit int) ([]account.Device, error) {
	rows, err := in(v).query(`
		SELECT account.id, account.no, device.id, device.no, device.name, device.seen_day
		FROM device JOIN account ON account.no = device.account WHERE device.seen_day < $1 LIMIT $2`, since, limit)
	return collect(rows, err, func(r *sql.Rows) (d account.Device, err error) {
		return d, r.Scan(&d.User, &d.Account, &d.Device, &d.DeviceNo, &d.Name, &d.SeenDay)
	})
}

// Ran implements account.DeviceDisk.
func (db *DB) Ran(v stream.View) (r account.Ran, err error) {
	text, ok, err := db.Meta(v, ranName)
	if err == nil && ok {
		_, err = fmt.Sscan(text, &r.Last, &r.Since)
	}
	return r, err
}

// SetRan implements account.DeviceDisk.
func (db *DB) SetRan(u stream.Unit, r account.Ran) error {
	return db.SetMeta(u, ranName, fmt.Sprint(r.Last, " ", r.Since))
}

// NameDevice implements account.DeviceDisk.
func (db *DB) NameDevice(u stream.Unit, d account.DeviceNo, name string) error {
	_, err := in(u).exec(`UPDATE device SET name = $2 WHERE no = $1`, int64(d), name)
	return err
}

// DropDevice implements account.DeviceDisk.
func (db *DB) DropDevice(u stream.Unit, d account.DeviceNo) error {
	if err := db.DropTokens(u, d); err != nil {
		return err
	}
	if _, err := in(u).exec(`DELETE FROM pusher WHERE device = $1`, int64(d)); err != nil {
		return err
	}
	_, err := in(u).exec(`DELETE FROM device WHERE no = $1`, int64(d))
	return err
}
