package store

import (
	"cmp"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

var _ room.Disk = (*DB)(nil)

// eventID gives the 32 bytes behind an event ID, and their first eight as a number; ok is false for an ID that no event
// of this server can have.
func eventID(id mxid.Event) (raw []byte, key int64, ok bool) {
	text, ok := strings.CutPrefix(string(id), "$")
	if !ok {
		return nil, 0, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 {
		return nil, 0, false
	}
	return raw, int64(binary.BigEndian.Uint64(raw)), true
}

// eventName is the event ID of these 32 bytes; "" if there are none.
func eventName(raw []byte) mxid.Event {
	if len(raw) == 0 {
		return ""
	}
	return mxid.Event("$" + base64.RawURLEncoding.EncodeToString(raw))
}

// eventColumns are what scanEvent reads.
const eventColumns = `event.pos, event.room, event.id, event.sender, event.device, event.txn, event.delay, event.relates, event.relation, event.redacted_by, event.counts, event.json`

// scanner is a row or rows.
type scanner interface{ Scan(dest ...any) error }

func scanEvent(row scanner, more ...any) (room.Event, error) {
	s := newEventScan(nil, more...)
	err := s.scan(row)
	return s.e, err
}

// eventScan reads events, row after row: what each row is read into is made once.
type eventScan struct {
	e    room.Event
	json jsonIn
	dest []any
}

func newEventScan(into *block, more ...any) *eventScan {
	s := &eventScan{json: jsonIn{into: into}}
	e := &s.e
	s.dest = append([]any{(*number)(&e.Pos), (*number)(&e.Room), (*eventHash)(&e.ID), (*number)(&e.Sender), (*number)(&e.Device), (*words)(&e.Txn), (*words)(&e.Delay),
		(*number)(&e.Relates), (*words)(&e.Relation), (*number)(&e.RedactedBy), (*yes)(&e.Counts), &s.json}, more...)
	return s
}

// scan reads a row into s.e.
func (s *eventScan) scan(row scanner) error {
	if err := row.Scan(s.dest...); err != nil {
		s.e = room.Event{}
		return err
	}
	s.e.SetJSON(s.json.json)
	return nil
}

func oneEvent(row scanner) (room.Event, bool, error) {
	e, err := scanEvent(row)
	ok, err := found(err)
	return e, ok, err
}

func events(rows *counted, err error) ([]room.Event, error) {
	s := newEventScan(&block{})
	return collect(rows, err, func(rows *sql.Rows) (room.Event, error) { err := s.scan(rows); return s.e, err })
}

// eventsByRoom are events that are read of many rooms at once.
type eventsByRoom struct {
	all   map[room.No][]room.Event
	about int // how many there are of a room, about

	// the room of the last row, and its events
	no   room.No
	some []room.Event
}

// scan reads a row.
func (by *eventsByRoom) scan() func(scanner) error {
	s := newEventScan(&block{})
	return func(row scanner) error {
		err := s.scan(row)
		if s.e.Room != by.no {
			by.turn(s.e.Room)
		}
		by.some = append(by.some, s.e)
		return err
	}
}

// turn turns to the events of another room.
func (by *eventsByRoom) turn(to room.No) {
	if by.all == nil {
		by.all = map[room.No][]room.Event{}
	}
	if by.no != 0 {
		by.all[by.no] = by.some
	}
	if by.no, by.some = to, by.all[to]; by.some == nil && to != 0 {
		by.some = make([]room.Event, 0, by.about)
	}
}

// sorted gives the events of each room in the order of their positions, or the other way round.
func (by *eventsByRoom) sorted(backwards bool) map[room.No][]room.Event {
	by.turn(0)
	for _, some := range by.all {
		for i := 1; i < len(some); i++ {
			if some[i-1].Pos < some[i].Pos == backwards { // most come as they are wanted
				slices.SortFunc(some, func(a, b room.Event) int {
					if backwards {
						a, b = b, a
					}
					return cmp.Compare(a.Pos, b.Pos)
				})
				break
			}
		}
	}
	return by.all
}

// orNull is n, or NULL for 0.
func orNull[N ~int64](n N) sql.NullInt64 { return sql.NullInt64{Int64: int64(n), Valid: n != 0} }

// orNone is s, or NULL for "".
func orNone(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// list gives "$from, $from+1, …" and the arguments for it. The list is filled up with its last item to one of few lengths,
// because each text of a statement is kept prepared.
func list[T any](from int, items []T) (string, []any) {
	n := 4
	for n < len(items) {
		n *= 4
	}
	var b strings.Builder
	args := make([]any, n)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(from+i))
		args[i] = items[min(i, len(items)-1)]
	}
	return b.String(), args
}

// Begin implements room.Writing.
func (db *DB) Begin(u stream.Unit, id mxid.Room, v event.Version) (no room.No, err error) {
	t := in(u)
	t.wrote = true
	err = t.row(`INSERT INTO room (id, version, head, depth, listed) VALUES ($1, $2, $3, 0, $4) RETURNING no`,
		string(id), v.String(), []byte{}, false).Scan((*int64)(&no))
	return no, err
}

// Append implements room.Writing.
func (db *DB) Append(u stream.Unit, c room.Chain, e *room.Event) error {
	t := in(u)
	id, key, ok := eventID(e.ID)
	if !ok {
		return fmt.Errorf("appending to %s: %q is no event ID", c.ID, e.ID)
	}
	head := []byte{}
	if c.Head != "" {
		head, _, _ = eventID(c.Head)
	}
	if err := t.advance(c, head, id, e); err != nil {
		return err
	}
	delete(t.sent, sending{e.Device, e.Txn})
	row := put{insertEvent, []any{int64(e.Pos), int64(c.No), id, key, int64(e.Sender), orNull(e.Device), orNone(e.Txn), orNone(e.Delay), orNull(e.Relates), orNone(e.Relation),
		e.Counts, brief(e.JSON)}, nil}
	if t.eager {
		return t.put(nil, row.q, row.args...)
	}
	return t.later(row)
}

const insertEvent = `
	INSERT INTO event (pos, room, id, id_key, sender, device, txn, delay, relates, relation, counts, json)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// Some indexes cover only rows with one type, one end or one relation. SQLite would plan a statement anew each time that a
// bare parameter for one of these changes, because the parameter might be just that value; inside a CAST it does not look.

// Replace implements room.Writing.
func (db *DB) Replace(u stream.Unit, no room.No, key event.StateKey, pos stream.Position, membership string) error {
	t := in(u)
	t.known.replaced(no, key)
	err := t.put(nil, `UPDATE state SET until = $1 WHERE room = $2 AND type = CAST($3 AS TEXT) AND state_key = $4 AND until = 9223372036854775807`,
		int64(pos), int64(no), key.Type, key.Key)
	if err != nil {
		return err
	}
	return t.put(nil, `INSERT INTO state (room, type, state_key, pos, until, membership) VALUES ($1, $2, $3, $4, 9223372036854775807, $5)`,
		int64(no), key.Type, key.Key, int64(pos), orNone(membership))
}

// Redact implements room.Writing.
func (db *DB) Redact(u stream.Unit, pos, by stream.Position, json []byte) error {
	if event.Value(json).Get("state_key") != nil {
		in(u).known.forgetAll()
	}
	_, err := in(u).exec(`
		UPDATE event SET json = $1, redacted_by = $2, relates = NULL, relation = NULL, counts = $3 WHERE pos = $4`,
		brief(json), int64(by), false, int64(pos))
	return err
}

// ForgetRoom implements room.Writing.
func (db *DB) ForgetRoom(u stream.Unit, who account.No, no room.No) error {
	_, err := in(u).exec(`INSERT INTO forgotten (account, room) VALUES ($1, $2) ON CONFLICT DO NOTHING`, int64(who), int64(no))
	return err
}

// RememberRoom implements room.Writing.
func (db *DB) RememberRoom(u stream.Unit, who account.No, no room.No) error {
	_, err := in(u).exec(`DELETE FROM forgotten WHERE account = $1 AND room = $2`, int64(who), int64(no))
	return err
}

func scanRoom(row scanner) (c room.Chain, err error) {
	var version string
	var head []byte
	if err = row.Scan((*int64)(&c.No), (*string)(&c.ID), &version, &head, &c.Depth); err != nil {
		return room.Chain{}, err
	}
	c.Head = eventName(head)
	c.Version, err = event.ParseVersion(version)
	return c, err
}

// Room implements room.Reading.
func (db *DB) Room(v stream.View, id mxid.Room) (c room.Chain, ok bool, err error) {
	t := in(v)
	if c, ok := t.known.chain(id); ok {
		return c, true, nil
	}
	c, err = scanRoom(t.row(`SELECT no, id, version, head, depth FROM room WHERE id = $1`, string(id)))
	if ok, err = found(err); ok {
		t.known.keep(c)
	}
	return c, ok, err
}

// stateQueries are the statements for 1, 2, … keys.
var stateQueries = func() (all [8]string) {
	for n := range all {
		var b strings.Builder
		for i := range n + 1 {
			if i > 0 {
				b.WriteString(" UNION ALL ")
			}
			fmt.Fprintf(&b, `
				SELECT CAST(%d AS BIGINT), event.id, event.json FROM state JOIN event ON event.pos = state.pos
				WHERE state.room = $1 AND state.type = CAST($%d AS TEXT) AND state.state_key = $%d AND state.until = 9223372036854775807`, i, 2*i+2, 2*i+3)
		}
		all[n] = b.String()
	}
	return all
}()

// State implements room.Reading.
func (db *DB) State(v stream.View, no room.No, keys ...event.StateKey) ([]room.Named, error) {
	t := in(v)
	if t.known == nil {
		return t.state(no, keys)
	}
	all := make([]room.Named, len(keys))
	var unknown []event.StateKey
	var places []int
	for i, key := range keys {
		var ok bool
		if all[i], ok = t.known.stateOf(no, key); !ok {
			unknown, places = append(unknown, key), append(places, i)
		}
	}
	if len(unknown) == 0 {
		return all, nil
	}
	found, err := t.state(no, unknown)
	if err != nil {
		return nil, err
	}
	for i, n := range found {
		all[places[i]] = n
		t.known.keepState(no, unknown[i], n)
	}
	return all, nil
}

// state is DB.State out of the database.
func (t *tx) state(no room.No, keys []event.StateKey) ([]room.Named, error) {
	all := make([]room.Named, len(keys))
	for from := 0; from < len(keys); from += len(stateQueries) {
		some := keys[from:min(from+len(stateQueries), len(keys))]
		args := make([]any, 1, 1+2*len(some))
		args[0] = int64(no)
		for _, key := range some {
			args = append(args, key.Type, key.Key)
		}
		rows, err := t.query(stateQueries[len(some)-1], args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var i int
			var id, json []byte
			if err := rows.Scan(&i, &id, (*briefly)(&json)); err != nil {
				rows.Close()
				return nil, err
			}
			all[from+i] = room.Named{ID: eventName(id), JSON: json}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// StateAt implements room.Reading.
func (db *DB) StateAt(v stream.View, no room.No, at stream.Position, typ string) ([]room.Event, error) {
	if typ == "" {
		return events(in(v).query(`
			SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
			WHERE state.room = $1 AND state.pos <= $2 AND state.until > $2 ORDER BY state.pos`, int64(no), int64(at)))
	}
	return events(in(v).query(`
		SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = $1 AND state.type = CAST($3 AS TEXT) AND state.pos <= $2 AND state.until > $2 ORDER BY state.pos`, int64(no), int64(at), typ))
}

// Spans implements room.Reading.
func (db *DB) Spans(v stream.View, no room.No, key event.StateKey) ([]room.Span, error) {
	rows, err := in(v).query(`
		SELECT `+eventColumns+`, state.until, state.membership FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = $1 AND state.type = CAST($2 AS TEXT) AND state.state_key = $3 ORDER BY state.pos`, int64(no), key.Type, key.Key)
	return collect(rows, err, func(rows *sql.Rows) (s room.Span, err error) {
		var membership sql.NullString
		s.Event, err = scanEvent(rows, (*int64)(&s.Until), &membership)
		s.Membership = membership.String
		return s, err
	})
}

var standing = armsOf(1, 1, `
	SELECT room, pos, until, membership, NULL FROM state WHERE room = @1 AND type = 'm.room.member' AND state_key = $1
	UNION ALL SELECT state.room, state.pos, state.until, NULL, event.json FROM state JOIN event ON event.pos = state.pos
	WHERE state.room = @1 AND state.type = 'm.room.history_visibility' AND state.state_key = ''`)

// Standing implements room.Reading.
func (db *DB) Standing(v stream.View, rooms []room.No, who mxid.User) (memberships, visibilities map[room.No][]room.Span, err error) {
	memberships, visibilities = map[room.No][]room.Span{}, map[room.No][]room.Span{}
	err = standing.each(in(v), []any{string(who)}, len(rooms), ofRooms(rooms), func(row scanner) error {
		var s room.Span
		err := row.Scan((*number)(&s.Room), (*number)(&s.Pos), (*number)(&s.Until), (*words)(&s.Membership), (*briefly)(&s.JSON))
		into := visibilities
		if s.JSON == nil {
			into = memberships
		}
		into[s.Room] = append(into[s.Room], s)
		return err
	})
	for _, some := range []map[room.No][]room.Span{memberships, visibilities} {
		for _, spans := range some {
			slices.SortFunc(spans, func(a, b room.Span) int { return cmp.Compare(a.Pos, b.Pos) })
		}
	}
	return memberships, visibilities, err
}

var replaced = armsOf(0, 4, `
	SELECT `+eventColumns+`, state.until FROM state JOIN event ON event.pos = state.pos
	WHERE state.room = @1 AND state.type = CAST(@2 AS TEXT) AND state.state_key = @3 AND state.until = CAST(@4 AS BIGINT)`)

// Replaced implements room.Reading.
func (db *DB) Replaced(v stream.View, by []*room.Event) (map[stream.Position]room.Event, error) {
	var until number
	s, all := newEventScan(&block{}, &until), map[stream.Position]room.Event{}
	return all, replaced.each(in(v), nil, len(by), func(i int) []any {
		return []any{int64(by[i].Room), by[i].Get("type").Text(), by[i].Get("state_key").Text(), int64(by[i].Pos)}
	}, func(row scanner) error {
		err := s.scan(row)
		all[stream.Position(until)] = s.e
		return err
	})
}

// Event implements room.Reading.
func (db *DB) Event(v stream.View, no room.No, id mxid.Event) (e room.Event, ok bool, err error) {
	raw, key, ok := eventID(id)
	if !ok {
		return room.Event{}, false, nil
	}
	e, ok, err = oneEvent(in(v).row(`SELECT `+eventColumns+` FROM event WHERE id_key = $1 AND id = $2`, key, raw))
	if ok = ok && e.Room == no; !ok { // the room is no part of the statement: SQLite might walk through it
		e = room.Event{}
	}
	return e, ok, err
}

// EventsAt implements room.Reading.
func (db *DB) EventsAt(v stream.View, at []stream.Position) ([]room.Event, error) {
	if len(at) == 0 {
		return nil, nil
	}
	places, args := list(1, numbers(at))
	return events(in(v).query(`SELECT `+eventColumns+` FROM event WHERE pos IN (`+places+`) ORDER BY pos`, args...))
}

func numbers[N ~int64](all []N) []int64 {
	out := make([]int64, len(all))
	for i, n := range all {
		out[i] = int64(n)
	}
	return out
}

// Timeline implements room.Reading.
func (db *DB) Timeline(v stream.View, no room.No, after, upto stream.Position, backwards bool, limit int) ([]room.Event, error) {
	if backwards {
		return events(in(v).query(`
			SELECT `+eventColumns+` FROM event WHERE room = $1 AND pos > $2 AND pos <= $3 ORDER BY pos DESC LIMIT $4`,
			int64(no), int64(after), int64(upto), limit))
	}
	return events(in(v).query(`
		SELECT `+eventColumns+` FROM event WHERE room = $1 AND pos > $2 AND pos <= $3 ORDER BY pos LIMIT $4`,
		int64(no), int64(after), int64(upto), limit))
}

var newest = armsOf(1, 3, `SELECT * FROM (
	SELECT `+eventColumns+` FROM event WHERE room = @1 AND pos > @2 AND pos <= @3 ORDER BY pos DESC LIMIT $1) AS newest`)

// Newest implements room.Reading.
func (db *DB) Newest(v stream.View, of []room.Stretch, limit int) (map[room.No][]room.Event, error) {
	all := eventsByRoom{about: limit}
	err := newest.each(in(v), []any{int64(limit)}, len(of), stretches(of), all.scan())
	return all.sorted(true), err
}

// SentBy implements room.Reading.
func (db *DB) SentBy(v stream.View, no room.No, device account.DeviceNo, txn string) ([]room.Named, error) {
	t := in(v)
	all, ok := t.sent[sending{device, txn}]
	if !ok {
		rows, err := t.query(sentBy, int64(device), txn)
		all, err = collect(rows, err, func(rows *sql.Rows) (said, error) { return scanSent(rows) })
		if err != nil {
			return nil, err
		}
	}
	var there []room.Named
	for _, s := range all {
		if s.room == no {
			there = append(there, s.Named)
		}
	}
	return there, nil
}

// Stays implements room.Reading.
func (db *DB) Stays(v stream.View, who mxid.User) ([]room.Stay, error) {
	rows, err := in(v).query(`
		SELECT room.no, room.id, state.pos, state.membership FROM state JOIN room ON room.no = state.room
		WHERE state.state_key = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807 ORDER BY state.pos`, string(who))
	return collect(rows, err, func(rows *sql.Rows) (s room.Stay, err error) {
		var membership sql.NullString
		err = rows.Scan((*int64)(&s.Room), (*string)(&s.ID), (*int64)(&s.Pos), &membership)
		s.Membership = membership.String
		return s, err
	})
}

// Forgotten implements room.Reading.
func (db *DB) Forgotten(v stream.View, who account.No, no room.No) (bool, error) {
	var one int
	return found(in(v).row(`SELECT 1 FROM forgotten WHERE account = $1 AND room = $2`, int64(who), int64(no)).Scan(&one))
}

// Count implements room.Reading.
func (db *DB) Count(v stream.View, rooms ...room.No) (map[room.No]map[string]int, error) {
	counts := map[room.No]map[string]int{}
	for some := range slices.Chunk(rooms, 1000) {
		places, args := list(1, numbers(some))
		found, err := in(v).query(`
			SELECT room, membership, count(*) FROM state
			WHERE room IN (`+places+`) AND type = 'm.room.member' AND until = 9223372036854775807 GROUP BY room, membership`, args...)
		if err == nil {
			err = found.each(func(rows *sql.Rows) error {
				var no room.No
				var membership string
				var n int
				err := rows.Scan((*number)(&no), &membership, &n)
				if counts[no] == nil {
					counts[no] = map[string]int{}
				}
				counts[no][membership] = n
				return err
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}
