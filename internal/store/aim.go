package store

import (
	"fmt"
	"strings"

	"wardroom/internal/stream"
)

// aim finds out whom it concerns what t is about to commit: a device listens to its person alone, so it takes knowing who is in which
// room.
func (db *DB) aim(t *tx) error {
	if t.start != db.told { // another process has written
		db.audiences = audiences{}
	}
	for _, e := range t.entries { // first: whoever came or went did so before anything of this commit is told
		if isRoom(e.Topics[0]) && len(e.Topics) > 1 {
			if err := db.audiences.move(t, e.Topics[0], e.Topics[1:]); err != nil {
				return fmt.Errorf("looking up who is to be told: %w", err)
			}
		} else if people := db.audiences.of(e.Topics[0]); people != nil && e.What == nil { // perhaps a membership was redacted
			db.audiences.put(e.Topics[0], people.Anew())
		}
	}
	awaited := db.hub.Awaited()
	for _, e := range t.entries {
		for _, room := range e.Topics {
			if !isRoom(room) {
				continue
			}
			people := db.audiences.of(room)
			if people == nil && awaited {
				var err error
				if people, err = audienceOf(t, room); err != nil {
					return fmt.Errorf("looking up who is to be told: %w", err)
				}
				db.audiences.put(room, people)
			}
			if people == nil {
				e.Unknown = true
			} else {
				e.Rooms = append(e.Rooms, people)
			}
		}
	}
	return nil
}

func isRoom(t stream.Topic) bool { return strings.HasPrefix(string(t), "!") }

const joinedTo = `
	SELECT state.state_key FROM room JOIN state ON state.room = room.no
	WHERE room.id = $1 AND state.type = 'm.room.member' AND state.until = 9223372036854775807 AND state.membership = 'join'`

// audienceOf looks up who is joined to a room.
func audienceOf(t *tx, room stream.Topic) (*stream.Audience, error) {
	rows, err := t.query(joinedTo, room)
	people, err := collect(rows, err, scanOne[stream.Topic])
	return stream.NewAudience(people), err
}

// audiences are those of rooms in which something was said of late. The zero value is ready.
type audiences struct {
	byRoom map[stream.Topic]*stream.Audience
	people int // in all of them
}

// maxPeople bounds what audiences remember: some ten megabytes.
const maxPeople = 200_000

func (a *audiences) of(room stream.Topic) *stream.Audience { return a.byRoom[room] }

func (a *audiences) drop(room stream.Topic) {
	if old := a.byRoom[room]; old != nil {
		a.people -= old.Len()
		delete(a.byRoom, room)
	}
}

// move looks up whether some people are joined to a room by now, if its audience is remembered: to look up all who are would make each who comes
// to a large room wait for it.
func (a *audiences) move(t *tx, room stream.Topic, who []stream.Topic) error {
	people := a.of(room)
	if people == nil {
		return nil
	}
	for _, one := range who {
		var joined int
		if err := t.row(`SELECT count(*) FROM (`+joinedTo+` AND state.state_key = $2) AS joined`, room, one).Scan(&joined); err != nil {
			return err
		}
		people = people.With(one, joined > 0)
	}
	a.put(room, people)
	return nil
}

// put remembers an audience. Where there are too many, some go, whichever come first.
func (a *audiences) put(room stream.Topic, people *stream.Audience) {
	a.drop(room)
	if a.byRoom == nil {
		a.byRoom = map[stream.Topic]*stream.Audience{}
	}
	for old := range a.byRoom {
		if a.people+people.Len() <= maxPeople {
			break
		}
		a.drop(old)
	}
	a.byRoom[room] = people
	a.people += people.Len()
}
