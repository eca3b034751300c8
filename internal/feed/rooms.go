package feed

import (
	"encoding/json"
	"maps"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

func memberKey(who mxid.User) event.StateKey {
	return event.StateKey{Type: event.TypeMember, Key: string(who)}
}

// rooms adds every room that has something new.
func (l *looking) rooms() error {
	all, err := l.news()
	if err != nil || len(all) == 0 {
		return err
	}
	if l.ignored, err = account.IgnoredBy(l.v, l.Disk, l.s); err != nil {
		return err
	}
	l.stale = nil
	for some := range slices.Chunk(all, together) {
		var tales []*tale
		for _, n := range some {
			l.stale = append(l.stale, n.ID)
			if n.Stay, err = l.stay(n.Stay); err != nil {
				return err
			}
			if n.Membership == "" || !l.req.Filter.Room.room(n.ID) {
				continue
			}
			var t *tale
			switch n.Membership {
			case event.Join:
				t, err = l.join(n)
			case event.Invite, event.Knock:
				if n.Pos > l.at {
					err = l.offered(n.Stay)
				}
			default:
				if n.Pos > l.at && !l.first || l.first && l.req.Filter.Room.IncludeLeave {
					t, err = l.leave(n.Stay, l.roomData[n.ID])
				}
			}
			if err != nil {
				return err
			}
			if t != nil {
				tales = append(tales, t)
			}
		}
		if err := l.tell(tales); err != nil {
			return err
		}
	}
	return nil
}

// together is of how many rooms an answer is read at once: enough that few statements are needed, and what was read of them takes little memory.
const together = 64

// news finds the rooms to look into: those where something happened, somebody is writing, or which the person has new data of.
func (l *looking) news() ([]News, error) {
	if l.first || l.req.FullState {
		stays, err := l.Disk.Stays(l.v, l.s.User)
		all := make([]News, len(stays))
		for i, st := range stays {
			all[i] = News{st, st.Pos, true}
		}
		return all, err
	}
	all, err := l.Disk.News(l.v, l.s.User, l.s.Account, l.at, l.upto)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.AppendSeq(l.Typing.Changed(l.since.typing), maps.Keys(l.roomData)) {
		if slices.ContainsFunc(all, func(n News) bool { return n.ID == id }) {
			continue
		}
		st, ok, err := l.Disk.Stay(l.v, l.s.User, id)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, News{Stay: st})
		}
	}
	return all, nil
}

// tale is the making of what is told of one room.
type tale struct {
	newest
	into   *left
	joined *joined // nil for a room that the person has left
	unsaid bool    // nothing was said there

	at              stream.Position // where the state that is given belongs
	named           []mxid.User     // who is named in it
	members         map[string]bool // whose membership it gives
	stated          bool            // state is given beside the timeline
	changed         bool            // there is state in the timeline
	turned          bool            // somebody came or went
	renamed, titled bool            // there is another name in the timeline; the state that is given has a name of the room
	receipts        bool            // there may be some

	said, state, people room.Showing // in the timeline, the state that goes with it, and who is named
}

// join begins to tell of a room that the person is in.
func (l *looking) join(n News) (*tale, error) {
	st := n.Stay
	j := &joined{left: left{Data: eventList{l.roomData[st.ID]}}}
	t := &tale{newest: newest{stay: st, end: l.upto, limit: l.req.Filter.limit()}, into: &j.left, joined: j}
	if !l.first {
		switch was, err := l.wasIn(st, l.at); {
		case err != nil:
			return nil, err
		case was:
			t.since = l.at
		default:
			if j.Data.Events, err = l.allData(st.Room); err != nil {
				return nil, err
			}
		}
	}
	t.unsaid = n.Last == 0 && t.since > 0
	t.receipts = n.Receipts || t.since == 0
	l.answer.Rooms.Join[st.ID] = j
	return t, nil
}

