package feed

import (
	"context"
	"encoding/json"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// SlideRequest is what a device asks of sliding sync.
type SlideRequest struct {
	Conn       string // which of the device's connections this is
	Pos        string // of the answer before; "" begins the connection anew
	Txn        string // given back
	Timeout    time.Duration
	Lists      map[string]List
	Rooms      map[mxid.Room]Config // told wherever they stand in lists
	Extensions Extensions

	// Alive, if set, is asked in each look; its error ends the wait, with nothing told.
	Alive func(stream.View) error
}

// answer types; their JSON is the proposal's, and the names that clients know from before it was accepted.
//
// Spec: MSC4186, "Response Body".
type (
	// Slide is the answer to one request of sliding sync.
	Slide struct {
		Pos        string              `json:"pos"`
		Txn        string              `json:"txn_id,omitempty"`
		Lists      map[string]listed   `json:"lists"`
		Rooms      map[mxid.Room]*slid `json:"rooms"`
		Extensions extended            `json:"extensions"`
	}
	listed struct {
		Count int `json:"count"`
	}
	slid struct {
		Membership string            `json:"membership"`
		Lists      []string          `json:"lists,omitempty"`
		Initial    bool              `json:"initial,omitempty"`
		Bump       stream.Position   `json:"bump_stamp,omitempty"`
		DM         *bool             `json:"is_dm,omitempty"`
		Name       json.RawMessage   `json:"name,omitempty"`   // null where it was removed
		Avatar     json.RawMessage   `json:"avatar,omitempty"` // null where it was removed
		Heroes     []hero            `json:"heroes,omitempty"`
		Joined     *int              `json:"joined_count,omitempty"`
		Invited    *int              `json:"invited_count,omitempty"`
		State      []json.RawMessage `json:"required_state,omitempty"`
		Timeline   []json.RawMessage `json:"timeline,omitempty"`
		Live       int               `json:"num_live,omitempty"`
		Limited    bool              `json:"limited,omitempty"`
		Prev       string            `json:"prev_batch,omitempty"`
		// the same under its name of before
		Expanded         bool `json:"expanded_timeline,omitempty"`
		ExpandedUnstable bool `json:"unstable_expanded_timeline,omitempty"`
		// what may be known from outside; the same under its name of before
		Stripped []json.RawMessage `json:"stripped_state,omitempty"`
		Invite   []json.RawMessage `json:"invite_state,omitempty"`
		*numbers                   // of a room that the person is in
	}
	// numbers are how much is unread of a room; without what is in threads only where the client asks for that.
	numbers struct {
		unread
		Threads  map[mxid.Event]unread `json:"unread_thread_notifications,omitempty"`
		Messages *messages             `json:"org.wardroom.unread,omitempty"` // nil where the others say the same
	}
	hero struct {
		User   mxid.User `json:"user_id"`
		Name   string    `json:"displayname,omitempty"`
		Avatar string    `json:"avatar_url,omitempty"`
	}
)

// Slide gives the newest of what s has to learn of the rooms that req asks for, and what its extensions ask for. Where there is
// nothing new it waits for up to req.Timeout. It returns fault.UnknownPos where what was told up to req.Pos is not remembered: after
// the server was started again, or after a long time. The client then begins anew.
//
// A request with the same position as the one before is answered as if that had not been: its answer was lost.
//
// An answer that carries to-device messages ends at the last of them where more wait, so that no event is shown before the
// keys sent ahead of it.
//
// Spec: MSC4186.
func (f *Feed) Slide(ctx context.Context, s account.Session, req SlideRequest) (*Slide, error) {
	from, turn, ok := f.connections.begin(s.DeviceNo, req.Conn, req.Pos)
	if !ok {
		return nil, fault.UnknownPos.New("What this device was told is not remembered any more. It begins anew, without \"pos\".")
	}
	filter := everything
	if req.Extensions.Unread.Enabled {
		counts := *everything
		counts.Room.Timeline.ThreadCounts = true
		filter = &counts
	}
	l := &sliding{looking: &looking{Feed: f, s: s, first: true, req: Request{Filter: filter, StateAfter: true, Alive: req.Alive}}, ask: &req, from: from}
	if err := l.arrive(); err != nil {
		return nil, err
	}
	waitFor := time.NewTimer(min(req.Timeout, maxWait))
	defer waitFor.Stop()
	wait := f.Hub.Subscribe(stream.Topic(s.User)) // before the first look, so that nothing comes between
	defer wait.Close()
	for last := from.upto == 0 || req.Timeout <= 0; ; {
		if err := l.look(ctx, last, l.all); err != nil {
			return nil, err
		}
		if last || l.tells() {
			break
		}
		select {
		case <-wait.C:
		case <-waitFor.C:
			last = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if !f.connections.end(s.DeviceNo, req.Conn, turn, from, l.next) {
		// Another request of the connection has come since, and this one's answer is for nobody.
		return &Slide{Pos: req.Pos, Txn: req.Txn, Lists: map[string]listed{}, Rooms: map[mxid.Room]*slid{}}, nil
	}
	return l.slide, nil
}

// sliding is the making of one answer of sliding sync. It looks again each time the device is woken, until there is something to tell.
type sliding struct {
	*looking    // its answer is nil, and it is always the first: nothing is remembered for answers from memory
	ask         *SlideRequest
	from        *mark           // what the connection was told; it is not changed
	deviceSince stream.Position // up to where the device has its to-device messages
	next        *mark           // what it has been told with this answer
	slide       *Slide
	window      map[room.No]*framed // the rooms that are asked for
	directs     map[mxid.Room]bool  // the direct ones
	waits       bool                // nothing of rooms may be told before the to-device messages that are still to come
	claimed     bool                // a one-time key was handed out since
	receipted   map[room.No]bool    // where somebody has read since
	recounts    bool                // push rules, whom the person ignores, or which threads they follow have changed since
}

// arrive reads what the request says of positions.
func (l *sliding) arrive() error {
	l.at, l.since = l.from.upto, Token{typing: l.from.typing}
	d := &l.ask.Extensions.ToDevice
	if !d.Enabled || d.Since == "" {
		return nil
	}
	since, err := ParseToken(d.Since)
	if err != nil {
		return fault.InvalidParam.New("The token in \"since\" of to_device is none of this server's.")
	}
	l.deviceSince = since.position()
	l.acked = l.deviceSince
	return nil
}

// all builds the whole answer.
func (l *sliding) all(typing int64) error {
	l.next = l.from.copy(typing)
	l.slide = &Slide{Txn: l.ask.Txn, Lists: map[string]listed{}, Rooms: map[mxid.Room]*slid{}}
	l.window, l.directs, l.waits = map[room.No]*framed{}, nil, false
	var err error
	if l.ignored, err = account.IgnoredBy(l.v, l.Disk, l.s); err != nil {
		return err
	}
	for _, step := range []func() error{l.toDevice, l.lists, l.rooms, l.accountData, l.readReceipts, l.whoTypes, l.threads, l.keys} {
		if err := step(); err != nil {
			return err
		}
	}
	l.next.upto = l.upto
	if l.waits {
		l.next.typing = l.from.typing
	}
	l.slide.Pos = l.next.pos()
	return nil
}

// tells says whether there is anything in the answer that the device does not know.
func (l *sliding) tells() bool {
	for name, list := range l.slide.Lists {
		if was, known := l.from.counts[name]; !known || was != list.Count {
			return true
		}
	}
	e := &l.slide.Extensions
	return len(l.slide.Rooms) > 0 || l.claimed ||
		e.ToDevice != nil && len(e.ToDevice.Events) > 0 || e.E2EE != nil && e.E2EE.Lists != nil ||
		e.Data != nil || e.Receipts != nil || e.Typing != nil || e.Threads != nil
}

// toDevice adds what other devices sent, and shortens the answer where there is more.
func (l *sliding) toDevice() error {
	d := &l.ask.Extensions.ToDevice
	if !d.Enabled {
		return nil
	}
	limit := maxToDevice
	if d.Limit > 0 {
		limit = min(d.Limit, limit)
	}
	messages, more, err := l.Devices.ToDevice(l.v, l.s.DeviceNo, l.deviceSince, l.upto, limit)
	if err != nil {
		return err
	}
	next := max(l.upto, l.deviceSince)
	if more {
		next = messages[len(messages)-1].Pos
		l.waits = next < l.at
		l.upto = max(next, l.at)
	}
	events, err := delivered(messages)
	l.slide.Extensions.ToDevice = &toDeviceExtension{stream.Token{next}.String(), events}
	return err
}

// keys adds whose devices changed, and what is left of the device's own keys.
//
// Spec: MSC3884.
func (l *sliding) keys() error {
	if !l.ask.Extensions.E2EE.Enabled {
		return nil
	}
	counts, err := l.Devices.Counts(l.v, l.s.DeviceNo)
	if err != nil {
		return err
	}
	e := &e2eeExtension{OneTime: counts.OneTime, Fallback: counts.UnusedFallback}
	l.slide.Extensions.E2EE = e
	l.claimed = counts.Claimed > l.at
	if l.at > 0 { // a device that begins asks for everybody's
		since := l.from.keys
		if since == 0 {
			since = l.at
		}
		changed, gone, err := l.Devices.Lists(l.v, l.s.User, since, l.upto)
		if err != nil {
			return err
		}
		if len(changed)+len(gone) > 0 {
			e.Lists = &deviceLists{changed, gone}
		}
	}
	l.next.keys = l.upto
	return nil
}
