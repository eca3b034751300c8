package room_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// units is a Disk that counts the events of each unit of work, and calls between in front of each.
type units struct {
	room.Disk
	between func(n int)
	mu      sync.Mutex // guards events
	events  []int      // of each unit that appended any
}

func (d *units) Do(ctx context.Context, fn func(stream.Unit) error) error {
	d.between(len(d.events))
	n := 0
	err := d.Disk.Do(ctx, func(u stream.Unit) error {
		d.mu.Lock()
		d.events = append(d.events, 0)
		n = len(d.events) - 1
		d.mu.Unlock()
		return fn(u)
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.events[n] == 0 {
		d.events = slices.Delete(d.events, n, n+1)
	}
	return err
}

func (d *units) Append(u stream.Unit, c room.Chain, e *room.Event) error {
	d.mu.Lock()
	d.events[len(d.events)-1]++
	d.mu.Unlock()
	return d.Disk.Append(u, c, e)
}

func TestANewNameReachesManyRoomsAFewAtATime(t *testing.T) {
	rooms, db := open(t, t.TempDir())
	who := people(t, db, 2)
	const many = 25
	var in []mxid.Room
	for range many {
		in = append(in, meet(t, rooms, who))
	}
	name := func(text string) {
		err := db.Do(t.Context(), func(u stream.Unit) error {
			value, err := json.Marshal(text)
			if err != nil {
				return err
			}
			return db.SetProfile(u, who[1].Account, account.DisplayName, value)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	name("Oda")
	// Between two units others get their turn: here the person leaves a room that has not been renamed in yet.
	left := ""
	watched := &units{Disk: db, between: func(n int) {
		if n == 1 && left == "" {
			left = string(in[many-1])
			if err := rooms.Leave(t.Context(), who[1], in[many-1], ""); err != nil {
				t.Error(err)
			}
		}
	}}
	renaming := &room.Rooms{Disk: watched, Server: server}
	for range 2 { // the second time there is nothing to do
		if err := renaming.Renamed(t.Context(), who[1]); err != nil {
			t.Fatal(err)
		}
	}
	sum := 0
	for _, n := range watched.events {
		if sum += n; n > 10 {
			t.Errorf("one unit renamed in %d rooms", n)
		}
	}
	if sum != many-1 {
		t.Errorf("%d events were added in units of %v, want one in each room that the person is in", sum, watched.events)
	}
	for i, id := range in {
		content, err := rooms.StateEvent(t.Context(), who[0], id, event.StateKey{Type: event.TypeMember, Key: string(who[1].User)}, false)
		if err != nil {
			t.Fatal(err)
		}
		got := event.Value(content)
		if last := i == many-1; !last && got.Get("displayname").Text() != "Oda" || last && got.Get("membership").Text() != event.Leave {
			t.Errorf("room %d shows %s", i, got)
		}
	}
}

func TestWhoClosesTheirAccountLeavesManyRoomsAFewAtATime(t *testing.T) {
	rooms, db := open(t, t.TempDir())
	who := people(t, db, 2)
	const many = 25
	var in []mxid.Room
	for range many {
		in = append(in, meet(t, rooms, who))
	}
	stopped := errors.New("the server stops")
	stop := true
	watched := &units{Disk: db, between: func(int) {}}
	leaving := &room.Rooms{Disk: &stopping{watched, func(n int) error {
		if stop && n == 1 {
			return stopped
		}
		return nil
	}}, Server: server}
	if err := leaving.LeaveAll(t.Context(), who[1]); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	stop = false
	for range 2 { // the second time there is nothing to do
		if err := leaving.LeaveAll(t.Context(), who[1]); err != nil {
			t.Fatal(err)
		}
	}
	sum := 0
	for _, n := range watched.events {
		if sum += n; n > 10 {
			t.Errorf("in one unit %d rooms were left", n)
		}
	}
	if sum != many {
		t.Errorf("%d events were added in units of %v, want one in each room", sum, watched.events)
	}
	for i, id := range in {
		content, err := rooms.StateEvent(t.Context(), who[0], id, event.StateKey{Type: event.TypeMember, Key: string(who[1].User)}, false)
		if err != nil || event.Value(content).Get("membership").Text() != event.Leave {
			t.Errorf("room %d shows %s, %v", i, content, err)
		}
	}
}

// stopping is units that stop where before says so; n is how many there were.
type stopping struct {
	*units
	before func(n int) error
}

func (d *stopping) Do(ctx context.Context, fn func(stream.Unit) error) error {
	if err := d.before(len(d.events)); err != nil {
		return err
	}
	return d.units.Do(ctx, fn)
}
