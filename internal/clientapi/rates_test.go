package clientapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"wardroom/internal/mxid"
)

// tooOften fails the test unless r is a refusal that says when to come again.
func (r reply) tooOften(t testing.TB) {
	t.Helper()
	r.mustRefuse(t, 429, "M_LIMIT_EXCEEDED")
	if ms, _ := r.body["retry_after_ms"].(float64); ms <= 0 || r.header.Get("Retry-After") == "" {
		t.Errorf("the wait is not said: %s, Retry-After %q", r.raw, r.header.Get("Retry-After"))
	}
}

func TestWhoHasUsedUpARateWaitsAndNobodyElse(t *testing.T) {
	frozen(t, usedUp)
}

func usedUp(t *testing.T, s *server) {
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	room := announcements(t, lin, object{"preset": "public_chat"})
	sato.ok(t, "POST", v3+"/rooms/"+room+"/join", object{})
	s.api.Unlimited = false
	s.api.UseUp(lin.user)
	for _, rt := range s.api.Counted() {
		method, path, _ := strings.Cut(rt, " ")
		path = strings.NewReplacer("{roomId}", room, "{user}", string(lin.user), "{$}", "").Replace(path)
		r := lin.call(t, method, strings.NewReplacer("{", "", "}", "").Replace(path), object{})
		r.tooOften(t)
	}
	lin.ok(t, "GET", whoami, nil)
	sato.ok(t, "GET", v3+"/sync", nil)
	sato.ok(t, "GET", v3+"/rooms/"+room+"/messages?dir=b", nil)
	s.api.Unlimited = true
	lin.ok(t, "GET", v3+"/sync", nil)
}

