package feed

import (
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// maxUnread is as far as unread events are counted.
const maxUnread = 1000

// tally is how much somebody has not read of a room, by thread: all, and what of it their push rules tell of.
type tally struct {
	threads []inThread // in which there is anything; few

	heard bool            // the rules were asked
	one   bool            // they make the same of whatever is said there
	is    account.Verdict // and what
}

// inThread is what is unread in the thread with that root, or in none.
type inThread struct {
	root mxid.Event
	all  int
	told unread
}

// of gives what is counted of a thread, to be changed.
func (t *tally) of(root mxid.Event) *inThread {
	for i := range t.threads {
		if t.threads[i].root == root {
			return &t.threads[i]
		}
	}
	t.threads = append(t.threads, inThread{root: root})
	return &t.threads[len(t.threads)-1]
}

func (t *tally) clone() *tally {
	is := *t
	is.threads = slices.Clone(t.threads)
	return &is
}

// tallies are those of a device's rooms. Where there are several, one is changed by making all anew.
type tallies []roomTally

type roomTally struct {
	room mxid.Room
	*tally
}

// of finds a room's; nil where there is none.
func (all tallies) of(id mxid.Room) *tally {
	for i := range all {
		if all[i].room == id {
			return all[i].tally
		}
	}
	return nil
}

// hear asks what the rules make of what is encrypted, if that is one for all senders and all threads.
func (t *tally) hear(h *hearing) (err error) {
	t.heard, t.one = true, !h.open && !h.rules.AsksSender()
	if !t.one {
		return nil
	}
	if t.is, err = h.tells(account.Heard{Type: "m.room.encrypted"}); err != nil {
		return err
	}
	for _, thread := range []account.Thread{account.Unsubscribed, account.Subscribed} {
		is, err := h.tells(account.Heard{Type: "m.room.encrypted", Thread: thread})
		if err != nil {
			return err
		}
		if is == t.is {
			continue
		}
		if thread == account.Subscribed {
			if follows, err := h.follows(); err != nil || len(follows) == 0 {
				return err
			}
		}
		t.one = false
	}
	return nil
}

// unread adds how much somebody has not read of rooms: what their push rules would tell them of, and where that is something else,
// all of it. What people wrote whom they ignore counts in neither.
//
// All that is encrypted in a room is one to the rules, or as many as there are senders, where rules ask for those; so nothing of it
// is looked at one by one. In a room that was made open each event is.
//
// Spec: client-server API, "Receiving notifications".
func (l *looking) unread(all []*tale) error {
	var rooms []room.Stay
	for _, t := range all {
		if t.joined != nil {
			rooms = append(rooms, t.stay)
		}
	}
	tallies, err := l.tallies(rooms)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.joined == nil {
			continue
		}
		n := tallies[t.stay.Room]
		if !l.first || len(l.unreadNow) < atFirst {
			l.unreadNow = append(l.unreadNow, roomTally{t.stay.ID, n})
		}
		l.putUnread(t.joined, n)
	}
	return nil
}

// atFirst is of how many rooms the first sync of a device leaves in memory what is unread: else the first message in a room after everybody has
// synced is read from the store for each of them. Most people are in fewer; of more rooms it is not kept until something is said there.
const atFirst = 32

