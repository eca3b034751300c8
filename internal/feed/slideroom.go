package feed

import (
	"encoding/json"
	"maps"
	"slices"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// rooms tells of the rooms that are asked for, what is new of each.
func (l *sliding) rooms() error {
	if l.waits {
		return nil
	}
	if err := l.readDirects(); err != nil {
		return err
	}
	for _, w := range l.window {
		var err error
		if w.stay, err = l.stay(w.Stay); err != nil {
			return err
		}
		switch w.stay.Membership {
		case "":
			continue // not yet, where the answer ends
		case event.Invite, event.Knock:
			err = l.offer(w)
		default:
			err = l.tell(w)
		}
		if err != nil {
			return err
		}
		if w.told != nil {
			w.told.Membership, w.told.Lists = w.stay.Membership, w.lists
			l.slide.Rooms[w.ID] = w.told
		}
	}
	return l.follow(followUnread, &RoomExtension{Enabled: true}, (*framed).joined, func(*framed, stream.Position, bool) error { return nil })
}

// offer tells of a room that the person is invited to or has asked to join. All that is known of it is told each time: clients take a
// room without it for one that they are in.
func (l *sliding) offer(w *framed) error {
	was := l.from.rooms[w.Room]
	if was != nil && was.membership == w.stay.Membership && w.stay.Pos <= was.at {
		return nil
	}
	state, err := l.Rooms.Stripped(l.v, w.Room, l.s.User)
	if err != nil {
		return err
	}
	w.told = &slid{Initial: was == nil || was.membership != w.stay.Membership, Bump: w.stay.Pos, Stripped: state, Invite: state}
	is := &knownRoom{membership: w.stay.Membership, at: l.upto}
	if was != nil {
		is.follows = was.follows
	}
	l.next.rooms[w.Room] = is
	return nil
}

// tell tells of a room that the person is or was in, up to where they left it.
func (l *sliding) tell(w *framed) error {
	was := l.from.rooms[w.Room]
	end := l.upto
	if w.stay.Membership != event.Join {
		end = w.stay.Pos
	}
	initial := was == nil || was.membership == event.Invite || was.membership == event.Knock ||
		w.stay.Membership == event.Join && was.membership != event.Join
	t := telling{sliding: l, framed: w, end: end, was: &knownRoom{}, is: knownRoom{membership: w.stay.Membership, at: end, limit: w.limit, dm: l.directs[w.ID]}}
	if was != nil {
		t.is.follows = was.follows
	}
	if !initial {
		t.was = was
		t.is.from, t.is.members, t.is.titled, t.is.unread = was.from, was.members, was.titled, was.unread
	}
	done, err := t.tell(initial)
	if err != nil || !done {
		return err
	}
	l.next.rooms[w.Room] = &t.is
	return nil
}

// telling is what is told of one room.
type telling struct {
	*sliding
	*framed
	end    stream.Position // up to where
	was    *knownRoom      // what the connection was told of it before
	is     knownRoom       // and after
	sight  *room.Sight
	out    slid
	named  []mxid.User     // who is named in the timeline
	spoken stream.Position // the newest event in it that counts; 0 for none
}

// tell is false where there is nothing to remember.
func (t *telling) tell(initial bool) (bool, error) {
	news := t.Last > t.was.at && t.end > t.was.at
	counted, err := t.recounted()
	if err != nil {
		return false, err
	}
	more := !initial && t.limit > t.was.limit // older events may be wanted
	wants := missing(t.framed.state, t.was.state)
	if !initial && !news && !counted && !more && len(wants) == 0 && t.is.dm == t.was.dm {
		return false, nil
	}
	if t.stay.Membership != event.Join {
		if ok, err := t.inside(); err != nil || !ok {
			return err == nil, err
		}
	}
	expanded := false
	if initial || news || more {
		if expanded, err = t.timeline(initial, more); err != nil {
			return false, err
		}
	}
	if !initial && !news && !counted && !expanded && len(wants) == 0 && t.is.dm == t.was.dm {
		t.is = *t.was
		t.is.limit = t.limit
		return true, nil
	}
	if t.sight == nil {
		if t.sight, err = t.Rooms.Sight(t.v, t.s, t.ID); err != nil {
			return false, err
		}
		t.sight.Ignored = t.ignored
	}
	t.out.Initial = initial
	if t.out.Prev == "" {
		t.out.Prev = stream.Token{t.end}.String()
	}
	if initial && t.is.dm || t.is.dm != t.was.dm {
		t.out.DM = &t.is.dm
	}
	if err := t.state(initial, news, wants); err != nil {
		return false, err
	}
	if t.stay.Membership == event.Join {
		if t.out.numbers == nil {
			if t.out.numbers, err = t.unreadNumbers(); err != nil {
				return false, err
			}
		}
		t.is.unread = t.out.numbers
	}
	if initial || news {
		switch {
		case t.stay.Membership != event.Join:
			t.out.Bump = t.stay.Pos
		case t.spoken > 0:
			t.out.Bump = t.spoken
		default:
			t.out.Bump, err = t.Disk.Spoken(t.v, t.Room, t.end)
		}
	}
	if initial || news || counted || expanded || t.is.dm != t.was.dm || len(t.out.State) > 0 {
		t.told = &t.out
	}
	return true, err
}

// unreadNumbers are what a list of rooms shows beside a room.
func (t *telling) unreadNumbers() (*numbers, error) {
	var j joined
	err := t.looking.unread(&j, t.stay)
	if !t.ask.Extensions.Unread.Enabled {
		j.Messages = nil
	}
	return &numbers{j.Unread, j.Threads, j.Messages}, err
}

func (n *numbers) same(as *numbers) bool {
	if as == nil || n.unread != as.unread || !maps.Equal(n.Threads, as.Threads) || (n.Messages == nil) != (as.Messages == nil) {
		return false
	}
	return n.Messages == nil || n.Messages.Main == as.Messages.Main && maps.Equal(n.Messages.Threads, as.Messages.Threads)
}

// recounted reports whether other numbers stand beside the room than those that were told: where the person has read, or what they
// are told of has changed, or nobody looked for a while.
func (t *telling) recounted() (_ bool, err error) {
	since := t.was.follows[followUnread]
	if t.stay.Membership != event.Join || since == 0 || since == following && !t.recounts && !t.receipted[t.Room] {
		return false, nil
	}
	if since == following && !t.recounts {
		given, err := t.Disk.ReceiptsSince(t.v, t.Room, t.s.Account, t.at, t.upto, room.Still)
		if err != nil || len(given) == 0 {
			return false, err
		}
	}
	t.out.numbers, err = t.unreadNumbers()
	return err == nil && !t.out.numbers.same(t.was.unread), err
}

// inside reports whether the person may read in the room that they are out of. Where they may not, they are told no more than that they
// are out.
func (t *telling) inside() (bool, error) {
	sight, err := t.Rooms.Sight(t.v, t.s, t.ID)
	if err == nil {
		if _, ok := sight.StateAt(); ok {
			t.sight = sight
			return true, nil
		}
	} else if !fault.Forbidden.In(err) && !fault.NotFound.In(err) {
		return false, err
	}
	if t.out.State, err = t.ownMembership(t.stay); err != nil {
		return false, err
	}
	t.out.Initial, t.out.Bump = t.was.membership == "", t.stay.Pos
	t.is.state, t.told = t.framed.state, &t.out
	return false, nil
}

// timeline adds the newest events: those that were not told, or with more, all up to the limit if some of them were never told.
func (t *telling) timeline(initial, more bool) (expanded bool, err error) {
	since := t.was.at
	if initial {
		since = 0
	}
	n, err := t.newest(t.stay, since, t.end, t.limit)
	if err != nil {
		return false, err
	}
	if more {
		all, err := t.newest(t.stay, 0, t.end, t.limit)
		if err != nil {
			return false, err
		}
		if expanded = all.start < t.was.from; expanded {
			n = all
		}
	}
	t.sight = n.sight
	wanted := n.events[:0:0]
	for _, e := range n.events {
		if e.Counts {
			t.spoken = e.Pos
		}
		if !t.reaches(&e) {
			continue
		}
		wanted = append(wanted, e)
		t.named = append(t.named, mxid.User(e.Get("sender").Text()))
		if e.Get("type").Text() == event.TypeMember {
			t.named = append(t.named, mxid.User(e.Get("state_key").Text()))
		}
		if t.at > 0 && e.Pos > t.at {
			t.out.Live++
		}
	}
	if initial || expanded || n.limited {
		t.is.from = n.start
	}
	t.out.Limited, t.out.Prev = n.limited, stream.Token{n.start - 1}.String()
	t.out.Expanded, t.out.ExpandedUnstable = expanded, expanded
	t.out.Timeline, err = t.shown(n.sight, wanted, false)
	return expanded, err
}

// missing gives what of wanted is not among had.
func missing(wanted, had []*Required) (more []*Required) {
	for _, r := range wanted {
		if !slices.ContainsFunc(had, func(other *Required) bool { return other.key == r.key }) {
			more = append(more, r)
		}
	}
	return more
}

func anyHas(all []*Required, key event.StateKey, me mxid.User) bool {
	return slices.ContainsFunc(all, func(r *Required) bool { return r.has(key, me) })
}

// state adds the state that is wanted and was not told, what comes with it, and the memberships of who is named.
func (t *telling) state(initial, news bool, wants []*Required) error {
	lazy := slices.ContainsFunc(t.framed.state, func(r *Required) bool { return r.lazy })
	at := t.end
	if pos, ok := t.sight.StateAt(); ok {
		at = min(at, pos)
	}
	state, err := t.changed(initial, news, wants, at)
	if err != nil {
		return err
	}
	had := t.was.state
	if initial {
		had = nil
	}
	given, dropped, turned, titled := map[string]bool{}, false, initial, false
	wanted := state[:0:0]
	for _, e := range state {
		key := event.StateKey{Type: e.Get("type").Text(), Key: e.Get("state_key").Text()}
		isNew := initial || e.Pos > t.was.at
		switch {
		case key.Type == event.TypeMember:
			turned = turned || isNew
		case key.Key != "" || !isNew:
		case key.Type == "m.room.name":
			titled = true
			t.title(&t.out.Name, &e, "name", initial)
			t.is.titled = string(t.out.Name) != "null" && len(t.out.Name) > 0
		case key.Type == "m.room.avatar":
			t.title(&t.out.Avatar, &e, "url", initial)
		}
		chosen, knew := anyHas(t.framed.state, key, t.s.User), anyHas(had, key, t.s.User)
		dropped = dropped || isNew && knew && !chosen
		// Changes of membership are all given, also to clients that load members lazily: whoever encrypts must know.
		if chosen && (isNew || !knew) || key.Type == event.TypeMember && lazy && isNew && !initial {
			wanted = append(wanted, e)
			if key.Type == event.TypeMember {
				given[key.Key] = true
			}
		}
	}
	t.is.state = t.framed.state
	if !dropped && !initial && len(had) < maxRequired {
		for _, r := range had {
			t.is.state = withRequired(t.is.state, r)
		}
	}
	if (turned || titled) && t.stay.Membership == event.Join { // how many came since is not for who left
		if err := t.people(); err != nil {
			return err
		}
	}
	if !lazy {
		t.is.members = nil
	} else {
		more, err := t.speakers(given, at)
		if err != nil {
			return err
		}
		wanted = append(wanted, more...)
	}
	t.out.State, err = t.shown(t.sight, wanted, true)
	if err == nil && t.stay.Membership != event.Join && !given[string(t.s.User)] { // clients take a room without it for one that they are in
		var own []json.RawMessage
		own, err = t.ownMembership(t.stay)
		t.out.State = append(t.out.State, own...)
	}
	return err
}

// changed reads what state there is to choose from.
func (t *telling) changed(initial, news bool, wants []*Required, at stream.Position) ([]room.Event, error) {
	if !initial && len(wants) == 0 {
		if !news {
			return nil, nil
		}
		return t.Disk.StateSince(t.v, t.Room, t.was.at, at, nil)
	}
	var members []mxid.User
	if !slices.ContainsFunc(t.framed.state, (*Required).everybody) {
		members = []mxid.User{t.s.User}
		for _, r := range t.framed.state {
			for _, k := range r.only {
				if (k.Type == event.TypeMember || k.Type == anything) && len(k.Key) > 0 && k.Key[0] == '@' && !slices.Contains(members, mxid.User(k.Key)) {
					members = append(members, mxid.User(k.Key))
				}
			}
		}
	}
	state, err := t.Disk.StateSince(t.v, t.Room, 0, at, members)
	if err != nil || initial || !news || members == nil {
		return state, err
	}
	// Beside what was not told before there are the changes of membership.
	changes, err := t.Disk.StateSince(t.v, t.Room, t.was.at, at, nil)
	for _, e := range changes {
		if e.Get("type").Text() == event.TypeMember && !slices.Contains(members, mxid.User(e.Get("state_key").Text())) {
			state = append(state, e)
		}
	}
	return state, err
}

// title tells a name or a picture; null where there is none any more.
func (t *telling) title(into *json.RawMessage, e *room.Event, field string, initial bool) {
	if text := e.Content(field).Text(); text != "" {
		*into, _ = json.Marshal(text) // a string always has a JSON form
	} else if !initial {
		*into = json.RawMessage("null")
	}
}

// people tells how many people are in the room, and who it is known by unless it has a name.
func (t *telling) people() error {
	s, err := t.summary(t.stay, t.is.titled)
	if err != nil {
		return err
	}
	t.out.Joined, t.out.Invited = &s.Joined, &s.Invited
	if len(s.Heroes) == 0 {
		return nil
	}
	slices.Sort(s.Heroes)
	t.named = append(t.named, s.Heroes...)
	events, err := t.Disk.MembersAt(t.v, t.Room, t.end, s.Heroes)
	for i := range events {
		e := &events[i]
		t.out.Heroes = append(t.out.Heroes, hero{mxid.User(e.Get("state_key").Text()), e.Content("displayname").Text(), e.Content("avatar_url").Text()})
	}
	return err
}

// maxMembers is of how many people in each room it is remembered that their memberships were told.
const maxMembers = 100

// speakers are the memberships of who is named in the timeline, unless they were told before.
func (t *telling) speakers(given map[string]bool, at stream.Position) ([]room.Event, error) {
	var who []mxid.User
	slices.Sort(t.named)
	for _, user := range slices.Compact(t.named) {
		if !given[string(user)] && !t.is.members[user] {
			who = append(who, user)
		}
	}
	members := t.is.members
	if len(members)+len(given)+len(who) > maxMembers {
		members = nil
	}
	if t.is.members = maps.Clone(members); t.is.members == nil {
		t.is.members = map[mxid.User]bool{}
	}
	for user := range given {
		t.is.members[mxid.User(user)] = true
	}
	if len(who) == 0 {
		return nil, nil
	}
	for _, user := range who {
		t.is.members[user] = true
	}
	return t.Disk.MembersAt(t.v, t.Room, at, who)
}
