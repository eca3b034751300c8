package web

import (
	"bytes"
	"io/fs"
	"testing"
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
