package feed

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Request is what a device asks of sync.
type Request struct {
	Since      string        // "" for the first sync
	Filter     Filter        // what it wants
	FullState  bool          // all state of every room, also what it knows
	StateAfter bool          // state as it is behind the timeline instead of before it
	Timeout    time.Duration // how long to wait for something new
}

// maxWait bounds how long one request is held.
const maxWait = 90 * time.Second

// maxToDevice is how many to-device messages one answer carries.
const maxToDevice = 100

// Sync gives everything that s has to learn after req.Since. Where there is nothing it waits for up to req.Timeout. It
// returns stream.ErrToken for a token that is none of ours.
//
// To-device messages up to req.Since are gone for good after it. When more wait than one answer carries, all of the
// answer ends at the last one given, so that no event is shown before the keys sent ahead of it.
//
// A device that had read what is lost now (see Feed.Gaps) is told everything, as if it had just signed in.
//
// Spec: client-server API, GET /sync.
func (f *Feed) Sync(ctx context.Context, s account.Session, req Request) (*Sync, error) {
	var since Token
	if req.Since != "" {
		var err error
		if since, err = ParseToken(req.Since); err != nil {
			return nil, err
		}
		if err := f.arrived(ctx, s, since.position()); err != nil {
			return nil, err
		}
		if f.lost(since.position()) {
			since, req.Since = Token{}, ""
		}
	}
	waitFor := time.NewTimer(min(req.Timeout, maxWait))
	defer waitFor.Stop()
	for {
		answer, wait, err := f.look(ctx, s, req, since)
		if err != nil || wait == nil {
			return answer, err
		}
		select {
		case <-wait.C:
			wait.Close()
		case <-waitFor.C:
			wait.Close()
			return answer, nil
		case <-ctx.Done():
			wait.Close()
			return nil, ctx.Err()
		}
	}
}

