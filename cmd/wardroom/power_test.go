package main

import (
	"context"
	"database/sql"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/push"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// contents is every row of every table, and every file of the people's, as lines "table: row".
type contents map[string]int

// everything reads all that folder data holds.
func everything(t *testing.T, data string) contents {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, store.File)+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	is := contents{}
	for _, table := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'`) {
		var shown []string
		for _, c := range column(t, db, `SELECT name FROM pragma_table_info('`+table+`')`) {
			shown = append(shown, `'`+c+`=' || quote("`+c+`")`)
		}
		for _, row := range column(t, db, `SELECT `+strings.Join(shown, ` || ' ' || `)+` FROM "`+table+`"`) {
			is[table+": "+row]++
		}
	}
	files, err := filepath.Glob(filepath.Join(data, filesFolder, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		is[fmt.Sprintf("file: %s %x", filepath.Base(file), text)]++
	}
	return is
}

func column(t *testing.T, db *sql.DB, q string) (all []string) {
	t.Helper()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// changes lists the rows that went ("-table: row") and came ("+table: row") from c to now.
func (c contents) changes(now contents) (all []string) {
	for row, n := range c {
		if now[row] < n {
			all = append(all, "-"+row)
		}
	}
	for row, n := range now {
		if c[row] < n {
			all = append(all, "+"+row)
		}
	}
	sort.Strings(all)
	return all
}

// fullOffice is an office in which every table has rows and everybody has something to lose.
type fullOffice struct {
	*office
	invitation string // made on the command line
}

func newFullOffice(t *testing.T) *fullOffice {
	t.Helper()
	f := &fullOffice{office: newOffice(t)}
	const v3 = "/_matrix/client/v3"
	me, room := url.PathEscape("@lin:localhost"), url.PathEscape(f.room)
	// Not by the command, which is judged later: what it does first would not be seen when it does it again.
	err := place{data: f.data}.beside(t.Context(), false, io.Discard, func(ctx context.Context, db *store.DB) (err error) {
		f.invitation, err = account.New(db, "").Invite(ctx, account.Invitation{Note: "night shift", Uses: 3, Until: time.Now().Add(time.Hour)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := f.signUp(t, "sora", f.invitation); status != 200 {
		t.Fatal(answer)
	}
	key := strings.Repeat("A", 43)
	said, err := f.say(t, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.upload(t, "a file"); err != nil {
		t.Fatal(err)
	}
	other := f.must(t, "POST", v3+"/createRoom", f.token, map[string]any{"room_alias_name": "quay", "visibility": "public"}, "room_id")
	left := f.must(t, "POST", v3+"/createRoom", f.token, map[string]any{}, "room_id")
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/_matrix/client/unstable/org.wardroom/invitations", map[string]any{"note": "a friend"}},
		{"PUT", v3 + "/profile/" + me + "/displayname", map[string]any{"displayname": "Lin"}},
		{"POST", v3 + "/user/" + me + "/filter", map[string]any{}},
		{"PUT", v3 + "/user/" + me + "/account_data/org.example.note", map[string]any{"note": "mine"}},
		{"POST", v3 + "/rooms/" + room + "/receipt/m.read.private/" + url.PathEscape(said), map[string]any{}},
		{"PUT", v3 + "/sendToDevice/org.example.note/1", map[string]any{"messages": map[string]any{"@sora:localhost": map[string]any{"*": map[string]any{"a": 1}}}}},
		{"POST", v3 + "/keys/upload", map[string]any{"one_time_keys": map[string]any{"curve25519:AAAAAQ": key}, "fallback_keys": map[string]any{"curve25519:AAAAAg": map[string]any{"key": key, "fallback": true}}}},
		{"POST", v3 + "/room_keys/version", map[string]any{"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": map[string]any{"public_key": key}}},
		{"PUT", v3 + "/room_keys/keys/" + room + "/session?version=1", map[string]any{"first_message_index": 1, "forwarded_count": 0, "is_verified": true, "session_data": map[string]any{"ciphertext": "x"}}},
		{"POST", v3 + "/rooms/" + url.PathEscape(left) + "/leave", map[string]any{}},
		{"POST", v3 + "/rooms/" + url.PathEscape(left) + "/forget", map[string]any{}},
		{"PUT", v3 + "/rooms/" + url.PathEscape(other) + "/state/m.room.topic", map[string]any{"topic": "tides"}},
		{"PUT", v3 + "/rooms/" + url.PathEscape(other) + "/state/m.room.topic?org.matrix.msc4140.delay=86400000", map[string]any{"topic": "fogs"}},
	} {
		f.must(t, c.method, c.path, f.token, c.body, "")
	}
	err = place{data: f.data}.beside(t.Context(), false, io.Discard, func(ctx context.Context, db *store.DB) error { // as where push is allowed
		return db.Do(ctx, func(u stream.Unit) error {
			lin, _, err := db.PersonByID(u, "@lin:localhost")
			if err != nil {
				return err
			}
			devices, err := db.OwnDevices(u, lin.No)
			if err != nil {
				return err
			}
			if err := db.SetPusher(u, devices[0].Session, "a", "p", []byte(`{"kind":"http"}`)); err != nil {
				return err
			}
			return db.AddDue(u, push.Due{Key: push.Key{Account: lin.No, AppID: "a", Pushkey: "p"}, Pos: 1})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	f.fillTheRest(t)
	return f
}

// fillTheRest puts a row into each table that the API filled with nothing: keys need real signatures, and a row of anything is
// enough to see that nobody touches it.
func (f *fullOffice) fillTheRest(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(f.data, store.File)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'`) {
		if n := column(t, db, `SELECT count(*) FROM "`+table+`"`); n[0] != "0" {
			continue
		}
		var values []string
		for _, about := range column(t, db, `SELECT type || ' ' || name FROM pragma_table_info('`+table+`')`) {
			value := "1"
			switch kind, name, _ := strings.Cut(about, " "); {
			case kind == "TEXT":
				value = "'text'"
			case kind == "BLOB":
				value = "x'01'"
			case strings.HasSuffix(name, "_ms"): // in the year 2100: nothing is out of use
				value = "4102444800000"
			case strings.HasSuffix(name, "_day"):
				value = "47482"
			}
			values = append(values, value)
		}
		if _, err := db.Exec(`INSERT INTO "` + table + `" VALUES (` + strings.Join(values, ", ") + `)`); err != nil {
			t.Fatalf("filling %s: %v", table, err)
		}
	}
}

// What a command or a page of the operator's may change: patterns of whole lines as contents.changes gives them. Whoever adds one
// answers for it with docs/decisions/no-administrator.md.
const (
	address   = `[+-]meta: name='served_at' .*`                     // of the server, for links
	backedUp  = `[+-]meta: name='backed_up_at' .*`                  // for the operator
	invites   = `[+]invitation: hash=X'[0-9A-F]{64}' account=0 .*`  // by the command line itself
	unInvites = `[+-]invitation: hash=X'[0-9A-F]{64}' account=0 .*` // and of its own alone
)

// commands says for each call of a command what it may change. Every command and every flag must be called somewhere.
func (f *fullOffice) commands(t *testing.T) []struct {
	args []string
	may  []string
} {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	secret := file("passphrase", "seven quiet boats at the quay\n")
	conf := file("wardroom.toml", "data = \""+f.data+"\"\nlisten = \"127.0.0.1:0\"\norganisation = \"Quay\"\nupload_limit = 1\n")
	names := file("names.csv", "Lin\nSora\n")
	at, listen := f.data, "127.0.0.1:0"
	to := func(name string) string { return filepath.Join(dir, name) }
	return []struct {
		args []string
		may  []string
	}{
		{[]string{"help"}, nil},
		{[]string{"version"}, nil},
		{[]string{"config", "print"}, nil},
		{[]string{"config", "check", conf}, nil},
		{[]string{"doctor", "--data", at, "--listen", listen}, nil},
		{[]string{"doctor", "--config", conf}, nil},
		{[]string{"invite", "--data", at, "--uses", "2", "--days", "1", "--name", "@lin:localhost"}, []string{invites}},
		{[]string{"invite", "--data", at, "--token-only"}, []string{invites}},
		{[]string{"invite", "--data", at, "--csv", names, "--html", to("slips.html")}, []string{invites}},
		{[]string{"invite", "--data", at, "--list"}, nil},
		{[]string{"invite", "--data", at, "--revoke", f.invitation}, []string{unInvites}},
		{[]string{"invite", "--config", conf, "--list"}, nil},
		{[]string{"backup", "--config", conf, "--to", to("c"), "--recipient", f.recipient}, []string{backedUp}},
		{[]string{"restore", "--config", conf, "--from", to("c"), "--identity", f.key}, nil}, // refused
		{[]string{"backup", "--new-key", to("key")}, nil},
		{[]string{"backup", "--data", at, "--to", to("a"), "--recipient", f.recipient}, []string{backedUp}},
		{[]string{"backup", "--data", at, "--to", to("b"), "--passphrase-file", secret}, []string{backedUp}},
		{[]string{"restore", "--from", to("a"), "--identity", f.key, "--data", to("new")}, nil},
		{[]string{"restore", "--from", to("b"), "--passphrase-file", secret, "--data", to("new again")}, nil},
		{[]string{"restore", "--from", to("a"), "--identity", f.key, "--data", at}, nil}, // refused
		{[]string{"approve", "--key", f.key, to("no warrant")}, nil},                     // refused
		{[]string{"app", "--listen", listen, "ftp://nowhere"}, nil},                      // refused
		{[]string{"audit", "--data", at}, nil},
		{[]string{"audit", "--config", conf}, nil},
		{[]string{"verify", "--seen", to("seen"), "--copy", to("copy"), f.url}, nil},
		{[]string{"verify", "--key", "made+up", "--witnesses", secret, to("copy")}, nil},                          // refused
		{[]string{"witness", "--name", "a", "--log", "made+up", "--state", to("state"), "--listen", listen}, nil}, // refused
		{[]string{"serve", "--data", at, "--listen", listen, "--unlimited"}, []string{address}},
		{[]string{"serve", "--config", conf}, []string{address}},
	}
}

func TestNoCommandTouchesPeople(t *testing.T) {
	f := newFullOffice(t)
	all := f.commands(t)
	everyCommandAndFlag(t, func(yield func([]string)) {
		for _, c := range all {
			yield(c.args)
		}
	})
	used := map[string]bool{}
	for _, c := range all {
		if c.args[0] == "serve" { // one server at a time: ours first, then the other
			if err := f.stop(); err != nil {
				t.Fatal(err)
			}
		}
		changes := f.touched(t, func() {
			if c.args[0] == "serve" {
				_ = startServer(t, c.args[1:]...).stop()
				return
			}
			_, _, _ = wardroom(t, c.args...) // refusals count too
		})
		for _, change := range changes {
			if !allowed(change, c.may) {
				t.Errorf("wardroom %s changed %s", strings.Join(c.args, " "), change)
			}
		}
		for _, rule := range c.may {
			used[rule] = used[rule] || slices.ContainsFunc(changes, func(change string) bool { return allowed(change, []string{rule}) })
		}
	}
	for rule, is := range used {
		if !is {
			t.Errorf("nothing makes use of the leave to change %s: are the commands called rightly?", rule)
		}
	}
}

// touched gives what changes in the office while do runs.
func (f *fullOffice) touched(t *testing.T, do func()) []string {
	t.Helper()
	before := everything(t, f.data)
	do()
	return before.changes(everything(t, f.data))
}

func allowed(change string, may []string) bool {
	return slices.ContainsFunc(may, func(pattern string) bool {
		return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(change)
	})
}

// everyCommandAndFlag fails for a command of the program, and for a flag, that no call has.
func everyCommandAndFlag(t *testing.T, calls func(yield func([]string))) {
	t.Helper()
	called := map[string]bool{}
	calls(func(args []string) {
		called[args[0]] = true
		for _, arg := range args[1:] {
			if strings.HasPrefix(arg, "--") {
				called[args[0]+" "+arg] = true
			}
		}
	})
	for _, name := range commandsOf(t) {
		if !called[name] {
			t.Errorf("what %q may change is not said here", name)
		}
		out, _, _ := wardroom(t, name, "--help")
		flags := regexp.MustCompile(`(?m)^  --(\S+)`).FindAllStringSubmatch(out, -1)
		if len(flags) == 0 && slices.Contains([]string{"serve", "invite", "backup", "restore", "doctor", "verify", "witness"}, name) {
			t.Errorf("%s shows no options", name)
		}
		for _, flag := range flags {
			if !called[name+" --"+flag[1]] {
				t.Errorf("what %q may change with --%s is not said here", name, flag[1])
			}
		}
	}
}

// commandsOf reads from the source which commands run knows, -h and --help aside.
func commandsOf(t *testing.T) (names []string) {
	t.Helper()
	for _, text := range literals(t, "main.go", func(n ast.Node) []ast.Expr {
		if c, ok := n.(*ast.CaseClause); ok {
			return c.List
		}
		return nil
	}) {
		if !strings.HasPrefix(text, "-") {
			names = append(names, text)
		}
	}
	if len(names) < 8 {
		t.Fatalf("found only the commands %v", names)
	}
	return names
}

// literals gives the string literals among the expressions that pick finds in a file.
func literals(t *testing.T, file string, pick func(ast.Node) []ast.Expr) (all []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		for _, e := range pick(n) {
			if text, ok := e.(*ast.BasicLit); ok && text.Kind == token.STRING {
				s, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
		}
		return true
	})
	return all
}

// operatorsRoutes reads from the source what the front door and the operator's page answer, beside the client and the API.
func operatorsRoutes(t *testing.T) (paths []string) {
	t.Helper()
	for _, dir := range []string{"../../internal/front", "../../internal/operate", "."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, pattern := range literals(t, file, func(n ast.Node) []ast.Expr {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return nil
				}
				if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "Handle" || f.Sel.Name == "HandleFunc") && len(call.Args) > 0 {
					return call.Args[:1]
				}
				return nil
			}) {
				path := pattern[strings.IndexByte(pattern, '/'):]
				if !strings.HasPrefix(path, "/_matrix/") && !strings.HasPrefix(path, "/.well-known/") && !slices.Contains(paths, path) {
					paths = append(paths, path)
				}
			}
		}
	}
	return paths
}

func TestNoPageOfTheOperatorsTouchesPeople(t *testing.T) {
	f := newFullOffice(t)
	paths := operatorsRoutes(t)
	for _, want := range []string{"/", "/metrics", "/operator", "/operator/", "/operator/page.css", "/healthz", "/readyz"} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s was not found among %v", want, paths)
		}
	}
	for _, path := range append(paths, "/operator/@lin:localhost", "/operator?user=@lin:localhost&suspend=true") {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			for _, change := range f.touched(t, func() {
				req, err := http.NewRequestWithContext(t.Context(), method, f.url+path, strings.NewReader(`{"user_id":"@lin:localhost"}`))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+f.token)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Fatal(err)
				}
			}) {
				t.Errorf("%s %s changed %s", method, path, change)
			}
		}
	}
}

