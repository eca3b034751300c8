package store

import (
	"database/sql"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/stream"
)

// Enqueue implements device.Disk.
func (db *DB) Enqueue(u stream.Unit, to account.DeviceNo, m device.Message) error {
	_, err := in(u).exec(`
		INSERT INTO to_device (pos, device, sender, type, content) VALUES ($1, $2, $3, $4, $5)`,
		m.Pos, to, m.Sender, m.Type, []byte(m.Content))
	return err
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
	_, err := in(u).exec(`DELETE FROM to_device WHERE device = $1 AND pos <= $2`, d, upto)
	return err
}

// Sent implements device.Disk.
func (db *DB) Sent(u stream.Unit, t device.Txn) (bool, error) {
	n, err := in(u).exec(`
		INSERT INTO to_device_txn (device, txn, sent_ms) VALUES ($1, $2, $3) ON CONFLICT (device, txn) DO NOTHING`,
		t.Device, t.ID, in(u).now.UnixMilli())
	return n == 0, err
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
