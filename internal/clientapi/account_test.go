package clientapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

const (
	devices        = "/_matrix/client/v3/devices"
	deleteDevices  = "/_matrix/client/v3/delete_devices"
	changePassword = "/_matrix/client/v3/account/password"
	deactivate     = "/_matrix/client/v3/account/deactivate"
	profiles       = "/_matrix/client/v3/profile/"
	directory      = "/_matrix/client/v3/user_directory/search"
	invite         = "/_matrix/client/unstable/org.wardroom/invitations"
	invitation     = "/_matrix/client/unstable/org.wardroom/invitation"
)

// confirmed sends a request that has to be confirmed with a password: it asks, is asked, and answers.
func (p *person) confirmed(t testing.TB, method, path string, body object, password string) reply {
	t.Helper()
	asked := p.call(t, method, path, body)
	if asked.status != 401 || asked.errcode() != "" || !strings.Contains(string(asked.raw), `"flows":[{"stages":["m.login.password"]}]`) {
		t.Fatalf("%s %s is not to be confirmed: %d %s", method, path, asked.status, asked.raw)
	}
	answer := object{"auth": object{"type": "m.login.password", "session": asked.body["session"], "password": password,
		"identifier": object{"type": "m.id.user", "user": p.user}}}
	for k, v := range body {
		answer[k] = v
	}
	return p.call(t, method, path, answer)
}

func TestAConfirmationHoldsForExactlyOneRequest(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	one, two := lin.secondDevice(t), lin.secondDevice(t)
	asked := lin.call(t, "POST", deleteDevices, object{"devices": []any{one.device}})
	session := asked.body["session"]
	right := object{"type": "m.login.password", "session": session, "password": password, "user": "lin"}

	wrong := lin.call(t, "POST", deleteDevices, object{"devices": []any{one.device}, "auth": object{"type": "m.login.password", "session": session, "password": "not her password"}})
	wrong.mustRefuse(t, 401, "M_FORBIDDEN")
	if wrong.body["session"] != session || wrong.body["flows"] == nil {
		t.Errorf("after a wrong password the client cannot go on: %s", wrong.raw)
	}
	lin.refused(t, 403, "M_FORBIDDEN", "POST", deleteDevices, object{"devices": []any{two.device}, "auth": right}) // another body
	lin.refused(t, 403, "M_FORBIDDEN", "DELETE", devices+"/"+string(one.device), object{"auth": right})            // another address
	sato.refused(t, 403, "M_FORBIDDEN", "POST", deleteDevices, object{"devices": []any{one.device}, "auth": right})
	lin.refused(t, 401, "M_FORBIDDEN", "POST", deleteDevices, object{"devices": []any{one.device}, "auth": object{"type": "m.login.password", "password": password, "user": "sato"}})
	lin.refused(t, 401, "M_UNRECOGNIZED", "POST", deleteDevices, object{"devices": []any{one.device}, "auth": object{"type": "m.login.dummy", "session": session}})
	one.ok(t, "GET", whoami, nil) // nothing was done so far

	lin.ok(t, "POST", deleteDevices, object{"auth": right, "devices": []any{one.device}})
	one.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	lin.ok(t, "POST", deleteDevices, object{"devices": []any{one.device}, "auth": object{"session": session}}) // the answer was lost, the client asks again
	lin.refused(t, 403, "M_FORBIDDEN", "POST", deleteDevices, object{"devices": []any{two.device}, "auth": object{"session": session}})
	two.ok(t, "GET", whoami, nil)

	old := lin.call(t, "POST", deleteDevices, object{"devices": []any{two.device}, "auth": object{"session": "from before a restart"}})
	if old.status != 401 || old.body["session"] == nil || old.errcode() != "" {
		t.Errorf("a session nobody knows is not asked for anew: %d %s", old.status, old.raw)
	}
	lin.refused(t, 400, "M_BAD_JSON", "POST", deleteDevices, object{"devices": []any{two.device}, "auth": "text"})
	lin.refused(t, 400, "M_MISSING_PARAM", "POST", deleteDevices, object{})
}

