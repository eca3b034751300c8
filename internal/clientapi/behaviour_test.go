package clientapi_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wardroom/internal/store/storetest"
)

// behaviour is what one operation does, as testdata/behaviour.txt tells it.
type behaviour struct {
	operation string
	always    string // why it answers the same whatever is asked; "" if it does not
	steps     []step
}

// step is one line of a behaviour, with what is said about the answer.
type step struct {
	line               int
	set, to            string // what the operator chooses; or else:
	who, method, path  string
	body, want         string
	says, lacks, keeps []string
}

var stepPattern = regexp.MustCompile(`^(\S+) (GET|PUT|POST|DELETE) (\S+)(?: (.*))?$`)

// readBehaviours reads testdata/behaviour.txt.
func readBehaviours(t testing.TB) []*behaviour {
	t.Helper()
	data, err := os.ReadFile("testdata/behaviour.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []*behaviour
	for i, line := range strings.Split(string(data), "\n") {
		rest := strings.TrimLeft(line, " ")
		if rest == "" || rest[0] == '#' {
			continue
		}
		deep := len(line) - len(rest)
		if deep == 0 {
			all = append(all, &behaviour{operation: rest})
			continue
		}
		word, what, _ := strings.Cut(rest, " ")
		b := all[len(all)-1]
		switch {
		case deep == 4 && word == "always":
			b.always = what
		case deep == 4 && word == "set":
			name, to, _ := strings.Cut(what, " ")
			b.steps = append(b.steps, step{line: i + 1, set: name, to: to})
		case deep == 4:
			asked, want, otherwise := strings.Cut(rest, " => ")
			if !otherwise {
				want = "ok"
			}
			m := stepPattern.FindStringSubmatch(asked)
			if m == nil {
				t.Fatalf("behaviour.txt:%d: %q is no step", i+1, rest)
			}
			b.steps = append(b.steps, step{line: i + 1, who: m[1], method: m[2], path: m[3], body: m[4], want: want})
		default:
			last := &b.steps[len(b.steps)-1]
			list := map[string]*[]string{"says": &last.says, "lacks": &last.lacks, "keeps": &last.keeps}[word]
			if list == nil {
				t.Fatalf("behaviour.txt:%d: %q says nothing about an answer", i+1, rest)
			}
			*list = append(*list, what)
		}
	}
	return all
}

// behaves fails the test unless an operation does what it is there for, and unless that would be seen: with any one of its good answers in
// the place of all of them, something has to be missing.
func (o *office) behaves(t *testing.T, b *behaviour) {
	t.Helper()
	honest := &stage{operation: b.operation, handlers: servedRoutes(t)}
	if wrong := o.play(t, b, honest); wrong != "" {
		t.Fatal(wrong)
	}
	if b.always != "" || os.Getenv(storetest.Variable) != "" { // whether a constant is found out does not depend on the store
		return
	}
	if len(honest.given) == 0 {
		t.Fatalf("no step is a good answer of %s", b.operation)
	}
	for _, answer := range honest.given {
		if o.play(t, b, &stage{operation: b.operation, handlers: honest.handlers, always: answer}) == "" {
			t.Errorf("a handler that always answers %s is not found out", answer.Body)
		}
	}
}

// stage is a server in which one operation's good answers are noted or, where always is there, it is the answer whatever is asked.
type stage struct {
	operation string
	handlers  func(row) string // which route serves a request
	always    *httptest.ResponseRecorder

	mu    sync.Mutex // guards given
	given []*httptest.ResponseRecorder
}

func (s *stage) before(honest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if operationOf(s.handlers(row{method: r.Method, path: r.URL.EscapedPath()})) != s.operation {
			honest.ServeHTTP(w, r)
			return
		}
		answer := s.always
		if answer == nil {
			answer = httptest.NewRecorder()
			honest.ServeHTTP(answer, r)
			s.note(answer)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// note keeps a good answer, unless it is there already.
func (s *stage) note(answer *httptest.ResponseRecorder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer.Code == http.StatusOK && !slices.ContainsFunc(s.given, func(other *httptest.ResponseRecorder) bool {
		return bytes.Equal(other.Body.Bytes(), answer.Body.Bytes())
	}) {
		s.given = append(s.given, answer)
	}
}

// play does a behaviour's steps in a copy of the office and says what went otherwise than it tells: "" if nothing did.
func (o *office) play(t *testing.T, b *behaviour, on *stage) string {
	t.Helper()
	s := o.open(t)
	s.Config.Handler = on.before(s.Config.Handler)
	kept := map[string]string{}
	plain := func(v string) string { return v }
	for _, st := range b.steps {
		switch st.set {
		case "address":
			s.api.PublicURL = st.to
			continue
		case "upload":
			s.api.Media.Limit, _ = strconv.ParseInt(st.to, 10, 64)
			continue
		case "push":
			s.api.Vapid, s.api.Accounts.MayPush = func() string { return st.to }, func(*url.URL) bool { return true }
			continue
		case "service":
			bridge := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			defer bridge.Close()
			s.serve(t, telegraph(bridge.URL))
			kept[st.to] = asToken
			continue
		}
		if st.set == "letter" {
			all := s.letters(t)
			if len(all) == 0 {
				return fmt.Sprintf("behaviour.txt:%d: no letter was written", st.line)
			}
			kept[st.to] = all[len(all)-1].Values["token"]
			continue
		}
		names := maps.Clone(o.names[st.who])
		if names == nil {
			names = maps.Clone(o.names["member"])
		}
		maps.Copy(names, kept)
		var body any = []byte(expand(st.body, names, plain))
		if st.method == "GET" {
			body = nil
		}
		token := o.tokens[st.who]
		if of, ok := strings.CutPrefix(st.who, "$"); ok {
			token = kept[of]
		}
		answer := s.call(t, token, st.method, expand(full(st.path), names, url.QueryEscape), body)
		wrong := func(format string, more ...any) string {
			return fmt.Sprintf("behaviour.txt:%d: %s %s: %s\n%d %.2000s", st.line, st.method, st.path, fmt.Sprintf(format, more...), answer.status, answer.raw)
		}
		if got := said(answer); got != st.want {
			return wrong("the answer is %s, not %s", got, st.want)
		}
		for _, what := range st.says {
			if what = expand(what, names, plain); !bytes.Contains(answer.raw, []byte(what)) {
				return wrong("it does not say %s", what)
			}
		}
		for _, what := range st.lacks {
			if what = expand(what, names, plain); bytes.Contains(answer.raw, []byte(what)) {
				return wrong("it says %s", what)
			}
		}
		for _, what := range st.keeps {
			name, field, _ := strings.Cut(what, " ")
			value := text(answer.body[field])
			if n, is := answer.body[field].(float64); is {
				value = fmt.Sprintf("%.0f", n)
			}
			if value == "" {
				return wrong("it has no %s", field)
			}
			kept[name] = strings.TrimPrefix(value, "mxc://wardroom.test/")
		}
	}
	return ""
}
