// Package rig is the real wardroom as a process of its own, built for the occasion and driven over HTTP: the ground on which
// the proofs of durability and the measurements stand.
package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Program is the path of a built wardroom.
type Program string

// Change replaces Old by New in one source file, named from the module's top, for one build alone. A Change with an empty Old
// adds the file. The sources on disk stay as they are.
type Change struct{ File, Old, New string }

// Build builds wardroom into dir, with changes laid over the sources. It returns an error if the Old of a change does not
// stand exactly once in its file, so that a change that has lost its meaning is noticed.
func Build(ctx context.Context, dir string, changes ...Change) (Program, error) {
	top, err := moduleTop(ctx)
	if err != nil {
		return "", err
	}
	args := []string{"build", "-ldflags=-s -w"} // nothing in it is looked up by name
	if len(changes) > 0 {
		overlay, err := lay(top, dir, changes)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	program := filepath.Join(dir, "wardroom")
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", program, "./cmd/wardroom")...)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building wardroom: %w\n%s", err, out)
	}
	return Program(program), nil
}

// moduleTop is the folder of go.mod.
func moduleTop(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("looking for the module: %w", err)
	}
	return filepath.Dir(string(bytes.TrimSpace(out))), nil
}

// lay writes the changed files and the list that go build -overlay reads, and returns the list's path.
func lay(top, dir string, changes []Change) (string, error) {
	replace := map[string]string{}
	for i, c := range changes {
		path := filepath.Join(top, c.File)
		text := c.New
		if c.Old != "" {
			from := path
			if replace[path] != "" { // changed already
				from = replace[path]
			}
			was, err := os.ReadFile(from)
			if err != nil {
				return "", fmt.Errorf("changing %s: %w", c.File, err)
			}
			if n := strings.Count(string(was), c.Old); n != 1 {
				return "", fmt.Errorf("changing %s: %q stands there %d times and not once; the change has to follow the code", c.File, c.Old, n)
			}
			text = strings.Replace(string(was), c.Old, c.New, 1)
		}
		replace[path] = filepath.Join(dir, fmt.Sprintf("change%d.go", i))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