// tell tells of some rooms.
func (l *looking) tell(all []*tale) error {
	for _, step := range []func([]*tale) error{l.timelines, l.states, l.summaries, l.introduce, l.show, l.ephemeral, l.unread} {
		if err := step(all); err != nil {
			return err
		}
	}
	return nil
}

// allData is the person's data for a room: of what was written while they were not in it the device was not told.
func (l *looking) allData(no room.No) (all []json.RawMessage, err error) {
	data, err := l.Disk.RoomDataSince(l.v, l.s.Account, []room.Stretch{{Room: no, Upto: l.upto}})
	for _, d := range data[no] {
		if l.req.Filter.Room.AccountData.MatchType(d.Type) {
			all = append(all, typed(d.Type, d.Content))
		}
	}
	return all, err
}

// wasIn reports whether the person was in a room already behind the event at pos: a change of one's own profile is a membership event
// too, but no new room.
func (l *looking) wasIn(st room.Stay, pos stream.Position) (bool, error) {
	if st.Pos <= pos {
		return true, nil
	}
	spans, err := l.Disk.Spans(l.v, st.Room, memberKey(l.s.User))
	return membershipAt(spans, pos) == event.Join, err
}

// membershipAt is what the membership was behind the event at pos; "" for none.
func membershipAt(spans []room.Span, pos stream.Position) string {
	was := ""
	for _, s := range spans {
		if s.Pos <= pos {
			was = s.Membership
		}
	}
	return was
}

// leave begins to tell of a room that the person is no longer in, up to the event that ended it. Of one that they have forgotten since, the
// device is told that event alone, and one that begins is told nothing.
func (l *looking) leave(st room.Stay, data []json.RawMessage) (*tale, error) {
	gone := &left{Data: eventList{data}}
	if forgotten, err := l.Disk.Forgotten(l.v, l.s.Account, st.Room); err != nil || forgotten {
		if err == nil && !l.first {
			l.nothingSaid(gone)
			gone.Timeline.Events, err = l.ownMembership(st)
			l.answer.Rooms.Leave[st.ID] = gone
		}
		return nil, err
	}
	l.answer.Rooms.Leave[st.ID] = gone
	return &tale{newest: newest{stay: st, since: l.at, end: st.Pos, limit: l.req.Filter.limit()}, into: gone}, nil
}

// ownMembership is the event that made the person's membership what it is, for who may not look into the room.
func (l *looking) ownMembership(st room.Stay) ([]json.RawMessage, error) {
	events, err := l.Disk.EventsAt(l.v, []stream.Position{st.Pos})
	if err != nil {
		return nil, err
	}
	return l.Rooms.Show(l.v, nil, events, room.Style{NoRoom: true, Plain: true, Federation: l.req.Filter.EventFormat == "federation"})
}

// offered adds a room that the person is invited to or has asked to join: what may be known of it from outside.
func (l *looking) offered(st room.Stay) error {
	if unwanted, err := l.unwanted(st); err != nil || unwanted {
		return err
	}
	state, err := l.Rooms.Stripped(l.v, st.Room, l.s.User)
	if err != nil {
		return err
	}
	if st.Membership == event.Invite {
		l.answer.Rooms.Invite[st.ID] = &invited{eventList{state}}
	} else {
		l.answer.Rooms.Knock[st.ID] = &knocked{eventList{state}}
	}
	return nil
}

// unwanted reports whether st is an invitation by somebody whom the person ignores, which is not told.
//
// Spec: client-server API, "Ignoring Users".
func (l *looking) unwanted(st room.Stay) (bool, error) {
	if len(l.ignored) == 0 || st.Membership != event.Invite {
		return false, nil
	}
	by, err := l.Disk.EventsAt(l.v, []stream.Position{st.Pos})
	return err == nil && len(by) > 0 && l.ignored.Has(mxid.User(by[0].Get("sender").Text())), err
}

