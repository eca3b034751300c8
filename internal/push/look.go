package push

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

const (
	atOnce   = 1000           // events that are looked at in one view
	stale    = 24 * time.Hour // nobody is told any more of what is older
	untilKey = 10_000         // positions after which the place is noted although nothing was due
)

// look finds what is due behind p.at and writes it down, together with how far it has looked. more is set where there is more to look at.
func (p *Pushers) look(ctx context.Context) (more bool, err error) {
	var all []found
	var upto stream.Position
	err = p.Disk.View(ctx, func(v stream.View) (err error) {
		upto = v.Upto().At("")
		if any, err := p.Disk.AnyPusher(v); err != nil || !any {
			return err
		}
		events, err := p.Disk.Happened(v, p.at, upto, atOnce)
		if err != nil {
			return err
		}
		if more = len(events) == atOnce; more {
			upto = events[atOnce-1].Pos
		}
		all, err = p.find(v, events, upto)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("looking for what is to be pushed: %w", err)
	}
	cuts := p.cuts(all)
	if len(all) > 0 || upto-p.noted >= untilKey {
		err = p.Disk.Do(ctx, func(u stream.Unit) error {
			for key, cut := range cuts {
				if err := p.Disk.DropDue(u, key, cut); err != nil {
					return err
				}
			}
			for _, f := range all {
				if f.Pos <= cuts[f.Key] {
					continue
				}
				if err := p.Disk.AddDue(u, f.Due); err != nil {
					return err
				}
			}
			return p.Disk.SetPushed(u, upto)
		})
		if err != nil {
			return false, fmt.Errorf("noting what is to be pushed: %w", err)
		}
		p.noted = upto
	}
	p.at = upto
	for _, f := range all {
		p.add(f.Due, f.host)
	}
	return more, nil
}

// cuts gives, for each pusher to which too much would be due with more, up to which position it is not told any more.
func (p *Pushers) cuts(more []found) map[Key]stream.Position {
	due := map[Key][]stream.Position{}
	for _, f := range more {
		if l := p.lines[f.Key]; l != nil && due[f.Key] == nil {
			due[f.Key] = slices.Clone(l.due)
		}
		due[f.Key] = append(due[f.Key], f.Pos)
	}
	cuts := map[Key]stream.Position{}
	for key, all := range due {
		if n := len(all) - mostDue; n > 0 {
			cuts[key] = all[n-1]
		}
	}
	return cuts
}

// found is something that is due, and the host that it goes to.
type found struct {
	Due
	host string
}

// find gives what is due for these events, and for whoever has read on.
func (p *Pushers) find(v stream.View, events []Happened, upto stream.Position) ([]found, error) {
	told := map[account.No][]stream.Position{}
	h := hearing{Pushers: p, v: v, rooms: map[room.No][]*listener{}, parsed: map[string]*account.PushRules{}}
	for i := range events {
		who, err := h.told(&events[i])
		if err != nil {
			return nil, err
		}
		for _, a := range who {
			told[a] = append(told[a], events[i].Pos)
		}
	}
	read, err := p.Disk.ReadBy(v, p.at, upto)
	if err != nil {
		return nil, err
	}
	var who []account.No
	for a := range told {
		who = append(who, a)
	}
	for a := range read {
		if told[a] == nil { // else the number goes with the event
			who = append(who, a)
		}
	}
	kept, err := p.Disk.KeysOf(v, who)
	if err != nil {
		return nil, err
	}
	var all []found
	for a, pushers := range kept {
		for i := range pushers {
			t, err := p.target(&pushers[i])
			if err != nil { // not to be pushed to any more
				continue
			}
			for _, pos := range told[a] {
				all = append(all, found{Due{pushers[i].Key, pos}, t.host})
			}
			// A browser shows something for whatever is pushed to it, so it is not told that less is unread.
			if pos, has := read[a]; has && told[a] == nil && t.Kind == account.PushHTTP {
				all = append(all, found{Due{pushers[i].Key, pos}, t.host})
			}
		}
	}
	return all, nil
}

// hearing is what the push rules of many people make of some events. People whose rules are the same are one set, and what the rules make
// of an event is asked once for each set.
type hearing struct {
	*Pushers
	v      stream.View
	rooms  map[room.No][]*listener
	parsed map[string]*account.PushRules // by set
}

// listener is a Listener, and the set that their rules are.
type listener struct {
	Listener
	set     string
	lower   []byte // their name in small letters
	ignored map[mxid.User]json.RawMessage
}

// prepare puts somebody into a set. Rules name their own person, in those for invitations and mentions; that is no difference.
func prepare(l Listener) *listener {
	return &listener{l, strings.ReplaceAll(string(l.Rules), string(l.User), "\x00"), bytes.ToLower([]byte(l.User)), account.IgnoredIn(l.Ignored, l.User)}
}

// told gives whom e notifies. It is nobody for what is old or was redacted.
func (h *hearing) told(e *Happened) (who []account.No, err error) {
	if e.RedactedBy != 0 || old(&e.Event) {
		return nil, nil
	}
	sender := mxid.User(e.Get("sender").Text())
	small := bytes.ToLower(e.JSON)
	verdicts := map[string]bool{}
	listeners, err := h.listeners(e)
	if err != nil {
		return nil, err
	}
	follow, err := h.followers(e)
	for _, l := range listeners {
		if l.No == e.Sender {
			continue
		}
		if _, ignored := l.ignored[sender]; ignored {
			continue
		}
		// What names nobody of a set is to all of them the same, but for a thread, which they follow or not.
		named, set := bytes.Contains(small, l.lower), l.set
		if follow[l.No] {
			set += "\x00follow"
		}
		tells, known := verdicts[set]
		if named || !known {
			if tells, err = h.asks(l, e, named); err != nil {
				return nil, err
			}
			if !named {
				verdicts[set] = tells
			}
		}
		if tells {
			who = append(who, l.No)
		}
	}
	return who, err
}

// followers gives who follows the thread that e is in.
func (h *hearing) followers(e *Happened) (map[account.No]bool, error) {
	if e.Relation != event.RelThread || e.Relates == 0 {
		return nil, nil
	}
	all, err := h.Disk.Followers(h.v, e.Relates)
	follow := make(map[account.No]bool, len(all))
	for _, no := range all {
		follow[no] = true
	}
	return follow, err
}

// asks asks the rules of l.
func (h *hearing) asks(l *listener, e *Happened, own bool) (bool, error) {
	rules := h.parsed[l.set]
	if rules == nil || own {
		r, err := account.KeptPushRules(l.Rules, l.User)
		if err != nil {
			return false, err
		}
		if rules = &r; !own {
			h.parsed[l.set] = rules
		}
	}
	is, err := h.Ears.Hears(h.v, rules, l.No, &e.Event, e.In)
	return is.Notify, err
}

// listeners gives who may have to be told of e: the people of the room, or who is invited into it.
func (h *hearing) listeners(e *Happened) ([]*listener, error) {
	if !e.Counts {
		if e.Content("membership").Text() != event.Invite {
			return nil, nil
		}
		l, ok, err := h.Disk.Listener(h.v, mxid.User(e.Get("state_key").Text()))
		if err != nil || !ok {
			return nil, err
		}
		return []*listener{prepare(l)}, nil
	}
	all, known := h.rooms[e.Room]
	if !known {
		here, err := h.Disk.Listeners(h.v, e.Room)
		if err != nil {
			return nil, err
		}
		for _, l := range here {
			all = append(all, prepare(l))
		}
		h.rooms[e.Room] = all
	}
	return all, nil
}

// old reports whether nobody is told of e any more.
func old(e *room.Event) bool {
	ts, _ := e.Get("origin_server_ts").Int()
	return time.Since(time.UnixMilli(ts)) > stale
}
