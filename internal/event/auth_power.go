package event

import (
	"bytes"
	"iter"
	"maps"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// powerLevels judges new power levels: their form, and that nobody gives or takes more power than they have.
//
// Spec: room versions, "Authorisation rules", "If type is m.room.power_levels".
func (a auth) powerLevels() error {
	next := Power{version: a.power.version, create: a.power.create, levels: Value(a.p.Content)}
	if err := a.wellFormed(next); err != nil {
		return err
	}
	if a.power.levels == nil {
		return nil
	}
	have := a.power.User(a.p.Sender)
	for _, key := range singleLevels {
		if bytes.Equal(a.power.levels.Get(key), next.levels.Get(key)) {
			continue
		}
		// A level that is left out counts as its default.
		if highest := max(a.power.level(key), next.level(key)); highest > have {
			return fault.Forbidden.New("You cannot change %q, which is or would become %d: your own power level is %d.", key, highest, have)
		}
	}
	for _, group := range [...]string{"events", "notifications"} {
		for c := range changes(a.power.levels.Get(group), next.levels.Get(group)) {
			if c.was != nil && c.level(c.was) > have || c.is != nil && c.level(c.is) > have {
				return fault.Forbidden.New("You cannot change the power level of %q in %q to or from more than your own, which is %d.", c.key, group, have)
			}
		}
	}
	for c := range changes(a.power.levels.Get("users"), next.levels.Get("users")) {
		if c.was != nil && c.key != string(a.p.Sender) && c.level(c.was) >= have {
			return fault.Forbidden.New("You cannot change the role of %s, who has as much power as you or more.", c.key)
		}
		if c.is != nil && c.level(c.is) > have {
			return fault.Forbidden.New("You cannot give %s power level %d: your own is %d.", c.key, c.level(c.is), have)
		}
	}
	return nil
}

// wellFormed refuses power levels with anything but integers in them, and users that are none or are creators.
func (a auth) wellFormed(next Power) error {
	creators := map[string]bool{}
	if next.version.PrivilegedCreators() {
		for c := range next.Creators() {
			creators[string(c)] = true
		}
	}
	for _, key := range singleLevels {
		if value := next.levels.Get(key); value != nil && !value.isInt() {
			return fault.Forbidden.New("The power level %q must be a whole number.", key)
		}
	}
	for _, group := range [...]string{"events", "notifications", "users"} {
		list := next.levels.Get(group)
		if list != nil && !list.IsObject() {
			return fault.Forbidden.New("The power levels of %q must be an object.", group)
		}
		for key, value := range list.Each() {
			if !value.isInt() {
				return fault.Forbidden.New("The power level of %q in %q must be a whole number.", key, group)
			}
			if group != "users" {
				continue
			}
			if _, err := mxid.ParseUser(key); err != nil {
				return fault.Forbidden.New("%q in the power levels is not a user ID.", key)
			}
			if creators[key] {
				return fault.Forbidden.New("%s created this room and always has full power; leave them out of the power levels.", key)
			}
		}
	}
	return nil
}

func (v Value) isInt() bool {
	_, ok := v.Int()
	return ok
}

// change is a member that differs between two objects of levels; nil where it is absent.
type change struct {
	key     string
	was, is Value
}

func (change) level(v Value) int64 {
	n, _ := v.Int()
	return n
}

// changes goes over the members that differ between two objects.
func changes(was, is Value) iter.Seq[change] {
	return func(yield func(change) bool) {
		now := maps.Collect(is.Each())
		for key, old := range was.Each() {
			if !bytes.Equal(old, now[key]) && !yield(change{key, old, now[key]}) {
				return
			}
			delete(now, key)
		}
		for key, added := range now {
			if !yield(change{key, nil, added}) {
				return
			}
		}
	}
}
