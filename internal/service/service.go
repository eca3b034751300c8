// Package service speaks to application services, which are bots and bridges that act through accounts of their own: it tells each of them what
// happens where its accounts are, asks it for accounts and rooms that somebody looks for, and looks whether it is there.
//
// A service is told what a member of the room reads, no more and no earlier: events at which one of its accounts was joined to the room,
// and those by which one of its accounts was invited, removed or banned; where its registration asks for it, also who writes and has read there,
// and what the devices of its accounts need to encrypt. See docs/decisions/services.md.
package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Told is how far a service was told of events: of all up to Pos. Where Upto is behind it, a transaction with those up to there has been begun.
type Told struct{ Pos, Upto stream.Position }

// Span is a membership of one of a service's accounts: from the event at Pos on, to before the one at Until.
type Span struct {
	Pos, Until stream.Position
	Joined     bool
}

// Disk is what is read of the stream, and how far each service was told of it.
type Disk interface {
	stream.Disk
	// Told gives how far the service called id was told; ok is false before SetTold.
	Told(v stream.View, id string) (t Told, ok bool, err error)
	SetTold(u stream.Unit, id string, t Told) error
	// EventsIn gives the events at after < position <= upto of all rooms, in order, at most limit.
	EventsIn(v stream.View, after, upto stream.Position, limit int) ([]room.Event, error)
	// ServiceSpans gives the memberships that a service's accounts have or had in a room, but for those that ended at after or before.
	ServiceSpans(v stream.View, no room.No, id string, after stream.Position) ([]Span, error)
	// RoomID gives a room's ID.
	RoomID(v stream.View, no room.No) (mxid.Room, error)
	EphemeralDisk
	DeviceDisk
	// Meta gives what is kept under a name for the whole installation.
	Meta(v stream.View, name string) (value string, ok bool, err error)
	SetMeta(u stream.Unit, name, value string) error
}

// Typing knows who is writing where.
type Typing interface {
	// Serial counts changes.
	Serial() int64
	// Changed gives the rooms in which somebody began or stopped writing after serial.
	Changed(serial int64) []mxid.Room
	// Who says who is writing in room; it is never nil.
	Who(room mxid.Room) []mxid.User
	// Follow gives a channel that receives after a change.
	Follow() (changes <-chan struct{}, stop func())
}

// Keys knows what is left of a device's keys.
type Keys interface {
	Counts(v stream.View, d account.DeviceNo) (device.Counts, error)
}

// Teller makes of events what is told to somebody who may see them.
type Teller interface {
	Tell(v stream.View, in mxid.Room, events []room.Event) ([]json.RawMessage, error)
}

// Services speaks to all application services. Its exported fields are set before Prepare.
type Services struct {
	All    config.Services
	Disk   Disk
	Rooms  Teller
	Typing Typing
	Keys   Keys
	Hub    *stream.Hub
	Log    *slog.Logger
	Beside bool // there are other servers with the same database: one of them tells

	client *http.Client
	wait   func(tries int) time.Duration // nil: wait
	turn   time.Duration                 // how long a turn lasts; 0: as always

	mu     sync.Mutex       // guards states
	states map[string]State // of those that were told something
}

// State is how it stands with a service, as far as this server has tried since it started.
type State struct {
	Service *config.Service
	Since   time.Time // since when it does not answer; zero: it does, or was not asked
	Err     string    // what came of the last attempt that failed
}

// Prepare notes where telling begins for services that are new. The store's writer must be running.
func (s *Services) Prepare(ctx context.Context) error {
	s.client = newClient()
	if s.wait == nil {
		s.wait = wait
	}
	err := s.Disk.Do(ctx, func(u stream.Unit) error {
		for _, one := range s.All {
			if _, ok, err := s.Disk.Told(u, one.ID); err != nil || ok {
				if err != nil {
					return err
				}
				continue
			}
			at := u.Upto().At("")
			if err := s.Disk.SetTold(u, one.ID, Told{at, at}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting where application services are told from: %w", err)
	}
	return nil
}

// States says how it stands with each service, in their order.
func (s *Services) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]State, len(s.All))
	for i, one := range s.All {
		all[i] = s.states[one.ID]
		all[i].Service = one
	}
	return all
}

// tried notes what came of an attempt to tell one.
func (s *Services) tried(one *config.Service, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states == nil {
		s.states = map[string]State{}
	}
	is := s.states[one.ID]
	switch {
	case err == nil:
		is = State{}
	case is.Since.IsZero():
		is.Since = time.Now()
		fallthrough
	default:
		is.Err = err.Error()
	}
	s.states[one.ID] = is
}
