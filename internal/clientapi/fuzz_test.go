package clientapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"wardroom/internal/clientapi"
	"wardroom/internal/mxid"
)

// fuzzed is a server that a fuzz test asks, without a network between, and somebody who asks.
type fuzzed struct {
	*server
	handler http.Handler
	who     *person
	people  int
	said    bytes.Buffer // the server's log
}

func newFuzzed(f *testing.F) *fuzzed {
	s := newServer(f)
	z := &fuzzed{server: s, handler: s.api.Handler()}
	s.api.Log = slog.New(slog.NewTextHandler(&z.said, &slog.HandlerOptions{Level: slog.LevelWarn}))
	z.who = s.newPerson(f, "lin")
	return z
}

// ask sends a request, given as it would stand on the wire. ok is false for what net/http does not take for a request, and for
// one that waits for something.
func (z *fuzzed) ask(t testing.TB, method, target string, body []byte, header ...string) (got reply, ok bool) {
	t.Helper()
	var wire bytes.Buffer
	wire.WriteString(method + " " + target + " HTTP/1.1\r\nHost: wardroom.test\r\nAuthorization: Bearer " + z.who.token + "\r\n")
	for i := 0; i < len(header); i += 2 {
		wire.WriteString(header[i] + ": " + header[i+1] + "\r\n")
	}
	wire.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
	wire.Write(body)
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil || r.Method != method || r.URL.Host != "" || r.URL.Path == "*" {
		return reply{}, false
	}
	ctx, end := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer end()
	w := httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler || ctx.Err() == nil {
				t.Errorf("%s %q: %v", method, target, p)
			}
			ok = false
		}
	}()
	z.said.Reset()
	z.handler.ServeHTTP(w, r.WithContext(ctx))
	return read(t, w.Result()), true
}

// answered fails the test unless r is an answer that a client understands: what was asked for, or a refusal in Matrix's form.
func (z *fuzzed) answered(t testing.TB, r reply, what string) {
	t.Helper()
	switch {
	case r.status == 504 && r.errcode() == "M_NOT_YET_UPLOADED":
	case r.status >= 500 || r.status < 200 || r.status >= 300 && r.status < 400 && r.status != http.StatusNotModified:
		t.Errorf("%s: %d %s\n%s", what, r.status, r.raw, z.said.String())
	case r.status < 300:
		if r.header.Get("Content-Type") == "application/json" && r.header.Get("Content-Disposition") == "" && !json.Valid(r.raw) {
			t.Errorf("%s: %d with %q, which is no JSON", what, r.status, r.raw)
		}
	case r.status == http.StatusRequestedRangeNotSatisfiable || r.status == http.StatusPreconditionFailed || r.body["flows"] != nil:
	case text(r.body["error"]) != "" && text(r.body["error_description"]) != "": // in OAuth's words
	default:
		if !strings.Contains(r.errcode(), "M_") || text(r.body["error"]) == "" {
			t.Errorf("%s: %d %s, which says nothing", what, r.status, r.raw)
		}
	}
	if r.errcode() == "M_UNKNOWN_TOKEN" { // signed out, or closed the account
		z.people++
		z.who = z.newPerson(t, "lin"+strconv.Itoa(z.people))
	}
}

