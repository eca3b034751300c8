package store

import (
	"context"
	"fmt"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// known is what the writer remembers of rooms, as it will be behind the unit that runs: the ends of their chains, and pieces of their state.
// Most units ask for the same, and over a network each question takes longer than all else. It is right for as long as nobody else
// writes: what another server appended to is forgotten, and everything where it is not known what that was, or where a transaction was not
// kept. The zero value is ready, a nil one remembers nothing.
type known struct {
	rooms map[room.No]*about
	ids   map[mxid.Room]room.No // of those whose chains are known
	size  int                   // of all, in bytes
}

// about is what is known of one room.
type about struct {
	chain room.Chain                    // the zero value while it is not known
	state map[event.StateKey]room.Named // one without ID where the room has none
	size  int
}

const (
	maxKnown = 32 << 20 // bytes
	ofRoom   = 500      // bytes that a room takes without its state, and that a piece of state takes beside what is in it
)

func (k *known) chain(id mxid.Room) (c room.Chain, ok bool) {
	if k == nil {
		return room.Chain{}, false
	}
	no, ok := k.ids[id]
	if !ok {
		return room.Chain{}, false
	}
	return k.rooms[no].chain, true
}

// keep remembers a chain.
func (k *known) keep(c room.Chain) {
	if k != nil {
		k.room(c.No, 0).chain = c
		k.ids[c.ID] = c.No
	}
}

// room gives what is known of a room, to which size bytes are added. Where there is too much, other rooms go, whichever come first.
func (k *known) room(no room.No, size int) *about {
	if k.rooms == nil {
		k.rooms, k.ids = map[room.No]*about{}, map[mxid.Room]room.No{}
	}
	a := k.rooms[no]
	if a == nil {
		size += ofRoom
	}
	for old := range k.rooms {
		if k.size+size <= maxKnown {
			break
		}
		k.forget(old)
	}
	if a = k.rooms[no]; a == nil {
		a = &about{state: map[event.StateKey]room.Named{}}
		k.rooms[no] = a
	}
	a.size += size
	k.size += size
	return a
}

// appended notes the new end of a chain.
func (k *known) appended(no room.No, head mxid.Event, depth int64) {
	if k == nil {
		return
	}
	if a := k.rooms[no]; a != nil && a.chain.No != 0 {
		a.chain.Head, a.chain.Depth = head, depth
	}
}

func (k *known) stateOf(no room.No, key event.StateKey) (n room.Named, ok bool) {
	if a := k.rooms[no]; a != nil {
		n, ok = a.state[key]
	}
	return n, ok
}

// keepState remembers a piece of state that was not known.
func (k *known) keepState(no room.No, key event.StateKey, n room.Named) {
	a := k.room(no, sizeOf(key, n))
	a.state[key] = n
}

// replaced forgets a piece of state.
func (k *known) replaced(no room.No, key event.StateKey) {
	if k == nil || k.rooms[no] == nil {
		return
	}
	a := k.rooms[no]
	if n, ok := a.state[key]; ok {
		delete(a.state, key)
		a.size -= sizeOf(key, n)
		k.size -= sizeOf(key, n)
	}
}

// forget forgets a room.
func (k *known) forget(no room.No) {
	if a := k.rooms[no]; a != nil {
		delete(k.ids, a.chain.ID)
		delete(k.rooms, no)
		k.size -= a.size
	}
}

// forgetAll forgets everything.
func (k *known) forgetAll() {
	if k != nil {
		*k = known{}
	}
}

func sizeOf(key event.StateKey, n room.Named) int {
	return ofRoom + len(key.Type) + len(key.Key) + len(n.ID) + len(n.JSON)
}

// foreign is an event that another server has appended.
type foreign struct {
	room   room.No
	counts bool // it is a message, and so changes nothing but the room's end
}

// maxForeign is how many of them are looked at. Where there are more, everything is forgotten.
const maxForeign = 1000

const appendedSince = `SELECT room, counts FROM event WHERE pos > $1 ORDER BY pos LIMIT $2`

// heardOf takes in what other servers have appended.
func (t *tx) heardOf(rows answers) error {
	for rows.Next() {
		var f foreign
		if err := rows.Scan((*int64)(&f.room), &f.counts); err != nil {
			return err
		}
		t.foreign = append(t.foreign, f)
	}
	t.told = len(t.foreign) <= maxForeign
	return rows.Err()
}

// changed forgets what others have changed, who have appended these events. all is false where that is not all they did, or is not known.
func (k *known) changed(events []foreign, all bool) {
	if !all {
		k.forgetAll()
		return
	}
	for _, f := range events {
		if a := k.rooms[f.room]; a != nil && f.counts {
			delete(k.ids, a.chain.ID)
			a.chain = room.Chain{}
		} else {
			k.forget(f.room)
		}
	}
}

// foresight is what is asked as a transaction begins, since it will be needed. The zero value asks nothing.
type foresight struct {
	since   stream.Position // what other servers have appended after this; 0 for nothing
	sending []sending
}

// foresee gives what is asked ahead of a batch.
func (db *DB) foresee(batch []*unit, eager bool) (f foresight) {
	if eager {
		return f
	}
	if db.Elsewhere != nil && len(db.known.rooms) > 0 {
		f.since = db.told
	}
	for _, u := range batch {
		if a, ok := u.ctx.Value(sending{}).(sending); ok {
			f.sending = append(f.sending, a)
		}
	}
	return f
}

// heads are ends of chains that are still to be written: of all events that units append to a room, the last one alone is.
type heads map[room.No]*head

type head struct {
	in       mxid.Room
	from, to []byte // the end as it is in the database, and as it is to be
	depth    int64
	last     int64
}

// advance moves a chain's end to e, whose ID is id.
func (t *tx) advance(c room.Chain, from, id []byte, e *room.Event) error {
	t.wrote = true
	t.known.appended(c.No, e.ID, c.Depth+1)
	h := t.heads[c.No]
	if h == nil {
		h = &head{in: c.ID, from: from}
	} else if string(h.to) != string(from) {
		return moved(c.ID, from)
	}
	h.to, h.depth, h.last = id, c.Depth+1, int64(e.Pos)
	if t.eager {
		p := h.put(c.No)
		return t.put(p.one, p.q, p.args...)
	}
	if t.heads == nil {
		t.heads = heads{}
	}
	t.heads[c.No] = h
	return nil
}

func moved(in mxid.Room, from []byte) error {
	return fmt.Errorf("appending to %s: its head is not %s any more", in, eventName(from))
}

func (h *head) put(no room.No) put {
	return put{`UPDATE room SET head = $1, depth = $2, last = $3 WHERE no = $4 AND head = $5`, []any{h.to, h.depth, h.last, int64(no), h.from}, moved(h.in, h.from)}
}

// puts gives the changes that write the ends, and all others behind them.
func (all heads) puts(others []put) []put {
	if len(all) == 0 {
		return others
	}
	out := make([]put, 0, len(all)+len(others))
	for no, h := range all {
		out = append(out, h.put(no))
	}
	return append(out, others...)
}

// sending is a transaction ID with which a device sends something.
type sending struct {
	device account.DeviceNo
	txn    string
}

// said is what it has sent.
type said struct {
	room room.No
	room.Named
}

const sentBy = `SELECT room, id, json FROM event WHERE device = $1 AND txn = $2 ORDER BY pos`

func scanSent(row scanner) (s said, err error) {
	var id []byte
	err = row.Scan((*int64)(&s.room), &id, (*briefly)(&s.JSON))
	s.ID = eventName(id)
	return s, err
}

// Sending implements room.Reading.
func (db *DB) Sending(ctx context.Context, device account.DeviceNo, txn string) context.Context {
	return context.WithValue(ctx, sending{}, sending{device, txn})
}

// answers is rows, in this driver's words or that one's.
type answers interface {
	scanner
	Next() bool
	Err() error
}

// answered takes in what was asked ahead.
func (t *tx) answered(a sending, rows answers) error {
	if t.sent == nil {
		t.sent = map[sending][]said{}
	}
	t.sent[a] = nil
	for rows.Next() {
		s, err := scanSent(rows)
		if err != nil {
			return err
		}
		t.sent[a] = append(t.sent[a], s)
	}
	return rows.Err()
}
