// Package clientapi is the Matrix client-server API over HTTP: it decodes, finds out who asks, calls one domain package
// and encodes what that returned. It decides nothing.
package clientapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"wardroom/internal/account"
	"wardroom/internal/casework"
	"wardroom/internal/config"
	"wardroom/internal/desk"
	"wardroom/internal/device"
	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/ledger"
	"wardroom/internal/media"
	"wardroom/internal/room"
	"wardroom/internal/service"
	"wardroom/internal/stream"
)

// API is the client-server API. Its fields are the domain packages it calls.
type API struct {
	Accounts     *account.Accounts
	Devices      *device.Devices
	Backups      *device.Backups
	Rooms        *room.Rooms
	Feed         *feed.Feed
	Media        *media.Files
	Cases        *casework.Cases
	Desk         *desk.Desk
	Services     *service.Services // nil: there are none
	Ledger       *ledger.Ledger
	Vapid        func() string // the key for push services of browsers; nil, or "": nothing is sent to them
	Log          *slog.Logger
	PublicURL    string // where clients find this server, without a "/" at the end; empty: where they asked
	Organisation string // what the organisation calls itself; empty: nobody said
	Proxied      bool   // a reverse proxy stands in front: it says whom it speaks for
	Unlimited    bool   // nothing is counted: for tests and measurements on this machine alone

	limits   limits
	readers  readers
	places   places
	confirms confirms
	filters  filters
}

// access says who may call a route at all; what they may do there the domain package decides.
type access int

const (
	open     access = iota // without a token
	signedIn               // with a valid access token
	either                 // without one, or with a valid one
)

// route is one operation.
type route struct {
	method string
	path   string // as net/http's mux has it, with {names}; matched on the escaped path
	access access
	limit  limit
	serve  func(*request) (any, error)
}

// bodyLimit is how many bytes of JSON one request may carry.
const bodyLimit = 1 << 20

// request is one call: what was asked, and who asks.
type request struct {
	*http.Request
	w    http.ResponseWriter
	who  account.Session // zero on open routes
	done func()          // to be called when it has been served, unless it is nil

	service *config.Service // that asks with its own token; nil: none does
}

// empty is the answer {}.
type empty struct{}

// raw is an answer whose bytes are ready JSON.
type raw []byte

// writer is an answer that writes its own JSON.
type writer interface{ AppendJSON([]byte) []byte }

// answers is room for such answers, to be used again, unless it is larger than maxKept.
var answers = sync.Pool{New: func() any { return new([]byte) }}

const maxKept = 64 << 10

// routes lists every operation, noun by noun.
func (a *API) routes() []route {
	var all []route
	for _, part := range [][]route{
		a.versionRoutes(),
		a.signInRoutes(),
		a.signUpRoutes(),
		a.oauthRoutes(),
		a.passkeyRoutes(),
		a.invitationRoutes(),
		a.accountRoutes(),
		a.mailRoutes(),
		a.deviceRoutes(),
		a.profileRoutes(),
		a.appserviceRoutes(),
		a.keyRoutes(),
		a.toDeviceRoutes(),
		a.backupRoutes(),
		a.dehydratedRoutes(),
		a.roomRoutes(),
		a.membershipRoutes(),
		a.messageRoutes(),
		a.delayedRoutes(),
		a.stateRoutes(),
		a.relationRoutes(),
		a.threadRoutes(),
		a.directoryRoutes(),
		a.accountDataRoutes(),
		a.pushRoutes(),
		a.notificationRoutes(),
		a.caseRoutes(),
		a.warrantRoutes(),
		a.syncRoutes(),
		a.mediaRoutes(),
		a.ledgerRoutes(),
	} {
		all = append(all, part...)
	}
	return all
}

// Handler serves all routes. An unknown path is answered 404 M_UNRECOGNIZED, a known one with another method 405.
//
// Spec: client-server API, "API Standards".
func (a *API) Handler() http.Handler {
	byPath := map[string]methods{}
	for _, rt := range a.routes() {
		if byPath[rt.path] == nil {
			byPath[rt.path] = methods{}
		}
		byPath[rt.path][rt.method] = &rt
	}
	mux, plain := http.NewServeMux(), map[string]http.HandlerFunc{}
	for path, at := range byPath {
		serve := func(w http.ResponseWriter, r *http.Request) {
			if rt, err := at.route(r); err != nil {
				a.answer(w, r, nil, err)
			} else {
				a.serve(w, r, rt)
			}
		}
		mux.HandleFunc(path, serve)
		if !strings.Contains(path, "{") {
			plain[path] = serve
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.answer(w, r, nil, fault.Unrecognized.New("This server has nothing at this address."))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.preflight(w, r) {
			return
		}
		// Whoever counts requests counts them by route: by r.Pattern.
		if serve := plain[r.URL.Path]; serve != nil && r.URL.RawPath == "" { // nothing in it has to be looked for: so it is for who syncs
			r.Pattern = r.URL.Path
			serve(w, r)
		} else if current := a.current(w, r); current != nil {
			mux.ServeHTTP(w, current)
			r.Pattern = current.Pattern
		}
	})
}

