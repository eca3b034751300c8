package room

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Name gives the room another address. Members of the room may do that.
//
// It returns fault.RoomInUse if the address is taken, fault.Exclusive if it is not for who to give, and fault.InvalidParam if it is not one of this server.
//
// Spec: client-server API, PUT /directory/room/{roomAlias}.
func (r *Rooms) Name(ctx context.Context, who account.Session, alias mxid.Alias, room mxid.Room) error {
	if alias.Server() != r.Server {
		return fault.InvalidParam.New("Addresses of rooms end in :%s here.", r.Server)
	}
	if err := r.mayName(who, alias); err != nil {
		return err
	}
	return r.Disk.Do(ctx, func(u stream.Unit) error {
		d, err := r.draftIn(u, room)
		if err != nil {
			return err
		}
		if m, err := d.membership(who.User); err != nil || m != event.Join {
			return cmp.Or(err, notThere())
		}
		if _, _, taken, err := r.Disk.Alias(u, alias); err != nil || taken {
			return cmp.Or(err, error(fault.RoomInUse.New("The address %s is taken. Choose another one.", alias)))
		}
		return r.Disk.Name(u, alias, d.chain.No, who.Account)
	})
}

// mayName refuses an address that an application service keeps for itself, and to a service's account one outside of that service's part.
//
// Spec: application service API, "Server admin style permissions".
func (r *Rooms) mayName(who account.Session, alias mxid.Alias) error {
	switch {
	case r.Services.MayName(who.Service, alias):
		return nil
	case who.Service != "":
		return fault.Exclusive.New("The registration of %s does not have %s in its namespace of aliases.", who.Service, alias)
	}
	return fault.Exclusive.New("An application service keeps the address %s for itself. Choose another one.", alias)
}

// Unname takes an address away. Who gave it may do that, and who may change the room's main address; if it was that, the
// room has none afterwards.
//
// It returns fault.NotFound if there is no such address and fault.Forbidden if who may not.
//
// Spec: client-server API, DELETE /directory/room/{roomAlias}.
func (r *Rooms) Unname(ctx context.Context, who account.Session, alias mxid.Alias) error {
	return r.Disk.Do(ctx, func(u stream.Unit) error {
		room, by, ok, err := r.Disk.Alias(u, alias)
		if err != nil {
			return err
		}
		if !ok {
			return fault.NotFound.New("No room has the address %s.", alias)
		}
		d, err := r.draftIn(u, room)
		if err != nil {
			return err
		}
		may, err := d.may(who.User, typeCanonicalAlias)
		if err != nil {
			return err
		}
		if by != who.Account && !may {
			return fault.Forbidden.New("Only who gave this address to the room, or who may change the room's addresses, can take it away.")
		}
		if may {
			if err := d.withoutAlias(who, alias); err != nil {
				return err
			}
			if err := d.write(); err != nil {
				return err
			}
		}
		return r.Disk.Unname(u, alias)
	})
}

// may says whether somebody is in the room and may set state of this type.
func (d *draft) may(who mxid.User, typ string) (bool, error) {
	if m, err := d.membership(who); err != nil || m != event.Join {
		return false, err
	}
	power, err := event.PowerOf(d.chain.Version, d.now)
	return err == nil && power.User(who) >= power.Send(typ, true), err
}

// withoutAlias takes an address out of the room's canonical ones, if it is there.
func (d *draft) withoutAlias(who account.Session, alias mxid.Alias) error {
	now, err := d.now(typeCanonicalAlias, "")
	if err != nil || now == nil || !slices.Contains(canonicalAliases(now), string(alias)) {
		return err
	}
	content := object{}
	if a := now.Get("alias").Text(); a != "" && a != string(alias) {
		content.set("alias", a)
	}
	var others []string
	for a := range now.Get("alt_aliases").Items() {
		if a.Text() != string(alias) {
			others = append(others, a.Text())
		}
	}
	if others != nil {
		content.set("alt_aliases", others)
	}
	return d.setAs(who, typeCanonicalAlias, "", content.bytes())
}

