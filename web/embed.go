// Package web is the web client as the browser gets it: the files that Vite built, carried inside the binary.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// dist holds index.html, which is committed and says how to build the client, and app/, which a build writes
// and git ignores. So a clean clone builds with Go alone, and a build leaves the clone clean.
//
//go:embed all:dist
var dist embed.FS

// Client returns the files of the web client, index.html at the top. Where no client was built into this binary,
// that index.html says so and how to build it. Everything under assets/ carries a hash of its content in its name
// and may be cached for ever; nothing else may.
func Client() fs.FS {
	root := "dist/app"
	if _, err := fs.Stat(dist, root+"/index.html"); err != nil {
		root = "dist"
	}
	files, err := fs.Sub(dist, root)
	if err != nil {
		panic(err) // root is a valid path, so fs.Sub cannot refuse it
	}
	return files
}

// list is the file in which a build names its own files. Vite writes it, and what is in it is what Files says.
const list = "build.txt"

// Files names every file of a client with its SHA-256, sorted by name, in the form of sha256sum: what a browser gets, without the
// compressed twins of it, and without the list itself.
func Files(client fs.FS) (string, error) {
	sums := map[string]string{}
	err := fs.WalkDir(client, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == list || path.Ext(name) == ".gz" {
			return err
		}
		data, err := fs.ReadFile(client, name)
		sums[name] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&lines, "%s  %s\n", sums[name], name)
	}
	return lines.String(), err
}

// Build is by what a client is known in the ledger: the SHA-256 of what Files says of it, in hexadecimal.
func Build(client fs.FS) (string, error) {
	files, err := Files(client)
	if err != nil {
		return "", fmt.Errorf("reading the web client: %w", err)
	}
	sum := sha256.Sum256([]byte(files))
	return hex.EncodeToString(sum[:]), nil
}
