package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"wardroom/internal/event"
)

// ask sends one request and gives status and answer.
func (s served) ask(t *testing.T, method, path, token string, body []byte) (int, []byte) {
	t.Helper()
	status, data, err := s.try(t, method, path, token, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, data
}

// try is ask where the server may be gone.
func (s served) try(t *testing.T, method, path, token string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, data, err
}

// must is ask for a request that must succeed; one field of the answer is wanted.
func (s served) must(t *testing.T, method, path, token string, body any, field string) string {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	status, got := s.ask(t, method, path, token, data)
	var answer map[string]any
	if err := json.Unmarshal(got, &answer); err != nil || status != 200 {
		t.Fatalf("%s %s: %d %s", method, path, status, got)
	}
	text, _ := answer[field].(string)
	return text
}

// chain pages through a room as its events are stored, recomputes every id and checks that each event names the one before
// it. It returns the ids in order.
func (s served) chain(t *testing.T, token, room string) []string {
	t.Helper()
	filter := url.QueryEscape(`{"event_format":"federation"}`)
	var ids []string
	for from := ""; ; {
		status, data := s.ask(t, "GET", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/messages?dir=f&limit=500&filter="+filter+from, token, nil)
		if status != 200 {
			t.Fatalf("paging: %d %s", status, data)
		}
		var page struct {
			Chunk []json.RawMessage
			End   string
		}
		if err := json.Unmarshal(data, &page); err != nil {
			t.Fatal(err)
		}
		for _, raw := range page.Chunk {
			id, err := event.ID(event.Default, raw)
			if err != nil {
				t.Fatal(err)
			}
			p, err := event.Parse(event.Default, raw)
			if err != nil {
				t.Fatal(err)
			}
			if len(ids) > 0 && (len(p.PrevEvents) != 1 || string(p.PrevEvents[0]) != ids[len(ids)-1]) {
				t.Fatalf("event %d follows %v, and not the one before it", len(ids), p.PrevEvents)
			}
			ids = append(ids, string(id))
		}
		if page.End == "" {
			return ids
		}
		from = "&from=" + url.QueryEscape(page.End)
	}
}

// office is a server with one person, one room and a key for backups.
type office struct {
	served
	data, token, room, key, recipient string
	where                             []string // the options that commands find it by
}

func newOffice(t *testing.T) *office {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	return newOfficeAt(t, data, "--data", data)
}

func newOfficeAt(t *testing.T, data string, where ...string) *office {
	t.Helper()
	o := &office{data: data, key: filepath.Join(t.TempDir(), "key"), where: where}
	var first string
	o.served, first = startFirstAt(t, where...)
	status, answer := o.signUp(t, "lin", first)
	if status != 200 {
		t.Fatalf("signing up: %d %v", status, answer)
	}
	o.token, _ = answer["access_token"].(string)
	o.room = o.must(t, "POST", "/_matrix/client/v3/createRoom", o.token, map[string]any{}, "room_id")
	out, _, err := wardroom(t, "backup", "--new-key", o.key)
	if err != nil {
		t.Fatal(err)
	}
	o.recipient = strings.TrimSpace(out)
	return o
}

// say sends one event and returns its id, or an error that says that nothing was promised.
func (o *office) say(t *testing.T, txn string) (string, error) {
	path := "/_matrix/client/v3/rooms/" + url.PathEscape(o.room) + "/send/m.room.encrypted/" + txn
	status, data, err := o.try(t, "PUT", path, o.token, []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`+strings.Repeat(txn, 50)+`"}`))
	if err != nil || status != 200 {
		return "", fmt.Errorf("%d %s %w", status, data, err)
	}
	var answer struct {
		ID string `json:"event_id"`
	}
	return answer.ID, json.Unmarshal(data, &answer)
}

func (o *office) upload(t *testing.T, text string) (string, error) {
	status, data, err := o.try(t, "POST", "/_matrix/media/v3/upload", o.token, []byte(text))
	if err != nil || status != 200 {
		return "", fmt.Errorf("%d %s %w", status, data, err)
	}
	var answer struct {
		URI string `json:"content_uri"`
	}
	err = json.Unmarshal(data, &answer)
	return strings.TrimPrefix(answer.URI, "mxc://"), err
}

func TestABackupUnderLoadIsAPrefixOfWhatWasAccepted(t *testing.T) {
	backsUpUnderLoad(t, newOffice(t), []string{"--data", filepath.Join(t.TempDir(), "restored")})
}

// backsUpUnderLoad backs an office up while people write and restores it into each of the places into.
func backsUpUnderLoad(t *testing.T, o *office, into ...[]string) {
	t.Helper()
	const senders = 6
	var mu sync.Mutex // guards said and uploaded
	said, uploaded := map[string]bool{}, map[string]string{}
	ready := make(chan struct{})
	stop := make(chan struct{})
	var working sync.WaitGroup
	for sender := range senders {
		working.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if sender == 0 {
					text := fmt.Sprintf("file %d", n)
					at, err := o.upload(t, text)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					uploaded[at] = text
					mu.Unlock()
					continue
				}
				id, err := o.say(t, fmt.Sprintf("s%d-%d", sender, n))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				said[id] = true
				if len(said) == 100 {
					close(ready)
				}
				mu.Unlock()
			}
		})
	}
	<-ready
	mu.Lock()
	before, filesBefore := len(said), len(uploaded)
	saidBefore := make([]string, 0, before)
	for id := range said {
		saidBefore = append(saidBefore, id)
	}
	mu.Unlock()
	file := filepath.Join(t.TempDir(), "wardroom.backup")
	if out, _, err := wardroom(t, slices.Concat([]string{"backup"}, o.where, []string{"--to", file, "--recipient", o.recipient})...); err != nil {
		t.Errorf("backing up: %v, %s", err, out)
	}
	close(stop)
	working.Wait()
	all := o.chain(t, o.token, o.room)
	for id := range said {
		if !slices.Contains(all, id) {
			t.Errorf("%s was accepted and is not there", id)
		}
	}
	if len(said) == before {
		t.Error("nobody wrote while the backup was made")
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}

	for _, place := range into {
		restoresAPrefix(t, o, file, place, prefix{all, saidBefore, uploaded, filesBefore})
	}
}