func TestDevicesAreOnesOwnAndSeenByDay(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	phone := lin.secondDevice(t)
	lin.ok(t, "PUT", devices+"/"+string(phone.device), object{"display_name": "  手機\u0000 " + strings.Repeat("長", 200)})
	lin.ok(t, "PUT", devices+"/"+string(phone.device), object{})
	d := lin.ok(t, "GET", devices+"/"+string(phone.device), nil)
	today := float64(time.Now().Unix() / 86400 * 86400_000)
	if name := text(d["display_name"]); !strings.HasPrefix(name, "手機") || strings.Contains(name, "\x00") || len([]rune(name)) != 100 || d["last_seen_ts"] != today || d["last_seen_ip"] != nil {
		t.Errorf("the device is %v", d)
	}
	if all := lin.ok(t, "GET", devices, nil)["devices"].([]any); len(all) != 2 {
		t.Errorf("two devices are listed as %v", all)
	}
	for _, method := range []string{"GET", "PUT"} {
		sato.refused(t, 404, "M_NOT_FOUND", method, devices+"/"+string(phone.device), object{"display_name": "mine"})
	}
	if r := sato.confirmed(t, "DELETE", devices+"/"+string(phone.device), nil, password); r.status != 200 {
		t.Errorf("deleting what is not there: %d %s", r.status, r.raw)
	}
	phone.ok(t, "GET", whoami, nil)
	if r := lin.confirmed(t, "DELETE", devices+"/"+string(phone.device), nil, password); r.status != 200 {
		t.Errorf("deleting a device: %d %s", r.status, r.raw)
	}
	phone.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", devices+"/"+string(phone.device), nil)
}

func TestANewPasswordSignsOtherDevicesOut(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	phone := lin.secondDevice(t)
	signIn := func(pass string) int {
		return s.call(t, "", "POST", login, object{"type": "m.login.password", "user": "lin", "password": pass}).status
	}
	lin.confirmed(t, "POST", changePassword, object{"new_password": "too short"}, password).mustRefuse(t, 400, "M_WEAK_PASSWORD")
	lin.confirmed(t, "POST", changePassword, object{"new_password": "another long one"}, "guessed by somebody").mustRefuse(t, 401, "M_FORBIDDEN")
	if r := lin.confirmed(t, "POST", changePassword, object{"new_password": "another long one", "logout_devices": false}, password); r.status != 200 {
		t.Fatalf("changing the password: %d %s", r.status, r.raw)
	}
	phone.ok(t, "GET", whoami, nil)
	if r := lin.confirmed(t, "POST", changePassword, object{"new_password": "and one more"}, "another long one"); r.status != 200 {
		t.Fatalf("changing the password again: %d %s", r.status, r.raw)
	}
	phone.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	lin.ok(t, "GET", whoami, nil)
	if signIn(password) != 403 || signIn("another long one") != 403 || signIn("and one more") != 200 {
		t.Error("an old password still signs in, or the new one does not")
	}
}

func TestClosingOnesOwnAccountLeavesNothingToSignInTo(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	var left, gone []mxid.User
	s.api.Accounts.Leaving = func(_ context.Context, who account.Session) error { left = append(left, who.User); return nil }
	s.api.Accounts.DeviceGone = func(_ stream.Unit, who account.Session) error { gone = append(gone, who.User); return nil }
	phone := lin.secondDevice(t)
	lin.ok(t, "PUT", profiles+string(lin.user)+"/displayname", object{"displayname": "林秋硯"})
	made := lin.ok(t, "POST", invite, object{})
	lin.confirmed(t, "POST", deactivate, object{}, "guessed by somebody").mustRefuse(t, 401, "M_FORBIDDEN")
	r := lin.confirmed(t, "POST", deactivate, object{"erase": true}, password)
	if r.status != 200 || r.body["id_server_unbind_result"] != "no-support" {
		t.Fatalf("closing: %d %s", r.status, r.raw)
	}
	if !slices.Equal(left, []mxid.User{lin.user}) || !slices.Equal(gone, []mxid.User{lin.user, lin.user}) {
		t.Errorf("rooms left by %v, devices gone of %v", left, gone)
	}
	lin.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	phone.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	s.call(t, "", "POST", login, object{"type": "m.login.password", "user": "lin", "password": password}).mustRefuse(t, 403, "M_FORBIDDEN")
	s.call(t, "", "POST", login, object{"type": "m.login.password", "user": "lin", "password": ""}).mustRefuse(t, 403, "M_FORBIDDEN")
	s.call(t, "", "POST", register, object{"username": "lin", "password": password, "auth": tokenAuth(s.invitation(t, 1))}).mustRefuse(t, 400, "M_USER_IN_USE")
	s.call(t, "", "POST", invitation, object{"token": made["token"]}).mustRefuse(t, 404, "M_NOT_FOUND")
	sato.refused(t, 404, "M_NOT_FOUND", "GET", profiles+string(lin.user), nil)
	if found := sato.ok(t, "POST", directory, object{"search_term": "lin"}); len(found["results"].([]any)) != 0 {
		t.Errorf("the closed account is found: %v", found)
	}
}

