package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"wardroom/internal/stream"
)

// tx is one transaction: a stream.View for readers, a stream.Unit for the writer.
type tx struct {
	ctx     context.Context
	c       *conn
	open    bool
	wrote   bool // something was written since the last reset
	changed bool // something was written at all
	read    int  // statements that were run and rows that they gave
	now     time.Time
	start   stream.Position    // where the stream stood at the beginning
	pos     stream.Position    // the last position taken
	entries []*stream.Entry    // what was put there
	puts    []put              // what is to be written with the next statement that is waited for
	heads   heads              // the ends of chains that are to be written then
	eager   bool               // nothing is put off
	late    bool               // what was put off failed: whose fault that is nobody knows
	known   *known             // what the writer remembers; nil where everything is asked
	sent    map[sending][]said // what was asked ahead, as it is now
	foreign []foreign          // what other servers have appended
	told    bool               // that is all
}

// put is a change that nobody waits for.
type put struct {
	q    string
	args []any
	one  error // what it is called where not just one row was changed; nil: any number may
}

// maxPuts is how many changes are put off at most.
const maxPuts = 256

var _ stream.Unit = (*tx)(nil)

// in is the transaction behind a view or a unit.
func in(v stream.View) *tx { return v.(*tx) }

// begin begins a transaction on c. A connection that broke meanwhile, or whose server has become a standby, is made anew; the writer of a
// server then sees to it again that it is the only one.
func (db *DB) begin(ctx context.Context, c *conn, how opening, f foresight) (*tx, error) {
	t, err := begin(ctx, c, how, f)
	if err == nil || db.kind.sound(context.WithoutCancel(ctx), c.sql) {
		return t, err
	}
	_ = c.sql.Raw(func(any) error { return driver.ErrBadConn }) // the pool is not to give it to anybody again
	_ = c.close()
	anew, err := db.connect(ctx)
	if err == nil && c == db.write && db.keep != nil {
		err = db.keep(ctx, anew.sql)
	}
	if err != nil {
		return nil, errors.Join(err, anew.close())
	}
	*c = *anew
	if c == db.write {
		db.known = known{} // where another server has taken over, not all of it may be there
	}
	if t, err = begin(ctx, c, how, foresight{}); err == nil && db.lost.CompareAndSwap(true, false) {
		db.log.Info("the database is there again")
	}
	return t, err
}

func begin(ctx context.Context, c *conn, how opening, f foresight) (*tx, error) {
	// The transaction itself must not be cut short by a client that goes away: the connection would be lost with it.
	t := &tx{ctx: context.WithoutCancel(ctx), c: c, now: time.Now()}
	t.open = true
	if err := c.kind.begin(t, how, f); err != nil {
		t.rollback()
		if len(f.sending) > 0 { // perhaps it is what one of them asks: whoever does is to be told so, and nobody else
			return begin(ctx, c, how, foresight{})
		}
		return nil, err
	}
	t.start = t.pos
	return t, nil
}

// control runs a statement that begins or ends the transaction.
func (t *tx) control(q string) error {
	s, err := t.stmt(q)
	if err == nil {
		_, err = s.ExecContext(t.ctx)
	}
	return err
}

func (t *tx) end() error {
	err := t.flush()
	if err == nil {
		err = t.c.kind.commit(t)
	}
	t.open = err != nil
	return err
}

func (t *tx) rollback() {
	if t.open {
		t.open = false
		_ = t.control("ROLLBACK") // nothing was promised; the next BEGIN reports a broken connection
	}
}

// run calls fn and turns a panic into an error, so that one bad request cannot take its neighbours along.
func (t *tx) run(fn func(stream.Unit) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a unit of work: %v", p)
		}
	}()
	return fn(t)
}

// Upto implements stream.View.
func (t *tx) Upto() stream.Token { return stream.Token{t.pos} }

// Now implements stream.Unit.
func (t *tx) Now() time.Time { return t.now }

// Next implements stream.Unit.
func (t *tx) Next(topic stream.Topic, also ...stream.Topic) stream.Position {
	t.pos++
	t.entries = append(t.entries, &stream.Entry{Pos: t.pos, Topics: append([]stream.Topic{topic}, also...)})
	return t.pos
}

// Tell implements stream.Unit.
func (t *tx) Tell(what any) { t.entries[len(t.entries)-1].What = what }

func (t *tx) stmt(q string) (*sql.Stmt, error) {
	if s := t.c.stmts[q]; s != nil {
		return s, nil
	}
	s, err := t.c.sql.PrepareContext(t.ctx, t.c.kind.text(q))
	if err == nil {
		t.c.stmts[q] = s
	}
	return s, err
}

// put runs a statement that changes rows, now or with the next that is waited for: over a network each answer that is waited for takes
// longer than the change. one is the error where not just one row was changed, nil where any number may.
func (t *tx) put(one error, q string, args ...any) error {
	t.wrote = true
	if t.c.kind.together != nil && !t.eager {
		return t.later(put{q, args, one})
	}
	n, err := t.exec(q, args...)
	if err == nil && one != nil && n != 1 {
		err = one
	}
	return err
}

// later puts a change off.
func (t *tx) later(p put) error {
	t.puts = append(t.puts, p)
	if len(t.puts) < maxPuts {
		return nil
	}
	return t.flush()
}

// flush runs what was put off.
func (t *tx) flush() (err error) {
	if t.late {
		return errLate
	}
	if len(t.puts) == 0 && len(t.heads) == 0 {
		return nil
	}
	puts := t.heads.puts(t.puts)
	t.puts, t.heads = nil, nil
	if t.c.kind.together != nil {
		err = t.c.kind.together(t, puts)
	} else {
		for _, p := range puts {
			if err == nil {
				err = t.put(p.one, p.q, p.args...)
			}
		}
	}
	t.late = err != nil
	return err
}

var errLate = errors.New("what was put off has failed")

// query runs a statement that answers rows. q must be a constant text or one of few: each is kept prepared.
func (t *tx) query(q string, args ...any) (*counted, error) {
	t.read++
	if err := t.flush(); err != nil {
		return nil, err
	}
	s, err := t.stmt(q)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(t.ctx, args...)
	if err != nil {
		return nil, err
	}
	return &counted{rows, t}, nil
}

// counted is rows that are counted as they are read.
type counted struct {
	*sql.Rows
	t *tx
}

// uncounted is rows that no view reads.
func uncounted(rows *sql.Rows, err error) (*counted, error) { return &counted{rows, new(tx)}, err }

// Next is that of sql.Rows.
func (c *counted) Next() bool {
	c.t.read++
	return c.Rows.Next()
}

// row runs a statement that answers at most one row; Scan gives sql.ErrNoRows where there is none.
func (t *tx) row(q string, args ...any) rower {
	t.read++
	if err := t.flush(); err != nil {
		return failed{err}
	}
	s, err := t.stmt(q)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(t.ctx, args...)
}

// exec runs a statement that changes rows and says how many.
func (t *tx) exec(q string, args ...any) (int64, error) {
	t.wrote = true
	if err := t.flush(); err != nil {
		return 0, err
	}
	s, err := t.stmt(q)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

type rower interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// collect reads all rows with scan.
func collect[T any](rows *counted, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows.Rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// found turns "no row" into ok == false.
func found(err error) (ok bool, _ error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// day is the number of days since 1970-01-01 UTC.
func day(t time.Time) int64 { return t.Unix() / 86400 }
