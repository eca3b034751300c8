package store

import (
	"database/sql"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Enqueue implements device.Disk.
func (db *DB) Enqueue(u stream.Unit, sender mxid.User, typ string, parcels []device.Parcel) error {
	bytes := 0
	for _, p := range parcels {
		bytes += len(p.Content)
		err := in(u).put(nil, `
			INSERT INTO to_device (pos, device, sender, type, content) VALUES ($1, $2, $3, $4, $5)`,
			p.Pos, p.To, sender, typ, []byte(p.Content))
		if err != nil {
			return err
		}
	}
	if len(parcels) == 0 {
		return nil
	}
	return in(u).put(nil, `
		INSERT INTO to_device_waiting (sender, messages, bytes) VALUES ($1, $2, $3)
		ON CONFLICT (sender) DO UPDATE SET
			messages = to_device_waiting.messages + excluded.messages, bytes = to_device_waiting.bytes + excluded.bytes`,
		sender, len(parcels), bytes)
}

// Undelivered implements device.Disk.
func (db *DB) Undelivered(v stream.View, sender mxid.User) (messages, bytes int64, err error) {
	err = in(v).row(`SELECT messages, bytes FROM to_device_waiting WHERE sender = $1`, sender).Scan(&messages, &bytes)
	_, err = found(err)
	return messages, bytes, err
}

// Queue implements device.Disk.
func (db *DB) Queue(v stream.View, d account.DeviceNo, after, upto stream.Position, limit int) ([]device.Message, error) {
	rows, err := in(v).query(`
		SELECT pos, sender, type, content FROM to_device
		WHERE device = $1 AND pos > $2 AND pos <= $3 ORDER BY pos LIMIT $4`, d, after, upto, limit)
	return collect(rows, err, func(rows *sql.Rows) (m device.Message, err error) {
		return m, rows.Scan(&m.Pos, &m.Sender, &m.Type, (*[]byte)(&m.Content))
	})
}

// Waiting implements device.Disk.
func (db *DB) Waiting(v stream.View, d account.DeviceNo, upto stream.Position) (bool, error) {
	var one int
	err := in(v).row(`SELECT 1 FROM to_device WHERE device = $1 AND pos <= $2 LIMIT 1`, d, upto).Scan(&one)
	return found(err)
}

// Dequeue implements device.Disk.
func (db *DB) Dequeue(u stream.Unit, d account.DeviceNo, upto stream.Position) error {
	return dequeue(in(u), `device = $1 AND pos <= $2`, d, upto)
}

// dequeue removes the messages for which where is true, and keeps count of what waits.
func dequeue(t *tx, where string, args ...any) error {
	type sum struct{ messages, bytes int64 }
	gone := map[mxid.User]sum{}
	t.wrote = true
	rows, err := t.query(`DELETE FROM to_device WHERE `+where+` RETURNING sender, length(content)`, args...)
	_, err = collect(rows, err, func(rows *sql.Rows) (sender mxid.User, err error) {
		var bytes int64
		err = rows.Scan(&sender, &bytes)
		gone[sender] = sum{gone[sender].messages + 1, gone[sender].bytes + bytes}
		return sender, err
	})
	if err != nil {
		return err
	}
	for sender, n := range gone {
		_, err := t.exec(`
			UPDATE to_device_waiting SET messages = messages - $2, bytes = bytes - $3 WHERE sender = $1`, sender, n.messages, n.bytes)
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM to_device_waiting WHERE sender = $1 AND messages <= 0`, sender); err != nil {
			return err
		}
	}
	return nil
}

// Sent implements device.Disk.
func (db *DB) Sent(v stream.View, t device.Txn) (bool, error) {
	var one int
	err := in(v).row(`SELECT 1 FROM to_device_txn WHERE device = $1 AND txn = $2`, t.Device, t.ID).Scan(&one)
	return found(err)
}

// Remember implements device.Disk.
func (db *DB) Remember(u stream.Unit, t device.Txn) error {
	return in(u).put(nil, `
		INSERT INTO to_device_txn (device, txn, sent_ms) VALUES ($1, $2, $3)`, t.Device, t.ID, in(u).now.UnixMilli())
}

// OldTxns implements device.Disk.
func (db *DB) OldTxns(v stream.View, before time.Time, limit int) ([]device.Txn, error) {
	rows, err := in(v).query(`
		SELECT device, txn FROM to_device_txn WHERE sent_ms < $1 LIMIT $2`, before.UnixMilli(), limit)
	return collect(rows, err, func(rows *sql.Rows) (t device.Txn, err error) {
		return t, rows.Scan(&t.Device, &t.ID)
	})
}

// ForgetTxn implements device.Disk.
func (db *DB) ForgetTxn(u stream.Unit, t device.Txn) error {
	_, err := in(u).exec(`DELETE FROM to_device_txn WHERE device = $1 AND txn = $2`, t.Device, t.ID)
	return err
}
