package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/store"
	"wardroom/test/rig"
)

// cluster is a PostgreSQL server of the test's own.
type postgresServer struct{ *rig.Postgres }

func newPostgres(t *testing.T, settings ...string) postgresServer {
	t.Helper()
	server := rig.PostgresFor(t, settings...)
	return postgresServer{server}
}

// configuration is a file for a server with a folder of its own and a new database.
func (c postgresServer) configuration(t *testing.T, name string) (data, file, address string) {
	t.Helper()
	address, err := c.Database(t.Context(), name, "")
	if err != nil {
		t.Fatal(err)
	}
	data, file = c.names(t, address)
	return data, file, address
}

// names is a file for a server with a folder of its own whose database has this address.
func (c postgresServer) names(t *testing.T, address string) (data, file string) {
	t.Helper()
	data, file = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "wardroom.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "listen = \"127.0.0.1:0\"\ndata = %q\ndatabase = %q\n", data, address), 0o600); err != nil {
		t.Fatal(err)
	}
	return data, file
}

func TestAServerWithPostgreSQL(t *testing.T) {
	c := newPostgres(t)
	data, file, _ := c.configuration(t, "office")
	o := newOfficeAt(t, data, "--config", file)
	if files, err := filepath.Glob(filepath.Join(data, store.File+"*")); err != nil || len(files) > 0 {
		t.Errorf("SQLite has %v", files)
	}
	if _, page, _ := get(t, http.DefaultClient, o.url+"/operator"); !strings.Contains(page, "postgres://wardroom@/office") || strings.Contains(page, "Write-ahead log") {
		t.Errorf("the operator's page is %s", page)
	}

	// Commands beside it, and those that were not told where its tables are.
	link, _, err := wardroom(t, "invite", "--config", file, "--token-only")
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := o.signUp(t, "sora", strings.TrimSpace(link)); status != 200 {
		t.Errorf("the invitation gives %d %v", status, answer)
	}
	before := names(t, data)
	for _, args := range [][]string{
		{"invite"}, {"invite", "--token-only"}, {"invite", "--list"}, {"backup", "--to", filepath.Join(t.TempDir(), "x"), "--recipient", o.recipient},
		{"restore", "--from", file, "--identity", o.key}, {"serve", "--listen", "127.0.0.1:0"},
	} {
		if _, _, err := wardroom(t, append(args, "--data", data)...); err == nil || !strings.Contains(err.Error(), "name its configuration with --config FILE") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if out, _, err := wardroom(t, "doctor", "--data", data, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(out, "Name its configuration") && !strings.Contains(out, "name its configuration with --config FILE") {
		t.Errorf("the doctor: %v\n%s", err, out)
	}
	if now := names(t, data); !slices.Equal(now, before) {
		t.Errorf("they have made %v, there was %v", now, before)
	}
	out, _, err := wardroom(t, "doctor", "--config", file)
	for _, want := range []string{"ok    PostgreSQL: Version 15", "ok    fsync: It is on.", "ok    full_page_writes", "ok    synchronous_commit", "ok    connections", "ok    clock of PostgreSQL", "space for PostgreSQL", "ok    database: It can be read."} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("the doctor does not say %q: %v\n%s", want, err, out)
		}
	}

	// A second server: the same folder, and another folder with the same database.
	if _, _, err := wardroom(t, "serve", "--config", file); err == nil || !strings.Contains(err.Error(), "another server is using") {
		t.Errorf("a second server in the folder: %v", err)
	}
	if _, _, err := wardroom(t, "serve", "--config", file, "--data", filepath.Join(t.TempDir(), "elsewhere")); err == nil || !strings.Contains(err.Error(), "another server has it open") || !strings.Contains(err.Error(), "wardroom doctor --config "+file+" --data ") {
		t.Errorf("a second server on the database: %v", err)
	}

	// A backup under load goes into a new database and, the way back, into SQLite.
	_, fresh, _ := c.configuration(t, "fresh")
	backsUpUnderLoad(t, o, []string{"--config", fresh}, []string{"--data", filepath.Join(t.TempDir(), "sqlite")})
	if out, _, _ := wardroom(t, "doctor", "--config", file); !strings.Contains(out, "ok    backup: The last one was made on") {
		t.Errorf("after a backup:\n%s", out)
	}
	file2 := filepath.Join(t.TempDir(), "again")
	if _, _, err := wardroom(t, "backup", "--config", file, "--to", file2, "--recipient", o.recipient); err != nil {
		t.Errorf("while it does not run: %v", err)
	}
	if _, _, err := wardroom(t, "restore", "--config", file, "--from", file2, "--identity", o.key); err == nil {
		t.Error("a restore into what is there")
	}
}

