package feed

import (
	"encoding/json"
	"maps"
	"slices"

	"wardroom/internal/event"
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
	for some := range slices.Chunk(slices.Collect(maps.Values(l.window)), together) {
		var all []*telling
		for _, w := range some {
			var err error
			if w.stay, err = l.stay(w.Stay); err != nil {
				return err
			}
			switch w.stay.Membership {
			case "": // not yet, where the answer ends
			case event.Invite, event.Knock:
				if err := l.offer(w); err != nil {
					return err
				}
			default:
				all = append(all, l.telling(w))
			}
		}
		if err := l.tell(all); err != nil {
			return err
		}
		for _, w := range some {
			if w.told != nil {
				w.told.Membership, w.told.Lists = w.stay.Membership, w.lists
				l.slide.Rooms[w.ID] = w.told
			}
		}
	}
	return l.follow(followUnread, &RoomExtension{Enabled: true}, (*framed).joined, nil)
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

// telling is the making of what is told of one room that the person is or was in, up to where they left it.
type telling struct {
	*framed
	newest
	was     *knownRoom  // what the connection was told of it before
	is      knownRoom   // and after
	initial bool        // all of it is told
	news    bool        // something happened
	counted bool        // other numbers stand beside it
	more    bool        // older events may be wanted
	wants   []*Required // state that was not asked for before
	over    bool        // nothing else is told of it

	expanded bool // older events are told
	out      slid
	named    []mxid.User     // who is named in the timeline
	spoken   stream.Position // the newest event in it that counts; 0 for none
	turned   bool            // people came or went, or it has another name
	who      []mxid.User     // whose memberships are told because they are named
	heroes   []mxid.User     // who it is known by
	given    map[string]bool // whose memberships are told anyway

	timeline, state room.Showing
}

// telling begins to tell of a room.
func (l *sliding) telling(w *framed) *telling {
	was := l.from.rooms[w.Room]
	t := &telling{framed: w, was: &knownRoom{}}
	t.newest.stay, t.end, t.newest.limit = w.stay, l.upto, w.limit
	if w.stay.Membership != event.Join {
		t.end = w.stay.Pos
	}
	t.initial = was == nil || was.membership == event.Invite || was.membership == event.Knock ||
		w.stay.Membership == event.Join && was.membership != event.Join
	t.is = knownRoom{membership: w.stay.Membership, at: t.end, limit: w.limit, dm: l.directs[w.ID]}
	if was != nil {
		t.is.follows = was.follows
	}
	if !t.initial {
		t.was, t.since = was, was.at
		t.is.from, t.is.members, t.is.titled, t.is.unread = was.from, was.members, was.titled, was.unread
	}
	t.news = t.Last > t.was.at && t.end > t.was.at
	t.more = !t.initial && w.limit > t.was.limit
	t.wants = missing(w.state, t.was.state)
	return t
}

// changed reports whether there is something to tell of the room, its timeline left aside.
func (t *telling) changed() bool {
	return t.initial || t.news || t.counted || len(t.wants) > 0 || t.is.dm != t.was.dm
}

// tell tells of some rooms. Of those with nothing to tell nothing is remembered.
func (l *sliding) tell(all []*telling) error {
	if err := l.recount(all); err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(t *telling) bool { return !t.changed() && !t.more })
	for _, t := range all {
		l.next.rooms[t.Room] = &t.is
		if t.joined() {
			continue
		}
		if err := l.inside(t); err != nil {
			return err
		}
	}
	for _, step := range []func([]*telling) error{l.timelines, l.states, l.people, l.shows, l.numbers, l.bumps} {
		all = slices.DeleteFunc(all, func(t *telling) bool { return t.over })
		if err := step(all); err != nil {
			return err
		}
	}
	for _, t := range all {
		if t.initial || t.news || t.counted || t.expanded || t.is.dm != t.was.dm || len(t.out.State) > 0 {
			t.told = &t.out
		}
	}
	return nil
}

// unreadNumbers are what a list of rooms shows beside a room.
func (l *sliding) unreadNumbers(n *tally) *numbers {
	var j joined
	l.putUnread(&j, n)
	if !l.ask.Extensions.Unread.Enabled {
		j.Messages = nil
	}
	return &numbers{j.Unread, j.Threads, j.Messages}
}

// numbers adds how much is unread.
func (l *sliding) numbers(all []*telling) error {
	var rooms []room.Stay
	for _, t := range all {
		if t.joined() && t.out.numbers == nil {
			rooms = append(rooms, t.framed.stay)
		}
	}
	tallies, err := l.tallies(rooms)
	for _, t := range all {
		if n := tallies[t.Room]; n != nil {
			t.out.numbers = l.unreadNumbers(n)
		}
		if t.joined() {
			t.is.unread = t.out.numbers
		}
	}
	return err
}

