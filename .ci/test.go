// Everything that must hold before a change is kept: `make test` runs it. The steps of the server and those of the clients go on
// side by side, for both wait often; what a step says is printed when it has ended. A step that fails does not stop the later
// ones. A test that is skipped has failed: what it shows was not shown. It prints how many single checks passed and failed, keeps
// that line in test-results/summary, and exits with 1 where anything failed.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"wardroom/internal/store/storetest"
	"wardroom/test/rig"
)

// results is where reports are left.
const results = "test-results"

// tally counts what passed and failed.
type tally struct {
	passed, failed int
	names          []string // of what failed
	excused        []string // what was passed over for want of something that is not everywhere, and what that is
}

// skip adds a test that was skipped: a failure, but for what needs the Matrix specification's data where MATRIX_SPEC names none, and for
// what the machine's kernel does not count.
func (t *tally) skip(name, why string) {
	if strings.Contains(why, "MATRIX_SPEC") && os.Getenv("MATRIX_SPEC") == "" || strings.Contains(why, "perf_event_open") {
		t.excused = append(t.excused, name+": "+why)
		return
	}
	t.add(false, name+" was skipped: "+why)
}

func (t *tally) add(ok bool, name string) {
	if ok {
		t.passed++
		return
	}
	t.failed++
	t.names = append(t.names, name)
}

func main() {
	os.RemoveAll(results)
	if err := os.MkdirAll(results, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	all := &tally{}
	server := []step{
		{"format", ".", formatted},
		{"go vet", ".", command("go", "vet", "./...")},
		{"staticcheck", ".", command("go", "tool", "-modfile=.ci/tools.mod", "staticcheck", "./...")},
		{"govulncheck", ".", vulnerabilities},
		{"go test", ".", func(j *job) { goTests(j, true, nil, "-skip=^TestPostgres|^TestCost|"+tables, "./...") }},
		{"go test, tables", ".", func(j *job) { goTests(j, false, nil, "-run="+tables, "./internal/clientapi") }},
		{"go test on PostgreSQL", ".", onPostgres},
		{"bench-check", ".", command("make", "--no-print-directory", "bench-check")},
	}
	clients := []step{
		{"web lint", "web", command("npm", "run", "--silent", "lint")},
		{"web tests", "web", vitest},
		{"other clients", "test/clients", nodeTests("other clients", "test")},
		{"end to end", "web", nodeTests("end to end", "e2e")},
	}
	var both sync.WaitGroup
	for _, steps := range [][]step{server, clients} {
		both.Go(func() {
			for _, s := range steps {
				s.take(all)
			}
		})
	}
	both.Wait()
	for _, s := range all.excused {
		fmt.Println("skipped:", s)
	}
	for _, f := range all.names {
		fmt.Println("failed: ", f)
	}
	line := fmt.Sprintf("%d passed, %d failed", all.passed, all.failed)
	fmt.Println(line)
	if err := os.WriteFile(filepath.Join(results, "summary"), []byte(line+"\n"), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if all.failed > 0 {
		os.Exit(1)
	}
}

// step is one of them, and the folder in which it runs.
type step struct {
	name, dir string
	run       func(*job)
}

// job is a step under way: what it says, and what passed and failed in it.
type job struct {
	tally
	bytes.Buffer
	dir string
}

// printing guards the output, and the sums.
var printing sync.Mutex

// take runs a step, prints what it said, and adds to all what came of it.
func (s step) take(all *tally) {
	printing.Lock()
	fmt.Printf("── %s begins\n", s.name)
	printing.Unlock()
	j, start := &job{dir: s.dir}, time.Now()
	s.run(j)
	outcome := "ok"
	if j.failed > 0 {
		outcome = "FAILED"
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Printf("\n── %s\n%s── %s: %s in %s\n\n", s.name, j.String(), s.name, outcome, time.Since(start).Round(time.Second/10))
	all.passed += j.passed
	all.failed += j.failed
	all.names = append(all.names, j.names...)
	all.excused = append(all.excused, j.excused...)
}

// program is a command that runs in the step's folder and says what it has to say to the job.
func (j *job) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = j.dir, j, j
	return cmd
}

// command is a step that passes when the command does.
func command(name string, args ...string) func(*job) {
	return func(j *job) { j.passes(j.program(name, args...)) }
}

// passes runs a command that has to end well.
func (j *job) passes(cmd *exec.Cmd) {
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(j, err)
		j.add(false, strings.Join(cmd.Args, " "))
		return
	}
	j.add(true, "")
}

// formatted holds all Go files to gofmt.
func formatted(j *job) {
	ok := true
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "node_modules" || strings.HasPrefix(name, ".") && name != "." && name != ".ci" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		have, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if want, err := format.Source(have); err != nil || !bytes.Equal(have, want) {
			fmt.Fprintf(j, "run gofmt -w %s\n", path)
			ok = false
		}
		return nil
	})
	if err != nil {
		fmt.Fprintln(j, err)
	}
	j.add(ok && err == nil, "gofmt")
}

