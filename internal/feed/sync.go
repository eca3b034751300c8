package feed

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Request is what a device asks of sync.
type Request struct {
	Since      string        // "" for the first sync
	Filter     *Filter       // what it wants; nil for everything
	FullState  bool          // all state of every room, also what it knows
	StateAfter bool          // state as it is behind the timeline instead of before it
	Timeout    time.Duration // how long to wait for something new

	// Alive, if set, is asked in each look; its error ends the wait, with nothing told.
	Alive func(stream.View) error
}

// maxWait bounds how long one request is held.
const maxWait = 90 * time.Second

// maxToDevice is how many to-device messages one answer carries.
const maxToDevice = 100

// Sync gives everything that s has to learn after req.Since. Where there is nothing it waits for up to req.Timeout. It
// returns stream.ErrToken for a token that is none of ours, and the error of req.Alive.
//
// To-device messages up to req.Since are gone for good after it. When more wait than one answer carries, all of the
// answer ends at the last one given, so that no event is shown before the keys sent ahead of it.
//
// A device that had read what is lost now (see Feed.Gaps) is told everything, as if it had just signed in.
//
// Spec: client-server API, GET /sync.
func (f *Feed) Sync(ctx context.Context, s account.Session, req Request) (*Sync, error) {
	l, err := f.begin(s, req)
	if err != nil {
		return nil, err
	}
	return l.untilTold(ctx)
}

// begin begins an answer. It looks for nothing yet.
func (f *Feed) begin(s account.Session, req Request) (*looking, error) {
	l := &looking{Feed: f, s: s, req: req}
	if req.Filter == nil {
		l.req.Filter = everything
	}
	if req.Since != "" {
		var err error
		if l.since, err = ParseToken(req.Since); err != nil {
			return nil, err
		}
		l.since.typing, l.since.others = f.Typing.Mine(append([]int64{l.since.typing}, l.since.others...))
		l.acked = l.since.position()
		if f.lost(l.acked) {
			l.since, l.req.Since = Token{}, ""
		}
	}
	l.first, l.at, l.seen = l.req.Since == "", l.since.position(), l.since
	return l, nil
}

