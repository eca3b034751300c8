package store

import (
	"context"
	"fmt"
	"sync"

	"wardroom/internal/stream"
)

// Position is how far the stream reaches now.
func (db *DB) Position(ctx context.Context) (p stream.Position, err error) {
	err = db.View(ctx, func(v stream.View) error {
		p = v.Upto()[0]
		return nil
	})
	return p, err
}

// Heard takes in what another server has committed behind after and up to upto: it finds out whom that concerns and tells the hub. It is
// called by whoever hears of it, and may wait for what was committed before.
func (db *DB) Heard(ctx context.Context, after, upto stream.Position, entries []*stream.Entry) error {
	db.hub.Reach(ctx, after)
	if db.hub.Upto() >= upto {
		return nil
	}
	db.elsewhere.since(db.hub.Skips())
	if err := db.elsewhere.aim(ctx, db, upto, entries); err != nil {
		db.hub.Reach(ctx, upto) // whoever waits reads it all from the store
		return fmt.Errorf("looking up who is to be told: %w", err)
	}
	db.hub.Committed(after, upto, entries)
	return ctx.Err()
}

// heard knows who is in the rooms in which something was said elsewhere, as of where the hub is. The zero value is ready.
type heard struct {
	mu        sync.Mutex // guards everything below
	audiences audiences
	changed   stream.Position // where somebody came or went last
	skips     int             // of the hub, so far
}

// since forgets all where the hub has given up something: perhaps that somebody came or went.
func (h *heard) since(skips int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.skips != skips {
		h.skips, h.audiences = skips, audiences{}
	}
}

// note takes in, before the hub does, who comes and goes.
func (h *heard) note(entries []*stream.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range entries {
		if !isRoom(e.Topics[0]) {
			continue
		}
		if len(e.Topics) > 1 {
			h.audiences.drop(e.Topics[0])
			h.changed = max(h.changed, e.Pos)
		} else if people := h.audiences.of(e.Topics[0]); people != nil && e.What == nil { // perhaps a membership was redacted
			h.audiences.put(e.Topics[0], people.Anew())
		}
	}
}

// aim finds out whom entries concern, which were committed up to upto. Nobody else may have come or gone before that without having been
// noted.
func (h *heard) aim(ctx context.Context, db *DB, upto stream.Position, entries []*stream.Entry) error {
	h.note(entries)
	awaited := db.hub.Awaited()
	for _, e := range entries {
		for _, room := range e.Topics {
			if !isRoom(room) {
				continue
			}
			people, err := h.of(ctx, db, room, upto, awaited)
			switch {
			case err != nil:
				return err
			case people == nil:
				e.Unknown = true
			default:
				e.Rooms = append(e.Rooms, people)
			}
		}
	}
	return nil
}

// of gives who was in a room at upto; nil where that is not known and is not to be looked up.
func (h *heard) of(ctx context.Context, db *DB, room stream.Topic, upto stream.Position, look bool) (*stream.Audience, error) {
	h.mu.Lock()
	people := h.audiences.of(room)
	h.mu.Unlock()
	if people != nil || !look {
		return people, nil
	}
	err := db.View(ctx, func(v stream.View) error {
		rows, err := in(v).query(joinedToAt, room, int64(upto))
		all, err := collect(rows, err, scanOne[stream.Topic])
		people = stream.NewAudience(all)
		return err
	})
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed <= upto { // otherwise somebody came or went later, at this server, and the hub does not know yet
		h.audiences.put(room, people)
	}
	return people, nil
}

const joinedToAt = `
	SELECT state.state_key FROM room JOIN state ON state.room = room.no
	WHERE room.id = $1 AND state.type = 'm.room.member' AND state.pos <= $2 AND state.until > $2 AND state.membership = 'join'`
