package clientapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
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

	mu      sync.Mutex // guards schemas
	schemas *jsonschema.Compiler
}

// schema is the one that stands at an address.
func (s *specification) schema(at string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.schemas.Compile(at)
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
			}
		}
	}
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

// TestAnswersAreAsSpecified asks each operation of the specification that is served, by the rows of the table of authorisation: without a
// token, with one that is none, with a body that is none; and compares good answers with the specification's schema.
func TestAnswersAreAsSpecified(t *testing.T) {
	folder := os.Getenv("MATRIX_SPEC")
	if folder == "" {
		t.Skip("MATRIX_SPEC does not name a folder with the Matrix specification's data")
	}
	spec := readSpecification(t, folder)
	o := newOffice(t)
	byOperation := map[string][]row{}
	routeOf := servedRoutes(t)
	for _, r := range readTable(t) {
		if op := operationOf(routeOf(r)); spec.operations[op] != nil {
			byOperation[op] = append(byOperation[op], r)
		}
	}
	for _, op := range slices.Sorted(maps.Keys(byOperation)) {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			if why := otherwise[op]; why == "" {
				o.compare(t, spec, op, byOperation[op])
			}
		})
	}
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

// otherwise is what is answered otherwise than the specification says, and why.
var otherwise = map[string]string{
	"GET /_matrix/client/v3/voip/turnServer":         "{} for no relay, as servers have answered since before there was a schema",
	"GET /_matrix/client/v3/rooms/{}/joined_members": "display_name is null where there is none: TestJoinedMembersHaveADisplayNameKey",
	"POST /_matrix/client/v3/rooms/{}/report":        "reports are refused in words: docs/matrix.md",
	"POST /_matrix/client/v3/rooms/{}/report/{}":     "as above",
	"POST /_matrix/client/v3/users/{}/report":        "as above",
}

// further asks what no row of the table can: whose good answer takes something that nobody in it has.
var further = map[string]func(*testing.T, *office, *server) reply{
	"POST /_matrix/client/v3/rooms/{}/upgrade": func(t *testing.T, o *office, s *server) reply {
		return s.call(t, o.tokens["creator"], "POST", in(o.names["member"]["room"], "upgrade"), object{"new_version": "12"})
	},
	"POST /_matrix/client/v3/refresh": func(t *testing.T, _ *office, s *server) reply {
		in := s.call(t, "", "POST", v3+"/login", object{"type": "m.login.password", "identifier": object{"type": "m.id.user", "user": "mate"}, "password": password, "refresh_token": true})
		return s.call(t, "", "POST", v3+"/refresh", object{"refresh_token": in.body["refresh_token"]})
	},
}

// compare asks one operation.
func (o *office) compare(t *testing.T, spec *specification, name string, rows []row) {
	s, op := o.open(t), spec.operations[name]
	first := rows[0]
	path := expand(full(first.path), o.names["member"], url.QueryEscape)
	if op.secured {
		for token, want := range map[string]string{"": "M_MISSING_TOKEN", "made-up": "M_UNKNOWN_TOKEN"} {
			if r := s.call(t, token, first.method, path, []byte("{}")); r.status != 401 || r.errcode() != want || text(r.body["error"]) == "" {
				t.Errorf("with the token %q: %d %s, not 401 %s", token, r.status, r.raw, want)
			}
		}
	}
	if op.body {
		for _, body := range []string{`{"a":`, "no JSON", "\xff"} {
			if r := s.call(t, o.tokens["member"], first.method, path, []byte(body)); r.status != 400 || r.errcode() != "M_NOT_JSON" {
				t.Errorf("with the body %q: %d %s, not 400 M_NOT_JSON", body, r.status, r.raw)
			}
		}
		if r := s.call(t, o.tokens["member"], first.method, path, []byte(`[7]`)); r.status != 400 || r.errcode() != "M_BAD_JSON" && r.errcode() != "M_NOT_JSON" {
			t.Errorf("with a list as the body: %d %s, not 400 M_BAD_JSON", r.status, r.raw)
		}
	}
	if op.good == "" {
		return
	}
	schema, err := spec.schema(op.good)
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
	for _, r := range rows {
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
