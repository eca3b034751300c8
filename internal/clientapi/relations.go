package clientapi

import "wardroom/internal/room"

func (a *API) relationRoutes() []route {
	const base = "/_matrix/client/v1/rooms/{roomId}/"
	return []route{
		{"GET", base + "relations/{eventId}", signedIn, reading, a.relations},
		{"GET", base + "relations/{eventId}/{relType}", signedIn, reading, a.relations},
		{"GET", base + "relations/{eventId}/{relType}/{eventType}", signedIn, reading, a.relations},
		{"GET", base + "threads", signedIn, reading, a.threads},
	}
}

// relations lists what relates to an event.
//
// Spec: client-server API, GET /rooms/{roomId}/relations/{eventId}/{relType}/{eventType}.
func (a *API) relations(r *request) (any, error) {
	id, e, err := r.event()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	ask := room.Related{Relation: r.PathValue("relType"), Type: r.PathValue("eventType"), Recurse: q.Get("recurse") == "true"}
	if ask.Page, err = page(q, "b"); err != nil {
		return nil, err
	}
	return a.Rooms.Relations(r.ctx(), r.who, id, e, ask)
}

// threads lists the threads of a room.
//
// Spec: client-server API, GET /rooms/{roomId}/threads.
func (a *API) threads(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	p, err := page(q, "b")
	if err != nil {
		return nil, err
	}
	return a.Rooms.Threads(r.ctx(), r.who, id, q.Get("include") == "participated", p)
}
