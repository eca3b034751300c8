package feed

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

// Config says what is told of a room.
//
// Spec: MSC4186, "Room config".
type Config struct {
	Limit int      `json:"timeline_limit"` // of events
	State Required `json:"required_state"`
}

// List is some of the person's rooms, as far as they stand in the list that the server keeps of all.
//
// Spec: MSC4186, "Lists".
type List struct {
	Config
	Ranges  *[][]int   `json:"ranges"` // each from the first to the last, both included
	Range   []int      `json:"range"`  // the same, under the name that it has in the accepted proposal
	Filters ListFilter `json:"filters"`
}

// ListFilter says which rooms are in a List. What is not named is not asked.
//
// Spec: MSC4186, "SlidingRoomFilter".
type ListFilter struct {
	DM        *bool       `json:"is_dm"`
	Spaces    []mxid.Room `json:"spaces"`
	Encrypted *bool       `json:"is_encrypted"`
	Invite    *bool       `json:"is_invite"`
	Invited   *bool       `json:"is_invited"` // the same, under the name that it has in the accepted proposal
	Types     []*string   `json:"room_types"` // nil among them is a room without a type
	NotTypes  []*string   `json:"not_room_types"`
	Tags      []string    `json:"tags"`
	NotTags   []string    `json:"not_tags"`
}

// Required is a choice of a room's state.
//
// Spec: MSC4186, "RequiredStateRequest".
type Required struct {
	only, not []event.StateKey // "*" for any type or key
	lazy      bool             // members only where they are named in the timeline
	key       string           // two with the same key are the same
	wrong     string           // why it is refused; "" if it is not
}

const (
	maxRequired = 100 // entries of one Required
	maxLists    = 100
	maxRooms    = 100 // subscriptions
	anything    = "*"
)

// UnmarshalJSON reads a list of pairs of type and state key, or the object of the accepted proposal.
func (r *Required) UnmarshalJSON(data []byte) error {
	*r = Required{}
	if data[0] == '[' {
		var pairs [][]string
		if err := json.Unmarshal(data, &pairs); err != nil {
			return err
		}
		for _, pair := range pairs {
			switch {
			case len(pair) != 2:
				r.wrong = "An entry of required_state is a type and a state key."
			case pair[0] == event.TypeMember && pair[1] == "$LAZY":
				r.lazy = true
			default:
				r.only = append(r.only, event.StateKey{Type: pair[0], Key: pair[1]})
			}
		}
		return r.settle()
	}
	type element struct {
		Type *string `json:"type"`
		Key  *string `json:"state_key"`
	}
	var wanted struct {
		Include []element `json:"include"`
		Exclude []element `json:"exclude"`
		Lazy    bool      `json:"lazy_members"`
	}
	if err := json.Unmarshal(data, &wanted); err != nil {
		return err
	}
	named := func(all []element) (keys []event.StateKey) {
		whatever := anything
		for _, e := range all {
			keys = append(keys, event.StateKey{Type: *cmp.Or(e.Type, &whatever), Key: *cmp.Or(e.Key, &whatever)})
		}
		return keys
	}
	r.only, r.not, r.lazy = named(wanted.Include), named(wanted.Exclude), wanted.Lazy
	return r.settle()
}

// settle makes the key, and finds what is too much.
func (r *Required) settle() error {
	if len(r.only)+len(r.not) > maxRequired {
		r.wrong = fmt.Sprintf("required_state may have %d entries.", maxRequired)
	}
	for _, list := range [][]event.StateKey{r.only, r.not} {
		slices.SortFunc(list, func(a, b event.StateKey) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Key, b.Key)) })
		for _, k := range list {
			if len(k.Type) > mxid.MaxLen || len(k.Key) > mxid.MaxLen {
				r.wrong = fmt.Sprintf("A type and a state key may have %d bytes.", mxid.MaxLen)
			}
		}
	}
	text, err := json.Marshal([]any{r.only, r.not, r.lazy})
	r.key = string(text)
	return err
}

// has reports whether the state under key is chosen by me.
func (r *Required) has(key event.StateKey, me mxid.User) bool {
	is := func(k event.StateKey) bool {
		// Where members are given where they are named, "every type, every key" does not mean all of them.
		if k.Key == anything && (k.Type == anything && r.lazy && key.Type == event.TypeMember) {
			return false
		}
		return (k.Type == anything || k.Type == key.Type) && (k.Key == anything || k.Key == key.Key || k.Key == "$ME" && key.Key == string(me))
	}
	return slices.ContainsFunc(r.only, is) && !slices.ContainsFunc(r.not, is)
}

// lazily reports whether members are given where they are named.
func (r *Required) lazily() bool { return r.lazy }

// everybody reports whether the memberships of all are chosen.
func (r *Required) everybody() bool {
	return r.has(event.StateKey{Type: event.TypeMember, Key: anything}, "")
}

