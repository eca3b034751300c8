// Package web is the web client as the browser gets it: the files that Vite built, carried inside the binary.
package web

import (
	"embed"
	"io/fs"
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
