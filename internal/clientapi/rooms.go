package clientapi

import (
	"net/url"
	"slices"
	"strconv"

	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

func (a *API) roomRoutes() []route {
	return []route{
		{"POST", "/_matrix/client/v3/createRoom", signedIn, costly, a.createRoom},
		{"GET", "/_matrix/client/v3/joined_rooms", signedIn, general, a.joinedRooms},
		{"GET", "/_matrix/client/v1/mutual_rooms", signedIn, general, a.mutualRooms},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/upgrade", signedIn, costly, a.upgrade},
		{"GET", "/_matrix/client/v1/rooms/{roomId}/hierarchy", signedIn, costly, a.hierarchy},
		{"GET", "/_matrix/client/v1/room_summary/{roomIdOrAlias}", signedIn, general, a.roomSummary},
	}
}

// createRoom makes a room with the caller in it.
//
// Spec: client-server API, POST /createRoom.
func (a *API) createRoom(r *request) (any, error) {
	var want room.Wanted
	if err := r.decode(&want); err != nil {
		return nil, err
	}
	if err := want.Complete(); err != nil {
		return nil, err
	}
	for _, user := range want.Invite {
		if err := a.askForUser(r, user); err != nil {
			return nil, err
		}
	}
	id, err := a.Rooms.Create(r.ctx(), r.who, want)
	if err != nil {
		return nil, err
	}
	return roomID{id}, nil
}

// roomID is the answer that names a room.
type roomID struct {
	ID mxid.Room `json:"room_id"`
}

// joinedRooms lists the rooms that the caller is in.
//
// Spec: client-server API, GET /joined_rooms.
func (a *API) joinedRooms(r *request) (any, error) {
	rooms, err := a.Rooms.JoinedRooms(r.ctx(), r.who)
	if err != nil {
		return nil, err
	}
	return map[string]any{"joined_rooms": rooms}, nil
}

// mutualRooms lists the rooms that the caller and somebody else are in, a thousand at a time.
//
// Spec: client-server API, GET /mutual_rooms.
func (a *API) mutualRooms(r *request) (any, error) {
	const batch = 1000
	q := r.URL.Query()
	user, err := mxid.ParseUser(q.Get("user_id"))
	if err != nil || user == r.who.User {
		return nil, fault.InvalidParam.New("Say in \"user_id\" who else; %q is nobody else.", q.Get("user_id"))
	}
	after := mxid.Room("")
	if from := q.Get("from"); from != "" {
		if after, err = mxid.ParseRoom(from); err != nil {
			return nil, fault.InvalidParam.New("The token in \"from\" is none of this list's.")
		}
	}
	rooms, err := a.Rooms.MutualRooms(r.ctx(), r.who, user)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Joined []mxid.Room `json:"joined"`
		Count  int         `json:"count"`
		Next   mxid.Room   `json:"next_batch,omitempty"` // the last of the list
	}{Count: len(rooms)}
	i, found := slices.BinarySearch(rooms, after)
	if found {
		i++
	}
	if answer.Joined = rooms[i:]; len(answer.Joined) > batch {
		answer.Joined = answer.Joined[:batch]
		answer.Next = answer.Joined[batch-1]
	}
	return answer, nil
}

// upgrade closes a room in favour of a new one.
//
// Spec: client-server API, POST /rooms/{roomId}/upgrade.
func (a *API) upgrade(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	var in struct {
		Version  string      `json:"new_version"`
		Creators []mxid.User `json:"additional_creators"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Version == "" {
		return nil, fault.MissingParam.New("Say to which version (new_version).")
	}
	next, err := a.Rooms.Upgrade(r.ctx(), r.who, id, in.Version, in.Creators)
	if err != nil {
		return nil, err
	}
	return map[string]mxid.Room{"replacement_room": next}, nil
}

// hierarchy lists the rooms of a space.
//
// Spec: client-server API, GET /rooms/{roomId}/hierarchy.
func (a *API) hierarchy(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	ask := room.Tree{Depth: -1, Since: q.Get("from"), Suggested: q.Get("suggested_only") == "true"}
	if ask.Limit, err = count(q, "limit"); err != nil {
		return nil, err
	}
	if q.Has("max_depth") {
		if ask.Depth, err = count(q, "max_depth"); err != nil {
			return nil, err
		}
	}
	return a.Rooms.Hierarchy(r.ctx(), r.who, id, ask)
}

// roomSummary describes a room to who is not in it.
//
// Spec: client-server API, GET /room_summary/{roomIdOrAlias}.
func (a *API) roomSummary(r *request) (any, error) {
	id, err := a.find(r, r.PathValue("roomIdOrAlias"))
	if err != nil {
		return nil, err
	}
	return a.Rooms.Summary(r.ctx(), r.who, id)
}

// room is the room ID in the path.
func (r *request) room() (mxid.Room, error) {
	id, err := mxid.ParseRoom(r.PathValue("roomId"))
	if err != nil {
		return "", fault.InvalidParam.New("%q is not a room ID.", r.PathValue("roomId"))
	}
	return id, nil
}

// event is the room ID and the event ID in the path.
func (r *request) event() (mxid.Room, mxid.Event, error) {
	id, err := r.room()
	if err != nil {
		return "", "", err
	}
	e, err := mxid.ParseEvent(r.PathValue("eventId"))
	if err != nil {
		return "", "", fault.InvalidParam.New("%q is not an event ID.", r.PathValue("eventId"))
	}
	return id, e, nil
}

// decodeAny is decode for a body that may be left out.
func (r *request) decodeAny(into any) error {
	data, err := r.body()
	if err != nil || len(data) == 0 {
		return err
	}
	return decodeJSON(data, into)
}

// place reads a stream token from the query; nil if there is none.
func place(q url.Values, name string) (stream.Token, error) {
	text := q.Get(name)
	if text == "" {
		return nil, nil
	}
	t, err := feed.ParseToken(text) // a page may begin where a sync ended
	if err != nil {
		return nil, fault.InvalidParam.New("%q is not a token that this server gave out (%s).", text, name)
	}
	return t.Token, nil
}

// count reads a number of 0 or more from the query; 0 if there is none.
func count(q url.Values, name string) (int, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fault.InvalidParam.New("%q is not a number of 0 or more (%s).", text, name)
	}
	return n, nil
}

// backwards reads a direction, "b" or "f"; missing stands for none.
func backwards(q url.Values, missing string) (bool, error) {
	switch dir := q.Get("dir"); {
	case dir == "b", dir == "" && missing == "b":
		return true, nil
	case dir == "f", dir == "" && missing == "f":
		return false, nil
	case dir == "":
		return false, fault.MissingParam.New("Say in which direction to read: dir=b or dir=f.")
	default:
		return false, fault.InvalidParam.New("The direction %q is neither b nor f.", dir)
	}
}

// filter reads a room event filter from the query; the zero filter if there is none.
func filter(q url.Values) (f room.Filter, err error) {
	if text := q.Get("filter"); text != "" {
		f, err = room.ParseFilter([]byte(text))
	}
	return f, err
}
