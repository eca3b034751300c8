package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Delayed is an event that is to be sent later, or was.
type Delayed struct {
	ID       string // who knows it may send the event, put it off and cancel it
	Who      account.Session
	Room     mxid.Room
	Type     string
	StateKey *string // of a state event
	Txn      string
	Content  []byte
	Delay    int64 // in milliseconds
	Due      int64 // in milliseconds since 1970

	// What became of it: both zero while it waits, and Event empty where it was not sent.
	Finalised int64 // when, in milliseconds since 1970
	Event     mxid.Event
	// Why it was not sent, if it was not cancelled.
	Code, Error string
}

// Delaying is how delayed events are kept.
type Delaying interface {
	// Delayed finds one by its ID, waiting or not.
	Delayed(v stream.View, id string) (d Delayed, ok bool, err error)
	// DelayedOf gives those of a's that wait, the one that is due first first.
	DelayedOf(v stream.View, a account.No) ([]Delayed, error)
	// DelayedBy finds what the device has delayed under this transaction ID.
	DelayedBy(v stream.View, a account.No, device account.DeviceNo, no No, typ, txn string) (id string, ok bool, err error)
	// Delay keeps another one, which waits.
	Delay(u stream.Unit, no No, d Delayed) error
	// SetDelayed writes when d is due and what became of it.
	SetDelayed(u stream.Unit, d Delayed) error
	// DueDelayed gives at most limit of those that wait behind after in their order: the one that is due first first.
	DueDelayed(v stream.View, after Delayed, limit int) ([]Delayed, error)
	// Lives reports whether there is a device of that number: it was not signed out.
	Lives(v stream.View, device account.DeviceNo) (bool, error)
	// EndDelayed ends those that a's device has waiting.
	EndDelayed(u stream.Unit, a account.No, device account.DeviceNo, now int64, code, says string) error
	// SupersedeDelayed ends those that others than by have waiting for the same piece of state.
	SupersedeDelayed(u stream.Unit, no No, key event.StateKey, by account.No, now int64, code, says string) error
	// SuspendedUntil is when the last of somebody's suspensions ends; see account.SuspensionDisk.
	SuspendedUntil(v stream.View, of account.No) (ms int64, err error)
	// PruneDelayed removes what was finalised before that time.
	PruneDelayed(u stream.Unit, before int64) error
}

// How long an event may be delayed, how many one person may have waiting, and how long it can be asked what became of one.
const (
	MaxDelay    = 7 * 24 * time.Hour
	MaxDelayed  = 100
	delayedKept = 24 * time.Hour
)

// Schedule sends an event later: when delay has passed, or when somebody who has its ID says so. key is that of a state event. What
// would be refused now is refused now, and judged again when it is sent. The same device that schedules with the same txn again gets the
// ID that it got before; an empty txn is that of a request that has none.
//
// It ends with its device: see EndDelayed. It returns what Send returns, fault.InvalidParam for a delay that is none or too long, and fault.LimitExceeded where MaxDelayed events wait.
//
// Spec: MSC4140, "Scheduling a delayed event".
func (r *Rooms) Schedule(ctx context.Context, who account.Session, room mxid.Room, typ string, key *string, txn string, content []byte, delay time.Duration) (string, error) {
	switch {
	case delay <= 0:
		return "", fault.InvalidParam.New("A delay is a number of milliseconds, greater than 0.")
	case delay > MaxDelay:
		f := fault.BadRequest.New("An event can be delayed by %d days at most.", int(MaxDelay.Hours()/24))
		f.More = map[string]any{"org.matrix.msc4140.errcode": "M_MAX_DELAY_EXCEEDED", "org.matrix.msc4140.max_delay": MaxDelay.Milliseconds()}
		return "", f
	case len(txn) > mxid.MaxLen:
		return "", fault.InvalidParam.New("A transaction ID has 1 to %d bytes.", mxid.MaxLen)
	}
	said, err := event.NewContent(content)
	if err != nil {
		return "", err
	}
	id, err := do(ctx, r.Disk, func(u stream.Unit) (string, error) {
		d, err := r.draftIn(u, room)
		if err != nil {
			return "", err
		}
		if lives, err := r.Disk.Lives(u, who.DeviceNo); err != nil || !lives {
			return "", cmp.Or[error](err, fault.UnknownToken.New("This device was signed out meanwhile."))
		}
		if txn != "" {
			if id, ok, err := r.Disk.DelayedBy(u, who.Account, who.DeviceNo, d.chain.No, typ, txn); err != nil || ok {
				return id, err
			}
		}
		one := Delayed{ID: rand.Text(), Who: who, Room: room, Type: typ, StateKey: key, Txn: txn, Content: said.JSON(), Delay: delay.Milliseconds(), Due: d.at + delay.Milliseconds()}
		if _, err := d.addDelayed(&one); err != nil { // and is not written
			return "", err
		}
		waiting, err := r.Disk.DelayedOf(u, who.Account)
		if err != nil {
			return "", err
		}
		if len(waiting) >= MaxDelayed {
			f := fault.LimitExceeded.New("%d events of yours wait to be sent later. Cancel some, or wait.", len(waiting))
			f.RetryAfter = max(time.Second, time.Duration(waiting[0].Due-d.at)*time.Millisecond)
			return "", f
		}
		return one.ID, r.Disk.Delay(u, d.chain.No, one)
	})
	if err == nil {
		r.alarm.ring()
	}
	return id, err
}

