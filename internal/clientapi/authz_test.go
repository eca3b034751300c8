package clientapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/mxid"
	"wardroom/internal/store/storetest"
	"wardroom/internal/warrant"
	"wardroom/internal/warrant/warranttest"
)

// askers are the columns of testdata/authz.txt: who asks, and how they stand to the room.
var askers = []string{"nobody", "other", "member", "invited", "left", "banned", "moderator"}

// office is the prepared place in which every cell of the table is asked: a folder to be copied, and what is in it.
type office struct {
	folder string
	tokens map[string]string
	names  map[string]map[string]string // by asker: what $words stand for
	// what only some may ever read: a word that stands in exactly one place, and who may be shown it
	secrets map[string][]string
}

// row is one line of the table.
type row struct {
	line         int
	want         []string // by asker
	method, path string
	body         string
}

var rowPattern = regexp.MustCompile(`^((?:\S+\s+){7})(GET|PUT|POST|DELETE)\s+(\S+)(?:\s+(.*))?$`)

// readTable reads testdata/authz.txt.
func readTable(t testing.TB) []row {
	t.Helper()
	data, err := os.ReadFile("testdata/authz.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	for i, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		m := rowPattern.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("authz.txt:%d: %q is no row", i+1, line)
		}
		all = append(all, row{i + 1, strings.Fields(m[1]), m[2], m[3], m[4]})
	}
	return all
}

// full gives the whole path for the short one in the table.
func full(path string) string {
	for short, long := range map[string]string{"/v1/": "/_matrix/client/v1/", "/v3/": "/_matrix/client/v3/", "/unstable/": "/_matrix/client/unstable/", "/media/": "/_matrix/media/"} {
		if rest, ok := strings.CutPrefix(path, short); ok {
			return long + rest
		}
	}
	return path
}

// said is an answer in the table's words.
func said(r reply) string {
	switch {
	case r.status == 200:
		return "ok"
	case r.status == 401 && r.errcode() == "M_MISSING_TOKEN":
		return "token"
	case r.status == 401 && r.errcode() == "M_UNKNOWN_TOKEN":
		return "unknown"
	case r.status == 403 && r.errcode() == "M_FORBIDDEN":
		return "no"
	case r.status == 404 && r.errcode() == "M_NOT_FOUND":
		return "none"
	case r.status == 401 && r.body["flows"] != nil:
		return "confirm"
	default:
		return fmt.Sprintf("%d/%s", r.status, r.errcode())
	}
}

// TestAuthorisation asks every row as everybody; each finds the place as it was prepared. What is refused must leave nothing
// behind, nobody may change what is another's, and no answer may hold what its asker must not see.
func TestAuthorisation(t *testing.T) {
	table := readTable(t)
	everyRouteHasARow(t, table)
	o := newOffice(t)
	reading := o.open(t)
	for _, r := range table {
		t.Run(fmt.Sprintf("line %d", r.line), func(t *testing.T) {
			t.Parallel() // most of it is waiting for the disk
			var s *server
			if r.method == "GET" {
				s = reading
			}
			var before traces
			got := make([]string, len(askers))
			for i, who := range askers {
				if s == nil {
					s = o.open(t)
					before = o.trace(t, s)
				}
				answer := o.ask(t, s, r, who)
				got[i] = said(answer)
				for secret, may := range o.secrets {
					if strings.Contains(string(answer.raw), secret) && !slices.Contains(may, who) {
						t.Errorf("%s is shown %q", who, secret)
					}
				}
				if r.method != "GET" {
					o.untouched(t, s, who, got[i], before)
				}
				if r.method != "GET" && got[i] == "ok" {
					s = nil
				}
			}
			if !slices.Equal(got, r.want) {
				t.Errorf("authz.txt:%d: %s %s: the answers to %s\nare %s\nnot %s", r.line, r.method, r.path, strings.Join(askers, " "), strings.Join(got, " "), strings.Join(r.want, " "))
			}
		})
	}
}

