package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// changed names the tables whose rows a step changes or drops, by the version it leads to. All others keep what they hold.
var changed = map[int][]string{9: {"delayed_event"}}

// tallied names the tables that a step makes and fills with what it counts in others, by the version it leads to.
var tallied = map[int][]string{2: {"to_device_waiting"}}

func TestMigrationsKeepWhatIsThereAndEndLikeANewDatabase(t *testing.T) {
	for _, complaint := range walk(t, migrations) {
		t.Error(complaint)
	}
}

func TestTheWalkFindsMigrationsThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct{ step, says string }{
		"one that is right":             {"ALTER TABLE account ADD COLUMN extra BIGINT NOT NULL DEFAULT 7; CREATE TABLE extra (no BIGINT PRIMARY KEY);", ""},
		"rows are lost":                 {"DELETE FROM receipt WHERE pos = 2;", "receipt"},
		"a value is changed":            {"UPDATE account SET password = '' WHERE no = 1;", "account"},
		"a table is forgotten":          {"DROP TABLE pusher;", "pusher"},
		"it fails where there are rows": {"CREATE UNIQUE INDEX once ON account (closed);", "UNIQUE"},
		"it ends otherwise with rows":   {"CREATE TABLE half AS SELECT no FROM account WHERE no > 1;", "half holds other rows"},
	} {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(walk(t, next(t, c.step)), "\n")
			if c.says == "" && found != "" || !strings.Contains(found, c.says) {
				t.Errorf("it says %q, want %q", found, c.says)
			}
		})
	}
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	was := upTo(t, migrations, Version())
	for name, files := range map[string]fs.FS{
		"half way through":        next(t, "ALTER TABLE account ADD COLUMN extra BIGINT; UPDATE account SET password = 'gone'; INSERT INTO nowhere VALUES (1);"),
		"the second of two steps": next(t, "UPDATE account SET password = 'gone';", "INSERT INTO nowhere VALUES (1);"),
	} {
		t.Run(name, func(t *testing.T) {
			c := empty(t)
			mustMigrate(t, c, was)
			fill(t, c)
			before := dump(t, c)
			err := migrate(t.Context(), &sqlite, c, files, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), "nowhere") || !strings.Contains(err.Error(), "Nothing was changed; the program that was used before still works") {
				t.Errorf("the operator reads %v", err)
			}
			if after := dump(t, c); !maps.EqualFunc(before, after, slices.Equal) {
				t.Errorf("something changed: %v, was %v", after, before)
			}
			mustMigrate(t, c, was) // the earlier program takes it
		})
	}
}

func TestALaterVersionIsLeftAlone(t *testing.T) {
	c := empty(t)
	mustMigrate(t, c, next(t, "ALTER TABLE account ADD COLUMN extra BIGINT;"))
	fill(t, c)
	before := dump(t, c)
	err := migrate(t.Context(), &sqlite, c, migrations, slog.New(slog.DiscardHandler))
	var version *VersionError
	if !errors.As(err, &version) || !strings.Contains(err.Error(), "A newer program has used it: use that one, or restore a backup of before") {
		t.Errorf("the operator reads %v", err)
	}
	if err := current(t.Context(), &sqlite, c); !errors.As(err, &version) {
		t.Errorf("beside a server it is taken: %v", err)
	}
	if after := dump(t, c); !maps.EqualFunc(before, after, slices.Equal) {
		t.Error("something changed")
	}
}

func TestTwoThatMigrateAtOnce(t *testing.T) {
	dir := t.TempDir()
	done := make(chan error, 2)
	for range cap(done) {
		c := connect(t, dir)
		go func() { done <- migrate(t.Context(), &sqlite, c, migrations, slog.New(slog.DiscardHandler)) }()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	if _, err := stepsIn(migrations); err != nil || Version() < 1 {
		t.Errorf("version %d, %v", Version(), err)
	}
	if _, err := stepsIn(fstest.MapFS{"migrate/0001_a.sql": {}, "migrate/0003_c.sql": {}}); err == nil {
		t.Error("a gap was not noticed")
	}
}

// walk brings a database from version 0 to the last one in files, a version at a time, with rows in every table before each
// step, and says where rows did not stay as they were and where it does not end like one that is created new.
func walk(t *testing.T, files fs.FS) (complaints []string) {
	t.Helper()
	say := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	steps, err := stepsIn(files)
	if err != nil {
		t.Fatal(err)
	}
	fresh := empty(t)
	mustMigrate(t, fresh, files)
	seeds := rowsOf(t, fresh)
	c := empty(t)
	for v := 1; v <= len(steps); v++ {
		before := rowsOf(t, c)
		if err := migrate(t.Context(), &sqlite, c, upTo(t, files, v), slog.New(slog.DiscardHandler)); err != nil {
			say("%v", err)
			return complaints
		}
		after := rowsOf(t, c)
		for table, rows := range before {
			if !slices.Contains(changed[v], table) && !keeps(rows, after[table]) {
				say("the step to version %d changes what is in %s: %v, was %v", v, table, after[table], rows)
			}
		}
		for table, rows := range after {
			if _, old := before[table]; !old && !slices.Contains(tallied[v], table) && len(rows) != len(seeds[table]) {
				say("%s holds other rows than in a new database", table)
			}
		}
		fill(t, c)
	}
	have, want := schema(t, c), schema(t, fresh)
	for _, what := range want {
		if !slices.Contains(have, what) {
			say("a new database has %s, and one that was migrated has not", what)
		}
	}
	if len(have) != len(want) {
		say("one that was migrated has %d parts, a new one %d", len(have), len(want))
	}
	var sound string
	if err := c.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		say("it is damaged: %s %v", sound, err)
	}
	return complaints
}

