package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/casework"
	"wardroom/internal/stream"
)

// First implements casework.Disk.
func (db *DB) First(v stream.View) ([]casework.Party, error) {
	rows, err := in(v).query(`
		SELECT no, id FROM account WHERE no = (SELECT min(no) FROM account WHERE service = '' AND NOT closed)`)
	return collect(rows, err, func(r *sql.Rows) (p casework.Party, err error) { return p, r.Scan(&p.No, &p.User) })
}

// AddCase implements casework.Disk.
func (db *DB) AddCase(u stream.Unit, c casework.Case) error {
	_, err := in(u).exec(`
		INSERT INTO complaint (no, room, event, person, reporter, in_charge, opened_ms, due_ms, changed_ms, state, outcome, appealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.No, c.About.Room, c.About.Event, c.About.Person, c.Reporter.No, c.InCharge.No, c.Opened, c.Due, c.Changed, c.State, c.Outcome, c.Appealed)
	return err
}

// SetCase implements casework.Disk.
func (db *DB) SetCase(u stream.Unit, c casework.Case) error {
	_, err := in(u).exec(`UPDATE complaint SET in_charge = $2, due_ms = $3, changed_ms = $4, state = $5, outcome = $6, appealed = $7 WHERE no = $1`,
		c.No, c.InCharge.No, c.Due, c.Changed, c.State, c.Outcome, c.Appealed)
	return err
}

const complaints = `
	SELECT complaint.no, complaint.room, complaint.event, complaint.person, complaint.reporter, reporter.id, complaint.in_charge, coalesce(charged.id, ''),
		complaint.opened_ms, complaint.due_ms, complaint.changed_ms, complaint.state, complaint.outcome, complaint.appealed
	FROM complaint JOIN account reporter ON reporter.no = complaint.reporter LEFT JOIN account charged ON charged.no = complaint.in_charge`

func complaint(r interface{ Scan(...any) error }) (c casework.Case, err error) {
	return c, r.Scan(&c.No, &c.About.Room, &c.About.Event, &c.About.Person, &c.Reporter.No, &c.Reporter.User, &c.InCharge.No, &c.InCharge.User,
		&c.Opened, &c.Due, &c.Changed, &c.State, &c.Outcome, &c.Appealed)
}

// Case implements casework.Disk.
func (db *DB) Case(v stream.View, no casework.No) (c casework.Case, ok bool, err error) {
	c, err = complaint(in(v).row(complaints+` WHERE complaint.no = $1`, no))
	ok, err = found(err)
	return c, ok, err
}

// CasesOf implements casework.Disk.
func (db *DB) CasesOf(v stream.View, who account.No, before casework.Case, limit int) ([]casework.Case, error) {
	rows, err := in(v).query(complaints+`
		WHERE complaint.no IN (SELECT no FROM complaint WHERE reporter = $1
			UNION SELECT no FROM complaint WHERE in_charge = $1
			UNION SELECT complaint FROM complaint_step WHERE by_account = $1)
		AND (CAST($2 AS BIGINT) = 0 OR complaint.opened_ms < $3 OR complaint.opened_ms = $3 AND complaint.no < $2)
		ORDER BY complaint.opened_ms DESC, complaint.no DESC LIMIT $4`, who, before.No, before.Opened, limit)
	return collect(rows, err, func(r *sql.Rows) (casework.Case, error) { return complaint(r) })
}

// Adrift implements casework.Disk.
func (db *DB) Adrift(v stream.View) ([]casework.Case, error) {
	rows, err := in(v).query(complaints + ` WHERE complaint.state = 'open' AND (complaint.in_charge = 0 OR charged.closed) ORDER BY complaint.opened_ms`)
	return collect(rows, err, func(r *sql.Rows) (casework.Case, error) { return complaint(r) })
}

// OpenedSince implements casework.Disk.
func (db *DB) OpenedSince(v stream.View, who account.No, since int64) (n int, err error) {
	err = in(v).row(`SELECT count(*) FROM complaint WHERE reporter = $1 AND opened_ms > $2`, who, since).Scan(&n)
	return n, err
}

// AddStep implements casework.Disk.
func (db *DB) AddStep(u stream.Unit, no casework.No, s casework.Step) error {
	_, err := in(u).exec(`
		INSERT INTO complaint_step (complaint, seq, at_ms, by_account, did, to_account, outcome, text)
		VALUES ($1, (SELECT count(*) + 1 FROM complaint_step WHERE complaint = $1), $2, $3, $4, $5, $6, $7)`, no, s.At, s.By.No, s.Did, s.To.No, s.Outcome, s.Text)
	return err
}

// Steps implements casework.Disk.
func (db *DB) Steps(v stream.View, no casework.No) ([]casework.Step, error) {
	rows, err := in(v).query(`
		SELECT at_ms, by_account, coalesce(actor.id, ''), did, to_account, coalesce(target.id, ''), outcome, text
		FROM complaint_step LEFT JOIN account actor ON actor.no = by_account LEFT JOIN account target ON target.no = to_account
		WHERE complaint = $1 ORDER BY seq`, no)
	return collect(rows, err, func(r *sql.Rows) (s casework.Step, err error) {
		return s, r.Scan(&s.At, &s.By.No, &s.By.User, &s.Did, &s.To.No, &s.To.User, &s.Outcome, &s.Text)
	})
}

// DropCases implements casework.Disk.
func (db *DB) DropCases(u stream.Unit, before int64) error {
	if _, err := in(u).exec(`DELETE FROM complaint_step WHERE complaint IN (SELECT no FROM complaint WHERE state <> 'open' AND changed_ms < $1)`, before); err != nil {
		return err
	}
	_, err := in(u).exec(`DELETE FROM complaint WHERE state <> 'open' AND changed_ms < $1`, before)
	return err
}
