package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A registration is read when the server starts, shown to the operator, and gone with its file at the next start.
func TestAnApplicationServiceFromItsRegistration(t *testing.T) {
	dir := t.TempDir()
	const token = "as-token-of-the-telegraph-0123456789"
	file := filepath.Join(dir, "telegraph.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conf := filepath.Join(dir, "wardroom.toml")
	write(conf, `data = "`+filepath.Join(dir, "data")+"\"\nlisten = \"127.0.0.1:0\"\nservices = \""+dir+"\"\n")
	write(file, "id: telegraph\nurl: null\n")
	if out, _, err := wardroom(t, "config", "check", conf); err == nil || !strings.Contains(err.Error(), "services: "+file+": as_token: must have 32 letters") {
		t.Errorf("a bad registration: %v\n%s", err, out)
	}
	write(file, "id: telegraph\nurl: null\nas_token: "+token+"\nhs_token: hs-token-of-the-telegraph-0123456789\nsender_localpart: telegraphbot\nnamespaces: {}\n")
	whoami := func(s served) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/_matrix/client/v3/account/whoami", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		r, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return r.StatusCode
	}
	s := startServer(t, "--config", conf)
	if status := whoami(s); status != 200 {
		t.Errorf("the service gets %d", status)
	}
	if !strings.Contains(s.said.String()+<-s.printed, "Nobody has an account yet") {
		t.Error("a service's account is taken for the first person's")
	}
	if _, page, _ := get(t, http.DefaultClient, s.url+"/operator"); !strings.Contains(page, "telegraph acts as @telegraphbot:localhost") || strings.Contains(page, token) {
		t.Errorf("the operator's page says\n%s", page)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if status := whoami(startServer(t, "--config", conf)); status != 401 {
		t.Errorf("without its registration the service gets %d", status)
	}
}