// vulnerabilities asks govulncheck, where its database can be reached.
func vulnerabilities(j *job) {
	client := http.Client{Timeout: 15 * time.Second}
	res, err := client.Get("https://vuln.go.dev/index/modules.json.gz")
	if err == nil {
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			err = fmt.Errorf("it answered %s", res.Status)
		}
	}
	if err != nil {
		j.excused = append(j.excused, fmt.Sprintf("govulncheck: its database cannot be reached from here: %v", err))
		return
	}
	command("go", "tool", "-modfile=.ci/tools.mod", "govulncheck", "./...")(j)
}

// unwatched are the packages that the race detector passes over: SQLite, which is C in Go's words and locks by itself, and one
// password hash that uses no second goroutine. Watching each of their memory accesses took more than half of all the time. They
// hold nothing but their own code. In a package with generic code of the standard library in it, as SQLite's driver has of
// sync.Map, the linker may take that code for everybody's, and the detector would no longer see who waits for whom.
var unwatched = []string{"modernc.org/sqlite/lib", "golang.org/x/crypto/scrypt"}

// tables are the tests that ask thousands of things one after the other. The race detector would see nothing there that it does not
// see elsewhere, and take minutes for it.
const tables = "^TestAuthorisation$|^TestConformance$"

// stored finds the packages whose tests open a store, without the store's own.
func stored() (packages []string, err error) {
	out, err := exec.Command("go", "list", "-test", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./internal/...").Output()
	for line := range strings.Lines(string(out)) {
		binary, needs, _ := strings.Cut(line, " ")
		name, is := strings.CutSuffix(binary, ".test")
		if is && strings.Contains(needs, "/internal/store/storetest") && !strings.Contains(name, "/internal/store") {
			packages = append(packages, name)
		}
	}
	if err == nil && len(packages) == 0 {
		err = errors.New("no package's tests open a store")
	}
	return packages, err
}

// onPostgres runs the tests that open a store on a PostgreSQL server of their own.
func onPostgres(j *job) {
	above, err := stored()
	var server *rig.Postgres
	if err == nil {
		server, err = rig.StartPostgres(context.Background(), "fsync=off", "full_page_writes=off")
	}
	if err != nil {
		fmt.Fprintln(j, err)
		j.add(false, "go test on PostgreSQL")
		return
	}
	env := []string{storetest.Variable + "=" + server.URL}
	goTests(j, true, env, "-skip=^TestSQLite|^TestCost", "./internal/store/...")
	// Goroutines meet in the same places whatever the database is: the race detector has seen them over SQLite.
	goTests(j, false, env, append([]string{"-skip=^TestSQLite|^TestCost"}, above...)...)
	year := j.program("go", "test", "-count=1", "-run=^TestCostOfAYear$", "./internal/feed") // it measures, so without the race detector
	year.Env = append(os.Environ(), env...)
	j.passes(year)
	if err := server.Stop(); err != nil {
		fmt.Fprintln(j, err)
		j.add(false, "go test on PostgreSQL: "+err.Error())
	}
}

// goTests runs Go tests, with the race detector or without, and shows the output of those that fail.
func goTests(j *job, race bool, env []string, what ...string) {
	args := []string{"test", "-count=1", "-timeout=30m", "-json"}
	if race {
		args = append(args, "-race")
		for _, p := range unwatched {
			args = append(args, "-gcflags="+p+"=-race=false -d=checkptr=0")
		}
	}
	cmd := j.program("go", append(args, what...)...)
	var said bytes.Buffer // apart from what is read meanwhile
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), nil, &said
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(j, err)
		j.add(false, "go test")
		return
	}
	before := j.failed
	countGo(pipe, j)
	err = cmd.Wait()
	j.Write(said.Bytes())
	if err != nil && j.failed == before {
		fmt.Fprintln(j, err)
		j.add(false, "go test")
	}
}

