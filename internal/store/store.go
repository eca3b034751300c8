// Package store keeps everything on disk: one file per noun, the SQL beside the function that runs it. It implements
// what the domain packages ask for in their Disk interfaces and decides nothing itself.
//
// One writer commits many units of work in one durable transaction; a few readers each hold one snapshot. The SQL is
// written so that SQLite and PostgreSQL run the same text.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// File is the database's name inside the data folder.
const File = "wardroom.db"

const (
	readers  = 4                     // snapshots open at once; more would only slow the writer down
	maxBatch = 256                   // units in one transaction
	maxWork  = 20 * time.Millisecond // after so much work a transaction takes no further unit: who waits in it is answered
)

// DB is the open store. Run must be running for Do to answer.
type DB struct {
	// Committed, if set before Run, is told of each commit: how many units it held and how long it took, the sync included.
	Committed func(units int, took time.Duration)
	// Elsewhere, if set before Run, is told of each commit that other servers with the same database have to hear of, in their order: what
	// was committed behind after and up to upto. It must not wait.
	Elsewhere func(after, upto stream.Position, entries []*stream.Entry)

	kind  *kind
	keep  func(context.Context, *sql.Conn) error // takes the lock of a server on its database; nil where it is not a server's
	pool  *sql.DB
	hub   *stream.Hub
	log   *slog.Logger
	write *conn // owned by Run
	read  pile  // idle readers
	units chan *unit
	gone  chan struct{} // closed when Run has returned

	told      stream.Position // up to where the hub knows; owned by Run, as the next two
	audiences audiences
	known     known
	elsewhere heard

	unwritable atomic.Bool // the disk did not take what was written last
	lost       atomic.Bool // the database was not there when it was asked last
}

// unit is one waiting call of Do.
type unit struct {
	ctx  context.Context
	fn   func(stream.Unit) error
	done chan error // buffered, answered exactly once
}

// conn is one connection with its prepared statements, by their text.
type conn struct {
	kind  *kind
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
	bare  map[string]driver.StmtQueryContext // those that are run without database/sql
}

// Open opens the database at where, creates its tables where there are none and brings them up to date: it is for servers.
// where is a folder, in which SQLite has one file, or the address of a PostgreSQL database, postgres://…. Whoever waits in hub
// is woken after commits. It returns an error where another server has the PostgreSQL database open; in a folder that is its
// owner's concern.
func Open(ctx context.Context, where string, hub *stream.Hub, log *slog.Logger) (*DB, error) {
	k := kindOf(where)
	db, err := open(ctx, k, where, hub, log, func(c *sql.Conn) error {
		if err := k.alone(ctx, c); err != nil {
			return err
		}
		return migrate(ctx, k, c, migrations, log)
	})
	if err != nil {
		return nil, err
	}
	db.keep = k.alone
	return db, nil
}

