package clientapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wardroom/internal/clientapi"
	"wardroom/internal/mxid"
)

const (
	login    = "/_matrix/client/v3/login"
	register = "/_matrix/client/v3/register"
	whoami   = "/_matrix/client/v3/account/whoami"
)

func tokenAuth(token string) object {
	return object{"type": "m.login.registration_token", "token": token}
}

func TestSigningUpTakesOneUseOfAnInvitation(t *testing.T) {
	s := newServer(t)
	token := s.invitation(t, 1)
	first := object{"username": "lin", "password": password}

	asked := s.call(t, "", "POST", register, first)
	if asked.status != 401 || asked.errcode() != "" || !strings.Contains(string(asked.raw), `"flows":[{"stages":["m.login.registration_token"]}]`) {
		t.Fatalf("without an invitation: %d %s", asked.status, asked.raw)
	}
	first["auth"] = object{"type": "m.login.registration_token", "token": "guessed", "session": asked.body["session"]}
	s.call(t, "", "POST", register, first).mustRefuse(t, 401, "M_UNAUTHORIZED")
	first["auth"] = object{"type": "m.login.registration_token", "token": token, "session": asked.body["session"]}
	r := s.call(t, "", "POST", register, first)
	if r.status != 200 || r.body["user_id"] != "@lin:wardroom.test" || text(r.body["access_token"]) == "" || text(r.body["device_id"]) == "" {
		t.Fatalf("with an invitation: %d %s", r.status, r.raw)
	}
	if _, ok := r.body["refresh_token"]; ok {
		t.Error("a refresh token came unasked")
	}
	me := s.signedIn(t, r).ok(t, "GET", whoami, nil)
	if me["user_id"] != "@lin:wardroom.test" || me["device_id"] != r.body["device_id"] || me["is_guest"] != false {
		t.Errorf("whoami says %v", me)
	}
	s.call(t, "", "POST", register, object{"username": "sato", "password": password, "auth": tokenAuth(token)}).mustRefuse(t, 401, "M_UNAUTHORIZED")
}

func TestARefusedSignUpLeavesTheInvitationWhole(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	token := s.invitation(t, 1)
	for _, c := range []struct {
		name, password, errcode string
		status                  int
	}{
		{"lin", password, "M_USER_IN_USE", 400},
		{"Lin Qiuyan", password, "M_INVALID_USERNAME", 400},
		{"林", password, "M_INVALID_USERNAME", 400},
		{"sato", "九個字不夠長的密碼", "M_WEAK_PASSWORD", 400},
		{"sato", "", "M_WEAK_PASSWORD", 400},
	} {
		s.call(t, "", "POST", register, object{"username": c.name, "password": c.password, "auth": tokenAuth(token)}).mustRefuse(t, c.status, c.errcode)
	}
	s.call(t, "", "POST", register+"?kind=guest", object{}).mustRefuse(t, 403, "M_FORBIDDEN")
	if r := s.call(t, "", "POST", register, object{"password": "十個字就足夠了的密碼", "inhibit_login": true, "auth": tokenAuth(token)}); r.status != 200 || r.body["access_token"] != nil || text(r.body["user_id"]) == "" {
		t.Errorf("signing up without a name and without a device: %d %s", r.status, r.raw)
	}
}

func TestManyWhoSignUpAtOnceShareTheUsesOfAnInvitation(t *testing.T) {
	s := newServer(t)
	token := s.invitation(t, 3)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 10 {
		wg.Go(func() {
			r := s.call(t, "", "POST", register, object{"username": "p" + string(rune('a'+i)), "password": password, "auth": tokenAuth(token)})
			mu.Lock()
			defer mu.Unlock()
			if r.status == 200 {
				made++
			}
		})
	}
	wg.Wait()
	if made != 3 {
		t.Errorf("%d accounts were made with 3 uses", made)
	}
}

func TestSigningInWithEveryWayOfWritingTheName(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	for _, body := range []object{
		{"identifier": object{"type": "m.id.user", "user": "lin"}},
		{"identifier": object{"type": "m.id.user", "user": "Lin "}},
		{"identifier": object{"type": "m.id.user", "user": "@lin:wardroom.test"}},
		{"user": "lin"},
	} {
		body["type"], body["password"] = "m.login.password", password
		if r := s.call(t, "", "POST", login, body); r.status != 200 || r.body["user_id"] != "@lin:wardroom.test" {
			t.Errorf("%v: %d %s", body, r.status, r.raw)
		}
	}
	flows := s.call(t, "", "GET", login, nil)
	if !strings.Contains(string(flows.raw), `{"type":"m.login.password"}`) {
		t.Errorf("the flows are %s", flows.raw)
	}
}