// TestWhatTouchesPeopleIsFound lets the proof judge what a way of an administrator's would do, in each table.
func TestWhatTouchesPeopleIsFound(t *testing.T) {
	f := newFullOffice(t)
	if err := f.stop(); err != nil {
		t.Fatal(err)
	}
	everyRule := []string{address, backedUp, invites, unInvites}
	found := func(changes []string) bool {
		return slices.ContainsFunc(changes, func(c string) bool { return !allowed(c, everyRule) })
	}
	db, err := sql.Open("sqlite", filepath.Join(f.data, store.File))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		if n := column(t, db, `SELECT count(*) FROM "`+table+`"`); n[0] == "0" {
			t.Errorf("nobody has anything in %s to be touched", table)
		}
		if !found(f.touched(t, func() {
			if _, err := db.Exec(`DELETE FROM "` + table + `"`); err != nil {
				t.Fatal(err)
			}
		})) {
			t.Errorf("that %s was emptied was not found", table)
		}
	}
	fresh := newFullOffice(t)
	if err := fresh.stop(); err != nil {
		t.Fatal(err)
	}
	if !found(fresh.touched(t, func() {
		err := place{data: fresh.data}.beside(t.Context(), false, io.Discard, func(ctx context.Context, db *store.DB) error {
			return db.Do(ctx, func(u stream.Unit) error { return db.ClosePerson(u, 1) })
		})
		if err != nil {
			t.Fatal(err)
		}
	})) {
		t.Error("that somebody's account was closed was not found")
	}
}

// A restore changes a copy, and of it what it says when it is done: nothing that anybody wrote, nobody's place in a room.
func TestRestoreChangesWhatItSaysAlone(t *testing.T) {
	f := newFullOffice(t)
	file, fresh := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "new")
	if _, _, err := wardroom(t, "backup", "--data", f.data, "--to", file, "--recipient", f.recipient); err != nil {
		t.Fatal(err)
	}
	before := everything(t, f.data)
	if _, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", f.key); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, change := range before.changes(everything(t, fresh)) {
		if !allowed(change, []string{
			`-(one_time_key|fallback_key|token|invitation|oauth_code|mail_proof|outbox): .*`, `[+-]meta: name='(backed_up_at|gaps)' .*`, `[+-]stream_shard: .*`, `[+-]device: .*`,
		}) {
			t.Errorf("it changed %s", change)
		}
		seen[strings.Split(change[1:], ":")[0]] = true
	}
	for _, table := range []string{"one_time_key", "fallback_key", "token", "invitation", "device", "stream_shard"} {
		if !seen[table] {
			t.Errorf("it left %s as it was", table)
		}
	}
}
