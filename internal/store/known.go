package store

import (
	"context"
	"fmt"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

// known is what the writer remembers of rooms, as it will be behind the unit that runs: the ends of their chains, and pieces of their state.
// Most units ask for the same, and over a network each question takes longer than all else. It is right for as long as nobody else
// writes, and is given up where somebody has, or where a transaction was not kept. The zero value is ready, a nil one remembers nothing.
type known struct {
	chains map[mxid.Room]room.Chain
	ids    map[room.No]mxid.Room
	state  map[stateOf]room.Named // one without ID where the room has none
	bytes  int                    // in state
}

// stateOf is one piece of a room's state.
type stateOf struct {
	room room.No
	event.StateKey
}

const (
	maxChains = 20_000   // that are remembered: some five megabytes
	maxState  = 16 << 20 // bytes of state that are remembered
)

func (k *known) chain(id mxid.Room) (c room.Chain, ok bool) {
	if k != nil {
		c, ok = k.chains[id]
	}
	return c, ok
}

// keep remembers a chain. Where there are too many, some go, whichever come first.
func (k *known) keep(c room.Chain) {
	if k == nil {
		return
	}
	if k.chains == nil {
		k.chains, k.ids = map[mxid.Room]room.Chain{}, map[room.No]mxid.Room{}
	}
	for id, old := range k.chains {
		if len(k.chains) < maxChains {
			break
		}
		delete(k.chains, id)
		delete(k.ids, old.No)
	}
	k.chains[c.ID], k.ids[c.No] = c, c.ID
}

// appended notes the new end of a chain.
func (k *known) appended(no room.No, head mxid.Event, depth int64) {
	if k == nil {
		return
	}
	if c, ok := k.chains[k.ids[no]]; ok {
		c.Head, c.Depth = head, depth
		k.chains[c.ID] = c
	}
}

// forget forgets a chain.
func (k *known) forget(no room.No) {
	if k != nil {
		delete(k.chains, k.ids[no])
		delete(k.ids, no)
	}
}

// keepState remembers a piece of state. Where there is too much, some goes, whichever comes first.
func (k *known) keepState(at stateOf, n room.Named) {
	size := sizeOf(at, n)
	if k.state == nil {
		k.state = map[stateOf]room.Named{}
	}
	for old, n := range k.state {
		if k.bytes+size <= maxState {
			break
		}
		delete(k.state, old)
		k.bytes -= sizeOf(old, n)
	}
	if _, ok := k.state[at]; !ok {
		k.state[at] = n
		k.bytes += size
	}
}

// replaced forgets a piece of state.
func (k *known) replaced(no room.No, key event.StateKey) {
	if k == nil {
		return
	}
	at := stateOf{no, key}
	if n, ok := k.state[at]; ok {
		delete(k.state, at)
		k.bytes -= sizeOf(at, n)
	}
}

// forgetState forgets all state.
func (k *known) forgetState() {
	if k != nil {
		k.state, k.bytes = nil, 0
	}
}

func sizeOf(at stateOf, n room.Named) int {
	return 200 + len(at.Type) + len(at.Key) + len(n.ID) + len(n.JSON)
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

// answered takes in what was asked ahead.
func (t *tx) answered(a sending, rows interface {
	scanner
	Next() bool
	Err() error
}) error {
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