// nothingSaid is a timeline, and state, in which nothing is new.
func (l *looking) nothingSaid(into *left) {
	into.Timeline.Events, into.Timeline.Prev = []json.RawMessage{}, stream.Token{l.upto}.String()
	l.putState(into, &eventList{})
}

// newest is the newest events of a room after a position and up to another one, a limited number of them.
type newest struct {
	stay       room.Stay
	since, end stream.Position
	limit      int

	sight   *room.Sight
	events  []room.Event    // that may be seen, oldest first
	start   stream.Position // the first position that they cover
	limited bool            // there are more
	whole   bool            // there is nothing else after the position, be it seen or not

	// related are the events that others relate to. They do so later, so they are among the newest of the room too. nil where others may have come.
	related map[stream.Position]bool
}

// find finds the newest events of rooms.
func (l *looking) find(all []*newest) error {
	if len(all) == 0 {
		return nil
	}
	limit, stretches, stays := 0, make([]room.Stretch, len(all)), make([]room.Stay, len(all))
	for i, n := range all {
		limit = max(limit, n.limit)
		stretches[i], stays[i] = room.Stretch{Room: n.stay.Room, After: n.since, Upto: n.end}, n.stay
	}
	events, err := l.Disk.Newest(l.v, stretches, limit+1)
	if err != nil {
		return err
	}
	sights, err := l.Rooms.Sights(l.v, l.s, stays)
	if err != nil {
		return err
	}
	upto := l.v.Upto().At(stream.Topic(l.s.User))
	for _, n := range all {
		n.events, n.sight = events[n.stay.Room], sights[n.stay.Room]
		if n.sight == nil { // forgotten since: nothing is told of it
			n.events = nil
			continue
		}
		n.sight.Ignored = l.ignored
		n.start, n.whole = n.end+1, n.since > 0
		if n.end >= upto {
			n.related = map[stream.Position]bool{}
			for i := range n.events {
				if at := n.events[i].Relates; at != 0 {
					n.related[at] = true
				}
			}
		}
		for i := range n.events {
			if !n.sight.Sees(n.events[i].Pos) {
				n.events, n.whole, n.limited = n.events[:i], false, true // what lies before is told by prev_batch, as far as it may be seen
				break
			}
		}
		if len(n.events) > n.limit {
			n.events, n.whole, n.limited = n.events[:n.limit], false, true
		}
		slices.Reverse(n.events)
		if len(n.events) > 0 {
			n.start = n.events[0].Pos
		}
	}
	return nil
}

// reaches reports whether an event reaches the person: messages of people whom they ignore do not. That something was deleted does, by
// whomever: a device that was told of it before is to forget it.
func (l *looking) reaches(e *room.Event) bool {
	return len(l.ignored) == 0 || e.Get("state_key") != nil || e.Get("type").Is(event.TypeRedaction) || !l.ignored.Has(mxid.User(e.Get("sender").Text()))
}

// timelines finds the newest events of the rooms, and what of their state goes with them.
func (l *looking) timelines(all []*tale) error {
	var find []*newest
	var asked []room.Stretch
	for _, t := range all {
		if !t.unsaid {
			find = append(find, &t.newest)
		}
	}
	if err := l.find(find); err != nil {
		return err
	}
	for _, t := range all {
		if t.sight == nil {
			t.unsaid = true
			l.nothingSaid(t.into)
			continue
		}
		t.into.Timeline.Limited = t.limited || t.joined != nil && t.since == 0 && !l.first // the device may have some of it from an earlier stay, and would show that twice
		t.into.Timeline.Prev = stream.Token{t.start - 1}.String()
		if t.at = t.start - 1; l.req.StateAfter {
			t.at = t.end
		}
		t.said = room.Showing{Sight: t.sight, Style: l.style(false), Related: t.related, Events: t.events[:0]}
		for i := range t.events {
			e := &t.events[i]
			if !l.reaches(e) {
				continue
			}
			if l.req.Filter.Room.Timeline.Match(e) {
				t.said.Events = append(t.said.Events, *e)
				t.names(e.Get("sender"))
			}
			if e.Get("state_key") != nil {
				t.changed, t.renamed = true, t.renamed || e.Get("type").Is("m.room.name")
			}
		}
		t.stated = !t.whole || l.req.FullState || t.changed && l.req.StateAfter
		t.turned = t.joined != nil && (t.since == 0 || t.renamed)
		if !t.turned && t.joined != nil && (!t.whole || t.changed) {
			asked = append(asked, room.Stretch{Room: t.stay.Room, After: t.since, Upto: t.end})
		}
	}
	turned, err := l.Disk.Turned(l.v, asked)
	for _, t := range all {
		t.turned = t.turned || turned[t.stay.Room]
	}
	return err
}

