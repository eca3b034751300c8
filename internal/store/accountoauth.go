package store

import (
	"time"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// OAuthClient implements account.ClientDisk.
func (db *DB) OAuthClient(v stream.View, id string) (metadata []byte, ok bool, err error) {
	err = in(v).row(`SELECT metadata FROM oauth_client WHERE id = $1`, id).Scan(&metadata)
	ok, err = found(err)
	return metadata, ok, err
}

// PutOAuthClient implements account.ClientDisk.
func (db *DB) PutOAuthClient(u stream.Unit, id string, metadata []byte) error {
	_, err := in(u).exec(`
		INSERT INTO oauth_client (id, metadata, made_ms, approved_day) VALUES ($1, $2, $3, 0)
		ON CONFLICT (id) DO UPDATE SET made_ms = excluded.made_ms`, id, metadata, u.Now().UnixMilli())
	return err
}

// ApproveOAuthClient implements account.ClientDisk.
func (db *DB) ApproveOAuthClient(u stream.Unit, id string) error {
	_, err := in(u).exec(`UPDATE oauth_client SET approved_day = $2 WHERE id = $1`, id, day(u.Now()))
	return err
}

// TrimOAuthClients implements account.ClientDisk.
func (db *DB) TrimOAuthClients(u stream.Unit, keep int) error {
	_, err := in(u).exec(`
		DELETE FROM oauth_client WHERE approved_day = 0 AND made_ms <= (
			SELECT made_ms FROM oauth_client WHERE approved_day = 0 ORDER BY made_ms DESC LIMIT 1 OFFSET $1)`, keep)
	return err
}

// DropOAuthClients implements account.ClientDisk.
func (db *DB) DropOAuthClients(u stream.Unit, made time.Time, approved int64) error {
	_, err := in(u).exec(`
		DELETE FROM oauth_client WHERE (approved_day = 0 AND made_ms < $1 OR approved_day > 0 AND approved_day < $2)
			AND NOT EXISTS (SELECT 1 FROM device WHERE device.client = oauth_client.id)`, made.UnixMilli(), approved)
	return err
}

// OAuthCode implements account.CodeDisk.
func (db *DB) OAuthCode(v stream.View, hash [32]byte) (c account.Code, ok bool, err error) {
	err = in(v).row(`
		SELECT account.no, account.id, account.password, account.closed, client, redirect_uri, challenge, scope, until_ms, device
		FROM oauth_code JOIN account ON account.no = oauth_code.account WHERE hash = $1`, hash[:]).
		Scan(&c.Person.No, &c.Person.User, &c.Person.Password, &c.Person.Closed, &c.Client, &c.RedirectURI, &c.Challenge, &c.Scope, &c.UntilMS, &c.Device)
	ok, err = found(err)
	return c, ok, err
}

// AddOAuthCode implements account.CodeDisk.
func (db *DB) AddOAuthCode(u stream.Unit, hash [32]byte, c account.Code) error {
	_, err := in(u).exec(`
		INSERT INTO oauth_code (hash, account, client, redirect_uri, challenge, scope, until_ms, device) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		hash[:], int64(c.Person.No), c.Client, c.RedirectURI, c.Challenge, c.Scope, c.UntilMS)
	return err
}

// UseOAuthCode implements account.CodeDisk.
func (db *DB) UseOAuthCode(u stream.Unit, hash [32]byte, d account.DeviceNo) error {
	// An earlier code of the same device ends nothing any more when it comes again.
	if _, err := in(u).exec(`DELETE FROM oauth_code WHERE device = $1`, int64(d)); err != nil {
		return err
	}
	_, err := in(u).exec(`UPDATE oauth_code SET device = $2 WHERE hash = $1`, hash[:], int64(d))
	return err
}

// DropOAuthCode implements account.CodeDisk.
func (db *DB) DropOAuthCode(u stream.Unit, hash [32]byte) error {
	_, err := in(u).exec(`DELETE FROM oauth_code WHERE hash = $1`, hash[:])
	return err
}

// EndOAuthCodes implements account.CodeDisk.
func (db *DB) EndOAuthCodes(u stream.Unit, a account.No) error {
	_, err := in(u).exec(`DELETE FROM oauth_code WHERE account = $1 AND device = 0`, int64(a))
	return err
}

// DropOAuthCodes implements account.CodeDisk.
func (db *DB) DropOAuthCodes(u stream.Unit, before time.Time) error {
	_, err := in(u).exec(`DELETE FROM oauth_code WHERE until_ms < $1`, before.UnixMilli())
	return err
}

// ClientOf implements account.CodeDisk.
func (db *DB) ClientOf(v stream.View, d account.DeviceNo) (client string, err error) {
	err = in(v).row(`SELECT client FROM device WHERE no = $1`, int64(d)).Scan(&client)
	_, err = found(err)
	return client, err
}
