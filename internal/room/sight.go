package room

import (
	"cmp"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Sight is what one person may see of one room, and who they were in it when.
//
// Spec: client-server API, "Room history visibility".
type Sight struct {
	Room No
	ID   mxid.Room
	// Ignored are people whom who ignores: of them only state is given.
	Ignored account.Ignored

	who   account.Session
	stays []Span // memberships
	rules []rule // history visibilities
}

// rule is a history visibility for as long as it held.
type rule struct {
	Pos, Until stream.Position
	visibility string
}

func rulesOf(spans []Span) (all []rule) {
	for i := range spans {
		all = append(all, rule{spans[i].Pos, spans[i].Until, spans[i].Content("history_visibility").Text()})
	}
	return all
}

// Range is the positions from First to Last, both included.
type Range struct{ First, Last stream.Position }

// Sight looks up what who may see of the room. It returns fault.Forbidden where there is no such room or who has forgotten
// it, so that both look alike.
func (r *Rooms) Sight(v stream.View, who account.Session, id mxid.Room) (*Sight, error) {
	c, ok, err := r.Disk.Room(v, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notThere()
	}
	all, err := r.Sights(v, who, []Stay{{Room: c.No, ID: c.ID}})
	if err == nil && all[c.No] == nil {
		err = notThere()
	}
	return all[c.No], err
}

// Sights looks up what who may see of these rooms, which are there. Those that who has forgotten are left out.
func (r *Rooms) Sights(v stream.View, who account.Session, rooms []Stay) (map[No]*Sight, error) {
	all, nos := make(map[No]*Sight, len(rooms)), make([]No, len(rooms))
	for i, st := range rooms {
		nos[i] = st.Room
	}
	stays, rules, err := r.Disk.Standing(v, nos, who.User)
	if err != nil {
		return nil, err
	}
	for _, st := range rooms {
		s := &Sight{Room: st.Room, ID: st.ID, who: who, stays: stays[st.Room], rules: rulesOf(rules[st.Room])}
		switch s.Membership() {
		case event.Leave, event.Ban:
			gone, err := r.Disk.Forgotten(v, who.Account, st.Room)
			if err != nil {
				return nil, err
			}
			if gone {
				continue
			}
		}
		all[st.Room] = s
	}
	return all, nil
}

// hears reports whether who hears e: state, and what is sent by people whom who does not ignore.
//
// Spec: client-server API, "Ignoring Users".
func (s *Sight) hears(e *Event) bool {
	return len(s.Ignored) == 0 || e.Get("state_key") != nil || !s.Ignored.Has(mxid.User(e.Get("sender").Text()))
}

// Membership is who's present membership, "" for none.
func (s *Sight) Membership() string { return membershipAt(s.stays, Still-1) }

// MembershipAt is who's membership behind the event at pos: "leave" where there was none.
func (s *Sight) MembershipAt(pos stream.Position) string {
	return cmp.Or(membershipAt(s.stays, pos), event.Leave)
}

// at is the span that covers pos, nil if none does.
func at(spans []Span, pos stream.Position) *Span {
	for i := range spans {
		if spans[i].Pos <= pos && pos < spans[i].Until {
			return &spans[i]
		}
	}
	return nil
}

func membershipAt(spans []Span, pos stream.Position) string {
	if s := at(spans, pos); s != nil {
		return s.Membership
	}
	return ""
}

// visibility is the room's history visibility behind the event at pos.
func (s *Sight) visibility(pos stream.Position) string {
	for i := range s.rules {
		if r := &s.rules[i]; r.Pos <= pos && pos < r.Until {
			switch r.visibility {
			case "world_readable", "invited", "joined":
				return r.visibility
			}
		}
	}
	return "shared"
}

// public reports whether everybody here may read the room as it is now.
func (s *Sight) public() bool { return s.visibility(Still-1) == "world_readable" }

// Sees reports whether the event at pos may be seen. For the events that change the visibility or who's own membership it
// is enough if that was so before or after them.
func (s *Sight) Sees(pos stream.Position) bool {
	if s.seen(pos, pos) {
		return true
	}
	return slices.Contains(s.turns(), pos) && s.seen(pos-1, pos)
}

// turns are where what may be seen may change.
func (s *Sight) turns() (all []stream.Position) {
	for i := range s.stays {
		all = append(all, s.stays[i].Pos)
	}
	for i := range s.rules {
		all = append(all, s.rules[i].Pos)
	}
	return all
}

// seen judges an event at pos by the state behind the event at state.
func (s *Sight) seen(state, pos stream.Position) bool {
	visibility, membership := s.visibility(state), membershipAt(s.stays, state)
	switch {
	case visibility == "world_readable", membership == event.Join:
		return true
	case visibility == "invited":
		return membership == event.Invite
	case visibility == "shared":
		return slices.ContainsFunc(s.stays, func(one Span) bool { return one.Membership == event.Join && one.Until > pos })
	}
	return false
}

// Ranges gives all that may be seen, oldest first, no two of them touching.
func (s *Sight) Ranges() []Range {
	turns := append(s.turns(), 0)
	slices.Sort(turns)
	turns = slices.Compact(turns)
	var all []Range
	add := func(first, last stream.Position) {
		if first > last || !s.Sees(first) {
			return
		}
		if n := len(all); n > 0 && all[n-1].Last == first-1 {
			all[n-1].Last = last
		} else {
			all = append(all, Range{first, last})
		}
	}
	for i, turn := range turns {
		next := Still
		if i+1 < len(turns) {
			next = turns[i+1]
		}
		add(turn, turn)
		add(turn+1, next-1)
	}
	return all
}

// Last is the last position that may be seen, 0 if nothing may.
func (s *Sight) Last() stream.Position {
	if all := s.Ranges(); len(all) > 0 {
		return all[len(all)-1].Last
	}
	return 0
}

// StateAt is the position behind which who may read the room's state: the end of the stream for members, and for those who
// have left, their leaving. ok is false for those who may not read it at all.
func (s *Sight) StateAt() (pos stream.Position, ok bool) {
	switch m := s.Membership(); {
	case m == event.Join, s.public(), m == event.Invite && s.visibility(Still-1) == "invited":
		return Still - 1, true
	}
	for _, stay := range slices.Backward(s.stays) {
		if stay.Membership == event.Join {
			return stay.Until, true
		}
	}
	return 0, false
}

// SenderOf says who sent an event that who may see. It returns fault.NotFound where there is none.
func (r *Rooms) SenderOf(v stream.View, who account.Session, room mxid.Room, id mxid.Event) (mxid.User, error) {
	_, e, err := r.visible(v, who, room, id)
	if err != nil {
		return "", err
	}
	return mxid.User(e.Get("sender").Text()), nil
}

// Knows returns nil where who is or was in a room, was asked into it, or could join, ask to join or read it, and fault.NotFound otherwise.
func (r *Rooms) Knows(v stream.View, who account.Session, room mxid.Room) error {
	s, err := r.Sight(v, who, room)
	switch {
	case fault.Forbidden.In(err):
		return noRoom()
	case err != nil || s.Membership() != "":
		return err
	}
	c, open, err := r.Disk.Room(v, room)
	if err == nil && open {
		_, open, err = r.summaryFor(v, who, c)
	}
	if err == nil && !open {
		err = noRoom()
	}
	return err
}

// RunBy says who runs a room: who may remove others from it.
func (r *Rooms) RunBy(u stream.Unit, room mxid.Room) (runs func(mxid.User) bool, err error) {
	d, err := r.draftIn(u, room)
	if err != nil {
		return nil, err
	}
	power, err := event.PowerOf(d.chain.Version, d.now)
	return func(who mxid.User) bool { return power.User(who) >= power.Kick() }, err
}
