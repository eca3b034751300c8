package clientapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/blob"
	"wardroom/internal/casework"
	"wardroom/internal/clientapi"
	"wardroom/internal/config"
	"wardroom/internal/desk"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/ledger"
	"wardroom/internal/mail"
	"wardroom/internal/media"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// server is the whole API over HTTP with a real store. Every API test starts one with newServer.
type server struct {
	*httptest.Server
	api *clientapi.API
	db  *store.DB
	hub *stream.Hub
}

// newServer starts a server named "wardroom.test", without limits.
func newServer(t testing.TB) *server {
	t.Helper()
	return newServerIn(t, t.TempDir())
}

// newServerIn is newServer over a folder that may hold a store already.
func newServerIn(t testing.TB, dir string) *server {
	t.Helper()
	db, hub := storetest.OpenDir(t, dir)
	s := &server{db: db, hub: hub}
	s.api = &clientapi.API{
		Accounts:  account.New(db, "wardroom.test"),
		Devices:   &device.Devices{Disk: db},
		Backups:   &device.Backups{Disk: db},
		Rooms:     &room.Rooms{Disk: db, Server: "wardroom.test"},
		Ledger:    &ledger.Ledger{Disk: db, Hub: hub, Server: "wardroom.test", Policy: config.Nobody()},
		Log:       slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Unlimited: true,
	}
	s.api.Devices.Ledger = s.api.Ledger
	if err := errors.Join(s.api.Ledger.Prepare(t.Context()), s.api.Devices.PrepareRecord(t.Context())); err != nil {
		t.Fatal(err)
	}
	files, err := blob.OpenFolder(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	s.api.Media = media.New(db, files, hub, "wardroom.test", 1<<20)
	s.api.Cases = &casework.Cases{Disk: db, Rooms: s.api.Rooms}
	s.api.Desk = &desk.Desk{Disk: db, Ledger: s.api.Ledger, Hub: hub, Log: s.api.Log, Acts: desk.Powers(s.api.Accounts)}
	s.api.Cases.Desk = s.api.Desk
	s.api.Feed = &feed.Feed{Disk: db, Hub: hub, Rooms: s.api.Rooms, Devices: s.api.Devices, Typing: feed.NewTyping(hub)}
	s.api.Accounts.Hub = hub
	s.api.Accounts.Mail = &mail.Outbox{ // letters stay there: nothing listens at the address, and Run is not called
		Disk: db, Hub: hub, Log: s.api.Log, Name: "wardroom.test", At: "https://wardroom.test",
		Conf: config.Mail{Server: "127.0.0.1:1", TLS: config.Off, From: "wardroom@wardroom.test"},
	}
	s.api.Accounts.DeviceGone = func(u stream.Unit, who account.Session) error {
		return errors.Join(s.api.Devices.Remove(u, who), s.api.Rooms.EndDelayed(u, who))
	}
	s.api.Accounts.DeviceNamed = s.api.Devices.Named
	s.api.Accounts.Renamed = s.api.Rooms.Renamed
	s.api.Accounts.Leaving = s.api.Rooms.LeaveAll
	s.Server = httptest.NewServer(s.api.Handler())
	t.Cleanup(s.Server.Close)
	return s
}

// testLog writes the server's complaints into the test's log.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Logf("server: %s", bytes.TrimSpace(line))
	return len(line), nil
}

// object is a JSON object.
type object = map[string]any

// reply is what the server answered.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   object // nil if the answer is no JSON object
}

// errcode is the Matrix error code of a refusal.
func (r reply) errcode() string { return text(r.body["errcode"]) }

// text is v if it is a string, and "" if not.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// call sends one request. token may be empty; body nil sends none, []byte is sent as it is, all else as JSON.
func (s *server) call(t testing.TB, token, method, path string, body any) reply {
	t.Helper()
	var sent io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		sent = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		sent = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, sent)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

// read reads the whole answer.
func read(t testing.TB, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, raw: raw}
	_ = json.Unmarshal(raw, &r.body) // not every answer is an object
	return r
}

// invitation makes an invitation with that many uses and returns its token.
func (s *server) invitation(t testing.TB, uses int) string {
	t.Helper()
	token, err := s.api.Accounts.Invite(t.Context(), account.Invitation{Uses: uses, Until: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// password is everybody's in these tests.
const password = "seven quiet boats"

// person is one device of somebody.
type person struct {
	server *server
	user   mxid.User
	device mxid.Device
	token  string
}

// newPerson signs somebody up, through the API, who is called local.
func (s *server) newPerson(t testing.TB, local string) *person {
	t.Helper()
	r := s.call(t, "", "POST", "/_matrix/client/v3/register", object{
		"username": local, "password": password,
		"auth": object{"type": "m.login.registration_token", "token": s.invitation(t, 1)},
	})
	return s.signedIn(t, r)
}

// secondDevice signs the same person in again.
func (p *person) secondDevice(t testing.TB) *person {
	t.Helper()
	r := p.server.call(t, "", "POST", "/_matrix/client/v3/login", object{
		"type": "m.login.password", "password": password,
		"identifier": object{"type": "m.id.user", "user": p.user.Local()},
	})
	return p.server.signedIn(t, r)
}

func (s *server) signedIn(t testing.TB, r reply) *person {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("signing in: %d %s", r.status, r.raw)
	}
	return &person{s, mxid.User(text(r.body["user_id"])), mxid.Device(text(r.body["device_id"])), text(r.body["access_token"])}
}

// call sends one request as p.
func (p *person) call(t testing.TB, method, path string, body any) reply {
	t.Helper()
	return p.server.call(t, p.token, method, path, body)
}

// ok sends one request as p and returns its answer, which must be 200.
func (p *person) ok(t testing.TB, method, path string, body any) object {
	t.Helper()
	r := p.call(t, method, path, body)
	if r.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, r.status, r.raw)
	}
	return r.body
}

// refused sends one request as p, which must be refused with that status and errcode.
func (p *person) refused(t testing.TB, status int, errcode, method, path string, body any) object {
	t.Helper()
	r := p.call(t, method, path, body)
	r.mustRefuse(t, status, errcode)
	return r.body
}

// mustRefuse fails the test unless r is a refusal with that status and errcode.
func (r reply) mustRefuse(t testing.TB, status int, errcode string) {
	t.Helper()
	if r.status != status || r.errcode() != errcode {
		t.Fatalf("got %d %s, want %d %s", r.status, r.raw, status, errcode)
	}
}
