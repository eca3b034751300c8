package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/service"
	"wardroom/internal/stream"
)

var _ service.Disk = (*DB)(nil)

// AddServiceAccount implements account.ServiceDisk.
func (db *DB) AddServiceAccount(u stream.Unit, user mxid.User, of string) (account.No, error) {
	no, err := db.AddPerson(u, user, "")
	if err == nil {
		_, err = in(u).exec(`UPDATE account SET service = $2 WHERE no = $1`, int64(no), of)
	}
	return no, err
}

// SawDevice implements account.ServiceDisk.
func (db *DB) SawDevice(u stream.Unit, d account.DeviceNo) error {
	_, err := in(u).exec(`UPDATE device SET seen_day = $2 WHERE no = $1`, int64(d), day(u.Now()))
	return err
}

// Told implements service.Disk.
func (db *DB) Told(v stream.View, id string) (t service.Told, ok bool, err error) {
	err = in(v).row(`SELECT pos, upto FROM service WHERE id = $1`, id).Scan((*int64)(&t.Pos), (*int64)(&t.Upto))
	ok, err = found(err)
	return t, ok, err
}

// SetTold implements service.Disk.
func (db *DB) SetTold(u stream.Unit, id string, t service.Told) error {
	_, err := in(u).exec(`INSERT INTO service (id, pos, upto) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET pos = $2, upto = $3`, id, int64(t.Pos), int64(t.Upto))
	return err
}

// EventsIn implements service.Disk.
func (db *DB) EventsIn(v stream.View, after, upto stream.Position, limit int) ([]room.Event, error) {
	return events(in(v).query(`SELECT `+eventColumns+` FROM event WHERE pos > $1 AND pos <= $2 ORDER BY pos LIMIT $3`, int64(after), int64(upto), limit))
}

// ServiceSpans implements service.Disk.
func (db *DB) ServiceSpans(v stream.View, no room.No, id string, after stream.Position) (spans []service.Span, err error) {
	rows, err := in(v).query(`
		SELECT state.pos, state.until, COALESCE(state.membership, '') FROM state JOIN account ON account.id = state.state_key
		WHERE state.room = $1 AND state.type = 'm.room.member' AND state.until > $2 AND account.service = $3`, int64(no), int64(after), id)
	return collect(rows, err, func(rows *sql.Rows) (s service.Span, err error) {
		var membership string
		err = rows.Scan((*int64)(&s.Pos), (*int64)(&s.Until), &membership)
		s.Joined = membership == "join"
		return s, err
	})
}

// RoomID implements service.Disk.
func (db *DB) RoomID(v stream.View, no room.No) (id mxid.Room, err error) {
	err = in(v).row(`SELECT id FROM room WHERE no = $1`, int64(no)).Scan((*string)(&id))
	return id, err
}
