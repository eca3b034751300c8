package store

import (
	"database/sql"
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// Pushers implements account.PusherDisk.
func (db *DB) Pushers(v stream.View, a account.No) ([]json.RawMessage, error) {
	rows, err := in(v).query(`SELECT json FROM pusher WHERE account = $1 ORDER BY app_id, pushkey`, a)
	return collect(rows, err, func(rows *sql.Rows) (one json.RawMessage, err error) { return one, rows.Scan(&one) })
}

// SetPusher implements account.PusherDisk.
func (db *DB) SetPusher(u stream.Unit, s account.Session, appID, pushkey string, pusher json.RawMessage) error {
	_, err := in(u).exec(`
		INSERT INTO pusher (account, app_id, pushkey, device, json) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, app_id, pushkey) DO UPDATE SET device = excluded.device, json = excluded.json`,
		s.Account, appID, pushkey, s.DeviceNo, []byte(pusher))
	return err
}

// DropPusher implements account.PusherDisk.
func (db *DB) DropPusher(u stream.Unit, a account.No, appID, pushkey string) error {
	if _, err := in(u).exec(`DELETE FROM push WHERE account = $1 AND app_id = $2 AND pushkey = $3`, a, appID, pushkey); err != nil {
		return err
	}
	_, err := in(u).exec(`DELETE FROM pusher WHERE account = $1 AND app_id = $2 AND pushkey = $3`, a, appID, pushkey)
	return err
}

// DropOtherPushers implements account.PusherDisk. What is due to them is removed when it comes up.
func (db *DB) DropOtherPushers(u stream.Unit, a account.No, appID, pushkey string) error {
	_, err := in(u).exec(`DELETE FROM pusher WHERE app_id = $2 AND pushkey = $3 AND account <> $1`, a, appID, pushkey)
	return err
}