// names notes that somebody is named.
func (t *tale) names(who event.Value) {
	if !slices.ContainsFunc(t.named, func(u mxid.User) bool { return who.Is(string(u)) }) {
		t.named = append(t.named, mxid.User(who.Text()))
	}
}

// style is how the client wants events written. plain tells how things are, and not what was before or came of it: a client that is
// told of a change shows it.
func (l *looking) style(plain bool) room.Style {
	return room.Style{NoRoom: true, Plain: plain, Federation: l.req.Filter.EventFormat == "federation"}
}

// states finds what of the rooms' state the device does not know: as it was before the timeline began, or as it is behind
// its end. Changes of membership are all given, also to clients that load members lazily: whoever encrypts must know.
func (l *looking) states(all []*tale) error {
	var asked []room.Stretch
	for _, t := range all {
		if t.members = map[string]bool{}; !t.stated {
			continue
		}
		since := t.since
		if l.req.FullState {
			since = 0
		}
		t.state = room.Showing{Sight: t.sight, Style: l.style(since == 0)}
		asked = append(asked, room.Stretch{Room: t.stay.Room, After: since, Upto: t.at})
		if since == 0 && l.req.Filter.lazy() {
			t.named = append(t.named, l.s.User)
		}
	}
	found, err := l.Disk.StateSince(l.v, asked, !l.req.Filter.lazy())
	if err != nil {
		return err
	}
	for _, t := range all {
		if !t.stated {
			continue
		}
		state := found[t.stay.Room]
		for i := range state {
			e := &state[i]
			switch typ := e.Get("type"); {
			case typ.Is(event.TypeMember):
				t.members[e.Get("state_key").Text()] = true
			case typ.Is("m.room.name"):
				t.titled = t.titled || e.Content("name").Text() != ""
			}
		}
		t.titled = t.titled && !t.renamed // perhaps: then it is known by its people
		t.state.Events = slices.DeleteFunc(state, func(e room.Event) bool { return !l.req.Filter.Room.State.Match(&e) })
	}
	return nil
}

// introduce finds the memberships of people who are named, for a client that loads members lazily: of those who speak, and of
// those whom the room is known by. It may have them already; what each device has is not kept.
//
// Spec: client-server API, "Lazy-loading room members".
func (l *looking) introduce(all []*tale) error {
	if !l.req.Filter.lazy() {
		return nil
	}
	var asked []room.Members
	for _, t := range all {
		slices.Sort(t.named)
		who := slices.DeleteFunc(slices.Compact(t.named), func(u mxid.User) bool {
			return t.members[string(u)] || u == l.s.User && !t.state.Plain // whose own one is told as all changes are
		})
		if len(who) > 0 {
			asked = append(asked, room.Members{Room: t.stay.Room, At: t.at, Who: who})
		}
	}
	found, err := l.Disk.MembersAt(l.v, asked)
	for _, t := range all {
		events := slices.DeleteFunc(found[t.stay.Room], func(e room.Event) bool { return !l.req.Filter.Room.State.Match(&e) })
		t.people = room.Showing{Sight: t.sight, Style: l.style(true), Events: events}
	}
	return err
}