// prefix is what was accepted: all of it, and what was before a backup began.
type prefix struct {
	all, saidBefore []string
	uploaded        map[string]string
	filesBefore     int
}

// restoresAPrefix restores a backup into a place, starts a server there and looks for what was accepted.
func restoresAPrefix(t *testing.T, o *office, file string, place []string, was prefix) {
	t.Helper()
	all, saidBefore, uploaded, filesBefore := was.all, was.saidBefore, was.uploaded, was.filesBefore
	out, _, err := wardroom(t, slices.Concat([]string{"restore", "--from", file, "--identity", o.key}, place)...)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "one-time keys") || !strings.Contains(out, "What people will notice") {
		t.Errorf("restore says: %s", out)
	}
	again := startServer(t, append(place, "--listen", "127.0.0.1:0", "--unlimited")...)
	defer again.stop()
	o.token = again.signIn(t)
	restored := again.chain(t, o.token, o.room)
	if len(restored) > len(all) || !slices.Equal(restored, all[:len(restored)]) {
		t.Fatalf("the %d restored events are not the first of the %d accepted ones", len(restored), len(all))
	}
	for _, id := range saidBefore {
		if !slices.Contains(restored, id) {
			t.Errorf("%s was accepted before the backup and is not in it", id)
		}
	}
	found := 0
	for at, text := range uploaded {
		status, data := again.ask(t, "GET", "/_matrix/client/v1/media/download/"+at, o.token, nil)
		if status == 200 && string(data) == text {
			found++
		} else if status != 404 {
			t.Errorf("%s is %d %q", at, status, data)
		}
	}
	if found < filesBefore {
		t.Errorf("%d files were uploaded before the backup, %d are in it", filesBefore, found)
	}
	t.Logf("%d of %d events and %d of %d files are in the backup", len(restored), len(all), found, len(uploaded))

	// Life goes on after the restored part, and the chain with it.
	restoredOffice := *o
	restoredOffice.served = again
	id, err := restoredOffice.say(t, "afterwards")
	if err != nil {
		t.Fatal(err)
	}
	if now := again.chain(t, o.token, o.room); now[len(now)-1] != id || len(now) != len(restored)+1 {
		t.Errorf("after one more event there are %d, the last is %s", len(now), now[len(now)-1])
	}
}