// What answers say to pages of other origins, and of what they are. Shared by all answers: a header that is set anew gets a value of its own.
var (
	anyOrigin  = []string{"*"}
	anyMethod  = []string{"GET, POST, PUT, DELETE, OPTIONS"}
	ourHeaders = []string{"X-Requested-With, Content-Type, Authorization"}
	isJSON     = []string{"application/json"}
)

// preflight says that pages of any origin may ask, and answers those that only want to know that: then it returns true. Who is no page sends no
// origin, and has no use for more than the first of these headers, which caches must find in each answer.
func (a *API) preflight(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	only := r.Method == http.MethodOptions
	if _, page := r.Header["Origin"]; page || only {
		h["Access-Control-Allow-Methods"], h["Access-Control-Allow-Headers"] = anyMethod, ourHeaders
	}
	if only {
		w.WriteHeader(http.StatusNoContent)
	}
	return only
}

// current gives the request with the address that it stands for now, or answers it and gives nil.
func (a *API) current(w http.ResponseWriter, r *http.Request) *http.Request {
	current := unaliased(r)
	if !tidy(current.URL.EscapedPath()) { // net/http would send the client elsewhere
		a.answer(w, r, nil, fault.Unrecognized.New("This server has nothing at this address."))
		return nil
	}
	return current
}

// methods are the operations at one address, by method.
type methods map[string]*route

// route is the operation that r asks for.
func (m methods) route(r *http.Request) (*route, error) {
	if !readable(r.URL) {
		return nil, fault.InvalidParam.New("The address is not valid text.")
	}
	rt, ok := m[r.Method]
	if !ok {
		return nil, fault.WrongMethod.New("This address does not take %s.", r.Method)
	}
	return rt, nil
}

// readable reports whether the path's names can be taken for what they are. No name has NUL or is other than UTF-8, and not
// every database takes that; an escaped "/" that is a whole name ends the path for net/http, which would be another name.
func readable(u *url.URL) bool {
	return utf8.ValidString(u.Path) && strings.IndexByte(u.Path, 0) < 0 &&
		(u.RawPath == "" || !strings.Contains(strings.ToUpper(u.RawPath)+"/", "/%2F/"))
}

// tidy reports whether an escaped path is as net/http matches it: from "/" on, without "//", "/./" and "/../".
func tidy(p string) bool {
	clean := path.Clean(p)
	return p == clean || clean != "/" && p == clean+"/"
}

// unaliased gives r with the old version prefix r0 replaced by the one it is an alias of.
func unaliased(r *http.Request) *http.Request {
	for _, to := range [...]struct{ old, now string }{{"/_matrix/client/r0/", "/_matrix/client/v3/"}, {"/_matrix/media/r0/", "/_matrix/media/v3/"}} {
		if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), to.old); ok {
			u := *r.URL
			u.RawPath = to.now + rest
			if p, err := url.PathUnescape(u.RawPath); err == nil {
				u.Path = p
				r2 := *r
				r2.URL = &u
				return &r2
			}
		}
	}
	return r
}

// serve serves one call. A call may wait for long in rt.serve: see untilTold in package feed for why this has a small frame.
func (a *API) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	defer a.recovered(w, r)
	req, err := a.admit(w, r, rt)
	if err != nil {
		a.answer(w, r, nil, err)
		return
	}
	if req.done != nil {
		defer req.done()
	}
	answer, err := rt.serve(req)
	a.answer(w, r, answer, err)
}

