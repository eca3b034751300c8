package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

var _ device.BackupDisk = (*DB)(nil)

// Backup implements device.BackupDisk.
func (db *DB) Backup(v stream.View, a account.No, version int64) (b device.Backup, ok bool, err error) {
	b.Version = version
	err = in(v).row(`
		SELECT algorithm, auth_data, etag, keys, bytes, deleted FROM backup_version WHERE account = $1 AND version = $2`, a, version).
		Scan(&b.Algorithm, (*[]byte)(&b.AuthData), &b.ETag, &b.Keys, &b.Bytes, &b.Deleted)
	ok, err = found(err)
	return b, ok, err
}

// NewestBackup implements device.BackupDisk.
func (db *DB) NewestBackup(v stream.View, a account.No) (b device.Backup, ok bool, err error) {
	err = in(v).row(`
		SELECT version, algorithm, auth_data, etag, keys, bytes FROM backup_version
		WHERE account = $1 AND NOT deleted ORDER BY version DESC LIMIT 1`, a).
		Scan(&b.Version, &b.Algorithm, (*[]byte)(&b.AuthData), &b.ETag, &b.Keys, &b.Bytes)
	ok, err = found(err)
	return b, ok, err
}

// BackupNumbers implements device.BackupDisk.
func (db *DB) BackupNumbers(v stream.View, a account.No) (n device.BackupNumbers, err error) {
	err = in(v).row(`
		SELECT COALESCE(MAX(version), 0), COUNT(*) FILTER (WHERE NOT deleted),
			CAST(COALESCE(SUM(keys), 0) AS BIGINT), CAST(COALESCE(SUM(bytes), 0) AS BIGINT)
		FROM backup_version WHERE account = $1`, a).
		Scan(&n.Highest, &n.Existing, &n.Keys, &n.Bytes)
	return n, err
}

// PutBackup implements device.BackupDisk.
func (db *DB) PutBackup(u stream.Unit, a account.No, b device.Backup) error {
	_, err := in(u).exec(`
		INSERT INTO backup_version (account, version, algorithm, auth_data, etag, keys, bytes, deleted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account, version) DO UPDATE SET auth_data = excluded.auth_data, etag = excluded.etag,
			keys = excluded.keys, bytes = excluded.bytes, deleted = excluded.deleted`,
		a, b.Version, b.Algorithm, []byte(b.AuthData), b.ETag, b.Keys, b.Bytes, b.Deleted)
	return err
}

// BackedUp implements device.BackupDisk.
func (db *DB) BackedUp(v stream.View, a account.No, version int64, room mxid.Room, session string) (k device.BackedUp, ok bool, err error) {
	k.Room, k.Session = room, session
	err = in(v).row(`
		SELECT first_index, forwarded, verified, data FROM backup_key
		WHERE account = $1 AND version = $2 AND room = $3 AND session = $4`, a, version, room, session).
		Scan(&k.FirstIndex, &k.Forwarded, &k.Verified, (*[]byte)(&k.Data))
	ok, err = found(err)
	return k, ok, err
}

// BackedUpAfter implements device.BackupDisk.
func (db *DB) BackedUpAfter(v stream.View, a account.No, version int64, room mxid.Room, session string, only bool, limit int) ([]device.BackedUp, error) {
	q := `
		SELECT room, session, first_index, forwarded, verified, data FROM backup_key
		WHERE account = $1 AND version = $2 AND (room, session) > ($3, $4) ORDER BY room, session LIMIT $5`
	if only {
		q = `
		SELECT room, session, first_index, forwarded, verified, data FROM backup_key
		WHERE account = $1 AND version = $2 AND room = $3 AND session > $4 ORDER BY session LIMIT $5`
	}
	rows, err := in(v).query(q, a, version, room, session, limit)
	return collect(rows, err, func(rows *sql.Rows) (k device.BackedUp, err error) {
		return k, rows.Scan(&k.Room, &k.Session, &k.FirstIndex, &k.Forwarded, &k.Verified, (*[]byte)(&k.Data))
	})
}

// PutBackedUp implements device.BackupDisk.
func (db *DB) PutBackedUp(u stream.Unit, a account.No, version int64, k device.BackedUp) error {
	_, err := in(u).exec(`
		INSERT INTO backup_key (account, version, room, session, first_index, forwarded, verified, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account, version, room, session) DO UPDATE SET first_index = excluded.first_index,
			forwarded = excluded.forwarded, verified = excluded.verified, data = excluded.data`,
		a, version, k.Room, k.Session, k.FirstIndex, k.Forwarded, k.Verified, []byte(k.Data))
	return err
}

// DropBackedUp implements device.BackupDisk.
func (db *DB) DropBackedUp(u stream.Unit, a account.No, version int64, room mxid.Room, session string) error {
	_, err := in(u).exec(`
		DELETE FROM backup_key WHERE account = $1 AND version = $2 AND room = $3 AND session = $4`, a, version, room, session)
	return err
}

// LeftBehind implements device.BackupDisk.
func (db *DB) LeftBehind(v stream.View) (a account.No, version int64, ok bool, err error) {
	err = in(v).row(`
		SELECT account, version FROM backup_version
		WHERE deleted AND EXISTS (SELECT 1 FROM backup_key
			WHERE backup_key.account = backup_version.account AND backup_key.version = backup_version.version)
		LIMIT 1`).Scan(&a, &version)
	ok, err = found(err)
	return a, version, ok, err
}

// DropSome implements device.BackupDisk.
func (db *DB) DropSome(u stream.Unit, a account.No, version int64, limit int) (int64, error) {
	return in(u).exec(`
		DELETE FROM backup_key WHERE account = $1 AND version = $2 AND (room, session) IN (
			SELECT room, session FROM backup_key WHERE account = $1 AND version = $2 LIMIT $3)`, a, version, limit)
}
