package store

import (
	"database/sql"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// AddInvitation implements account.InvitationDisk.
func (db *DB) AddInvitation(u stream.Unit, hash [32]byte, i account.Invitation) error {
	_, err := in(u).exec(`
		INSERT INTO invitation (hash, account, note, uses_left, until_ms, made_day, first) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		hash[:], int64(i.By), i.Note, i.Uses, i.Until.UnixMilli(), day(u.Now()), i.First)
	return err
}

// Invitation implements account.InvitationDisk.
func (db *DB) Invitation(v stream.View, hash [32]byte) (i account.Invitation, ok bool, err error) {
	var until int64
	err = in(v).row(`SELECT account, note, uses_left, until_ms, first FROM invitation WHERE hash = $1`, hash[:]).
		Scan(&i.By, &i.Note, &i.Uses, &until, &i.First)
	i.Until = time.UnixMilli(until)
	ok, err = found(err)
	return i, ok, err
}

// UseInvitation implements account.InvitationDisk.
func (db *DB) UseInvitation(u stream.Unit, hash [32]byte) error {
	_, err := in(u).exec(`UPDATE invitation SET uses_left = uses_left - 1 WHERE hash = $1`, hash[:])
	return err
}

// InvitedToday implements account.InvitationDisk.
func (db *DB) InvitedToday(u stream.Unit, by account.No) (n int, err error) {
	err = in(u).row(`SELECT count(*) FROM invitation WHERE account = $1 AND made_day = $2`, int64(by), day(u.Now())).Scan(&n)
	return n, err
}

// DropEndedInvitations implements account.InvitationDisk.
func (db *DB) DropEndedInvitations(u stream.Unit) error {
	_, err := in(u).exec(`DELETE FROM invitation WHERE until_ms <= $1`, u.Now().UnixMilli())
	return err
}

// DropFirstInvitations implements account.InvitationDisk.
func (db *DB) DropFirstInvitations(u stream.Unit) error {
	_, err := in(u).exec(`DELETE FROM invitation WHERE first`)
	return err
}

// InvitationsBy implements account.InvitationDisk.
func (db *DB) InvitationsBy(v stream.View, by account.No) ([]account.KeptInvitation, error) {
	rows, err := in(v).query(`
		SELECT hash, account, note, uses_left, until_ms, first FROM invitation WHERE account = $1 ORDER BY until_ms, hash`, int64(by))
	return collect(rows, err, func(rows *sql.Rows) (k account.KeptInvitation, err error) {
		var hash []byte
		var until int64
		err = rows.Scan(&hash, &k.By, &k.Note, &k.Uses, &until, &k.First)
		copy(k.Hash[:], hash)
		k.Until = time.UnixMilli(until)
		return k, err
	})
}

// EndInvitation implements account.InvitationDisk.
func (db *DB) EndInvitation(u stream.Unit, hash [32]byte) error {
	_, err := in(u).exec(`UPDATE invitation SET uses_left = 0, note = '' WHERE hash = $1`, hash[:])
	return err
}