// addDelayed adds what d says, as it would be said now.
func (d *draft) addDelayed(one *Delayed) (mxid.Event, error) {
	said, err := event.NewContent(one.Content)
	if err == nil && one.StateKey != nil && one.Type == event.TypeMember {
		said, err = d.withLook(mxid.User(*one.StateKey), said)
	}
	if err != nil {
		return "", err
	}
	if one.StateKey == nil && one.Type == event.TypeRedaction && said.Get("redacts") == nil {
		return "", fault.BadJSON.New("A redaction must name the event that it redacts.")
	}
	return d.add(proposal{who: one.Who, typ: one.Type, key: one.StateKey, content: said, txn: one.Txn, delay: one.ID})
}

// EndDelayed cancels what the device of s has waiting, in the unit that ends the device: whoever knows the ID of such an event can
// neither send it nor put it off any more. For a day its person reads why it was not sent.
func (r *Rooms) EndDelayed(u stream.Unit, s account.Session) error {
	return r.Disk.EndDelayed(u, s.Account, s.DeviceNo, u.Now().UnixMilli(), fault.UnknownToken.Name, "The device that was to send this later was signed out before.")
}

// What may be done to a delayed event.
const (
	Cancel  = "cancel"
	Restart = "restart"
	SendNow = "send"
)

// Manage cancels a delayed event, lets its delay begin anew or sends it at once. who is empty where nobody has signed in: its ID is enough, and
// that is how a meeting's media server puts off the event that says that somebody has left. What has become of it already is not done again.
//
// It returns fault.NotFound for one that is not there or is somebody else's, fault.Finalised where something else has become of it, and what
// Send returns where it cannot be sent; then it waits on.
//
// Spec: MSC4140, "Managing delayed events".
func (r *Rooms) Manage(ctx context.Context, who account.Session, id, action string) error {
	if action != Cancel && action != Restart && action != SendNow {
		return fault.InvalidParam.New("A delayed event can be sent, cancelled and restarted (send, cancel, restart).")
	}
	err := r.Disk.Do(ctx, func(u stream.Unit) error {
		one, ok, err := r.Disk.Delayed(u, id)
		if err != nil {
			return err
		}
		if !ok || who.Account != 0 && who.Account != one.Who.Account {
			return noDelayed()
		}
		now := u.Now().UnixMilli()
		switch {
		case one.Finalised != 0:
			if action == SendNow && one.Event != "" || action == Cancel && one.Event == "" {
				return nil
			}
			return fault.Finalised.New("This event was sent or cancelled already.")
		case action == Restart:
			one.Due = now + one.Delay
		case action == Cancel:
			one.Finalised = now
		default:
			if one.Event, err = r.sendDelayed(u, &one); err != nil {
				return err
			}
			one.Finalised = now
		}
		return r.Disk.SetDelayed(u, one)
	})
	if err == nil {
		r.alarm.ring()
	}
	return err
}

func noDelayed() error {
	return fault.NotFound.New("There is no such delayed event. It was sent or cancelled more than a day ago, or it never was.")
}

func (r *Rooms) sendDelayed(u stream.Unit, one *Delayed) (mxid.Event, error) {
	d, err := r.draftIn(u, one.Room)
	if err != nil {
		return "", err
	}
	id, err := d.addDelayed(one)
	if err != nil {
		return "", err
	}
	return id, d.write()
}

// DelayedEvent is a delayed event as its owner sees it.
type DelayedEvent struct {
	ID       string          `json:"delay_id"`
	Room     mxid.Room       `json:"room_id"`
	Type     string          `json:"type"`
	StateKey *string         `json:"state_key,omitempty"`
	Delay    int64           `json:"delay_ms"`
	Since    int64           `json:"delayed_since_ts"`
	Content  json.RawMessage `json:"content"`
	Outcome  *outcome        `json:"finalised,omitempty"`
	// the same under the names that clients know from before the proposal was accepted
	OldDelay int64 `json:"delay"`
	OldSince int64 `json:"running_since"`
}

type outcome struct {
	At    int64      `json:"finalised_ts"`
	Event mxid.Event `json:"event_id,omitempty"`
	Error *failure   `json:"error,omitempty"`
}

type failure struct {
	Code string `json:"errcode"`
	Says string `json:"error"`
}

func (d *Delayed) show() DelayedEvent {
	e := DelayedEvent{ID: d.ID, Room: d.Room, Type: d.Type, StateKey: d.StateKey, Delay: d.Delay, Since: d.Due - d.Delay, Content: d.Content, OldDelay: d.Delay, OldSince: d.Due - d.Delay}
	if d.Finalised != 0 {
		e.Outcome = &outcome{At: d.Finalised, Event: d.Event}
		if d.Code != "" {
			e.Outcome.Error = &failure{d.Code, d.Error}
		}
	}
	return e
}

