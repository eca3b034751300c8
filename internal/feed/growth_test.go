package feed_test

import (
	crand "crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/event"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

var days = flag.Int("days", 21, "how many days of an office TestCostOfAYear lets pass")

const (
	perEvent = 1600 // bytes that an event may cost, with all that comes with it, in SQLite

	perEventPostgres = 2000

	perDay = 200 // events
)

// Twenty people chat, day after day: messages, answers, edits, reactions, receipts, keys to each other's devices and in everybody's backup.
// All of that together costs less than two kilobytes for each event, in PostgreSQL too (the sizes are those that our own client's messages and keys have); whatever is out of use goes, and what stays grows by the event.
func TestCostOfAYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		db, hub := storetest.OpenDir(t, dir)
		o := openOn(t, db, hub, 20, 1)
		y := &year{office: o, db: db, beside: storetest.Beside(t, dir), dice: rand.New(rand.NewPCG(1, 2)), backups: &device.Backups{Disk: db},
			members: [][]account.Session{o.people}, sessions: map[string]session{}, said: map[mxid.Room]mxid.Event{}, versions: map[mxid.User]string{}}
		for _, size := range []int{8, 6, 5, 4, 2, 2, 2, 2} {
			first := y.dice.IntN(len(o.people) - size)
			members := o.people[first : first+size]
			id, err := o.Rooms.Create(t.Context(), members[0], room.Wanted{Preset: "public_chat"})
			must(t, err)
			for _, p := range members[1:] {
				must(t, o.Rooms.Join(t.Context(), p, id, ""))
			}
			o.rooms, y.members = append(o.rooms, id), append(y.members, members)
		}
		for _, p := range o.people {
			v, err := y.backups.Create(t.Context(), p, "m.megolm_backup.v1.curve25519-aes-sha2", json.RawMessage(`{"public_key":"`+filling(43)+`"}`))
			must(t, err)
			y.versions[p.User] = v
			y.since = append(y.since, o.sync(t, p, "").Next)
		}
		before := y.size(t)
		var half int64
		for day := range *days {
			if day == *days/2 {
				half = y.size(t)
			}
			y.day(t, day)
		}
		time.Sleep(7 * 24 * time.Hour) // what is kept for repeated requests is out of use
		y.tidy(t)
		after, events := y.size(t), int64(*days*perDay)
		t.Logf("%d events of %d people in %d days: %d bytes each; %s", events, len(o.people), *days, (after-before)/events, y.tables(t))
		most := int64(perEvent)
		if storetest.Postgres() {
			most = perEventPostgres
		}
		if each := (after - before) / events; each > most {
			t.Errorf("each event costs %d bytes, more than %d", each, most)
		}
		if first, second := (half-before)/int64(*days/2), (after-half)/int64(*days-*days/2); second > first*6/5 {
			t.Errorf("a day of the first half cost %d bytes, one of the second %d", first, second)
		}
		for _, table := range []string{"to_device", "to_device_txn", "to_device_waiting"} {
			var rows int
			must(t, y.beside.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows))
			if rows > 0 {
				t.Errorf("%d rows of %s are left that nobody needs", rows, table)
			}
		}
	})
}

// year is an office in which time passes.
type year struct {
	*office
	db       *store.DB
	beside   *sql.DB
	dice     *rand.Rand
	backups  *device.Backups
	members  [][]account.Session      // by room
	since    []string                 // by person
	mu       sync.Mutex               // guards sessions and said
	sessions map[string]session       // by room and sender
	said     map[mxid.Room]mxid.Event // what relates to nothing, the latest of each room
	versions map[mxid.User]string
	n        int
}

// session is what one device encrypts with in one room, for a week or a hundred messages.
type session struct {
	until time.Time
	left  int
}

func (y *year) day(t *testing.T, day int) {
	t.Helper()
	for range perDay / 10 {
		var all sync.WaitGroup
		for range 10 { // at once, so that they share commits
			i := y.dice.IntN(len(y.rooms))
			members := y.members[i]
			who, kind, n := members[y.dice.IntN(len(members))], y.dice.IntN(100), y.n
			readers := []account.Session{members[y.dice.IntN(len(members))], members[y.dice.IntN(len(members))], who}
			y.n++
			all.Go(func() { y.say(t, y.rooms[i], members, who, kind, n, readers) })
		}
		all.Wait()
		time.Sleep(24 * time.Hour / (perDay / 10))
	}
	for i, p := range y.people { // twice, so that what came is acknowledged
		y.since[i] = y.sync(t, p, y.sync(t, p, y.since[i]).Next).Next
	}
	y.tidy(t)
}