func TestAServerMovesToPostgreSQLByOneLine(t *testing.T) {
	c := newPostgres(t)
	data, file, _ := c.configuration(t, "office")
	o := newOfficeAt(t, data, "--data", data)
	for n := range 30 {
		if _, err := o.say(t, fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	at, err := o.upload(t, "a file")
	if err != nil {
		t.Fatal(err)
	}
	want := o.chain(t, o.token, o.room)
	since := o.must(t, "GET", "/_matrix/client/v3/sync", o.token, nil, "next_batch")
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := wardroom(t, "backup", "--config", file, "--to", filepath.Join(t.TempDir(), "x"), "--recipient", o.recipient); err == nil || !strings.Contains(err.Error(), "there is no server's data in postgres://") {
		t.Errorf("a backup before the move: %v", err)
	}
	o.served = startServer(t, "--config", file, "--unlimited")
	if got := o.chain(t, o.token, o.room); !slices.Equal(got, want) {
		t.Errorf("%d events are there, want %d", len(got), len(want))
	}
	if status, body := o.ask(t, "GET", "/_matrix/client/v1/media/download/"+at, o.token, nil); status != 200 || string(body) != "a file" {
		t.Errorf("the file is %d %s", status, body)
	}
	id, err := o.say(t, "after the move")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := o.ask(t, "GET", "/_matrix/client/v3/sync?since="+since, o.token, nil); status != 200 || !strings.Contains(string(body), id) {
		t.Errorf("a device goes on with %d %s", status, body)
	}
	for _, says := range []string{"Moving what SQLite has in " + data, "  event ", "all were read back and are the same", "still holds everything as it was"} {
		if !strings.Contains(o.said.String(), says) {
			t.Errorf("it does not say %q:\n%s", says, o.said)
		}
	}
	moved, err := filepath.Glob(filepath.Join(data, store.File+"*"))
	if err != nil || len(moved) != 1 || !strings.Contains(moved[0], ".moved-to-postgresql-20") {
		t.Errorf("the old file is %v", moved)
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	o.served = startServer(t, "--config", file, "--unlimited")
	if strings.Contains(o.said.String(), "Mov") {
		t.Errorf("a second time it says %s", o.said)
	}
	if got := o.chain(t, o.token, o.room); len(got) != len(want)+1 {
		t.Errorf("%d events are there", len(got))
	}
}

func TestThePasswordOfPostgreSQLIsToldNobody(t *testing.T) {
	open, err := os.MkdirTemp("", "wardroom-hba-") // where PostgreSQL's own user can read it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(open)
	asks := filepath.Join(open, "pg_hba.conf")
	if err := errors.Join(os.Chmod(open, 0o755), os.WriteFile(asks, []byte("local all reader scram-sha-256\nlocal all wardroom trust\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	c := newPostgres(t, "hba_file="+asks)
	if err := c.Run(t.Context(), c.URL, "CREATE ROLE reader LOGIN PASSWORD 'streng geheim'"); err != nil {
		t.Fatal(err)
	}
	whole, err := c.Database(t.Context(), "whole", "OWNER reader")
	if err != nil {
		t.Fatal(err)
	}
	pass := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte("*:*:*:reader:streng geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	reader := strings.Replace(whole, "wardroom@", "reader@", 1)
	for address, says := range map[string]string{
		reader: `asks the user "reader" for a password, and none was given`,
		strings.Replace(whole, "wardroom@", "reader:geheim@", 1):          `does not take the password of the user "reader"`,
		strings.Replace(whole, "wardroom@", "nobody@", 1):                 `does not let the user "nobody" in`,
		reader + "&passfile=" + pass:                                      "",
		strings.Replace(whole, "wardroom@", "reader:streng%20geheim@", 1): "",
	} {
		_, file := c.names(t, address)
		_, _, err := wardroom(t, "invite", "--config", file, "--token-only")
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("with %s: %v, want %q", address, err, says)
		}
	}
	for _, address := range []string{
		strings.Replace(whole, "wardroom@", "reader:geheim@", 1), strings.Replace(c.URL, "wardroom@", "nobody:geheim@", 1),
		"postgres://u:geheim@127.0.0.1:1/n", "postgres://u:geheim@h:x/n", "postgres://u:geheim@h/n?sslmode=no", "mysql://u:geheim@h/n", "postgres://u:geheim@h",
		"postgres://u@127.0.0.1:1/n?password=geheim",
	} {
		_, file := c.names(t, address)
		for _, args := range [][]string{{"serve", "--config", file}, {"doctor", "--config", file}, {"invite", "--config", file}, {"config", "check", file}} {
			out, errs, err := wardroom(t, args...)
			if said := fmt.Sprint(out, errs, err); strings.Contains(said, "geheim") {
				t.Errorf("%v with %s says\n%s", args, address, said)
			}
			if err == nil && args[0] != "config" {
				t.Errorf("%v with %s goes through", args, address)
			}
		}
	}
}

func TestTheDoctorFindsAPostgreSQLServerThatLosesWhatWasAnswered(t *testing.T) {
	c := newPostgres(t, "fsync=off", "full_page_writes=off", "synchronous_commit=off")
	_, file, _ := c.configuration(t, "office")
	out, _, err := wardroom(t, "doctor", "--config", file)
	if err == nil || !strings.Contains(out, "wrong fsync: It is off in PostgreSQL: what was answered to people is lost") || !strings.Contains(out, "wrong full_page_writes") ||
		!strings.Contains(out, "ok    synchronous_commit: It is on.") || !strings.Contains(out, "ok    database: There is nothing in it yet.") {
		t.Errorf("%v\n%s", err, out)
	}
}

// names lists all files below a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