// countGo reads what go test -json writes.
func countGo(r io.Reader, j *job) {
	type event struct {
		Action, Package, ImportPath, Test, Output string
		Elapsed                                   float64
	}
	output := map[string]*strings.Builder{} // by test, and by package for what belongs to no test
	failed := map[string]int{}              // tests by package
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			fmt.Fprintf(j, "%s", line)
			continue
		}
		pkg := e.Package + e.ImportPath
		name := pkg
		if e.Test != "" {
			name += " " + e.Test
		}
		if output[name] == nil {
			output[name] = &strings.Builder{}
		}
		switch e.Action {
		case "output", "build-output":
			output[name].WriteString(e.Output)
		case "skip":
			if e.Test != "" {
				why := strings.TrimSpace(regexp.MustCompile(`(?m)^(=== .*|\s*--- .*)$`).ReplaceAllString(output[name].String(), ""))
				j.skip(name, strings.Join(strings.Fields(why), " "))
			}
		case "pass":
			if e.Test != "" {
				j.passed++
			} else {
				fmt.Fprintf(j, "ok      %-40s %6.1fs\n", pkg, e.Elapsed)
			}
		case "build-fail":
			fmt.Fprint(j, output[name].String())
		case "fail":
			fmt.Fprint(j, output[name].String())
			if e.Test != "" {
				failed[pkg]++
				j.add(false, name)
				break
			}
			fmt.Fprintf(j, "FAILED  %-40s %6.1fs\n", pkg, e.Elapsed)
			if failed[pkg] == 0 { // it did not build, or ended outside a test
				j.add(false, pkg)
			}
		}
	}
}

// vitest runs the web client's unit tests.
func vitest(j *job) {
	report := filepath.Join("..", results, "vitest.json")
	cmd := j.program("npm", "test", "--silent", "--", "--reporter=default", "--reporter=json", "--outputFile.json="+report)
	failure := cmd.Run()
	var counts struct {
		NumPassedTests, NumFailedTests, NumPendingTests int
	}
	data, err := os.ReadFile(filepath.Join(j.dir, report))
	if err == nil {
		err = json.Unmarshal(data, &counts)
	}
	conclude(j, "web tests", counts.NumPassedTests, counts.NumFailedTests, counts.NumPendingTests, failure, err)
}

var nodeCount = regexp.MustCompile(`^(?:#|ℹ) (pass|fail|cancelled|skipped) (\d+)`)

// nodeTests is a step that runs a script of package.json which prints what node --test prints: tests against a real server.
func nodeTests(name, script string) func(*job) {
	return func(j *job) {
		failure := j.program("npm", "run", "--silent", script).Run()
		counts := map[string]int{}
		for line := range strings.Lines(j.String()) {
			if m := nodeCount.FindStringSubmatch(line); m != nil {
				n, _ := strconv.Atoi(m[2]) // the pattern allows digits alone
				counts[m[1]] += n
			}
		}
		conclude(j, name, counts["pass"], counts["fail"]+counts["cancelled"], counts["skipped"], failure, nil)
	}
}

// conclude adds a foreign runner's counts. A runner that failed without a failed test, or that ran nothing, is a failure itself.
func conclude(j *job, name string, passed, failed, skipped int, errs ...error) {
	j.passed += passed
	j.failed += failed
	if failed > 0 {
		j.names = append(j.names, fmt.Sprintf("%s: %d, see above", name, failed))
	}
	for range skipped {
		j.skip(name, "see above")
	}
	for _, err := range errs {
		if err != nil && failed == 0 {
			fmt.Fprintln(j, err)
			j.add(false, name)
			return
		}
	}
	if passed+failed == 0 {
		j.add(false, name+": nothing ran")
	}
}
