package clientapi

import (
	"context"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) membershipRoutes() []route {
	return []route{
		{"POST", "/_matrix/client/v3/join/{roomIdOrAlias}", signedIn, sending, a.joinByName},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/join", signedIn, sending, a.own(a.Rooms.Join)},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/leave", signedIn, sending, a.own(a.Rooms.Leave)},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/forget", signedIn, sending, a.forget},
		{"POST", "/_matrix/client/v3/knock/{roomIdOrAlias}", signedIn, sending, a.knock},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/invite", signedIn, sending, a.others(a.Rooms.Invite)},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/kick", signedIn, sending, a.others(a.Rooms.Kick)},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/ban", signedIn, sending, a.others(a.Rooms.Ban)},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/unban", signedIn, sending, a.others(a.Rooms.Unban)},
	}
}

// change is the body of a request that changes a membership.
type change struct {
	User   mxid.User `json:"user_id"`
	Reason string    `json:"reason"`
	Medium string    `json:"medium"` // of an invitation by e-mail address or telephone number
}

// own serves what changes the caller's own membership.
//
// Spec: client-server API, POST /rooms/{roomId}/join, /leave.
func (a *API) own(do func(ctx context.Context, who account.Session, room mxid.Room, reason string) error) func(*request) (any, error) {
	return func(r *request) (any, error) {
		var in change
		if err := r.decodeAny(&in); err != nil {
			return nil, err
		}
		id, err := r.room()
		if err != nil {
			return nil, err
		}
		return roomID{id}, do(r.ctx(), r.who, id, in.Reason)
	}
}

// others serves what changes somebody's membership.
//
// Spec: client-server API, POST /rooms/{roomId}/invite, /kick, /ban, /unban.
func (a *API) others(do func(ctx context.Context, who account.Session, room mxid.Room, target mxid.User, reason string) error) func(*request) (any, error) {
	return func(r *request) (any, error) {
		var in change
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		id, err := r.room()
		if err != nil {
			return nil, err
		}
		if in.User == "" && in.Medium != "" {
			return nil, fault.Forbidden.New("People can not be invited by e-mail address or telephone number here. Invite their user ID.")
		}
		if in.User == "" {
			return nil, fault.MissingParam.New("Say whom this is about (user_id).")
		}
		if _, err := mxid.ParseUser(string(in.User)); err != nil {
			return nil, fault.InvalidParam.New("%q is not a user ID.", in.User)
		}
		if err := a.askForUser(r, in.User); err != nil {
			return nil, err
		}
		return empty{}, do(r.ctx(), r.who, id, in.User, in.Reason)
	}
}

// joinByName makes the caller a member of the room with this ID or address.
//
// Spec: client-server API, POST /join/{roomIdOrAlias}.
func (a *API) joinByName(r *request) (any, error) { return a.byName(r, a.Rooms.Join) }

// knock asks to be let in.
//
// Spec: client-server API, POST /knock/{roomIdOrAlias}.
func (a *API) knock(r *request) (any, error) { return a.byName(r, a.Rooms.Knock) }

func (a *API) byName(r *request, do func(ctx context.Context, who account.Session, room mxid.Room, reason string) error) (any, error) {
	var in change
	if err := r.decodeAny(&in); err != nil {
		return nil, err
	}
	id, err := a.find(r, r.PathValue("roomIdOrAlias"))
	if err != nil {
		return nil, err
	}
	return roomID{id}, do(r.ctx(), r.who, id, in.Reason)
}

// forget hides a room that the caller has left.
//
// Spec: client-server API, POST /rooms/{roomId}/forget.
func (a *API) forget(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	return empty{}, a.Rooms.Forget(r.ctx(), r.who, id)
}
