package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/store"
)

// put sends JSON and gives the answer, which must be 200.
func (s served) put(t *testing.T, path, token string, body map[string]any) map[string]any {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "PUT", s.url+"/_matrix/client/v3"+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != 200 {
		t.Fatalf("PUT %s: %d %v %v", path, resp.StatusCode, answer, err)
	}
	return answer
}

// Whoever takes the disk must not find what was deleted: not in the pages that a smaller row left room in, and not in those
// that nothing stands in any more.
func TestWhatWasDeletedIsNotInTheFileAnyMore(t *testing.T) {
	data := t.TempDir()
	s, first := startFirst(t, data)
	_, lin := s.signUp(t, "lin", first)
	access, user := lin["access_token"].(string), url.PathEscape(lin["user_id"].(string))
	_, made := s.post(t, "/_matrix/client/v3/createRoom", access, map[string]any{})
	room := "/rooms/" + url.PathEscape(made["room_id"].(string))
	var secrets []string
	secret := func(name string, size int) string {
		text := strings.Repeat("DELETED-"+name+"-", 1+size/len(name))
		secrets = append(secrets, "DELETED-"+name)
		return text
	}
	said := map[string]string{}
	for name, size := range map[string]int{"short": 1, "page": 4000, "long": 50_000} {
		content := map[string]any{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": secret(name, size/4)}
		said[name] = s.put(t, room+"/send/m.room.encrypted/"+name, access, content)["event_id"].(string)
	}
	kept := map[string]any{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "KEPT-ciphertext"}
	s.put(t, room+"/send/m.room.encrypted/kept", access, kept)
	for name, size := range map[string]int{"datum": 1, "data": 20_000} {
		s.put(t, "/user/"+user+"/account_data/org.example."+name, access, map[string]any{"note": secret(name, size)})
	}
	s.put(t, "/devices/"+lin["device_id"].(string), access, map[string]any{"display_name": secret("device", 1)})
	s.put(t, "/profile/"+user+"/org.example.note", access, map[string]any{"org.example.note": secret("profile", 1)})
	s.put(t, "/sendToDevice/org.example.note/1", access, map[string]any{"messages": map[string]any{lin["user_id"].(string): map[string]any{"*": map[string]any{"note": secret("message", 9000)}}}})
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(data, store.File)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range secrets {
		if !bytes.Contains(before, []byte(text)) {
			t.Errorf("%q was never in the file, so nothing is shown by its absence", text)
		}
	}

	s = startServer(t, "--data", data, "--listen", "127.0.0.1:0", "--unlimited")
	for name, id := range said {
		s.put(t, room+"/redact/"+url.PathEscape(id)+"/"+name, access, map[string]any{})
	}
	auth := map[string]any{"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": "lin"}, "password": "seven quiet boats"}
	if status, answer := s.post(t, "/_matrix/client/v3/account/deactivate", access, map[string]any{"auth": auth}); status != 200 {
		t.Fatalf("closing the account: %d %v", status, answer)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(after, []byte("KEPT-ciphertext")) {
		t.Error("what was not deleted is gone")
	}
	for _, text := range secrets {
		if n := bytes.Count(after, []byte(text)); n > 0 {
			t.Errorf("%q is still in the file, %d times", text, n)
		}
	}
	if _, err := os.Stat(file + "-wal"); err == nil {
		t.Error("the database's log was left behind by a server that was stopped in order")
	}
}
