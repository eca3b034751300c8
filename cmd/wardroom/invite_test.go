package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"
)

// startFirst starts a server on folder data, where nobody has signed up yet, and gives the token of its first link.
func startFirst(t *testing.T, data string) (s served, first string) {
	t.Helper()
	return startFirstAt(t, "--data", data)
}

func startFirstAt(t *testing.T, where ...string) (s served, first string) {
	t.Helper()
	s = startServer(t, append(where, "--listen", "127.0.0.1:0", "--unlimited")...)
	for line := range s.printed {
		if link, ok := strings.CutPrefix(strings.TrimSpace(line), s.url+"/#/invite/"); ok {
			return s, link
		}
	}
	t.Fatal("the server printed no first link")
	return s, ""
}

// post sends JSON and gives the status and the answer.
func (s served) post(t *testing.T, path, token string, body map[string]any) (int, map[string]any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func (s served) signUp(t *testing.T, name, token string) (int, map[string]any) {
	t.Helper()
	return s.post(t, "/_matrix/client/v3/register", "", map[string]any{"username": name, "password": "seven quiet boats",
		"auth": map[string]any{"type": "m.login.registration_token", "token": token}})
}

// wardroom runs one command and gives what it printed.
func wardroom(t *testing.T, args ...string) (out, errs string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	err = run(t.Context(), args, &o, &e)
	return o.String(), e.String(), err
}

func TestTheFirstPersonSignsUpFromThePrintedLink(t *testing.T) {
	data := t.TempDir()
	s, first := startFirst(t, data)
	if status, answer := s.signUp(t, "lin", first); status != 200 {
		t.Fatalf("the printed link gives %d %v", status, answer)
	}
	if status, _ := s.signUp(t, "sato", first); status != 401 {
		t.Errorf("the first link works again: %d", status)
	}
}

func TestInvitationsAreMadeWhileTheServerRunsAndWrites(t *testing.T) {
	data := t.TempDir()
	s, first := startFirst(t, data)
	_, lin := s.signUp(t, "lin", first)
	access, _ := lin["access_token"].(string)
	var wg sync.WaitGroup
	rooms := make(chan string, 20)
	wg.Go(func() {
		for range cap(rooms) {
			status, answer := s.post(t, "/_matrix/client/v3/createRoom", access, map[string]any{})
			if status != 200 {
				t.Errorf("making a room meanwhile: %d %v", status, answer)
			}
			room, _ := answer["room_id"].(string)
			rooms <- room
		}
	})
	for i := range 5 {
		token, _, err := wardroom(t, "invite", "--data", data, "--token-only")
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := s.signUp(t, fmt.Sprintf("p%d", i), strings.TrimSpace(token)); status != 200 {
			t.Errorf("invitation %d: %d %v", i, status, answer)
		}
	}
	link, said, err := wardroom(t, "invite", "--data", data, "--uses", "2", "--days", "3", "--name", "林")
	if err != nil || !strings.HasPrefix(link, s.url+"/#/invite/") || !strings.Contains(said, "2 people") {
		t.Errorf("the link is %q, beside it %q, %v", link, said, err)
	}
	wg.Wait()
	close(rooms)
	seen := map[string]bool{}
	for room := range rooms {
		if room == "" || seen[room] {
			t.Errorf("room %q was made twice or not at all", room)
		}
		seen[room] = true
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, "--data", data, "--listen", "127.0.0.1:0")
	_, token, _ := strings.Cut(strings.TrimSpace(link), "/#/invite/")
	if status, answer := again.post(t, "/_matrix/client/unstable/org.wardroom/invitation", "", map[string]any{"token": token}); status != 200 || answer["note"] != "林" || answer["uses_left"] != 2.0 {
		t.Errorf("after a restart the invitation is %d %v", status, answer)
	}
	if err := again.stop(); err != nil {
		t.Fatal(err)
	}
	for line := range again.printed {
		if strings.Contains(line, "/#/invite/") {
			t.Errorf("there are accounts, and yet a first link was printed: %s", line)
		}
	}
}

func TestManyAreInvitedFromAListOfNames(t *testing.T) {
	data := t.TempDir()
	s, _ := startFirst(t, data)
	list, page := filepath.Join(t.TempDir(), "names.csv"), filepath.Join(t.TempDir(), "slips.html")
	names := []string{"林秋硯", "佐藤 みなと", `Anna "K" <b>`}
	if err := os.WriteFile(list, []byte("\ufeff林秋硯,港務\r\n\r\n佐藤 みなと\r\n\"Anna \"\"K\"\" <b>\",x,y\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := wardroom(t, "invite", "--data", data, "--csv", list, "--html", page)
	if err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(names) {
		t.Fatalf("for %d names there are %d links:\n%s", len(names), len(lines), out)
	}
	for i, line := range lines {
		name, link, _ := strings.Cut(line, "\t")
		_, token, _ := strings.Cut(link, "/#/invite/")
		if name != names[i] || !bytes.Contains(html, []byte(link)) {
			t.Errorf("line %d is %q; on the page: %v", i+1, line, bytes.Contains(html, []byte(link)))
		}
		if status, answer := s.signUp(t, fmt.Sprintf("p%d", i), token); status != 200 {
			t.Errorf("%s cannot sign up: %d %v", name, status, answer)
		}
	}
	if bytes.Contains(html, []byte("<b>")) || !bytes.Contains(html, []byte("佐藤 みなと")) {
		t.Error("a name stands on the page as markup, or not at all")
	}
	if mode, err := os.Stat(page); err != nil || mode.Mode().Perm() != 0o600 {
		t.Errorf("others may read the page: %v %v", mode.Mode(), err)
	}
	if _, _, err := wardroom(t, "invite", "--data", data, "--csv", list, "--html", page); err == nil {
		t.Error("the page was overwritten")
	}
}

func TestInvitationsAreListedAndRevoked(t *testing.T) {
	data := t.TempDir()
	s, first := startFirst(t, data)
	_, lin := s.signUp(t, "lin", first)
	access, _ := lin["access_token"].(string)
	_, theirs := s.post(t, "/_matrix/client/unstable/org.wardroom/invitations", access, map[string]any{"note": "Lin's friend"})
	private, _ := theirs["token"].(string)
	invite := func(args ...string) string {
		out, _, err := wardroom(t, append([]string{"invite", "--data", data}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	works := func(name, token string) bool {
		status, _ := s.signUp(t, name, token)
		return status == 200
	}
	link := invite("--name", "佐藤 みなと", "--days", "2")
	_, token, _ := strings.Cut(link, "/#/invite/")
	two := invite("--name", "night shift", "--uses", "2", "--token-only")
	used := invite("--token-only")
	if !works("p1", used) || !works("p2", two) {
		t.Fatal("the invitations do not work")
	}

	list := strings.Split(invite("--list"), "\n")
	if len(list) != 2 || !strings.Contains(list[0], "佐藤 みなと, for one person, until ") || !strings.Contains(list[1], "night shift, for one person, until ") {
		t.Fatalf("listed are %q: want the two that still work", list)
	}
	for _, secret := range []string{token, two, private, "Lin's friend"} {
		if strings.Contains(strings.Join(list, "\n"), secret) {
			t.Errorf("the list tells %q", secret)
		}
	}
	id, _, _ := strings.Cut(list[1], "\t")
	if out := invite("--revoke", id); !strings.Contains(out, "night shift") || !strings.Contains(out, "stays") {
		t.Errorf("revoking says %q", out)
	}
	invite("--revoke", link)
	if works("p3", token) || works("p4", two) {
		t.Error("somebody signed up with a revoked invitation")
	}
	if out := invite("--list"); out != "" {
		t.Errorf("listed are still %q", out)
	}
	for _, name := range []string{id, link, token, private, "made up"} {
		if _, _, err := wardroom(t, "invite", "--data", data, "--revoke", name); err == nil || !strings.Contains(err.Error(), "still valid") {
			t.Errorf("revoking %q gives %v", name, err)
		}
	}
	if !works("p5", private) {
		t.Error("what somebody else made was revoked")
	}
	if status, answer := s.post(t, "/_matrix/client/v3/createRoom", access, map[string]any{}); status != 200 {
		t.Errorf("whoever signed up stays: %d %v", status, answer)
	}
}

func TestASlipHasItsLinkAsASquare(t *testing.T) {
	const link = "https://quay.example/#/invite/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var page bytes.Buffer
	if err := writeSlips(&page, []invited{{"林", link}, {"佐藤", link + "2"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	drawn := regexp.MustCompile(`<svg viewBox="0 0 (\d+) (\d+)"[^>]*><path d="([^"]*)"/></svg>`).FindAllStringSubmatch(page.String(), -1)
	if len(drawn) != 2 || drawn[0][3] == drawn[1][3] {
		t.Fatalf("the page has %d squares, or twice the same", len(drawn))
	}
	code, err := qr.Encode(link, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	side := code.Bounds().Dx()
	if drawn[0][1] != fmt.Sprint(side+8) || drawn[0][2] != fmt.Sprint(side+8) {
		t.Errorf("the square is %s wide and %s high, want %d and four dots of quiet on each side", drawn[0][1], drawn[0][2], side)
	}
	black := map[string]bool{}
	for _, dot := range regexp.MustCompile(`M(\d+ \d+)h1v1h-1z`).FindAllStringSubmatch(drawn[0][3], -1) {
		black[dot[1]] = true
	}
	for y := range side {
		for x := range side {
			r, _, _, _ := code.At(x, y).RGBA()
			if at := fmt.Sprintf("%d %d", x+4, y+4); black[at] != (r == 0) {
				t.Fatalf("the dot at %s is wrong", at)
			}
		}
	}
}

func TestWhatInviteRefuses(t *testing.T) {
	dir := t.TempDir()
	big5 := filepath.Join(dir, "big5.csv")
	empty := filepath.Join(dir, "empty.csv")
	for path, text := range map[string]string{big5: "ok\n\xaa\x4c\xac\xee\n", empty: "\n\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"--uses is 1", []string{"--uses", "0"}},
		{"--days is 1", []string{"--days", "0"}},
		{"--days is 1", []string{"--days", "400"}},
		{"\"lin\" is no option", []string{"lin"}},
		{"leave out --uses", []string{"--csv", empty, "--uses", "3"}},
		{"there are none", []string{"--csv", empty}},
		{"CSV UTF-8", []string{"--csv", big5}},
		{"line 2", []string{"--csv", big5}},
		{"leave out --token-only", []string{"--html", filepath.Join(dir, "x"), "--token-only"}},
		{"make no invitations", []string{"--list", "--uses", "2"}},
		{"make no invitations", []string{"--list", "--revoke", "x"}},
		{"start it once", nil},
	} {
		_, _, err := wardroom(t, append([]string{"invite", "--data", filepath.Join(dir, "data")}, c.args...)...)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want it to say %q", c.args, err, c.says)
		}
	}
}

func TestALinkIsMadeForEachPersonInAListAndForNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeffName,Office\n林秋硯,港務\nAnna\n": "林秋硯|Anna",
		"\n氏名\n佐藤 みなと\n":                    "佐藤 みなと",
		" NAME \nName\nLin\n":               "Lin",
		"Lin\nName\n":                       "Lin|Name", // whoever is called that
	} {
		names, err := readNames(strings.NewReader(text))
		if got := strings.Join(names, "|"); err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
	_, err := readNames(strings.NewReader("Name\n王偉\nLin\n\n 王偉 ,再\n"))
	if err == nil || !strings.Contains(err.Error(), "王偉 is on line 2 and on line 5") {
		t.Errorf("a name that is there twice: %v", err)
	}
}

func FuzzReadNames(f *testing.F) {
	f.Add([]byte("\ufeff林,x\r\n\"a\"\"b\"\n"))
	f.Add([]byte("\"open\n\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := readNames(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, n := range names {
			if n == "" || n != strings.TrimSpace(n) || strings.ContainsRune(n, 0) {
				t.Errorf("a name is %q", n)
			}
		}
	})
}