func TestAProfileIsReadByColleaguesAndWrittenByItsPersonAlone(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	renamed := 0
	s.api.Accounts.Renamed = func(_ context.Context, who account.Session) error {
		if who.User != lin.user {
			t.Errorf("the rooms were told of %s", who.User)
		}
		renamed++
		return nil
	}
	mine := profiles + string(lin.user)
	fields := object{"displayname": "林秋硯", "avatar_url": "mxc://wardroom.test/abc", "m.tz": "Asia/Taipei", "org.example.desk": object{"floor": 3.0}}
	for field, value := range fields {
		lin.ok(t, "PUT", mine+"/"+field, object{field: value})
		lin.ok(t, "PUT", mine+"/"+field, object{field: value}) // again, as who was not answered does
	}
	if renamed != 4 {
		t.Errorf("the rooms were told %d times of a new name and a new picture", renamed)
	}
	all := sato.ok(t, "GET", mine, nil)
	if len(all) != 4 || all["displayname"] != "林秋硯" || all["m.tz"] != "Asia/Taipei" || all["org.example.desk"].(object)["floor"] != 3.0 {
		t.Errorf("the profile is %v", all)
	}
	if one := sato.ok(t, "GET", mine+"/m.tz", nil); len(one) != 1 || one["m.tz"] != "Asia/Taipei" {
		t.Errorf("one field is %v", one)
	}
	sato.refused(t, 403, "M_FORBIDDEN", "PUT", mine+"/displayname", object{"displayname": "不是我"})
	sato.refused(t, 403, "M_FORBIDDEN", "DELETE", mine+"/displayname", nil)
	s.call(t, "", "GET", mine, nil).mustRefuse(t, 401, "M_MISSING_TOKEN")
	lin.ok(t, "DELETE", mine+"/displayname", nil)
	lin.ok(t, "DELETE", mine+"/displayname", nil)
	lin.ok(t, "PUT", mine+"/avatar_url", object{"avatar_url": ""})
	sato.refused(t, 404, "M_NOT_FOUND", "GET", mine+"/displayname", nil)
	sato.refused(t, 404, "M_NOT_FOUND", "GET", mine+"/avatar_url", nil)
	sato.refused(t, 404, "M_NOT_FOUND", "GET", profiles+"@nobody:wardroom.test", nil)
	if renamed != 7 {
		t.Errorf("the rooms were told %d times after both were taken back", renamed)
	}
	if none := sato.ok(t, "GET", profiles+string(sato.user), nil); len(none) != 0 {
		t.Errorf("an empty profile is %v", none)
	}
}

func TestWhatAProfileCannotHold(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	mine := profiles + string(lin.user) + "/"
	for _, c := range []struct {
		field   string
		body    any
		status  int
		errcode string
	}{
		{"displayname", object{}, 400, "M_MISSING_PARAM"},
		{"displayname", object{"displayname": 7}, 400, "M_BAD_JSON"},
		{"displayname", object{"displayname": strings.Repeat("長", 257)}, 400, "M_INVALID_PARAM"},
		{"displayname", []byte("{\"displayname\":\"\xff\"}"), 400, "M_NOT_JSON"},
		{"displayname", []byte("{"), 400, "M_NOT_JSON"},
		{"avatar_url", object{"avatar_url": "https://elsewhere.test/track.gif"}, 400, "M_INVALID_PARAM"},
		{"nodots", object{"nodots": 1}, 400, "M_INVALID_PARAM"},
		{"Org.Example", object{"Org.Example": 1}, 400, "M_INVALID_PARAM"},
		{"a." + strings.Repeat("a", 254), object{"a." + strings.Repeat("a", 254): 1}, 400, "M_KEY_TOO_LARGE"},
		{"org.example.long", object{"org.example.long": strings.Repeat("x", 64<<10)}, 400, "M_PROFILE_TOO_LARGE"},
	} {
		lin.refused(t, c.status, c.errcode, "PUT", mine+c.field, c.body)
	}
	half := strings.Repeat("x", 40<<10)
	lin.ok(t, "PUT", mine+"org.example.one", object{"org.example.one": half})
	lin.ok(t, "PUT", mine+"org.example.one", object{"org.example.one": half}) // in its own place
	lin.refused(t, 400, "M_PROFILE_TOO_LARGE", "PUT", mine+"org.example.two", object{"org.example.two": half})
}

