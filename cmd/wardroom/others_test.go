package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/test/rig"
)

// beside gives a configuration for one of several servers with the database at address, whose files are those in the folder files.
func (c postgresServer) beside(t *testing.T, address, redis, files string) (data, file string) {
	t.Helper()
	data, file = c.names(t, address)
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, fmt.Appendf(text, "redis = %q\n", redis), 0o600)
	}
	if err == nil {
		err = os.MkdirAll(data, 0o700)
	}
	if err == nil {
		err = os.Symlink(files, filepath.Join(data, filesFolder))
	}
	if err != nil {
		t.Fatal(err)
	}
	return data, file
}

func TestTwoServersHaveOneBucket(t *testing.T) {
	c := newPostgres(t)
	redis := rig.RedisFor(t)
	address, err := c.Database(t.Context(), "office", "")
	if err != nil {
		t.Fatal(err)
	}
	store := newS3(t)
	beside := func(prefix string) (data, file string) {
		data, file = c.names(t, address)
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, fmt.Appendf(text, "redis = %q\nfiles = %q\n", "unix://"+redis.Socket, store.at(prefix)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return data, file
	}
	data, one := beside("office")
	_, two := beside("office")
	_, elsewhere := beside("elsewhere")
	first := newOfficeAt(t, data, "--config", one)
	second := *first
	second.served = startServer(t, "--config", two, "--listen", "127.0.0.1:0", "--unlimited")
	if err := begins(t, "serve", "--config", elsewhere, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "is not where the files of this server are") {
		t.Errorf("with another bucket: %v", err)
	}
	id, err := first.upload(t, "ciphertext")
	if err != nil {
		t.Fatal(err)
	}
	second.downloads(t, map[string]string{id: "ciphertext"})
}

func TestTwoServersAreOneToPeople(t *testing.T) {
	c := newPostgres(t)
	server := rig.RedisFor(t)
	address, err := c.Database(t.Context(), "office", "")
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	redis := "unix://" + server.Socket
	data, one := c.beside(t, address, redis, files)
	_, two := c.beside(t, address, redis, files)
	_, elsewhere := c.beside(t, address, redis, t.TempDir())
	_, alone := c.names(t, address)

	first := newOfficeAt(t, data, "--config", one)
	second := *first
	second.served = startServer(t, "--config", two, "--listen", "127.0.0.1:0", "--unlimited")
	if _, _, err := wardroom(t, "serve", "--config", elsewhere); err == nil || !strings.Contains(err.Error(), "is not the folder that the other servers") {
		t.Errorf("with other files: %v", err)
	}
	if _, _, err := wardroom(t, "serve", "--config", alone); err == nil || !strings.Contains(err.Error(), "another server has it open") {
		t.Errorf("a server that is to be alone: %v", err)
	}

	if out, _, _ := wardroom(t, "doctor", "--config", one); !strings.Contains(out, "ok    Redis: It answers.") {
		t.Errorf("the doctor says:\n%s", out)
	}

	// A file that one has is there at the other.
	id, err := first.upload(t, "ciphertext")
	if err != nil {
		t.Fatal(err)
	}
	if status, text, err := second.try(t, "GET", "/_matrix/client/v1/media/download/"+id, second.token, nil); err != nil || status != 200 || string(text) != "ciphertext" {
		t.Errorf("the other server has %d %s %v", status, text, err)
	}

	// What one says, the other one's people are told while they wait; and who writes; and when they stop.
	sync := func(o *office, since string, timeout int) (next, text string) {
		status, body, err := o.try(t, "GET", fmt.Sprintf("/_matrix/client/v3/sync?timeout=%d&since=%s", timeout, since), o.token, nil)
		var answer struct {
			Next string `json:"next_batch"`
		}
		if err == nil {
			err = json.Unmarshal(body, &answer)
		}
		if err != nil || status != 200 {
			t.Fatalf("%d %s %v", status, body, err)
		}
		return answer.Next, string(body)
	}
	since, _ := sync(&second, "", 0)
	if _, err := first.say(t, "hello"); err != nil {
		t.Fatal(err)
	}
	next, told := sync(&second, since, 0) // what was answered is there, wherever one looks
	if !strings.Contains(told, "hellohello") {
		t.Fatalf("told of %s", told)
	}
	typing := "/_matrix/client/v3/rooms/" + url.PathEscape(first.room) + "/typing/@lin:localhost"
	for _, says := range []string{`{"typing":true,"timeout":60000}`, `{"typing":false}`} {
		if status, text, err := first.try(t, "PUT", typing, first.token, []byte(says)); err != nil || status != 200 {
			t.Fatalf("typing: %d %s %v", status, text, err)
		}
		want := `"user_ids":["@lin:localhost"]`
		if strings.Contains(says, "false") {
			want = `"user_ids":[]`
		}
		if next, told = sync(&second, next, 30_000); !strings.Contains(told, want) {
			t.Fatalf("%s: told of %s", says, told)
		}
	}
	// A device that changes the server is told anew who writes: the other server cannot know what it was told.
	if next, told = sync(first, next, 0); !strings.Contains(told, `"user_ids":[]`) {
		t.Errorf("at the other server: %s", told)
	}
	for _, o := range []*office{&second, first, &second} { // once: otherwise who goes to and fro never waits
		if next, told = sync(o, next, 0); strings.Contains(told, "m.typing") {
			t.Errorf("to and fro: %s", told)
		}
	}

	// A token that one server has given to a program is known to the other, and what one ends, has ended at both.
	status, text, err := first.try(t, "POST", "/_matrix/client/v3/user/@lin:localhost/openid/request_token", first.token, []byte(`{}`))
	var open struct {
		Token string `json:"access_token"`
	}
	if err == nil {
		err = json.Unmarshal(text, &open)
	}
	if err != nil || status != 200 {
		t.Fatalf("%d %s %v", status, text, err)
	}
	if status, text, err := second.try(t, "GET", "/_matrix/federation/v1/openid/userinfo?access_token="+url.QueryEscape(open.Token), "", nil); err != nil || status != 200 {
		t.Errorf("the token is not known to the other server: %d %s %v", status, text, err)
	}
	if err := server.Stop(); err != nil { // and without Redis too
		t.Fatal(err)
	}
	if status, text, err := first.try(t, "POST", "/_matrix/client/v3/logout", first.token, []byte(`{}`)); err != nil || status != 200 {
		t.Fatalf("%d %s %v", status, text, err)
	}
	for _, o := range []*office{first, &second} {
		if status, text, err := o.try(t, "GET", "/_matrix/client/v3/account/whoami", o.token, nil); err != nil || status != 401 {
			t.Errorf("a token that was ended gives %d %s %v", status, text, err)
		}
	}
}