func TestAWrongNameAndAWrongPasswordAreAnsweredAlike(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	try := func(user, pass string) string {
		r := s.call(t, "", "POST", login, object{"type": "m.login.password", "password": pass, "identifier": object{"type": "m.id.user", "user": user}})
		r.mustRefuse(t, 403, "M_FORBIDDEN")
		return string(r.raw)
	}
	wrong := try("lin", "not her password")
	for _, user := range []string{"nobody", "@lin:elsewhere.test", "@", "林", "lin\x00"} {
		if got := try(user, password); got != wrong {
			t.Errorf("%q is answered %s, a wrong password %s", user, got, wrong)
		}
	}
	s.call(t, "", "POST", login, object{"type": "m.login.token", "token": "x"}).mustRefuse(t, 400, "M_UNKNOWN")
	s.call(t, "", "POST", login, object{"type": "m.login.password", "password": password}).mustRefuse(t, 400, "M_MISSING_PARAM")
	s.call(t, "", "POST", login, object{"type": "m.login.password", "identifier": object{"type": "m.id.thirdparty"}}).mustRefuse(t, 400, "M_UNKNOWN")
}

func TestSigningInAgainOnADeviceEndsItsEarlierTokens(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	r := s.call(t, "", "POST", login, object{"type": "m.login.password", "password": password, "device_id": lin.device,
		"identifier": object{"type": "m.id.user", "user": "lin"}})
	again := s.signedIn(t, r)
	if again.device != lin.device {
		t.Errorf("the device is %s, want %s", again.device, lin.device)
	}
	lin.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	again.ok(t, "GET", whoami, nil)
	s.call(t, "", "POST", login, object{"type": "m.login.password", "password": password, "device_id": strings.Repeat("x", 256),
		"identifier": object{"type": "m.id.user", "user": "lin"}}).mustRefuse(t, 400, "M_INVALID_PARAM")
}

func TestSignedOutIsSignedOutAtOnce(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	second, third, sato := lin.secondDevice(t), lin.secondDevice(t), s.newPerson(t, "sato")
	second.ok(t, "POST", "/_matrix/client/v3/logout", nil)
	second.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	lin.ok(t, "GET", whoami, nil)
	lin.ok(t, "POST", "/_matrix/client/v3/logout/all", nil)
	lin.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	third.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	sato.ok(t, "GET", whoami, nil)
}

func TestSessionsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	var token string
	t.Run("before", func(t *testing.T) { token = newServerIn(t, dir).newPerson(t, "lin").token })
	s := newServerIn(t, dir)
	if r := s.call(t, token, "GET", whoami, nil); r.status != 200 {
		t.Errorf("after a restart: %d %s", r.status, r.raw)
	}
}

func TestRefreshingKeepsTheOldTokensUntilANewOneIsUsed(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	r := s.call(t, "", "POST", login, object{"type": "m.login.password", "password": password, "refresh_token": true,
		"identifier": object{"type": "m.id.user", "user": "lin"}})
	if lasts, _ := r.body["expires_in_ms"].(float64); r.status != 200 || lasts < 3600_000 || lasts > 3*3600_000 {
		t.Fatalf("signing in: %d %s", r.status, r.raw)
	}
	refresh := func(token any) reply {
		t.Helper()
		return s.call(t, "", "POST", "/_matrix/client/v3/refresh", object{"refresh_token": token})
	}
	valid := func(r reply) bool {
		t.Helper()
		return s.call(t, text(r.body["access_token"]), "GET", whoami, nil).status == http.StatusOK
	}
	lost := refresh(r.body["refresh_token"]) // an answer that never arrived
	kept := refresh(r.body["refresh_token"])
	if kept.status != 200 || !valid(r) {
		t.Fatalf("before a new token is used: %d %s, the old one valid: %v", kept.status, kept.raw, valid(r))
	}
	if valid(lost) {
		t.Error("the token of the lost answer is still valid")
	}
	if !valid(kept) {
		t.Error("the new token is not valid")
	}
	if valid(r) {
		t.Error("the old access token outlived the use of the new one")
	}
	refresh(r.body["refresh_token"]).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	next := refresh(kept.body["refresh_token"])
	if again := refresh(next.body["refresh_token"]); again.status != 200 || valid(kept) {
		t.Error("using the new refresh token did not end the pair before it")
	}
	refresh("guessed").mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	refresh(r.body["access_token"]).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
}