func TestADeviceThatHasReadFurtherThanTheBackupMissesNothing(t *testing.T) {
	o := newOffice(t)
	name := "/_matrix/client/v3/rooms/" + url.PathEscape(o.room) + "/state/m.room.name"
	o.must(t, "PUT", name, o.token, map[string]any{"name": "Quay 7"}, "event_id")
	file := filepath.Join(t.TempDir(), "wardroom.backup")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	o.must(t, "PUT", name, o.token, map[string]any{"name": "Quay 8"}, "event_id")
	for n := range 20 {
		if _, err := o.say(t, fmt.Sprint("lost", n)); err != nil {
			t.Fatal(err)
		}
	}
	since := o.must(t, "GET", "/_matrix/client/v3/sync", o.token, nil, "next_batch")
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same backup, twice: the first restored server has gone further too
		fresh := filepath.Join(t.TempDir(), "restored")
		if _, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", o.key); err != nil {
			t.Fatal(err)
		}
		o.served = startServer(t, "--data", fresh, "--listen", "127.0.0.1:0", "--unlimited")
		o.token = o.signIn(t)
		id, err := o.say(t, "new")
		if err != nil {
			t.Fatal(err)
		}
		status, data := o.ask(t, "GET", "/_matrix/client/v3/sync?since="+since, o.token, nil)
		if status != 200 || !bytes.Contains(data, []byte(id)) || !bytes.Contains(data, []byte("Quay 7")) {
			t.Errorf("the device is told %d %s", status, data)
		}
		since = o.must(t, "GET", "/_matrix/client/v3/sync?since="+since, o.token, nil, "next_batch")
		if _, data := o.ask(t, "GET", "/_matrix/client/v3/sync?since="+since, o.token, nil); bytes.Contains(data, []byte("Quay 7")) {
			t.Errorf("the device is told everything again and again: %s", data)
		}
		if err := o.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADeviceThatTheBackupDoesNotKnowKeepsItsKeys(t *testing.T) {
	o := newOffice(t)
	file, fresh := filepath.Join(t.TempDir(), "wardroom.backup"), filepath.Join(t.TempDir(), "restored")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	whoami := func(s served) map[string]any {
		_, data := s.ask(t, "GET", "/_matrix/client/v3/account/whoami", "a token of after the backup", nil)
		var answer map[string]any
		if err := json.Unmarshal(data, &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := whoami(o.served); got["errcode"] != "M_UNKNOWN_TOKEN" || got["soft_logout"] != nil {
		t.Errorf("before, an unknown token is answered %v", got)
	}
	if _, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", o.key); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, "--data", fresh, "--listen", "127.0.0.1:0", "--unlimited")
	if got := whoami(again); got["errcode"] != "M_UNKNOWN_TOKEN" || got["soft_logout"] != true {
		t.Errorf("after a restore, an unknown token is answered %v", got)
	}
}

func TestRestoreBringsNothingBackThatWasRevoked(t *testing.T) {
	o := newOffice(t)
	invitation := o.must(t, "POST", "/_matrix/client/unstable/org.wardroom/invitations", o.token, map[string]any{}, "token")
	file, fresh := filepath.Join(t.TempDir(), "wardroom.backup"), filepath.Join(t.TempDir(), "restored")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	o.must(t, "POST", "/_matrix/client/v3/logout", o.token, map[string]any{}, "")
	out, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", o.key)
	if err != nil || !strings.Contains(out, "All devices were signed out and all invitations ended") {
		t.Errorf("restore says: %v %s", err, out)
	}
	again := startServer(t, "--data", fresh, "--listen", "127.0.0.1:0", "--unlimited")
	status, data := again.ask(t, "GET", "/_matrix/client/v3/account/whoami", o.token, nil)
	if status != 401 || !strings.Contains(string(data), `"soft_logout":true`) {
		t.Errorf("the device that was signed out is answered %d %s", status, data)
	}
	if status, answer := again.signUp(t, "sora", invitation); status == 200 {
		t.Errorf("an invitation of before the backup is valid: %v", answer)
	}
}

// A device that comes back after a restore keeps its keys, also after months, unless it was signed out.
func TestAfterARestoreADeviceKeepsItsKeysUnlessItWasSignedOut(t *testing.T) {
	o := newOffice(t)
	signIn := func(s served, device string) map[string]any {
		status, answer := s.post(t, "/_matrix/client/v3/login", "", map[string]any{
			"type": "m.login.password", "password": "seven quiet boats", "identifier": map[string]any{"type": "m.id.user", "user": "lin"},
			"device_id": device, "refresh_token": true,
		})
		if status != 200 {
			t.Fatal(answer)
		}
		return answer
	}
	token := func(answer map[string]any) string { text, _ := answer["access_token"].(string); return text }
	away, used, gone, stolen := signIn(o.served, "AWAY"), signIn(o.served, "USED"), signIn(o.served, "GONE"), signIn(o.served, "STOLEN")
	o.must(t, "POST", "/_matrix/client/v3/logout", token(gone), map[string]any{}, "")
	file, fresh := filepath.Join(t.TempDir(), "wardroom.backup"), filepath.Join(t.TempDir(), "restored")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	status, renewed := o.post(t, "/_matrix/client/v3/refresh", "", map[string]any{"refresh_token": used["refresh_token"]})
	if status != 200 {
		t.Fatal(renewed)
	}
	added := signIn(o.served, "ADDED")
	if _, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", o.key); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, "--data", fresh, "--listen", "127.0.0.1:0", "--unlimited")
	new := signIn(again, "NEW")
	status, answer := again.post(t, "/_matrix/client/v3/delete_devices", token(new), map[string]any{"devices": []string{"STOLEN"}, "auth": map[string]any{
		"type": "m.login.password", "password": "seven quiet boats", "identifier": map[string]any{"type": "m.id.user", "user": "lin"},
	}})
	if status != 200 {
		t.Fatal(answer)
	}
	for _, c := range []struct {
		name, token string
		keeps       bool
	}{
		{"one that was away since before the backup", token(away), true},
		{"one whose tokens were renewed after the backup", token(renewed), true},
		{"one that signed in after the backup", token(added), true},
		{"one that was signed out before the backup", token(gone), false},
		{"one that was signed out after the restore", token(stolen), false},
		{"a made-up token", "x.AAAAAAAAAAAAAAAA3", false},
	} {
		_, data := again.ask(t, "GET", "/_matrix/client/v3/account/whoami", c.token, nil)
		if soft := strings.Contains(string(data), `"soft_logout":true`); soft != c.keeps || !strings.Contains(string(data), "M_UNKNOWN_TOKEN") {
			t.Errorf("%s is answered %s", c.name, data)
		}
	}
	_, answer = again.post(t, "/_matrix/client/v3/refresh", "", map[string]any{"refresh_token": renewed["refresh_token"]})
	if answer["soft_logout"] != true {
		t.Errorf("one that wants to renew its tokens is answered %v", answer)
	}
	// It signs in again on the same device, which then is signed out as any other.
	back := signIn(again, "AWAY")
	again.must(t, "GET", "/_matrix/client/v3/account/whoami", token(back), map[string]any{}, "")
	for _, text := range []string{token(away), token(back)} {
		again.post(t, "/_matrix/client/v3/logout", text, map[string]any{})
		if _, data := again.ask(t, "GET", "/_matrix/client/v3/account/whoami", text, nil); strings.Contains(string(data), `soft_logout`) {
			t.Errorf("after it signed out it is answered %s", data)
		}
	}
}

// signIn signs lin in on a new device and gives its token.
func (s served) signIn(t *testing.T) string {
	t.Helper()
	return s.must(t, "POST", "/_matrix/client/v3/login", "", map[string]any{
		"type": "m.login.password", "password": "seven quiet boats", "identifier": map[string]any{"type": "m.id.user", "user": "lin"},
	}, "access_token")
}

func TestRestoreResetsOneTimeKeys(t *testing.T) {
	o := newOffice(t)
	keys := map[string]any{}
	for _, id := range []string{"AAAAAQ", "AAAAAg"} {
		keys["curve25519:"+id] = strings.Repeat("A", 43)
	}
	fallback := map[string]any{"curve25519:AAAAAw": map[string]any{"key": strings.Repeat("A", 43), "fallback": true}}
	o.must(t, "POST", "/_matrix/client/v3/keys/upload", o.token, map[string]any{"one_time_keys": keys, "fallback_keys": fallback}, "")
	device := o.must(t, "GET", "/_matrix/client/v3/account/whoami", o.token, map[string]any{}, "device_id")
	file, fresh := filepath.Join(t.TempDir(), "wardroom.backup"), filepath.Join(t.TempDir(), "restored")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	out, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", o.key)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "2 one-time keys and all fallback keys were removed") {
		t.Errorf("restore says: %s", out)
	}
	again := startServer(t, "--data", fresh, "--listen", "127.0.0.1:0", "--unlimited")
	token := again.must(t, "POST", "/_matrix/client/v3/login", "", map[string]any{
		"type": "m.login.password", "password": "seven quiet boats", "identifier": map[string]any{"type": "m.id.user", "user": "lin"}, "device_id": device,
	}, "access_token")
	for _, s := range []struct {
		served
		token string
		keys  bool
	}{{o.served, o.token, true}, {again, token, false}} {
		_, counts := s.ask(t, "GET", "/_matrix/client/v3/sync", s.token, nil)
		if has := strings.Contains(string(counts), `"curve25519":2`); has != s.keys {
			t.Errorf("one-time keys are there: %v, want %v: %s", has, s.keys, counts)
		}
		if has := strings.Contains(string(counts), `"device_unused_fallback_key_types":["curve25519"]`); has != s.keys {
			t.Errorf("a fallback key is there: %v, want %v: %s", has, s.keys, counts)
		}
		claim := map[string]any{"one_time_keys": map[string]any{"@lin:localhost": map[string]any{device: "curve25519"}}}
		_, given := s.post(t, "/_matrix/client/v3/keys/claim", s.token, claim)
		if has := strings.Contains(fmt.Sprint(given), "curve25519:"); has != s.keys {
			t.Errorf("a key is handed out: %v, want %v: %v", has, s.keys, given)
		}
	}
}

// untouched fails the test unless restoring file into a new folder fails with an error that says want, and leaves nothing.
func untouched(t *testing.T, file, identity, want string) {
	t.Helper()
	fresh := filepath.Join(t.TempDir(), "restored")
	out, _, err := wardroom(t, "restore", "--from", file, "--data", fresh, "--identity", identity)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("restoring gave %v, want %q\n%s", err, want, out)
	}
	if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was left in the new folder: %v", err)
	}
}