// tallies counts what is unread in rooms.
func (l *looking) tallies(rooms []room.Stay) (map[room.No]*tally, error) {
	var nos, some []room.No
	all := make(map[room.No]*tally, len(rooms))
	for _, st := range rooms {
		nos = append(nos, st.Room)
		all[st.Room] = &tally{}
	}
	counts, err := l.Disk.Unread(l.v, nos, l.s.User, l.s.Account)
	if err != nil {
		return nil, err
	}
	for no, all := range counts {
		counts[no] = slices.DeleteFunc(all, func(n Unread) bool { return l.ignores(n.Sender) })
		if len(counts[no]) > 0 {
			some = append(some, no)
		}
	}
	closed, err := l.Disk.Encrypted(l.v, some)
	if err != nil {
		return nil, err
	}
	for _, st := range rooms {
		if len(counts[st.Room]) > 0 {
			if err := l.tally(all[st.Room], st, counts[st.Room], !closed[st.Room]); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// tally makes t of what counts in a room; open says that nothing is encrypted there.
func (l *looking) tally(t *tally, st room.Stay, counts []Unread, open bool) error {
	for _, n := range counts {
		t.of(n.Thread).all += n.N
	}
	if l.rules == nil {
		rules, err := account.PushRulesOf(l.v, l.Disk, l.s)
		if err != nil {
			return err
		}
		l.rules = &rules
	}
	h := &hearing{Feed: l.Feed, v: l.v, rules: l.rules, no: st.Room, id: st.ID, open: open, who: l.s.Account, joined: account.NotCounted}
	if err := t.hear(h); err != nil {
		return err
	}
	switch {
	case t.one:
		for i := range t.threads {
			t.threads[i].told = unread{}.plus(t.is, t.threads[i].all)
		}
		return nil
	case open:
		return l.openly(h, st, t)
	default:
		return l.closed(h, counts, t)
	}
}

// putUnread puts unread numbers where the client wants them.
func (l *looking) putUnread(j *joined, t *tally) {
	same := true
	for _, n := range t.threads {
		same = same && n.told.Notifications == n.all
		switch {
		case n.root == "" || !l.req.Filter.Room.Timeline.ThreadCounts:
			j.Unread.Notifications += n.told.Notifications
			j.Unread.Highlights += n.told.Highlights
		default:
			if j.Threads == nil {
				j.Threads = map[mxid.Event]unread{}
			}
			j.Threads[n.root] = n.told
		}
	}
	if same {
		return
	}
	j.Messages = &messages{}
	for _, n := range t.threads {
		if n.root == "" {
			j.Messages.Main = n.all
			continue
		}
		if j.Messages.Threads == nil {
			j.Messages.Threads = map[mxid.Event]int{}
		}
		j.Messages.Threads[n.root] = n.all
	}
}

func (l *looking) ignores(a account.No) bool {
	for _, no := range l.ignored {
		if no == a {
			return true
		}
	}
	return false
}

// closed counts what is told of an encrypted room by who sent it.
func (l *looking) closed(h *hearing, counts []Unread, t *tally) error {
	var senders []account.No
	for _, n := range counts {
		senders = append(senders, n.Sender)
	}
	slices.Sort(senders)
	names, err := l.Disk.Senders(l.v, slices.Compact(senders))
	if err != nil {
		return err
	}
	for _, n := range counts {
		thread, err := h.thread(n.Thread)
		if err != nil {
			return err
		}
		is, err := h.tells(account.Heard{Type: "m.room.encrypted", Sender: names[n.Sender], Thread: thread})
		if err != nil {
			return err
		}
		one := t.of(n.Thread)
		one.told = one.told.plus(is, n.N)
	}
	return nil
}

// openly counts what is told of a room in which nothing is encrypted.
func (l *looking) openly(h *hearing, st room.Stay, t *tally) error {
	events, err := l.Disk.UnreadEvents(l.v, st.Room, l.s.User, l.s.Account)
	if err != nil {
		return err
	}
	for _, e := range events {
		if l.ignores(e.Sender) {
			continue
		}
		is, err := h.of(&e.Event, e.Thread)
		if err != nil {
			return err
		}
		one := t.of(e.Thread)
		one.told = one.told.plus(is, 1)
	}
	return nil
}

// plus is u with n more events of which somebody's rules say v.
func (u unread) plus(v account.Verdict, n int) unread {
	if v.Notify {
		u.Notifications += n
	}
	if v.Highlight {
		u.Highlights += n
	}
	return u
}

// hearing is what somebody's push rules make of the events of one room.
type hearing struct {
	*Feed
	v     stream.View
	rules *account.PushRules
	no    room.No
	id    mxid.Room
	open  bool // nothing is encrypted there

	who    account.No
	joined int                 // account.NotCounted until somebody asks
	roots  map[mxid.Event]bool // of the threads there that the person follows; nil until somebody asks
}

// follows gives the roots of the threads in the room that the person follows.
func (h *hearing) follows() (map[mxid.Event]bool, error) {
	if h.roots == nil {
		roots, err := h.Disk.SubscribedIn(h.v, h.who, h.no)
		if err != nil {
			return nil, err
		}
		h.roots = map[mxid.Event]bool{}
		for _, root := range roots {
			h.roots[root] = true
		}
	}
	return h.roots, nil
}

// thread says what the thread with that root is to the person; "" is none.
func (h *hearing) thread(root mxid.Event) (account.Thread, error) {
	if root == "" {
		return account.NoThread, nil
	}
	roots, err := h.follows()
	if roots[root] {
		return account.Subscribed, err
	}
	return account.Unsubscribed, err
}

// hears prepares for the events of a room.
func (f *Feed) hears(v stream.View, rules *account.PushRules, who account.No, no room.No, id mxid.Room) (*hearing, error) {
	closed, err := f.Disk.Encrypted(v, []room.No{no})
	return &hearing{Feed: f, v: v, rules: rules, no: no, id: id, open: !closed[no], who: who, joined: account.NotCounted}, err
}

// of is what the rules make of e, which is in the thread with that root, or in none.
func (h *hearing) of(e *room.Event, root mxid.Event) (account.Verdict, error) {
	thread, err := h.thread(root)
	if err != nil {
		return account.Verdict{}, err
	}
	heard := account.Heard{Thread: thread, Type: e.Get("type").Text(), Sender: mxid.User(e.Get("sender").Text())}
	var failed error
	if heard.Type != "m.room.encrypted" {
		heard.Says = event.Value(e.JSON)
		heard.Power = func(key string) bool {
			may, err := h.may(heard.Sender, key)
			failed = err
			return may
		}
	}
	is, err := h.tells(heard)
	if err == nil {
		err = failed
	}
	return is, err
}

// tells is what the rules make of e, which is in the room.
func (h *hearing) tells(e account.Heard) (account.Verdict, error) {
	e.Room, e.Joined = h.id, h.joined
	is, known := h.rules.Tells(e)
	if known || h.joined != account.NotCounted {
		return is, nil
	}
	counts, err := h.Disk.Count(h.v, h.no)
	if err != nil {
		return is, err
	}
	h.joined = counts[h.no][event.Join]
	e.Joined = h.joined
	is, _ = h.rules.Tells(e)
	return is, nil
}

// may reports whether who has the power to notify the room under a key.
func (h *hearing) may(who mxid.User, key string) (bool, error) {
	c, ok, err := h.Disk.Room(h.v, h.id)
	if err != nil || !ok {
		return false, err
	}
	power, err := event.PowerOf(c.Version, func(typ, key string) (*event.PDU, error) {
		found, err := h.Disk.State(h.v, h.no, event.StateKey{Type: typ, Key: key})
		if err != nil || found[0].ID == "" {
			return nil, err
		}
		return &event.PDU{Type: typ, Sender: mxid.User(found[0].Get("sender").Text()), Content: []byte(found[0].Get("content"))}, nil
	})
	return err == nil && power.User(who) >= power.Notify(key), err
}