// keeps reports whether each of the rows is still there, with the same values in the columns it had.
func keeps(rows, after []map[string]string) bool {
	return len(rows) == len(after) && !slices.ContainsFunc(rows, func(row map[string]string) bool {
		return !slices.ContainsFunc(after, func(now map[string]string) bool {
			for column, value := range row {
				if now[column] != value {
					return false
				}
			}
			return true
		})
	})
}

// next gives the program's own migrations and more after them.
func next(t *testing.T, steps ...string) fs.FS {
	t.Helper()
	files := upTo(t, migrations, Version())
	for i, step := range steps {
		files[fmt.Sprintf("migrate/%04d_next.sql", Version()+i+1)] = &fstest.MapFile{Data: []byte(step)}
	}
	return files
}

// upTo gives the files that lead to version v.
func upTo(t *testing.T, files fs.FS, v int) fstest.MapFS {
	t.Helper()
	steps, err := stepsIn(files)
	if err != nil {
		t.Fatal(err)
	}
	some := fstest.MapFS{}
	for _, file := range steps[:v] {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			t.Fatal(err)
		}
		some[file] = &fstest.MapFile{Data: text}
	}
	return some
}

func empty(t *testing.T) *sql.Conn { return connect(t, t.TempDir()) }

func connect(t *testing.T, dir string) *sql.Conn {
	t.Helper()
	pool, err := sql.Open("sqlite", address(filepath.Join(dir, File))+pragmas)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); pool.Close() })
	return c
}

func mustMigrate(t *testing.T, c *sql.Conn, files fs.FS) {
	t.Helper()
	if err := migrate(t.Context(), &sqlite, c, files, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

// ask runs a question and gives the rows, each value as SQLite writes it.
func ask(t *testing.T, c *sql.Conn, q string) (all []map[string]string) {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, column := range columns {
			row[column] = fmt.Sprintf("%T %[1]v", values[i])
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func word(value string) string { _, text, _ := strings.Cut(value, " "); return text }

func tables(t *testing.T, c *sql.Conn) (names []string) {
	t.Helper()
	for _, row := range ask(t, c, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		names = append(names, word(row["name"]))
	}
	return names
}

func rowsOf(t *testing.T, c *sql.Conn) map[string][]map[string]string {
	t.Helper()
	all := map[string][]map[string]string{}
	for _, table := range tables(t, c) {
		all[table] = ask(t, c, `SELECT * FROM "`+table+`"`)
	}
	return all
}

// fill puts three rows into every table, beside what is there.
func fill(t *testing.T, c *sql.Conn) {
	t.Helper()
	for _, table := range tables(t, c) {
		for n := 1; n <= 3; n++ {
			var values []string
			for _, column := range ask(t, c, fmt.Sprintf(`SELECT type FROM pragma_table_info('%s')`, table)) {
				switch word(column["type"]) {
				case "TEXT":
					values = append(values, fmt.Sprintf("'text %d'", n))
				case "BLOB":
					values = append(values, fmt.Sprintf("x'0%d'", n))
				case "BOOLEAN":
					values = append(values, fmt.Sprint(n%2))
				default:
					values = append(values, fmt.Sprint(n))
				}
			}
			if _, err := c.ExecContext(t.Context(), fmt.Sprintf(`INSERT OR IGNORE INTO "%s" VALUES (%s)`, table, strings.Join(values, ", "))); err != nil {
				t.Fatalf("filling %s: %v", table, err)
			}
		}
	}
}

func schema(t *testing.T, c *sql.Conn) (parts []string) {
	t.Helper()
	for _, row := range ask(t, c, `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL`) {
		parts = append(parts, word(row["sql"]))
	}
	return parts
}

// dump is everything there is, in lines.
func dump(t *testing.T, c *sql.Conn) map[string][]string {
	t.Helper()
	all := map[string][]string{"schema": schema(t, c)}
	for table, rows := range rowsOf(t, c) {
		for _, row := range rows {
			all[table] = append(all[table], fmt.Sprint(row))
		}
	}
	version, err := sqlite.version(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	all["version"] = []string{fmt.Sprint(version)}
	return all
}
