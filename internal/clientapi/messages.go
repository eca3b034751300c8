package clientapi

import (
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

func (a *API) messageRoutes() []route {
	return []route{
		{"PUT", "/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", signedIn, sending, a.send},
		{"PUT", "/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}", signedIn, sending, a.redact},
		{"GET", "/_matrix/client/v3/rooms/{roomId}/messages", signedIn, free, a.messages},
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

// messages pages through a room's history.
//
// Spec: client-server API, GET /rooms/{roomId}/messages.
func (a *API) messages(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	var p room.Page
	if p.Backwards, err = backwards(q, ""); err != nil {
		return nil, err
	}
	if p.From, err = place(q, "from"); err != nil {
		return nil, err
	}
	if p.To, err = place(q, "to"); err != nil {
		return nil, err
	}
	if p.Limit, err = count(q, "limit"); err != nil {
		return nil, err
	}
	if p.Filter, err = filter(q); err != nil {
		return nil, err
	}
	return a.Rooms.Messages(r.ctx(), r.who, id, p)
}
