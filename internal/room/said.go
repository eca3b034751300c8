package room

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Said is an event that was committed a moment ago, neither state nor a redaction, for members who are told of it at once.
type Said struct {
	Event
	In mxid.Room
	By mxid.User // who sent it

	shown atomic.Pointer[shownAt]
}

// shownAt is how an event is shown to members, and when it was.
type shownAt struct {
	at   time.Time
	json json.RawMessage
}

// Show gives the event without its room, as Rooms.Show does, to who was in the room when it was sent, as long as nothing relates
// to it. Members share what they are given: it must not be changed.
func (s *Said) Show(who account.Session, federation bool) json.RawMessage {
	if federation {
		return s.JSON
	}
	now := time.Now()
	own, delayed := s.Txn != "" && s.Device == who.DeviceNo, s.Delay != "" && s.Sender == who.Account
	if shown := s.shown.Load(); shown != nil && !own && !delayed && now.Sub(shown.at) < time.Second {
		return shown.json
	}
	var u fields
	if ts, ok := s.Get("origin_server_ts").Int(); ok {
		u.add("age", strconv.AppendInt(nil, max(0, now.UnixMilli()-ts), 10))
	}
	u.text("membership", event.Join)
	if own {
		u.text("transaction_id", s.Txn)
	}
	if delayed {
		u.text(unsignedDelay, s.Delay)
	}
	unsigned := u.end()
	shown := event.AppendClient(make([]byte, 0, len(s.JSON)+len(unsigned)+128), s.JSON, s.ID, "", unsigned)
	if !own && !delayed {
		s.shown.Store(&shownAt{now, shown})
	}
	return shown
}

// Introduction is somebody's membership as it is told to others with what they say.
type Introduction struct {
	Pos   stream.Position // 0: there is none
	Raw   json.RawMessage // as it is stored
	Shown json.RawMessage // as it is shown to everybody in the room
}

// Introduce gives who's membership behind the event at position at; nothing where there is none.
func (r *Rooms) Introduce(v stream.View, room No, at stream.Position, who mxid.User) (i Introduction, err error) {
	all, err := r.Disk.MembersAt(v, []Members{{room, at, []mxid.User{who}}})
	found := all[room]
	if err != nil || len(found) == 0 {
		return i, err
	}
	sh := shower{Rooms: r, v: v, now: time.Now()}
	i.Pos, i.Raw = found[0].Pos, bytes.Clone(found[0].JSON)
	i.Shown, err = sh.show(&found[0], false)
	return i, err
}