// Aliases gives the addresses of the room to who may read its state.
//
// Spec: client-server API, GET /rooms/{roomId}/aliases.
func (r *Rooms) Aliases(ctx context.Context, who account.Session, room mxid.Room) ([]mxid.Alias, error) {
	return view(ctx, r.Disk, func(v stream.View) ([]mxid.Alias, error) {
		s, err := r.Sight(v, who, room)
		if err != nil {
			return nil, err
		}
		if s.Membership() != event.Join && !s.public() {
			return nil, notThere()
		}
		aliases, err := r.Disk.Aliases(v, s.Room)
		return append([]mxid.Alias{}, aliases...), err
	})
}

// List puts the room in the public directory, or takes it out. Members may who may change the room's addresses.
//
// Spec: client-server API, PUT /directory/list/room/{roomId}.
func (r *Rooms) List(ctx context.Context, who account.Session, room mxid.Room, listed bool) error {
	return r.Disk.Do(ctx, func(u stream.Unit) error {
		d, err := r.draftIn(u, room)
		if err != nil {
			return err
		}
		if m, err := d.membership(who.User); err != nil || m != event.Join {
			return cmp.Or(err, notThere())
		}
		if may, err := d.may(who.User, typeCanonicalAlias); err != nil || !may {
			return cmp.Or(err, error(fault.Forbidden.New("Only who may change the room's addresses can list it in the directory.")))
		}
		return r.Disk.List(u, d.chain.No, listed)
	})
}

// Listed says whether a room that who knows of is in the public directory. It returns fault.NotFound for other rooms.
//
// Spec: client-server API, GET /directory/list/room/{roomId}.
func (r *Rooms) Listed(ctx context.Context, who account.Session, room mxid.Room) (bool, error) {
	return view(ctx, r.Disk, func(v stream.View) (bool, error) {
		c, ok, err := r.Disk.Room(v, room)
		if err == nil && ok {
			ok, err = r.Disk.IsListed(v, c.No)
		}
		if err != nil || ok {
			return ok, err
		}
		if s, err := r.Sight(v, who, room); err == nil && s.Membership() != "" {
			return false, nil
		}
		return false, noRoom()
	})
}

func noRoom() error { return fault.NotFound.New("There is no such room, or it is not open to you.") }

// Wish is what somebody looks for in the public directory.
type Wish struct {
	Term  string // in name, topic or address
	Types *[]*string
	Limit int    // 0: 100
	Since string // "" for the beginning, or where another answer ended
}

// Found is a part of the public directory.
type Found struct {
	Chunk []Summary `json:"chunk"`
	Total int       `json:"total_room_count_estimate"`
	Next  string    `json:"next_batch,omitempty"`
	Prev  string    `json:"prev_batch,omitempty"`
}

// Public lists the rooms in the public directory, those with most members first.
//
// Spec: client-server API, GET and POST /publicRooms.
func (r *Rooms) Public(ctx context.Context, wish Wish) (Found, error) {
	from, err := offset(wish.Since)
	if err != nil {
		return Found{}, err
	}
	return view(ctx, r.Disk, func(v stream.View) (Found, error) {
		chains, err := r.Disk.Listed(v)
		if err != nil {
			return Found{}, err
		}
		var all []Summary
		for _, c := range chains {
			s, err := r.summary(v, c)
			if err != nil {
				return Found{}, err
			}
			if wish.fits(&s) {
				all = append(all, s)
			}
		}
		slices.SortStableFunc(all, func(a, b Summary) int { return b.Joined - a.Joined })
		limit := min(cmp.Or(wish.Limit, 100), 500)
		from := min(from, len(all))
		to := min(from+limit, len(all))
		out := Found{Chunk: append([]Summary{}, all[from:to]...), Total: len(all)}
		if to < len(all) {
			out.Next = place(to)
		}
		if from > 0 {
			out.Prev = place(max(0, from-limit))
		}
		return out, nil
	})
}

// place is a token for a place in a list.
func place(n int) string { return "o" + strconv.Itoa(n) }

// offset reads what place wrote; "" is the beginning.
func offset(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(token, "o")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 {
		return 0, fault.InvalidParam.New("%q is not a token that this server gave out.", token)
	}
	return n, nil
}

func (w *Wish) fits(s *Summary) bool {
	if w.Types != nil && !slices.ContainsFunc(*w.Types, func(t *string) bool {
		return t == nil && s.Type == "" || t != nil && *t == s.Type
	}) {
		return false
	}
	term := strings.ToLower(w.Term)
	return term == "" || slices.ContainsFunc([]string{s.Name, s.Topic, s.Alias}, func(text string) bool {
		return strings.Contains(strings.ToLower(text), term)
	})
}

