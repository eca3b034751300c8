package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/desk"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

var _ desk.Disk = (*DB)(nil)

// Founder implements desk.Disk.
func (db *DB) Founder(v stream.View) (user mxid.User, ok bool, err error) {
	err = in(v).row(`SELECT id FROM account WHERE no = (SELECT min(no) FROM account WHERE service = '' AND NOT closed)`).Scan(&user)
	ok, err = found(err)
	return user, ok, err
}

// AddWarrant implements desk.Disk.
func (db *DB) AddWarrant(u stream.Unit, w desk.Warrant) error {
	_, err := in(u).exec(`INSERT INTO warrant (hash, head, text, by_account, asked, entry) VALUES ($1, $2, $3, $4, $5, $6)`,
		w.Hash, w.Head, w.Text, int64(w.By), u.Now().Unix(), w.Entry)
	return err
}

// SetEntry implements desk.Disk.
func (db *DB) SetEntry(u stream.Unit, hash string, entry int64) error {
	if _, err := in(u).exec(`UPDATE warrant SET entry = $2 WHERE hash = $1`, hash, entry); err != nil {
		return err
	}
	_, err := in(u).exec(`DELETE FROM warrant_approval WHERE warrant = $1`, hash) // the ledger has them
	return err
}

const warrants = `SELECT hash, head, text, by_account, entry FROM warrant `

func aWarrant(r interface{ Scan(...any) error }) (w desk.Warrant, err error) {
	return w, r.Scan(&w.Hash, &w.Head, &w.Text, (*int64)(&w.By), &w.Entry)
}

func warrantRow(r *sql.Rows) (desk.Warrant, error) { return aWarrant(r) }

// Warrant implements desk.Disk.
func (db *DB) Warrant(v stream.View, hash string) (w desk.Warrant, ok bool, err error) {
	w, err = aWarrant(in(v).row(warrants+`WHERE hash = $1`, hash))
	ok, err = found(err)
	return w, ok, err
}

// WarrantOf implements desk.Disk.
func (db *DB) WarrantOf(v stream.View, entry int64) (w desk.Warrant, ok bool, err error) {
	w, err = aWarrant(in(v).row(warrants+`WHERE entry = $1 AND entry >= 0`, entry))
	ok, err = found(err)
	return w, ok, err
}

// Warrants implements desk.Disk.
func (db *DB) Warrants(v stream.View, before string, limit int) ([]desk.Warrant, error) {
	rows, err := in(v).query(warrants+`
		WHERE $1 = '' OR asked < (SELECT asked FROM warrant WHERE hash = $1) OR asked = (SELECT asked FROM warrant WHERE hash = $1) AND hash < $1
		ORDER BY asked DESC, hash DESC LIMIT $2`, before, limit)
	return collect(rows, err, warrantRow)
}

// AllWarrants implements desk.AuditDisk.
func (db *DB) AllWarrants(v stream.View) ([]desk.Warrant, error) {
	rows, err := in(v).query(warrants + `ORDER BY asked, hash`)
	return collect(rows, err, warrantRow)
}

// AllNotices implements desk.AuditDisk.
func (db *DB) AllNotices(v stream.View) (map[string][]account.No, error) {
	type one struct {
		warrant string
		to      account.No
	}
	rows, err := in(v).query(`SELECT warrant, account FROM warrant_notice ORDER BY warrant, account`)
	all, err := collect(rows, err, func(r *sql.Rows) (o one, err error) { return o, r.Scan(&o.warrant, (*int64)(&o.to)) })
	told := map[string][]account.No{}
	for _, o := range all {
		told[o.warrant] = append(told[o.warrant], o.to)
	}
	return told, err
}

// OpenBy implements desk.Disk.
func (db *DB) OpenBy(v stream.View, who account.No) (n int, err error) {
	err = in(v).row(`SELECT count(*) FROM warrant WHERE by_account = $1 AND entry < 0`, int64(who)).Scan(&n)
	return n, err
}

// DropOpen implements desk.Disk.
func (db *DB) DropOpen(u stream.Unit, asked int64) error {
	const old = `(SELECT hash FROM warrant WHERE entry < 0 AND asked < $1)`
	for _, text := range []string{
		`DELETE FROM warrant_approval WHERE warrant IN ` + old, `DELETE FROM warrant_word WHERE warrant IN ` + old, `DELETE FROM warrant WHERE entry < 0 AND asked < $1`,
	} {
		if _, err := in(u).exec(text, asked); err != nil {
			return err
		}
	}
	return nil
}

// AddApproval implements desk.Disk.
func (db *DB) AddApproval(u stream.Unit, hash, key, signature string) error {
	_, err := in(u).exec(`INSERT INTO warrant_approval (warrant, key, signature) VALUES ($1, $2, $3)`, hash, key, signature)
	return err
}