func TestTheFirstLinkEndsWithTheFirstAccount(t *testing.T) {
	s := newServer(t)
	first := func() string {
		t.Helper()
		token, err := s.api.Accounts.FirstInvitation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	valid := func(token string) bool {
		t.Helper()
		r := s.call(t, "", "GET", "/_matrix/client/v1/register/m.login.registration_token/validity?token="+token, nil)
		return r.body["valid"] == true
	}
	one := first()
	two := first() // the server was started again
	if valid(one) || !valid(two) {
		t.Errorf("after a second start the links are valid: %v, %v; want false, true", valid(one), valid(two))
	}
	s.newPerson(t, "lin")
	if valid(two) {
		t.Error("the first link outlived the first account")
	}
	if again := first(); again != "" {
		t.Error("there is an account, and yet a first link was made")
	}
	if valid("") || valid("guessed") {
		t.Error("a token that nobody made is valid")
	}
}

func TestStrangersDoNotLearnWhoIsHere(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	token := s.invitation(t, 1)
	ask := func(name string) reply { return s.call(t, "", "GET", register+"/available?username="+name, nil) }
	if taken, free := ask("lin"), ask("sato"); taken.status != 200 || taken.body["available"] != true || string(taken.raw) != string(free.raw) {
		t.Errorf("a name that somebody has is answered %d %s, one that nobody has %s", taken.status, taken.raw, free.raw)
	}
	ask("%00").mustRefuse(t, 400, "M_INVALID_USERNAME")

	signUp := func(name string, auth object) reply {
		return s.call(t, "", "POST", register, object{"username": name, "password": password, "auth": auth})
	}
	same := func(what string, taken, free reply) {
		t.Helper()
		for _, r := range []reply{taken, free} {
			delete(r.body, "session")
		}
		if taken.status != free.status || !reflect.DeepEqual(taken.body, free.body) {
			t.Errorf("%s: a name that somebody has is answered %d %v, one that nobody has %d %v", what, taken.status, taken.body, free.status, free.body)
		}
	}
	same("without an invitation", signUp("lin", nil), signUp("sato", nil))
	same("with a guessed one", signUp("lin", tokenAuth("guessed")), signUp("sato", tokenAuth("guessed")))
	same("with one of no account", signUp("lin", object{"type": "m.login.dummy"}), signUp("sato", object{"type": "m.login.dummy"}))

	// Who has an invitation is told, and goes on in the same session with another name.
	asked := signUp("lin", nil)
	auth := tokenAuth(token)
	auth["session"] = asked.body["session"]
	signUp("lin", auth).mustRefuse(t, 400, "M_USER_IN_USE")
	if r := signUp("sato", object{"session": asked.body["session"]}); r.status != 200 {
		t.Errorf("another name after one that was taken: %d %s", r.status, r.raw)
	}
}

func TestTooManyWrongPasswordsHaveToWait(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin")
	s.api.Unlimited = false
	try := func(user, pass string) reply {
		return s.call(t, "", "POST", login, object{"type": "m.login.password", "password": pass, "identifier": object{"type": "m.id.user", "user": user}})
	}
	for range 20 {
		if r := try("lin", password); r.status != 200 {
			t.Fatalf("a right password was counted: %d %s", r.status, r.raw)
		}
	}
	for _, name := range []string{"lin", "LIN", "@lin:wardroom.test", "lin ", "lin", "lin", "lin", "lin", "lin", "lin"} {
		try(name, "not her password").mustRefuse(t, 403, "M_FORBIDDEN")
	}
	r := try("lin", password)
	r.mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	if ms, _ := r.body["retry_after_ms"].(float64); ms <= 0 || ms > 30_000 || r.header.Get("Retry-After") == "" {
		t.Errorf("the wait is not said: %s, Retry-After %q", r.raw, r.header.Get("Retry-After"))
	}
	try("sato", password).mustRefuse(t, 403, "M_FORBIDDEN") // others are not held up

	// Nor is she, elsewhere: strangers cannot keep her out.
	s.api.Proxied = true
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+login, strings.NewReader(`{"type":"m.login.password","password":"`+password+`","identifier":{"type":"m.id.user","user":"lin"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := read(t, resp)
	if elsewhere.status != 200 {
		t.Errorf("signing in from elsewhere: %d %s", elsewhere.status, elsewhere.raw)
	}
}

// However much strangers guess, from however many places, who has signed in from a place before, or signs a device in again, gets in.
func TestStrangersCanNotKeepAPersonOut(t *testing.T) {
	clientapi.TriesInAll(t, 20)
	frozen(t, strangers) // each pause that passes would be one more guess
}

func strangers(t *testing.T, s *server) {
	lin := s.newPerson(t, "lin")
	s.api.Unlimited, s.api.Proxied = false, true
	try := func(from, password string, device mxid.Device) reply {
		t.Helper()
		body, err := json.Marshal(object{"type": "m.login.password", "password": password, "device_id": device, "identifier": object{"type": "m.id.user", "user": "lin"}})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+login, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", from)
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, resp)
	}
	guess := func(network string, device mxid.Device) (tried int) {
		for n := range 50 {
			switch r := try(network+strconv.Itoa(n/5), "not her password", device); r.status {
			case 403:
				tried++
			case 429:
				return tried
			default:
				t.Fatalf("a guess: %d %s", r.status, r.raw)
			}
		}
		t.Fatal("strangers may guess without end")
		return 0
	}
	const home, elsewhere = "203.0.113.1", "203.0.113.9"
	if r := try(home, password, ""); r.status != 200 {
		t.Fatalf("before: %d %s", r.status, r.raw)
	}
	for range 12 { // the right one is not counted
		if r := try(home, password, lin.device); r.status != 200 {
			t.Fatalf("the right password: %d %s", r.status, r.raw)
		}
	}
	if n := guess("198.51.100.", ""); n != 20 {
		t.Errorf("strangers guessed %d times, want 20", n)
	}
	try(elsewhere, password, "").mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	try(elsewhere, password, "MADEUP").mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	if r := try(home, password, ""); r.status != 200 {
		t.Errorf("from where she signed in before: %d %s", r.status, r.raw)
	}
	if r := try(elsewhere, password, lin.device); r.status != 200 {
		t.Errorf("with a device of hers: %d %s", r.status, r.raw)
	}
	// Who knows the device's name does not guess without end either, and keeps her out of nothing but that.
	if n := guess("192.0.2.", lin.device); n != 20 {
		t.Errorf("who knows the device guessed %d times, want 20", n)
	}
	for _, device := range []mxid.Device{"", lin.device} {
		for _, from := range []string{home, elsewhere} {
			if r := try(from, password, device); r.status != 200 {
				t.Errorf("from %s with device %q: %d %s", from, device, r.status, r.raw)
			}
		}
	}
	// What is mistyped where one is known counts there alone.
	for range 10 {
		try(home, "not her password", "").mustRefuse(t, 403, "M_FORBIDDEN")
	}
	try(home, password, "").mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	if r := try(elsewhere, password, ""); r.status != 200 {
		t.Errorf("elsewhere: %d %s", r.status, r.raw)
	}
}

func TestAnOfficeBehindOneAddressSignsUpAndGuessersWait(t *testing.T) {
	s := newServer(t)
	token := s.invitation(t, 100)
	s.api.Unlimited = false
	for i := range 100 {
		if r := s.call(t, "", "POST", invitation, object{"token": token}); r.status != 200 {
			t.Fatalf("opening link %d: %d %s", i, r.status, r.raw)
		}
	}
	guess := func() reply { return s.call(t, "", "POST", invitation, object{"token": "guessed"}) }
	for range 55 {
		guess().mustRefuse(t, 404, "M_NOT_FOUND")
	}
	for i := range 10 {
		if r := s.call(t, "", "POST", register, object{"username": "p" + strconv.Itoa(i), "password": password, "auth": tokenAuth(token)}); r.status != 200 {
			t.Fatalf("sign-up %d: %d %s", i, r.status, r.raw)
		}
	}
	guesses := 0
	for guess().errcode() == "M_NOT_FOUND" {
		if guesses++; guesses > 100 {
			t.Fatal("somebody who guesses never has to wait")
		}
	}
	guess().mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	s.call(t, "", "GET", register+"/available?username=lin", nil).mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
}
