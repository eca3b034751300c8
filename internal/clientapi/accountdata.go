package clientapi

import (
	"encoding/json"
	"strconv"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
)

func (a *API) accountDataRoutes() []route {
	const user = "/_matrix/client/v3/user/{user}"
	return []route{
		{"GET", user + "/account_data/{type}", signedIn, general, a.getAccountData},
		{"PUT", user + "/account_data/{type}", signedIn, writing, a.putAccountData},
		{"GET", user + "/rooms/{roomId}/account_data/{type}", signedIn, general, a.getAccountData},
		{"PUT", user + "/rooms/{roomId}/account_data/{type}", signedIn, writing, a.putAccountData},
		{"GET", user + "/rooms/{roomId}/tags", signedIn, general, a.getTags},
		{"PUT", user + "/rooms/{roomId}/tags/{tag}", signedIn, writing, a.putTag},
		{"DELETE", user + "/rooms/{roomId}/tags/{tag}", signedIn, writing, a.deleteTag},
		{"POST", user + "/filter", signedIn, writing, a.postFilter},
		{"GET", user + "/filter/{filter}", signedIn, general, a.getFilter},
	}
}

// own refuses a path that names somebody else than who asks.
func (r *request) own() error {
	if mxid.User(r.PathValue("user")) != r.who.User {
		return fault.Forbidden.New("You can only see and change your own data.")
	}
	return nil
}

// someRoom is the path's {roomId}; empty on paths without one.
func (r *request) someRoom() (mxid.Room, error) {
	if r.PathValue("roomId") == "" {
		return "", nil
	}
	return r.room()
}

func (a *API) getAccountData(r *request) (any, error) {
	room, err := r.someRoom()
	if err != nil {
		return nil, err
	}
	if err := r.own(); err != nil {
		return nil, err
	}
	content, err := a.Accounts.Data(r.ctx(), r.who, room, r.PathValue("type"))
	return raw(content), err
}

func (a *API) putAccountData(r *request) (any, error) {
	room, err := r.someRoom()
	if err != nil {
		return nil, err
	}
	if err := r.own(); err != nil {
		return nil, err
	}
	content, err := r.body()
	if err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.SetData(r.ctx(), r.who, account.Datum{Room: room, Type: r.PathValue("type"), Content: content})
}

// ownRoom is the path's {roomId}, on a path that names who asks.
func (r *request) ownRoom() (mxid.Room, error) {
	room, err := r.room()
	if err != nil {
		return "", err
	}
	return room, r.own()
}

// getTags gives the person's own tags of a room.
//
// Spec: client-server API, GET /user/{userId}/rooms/{roomId}/tags.
func (a *API) getTags(r *request) (any, error) {
	room, err := r.ownRoom()
	if err != nil {
		return nil, err
	}
	tags, err := a.Accounts.Tags(r.ctx(), r.who, room)
	return map[string]any{"tags": tags}, err
}

// putTag marks a room with a tag.
//
// Spec: client-server API, PUT /user/{userId}/rooms/{roomId}/tags/{tag}.
func (a *API) putTag(r *request) (any, error) {
	room, err := r.ownRoom()
	if err != nil {
		return nil, err
	}
	var about json.RawMessage
	if err := r.decode(&about); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.Tag(r.ctx(), r.who, room, r.PathValue("tag"), about)
}

// deleteTag takes a tag from a room.
//
// Spec: client-server API, DELETE /user/{userId}/rooms/{roomId}/tags/{tag}.
func (a *API) deleteTag(r *request) (any, error) {
	room, err := r.ownRoom()
	if err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.Untag(r.ctx(), r.who, room, r.PathValue("tag"))
}

func (a *API) postFilter(r *request) (any, error) {
	if err := r.own(); err != nil {
		return nil, err
	}
	var filter json.RawMessage
	if err := r.decode(&filter); err != nil {
		return nil, err
	}
	if _, err := feed.ParseFilter(filter); err != nil {
		return nil, err
	}
	no, err := a.Accounts.AddFilter(r.ctx(), r.who, filter)
	return map[string]string{"filter_id": itoa(no)}, err
}

func (a *API) getFilter(r *request) (any, error) {
	if err := r.own(); err != nil {
		return nil, err
	}
	no, err := strconv.ParseInt(r.PathValue("filter"), 10, 64)
	if err != nil {
		return nil, fault.NotFound.New("There is no filter %q.", r.PathValue("filter"))
	}
	filter, err := a.Accounts.Filter(r.ctx(), r.who, no)
	return raw(filter), err
}