func (n *numbers) same(as *numbers) bool {
	if as == nil || n.unread != as.unread || !maps.Equal(n.Threads, as.Threads) || (n.Messages == nil) != (as.Messages == nil) {
		return false
	}
	return n.Messages == nil || n.Messages.Main == as.Messages.Main && maps.Equal(n.Messages.Threads, as.Messages.Threads)
}

// recount finds the rooms beside which other numbers stand than those that were told: where the person has read, or what they
// are told of has changed, or nobody looked for a while.
func (l *sliding) recount(all []*telling) error {
	var asked []Receipts
	var rooms []room.Stay
	for _, t := range all {
		switch since := t.was.follows[followUnread]; {
		case !t.joined() || since == 0:
		case since != following || l.recounts:
			rooms = append(rooms, t.framed.stay)
		case l.receipted[t.Room]:
			asked = append(asked, Receipts{room.Stretch{Room: t.Room, After: l.at, Upto: l.upto}, room.Still})
		}
	}
	given, err := l.Disk.ReceiptsSince(l.v, asked, l.s.Account)
	if err != nil {
		return err
	}
	for _, t := range all {
		if len(given[t.Room]) > 0 {
			rooms = append(rooms, t.framed.stay)
		}
	}
	tallies, err := l.tallies(rooms)
	for _, t := range all {
		if n := tallies[t.Room]; n != nil {
			t.out.numbers = l.unreadNumbers(n)
			t.counted = !t.out.numbers.same(t.was.unread)
		}
	}
	return err
}

// inside sees to a room that the person is out of. Where they may not read in it any more, they are told no more than that they are out.
func (l *sliding) inside(t *telling) error {
	sights, err := l.Rooms.Sights(l.v, l.s, []room.Stay{t.framed.stay})
	if err != nil {
		return err
	}
	if sight := sights[t.Room]; sight != nil {
		if _, ok := sight.StateAt(); ok {
			return nil
		}
	}
	t.out.State, err = l.ownMembership(t.framed.stay)
	t.out.Initial, t.out.Bump = t.was.membership == "", t.framed.stay.Pos
	t.is.state, t.told, t.over = t.framed.state, &t.out, true
	return err
}

// timelines adds the newest events: those that were not told, or all up to the limit if some of them were never told and more are wanted.
func (l *sliding) timelines(all []*telling) error {
	var find, whole []*newest
	var blind []room.Stay
	olders := map[room.No]*newest{}
	for _, t := range all {
		switch {
		case t.initial || t.news || t.more:
			find = append(find, &t.newest)
		default:
			blind = append(blind, t.framed.stay)
		}
		if t.more {
			all := &newest{stay: t.framed.stay, end: t.end, limit: t.framed.limit}
			whole, olders[t.Room] = append(whole, all), all
		}
	}
	if err := l.find(find); err != nil {
		return err
	}
	if err := l.find(whole); err != nil {
		return err
	}
	sights, err := l.sights(blind)
	if err != nil {
		return err
	}
	for _, t := range all {
		if older := olders[t.Room]; older != nil && older.start < t.was.from {
			t.newest, t.expanded = *older, true
		}
		if t.sight == nil {
			t.sight = sights[t.Room]
		}
		switch {
		case t.sight == nil: // forgotten since
			if t.over = true; t.was.membership != "" {
				l.next.rooms[t.Room] = t.was
			} else {
				delete(l.next.rooms, t.Room)
			}
			continue
		case !t.changed() && !t.expanded:
			t.over = true
			limit := t.is.limit
			t.is = *t.was
			t.is.limit = limit
			continue
		}
		t.out.Initial, t.out.Prev = t.initial, stream.Token{t.end}.String()
		if t.initial && t.is.dm || t.is.dm != t.was.dm {
			t.out.DM = &t.is.dm
		}
		if t.initial || t.news || t.more {
			l.timeline(t)
		}
	}
	return nil
}

// sights looks up what the person may see of rooms.
func (l *looking) sights(rooms []room.Stay) (map[room.No]*room.Sight, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	all, err := l.Rooms.Sights(l.v, l.s, rooms)
	for _, sight := range all {
		sight.Ignored = l.ignored
	}
	return all, err
}