// fill lets p say n things in a room.
func (p *person) fill(t testing.TB, room string, n int) {
	t.Helper()
	who, err := p.server.api.Accounts.Session(t.Context(), p.token)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 50 {
		wg.Go(func() {
			for i := w; i < n; i += 50 {
				content := fmt.Sprintf(`{"msgtype":"m.text","body":"%d"}`, i)
				if _, err := p.server.api.Rooms.Send(t.Context(), who, mxid.Room(room), "m.room.message", fmt.Sprint("fill", i), []byte(content)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// frozen runs fn with a server on which no time passes, so that nothing of what is counted is made good again.
func frozen(t *testing.T, fn func(t *testing.T, s *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { fn(t, newServer(t)) })
}

func TestReadingAsAClientDoesStaysFarBelowTheRate(t *testing.T) {
	frozen(t, func(t *testing.T, s *server) {
		lin := s.newPerson(t, "lin")
		room := announcements(t, lin, nil)
		lin.fill(t, room, 2000)
		s.api.Unlimited = false
		const burst = 1_000_000
		read := func(what string, least, most int, do func()) {
			t.Helper()
			before := s.api.Read(lin.user)
			do()
			if got := s.api.Read(lin.user) - before; got < least || got > most {
				t.Errorf("%s read %d rows, want %d to %d", what, got, least, most)
			} else {
				t.Logf("%s read %d rows", what, got)
			}
		}
		back := func(size int) func() {
			return func() {
				seen, from := 0, ""
				for {
					got := lin.ok(t, "GET", v3+"/rooms/"+room+"/messages?dir=b&limit="+itoa(int64(size))+from+"&filter="+url.QueryEscape(`{"lazy_load_members":true}`), nil)
					chunk, _ := got["chunk"].([]any)
					seen += len(chunk)
					if got["end"] == nil {
						break
					}
					from = "&from=" + text(got["end"])
				}
				if seen < 2000 {
					t.Fatalf("%d messages were read", seen)
				}
			}
		}
		read("scrolling back through 2,000 messages", 2000, burst/50, back(30))
		read("reading them for the search", 2000, burst/50, back(100))
		read("opening a place that was found", 8, burst/5000, func() {
			got := lin.ok(t, "GET", v3+"/rooms/"+room+"/messages?dir=b&limit=1", nil)
			lin.ok(t, "GET", v3+"/rooms/"+room+"/context/"+text(got["chunk"].([]any)[0].(object)["event_id"])+"?limit=8", nil)
		})
		read("a first sync of one room", 20, burst/2000, func() { lin.ok(t, "GET", v3+"/sync", nil) })
		read("a page of a thousand", 1000, burst/250, func() { lin.ok(t, "GET", v3+"/rooms/"+room+"/messages?dir=b&limit=1000", nil) })
		read("a filter that lets nothing through", 2000, burst/100, func() {
			lin.ok(t, "GET", v3+"/rooms/"+room+"/messages?dir=b&limit=100&filter="+url.QueryEscape(`{"types":["none"]}`), nil)
		})
		read("asking for what costs little", 0, 0, func() { lin.ok(t, "GET", whoami, nil) })
	})
}

func TestSignInsThatSucceedAreCountedByAccount(t *testing.T) { frozen(t, signIns) }

func signIns(t *testing.T, s *server) {
	lin := s.newPerson(t, "lin")
	s.newPerson(t, "sato")
	s.api.Unlimited = false
	try := func(user, pass string) reply {
		return s.call(t, "", "POST", login, object{"type": "m.login.password", "user": user, "password": pass, "device_id": lin.device})
	}
	for range 5 {
		try("lin", "guessed by somebody").mustRefuse(t, 403, "M_FORBIDDEN")
	}
	for i := range 30 {
		if r := try("lin", password); r.status != 200 {
			t.Fatalf("sign-in %d: %d %s", i, r.status, r.raw)
		}
	}
	try("@lin:wardroom.test", password).tooOften(t)
	if r := try("sato", password); r.status != 200 {
		t.Errorf("somebody else: %d %s", r.status, r.raw)
	}
}

func TestNobodyDrainsAnothersOneTimeKeys(t *testing.T) {
	s := newServer(t)
	lin, aiko, sato := s.newPerson(t, "lin"), s.newPerson(t, "aiko"), s.newPerson(t, "sato")
	d := lin.keys()
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys(), "one_time_keys": d.OneTimeKeys(0, 50), "fallback_keys": d.Fallback("FB")})
	s.api.Unlimited = false
	claim := func(p *person) (name string) {
		t.Helper()
		got := p.ok(t, "POST", v3+"/keys/claim", object{"one_time_keys": object{string(lin.user): object{string(lin.device): "signed_curve25519"}}})
		keys, _ := dig(got, "one_time_keys", string(lin.user), string(lin.device)).(object)
		for name = range keys {
		}
		return name
	}
	for range 3 {
		if name := claim(aiko); name == "" || name == "signed_curve25519:FB" {
			t.Fatalf("got %q, want a one-time key", name)
		}
	}
	for range 60 {
		if name := claim(aiko); name != "signed_curve25519:FB" {
			t.Fatalf("got %q, want the fallback key", name)
		}
	}
	if name := claim(sato); name == "" || name == "signed_curve25519:FB" {
		t.Errorf("somebody else got %q, want a one-time key", name)
	}
}

func TestAClaimForALargeRoomIsServedAndOneForEverythingWaits(t *testing.T) { frozen(t, claims) }

func claims(t *testing.T, s *server) {
	lin := s.newPerson(t, "lin")
	s.api.Unlimited = false
	room := func(people int) object {
		all := object{}
		for i := range people {
			all[fmt.Sprintf("@p%d:wardroom.test", i)] = object{"A": "signed_curve25519", "B": "signed_curve25519"}
		}
		return object{"one_time_keys": all}
	}
	for range 10 {
		lin.ok(t, "POST", v3+"/keys/claim", room(500))
	}
	lin.ok(t, "POST", v3+"/keys/claim", room(5000))
	lin.call(t, "POST", v3+"/keys/claim", room(500)).tooOften(t)
}

func TestKeysForALargeRoomAreSentAndFloodsWait(t *testing.T) { frozen(t, floods) }

func floods(t *testing.T, s *server) {
	lin := s.newPerson(t, "lin")
	s.api.Unlimited = false
	n := 0
	send := func(body object) reply {
		n++
		return lin.call(t, "PUT", v3+"/sendToDevice/m.room.encrypted/"+itoa(int64(n)), object{"messages": body})
	}
	keys := object{} // for 125 people with two devices each, as clients cut such a room into calls
	for i := range 125 {
		content := object{"ciphertext": strings.Repeat("x", 1500)}
		keys[fmt.Sprintf("@p%d:wardroom.test", i)] = object{"A": content, "B": content}
	}
	for range 80 { // twenty keys for rooms of five hundred, one after the other
		if r := send(keys); r.status != 200 {
			t.Fatalf("call %d: %d %s", n, r.status, r.raw)
		}
	}
	flood := object{}
	for i := range 15 {
		flood[fmt.Sprintf("@p%d:wardroom.test", i)] = object{"*": object{"x": strings.Repeat("x", 60<<10)}}
	}
	for range 3 {
		if r := send(flood); r.status == 429 {
			r.tooOften(t)
			return
		}
	}
	t.Error("a flood of large messages to all devices is never held up")
}

func TestAQuotaSaysWhereToMakeRoom(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	var r reply
	for i := 0; r.status != 403 && i < 500; i++ {
		r = lin.call(t, "POST", v3+"/user/"+string(lin.user)+"/filter", object{"n": i})
	}
	r.mustRefuse(t, 403, "M_RESOURCE_LIMIT_EXCEEDED")
	if r.body["admin_contact"] != s.URL || text(r.body["error"]) == "" {
		t.Errorf("the refusal is %s", r.raw)
	}
}
