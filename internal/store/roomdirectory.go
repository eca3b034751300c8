package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Look implements room.Directory.
func (db *DB) Look(v stream.View, who account.No) (displayname, avatar []byte, err error) {
	rows, err := in(v).query(`SELECT field, value FROM profile WHERE account = $1 AND field IN ('displayname', 'avatar_url')`, int64(who))
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var field string
		var value []byte
		err := rows.Scan(&field, &value)
		if field == "displayname" {
			displayname = value
		} else {
			avatar = value
		}
		return struct{}{}, err
	})
	return displayname, avatar, err
}

// Alias implements room.Directory.
func (db *DB) Alias(v stream.View, a mxid.Alias) (id mxid.Room, by account.No, ok bool, err error) {
	ok, err = found(in(v).row(`SELECT room.id, alias.account FROM alias JOIN room ON room.no = alias.room WHERE alias.alias = $1`, string(a)).
		Scan((*string)(&id), (*int64)(&by)))
	return id, by, ok, err
}

// Aliases implements room.Directory.
func (db *DB) Aliases(v stream.View, no room.No) ([]mxid.Alias, error) {
	rows, err := in(v).query(`SELECT alias FROM alias WHERE room = $1 ORDER BY alias`, int64(no))
	return collect(rows, err, func(rows *sql.Rows) (a mxid.Alias, err error) {
		return a, rows.Scan((*string)(&a))
	})
}

// Name implements room.Directory.
func (db *DB) Name(u stream.Unit, a mxid.Alias, no room.No, by account.No) error {
	_, err := in(u).exec(`INSERT INTO alias (alias, room, account) VALUES ($1, $2, $3)`, string(a), int64(no), int64(by))
	return err
}

// Unname implements room.Directory.
func (db *DB) Unname(u stream.Unit, a mxid.Alias) error {
	_, err := in(u).exec(`DELETE FROM alias WHERE alias = $1`, string(a))
	return err
}

// List implements room.Directory.
func (db *DB) List(u stream.Unit, no room.No, listed bool) error {
	_, err := in(u).exec(`UPDATE room SET listed = $1 WHERE no = $2`, listed, int64(no))
	return err
}

// Listed implements room.Directory.
func (db *DB) Listed(v stream.View) ([]room.Chain, error) {
	rows, err := in(v).query(`SELECT no, id, version, head, depth, listed FROM room WHERE listed ORDER BY no`)
	return collect(rows, err, func(rows *sql.Rows) (room.Chain, error) { return scanRoom(rows) })
}