func TestPeopleAreFoundByAnyPartOfTheirName(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	for local, name := range map[string]string{"sato": "佐藤 みなと", "liqing": "李青林", "anna.k": "Anna Kowalska", "zzz": ""} {
		p := s.newPerson(t, local)
		if name != "" {
			p.ok(t, "PUT", profiles+string(p.user)+"/displayname", object{"displayname": name})
		}
	}
	find := func(term string, limit int) (ids []string, limited bool) {
		t.Helper()
		r := lin.ok(t, "POST", directory, object{"search_term": term, "limit": limit})
		for _, one := range r["results"].([]any) {
			local, _, _ := strings.Cut(text(one.(object)["user_id"]), ":")
			ids = append(ids, local)
		}
		return ids, r["limited"] == true
	}
	for term, want := range map[string][]string{
		"みな": {"@sato"}, "李": {"@liqing"}, "林": {"@liqing"}, "KOW ann": {"@anna.k"}, "k": {"@anna.k"}, "lin": nil, // not oneself
		"a": {"@anna.k", "@liqing", "@sato", "@zzz"}, // who begins with it first; all have wardroom.test in their ID
		"":  {"@anna.k", "@liqing", "@sato", "@zzz"}, "anna sato": nil, "nobody": nil,
	} {
		if got, limited := find(term, 10); !slices.Equal(got, want) || limited {
			t.Errorf("%q finds %v (limited %v), want %v", term, got, limited, want)
		}
	}
	if got, limited := find("", 2); len(got) != 2 || !limited {
		t.Errorf("two of four are %v, limited %v", got, limited)
	}
	if got, limited := find("", 4); len(got) != 4 || limited {
		t.Errorf("four of four are %v, limited %v", got, limited)
	}
	lin.refused(t, 400, "M_MISSING_PARAM", "POST", directory, object{})
}

func TestEverybodyMayInviteWithinADaysMeasure(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	lin.ok(t, "PUT", profiles+string(lin.user)+"/displayname", object{"displayname": "林秋硯"})
	made := lin.ok(t, "POST", invite, object{"note": "新同事", "uses": 1})
	token := text(made["token"])
	if len(token) < 26 || made["path"] != "/#/invite/"+token {
		t.Fatalf("the invitation is %v", made)
	}
	seen := s.call(t, "", "POST", invitation, object{"token": token})
	by, _ := seen.body["invited_by"].(object)
	if seen.status != 200 || seen.body["note"] != "新同事" || seen.body["uses_left"] != 1.0 || seen.body["server"] != "wardroom.test" || by["displayname"] != "林秋硯" || by["user_id"] != "@lin:wardroom.test" {
		t.Errorf("who opens the link sees %d %s", seen.status, seen.raw)
	}
	if days := (seen.body["expires_ts"].(float64) - float64(time.Now().UnixMilli())) / 86400_000; days < 6.9 || days > 7 {
		t.Errorf("it is valid for %v days", days)
	}
	if r := s.call(t, "", "POST", register, object{"username": "sato", "password": password, "auth": tokenAuth(token)}); r.status != 200 {
		t.Errorf("signing up with it: %d %s", r.status, r.raw)
	}
	s.call(t, "", "POST", invitation, object{"token": token}).mustRefuse(t, 404, "M_NOT_FOUND")
	s.call(t, "", "POST", invitation, object{}).mustRefuse(t, 404, "M_NOT_FOUND")
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", invite, object{"uses": 500})
	for range 19 {
		lin.ok(t, "POST", invite, object{})
	}
	r := lin.call(t, "POST", invite, object{})
	r.mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	if r.header.Get("Retry-After") == "" {
		t.Error("it is not said when to go on")
	}
	s.call(t, "", "POST", invite, object{}).mustRefuse(t, 401, "M_MISSING_TOKEN")
	cli := s.call(t, "", "POST", invitation, object{"token": s.invitation(t, 2)})
	if cli.status != 200 || cli.body["invited_by"] != nil {
		t.Errorf("an invitation from the command line: %d %s", cli.status, cli.raw)
	}
}

