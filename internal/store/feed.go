package store

import (
	"cmp"
	"database/sql"
	"slices"

	"wardroom/internal/account"
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

// Recent implements feed.Disk. Whose doing it was is asked only of rooms that were left.
func (db *DB) Recent(v stream.View, who mxid.User, a account.No) ([]feed.Recent, error) {
	rows, err := in(v).query(`
		SELECT room.no, room.id, state.pos, state.membership,
			CASE WHEN state.membership = 'join' THEN room.last ELSE state.pos END AS recent,
			CASE WHEN state.membership <> 'leave' AND state.membership <> 'ban' THEN 0
				WHEN EXISTS (SELECT 1 FROM event WHERE event.pos = state.pos AND event.sender = $2) THEN 0
				WHEN EXISTS (SELECT 1 FROM state AS been WHERE been.room = state.room AND been.type = 'm.room.member' AND been.state_key = $1
					AND been.membership = 'join') THEN 1 ELSE 0 END,
			CASE WHEN state.membership <> 'leave' AND state.membership <> 'ban' THEN 0
				WHEN EXISTS (SELECT 1 FROM forgotten WHERE forgotten.account = $2 AND forgotten.room = state.room) THEN 1 ELSE 0 END
		FROM state JOIN room ON room.no = state.room
		WHERE state.state_key = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807
		ORDER BY recent DESC`, who, a)
	return collect(rows, err, func(rows *sql.Rows) (r feed.Recent, err error) {
		var out, forgotten int64
		err = rows.Scan((*int64)(&r.Room), (*string)(&r.ID), (*int64)(&r.Pos), &r.Membership, (*int64)(&r.Last), &out, &forgotten)
		r.Out, r.Forgotten = out > 0, forgotten > 0
		return r, err
	})
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

// RoomDataSince implements feed.Disk.
func (db *DB) RoomDataSince(v stream.View, a account.No, no room.No, after, upto stream.Position) ([]account.Datum, error) {
	rows, err := in(v).query(`
		SELECT type, content FROM account_data WHERE account = $1 AND room = $2 AND pos > $3 AND pos <= $4 ORDER BY pos`, a, no, after, upto)
	return collect(rows, err, func(rows *sql.Rows) (d account.Datum, err error) {
		return d, rows.Scan(&d.Type, &d.Content)
	})
}

// Spoken implements feed.Disk.
func (db *DB) Spoken(v stream.View, no room.No, upto stream.Position) (pos stream.Position, err error) {
	err = in(v).row(`
		SELECT coalesce((SELECT pos FROM event WHERE room = $1 AND pos <= $2 AND counts ORDER BY pos DESC LIMIT 1),
			(SELECT min(pos) FROM event WHERE room = $1), 0)`, no, upto).Scan(&pos)
	return pos, err
}

// Turned implements feed.Disk.
func (db *DB) Turned(v stream.View, no room.No, after, upto stream.Position) (turned bool, err error) {
	err = in(v).row(`SELECT EXISTS (SELECT 1 FROM state WHERE room = $1 AND pos > $2 AND pos <= $3 AND type = 'm.room.member')`,
		no, after, upto).Scan(&turned)
	return turned, err
}

// Joined implements feed.Disk.
func (db *DB) Joined(v stream.View, no room.No) ([]mxid.User, error) {
	rows, err := in(v).query(`
		SELECT state_key FROM state
		WHERE room = $1 AND type = 'm.room.member' AND until = 9223372036854775807 AND membership = 'join'`, no)
	return collect(rows, err, scanOne[mxid.User])
}

// Heroes implements feed.Disk.
func (db *DB) Heroes(v stream.View, no room.No, who mxid.User) ([]mxid.User, error) {
	rows, err := in(v).query(`
		SELECT state_key FROM state
		WHERE room = $1 AND type = 'm.room.member' AND until = 9223372036854775807
		AND (membership = 'join' OR membership = 'invite') AND state_key <> $2 ORDER BY pos LIMIT 5`, no, who)
	return collect(rows, err, scanUser)
}

func scanUser(rows *sql.Rows) (u mxid.User, err error) { return u, rows.Scan(&u) }

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

// ReceiptsSince implements feed.Disk.
func (db *DB) ReceiptsSince(v stream.View, no room.No, a account.No, after, upto, oldest stream.Position) ([]feed.GivenReceipt, error) {
	rows, err := in(v).query(`
		SELECT receipt.type, receipt.thread, event.id, account.id
		FROM receipt JOIN event ON event.pos = receipt.event_pos JOIN account ON account.no = receipt.account
		WHERE receipt.room = $1 AND receipt.pos > $3 AND receipt.pos <= $4
		AND (receipt.type <> 'm.read.private' AND receipt.event_pos >= $5 OR receipt.account = $2)`, no, a, after, upto, oldest)
	return collect(rows, err, func(rows *sql.Rows) (r feed.GivenReceipt, err error) {
		var id []byte
		err = rows.Scan(&r.Type, &r.Thread, &id, &r.User)
		r.Event = eventName(id)
		return r, err
	})
}

// came is where somebody, $3, joined a room, $1, and has not left it since. A new name is a membership event too, and no coming.
const came = `SELECT min(pos) AS pos FROM state WHERE room = $1 AND type = 'm.room.member' AND state_key = $3 AND pos >
	(SELECT coalesce(max(pos), 0) FROM state WHERE room = $1 AND type = 'm.room.member' AND state_key = $3 AND membership IS DISTINCT FROM 'join')`

// unreadMain and unreadReplies are the rest of queries for what somebody has not read of a room: outside of threads, and in them. Where
// they have read to is one value, so that counting begins there and not where they joined. Of
// threads only a receipt for the whole room does that, and clients seldom give one: it is the newest answers that are looked at, since those
// before them may all have been read, each in its thread.
const (
	unreadMain = ` FROM event WHERE event.room = $1 AND event.pos > (SELECT max(pos) FROM (` + came + `
			UNION ALL SELECT event_pos FROM receipt WHERE room = $1 AND account = $2 AND thread IN ('', 'main')) AS read)
		AND event.counts AND event.sender <> $2 AND event.relation IS DISTINCT FROM 'm.thread' `
	unreadReplies = ` FROM event JOIN event AS root ON root.pos = event.relates
		WHERE event.room = $1 AND event.pos > (SELECT max(pos) FROM (` + came + `
			UNION ALL SELECT event_pos FROM receipt WHERE room = $1 AND account = $2 AND thread = '') AS read)
		AND event.counts AND event.sender <> $2 AND event.relation = 'm.thread' ORDER BY event.pos DESC LIMIT 1000`
)

// Unread implements feed.Disk.
func (db *DB) Unread(v stream.View, no room.No, who mxid.User, a account.No) ([]feed.Unread, error) {
	t := in(v)
	rows, err := t.query(`SELECT sender, count(*) FROM (SELECT event.sender`+unreadMain+`LIMIT 1000) AS unread GROUP BY sender`, no, a, who)
	all, err := collect(rows, err, func(rows *sql.Rows) (n feed.Unread, err error) { return n, rows.Scan(&n.Sender, &n.N) })
	if err != nil {
		return nil, err
	}
	type reply struct {
		feed.Unread
		pos stream.Position
	}
	rows, err = t.query(`SELECT root.id, event.pos, event.sender`+unreadReplies, no, a, who)
	replies, err := collect(rows, err, func(rows *sql.Rows) (r reply, err error) {
		var id []byte
		err = rows.Scan(&id, &r.pos, &r.Sender)
		r.Thread = eventName(id)
		return r, err
	})
	if err != nil || len(replies) == 0 {
		return all, err
	}
	read, err := db.ReadTo(v, no, a)
	for _, r := range replies {
		if r.pos > read[string(r.Thread)] {
			at := slices.IndexFunc(all, func(n feed.Unread) bool { return n.Thread == r.Thread && n.Sender == r.Sender })
			if at < 0 {
				at, all = len(all), append(all, r.Unread)
			}
			all[at].N++
		}
	}
	return all, err
}

// UnreadEvents implements feed.Disk.
func (db *DB) UnreadEvents(v stream.View, no room.No, who mxid.User, a account.No) ([]feed.UnreadEvent, error) {
	t := in(v)
	rows, err := t.query(`SELECT `+eventColumns+unreadMain+`ORDER BY event.pos LIMIT 1000`, no, a, who)
	all, err := collect(rows, err, func(rows *sql.Rows) (e feed.UnreadEvent, err error) {
		e.Event, err = scanEvent(rows)
		return e, err
	})
	if err != nil {
		return nil, err
	}
	rows, err = t.query(`SELECT `+eventColumns+`, root.id`+unreadReplies, no, a, who)
	replies, err := collect(rows, err, func(rows *sql.Rows) (e feed.UnreadEvent, err error) {
		var id []byte
		e.Event, err = scanEvent(rows, &id)
		e.Thread = eventName(id)
		return e, err
	})
	if err != nil || len(replies) == 0 {
		return all, err
	}
	read, err := db.ReadTo(v, no, a)
	replies = slices.DeleteFunc(replies, func(e feed.UnreadEvent) bool { return e.Pos <= read[string(e.Thread)] })
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

// StateSince implements feed.Disk.
func (db *DB) StateSince(v stream.View, no room.No, after, at stream.Position, members []mxid.User) ([]room.Event, error) {
	t := in(v)
	if after > 0 {
		return events(t.query(`
			SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
			WHERE state.room = $1 AND state.pos > $2 AND state.pos <= $3 AND state.until > $3 ORDER BY state.pos`, no, after, at))
	}
	if members == nil {
		return events(t.query(`
			SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
			WHERE state.room = $1 AND state.pos <= $2 AND state.until > $2 ORDER BY state.pos`, no, at))
	}
	// Two ranges of the key, so that the members of a large room are passed over and not read.
	all, err := events(t.query(`
		SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = $1 AND state.type < 'm.room.member' AND state.pos <= $2 AND state.until > $2
		UNION ALL SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
		WHERE state.room = $1 AND state.type > 'm.room.member' AND state.pos <= $2 AND state.until > $2`, no, at))
	for _, who := range members {
		if err != nil {
			return nil, err
		}
		var one []room.Event
		one, err = events(t.query(`
			SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
			WHERE state.room = $1 AND state.type = 'm.room.member' AND state.state_key = $2 AND state.pos <= $3 AND state.until > $3`,
			no, who, at))
		all = append(all, one...)
	}
	slices.SortFunc(all, func(a, b room.Event) int { return cmp.Compare(a.Pos, b.Pos) })
	return all, err
}
