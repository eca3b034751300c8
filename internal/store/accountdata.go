package store

import (
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Datum implements account.DataDisk.
func (db *DB) Datum(v stream.View, a account.No, room mxid.Room, typ string) (content json.RawMessage, ok bool, err error) {
	err = in(v).row(`
		SELECT content FROM account_data
		WHERE account = $1 AND type = $3 AND room = CASE WHEN $2 = '' THEN 0 ELSE (SELECT no FROM room WHERE id = $2) END`,
		a, room, typ).Scan(&content)
	ok, err = found(err)
	return content, ok, err
}

// SetDatum implements account.DataDisk.
func (db *DB) SetDatum(u stream.Unit, a account.No, d account.Datum, pos stream.Position) (ok bool, err error) {
	var room int64
	if d.Room != "" {
		if ok, err := found(in(u).row(`SELECT no FROM room WHERE id = $1`, d.Room).Scan(&room)); !ok {
			return false, err
		}
	}
	_, err = in(u).exec(`
		INSERT INTO account_data (account, room, type, content, pos) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, room, type) DO UPDATE SET content = excluded.content, pos = excluded.pos`,
		a, room, d.Type, []byte(d.Content), pos)
	return err == nil, err
}

// DataSize implements account.DataDisk.
func (db *DB) DataSize(v stream.View, a account.No) (pieces, bytes int64, err error) {
	err = in(v).row(`
		SELECT count(*), CAST(coalesce(sum(length(content)), 0) AS BIGINT) FROM account_data WHERE account = $1`, a).Scan(&pieces, &bytes)
	return pieces, bytes, err
}

// FilterNo implements account.DataDisk.
func (db *DB) FilterNo(v stream.View, a account.No, filter json.RawMessage) (no int64, ok bool, err error) {
	err = in(v).row(`SELECT no FROM filter WHERE account = $1 AND json = $2`, a, []byte(filter)).Scan(&no)
	ok, err = found(err)
	return no, ok, err
}

// LastFilter implements account.DataDisk.
func (db *DB) LastFilter(v stream.View, a account.No) (no int64, err error) {
	err = in(v).row(`SELECT coalesce(max(no), 0) FROM filter WHERE account = $1`, a).Scan(&no)
	return no, err
}

// AddFilter implements account.DataDisk.
func (db *DB) AddFilter(u stream.Unit, a account.No, no int64, filter json.RawMessage) error {
	_, err := in(u).exec(`INSERT INTO filter (account, no, json) VALUES ($1, $2, $3)`, a, no, []byte(filter))
	return err
}

// Filter implements account.DataDisk.
func (db *DB) Filter(v stream.View, a account.No, no int64) (filter json.RawMessage, ok bool, err error) {
	err = in(v).row(`SELECT json FROM filter WHERE account = $1 AND no = $2`, a, no).Scan(&filter)
	ok, err = found(err)
	return filter, ok, err
}
