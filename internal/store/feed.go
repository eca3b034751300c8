package store

import (
	"cmp"
	"database/sql"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Stay implements feed.Disk.
func (db *DB) Stay(v stream.View, who mxid.User, id mxid.Room) (st room.Stay, ok bool, err error) {
	st.ID = id
	err = in(v).row(`
		SELECT room.no, state.pos, state.membership FROM room JOIN state ON state.room = room.no
		WHERE room.id = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807 AND state.state_key = $2`, id, who).
		Scan(&st.Room, &st.Pos, &st.Membership)
	ok, err = found(err)
	return st, ok, err
}

// DataSince implements feed.Disk.
func (db *DB) DataSince(v stream.View, a account.No, after, upto stream.Position) ([]account.Datum, error) {
	rows, err := in(v).query(`
		SELECT coalesce(room.id, ''), account_data.type, account_data.content
		FROM account_data LEFT JOIN room ON room.no = account_data.room
		WHERE account_data.account = $1 AND account_data.pos > $2 AND account_data.pos <= $3
		ORDER BY account_data.pos`, a, after, upto)
	return collect(rows, err, func(rows *sql.Rows) (d account.Datum, err error) {
		return d, rows.Scan(&d.Room, &d.Type, &d.Content)
	})
}

// News implements feed.Disk. CROSS JOIN tells SQLite in which order to go.
func (db *DB) News(v stream.View, who mxid.User, a account.No, after, upto stream.Position) ([]feed.News, error) {
	q := `
		SELECT room.no, room.id, state.pos, state.membership, max(news.event), max(news.receipt)
		FROM (SELECT room, max(pos) AS event, 0 AS receipt FROM event WHERE pos > $3 AND pos <= $4 GROUP BY room
			UNION ALL SELECT DISTINCT room, 0, 1 FROM receipt WHERE pos > $3 AND pos <= $4 AND (type <> 'm.read.private' OR account = $2)) AS news
		CROSS JOIN state CROSS JOIN room
		WHERE state.room = news.room AND state.type = 'm.room.member' AND state.until = 9223372036854775807 AND state.state_key = $1
			AND room.no = state.room
		GROUP BY room.no, room.id, state.pos, state.membership ORDER BY state.pos`
	if upto-after > manyPositions {
		q = `
		SELECT * FROM (SELECT room.no, room.id, state.pos, state.membership,
			coalesce((SELECT max(event.pos) FROM event WHERE event.room = state.room AND event.pos > $3 AND event.pos <= $4), 0) AS event,
			CASE WHEN EXISTS (SELECT 1 FROM receipt WHERE receipt.room = state.room AND receipt.pos > $3 AND receipt.pos <= $4
				AND (receipt.type <> 'm.read.private' OR receipt.account = $2)) THEN 1 ELSE 0 END AS receipt
		FROM state JOIN room ON room.no = state.room
		WHERE state.state_key = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807) AS stay
		WHERE stay.event + stay.receipt > 0 ORDER BY stay.pos`
	}
	rows, err := in(v).query(q, who, a, after, upto)
	return collect(rows, err, func(rows *sql.Rows) (n feed.News, err error) {
		return n, rows.Scan(&n.Room, &n.ID, &n.Pos, &n.Membership, &n.Last, &n.Receipts)
	})
}

// Recent implements feed.Disk. Whose doing it was is asked only of rooms that were left. A list of rooms begins with this, however few of
// them it shows: so what is the same of most of them is NULL, which is read sooner than anything else, and they are sorted here.
func (db *DB) Recent(v stream.View, who mxid.User, a account.No) ([]feed.Recent, error) {
	rows, err := in(v).query(`
		SELECT room.no, room.id, state.pos, room.last, CASE WHEN state.membership <> 'join' THEN state.membership END,
			CASE WHEN (state.membership = 'leave' OR state.membership = 'ban')
				AND NOT EXISTS (SELECT 1 FROM event WHERE event.pos = state.pos AND event.sender = $2)
				AND EXISTS (SELECT 1 FROM state AS been WHERE been.room = state.room AND been.type = 'm.room.member' AND been.state_key = $1
					AND been.membership = 'join') THEN 1 END,
			CASE WHEN (state.membership = 'leave' OR state.membership = 'ban')
				AND EXISTS (SELECT 1 FROM forgotten WHERE forgotten.account = $2 AND forgotten.room = state.room) THEN 1 END
		FROM state JOIN room ON room.no = state.room
		WHERE state.state_key = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807`, who, a)
	var r feed.Recent
	dest := []any{(*number)(&r.Room), (*words)(&r.ID), (*number)(&r.Pos), (*number)(&r.Last), (*words)(&r.Membership), (*yes)(&r.Out), (*yes)(&r.Forgotten)}
	all, err := collect(rows, err, func(rows *sql.Rows) (feed.Recent, error) {
		err := rows.Scan(dest...)
		if r.Membership == "" {
			r.Membership = event.Join
		} else {
			r.Last = r.Pos
		}
		return r, err
	})
	slices.SortFunc(all, func(a, b feed.Recent) int { return cmp.Compare(b.Last, a.Last) })
	return all, err
}

// Kinds implements feed.Disk.
func (db *DB) Kinds(v stream.View, who mxid.User) (map[room.No]feed.Kind, error) {
	rows, err := in(v).query(`
		SELECT mine.room, event.json,
			CASE WHEN EXISTS (SELECT 1 FROM state WHERE state.room = mine.room AND state.type = 'm.room.encryption' AND state.state_key = '') THEN 1 ELSE 0 END
		FROM state AS mine
		JOIN state AS made ON made.room = mine.room AND made.type = 'm.room.create' AND made.state_key = ''
		JOIN event ON event.pos = made.pos
		WHERE mine.state_key = $1 AND mine.type = 'm.room.member' AND mine.until = 9223372036854775807`, who)
	kinds := map[room.No]feed.Kind{}
	_, err = collect(rows, err, func(rows *sql.Rows) (k feed.Kind, err error) {
		var no room.No
		var made room.Event
		err = rows.Scan(&no, (*briefly)(&made.JSON), &k.Encrypted)
		k.Type = made.Content("type").Text()
		kinds[no] = k
		return k, err
	})
	return kinds, err
}

var roomDataSince = armsOf(1, 3, `SELECT * FROM (
	SELECT room, type, content FROM account_data WHERE account = $1 AND room = @1 AND pos > @2 AND pos <= @3 ORDER BY pos) AS data`)

// RoomDataSince implements feed.Disk.
func (db *DB) RoomDataSince(v stream.View, a account.No, of []room.Stretch) (map[room.No][]account.Datum, error) {
	all := map[room.No][]account.Datum{}
	return all, roomDataSince.each(in(v), []any{int64(a)}, len(of), stretches(of), func(row scanner) error {
		var no room.No
		var d account.Datum
		err := row.Scan((*number)(&no), (*words)(&d.Type), (*content)(&d.Content))
		all[no] = append(all[no], d)
		return err
	})
}

// stretches gives the parameters of an arm: the room, and where the piece begins and ends.
func stretches(of []room.Stretch) func(i int) []any {
	return func(i int) []any { return []any{int64(of[i].Room), int64(of[i].After), int64(of[i].Upto)} }
}

// ofRooms gives the parameter of an arm that is about a room.
func ofRooms(rooms []room.No) func(i int) []any {
	return func(i int) []any { return []any{int64(rooms[i])} }
}

var spoken = armsOf(0, 2, `
	SELECT CAST(@1 AS BIGINT), coalesce((SELECT pos FROM event WHERE room = @1 AND pos <= @2 AND counts ORDER BY pos DESC LIMIT 1),
		(SELECT min(pos) FROM event WHERE room = @1), 0) WHERE CAST(@1 AS BIGINT) IS NOT NULL`)

// Spoken implements feed.Disk.
func (db *DB) Spoken(v stream.View, of []room.Stretch) (map[room.No]stream.Position, error) {
	all := map[room.No]stream.Position{}
	return all, spoken.each(in(v), nil, len(of), func(i int) []any { return []any{int64(of[i].Room), int64(of[i].Upto)} }, func(row scanner) error {
		var no, pos int64
		err := row.Scan((*number)(&no), (*number)(&pos))
		all[room.No(no)] = stream.Position(pos)
		return err
	})
}

var turned = armsOf(0, 3, `SELECT CAST(@1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM state WHERE room = @1 AND pos > @2 AND pos <= @3 AND type = 'm.room.member')`)

// Turned implements feed.Disk.
func (db *DB) Turned(v stream.View, of []room.Stretch) (map[room.No]bool, error) {
	all := map[room.No]bool{}
	return all, turned.each(in(v), nil, len(of), stretches(of), func(row scanner) error {
		var no int64
		err := row.Scan((*number)(&no))
		all[room.No(no)] = true
		return err
	})
}

// Joined implements feed.Disk.
func (db *DB) Joined(v stream.View, no room.No) ([]mxid.User, error) {
	rows, err := in(v).query(`
		SELECT state_key FROM state
		WHERE room = $1 AND type = 'm.room.member' AND until = 9223372036854775807 AND membership = 'join'`, no)
	return collect(rows, err, scanOne[mxid.User])
}

var heroes = armsOf(1, 1, `SELECT * FROM (
	SELECT room, state_key FROM state
	WHERE room = @1 AND type = 'm.room.member' AND until = 9223372036854775807
	AND (membership = 'join' OR membership = 'invite') AND state_key <> $1 ORDER BY pos LIMIT 5) AS known`)

// Heroes implements feed.Disk.
func (db *DB) Heroes(v stream.View, rooms []room.No, who mxid.User) (map[room.No][]mxid.User, error) {
	all := map[room.No][]mxid.User{}
	return all, heroes.each(in(v), []any{string(who)}, len(rooms), ofRooms(rooms), func(row scanner) error {
		var no room.No
		var user mxid.User
		err := row.Scan((*number)(&no), (*words)(&user))
		all[no] = append(all[no], user)
		return err
	})
}

func scanUser(rows *sql.Rows) (u mxid.User, err error) { return u, rows.Scan(&u) }

// Encrypted implements feed.Disk.
func (db *DB) Encrypted(v stream.View, rooms []room.No) (map[room.No]bool, error) {
	all := map[room.No]bool{}
	for some := range slices.Chunk(rooms, 1000) {
		places, args := list(1, numbers(some))
		found, err := in(v).query(`SELECT room FROM state WHERE room IN (`+places+`) AND type = 'm.room.encryption' AND state_key = '' AND until = 9223372036854775807`, args...)
		if err == nil {
			err = found.each(func(rows *sql.Rows) error {
				var no int64
				err := rows.Scan(&no)
				all[room.No(no)] = true
				return err
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ReceiptPosition implements feed.Disk.
func (db *DB) ReceiptPosition(v stream.View, no room.No, a account.No, typ, thread string) (pos stream.Position, err error) {
	err = in(v).row(`SELECT event_pos FROM receipt WHERE room = $1 AND account = $2 AND type = $3 AND thread = $4`,
		no, a, typ, thread).Scan(&pos)
	_, err = found(err)
	return pos, err
}

// SetReceipt implements feed.Disk.
func (db *DB) SetReceipt(u stream.Unit, no room.No, a account.No, r feed.Receipt, event, pos stream.Position) error {
	return in(u).put(nil, `
		INSERT INTO receipt (room, account, type, thread, event_pos, pos) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (room, account, type, thread) DO UPDATE SET event_pos = excluded.event_pos, pos = excluded.pos`,
		no, a, r.Type, r.Thread, event, pos)
}

var receiptsSince = armsOf(1, 4, `
	SELECT receipt.room, receipt.type, receipt.thread, event.id, account.id
	FROM receipt JOIN event ON event.pos = receipt.event_pos JOIN account ON account.no = receipt.account
	WHERE receipt.room = @1 AND receipt.pos > @2 AND receipt.pos <= @3
	AND (receipt.type <> 'm.read.private' AND receipt.event_pos >= @4 OR receipt.account = $1)`)

// ReceiptsSince implements feed.Disk.
func (db *DB) ReceiptsSince(v stream.View, of []feed.Receipts, a account.No) (map[room.No][]feed.GivenReceipt, error) {
	all := map[room.No][]feed.GivenReceipt{}
	return all, receiptsSince.each(in(v), []any{int64(a)}, len(of), func(i int) []any {
		return []any{int64(of[i].Room), int64(of[i].After), int64(of[i].Upto), int64(of[i].Oldest)}
	}, func(row scanner) error {
		var no room.No
		var r feed.GivenReceipt
		err := row.Scan((*number)(&no), (*words)(&r.Type), (*words)(&r.Thread), (*eventHash)(&r.Event), (*words)(&r.User))
		all[no] = append(all[no], r)
		return err
	})
}

// came is where somebody, $2, joined a room, @1, and has not left it since. A new name is a membership event too, and no coming.
const came = `SELECT min(pos) AS pos FROM state WHERE room = @1 AND type = 'm.room.member' AND state_key = $2 AND pos >
	(SELECT coalesce(max(pos), 0) FROM state WHERE room = @1 AND type = 'm.room.member' AND state_key = $2 AND membership IS DISTINCT FROM 'join')`

// unreadMain and unreadReplies are the rest of queries for what somebody has not read of a room: outside of threads, and in them. Where
// they have read to is one value, so that counting begins there and not where they joined. Of
// threads only a receipt for the whole room does that, and clients seldom give one: it is the newest answers that are looked at, since those
// before them may all have been read, each in its thread.
const (
	unreadMain = ` FROM event WHERE event.room = @1 AND event.pos > (SELECT max(pos) FROM (` + came + `
			UNION ALL SELECT event_pos FROM receipt WHERE room = @1 AND account = $1 AND thread IN ('', 'main')) AS read)
		AND event.counts AND event.sender <> $1 AND event.relation IS DISTINCT FROM 'm.thread' `
	unreadReplies = ` FROM event JOIN event AS root ON root.pos = event.relates
		WHERE event.room = @1 AND event.pos > (SELECT max(pos) FROM (` + came + `
			UNION ALL SELECT event_pos FROM receipt WHERE room = @1 AND account = $1 AND thread = '') AS read)
		AND event.counts AND event.sender <> $1 AND event.relation = 'm.thread' ORDER BY event.pos DESC LIMIT 1000`
)

var (
	countMain    = armsOf(2, 1, `SELECT CAST(@1 AS BIGINT), sender, count(*) FROM (SELECT event.sender`+unreadMain+`LIMIT 1000) AS unread GROUP BY sender`)
	countReplies = armsOf(2, 1, `SELECT * FROM (SELECT event.room, root.id, event.pos, event.sender`+unreadReplies+`) AS replies`)
	mainEvents   = armsOf(2, 1, `SELECT `+eventColumns+unreadMain+`ORDER BY event.pos LIMIT 1000`)
	replyEvents  = armsOf(2, 1, `SELECT `+eventColumns+`, root.id`+unreadReplies)
)

// Unread implements feed.Disk.
func (db *DB) Unread(v stream.View, rooms []room.No, who mxid.User, a account.No) (map[room.No][]feed.Unread, error) {
	t, all := in(v), map[room.No][]feed.Unread{}
	err := countMain.each(t, []any{int64(a), string(who)}, len(rooms), ofRooms(rooms), func(row scanner) error {
		var no room.No
		var n feed.Unread
		var count number
		err := row.Scan((*number)(&no), (*number)(&n.Sender), &count)
		n.N = int(count)
		all[no] = append(all[no], n)
		return err
	})
	if err != nil {
		return nil, err
	}
	type reply struct {
		feed.Unread
		pos stream.Position
	}
	replies := map[room.No][]reply{}
	err = countReplies.each(t, []any{int64(a), string(who)}, len(rooms), ofRooms(rooms), func(row scanner) error {
		var no room.No
		var r reply
		err := row.Scan((*number)(&no), (*eventHash)(&r.Thread), (*number)(&r.pos), (*number)(&r.Sender))
		replies[no] = append(replies[no], r)
		return err
	})
	if err != nil {
		return nil, err
	}
	for no, some := range replies {
		read, err := db.ReadTo(v, no, a)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			if r.pos > read[string(r.Thread)] {
				at := slices.IndexFunc(all[no], func(n feed.Unread) bool { return n.Thread == r.Thread && n.Sender == r.Sender })
				if at < 0 {
					at, all[no] = len(all[no]), append(all[no], r.Unread)
				}
				all[no][at].N++
			}
		}
	}
	return all, nil
}

// UnreadEvents implements feed.Disk.
func (db *DB) UnreadEvents(v stream.View, no room.No, who mxid.User, a account.No) (all []feed.UnreadEvent, err error) {
	read := func(from *arms, thread *mxid.Event, more ...any) (some []feed.UnreadEvent, err error) {
		s := newEventScan(&block{}, more...)
		return some, from.each(in(v), []any{int64(a), string(who)}, 1, ofRooms([]room.No{no}), func(row scanner) error {
			err := s.scan(row)
			some = append(some, feed.UnreadEvent{Event: s.e, Thread: *thread})
			return err
		})
	}
	var thread mxid.Event
	if all, err = read(mainEvents, &thread); err != nil {
		return nil, err
	}
	replies, err := read(replyEvents, &thread, (*eventHash)(&thread))
	if err != nil || len(replies) == 0 {
		return all, err
	}
	to, err := db.ReadTo(v, no, a)
	replies = slices.DeleteFunc(replies, func(e feed.UnreadEvent) bool { return e.Pos <= to[string(e.Thread)] })
	return append(all, replies...), err
}

// Senders implements feed.Disk.
func (db *DB) Senders(v stream.View, who []account.No) (map[account.No]mxid.User, error) {
	users := map[account.No]mxid.User{}
	for some := range slices.Chunk(who, 1000) {
		places, args := list(1, numbers(some))
		rows, err := in(v).query(`SELECT no, id FROM account WHERE no IN (`+places+`)`, args...)
		_, err = collect(rows, err, func(rows *sql.Rows) (no account.No, err error) {
			var user mxid.User
			err = rows.Scan(&no, &user)
			users[no] = user
			return no, err
		})
		if err != nil {
			return nil, err
		}
	}
	return users, nil
}

// ReadTo implements feed.Disk.
func (db *DB) ReadTo(v stream.View, no room.No, a account.No) (map[string]stream.Position, error) {
	read := map[string]stream.Position{}
	rows, err := in(v).query(`SELECT thread, max(event_pos) FROM receipt WHERE room = $1 AND account = $2 GROUP BY thread`, no, a)
	_, err = collect(rows, err, func(rows *sql.Rows) (pos stream.Position, err error) {
		var thread string
		err = rows.Scan(&thread, &pos)
		read[thread] = pos
		return pos, err
	})
	return read, err
}

// Counting implements feed.Disk. Of each room the newest are taken from the index that unread messages are counted by.
func (db *DB) Counting(v stream.View, who mxid.User, a account.No, before stream.Position, limit int) ([]feed.Counted, error) {
	rows, err := in(v).query(`
		SELECT `+eventColumns+`, room.id FROM state CROSS JOIN room CROSS JOIN event
		WHERE state.state_key = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807 AND state.membership = 'join'
			AND room.no = state.room AND event.pos IN (SELECT one.pos FROM event AS one
				WHERE one.room = state.room AND one.pos < $3 AND one.counts AND one.sender <> $2 ORDER BY one.pos DESC LIMIT $4)
		ORDER BY event.pos DESC LIMIT $4`, who, a, before, limit)
	return collect(rows, err, func(rows *sql.Rows) (c feed.Counted, err error) {
		c.Event, err = scanEvent(rows, (*string)(&c.In))
		return c, err
	})
}

var (
	changedState = armsOf(0, 3, `
		SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = @1 AND state.pos > @2 AND state.pos <= @3 AND state.until > @3`)
	// Two ranges of the key, so that the members of a large room are passed over and not read.
	stateButMembers = armsOf(0, 2, `
		SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = @1 AND state.type < 'm.room.member' AND state.pos <= @2 AND state.until > @2
		UNION ALL SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = @1 AND state.type > 'm.room.member' AND state.pos <= @2 AND state.until > @2`)
)

// StateSince implements feed.Disk.
func (db *DB) StateSince(v stream.View, of []room.Stretch, everybody bool) (map[room.No][]room.Event, error) {
	var whole, changed []room.Stretch
	for _, p := range of {
		if p.After == 0 && !everybody {
			whole = append(whole, p)
		} else {
			changed = append(changed, p)
		}
	}
	all := eventsByRoom{about: 8}
	err := changedState.each(in(v), nil, len(changed), stretches(changed), all.scan())
	if err == nil {
		err = stateButMembers.each(in(v), nil, len(whole), func(i int) []any { return []any{int64(whole[i].Room), int64(whole[i].Upto)} }, all.scan())
	}
	return all.sorted(false), err
}