func TestAnEndedInvitationIsRefused(t *testing.T) {
	s := newServer(t)
	ended, err := s.api.Accounts.Invite(t.Context(), account.Invitation{Uses: 1, Until: time.Now().Add(-time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	s.call(t, "", "POST", register, object{"username": "lin", "password": password, "auth": tokenAuth(ended)}).mustRefuse(t, 401, "M_UNAUTHORIZED")
	seen := s.call(t, "", "POST", invitation, object{"token": ended})
	seen.mustRefuse(t, 404, "M_NOT_FOUND")
	if !strings.Contains(string(seen.raw), "ended on") {
		t.Errorf("why is not said: %s", seen.raw)
	}
	valid := s.invitation(t, 1)
	if err := s.api.Accounts.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := s.call(t, "", "POST", invitation, object{"token": ended}); strings.Contains(string(again.raw), "ended on") {
		t.Error("an ended invitation outlived tidying up")
	}
	if r := s.call(t, "", "POST", invitation, object{"token": valid}); r.status != 200 {
		t.Errorf("a valid one did not: %d %s", r.status, r.raw)
	}
}

func TestWhoSendsTooFastHasToWaitAloneAndReadsOn(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	room := lin.newRoom(t, object{"preset": "public_chat"})
	sato.join(t, room)
	s.api.Unlimited = false
	sent := 0
	for r := (reply{status: 200}); r.status == 200; sent++ {
		r = lin.call(t, "PUT", in(room, "send", "m.room.encrypted", fmt.Sprint(sent)), cipher("x"))
		if r.status != 200 {
			r.mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
			if ms, _ := r.body["retry_after_ms"].(float64); ms <= 0 || ms > 100 || r.header.Get("Retry-After") != "1" {
				t.Errorf("the wait is not said: %s, Retry-After %q", r.raw, r.header.Get("Retry-After"))
			}
		}
		if sent > 5000 {
			t.Fatal("there is no end to what one person may send")
		}
	}
	if sent < 100 {
		t.Errorf("only %d messages could be sent at once", sent)
	}
	lin.ok(t, "GET", in(room, "members"), nil)
	sato.say(t, room, "1", cipher("y"))
}

// A new name is an event in every room of the person: it can not be had as often as a message can be sent.
func TestANameIsNotChangedAllTheTime(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	room := lin.newRoom(t, object{})
	s.api.Unlimited = false
	change := func(p *person, method, field string, value any) reply {
		return p.call(t, method, profiles+string(p.user)+"/"+field, object{field: value})
	}
	for n, field := range []string{"displayname", "avatar_url", "displayname", "avatar_url", "displayname"} {
		if r := change(lin, "PUT", field, fmt.Sprint("mxc://wardroom.test/", n)); r.status != 200 {
			t.Fatalf("change %d: %d %s", n, r.status, r.raw)
		}
	}
	for _, method := range []string{"PUT", "DELETE"} {
		for _, field := range []string{"displayname", "avatar_url"} {
			r := change(lin, method, field, "mxc://wardroom.test/more")
			r.mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
			if ms, _ := r.body["retry_after_ms"].(float64); ms <= 0 || ms > 60_000 {
				t.Errorf("the wait is %v ms", ms)
			}
		}
	}
	if r := change(lin, "PUT", "m.tz", "Asia/Taipei"); r.status != 200 {
		t.Errorf("what no room shows: %d %s", r.status, r.raw)
	}
	if r := change(sato, "PUT", "displayname", "佐藤"); r.status != 200 {
		t.Errorf("somebody else: %d %s", r.status, r.raw)
	}
	lin.say(t, room, "1", cipher("x"))
}

func TestOpenIDTokensShowWhoSomebodyIsAndNothingMore(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	request := "/_matrix/client/v3/user/" + string(lin.user) + "/openid/request_token"
	made := lin.ok(t, "POST", request, object{})
	token := text(made["access_token"])
	userinfo := func(token string) reply {
		return s.call(t, "", "GET", "/_matrix/federation/v1/openid/userinfo?access_token="+token, nil)
	}
	if r := userinfo(token); r.body["sub"] != string(lin.user) || made["expires_in"] != 3600.0 || made["matrix_server_name"] != "wardroom.test" {
		t.Errorf("the token %v is %s's", made, r.raw)
	}
	sato.refused(t, 403, "M_FORBIDDEN", "POST", request, object{})
	s.call(t, token, "GET", whoami, nil).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	for _, forged := range []string{"", "AAAA", token[:len(token)-1] + "A", token + "AAAA", lin.token} {
		if forged != token {
			userinfo(forged).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
		}
	}
}

// Whoever relies on such a token, a meeting's media server say, learns of a signing out like the server itself: at once.
func TestAnOpenIDTokenEndsWithItsDevice(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	token := func(p *person) string {
		return text(p.ok(t, "POST", "/_matrix/client/v3/user/"+string(p.user)+"/openid/request_token", object{})["access_token"])
	}
	userinfo := func(token string) reply {
		return s.call(t, "", "GET", "/_matrix/federation/v1/openid/userinfo?access_token="+token, nil)
	}
	confirmed := func(method, path string, body object) {
		if r := lin.confirmed(t, method, path, body, password); r.status != 200 {
			t.Fatalf("%s %s: %d %s", method, path, r.status, r.raw)
		}
	}
	for what, end := range map[string]func(*person){
		"signing out":           func(p *person) { p.ok(t, "POST", "/_matrix/client/v3/logout", object{}) },
		"deleting the device":   func(p *person) { confirmed("DELETE", devices+"/"+string(p.device), object{}) },
		"changing the password": func(*person) { confirmed("POST", changePassword, object{"new_password": password}) },
	} {
		p := lin.secondDevice(t)
		made, others := token(p), token(lin)
		if r := userinfo(made); r.body["sub"] != string(lin.user) {
			t.Fatalf("before %s: %d %s", what, r.status, r.raw)
		}
		end(p)
		if r := userinfo(made); r.errcode() != "M_UNKNOWN_TOKEN" {
			t.Errorf("after %s: %d %s", what, r.status, r.raw)
		}
		if r := userinfo(others); r.status != 200 {
			t.Errorf("another device's after %s: %d %s", what, r.status, r.raw)
		}
	}
	last := token(lin)
	confirmed("POST", deactivate, object{})
	userinfo(last).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
}

func TestWhatClientsAreTold(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	caps := lin.ok(t, "GET", "/_matrix/client/v3/capabilities", nil)["capabilities"].(object)
	versions, _ := json.Marshal(caps["m.room_versions"])
	if string(versions) != `{"available":{"10":"stable","11":"stable","12":"stable"},"default":"12"}` {
		t.Errorf("room versions are %s", versions)
	}
	if caps["m.change_password"].(object)["enabled"] != true || caps["m.profile_fields"].(object)["enabled"] != true {
		t.Errorf("capabilities are %v", caps)
	}
	wellKnown := func() any {
		return s.call(t, "", "GET", "/.well-known/matrix/client", nil).body["m.homeserver"].(object)["base_url"]
	}
	if got := wellKnown(); got != s.URL {
		t.Errorf("without a public URL clients are sent to %v, want %v", got, s.URL)
	}
	s.api.PublicURL = "https://chat.example.org"
	if got := wellKnown(); got != "https://chat.example.org" {
		t.Errorf("clients are sent to %v", got)
	}
	organisation := func() any {
		return s.call(t, "", "GET", "/.well-known/matrix/client", nil).body["org.wardroom.organisation"]
	}
	if got := organisation(); got != nil {
		t.Errorf("an organisation without a name is said to be %v", got)
	}
	s.api.Organisation = "隼湾港务局"
	if got, _ := organisation().(object); got["name"] != "隼湾港务局" {
		t.Errorf("the organisation is said to be %v", got)
	}
	if r := lin.ok(t, "GET", "/_matrix/client/v3/account/3pid", nil); len(r["threepids"].([]any)) != 0 {
		t.Errorf("addresses are %v", r)
	}
	if r := lin.ok(t, "GET", "/_matrix/client/v3/voip/turnServer", nil); len(r) != 0 {
		t.Errorf("relays are %v", r)
	}
}

func TestANewNameReachesEveryRoom(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	var rooms []string
	for range 2 {
		room := lin.newRoom(t, object{"preset": "private_chat", "invite": []any{sato.user}})
		sato.join(t, room)
		rooms = append(rooms, room)
	}
	left := sato.newRoom(t, object{"preset": "public_chat"})
	lin.join(t, left)
	lin.ok(t, "POST", in(left, "leave"), object{})
	device := &synced{person: sato}
	device.sync(t)
	lin.ok(t, "PUT", profiles+string(lin.user)+"/displayname", object{"displayname": "林秋硯"})
	news := device.sync(t)
	for _, room := range rooms {
		member := find(dig(news, "rooms", "join", room, "timeline", "events"), "m.room.member", string(lin.user))
		if dig(member, "content", "displayname") != "林秋硯" || dig(member, "content", "membership") != "join" {
			t.Errorf("in %s the other person learns %v", room, member)
		}
	}
	if dig(news, "rooms", "join", left) != nil {
		t.Error("something happened in a room that was left before")
	}
}

func TestAClosedAccountHasLeftEveryRoom(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	joined := sato.newRoom(t, object{"preset": "private_chat", "invite": []any{lin.user}})
	lin.join(t, joined)
	invited := sato.newRoom(t, object{"preset": "private_chat", "invite": []any{lin.user}})
	if r := lin.confirmed(t, "POST", deactivate, object{}, password); r.status != 200 {
		t.Fatalf("closing: %d %s", r.status, r.raw)
	}
	for _, room := range []string{joined, invited} {
		if m := sato.state(t, room, "m.room.member", string(lin.user)); m["membership"] != "leave" {
			t.Errorf("in %s the closed account is %v", room, m)
		}
	}
}

// stopping is a disk that takes so many units of work more.
type stopping struct {
	room.Disk
	left atomic.Int64
}

func (d *stopping) Do(ctx context.Context, fn func(stream.Unit) error) error {
	if d.left.Add(-1) < 0 {
		return errors.New("the server stops")
	}
	return d.Disk.Do(ctx, fn)
}

// A server that stops while somebody's rooms are left has closed the account, and leaves the rest when it runs again.
func TestAnAccountIsClosedAtOnceAndItsRoomsAreLeftAlsoAfterAStop(t *testing.T) {
	dir := t.TempDir()
	s := newServerIn(t, dir)
	lin, mei := s.newPerson(t, "lin"), s.newPerson(t, "mei")
	var rooms []string
	for i := range 12 {
		room := lin.newRoom(t, object{"invite": []string{string(mei.user)}})
		if i > 0 {
			mei.join(t, room)
		}
		rooms = append(rooms, room)
	}
	s.api.Rooms.Disk = &stopping{Disk: s.db}
	s.api.Rooms.Disk.(*stopping).left.Store(1)
	if r := mei.confirmed(t, "POST", deactivate, object{}, password); r.status != 200 {
		t.Fatalf("closing: %d %s", r.status, r.raw)
	}
	after := t.TempDir()
	storetest.Copy(t, dir, after)
	s = newServerIn(t, after)
	lin.server, mei.server = s, s
	there := func() (n int) {
		for _, room := range rooms {
			if m := lin.state(t, room, "m.room.member", string(mei.user))["membership"]; m != "leave" {
				n++
			}
		}
		return n
	}
	if n := there(); n != 2 {
		t.Errorf("when the server stopped mei was in %d rooms, want 2", n)
	}
	mei.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", whoami, nil)
	s.call(t, "", "POST", login, object{"type": "m.login.password", "user": "mei", "password": password}).mustRefuse(t, 403, "M_FORBIDDEN")
	if err := s.api.Accounts.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := there(); n != 0 {
		t.Errorf("after the next start mei is in %d rooms", n)
	}
}