// FuzzEveryRoute asks every route, beginning with what the table of authorisation asks.
func FuzzEveryRoute(f *testing.F) {
	z := newFuzzed(f)
	room := announcements(f, z.who, nil)
	_, file, _ := strings.Cut(z.who.upload(f, "image/png", "", square(f)), "/")
	names := map[string]string{
		"me": string(z.who.user), "member": string(z.who.user), "room": room, "said": say(f, z.who, room, "1", "x"), "file": file, "picture": file,
		"device": string(z.who.device), "filter": "1", "backup": "1", "invitation": z.invitation(f, 1000),
	}
	for _, r := range readTable(f) {
		f.Add(r.method, expand(full(r.path), names, url.QueryEscape), []byte(expand(r.body, names, func(v string) string { return v })))
	}
	in := "/_matrix/client/v3/rooms/" + url.PathEscape(room)
	for _, target := range []string{
		"/_matrix/client/v3/sync?since=s1.0&filter=%7B%22room%22:%7B%7D%7D&full_state=true&timeout=0", "/_matrix/client/v3/sync?filter=0", "/_matrix/client/v3/sync?since=s99999999999999999999",
		in + "/messages?dir=b&from=s5_6&to=s1&limit=-1", in + "/messages?dir=f&from=s0&filter=%7B%22types%22%3A%5B%22*%22%5D%7D", in + "/context/" + names["said"] + "?limit=100000000000000000000",
		in + "/members?at=s0&membership=join&not_membership=leave", in + "/timestamp_to_event?ts=-9223372036854775808&dir=b", in + "//messages?dir=b", in + "/./state", in + "/state/m.room.name/",
		"/_matrix/client/v1/rooms/" + room + "/relations/" + names["said"] + "?recurse=true&dir=f&from=s0", "/_matrix/client/v1/rooms/" + room + "/threads?include=participated&limit=0",
		"/_matrix/client/v1/rooms/" + room + "/hierarchy?from=x&max_depth=1&limit=2", "/_matrix/client/v3/publicRooms?since=x&limit=5", "/_matrix/client/v3/keys/changes?from=s0&to=s1.5",
		"/_matrix/client/v1/media/thumbnail/wardroom.test/" + file + "?width=99999999999&height=1&method=crop&timeout_ms=1", "/_matrix/client/v3/notifications?from=s1&only=highlight",
		"/_matrix/client/r0/../v3/sync", "/_matrix/client/v3/pushrules/global/override/%2Fx", "//", "/%", "http://x/",
	} {
		f.Add("GET", target, []byte(nil))
	}
	f.Fuzz(func(t *testing.T, method, target string, body []byte) {
		if r, ok := z.ask(t, method, target, body); ok {
			z.answered(t, r, method+" "+strconv.Quote(target))
		}
	})
}

// FuzzOAuth asks for what a client may ask for by OAuth. An answer goes to the client's own address or nowhere, and nobody is signed in.
func FuzzOAuth(f *testing.F) {
	z := newFuzzed(f)
	a := z.newApp(f, "Harbour")
	f.Add(a.query("AAAAAAAAAA"), "grant_type=authorization_code&code=x&client_id="+a.id, `{"client_uri":"https://example.org","redirect_uris":["https://example.org/"]}`)
	f.Add(a.query("AAAAAAAAAA", "response_mode=fragment", "redirect_uri=https://app.example.org/back%00"), "grant_type=refresh_token&refresh_token=x&client_id=y", `{"application_type":"native","client_uri":"https://example.org","redirect_uris":["org.example:/x","http://[::1"]}`)
	f.Add("?client_id="+a.id+"&redirect_uri=%zz;", "a=b;c&a=%", `{"redirect_uris":[":"]}`)
	f.Fuzz(func(t *testing.T, query, form, metadata string) {
		for _, path := range []string{"asked", "approve"} {
			body, _ := json.Marshal(object{"query": query, "user": "lin", "password": "wrong"})
			if r, ok := z.ask(t, "POST", oauthAt+path, body); ok {
				z.answered(t, r, path+" "+query)
				for _, name := range []string{"redirect", "refuse"} {
					if to := text(r.body[name]); to != "" && !strings.HasPrefix(to, a.redirect+"?") && !strings.HasPrefix(to, a.redirect+"#") {
						t.Errorf("%q sends to %q", query, to)
					}
				}
			}
		}
		for _, path := range []string{"token", "revoke"} {
			if r, ok := z.ask(t, "POST", oauthAt+path, []byte(form), "Content-Type", "application/x-www-form-urlencoded"); ok {
				z.answered(t, r, path+" "+form)
				if r.body["access_token"] != nil {
					t.Errorf("%q signs somebody in", form)
				}
			}
		}
		if r, ok := z.ask(t, "POST", oauthAt+"register", []byte(metadata)); ok {
			z.answered(t, r, "register "+metadata)
		}
	})
}

