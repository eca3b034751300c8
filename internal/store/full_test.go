package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/clientapi"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/operate"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// full is a server whose database can be made full.
type full struct {
	handler http.Handler
	db      *store.DB
	token   string
	room    string
}

func newFull(t *testing.T) *full {
	t.Helper()
	dir := t.TempDir()
	db, hub := storetest.OpenDir(t, dir)
	api := &clientapi.API{
		Accounts: account.New(db, "wardroom.test"), Devices: &device.Devices{Disk: db}, Backups: &device.Backups{Disk: db},
		Rooms: &room.Rooms{Disk: db, Server: "wardroom.test"}, Log: slog.New(slog.DiscardHandler), Unlimited: true,
	}
	api.Feed = &feed.Feed{Disk: db, Hub: hub, Rooms: api.Rooms, Devices: api.Devices, Typing: feed.NewTyping(hub)}
	health := &operate.Health{Disk: db, Writable: db.Writable, Folder: dir, Log: api.Log}
	mux := http.NewServeMux()
	mux.Handle("/_matrix/", api.Handler())
	mux.Handle("/readyz", health.Handler())
	f := &full{handler: mux, db: db}
	invitation, err := api.Accounts.Invite(t.Context(), account.Invitation{Uses: 1, Until: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_, got := f.ask(t, "POST", "/_matrix/client/v3/register", `{"username":"lin","password":"seven quiet boats","auth":{"type":"m.login.registration_token","token":"`+invitation+`"}}`)
	f.token, _ = got["access_token"].(string)
	_, got = f.ask(t, "POST", "/_matrix/client/v3/createRoom", `{"creation_content":{"org.wardroom.announcement":true}}`)
	if f.room, _ = got["room_id"].(string); f.room == "" {
		t.Fatalf("making a room: %v", got)
	}
	return f
}

func (f *full) ask(t *testing.T, method, target, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if f.token != "" {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	var got map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &got) // readyz answers in plain words
	return w.Code, got
}

// say sends message n and reports whether it was taken; what is not must be refused as it should be.
func (f *full) say(t *testing.T, n int) bool {
	t.Helper()
	body := fmt.Sprintf(`{"msgtype":"m.text","body":"message %d %s"}`, n, strings.Repeat("x", 800))
	status, got := f.ask(t, "PUT", fmt.Sprintf("/_matrix/client/v3/rooms/%s/send/m.room.message/%d", f.room, n), body)
	says, _ := got["error"].(string)
	if status != 200 && (status != 503 || got["errcode"] != "M_UNKNOWN" || !strings.Contains(says, "disk")) {
		t.Errorf("message %d is answered %d %v", n, status, got)
	}
	return status == 200
}

// kept lists how often each message is in the room.
func (f *full) kept(t *testing.T) map[string]int {
	t.Helper()
	all, from := map[string]int{}, ""
	for {
		status, got := f.ask(t, "GET", "/_matrix/client/v3/rooms/"+f.room+"/messages?dir=b&limit=500"+from, "")
		if status != 200 {
			t.Fatalf("reading: %d %v", status, got)
		}
		for _, e := range got["chunk"].([]any) {
			content, _ := e.(map[string]any)["content"].(map[string]any)
			if text, _ := content["body"].(string); text != "" {
				all[strings.TrimRight(text, " x")]++
			}
		}
		end, more := got["end"].(string)
		if !more {
			return all
		}
		from = "&from=" + end
	}
}

func TestSQLiteOnAFullDiskAnswersNothingThatIsNotThereAndGoesOnAfterwards(t *testing.T) {
	f := newFull(t)
	limit := func(more int) {
		t.Helper()
		if err := f.db.Do(t.Context(), func(u stream.Unit) error { return store.LimitPages(u, more) }); err != nil {
			t.Fatal(err)
		}
	}
	ready := func() int { status, _ := f.ask(t, "GET", "/readyz", ""); return status }
	if ready() != 200 {
		t.Fatal("not ready to begin with")
	}
	const messages, senders = 400, 16
	limit(60) // some of the messages fit
	var mu sync.Mutex
	taken := map[int]bool{}
	send := func(which func(n int) bool) (refused int) {
		var wg sync.WaitGroup
		for s := range senders {
			wg.Go(func() {
				for n := s; n < messages; n += senders {
					if !which(n) {
						continue
					}
					ok := f.say(t, n)
					mu.Lock()
					if taken[n] = ok; !ok {
						refused++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return refused
	}
	check := func(when string) {
		t.Helper()
		kept := f.kept(t)
		for n, ok := range taken {
			if is := kept[fmt.Sprint("message ", n)]; ok && is != 1 || !ok && is != 0 {
				t.Errorf("%s: message %d, taken %v, is there %d times", when, n, ok, is)
			}
		}
	}
	refused := send(func(int) bool { return true })
	if refused == 0 || refused == messages {
		t.Fatalf("%d of %d messages were refused, want some", refused, messages)
	}
	check("full")
	if got := ready(); got != 503 {
		t.Errorf("on a full disk /readyz is answered %d", got)
	}
	limit(1 << 30)
	if got := ready(); got != 200 {
		t.Errorf("with room again /readyz is answered %d", got)
	}
	again := func(n int) bool { mu.Lock(); defer mu.Unlock(); return !taken[n] }
	if refused := send(again); refused > 0 {
		t.Errorf("with room again %d messages are refused", refused)
	}
	check("with room again")
	if n := len(f.kept(t)); n != messages {
		t.Errorf("%d messages are there, want all %d", n, messages)
	}
}
