package store

import (
	"database/sql"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// membersAsked is how many people one arm asks for.
const membersAsked = 4

var membersAt = armsOf(0, 2+membersAsked, `
	SELECT `+eventColumns+` FROM state JOIN event ON event.pos = state.pos
	WHERE state.room = @1 AND state.type = 'm.room.member' AND state.pos <= @2 AND state.until > @2 AND state.state_key IN (@3, @4, @5, @6)`)

// MembersAt implements room.Reading.
func (db *DB) MembersAt(v stream.View, of []room.Members) (map[room.No][]room.Event, error) {
	var few []room.Members
	for _, m := range of {
		for who := range slices.Chunk(m.Who, membersAsked) {
			few = append(few, room.Members{Room: m.Room, At: m.At, Who: who})
		}
	}
	all := eventsByRoom{about: membersAsked}
	err := membersAt.each(in(v), nil, len(few), func(i int) []any {
		args := make([]any, 2+membersAsked)
		args[0], args[1] = int64(few[i].Room), int64(few[i].At)
		for j, who := range few[i].Who {
			args[2+j] = string(who)
		}
		return args
	}, all.scan())
	return all.sorted(false), err // sorted here: for an ORDER BY, SQLite would read all of the room's state
}

// By implements room.Reading.
func (db *DB) By(v stream.View, target stream.Position, relation string, sender account.No) ([]room.Event, error) {
	return events(in(v).query(`
		SELECT `+eventColumns+` FROM event WHERE relates = $1 AND relation = CAST($2 AS TEXT) AND sender = $3 ORDER BY pos`, int64(target), relation, int64(sender)))
}

// Aggregates implements room.Reading.
func (db *DB) Aggregates(v stream.View, targets []stream.Position, seen room.Range, me account.No, ignored []account.No) ([]room.Aggregate, error) {
	if len(targets) == 0 {
		return nil, nil
	}
	places, args := list(4, numbers(targets))
	others := ""
	if len(ignored) > 0 {
		not, who := list(4+len(args), numbers(ignored))
		others, args = ` AND child.sender NOT IN (`+not+`)`, append(args, who...)
	}
	rows, err := in(v).query(`
		SELECT child.relates, child.relation, COUNT(*), MAX(child.pos),
			MAX(CASE WHEN child.sender = target.sender THEN child.pos ELSE 0 END), MAX(CASE WHEN child.sender = $3 THEN 1 ELSE 0 END)
		FROM event AS child JOIN event AS target ON target.pos = child.relates
		WHERE child.relates IN (`+places+`) AND child.pos >= $1 AND child.pos <= $2`+others+`
		GROUP BY child.relates, child.relation`, append([]any{int64(seen.First), int64(seen.Last), int64(me)}, args...)...)
	return collect(rows, err, func(rows *sql.Rows) (a room.Aggregate, err error) {
		var mine int
		err = rows.Scan((*int64)(&a.Target), &a.Relation, &a.Count, (*int64)(&a.Last), (*int64)(&a.LastOwn), &mine)
		a.Mine = mine != 0
		return a, err
	})
}

// Children implements room.Reading.
func (db *DB) Children(v stream.View, target stream.Position, c room.Children) ([]room.Event, error) {
	order := `pos`
	if c.Backwards {
		order = `pos DESC`
	}
	return events(in(v).query(`
		SELECT `+eventColumns+` FROM event
		WHERE relates = $1 AND pos > $2 AND pos <= $3 AND ($4 = '' OR relation = CAST($4 AS TEXT)) ORDER BY `+order+` LIMIT $5`,
		int64(target), int64(c.After), int64(c.Upto), c.Relation, c.Limit))
}

// Descendants implements room.Reading. Both databases make the rows of a tree one after the other and no more than are read.
func (db *DB) Descendants(v stream.View, target stream.Position, steps, limit int) ([]room.Descendant, error) {
	rows, err := in(v).query(`
		WITH RECURSIVE tree (at, relation, steps) AS (
			SELECT pos, relation, 1 FROM event WHERE relates = $1
			UNION ALL
			SELECT child.pos, child.relation, tree.steps + 1 FROM tree CROSS JOIN event AS child WHERE child.relates = tree.at AND tree.steps < $2
		)
		SELECT at, coalesce(relation, ''), steps FROM tree LIMIT $3`, int64(target), steps, limit)
	return collect(rows, err, func(rows *sql.Rows) (b room.Descendant, err error) {
		return b, rows.Scan((*int64)(&b.Pos), &b.Relation, &b.Steps)
	})
}

// Threads implements room.Reading.
func (db *DB) Threads(v stream.View, no room.No, before, upto stream.Position, me account.No, limit int) ([]room.Thread, error) {
	rows, err := in(v).query(`
		SELECT last.relates, last.pos FROM event AS last
		WHERE last.room = $1 AND last.relation = 'm.thread' AND last.pos < $2 AND last.pos <= $3
			AND NOT EXISTS (
				SELECT 1 FROM event AS newer
				WHERE newer.relates = last.relates AND newer.relation = 'm.thread' AND newer.pos > last.pos AND newer.pos <= $3)
			AND ($4 = 0 OR EXISTS (SELECT 1 FROM event AS root WHERE root.pos = last.relates AND root.sender = $4) OR EXISTS (
				SELECT 1 FROM event AS mine
				WHERE mine.relates = last.relates AND mine.relation = 'm.thread' AND mine.sender = $4 AND mine.pos <= $3))
		ORDER BY last.pos DESC LIMIT $5`, int64(no), int64(before), int64(upto), int64(me), limit)
	return collect(rows, err, func(rows *sql.Rows) (t room.Thread, err error) {
		return t, rows.Scan((*int64)(&t.Root), (*int64)(&t.Last))
	})
}
