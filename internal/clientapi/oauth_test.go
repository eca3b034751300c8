package clientapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
)

const oauthAt = "/_matrix/client/unstable/org.wardroom/oauth/"

// verifier is a PKCE verifier, and challenge what it is shown by.
const verifier = "a-verifier-of-at-least-forty-three-characters-0"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// app is a client that signs people in by OAuth.
type app struct {
	s        *server
	id       string
	redirect string
}

// newApp registers one; change, if set, changes what it says of itself.
func (s *server) newApp(t testing.TB, name string) app {
	t.Helper()
	to := "https://app.example.org/back"
	r := s.call(t, "", "POST", oauthAt+"register", object{"client_name": name, "client_uri": "https://example.org/", "redirect_uris": []string{to}, "token_endpoint_auth_method": "none"})
	if r.status != 201 || text(r.body["client_id"]) == "" {
		t.Fatalf("registering: %d %s", r.status, r.raw)
	}
	return app{s, text(r.body["client_id"]), to}
}

// query is what the app opens the page with; changes are "name=value", without "=": none of that.
func (a app) query(device string, changes ...string) string {
	q := url.Values{
		"client_id": {a.id}, "redirect_uri": {a.redirect}, "response_type": {"code"}, "state": {"s t&1"},
		"scope":          {"urn:matrix:client:api:* urn:matrix:client:device:" + device},
		"code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
	for _, c := range changes {
		if name, value, ok := strings.Cut(c, "="); ok {
			q.Set(name, value)
		} else {
			q.Del(name)
		}
	}
	return "?" + q.Encode()
}

func (a app) approve(t testing.TB, who, query string) reply {
	t.Helper()
	return a.s.call(t, "", "POST", oauthAt+"approve", object{"query": query, "user": who, "password": password})
}

// code has who approve the app, and gives the code that goes back to it.
func (a app) code(t testing.TB, who, device string) string {
	t.Helper()
	r := a.approve(t, who, a.query(device))
	to, err := url.Parse(text(r.body["redirect"]))
	if err != nil || r.status != 200 || to.Query().Get("code") == "" {
		t.Fatalf("approving: %d %s", r.status, r.raw)
	}
	return to.Query().Get("code")
}

func (s *server) form(t testing.TB, path string, form url.Values) reply {
	t.Helper()
	r, err := s.Client().PostForm(s.URL+oauthAt+path, form)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, r)
}

// fetch is the app's request for tokens, with changes as in query.
func (a app) fetch(t testing.TB, code string, changes ...string) reply {
	t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {a.id}, "redirect_uri": {a.redirect}, "code_verifier": {verifier}}
	for _, c := range changes {
		name, value, _ := strings.Cut(c, "=")
		form.Set(name, value)
	}
	return a.s.form(t, "token", form)
}

