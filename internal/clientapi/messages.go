package clientapi

import (
	"encoding/json"
	"net/url"
	"strconv"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

func (a *API) messageRoutes() []route {
	return []route{
		{"PUT", "/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", signedIn, sending, a.send},
		{"PUT", "/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}", signedIn, sending, a.redact},
		{"GET", "/_matrix/client/v3/rooms/{roomId}/messages", signedIn, reading, a.messages},
		{"GET", "/_matrix/client/v3/rooms/{roomId}/event/{eventId}", signedIn, reading, a.event},
		{"GET", "/_matrix/client/v3/rooms/{roomId}/context/{eventId}", signedIn, reading, a.context},
		{"GET", "/_matrix/client/v1/rooms/{roomId}/timestamp_to_event", signedIn, reading, a.timestampToEvent},
		{"POST", "/_matrix/client/v3/search", signedIn, costly, a.search},
	}
}

// eventID is the answer that names an event.
type eventID struct {
	ID mxid.Event `json:"event_id"`
}

// send puts a message event into a room. The answer is given when it is on disk.
//
// Spec: client-server API, PUT /rooms/{roomId}/send/{eventType}/{txnId}.
func (a *API) send(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	content, err := r.body()
	if err != nil {
		return nil, err
	}
	if delay, ok, err := r.delay(); err != nil {
		return nil, err
	} else if ok {
		return a.delayed(r, id, nil, r.PathValue("txnId"), content, delay)
	}
	e, err := a.Rooms.Send(r.ctx(), r.who, id, r.PathValue("eventType"), r.PathValue("txnId"), content)
	if err != nil {
		return nil, err
	}
	return eventID{e}, nil
}

// redact removes what an event says.
//
// Spec: client-server API, PUT /rooms/{roomId}/redact/{eventId}/{txnId}.
func (a *API) redact(r *request) (any, error) {
	id, target, err := r.event()
	if err != nil {
		return nil, err
	}
	content, err := r.body()
	if err != nil {
		return nil, err
	}
	if len(content) == 0 {
		content = []byte("{}")
	}
	e, err := a.Rooms.Redact(r.ctx(), r.who, id, target, r.PathValue("txnId"), content)
	if err != nil {
		return nil, err
	}
	return eventID{e}, nil
}

// messages pages through a room's history. As an addition to the specification, the filter may carry "event_format":
// "federation"; then the events are given as they are stored, so that anyone can compute their IDs.
//
// Spec: client-server API, GET /rooms/{roomId}/messages.
func (a *API) messages(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	p, err := page(q, "")
	if err != nil {
		return nil, err
	}
	if p.Filter, err = filter(q); err != nil {
		return nil, err
	}
	p.Style.Federation = p.Filter.Format == "federation"
	return a.Rooms.Messages(r.ctx(), r.who, id, p)
}

// page reads where to page from and to, how much, and in which direction; missing is the direction if none is given.
func page(q url.Values, missing string) (p room.Page, err error) {
	if p.Backwards, err = backwards(q, missing); err != nil {
		return p, err
	}
	if p.From, err = place(q, "from"); err != nil {
		return p, err
	}
	if p.To, err = place(q, "to"); err != nil {
		return p, err
	}
	p.Limit, err = count(q, "limit")
	return p, err
}

// event gives one event.
//
// Spec: client-server API, GET /rooms/{roomId}/event/{eventId}.
func (a *API) event(r *request) (any, error) {
	id, e, err := r.event()
	if err != nil {
		return nil, err
	}
	shown, err := a.Rooms.Event(r.ctx(), r.who, id, e)
	return raw(shown), err
}

// context gives one event and what was around it.
//
// Spec: client-server API, GET /rooms/{roomId}/context/{eventId}.
func (a *API) context(r *request) (any, error) {
	id, e, err := r.event()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	limit := 10
	if q.Has("limit") {
		if limit, err = count(q, "limit"); err != nil {
			return nil, err
		}
	}
	f, err := filter(q)
	if err != nil {
		return nil, err
	}
	return a.Rooms.Context(r.ctx(), r.who, id, e, limit, f)
}

// timestampToEvent finds the event next to a time.
//
// Spec: client-server API, GET /rooms/{roomId}/timestamp_to_event.
func (a *API) timestampToEvent(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	back, err := backwards(q, "f")
	if err != nil {
		return nil, err
	}
	ts, err := strconv.ParseInt(q.Get("ts"), 10, 64)
	if err != nil {
		return nil, fault.InvalidParam.New("%q is not a time in milliseconds since 1970 (ts).", q.Get("ts"))
	}
	return a.Rooms.Near(r.ctx(), r.who, id, ts, back)
}

// search finds nothing: the server cannot read messages, so it cannot search them. Clients search what they can decrypt.
//
// Spec: client-server API, POST /search.
func (a *API) search(r *request) (any, error) {
	var in struct {
		Categories map[string]json.RawMessage `json:"search_categories"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	found := map[string]any{}
	if in.Categories["room_events"] != nil {
		found["room_events"] = map[string]any{"count": 0, "highlights": []string{}, "results": []string{}}
	}
	return map[string]any{"search_categories": found}, nil
}
