package clientapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"wardroom/internal/config"
	"wardroom/internal/service"
)

const (
	asToken = "as-token-of-the-telegraph-0123456789"
	hsToken = "hs-token-of-the-telegraph-0123456789"
)

// telegraph is the registration of a bridge that is at a URL.
func telegraph(at string) string {
	return `{id: telegraph, url: ` + at + `, as_token: ` + asToken + `, hs_token: ` + hsToken + `, sender_localpart: telegraphbot, rate_limited: false,
		namespaces: {users: [{regex: '@telegraph_.*', exclusive: true}], aliases: [{regex: '#telegraph_.*', exclusive: true}]}}`
}

// serve registers services, as the program does when it starts.
func (s *server) serve(t testing.TB, registrations ...string) {
	t.Helper()
	var all config.Services
	for _, text := range registrations {
		one, err := config.ParseService([]byte(text), "wardroom.test")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	s.api.Accounts.Services, s.api.Rooms.Services = all, all
	s.api.Services = &service.Services{All: all, Disk: s.db, Rooms: s.api.Rooms, Typing: s.api.Feed.Typing, Keys: s.api.Devices, Hub: s.hub, Log: s.api.Log}
	if err := s.api.Accounts.PrepareServices(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.api.Services.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// service is who the telegraph is.
func (s *server) telegraph() *person { return &person{s, "@telegraphbot:wardroom.test", "", asToken} }

func as(user string) string { return "?user_id=" + url.QueryEscape("@"+user+":wardroom.test") }

func (p *person) registers(t testing.TB, local string) object {
	t.Helper()
	return p.ok(t, "POST", v3+"/register", object{"type": "m.login.application_service", "username": local, "inhibit_login": true})
}

func TestAServiceActsAsItsOwnAccountsAndNobodyElse(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	// A name in the service's namespace that a person had before it was registered stays theirs.
	early := s.newPerson(t, "telegraph_early")
	s.serve(t, telegraph("null"))
	bot := s.telegraph()
	if who := bot.ok(t, "GET", v3+"/account/whoami", nil); who["user_id"] != "@telegraphbot:wardroom.test" || who["device_id"] != nil {
		t.Errorf("it is %v", who)
	}
	bot.registers(t, "telegraph_ana")
	if who := bot.ok(t, "GET", v3+"/account/whoami"+as("telegraph_ana"), nil); who["user_id"] != "@telegraph_ana:wardroom.test" {
		t.Errorf("it acts as %v", who)
	}
	for _, other := range []string{as("lin"), as("telegraph_early"), as("telegraph_nobody"), "?user_id=@telegraph_ana:elsewhere.test", "?user_id=telegraph_ana"} {
		bot.refused(t, 403, "M_FORBIDDEN", "GET", v3+"/account/whoami"+other, nil)
	}
	if r := s.call(t, "", "GET", v3+"/account/whoami?access_token="+asToken, nil); r.status != 401 {
		t.Errorf("the token in the address is taken: %d", r.status)
	}
	if who := lin.ok(t, "GET", v3+"/account/whoami"+as("telegraph_ana"), nil); who["user_id"] != "@lin:wardroom.test" {
		t.Errorf("a person acts as %v", who)
	}
	lin.refused(t, 403, "M_FORBIDDEN", "POST", "/_matrix/client/v1/appservice/telegraph/ping", object{})
	early.ok(t, "GET", v3+"/account/whoami", nil)

	// Devices are made and taken away without a password, and are asked for by name.
	bot.refused(t, 400, "M_UNKNOWN_DEVICE", "GET", v3+"/account/whoami"+as("telegraph_ana")+"&device_id=PHONE", nil)
	if r := bot.call(t, "PUT", v3+"/devices/PHONE"+as("telegraph_ana"), object{}); r.status != 201 {
		t.Errorf("making a device: %d %s", r.status, r.raw)
	}
	if who := bot.ok(t, "GET", v3+"/account/whoami"+as("telegraph_ana")+"&device_id=PHONE", nil); who["device_id"] != "PHONE" {
		t.Errorf("it acts with %v", who)
	}
	if who := bot.ok(t, "GET", v3+"/account/whoami"+as("telegraph_ana")+"&org.matrix.msc3202.device_id=PHONE", nil); who["device_id"] != "PHONE" {
		t.Errorf("by the name of before it acts with %v", who)
	}
	bot.ok(t, "PUT", v3+"/devices/PHONE"+as("telegraph_ana"), object{"display_name": "Bridge"})
	bot.ok(t, "GET", v3+"/sync?timeout=0&user_id=@telegraph_ana:wardroom.test&device_id=PHONE", nil)
	bot.refused(t, 400, "M_MISSING_PARAM", "POST", v3+"/keys/upload"+as("telegraph_ana"), object{})
	bot.ok(t, "POST", v3+"/keys/upload"+as("telegraph_ana")+"&device_id=PHONE", object{})
	bot.ok(t, "POST", v3+"/delete_devices"+as("telegraph_ana"), object{"devices": []string{"PHONE"}})
	bot.refused(t, 400, "M_UNKNOWN_DEVICE", "GET", v3+"/account/whoami"+as("telegraph_ana")+"&device_id=PHONE", nil)

	// What is for people is not for it.
	bot.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/account/password", object{"new_password": "eight quiet boats"})
	bot.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/account/deactivate"+as("telegraph_ana"), object{})
	bot.refused(t, 403, "M_FORBIDDEN", "POST", invite, object{"note": "x"})
	bot.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/pushers/set", object{})
}

func TestAServiceRegistersAndSignsInItsAccounts(t *testing.T) {
	s := newServer(t)
	s.serve(t, telegraph("null"), `{id: post, url: null, as_token: as-token-of-the-post-0123456789abcdefgh, hs_token: hs-token-of-the-post-0123456789abcdefgh,
		sender_localpart: postbot, namespaces: {users: [{regex: '@(post|telegraph)_.*', exclusive: false}]}}`)
	bot := s.telegraph()
	with := func(local string) object { return object{"type": "m.login.application_service", "username": local} }
	in := func(local string) object {
		return object{"type": "m.login.application_service", "identifier": object{"type": "m.id.user", "user": local}}
	}
	if flows, _ := s.call(t, "", "GET", v3+"/login", nil).body["flows"].([]any); len(flows) != 2 {
		t.Errorf("one signs in with %v", flows)
	}
	s.call(t, "", "POST", v3+"/register", with("telegraph_ana")).mustRefuse(t, 401, "M_MISSING_TOKEN")
	s.call(t, "made up", "POST", v3+"/register", with("telegraph_ana")).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	s.call(t, "", "POST", v3+"/login", in("telegraph_ana")).mustRefuse(t, 401, "M_MISSING_TOKEN")
	s.call(t, "made up", "POST", v3+"/login", in("telegraph_ana")).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	bot.refused(t, 400, "M_EXCLUSIVE", "POST", v3+"/register", with("ana"))
	bot.refused(t, 400, "M_MISSING_PARAM", "POST", v3+"/register", with(""))
	bot.refused(t, 403, "M_FORBIDDEN", "POST", v3+"/login", in("telegraph_ana")) // not there yet
	bot.refused(t, 400, "M_EXCLUSIVE", "POST", v3+"/login", in("lin"))
	s.call(t, "as-token-of-the-post-0123456789abcdefgh", "POST", v3+"/register", with("telegraph_ana")).mustRefuse(t, 400, "M_EXCLUSIVE")
	ana := s.signedIn(t, bot.call(t, "POST", v3+"/register", with("telegraph_ana")))
	ana.ok(t, "GET", v3+"/account/whoami", nil)
	bot.refused(t, 400, "M_USER_IN_USE", "POST", v3+"/register", with("telegraph_ana"))
	again := s.signedIn(t, bot.call(t, "POST", v3+"/login", in("telegraph_ana")))
	again.ok(t, "POST", v3+"/keys/upload", object{})
	s.call(t, "as-token-of-the-post-0123456789abcdefgh", "GET", v3+"/account/whoami"+as("telegraph_ana"), nil).mustRefuse(t, 403, "M_FORBIDDEN")

	// Nobody signs in to it with a password, and nobody else takes the names that it keeps for itself.
	for _, guess := range []string{"", password} {
		s.call(t, "", "POST", v3+"/login", object{"type": "m.login.password", "password": guess, "identifier": object{"type": "m.id.user", "user": "telegraph_ana"}}).mustRefuse(t, 403, "M_FORBIDDEN")
	}
	auth := object{"type": "m.login.registration_token", "token": s.invitation(t, 1)}
	for _, name := range []string{"telegraph_lin", "telegraphbot", "postbot"} {
		s.call(t, "", "POST", v3+"/register", object{"username": name, "password": password, "auth": auth}).mustRefuse(t, 400, "M_EXCLUSIVE")
		s.call(t, "", "GET", v3+"/register/available?username="+name, nil).mustRefuse(t, 400, "M_EXCLUSIVE")
	}
	s.signedIn(t, s.call(t, "", "POST", v3+"/register", object{"username": "post_lin", "password": password, "auth": auth}))
}

func TestAnAccountOfAServiceIsMarked(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	s.serve(t, telegraph("null"))
	bot := s.telegraph()
	bot.registers(t, "telegraph_ana")
	at := v3 + "/profile/@telegraph_ana:wardroom.test"
	marked := func() {
		t.Helper()
		if p := lin.ok(t, "GET", at, nil); p["org.wardroom.bot"] != "telegraph" {
			t.Errorf("its profile is %v", p)
		}
	}
	marked()
	bot.refused(t, 403, "M_FORBIDDEN", "PUT", at+"/org.wardroom.bot"+as("telegraph_ana"), object{"org.wardroom.bot": "lin"})
	bot.refused(t, 403, "M_FORBIDDEN", "DELETE", at+"/org.wardroom.bot"+as("telegraph_ana"), nil)
	lin.refused(t, 403, "M_FORBIDDEN", "PUT", v3+"/profile/"+string(lin.user)+"/org.wardroom.bot", object{"org.wardroom.bot": "x"})
	marked()
	found, _ := lin.ok(t, "POST", v3+"/user_directory/search", object{"search_term": "telegraph_ana"})["results"].([]any)
	if one, _ := found[0].(map[string]any); one["org.wardroom.bot"] != "telegraph" {
		t.Errorf("it is found as %v", found)
	}

	// So is its membership of each room, whoever writes it and whatever they write.
	room := lin.newRoom(t, object{"preset": "private_chat"})
	member := func(user string) any {
		t.Helper()
		return lin.ok(t, "GET", in(room, "state", "m.room.member", "@"+user+":wardroom.test"), nil)["org.wardroom.bot"]
	}
	lin.ok(t, "POST", in(room, "invite"), object{"user_id": "@telegraph_ana:wardroom.test"})
	if member("telegraph_ana") != "telegraph" {
		t.Error("it is not marked when it is invited")
	}
	bot.ok(t, "PUT", in(room, "state", "m.room.member", "@telegraph_ana:wardroom.test")+as("telegraph_ana"), object{"membership": "join", "org.wardroom.bot": "a person"})
	if member("telegraph_ana") != "telegraph" {
		t.Error("it is not marked when it is joined")
	}
	bot.ok(t, "PUT", at+"/displayname"+as("telegraph_ana"), object{"displayname": "Ana"})
	if member("telegraph_ana") != "telegraph" {
		t.Error("it is not marked under another name")
	}
	lin.ok(t, "PUT", in(room, "state", "m.room.member", string(lin.user)), object{"membership": "join", "org.wardroom.bot": "telegraph"})
	if member("lin") != nil {
		t.Error("a person is marked")
	}
	own := text(bot.ok(t, "POST", v3+"/createRoom"+as("telegraph_ana"), object{"preset": "private_chat", "invite": []string{string(lin.user)}})["room_id"])
	lin.ok(t, "POST", in(own, "join"), object{})
	if lin.ok(t, "GET", in(own, "state", "m.room.member", "@telegraph_ana:wardroom.test"), nil)["org.wardroom.bot"] != "telegraph" {
		t.Error("it is not marked in a room that it makes")
	}
}

func TestAddressesOfAService(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	s.serve(t, telegraph("null"))
	bot := s.telegraph()
	room := lin.newRoom(t, object{"preset": "public_chat"})
	at := func(local string) string { return v3 + "/directory/room/" + url.PathEscape("#"+local+":wardroom.test") }
	lin.refused(t, 400, "M_EXCLUSIVE", "PUT", at("telegraph_x"), object{"room_id": room})
	lin.refused(t, 400, "M_EXCLUSIVE", "POST", v3+"/createRoom", object{"room_alias_name": "telegraph_x"})
	bot.ok(t, "POST", v3+"/join/"+url.PathEscape(room), object{})
	bot.refused(t, 400, "M_EXCLUSIVE", "PUT", at("harbour"), object{"room_id": room})
	bot.ok(t, "PUT", at("telegraph_x"), object{"room_id": room})
	bot.ok(t, "POST", v3+"/createRoom", object{"room_alias_name": "telegraph_y"})
}

// Two accounts of a service may use one number for what they send: each is sent once.
func TestAServiceSendsWithoutADevice(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	s.serve(t, telegraph("null"))
	bot := s.telegraph()
	room := lin.newRoom(t, object{"preset": "public_chat"})
	ids := map[string]string{}
	for _, who := range []string{"telegraph_ana", "telegraph_ben"} {
		bot.registers(t, who)
		bot.ok(t, "POST", in(room, "join")+as(who), object{})
		first := text(bot.ok(t, "PUT", in(room, "send", "m.room.encrypted", "1")+as(who), cipher(who))["event_id"])
		if again := text(bot.ok(t, "PUT", in(room, "send", "m.room.encrypted", "1")+as(who)+"&ts=86400000", cipher(who))["event_id"]); again != first {
			t.Errorf("%s is sent twice", who)
		}
		if e := lin.ok(t, "GET", in(room, "event", first), nil); e["sender"] != "@"+who+":wardroom.test" || e["origin_server_ts"].(float64) < 1e12 {
			t.Errorf("it is sent as %v at %v", e["sender"], e["origin_server_ts"])
		}
		bot.refused(t, 400, "M_MISSING_PARAM", "PUT", in(room, "send", "m.room.encrypted", "2")+as(who)+"&org.matrix.msc4140.delay=60000", cipher(who))
		ids[first] = who
	}
	if len(ids) != 2 {
		t.Error("what one sends is taken for what the other sent")
	}
}

func TestAServiceIsAskedForWhatSomebodyLooksFor(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	var bot *person
	var asked []string
	bridge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.Header.Get("Authorization") != "Bearer "+hsToken:
			t.Errorf("asked with %v", r.Header)
		case strings.Contains(r.URL.Path, "#telegraph_there"):
			bot.ok(t, "POST", v3+"/createRoom", object{"room_alias_name": "telegraph_there", "preset": "public_chat"})
		case strings.Contains(r.URL.Path, "@telegraph_new"), strings.Contains(r.URL.Path, "@telegraph_room"):
			bot.registers(t, strings.TrimSuffix(path.Base(r.URL.Path)[1:], ":wardroom.test"))
		case strings.HasSuffix(r.URL.Path, "/ping") && string(body) == `{"transaction_id":"x"}`:
		case strings.HasSuffix(r.URL.Path, "/ping"):
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(307)
			_, _ = io.WriteString(w, "not \xff here")
		default:
			w.WriteHeader(404)
		}
	}))
	defer bridge.Close()
	s.serve(t, telegraph(bridge.URL))
	bot = s.telegraph()
	lin.ok(t, "POST", v3+"/join/"+url.PathEscape("#telegraph_there:wardroom.test"), object{})
	lin.refused(t, 404, "M_NOT_FOUND", "GET", v3+"/directory/room/"+url.PathEscape("#telegraph_none:wardroom.test"), nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", v3+"/directory/room/"+url.PathEscape("#harbour:wardroom.test"), nil)
	room := lin.newRoom(t, object{"preset": "private_chat"})
	lin.ok(t, "POST", in(room, "invite"), object{"user_id": "@telegraph_new:wardroom.test"})
	lin.refused(t, 404, "M_NOT_FOUND", "GET", v3+"/profile/@telegraph_none:wardroom.test", nil)
	lin.refused(t, 404, "M_NOT_FOUND", "GET", v3+"/profile/@nobody:wardroom.test", nil)
	made := lin.newRoom(t, object{"preset": "private_chat", "is_direct": true, "invite": []string{"@telegraph_room:wardroom.test"}})
	if is := lin.ok(t, "GET", in(made, "state", "m.room.member", "@telegraph_room:wardroom.test"), nil); is["membership"] != "invite" || is["org.wardroom.bot"] != "telegraph" {
		t.Errorf("who was asked for is %v", is)
	}
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", v3+"/createRoom", object{"preset": "x", "invite": []string{"@telegraph_unasked:wardroom.test"}})
	want := []string{"GET /_matrix/app/v1/rooms/#telegraph_there:wardroom.test", "GET /_matrix/app/v1/rooms/#telegraph_none:wardroom.test",
		"GET /_matrix/app/v1/users/@telegraph_new:wardroom.test", "GET /_matrix/app/v1/users/@telegraph_none:wardroom.test",
		"GET /_matrix/app/v1/users/@telegraph_room:wardroom.test"}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked was\n%s", strings.Join(asked, "\n"))
	}

	const ping = "/_matrix/client/v1/appservice/telegraph/ping"
	if took := bot.ok(t, "POST", ping, object{"transaction_id": "x"}); took["duration_ms"] == nil {
		t.Errorf("the ping says %v", took)
	}
	if says := bot.refused(t, 502, "M_BAD_STATUS", "POST", ping, object{}); says["status"] != 307.0 || says["body"] != "not � here" {
		t.Errorf("the ping says %v", says)
	}
	bot.refused(t, 403, "M_FORBIDDEN", "POST", "/_matrix/client/v1/appservice/post/ping", object{})
	bridge.Close()
	bot.refused(t, 502, "M_CONNECTION_FAILED", "POST", ping, object{})
	s.serve(t, telegraph("null"))
	bot.refused(t, 400, "M_URL_NOT_SET", "POST", ping, object{})
}

