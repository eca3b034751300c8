package clientapi

import (
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) profileRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/profile/{user}", signedIn, general, a.profile},
		{"GET", "/_matrix/client/v3/profile/{user}/{field}", signedIn, general, a.profileField},
		{"PUT", "/_matrix/client/v3/profile/{user}/{field}", signedIn, sending, a.setProfileField},
		{"DELETE", "/_matrix/client/v3/profile/{user}/{field}", signedIn, sending, a.deleteProfileField},
		{"POST", "/_matrix/client/v3/user_directory/search", signedIn, costly, a.searchPeople},
	}
}

// profile gives what somebody says about themselves, to people of this server alone.
//
// Spec: client-server API, GET /profile/{userId}.
func (a *API) profile(r *request) (any, error) {
	user := mxid.User(r.PathValue("user"))
	if err := a.askForUser(r, user); err != nil {
		return nil, err
	}
	return a.Accounts.Profile(r.ctx(), user)
}

// profileField gives one field of a profile.
//
// Spec: client-server API, GET /profile/{userId}/{keyName}.
func (a *API) profileField(r *request) (any, error) {
	user, field := mxid.User(r.PathValue("user")), r.PathValue("field")
	fields, err := a.Accounts.Profile(r.ctx(), user)
	if err != nil {
		return nil, err
	}
	value, ok := fields[field]
	if !ok {
		return nil, fault.NotFound.New("%s has not said that.", user)
	}
	return map[string]json.RawMessage{field: value}, nil
}

// setProfileField sets one field of the person's own profile.
//
// Spec: client-server API, PUT /profile/{userId}/{keyName}.
func (a *API) setProfileField(r *request) (any, error) {
	field := r.PathValue("field")
	var in map[string]json.RawMessage
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	value, ok := in[field]
	if !ok {
		return nil, fault.MissingParam.New("The body must hold the field %q.", field)
	}
	if err := a.renames(r, field); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.SetProfile(r.ctx(), r.who, mxid.User(r.PathValue("user")), field, value)
}

// deleteProfileField deletes one field of the person's own profile.
//
// Spec: client-server API, DELETE /profile/{userId}/{keyName}.
func (a *API) deleteProfileField(r *request) (any, error) {
	if err := a.renames(r, r.PathValue("field")); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.DropProfile(r.ctx(), r.who, mxid.User(r.PathValue("user")), r.PathValue("field"))
}

// renames counts a change of one of the fields that all the person's rooms show: each room gets an event.
func (a *API) renames(r *request, field string) error {
	if field != account.DisplayName && field != account.AvatarURL {
		return nil
	}
	return a.limited(r, renaming)
}

// maxPeople is how many people one search gives at most.
const maxPeople = 100

// searchPeople finds people by name.
//
// Spec: client-server API, POST /user_directory/search.
func (a *API) searchPeople(r *request) (any, error) {
	in := struct {
		Term  *string `json:"search_term"`
		Limit int     `json:"limit"`
	}{Limit: 10}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Term == nil {
		return nil, fault.MissingParam.New("What to search for is missing.")
	}
	found, limited, err := a.Accounts.Search(r.ctx(), r.who, *in.Term, min(max(in.Limit, 1), maxPeople))
	if err != nil {
		return nil, err
	}
	type person struct {
		User    mxid.User `json:"user_id"`
		Name    string    `json:"display_name,omitempty"`
		Avatar  string    `json:"avatar_url,omitempty"`
		Service string    `json:"org.wardroom.bot,omitempty"`
	}
	list := make([]person, len(found))
	for i, f := range found {
		list[i] = person(f)
	}
	return map[string]any{"results": list, "limited": limited}, nil
}
