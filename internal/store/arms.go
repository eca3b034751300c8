package store

import (
	"database/sql"
	"database/sql/driver"
	"io"
	"strconv"
	"strings"
)

// arms is a statement that asks the same of many rooms, with an arm for each. The plan of each arm is that of the statement for one room alone, in
// SQLite and in PostgreSQL: a join with a list of rooms would leave it to them where to begin, and neither lets such a join end after so many rows of each.
type arms struct {
	shared int // parameters that all arms share
	own    int // parameters that each has for itself
	texts  [len(armed)]string
}

// armed is how many arms a statement has: each text is kept prepared.
var armed = [...]int{1, 4, 16}

// armsOf makes the statement out of one arm, in which $1, $2, … are shared and @1, @2, … the arm's own.
func armsOf(shared, own int, arm string) *arms {
	a := &arms{shared: shared, own: own}
	for i, n := range armed {
		var all []string
		for j := range n {
			var names []string
			for k := own; k > 0; k-- {
				names = append(names, "@"+strconv.Itoa(k), "$"+strconv.Itoa(shared+j*own+k))
			}
			all = append(all, strings.NewReplacer(names...).Replace(arm))
		}
		a.texts[i] = strings.Join(all, "\nUNION ALL ")
	}
	return a
}

// each asks of n rooms: args gives the parameters of the one at i. Arms that are left over have NULL for all of theirs, and so no rows.
func (a *arms) each(t *tx, shared []any, n int, args func(i int) []any, scan func(scanner) error) error {
	for from := 0; from < n; {
		size := 0
		for size < len(armed)-1 && armed[size] < n-from {
			size++
		}
		some := min(armed[size], n-from)
		all := make([]driver.NamedValue, a.shared+a.own*armed[size])
		for i := range all {
			all[i].Ordinal = i + 1
		}
		for i, arg := range shared {
			all[i].Value = arg
		}
		for i := range some {
			for j, arg := range args(from + i) {
				all[a.shared+a.own*i+j].Value = arg
			}
		}
		if err := t.rows(a.texts[size], all, scan); err != nil {
			return err
		}
		from += some
	}
	return nil
}

// rows runs a statement that answers many rows, and scans each. It asks the driver itself: in database/sql a row takes half as long again.
func (t *tx) rows(q string, args []driver.NamedValue, scan func(scanner) error) error {
	t.read++
	if err := t.flush(); err != nil {
		return err
	}
	return t.c.sql.Raw(func(c any) error {
		s := t.c.bare[q]
		if s == nil {
			made, err := c.(driver.ConnPrepareContext).PrepareContext(t.ctx, t.c.kind.text(q))
			if err != nil {
				return err
			}
			s = made.(driver.StmtQueryContext)
			t.c.bare[q] = s
		}
		rows, err := s.QueryContext(t.ctx, args)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, len(rows.Columns()))
		var one scanner = bare(values)
		for {
			t.read++
			if err := rows.Next(values); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := scan(one); err != nil {
				return err
			}
		}
	})
}

// bare is a row as the driver gives it.
type bare []driver.Value

// Scan reads the row into what dest points to, each of them an sql.Scanner.
func (b bare) Scan(dest ...any) error {
	for i, d := range dest {
		if err := d.(sql.Scanner).Scan(b[i]); err != nil {
			return err
		}
	}
	return nil
}

// each reads all rows.
func (c *counted) each(scan func(*sql.Rows) error) error {
	defer c.Close()
	for c.Next() {
		if err := scan(c.Rows); err != nil {
			return err
		}
	}
	return c.Err()
}
