package room

import (
	"context"
	"fmt"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/stream"
)

// roomsAtOnce is in how many rooms a new name is shown in one unit of work: others' units come between.
const roomsAtOnce = 10

// Renamed shows who's present name and picture in every room that who is in, a few rooms in a unit of work. A room that shows them
// already is left as it is.
//
// Spec: client-server API, "Profiles", "Events on Change of Profile Information".
func (r *Rooms) Renamed(ctx context.Context, who account.Session) error {
	stays, err := view(ctx, r.Disk, func(v stream.View) ([]Stay, error) { return r.Disk.Stays(v, who.User) })
	if err != nil {
		return err
	}
	stays = slices.DeleteFunc(stays, func(s Stay) bool { return s.Membership != event.Join })
	for some := range slices.Chunk(stays, roomsAtOnce) {
		err := r.Disk.Do(ctx, func(u stream.Unit) error { return r.become(u, who, event.Join, some, event.Join) })
		if err != nil {
			return err
		}
	}
	return nil
}

// LeaveAll ends who's membership of every room and declines every invitation. It is part of the unit of work that closes
// their account.
//
// Spec: client-server API, POST /account/deactivate.
func (r *Rooms) LeaveAll(u stream.Unit, who account.Session) error {
	stays, err := r.Disk.Stays(u, who.User)
	if err != nil {
		return err
	}
	return r.become(u, who, event.Leave, stays, event.Join, event.Invite, event.Knock)
}

// become makes who's membership what membership says in those of the rooms where it is, in u, one of those in from.
func (r *Rooms) become(u stream.Unit, who account.Session, membership string, rooms []Stay, from ...string) error {
	for _, stay := range rooms {
		d, err := r.draftIn(u, stay.ID)
		if err != nil {
			return err
		}
		is, err := d.membership(who.User)
		if err != nil {
			return err
		}
		if !slices.Contains(from, is) {
			continue
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