// Approvals implements desk.Disk.
func (db *DB) Approvals(v stream.View, hash string) ([]string, error) {
	rows, err := in(v).query(`SELECT signature FROM warrant_approval WHERE warrant = $1 ORDER BY key`, hash)
	return collect(rows, err, scanOne[string])
}

// AddWord implements desk.Disk.
func (db *DB) AddWord(u stream.Unit, hash string, w desk.Word) error {
	_, err := in(u).exec(`
		INSERT INTO warrant_word (warrant, seq, at_ms, by_account, refused, text)
		VALUES ($1, (SELECT count(*) + 1 FROM warrant_word WHERE warrant = $1), $2, $3, $4, $5)`, hash, w.At, int64(w.By), w.Refused, w.Text)
	return err
}

// Words implements desk.Disk.
func (db *DB) Words(v stream.View, hash string) ([]desk.Word, error) {
	rows, err := in(v).query(`
		SELECT at_ms, by_account, account.id, refused, text FROM warrant_word JOIN account ON account.no = by_account WHERE warrant = $1 ORDER BY seq`, hash)
	return collect(rows, err, func(r *sql.Rows) (w desk.Word, err error) {
		return w, r.Scan(&w.At, (*int64)(&w.By), &w.User, &w.Refused, &w.Text)
	})
}

// AddNotice implements desk.Disk.
func (db *DB) AddNotice(u stream.Unit, to account.No, hash string, at int64) error {
	_, err := in(u).exec(`INSERT INTO warrant_notice (account, warrant, at_ms) VALUES ($1, $2, $3) ON CONFLICT (account, warrant) DO UPDATE SET at_ms = $3`, int64(to), hash, at)
	return err
}

// Notices implements desk.Disk.
func (db *DB) Notices(v stream.View, to account.No, limit int) ([]desk.Warrant, error) {
	rows, err := in(v).query(`
		SELECT hash, head, text, by_account, entry FROM warrant JOIN warrant_notice ON warrant_notice.warrant = warrant.hash
		WHERE warrant_notice.account = $1 ORDER BY warrant_notice.at_ms DESC, hash LIMIT $2`, int64(to), limit)
	return collect(rows, err, warrantRow)
}

// Noticed implements desk.Disk.
func (db *DB) Noticed(v stream.View, to account.No, hash string) (is bool, err error) {
	err = in(v).row(`SELECT EXISTS (SELECT 1 FROM warrant_notice WHERE account = $1 AND warrant = $2)`, int64(to), hash).Scan(&is)
	return is, err
}

// LogKey implements desk.Disk.
func (db *DB) LogKey(v stream.View, of account.No) (key []byte, used int64, ok bool, err error) {
	err = in(v).row(`SELECT key, used FROM log_key WHERE account = $1`, int64(of)).Scan(&key, &used)
	ok, err = found(err)
	return key, used, ok, err
}

// SetLogKey implements desk.Disk.
func (db *DB) SetLogKey(u stream.Unit, of account.No, key []byte, used int64) error {
	_, err := in(u).exec(`INSERT INTO log_key (account, key, used) VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET used = $3`, int64(of), key, used)
	return err
}

// AddSuspension implements account.SuspensionDisk.
func (db *DB) AddSuspension(u stream.Unit, of account.No, s account.Suspension) error {
	_, err := in(u).exec(`INSERT INTO suspension (account, entry, until_ms) VALUES ($1, $2, $3)`, int64(of), s.Entry, s.UntilMS)
	return err
}

// EndSuspension implements account.SuspensionDisk.
func (db *DB) EndSuspension(u stream.Unit, of account.No, entry int64) (ended bool, err error) {
	n, err := in(u).exec(`DELETE FROM suspension WHERE account = $1 AND entry = $2`, int64(of), entry)
	return n > 0, err
}

// Suspensions implements account.SuspensionDisk.
func (db *DB) Suspensions(v stream.View) ([]account.Suspension, error) {
	rows, err := in(v).query(`SELECT account.id, suspension.entry, suspension.until_ms FROM suspension LEFT JOIN account ON account.no = suspension.account ORDER BY suspension.entry`)
	return collect(rows, err, func(r *sql.Rows) (s account.Suspension, err error) {
		var user sql.NullString
		err = r.Scan(&user, &s.Entry, &s.UntilMS)
		s.User = mxid.User(user.String)
		return s, err
	})
}

// SuspendedUntil implements account.SuspensionDisk.
func (db *DB) SuspendedUntil(v stream.View, of account.No) (ms int64, err error) {
	err = in(v).row(`SELECT coalesce(max(until_ms), 0) FROM suspension WHERE account = $1`, int64(of)).Scan(&ms)
	return ms, err
}
