package store

import (
	"database/sql"
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/mail"
	"wardroom/internal/stream"
)

var _ mail.Disk = (*DB)(nil)

// AddressOf implements mail.Disk.
func (db *DB) AddressOf(v stream.View, p mail.Person) (to mail.Address, ok bool, err error) {
	err = in(v).row(`SELECT address, language FROM mail_address WHERE account = $1`, int64(p)).Scan(&to.Mail, &to.Language)
	ok, err = found(err)
	return to, ok, err
}

// AddLetter implements mail.Disk.
func (db *DB) AddLetter(u stream.Unit, l mail.Letter) error {
	detail, err := json.Marshal(l.Values)
	if err != nil {
		return err
	}
	_, err = in(u).exec(`
		INSERT INTO outbox (id, address, language, kind, detail, tries, due_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		l.ID, l.To.Mail, l.To.Language, string(l.Kind), detail, l.Tries, l.DueMS, l.UntilMS)
	return err
}

// DueLetters implements mail.Disk.
func (db *DB) DueLetters(v stream.View, now int64, limit int) ([]mail.Letter, error) {
	rows, err := in(v).query(`
		SELECT id, address, language, kind, detail, tries, due_ms, until_ms FROM outbox WHERE due_ms <= $1 ORDER BY due_ms, id LIMIT $2`, now, limit)
	return collect(rows, err, func(r *sql.Rows) (l mail.Letter, err error) {
		var detail []byte
		if err := r.Scan(&l.ID, &l.To.Mail, &l.To.Language, &l.Kind, &detail, &l.Tries, &l.DueMS, &l.UntilMS); err != nil {
			return l, err
		}
		return l, json.Unmarshal(detail, &l.Values)
	})
}

// NextLetter implements mail.Disk.
func (db *DB) NextLetter(v stream.View) (due int64, ok bool, err error) {
	err = in(v).row(`SELECT due_ms FROM outbox ORDER BY due_ms LIMIT 1`).Scan(&due)
	ok, err = found(err)
	return due, ok, err
}

// DelayLetter implements mail.Disk.
func (db *DB) DelayLetter(u stream.Unit, id string, due int64) error {
	_, err := in(u).exec(`UPDATE outbox SET tries = tries + 1, due_ms = $2 WHERE id = $1`, id, due)
	return err
}

// DropLetter implements mail.Disk.
func (db *DB) DropLetter(u stream.Unit, id string) error {
	_, err := in(u).exec(`DELETE FROM outbox WHERE id = $1`, id)
	return err
}

// DropLettersUntil implements mail.Disk.
func (db *DB) DropLettersUntil(u stream.Unit, now int64) error {
	_, err := in(u).exec(`DELETE FROM outbox WHERE until_ms <= $1`, now)
	return err
}

// OwnAddress implements account.MailDisk.
func (db *DB) OwnAddress(v stream.View, a account.No) (is account.MailAddress, ok bool, err error) {
	err = in(v).row(`SELECT address, language, digest, added_day FROM mail_address WHERE account = $1`, int64(a)).
		Scan(&is.Mail, &is.Language, &is.Digest, &is.AddedDay)
	ok, err = found(err)
	return is, ok, err
}

// HasAddress implements account.MailDisk.
func (db *DB) HasAddress(v stream.View, digest []byte) (p account.Person, is account.MailAddress, ok bool, err error) {
	err = in(v).row(`
		SELECT account.no, account.id, account.password, account.closed, account.service,
			mail_address.address, mail_address.language, mail_address.digest, mail_address.added_day
		FROM mail_address JOIN account ON account.no = mail_address.account WHERE mail_address.digest = $1`, digest).
		Scan(&p.No, &p.User, &p.Password, &p.Closed, &p.Service, &is.Mail, &is.Language, &is.Digest, &is.AddedDay)
	ok, err = found(err)
	return p, is, ok, err
}

// AddAddress implements account.MailDisk.
func (db *DB) AddAddress(u stream.Unit, a account.No, is account.MailAddress) error {
	_, err := in(u).exec(`INSERT INTO mail_address (account, digest, address, language, added_day) VALUES ($1, $2, $3, $4, $5)`,
		int64(a), is.Digest, is.Mail, is.Language, day(u.Now()))
	return err
}

// DropAddress implements account.MailDisk.
func (db *DB) DropAddress(u stream.Unit, a account.No) error {
	if _, err := in(u).exec(`DELETE FROM mail_proof WHERE digest = (SELECT digest FROM mail_address WHERE account = $1)`, int64(a)); err != nil {
		return err
	}
	_, err := in(u).exec(`DELETE FROM mail_address WHERE account = $1`, int64(a))
	return err
}

const proofColumns = `SELECT sid, purpose, secret, digest, address, language, token, attempt, proven, until_ms FROM mail_proof `

func (t *tx) proof(q string, args ...any) (p account.MailProof, ok bool, err error) {
	err = t.row(q, args...).Scan(&p.SID, &p.Purpose, &p.Secret, &p.Digest, &p.Mail, &p.Language, &p.Token, &p.Attempt, &p.Proven, &p.UntilMS)
	ok, err = found(err)
	return p, ok, err
}

// MailProof implements account.MailDisk.
func (db *DB) MailProof(v stream.View, sid string) (p account.MailProof, ok bool, err error) {
	return in(v).proof(proofColumns+`WHERE sid = $1`, sid)
}

// MailProofFor implements account.MailDisk.
func (db *DB) MailProofFor(v stream.View, purpose string, digest, secret []byte) (p account.MailProof, ok bool, err error) {
	return in(v).proof(proofColumns+`WHERE digest = $1 AND secret = $2 AND purpose = $3 LIMIT 1`, digest, secret, purpose)
}

// PutMailProof implements account.MailDisk.
func (db *DB) PutMailProof(u stream.Unit, p account.MailProof) error {
	_, err := in(u).exec(`
		INSERT INTO mail_proof (sid, purpose, secret, digest, address, language, token, attempt, proven, until_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (sid) DO UPDATE SET token = excluded.token, attempt = excluded.attempt, proven = excluded.proven, until_ms = excluded.until_ms`,
		p.SID, p.Purpose, p.Secret, p.Digest, p.Mail, p.Language, append([]byte{}, p.Token...), p.Attempt, p.Proven, p.UntilMS) // never NULL
	return err
}

// DropMailProofs implements account.MailDisk.
func (db *DB) DropMailProofs(u stream.Unit, digest []byte) error {
	_, err := in(u).exec(`DELETE FROM mail_proof WHERE digest = $1`, digest)
	return err
}

// Asleep implements account.MailDisk.
func (db *DB) Asleep(v stream.View, a account.No) (d account.DeviceNo, ok bool, err error) {
	err = in(v).row(`SELECT device FROM dehydrated_device WHERE account = $1`, int64(a)).Scan(&d)
	ok, err = found(err)
	return d, ok, err
}

// DropEndedMailProofs implements account.MailDisk.
func (db *DB) DropEndedMailProofs(u stream.Unit) error {
	_, err := in(u).exec(`DELETE FROM mail_proof WHERE until_ms <= $1`, u.Now().UnixMilli())
	return err
}
