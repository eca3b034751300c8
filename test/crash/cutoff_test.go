package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wardroom/test/rig"
)

// cuts builds a program that kills itself (kill -9) at the point that the environment names.
var cuts = []rig.Change{
	{File: "internal/backup/cut.go", New: `package backup

import (
	"os"
	"syscall"
)

func Cut(point string) {
	if os.Getenv("CUT") == point {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
`},
	{File: "cmd/wardroom/backup.go", Old: "	inside, err := store.Inside(", New: "	backup.Cut(\"copied\")\n	inside, err := store.Inside("},
	{File: "internal/backup/backup.go", Old: "	for _, id := range src.Files {", New: "	Cut(\"half written\")\n	for _, id := range src.Files {"},
	{File: "internal/backup/backup.go", Old: "	} else if err := os.Remove(part); err", New: "	} else if err := func() error { Cut(\"linked\"); return os.Remove(part) }(); err"},
	{File: "cmd/wardroom/backup.go", Old: "	if err := store.Note(", New: "	backup.Cut(\"whole\")\n	if err := store.Note("},
	{File: "cmd/wardroom/restore.go", Old: "	if err := os.WriteFile(filepath.Join(aside, restoreMark)", New: "	backup.Cut(\"not marked\")\n	if err := os.WriteFile(filepath.Join(aside, restoreMark)"},
	{File: "cmd/wardroom/restore.go", Old: "	if done, err = unpack(", New: "	backup.Cut(\"marked\")\n	if done, err = unpack("},
	{File: "internal/backup/backup.go", Old: "			found[e.Name] = e\n", New: "			found[e.Name] = e\n			Cut(\"half unpacked\")\n"},
	{File: "cmd/wardroom/restore.go", Old: "	return done, p.put(ctx)", New: "	backup.Cut(\"unpacked\")\n	return done, p.put(ctx)"},
	{File: "cmd/wardroom/restore.go", Old: "	if p.database != \"\" {\n		if _, err := store.Move(", New: "	backup.Cut(\"half placed\")\n	if p.database != \"\" {\n		if _, err := store.Move("},
	{File: "cmd/wardroom/restore.go", Old: "	return errors.Join(os.RemoveAll(aside)", New: "	backup.Cut(\"placed\")\n	return errors.Join(os.RemoveAll(aside)"},
}

// archive is a server with one room, stopped, and what opens its backups.
type archive struct {
	*testing.T
	program         rig.Program
	data, key, to   string
	recipient, room string
	person          *rig.Person
}

func newArchive(t *testing.T, more ...rig.Change) *archive {
	t.Helper()
	dir := t.TempDir()
	program, err := rig.Build(t.Context(), dir, slices.Concat(cuts, more)...)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{T: t, program: program, data: filepath.Join(dir, "data"), key: filepath.Join(dir, "key"), to: filepath.Join(dir, "backups")}
	if err := os.Mkdir(a.to, 0o700); err != nil {
		t.Fatal(err)
	}
	a.recipient = strings.TrimSpace(a.run("", true, "backup", "--new-key", a.key))
	site := rig.NewSite(program, a.data)
	a.start(site)
	people, err := site.People(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	a.person = people[0]
	if a.room, err = a.person.Room(t.Context(), "Quay"); err != nil {
		t.Fatal(err)
	}
	if _, err := site.Call(t.Context(), a.person.Token, "POST", "/_matrix/media/v3/upload", "a file"); err != nil {
		t.Fatal(err)
	}
	a.stop(site)
	return a
}

func (a *archive) start(site *rig.Site) {
	a.Helper()
	if err := site.Start(a.Context()); err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { _, _ = site.Kill() })
}

func (a *archive) stop(site *rig.Site) {
	a.Helper()
	if _, err := site.Stop(); err != nil {
		a.Fatal(err)
	}
}

// run runs one command, to be killed at the point cut if that is not empty, and gives all that it said.
func (a *archive) run(cut string, ok bool, args ...string) string {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), patience) // a server that should not have started would run for ever
	defer cancel()
	cmd := exec.CommandContext(ctx, string(a.program), args...)
	cmd.Env = append(os.Environ(), "CUT="+cut)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	var exit *exec.ExitError
	killed := ctx.Err() == nil && errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	if killed != (cut != "") || cut == "" && (err == nil) != ok {
		a.Fatalf("wardroom %s ended with %v:\n%s", strings.Join(args, " "), err, &said)
	}
	return said.String()
}

func (a *archive) backup(cut, name string) string {
	a.Helper()
	return a.run(cut, true, "backup", "--data", a.data, "--to", filepath.Join(a.to, name), "--recipient", a.recipient)
}

// left lists what is in the folders that does not belong there when nothing is going on.
func left(t *testing.T, folders ...string) (names []string) {
	t.Helper()
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if name := e.Name(); strings.HasPrefix(name, "backup-copy") || strings.HasSuffix(name, ".part") || name == "restoring" {
				names = append(names, name)
			}
		}
	}
	return names
}

// isWhole starts a server on folder data and looks for what was said.
func (a *archive) isWhole(data string) {
	a.Helper()
	a.serves(rig.NewSite(a.program, data))
}

// serves starts the server of a site and looks for what was said.
func (a *archive) serves(site *rig.Site) {
	a.Helper()
	a.start(site)
	token := a.signIn(site)
	answer, err := site.Call(a.Context(), token, "GET", "/_matrix/client/v3/rooms/"+url.PathEscape(a.room)+"/state/m.room.name", nil)
	if err != nil || !strings.Contains(string(answer), "Quay") {
		a.Errorf("the room is %s, %v", answer, err)
	}
	a.stop(site)
	if rest := left(a.T, site.Data); len(rest) > 0 {
		a.Errorf("left over are %v", rest)
	}
}

