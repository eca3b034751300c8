package wardroom_test

import (
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// floor says how high each package lives; imports go down only. Packages on the edge floor are strangers to each other.
var floor = map[string]int{
	"mxid": 0, "fault": 0,
	"config": 1, "event": 1, "stream": 1,
	"label": 2, "ledger": 2, "turn": 2,
	"warrant": 3, "guard": 3, "mail": 3,
	"account": 4, "directory": 4,
	"device": 5, "media": 5, "room": 5, "desk": 5,
	"feed": 6, "meeting": 6, "notice": 6, "casework": 6, "push": 6, "service": 6,
	"clientapi": 7, "store": 7, "blob": 7, "sfu": 7, "operate": 7, "front": 7, "backup": 7, "cluster": 7,
}

func packages(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, name := range packages(t) {
		at, known := floor[name]
		if !known {
			t.Errorf("internal/%s has no floor: give it one here and in docs/ARCHITECTURE.md", name)
			continue
		}
		pkg, err := build.ImportDir(filepath.Join("internal", name), 0)
		if err != nil {
			t.Errorf("internal/%s: %v", name, err)
			continue
		}
		for _, path := range pkg.Imports {
			if path == "wardroom/cmd/wardroom" {
				t.Errorf("internal/%s imports the program", name)
			}
			rest, ours := strings.CutPrefix(path, "wardroom/internal/")
			if !ours {
				if at == 0 && strings.Contains(strings.Split(path, "/")[0], ".") {
					t.Errorf("internal/%s is on the ground floor but imports %s", name, path)
				}
				continue
			}
			if below := floor[strings.Split(rest, "/")[0]]; below >= at && at != 0 || at == 0 {
				t.Errorf("internal/%s (floor %d) imports internal/%s (floor %d)", name, at, rest, below)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, name := range packages(t) {
		pkg, err := build.ImportDir(filepath.Join("internal", name), 0)
		if err != nil {
			t.Errorf("internal/%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(pkg.Doc, "Package "+pkg.Name+" ") {
			t.Errorf("internal/%s has no package comment", name)
		}
	}
}