// Check refuses a request that asks for what there is none of, or for too much.
func (req *SlideRequest) Check() error {
	switch {
	case len(req.Lists) > maxLists:
		return fault.InvalidParam.New("A request may have %d lists.", maxLists)
	case len(req.Rooms) > maxRooms:
		return fault.InvalidParam.New("A request may subscribe to %d rooms.", maxRooms)
	case len(req.Conn) > mxid.MaxLen || len(req.Txn) > mxid.MaxLen:
		return fault.InvalidParam.New("conn_id and txn_id may have %d bytes.", mxid.MaxLen)
	case req.Extensions.ToDevice.Limit < 0:
		return fault.InvalidParam.New("The limit of to_device is a positive number.")
	}
	for name, list := range req.Lists {
		if len(name) > mxid.MaxLen {
			return fault.InvalidParam.New("The name of a list may have %d bytes.", mxid.MaxLen)
		}
		if err := list.check(); err != nil {
			return err
		}
		for _, r := range list.ranges() {
			if len(r) != 2 || r[0] < 0 || r[1] < r[0] {
				return fault.InvalidParam.New("A range is two numbers, the first room and the last one.")
			}
		}
	}
	for _, one := range req.Rooms {
		if err := one.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) check() error {
	if c.Limit < 0 {
		return fault.InvalidParam.New("timeline_limit is no negative number.")
	}
	if c.State.wrong != "" {
		return fault.InvalidParam.New("%s", c.State.wrong)
	}
	return nil
}

// ranges are the list's ranges; nil for all rooms.
func (l *List) ranges() [][]int {
	switch {
	case l.Ranges != nil:
		return *l.Ranges
	case l.Range != nil:
		return [][]int{l.Range}
	}
	return nil
}

// has reports whether the room at place i of the filtered list is asked for.
func (l *List) has(i int) bool {
	return l.Ranges == nil && l.Range == nil ||
		slices.ContainsFunc(l.ranges(), func(r []int) bool { return r[0] <= i && i <= r[1] })
}

// framed is a room that is asked for.
type framed struct {
	*Recent
	limit      int         // of events
	state      []*Required // what of its state, each once
	lists      []string    // the lists that it is in, sorted
	subscribed bool

	// of this answer
	stay room.Stay // as it is at its end
	told *slid     // nil: nothing
}

// frame adds what one list or subscription asks of a room.
func (l *sliding) frame(r *Recent, c *Config) *framed {
	w := l.window[r.Room]
	if w == nil {
		w = &framed{Recent: r}
		l.window[r.Room] = w
	}
	w.limit = max(w.limit, min(c.Limit, maxTimeline))
	w.state = withRequired(w.state, &c.State)
	return w
}

func withRequired(all []*Required, r *Required) []*Required {
	if slices.ContainsFunc(all, func(other *Required) bool { return other.key == r.key }) {
		return all
	}
	return append(all[:len(all):len(all)], r)
}

// lists finds the rooms that are asked for.
func (l *sliding) lists() error {
	if err := l.recent(); err != nil {
		return err
	}
	var rooms []*Recent
	for _, r := range l.next.order {
		if l.from.rooms[r.Room] == nil {
			switch r.Membership {
			case event.Leave, event.Ban:
				if !r.Out || r.Forgotten {
					continue
				}
			case event.Invite:
				if unwanted, err := l.unwanted(r.Stay); err != nil {
					return err
				} else if unwanted {
					continue
				}
			}
		}
		rooms = append(rooms, r)
	}
	s := sieve{sliding: l}
	for _, name := range slices.Sorted(maps.Keys(l.ask.Lists)) {
		list := l.ask.Lists[name]
		passes, err := s.filter(&list.Filters)
		if err != nil {
			return err
		}
		count := 0
		for _, r := range rooms {
			if !passes(r) {
				continue
			}
			if list.has(count) {
				w := l.frame(r, &list.Config)
				w.lists = append(w.lists, name)
			}
			count++
		}
		l.slide.Lists[name], l.next.counts[name] = listed{count}, count
	}
	if len(l.ask.Rooms) == 0 {
		return nil
	}
	for _, r := range l.next.order {
		if c, ok := l.ask.Rooms[r.ID]; ok && !r.Forgotten {
			if unwanted, err := l.unwanted(r.Stay); err != nil {
				return err
			} else if !unwanted {
				l.frame(r, &c).subscribed = true
			}
		}
	}
	return nil
}

// recent brings the order of the person's rooms up to date. Which rooms have news is asked only once they are known.
func (l *sliding) recent() error {
	l.receipted, l.recounts = map[room.No]bool{}, false
	all := l.from.order == nil
	if !all {
		data, err := l.Disk.RoomDataSince(l.v, l.s.Account, []room.Stretch{{After: l.at, Upto: l.upto}})
		if err != nil {
			return err
		}
		l.recounts = slices.ContainsFunc(data[0], func(d account.Datum) bool { return d.Type == account.PushRulesType || d.Type == "m.ignored_user_list" })
		if !l.recounts {
			threads, err := l.Disk.SubscriptionsSince(l.v, l.s.Account, l.at, l.upto, 1)
			if err != nil {
				return err
			}
			l.recounts = len(threads) > 0
		}
		news, err := l.Disk.News(l.v, l.s.User, l.s.Account, l.at, l.upto)
		if err != nil {
			return err
		}
		at := map[room.No]*Recent{}
		for _, n := range news {
			l.receipted[n.Room] = n.Receipts
			if n.Last > 0 {
				at[n.Room] = &Recent{Stay: n.Stay, Last: n.Last}
				if n.Membership != event.Join {
					at[n.Room].Last = n.Pos
				}
				all = all || n.Pos > l.at && (n.Membership == event.Leave || n.Membership == event.Ban) // who did it?
			}
		}
		if len(at) == 0 {
			return nil
		}
		order := make([]*Recent, 0, len(l.from.order)+len(at))
		for _, r := range l.from.order {
			if n := at[r.Room]; n == nil {
				order = append(order, r)
			} else if n.Pos == r.Pos {
				n.Last, n.Out, n.Forgotten = max(n.Last, r.Last), r.Out, r.Forgotten
			}
		}
		for _, n := range at {
			order = append(order, n)
		}
		slices.SortFunc(order, func(a, b *Recent) int { return cmp.Compare(b.Last, a.Last) })
		l.next.order = order
	}
	if !all {
		return nil
	}
	rooms, err := l.Disk.Recent(l.v, l.s.User, l.s.Account)
	l.next.order = make([]*Recent, len(rooms))
	for i := range rooms {
		l.next.order[i] = &rooms[i]
	}
	return err
}

// sieve filters rooms. What it is asked for it reads once.
type sieve struct {
	*sliding
	kinds map[room.No]Kind
	tags  map[mxid.Room]map[string]json.RawMessage
}

// filter gives whether a room passes f.
func (s *sieve) filter(f *ListFilter) (passes func(*Recent) bool, err error) {
	invite := cmp.Or(f.Invite, f.Invited)
	if f.DM != nil {
		if err = s.readDirects(); err != nil {
			return nil, err
		}
	}
	if f.Encrypted != nil || f.Types != nil || f.NotTypes != nil {
		if s.kinds == nil {
			if s.kinds, err = s.Disk.Kinds(s.v, s.s.User); err != nil {
				return nil, err
			}
		}
	}
	if f.Tags != nil || f.NotTags != nil {
		if err = s.readTags(); err != nil {
			return nil, err
		}
	}
	var children map[mxid.Room]bool
	if f.Spaces != nil {
		if children, err = s.children(f.Spaces); err != nil {
			return nil, err
		}
	}
	return func(r *Recent) bool {
		kind, tags := s.kinds[r.Room], s.tags[r.ID]
		typed := func(t *string) bool { return t == nil && kind.Type == "" || t != nil && *t == kind.Type }
		tagged := func(tag string) bool { _, has := tags[tag]; return has }
		return (f.DM == nil || *f.DM == s.directs[r.ID]) &&
			(f.Encrypted == nil || *f.Encrypted == kind.Encrypted) &&
			(invite == nil || *invite == (r.Membership == event.Invite)) &&
			(f.Types == nil || slices.ContainsFunc(f.Types, typed)) && !slices.ContainsFunc(f.NotTypes, typed) &&
			(f.Tags == nil || slices.ContainsFunc(f.Tags, tagged)) && !slices.ContainsFunc(f.NotTags, tagged) &&
			(f.Spaces == nil || children[r.ID])
	}, nil
}

// readDirects finds out which rooms are direct ones.
func (l *sliding) readDirects() error {
	if l.directs != nil {
		return nil
	}
	l.directs = map[mxid.Room]bool{}
	content, ok, err := l.Disk.Datum(l.v, l.s.Account, "", "m.direct")
	if err != nil || !ok {
		return err
	}
	var people map[string]json.RawMessage
	_ = json.Unmarshal(content, &people) // what a client wrote there that is no such list makes no room a direct one
	for _, list := range people {
		var rooms []mxid.Room
		_ = json.Unmarshal(list, &rooms)
		for _, id := range rooms {
			l.directs[id] = true
		}
	}
	return nil
}

// readTags reads the tags of all rooms.
func (s *sieve) readTags() error {
	if s.tags != nil {
		return nil
	}
	s.tags = map[mxid.Room]map[string]json.RawMessage{}
	data, err := s.Disk.DataSince(s.v, s.s.Account, 0, s.upto)
	for _, d := range data {
		if d.Type == "m.tag" {
			var content struct {
				Tags map[string]json.RawMessage `json:"tags"`
			}
			_ = json.Unmarshal(d.Content, &content)
			s.tags[d.Room] = content.Tags
		}
	}
	return err
}

// children are the rooms that are named in those of spaces which the person is in.
func (s *sieve) children(spaces []mxid.Room) (map[mxid.Room]bool, error) {
	named := map[mxid.Room]bool{}
	for _, r := range s.next.order {
		if r.Membership != event.Join || !slices.Contains(spaces, r.ID) {
			continue
		}
		all, err := s.Disk.StateAt(s.v, r.Room, s.upto, "m.space.child")
		if err != nil {
			return nil, err
		}
		for _, child := range all {
			for range child.Content("via").Items() {
				named[mxid.Room(child.Get("state_key").Text())] = true
				break
			}
		}
	}
	return named, nil
}
