package clientapi_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"wardroom/internal/clientapi"
)

// specification is its own description of the client-server API, as far as answers can be compared with it.
type specification struct {
	operations map[string]*specOperation // by "METHOD path", as operation writes it
	listed     []specPlace               // in the order of the files; some stand in two

	mu      sync.Mutex // guards schemas
	schemas *jsonschema.Compiler
}

// schema is the one that stands at an address.
func (s *specification) schema(at string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.schemas.Compile(at)
}

// specPlace is where the specification describes an operation.
type specPlace struct {
	file, method, path string // the file without its ending; the path as it stands there
}

// specOperation is one operation as the specification describes it.
type specOperation struct {
	secured bool            // it takes an access token
	body    bool            // it takes JSON
	good    string          // where the schema of a good answer stands; "" where there is none
	said    map[string]bool // statuses that it may be answered with
}

// readSpecification reads the description below folder.
func readSpecification(t *testing.T, folder string) *specification {
	t.Helper()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &specification{operations: map[string]*specOperation{}, schemas: jsonschema.NewCompiler()}
	s.schemas.UseLoader(yamlLoader{})
	files, err := filepath.Glob(filepath.Join(folder, "data", "api", "client-server", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		doc, err := readYAML(file)
		if err != nil {
			t.Fatal(err)
		}
		base, _ := at(doc, "servers", "0", "variables", "basePath", "default").(string)
		paths, _ := at(doc, "paths").(map[string]any)
		for path, methods := range paths {
			for method, described := range methods.(map[string]any) {
				if !slices.Contains([]string{"get", "put", "post", "delete"}, method) {
					continue
				}
				op := &specOperation{said: map[string]bool{}}
				ways, _ := at(described, "security").([]any) // one of them may be none
				op.secured = len(ways) > 0 && !slices.ContainsFunc(ways, func(w any) bool { return len(w.(map[string]any)) == 0 })
				op.body = at(described, "requestBody", "content", "application/json") != nil
				responses, _ := at(described, "responses").(map[string]any)
				for status := range responses {
					op.said[status] = true
				}
				if at(described, "responses", "200", "content", "application/json", "schema") != nil {
					pointer := ""
					for _, part := range []string{"paths", path, method, "responses", "200", "content", "application/json", "schema"} {
						pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
					}
					op.good = "file://" + file + "#" + pointer
				}
				s.operations[operation(method, base+path)] = op
				s.listed = append(s.listed, specPlace{strings.TrimSuffix(filepath.Base(file), ".yaml"), strings.ToUpper(method), base + strings.TrimSpace(path)})
			}
		}
	}
	slices.SortFunc(s.listed, func(a, b specPlace) int {
		return cmp.Or(strings.Compare(a.file, b.file), strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})
	return s
}

// yamlLoader gives the compiler of schemas what stands in YAML files.
type yamlLoader struct{}

func (yamlLoader) Load(at string) (any, error) { return readYAML(strings.TrimPrefix(at, "file://")) }

func readYAML(file string) (any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return plainKeys(doc), nil
}

// plainKeys makes every key a string, as JSON has them.
func plainKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, one := range v {
			v[k] = plainKeys(one)
		}
		delete(v, "example") // not a schema, and now and then no JSON
		delete(v, "examples")
		return v
	case map[any]any:
		all := map[string]any{}
		for k, one := range v {
			all[fmt.Sprint(k)] = plainKeys(one)
		}
		return all
	case []any:
		for i, one := range v {
			v[i] = plainKeys(one)
		}
		return v
	}
	return v
}

