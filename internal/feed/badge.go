package feed

import (
	"maps"
	"slices"
	"sync"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// badges is what of late was counted for push notifications, by account. The zero value is ready.
type badges struct {
	mu  sync.Mutex // guards all, and what is in it is not changed
	all map[account.No]*badge
}

// badge is how much is unread that somebody's push rules tell of, by room; rooms with nothing are left out.
type badge struct {
	upto  stream.Position
	rooms map[room.No]int
}

// maxBadges is for how many accounts is remembered what was counted.
const maxBadges = 10_000

func (b *badges) of(a account.No) *badge {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[a]
}

// put remembers what was counted. Where there is too much, some of it goes, whichever comes first.
func (b *badges) put(a account.No, now *badge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.all[a]; old != nil && old.upto > now.upto {
		return
	}
	if b.all == nil {
		b.all = map[account.No]*badge{}
	}
	for other := range b.all {
		if len(b.all) < maxBadges {
			break
		}
		delete(b.all, other)
	}
	b.all[a] = now
}

// Waiting gives how much is unread of what s's push rules tell of, by room, in the rooms that s is in: the same numbers that a sync
// has. Rooms with nothing are left out. Only rooms in which something has happened since it was last asked, or a thread was
// followed or left, are counted again.
func (f *Feed) Waiting(v stream.View, s account.Session) (map[room.No]int, error) {
	l := &looking{Feed: f, v: v, s: s, req: Request{Filter: everything}}
	upto := v.Upto().At(stream.Topic(s.User))
	was := f.badges.of(s.Account)
	if was != nil && was.upto <= upto {
		data, err := f.Disk.DataSince(v, s.Account, was.upto, upto)
		if err != nil {
			return nil, err
		}
		for _, d := range data {
			if d.Type == account.PushRulesType || d.Type == account.IgnoredType {
				was = nil
				break
			}
		}
	} else {
		was = nil
	}
	now := &badge{upto: upto, rooms: map[room.No]int{}}
	var again []room.Stay
	if was == nil {
		stays, err := f.Disk.Stays(v, s.User)
		if err != nil {
			return nil, err
		}
		again = stays
	} else {
		news, err := f.Disk.News(v, s.User, s.Account, was.upto, upto)
		if err != nil {
			return nil, err
		}
		maps.Copy(now.rooms, was.rooms)
		for _, n := range news {
			again = append(again, n.Stay)
		}
		threads, err := f.Disk.SubscriptionsSince(v, s.Account, was.upto, upto, maxSubscriptions)
		if err != nil {
			return nil, err
		}
		counted := map[mxid.Room]bool{}
		for _, one := range threads {
			if counted[one.Room] {
				continue
			}
			counted[one.Room] = true
			st, ok, err := f.Disk.Stay(v, s.User, one.Room)
			if err != nil {
				return nil, err
			}
			if ok {
				again = append(again, st)
			}
		}
	}
	var err error
	if len(again) > 0 {
		if l.ignored, err = account.IgnoredBy(v, f.Disk, s); err != nil {
			return nil, err
		}
	}
	for _, st := range again {
		delete(now.rooms, st.Room)
	}
	again = slices.DeleteFunc(again, func(st room.Stay) bool { return st.Membership != event.Join })
	for some := range slices.Chunk(again, together) {
		tallies, err := l.tallies(some)
		if err != nil {
			return nil, err
		}
		for no, t := range tallies {
			n := 0
			for _, one := range t.threads {
				n += one.told.Notifications
			}
			if n > 0 {
				now.rooms[no] = n
			}
		}
	}
	f.badges.put(s.Account, now)
	return now.rooms, nil
}

// Hears is what the push rules of who make of an event.
func (f *Feed) Hears(v stream.View, rules *account.PushRules, who account.No, e *room.Event, in mxid.Room) (account.Verdict, error) {
	h, err := f.hears(v, rules, who, e.Room, in)
	if err != nil {
		return account.Verdict{}, err
	}
	root, err := f.rootOf(v, e)
	if err != nil {
		return account.Verdict{}, err
	}
	return h.of(e, root)
}

// rootOf gives the root of the thread that e is in; "" where it is in none.
func (f *Feed) rootOf(v stream.View, e *room.Event) (mxid.Event, error) {
	if e.Relation != event.RelThread || e.Relates == 0 {
		return "", nil
	}
	roots, err := f.Disk.EventsAt(v, []stream.Position{e.Relates})
	if err != nil || len(roots) == 0 {
		return "", err
	}
	return roots[0].ID, nil
}