// everyRouteHasARow fails for a route that no row asks, and for a row that asks no route.
func everyRouteHasARow(t *testing.T, table []row) {
	t.Helper()
	routes := newServer(t).api.Routes()
	mux := http.NewServeMux()
	missing := map[string]bool{}
	patterns := map[string]bool{}
	for _, route := range routes {
		missing[route] = true
		_, path, _ := strings.Cut(route, " ")
		if !patterns[path] {
			patterns[path] = true
			mux.HandleFunc(path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	for _, r := range table {
		path, _, _ := strings.Cut(full(r.path), "?")
		req, err := http.NewRequest(r.method, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := mux.Handler(req)
		if pattern == "" {
			t.Errorf("authz.txt:%d: there is no %s %s", r.line, r.method, path)
		}
		delete(missing, r.method+" "+pattern)
	}
	for _, route := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("no row in testdata/authz.txt says who may %s", route)
	}
}

// ask makes the request of r as who.
func (o *office) ask(t *testing.T, s *server, r row, who string) reply {
	t.Helper()
	path := expand(full(r.path), o.names[who], url.QueryEscape)
	var body any
	if r.body != "" {
		body = []byte(expand(r.body, o.names[who], func(v string) string { return v }))
	} else if r.method != "GET" {
		body = []byte("{}")
	}
	return s.call(t, o.tokens[who], r.method, path, body)
}

// traces is what a request may leave behind: in the room and in its directory, and among what is member's own.
type traces struct{ room, own []string }

// trace reads what is there now.
func (o *office) trace(t *testing.T, s *server) traces {
	t.Helper()
	names := o.names["member"]
	look := func(who, path string) string {
		return string(s.call(t, o.tokens[who], "GET", expand(full(path), names, url.QueryEscape), nil).raw)
	}
	var is traces
	for _, path := range []string{"state", "messages?dir=b&limit=100", "aliases"} {
		is.room = append(is.room, regexp.MustCompile(`"(event_id|aliases)":("[^"]*"|\[[^]]*\])`).FindAllString(look("creator", "/v3/rooms/$room/"+path), -1)...)
	}
	is.room = append(is.room, look("creator", "/v3/directory/list/room/$room"), look("creator", "/v3/directory/room/$quay"))
	for _, path := range []string{
		"/v3/account/whoami", "/v3/account/3pid", "/v3/devices", "/v3/profile/$member", "/v3/user/$member/account_data/org.example.note",
		"/v3/user/$member/rooms/$room/account_data/org.example.note", "/v3/pushrules/", "/v3/room_keys/version",
		"/unstable/io.element.msc4308/thread_subscriptions?dir=b",
		"/v3/room_keys/keys?version=$backup", "/unstable/org.wardroom/invitations", "/unstable/org.wardroom/cases", "/unstable/org.wardroom/cases/$case", "/unstable/org.wardroom/warrants/$warrant", "/unstable/org.matrix.msc3814.v1/dehydrated_device",
		"/v1/media/download/wardroom.test/$announced?timeout_ms=0",
	} {
		is.own = append(is.own, look("member", path))
	}
	return is
}

// untouched fails the test where a refused request left something behind, or where somebody changed what is member's own.
func (o *office) untouched(t *testing.T, s *server, who, answer string, before traces) {
	t.Helper()
	now := o.trace(t, s)
	if answer != "ok" && !slices.Equal(now.room, before.room) {
		t.Errorf("%s was refused (%s), and yet the room changed:\n%v\nwas %v", who, answer, now.room, before.room)
	}
	if (answer != "ok" || who != "member") && !slices.Equal(now.own, before.own) {
		t.Errorf("%s was answered %s, and what is member's own changed:\n%v\nwas %v", who, answer, now.own, before.own)
	}
}

// expand puts what they stand for in the place of $words.
func expand(text string, names map[string]string, escape func(string) string) string {
	return regexp.MustCompile(`\$[a-z]+`).ReplaceAllStringFunc(text, func(word string) string {
		v, ok := names[word[1:]]
		if !ok {
			return word
		}
		return escape(v)
	})
}

// open starts a server over a copy of the office.
func (o *office) open(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	storetest.Copy(t, o.folder, dir)
	return newServerIn(t, dir)
}

// newOffice prepares the place: see testdata/authz.txt for what is there.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{folder: filepath.Join(t.TempDir(), "office"), tokens: map[string]string{}, names: map[string]map[string]string{}}
	if err := os.Mkdir(o.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if !t.Run("prepare", o.prepare) {
		t.FailNow()
	}
	return o
}

// prepare fills the office. It ends with its server closed, so that the folder is whole.
func (o *office) prepare(t *testing.T) {
	s := newServerIn(t, o.folder)
	creator, mate, guest := s.newPerson(t, "creator"), s.newPerson(t, "mate"), s.newPerson(t, "newcomer")
	people := map[string]*person{}
	for _, who := range askers[1:] {
		people[who] = s.newPerson(t, who)
	}
	member, invited, left, banned, moderator := people["member"], people["invited"], people["left"], people["banned"], people["moderator"]
	o.tokens["creator"] = creator.token
	names := map[string]string{"creator": string(creator.user), "mate": string(mate.user), "newcomer": string(guest.user)}
	for who, p := range people {
		names[who] = string(p.user)
	}

	room := creator.newRoom(t, object{"name": "Quay", "room_alias_name": "quay"})
	for _, p := range []*person{mate, member, left, banned, moderator} {
		creator.invite(t, room, p)
		p.join(t, room)
	}
	levels := creator.state(t, room, "m.room.power_levels", "")
	levels["users"] = object{string(moderator.user): 50}
	creator.ok(t, "PUT", in(room, "state", "m.room.power_levels"), levels)
	names["room"], names["quay"], names["harbour"] = room, "#quay:wardroom.test", "#harbour:wardroom.test"
	names["said"] = member.say(t, room, "1", cipher("SECRET-SAID"))
	names["reply"] = mate.say(t, room, "2", object{
		"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "SECRET-REPLY", "session_id": "s", "sender_key": "k", "device_id": "D",
		"m.relates_to": object{"rel_type": "m.thread", "event_id": names["said"]},
	})
	// silenced: only what power is asked for keeps the other members from removing mate
	levels["users"] = object{string(moderator.user): 50, string(mate.user): -1}
	creator.ok(t, "PUT", in(room, "state", "m.room.power_levels"), levels)
	left.ok(t, "POST", in(room, "leave"), nil)
	creator.ok(t, "POST", in(room, "ban"), object{"user_id": banned.user})
	names["later"] = member.say(t, room, "3", cipher("SECRET-LATER"))
	creator.ok(t, "PUT", in(room, "state", "m.room.topic"), object{"topic": "SECRET-TOPIC"})
	creator.invite(t, room, invited)
	member.ok(t, "POST", in(room, "receipt", "m.read.private", names["later"]), object{})
	member.ok(t, "PUT", subscription(room, names["said"]), object{})
	delayed := member.ok(t, "PUT", in(room, "send", "m.room.encrypted", "later")+"?org.matrix.msc4140.delay=86400000", cipher("SECRET-DELAYED"))
	names["delayed"] = text(delayed["delay_id"])

	place := func(alias string, want object) string {
		want["room_alias_name"] = alias
		id := creator.newRoom(t, want)
		creator.ok(t, "POST", in(id, "ban"), object{"user_id": banned.user})
		return id
	}
	state := func(typ string, content object) []object {
		return []object{{"type": typ, "state_key": "", "content": content}}
	}
	names["square"] = place("square", object{"preset": "public_chat"})
	names["door"] = place("door", object{"initial_state": state("m.room.join_rules", object{"join_rule": "knock"})})
	names["window"] = place("window", object{"initial_state": state("m.room.history_visibility", object{"history_visibility": "world_readable"})})
	opened := func(text string) string {
		return number(member.ok(t, "POST", unstable+"cases", object{"about": object{"user_id": mate.user}, "text": text})["number"])
	}
	names["case"], names["answered"] = opened("SECRET-CASE"), opened("SECRET-ANSWERED")
	creator.ok(t, "POST", unstable+"cases/"+names["answered"]+"/decide", object{"outcome": "not_upheld", "text": "no"})
	names["memberdevice"] = string(member.device)
	names["view"] = creator.say(t, names["window"], "1", cipher("for all to see"))

	if err := s.api.Ledger.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	stranger := warranttest.New(t)
	first := creator.ok(t, "POST", unstable+"warrants", firstWarrant("SECRET-WARRANT", appointee(creator, "steward", warranttest.New(t)), appointee(member, "counsel", warranttest.New(t))))
	names["warrant"], names["approval"] = text(first["hash"]), strings.ReplaceAll(stranger.Sign(warrant.Namespace, []byte("{}")), "\n", `\n`)

	o.things(t, s, member, names)
	if err := s.api.Ledger.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for who, p := range people {
		own := maps.Clone(names)
		own["me"], own["mydevice"] = string(p.user), string(p.device)
		ownKeys(t, p, own)
		d := &devicetest.Device{Session: account.Session{User: p.user, Device: "asleep"}, Key: devicetest.NewKey()}
		own["devicekeys"] = string(d.Keys())
		o.tokens[who], o.names[who] = p.token, own
	}
	o.names["nobody"] = names
	names["me"] = "@nobody:wardroom.test"

	inside := []string{"member", "moderator"}
	before := append([]string{"left", "banned"}, inside...)
	o.secrets = map[string][]string{
		"SECRET-SAID": before, "SECRET-REPLY": before, "SECRET-LATER": inside, "SECRET-TOPIC": append([]string{"invited"}, inside...),
		"SECRET-NOTE": {"member"}, "SECRET-DELAYED": {"member"}, "member@example.org": {"member"}, "SECRET-CASE": {"member"}, "SECRET-ANSWERED": {"member"},
	}
	for who, token := range o.tokens {
		o.secrets[token] = []string{who}
	}
}

// ownKeys puts keys that p may publish, and what p confirms with, under their names.
func ownKeys(t testing.TB, p *person, own map[string]string) {
	t.Helper()
	d, of := p.keys(), devicetest.NewPerson(p.user)
	signer := "ed25519:" + devicetest.Public(of.SelfSigning)
	signed := devicetest.Sign(d.Bare(), p.user, signer, of.SelfSigning)
	var read struct {
		Signatures map[mxid.User]map[string]string `json:"signatures"`
	}
	if err := json.Unmarshal(signed, &read); err != nil {
		t.Fatal(err)
	}
	own["signature"] = read.Signatures[p.user][signer]
	own["ownkeys"], own["signedkeys"] = string(d.Keys()), string(signed)
	for name, what := range map[string]any{
		"crosskeys": of.Keys(), "onetime": d.OneTimeKeys(0, 1), "fallback": d.Fallback("FB"),
		"auth": object{"type": "m.login.password", "identifier": object{"type": "m.id.user", "user": p.user}, "password": password},
	} {
		data, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		own[name] = string(data)
	}
}

// things gives member what a person has of their own.
func (o *office) things(t *testing.T, s *server, member *person, names map[string]string) {
	t.Helper()
	second := member.secondDevice(t)
	names["device"] = string(second.device)
	note := object{"note": "SECRET-NOTE"}
	member.ok(t, "PUT", v3+"/profile/"+string(member.user)+"/displayname", object{"displayname": "The member"})
	member.ok(t, "PUT", v3+"/user/"+string(member.user)+"/account_data/org.example.note", note)
	member.ok(t, "PUT", v3+"/user/"+string(member.user)+"/rooms/"+names["room"]+"/account_data/org.example.note", note)
	names["filter"] = text(member.ok(t, "POST", v3+"/user/"+string(member.user)+"/filter", object{"room": object{"timeline": object{"limit": 5}}})["filter_id"])
	backup := object{"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": note}
	names["backup"] = text(member.ok(t, "POST", v3+"/room_keys/version", backup)["version"])
	key := sessionData(1)
	key["session_data"] = note
	member.ok(t, "PUT", v3+"/room_keys/keys/"+names["room"]+"/session?version="+names["backup"], key)
	member.ok(t, "PUT", v3+"/pushrules/global/room/"+url.PathEscape(names["room"]), object{"actions": []string{}})
	d := &devicetest.Device{Session: account.Session{User: member.user, Device: "dehydrated"}, Key: devicetest.NewKey()}
	member.ok(t, "PUT", "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device", object{"device_id": "dehydrated", "device_data": note, "device_keys": d.Keys()})
	member.ok(t, "PUT", v3+"/sendToDevice/org.example.note/1", object{"messages": object{string(member.user): object{"*": note}}})
	_, names["file"], _ = strings.Cut(member.upload(t, "application/octet-stream", "", []byte("ciphertext")), "/")
	_, names["picture"], _ = strings.Cut(member.upload(t, "image/png", "", square(t)), "/")
	_, names["announced"], _ = strings.Cut(text(member.ok(t, "POST", "/_matrix/media/v1/create", nil)["content_uri"]), ".test/")
	names["invitation"] = s.invitation(t, 1)
	member.mailed(t, "member@example.org")
	names["reset"] = s.asksToReset(t, "member@example.org", "resetting", 1)
	s.open(t, s.letters(t)[0])
	names["opening"] = s.asksToReset(t, "member@example.org", "opening", 1)
	names["opener"] = s.letters(t)[0].Values["token"]
	names["adding"] = text(member.ok(t, "POST", askToAdd, object{"client_secret": "adding", "email": "desk@example.org", "send_attempt": 1})["sid"])
	s.open(t, s.letters(t)[0])
	member.ok(t, "POST", invite, object{"note": "SECRET-NOTE"})
	list, _ := member.ok(t, "GET", invite, nil)["invitations"].([]any)
	own, _ := list[0].(map[string]any)
	names["link"] = text(own["id"])
}

// square is a picture.
func square(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