// recovered is deferred, and answers where a handler panicked.
func (a *API) recovered(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		a.answer(w, r, nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

// admit finds out who asks, and refuses who may not, or too often.
func (a *API) admit(w http.ResponseWriter, r *http.Request, rt *route) (*request, error) {
	req := &request{Request: r, w: w}
	if token, ok := accessToken(r); rt.access == signedIn || rt.access == either && ok {
		if !ok {
			return nil, fault.MissingToken.New("Sign in first: this needs an access token.")
		}
		var err error
		if req.service = a.serviceOf(r); req.service != nil {
			q := r.URL.Query()
			req.who, err = a.Accounts.ActAs(r.Context(), req.service, q.Get("user_id"), cmp.Or(q.Get("device_id"), q.Get("org.matrix.msc3202.device_id")))
		} else {
			req.who, err = a.Accounts.Session(r.Context(), token)
		}
		if err == nil && req.who.SuspendedMS != 0 && stopped[rt.method+" "+rt.path] {
			err = req.who.Writes()
		}
		if err != nil {
			return nil, err
		}
	}
	if err := a.limited(req, rt.limit); err != nil {
		return nil, err
	}
	if req.who.Account != 0 {
		req.done = a.metered(req, rt.limit)
	}
	return req, nil
}

// alive asks whether who made the request is still signed in: for what takes long.
func (a *API) alive(r *request) func(stream.View) error {
	return func(v stream.View) error { return a.Accounts.Alive(v, r.who) }
}

func accessToken(r *http.Request) (string, bool) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && token != "" {
		return token, true
	}
	token := r.URL.Query().Get("access_token") // older clients
	return token, token != ""
}

// answer is the only place that writes an errcode. An error that is not a fault is the server's own failure: it is
// logged here, once, and the client is not shown it. A handler that has written its answer itself returns (nil, nil).
func (a *API) answer(w http.ResponseWriter, r *http.Request, body any, err error) {
	status := http.StatusOK
	if err != nil {
		var f *fault.Fault
		if !errors.As(err, &f) {
			if r.Context().Err() != nil {
				// The client has gone, or the server is stopping. Returning would answer 200 to what was not done.
				panic(http.ErrAbortHandler)
			}
			a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "err", err)
			f = fault.Unknown.New("The server failed to do this. Nothing was changed. Try again, or tell the operator.")
		}
		says := refusal(w, f)
		if f.Code == fault.OverQuota {
			says["admin_contact"] = a.base(r) // nobody here has power over an account; it is where its person can make room
		}
		status, body = f.Code.Status, says
	}
	var data []byte
	var room *[]byte // that data is in, if it is to be used again
	switch b := body.(type) {
	case nil:
		return
	case raw:
		data = b
	case writer:
		room = answers.Get().(*[]byte)
		data = b.AppendJSON((*room)[:0])
	default:
		if data, err = json.Marshal(body); err != nil {
			a.Log.ErrorContext(r.Context(), "encoding an answer", "route", r.Pattern, "err", err)
			http.Error(w, `{"errcode":"M_UNKNOWN","error":"The server failed to answer."}`, http.StatusInternalServerError)
			return
		}
	}
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = isJSON, []string{strconv.Itoa(len(data))}
	w.WriteHeader(status)
	// A client that has gone misses its answer. HTTP/2 may still be copying it then, so its room is not used again.
	if _, err := w.Write(data); err == nil && room != nil && cap(data) <= maxKept {
		*room = data
		answers.Put(room)
	}
}

// refusal is the body of a refused request.
func refusal(w http.ResponseWriter, f *fault.Fault) map[string]any {
	body := map[string]any{}
	for k, v := range f.More {
		body[k] = v
	}
	if f.Code.Name != "" { // a first request for confirmation is no refusal
		body["errcode"], body["error"] = f.Code.Name, f.Says
	}
	if f.RetryAfter > 0 {
		seconds := int64((f.RetryAfter + 999_999_999) / 1_000_000_000)
		w.Header().Set("Retry-After", itoa(seconds))
		body["retry_after_ms"] = (f.RetryAfter + time.Millisecond - 1).Milliseconds() // never less than has to be waited
	}
	return body
}

// decode reads the JSON body into into. An empty body is refused; what a client sends beyond the fields is ignored.
func (r *request) decode(into any) error {
	data, err := r.body()
	if err != nil {
		return err
	}
	return decodeJSON(data, into)
}

// body reads the whole body, at most bodyLimit bytes.
func (r *request) body() ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(r.w, r.Body, bodyLimit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, fault.TooLarge.New("The request is larger than %d bytes.", bodyLimit)
	}
	if err != nil {
		return nil, fault.NotJSON.Wrap(err, "The request ended before its body was complete.")
	}
	return data, nil
}

// decodeJSON reads data into into; see decode.
func decodeJSON(data []byte, into any) error {
	if !utf8.Valid(data) {
		return fault.NotJSON.New("The body is not valid UTF-8.")
	}
	err := json.Unmarshal(data, into)
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return fault.BadJSON.Wrap(err, "The field %q is of the wrong type.", wrongType.Field)
	}
	if err != nil {
		return fault.NotJSON.Wrap(err, "The body is not valid JSON.")
	}
	return nil
}

// context is the request's.
func (r *request) ctx() context.Context { return r.Context() }
