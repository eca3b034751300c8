package store_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/store/storetest"
)

// columns gives every column of the database as "table.column".
func columns(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	storetest.OpenDir(t, dir)
	q := `
		SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
	if storetest.Postgres() {
		q = `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`
	}
	rows, err := storetest.Beside(t, dir).Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d columns, %v", len(all), err)
	}
	return all
}

var (
	tableHeading = regexp.MustCompile(`^### (\w+)$`)
	columnRow    = regexp.MustCompile("^\\| `(\\w+)` \\|([^|]*)\\|([^|]*)\\|([^|]*)\\|$")
)

func TestEveryColumnIsExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/DATA.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	table := ""
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if m := tableHeading.FindStringSubmatch(line); m != nil {
			table = m[1]
		} else if strings.HasPrefix(line, "## ") {
			table = ""
		} else if table != "" && strings.HasPrefix(line, "| `") {
			m := columnRow.FindStringSubmatch(line)
			if m == nil || strings.TrimSpace(m[2]) == "" || strings.TrimSpace(m[3]) == "" || strings.TrimSpace(m[4]) == "" {
				t.Errorf("%s: this row does not say what, why and how long: %s", table, line)
				continue
			}
			listed = append(listed, table+"."+m[1])
		}
	}
	have := columns(t)
	for _, c := range have {
		if !slices.Contains(listed, c) {
			t.Errorf("docs/DATA.md does not explain %s: what it is, why it is kept, how long", c)
		}
	}
	for _, c := range listed {
		if !slices.Contains(have, c) {
			t.Errorf("docs/DATA.md explains %s, which is not there", c)
		}
	}
}
