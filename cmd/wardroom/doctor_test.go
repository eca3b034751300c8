package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/store"
)

func TestTheDoctorFindsARunningServerWell(t *testing.T) {
	o := newOffice(t)
	out, _, err := wardroom(t, "doctor", "--data", o.data, "--listen", strings.TrimPrefix(o.url, "http://"))
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"The running server has it", "No damage was found", "No backup was ever made"} {
		if !strings.Contains(out, want) {
			t.Errorf("the doctor does not say %q:\n%s", want, out)
		}
	}
	file := filepath.Join(t.TempDir(), "backup")
	if _, _, err := wardroom(t, "backup", "--data", o.data, "--to", file, "--recipient", o.recipient); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := wardroom(t, "doctor", "--data", o.data, "--listen", "127.0.0.1:0"); !strings.Contains(out, "ok    backup: The last one was made on") {
		t.Errorf("after a backup:\n%s", out)
	}
}

func TestTheDoctorFindsADamagedDatabase(t *testing.T) {
	o := newOffice(t)
	for n := range 50 {
		if _, err := o.say(t, fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(o.data, store.File)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := 8192; at < len(data); at += 4096 {
		copy(data[at:], make([]byte, 64))
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := wardroom(t, "doctor", "--data", o.data, "--listen", "127.0.0.1:0")
	if err == nil || !strings.Contains(out, "wrong database:") || !strings.Contains(out, "wardroom restore") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheOperatorsPageIsAboutTheMachineAlone(t *testing.T) {
	o := newOffice(t)
	for range 3 {
		if _, err := o.say(t, "x"); err != nil {
			t.Fatal(err)
		}
	}
	status, page, header := get(t, http.DefaultClient, o.url+"/operator")
	for _, want := range []string{"<strong>server</strong> It takes and keeps what people write.", "No backup was ever made", "Version of the tables", "Database"} {
		if status != 200 || !strings.Contains(page, want) {
			t.Errorf("%d: the page lacks %q:\n%s", status, want, page)
		}
	}
	if strings.Contains(page, "@lin") || strings.Contains(page, o.room) {
		t.Error("the page names somebody")
	}
	if csp := header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'") {
		t.Errorf("policy %q", csp)
	}
	if status, css, header := get(t, http.DefaultClient, o.url+"/operator/page.css"); status != 200 || header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(css, "--ink") {
		t.Errorf("the style: %d %v", status, header)
	}
}