// timeline adds the events that were found.
func (l *sliding) timeline(t *telling) {
	t.timeline = room.Showing{Sight: t.sight, Style: l.style(false), Related: t.related, Events: t.events[:0]}
	for i := range t.events {
		e := &t.events[i]
		if e.Counts {
			t.spoken = e.Pos
		}
		if !l.reaches(e) {
			continue
		}
		t.timeline.Events = append(t.timeline.Events, *e)
		t.named = append(t.named, mxid.User(e.Get("sender").Text()))
		if e.Get("type").Is(event.TypeMember) {
			t.named = append(t.named, mxid.User(e.Get("state_key").Text()))
		}
		if l.at > 0 && e.Pos > l.at {
			t.out.Live++
		}
	}
	if t.initial || t.expanded || t.limited {
		t.is.from = t.start
	}
	t.out.Limited, t.out.Prev = t.limited, stream.Token{t.start - 1}.String()
	t.out.Expanded, t.out.ExpandedUnstable = t.expanded, t.expanded
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

// states finds the state that is wanted and was not told.
func (l *sliding) states(all []*telling) error {
	found, err := l.changes(all)
	if err != nil {
		return err
	}
	for _, t := range all {
		l.choose(t, found[t.Room])
	}
	return nil
}

// at is where the state that is told belongs.
func (t *telling) at() stream.Position {
	if pos, ok := t.sight.StateAt(); ok {
		return min(t.end, pos)
	}
	return t.end
}

// changes reads what state there is to choose from. Beside what was not told before there are the changes of membership.
func (l *sliding) changes(all []*telling) (map[room.No][]room.Event, error) {
	var changed, whole, everybody []room.Stretch
	var asked []room.Members
	for _, t := range all {
		if !t.initial && t.news {
			changed = append(changed, room.Stretch{Room: t.Room, After: t.was.at, Upto: t.at()})
		}
		switch fresh := (room.Stretch{Room: t.Room, Upto: t.at()}); {
		case !t.initial && len(t.wants) == 0:
		case slices.ContainsFunc(t.framed.state, (*Required).everybody):
			everybody = append(everybody, fresh)
		default:
			whole = append(whole, fresh)
			asked = append(asked, room.Members{Room: t.Room, At: t.at(), Who: t.framed.members(l.s.User)})
		}
	}
	found, err := l.Disk.StateSince(l.v, changed, false)
	if err != nil {
		return nil, err
	}
	state, err := l.Disk.StateSince(l.v, everybody, true)
	if err != nil {
		return nil, err
	}
	some, err := l.Disk.StateSince(l.v, whole, false)
	if err != nil {
		return nil, err
	}
	members, err := l.Disk.MembersAt(l.v, asked)
	for _, one := range asked {
		events := append(some[one.Room], members[one.Room]...)
		for _, e := range found[one.Room] {
			if e.Get("type").Is(event.TypeMember) && !slices.Contains(one.Who, mxid.User(e.Get("state_key").Text())) {
				events = append(events, e)
			}
		}
		found[one.Room] = events
	}
	maps.Copy(found, state)
	return found, err
}

// members are the people whose memberships are asked for by name.
func (w *framed) members(me mxid.User) []mxid.User {
	all := []mxid.User{me}
	for _, r := range w.state {
		for _, k := range r.only {
			if (k.Type == event.TypeMember || k.Type == anything) && len(k.Key) > 0 && k.Key[0] == '@' && !slices.Contains(all, mxid.User(k.Key)) {
				all = append(all, mxid.User(k.Key))
			}
		}
	}
	return all
}

// choose takes out of a room's state what is wanted and was not told.
func (l *sliding) choose(t *telling, state []room.Event) {
	lazy := slices.ContainsFunc(t.framed.state, (*Required).lazily)
	had := t.was.state
	if t.initial {
		had = nil
	}
	dropped := false
	t.turned, t.given = t.initial, map[string]bool{}
	t.state = room.Showing{Sight: t.sight, Style: l.style(true)}
	for i := range state {
		e := &state[i]
		key := event.StateKey{Type: e.Get("type").Text(), Key: e.Get("state_key").Text()}
		isNew := t.initial || e.Pos > t.was.at
		switch {
		case key.Type == event.TypeMember:
			t.turned = t.turned || isNew
		case key.Key != "" || !isNew:
		case key.Type == "m.room.name":
			t.turned = true
			t.title(&t.out.Name, e, "name")
			t.is.titled = string(t.out.Name) != "null" && len(t.out.Name) > 0
		case key.Type == "m.room.avatar":
			t.title(&t.out.Avatar, e, "url")
		}
		chosen, knew := anyHas(t.framed.state, key, l.s.User), anyHas(had, key, l.s.User)
		dropped = dropped || isNew && knew && !chosen
		// Changes of membership are all given, also to clients that load members lazily: whoever encrypts must know.
		if chosen && (isNew || !knew) || key.Type == event.TypeMember && lazy && isNew && !t.initial {
			t.state.Events = append(t.state.Events, *e)
			if key.Type == event.TypeMember {
				t.given[key.Key] = true
			}
		}
	}
	t.is.state = t.framed.state
	if !dropped && !t.initial && len(had) < maxRequired {
		for _, r := range had {
			t.is.state = withRequired(t.is.state, r)
		}
	}
}

// title tells a name or a picture; null where there is none any more.
func (t *telling) title(into *json.RawMessage, e *room.Event, field string) {
	if text := e.Content(field).Text(); text != "" {
		*into, _ = json.Marshal(text) // a string always has a JSON form
	} else if !t.initial {
		*into = json.RawMessage("null")
	}
}

// people adds how many people are in the rooms, who a room is known by unless it has a name, and, where members are loaded lazily, the
// memberships of who is named.
func (l *sliding) people(all []*telling) error {
	var rooms, untitled []room.No
	for _, t := range all {
		if t.turned && t.joined() { // how many came since is not for who left
			if rooms = append(rooms, t.Room); !t.is.titled {
				untitled = append(untitled, t.Room)
			}
		}
	}
	summaries, err := l.summary(rooms, untitled)
	if err != nil {
		return err
	}
	var asked []room.Members
	for _, t := range all {
		if s := summaries[t.Room]; s != nil {
			t.out.Joined, t.out.Invited, t.heroes = &s.Joined, &s.Invited, s.Heroes
			slices.Sort(t.heroes)
			t.named = append(t.named, t.heroes...)
		}
		if slices.ContainsFunc(t.framed.state, (*Required).lazily) {
			t.speakers()
		} else {
			t.is.members = nil
		}
		who := slices.Concat(t.who, t.heroes)
		slices.Sort(who)
		if len(who) > 0 {
			asked = append(asked, room.Members{Room: t.Room, At: t.at(), Who: slices.Compact(who)})
		}
	}
	members, err := l.Disk.MembersAt(l.v, asked)
	for _, t := range all {
		for _, e := range members[t.Room] {
			who := mxid.User(e.Get("state_key").Text())
			if slices.Contains(t.who, who) {
				t.state.Events = append(t.state.Events, e)
			}
			if slices.Contains(t.heroes, who) {
				t.out.Heroes = append(t.out.Heroes, hero{who, e.Content("displayname").Text(), e.Content("avatar_url").Text()})
			}
		}
	}
	return err
}

// maxMembers is of how many people in each room it is remembered that their memberships were told.
const maxMembers = 100

// speakers notes whose memberships are told because they are named in the timeline: unless they were told before.
func (t *telling) speakers() {
	slices.Sort(t.named)
	for _, user := range slices.Compact(t.named) {
		if !t.given[string(user)] && !t.is.members[user] {
			t.who = append(t.who, user)
		}
	}
	members := t.is.members
	if len(members)+len(t.given)+len(t.who) > maxMembers {
		members = nil
	}
	if t.is.members = maps.Clone(members); t.is.members == nil {
		t.is.members = map[mxid.User]bool{}
	}
	for user := range t.given {
		t.is.members[mxid.User(user)] = true
	}
	for _, user := range t.who {
		t.is.members[user] = true
	}
}

// shows puts timelines and state into the answer.
func (l *sliding) shows(all []*telling) error {
	var showing []*room.Showing
	for _, t := range all {
		showing = append(showing, &t.timeline, &t.state)
	}
	if err := l.Rooms.ShowAll(l.v, showing); err != nil {
		return err
	}
	for _, t := range all {
		t.out.Timeline, t.out.State = t.timeline.Shown, t.state.Shown
		if !t.joined() && !t.given[string(l.s.User)] { // clients take a room without it for one that they are in
			own, err := l.ownMembership(t.framed.stay)
			if err != nil {
				return err
			}
			t.out.State = append(t.out.State, own...)
		}
	}
	return nil
}

// bumps adds where something happened last by which clients sort.
func (l *sliding) bumps(all []*telling) error {
	var quiet []room.Stretch
	for _, t := range all {
		switch {
		case !t.initial && !t.news:
		case !t.joined():
			t.out.Bump = t.framed.stay.Pos
		case t.spoken > 0:
			t.out.Bump = t.spoken
		default:
			quiet = append(quiet, room.Stretch{Room: t.Room, Upto: t.end})
		}
	}
	spoken, err := l.Disk.Spoken(l.v, quiet)
	for _, t := range all {
		if at := spoken[t.Room]; at > 0 {
			t.out.Bump = at
		}
	}
	return err
}