// OneDelayed gives a delayed event of who's, for a day also what became of it. It returns fault.NotFound.
//
// Spec: MSC4140, "Getting delayed events".
func (r *Rooms) OneDelayed(ctx context.Context, who account.Session, id string) (DelayedEvent, error) {
	return view(ctx, r.Disk, func(v stream.View) (DelayedEvent, error) {
		one, ok, err := r.Disk.Delayed(v, id)
		if err == nil && (!ok || one.Who.Account != who.Account) {
			err = noDelayed()
		}
		return one.show(), err
	})
}

// AllDelayed gives who's delayed events that wait, the one that is due first first.
//
// Spec: MSC4140.
func (r *Rooms) AllDelayed(ctx context.Context, who account.Session) ([]DelayedEvent, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]DelayedEvent, error) {
		all, err := r.Disk.DelayedOf(v, who.Account)
		shown := make([]DelayedEvent, len(all))
		for i := range all {
			shown[i] = all[i].show()
		}
		return shown, err
	})
}

// alarm wakes who waits for the next delayed event, when another one may have become the next. The zero value is ready.
type alarm struct {
	mu sync.Mutex // guards c
	c  chan struct{}
}

func (a *alarm) bell() chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.c == nil {
		a.c = make(chan struct{}, 1)
	}
	return a.c
}

func (a *alarm) ring() {
	select {
	case a.bell() <- struct{}{}:
	default:
	}
}

const (
	dueAtOnce  = 100              // delayed events that are looked at together
	afterError = 10 * time.Second // until it is tried again
	lookAgain  = time.Minute      // at the latest: another server may have been asked, and have ended since
)

// SendDue sends what is due, each event in a unit of work of its own in which it is noted as sent, so that it is sent once. What
// the rules refuse now is noted as refused; one that fails for another reason waits on and does not keep those behind it. It returns when
// the next one is due; never is the zero time.
//
// Spec: MSC4140, "Power levels are evaluated at the point of sending".
func (r *Rooms) SendDue(ctx context.Context) (next time.Time, err error) {
	var last Delayed
	var failed []error
	for {
		all, err := view(ctx, r.Disk, func(v stream.View) ([]Delayed, error) { return r.Disk.DueDelayed(v, last, dueAtOnce) })
		if err != nil || len(all) == 0 {
			return time.Time{}, errors.Join(append(failed, err)...)
		}
		for _, last = range all {
			if due := time.UnixMilli(last.Due); time.Now().Before(due) {
				return due, errors.Join(failed...)
			}
			err := r.sendOneDue(ctx, last.ID)
			if fault.Unavailable.In(err) || ctx.Err() != nil { // nothing can be written now
				return time.Time{}, errors.Join(append(failed, err)...)
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("in %s: %w", last.Room, err))
			}
		}
	}
}

func (r *Rooms) sendOneDue(ctx context.Context, id string) error {
	var refusal *fault.Fault
	note := func(u stream.Unit, send bool) error {
		one, ok, err := r.Disk.Delayed(u, id)
		now := u.Now().UnixMilli()
		if err != nil || !ok || one.Finalised != 0 || one.Due > now { // somebody was quicker
			return err
		}
		if send {
			if err := account.MayWrite(u, r.Disk, one.Who.Account, u.Now()); err != nil {
				return err
			}
			if one.Event, err = r.sendDelayed(u, &one); err != nil {
				return err
			}
		} else {
			one.Code, one.Error = refusal.Code.Name, refusal.Says
		}
		one.Finalised = now
		return r.Disk.SetDelayed(u, one)
	}
	err := r.Disk.Do(ctx, func(u stream.Unit) error { return note(u, true) })
	if errors.As(err, &refusal) && refusal.Code.Status < 500 { // otherwise it is the server's fault, and tried again
		err = r.Disk.Do(ctx, func(u stream.Unit) error { return note(u, false) })
	}
	return err
}

// RunDelayed sends delayed events as they become due, until ctx ends.
func (r *Rooms) RunDelayed(ctx context.Context, log *slog.Logger) error {
	for {
		next, err := r.SendDue(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			log.ErrorContext(ctx, "sending delayed events", "err", err)
			next = time.Now().Add(afterError)
		}
		wait := lookAgain
		if !next.IsZero() {
			wait = min(wait, time.Until(next))
		}
		select {
		case <-time.After(wait):
		case <-r.alarm.bell():
		case <-ctx.Done():
			return nil
		}
	}
}

// PruneDelayed forgets what became of events more than a day ago.
func (r *Rooms) PruneDelayed(ctx context.Context) error {
	return r.Disk.Do(ctx, func(u stream.Unit) error { return r.Disk.PruneDelayed(u, u.Now().Add(-delayedKept).UnixMilli()) })
}