func (a app) refresh(t testing.TB, token string) reply {
	t.Helper()
	return a.s.form(t, "token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {a.id}})
}

// signIn signs who in on a device, with everything in order.
func (a app) signIn(t testing.TB, who, device string) (access, refresh string) {
	t.Helper()
	r := a.fetch(t, a.code(t, who, device))
	if r.status != 200 {
		t.Fatalf("fetching tokens: %d %s", r.status, r.raw)
	}
	return text(r.body["access_token"]), text(r.body["refresh_token"])
}

func (r reply) mustSay(t testing.TB, status int, name string) {
	t.Helper()
	if r.status != status || r.body["error"] != name || text(r.body["error_description"]) == "" {
		t.Errorf("answered %d %s, not %d %s", r.status, r.raw, status, name)
	}
}

func TestAnAppSignsInByOAuth(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	meta := s.call(t, "", "GET", "/_matrix/client/v1/auth_metadata", nil)
	for _, name := range []string{"issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint", "registration_endpoint"} {
		if !strings.HasPrefix(text(meta.body[name]), s.URL) {
			t.Errorf("%s is %v", name, meta.body[name])
		}
	}
	for name, want := range map[string]string{"response_types_supported": "[code]", "grant_types_supported": "[authorization_code refresh_token]", "response_modes_supported": "[query fragment]", "code_challenge_methods_supported": "[S256]"} {
		if got := fmt.Sprint(meta.body[name]); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	if meta.body["authorization_response_iss_parameter_supported"] != true {
		t.Errorf("the metadata does not say that answers name their server: %s", meta.raw)
	}
	iss := "&iss=" + url.QueryEscape(text(meta.body["issuer"])) + "&state=s+t%261"
	a := s.newApp(t, "Harbour")
	asked := s.call(t, "", "POST", oauthAt+"asked", object{"query": a.query("AAAAAAAAAA")})
	if asked.status != 200 || asked.body["client_name"] != "Harbour" || asked.body["to"] != "app.example.org" || asked.body["device_id"] != "AAAAAAAAAA" ||
		asked.body["refuse"] != a.redirect+"?error=access_denied"+iss {
		t.Errorf("the page is told %d %s", asked.status, asked.raw)
	}
	for mode, begins := range map[string]string{"": "?code=", "query": "?code=", "fragment": "#code="} {
		r := a.approve(t, "lin", a.query("AAAAAAAAAA", "response_mode="+mode))
		if to := text(r.body["redirect"]); !strings.HasPrefix(to, a.redirect+begins) || !strings.HasSuffix(to, iss) {
			t.Errorf("with response_mode %q the answer goes to %s", mode, r.raw)
		}
	}
	r := a.fetch(t, a.code(t, "lin", "AAAAAAAAAA"))
	if r.status != 200 || r.body["token_type"] != "Bearer" || r.body["scope"] != "urn:matrix:client:api:* urn:matrix:client:device:AAAAAAAAAA" || r.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("tokens: %d %s", r.status, r.raw)
	}
	if lasts, _ := r.body["expires_in"].(float64); lasts < 3600 || lasts > 3*3600 {
		t.Errorf("the token lasts %v", r.body["expires_in"])
	}
	p := s.signedInWith(t, text(r.body["access_token"]))
	if p["user_id"] != "@lin:wardroom.test" || p["device_id"] != "AAAAAAAAAA" {
		t.Errorf("signed in as %v", p)
	}
	devices := s.call(t, text(r.body["access_token"]), "GET", "/_matrix/client/v3/devices/AAAAAAAAAA", nil)
	if devices.body["display_name"] != "Harbour" {
		t.Errorf("the device is called %s", devices.raw)
	}
	old := a.fetch(t, codeOf(t, a.approve(t, "lin", a.query("", "scope=openid urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:org.matrix.msc2967.client:device:BBBBBBBBBB"))))
	if old.status != 200 || old.body["scope"] != "urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:org.matrix.msc2967.client:device:BBBBBBBBBB" {
		t.Errorf("with the names of before the specification had them: %d %s", old.status, old.raw)
	}
}

func (s *server) signedInWith(t testing.TB, token string) object {
	t.Helper()
	return (&person{server: s, token: token}).ok(t, "GET", whoami, nil)
}

func codeOf(t testing.TB, r reply) string {
	t.Helper()
	to, err := url.Parse(text(r.body["redirect"]))
	if err != nil {
		t.Fatal(err)
	}
	return to.Query().Get("code")
}

func (s *server) mustBeOut(t testing.TB, token string) {
	t.Helper()
	s.call(t, token, "GET", whoami, nil).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
}

func TestACodeThatComesTwiceEndsWhatItBegan(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	a := s.newApp(t, "Harbour")
	code := a.code(t, "lin", "AAAAAAAAAA")
	first := a.fetch(t, code)
	s.signedInWith(t, text(first.body["access_token"]))
	a.fetch(t, code).mustSay(t, 400, "invalid_grant")
	s.mustBeOut(t, text(first.body["access_token"]))
	a.refresh(t, text(first.body["refresh_token"])).mustSay(t, 400, "invalid_grant")
	lin.ok(t, "GET", whoami, nil) // the person's other devices stay
}

func TestAnOldCodeDoesNotEndWhatANewOneBegan(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	a := s.newApp(t, "Harbour")
	old := a.code(t, "lin", "AAAAAAAAAA")
	a.fetch(t, old)
	access, _ := a.signIn(t, "lin", "AAAAAAAAAA") // the same device, once more
	a.fetch(t, old).mustSay(t, 400, "invalid_grant")
	s.signedInWith(t, access)
}

func TestACodeIsForOneClientOneAddressAndWhoBegan(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	a, other := s.newApp(t, "Harbour"), s.newApp(t, "Other")
	for _, change := range []string{
		"code_verifier=", "code_verifier=" + challenge(), "code_verifier=another-verifier-of-forty-three-characters-00", "client_id=" + other.id, "client_id=",
		"redirect_uri=https://app.example.org/back/", "redirect_uri=", "grant_type=password", "code=made-up",
	} {
		code := a.code(t, "lin", "AAAAAAAAAA")
		want := "invalid_grant"
		if strings.HasPrefix(change, "grant_type") {
			want = "unsupported_grant_type"
		}
		a.fetch(t, code, change).mustSay(t, 400, want)
		if again := a.fetch(t, code); strings.HasPrefix(change, "code=") || want != "invalid_grant" {
			if again.status != 200 {
				t.Errorf("after %s the code is spent: %s", change, again.raw)
			}
		} else {
			again.mustSay(t, 400, "invalid_grant") // one try
		}
	}
	lost := a.code(t, "lin", "AAAAAAAAAA")
	p := s.call(t, "", "POST", login, object{"type": "m.login.password", "user": "lin", "password": password})
	s.signedIn(t, p).ok(t, "POST", "/_matrix/client/v3/logout/all", object{})
	a.fetch(t, lost).mustSay(t, 400, "invalid_grant") // who signs out everywhere means that too
}

func TestWhatAnAppMayNotAskFor(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	a := s.newApp(t, "Harbour")
	const device = "urn:matrix:client:device:AAAAAAAAAA"
	for change, want := range map[string]string{
		"code_challenge":                             "invalid_request",
		"code_challenge_method":                      "invalid_request",
		"code_challenge_method=plain":                "invalid_request",
		"code_challenge=short":                       "invalid_request",
		"response_type=token":                        "unsupported_response_type",
		"response_mode=form_post":                    "invalid_request",
		"prompt=none":                                "interaction_required",
		"request=x":                                  "request_not_supported",
		"scope":                                      "invalid_scope",
		"scope=openid":                               "invalid_scope",
		"scope=" + device:                            "invalid_scope",
		"scope=urn:matrix:client:api:*":              "invalid_scope",
		"scope=urn:matrix:client:api:read " + device: "invalid_scope",
		"scope=urn:matrix:client:api:* " + device + " urn:matrix:client:device:BBBBBBBBBB": "invalid_scope",
		"scope=urn:matrix:client:api:* urn:matrix:client:device:":                          "invalid_scope",
		"scope=urn:matrix:client:api:* urn:matrix:client:device:a/b":                       "invalid_scope",
		"scope=urn:synapse:admin:* urn:matrix:client:api:*":                                "invalid_scope",
	} {
		for _, r := range []reply{s.call(t, "", "POST", oauthAt+"asked", object{"query": a.query("AAAAAAAAAA", change)}), a.approve(t, "lin", a.query("AAAAAAAAAA", change))} {
			r.mustSay(t, 400, want)
			if to := text(r.body["redirect"]); !strings.HasPrefix(to, a.redirect+"?error="+want+"&") || strings.Contains(to, "code=") || !strings.Contains(to, "&iss="+url.QueryEscape(s.URL+"/")+"&") {
				t.Errorf("%s: the app is told by %q", change, to)
			}
		}
	}
	// What must not go anywhere: it is not sure that the app would get it.
	for _, change := range []string{
		"redirect_uri=https://app.example.org/back/x", "redirect_uri=https://evil.example.net/", "redirect_uri=javascript:alert(1)", "redirect_uri", "redirect_uri=http://app.example.org/back",
		"redirect_uri=https://app.example.org/back?x=1", "redirect_uri=https://app.example.org@evil.example.net/back", "client_id=made-up", "client_id", "state=" + strings.Repeat("x", 3000),
	} {
		for _, r := range []reply{s.call(t, "", "POST", oauthAt+"asked", object{"query": a.query("AAAAAAAAAA", change)}), a.approve(t, "lin", a.query("AAAAAAAAAA", change))} {
			if r.status < 400 || r.body["redirect"] != nil || text(r.body["error"]) == "" {
				t.Errorf("%s: %d %s", change, r.status, r.raw)
			}
		}
	}
	r := s.call(t, "", "POST", oauthAt+"asked", object{"query": a.query("AAAAAAAAAA") + "&redirect_uri=https%3A%2F%2Fevil.example.net%2F"})
	if r.status < 400 || r.body["redirect"] != nil {
		t.Errorf("two redirect URIs: %d %s", r.status, r.raw)
	}
}

func TestApprovingTakesThePassword(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	a := s.newApp(t, "Harbour")
	s.call(t, lin.token, "POST", oauthAt+"approve", object{"query": a.query("AAAAAAAAAA"), "user": "lin", "password": "wrong"}).mustRefuse(t, 403, "M_FORBIDDEN")
	s.call(t, lin.token, "POST", oauthAt+"approve", object{"query": a.query("AAAAAAAAAA")}).mustRefuse(t, 400, "M_MISSING_PARAM")
	// A device that signed in by another way is not the app's to take.
	a.approve(t, "lin", a.query(string(lin.device))).mustRefuse(t, 400, "M_EXCLUSIVE")
	a.signIn(t, "lin", "AAAAAAAAAA")
	s.newApp(t, "Other").approve(t, "lin", a.query("AAAAAAAAAA", "client_id="+s.newApp(t, "Other").id)).mustRefuse(t, 400, "M_EXCLUSIVE")
	access, _ := a.signIn(t, "lin", "AAAAAAAAAA") // its own it may sign in again
	s.signedInWith(t, access)
}

func TestRefreshTokensOfAppsAreTheirs(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	a, other := s.newApp(t, "Harbour"), s.newApp(t, "Other")
	access, refresh := a.signIn(t, "lin", "AAAAAAAAAA")
	other.refresh(t, refresh).mustSay(t, 400, "invalid_grant")
	s.form(t, "token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}).mustSay(t, 400, "invalid_request")
	s.call(t, "", "POST", "/_matrix/client/v3/refresh", object{"refresh_token": refresh}).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	s.signedInWith(t, access)
	next := a.refresh(t, refresh)
	if next.status != 200 || text(next.body["access_token"]) == access {
		t.Fatalf("refreshing: %d %s", next.status, next.raw)
	}
	s.signedInWith(t, text(next.body["access_token"]))
	s.mustBeOut(t, access) // once the next one is used
	a.refresh(t, refresh).mustSay(t, 400, "invalid_grant")
	// Nor are those of a device that signed in with the login of old.
	old := s.call(t, "", "POST", login, object{"type": "m.login.password", "user": "lin", "password": password, "refresh_token": true})
	a.refresh(t, text(old.body["refresh_token"])).mustSay(t, 400, "invalid_grant")
}

func TestARevokedTokenEndsTheDeviceAtOnce(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	a := s.newApp(t, "Harbour")
	for _, kind := range []int{0, 1} {
		var tokens [2]string
		tokens[0], tokens[1] = a.signIn(t, "lin", "AAAAAAAAAA")
		s.signedInWith(t, tokens[0])
		if r := s.form(t, "revoke", url.Values{"token": {tokens[kind]}, "client_id": {a.id}, "token_type_hint": {"access_token"}}); r.status != 200 {
			t.Fatalf("revoking: %d %s", r.status, r.raw)
		}
		s.mustBeOut(t, tokens[0])
		a.refresh(t, tokens[1]).mustSay(t, 400, "invalid_grant")
		if r := lin.call(t, "GET", "/_matrix/client/v3/devices/AAAAAAAAAA", nil); r.status != 404 {
			t.Errorf("the device is still there: %s", r.raw)
		}
	}
	if r := s.form(t, "revoke", url.Values{"token": {"made up"}}); r.status != 200 {
		t.Errorf("a token that is not known: %d %s", r.status, r.raw)
	}
}

func TestWhatAClientMayBe(t *testing.T) {
	s := newServer(t)
	try := func(change object) reply {
		m := object{"client_name": "Harbour", "client_uri": "https://example.org/app", "redirect_uris": []string{"https://example.org/back"}}
		for name, value := range change {
			m[name] = value
		}
		return s.call(t, "", "POST", oauthAt+"register", m)
	}
	native := func(uris ...string) object { return object{"application_type": "native", "redirect_uris": uris} }
	for _, fine := range []object{
		{}, {"redirect_uris": []string{"https://app.example.org:8443/a?b=c", "https://example.org/"}}, {"logo_uri": "https://elsewhere.example.net/x.png", "client_name#ja": "港"},
		native("org.example:/back"), native("org.example.harbour:/back"), native("http://localhost/back", "http://127.0.0.1:8080/", "http://[::1]/back"), native("https://example.org/universal"),
		{"grant_types": []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"}, "response_types": []string{"code"}},
	} {
		if r := try(fine); r.status != 201 || r.body["token_endpoint_auth_method"] != "none" || r.body["client_secret"] != nil {
			t.Errorf("%v: %d %s", fine, r.status, r.raw)
		}
	}
	for _, bad := range []object{
		{"redirect_uris": []string{}}, {"redirect_uris": []string{"http://example.org/back"}}, {"redirect_uris": []string{"https://example.org.evil.net/"}}, {"redirect_uris": []string{"https://notexample.org/"}},
		{"redirect_uris": []string{"https://example.org/#x"}}, {"redirect_uris": []string{"https://lin@example.org/"}},
		{"client_uri": "https://%D0%B0pple.com/", "redirect_uris": []string{"https://%D0%B0pple.com/back"}}, {"client_uri": "https://x.evil.net/", "redirect_uris": []string{"https://chat.example.org%E2%88%95.x.evil.net/back"}}, {"redirect_uris": []string{"javascript:alert(1)"}}, {"redirect_uris": []string{"http://localhost/"}},
		{"redirect_uris": []string{"org.example:/back"}}, native("javascript:alert(1)"), native("data:text/html,x"), native("org.example://back"), native("org.evil:/back"), native("org.exampleevil:/back"),
		native("http://192.0.2.1/"), native("http://localhost.evil.net/"), native("https://evil.net/"), native("org.example:back"), {"redirect_uris": []string{"https://example.org/", "https://evil.net/"}},
	} {
		try(bad).mustSay(t, 400, "invalid_redirect_uri")
	}
	for _, bad := range []object{
		{"client_uri": "http://example.org/"}, {"client_uri": ""}, {"client_uri": "https:///x"}, {"client_uri": 7}, {"token_endpoint_auth_method": "client_secret_basic"}, {"application_type": "service"},
		{"response_types": []string{"token"}}, {"grant_types": []string{"implicit"}},
	} {
		try(bad).mustSay(t, 400, "invalid_client_metadata")
	}
	if a, b := try(object{}), try(object{}); a.body["client_id"] != b.body["client_id"] {
		t.Error("the same client registers twice and is two")
	}
	if r := try(object{"client_name": "Har\u202ebour\x00\n"}); r.body["client_name"] != "Harbour" {
		t.Errorf("a name that turns around is kept as %s", r.raw)
	}
}

func TestTheRedirectOfANativeAppMayHaveAnyPort(t *testing.T) {
	s := newServer(t)
	r := s.call(t, "", "POST", oauthAt+"register", object{"client_uri": "https://example.org/", "application_type": "native", "redirect_uris": []string{"http://127.0.0.1/back"}})
	a := app{s, text(r.body["client_id"]), "http://127.0.0.1:49152/back"}
	if r := s.call(t, "", "POST", oauthAt+"asked", object{"query": a.query("AAAAAAAAAA")}); r.status != 200 || r.body["to"] != "127.0.0.1:49152" {
		t.Errorf("another port: %d %s", r.status, r.raw)
	}
	for _, bad := range []string{"http://192.0.2.1:49152/back", "http://127.0.0.1:49152/other", "http://lin:pw@127.0.0.1:49152/back", "https://127.0.0.1:49152/back", "http://127.0.0.1/back#x"} {
		a.redirect = bad
		if r := s.call(t, "", "POST", oauthAt+"asked", object{"query": a.query("AAAAAAAAAA")}); r.status == 200 || r.body["redirect"] != nil {
			t.Errorf("%s: %d %s", bad, r.status, r.raw)
		}
	}
}

func TestStrangersDoNotFillTheDatabaseWithClients(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	used := s.newApp(t, "Harbour")
	used.signIn(t, "lin", "AAAAAAAAAA")
	register := func(from, to int) { // together: each is a row on disk
		var group errgroup.Group
		for i := from; i < to; i++ {
			group.Go(func() error {
				_, _, err := s.api.Accounts.RegisterClient(t.Context(), account.ClientMetadata{URI: "https://example.org", RedirectURIs: []string{fmt.Sprintf("https://example.org/%d", i)}})
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	early := s.newApp(t, "Early")
	register(0, 1010) // what comes of ten thousand is no more than of these
	late := s.newApp(t, "Late")
	if r := s.call(t, "", "POST", oauthAt+"asked", object{"query": early.query("BBBBBBBBBB")}); r.status != 404 {
		t.Errorf("the oldest of 1,010 clients that nobody signs in with is still kept: %d %s", r.status, r.raw)
	}
	if r := s.call(t, "", "POST", oauthAt+"asked", object{"query": late.query("BBBBBBBBBB")}); r.status != 200 {
		t.Errorf("the newest is not kept: %d %s", r.status, r.raw)
	}
	if r := s.call(t, "", "POST", oauthAt+"asked", object{"query": used.query("BBBBBBBBBB")}); r.status != 200 {
		t.Errorf("a client that somebody is signed in with was forgotten: %s", r.raw)
	}
	// One address does not get so far.
	s.api.Unlimited = false
	refused := 0
	for i := range 20 {
		r := s.call(t, "", "POST", oauthAt+"register", object{"client_uri": "https://example.org/", "redirect_uris": []string{fmt.Sprintf("https://example.org/again/%d", i)}})
		if r.status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("of 20 registrations %d were refused", refused)
	}
}
