package event

import (
	"strconv"

	"wardroom/internal/fault"
)

// Version is a room version that this server knows. All of them have integer power levels, the join rules "restricted",
// "knock" and "knock_restricted", strict canonical JSON, and event IDs that are the event's reference hash.
//
// Spec: room versions.
type Version int

// The versions that a room may have here.
const (
	V10 Version = 10
	V11 Version = 11
	V12 Version = 12

	// Default is the version of a new room when nobody asks for another.
	Default = V12
)

// Versions gives every version that a room may have here, oldest first.
func Versions() []Version { return []Version{V10, V11, V12} }

// ParseVersion reads the "room_version" of a create event or of a request. It returns fault.UnsupportedVersion for any
// version that this server does not know.
func ParseVersion(s string) (Version, error) {
	for _, v := range Versions() {
		if s == v.String() {
			return v, nil
		}
	}
	return 0, fault.UnsupportedVersion.New("This server does not know room version %q. It knows 10, 11 and 12.", s)
}

// String is the version as events and requests write it: "12".
func (v Version) String() string { return strconv.Itoa(int(v)) }

// CreatorInContent reports whether the create event names the creator in content.creator (version 10). In later versions
// the creator is the create event's sender.
func (v Version) CreatorInContent() bool { return v < V11 }

// RedactsInContent reports whether a redaction names its target in content.redacts (from version 11 on) and not in the
// event's own "redacts".
func (v Version) RedactsInContent() bool { return v >= V11 }

// PrivilegedCreators reports whether the creators (sender and additional_creators of the create event) have infinite
// power and may not stand in the power levels (from version 12 on).
func (v Version) PrivilegedCreators() bool { return v >= V12 }

// HashedRoomID reports whether the room ID is "!" and the hash of the create event (from version 12 on). The create event
// then has no room_id, and other events do not list it in auth_events.
func (v Version) HashedRoomID() bool { return v >= V12 }
