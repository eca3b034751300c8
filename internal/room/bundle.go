package room

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"wardroom/internal/event"
	"wardroom/internal/stream"
)

// bundle is what relates to one event in one way, ready to be shown with it.
type bundle struct {
	Aggregate
	latest *Event // of a thread its last event, of a replacement the one in force
	ids    []byte // of references: a list of {"event_id": …}
}

// relations looks up what relates to these events and may be seen, or to those of them in related, if that is not nil. Of a redacted
// event only its thread is shown: the answers are still there.
//
// Spec: client-server API, "Aggregations of child events".
func (sh *shower) relations(events []Event, related map[stream.Position]bool) error {
	var targets []stream.Position
	redacted := map[stream.Position]bool{}
	for i := range events {
		if events[i].Relation != event.RelAnnotation && (related == nil || related[events[i].Pos]) {
			targets = append(targets, events[i].Pos)
			redacted[events[i].Pos] = events[i].RedactedBy != 0
		}
	}
	if len(targets) == 0 {
		return nil
	}
	found, err := sh.aggregates(sh.v, sh.sight, targets)
	if err != nil || len(found) == 0 {
		return err
	}
	sh.bundles = map[stream.Position]map[string]*bundle{}
	latest := map[stream.Position]*Event{}
	var at, referenced []stream.Position
	for _, a := range found {
		if redacted[a.Target] && a.Relation != event.RelThread {
			continue
		}
		b := &bundle{Aggregate: a}
		switch a.Relation {
		case event.RelThread:
			at = append(at, a.Last)
		case event.RelReplace:
			if a.LastOwn == 0 {
				continue
			}
			at = append(at, a.LastOwn)
		case event.RelReference:
			referenced = append(referenced, a.Target)
		default:
			continue
		}
		if sh.bundles[a.Target] == nil {
			sh.bundles[a.Target] = map[string]*bundle{}
		}
		sh.bundles[a.Target][a.Relation] = b
	}
	children, err := sh.Disk.EventsAt(sh.v, at)
	if err != nil {
		return err
	}
	for i := range children {
		latest[children[i].Pos] = &children[i]
	}
	for _, all := range sh.bundles {
		for _, b := range all {
			if b.latest = latest[b.Last]; b.Relation == event.RelReplace {
				b.latest = latest[b.LastOwn]
			}
		}
	}
	if err := sh.nested(children); err != nil {
		return err
	}
	return sh.references(referenced)
}

// aggregates counts what relates to each of the events at targets, as far as s may see and hears it: what was sent while the person was
// away may be hidden, although both ends of the history are theirs to read.
func (r *Rooms) aggregates(v stream.View, s *Sight, targets []stream.Position) ([]Aggregate, error) {
	var all []Aggregate
	ignored := slices.Sorted(maps.Values(s.Ignored))
	for _, seen := range s.Ranges() {
		some, err := r.Disk.Aggregates(v, targets, seen, s.who.Account, ignored)
		if err != nil {
			return nil, err
		}
		for _, a := range some {
			i := slices.IndexFunc(all, func(b Aggregate) bool { return b.Target == a.Target && b.Relation == a.Relation })
			if i < 0 {
				all = append(all, a)
				continue
			}
			b := &all[i]
			b.Count += a.Count
			b.Last, b.LastOwn, b.Mine = max(b.Last, a.Last), max(b.LastOwn, a.LastOwn), b.Mine || a.Mine
		}
	}
	return all, nil
}

// nested looks up the replacements of the last events of threads, which are shown with them.
func (sh *shower) nested(children []Event) error {
	var targets []stream.Position
	for i := range children {
		if children[i].Relation == event.RelThread && sh.bundles[children[i].Pos] == nil {
			targets = append(targets, children[i].Pos)
		}
	}
	found, err := sh.aggregates(sh.v, sh.sight, targets)
	if err != nil {
		return err
	}
	for _, a := range found {
		if a.Relation != event.RelReplace || a.LastOwn == 0 {
			continue
		}
		edit, err := sh.Disk.EventsAt(sh.v, []stream.Position{a.LastOwn})
		if err != nil {
			return err
		}
		for i := range edit {
			sh.bundles[a.Target] = map[string]*bundle{event.RelReplace: {Aggregate: a, latest: &edit[i]}}
		}
	}
	return nil
}

// references collects the IDs of what refers to the events at targets.
func (sh *shower) references(targets []stream.Position) error {
	const most = 100
	for _, target := range targets {
		var children []Event
		for _, seen := range sh.sight.Ranges() {
			some, err := sh.Disk.Children(sh.v, target, Children{Relation: event.RelReference, After: seen.First - 1, Upto: seen.Last, Limit: most - len(children)})
			if err != nil {
				return err
			}
			children = append(children, slices.DeleteFunc(some, func(e Event) bool { return !sh.sight.hears(&e) })...)
		}
		ids := []byte{'['}
		for i := range children {
			var one fields
			one.text("event_id", string(children[i].ID))
			if i > 0 {
				ids = append(ids, ',')
			}
			ids = append(ids, one.end()...)
		}
		sh.bundles[target][event.RelReference].ids = append(ids, ']')
	}
	return nil
}

// bundled gives "m.relations" of an event, nil if it has none.
func (sh *shower) bundled(e *Event) ([]byte, error) {
	all := sh.bundles[e.Pos]
	if all == nil {
		return nil, nil
	}
	var out fields
	if b := all[event.RelReference]; b != nil {
		var refs fields
		refs.add("chunk", b.ids)
		out.add(event.RelReference, refs.end())
	}
	if b := all[event.RelReplace]; b != nil && b.latest != nil && replaces(e, b.latest) {
		shown, err := sh.show(b.latest, false)
		if err != nil {
			return nil, err
		}
		out.add(event.RelReplace, shown)
	}
	if b := all[event.RelThread]; b != nil && b.latest != nil {
		shown, err := sh.show(b.latest, false)
		if err != nil {
			return nil, err
		}
		var thread fields
		thread.add("count", strconv.AppendInt(nil, b.Count, 10))
		thread.add("current_user_participated", json.RawMessage(strconv.FormatBool(b.Mine || e.Sender == sh.sight.who.Account)))
		thread.add("latest_event", shown)
		out.add(event.RelThread, thread.end())
	}
	return out.end(), nil
}

// replaces reports whether edit is a valid replacement of e, which is by the same sender. What is inside an encrypted one
// only clients can judge.
//
// Spec: client-server API, "Validity of replacement events".
func replaces(e, edit *Event) bool {
	return string(e.Get("type")) == string(edit.Get("type")) && e.Get("state_key") == nil && edit.Get("state_key") == nil &&
		e.Relation != event.RelReplace
}
