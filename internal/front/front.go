// Package front is the front door: the one HTTP listener with its security headers, request ids, deadlines for slow
// clients, TLS, and the web client's files. What is behind the door it gets as handlers.
package front

import (
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"wardroom/internal/config"
)

// Door says what is behind the front door.
type Door struct {
	API    http.Handler // the Matrix API and the ledger: everything under /_matrix/, /.well-known/matrix/ and /ledger/
	Client fs.FS        // the web client's files, index.html at the top
	// Elsewhere is the origin of the server that the web client speaks with, where it is not this one.
	Elsewhere string
	Health    http.Handler // /healthz and /readyz
	Operator  http.Handler // /metrics and /operator, or nil where they have a listener of their own
	HTTPS     bool         // people reach this server by https, whoever terminates it
	Log       *slog.Logger
	// Seen is told of every answered request: the route it matched (never the address asked for), the status, and how
	// long the answer took.
	Seen func(route, method string, status int, took time.Duration)
}

// clientPolicy is the web client's: its own files and its server and nothing else, no inline script or style, no framing.
const clientPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; " +
	"media-src 'self' blob:; connect-src 'self'%s; worker-src 'self'; manifest-src 'self'; font-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// strictest is the policy of every other answer, which is no page or sets its own.
const strictest = "default-src 'none'; frame-ancestors 'none'; sandbox"

// Handler serves everything behind the door.
func (d *Door) Handler() (http.Handler, error) {
	client, err := newClient(d.Client, d.Elsewhere)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/healthz", d.Health)
	mux.Handle("/readyz", d.Health)
	if d.Operator != nil {
		local := onlyLocal(d.Operator)
		mux.Handle("/metrics", local)
		mux.Handle("/operator", local)
		mux.Handle("/operator/", local)
	}
	mux.Handle("/", client)
	return d.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Not by the mux: it sends whoever asks for "/_matrix" or "//_matrix/…" elsewhere, and a Matrix client waits for a refusal.
		if api := apiOf(r.URL.Path); api != "" {
			r.Pattern = api
			d.API.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})), nil
}

// apiOf is the part of the API that a path is in, "" for none.
func apiOf(at string) string {
	at = path.Clean(at)
	for _, api := range [...]string{"/_matrix/", "/.well-known/matrix/", "/ledger/"} {
		if strings.HasPrefix(at, api) || at == api[:len(api)-1] {
			return api
		}
	}
	return ""
}

// OperatorHandler serves only what the operator sees, for a listener of its own that nobody else reaches.
func (d *Door) OperatorHandler(operator http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", d.Health)
	mux.Handle("/readyz", d.Health)
	mux.Handle("/", operator)
	return d.around(mux)
}

// around gives every request its id, its deadlines and its headers, and counts it.
func (d *Door) around(next http.Handler) http.Handler {
	dates := &dates{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &patient{ResponseWriter: w, Context: r.Context(), control: *http.NewResponseController(w), clock: clock{start: time.Now()}, https: d.HTTPS || r.TLS != nil, dates: dates}
		answer.id[0] = newID()
		r = r.WithContext(answer)
		if r.Body != nil && r.Body != http.NoBody {
			body := &patientBody{ReadCloser: r.Body, control: &answer.control, clock: answer.clock}
			r.Body = body
			defer body.finish()
		}
		defer d.ended(answer, r, answer.clock.start)
		next.ServeHTTP(answer, r)
	})
}

// newID names a request, so that it is found again. It opens nothing, so that somebody could guess it does no harm.
func newID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [12]byte
	for i, n := 0, rand.Uint64(); i < len(id); i, n = i+1, n>>5 {
		id[i] = letters[n&31]
	}
	return string(id[:])
}

// ended is deferred: it counts a request that was answered, and answers one whose handler panicked.
func (d *Door) ended(answer *patient, r *http.Request, start time.Time) {
	p := recover()
	if p != nil && p != http.ErrAbortHandler {
		d.Log.ErrorContext(r.Context(), "panic", "method", method(r), "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
		if answer.status == 0 {
			http.Error(answer, "The server failed to do this. Try again, or tell the operator.", http.StatusInternalServerError)
			p = nil
		}
	}
	if answer.status == 0 {
		answer.protect() // net/http writes an answer with nothing in it
	}
	d.Seen(r.Pattern, method(r), answer.seen(), time.Since(start))
	if p != nil {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
}

// method is the request's method where it is a known one, so that what a client invents is neither logged nor counted.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return r.Method
	}
	return "other"
}

// onlyLocal answers only to a program on this machine that asked this machine by a local name. A request that came
// through a proxy, or from a web page under somebody's own domain, does not exist for it.
func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, forwarded := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
			if r.Header.Get(forwarded) != "" {
				http.NotFound(w, r)
				return
			}
		}
		if !config.Local(r.RemoteAddr) || !config.Local(r.Host) {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isAsset reports whether the file carries a hash of its content in its name.
func isAsset(name string) bool { return strings.HasPrefix(name, "assets/") }
