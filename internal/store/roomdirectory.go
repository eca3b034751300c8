package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

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

// Rename implements room.Directory.
func (db *DB) Rename(u stream.Unit, from, to room.No) error {
	_, err := in(u).exec(`UPDATE alias SET room = $1 WHERE room = $2`, int64(to), int64(from))
	return err
}

// List implements room.Directory.
func (db *DB) List(u stream.Unit, no room.No, listed bool) error {
	_, err := in(u).exec(`UPDATE room SET listed = $1 WHERE no = $2`, listed, int64(no))
	return err
}

// IsListed implements room.Directory.
func (db *DB) IsListed(v stream.View, no room.No) (listed bool, err error) {
	return listed, in(v).row(`SELECT listed FROM room WHERE no = $1`, int64(no)).Scan(&listed)
}

// Listed implements room.Directory.
func (db *DB) Listed(v stream.View) ([]room.Chain, error) {
	rows, err := in(v).query(`SELECT no, id, version, head, depth FROM room WHERE listed ORDER BY no`)
	return collect(rows, err, func(rows *sql.Rows) (room.Chain, error) { return scanRoom(rows) })
}
