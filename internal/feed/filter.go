package feed

import (
	"encoding/json"
	"slices"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

// Filter says what of a sync a client wants. It is large and does not change, so it is passed on by its address.
//
// Spec: client-server API, "Filtering".
type Filter struct {
	EventFormat string      `json:"event_format"`
	AccountData room.Filter `json:"account_data"`
	Room        RoomFilter  `json:"room"`
}

// RoomFilter is the part of a Filter about rooms.
type RoomFilter struct {
	Rooms        *[]mxid.Room `json:"rooms"`
	NotRooms     []mxid.Room  `json:"not_rooms"`
	IncludeLeave bool         `json:"include_leave"`
	Timeline     room.Filter  `json:"timeline"`
	State        room.Filter  `json:"state"`
	Ephemeral    room.Filter  `json:"ephemeral"`
	AccountData  room.Filter  `json:"account_data"`
}

// The number of events in a room's timeline.
const (
	defaultTimeline = 20
	maxTimeline     = 100
)

// ParseFilter reads a filter definition. It returns fault.BadJSON, with the reason, for what is none.
func ParseFilter(data []byte) (*Filter, error) {
	f := &Filter{}
	if err := json.Unmarshal(data, f); err != nil || !strings.HasPrefix(strings.TrimLeft(string(data), " \t\r\n"), "{") {
		return nil, fault.BadJSON.Wrap(err, "This is not a filter: a filter is a JSON object as the specification describes it.")
	}
	if f.EventFormat != "" && f.EventFormat != "client" && f.EventFormat != "federation" {
		return nil, fault.InvalidParam.New(`event_format is "client" or "federation".`)
	}
	return f, nil
}

// everything is the filter of who asks for none. It is not changed.
var everything = &Filter{}

// limit is how many events of a room's timeline are given.
func (f *Filter) limit() int {
	if f.Room.Timeline.Limit <= 0 {
		return defaultTimeline
	}
	return min(f.Room.Timeline.Limit, maxTimeline)
}

// lazy says whether members are given only where an event of theirs is.
func (f *Filter) lazy() bool { return f.Room.State.LazyMembers || f.Room.Timeline.LazyMembers }

// room says whether anything of the room is wanted.
func (r *RoomFilter) room(id mxid.Room) bool {
	return (r.Rooms == nil || slices.Contains(*r.Rooms, id)) && !slices.Contains(r.NotRooms, id)
}