// at is what stands in v under names; nil where there is nothing.
func at(v any, names ...string) any {
	for _, name := range names {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i := int(name[0] - '0')
			if i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// TestConformance asks each operation that is served. Whatever is asked too often is refused as the specification says (overlimit_test.go); each of
// the specification's operations does what it is there for, and a handler that always answers the same would be found out
// (behaviour_test.go). Where the specification's description is at hand, each is also asked without a token, with one that is
// none, with a body that is none, and good answers are compared with its schema; and docs/matrix.md is what all that amounts to.
// `make conformance` prints it and writes it there.
func TestConformance(t *testing.T) {
	var spec *specification
	if folder := os.Getenv("MATRIX_SPEC"); folder != "" {
		spec = readSpecification(t, folder)
	}
	table := readTable(t)
	everyRouteHasARow(t, table)
	o := newOffice(t)
	w := &walk{spec: spec, rows: map[string][]row{}, does: map[string]*behaviour{}, cells: map[string]map[string]string{}}
	routeOf := servedRoutes(t)
	for _, r := range table {
		op := operationOf(routeOf(r))
		w.rows[op] = append(w.rows[op], r)
	}
	for _, b := range readBehaviours(t) {
		if w.rows[b.operation] == nil || w.does[b.operation] != nil {
			t.Errorf("behaviour.txt: %s is not served, or is there twice", b.operation)
		}
		w.does[b.operation] = b
	}
	w.tooMany = o.overTheLimit(t, table)
	t.Run("operations", func(t *testing.T) {
		for _, op := range slices.Sorted(maps.Keys(w.rows)) {
			t.Run(op, func(t *testing.T) {
				t.Parallel()
				o.walk(t, w, op)
			})
		}
	})
	t.Run("specification", func(t *testing.T) {
		if spec == nil {
			t.Skip("MATRIX_SPEC does not name a folder with the Matrix specification's data")
		}
		w.page(t)
	})
}

// servedRoutes tells which route a row asks, as "METHOD path".
func servedRoutes(t *testing.T) func(row) string {
	t.Helper()
	mux := http.NewServeMux()
	patterns := map[string]bool{}
	for _, route := range (&clientapi.API{}).Routes() {
		_, path, _ := strings.Cut(route, " ")
		if !patterns[path] {
			patterns[path] = true
			mux.HandleFunc(path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	return func(r row) string {
		path, _, _ := strings.Cut(full(r.path), "?")
		req, err := http.NewRequest(r.method, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := mux.Handler(req)
		return r.method + " " + pattern
	}
}

// operationOf is the operation that a route serves.
func operationOf(route string) string {
	method, path, _ := strings.Cut(route, " ")
	return operation(method, path)
}

// otherwise is what is answered otherwise than the specification says, and why: docs/matrix.md says it, too.
var otherwise = map[string]string{
	"GET /_matrix/client/v3/voip/turnServer":         "`{}` for no relay, as servers have answered since before there was a schema",
	"GET /_matrix/client/v3/rooms/{}/joined_members": "`display_name` is null where there is none: clients look for the key",
}

// stricter is what takes a token though the specification asks for none, or not always, and why: docs/matrix.md says it, too.
var stricter = map[string]string{
	"POST /_matrix/client/v3/account/deactivate":              confirmed,
	"POST /_matrix/client/v3/account/3pid/email/requestToken": "mail goes to whatever address on the word of somebody who is here, and of nobody else",
	"GET /_matrix/client/v3/directory/room/{}":                inside,
	"GET /_matrix/client/v3/directory/list/room/{}":           inside,
	"GET /_matrix/client/v3/publicRooms":                      inside,
	"GET /_matrix/client/v3/profile/{}":                       inside,
	"GET /_matrix/client/v3/profile/{}/{}":                    inside,
}

const (
	inside    = "who is here, and which rooms there are, is for the people of this server"
	confirmed = "an account is closed by who is signed in to it and knows its password; mail does not close one"
)

// further asks what no row of the table can: whose good answer takes something that nobody in it has.
var further = map[string]func(*testing.T, *office, *server) reply{
	"POST /_matrix/client/v3/rooms/{}/upgrade": func(t *testing.T, o *office, s *server) reply {
		return s.call(t, o.tokens["creator"], "POST", in(o.names["member"]["room"], "upgrade"), object{"new_version": "12"})
	},
	"POST /_matrix/client/v1/appservice/{}/ping": func(t *testing.T, _ *office, s *server) reply {
		bridge := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer bridge.Close()
		s.serve(t, telegraph(bridge.URL))
		return s.call(t, asToken, "POST", "/_matrix/client/v1/appservice/telegraph/ping", object{"transaction_id": "x"})
	},
	"POST /_matrix/client/v3/refresh": func(t *testing.T, _ *office, s *server) reply {
		in := s.call(t, "", "POST", v3+"/login", object{"type": "m.login.password", "identifier": object{"type": "m.id.user", "user": "mate"}, "password": password, "refresh_token": true})
		return s.call(t, "", "POST", v3+"/refresh", object{"refresh_token": in.body["refresh_token"]})
	},
}

// walk is what is asked of all operations, and what came of it.
type walk struct {
	spec    *specification
	rows    map[string][]row      // of the table of authorisation, by operation
	does    map[string]*behaviour // by operation
	tooMany map[string]string     // what is wrong where too much is asked, by operation

	mu    sync.Mutex                   // guards cells
	cells map[string]map[string]string // by operation and column
}

// The columns of docs/matrix.md, and what stands in them.
var columns = []string{"no token", "bad token", "bad body", "too many", "answer", "behaviour"}

const (
	held    = "✓"
	failed  = "FAILED"
	other   = "other"
	always  = "always"
	nothing = "–"
)

func (w *walk) note(op, column, cell string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cells[op] == nil {
		w.cells[op] = map[string]string{}
	}
	w.cells[op][column] = cell
}

// walk asks one operation all that there is to ask.
func (o *office) walk(t *testing.T, w *walk, name string) {
	ask := func(column, cell string, does func(*testing.T)) {
		if !t.Run(column, does) {
			cell = failed
		}
		w.note(name, column, cell)
	}
	ask("too many", held, func(t *testing.T) {
		if complaint, asked := w.tooMany[name]; complaint != "" || !asked {
			t.Errorf("it was not refused as it should be: %s", complaint)
		}
	})
	switch b := w.does[name]; {
	case b != nil && b.always != "":
		ask("behaviour", always, func(t *testing.T) { o.behaves(t, b) })
	case b != nil:
		ask("behaviour", held, func(t *testing.T) { o.behaves(t, b) })
	case w.spec != nil && w.spec.operations[name] != nil:
		ask("behaviour", failed, func(t *testing.T) { t.Error("testdata/behaviour.txt does not tell what it does") })
	}
	if w.spec == nil || w.spec.operations[name] == nil {
		return
	}
	op, rows := w.spec.operations[name], w.rows[name]
	first, good := rows[0], false
	for _, r := range rows {
		good = good || slices.Contains(r.want, "ok")
	}
	s := o.open(t)
	path := expand(full(first.path), o.names["member"], url.QueryEscape)
	if !op.secured && first.want[slices.Index(askers, "nobody")] == "token" && stricter[name] == "" {
		t.Error("it takes a token, which the specification does not ask for, and stricter does not say why")
	}
	for _, c := range []struct{ column, token, want string }{{"no token", "", "M_MISSING_TOKEN"}, {"bad token", "made-up", "M_UNKNOWN_TOKEN"}} {
		if !op.secured && first.want[slices.Index(askers, "nobody")] != "token" {
			w.note(name, c.column, nothing)
			continue
		}
		ask(c.column, held, func(t *testing.T) {
			if r := s.call(t, c.token, first.method, path, []byte("{}")); r.status != 401 || r.errcode() != c.want || text(r.body["error"]) == "" {
				t.Errorf("%d %s, not 401 %s", r.status, r.raw, c.want)
			}
		})
	}
	switch {
	case !op.body:
		w.note(name, "bad body", nothing)
	case otherwise[name] != "" && !good: // whatever it says, it is refused
		w.note(name, "bad body", other)
	default:
		ask("bad body", held, func(t *testing.T) { o.badBodies(t, s, first.method, path) })
	}
	switch {
	case otherwise[name] != "":
		w.note(name, "answer", other)
	case op.good == "":
		w.note(name, "answer", nothing)
	default:
		ask("answer", held, func(t *testing.T) { o.compare(t, w, name, s) })
	}
}

// badBodies sends bodies that are no JSON, or not what any operation takes.
func (o *office) badBodies(t *testing.T, s *server, method, path string) {
	for _, body := range []string{`{"a":`, "no JSON", "\xff"} {
		if r := s.call(t, o.tokens["member"], method, path, []byte(body)); r.status != 400 || r.errcode() != "M_NOT_JSON" {
			t.Errorf("with the body %q: %d %s, not 400 M_NOT_JSON", body, r.status, r.raw)
		}
	}
	if r := s.call(t, o.tokens["member"], method, path, []byte(`[7]`)); r.status != 400 || r.errcode() != "M_BAD_JSON" && r.errcode() != "M_NOT_JSON" {
		t.Errorf("with a list as the body: %d %s, not 400 M_BAD_JSON", r.status, r.raw)
	}
}

// compare holds good answers of an operation against the specification's schema. s is a server that is not changed.
func (o *office) compare(t *testing.T, w *walk, name string, s *server) {
	schema, err := w.spec.schema(w.spec.operations[name].good)
	if err != nil {
		t.Fatalf("the specification's schema cannot be read: %v", err)
	}
	good := 0
	validate := func(about string, answer reply) {
		var is any
		if err := json.Unmarshal(answer.raw, &is); err != nil {
			t.Errorf("%s: %s is no JSON", about, answer.raw)
			return
		}
		good++
		if err := schema.Validate(is); err != nil {
			t.Errorf("%s: %s\n%v", about, answer.raw, err)
		}
	}
	if ask := further[name]; ask != nil {
		answer := ask(t, o, o.open(t))
		if answer.status != 200 {
			t.Fatalf("%d %s", answer.status, answer.raw)
		}
		validate("beside the table", answer)
	}
	for _, r := range w.rows[name] {
		if strings.Contains(r.path, "?org.matrix.") { // not the specification's yet
			continue
		}
		for _, who := range askers {
			if r.want[slices.Index(askers, who)] != "ok" {
				continue
			}
			s := s
			if r.method != "GET" {
				s = o.open(t)
			}
			answer := o.ask(t, s, r, who)
			validate(fmt.Sprintf("line %d as %s", r.line, who), answer)
			if r.method != "GET" {
				break // one is enough: each takes a copy of the office
			}
		}
	}
	if good == 0 {
		t.Error("no row of the table of authorisation gives a good answer")
	}
}
