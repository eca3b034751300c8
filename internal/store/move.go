package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Moved is how many rows of a table a move has copied.
type Moved struct {
	Table   string
	Rows    int64
	Altered int64 // texts of people's that hold what PostgreSQL cannot keep: each such character is U+FFFD now
}

// Empty reports whether nothing of a server's is in the PostgreSQL database at address, so that a move or a restore may fill it.
func Empty(ctx context.Context, address string) (empty bool, err error) {
	err = aside(ctx, address, func(c *sql.Conn) error {
		there, err := ours(ctx, c)
		empty = !there
		return err
	})
	return empty, err
}

// WasMoved reports whether what is in the PostgreSQL database at address is what a Move has taken out of folder dir.
func WasMoved(ctx context.Context, dir, address string) (bool, error) {
	here, err := Peek(ctx, dir, movingName)
	if err != nil || here == "" {
		return false, err
	}
	there, err := Peek(ctx, address, movedFromName)
	return here == there, err
}

// Move copies everything that SQLite has in folder dir into the PostgreSQL database at address, in one transaction: it is there in
// whole or not at all. It returns an error, and changes nothing, unless that database is empty and nobody else has the folder's file
// open. Tables of an earlier version are brought up to date over there. Before the commit everything is read back and compared.
//
// The file stays as it was, but for a mark by which WasMoved knows the two again; no server takes it any more. Where it is not
// known whether PostgreSQL has committed, because the connection broke, the mark stays and Move returns an error.
func Move(ctx context.Context, dir, address string) (moved []Moved, err error) {
	err = asideFile(ctx, filepath.Join(dir, File), func(old *sql.Conn) error {
		if err := exclude(ctx, old); err != nil {
			return err
		}
		return aside(ctx, address, func(c *sql.Conn) error {
			moved, err = move(ctx, old, c)
			return err
		})
	})
	return moved, err
}

// exclude keeps everybody else from the file behind c, readers too, for as long as c is open.
func exclude(ctx context.Context, c *sql.Conn) error {
	var mode string
	err := c.QueryRowContext(ctx, "PRAGMA locking_mode = EXCLUSIVE").Scan(&mode)
	if err == nil {
		err = c.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	}
	if err == nil {
		_, err = c.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	if err != nil || mode != "delete" {
		return fmt.Errorf("another program has the database open, such as a backup: run this again when it has ended (%w)", err)
	}
	return nil
}

// move is Move between two connections; that to SQLite is in a transaction.
func move(ctx context.Context, old, c *sql.Conn) (moved []Moved, err error) {
	have, err := sqlite.version(ctx, old)
	if err != nil {
		return nil, err
	}
	if have > Version() {
		return nil, &VersionError{have, Version()}
	}
	if err := postgres.alone(ctx, c); err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, postgres.migrating); err != nil {
		return nil, err
	}
	defer func() { _, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }() // after the commit there is nothing to undo
	if err := postgres.lock(ctx, c); err != nil {
		return nil, err
	}
	if there, err := postgres.version(ctx, c); err != nil || there != 0 {
		return nil, errors.Join(err, errors.New("the PostgreSQL database is not empty"))
	}
	if err := walkOn(ctx, &postgres, c, migrations, 0, have); err != nil {
		return nil, err
	}
	tables, err := tablesOf(ctx, old, c)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		m, err := t.toPostgres(ctx, old, c)
		if err != nil {
			return nil, fmt.Errorf("copying the table %s: %w", t.name, err)
		}
		moved = append(moved, m)
	}
	if err := walkOn(ctx, &postgres, c, migrations, have, Version()); err != nil {
		return nil, err
	}
	number := rand.Text()
	if _, err := c.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)`, movedFromName, number); err != nil {
		return nil, err
	}
	if _, err := old.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2`, movingName, number); err != nil {
		return nil, err
	}
	if _, err := old.ExecContext(ctx, "COMMIT"); err != nil { // it stays locked
		return nil, err
	}
	if err := postgres.commit(&tx{ctx: ctx, c: &conn{kind: &postgres, sql: c}}); err != nil {
		if postgres.gone(err) {
			return nil, fmt.Errorf("the connection broke while PostgreSQL was to keep what was copied: start the server again, it looks whether it did (%w)", err)
		}
		_, unmarked := old.ExecContext(ctx, `DELETE FROM meta WHERE name = ?`, movingName)
		return nil, errors.Join(err, unmarked)
	}
	return moved, nil
}

