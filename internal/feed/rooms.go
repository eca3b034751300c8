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
	for _, n := range all {
		l.stale = append(l.stale, n.ID)
		if n.Stay, err = l.stay(n.Stay); err != nil {
			return err
		}
		if n.Membership == "" || !l.req.Filter.Room.room(n.ID) {
			continue
		}
		switch n.Membership {
		case event.Join:
			err = l.join(n)
		case event.Invite, event.Knock:
			if n.Pos > l.at {
				err = l.offered(n.Stay)
			}
		default:
			if n.Pos > l.at && !l.first || l.first && l.req.Filter.Room.IncludeLeave {
				err = l.leave(n.Stay, l.roomData[n.ID])
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

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

// join adds a room that the person is in.
func (l *looking) join(n News) error {
	st := n.Stay
	j := &joined{left: left{Data: eventList{l.roomData[st.ID]}}}
	since := stream.Position(0)
	if !l.first {
		switch was, err := l.wasIn(st, l.at); {
		case err != nil:
			return err
		case was:
			since = l.at
		}
	}
	var told tale
	var err error
	if n.Last > 0 || since == 0 {
		told, err = l.timeline(&j.left, st, since, l.upto)
	} else {
		l.nothingSaid(&j.left)
	}
	if err != nil {
		return err
	}
	if since == 0 && !l.first {
		j.Timeline.Limited = true // the device may have some of it from an earlier stay, and would show that twice
		if j.Data.Events, err = l.allData(st.Room); err != nil {
			return err
		}
	}
	if j.Ephemeral.Events, err = l.ephemeral(st, since, n.Receipts || since == 0); err != nil {
		return err
	}
	if told.turned {
		if j.Summary, err = l.summary(st, told.titled); err != nil {
			return err
		}
		told.named = append(told.named, j.Summary.Heroes...)
	}
	if err := l.introduce(&j.left, told); err != nil {
		return err
	}
	if err := l.unread(j, st); err != nil {
		return err
	}
	l.answer.Rooms.Join[st.ID] = j
	return nil
}

// allData is the person's data for a room: of what was written while they were not in it the device was not told.
func (l *looking) allData(no room.No) (all []json.RawMessage, err error) {
	data, err := l.Disk.RoomDataSince(l.v, l.s.Account, no, 0, l.upto)
	for _, d := range data {
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

// leave adds a room that the person is no longer in, up to the event that ended it. Of one that they have forgotten since, the device is
// told that event alone, and one that begins is told nothing.
func (l *looking) leave(st room.Stay, data []json.RawMessage) error {
	gone := &left{Data: eventList{data}}
	if forgotten, err := l.Disk.Forgotten(l.v, l.s.Account, st.Room); err != nil || forgotten {
		if err == nil && !l.first {
			l.nothingSaid(gone)
			gone.Timeline.Events, err = l.ownMembership(st)
			l.answer.Rooms.Leave[st.ID] = gone
		}
		return err
	}
	told, err := l.timeline(gone, st, l.at, st.Pos)
	if err != nil {
		return err
	}
	if err := l.introduce(gone, told); err != nil {
		return err
	}
	l.answer.Rooms.Leave[st.ID] = gone
	return nil
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

// tale is what was told of a room, for what goes with it.
type tale struct {
	sight   *room.Sight
	at      stream.Position // where the state that is given belongs
	named   []mxid.User     // who is named in it
	members map[string]bool // whose membership it gives
	turned  bool            // somebody came or went
	titled  bool            // the state that is given has a name of the room
}

// newest is the newest events of a room after a position.
type newest struct {
	sight   *room.Sight
	events  []room.Event    // that may be seen, oldest first
	start   stream.Position // the first position that they cover
	limited bool            // there are more
	whole   bool            // there is nothing else after the position, be it seen or not
}

// newest finds at most limit events of a room after since and up to end.
func (l *looking) newest(st room.Stay, since, end stream.Position, limit int) (n newest, err error) {
	n.events, err = l.Disk.Timeline(l.v, st.Room, since, end, true, limit+1)
	if err != nil {
		return n, err
	}
	n.sight, err = l.Rooms.Sight(l.v, l.s, st.ID)
	if err != nil {
		return n, err
	}
	n.sight.Ignored = l.ignored
	n.start, n.whole = end+1, since > 0
	if i := slices.IndexFunc(n.events, func(e room.Event) bool { return !n.sight.Sees(e.Pos) }); i >= 0 {
		n.events, n.whole, n.limited = n.events[:i], false, true // what lies before is told by prev_batch, as far as it may be seen
	}
	if len(n.events) > limit {
		n.events, n.whole, n.limited = n.events[:limit], false, true
	}
	slices.Reverse(n.events)
	if len(n.events) > 0 {
		n.start = n.events[0].Pos
	}
	return n, nil
}

// reaches reports whether an event reaches the person: messages of people whom they ignore do not. That something was deleted does, by
// whomever: a device that was told of it before is to forget it.
func (l *looking) reaches(e *room.Event) bool {
	return e.Get("state_key") != nil || e.Get("type").Text() == event.TypeRedaction || !l.ignored.Has(mxid.User(e.Get("sender").Text()))
}

// timeline adds the newest events after since and up to end, and the state that goes with them.
func (l *looking) timeline(into *left, st room.Stay, since, end stream.Position) (told tale, err error) {
	n, err := l.newest(st, since, end, l.req.Filter.limit())
	if err != nil {
		return told, err
	}
	told.sight, into.Timeline.Limited = n.sight, n.limited
	into.Timeline.Prev = stream.Token{n.start - 1}.String()

	told.at = n.start - 1
	if l.req.StateAfter {
		told.at = end
	}

	wanted := n.events[:0:0]
	changed, renamed := false, false // there is a state event; one about the room's name
	for _, e := range n.events {
		if !l.reaches(&e) {
			continue
		}
		if l.req.Filter.Room.Timeline.Match(&e) {
			wanted = append(wanted, e)
			told.named = append(told.named, mxid.User(e.Get("sender").Text()))
		}
		changed = changed || e.Get("state_key") != nil
		renamed = renamed || e.Get("state_key") != nil && e.Get("type").Text() == "m.room.name"
	}
	if into.Timeline.Events, err = l.shown(told.sight, wanted, false); err != nil {
		return told, err
	}
	if n.whole && !l.req.FullState && !(changed && l.req.StateAfter) {
		l.putState(into, &eventList{})
	} else if err := l.state(into, &told, since); err != nil {
		return told, err
	}
	if renamed {
		told.titled = false // perhaps: then it is known by its people
	}
	told.turned = since == 0 || renamed
	if !told.turned && !(n.whole && !changed) {
		told.turned, err = l.Disk.Turned(l.v, st.Room, since, end)
	}
	return told, err
}

// shown is events as the client wants them written. plain tells how things are, and not what was before or came of it: a client that is
// told of a change shows it.
func (l *looking) shown(sight *room.Sight, events []room.Event, plain bool) ([]json.RawMessage, error) {
	return l.Rooms.Show(l.v, sight, events, room.Style{NoRoom: true, Plain: plain, Federation: l.req.Filter.EventFormat == "federation"})
}

// state adds what of the room's state the device does not know: as it was before the timeline began, or as it is behind
// its end. Changes of membership are all given, also to clients that load members lazily: whoever encrypts must know.
func (l *looking) state(into *left, told *tale, since stream.Position) error {
	if l.req.FullState {
		since = 0
	}
	var members []mxid.User
	if since == 0 && l.req.Filter.lazy() {
		members = []mxid.User{l.s.User}
	}
	state, err := l.Disk.StateSince(l.v, told.sight.Room.No, since, told.at, members)
	if err != nil {
		return err
	}
	told.members = map[string]bool{}
	wanted := state[:0:0]
	for _, e := range state {
		if l.req.Filter.Room.State.Match(&e) {
			wanted = append(wanted, e)
		}
		switch e.Get("type").Text() {
		case event.TypeMember:
			told.members[e.Get("state_key").Text()] = true
		case "m.room.name":
			told.titled = told.titled || e.Content("name").Text() != ""
		}
	}
	list := &eventList{}
	if list.Events, err = l.shown(told.sight, wanted, since == 0); err != nil {
		return err
	}
	l.putState(into, list)
	return nil
}

// introduce adds the memberships of people who are named to a client that loads members lazily: of those who speak, and of
// those whom the room is known by. It may have them already; what each device has is not kept.
//
// Spec: client-server API, "Lazy-loading room members".
func (l *looking) introduce(into *left, told tale) error {
	var who []mxid.User
	for _, user := range told.named {
		if !told.members[string(user)] && user != l.s.User {
			who = append(who, user)
		}
	}
	if len(who) == 0 || !l.req.Filter.lazy() {
		return nil
	}
	slices.Sort(who)
	events, err := l.Disk.MembersAt(l.v, told.sight.Room.No, told.at, slices.Compact(who))
	if err != nil {
		return err
	}
	more, err := l.shown(told.sight, slices.DeleteFunc(events, func(e room.Event) bool { return !l.req.Filter.Room.State.Match(&e) }), true)
	if err != nil {
		return err
	}
	list := into.State
	if l.req.StateAfter {
		list = into.After
	}
	list.Events = append(list.Events, more...)
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

// ephemeral is who is typing and, with receipts, how far people have read.
func (l *looking) ephemeral(st room.Stay, since stream.Position, receipts bool) ([]json.RawMessage, error) {
	events := l.typing(st.ID)
	if !receipts || !l.req.Filter.Room.Ephemeral.MatchType("m.receipt") {
		return events, nil
	}
	given, err := l.Disk.ReceiptsSince(l.v, st.Room, l.s.Account, since, l.upto, 0)
	if err != nil || len(given) == 0 {
		return events, err
	}
	return append(events, receiptEvent(given)), nil
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

// summary says how many people are in the room, and who it is known by unless it has a name of its own.
//
// Spec: client-server API, GET /sync, "RoomSummary".
func (l *looking) summary(st room.Stay, titled bool) (*summary, error) {
	counts, err := l.Disk.Count(l.v, st.Room)
	if err != nil {
		return nil, err
	}
	if titled {
		return &summary{Joined: counts[event.Join], Invited: counts[event.Invite]}, nil
	}
	heroes, err := l.Disk.Heroes(l.v, st.Room, l.s.User)
	return &summary{heroes, counts[event.Join], counts[event.Invite]}, err
}