func (y *year) tidy(t *testing.T) {
	t.Helper()
	must(t, y.Devices.Prune(t.Context()))
	must(t, y.backups.Prune(t.Context()))
	if storetest.Postgres() { // autovacuum would have done it many times: its clock is the one on the wall, which stands still here
		_, err := y.beside.ExecContext(t.Context(), "VACUUM account_data, backup_version, receipt, room, stream_shard, to_device, to_device_txn, to_device_waiting")
		must(t, err)
	}
}

// say is one event, with the keys that it takes and the receipts that follow.
func (y *year) say(t *testing.T, in mxid.Room, members []account.Session, who account.Session, kind, n int, readers []account.Session) {
	ctx, key := t.Context(), string(in)+string(who.User)
	y.mu.Lock()
	s := y.sessions[key]
	fresh := s.left == 0 || time.Now().After(s.until)
	if fresh {
		s = session{time.Now().Add(7 * 24 * time.Hour), 100}
	}
	s.left--
	y.sessions[key] = s
	y.mu.Unlock()
	if fresh {
		id := fmt.Sprintf("%043d", n)
		for _, m := range members {
			content := json.RawMessage(`{"algorithm":"m.olm.v1.curve25519-aes-sha2","ciphertext":{"` + filling(43) + `":{"type":1,"body":"` + filling(1200) + `"}},"sender_key":"` + filling(43) + `"}`)
			must(t, y.Devices.Send(ctx, who, "m.room.encrypted", fmt.Sprint(n, m.User), map[mxid.User]map[mxid.Device]json.RawMessage{m.User: {device.Everyone: content}}))
			_, err := y.backups.Put(ctx, m, y.versions[m.User], []device.BackedUp{{Room: in, Session: id, Data: json.RawMessage(`{"ciphertext":"` + filling(600) + `","ephemeral":"` + filling(43) + `","mac":"` + filling(11) + `"}`)}})
			must(t, err)
		}
	}
	relates := ""
	switch {
	case kind < 10:
		relates = event.RelThread
	case kind < 15:
		relates = event.RelReplace
	case kind < 25:
		relates = "m.annotation"
	}
	y.mu.Lock()
	root := y.said[in]
	y.mu.Unlock()
	if root == "" {
		relates = ""
	}
	if relates != "" {
		relates = `,"m.relates_to":{"rel_type":"` + relates + `","event_id":"` + string(root) + `"}`
	}
	id, err := y.Rooms.Send(ctx, who, in, "m.room.encrypted", fmt.Sprint(n), []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`+filling(500+n%400)+
		`","sender_key":"`+filling(43)+`","device_id":"ABCDEFGHIJ","session_id":"`+filling(43)+`"`+relates+`}`))
	must(t, err)
	if relates == "" {
		y.mu.Lock()
		y.said[in] = id
		y.mu.Unlock()
	}
	for _, r := range readers {
		must(t, y.Receive(ctx, r, in, feed.Receipt{Type: feed.ReadPrivate, Event: id, Thread: "main"}, feed.Receipt{Type: feed.FullyRead, Event: id}))
	}
}

// filling is what encrypted words and keys look like: nothing in it repeats, so nothing is gained by looking for repetitions.
func filling(n int) string {
	random := make([]byte, n*3/4)
	crand.Read(random)
	return base64.RawStdEncoding.EncodeToString(random)
}

// size is how many bytes the database takes.
func (y *year) size(t *testing.T) (bytes int64) {
	t.Helper()
	if storetest.Postgres() {
		_, err := y.beside.ExecContext(t.Context(), "VACUUM ANALYZE")
		must(t, err)
		must(t, y.beside.QueryRowContext(t.Context(), "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").Scan(&bytes))
		return bytes
	}
	must(t, y.db.View(t.Context(), func(stream.View) error { return nil }))
	must(t, y.beside.QueryRowContext(t.Context(), "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&bytes))
	return bytes
}

// tables says which tables take most.
func (y *year) tables(t *testing.T) string {
	t.Helper()
	q := "SELECT name, sum(pgsize) AS n FROM dbstat GROUP BY name ORDER BY n DESC LIMIT 12"
	if storetest.Postgres() {
		q = "SELECT relname, pg_relation_size(oid) AS n FROM pg_class WHERE relkind IN ('r', 'i', 't') AND relname NOT LIKE 'pg_%' ORDER BY n DESC LIMIT 24"
	}
	rows, err := y.beside.QueryContext(t.Context(), q)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		var n int64
		must(t, rows.Scan(&name, &n))
		all = append(all, fmt.Sprintf("%s %d", name, n/int64(*days*perDay)))
	}
	must(t, rows.Err())
	return strings.Join(all, ", ")
}
