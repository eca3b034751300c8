package store

import (
	"database/sql"
	"math"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

var _ device.Disk = (*DB)(nil)

// Device implements device.Disk.
func (db *DB) Device(v stream.View, user mxid.User, id mxid.Device) (d device.Device, ok bool, err error) {
	d.User, d.ID = user, id
	err = in(v).row(`
		SELECT device.no, device.account, device.name, device.keys
		FROM account JOIN device ON device.account = account.no
		WHERE account.id = $1 AND device.id = $2`, user, id).
		Scan(&d.No, &d.Account, &d.Name, (*[]byte)(&d.Keys))
	ok, err = found(err)
	return d, ok, err
}

// Devices implements device.Disk.
func (db *DB) Devices(v stream.View, user mxid.User) ([]device.Device, error) {
	rows, err := in(v).query(`
		SELECT device.no, device.account, device.id, device.name, device.keys
		FROM account JOIN device ON device.account = account.no
		WHERE account.id = $1 ORDER BY device.id`, user)
	return collect(rows, err, func(rows *sql.Rows) (device.Device, error) {
		d := device.Device{User: user}
		return d, rows.Scan(&d.No, &d.Account, &d.ID, &d.Name, (*[]byte)(&d.Keys))
	})
}

// SetDeviceKeys implements device.Disk.
func (db *DB) SetDeviceKeys(u stream.Unit, d account.DeviceNo, keys event.Value) error {
	_, err := in(u).exec(`UPDATE device SET keys = $1 WHERE no = $2`, []byte(keys), d)
	return err
}

// SetKeysPos implements device.Disk.
func (db *DB) SetKeysPos(u stream.Unit, a account.No, pos stream.Position) error {
	_, err := in(u).exec(`UPDATE account SET keys_pos = $1 WHERE no = $2`, pos, a)
	return err
}

// Forget implements device.Disk.
func (db *DB) Forget(u stream.Unit, d account.DeviceNo) error {
	if err := db.Dequeue(u, d, math.MaxInt64); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE device SET keys = NULL WHERE no = $1`,
		`DELETE FROM one_time_key WHERE device = $1`,
		`DELETE FROM fallback_key WHERE device = $1`,
		`DELETE FROM to_device_txn WHERE device = $1`,
		`DELETE FROM dehydrated_device WHERE account = (SELECT account FROM device WHERE no = $1) AND device = $1`,
	} {
		if _, err := in(u).exec(q, d); err != nil {
			return err
		}
	}
	return nil
}

// JoinedRooms implements device.Disk.
func (db *DB) JoinedRooms(v stream.View, user mxid.User) ([]mxid.Room, error) {
	rows, err := in(v).query(`
		SELECT room.id FROM state JOIN room ON room.no = state.room
		WHERE state.type = 'm.room.member' AND state.until = 9223372036854775807
			AND state.state_key = $1 AND state.membership = 'join'`, user)
	return collect(rows, err, scanOne[mxid.Room])
}

// manyPositions is from how much news on it is better to look into every room of a person than at everybody's news.
const manyPositions = 10_000

// ChangedSince implements device.Disk. CROSS JOIN tells SQLite in which order to go.
func (db *DB) ChangedSince(v stream.View, user mxid.User, pos stream.Position) (keys, signed, members []mxid.User, err error) {
	const changes = `
		SELECT 'keys', id FROM account WHERE keys_pos > $2
		UNION ALL SELECT 'signed', account.id FROM key_signature JOIN account ON account.no = key_signature.account
		WHERE key_signature.signer = $1 AND key_signature.pos > $2`
	q := changes + `
		UNION ALL SELECT DISTINCT 'member', theirs.state_key FROM state AS theirs CROSS JOIN state AS mine
		WHERE theirs.type = 'm.room.member' AND theirs.pos > $2 AND mine.room = theirs.room
			AND mine.type = 'm.room.member' AND mine.until = 9223372036854775807 AND mine.state_key = $1`
	if in(v).pos-pos > manyPositions {
		q = changes + `
		UNION ALL SELECT DISTINCT 'member', theirs.state_key FROM state AS mine CROSS JOIN state AS theirs
		WHERE mine.type = 'm.room.member' AND mine.until = 9223372036854775807 AND mine.state_key = $1
			AND theirs.room = mine.room AND theirs.pos > $2 AND theirs.membership IS NOT NULL`
	}
	rows, err := in(v).query(q, user, pos)
	_, err = collect(rows, err, func(rows *sql.Rows) (who mxid.User, err error) {
		var what string
		err = rows.Scan(&what, &who)
		switch what {
		case "keys":
			keys = append(keys, who)
		case "signed":
			signed = append(signed, who)
		case "member":
			members = append(members, who)
		}
		return who, err
	})
	return keys, signed, members, err
}

// Sharing implements device.Disk. "pos + 0" keeps the database from going by position: it is to go by room and type.
func (db *DB) Sharing(v stream.View, user mxid.User, pos stream.Position) ([]mxid.User, error) {
	rows, err := in(v).query(`
		SELECT DISTINCT theirs.state_key
		FROM state AS ever
			JOIN state AS mine ON mine.room = ever.room
			JOIN state AS theirs ON theirs.room = ever.room
		WHERE ever.type = 'm.room.member' AND ever.until = 9223372036854775807 AND ever.state_key = $1
			AND mine.type = 'm.room.member' AND mine.state_key = $1 AND mine.membership = 'join'
			AND mine.pos <= $2 AND mine.until > $2
			AND theirs.type = 'm.room.member' AND theirs.membership = 'join' AND theirs.pos + 0 <= $2 AND theirs.until > $2`,
		user, pos)
	return collect(rows, err, scanOne[mxid.User])
}

// Shares implements device.Disk.
func (db *DB) Shares(v stream.View, a, b mxid.User, pos stream.Position) (bool, error) {
	var one int
	err := in(v).row(`
		SELECT 1
		FROM state AS ever
			JOIN state AS mine ON mine.room = ever.room
			JOIN state AS theirs ON theirs.room = ever.room
		WHERE ever.type = 'm.room.member' AND ever.until = 9223372036854775807 AND ever.state_key = $1
			AND mine.type = 'm.room.member' AND mine.state_key = $1 AND mine.membership = 'join'
			AND mine.pos <= $3 AND mine.until > $3
			AND theirs.type = 'm.room.member' AND theirs.state_key = $2 AND theirs.membership = 'join'
			AND theirs.pos <= $3 AND theirs.until > $3
		LIMIT 1`, a, b, pos).Scan(&one)
	return found(err)
}

// scanOne reads rows of one column.
func scanOne[T any](rows *sql.Rows) (one T, err error) { return one, rows.Scan(&one) }

// Dehydrated implements device.Disk.
func (db *DB) Dehydrated(v stream.View, a account.No) (d device.Dehydrated, ok bool, err error) {
	err = in(v).row(`
		SELECT device.no, device.id, dehydrated_device.data
		FROM dehydrated_device JOIN device ON device.no = dehydrated_device.device
		WHERE dehydrated_device.account = $1`, a).Scan(&d.No, &d.Device, (*[]byte)(&d.Data))
	ok, err = found(err)
	return d, ok, err
}

// SetDehydrated implements device.Disk.
func (db *DB) SetDehydrated(u stream.Unit, a account.No, d device.Dehydrated) error {
	_, err := in(u).exec(`
		INSERT INTO dehydrated_device (account, device, data) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET device = excluded.device, data = excluded.data`, a, d.No, []byte(d.Data))
	return err
}
