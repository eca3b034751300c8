package store

import (
	"database/sql"
	"slices"
	"strconv"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/push"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

var _ push.Disk = (*DB)(nil)

// pushedName is up to which position of the stream what has to be pushed was written down.
const pushedName = "pushed"

// AnyPusher implements push.Disk.
func (db *DB) AnyPusher(v stream.View) (any bool, err error) {
	err = in(v).row(`SELECT EXISTS (SELECT 1 FROM pusher)`).Scan(&any)
	return any, err
}

// Pushed implements push.Disk.
func (db *DB) Pushed(v stream.View) (pos stream.Position, ok bool, err error) {
	text, ok, err := db.Meta(v, pushedName)
	if err != nil || !ok {
		return 0, false, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return stream.Position(n), true, err
}

// SetPushed implements push.Disk.
func (db *DB) SetPushed(u stream.Unit, pos stream.Position) error {
	return db.SetMeta(u, pushedName, strconv.FormatInt(int64(pos), 10))
}

func scanHappened(rows *sql.Rows) (h push.Happened, err error) {
	h.Event, err = scanEvent(rows, (*string)(&h.In))
	return h, err
}

// Happened implements push.Disk.
func (db *DB) Happened(v stream.View, after, upto stream.Position, limit int) ([]push.Happened, error) {
	rows, err := in(v).query(`
		SELECT `+eventColumns+`, room.id FROM event JOIN room ON room.no = event.room
		WHERE event.pos > $1 AND event.pos <= $2 AND (event.counts OR event.pos IN
			(SELECT state.pos FROM state WHERE state.type = 'm.room.member' AND state.pos > $1 AND state.pos <= $2))
		ORDER BY event.pos LIMIT $3`, after, upto, limit)
	return collect(rows, err, scanHappened)
}

// EventAt implements push.Disk.
func (db *DB) EventAt(v stream.View, pos stream.Position) (h push.Happened, ok bool, err error) {
	h.Event, err = scanEvent(in(v).row(`SELECT `+eventColumns+`, room.id FROM event JOIN room ON room.no = event.room WHERE event.pos = $1`, pos), (*string)(&h.In))
	ok, err = found(err)
	return h, ok, err
}

// Stands implements push.Disk.
func (db *DB) Stands(v stream.View, no room.No, who mxid.User, pos stream.Position) (stands bool, err error) {
	err = in(v).row(`
		SELECT EXISTS (SELECT 1 FROM state WHERE room = $1 AND type = 'm.room.member' AND state_key = $2 AND pos = $3 AND until = 9223372036854775807)`,
		no, who, pos).Scan(&stands)
	return stands, err
}

// Followers implements push.Disk.
func (db *DB) Followers(v stream.View, root stream.Position) ([]account.No, error) {
	rows, err := in(v).query(`SELECT account FROM thread_subscription WHERE root = $1 AND subscribed`, root)
	return collect(rows, err, func(rows *sql.Rows) (a account.No, err error) { return a, rows.Scan(&a) })
}

// listening is the beginning of queries for listeners.
const listening = `
	SELECT account.no, account.id, rules.content, ignored.content FROM account
	LEFT JOIN account_data AS rules ON rules.account = account.no AND rules.room = 0 AND rules.type = 'm.push_rules'
	LEFT JOIN account_data AS ignored ON ignored.account = account.no AND ignored.room = 0 AND ignored.type = 'm.ignored_user_list'
	WHERE account.no IN (SELECT pusher.account FROM pusher) `

func scanListener(row scanner) (l push.Listener, err error) {
	var rules, ignored []byte
	err = row.Scan(&l.No, &l.User, &rules, &ignored)
	l.Rules, l.Ignored = rules, ignored
	return l, err
}

// Listeners implements push.Disk.
func (db *DB) Listeners(v stream.View, no room.No) ([]push.Listener, error) {
	rows, err := in(v).query(listening+`AND account.id IN (SELECT state.state_key FROM state
		WHERE state.room = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807 AND state.membership = 'join')`, no)
	return collect(rows, err, func(rows *sql.Rows) (push.Listener, error) { return scanListener(rows) })
}

// Listener implements push.Disk.
func (db *DB) Listener(v stream.View, who mxid.User) (push.Listener, bool, error) {
	l, err := scanListener(in(v).row(listening+`AND account.id = $1`, who))
	ok, err := found(err)
	return l, ok, err
}

// ReadBy implements push.Disk.
func (db *DB) ReadBy(v stream.View, after, upto stream.Position) (map[account.No]stream.Position, error) {
	read := map[account.No]stream.Position{}
	rows, err := in(v).query(`
		SELECT account, max(pos) FROM receipt WHERE pos > $1 AND pos <= $2 AND account IN (SELECT pusher.account FROM pusher) GROUP BY account`, after, upto)
	_, err = collect(rows, err, func(rows *sql.Rows) (pos stream.Position, err error) {
		var a account.No
		err = rows.Scan(&a, &pos)
		read[a] = pos
		return pos, err
	})
	return read, err
}

// keeping is the beginning of queries for pushers.
const keeping = `SELECT pusher.account, pusher.app_id, pusher.pushkey, account.id, pusher.json FROM pusher JOIN account ON account.no = pusher.account `

func scanKept(row scanner) (k push.Kept, err error) {
	return k, row.Scan(&k.Account, &k.AppID, &k.Pushkey, &k.User, &k.JSON)
}

// KeysOf implements push.Disk.
func (db *DB) KeysOf(v stream.View, who []account.No) (map[account.No][]push.Kept, error) {
	all := map[account.No][]push.Kept{}
	for some := range slices.Chunk(who, 1000) {
		places, args := list(1, numbers(some))
		rows, err := in(v).query(keeping+`WHERE pusher.account IN (`+places+`)`, args...)
		_, err = collect(rows, err, func(rows *sql.Rows) (k push.Kept, err error) {
			k, err = scanKept(rows)
			all[k.Account] = append(all[k.Account], k)
			return k, err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Kept implements push.Disk.
func (db *DB) Kept(v stream.View, key push.Key) (push.Kept, bool, error) {
	k, err := scanKept(in(v).row(keeping+`WHERE pusher.account = $1 AND pusher.app_id = $2 AND pusher.pushkey = $3`, key.Account, key.AppID, key.Pushkey))
	ok, err := found(err)
	return k, ok, err
}

// Due implements push.Disk.
func (db *DB) Due(v stream.View) ([]push.Due, error) {
	rows, err := in(v).query(`SELECT account, app_id, pushkey, pos FROM push ORDER BY pos, account, app_id, pushkey`)
	return collect(rows, err, func(rows *sql.Rows) (d push.Due, err error) {
		return d, rows.Scan(&d.Account, &d.AppID, &d.Pushkey, &d.Pos)
	})
}

// AddDue implements push.Disk.
func (db *DB) AddDue(u stream.Unit, d push.Due) error {
	_, err := in(u).exec(`INSERT INTO push (account, app_id, pushkey, pos) VALUES ($1, $2, $3, $4) ON CONFLICT (account, app_id, pushkey, pos) DO NOTHING`,
		d.Account, d.AppID, d.Pushkey, d.Pos)
	return err
}

// DropDue implements push.Disk.
func (db *DB) DropDue(u stream.Unit, k push.Key, upto stream.Position) error {
	_, err := in(u).exec(`DELETE FROM push WHERE account = $1 AND app_id = $2 AND pushkey = $3 AND pos <= $4`, k.Account, k.AppID, k.Pushkey, upto)
	return err
}