func (a *archive) signIn(site *rig.Site) string {
	a.Helper()
	name := strings.TrimPrefix(strings.Split(a.person.User, ":")[0], "@")
	data, err := site.Call(context.WithoutCancel(a.Context()), "", "POST", "/_matrix/client/v3/login", map[string]any{
		"type": "m.login.password", "password": "correct horse " + name, "identifier": map[string]any{"type": "m.id.user", "user": name},
	})
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := errors.Join(err, json.Unmarshal(data, &answer)); err != nil {
		a.Fatal(err)
	}
	return answer.Token
}

func TestABackupThatWasKilledIsClearedAway(t *testing.T) {
	a := newArchive(t)
	for _, c := range []struct {
		point string
		left  int // of copies and unfinished files
		whole bool
	}{{"copied", 1, false}, {"half written", 2, false}, {"linked", 2, true}, {"whole", 1, true}} {
		t.Run(c.point, func(t *testing.T) {
			a := *a
			a.T = t
			a.backup(c.point, c.point)
			if rest := left(t, a.data, a.to); len(rest) != c.left {
				t.Fatalf("killed there it leaves %v", rest)
			}
			if _, err := os.Stat(filepath.Join(a.to, c.point)); (err == nil) != c.whole {
				t.Errorf("of the backup: %v", err)
			}
			if said := a.run("", true, "doctor", "--data", a.data, "--listen", "127.0.0.1:0"); !strings.Contains(said, "A backup was cut off") {
				t.Errorf("the doctor says\n%s", said)
			}
			if said := a.backup("", c.point+" again"); strings.Count(said, "removed what it left") != c.left {
				t.Errorf("the next backup says %q", said)
			}
			if rest := left(t, a.data, a.to); len(rest) > 0 {
				t.Errorf("the next backup leaves %v", rest)
			}
			if said := a.backup("", c.point+" once more"); strings.Contains(said, "cut off") {
				t.Errorf("the one after it says %q", said)
			}

			// A server removes it too: what people delete must not stay in a forgotten copy.
			a.backup(c.point, c.point+" with a server")
			a.isWhole(a.data)
			if rest := left(t, a.data, a.to); len(rest) > 0 {
				t.Errorf("the server leaves %v", rest)
			}
		})
	}
}

func TestARestoreThatWasKilledIsNoServerAndBeginsAnew(t *testing.T) {
	a := newArchive(t)
	a.backup("", "backup")
	restore := func(a *archive, cut string, ok bool, data string) string {
		return a.run(cut, ok, "restore", "--from", filepath.Join(a.to, "backup"), "--data", data, "--identity", a.key)
	}
	const again = `Run the same "wardroom restore" again`
	for _, point := range []string{"not marked", "marked", "half unpacked", "unpacked", "half placed"} {
		t.Run(point, func(t *testing.T) {
			a := *a
			a.T = t
			data := filepath.Join(t.TempDir(), "new")
			restore(&a, point, true, data)
			before := tree(t, data)
			for _, command := range [][]string{
				{"serve", "--listen", "127.0.0.1:0"}, {"invite", "--token-only"}, {"invite", "--list"},
				{"backup", "--to", filepath.Join(t.TempDir(), "x"), "--recipient", a.recipient}, {"doctor", "--listen", "127.0.0.1:0"},
			} {
				if said := a.run("", false, append(command, "--data", data)...); !strings.Contains(said, again) {
					t.Errorf("%v says\n%s", command, said)
				}
			}
			if now := tree(t, data); !slices.Equal(now, before) {
				t.Errorf("something was put there: %v, was %v", now, before)
			}

			// Something else in the folder is nobody's to remove.
			mine := filepath.Join(data, "mine.txt")
			if err := os.WriteFile(mine, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			before = tree(t, data)
			if said := restore(&a, "", false, data); !strings.Contains(said, "mine.txt, which is not a restore's") {
				t.Errorf("with something else there it says\n%s", said)
			}
			if now := tree(t, data); !slices.Equal(now, before) {
				t.Errorf("something was removed: %v, was %v", now, before)
			}
			if err := os.Remove(mine); err != nil {
				t.Fatal(err)
			}
			if said := restore(&a, "", true, data); !strings.Contains(said, "was cut off; removed what it left") {
				t.Errorf("the second restore says\n%s", said)
			}
			a.isWhole(data)
		})
	}
	t.Run("placed", func(t *testing.T) {
		a := *a
		a.T = t
		data := filepath.Join(t.TempDir(), "new")
		restore(&a, "placed", true, data)
		if said := restore(&a, "", false, data); !strings.Contains(said, "is complete: there is a whole server") {
			t.Errorf("restoring again says\n%s", said)
		}
		a.isWhole(data)
	})
	t.Run("a folder that only has the same name", func(t *testing.T) {
		a := *a
		a.T = t
		data := t.TempDir()
		if err := os.MkdirAll(filepath.Join(data, "restoring", "my things"), 0o700); err != nil {
			t.Fatal(err)
		}
		if said := restore(&a, "", false, data); !strings.Contains(said, "was not made by a restore") {
			t.Errorf("it says\n%s", said)
		}
		if _, err := os.Stat(filepath.Join(data, "restoring", "my things")); err != nil {
			t.Error(err)
		}
	})
}

// tree lists all that is below a folder.
func tree(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
