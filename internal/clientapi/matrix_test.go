package clientapi_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
)

var update = flag.Bool("update", false, "write what is generated of docs/matrix.md, and print it")

// The part of docs/matrix.md that is generated stands between these lines.
const (
	matrixPage  = "../../docs/matrix.md"
	matrixBegin = "<!-- `make conformance` writes what follows -->\n"
	matrixEnd   = "<!-- the end of what it writes -->\n"
)

// page fails the test unless docs/matrix.md says what came of the walk. With -update it prints that and writes it there.
func (w *walk) page(t *testing.T) {
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // not everything was asked
	}
	data, err := os.ReadFile(matrixPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(data), matrixBegin)
	_, after, ended := strings.Cut(rest, matrixEnd)
	if !begun || !ended {
		t.Fatalf("docs/matrix.md has no place for what is generated")
	}
	page := before + matrixBegin + w.markdown() + matrixEnd + after
	if *update {
		w.print()
		if err := os.WriteFile(matrixPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(data) {
		t.Error("docs/matrix.md does not say what came of asking all operations: run make conformance")
	}
}

// line is what came of one operation, where the specification describes it: whether it is served, and a cell for each column.
func (w *walk) line(p specPlace) []string {
	op := operation(p.method, p.path)
	if w.rows[op] == nil {
		return append([]string{"no"}, make([]string, len(columns))...)
	}
	line := []string{held}
	for _, c := range columns {
		line = append(line, w.cells[op][c])
	}
	return line
}

// markdown is the generated part of docs/matrix.md.
func (w *walk) markdown() string {
	var b strings.Builder
	served, whole := 0, 0
	for _, p := range w.spec.listed {
		if line := w.line(p); line[0] == held {
			served++
			if !strings.Contains(strings.Join(line, " "), failed) {
				whole++
			}
		}
	}
	fmt.Fprintf(&b, "\n%d operations are described, %d are served, and %d of these passed.\n\n", len(w.spec.listed), served, whole)
	fmt.Fprintf(&b, "| operation | served | %s |\n| --- |%s\n", strings.Join(columns, " | "), strings.Repeat(" :-: |", len(columns)+1))
	file := ""
	for _, p := range w.spec.listed {
		if p.file != file {
			file = p.file
			fmt.Fprintf(&b, "| **%s** |%s\n", file, strings.Repeat(" |", len(columns)+1))
		}
		fmt.Fprintf(&b, "| `%s %s` | %s |\n", p.method, p.path, strings.Join(w.line(p), " | "))
	}
	w.reasons(&b, "Other than specified, and why:", otherwise)
	w.reasons(&b, "Only with a token, though the specification asks for none, and why:", stricter)
	same := map[string]string{}
	for op, does := range w.does {
		if does.always != "" {
			same[op] = does.always
		}
	}
	w.reasons(&b, "Always the same, and why:", same)
	b.WriteString("\n")
	return b.String()
}

// reasons writes why operations are as they are, those with the same reason in one line.
func (w *walk) reasons(b *strings.Builder, title string, why map[string]string) {
	fmt.Fprintf(b, "\n%s\n\n", title)
	var order []string
	by := map[string][]string{}
	for _, p := range w.spec.listed {
		if reason := why[operation(p.method, p.path)]; reason != "" {
			if by[reason] == nil {
				order = append(order, reason)
			}
			by[reason] = append(by[reason], "`"+p.method+" "+p.path+"`")
		}
	}
	for _, reason := range order {
		fmt.Fprintf(b, "* %s: %s\n", strings.Join(by[reason], ", "), reason)
	}
}

// print writes what came of the walk for who sits before it.
func (w *walk) print() {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "operation\tserved\t%s\n", strings.Join(columns, "\t"))
	for _, p := range w.spec.listed {
		fmt.Fprintf(out, "%s %s\t%s\n", p.method, p.path, strings.Join(w.line(p), "\t"))
	}
	out.Flush()
}
