package room

import (
	"fmt"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/stream"
)

// Renamed shows who's present name and picture in every room that who is in. It is part of the unit of work that changed them.
//
// Spec: client-server API, "Profiles", "Events on Change of Profile Information".
func (r *Rooms) Renamed(u stream.Unit, who account.Session) error {
	return r.everywhere(u, who, event.Join, event.Join)
}

// LeaveAll ends who's membership of every room and declines every invitation. It is part of the unit of work that closes
// their account.
//
// Spec: client-server API, POST /account/deactivate.
func (r *Rooms) LeaveAll(u stream.Unit, who account.Session) error {
	return r.everywhere(u, who, event.Leave, event.Join, event.Invite, event.Knock)
}

// everywhere makes who's membership what membership says in the rooms where it is one of those in from.
func (r *Rooms) everywhere(u stream.Unit, who account.Session, membership string, from ...string) error {
	stays, err := r.Disk.Stays(u, who.User)
	if err != nil {
		return err
	}
	for _, stay := range stays {
		if !slices.Contains(from, stay.Membership) {
			continue
		}
		d, err := r.draftIn(u, stay.ID)
		if err != nil {
			return err
		}
		if err := d.member(who, who.User, becomes(membership, "")); err != nil {
			return fmt.Errorf("in %s: %w", stay.ID, err)
		}
		if err := d.write(); err != nil {
			return err
		}
	}
	return nil
}
