package room

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// roomsAtOnce is in how many of somebody's rooms something is done in one unit of work: others' units come between.
const roomsAtOnce = 10

// Renamed shows who's present name and picture in every room that who is in, a few rooms in a unit of work. A room that shows them
// already is left as it is.
//
// Spec: client-server API, "Profiles", "Events on Change of Profile Information".
func (r *Rooms) Renamed(ctx context.Context, who account.Session) error {
	return r.everywhere(ctx, who, event.Join, event.Join)
}

// LeaveAll ends who's membership of every room and declines every invitation, a few rooms in a unit of work. Called again, it goes on
// with those that are not left.
//
// Spec: client-server API, POST /account/deactivate.
func (r *Rooms) LeaveAll(ctx context.Context, who account.Session) error {
	return r.everywhere(ctx, who, event.Leave, event.Join, event.Invite, event.Knock)
}

// everywhere makes who's membership what membership says in all rooms where it is one of those in from, a few in a unit of work. One
// that cannot be changed does not keep the others from it.
func (r *Rooms) everywhere(ctx context.Context, who account.Session, membership string, from ...string) error {
	stays, err := view(ctx, r.Disk, func(v stream.View) ([]Stay, error) { return r.Disk.Stays(v, who.User) })
	if err != nil {
		return err
	}
	stays = slices.DeleteFunc(stays, func(s Stay) bool { return !slices.Contains(from, s.Membership) })
	change := func(some []Stay) error {
		return r.Disk.Do(ctx, func(u stream.Unit) error { return r.become(u, who, membership, some, from...) })
	}
	var failed []error
	for some := range slices.Chunk(stays, roomsAtOnce) {
		err := change(some)
		var refusal *fault.Fault
		if !errors.As(err, &refusal) {
			failed = append(failed, err)
			if err != nil {
				break
			}
			continue
		}
		for one := range slices.Chunk(some, 1) {
			failed = append(failed, change(one))
		}
	}
	return errors.Join(failed...)
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