// OpenBeside is Open for one of several servers on one PostgreSQL database. Each of them has to tell the others of its commits: see Elsewhere
// and Heard. It returns an error where a server that tells nobody has the database open, or where the tables have to be brought up to date
// and any other server has it open.
func OpenBeside(ctx context.Context, where string, hub *stream.Hub, log *slog.Logger) (*DB, error) {
	k := kindOf(where)
	if k != &postgres {
		return nil, errors.New("several servers can share a PostgreSQL database alone")
	}
	beside := func(ctx context.Context, c *sql.Conn) error {
		if err := amongServers(ctx, c); err != nil {
			return err
		}
		return current(ctx, k, c) // another server may have brought the tables up to date meanwhile
	}
	db, err := open(ctx, k, where, hub, log, func(c *sql.Conn) error {
		if current(ctx, k, c) == nil {
			return beside(ctx, c)
		}
		if err := k.alone(ctx, c); err != nil {
			return err
		}
		if err := migrate(ctx, k, c, migrations, log); err != nil {
			return err
		}
		return insteadOfAlone(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	db.keep = beside
	return db, nil
}

// Join opens the database at where beside a server that may be using it. It leaves the tables as they are and returns a
// *VersionError where they are not of this program's version, and fs.ErrNotExist where there is no database.
func Join(ctx context.Context, where string, hub *stream.Hub, log *slog.Logger) (*DB, error) {
	k := kindOf(where)
	if k == &sqlite {
		if _, err := os.Stat(filepath.Join(where, File)); err != nil {
			return nil, err
		}
	}
	return open(ctx, k, where, hub, log, func(c *sql.Conn) error { return current(ctx, k, c) })
}

// open opens the database at where and calls ready with the writer's connection before anything else.
func open(ctx context.Context, k *kind, where string, hub *stream.Hub, log *slog.Logger, ready func(*sql.Conn) error) (*DB, error) {
	pool, err := k.open(where)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", k.explain(where, err))
	}
	pool.SetMaxOpenConns(readers + 1)
	pool.SetMaxIdleConns(readers + 1)
	db := &DB{kind: k, pool: pool, hub: hub, log: log, read: pile{free: make(chan struct{}, readers)}, units: make(chan *unit, maxBatch), gone: make(chan struct{})}
	if db.write, err = db.connect(ctx); err == nil {
		err = k.fit(ctx, db.write.sql)
	}
	if err == nil {
		err = ready(db.write.sql)
	}
	for range readers {
		if err != nil {
			break
		}
		var c *conn
		if c, err = db.connect(ctx); err == nil {
			db.read.put(c)
		}
	}
	if err == nil {
		err = db.write.sql.QueryRowContext(ctx, position).Scan((*int64)(&db.told))
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("opening the database in %s: %w", k.shown(where), k.explain(where, err))
	}
	hub.Committed(db.told, db.told, nil) // it knows all that comes from here on
	return db, nil
}

// pile is connections that are idle. The one that was used last is taken first: it has in its cache what is asked now, and its statements are
// prepared.
type pile struct {
	free chan struct{} // as many as there are in idle
	mu   sync.Mutex    // guards idle
	idle []*conn
}

func (p *pile) put(c *conn) {
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	p.free <- struct{}{}
}

func (p *pile) take(ctx context.Context) (*conn, error) {
	select {
	case <-p.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return c, nil
}

func (db *DB) connect(ctx context.Context) (*conn, error) {
	c, err := db.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{kind: db.kind, sql: c, stmts: make(map[string]*sql.Stmt), bare: make(map[string]driver.StmtQueryContext)}, nil
}

// Close closes the database. Run must have returned, and no view may be open.
func (db *DB) Close() error {
	conns := append([]*conn{db.write}, db.read.idle...)
	var errs []error
	for _, c := range conns {
		if err := c.close(); db.kind == &sqlite { // from PostgreSQL a connection may be cut at any time
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, db.pool.Close())...)
}

func (c *conn) close() error {
	if c == nil {
		return nil
	}
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, c.sql.Raw(func(any) (err error) {
		for _, s := range c.bare {
			err = errors.Join(err, s.(driver.Stmt).Close())
		}
		return err
	}))
	return errors.Join(append(errs, c.sql.Close())...)
}

// ErrStopped is returned by Do when the writer has stopped.
var ErrStopped = errors.New("the store is closing")

// Do runs fn in the next transaction, among others, and returns when it is on disk. See stream.Disk.
func (db *DB) Do(ctx context.Context, fn func(stream.Unit) error) error {
	u := &unit{ctx: ctx, fn: fn, done: make(chan error, 1)}
	select {
	case db.units <- u:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.gone:
		return ErrStopped
	}
	select {
	case err := <-u.done:
		return err
	case <-db.gone:
		select {
		case err := <-u.done:
			return err
		default:
			return ErrStopped
		}
	}
}

// Run is the writer: it commits units of work until ctx ends, those already waiting included.
func (db *DB) Run(ctx context.Context) error {
	defer close(db.gone)
	work := context.WithoutCancel(ctx) // a unit that was begun is finished
	for {
		var batch []*unit
		select {
		case u := <-db.units:
			batch = append(batch, u)
		case <-ctx.Done():
			select {
			case u := <-db.units:
				batch = append(batch, u)
			default:
				return nil
			}
		}
		// Whoever can run now runs first: those who are about to bring a unit, and those who tell what was committed before. Without it
		// the writer is woken by each unit ahead of all others, commits it alone, and under load nobody else comes to anything.
		runtime.Gosched()
		for len(batch) < maxBatch {
			select {
			case u := <-db.units:
				batch = append(batch, u)
				continue
			default:
			}
			break
		}
		db.commit(work, batch)
	}
}

// commit runs the units of batch in one transaction and answers each. A unit that refuses before it wrote anything is
// answered and left out; one that refuses later, or fails otherwise, undoes the whole transaction, is answered, and the others run
// again. After maxWork the rest goes into the next transaction.
func (db *DB) commit(ctx context.Context, batch []*unit) {
	for eager := false; len(batch) > 0; {
		start := time.Now()
		t, refused, broke, err := db.attempt(ctx, batch, eager)
		if t != nil && t.late { // once more, one after the other, to see which unit it was
			eager = true
			continue
		}
		err = db.failure(err)
		if broke >= 0 {
			batch[broke].done <- err
			batch = append(batch[:broke:broke], batch[broke+1:]...)
			continue
		}
		ran := batch
		if err == nil {
			ran = batch[:len(refused)]
			if t.changed {
				db.unwritable.Store(false)
			}
			if db.Committed != nil {
				db.Committed(len(ran), time.Since(start))
			}
			if t.pos != t.start { // before anybody is answered: who is, finds what they did
				db.told = t.pos
				if db.Elsewhere != nil {
					db.elsewhere.note(t.entries)
					db.Elsewhere(t.start, t.pos, t.entries)
				}
				db.hub.Committed(t.start, t.pos, t.entries)
			} else if t.start > db.told && db.Elsewhere == nil { // another process has written, or a commit of ours was kept whose answer was lost
				db.told, db.audiences = t.start, audiences{}
				db.hub.Committed(t.start, t.start, nil)
			}
		}
		for i, u := range ran {
			if err != nil {
				u.done <- fmt.Errorf("committing: %w", err)
			} else {
				u.done <- refused[i]
			}
		}
		batch = batch[len(ran):]
	}
}

// attempt is one transaction over batch, as far as maxWork reaches: over as many units as refused is long. broke is the unit that failed
// after it had written, or -1.
func (db *DB) attempt(ctx context.Context, batch []*unit, eager bool) (t *tx, refused []error, broke int, err error) {
	t, err = db.begin(ctx, db.write, db.kind.write, db.foresee(batch, eager))
	if err != nil {
		return nil, nil, -1, err
	}
	defer t.rollback()
	if t.eager = eager; !eager {
		if t.start != db.told { // another process has written
			db.known.changed(t.foreign, t.start > db.told && t.told)
		}
		t.known = &db.known
	}
	kept := false
	defer func() {
		if !kept {
			db.known = known{} // it may be of what is not kept
		}
	}()
	if known := db.hub.Upto(); known > t.start { // a standby took over that had not heard of everything
		db.log.ErrorContext(ctx, "the database has lost what was committed last: what devices were told of may not be there any more", "position", t.start, "told", known)
		t.start = max(known, stream.Position(t.now.UnixMicro())) // no position is taken a second time, at whichever server
		t.pos = t.start
	}
	begun := time.Now()
	for i, u := range batch {
		if i > 0 && time.Since(begun) > maxWork {
			break
		}
		refused = append(refused, u.ctx.Err())
		if refused[i] != nil {
			continue
		}
		pos, entries := t.pos, len(t.entries)
		t.wrote = false
		err := t.run(u.fn)
		t.changed = t.changed || t.wrote
		var refusal *fault.Fault
		if err != nil && (t.wrote || !errors.As(err, &refusal)) {
			return t, nil, i, err // after a failure, even of a read, the database may have rolled back by itself
		}
		if refused[i] = err; err != nil {
			t.pos, t.entries = pos, t.entries[:entries]
		}
	}
	if t.pos != t.start {
		if err := t.put(nil, `UPDATE stream_shard SET pos = $1 WHERE shard = 0`, int64(t.pos)); err != nil {
			return t, nil, -1, err
		}
		if err := db.aim(t); err != nil {
			db.audiences = audiences{} // they may be of what is not kept
			return t, nil, -1, err
		}
	}
	err = t.end()
	if kept = err == nil; !kept {
		db.audiences = audiences{} // they may be of what was not kept
	}
	return t, refused, -1, err
}

// View runs fn with one snapshot. See stream.Disk.
func (db *DB) View(ctx context.Context, fn func(stream.View) error) error {
	end, err := stream.Turn(ctx)
	if err != nil {
		return err
	}
	read := 0
	defer func() { end(read) }()
	c, err := db.read.take(ctx)
	if err != nil {
		return err
	}
	defer db.read.put(c)
	t, err := db.begin(ctx, c, db.kind.read, foresight{})
	if err != nil {
		return db.failure(fmt.Errorf("opening a view: %w", err))
	}
	defer t.rollback()
	defer func() { read = t.read }()
	if err = fn(t); err != nil && db.kind.gone(err) {
		err = db.failure(err)
	}
	return err
}