// copyFromPostgres is Copy for PostgreSQL: one snapshot, read from beginning to end.
func copyFromPostgres(ctx context.Context, where, file string) error {
	pool, err := sql.Open("sqlite", address(file)+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return err
	}
	err = single(ctx, pool, func(to *sql.Conn) error {
		return aside(ctx, where, func(c *sql.Conn) error {
			if _, err := c.ExecContext(ctx, postgres.read.begin); err != nil {
				return err
			}
			defer func() { _, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }() // it has only read
			have, err := postgres.version(ctx, c)
			if err != nil {
				return err
			}
			if have != Version() {
				return &VersionError{have, Version()}
			}
			if _, err := to.ExecContext(ctx, "BEGIN"); err != nil {
				return err
			}
			if err := walkOn(ctx, &sqlite, to, migrations, 0, have); err != nil {
				return err
			}
			tables, err := tablesOf(ctx, to, c)
			if err != nil {
				return err
			}
			for _, t := range tables {
				if err := t.toSQLite(ctx, c, to); err != nil {
					return fmt.Errorf("copying the table %s: %w", t.name, err)
				}
			}
			_, err = to.ExecContext(ctx, "COMMIT")
			return err
		})
	})
	return errors.Join(err, pool.Close())
}

// table is one table as both databases have it.
type table struct {
	name     string
	columns  []string
	kinds    []string // what PostgreSQL calls the columns' types
	identity string   // the column whose numbers go on, if there is one
}

// tablesOf lists the tables, which must be the same in both databases.
func tablesOf(ctx context.Context, lite, post *sql.Conn) ([]table, error) {
	rows, err := uncounted(post.QueryContext(ctx, `
		SELECT table_name, column_name, data_type, is_identity = 'YES' FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
		WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position`))
	var all []table
	_, err = collect(rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		var name, column, kind string
		var identity bool
		if err := rows.Scan(&name, &column, &kind, &identity); err != nil {
			return none, err
		}
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, table{name: name})
		}
		t := &all[len(all)-1]
		t.columns, t.kinds = append(t.columns, column), append(t.kinds, kind)
		if identity {
			t.identity = column
		}
		return none, nil
	})
	if err != nil {
		return nil, err
	}
	rows, err = uncounted(lite.QueryContext(ctx, `
		SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`))
	here, err := collect(rows, err, scanOne[string])
	if err != nil {
		return nil, err
	}
	var there []string
	for _, t := range all {
		for _, c := range t.columns {
			there = append(there, t.name+"."+c)
		}
	}
	slices.Sort(here)
	slices.Sort(there)
	if !slices.Equal(here, there) {
		return nil, errors.New("the two databases do not have the same tables: something else is in one of them")
	}
	return all, nil
}

// all is a statement that gives what is copied of the table: all of it, but for what a database keeps about itself.
func (t *table) all() string {
	q := `SELECT "` + strings.Join(t.columns, `", "`) + `" FROM "` + t.name + `"`
	if t.name == "meta" {
		q += fmt.Sprintf(` WHERE name NOT IN ('%s', '%s', '%s')`, tablesName, movingName, movedFromName)
	}
	return q
}

// toPostgres copies the table and compares. A migration may have put rows into it.
func (t *table) toPostgres(ctx context.Context, from, to *sql.Conn) (Moved, error) {
	if _, err := to.ExecContext(ctx, `DELETE FROM "`+t.name+`"`); err != nil {
		return Moved{}, err
	}
	source, err := t.read(ctx, from)
	if err != nil {
		return Moved{}, err
	}
	defer source.rows.Close()
	err = native(to, func(c *pgx.Conn) error {
		_, err := c.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, source)
		return err
	})
	if err := errors.Join(err, source.Err(), source.rows.Close()); err != nil {
		return Moved{}, err
	}
	if t.identity != "" {
		last, err := t.last(ctx, from)
		if err == nil && last > 0 {
			_, err = to.ExecContext(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), $3)`, t.name, t.identity, last)
		}
		if err != nil {
			return Moved{}, err
		}
	}
	return Moved{t.name, source.sum.rows, source.altered}, t.same(ctx, to, source.sum)
}

// toSQLite copies the table and compares.
func (t *table) toSQLite(ctx context.Context, from, to *sql.Conn) error {
	if _, err := to.ExecContext(ctx, `DELETE FROM "`+t.name+`"`); err != nil {
		return err
	}
	source, err := t.read(ctx, from)
	if err != nil {
		return err
	}
	defer source.rows.Close()
	put, err := to.PrepareContext(ctx, `INSERT INTO "`+t.name+`" ("`+strings.Join(t.columns, `", "`)+`") VALUES (?`+strings.Repeat(", ?", len(t.columns)-1)+`)`)
	if err != nil {
		return err
	}
	defer put.Close()
	for source.Next() {
		if _, err := put.ExecContext(ctx, source.values...); err != nil {
			return err
		}
	}
	if err := errors.Join(source.Err(), source.rows.Close()); err != nil {
		return err
	}
	if t.identity != "" {
		if err := t.goOn(ctx, from, to); err != nil {
			return err
		}
	}
	return t.same(ctx, to, source.sum)
}

// last is the highest number that SQLite has ever given, as far as it knows.
func (t *table) last(ctx context.Context, c *sql.Conn) (last int64, err error) {
	err = c.QueryRowContext(ctx, `SELECT COALESCE(MAX("`+t.identity+`"), 0) FROM "`+t.name+`"`).Scan(&last)
	if err != nil {
		return 0, err
	}
	var kept sql.NullInt64
	if err := c.QueryRowContext(ctx, `SELECT MAX(seq) FROM sqlite_sequence WHERE name = ?`, t.name).Scan(&kept); err != nil {
		return 0, err
	}
	return max(last, kept.Int64), nil
}

// goOn tells SQLite which number PostgreSQL has given last, where SQLite remembers that.
func (t *table) goOn(ctx context.Context, from, to *sql.Conn) error {
	var remembers bool
	err := to.QueryRowContext(ctx, `SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE type = 'table' AND name = ?`, t.name).Scan(&remembers)
	if err != nil || !remembers {
		return err
	}
	var next int64
	err = from.QueryRowContext(ctx, `SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)`, t.name, t.identity).Scan(&next)
	if err == nil {
		_, err = to.ExecContext(ctx, `DELETE FROM sqlite_sequence WHERE name = ?`, t.name)
	}
	if err == nil {
		_, err = to.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) SELECT ?1, MAX(?2, COALESCE(MAX("`+t.identity+`"), 0)) FROM "`+t.name+`"`, t.name, next)
	}
	return err
}

