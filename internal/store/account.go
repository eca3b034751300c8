package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// PersonByID implements account.PeopleDisk.
func (db *DB) PersonByID(v stream.View, user mxid.User) (p account.Person, ok bool, err error) {
	p.User = user
	err = in(v).row(`SELECT no, password, closed, service FROM account WHERE id = $1`, string(user)).Scan(&p.No, &p.Password, &p.Closed, &p.Service)
	ok, err = found(err)
	return p, ok, err
}

// AnyPerson implements account.PeopleDisk.
func (db *DB) AnyPerson(v stream.View) (any bool, err error) {
	err = in(v).row(`SELECT EXISTS (SELECT 1 FROM account WHERE service = '')`).Scan(&any)
	return any, err
}

// AddPerson implements account.PeopleDisk.
func (db *DB) AddPerson(u stream.Unit, user mxid.User, password string) (no account.No, err error) {
	t := in(u)
	t.wrote = true
	err = t.row(`
		INSERT INTO account (id, password, created_day, closed, keys_pos) VALUES ($1, $2, $3, $4, 0) RETURNING no`,
		string(user), password, day(u.Now()), false).Scan(&no)
	return no, err
}

// SetPassword implements account.PeopleDisk.
func (db *DB) SetPassword(u stream.Unit, a account.No, password string) error {
	_, err := in(u).exec(`UPDATE account SET password = $2 WHERE no = $1`, int64(a), password)
	return err
}

// ClosePerson implements account.PeopleDisk.
func (db *DB) ClosePerson(u stream.Unit, a account.No) error {
	if _, err := in(u).exec(`UPDATE account SET password = '', closed = $2 WHERE no = $1`, int64(a), true); err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM profile WHERE account = $1`,
		`DELETE FROM account_data WHERE account = $1`,
		`DELETE FROM filter WHERE account = $1`,
		`DELETE FROM pusher WHERE account = $1`,
		`DELETE FROM push WHERE account = $1`,
		`DELETE FROM backup_key WHERE account = $1`,
		`DELETE FROM backup_version WHERE account = $1`,
		`DELETE FROM cross_signing_key WHERE account = $1`,
		`DELETE FROM key_signature WHERE account = $1`,
		`DELETE FROM receipt WHERE account = $1`,
		`DELETE FROM delayed_event WHERE account = $1`,
		`DELETE FROM thread_subscription WHERE account = $1`,
		`DELETE FROM forgotten WHERE account = $1`,
		`DELETE FROM invitation WHERE account = $1`,
		`DELETE FROM oauth_code WHERE account = $1`,
		`DELETE FROM passkey WHERE account = $1`,
		`DELETE FROM mail_proof WHERE digest = (SELECT digest FROM mail_address WHERE account = $1)`,
		`DELETE FROM mail_address WHERE account = $1`,
	} {
		if _, err := in(u).exec(q, int64(a)); err != nil {
			return err
		}
	}
	return nil
}

// Lingering implements account.PeopleDisk.
func (db *DB) Lingering(v stream.View) ([]account.Session, error) {
	rows, err := in(v).query(`
		SELECT id, no FROM account WHERE closed AND EXISTS (SELECT 1 FROM state
			WHERE state.state_key = account.id AND state.type = 'm.room.member' AND state.until = 9223372036854775807
			AND state.membership IN ('join', 'invite', 'knock')) ORDER BY no`)
	return collect(rows, err, func(r *sql.Rows) (s account.Session, err error) {
		return s, r.Scan(&s.User, &s.Account)
	})
}

// TokenSession implements account.SessionDisk.
func (db *DB) TokenSession(v stream.View, hash [32]byte) (h account.Holder, ok bool, err error) {
	err = in(v).row(`
		SELECT account.id, account.no, device.id, device.no, device.seen_day, account.service, token.pair, token.used, token.until_ms,
			(SELECT coalesce(max(until_ms), 0) FROM suspension WHERE suspension.account = account.no)
		FROM token JOIN device ON device.no = token.device JOIN account ON account.no = device.account
		WHERE token.hash = $1 AND NOT token.refresh`, hash[:]).
		Scan(&h.User, &h.Account, &h.Device, &h.DeviceNo, &h.SeenDay, &h.Service, &h.Pair, &h.Used, &h.UntilMS, &h.SuspendedMS)
	ok, err = found(err)
	return h, ok, err
}

// TokenLives implements account.SessionDisk.
func (db *DB) TokenLives(v stream.View, d account.DeviceNo, token account.Token) (lives bool, err error) {
	err = in(v).row(`SELECT EXISTS (SELECT 1 FROM token WHERE device = $1 AND (hash = $2 OR pair > $3))`, int64(d), token.Hash[:], token.Pair).Scan(&lives)
	return lives, err
}

// RefreshSession implements account.SessionDisk.
func (db *DB) RefreshSession(v stream.View, hash [32]byte) (s account.Session, pair int64, ok bool, err error) {
	err = in(v).row(`
		SELECT account.id, account.no, device.id, device.no, account.service, token.pair
		FROM token JOIN device ON device.no = token.device JOIN account ON account.no = device.account
		WHERE token.hash = $1 AND token.refresh`, hash[:]).
		Scan(&s.User, &s.Account, &s.Device, &s.DeviceNo, &s.Service, &pair)
	ok, err = found(err)
	return s, pair, ok, err
}

// AddTokens implements account.SessionDisk.
func (db *DB) AddTokens(u stream.Unit, d account.DeviceNo, p account.Pair) error {
	const add = `INSERT INTO token (hash, device, refresh, pair, used, until_ms) VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := in(u).exec(add, p.Access[:], int64(d), false, p.No, false, p.UntilMS); err != nil || p.Refresh == nil {
		return err
	}
	_, err := in(u).exec(add, p.Refresh[:], int64(d), true, p.No, false, int64(account.Forever))
	return err
}

// UsePair implements account.SessionDisk.
func (db *DB) UsePair(u stream.Unit, d account.DeviceNo, pair int64) error {
	t := in(u)
	if _, err := t.exec(`UPDATE token SET used = $3 WHERE device = $1 AND pair = $2`, int64(d), pair, true); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM token WHERE device = $1 AND pair < $2`, int64(d), pair); err != nil {
		return err
	}
	return db.SawDevice(u, d)
}

// DropPairsAfter implements account.SessionDisk.
func (db *DB) DropPairsAfter(u stream.Unit, d account.DeviceNo, pair int64) error {
	_, err := in(u).exec(`DELETE FROM token WHERE device = $1 AND pair > $2`, int64(d), pair)
	return err
}

// DropTokens implements account.SessionDisk.
func (db *DB) DropTokens(u stream.Unit, d account.DeviceNo) error {
	_, err := in(u).exec(`DELETE FROM token WHERE device = $1`, int64(d))
	return err
}

// SetSignIn implements account.SessionDisk.
func (db *DB) SetSignIn(u stream.Unit, d account.DeviceNo, mark [32]byte, client string) error {
	_, err := in(u).exec(`UPDATE device SET sign_in = $2, client = $3 WHERE no = $1`, int64(d), mark[:], client)
	return err
}

// SignedIn implements account.SessionDisk.
func (db *DB) SignedIn(v stream.View, mark [32]byte) (s account.Session, ok bool, err error) {
	err = in(v).row(`
		SELECT account.id, account.no, device.id, device.no
		FROM device JOIN account ON account.no = device.account
		WHERE device.sign_in = $1`, mark[:]).
		Scan(&s.User, &s.Account, &s.Device, &s.DeviceNo)
	ok, err = found(err)
	return s, ok, err
}
