package clientapi

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func (a *API) syncRoutes() []route {
	const room = "/_matrix/client/v3/rooms/{roomId}"
	return []route{
		{"GET", "/_matrix/client/v3/sync", signedIn, reading, a.sync},
		{"POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", signedIn, reading, a.slide},
		{"POST", room + "/receipt/{type}/{eventId}", signedIn, writing, a.receipt},
		{"POST", room + "/read_markers", signedIn, writing, a.readMarkers},
		{"PUT", room + "/typing/{user}", signedIn, writing, a.typing},
		{"GET", "/_matrix/client/v3/presence/{user}/status", signedIn, general, a.presence},
		{"PUT", "/_matrix/client/v3/presence/{user}/status", signedIn, writing, a.setPresence},
	}
}

// sync tells a device what is new.
//
// Spec: client-server API, GET /sync.
func (a *API) sync(r *request) (any, error) {
	req, err := a.syncRequest(r)
	if err != nil {
		return nil, err
	}
	answer, err := a.Feed.Sync(r.ctx(), r.who, req)
	if err != nil {
		return nil, notOurs(err)
	}
	return answer, nil
}

// notOurs says it of a token that is not.
func notOurs(err error) error {
	if errors.Is(err, stream.ErrToken) {
		return fault.InvalidParam.New("The token in \"since\" is none of this server's. Sync again without it.")
	}
	return err
}

// syncRequest reads what a device asks of sync.
func (a *API) syncRequest(r *request) (req feed.Request, err error) {
	q := firsts(r.URL.RawQuery, [...]string{"since", "filter", "timeout", "full_state", "use_state_after", "org.matrix.msc4222.use_state_after"})
	req = feed.Request{
		Since:      q[0],
		FullState:  q[3] == "true",
		Alive:      a.alive(r),
		StateAfter: q[4] == "true" || q[5] == "true",
	}
	if text := q[2]; text != "" {
		ms, err := strconv.ParseInt(text, 10, 32)
		if err != nil || ms < 0 {
			return req, fault.InvalidParam.New("timeout is a number of milliseconds.")
		}
		req.Timeout = time.Duration(ms) * time.Millisecond
	}
	req.Filter, err = a.syncFilter(r, q[1])
	return req, err
}

// firsts gives the first value of each name in a query, as url.Values.Get does, without a map of all of them: a device asks many times an hour.
func firsts(query string, names [6]string) (values [6]string) {
	var had [len(names)]bool
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || strings.Contains(pair, ";") {
			continue
		}
		i := slices.Index(names[:], name)
		if i < 0 || had[i] {
			continue
		}
		if value, err = url.QueryUnescape(value); err == nil {
			values[i], had[i] = value, true
		}
	}
	return values
}

// syncFilter reads a filter given as JSON, or finds the one with that ID. What was read is remembered: a filter does not change, and every
// sync names one.
func (a *API) syncFilter(r *request, text string) (f *feed.Filter, err error) {
	key := text
	switch {
	case text == "":
		return f, nil
	case strings.HasPrefix(text, "{"):
		if f, ok := a.filters.find(key); ok {
			return f, nil
		}
		f, err = feed.ParseFilter([]byte(text))
	default:
		key = fmt.Sprint(r.who.Account, " ", text)
		if f, ok := a.filters.find(key); ok {
			return f, nil
		}
		no, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return f, fault.InvalidParam.New("filter is the ID of a filter of yours, or a filter as JSON.")
		}
		kept, err := a.Accounts.Filter(r.ctx(), r.who, no)
		if err != nil {
			return f, err
		}
		f, err = feed.ParseFilter(kept)
		if err != nil {
			return f, err
		}
	}
	if err == nil && len(key) <= maxFilterKey {
		a.filters.put(key, f)
	}
	return f, err
}

// filters are filters that were read. They are not changed by anybody. The zero value is ready.
type filters struct {
	mu   sync.RWMutex // guards read
	read map[string]*feed.Filter
}

// How many filters are remembered, and how long the texts may be that they are remembered by.
const (
	maxFilters   = 2000
	maxFilterKey = 2 << 10
)

func (f *filters) find(key string) (*feed.Filter, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	found, ok := f.read[key]
	return found, ok
}

// put remembers a filter. When there are too many, all are forgotten.
func (f *filters) put(key string, filter *feed.Filter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read == nil || len(f.read) >= maxFilters {
		f.read = map[string]*feed.Filter{}
	}
	f.read[key] = filter
}

// receipt notes how far somebody has read.
//
// Spec: client-server API, POST /rooms/{roomId}/receipt/{receiptType}/{eventId}.
func (a *API) receipt(r *request) (any, error) {
	room, event, err := r.event()
	if err != nil {
		return nil, err
	}
	var body struct {
		Thread *string `json:"thread_id"`
	}
	if err := r.decodeAny(&body); err != nil {
		return nil, err
	}
	given := feed.Receipt{Type: r.PathValue("type"), Event: event}
	if body.Thread != nil {
		if given.Thread = *body.Thread; given.Thread != "main" && (!strings.HasPrefix(given.Thread, "$") || len(given.Thread) > mxid.MaxLen) {
			return nil, fault.InvalidParam.New("thread_id is \"main\" or the ID of a thread's root.")
		}
	}
	return empty{}, a.Feed.Receive(r.ctx(), r.who, room, given)
}

// readMarkers notes several receipts at once.
//
// Spec: client-server API, POST /rooms/{roomId}/read_markers.
func (a *API) readMarkers(r *request) (any, error) {
	room, err := r.room()
	if err != nil {
		return nil, err
	}
	var body map[string]any
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	var given []feed.Receipt
	for _, typ := range []string{feed.FullyRead, feed.Read, feed.ReadPrivate} {
		text, ok := body[typ].(string)
		if !ok {
			continue
		}
		event, err := mxid.ParseEvent(text)
		if err != nil {
			return nil, fault.InvalidParam.New("%q is not an event ID.", text)
		}
		given = append(given, feed.Receipt{Type: typ, Event: event})
	}
	return empty{}, a.Feed.Receive(r.ctx(), r.who, room, given...)
}

// typing announces that somebody is writing.
//
// Spec: client-server API, PUT /rooms/{roomId}/typing/{userId}.
func (a *API) typing(r *request) (any, error) {
	room, err := r.room()
	if err != nil {
		return nil, err
	}
	if err := r.own(); err != nil {
		return nil, err
	}
	var body struct {
		Typing  bool  `json:"typing"`
		Timeout int64 `json:"timeout"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	length := time.Duration(0)
	if body.Typing {
		length = time.Duration(min(max(body.Timeout, 1000), 60_000)) * time.Millisecond
	}
	return empty{}, a.Feed.SetTyping(r.ctx(), r.who, room, length)
}

// presence always says that nothing is known: this server keeps no presence.
//
// Spec: client-server API, GET /presence/{userId}/status.
func (a *API) presence(r *request) (any, error) {
	if _, err := mxid.ParseUser(r.PathValue("user")); err != nil {
		return nil, fault.InvalidParam.New("%q is not a user ID.", r.PathValue("user"))
	}
	return map[string]string{"presence": "offline"}, nil
}

// setPresence takes what a client says about its presence and keeps nothing of it.
//
// Spec: client-server API, PUT /presence/{userId}/status.
func (a *API) setPresence(r *request) (any, error) {
	if err := r.own(); err != nil {
		return nil, err
	}
	var body struct {
		Presence string `json:"presence"`
	}
	return empty{}, r.decode(&body)
}
