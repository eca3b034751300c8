package feed

import (
	"encoding/json"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Extensions is what a device asks of sliding sync beside rooms.
//
// Spec: MSC3885, MSC3884, MSC3959, MSC3960, MSC3961, MSC4308.
type Extensions struct {
	ToDevice struct {
		Enabled bool   `json:"enabled"`
		Since   string `json:"since"` // next_batch of the answer that it has; on its own, whatever pos is
		Limit   int    `json:"limit"`
	} `json:"to_device"`
	E2EE struct {
		Enabled bool `json:"enabled"`
	} `json:"e2ee"`
	Data     RoomExtension `json:"account_data"`
	Receipts RoomExtension `json:"receipts"`
	Typing   RoomExtension `json:"typing"`
	Threads  struct {
		Enabled bool `json:"enabled"`
		Limit   int  `json:"limit"`
	} `json:"io.element.msc4308.thread_subscriptions"`

	// Unread gives the numbers of unread messages as /sync does: those of threads apart, and beside what notifies what does not. It is
	// an addition of this server.
	Unread struct {
		Enabled bool `json:"enabled"`
	} `json:"org.wardroom.unread"`
}

// RoomExtension is one that is about rooms: those that are asked for, or some of them.
type RoomExtension struct {
	Enabled bool      `json:"enabled"`
	Lists   *[]string `json:"lists"` // nil: of all lists
	Rooms   *[]string `json:"rooms"` // nil or "*": of all subscriptions
}

// of reports whether the extension is wanted of the room.
func (x *RoomExtension) of(w *framed) bool {
	if !x.Enabled {
		return false
	}
	listed := len(w.lists) > 0
	if x.Lists != nil {
		listed = slices.ContainsFunc(*x.Lists, func(name string) bool { return slices.Contains(w.lists, name) })
	}
	return listed || w.subscribed && (x.Rooms == nil || slices.Contains(*x.Rooms, "*") || slices.Contains(*x.Rooms, string(w.ID)))
}

// What is told of rooms for as long as they are asked for, whether anything happens in them or not.
const (
	followData = iota
	followReceipts
	followTyping
	followUnread // no extension: what of a room is unread
	extensions
)

type (
	extended struct {
		ToDevice *toDeviceExtension `json:"to_device,omitempty"`
		E2EE     *e2eeExtension     `json:"e2ee,omitempty"`
		Data     *dataExtension     `json:"account_data,omitempty"`
		Receipts *roomExtension     `json:"receipts,omitempty"`
		Typing   *roomExtension     `json:"typing,omitempty"`
		Threads  *Subscriptions     `json:"io.element.msc4308.thread_subscriptions,omitempty"`
	}
	toDeviceExtension struct {
		Next   string            `json:"next_batch"`
		Events []json.RawMessage `json:"events"`
	}
	e2eeExtension struct {
		Lists    *deviceLists   `json:"device_lists,omitempty"`
		OneTime  map[string]int `json:"device_one_time_keys_count"`
		Fallback []string       `json:"device_unused_fallback_key_types"`
	}
	dataExtension struct {
		Global []json.RawMessage               `json:"global"`
		Rooms  map[mxid.Room][]json.RawMessage `json:"rooms"`
	}
	roomExtension struct {
		Rooms map[mxid.Room]json.RawMessage `json:"rooms"`
	}
)

// followed is a room that an extension tells of.
type followed struct {
	*framed
	since stream.Position // up to where it was told before; 0 for nothing
	live  bool            // that is where the answer before ended
}

// follow gives the rooms that are asked for and that x is wanted of, with what was told of them before, to tell, unless that is nil. It notes
// that everything was told now.
func (l *sliding) follow(which int, x *RoomExtension, wanted func(*framed) bool, tell func([]followed) error) error {
	if l.waits {
		return nil
	}
	var all []followed
	for no, known := range l.next.rooms {
		w, was, now := l.window[no], known.follows[which], known.follows[which]
		switch {
		case w != nil && x.of(w) && wanted(w):
			one := followed{w, was, was == following}
			if one.live {
				one.since = l.at
			}
			all, now = append(all, one), following
		case was == following:
			now = l.at
		}
		if now != was {
			changed := *known
			changed.follows[which] = now
			l.next.rooms[no] = &changed
		}
	}
	if tell == nil {
		return nil
	}
	return tell(all)
}

func (w *framed) joined() bool { return w.stay.Membership == event.Join }

// accountData adds data of the account, and of the rooms.
func (l *sliding) accountData() error {
	x := &l.ask.Extensions.Data
	if !x.Enabled {
		return l.follow(followData, x, nil, nil)
	}
	e := &dataExtension{Global: []json.RawMessage{}, Rooms: map[mxid.Room][]json.RawMessage{}}
	global, err := l.Disk.RoomDataSince(l.v, l.s.Account, []room.Stretch{{After: l.from.data, Upto: l.upto}})
	if err != nil {
		return err
	}
	data := global[0]
	if l.from.data == 0 {
		data = l.withPushRules(data)
	}
	for _, d := range data {
		e.Global = append(e.Global, typed(d.Type, d.Content))
	}
	l.next.data = l.upto
	lately := map[mxid.Room][]account.Datum{}
	if l.at > 0 {
		data, err := l.Disk.DataSince(l.v, l.s.Account, l.at, l.upto)
		if err != nil {
			return err
		}
		for _, d := range data {
			lately[d.Room] = append(lately[d.Room], d)
		}
	}
	err = l.follow(followData, x, func(*framed) bool { return true }, func(all []followed) error {
		var asked []room.Stretch
		for _, w := range all {
			if !w.live {
				asked = append(asked, room.Stretch{Room: w.Room, After: w.since, Upto: l.upto})
			}
		}
		found, err := l.Disk.RoomDataSince(l.v, l.s.Account, asked)
		for _, w := range all {
			data := found[w.Room]
			if w.live {
				data = lately[w.ID]
			}
			for _, d := range data {
				e.Rooms[w.ID] = append(e.Rooms[w.ID], typed(d.Type, d.Content))
			}
		}
		return err
	})
	if len(e.Global)+len(e.Rooms) > 0 {
		l.slide.Extensions.Data = e
	}
	return err
}

// readReceipts adds how far people have read: at first, where that is among the events that are told, and the person's own.
func (l *sliding) readReceipts() error {
	e := &roomExtension{map[mxid.Room]json.RawMessage{}}
	err := l.follow(followReceipts, &l.ask.Extensions.Receipts, (*framed).joined, func(all []followed) error {
		var asked []Receipts
		for _, w := range all {
			one := Receipts{Stretch: room.Stretch{Room: w.Room, After: w.since, Upto: l.upto}}
			switch {
			case w.since == 0:
				one.Oldest = l.next.rooms[w.Room].from
			case w.live && !l.receipted[w.Room]:
				continue
			}
			asked = append(asked, one)
		}
		given, err := l.Disk.ReceiptsSince(l.v, asked, l.s.Account)
		for _, w := range all {
			if some := given[w.Room]; len(some) > 0 {
				e.Rooms[w.ID] = receiptEvent(some)
			}
		}
		return err
	})
	if len(e.Rooms) > 0 {
		l.slide.Extensions.Receipts = e
	}
	return err
}

// whoTypes adds who is writing, where that has changed.
func (l *sliding) whoTypes() error {
	e := &roomExtension{map[mxid.Room]json.RawMessage{}}
	err := l.follow(followTyping, &l.ask.Extensions.Typing, (*framed).joined, func(all []followed) error {
		for _, w := range all {
			serial := int64(0)
			if w.live {
				serial = l.from.typing
			}
			who, changed := l.Typing.Since(w.ID, serial, l.s.User)
			if changed && (len(who) > 0 || w.since > 0) {
				e.Rooms[w.ID] = typed("m.typing", map[string]any{"user_ids": who})
			}
		}
		return nil
	})
	if len(e.Rooms) > 0 {
		l.slide.Extensions.Typing = e
	}
	return err
}
