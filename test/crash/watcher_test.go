package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/test/rig"
)

// watcher is an application service that is in all rooms. Of several servers one tells it of what is said, while it is that one's turn: two who have their turn at
// once, or one that takes back what another has noted, tell the same twice under two names, or in another order.
type watcher struct {
	folder string // of its registration

	mu      sync.Mutex // guards everything below
	wrong   []string
	names   map[string][]string // the IDs of events by the name of the transaction
	told    map[string]string   // the name of the transaction by the ID of an event
	rooms   map[string][]string // the IDs by room, in the order in which they came
	changed chan struct{}       // closed and made anew with each transaction
}

const (
	watcherToken = "token-of-the-watcher-itself-0123456789"
	serverToken  = "token-of-the-server-to-it-0123456789ab"
)

func newWatcher(t *testing.T) *watcher {
	t.Helper()
	w := &watcher{folder: t.TempDir(), names: map[string][]string{}, told: map[string]string{}, rooms: map[string][]string{}, changed: make(chan struct{})}
	at := httptest.NewServer(w)
	t.Cleanup(at.Close)
	text := fmt.Sprintf("{id: watcher, url: %q, as_token: %s, hs_token: %s, sender_localpart: watcher, namespaces: {}}\n", at.URL, watcherToken, serverToken)
	if err := os.WriteFile(filepath.Join(w.folder, "watcher.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// ServeHTTP takes a transaction.
func (w *watcher) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/_matrix/app/v1/transactions/")
	var tx struct {
		Events []struct {
			ID   string `json:"event_id"`
			Room string `json:"room_id"`
		}
	}
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &tx)
	}
	if err != nil || !ok {
		return // who sends it was killed meanwhile
	}
	var ids []string
	for _, e := range tx.Events {
		ids = append(ids, e.ID)
	}
	w.mu.Lock()
	if was, again := w.names[name]; again && !slices.Equal(was, ids) {
		w.wrong = append(w.wrong, fmt.Sprintf("the transaction %s was of %d events, and came again with %d", name, len(was), len(ids)))
	} else if !again {
		w.names[name] = ids
		for _, e := range tx.Events {
			if before := w.told[e.ID]; before != "" {
				w.wrong = append(w.wrong, fmt.Sprintf("%s was told as %s and again as %s: two servers had their turn at once", e.ID, before, name))
			}
			w.told[e.ID] = name
			w.rooms[e.Room] = append(w.rooms[e.Room], e.ID)
		}
	}
	close(w.changed)
	w.changed = make(chan struct{})
	w.mu.Unlock()
	after(time.Duration(rand.IntN(100)) * time.Millisecond) // it has something to do with what it was told
	_, _ = io.WriteString(answer, "{}")
}

// join brings it into a room.
func (w *watcher) join(ctx context.Context, owner *rig.Person, room string) error {
	at := "/_matrix/client/v3/rooms/" + url.PathEscape(room)
	_, server, _ := strings.Cut(owner.User, ":")
	_, err := owner.Site.Call(ctx, owner.Token, "POST", at+"/invite", map[string]string{"user_id": "@watcher:" + server})
	if err == nil {
		_, err = owner.Site.Call(ctx, watcherToken, "POST", at+"/join", struct{}{})
	}
	return err
}

// all waits until it was told of every message in the rooms, and compares.
func (w *watcher) all(ctx context.Context, o *office) {
	messages := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return o.byID[id] == nil })
	}
	for _, room := range o.rooms {
		want := messages(o.order[room])
		for {
			w.mu.Lock()
			got, changed := messages(w.rooms[room]), w.changed
			w.mu.Unlock()
			if len(got) >= len(want) {
				o.same("the application service is told", room, got, want)
				break
			}
			select {
			case <-changed:
				continue
			case <-ctx.Done():
			}
			o.t.Errorf("the application service was told of %d messages in %s, and there are %d", len(got), room, len(want))
			break
		}
	}
	w.complain(o)
	w.mu.Lock()
	defer w.mu.Unlock()
	o.t.Logf("the application service was told of %d events in %d transactions, each once", len(w.told), len(w.names))
}

// complain says what was wrong with what it was told since it was asked last.
func (w *watcher) complain(o *office) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, what := range w.wrong {
		o.t.Error(what)
	}
	w.wrong = nil
}
