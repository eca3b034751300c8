package feed

import (
	"cmp"
	"container/list"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// mark is how far one connection of sliding sync has been told: what it was told up to one position. It is not changed once its answer
// is made, so a request that comes again finds it as it was.
type mark struct {
	id      int64 // names it in pos
	upto    stream.Position
	typing  int64           // the serial of Typing
	keys    stream.Position // up to where it was told of other people's devices; 0 if never
	data    stream.Position // up to where it was told of the account's data; 0 if never
	threads stream.Position // up to where it was told of the threads that the person follows; 0 if never
	counts  map[string]int  // of its lists
	order   []*Recent       // the person's rooms, those first in which something happened last
	rooms   map[room.No]*knownRoom
}

// knownRoom is what a connection was told of one room. It is not changed.
type knownRoom struct {
	membership string
	at         stream.Position // up to where its events and its state were told
	from       stream.Position // from where on the events before that were told without a gap
	limit      int             // how many events were asked for then
	state      []*Required     // what of its state was told up to there
	members    map[mxid.User]bool
	titled     bool // it has a name
	dm         bool
	unread     *numbers
	follows    [extensions]stream.Position // up to where each of the extensions told of it
}

// following stands for a position in follows: everything was told so far. Another one is how far that was when the room was no longer
// asked for; 0, that nothing ever was.
const following stream.Position = math.MaxInt64

// copy is a mark to be changed, the one behind this.
func (p *mark) copy(typing int64) *mark {
	next := *p
	next.id = 1 + rand.Int64N(math.MaxInt64-1)
	next.typing, next.rooms, next.counts = typing, maps.Clone(p.rooms), map[string]int{}
	if next.rooms == nil {
		next.rooms = map[room.No]*knownRoom{}
	}
	return &next
}

// pos is the text that names the mark. Up to the dot it is a stream token, valid wherever one is.
func (p *mark) pos() string {
	return stream.Token{p.upto}.String() + "." + strconv.FormatInt(p.id, 36)
}

// weight is about how much memory the mark takes, in rooms.
func (p *mark) weight() int {
	if p == nil {
		return 1
	}
	n := len(p.rooms) + len(p.order)/4 + 1
	states := map[*Required]bool{}
	for _, k := range p.rooms {
		n += len(k.members) / 4
		for _, r := range k.state {
			if !states[r] {
				states[r] = true
				n += len(r.key) / 200
			}
		}
	}
	return n
}

// What is remembered of connections. The connections that were quiet longest are forgotten first.
const (
	maxConnections = 8         // of one device
	maxMarks       = 1_000_000 // the weight of all together: some hundred bytes each
)

// connection is one connection of a device.
type connection struct {
	device account.DeviceNo
	name   string
	before *mark // what the device had when it asked last; nil when it began
	after  *mark // what it has if the answer has reached it
	turn   int64 // the number of the request that came last
	weight int
	used   *list.Element
}

// connections are the connections of all devices. The zero value is ready.
type connections struct {
	mu     sync.Mutex // guards everything below
	by     map[account.DeviceNo]map[string]*connection
	used   list.List // all of them, the one that was used last first
	turn   int64
	weight int
}

// begin finds the mark that a request continues from; where pos is empty, a new one. It is false where there is none.
func (c *connections) begin(d account.DeviceNo, name, pos string) (from *mark, turn int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.by[d][name]
	from = &mark{}
	switch {
	case pos == "":
		if one == nil {
			one = c.add(d, name)
		}
	case one == nil:
		return nil, 0, false
	case one.after != nil && one.after.pos() == pos:
		from = one.after
		c.hold(one, one.after, nil)
	case one.before != nil && one.before.pos() == pos:
		from = one.before
	default:
		return nil, 0, false
	}
	c.turn++
	one.turn = c.turn
	c.used.MoveToFront(one.used)
	return from, c.turn, true
}

// end keeps what the answer to a request has told. It is false where another request of the connection has come since.
func (c *connections) end(d account.DeviceNo, name string, turn int64, from, next *mark) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.by[d][name]
	if one == nil || one.turn != turn {
		return false
	}
	if from.id == 0 {
		from = nil
	}
	c.hold(one, from, next)
	for c.weight > maxMarks && c.used.Back() != one.used {
		c.remove(c.used.Back().Value.(*connection))
	}
	return true
}

// hold is for whoever holds c.mu, as the ones below are.
func (c *connections) hold(one *connection, before, after *mark) {
	c.weight -= one.weight
	one.before, one.after, one.weight = before, after, before.weight()+after.weight()
	c.weight += one.weight
}

// add adds a connection. The one that the device has not used for longest goes where there are too many.
func (c *connections) add(d account.DeviceNo, name string) *connection {
	if c.by == nil {
		c.by = map[account.DeviceNo]map[string]*connection{}
	}
	if len(c.by[d]) >= maxConnections {
		c.remove(slices.MinFunc(slices.Collect(maps.Values(c.by[d])), func(a, b *connection) int { return cmp.Compare(a.turn, b.turn) }))
	}
	if c.by[d] == nil {
		c.by[d] = map[string]*connection{}
	}
	one := &connection{device: d, name: name}
	one.used = c.used.PushFront(one)
	c.by[d][name] = one
	c.hold(one, nil, nil)
	return one
}

func (c *connections) remove(one *connection) {
	c.weight -= one.weight
	c.used.Remove(one.used)
	if delete(c.by[one.device], one.name); len(c.by[one.device]) == 0 {
		delete(c.by, one.device)
	}
}
