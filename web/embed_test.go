package web

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestClientHasAPage(t *testing.T) {
	page, err := fs.ReadFile(Client(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("Wardroom")) {
		t.Errorf("index.html does not name Wardroom: %s", page)
	}
}

// The Content-Security-Policy allows scripts and styles from files alone, so an inline one would be dead.
func TestClientPageHasNothingInline(t *testing.T) {
	page, err := fs.ReadFile(Client(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range bytes.Split(page, []byte("<script"))[1:] {
		tag, _, _ := bytes.Cut(part, []byte(">"))
		if !bytes.Contains(tag, []byte("src=")) {
			t.Errorf("inline script in index.html: <script%s>", tag)
		}
	}
	if bytes.Contains(page, []byte("<style")) || bytes.Contains(page, []byte("style=")) {
		t.Error("inline style in index.html")
	}
}

// The client compares its own files with the list that Vite made, and the server records the one that it makes itself.
func TestABuildNamesItsOwnFiles(t *testing.T) {
	made, err := Files(Client())
	if err != nil {
		t.Fatal(err)
	}
	named, err := fs.ReadFile(Client(), list)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no client was built into this test")
	}
	if err != nil || string(named) != made {
		t.Errorf("%v: the build names\n%s\nand has\n%s", err, named, made)
	}
}

func TestABuildIsKnownByAllOfItsFiles(t *testing.T) {
	files := func(more fstest.MapFS) fstest.MapFS {
		all := fstest.MapFS{"index.html": {Data: []byte("page")}, "assets/a.js": {Data: []byte("code")}, "assets-b.js": {Data: []byte("x")}}
		for name, file := range more {
			all[name] = file
		}
		return all
	}
	build := func(client fs.FS) string {
		t.Helper()
		sum, err := Build(client)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first := build(files(nil))
	for name, other := range map[string]struct {
		more fstest.MapFS
		same bool
	}{
		"a compressed twin":    {fstest.MapFS{"assets/a.js.gz": {Data: []byte("z")}}, true},
		"the list":             {fstest.MapFS{list: {Data: []byte("z")}}, true},
		"one file more":        {fstest.MapFS{"assets/c.js": {}}, false},
		"another page":         {fstest.MapFS{"index.html": {Data: []byte("Page")}}, false},
		"a list deeper within": {fstest.MapFS{"assets/" + list: {}}, false},
	} {
		if (build(files(other.more)) == first) != other.same {
			t.Errorf("%s: is it the same build? want %v", name, other.same)
		}
	}
	text, err := Files(files(nil))
	want := "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  assets-b.js\n" +
		"5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b  assets/a.js\n" +
		"3660315a9af3df255d8f19ab077e4797822b41488a0e2a04bc6af71213c23274  index.html\n"
	if err != nil || text != want {
		t.Errorf("%v:\n%s", err, text)
	}
}