// FuzzPasskey answers challenges with what is no proof.
func FuzzPasskey(f *testing.F) {
	z := newFuzzed(f)
	z.api.PublicURL = origin
	k := newKey(f)
	if r := z.who.adds(f, k, ""); r.status != 200 {
		f.Fatal(string(r.raw))
	}
	for _, shown := range []object{k.show(f, asked{}), k.make(asked{})} {
		data, _ := json.Marshal(shown)
		f.Add(data)
	}
	f.Add([]byte(`{"id":"","rawId":"","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, credential []byte) {
		if !json.Valid(credential) {
			return
		}
		for _, path := range []string{"passkey/login", "passkeys"} {
			body, err := json.Marshal(object{"challenge": z.challenge(t, object{}).Challenge, "credential": json.RawMessage(credential)})
			if err != nil {
				return
			}
			if r, ok := z.ask(t, "POST", ownAt+path, body); ok {
				z.answered(t, r, path)
				if r.status == 200 {
					t.Errorf("%s takes %q", path, credential)
				}
			}
		}
	})
}

// FuzzActAs is an application service that acts as whom it likes: as its own accounts, and nobody else.
func FuzzActAs(f *testing.F) {
	z := newFuzzed(f)
	z.serve(f, telegraph("null"))
	bot := z.telegraph()
	bot.registers(f, "telegraph_ana")
	for _, user := range []string{"", "@telegraph_ana:wardroom.test", string(z.who.user), "telegraph_ana", "@TELEGRAPH_ana:wardroom.test", "@telegraph_ana:wardroom.test\n", "@telegraph_\x00"} {
		f.Add(user, "", "telegraph_new")
		f.Add(user, string(z.who.device), "lin")
	}
	z.who = bot
	f.Fuzz(func(t *testing.T, user, device, name string) {
		r, ok := z.ask(t, "GET", "/_matrix/client/v3/account/whoami?user_id="+url.QueryEscape(user)+"&device_id="+url.QueryEscape(device), nil)
		if ok {
			z.answered(t, r, user+" "+device)
			if is := text(r.body["user_id"]); r.status == 200 && !strings.HasPrefix(is, "@telegraph") {
				t.Errorf("as %q it acts as %s", user, is)
			}
		}
		body, _ := json.Marshal(object{"type": "m.login.application_service", "username": name, "inhibit_login": true})
		if r, ok := z.ask(t, "POST", "/_matrix/client/v3/register", body); ok {
			z.answered(t, r, name)
			if is := text(r.body["user_id"]); r.status == 200 && !strings.HasPrefix(is, "@telegraph_") {
				t.Errorf("as %q it registers %s", name, is)
			}
		}
	})
}

// FuzzReceipt notes receipts; whatever was taken, the next sync tells.
func FuzzReceipt(f *testing.F) {
	z := newFuzzed(f)
	room := announcements(f, z.who, nil)
	said := say(f, z.who, room, "1", "x")
	for _, typ := range []string{"m.read", "m.read.private", "m.fully_read", "", "org.example"} {
		for _, body := range []string{``, `{}`, `{"thread_id":"main"}`, `{"thread_id":"` + said + `"}`, `{"thread_id":""}`, `{"thread_id":7}`, `{"thread_id":"$\u0000"}`, "{\"thread_id\":\"$\xff\"}"} {
			f.Add(typ, said, body)
		}
		f.Add(typ, "$none", `{"m.fully_read":"`+said+`","m.read":"$x","m.read.private":7}`)
	}
	f.Fuzz(func(t *testing.T, typ, event, body string) {
		in := "/_matrix/client/v3/rooms/" + url.PathEscape(room)
		taken := false
		for _, target := range []string{in + "/receipt/" + url.PathEscape(typ) + "/" + url.PathEscape(event), in + "/read_markers"} {
			if r, ok := z.ask(t, "POST", target, []byte(body)); ok {
				z.answered(t, r, target+" "+body)
				taken = taken || r.status == 200
			}
		}
		if r, ok := z.ask(t, "GET", "/_matrix/client/v3/sync?filter="+url.QueryEscape(`{"room":{"timeline":{"limit":1,"unread_thread_notifications":true}}}`), nil); ok && taken && r.status != 200 {
			t.Errorf("after %q %q %q the sync is answered %d %s", typ, event, body, r.status, r.raw)
		}
	})
}

// FuzzUpload uploads a file that says of itself whatever it likes; it comes back whole, and as nothing that a browser would run.
func FuzzUpload(f *testing.F) {
	z := newFuzzed(f)
	for _, seed := range [][4]string{
		{"image/png", "a.png", "", "bytes=0-3"}, {"text/html; charset=utf-8", `"quoted".html`, "office/secret", "bytes=-1"}, {"", "", "", ""},
		{"text/plain;a=b;a=c", "長い名前.txt", "x", "bytes=5-,0-1"}, {"application/octet-stream; x=\"\\\"\"", "../../etc/passwd", "", "bytes=99-"},
		{"image/svg+xml", "a\tb", "", "items=0-1"}, {"TEXT/HTML", "a;b=c", "\u202e", "bytes=0-18446744073709551616"}, {"a/b; \x80=1", "\u0085", "", "bytes=a-b"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], []byte("here it is"))
	}
	f.Fuzz(func(t *testing.T, kind, name, label, part string, file []byte) {
		r, ok := z.ask(t, "POST", "/_matrix/media/v3/upload?filename="+url.QueryEscape(name)+"&org.wardroom.label="+url.QueryEscape(label), file, "Content-Type", kind)
		if !ok {
			return
		}
		z.answered(t, r, "uploading "+strconv.Quote(name))
		if r.status != 200 {
			return
		}
		at := "/_matrix/client/v1/media/download/" + strings.TrimPrefix(text(r.body["content_uri"]), "mxc://")
		got, ok := z.ask(t, "GET", at, nil)
		if !ok || got.status != 200 || !bytes.Equal(got.raw, file) {
			t.Fatalf("%q of %q came back as %d %q", name, file, got.status, got.raw)
		}
		safe(t, got, name)
		if got, ok := z.ask(t, "GET", at+"/"+url.PathEscape("x"+name), nil); ok && got.status == 200 {
			safe(t, got, "x"+name)
		}
		if got, ok := z.ask(t, "GET", at, nil, "Range", part); ok {
			z.answered(t, got, "a part")
			if got.status == 206 && !strings.HasPrefix(got.header.Get("Content-Type"), "multipart/") && !bytes.Contains(file, got.raw) {
				t.Errorf("the part %q of %q is %q", part, file, got.raw)
			}
		}
	})
}

// safe fails the test unless a browser does nothing with the file but to show or save it, under its name.
func safe(t *testing.T, got reply, name string) {
	t.Helper()
	kind, _, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	how, params, err2 := mime.ParseMediaType(got.header.Get("Content-Disposition"))
	if err != nil || err2 != nil || params["filename"] != name {
		t.Errorf("%q is given as %q, %q: %v, %v", name, got.header.Get("Content-Type"), got.header.Get("Content-Disposition"), err, err2)
	}
	if how == "inline" && (strings.Contains(kind, "html") || strings.Contains(kind, "xml") || strings.Contains(kind, "script") || strings.Contains(kind, "svg")) {
		t.Errorf("a file of type %s is shown in place", kind)
	}
	for header, values := range got.header {
		for _, v := range values {
			if strings.ContainsFunc(v, unicode.IsControl) {
				t.Errorf("the header %s is %q", header, v)
			}
		}
	}
	if got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%q may be run: %v", name, got.header)
	}
}

// FuzzToDevice sends messages to one's own device; whatever was taken, the next sync brings.
func FuzzToDevice(f *testing.F) {
	z := newFuzzed(f)
	me := string(z.who.user)
	for _, s := range []string{
		`{"messages":{"` + me + `":{"*":{"a":1}}}}`, `{"messages":{"":{"":{}}}}`, `{"messages":{"` + me + `":{"*":[]}}}`, `{"messages":null}`, `{"messages":{"a":null}}`,
		`{"messages":{"` + me + `":{"*":{"x":"\u0000"}}}}`, "{\"messages\":{\"" + me + "\":{\"*\":{\"\xff\":1}}}}", `{"messages":{"` + me + `":{"*":{"x":1e400}}}}`,
	} {
		f.Add("m.test", s)
	}
	n, since := 0, ""
	f.Fuzz(func(t *testing.T, typ, body string) {
		n++
		r, ok := z.ask(t, "PUT", "/_matrix/client/v3/sendToDevice/"+url.PathEscape(typ)+"/"+strconv.Itoa(n), []byte(body))
		if !ok {
			return
		}
		z.answered(t, r, body)
		got, ok := z.ask(t, "GET", "/_matrix/client/v3/sync?since="+since, nil)
		if !ok {
			return
		}
		if got.status != 200 {
			t.Fatalf("after %q the sync is answered %d %s", body, got.status, got.raw)
		}
		since = text(got.body["next_batch"])
		events, _ := dig(got.body, "to_device", "events").([]any)
		for _, e := range events {
			if mxid.User(text(dig(e, "sender"))) != z.who.user || dig(e, "content") == nil {
				t.Errorf("%q brought %v", body, e)
			}
		}
	})
}

// What a sync is asked is read as net/url reads it.
func FuzzFirsts(f *testing.F) {
	for _, s := range []string{"since=s1&timeout=0", "since=&since=s2", "filter=%7B%7D&since=s1+2", "%73ince=a&since=b", "since=%zz&since=b", "since=a;b&since=c", "since", "&&=&since=a=b", "full_state=true&x=1"} {
		f.Add(s)
	}
	names := [6]string{"since", "filter", "timeout", "full_state", "use_state_after", "org.matrix.msc4222.use_state_after"}
	f.Fuzz(func(t *testing.T, s string) {
		all, _ := url.ParseQuery(s) // what cannot be read is left out
		if strings.Count(s, "&") >= 10_000 {
			return // net/url reads none of that
		}
		for i, got := range clientapi.Firsts(s, names) {
			if want := all.Get(names[i]); got != want {
				t.Errorf("%q has %q for %q, and net/url says %q", s, got, names[i], want)
			}
		}
	})
}
