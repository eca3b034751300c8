package feed

import (
	"slices"
	"sync"
	"time"

	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Typing knows who is writing where. It is kept in memory only and never on disk.
type Typing struct {
	// Elsewhere, if set before the first Set, takes on what Set is told, for the other servers. It must not wait.
	Elsewhere func(room mxid.Room, who mxid.User, d time.Duration)

	hub    *stream.Hub
	first  int64
	mu     sync.Mutex // guards what is below
	rooms  map[mxid.Room]*typingRoom
	serial int64
	follow map[chan struct{}]struct{} // who follows all rooms
}

// typingRoom is one room in which somebody has been writing since the start.
type typingRoom struct {
	changed int64 // the serial of its last change
	until   map[mxid.User]*time.Timer
	members []stream.Topic // who is told: the people who were in the room when somebody last announced something, and who asked since
}

// NewTyping returns a Typing in which nobody writes. Its serials are of its own: see Mine.
func NewTyping(hub *stream.Hub) *Typing {
	first := time.Now().UnixMilli() << ownSerials
	if first < 0 { // the clock is far off
		first = 0
	}
	return &Typing{hub: hub, rooms: make(map[mxid.Room]*typingRoom), first: first, serial: first}
}

// ownSerials is how many bits of a serial count before it could be another run's that began a millisecond later.
const ownSerials = 20

// Mine gives that of a device's serials which is of this server in this run, and the others. It gives 0 where none is: to who has that, everything
// is news.
func (t *Typing) Mine(given []int64) (mine int64, others []int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, serial := range given {
		if t.first <= serial && serial <= t.serial {
			mine = serial
		} else {
			others = append(others, serial)
		}
	}
	return mine, others
}

// maxTyping is how long one announcement may last.
const maxTyping = time.Minute

// Set notes that who is writing in room for the next d, or has stopped when d is not positive. members are the people in the room,
// who are told of it.
func (t *Typing) Set(room mxid.Room, who mxid.User, d time.Duration, members []mxid.User) {
	t.SetHere(room, who, d, members)
	if t.Elsewhere != nil {
		t.Elsewhere(room, who, d)
	}
}

// SetHere is Set for those who are told by this server.
func (t *Typing) SetHere(room mxid.Room, who mxid.User, d time.Duration, members []mxid.User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rooms[room]
	if r == nil {
		if d <= 0 {
			return
		}
		r = &typingRoom{until: make(map[mxid.User]*time.Timer)}
		t.rooms[room] = r
	}
	r.members = r.members[:0]
	for _, m := range members {
		r.members = append(r.members, stream.Topic(m))
	}
	timer, writing := r.until[who]
	if writing {
		timer.Stop()
	}
	if d > 0 {
		var mine *time.Timer
		mine = time.AfterFunc(min(d, maxTyping), func() { t.expire(room, who, &mine) })
		r.until[who] = mine
	} else {
		delete(r.until, who)
	}
	if writing != (d > 0) {
		t.changed(r)
	}
}

// expire ends an announcement whose time is over, unless it was renewed meanwhile.
func (t *Typing) expire(room mxid.Room, who mxid.User, timer **time.Timer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rooms[room]; r != nil && r.until[who] == *timer {
		delete(r.until, who)
		t.changed(r)
	}
}

// changed gives the room a new serial and wakes its members. The caller holds t.mu.
func (t *Typing) changed(r *typingRoom) {
	t.serial++
	r.changed = t.serial
	t.hub.WakeHere(r.members...)
	for c := range t.follow {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Follow gives a channel that receives once after somebody began or stopped writing in any room, however often, until stop is called.
func (t *Typing) Follow() (changes <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.follow == nil {
		t.follow = map[chan struct{}]struct{}{}
	}
	t.follow[c] = struct{}{}
	return c, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.follow, c)
	}
}

// Who says who is writing in room.
func (t *Typing) Who(room mxid.Room) []mxid.User {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rooms[room].who()
}

// who is never nil. The caller holds the lock of what r is part of.
func (r *typingRoom) who() []mxid.User {
	if r == nil {
		return []mxid.User{}
	}
	who := make([]mxid.User, 0, len(r.until))
	for u := range r.until {
		who = append(who, u)
	}
	slices.Sort(who)
	return who
}

// Serial counts changes; Since compares with it.
func (t *Typing) Serial() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.serial
}

// Since says who is writing in room, and whether that changed after serial. asks is in the room, and is told from now on: they may have
// come after the last announcement, and have to learn how it ends.
func (t *Typing) Since(room mxid.Room, serial int64, asks mxid.User) (who []mxid.User, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rooms[room]
	if r == nil || r.changed <= serial {
		return nil, false
	}
	if !slices.Contains(r.members, stream.Topic(asks)) {
		r.members = append(r.members, stream.Topic(asks))
	}
	return r.who(), true
}

// Changed lists the rooms in which somebody began or stopped writing after serial.
func (t *Typing) Changed(serial int64) (rooms []mxid.Room) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.serial == serial {
		return nil
	}
	for id, r := range t.rooms {
		if r.changed > serial {
			rooms = append(rooms, id)
		}
	}
	return rooms
}

// ChangedFor lists the rooms of Changed whose people who was among when somebody there last announced something.
func (t *Typing) ChangedFor(who mxid.User, serial int64) (rooms []mxid.Room) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.serial == serial {
		return nil
	}
	for id, r := range t.rooms {
		if r.changed > serial && slices.Contains(r.members, stream.Topic(who)) {
			rooms = append(rooms, id)
		}
	}
	return rooms
}
