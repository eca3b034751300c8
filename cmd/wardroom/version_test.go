package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/store"
)

// Beside a server of another program's version, nothing but that server may touch the database.
func TestNoCommandChangesTablesOfAnotherVersion(t *testing.T) {
	o := newOffice(t)
	db, err := sql.Open("sqlite", filepath.Join(o.data, store.File))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	made, _, err := wardroom(t, "invite", "--data", o.data, "--token-only")
	if err != nil {
		t.Fatal(err)
	}
	for version, says := range map[int]string{
		store.Version() - 1: "this program works with version",
		store.Version() + 1: "A newer program has used it: use that one",
	} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			if _, err := db.Exec(fmt.Sprint("PRAGMA user_version = ", version)); err != nil {
				t.Fatal(err)
			}
			before := everything(t, o.data)
			for _, args := range [][]string{
				{"invite"}, {"invite", "--token-only"}, {"invite", "--list"}, {"invite", "--revoke", strings.TrimSpace(made)},
				{"backup", "--to", filepath.Join(t.TempDir(), "backup"), "--recipient", o.recipient},
			} {
				out, _, err := wardroom(t, append(args, "--data", o.data)...)
				if err == nil || !strings.Contains(err.Error(), says) || out != "" {
					t.Errorf("%v: %v\n%s", args, err, out)
				}
			}
			if out, _, _ := wardroom(t, "doctor", "--data", o.data, "--listen", "127.0.0.1:0"); !strings.Contains(out, says) {
				t.Errorf("the doctor does not say %q:\n%s", says, out)
			}
			for _, change := range before.changes(everything(t, o.data)) {
				t.Errorf("changed: %s", change)
			}
			var now int
			if err := db.QueryRow("PRAGMA user_version").Scan(&now); err != nil || now != version {
				t.Errorf("the tables are now of version %d, %v", now, err)
			}
			if id, err := o.say(t, fmt.Sprint("meanwhile", version)); err != nil || id == "" {
				t.Errorf("the server cannot go on: %v", err)
			}
		})
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(fmt.Sprint("PRAGMA user_version = ", store.Version()+1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := wardroom(t, "serve", "--data", o.data, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "restore a backup of before") {
		t.Errorf("an older program's serve: %v", err)
	}
}