// untilTold looks until there is something to tell. Thousands wait here at once, each with its stack, which the runtime makes smaller only
// where little of it is used: so this function and those that call it have small frames, and what needs room has returned by then.
func (l *looking) untilTold(ctx context.Context) (*Sync, error) {
	if l.first || l.req.FullState || l.req.Timeout <= 0 { // nothing to wait for
		if !l.first && !l.req.FullState {
			l.arrive()
		}
		return l.lookOnce(ctx, nil, true)
	}
	wait := l.Hub.Subscribe(stream.Topic(l.s.User)) // before the first look, so that nothing comes between
	defer wait.Close()
	l.arrive()
	var enough *time.Timer
	for last := false; ; {
		if answer, err := l.lookOnce(ctx, wait, last); answer != nil || err != nil {
			return answer, err
		}
		if enough == nil {
			enough = time.NewTimer(min(l.req.Timeout, maxWait))
			defer enough.Stop()
		}
		select {
		case <-wait.C:
		case <-enough.C:
			last = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// lookOnce looks, out of memory or in the store. It returns nil where there is nothing to tell, unless it is the last look.
func (l *looking) lookOnce(ctx context.Context, wait *stream.Waiter, last bool) (*Sync, error) {
	if !l.quick(ctx, wait, last) {
		if err := l.look(ctx, last, l.all); err != nil {
			return nil, err
		}
	}
	if last || l.answer.tells() {
		l.remember()
		return l.answer, nil
	}
	return nil, nil
}

// tells says whether there is anything in the answer that the device does not know.
func (a *Sync) tells() bool {
	return a != nil && (len(a.Data.Events) > 0 || len(a.ToDevice.Events) > 0 || a.Lists != nil || a.claimed ||
		len(a.Rooms.Join)+len(a.Rooms.Invite)+len(a.Rooms.Knock)+len(a.Rooms.Leave) > 0)
}

func noRooms() rooms {
	return rooms{map[mxid.Room]*joined{}, map[mxid.Room]*invited{}, map[mxid.Room]*knocked{}, map[mxid.Room]*left{}}
}

// position is how far the token reaches; 0 for the zero token.
func (t Token) position() stream.Position {
	if len(t.Token) == 0 {
		return 0
	}
	return t.Token[0]
}

// looking is the making of one answer. It looks again each time the device is woken, until there is something to tell.
type looking struct {
	*Feed
	v     stream.View // of the present look
	s     account.Session
	req   Request
	since Token
	first bool            // the device knows nothing yet
	at    stream.Position // how far the device has read
	acked stream.Position // up to where it has shown to have its to-device messages; 0 once they were looked for
	seen  Token           // how far was looked without finding anything to tell
	upto  stream.Position // how far this answer reaches

	ignored account.Ignored    // by the person, where there are rooms to tell of
	rules   *account.PushRules // the person's, where something is unread; nil until then
	answer  *Sync              // nil where the look found that nothing had happened at all
	counts  device.Counts

	// See quick.go.
	known, before *known          // what memory has of the device; before also where it is of no use for this answer
	pending       []*stream.Entry // what may be news to the device, behind its token
	heard         stream.Position // up to where nothing is missing among them
	unreadNow     tallies
	stale         []mxid.Room                     // rooms with news: what was counted there before does not hold any more
	dataChanged   bool                            // there is new account data, or another thread is followed
	roomData      map[mxid.Room][]json.RawMessage // new account data of rooms
}

// look has all build the answer, out of one view; all is told how far Typing was looked at. If it is the last look, there is an answer
// even if nothing has happened since the one before.
func (l *looking) look(ctx context.Context, last bool, all func(typing int64) error) error {
	var waiting bool
	err := l.Disk.View(ctx, func(v stream.View) (err error) {
		l.v, l.upto, l.answer, l.rules, l.unreadNow = v, v.Upto().At(stream.Topic(l.s.User)), nil, nil, nil
		if l.req.Alive != nil {
			if err := l.req.Alive(v); err != nil {
				return err
			}
		}
		typing := l.Typing.Serial()
		if l.acked > 0 {
			if waiting, err = l.Devices.Unacked(v, l.s.DeviceNo, l.acked); err != nil {
				return err
			}
		}
		if last || l.upto != l.seen.position() || typing != l.seen.typing {
			if err := all(typing); err != nil {
				return err
			}
		}
		l.seen = Token{stream.Token{l.upto}, typing, l.since.others}
		return nil
	})
	if err == nil && waiting {
		err = l.Disk.Do(ctx, func(u stream.Unit) error { return l.Devices.AckToDevice(u, l.s.DeviceNo, l.acked) })
	}
	l.acked = 0
	return err
}

// all builds the whole answer.
func (l *looking) all(typing int64) error {
	l.answer = &Sync{Rooms: noRooms()}
	for _, step := range []func() error{l.toDevice, l.accountData, l.rooms, l.deviceLists, l.oneTimeKeys} {
		if err := step(); err != nil {
			return err
		}
	}
	l.answer.Next = Token{stream.Token{l.upto}, typing, l.since.others}.String()
	return nil
}

// toDevice adds what other devices sent, and shortens the answer where there is more.
func (l *looking) toDevice() error {
	messages, more, err := l.Devices.ToDevice(l.v, l.s.DeviceNo, l.at, l.upto, maxToDevice)
	if err != nil {
		return err
	}
	if l.answer.ToDevice.Events, err = delivered(messages); err != nil {
		return err
	}
	if more {
		l.upto = messages[len(messages)-1].Pos
	}
	return nil
}

// delivered is messages as a device reads them.
func delivered(messages []device.Message) ([]json.RawMessage, error) {
	events := make([]json.RawMessage, len(messages))
	for i, m := range messages {
		var err error
		events[i], err = json.Marshal(struct {
			Type    string          `json:"type"`
			Sender  mxid.User       `json:"sender"`
			Content json.RawMessage `json:"content"`
		}{m.Type, m.Sender, m.Content})
		if err != nil {
			return nil, err
		}
	}
	return events, nil
}

func (l *looking) oneTimeKeys() error {
	counts, err := l.Devices.Counts(l.v, l.s.DeviceNo)
	l.counts = counts
	l.answer.OneTime, l.answer.Fallback, l.answer.claimed = counts.OneTime, counts.UnusedFallback, counts.Claimed > l.at
	return err
}

// accountData adds the account's own data, and lays by what goes with the rooms.
func (l *looking) accountData() error {
	data, err := l.Disk.DataSince(l.v, l.s.Account, l.at, l.upto)
	if err != nil {
		return err
	}
	if l.dataChanged = len(data) > 0; !l.dataChanged {
		threads, err := l.Disk.SubscriptionsSince(l.v, l.s.Account, l.at, l.upto, 1)
		if err != nil {
			return err
		}
		l.dataChanged = len(threads) > 0
	}
	if l.first {
		data = l.withPushRules(data)
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

// withPushRules adds the push rules that everybody has to all data of an account, unless it has rules.
func (l *looking) withPushRules(data []account.Datum) []account.Datum {
	if slices.ContainsFunc(data, func(d account.Datum) bool { return d.Room == "" && d.Type == account.PushRulesType }) {
		return data
	}
	return append(data, account.DefaultPushRules(l.s.User).Datum())
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
