package front

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// A client may be slow, but not for ever: after the grace it must move at least so many bytes a second. Waiting for
// something to answer (a long poll) is not slowness and has no deadline here.
const (
	grace   = 30 * time.Second
	minRate = 8 << 10
	leaving = 5 * time.Second // to hand in the rest of a body that nobody wanted
)

// clock says by when the next bytes must have moved.
type clock struct {
	start time.Time
	bytes int64
}

func (c *clock) deadline() time.Time {
	return c.start.Add(grace + time.Duration(c.bytes)*time.Second/minRate)
}

// patient is a ResponseWriter that gives up on a client which does not take its answer, remembers the status, and gives each answer the headers
// that it must have. It is the request's context too, which knows the request's id.
type patient struct {
	http.ResponseWriter
	context.Context
	control http.ResponseController
	clock   clock
	status  int
	https   bool
	id      [1]string // as a header's value
}

// Value gives the request's id, and what net/http put there.
func (p *patient) Value(key any) any {
	if key == (requestID{}) {
		return p.id[0]
	}
	return p.Context.Value(key)
}

// always is what every answer says, unless its handler says it otherwise. All answers share the values, which do not change.
var always = []struct {
	name  string
	value []string
}{
	{"Content-Security-Policy", []string{strictest}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"X-Frame-Options", []string{"DENY"}}, // for browsers that know no frame-ancestors
	{"Permissions-Policy", []string{"camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()"}},
}

var forHTTPS = []string{"max-age=63072000"}

// protect adds the headers, at the last moment: a request that waits for long holds none.
func (p *patient) protect() {
	h := p.Header()
	for i := range always {
		if _, said := h[always[i].name]; !said {
			h[always[i].name] = always[i].value
		}
	}
	h["X-Request-Id"] = p.id[:]
	if p.https {
		h["Strict-Transport-Security"] = forHTTPS
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *patient) WriteHeader(status int) {
	if p.status == 0 && status >= 200 {
		p.protect()
		p.status = status
		p.clock.start = time.Now() // the answer starts now; what came before was waiting
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *patient) Write(b []byte) (int, error) {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	var n int
	for len(b) > 0 {
		part := b[:min(len(b), 64<<10)]
		if err := p.control.SetWriteDeadline(p.clock.deadline()); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return n, err
		}
		k, err := p.ResponseWriter.Write(part)
		n += k
		p.clock.bytes += int64(k)
		if err != nil {
			return n, err
		}
		b = b[k:]
	}
	return n, nil
}

func (p *patient) seen() int {
	if p.status == 0 {
		return http.StatusOK // nothing was written: the client has gone, or the answer is empty
	}
	return p.status
}

// patientBody is a request body that gives up on a client which does not send it.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	clock   clock
	ended   bool
}

func (b *patientBody) Read(into []byte) (int, error) {
	if b.ended {
		return b.ReadCloser.Read(into)
	}
	if b.clock.bytes == 0 {
		b.clock.start = time.Now()
	}
	if err := b.control.SetReadDeadline(b.clock.deadline()); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := b.ReadCloser.Read(into)
	b.clock.bytes += int64(n)
	if errors.Is(err, io.EOF) {
		b.ended = true // now net/http listens for a client that leaves, and has lifted the deadline for that
	}
	return n, err
}

// finish bounds what net/http does with the rest of a body that the handler did not read.
func (b *patientBody) finish() {
	if !b.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(leaving))
	}
}
