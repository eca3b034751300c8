package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// AddRecorded implements device.RecordDisk.
func (db *DB) AddRecorded(u stream.Unit, r device.Recorded) error {
	_, err := in(u).exec(`INSERT INTO identity_entry (account, seq, no, nonce) VALUES ($1, $2, $3, $4)`, r.Account, r.Seq, r.Number, r.Nonce)
	return err
}

const recorded = `
	SELECT account.no, account.id, identity_entry.seq, identity_entry.no, identity_entry.nonce, coalesce(master_key.public_key, '')
	FROM identity_entry JOIN account ON account.no = identity_entry.account
		LEFT JOIN master_key ON master_key.account = identity_entry.account AND master_key.seq = identity_entry.seq`

func recordedKey(rows *sql.Rows) (r device.Recorded, err error) {
	return r, rows.Scan(&r.Account, &r.User, &r.Seq, &r.Number, &r.Nonce, &r.PublicKey)
}

// RecordedOf implements device.RecordDisk.
func (db *DB) RecordedOf(v stream.View, user mxid.User, limit int) ([]device.Recorded, error) {
	rows, err := in(v).query(recorded+` WHERE account.id = $1 ORDER BY identity_entry.seq DESC LIMIT $2`, user, limit)
	return collect(rows, err, recordedKey)
}

// RecordedAfter implements device.RecordDisk.
func (db *DB) RecordedAfter(v stream.View, after account.No, limit int) ([]device.Recorded, error) {
	rows, err := in(v).query(recorded+`
		WHERE identity_entry.account IN (SELECT DISTINCT account FROM identity_entry WHERE account > $1 ORDER BY account LIMIT $2)
		ORDER BY identity_entry.account, identity_entry.seq`, after, limit)
	return collect(rows, err, recordedKey)
}

const unrecorded = ` FROM master_key WHERE NOT EXISTS (SELECT 1 FROM identity_entry WHERE identity_entry.account = master_key.account)`

// CountUnrecorded implements device.RecordDisk.
func (db *DB) CountUnrecorded(v stream.View) (n int64, err error) {
	err = in(v).row(`SELECT COUNT(DISTINCT account)` + unrecorded).Scan(&n)
	return n, err
}

// Unrecorded implements device.RecordDisk.
func (db *DB) Unrecorded(v stream.View, limit int) ([]device.Recorded, error) {
	rows, err := in(v).query(`
		SELECT account.no, account.id, last.seq, master_key.public_key
		FROM (SELECT account, MAX(seq) AS seq`+unrecorded+` GROUP BY account ORDER BY account LIMIT $1) last
			JOIN master_key ON master_key.account = last.account AND master_key.seq = last.seq JOIN account ON account.no = last.account
		ORDER BY account.no`, limit)
	return collect(rows, err, func(rows *sql.Rows) (r device.Recorded, err error) {
		return r, rows.Scan(&r.Account, &r.User, &r.Seq, &r.PublicKey)
	})
}

// MasterKeyDifferences implements device.RecordDisk.
func (db *DB) MasterKeyDifferences(v stream.View, limit int) ([]mxid.User, error) {
	rows, err := in(v).query(`
		SELECT id FROM account WHERE no IN (
			SELECT master_key.account FROM master_key
			WHERE NOT EXISTS (SELECT 1 FROM identity_entry e WHERE e.account = master_key.account AND e.seq = master_key.seq)
				AND EXISTS (SELECT 1 FROM identity_entry e WHERE e.account = master_key.account AND e.seq < master_key.seq)
			UNION SELECT account FROM master_key WHERE NOT EXISTS (SELECT 1 FROM identity_entry e WHERE e.account = master_key.account)
		) ORDER BY no LIMIT $1`, limit)
	return collect(rows, err, scanOne[mxid.User])
}

// MasterKeysShown implements device.RecordDisk.
func (db *DB) MasterKeysShown(v stream.View, after account.No, limit int) ([]device.Shown, error) {
	rows, err := in(v).query(`
		SELECT account.no, account.id, shown.json, coalesce(master_key.public_key, '')
		FROM cross_signing_key shown JOIN account ON account.no = shown.account
			LEFT JOIN master_key ON master_key.account = shown.account AND master_key.seq = (SELECT MAX(seq) FROM master_key WHERE account = shown.account)
		WHERE shown.usage = 'master' AND shown.account > $1 ORDER BY shown.account LIMIT $2`, after, limit)
	return collect(rows, err, func(rows *sql.Rows) (s device.Shown, err error) {
		return s, rows.Scan(&s.Account, &s.User, (*[]byte)(&s.Master), &s.Last)
	})
}