// look builds one answer. wait is set where it tells nothing new: it listens since before the answer was built.
func (f *Feed) look(ctx context.Context, s account.Session, req Request, since Token) (answer *Sync, wait *stream.Waiter, err error) {
	first := req.Since == "" || req.FullState
	if !first && req.Timeout > 0 {
		if wait, err = f.listen(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	err = f.Disk.View(ctx, func(v stream.View) error {
		l := &looking{Feed: f, v: v, s: s, req: &req, since: since, first: req.Since == "", at: since.position(), upto: v.Upto().At(stream.Topic(s.User))}
		answer, err = l.all()
		return err
	})
	if wait != nil && (err != nil || answer.tells()) {
		wait.Close()
		wait = nil
	}
	return answer, wait, err
}

// listen subscribes to everything that s may have to learn.
func (f *Feed) listen(ctx context.Context, s account.Session) (*stream.Waiter, error) {
	topics := []stream.Topic{stream.Topic(s.User)}
	err := f.Disk.View(ctx, func(v stream.View) error {
		stays, err := f.Disk.Stays(v, s.User)
		for _, st := range stays {
			if st.Membership == "join" {
				topics = append(topics, stream.Topic(st.ID))
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return f.Hub.Subscribe(topics...), nil
}

// tells says whether there is anything in the answer that the device does not know.
func (a *Sync) tells() bool {
	return len(a.Data.Events) > 0 || len(a.ToDevice.Events) > 0 || a.Lists != nil || a.claimed ||
		len(a.Rooms.Join)+len(a.Rooms.Invite)+len(a.Rooms.Knock)+len(a.Rooms.Leave) > 0
}

// position is how far the token reaches; 0 for the zero token.
func (t Token) position() stream.Position {
	if len(t.Token) == 0 {
		return 0
	}
	return t.Token[0]
}

// arrived removes the to-device messages that the device has shown to have, by coming back with a later token.
func (f *Feed) arrived(ctx context.Context, s account.Session, upto stream.Position) error {
	var waiting bool
	err := f.Disk.View(ctx, func(v stream.View) (err error) {
		waiting, err = f.Devices.Unacked(v, s.DeviceNo, upto)
		return err
	})
	if err != nil || !waiting {
		return err
	}
	return f.Disk.Do(ctx, func(u stream.Unit) error { return f.Devices.AckToDevice(u, s.DeviceNo, upto) })
}

// looking is the making of one answer.
type looking struct {
	*Feed
	v     stream.View
	s     account.Session
	req   *Request
	since Token
	first bool            // the device knows nothing yet
	at    stream.Position // how far the device has read
	upto  stream.Position // how far this answer reaches

	answer   *Sync
	roomData map[mxid.Room][]json.RawMessage // new account data of rooms
}

func (l *looking) all() (*Sync, error) {
	l.answer = &Sync{Rooms: rooms{map[mxid.Room]*joined{}, map[mxid.Room]*invited{}, map[mxid.Room]*knocked{}, map[mxid.Room]*left{}}}
	typing := l.Typing.Serial()
	for _, step := range []func() error{l.toDevice, l.accountData, l.rooms, l.deviceLists, l.oneTimeKeys} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	l.answer.Next = Token{stream.Token{l.upto}, typing}.String()
	return l.answer, nil
}

// toDevice adds what other devices sent, and shortens the answer where there is more.
func (l *looking) toDevice() error {
	messages, more, err := l.Devices.ToDevice(l.v, l.s.DeviceNo, l.at, l.upto, maxToDevice)
	if err != nil {
		return err
	}
	for _, m := range messages {
		event, err := json.Marshal(struct {
			Type    string          `json:"type"`
			Sender  mxid.User       `json:"sender"`
			Content json.RawMessage `json:"content"`
		}{m.Type, m.Sender, m.Content})
		if err != nil {
			return err
		}
		l.answer.ToDevice.Events = append(l.answer.ToDevice.Events, event)
	}
	if more {
		l.upto = messages[len(messages)-1].Pos
	}
	return nil
}

func (l *looking) oneTimeKeys() error {
	counts, err := l.Devices.Counts(l.v, l.s.DeviceNo)
	l.answer.OneTime, l.answer.Fallback, l.answer.claimed = counts.OneTime, counts.UnusedFallback, counts.Claimed > l.at
	return err
}

// accountData adds the account's own data, and lays by what goes with the rooms.
func (l *looking) accountData() error {
	data, err := l.Disk.DataSince(l.v, l.s.Account, l.at, l.upto)
	if err != nil {
		return err
	}
	if l.first && !slices.ContainsFunc(data, func(d account.Datum) bool { return d.Room == "" && d.Type == account.PushRulesType }) {
		data = append(data, account.DefaultPushRules(l.s.User).Datum())
	}
	l.roomData = map[mxid.Room][]json.RawMessage{}
	for _, d := range data {
		switch {
		case d.Room == "" && l.req.Filter.AccountData.MatchType(d.Type):
			l.answer.Data.Events = append(l.answer.Data.Events, typed(d.Type, d.Content))
		case d.Room != "" && l.req.Filter.Room.AccountData.MatchType(d.Type):
			l.roomData[d.Room] = append(l.roomData[d.Room], typed(d.Type, d.Content))
		}
	}
	return nil
}

// typed is {"type": typ, "content": content}.
func typed(typ string, content any) json.RawMessage {
	data, err := json.Marshal(struct {
		Type    string `json:"type"`
		Content any    `json:"content"`
	}{typ, content})
	if err != nil {
		panic(err) // content is JSON that was checked when it was stored, or a struct of ours
	}
	return data
}

// deviceLists says whose devices changed, and with whom no room is shared any more.
//
// Spec: client-server API, "Tracking the device list for a user".
func (l *looking) deviceLists() error {
	if l.first {
		return nil
	}
	changed, gone, err := l.Devices.Lists(l.v, l.s.User, l.at, l.upto)
	if err == nil && len(changed)+len(gone) > 0 {
		l.answer.Lists = &deviceLists{changed, gone}
	}
	return err
}

// stay is a membership as it was at the answer's end.
func (l *looking) stay(st room.Stay) (room.Stay, error) {
	if st.Pos <= l.upto {
		return st, nil
	}
	spans, err := l.Disk.Spans(l.v, st.Room, memberKey(l.s.User))
	if err != nil {
		return st, err
	}
	was := room.Stay{Room: st.Room, ID: st.ID}
	for _, span := range spans {
		if span.Pos <= l.upto {
			was.Pos, was.Membership = span.Pos, span.Membership
		}
	}
	return was, nil
}
