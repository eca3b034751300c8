package front

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
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
	dates   *dates
}

// dates is what answers say of when they are given, made once for all of one second: net/http would make it for each. The zero value is ready.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	value  []string
}

func (d *dates) at(now time.Time) []string {
	second := now.Unix()
	last := d.last.Load()
	if last == nil || last.second != second {
		last = &date{second, []string{now.UTC().Format(http.TimeFormat)}}
		d.last.Store(last)
	}
	return last.value
}

// Value gives the request's id, and what net/http put there.
func (p *patient) Value(key any) any {
	if key == (requestID{}) {
		return p.id[0]
	}
	return p.Context.Value(key)
}

// always is what every answer says, and ofPages what every other than JSON says as well, unless its handler says it otherwise. All answers share
// the values, which do not change. A browser asks for none of ofPages where an answer is JSON and nothing else: it makes no document of it that
// could run, load, link to or frame anything. Why that is sound is in docs/decisions/speed.md.
var (
	always  = []header{{"X-Content-Type-Options", []string{"nosniff"}}}
	ofPages = []header{
		{"Content-Security-Policy", []string{strictest}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"X-Frame-Options", []string{"DENY"}}, // for browsers that know no frame-ancestors
		{"Permissions-Policy", []string{"camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()"}},
	}
)

type header struct {
	name  string
	value []string
}

var forHTTPS = []string{"max-age=63072000"}

// protect begins the answer. It adds the headers, at the last moment: a request that waits for long holds none.
func (p *patient) protect() {
	now, h := time.Now(), p.Header()
	p.clock.start = now // the answer starts now; what came before was waiting
	h["Date"] = p.dates.at(now)
	add(h, always)
	if is := h["Content-Type"]; len(is) != 1 || is[0] != "application/json" {
		add(h, ofPages)
	}
	h["X-Request-Id"] = p.id[:]
	if p.https {
		h["Strict-Transport-Security"] = forHTTPS
	}
}

func add(h http.Header, all []header) {
	for i := range all {
		if _, said := h[all[i].name]; !said {
			h[all[i].name] = all[i].value
		}
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *patient) WriteHeader(status int) {
	if p.status == 0 && status >= 200 {
		p.protect()
		p.status = status
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