// show puts what was found of the rooms into the answer.
func (l *looking) show(all []*tale) error {
	var showing []*room.Showing
	for _, t := range all {
		if !t.unsaid {
			showing = append(showing, &t.said, &t.state, &t.people)
		}
	}
	if err := l.Rooms.ShowAll(l.v, showing); err != nil {
		return err
	}
	for _, t := range all {
		if !t.unsaid {
			t.into.Timeline.Events = t.said.Shown
			l.putState(t.into, &eventList{append(t.state.Shown, t.people.Shown...)})
		}
	}
	return nil
}

// putState puts state where the client wants it.
func (l *looking) putState(into *left, list *eventList) {
	if l.req.StateAfter {
		into.After, into.AfterUnstable = list, list
	} else {
		into.State = list
	}
}

// typing is who is typing, where that has changed.
func (l *looking) typing(id mxid.Room) []json.RawMessage {
	who, changed := l.Typing.Since(id, l.since.typing, l.s.User)
	if !changed || !l.req.Filter.Room.Ephemeral.MatchType("m.typing") {
		return nil
	}
	if who == nil {
		who = []mxid.User{}
	}
	return []json.RawMessage{typed("m.typing", map[string]any{"user_ids": who})}
}

// ephemeral adds who is typing and how far people have read.
func (l *looking) ephemeral(all []*tale) error {
	var asked []Receipts
	for _, t := range all {
		if t.joined == nil {
			continue
		}
		t.joined.Ephemeral.Events = l.typing(t.stay.ID)
		if t.receipts && l.req.Filter.Room.Ephemeral.MatchType("m.receipt") {
			asked = append(asked, Receipts{Stretch: room.Stretch{Room: t.stay.Room, After: t.since, Upto: l.upto}})
		}
	}
	given, err := l.Disk.ReceiptsSince(l.v, asked, l.s.Account)
	for _, t := range all {
		if some := given[t.stay.Room]; len(some) > 0 {
			t.joined.Ephemeral.Events = append(t.joined.Ephemeral.Events, receiptEvent(some))
		}
	}
	return err
}

// receiptEvent is m.receipt with these receipts.
//
// Spec: client-server API, "Receipts".
func receiptEvent(given []GivenReceipt) json.RawMessage {
	type mark struct {
		Thread string `json:"thread_id,omitempty"`
	}
	content := map[mxid.Event]map[string]map[mxid.User]mark{}
	for _, r := range given {
		byType := content[r.Event]
		if byType == nil {
			byType = map[string]map[mxid.User]mark{}
			content[r.Event] = byType
		}
		if byType[r.Type] == nil {
			byType[r.Type] = map[mxid.User]mark{}
		}
		byType[r.Type][r.User] = mark{r.Thread}
	}
	return typed("m.receipt", content)
}

// summaries adds how many people are in the rooms, and who they are known by.
func (l *looking) summaries(all []*tale) error {
	var rooms, untitled []room.No
	for _, t := range all {
		if t.turned {
			if rooms = append(rooms, t.stay.Room); !t.titled {
				untitled = append(untitled, t.stay.Room)
			}
		}
	}
	found, err := l.summary(rooms, untitled)
	for _, t := range all {
		if t.turned && err == nil {
			t.joined.Summary = found[t.stay.Room]
			t.named = append(t.named, t.joined.Summary.Heroes...)
		}
	}
	return err
}

// summary says how many people are in these rooms, and who those of them are known by that have no name of their own.
//
// Spec: client-server API, GET /sync, "RoomSummary".
func (l *looking) summary(rooms, untitled []room.No) (map[room.No]*summary, error) {
	counts, err := l.Disk.Count(l.v, rooms...)
	if err != nil {
		return nil, err
	}
	heroes, err := l.Disk.Heroes(l.v, untitled, l.s.User)
	all := map[room.No]*summary{}
	for _, no := range rooms {
		all[no] = &summary{heroes[no], counts[no][event.Join], counts[no][event.Invite]}
	}
	return all, err
}
