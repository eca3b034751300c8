package clientapi

import (
	"encoding/json"

	"wardroom/internal/event"
	"wardroom/internal/fault"
)

func (a *API) stateRoutes() []route {
	const base = "/_matrix/client/v3/rooms/{roomId}/"
	return []route{
		{"GET", base + "state", signedIn, reading, a.state},
		{"GET", base + "state/{eventType}", signedIn, general, a.stateEvent},
		{"GET", base + "state/{eventType}/{$}", signedIn, general, a.stateEvent},
		{"GET", base + "state/{eventType}/{stateKey}", signedIn, general, a.stateEvent},
		{"PUT", base + "state/{eventType}", signedIn, sending, a.setState},
		{"PUT", base + "state/{eventType}/{$}", signedIn, sending, a.setState},
		{"PUT", base + "state/{eventType}/{stateKey}", signedIn, sending, a.setState},
		{"GET", base + "members", signedIn, reading, a.members},
		{"GET", base + "joined_members", signedIn, reading, a.joinedMembers},
	}
}

// state lists a room's whole state.
//
// Spec: client-server API, GET /rooms/{roomId}/state.
func (a *API) state(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	return a.Rooms.State(r.ctx(), r.who, id)
}

// stateKey is the type and the state key in the path.
func (r *request) stateKey() event.StateKey {
	return event.StateKey{Type: r.PathValue("eventType"), Key: r.PathValue("stateKey")}
}

// stateEvent gives one piece of a room's state: its content, or with format=event the event.
//
// Spec: client-server API, GET /rooms/{roomId}/state/{eventType}/{stateKey}.
func (a *API) stateEvent(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	format := r.URL.Query().Get("format")
	if format != "" && format != "content" && format != "event" {
		return nil, fault.InvalidParam.New("The format %q is neither content nor event.", format)
	}
	data, err := a.Rooms.StateEvent(r.ctx(), r.who, id, r.stateKey(), format == "event")
	return raw(data), err
}

// setState sets one piece of a room's state.
//
// Spec: client-server API, PUT /rooms/{roomId}/state/{eventType}/{stateKey}.
func (a *API) setState(r *request) (any, error) {
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
		key := r.stateKey().Key
		return a.delayed(r, id, &key, "", content, delay)
	}
	e, err := a.Rooms.SetState(r.ctx(), r.who, id, r.stateKey(), content)
	if err != nil {
		return nil, err
	}
	return eventID{e}, nil
}

// members lists the membership events of a room.
//
// Spec: client-server API, GET /rooms/{roomId}/members.
func (a *API) members(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	at, err := place(q, "at")
	if err != nil {
		return nil, err
	}
	is, isNot := q.Get("membership"), q.Get("not_membership")
	chunk, err := a.Rooms.Members(r.ctx(), r.who, id, at, func(membership string) bool {
		return is == "" && isNot == "" || is != "" && membership == is || isNot != "" && membership != isNot
	})
	if err != nil {
		return nil, err
	}
	return map[string][]json.RawMessage{"chunk": chunk}, nil
}

// joinedMembers says who is in a room.
//
// Spec: client-server API, GET /rooms/{roomId}/joined_members.
func (a *API) joinedMembers(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	joined, err := a.Rooms.Joined(r.ctx(), r.who, id)
	if err != nil {
		return nil, err
	}
	return map[string]any{"joined": joined}, nil
}
