package clientapi_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/clientapi"
)

// The specification's own description of its operations is read where MATRIX_SPEC names its folder.
var (
	specPath   = regexp.MustCompile(`^ {2}"?(/[^":]*)"?:\s*$`)
	specMethod = regexp.MustCompile(`^ {4}(get|put|post|delete|patch):\s*$`)
	specBase   = regexp.MustCompile(`(?s)\n      basePath:\s*\n\s+default: (\S+)`)
	pathName   = regexp.MustCompile(`\{[^}]*\}`)
	tableRow   = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)

// operation is "METHOD path" as both the specification and our routes have it: names in a path do not matter, nor does a last "/".
func operation(method, path string) string {
	path = strings.TrimSuffix(strings.ReplaceAll(strings.TrimSpace(path), "{$}", ""), "/")
	return strings.ToUpper(method) + " " + pathName.ReplaceAllString(path, "{}")
}

// specified lists the operations of the client-server API.
func specified(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "data", "api", "client-server", "*.yaml"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%s holds %d descriptions of operations, %v", folder, len(files), err)
	}
	all := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := specBase.FindSubmatch(text)
		path, within := "", false
		for line := range strings.Lines(string(text)) {
			if strings.TrimLeft(line, " #\n\r") == line { // neither a blank line, nor a comment, nor below something
				within = strings.HasPrefix(line, "paths:")
			}
			if m := specPath.FindStringSubmatch(line); within && m != nil {
				path = m[1]
			} else if m := specMethod.FindStringSubmatch(line); within && m != nil {
				if base == nil {
					t.Fatalf("%s does not say where its operations are", file)
				}
				all[operation(m[1], string(base[1])+path)] = true
			}
		}
	}
	if len(all) < 150 {
		t.Fatalf("only %d operations were found", len(all))
	}
	return all
}

// Each operation of the specification is served or stands in docs/matrix.md with the reason why not; and each that is served is the
// specification's or stands there with what it is for.
func TestTheSpecificationsOperationsAreServedOrAccountedFor(t *testing.T) {
	folder := os.Getenv("MATRIX_SPEC")
	if folder == "" {
		t.Skip("MATRIX_SPEC does not name a folder with the Matrix specification's data")
	}
	page, err := os.ReadFile("../../docs/matrix.md")
	if err != nil {
		t.Fatal(err)
	}
	left, more, ok := strings.Cut(string(page), "\n## Served beyond it\n")
	if !ok {
		t.Fatal("docs/matrix.md has no section about what is served beyond the specification")
	}
	more, _, ok = strings.Cut(more, "\n## Each operation\n")
	if !ok {
		t.Fatal("docs/matrix.md has no section about each operation")
	}
	spec := specified(t, folder)
	served := map[string]bool{}
	for _, route := range (&clientapi.API{}).Routes() {
		method, path, _ := strings.Cut(route, " ")
		served[operation(method, path)] = true
	}
	account := func(what string, have, among map[string]bool, section string) {
		missing := map[string]bool{}
		for op := range have {
			if !among[op] {
				missing[op] = true
			}
		}
		for _, row := range tableRow.FindAllStringSubmatch(section, -1) {
			// A row names one operation, or those that begin alike.
			method, path, _ := strings.Cut(row[1], " ")
			wanted := operation(method, path)
			found := false
			for op := range missing {
				if start, open := strings.CutSuffix(wanted, "*"); op == wanted || open && strings.HasPrefix(op, start) {
					delete(missing, op)
					found = true
				}
			}
			if !found {
				t.Errorf("docs/matrix.md accounts for %s, which is not %s", row[1], what)
			}
		}
		names := make([]string, 0, len(missing))
		for op := range missing {
			names = append(names, op)
		}
		slices.Sort(names)
		for _, op := range names {
			t.Errorf("%s is %s, and docs/matrix.md does not say why", op, what)
		}
	}
	account("left out", spec, served, left)
	account("beyond the specification", served, spec, more)
}
