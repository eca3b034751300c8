package store

import (
	"database/sql"

	"wardroom/internal/account"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Subscription implements feed.Disk.
func (db *DB) Subscription(v stream.View, a account.No, root stream.Position) (s feed.Subscription, ok bool, err error) {
	err = in(v).row(`SELECT subscribed, automatic, pos FROM thread_subscription WHERE account = $1 AND root = $2`, a, root).
		Scan(&s.Subscribed, &s.Automatic, &s.Pos)
	ok, err = found(err)
	return s, ok, err
}

// SetSubscription implements feed.Disk.
func (db *DB) SetSubscription(u stream.Unit, a account.No, no room.No, root stream.Position, s feed.Subscription) error {
	_, err := in(u).exec(`
		INSERT INTO thread_subscription (account, root, room, subscribed, automatic, pos) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account, root) DO UPDATE SET subscribed = excluded.subscribed, automatic = excluded.automatic, pos = excluded.pos`,
		a, root, no, s.Subscribed, s.Automatic, s.Pos)
	return err
}

// CountSubscriptions implements feed.Disk.
func (db *DB) CountSubscriptions(v stream.View, a account.No) (n int, err error) {
	err = in(v).row(`SELECT count(*) FROM thread_subscription WHERE account = $1`, a).Scan(&n)
	return n, err
}

// SubscriptionsSince implements feed.Disk.
func (db *DB) SubscriptionsSince(v stream.View, a account.No, after, upto stream.Position, limit int) ([]feed.ThreadSubscription, error) {
	rows, err := in(v).query(`
		SELECT room.id, event.id, thread_subscription.subscribed, thread_subscription.automatic, thread_subscription.pos
		FROM thread_subscription JOIN room ON room.no = thread_subscription.room JOIN event ON event.pos = thread_subscription.root
		WHERE thread_subscription.account = $1 AND thread_subscription.pos > $2 AND thread_subscription.pos <= $3
		ORDER BY thread_subscription.pos DESC LIMIT $4`, a, after, upto, limit)
	return collect(rows, err, func(rows *sql.Rows) (s feed.ThreadSubscription, err error) {
		var id []byte
		err = rows.Scan(&s.Room, &id, &s.Subscribed, &s.Automatic, &s.Pos)
		s.Thread = eventName(id)
		return s, err
	})
}

// SubscribedIn implements feed.Disk.
func (db *DB) SubscribedIn(v stream.View, a account.No, no room.No) ([]mxid.Event, error) {
	rows, err := in(v).query(`
		SELECT event.id FROM thread_subscription JOIN event ON event.pos = thread_subscription.root
		WHERE thread_subscription.account = $1 AND thread_subscription.room = $2 AND thread_subscription.subscribed`, a, no)
	return collect(rows, err, func(rows *sql.Rows) (mxid.Event, error) {
		var id []byte
		err := rows.Scan(&id)
		return eventName(id), err
	})
}
