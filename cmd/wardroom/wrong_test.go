package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What somebody reads who does something wrong: what it is, and what to do. It is said once, and nothing was begun.
func TestWhatIsWrongIsSaidInWords(t *testing.T) {
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.Addr().String()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	file := write("file", "")
	conf := write("wardroom.toml", "listen = \"8008\"\nretention = 3\npublic_url = \"chat.example.org\"\n")
	broken := filepath.Join(dir, "broken")
	if err := os.Mkdir(broken, 0o700); err != nil {
		t.Fatal(err)
	}
	write("broken/wardroom.db", strings.Repeat("garbage ", 200))
	data := filepath.Join(dir, "data")
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"serve", "--prot", "80"}, []string{`there is no option --prot: "wardroom serve --help" shows what there is`}},
		{[]string{"serve", "--data"}, []string{`--data needs a value`}},
		{[]string{"serve", "there"}, []string{`"there" is no option`}},
		{[]string{"doctor", "--lsten", at}, []string{`there is no option --lsten: "wardroom doctor --help"`}},
		{[]string{"invite", "--uses", "many"}, []string{`--uses cannot be "many": it must be a whole number`}},
		{[]string{"backup", "--recipient", "me"}, []string{`--recipient cannot be "me": that is no recipient; "wardroom backup --new-key FILE" prints one`}},
		{[]string{"backup", "--new-key", file}, []string{"is there already"}},
		{[]string{"restore", "--idenity", file}, []string{"there is no option --idenity"}},
		{[]string{"serv"}, []string{`there is no command "serv"`}},
		{[]string{"serve", "--data", data, "--listen", at}, []string{"nobody can connect at " + at, "Another program has it.", "stop it or choose another port"}},
		{[]string{"serve", "--data", data, "--listen", "192.0.2.1:0"}, []string{"does not have that address"}},
		{[]string{"serve", "--data", file, "--listen", "127.0.0.1:0"}, []string{"making the data folder", "not a directory"}},
		{[]string{"serve", "--data", broken, "--listen", "127.0.0.1:0"}, []string{"not a database", "wardroom doctor --data " + broken}},
		{[]string{"serve", "--config", conf}, []string{"retention: there is no such field", `listen: "8008" is not HOST:PORT`, "public_url:"}},
		{[]string{"config", "check", conf}, []string{"retention: there is no such field", `listen: "8008" is not HOST:PORT`, "public_url:"}},
		{[]string{"serve", "--config", filepath.Join(dir, "none")}, []string{"reading the configuration", "no such file"}},
		{[]string{"invite", "--data", data}, []string{"there is no server's data in " + data, "start it once"}},
		{[]string{"invite", "--data", data, "--list"}, []string{"there is no server's data in " + data}},
		{[]string{"backup", "--data", data, "--to", filepath.Join(dir, "b"), "--passphrase-file", write("secret", "seven quiet boats\n")}, []string{"there is no server's data in " + data}},
	} {
		out, errs, err := wardroom(t, c.args...)
		if err == nil {
			t.Errorf("%v goes through:\n%s", c.args, out)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%v says %q, and not %q", c.args, err, says)
			}
			if strings.Contains(out+errs, says) {
				t.Errorf("%v says it twice: %s%s", c.args, out, errs)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(data, "wardroom.db*")); len(left) > 0 {
		t.Errorf("a server that could not listen has made %v", left)
	}
}

func TestHelpIsPrintedWhereItCanBeRead(t *testing.T) {
	for _, args := range [][]string{{"help", "invite"}, {"invite", "--help"}, {"invite", "-h"}} {
		out, errs, err := wardroom(t, args...)
		if err != nil || errs != "" || !strings.Contains(out, "Usage:\n  wardroom invite") || !strings.Contains(out, "\n  --uses people\n      how many people may sign up with the link (without it: 1)\n") {
			t.Errorf("%v: %v\n%s%s", args, err, out, errs)
		}
	}
}

func TestTheDoctorFindsAnotherServersData(t *testing.T) {
	o := newOffice(t)
	conf := filepath.Join(t.TempDir(), "wardroom.toml")
	if err := os.WriteFile(conf, []byte("name = \"other.example\"\nlisten = \"127.0.0.1:0\"\ndata = \""+o.data+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := wardroom(t, "doctor", "--config", conf)
	if err == nil || !strings.Contains(out, `it belongs to the server "localhost"`) || !strings.Contains(out, `do: Write name = "localhost"`) {
		t.Errorf("%v\n%s", err, out)
	}
}
