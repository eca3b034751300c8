package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

//go:embed migrate/*.sql
var migrations embed.FS

// Version is the version of the tables that this program works with.
func Version() int {
	files, _ := fs.Glob(migrations, "migrate/*.sql") // the pattern is constant
	return len(files)
}

// migrate brings the tables from whatever version they have to Version, one transaction for each step.
func (db *DB) migrate(ctx context.Context) error {
	var have int
	row := db.write.sql.QueryRowContext(ctx, "PRAGMA user_version")
	if err := row.Scan(&have); err != nil {
		return err
	}
	if have > Version() {
		return fmt.Errorf("its tables are of version %d, this program knows versions up to %d: install the newer program again, or restore a backup", have, Version())
	}
	for v := have + 1; v <= Version(); v++ {
		if err := db.step(ctx, v); err != nil {
			return fmt.Errorf("migrating to version %d: %w", v, err)
		}
		db.log.Info("tables migrated", "version", v)
	}
	return nil
}

func (db *DB) step(ctx context.Context, v int) error {
	files, err := fs.Glob(migrations, fmt.Sprintf("migrate/%04d_*.sql", v))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("no single file for version %d", v)
	}
	text, err := migrations.ReadFile(files[0])
	if err != nil {
		return err
	}
	script := "BEGIN IMMEDIATE;\n" + forSQLite(string(text)) + "\nPRAGMA user_version = " + strconv.Itoa(v) + ";\nCOMMIT;"
	if _, err := db.write.sql.ExecContext(ctx, script); err != nil {
		_, _ = db.write.sql.ExecContext(ctx, "ROLLBACK")
		return err
	}
	return nil
}

// forSQLite leaves out the lines marked for PostgreSQL and names BYTEA by SQLite's word.
func forSQLite(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(strings.TrimSpace(line), "-- postgres") {
			b.WriteString(line)
		}
	}
	return strings.ReplaceAll(b.String(), "BYTEA", "BLOB")
}

var dollar = regexp.MustCompile(`\$(\d+)`)

// numbered writes $1 as ?1: SQLite binds ?1 by number, but $1 by order of appearance.
func numbered(q string) string { return dollar.ReplaceAllString(q, "?$1") }
