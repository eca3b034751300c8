package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// OneTimeKeys implements device.Disk.
func (db *DB) OneTimeKeys(v stream.View, d account.DeviceNo) ([]device.OneTimeKey, error) {
	rows, err := in(v).query(`
		SELECT algorithm, id, seq, json FROM one_time_key WHERE device = $1 ORDER BY algorithm, seq`, d)
	return collect(rows, err, func(rows *sql.Rows) (k device.OneTimeKey, err error) {
		return k, rows.Scan(&k.Algorithm, &k.ID, &k.Seq, (*[]byte)(&k.JSON))
	})
}

// AddOneTimeKey implements device.Disk.
func (db *DB) AddOneTimeKey(u stream.Unit, d account.DeviceNo, k device.OneTimeKey) error {
	_, err := in(u).exec(`
		INSERT INTO one_time_key (device, algorithm, seq, id, json)
		VALUES ($1, $2, (SELECT COALESCE(MAX(seq), 0) + 1 FROM one_time_key WHERE device = $1 AND algorithm = $2), $3, $4)`,
		d, k.Algorithm, k.ID, []byte(k.JSON))
	return err
}

// ForgetHandedOut implements device.Disk.
func (db *DB) ForgetHandedOut(u stream.Unit, d account.DeviceNo, algorithm string, seq int64) error {
	_, err := in(u).exec(`
		DELETE FROM one_time_key WHERE device = $1 AND algorithm = $2 AND seq <= $3 AND json IS NULL`, d, algorithm, seq)
	return err
}

// HandOut implements device.Disk.
func (db *DB) HandOut(u stream.Unit, d account.DeviceNo, algorithm string) (k device.OneTimeKey, ok bool, err error) {
	k.Algorithm = algorithm
	err = in(u).row(`
		SELECT seq, id, json FROM one_time_key
		WHERE device = $1 AND algorithm = $2 AND json IS NOT NULL ORDER BY seq LIMIT 1`, d, algorithm).
		Scan(&k.Seq, &k.ID, (*[]byte)(&k.JSON))
	if ok, err = found(err); err != nil || !ok {
		return k, false, err
	}
	n, err := in(u).exec(`
		UPDATE one_time_key SET json = NULL
		WHERE device = $1 AND algorithm = $2 AND seq = $3 AND json IS NOT NULL`, d, algorithm, k.Seq)
	return k, n == 1, err
}

// FallbackKeys implements device.Disk.
func (db *DB) FallbackKeys(v stream.View, d account.DeviceNo) ([]device.FallbackKey, error) {
	rows, err := in(v).query(`
		SELECT algorithm, id, json, used FROM fallback_key WHERE device = $1 ORDER BY algorithm`, d)
	return collect(rows, err, func(rows *sql.Rows) (k device.FallbackKey, err error) {
		return k, rows.Scan(&k.Algorithm, &k.ID, (*[]byte)(&k.JSON), &k.Used)
	})
}

// SetFallbackKey implements device.Disk.
func (db *DB) SetFallbackKey(u stream.Unit, d account.DeviceNo, k device.FallbackKey) error {
	_, err := in(u).exec(`
		INSERT INTO fallback_key (device, algorithm, id, json, used) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (device, algorithm) DO UPDATE SET id = excluded.id, json = excluded.json, used = excluded.used`,
		d, k.Algorithm, k.ID, []byte(k.JSON), k.Used)
	return err
}

// SetClaimed implements device.Disk.
func (db *DB) SetClaimed(u stream.Unit, d account.DeviceNo, pos stream.Position) error {
	_, err := in(u).exec(`UPDATE device SET claimed_pos = $1 WHERE no = $2`, pos, d)
	return err
}

// Counts implements device.Disk.
func (db *DB) Counts(v stream.View, d account.DeviceNo) (c device.Counts, err error) {
	rows, err := in(v).query(`
		SELECT 'claimed', '', claimed_pos FROM device WHERE no = $1
		UNION ALL SELECT 'left', algorithm, COUNT(*) FROM one_time_key WHERE device = $1 AND json IS NOT NULL GROUP BY algorithm
		UNION ALL SELECT 'unused', algorithm, 1 FROM fallback_key WHERE device = $1 AND NOT used
		ORDER BY 2`, d)
	c.OneTime = map[string]int{}
	_, err = collect(rows, err, func(rows *sql.Rows) (n int64, err error) {
		var what, algorithm string
		err = rows.Scan(&what, &algorithm, &n)
		switch what {
		case "claimed":
			c.Claimed = stream.Position(n)
		case "left":
			c.OneTime[algorithm] = int(n)
		case "unused":
			c.UnusedFallback = append(c.UnusedFallback, algorithm)
		}
		return n, err
	})
	return c, err
}

