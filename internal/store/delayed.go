package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

const delayedColumns = `SELECT delayed_event.id, account.id, delayed_event.account, delayed_event.device, room.id, delayed_event.type, delayed_event.state_key,
	delayed_event.txn, delayed_event.content, delayed_event.delay_ms, delayed_event.due_ms, delayed_event.finalised_ms, delayed_event.event, delayed_event.errcode,
	delayed_event.error
	FROM delayed_event JOIN account ON account.no = delayed_event.account JOIN room ON room.no = delayed_event.room `

func scanDelayed(rows *sql.Rows) (d room.Delayed, err error) {
	return d, rows.Scan(&d.ID, &d.Who.User, &d.Who.Account, &d.Who.DeviceNo, &d.Room, &d.Type, &d.StateKey, &d.Txn, &d.Content, &d.Delay, &d.Due,
		&d.Finalised, &d.Event, &d.Code, &d.Error)
}

// Delayed implements room.Delaying.
func (db *DB) Delayed(v stream.View, id string) (d room.Delayed, ok bool, err error) {
	rows, err := in(v).query(delayedColumns+`WHERE delayed_event.id = $1`, id)
	all, err := collect(rows, err, scanDelayed)
	if len(all) == 0 {
		return d, false, err
	}
	return all[0], true, err
}

// DelayedOf implements room.Delaying.
func (db *DB) DelayedOf(v stream.View, a account.No) ([]room.Delayed, error) {
	rows, err := in(v).query(delayedColumns+`WHERE delayed_event.account = $1 AND delayed_event.finalised_ms = 0 ORDER BY delayed_event.due_ms, delayed_event.id`, a)
	return collect(rows, err, scanDelayed)
}

// DelayedBy implements room.Delaying.
func (db *DB) DelayedBy(v stream.View, a account.No, device account.DeviceNo, no room.No, typ, txn string) (id string, ok bool, err error) {
	err = in(v).row(`SELECT id FROM delayed_event WHERE account = $1 AND device = $2 AND room = $3 AND type = $4 AND txn = $5`, a, device, no, typ, txn).Scan(&id)
	ok, err = found(err)
	return id, ok, err
}

// Delay implements room.Delaying. What was finalised long ago goes: the newest thousand of a person's stay.
func (db *DB) Delay(u stream.Unit, no room.No, d room.Delayed) error {
	_, err := in(u).exec(`
		INSERT INTO delayed_event (id, account, device, room, type, state_key, txn, content, delay_ms, due_ms, finalised_ms, event, errcode, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', '', '')`,
		d.ID, d.Who.Account, d.Who.DeviceNo, no, d.Type, d.StateKey, d.Txn, d.Content, d.Delay, d.Due)
	if err == nil {
		_, err = in(u).exec(`
			DELETE FROM delayed_event WHERE account = $1 AND finalised_ms > 0 AND finalised_ms <
				(SELECT finalised_ms FROM delayed_event WHERE account = $1 AND finalised_ms > 0 ORDER BY finalised_ms DESC LIMIT 1 OFFSET 1000)`, d.Who.Account)
	}
	return err
}

// SetDelayed implements room.Delaying.
func (db *DB) SetDelayed(u stream.Unit, d room.Delayed) error {
	_, err := in(u).exec(`UPDATE delayed_event SET due_ms = $2, finalised_ms = $3, event = $4, errcode = $5, error = $6 WHERE id = $1`,
		d.ID, d.Due, d.Finalised, string(d.Event), d.Code, d.Error)
	return err
}

// DueDelayed implements room.Delaying.
func (db *DB) DueDelayed(v stream.View, after room.Delayed, limit int) ([]room.Delayed, error) {
	rows, err := in(v).query(delayedColumns+`
		WHERE delayed_event.finalised_ms = 0 AND (delayed_event.due_ms, delayed_event.id) > ($1, $2)
		ORDER BY delayed_event.due_ms, delayed_event.id LIMIT $3`, after.Due, after.ID, limit)
	return collect(rows, err, scanDelayed)
}

// Lives implements room.Delaying.
func (db *DB) Lives(v stream.View, device account.DeviceNo) (lives bool, err error) {
	err = in(v).row(`SELECT EXISTS (SELECT 1 FROM device WHERE no = $1)`, device).Scan(&lives)
	return lives, err
}

// EndDelayed implements room.Delaying.
func (db *DB) EndDelayed(u stream.Unit, a account.No, device account.DeviceNo, now int64, code, says string) error {
	_, err := in(u).exec(`UPDATE delayed_event SET finalised_ms = $3, errcode = $4, error = $5 WHERE account = $1 AND device = $2 AND finalised_ms = 0`,
		a, device, now, code, says)
	return err
}

// SupersedeDelayed implements room.Delaying.
func (db *DB) SupersedeDelayed(u stream.Unit, no room.No, key event.StateKey, by account.No, now int64, code, says string) error {
	var waits bool
	err := in(u).row(`
		SELECT EXISTS (SELECT 1 FROM delayed_event WHERE room = $1 AND type = $2 AND state_key = $3 AND finalised_ms = 0 AND account <> $4)`,
		no, key.Type, key.Key, by).Scan(&waits)
	if err != nil || !waits {
		return err
	}
	_, err = in(u).exec(`
		UPDATE delayed_event SET finalised_ms = $5, errcode = $6, error = $7
		WHERE room = $1 AND type = $2 AND state_key = $3 AND finalised_ms = 0 AND account <> $4`, no, key.Type, key.Key, by, now, code, says)
	return err
}

// PruneDelayed implements room.Delaying.
func (db *DB) PruneDelayed(u stream.Unit, before int64) error {
	_, err := in(u).exec(`DELETE FROM delayed_event WHERE finalised_ms > 0 AND finalised_ms < $1`, before)
	return err
}
