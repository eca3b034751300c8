package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// PasskeyPerson implements account.PasskeyDisk.
func (db *DB) PasskeyPerson(v stream.View, credential []byte) (p account.Person, ok bool, err error) {
	err = in(v).row(`
		SELECT account.no, account.id, account.password, account.closed FROM passkey JOIN account ON account.no = passkey.account WHERE passkey.id = $1`, credential).
		Scan(&p.No, &p.User, &p.Password, &p.Closed)
	ok, err = found(err)
	return p, ok, err
}

// Passkeys implements account.PasskeyDisk.
func (db *DB) Passkeys(v stream.View, a account.No) ([]account.KeptPasskey, error) {
	rows, err := in(v).query(`SELECT id, handle, name, made_day, used_day, credential FROM passkey WHERE account = $1 ORDER BY made_day, id`, int64(a))
	return collect(rows, err, func(r *sql.Rows) (k account.KeptPasskey, err error) {
		return k, r.Scan(&k.Credential, &k.Handle, &k.Name, &k.MadeDay, &k.UsedDay, &k.Record)
	})
}

// AddPasskey implements account.PasskeyDisk.
func (db *DB) AddPasskey(u stream.Unit, a account.No, k account.KeptPasskey) error {
	_, err := in(u).exec(`INSERT INTO passkey (id, account, handle, name, made_day, used_day, credential) VALUES ($1, $2, $3, $4, $5, 0, $6)`,
		k.Credential, int64(a), k.Handle, k.Name, day(u.Now()), k.Record)
	return err
}

// UsePasskey implements account.PasskeyDisk.
func (db *DB) UsePasskey(u stream.Unit, credential, record []byte) error {
	_, err := in(u).exec(`UPDATE passkey SET credential = $2, used_day = $3 WHERE id = $1`, credential, record, day(u.Now()))
	return err
}

// NamePasskey implements account.PasskeyDisk.
func (db *DB) NamePasskey(u stream.Unit, credential []byte, name string) error {
	_, err := in(u).exec(`UPDATE passkey SET name = $2 WHERE id = $1`, credential, name)
	return err
}

// DropPasskeys implements account.PasskeyDisk.
func (db *DB) DropPasskeys(u stream.Unit, a account.No) error {
	_, err := in(u).exec(`DELETE FROM passkey WHERE account = $1`, int64(a))
	return err
}

// DropPasskey implements account.PasskeyDisk.
func (db *DB) DropPasskey(u stream.Unit, credential []byte) error {
	_, err := in(u).exec(`DELETE FROM passkey WHERE id = $1`, credential)
	return err
}