// DropOneTimeKeys implements device.Disk.
func (db *DB) DropOneTimeKeys(u stream.Unit, d account.DeviceNo) error {
	if _, err := in(u).exec(`DELETE FROM one_time_key WHERE device = $1`, d); err != nil {
		return err
	}
	_, err := in(u).exec(`DELETE FROM fallback_key WHERE device = $1`, d)
	return err
}

// CrossSigning implements device.Disk.
func (db *DB) CrossSigning(v stream.View, user mxid.User) (c device.CrossSigning, err error) {
	rows, err := in(v).query(`
		SELECT account.no, cross_signing_key.usage, cross_signing_key.json
		FROM account JOIN cross_signing_key ON cross_signing_key.account = account.no
		WHERE account.id = $1`, user)
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var usage device.Usage
		var key event.Value
		err := rows.Scan(&c.Account, &usage, (*[]byte)(&key))
		switch usage {
		case device.Master:
			c.Master = key
		case device.SelfSigning:
			c.SelfSigning = key
		case device.UserSigning:
			c.UserSigning = key
		}
		return struct{}{}, err
	})
	return c, err
}

// SetCrossSigningKey implements device.Disk.
func (db *DB) SetCrossSigningKey(u stream.Unit, a account.No, usage device.Usage, key event.Value) error {
	if key == nil {
		_, err := in(u).exec(`DELETE FROM cross_signing_key WHERE account = $1 AND usage = $2`, a, usage)
		return err
	}
	_, err := in(u).exec(`
		INSERT INTO cross_signing_key (account, usage, json) VALUES ($1, $2, $3)
		ON CONFLICT (account, usage) DO UPDATE SET json = excluded.json`, a, usage, []byte(key))
	return err
}

// LastMasterKey implements device.Disk.
func (db *DB) LastMasterKey(v stream.View, a account.No) (m device.MasterKey, ok bool, err error) {
	err = in(v).row(`
		SELECT seq, public_key, previous, pos, json FROM master_key WHERE account = $1 ORDER BY seq DESC LIMIT 1`, a).
		Scan(&m.Seq, &m.PublicKey, &m.Previous, &m.Pos, (*[]byte)(&m.JSON))
	ok, err = found(err)
	return m, ok, err
}

// AddMasterKey implements device.Disk.
func (db *DB) AddMasterKey(u stream.Unit, a account.No, m device.MasterKey) error {
	_, err := in(u).exec(`
		INSERT INTO master_key (account, seq, public_key, previous, pos, json) VALUES ($1, $2, $3, $4, $5, $6)`,
		a, m.Seq, m.PublicKey, m.Previous, m.Pos, []byte(m.JSON))
	return err
}

// Signatures implements device.Disk.
func (db *DB) Signatures(v stream.View, owner, reader mxid.User) ([]device.Signature, error) {
	rows, err := in(v).query(`
		SELECT key_signature.target, key_signature.signer, key_signature.key_id, key_signature.signature
		FROM account JOIN key_signature ON key_signature.account = account.no
		WHERE account.id = $1 AND key_signature.signer IN ($1, $2)`, owner, reader)
	return collect(rows, err, func(rows *sql.Rows) (s device.Signature, err error) {
		return s, rows.Scan(&s.Target, &s.Signer, &s.KeyID, &s.Signature)
	})
}

// AddSignature implements device.Disk.
func (db *DB) AddSignature(u stream.Unit, a account.No, s device.Signature, pos stream.Position) error {
	_, err := in(u).exec(`
		INSERT INTO key_signature (account, target, signer, key_id, signature, pos) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account, target, signer, key_id) DO UPDATE SET signature = excluded.signature, pos = excluded.pos`,
		a, s.Target, s.Signer, s.KeyID, s.Signature, pos)
	return err
}

// DropSignatures implements device.Disk.
func (db *DB) DropSignatures(u stream.Unit, a account.No, owner mxid.User, target, keyID string) error {
	_, err := in(u).exec(`
		DELETE FROM key_signature WHERE account = $1 AND (target = $2 OR signer = $3 AND key_id = $4)`,
		a, target, owner, keyID)
	return err
}