// same reads the table and returns an error unless it holds just what sum was made of.
func (t *table) same(ctx context.Context, c *sql.Conn, want sum) error {
	is, err := t.read(ctx, c)
	if err != nil {
		return err
	}
	defer is.rows.Close()
	for is.Next() {
	}
	if err := is.Err(); err != nil {
		return err
	}
	if is.sum.rows != want.rows {
		return fmt.Errorf("%d rows were copied, and %d are there", want.rows, is.sum.rows)
	}
	if is.sum != want {
		return errors.New("what is there is not what was copied")
	}
	return nil
}

// sum is how many rows there are, and a digest of them in whatever order.
type sum struct {
	rows   int64
	digest [4]uint64
}

// reading is a table as it is read, a row at a time. It is a pgx.CopyFromSource.
type reading struct {
	table  *table
	rows   *sql.Rows
	values []any
	into   []any
	sum    sum
	err    error

	altered int64 // texts that are not given as they were read
}

func (t *table) read(ctx context.Context, c *sql.Conn) (*reading, error) {
	rows, err := c.QueryContext(ctx, t.all())
	if err != nil {
		return nil, err
	}
	r := &reading{table: t, rows: rows, values: make([]any, len(t.columns)), into: make([]any, len(t.columns))}
	for i := range r.values {
		r.into[i] = &r.values[i]
	}
	return r, nil
}

// Next reads a row, as both databases have it, and adds it to the sum.
func (r *reading) Next() bool {
	if r.err != nil || !r.rows.Next() {
		return false
	}
	if r.err = r.rows.Scan(r.into...); r.err != nil {
		return false
	}
	row := sha256.New()
	for i, v := range r.values {
		if r.values[i], r.err = plain(r.table.kinds[i], v); r.err != nil {
			r.err = fmt.Errorf("column %s of row %d: %w", r.table.columns[i], r.sum.rows+1, r.err)
			return false
		}
		if text, ok := r.values[i].(string); ok {
			if fit := strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd"); fit != text {
				r.values[i] = fit
				r.altered++
			}
		}
		var bytes []byte
		switch v := r.values[i].(type) {
		case nil:
			row.Write([]byte{0})
			continue
		case bool:
			bytes = []byte{0}
			if v {
				bytes[0] = 1
			}
		case int64:
			bytes = binary.BigEndian.AppendUint64(nil, uint64(v))
		case string:
			bytes = []byte(v)
		case []byte:
			bytes = v
		}
		row.Write(binary.BigEndian.AppendUint64([]byte{1}, uint64(len(bytes))))
		row.Write(bytes)
	}
	digest := row.Sum(nil)
	r.sum.rows++
	for i := range r.sum.digest {
		r.sum.digest[i] += binary.BigEndian.Uint64(digest[8*i:])
	}
	return true
}

// Values is the row that was read last.
func (r *reading) Values() ([]any, error) { return r.values, nil }

// Err is what ended the reading too early.
func (r *reading) Err() error { return errors.Join(r.err, r.rows.Err()) }

// plain is a value that a driver gave for a column of a type, as the others give it too.
func plain(kind string, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool:
		if kind == "boolean" {
			return v, nil
		}
	case int64:
		switch kind {
		case "boolean":
			return v != 0, nil
		case "bigint", "integer":
			return v, nil
		}
	case string:
		switch kind {
		case "text":
			return v, nil
		case "bytea":
			return []byte(v), nil
		}
	case []byte:
		switch kind {
		case "text":
			return string(v), nil
		case "bytea":
			return append([]byte{}, v...), nil // what is empty is not what is not there
		}
	}
	return nil, fmt.Errorf("it holds a %T, and should hold %s", v, kind)
}
