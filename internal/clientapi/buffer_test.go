package clientapi

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// text is an answer that writes itself.
type text string

func (t text) AppendJSON(b []byte) []byte { return append(b, t...) }

// gone is a connection as HTTP/2 has it when the client resets the stream: Write fails while the frame is still being written.
type gone struct {
	http.ResponseWriter
	frame []byte
}

func (g *gone) Write(p []byte) (int, error) { g.frame = p; return 0, errors.New("stream closed") }

func TestAnAnswerThatMayStillBeWrittenIsNotOverwritten(t *testing.T) {
	a, r := &API{}, httptest.NewRequest("GET", "/", nil)
	for range 50 {
		g := &gone{ResponseWriter: httptest.NewRecorder()}
		a.answer(g, r, text(`{"of":"kai"}`), nil)
		a.answer(httptest.NewRecorder(), r, text(`{"of":"lin"}`), nil)
		if !bytes.Equal(g.frame, []byte(`{"of":"kai"}`)) {
			t.Fatalf("kai's connection is written %s", g.frame)
		}
	}
}
