package main

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// visitor is somebody at an address of their own, with a program of their own.
type visitor struct {
	address, program string
	dialer           *net.Dialer
	client           *http.Client
	url              string
	access           string
}

// visit comes from the nth address. h2: over HTTP/2.
func visit(url string, n int, h2 bool) *visitor {
	v := &visitor{address: fmt.Sprintf("127.77.%d.%d", 100+n, 31+3*n), program: fmt.Sprintf("Tram%d/77.%d (harbour line)", 4100+n, n), url: url}
	v.dialer = &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(v.address)}}
	v.client = &http.Client{Transport: &http.Transport{DialContext: v.dialer.DialContext, ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	return v
}

// asks sends one request, which must be answered with that status, and gives the answer.
func (v *visitor) asks(t *testing.T, want int, method, path string, body string) map[string]any {
	t.Helper()
	if strings.HasPrefix(path, "/v3/") {
		path = "/_matrix/client" + path
	}
	req, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", v.program)
	req.Header.Set("Referer", "https://"+v.address+"/")
	req.Header.Set("X-Forwarded-For", v.address)
	req.Header.Set("Forwarded", "for="+v.address)
	req.Header.Set("X-Real-IP", v.address)
	if v.access != "" {
		req.Header.Set("Authorization", "Bearer "+v.access)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != want {
		t.Errorf("%s %s is answered %d %s, want %d", method, path, resp.StatusCode, data, want)
	}
	var answer map[string]any
	_ = json.Unmarshal(data, &answer) // not every answer is an object
	return answer
}

// hidden is what must be found nowhere: the address in every way of writing it, and the program.
func (v *visitor) hidden() []string {
	ip := net.ParseIP(v.address)
	four := ip.To4()
	return []string{v.address, v.program, strings.Fields(v.program)[0], string(ip), hex.EncodeToString(four), strings.ToUpper(hex.EncodeToString(four)),
		fmt.Sprint(binary.BigEndian.Uint32(four)), strings.ReplaceAll(v.address, ".", "-"), v.access}
}

// A day at the office: many people from many places, over TLS, some of them clumsy, some of them hostile. In the evening
// somebody takes the data folder, the logs, the metrics and a backup with its key, and looks for where anybody was.
func TestADayLeavesNobodysAddressAnywhere(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "wardroom.toml")
	certificate, key := certify(t, dir, 1)
	second, err := net.Listen("tcp", "127.0.0.1:0") // finds a free port
	if err != nil {
		t.Fatal(err)
	}
	operator := second.Addr().String()
	second.Close()
	text := fmt.Sprintf("push = \"push.example\"\nlisten = \"127.0.0.1:0\"\noperator_listen = %q\ndata = %q\n[tls]\ncertificate = %q\nkey = %q\n", operator, data, certificate, key)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--config", file)
	token, _, err := wardroom(t, "invite", "--data", data, "--token-only", "--uses", "2")
	if err != nil {
		t.Fatal(err)
	}
	var all []*visitor
	arrive := func() *visitor {
		v := visit(s.url, len(all), len(all)%2 == 1)
		all = append(all, v)
		return v
	}
	lin, mei := arrive(), arrive()
	for name, v := range map[string]*visitor{"lin": lin, "mei": mei} {
		v.asks(t, 401, "POST", "/v3/register", `{"username":"`+name+`","password":"seven quiet boats"}`)
		v.access, _ = v.asks(t, 200, "POST", "/v3/register", `{"username":"`+name+`","password":"seven quiet boats","initial_device_display_name":"the phone of `+name+`","auth":{"type":"m.login.registration_token","token":"`+strings.TrimSpace(token)+`"}}`)["access_token"].(string)
	}
	converse(t, lin, mei, data)
	strangers(t, arrive)

	pulled := map[string]string{}
	for _, path := range []string{"/metrics", "/operator", "/healthz", "/readyz"} {
		_, pulled["the operator's "+path], _ = get(t, http.DefaultClient, "http://"+operator+path)
	}
	gather(t, pulled, "while it runs: ", data)
	secret, backup, fresh := filepath.Join(dir, "secret"), filepath.Join(dir, "backup"), filepath.Join(dir, "fresh")
	recipient, _, err := wardroom(t, "backup", "--new-key", secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"backup", "--data", data, "--to", backup, "--recipient", strings.TrimSpace(recipient)},
		{"restore", "--from", backup, "--data", fresh, "--identity", secret},
	} {
		out, errs, err := wardroom(t, args...)
		if err != nil {
			t.Fatal(err)
		}
		pulled["what "+args[0]+" says"] = out + errs
	}
	gather(t, pulled, "", backup)
	gather(t, pulled, "restored: ", fresh)
	for _, v := range all {
		v.client.CloseIdleConnections()
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	gather(t, pulled, "afterwards: ", data)
	for line := range s.printed {
		pulled["printed"] += line
	}
	pulled["the log"] = s.log.String()
	for where, needle := range map[string]string{"the log": "request failed", "while it runs: wardroom.db-wal": "the phone of lin", "restored: wardroom.db": "Quay 7", "the operator's /metrics": `status="500"`} {
		if !strings.Contains(pulled[where], needle) {
			t.Errorf("%s does not hold %q, so nothing is shown by looking there", where, needle)
		}
	}
	for where, content := range pulled {
		for _, v := range all {
			for _, what := range v.hidden() {
				if what != "" && strings.Contains(content, what) {
					t.Errorf("%s holds %q of %s", where, what, v.address)
				}
			}
		}
	}
}

// converse is two people's work, with what goes wrong in it.
func converse(t *testing.T, lin, mei *visitor, data string) {
	t.Helper()
	room := url.PathEscape(lin.asks(t, 200, "POST", "/v3/createRoom", `{"name":"Quay 7","invite":["@mei:localhost"]}`)["room_id"].(string))
	mei.asks(t, 200, "POST", "/v3/join/"+room, `{}`)
	said := lin.asks(t, 200, "PUT", "/v3/rooms/"+room+"/send/m.room.encrypted/1", `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x"}`)["event_id"].(string)
	mei.asks(t, 200, "POST", "/v3/rooms/"+room+"/receipt/m.read/"+url.PathEscape(said), `{}`)
	mei.asks(t, 200, "PUT", "/v3/rooms/"+room+"/typing/@mei:localhost", `{"typing":true,"timeout":1000}`)
	mei.asks(t, 200, "PUT", "/v3/presence/@mei:localhost/status", `{"presence":"online"}`)
	mei.asks(t, 200, "POST", "/v3/rooms/"+room+"/report/"+url.PathEscape(said), `{"reason":"loud"}`)
	lin.asks(t, 400, "PUT", "/v3/rooms/"+room+"/send/m.room.message/2", `not json`)
	lin.asks(t, 404, "GET", "/v3/nothing/here", "")
	lin.asks(t, 405, "DELETE", "/v3/sync", "")
	lin.asks(t, 413, "POST", "/v3/keys/upload", `{"x":"`+strings.Repeat("x", 2<<20)+`"}`)
	for _, v := range []*visitor{lin, mei} {
		next, _ := v.asks(t, 200, "GET", "/v3/sync", "")["next_batch"].(string)
		v.asks(t, 200, "GET", "/v3/sync?timeout=20&since="+next, "")
		v.asks(t, 200, "GET", "/v3/devices", "")
		v.asks(t, 200, "GET", "/v3/notifications", "")
		v.asks(t, 200, "POST", "/v3/keys/query", `{"device_keys":{"@lin:localhost":[]}}`)
		v.asks(t, 200, "POST", "/v3/keys/claim", `{"one_time_keys":{"@lin:localhost":{"NONE":"signed_curve25519"}}}`)
		v.asks(t, 200, "PUT", "/v3/sendToDevice/m.room_key_request/1", `{"messages":{"@lin:localhost":{"*":{"a":1}}}}`)
		v.asks(t, 200, "POST", "/v3/room_keys/version", `{"algorithm":"m.megolm_backup.v1.curve25519-aes-sha2","auth_data":{"public_key":"x"}}`)
		v.asks(t, 200, "POST", "/v3/pushers/set", `{"app_id":"a","pushkey":"k","kind":"http","app_display_name":"a","device_display_name":"d","lang":"en","data":{"url":"https://push.example/_matrix/push/v1/notify"}}`)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	uri, _ := lin.asks(t, 200, "POST", "/_matrix/media/v3/upload?filename=quay.png", picture.String())["content_uri"].(string)
	at := strings.TrimPrefix(uri, "mxc://")
	mei.asks(t, 200, "GET", "/_matrix/client/v1/media/download/"+at, "")
	mei.asks(t, 404, "GET", "/_matrix/client/v1/media/download/localhost/none", "")
	announced, _ := lin.asks(t, 200, "POST", "/_matrix/media/v1/create", `{}`)["content_uri"].(string)
	mei.asks(t, 504, "GET", "/_matrix/client/v1/media/download/"+strings.TrimPrefix(announced, "mxc://")+"?timeout_ms=1", "")

	// The server itself fails: there is no folder to put a file into.
	files := filepath.Join(data, "files")
	if err := os.Rename(files, files+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lin.asks(t, 500, "POST", "/_matrix/media/v3/upload", "bytes")
	if err := os.Remove(files); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(files+".away", files); err != nil {
		t.Fatal(err)
	}
	mei.asks(t, 200, "POST", "/v3/logout", `{}`)
	mei.asks(t, 401, "GET", "/v3/sync", "")
}

// strangers guess passwords, look for what is not theirs and send what is no HTTP.
func strangers(t *testing.T, arrive func() *visitor) {
	t.Helper()
	guesser := arrive()
	wrong := `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"lin"},"password":"wrong wrong wrong"}`
	for range 4 {
		guesser.asks(t, 403, "POST", "/v3/login", wrong)
	}
	phone := arrive()
	phone.access, _ = phone.asks(t, 200, "POST", "/v3/login", `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"mei"},"password":"seven quiet boats","refresh_token":true}`)["access_token"].(string)
	looker := arrive()
	for _, path := range []string{"/", "/wp-login.php", "/../../etc/passwd", "/metrics", "/operator"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", looker.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", looker.program)
		resp, err := looker.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	looker.asks(t, 401, "GET", "/v3/sync?access_token=made-up", "")
	address := strings.TrimPrefix(looker.url, "https://")
	for _, rude := range []string{"GET / HTTP/1.1\r\nHost: plain\r\n\r\n", "\x16\x03\x01\x00\x05hello", "", "\x00\x00\x00"} {
		conn, err := arrive().dialer.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, rude)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn) // until the server has done with it
		conn.Close()
	}
	breaker := arrive()
	conn, err := tls.DialWithDialer(breaker.dialer, "tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /_matrix/client/v3/keys/upload HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\nhalf", breaker.program, phone.access)
	conn.Close()
}

// gather reads a file, or every file in a folder.
func gather(t *testing.T, into map[string]string, before, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		into[before+filepath.Base(path)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
