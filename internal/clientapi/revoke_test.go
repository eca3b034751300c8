package clientapi_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// waiting starts a long sync of d and returns once it waits; the answer comes through the channel.
func (d *synced) waiting(t *testing.T) <-chan reply {
	t.Helper()
	answer := make(chan reply, 1)
	go func() {
		answer <- d.call(t, "GET", "/_matrix/client/v3/sync?timeout=60000&since="+d.since, nil)
	}()
	for !d.server.hub.Awaited() {
		runtime.Gosched()
	}
	return answer
}

func TestSigningOutEndsTheSyncThatWaits(t *testing.T) {
	for name, end := range map[string]func(phone, other *person){
		"by itself":           func(phone, _ *person) { phone.ok(t, "POST", "/_matrix/client/v3/logout", object{}) },
		"by another device":   func(_, other *person) { other.ok(t, "POST", "/_matrix/client/v3/logout/all", object{}) },
		"by signing in again": func(phone, _ *person) { phone.again(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
			other := sora.secondDevice(t)
			room := announcements(t, lin, object{"preset": "public_chat"})
			sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
			phone := &synced{person: sora}
			phone.sync(t)
			start, answer := time.Now(), phone.waiting(t)
			end(sora, other)
			got := <-answer
			got.mustRefuse(t, http.StatusUnauthorized, "M_UNKNOWN_TOKEN")
			if got.body["soft_logout"] != nil {
				t.Errorf("the device is told %s: it must forget its keys", got.raw)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("the wait ended after %v", took)
			}
		})
	}
}

// again signs p's own device in once more.
func (p *person) again(t *testing.T) {
	t.Helper()
	p.ok(t, "POST", "/_matrix/client/v3/login", object{
		"type": "m.login.password", "password": password, "device_id": p.device,
		"identifier": object{"type": "m.id.user", "user": p.user.Local()},
	})
}

func TestARefreshedTokenDoesNotEndTheSyncThatWaits(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	s.newPerson(t, "sora")
	got := s.call(t, "", "POST", "/_matrix/client/v3/login", object{
		"type": "m.login.password", "password": password, "refresh_token": true,
		"identifier": object{"type": "m.id.user", "user": "sora"},
	})
	sora := s.signedIn(t, got)
	room := announcements(t, lin, object{"preset": "public_chat"})
	sora.ok(t, "POST", "/_matrix/client/v3/rooms/"+room+"/join", object{})
	phone := &synced{person: sora}
	phone.sync(t)
	answer := phone.waiting(t)
	fresh := s.call(t, "", "POST", "/_matrix/client/v3/refresh", object{"refresh_token": got.body["refresh_token"]})
	(&person{s, sora.user, sora.device, text(fresh.body["access_token"])}).ok(t, "GET", "/_matrix/client/v3/account/whoami", nil)
	sora.refused(t, http.StatusUnauthorized, "M_UNKNOWN_TOKEN", "GET", "/_matrix/client/v3/account/whoami", nil)
	say(t, lin, room, "1", "still here")
	if got := <-answer; got.status != http.StatusOK || !strings.Contains(string(got.raw), "still here") {
		t.Errorf("the waiting sync was answered %d %s", got.status, got.raw)
	}
}

func TestSigningOutEndsTheWaitForAnAnnouncedFile(t *testing.T) {
	for _, what := range []string{"download", "thumbnail"} {
		t.Run(what, func(t *testing.T) {
			s := newServer(t)
			lin := s.newPerson(t, "lin")
			made := lin.ok(t, "POST", "/_matrix/media/v1/create", nil)
			at := strings.TrimPrefix(text(made["content_uri"]), "mxc://")
			phone := lin.secondDevice(t)
			answer := make(chan reply, 1)
			go func() {
				answer <- phone.call(t, "GET", "/_matrix/client/v1/media/"+what+"/"+at+"?timeout_ms=60000&width=32&height=32", nil)
			}()
			for !s.hub.Awaited() {
				runtime.Gosched()
			}
			start := time.Now()
			phone.ok(t, "POST", "/_matrix/client/v3/logout", object{})
			got := <-answer
			got.mustRefuse(t, http.StatusUnauthorized, "M_UNKNOWN_TOKEN")
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("the wait ended after %v", took)
			}
		})
	}
}

func TestAnUploadOfADeviceThatWasSignedOutMeanwhileIsNotKept(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	body, rest := io.Pipe()
	answer := make(chan reply, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/_matrix/media/v3/upload", body)
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+lin.token)
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		answer <- read(t, resp)
	}()
	// More than the connection holds by itself: when it has been taken, the server is reading the file.
	if _, err := rest.Write(make([]byte, 700<<10)); err != nil {
		t.Fatal(err)
	}
	lin.ok(t, "POST", "/_matrix/client/v3/logout", object{})
	if err := rest.Close(); err != nil {
		t.Fatal(err)
	}
	got := <-answer
	got.mustRefuse(t, http.StatusUnauthorized, "M_UNKNOWN_TOKEN")
}
