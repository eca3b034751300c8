package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever takes the whole machine must not find where anybody was, or with what.
func TestNobodysAddressOrProgramIsWrittenDown(t *testing.T) {
	const (
		near    = "127.77.13.5"  // where the clients connect from: all of 127.0.0.0/8 is this machine
		far     = "203.0.113.77" // whom a proxy on this machine says it speaks for
		far6    = "2001:db8:77:13::5"
		browser = "QuayBrowser/77.13"
	)
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "wardroom.toml")
	text := fmt.Sprintf("listen = \"127.0.0.1:0\"\ndata = %q\n[tls]\nfrom = \"proxy\"\n", data)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--config", file)
	link, _, err := wardroom(t, "invite", "--data", data, "--token-only", "--uses", "2")
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(link)

	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(near)}}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	from := far
	ask := func(method, path, access, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", browser)
		req.Header.Set("X-Forwarded-For", from)
		if access != "" {
			req.Header.Set("Authorization", "Bearer "+access)
		}
		r, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(r.Body); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, b.String()
	}
	field := func(body, name string) string {
		_, rest, _ := strings.Cut(body, `"`+name+`":"`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	const v3 = "/_matrix/client/v3"
	status, lin := ask("POST", v3+"/register", "", `{"username":"lin","password":"seven quiet boats","initial_device_display_name":"my phone","auth":{"type":"m.login.registration_token","token":"`+token+`"}}`)
	if status != 200 {
		t.Fatalf("signing up: %d %s", status, lin)
	}
	access := field(lin, "access_token")
	from = far6
	for range 15 { // until it is refused as too often
		status, _ = ask("POST", v3+"/login", "", `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"lin"},"password":"wrong"}`)
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the fifteenth wrong password was answered %d", status)
	}
	_, made := ask("POST", v3+"/createRoom", access, `{"name":"Quay 7"}`)
	room := url.PathEscape(field(made, "room_id"))
	for _, c := range [][3]string{
		{"PUT", v3 + "/rooms/" + room + "/send/m.room.encrypted/1", `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x"}`},
		{"PUT", v3 + "/rooms/" + room + "/typing/@lin:localhost", `{"typing":true,"timeout":1000}`},
		{"POST", "/_matrix/media/v3/upload", "bytes"},
		{"GET", v3 + "/sync", ""},
		{"GET", v3 + "/devices", ""},
		{"PUT", v3 + "/sendToDevice/m.room_key_request/1", `{"messages":{}}`},
	} {
		if status, body := ask(c[0], c[1], access, c[2]); status != 200 {
			t.Errorf("%s %s: %d %s", c[0], c[1], status, body)
		}
	}
	ask("GET", v3+"/nothing", access, "")
	ask("POST", v3+"/keys/upload", access, "not json")
	broken, err := dialer.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(broken, "POST %s/keys/upload HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\nhalf", v3, browser, access)
	broken.Close()
	garbage, err := dialer.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(garbage, "\x16\x03\x01hello\r\n\r\n")
	garbage.Close()

	seen := map[string]string{"log": s.log.String()}
	for _, path := range []string{"/metrics", "/operator"} {
		_, body, _ := get(t, http.DefaultClient, s.url+path)
		seen[path] = body
	}
	// With the server running, the database's own log is there too.
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		seen[filepath.Base(path)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen["wardroom.db-wal"] == "" || !strings.Contains(seen["wardroom.db-wal"], "my phone") {
		t.Error("the database's log does not hold what was just written, so nothing is shown by looking there")
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	seen["log at the end"] = s.log.String()
	for where, content := range seen {
		for _, secret := range []string{near, far, far6, browser, "QuayBrowser", "cb00714d", "CB00714D", string(net.ParseIP(far6)), string(net.ParseIP(far)), access, "seven quiet boats"} {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds %q", where, secret)
			}
		}
	}
}
