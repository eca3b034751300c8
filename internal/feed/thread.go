package feed

import (
	"context"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// Subscription is whether somebody follows a thread. One that has ended is kept: nobody is subscribed again by what was said
// before they left.
type Subscription struct {
	Subscribed bool
	Automatic  bool            // a client did it, because the person was mentioned
	Pos        stream.Position // of the last change
}

// ThreadSubscription is a subscription and what it is to.
type ThreadSubscription struct {
	Room   mxid.Room
	Thread mxid.Event // its root
	Subscription
}

// How many threads one account may follow or have followed, and how many an answer tells of: at most, and where nobody says.
const (
	maxSubscriptions     = 10_000
	manySubscriptions    = 500
	defaultSubscriptions = 100
)

// Subscribe makes s follow the thread with that root. cause is the event that mentions s where a client does it by itself, else "": what
// a person does themselves outweighs that. It returns fault.NotFound for a thread that s does not see, fault.NotInThread where cause is
// none of its events, fault.ConflictingUnsubscription where s left the thread after cause, and fault.OverQuota.
//
// Spec: MSC4306, "Subscribing to a thread".
func (f *Feed) Subscribe(ctx context.Context, s account.Session, in mxid.Room, root, cause mxid.Event) error {
	return f.Disk.Do(ctx, func(u stream.Unit) error {
		no, at, err := f.mustSeeThread(u, s, in, root)
		if err != nil {
			return err
		}
		had, ok, err := f.Disk.Subscription(u, s.Account, at)
		if err != nil {
			return err
		}
		if cause != "" {
			e, known, err := f.Disk.Event(u, no, cause)
			switch {
			case err != nil:
				return err
			case !known || e.Relation != event.RelThread || e.Relates != at:
				return fault.NotInThread.New("%s is no answer in this thread.", cause)
			case had.Subscribed:
				return nil
			case ok && e.Pos < had.Pos:
				return fault.ConflictingUnsubscription.New("You have left this thread since.")
			}
		} else if had.Subscribed && !had.Automatic {
			return nil
		}
		if !ok {
			n, err := f.Disk.CountSubscriptions(u, s.Account)
			if err != nil {
				return err
			}
			if n >= maxSubscriptions {
				return fault.OverQuota.New("One account can follow %d threads, those that it left included.", maxSubscriptions)
			}
		}
		return f.Disk.SetSubscription(u, s.Account, no, at, Subscription{true, cause != "", u.Next(stream.Topic(s.User))})
	})
}

// Unsubscribe makes s no longer follow the thread. It returns fault.NotFound for a thread that s does not see.
//
// Spec: MSC4306, "Unsubscribing from a thread".
func (f *Feed) Unsubscribe(ctx context.Context, s account.Session, in mxid.Room, root mxid.Event) error {
	return f.Disk.Do(ctx, func(u stream.Unit) error {
		no, at, err := f.mustSeeThread(u, s, in, root)
		if err != nil {
			return err
		}
		had, _, err := f.Disk.Subscription(u, s.Account, at)
		if err != nil || !had.Subscribed {
			return err
		}
		return f.Disk.SetSubscription(u, s.Account, no, at, Subscription{Pos: u.Next(stream.Topic(s.User))})
	})
}

// Subscribed says how s follows the thread. It returns fault.NotFound where s does not, or does not see it.
//
// Spec: MSC4306, "Retrieving thread subscription".
func (f *Feed) Subscribed(ctx context.Context, s account.Session, in mxid.Room, root mxid.Event) (is Subscription, err error) {
	err = f.Disk.View(ctx, func(v stream.View) error {
		_, at, err := f.mustSeeThread(v, s, in, root)
		if err != nil {
			return err
		}
		is, _, err = f.Disk.Subscription(v, s.Account, at)
		if err == nil && !is.Subscribed {
			err = fault.NotFound.New("You do not follow this thread.")
		}
		return err
	})
	return is, err
}

// mustSeeThread gives the numbers of the room and of the root, or fault.NotFound unless s is in the room and sees the root, which is
// no answer in a thread itself.
func (f *Feed) mustSeeThread(v stream.View, s account.Session, in mxid.Room, root mxid.Event) (room.No, stream.Position, error) {
	nothing := fault.NotFound.New("There is no thread %s that you see.", root)
	no, err := f.mustBeIn(v, s, in)
	if err != nil {
		if fault.Forbidden.In(err) {
			err = nothing
		}
		return 0, 0, err
	}
	e, ok, err := f.Disk.Event(v, no, root)
	if err != nil {
		return 0, 0, err
	}
	sight, err := f.Rooms.Sight(v, s, in)
	if err != nil {
		return 0, 0, err
	}
	if !ok || e.Relation == event.RelThread || !sight.Sees(e.Pos) {
		return 0, 0, nothing
	}
	return no, e.Pos, nil
}

// Subscriptions is a piece of what has changed of the threads that somebody follows, the newest first.
type Subscriptions struct {
	Subscribed   map[mxid.Room]map[mxid.Event]subscribed   `json:"subscribed,omitempty"`
	Unsubscribed map[mxid.Room]map[mxid.Event]unsubscribed `json:"unsubscribed,omitempty"`
	End          string                                    `json:"end,omitempty"`        // where there are earlier ones
	Prev         string                                    `json:"prev_batch,omitempty"` // the same in an answer of sliding sync
}

type (
	subscribed struct {
		Automatic bool            `json:"automatic"`
		Bump      stream.Position `json:"bump_stamp"`
	}
	unsubscribed struct {
		Bump stream.Position `json:"bump_stamp"`
	}
)

// Subscriptions lists what changed of the threads that s follows in after < position <= from, the newest first; without from, up to
// now. limit 0 stands for some.
//
// Spec: MSC4308, "Companion endpoint for backpaginating thread subscription changes".
func (f *Feed) Subscriptions(ctx context.Context, s account.Session, from, after stream.Token, limit int) (list Subscriptions, err error) {
	me := stream.Topic(s.User)
	err = f.Disk.View(ctx, func(v stream.View) (err error) {
		upto, since := v.Upto().At(me), stream.Position(0)
		if from != nil {
			upto = min(upto, from.At(me))
		}
		if after != nil {
			since = after.At(me)
		}
		list, list.End, err = f.subscriptions(v, s, since, upto, limit)
		return err
	})
	return list, err
}

// subscriptions gives at most limit changes, and where earlier ones begin, if there are any.
func (f *Feed) subscriptions(v stream.View, s account.Session, after, upto stream.Position, limit int) (list Subscriptions, earlier string, err error) {
	if limit <= 0 {
		limit = defaultSubscriptions
	}
	limit = min(limit, manySubscriptions)
	all, err := f.Disk.SubscriptionsSince(v, s.Account, after, upto, limit+1)
	if err != nil {
		return list, "", err
	}
	if len(all) > limit {
		earlier, all = stream.Token{all[limit].Pos}.String(), all[:limit]
	}
	for _, one := range all {
		if one.Subscribed {
			put(&list.Subscribed, one, subscribed{one.Automatic, one.Pos})
		} else {
			put(&list.Unsubscribed, one, unsubscribed{one.Pos})
		}
	}
	return list, earlier, nil
}

func put[T any](into *map[mxid.Room]map[mxid.Event]T, at ThreadSubscription, what T) {
	if *into == nil {
		*into = map[mxid.Room]map[mxid.Event]T{}
	}
	if (*into)[at.Room] == nil {
		(*into)[at.Room] = map[mxid.Event]T{}
	}
	(*into)[at.Room][at.Thread] = what
}

// threads adds which threads the person began or ceased to follow.
//
// Spec: MSC4308.
func (l *sliding) threads() error {
	x := &l.ask.Extensions.Threads
	if !x.Enabled {
		return nil
	}
	list, earlier, err := l.subscriptions(l.v, l.s, l.from.threads, l.upto, x.Limit)
	if err != nil {
		return err
	}
	if list.Prev = earlier; len(list.Subscribed)+len(list.Unsubscribed) > 0 {
		l.slide.Extensions.Threads = &list
	}
	l.next.threads = l.upto
	return nil
}