// Summary is a room as those see it who are not in it.
//
// Spec: client-server API, "PublishedRoomsChunk", "RoomSummary".
type Summary struct {
	ID            mxid.Room   `json:"room_id"`
	Name          string      `json:"name,omitempty"`
	Topic         string      `json:"topic,omitempty"`
	Avatar        string      `json:"avatar_url,omitempty"`
	Alias         string      `json:"canonical_alias,omitempty"`
	Joined        int         `json:"num_joined_members"`
	JoinRule      string      `json:"join_rule"`
	WorldReadable bool        `json:"world_readable"`
	Guests        bool        `json:"guest_can_join"`
	Type          string      `json:"room_type,omitempty"`
	Version       string      `json:"room_version"`
	Encryption    string      `json:"encryption,omitempty"`
	From          []mxid.Room `json:"allowed_room_ids,omitempty"`
	Membership    string      `json:"membership,omitempty"` // of who asks
}

// face is the state that a summary is made of.
var face = []event.StateKey{
	{Type: typeName}, {Type: typeTopic}, {Type: typeAvatar}, {Type: typeCanonicalAlias}, {Type: event.TypeJoinRules},
	{Type: event.TypeHistoryVisibility}, {Type: typeGuestAccess}, {Type: event.TypeCreate}, {Type: typeEncryption},
}

func (r *Rooms) summary(v stream.View, c Chain) (Summary, error) {
	state, err := r.Disk.State(v, c.No, face...)
	if err != nil {
		return Summary{}, err
	}
	people, err := r.Disk.Count(v, c.No)
	if err != nil {
		return Summary{}, err
	}
	counts := people[c.No]
	get := func(i int, field string) string { return state[i].Get("content").Get(field).Text() }
	s := Summary{
		ID: c.ID, Joined: counts[event.Join], Version: c.Version.String(),
		Name: get(0, "name"), Topic: get(1, "topic"), Avatar: get(2, "url"), Alias: get(3, "alias"),
		JoinRule:      cmp.Or(get(4, "join_rule"), "invite"),
		WorldReadable: get(5, "history_visibility") == "world_readable",
		Guests:        get(6, "guest_access") == "can_join",
		Type:          get(7, "type"), Encryption: get(8, "algorithm"),
	}
	if s.JoinRule == "restricted" || s.JoinRule == "knock_restricted" {
		s.From = allowedFrom(state[4].Get("content").Get("allow"))
	}
	return s, nil
}

// Summary describes a room that who is in, was asked into, or could join, ask to join or read. It returns fault.NotFound for
// all other rooms.
//
// Spec: client-server API, GET /room_summary/{roomIdOrAlias}.
func (r *Rooms) Summary(ctx context.Context, who account.Session, room mxid.Room) (Summary, error) {
	return view(ctx, r.Disk, func(v stream.View) (Summary, error) {
		c, ok, err := r.Disk.Room(v, room)
		if err != nil || !ok {
			return Summary{}, cmp.Or(err, noRoom())
		}
		s, ok, err := r.summaryFor(v, who, c)
		if err == nil && !ok {
			err = noRoom()
		}
		return s, err
	})
}

// summaryFor is summary for somebody; ok is false if the room is not open to them.
func (r *Rooms) summaryFor(v stream.View, who account.Session, c Chain) (s Summary, ok bool, err error) {
	if s, err = r.summary(v, c); err != nil {
		return Summary{}, false, err
	}
	own, err := r.Disk.State(v, c.No, event.StateKey{Type: event.TypeMember, Key: string(who.User)})
	if err != nil {
		return Summary{}, false, err
	}
	s.Membership = own[0].Get("content").Get("membership").Text()
	switch s.Membership {
	case event.Join, event.Invite, event.Knock:
		return s, true, nil
	case event.Ban:
		return s, s.WorldReadable, nil
	}
	switch s.JoinRule {
	case "public", "knock", "knock_restricted":
		return s, true, nil
	case "restricted":
		ok, err = r.inOneOf(v, who.User, s.From)
	}
	return s, ok || s.WorldReadable, err
}
