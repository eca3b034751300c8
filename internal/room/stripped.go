package room

import (
	"encoding/json"

	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// shownOutside is the state that somebody who is invited, or who asks to join, may know.
var shownOutside = []string{
	event.TypeCreate, event.TypeJoinRules, "m.room.name", "m.room.avatar", "m.room.topic", "m.room.canonical_alias",
	"m.room.encryption", TypeLabel,
}

// Stripped gives what who may know of a room that who is invited to or has asked to join: its face, who's own membership
// event and the one of whoever sent that.
//
// Spec: client-server API, "Stripped state".
func (r *Rooms) Stripped(v stream.View, room No, who mxid.User) ([]json.RawMessage, error) {
	own := event.StateKey{Type: event.TypeMember, Key: string(who)}
	keys := make([]event.StateKey, 0, len(shownOutside)+2)
	for _, typ := range shownOutside {
		keys = append(keys, event.StateKey{Type: typ})
	}
	state, err := r.Disk.State(v, room, append(keys, own)...)
	if err != nil {
		return nil, err
	}
	if by := state[len(state)-1].Get("sender").Text(); by != string(who) {
		inviter, err := r.Disk.State(v, room, event.StateKey{Type: event.TypeMember, Key: by})
		if err != nil {
			return nil, err
		}
		state = append(state, inviter...)
	}
	var shown []json.RawMessage
	for i := range state {
		if state[i].ID != "" {
			shown = append(shown, event.AppendStripped(nil, state[i].JSON))
		}
	}
	return shown, nil
}