func TestABackupThatCannotBeTrustedTouchesNothing(t *testing.T) {
	o := newOffice(t)
	if _, err := o.upload(t, strings.Repeat("text", 1000)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "whole.backup")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other-key")
	if _, _, err := wardroom(t, "backup", "--new-key", other); err != nil {
		t.Fatal(err)
	}
	untouched(t, file, other, "none of the identities opens it")
	damaged := filepath.Join(dir, "damaged.backup")
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"one byte changed near the end", flipped(whole, len(whole)-100), "damaged"},
		{"one byte changed in the middle", flipped(whole, len(whole)/2), "damaged"},
		{"cut short", whole[:len(whole)-1], "damaged"},
		{"cut in half", whole[:len(whole)/2], "damaged"},
		{"something else", []byte("hello"), "no backup that can be opened"},
		{"empty", nil, "no backup that can be opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(damaged, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			untouched(t, damaged, o.key, c.want)
		})
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := wardroom(t, "restore", "--from", file, "--data", full, "--identity", o.key); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("restoring into a folder with something in it: %v", err)
	}
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("writing over a backup: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

func flipped(data []byte, at int) []byte {
	changed := bytes.Clone(data)
	changed[at] ^= 1
	return changed
}

func TestABackupForAPassphrase(t *testing.T) {
	o := newOffice(t)
	dir := t.TempDir()
	secret, file := filepath.Join(dir, "secret"), filepath.Join(dir, "backup")
	if err := os.WriteFile(secret, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--passphrase-file", secret); err == nil {
		t.Error("a short passphrase was taken")
	}
	if err := os.WriteFile(secret, []byte("seven quiet boats at the quay\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--passphrase-file", secret); err != nil {
		t.Fatal(err)
	}
	if _, _, err := wardroom(t, "restore", "--from", file, "--data", filepath.Join(dir, "new"), "--passphrase-file", secret); err != nil {
		t.Error(err)
	}
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", filepath.Join(dir, "plain")); err == nil || !strings.Contains(err.Error(), "always encrypted") {
		t.Errorf("without a key: %v", err)
	}
}

func TestTwoServersDoNotShareAFolder(t *testing.T) {
	o := newOffice(t)
	err := run(t.Context(), []string{"serve", "--data", o.data, "--listen", "127.0.0.1:0"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "another server is using") {
		t.Errorf("a second server: %v", err)
	}
}

func TestFilesThatWereLostAreNamed(t *testing.T) {
	o := newOffice(t)
	at, err := o.upload(t, "text")
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(at, "localhost/")
	if err := os.Remove(filepath.Join(o.data, filesFolder, id[:2], id)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup")
	out, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient)
	if err != nil || !strings.Contains(out, "1 files were not there any more") {
		t.Errorf("got %v, %s", err, out)
	}
}
