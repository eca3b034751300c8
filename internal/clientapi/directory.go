package clientapi

import (
	"cmp"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

func (a *API) directoryRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/directory/room/{roomAlias}", signedIn, general, a.alias},
		{"PUT", "/_matrix/client/v3/directory/room/{roomAlias}", signedIn, sending, a.setAlias},
		{"DELETE", "/_matrix/client/v3/directory/room/{roomAlias}", signedIn, sending, a.deleteAlias},
		{"GET", "/_matrix/client/v3/rooms/{roomId}/aliases", signedIn, general, a.aliases},
		{"GET", "/_matrix/client/v3/directory/list/room/{roomId}", signedIn, general, a.listed},
		{"PUT", "/_matrix/client/v3/directory/list/room/{roomId}", signedIn, sending, a.list},
		{"GET", "/_matrix/client/v3/publicRooms", signedIn, costly, a.publicRooms},
		{"POST", "/_matrix/client/v3/publicRooms", signedIn, costly, a.publicRooms},
	}
}

// aliasInPath is the room address in the path.
func (r *request) aliasInPath() (mxid.Alias, error) {
	alias, err := mxid.ParseAlias(r.PathValue("roomAlias"))
	if err != nil {
		return "", fault.InvalidParam.New("%q is not a room address.", r.PathValue("roomAlias"))
	}
	return alias, nil
}

// alias says which room an address leads to.
//
// Spec: client-server API, GET /directory/room/{roomAlias}.
func (a *API) alias(r *request) (any, error) {
	alias, err := r.aliasInPath()
	if err != nil {
		return nil, err
	}
	id, err := a.find(r, string(alias))
	if err != nil {
		return nil, err
	}
	return map[string]any{"room_id": id, "servers": []mxid.Server{a.Rooms.Server}}, nil
}

// setAlias gives a room another address.
//
// Spec: client-server API, PUT /directory/room/{roomAlias}.
func (a *API) setAlias(r *request) (any, error) {
	alias, err := r.aliasInPath()
	if err != nil {
		return nil, err
	}
	var in roomID
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if _, err := mxid.ParseRoom(string(in.ID)); err != nil {
		return nil, fault.InvalidParam.New("%q is not a room ID.", in.ID)
	}
	return empty{}, a.Rooms.Name(r.ctx(), r.who, alias, in.ID)
}

// deleteAlias takes an address away.
//
// Spec: client-server API, DELETE /directory/room/{roomAlias}.
func (a *API) deleteAlias(r *request) (any, error) {
	alias, err := r.aliasInPath()
	if err != nil {
		return nil, err
	}
	return empty{}, a.Rooms.Unname(r.ctx(), r.who, alias)
}

// aliases lists a room's addresses.
//
// Spec: client-server API, GET /rooms/{roomId}/aliases.
func (a *API) aliases(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	all, err := a.Rooms.Aliases(r.ctx(), r.who, id)
	if err != nil {
		return nil, err
	}
	return map[string]any{"aliases": all}, nil
}

// visibility is whether a room is in the public directory.
type visibility struct {
	Visibility string `json:"visibility"`
}

// listed says whether a room is in the public directory.
//
// Spec: client-server API, GET /directory/list/room/{roomId}.
func (a *API) listed(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	listed, err := a.Rooms.Listed(r.ctx(), r.who, id)
	if err != nil {
		return nil, err
	}
	if listed {
		return visibility{"public"}, nil
	}
	return visibility{"private"}, nil
}

// list puts a room in the public directory or takes it out.
//
// Spec: client-server API, PUT /directory/list/room/{roomId}.
func (a *API) list(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	var in visibility
	if err := r.decodeAny(&in); err != nil {
		return nil, err
	}
	in.Visibility = cmp.Or(in.Visibility, "public")
	if in.Visibility != "public" && in.Visibility != "private" {
		return nil, fault.InvalidParam.New("The visibility of a room is \"public\" or \"private\".")
	}
	return empty{}, a.Rooms.List(r.ctx(), r.who, id, in.Visibility == "public")
}

// publicRooms lists the public directory.
//
// Spec: client-server API, GET and POST /publicRooms.
func (a *API) publicRooms(r *request) (any, error) {
	q := r.URL.Query()
	if server := q.Get("server"); server != "" && mxid.Server(server) != a.Rooms.Server {
		return nil, fault.NotFound.New("This server speaks for %s alone, not for %s.", a.Rooms.Server, server)
	}
	var in struct {
		Limit  int    `json:"limit"`
		Since  string `json:"since"`
		Filter struct {
			Term  string     `json:"generic_search_term"`
			Types *[]*string `json:"room_types"`
		} `json:"filter"`
	}
	if r.Method == "POST" {
		if err := r.decodeAny(&in); err != nil {
			return nil, err
		}
	} else {
		var err error
		if in.Limit, err = count(q, "limit"); err != nil {
			return nil, err
		}
		in.Since = q.Get("since")
	}
	if in.Limit < 0 {
		return nil, fault.InvalidParam.New("The limit must be 0 or more.")
	}
	return a.Rooms.Public(r.ctx(), room.Wish{Term: in.Filter.Term, Types: in.Filter.Types, Limit: in.Limit, Since: in.Since})
}