func TestAServiceThatIsNotRegisteredAnyMoreLosesItsAccess(t *testing.T) {
	s := newServer(t)
	s.serve(t, telegraph("null"))
	bot := s.telegraph()
	ana := s.signedIn(t, bot.call(t, "POST", v3+"/register", object{"type": "m.login.application_service", "username": "telegraph_ana", "refresh_token": true}))
	more := bot.ok(t, "POST", v3+"/login", object{"type": "m.login.application_service", "refresh_token": true, "identifier": object{"type": "m.id.user", "user": "telegraph_ana"}})
	ana.ok(t, "GET", v3+"/account/whoami", nil)
	s.serve(t) // it starts again
	ana.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", v3+"/account/whoami", nil)
	bot.refused(t, 401, "M_UNKNOWN_TOKEN", "GET", v3+"/account/whoami", nil)
	s.call(t, "", "POST", v3+"/refresh", object{"refresh_token": more["refresh_token"]}).mustRefuse(t, 401, "M_UNKNOWN_TOKEN")
	// The name is nobody else's, and the mark stays.
	s.call(t, "", "POST", v3+"/register", object{"username": "telegraph_ana", "password": password,
		"auth": object{"type": "m.login.registration_token", "token": s.invitation(t, 1)}}).mustRefuse(t, 400, "M_USER_IN_USE")
	if p := s.newPerson(t, "lin").ok(t, "GET", v3+"/profile/@telegraph_ana:wardroom.test", nil); p["org.wardroom.bot"] != "telegraph" {
		t.Errorf("its profile is %v", p)
	}
	s.serve(t, strings.NewReplacer("id: telegraph,", "id: other,", "telegraphbot", "otherbot").Replace(telegraph("null")))
	bot.refused(t, 403, "M_FORBIDDEN", "GET", v3+"/account/whoami"+as("telegraph_ana"), nil) // it is the account of another one
}
