package store

import (
	"database/sql"
	"slices"

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

// ReceiptsIn implements service.EphemeralDisk.
func (db *DB) ReceiptsIn(v stream.View, after, upto stream.Position, limit int) ([]service.Receipt, error) {
	rows, err := in(v).query(`
		SELECT receipt.pos, receipt.room, receipt.thread, event.id, account.id
		FROM receipt JOIN event ON event.pos = receipt.event_pos JOIN account ON account.no = receipt.account
		WHERE receipt.pos > $1 AND receipt.pos <= $2 AND receipt.type = 'm.read' ORDER BY receipt.pos LIMIT $3`, int64(after), int64(upto), limit)
	return collect(rows, err, func(rows *sql.Rows) (r service.Receipt, err error) {
		var id []byte
		err = rows.Scan((*int64)(&r.Pos), (*int64)(&r.Room), &r.Thread, &id, (*string)(&r.User))
		r.Event = eventName(id)
		return r, err
	})
}

// ServiceIn implements service.EphemeralDisk.
func (db *DB) ServiceIn(v stream.View, id string, at mxid.Room) (bool, error) {
	var one int
	err := in(v).row(`
		SELECT 1 FROM room JOIN state ON state.room = room.no JOIN account ON account.id = state.state_key
		WHERE room.id = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807 AND state.membership = 'join'
			AND account.service = $2 LIMIT 1`, string(at), id).Scan(&one)
	return found(err)
}

// DeviceMessages implements service.DeviceDisk. CROSS JOIN tells SQLite in which order to go.
func (db *DB) DeviceMessages(v stream.View, id string, after, upto stream.Position, limit int) ([]service.Message, error) {
	rows, err := in(v).query(`
		SELECT to_device.pos, to_device.sender, to_device.type, to_device.content, account.id, device.id
		FROM to_device CROSS JOIN device CROSS JOIN account
		WHERE to_device.pos > $1 AND to_device.pos <= $2 AND device.no = to_device.device AND account.no = device.account AND account.service = $3
		ORDER BY to_device.pos LIMIT $4`, int64(after), int64(upto), id, limit)
	return collect(rows, err, func(rows *sql.Rows) (m service.Message, err error) {
		return m, rows.Scan((*int64)(&m.Pos), (*string)(&m.Sender), &m.Type, (*[]byte)(&m.Content), (*string)(&m.User), (*string)(&m.Device))
	})
}

// DropMessages implements service.DeviceDisk.
func (db *DB) DropMessages(u stream.Unit, at []stream.Position) error {
	for some := range slices.Chunk(numbers(at), 1000) {
		places, args := list(1, some)
		if err := dequeue(in(u), `pos IN (`+places+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

// MoveMessage implements service.DeviceDisk.
func (db *DB) MoveMessage(u stream.Unit, from, to stream.Position) error {
	_, err := in(u).exec(`UPDATE to_device SET pos = $2 WHERE pos = $1`, int64(from), int64(to))
	return err
}

// KeysChanged implements service.DeviceDisk.
func (db *DB) KeysChanged(v stream.View, id string, after, upto stream.Position) (own, others []mxid.User, err error) {
	rows, err := in(v).query(`SELECT id, service FROM account WHERE keys_pos > $1 AND keys_pos <= $2 ORDER BY id`, int64(after), int64(upto))
	_, err = collect(rows, err, func(rows *sql.Rows) (user mxid.User, err error) {
		var of string
		if err = rows.Scan((*string)(&user), &of); of == id {
			own = append(own, user)
		} else {
			others = append(others, user)
		}
		return user, err
	})
	return own, others, err
}

// Moves implements service.DeviceDisk.
func (db *DB) Moves(v stream.View, id string, after, upto stream.Position) ([]service.Move, error) {
	rows, err := in(v).query(`
		SELECT state.room, state.state_key, COALESCE(account.service, '') FROM state LEFT JOIN account ON account.id = state.state_key
		WHERE state.type = 'm.room.member' AND state.pos > $1 AND state.pos <= $2 ORDER BY state.pos`, int64(after), int64(upto))
	return collect(rows, err, func(rows *sql.Rows) (m service.Move, err error) {
		var of string
		err = rows.Scan((*int64)(&m.Room), (*string)(&m.User), &of)
		m.Own = of == id
		return m, err
	})
}

// OthersIn implements service.DeviceDisk.
func (db *DB) OthersIn(v stream.View, no room.No, id string, after, upto stream.Position) ([]mxid.User, error) {
	rows, err := in(v).query(`
		SELECT DISTINCT state.state_key FROM state LEFT JOIN account ON account.id = state.state_key
		WHERE state.room = $1 AND state.type = 'm.room.member' AND state.membership = 'join' AND COALESCE(account.service, '') <> $2
			AND (state.pos <= $3 AND state.until > $3 OR state.pos <= $4 AND state.until > $4)`, int64(no), id, int64(after), int64(upto))
	return collect(rows, err, scanUser)
}

// JoinsOf implements service.DeviceDisk.
func (db *DB) JoinsOf(v stream.View, user mxid.User, after, upto stream.Position) ([]service.Stay, error) {
	rows, err := in(v).query(`
		SELECT theirs.room, theirs.pos, theirs.until FROM state AS ever JOIN state AS theirs ON theirs.room = ever.room
		WHERE ever.type = 'm.room.member' AND ever.until = 9223372036854775807 AND ever.state_key = $1
			AND theirs.type = 'm.room.member' AND theirs.state_key = $1 AND theirs.membership = 'join' AND theirs.until > $2 AND theirs.pos <= $3`,
		string(user), int64(after), int64(upto))
	return collect(rows, err, func(rows *sql.Rows) (s service.Stay, err error) {
		s.Joined = true
		return s, rows.Scan((*int64)(&s.Room), (*int64)(&s.Pos), (*int64)(&s.Until))
	})
}

// Claimed implements service.DeviceDisk.
func (db *DB) Claimed(v stream.View, id string, after, upto stream.Position) ([]service.Own, error) {
	rows, err := in(v).query(`
		SELECT device.no, account.id, device.id FROM device CROSS JOIN account
		WHERE device.claimed_pos > $1 AND device.claimed_pos <= $2 AND account.no = device.account AND account.service = $3`, int64(after), int64(upto), id)
	return collect(rows, err, func(rows *sql.Rows) (o service.Own, err error) {
		return o, rows.Scan((*int64)(&o.No), (*string)(&o.User), (*string)(&o.Device))
	})
}
