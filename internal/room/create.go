package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// maxAtOnce is how many people may be invited, and how much state be set, while a room is made.
const maxAtOnce = 1000

// Wanted is a room as somebody wants it.
//
// Spec: client-server API, POST /createRoom.
type Wanted struct {
	Preset       string            `json:"preset"`
	Visibility   string            `json:"visibility"`
	AliasName    string            `json:"room_alias_name"`
	Name         string            `json:"name"`
	Topic        string            `json:"topic"`
	Invite       []mxid.User       `json:"invite"`
	Invite3PID   []json.RawMessage `json:"invite_3pid"`
	Direct       bool              `json:"is_direct"`
	Version      string            `json:"room_version"`
	Creation     object            `json:"creation_content"`
	InitialState []Piece           `json:"initial_state"`
	Power        object            `json:"power_level_content_override"`
}

// Piece is a piece of state as somebody wants it.
type Piece struct {
	Type    string          `json:"type"`
	Key     string          `json:"state_key"`
	Content json.RawMessage `json:"content"`
}

// Create makes a room with who in it and returns its ID. The room is made whole, with everybody invited, or not at all. It
// is encrypted unless creation_content says that it is an open announcement room.
//
// It returns fault.InvalidRoomState if the wanted state contradicts itself, fault.RoomInUse if the alias is taken,
// fault.NotFound if somebody invited does not exist, and fault.UnsupportedVersion.
//
// Spec: client-server API, POST /createRoom.
func (r *Rooms) Create(ctx context.Context, who account.Session, want Wanted) (mxid.Room, error) {
	if err := want.Complete(); err != nil {
		return "", err
	}
	return do(ctx, r.Disk, func(u stream.Unit) (mxid.Room, error) {
		c := creation{draft: &draft{Rooms: r, u: u}, who: who, want: want}
		if err := c.build(); err != nil {
			return "", err
		}
		return c.chain.ID, c.finish()
	})
}

// Complete checks what does not depend on the store and fills in what is not said. Create does so too.
func (w *Wanted) Complete() error {
	w.Visibility = cmp.Or(w.Visibility, "private")
	if w.Visibility != "public" && w.Visibility != "private" {
		return fault.InvalidParam.New("The visibility of a room is \"public\" or \"private\".")
	}
	if w.Preset == "" {
		w.Preset = w.Visibility + "_chat"
	}
	switch w.Preset {
	case "private_chat", "trusted_private_chat", "public_chat":
	default:
		return fault.InvalidParam.New("There is no preset %q.", w.Preset)
	}
	if len(w.Invite3PID) > 0 {
		return fault.Forbidden.New("People can not be invited by e-mail address or telephone number here. Invite their user ID.")
	}
	if len(w.Invite)+len(w.InitialState) > maxAtOnce {
		return fault.InvalidParam.New("That is too much at once: make the room first and invite more people afterwards. %d invitations and pieces of state are the most.", maxAtOnce)
	}
	for _, user := range w.Invite {
		if _, err := mxid.ParseUser(string(user)); err != nil {
			return fault.InvalidParam.New("%q is not a user ID.", user)
		}
	}
	for _, s := range w.InitialState {
		if s.Type == "" || len(s.Content) == 0 {
			return fault.BadJSON.New("Each piece of initial state needs a type and a content.")
		}
	}
	slices.Sort(w.Invite)
	w.Invite = slices.Compact(w.Invite)
	w.Version = cmp.Or(w.Version, event.Default.String())
	return nil
}

// creation is a room that is being made.
type creation struct {
	*draft
	who  account.Session
	want Wanted
}

// set proposes a piece of state in the creator's name.
func (c *creation) set(typ, key string, content []byte) error {
	return c.setAs(c.who, typ, key, content)
}

// build drafts the room's first events in the order that the specification lays down.
func (c *creation) build() error {
	if err := c.begin(); err != nil {
		return err
	}
	key := string(c.who.User)
	join := becomes(event.Join, "")
	join.mark(c.who.Service)
	if err := c.look(c.who.Account, join); err != nil {
		return err
	}
	if err := c.set(event.TypeMember, key, join.bytes()); err != nil {
		return err
	}
	if err := c.set(event.TypePowerLevels, "", c.powerLevels()); err != nil {
		return invalid(err)
	}
	if err := c.claimAlias(); err != nil {
		return err
	}
	for _, s := range slices.Concat(c.preset(), c.want.InitialState, c.titles()) {
		if err := c.set(s.Type, s.Key, s.Content); err != nil {
			return invalid(err)
		}
	}
	for _, user := range c.want.Invite {
		if user == c.who.User {
			continue
		}
		content := becomes(event.Invite, "")
		if c.want.Direct {
			content.set("is_direct", true)
		}
		if err := c.member(c.who, user, content); err != nil {
			return invalid(err)
		}
	}
	return nil
}

// invalid turns what the rules of the room refuse into a complaint about the request: nobody else made these rules.
func invalid(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) && f.Code == fault.Forbidden {
		return fault.InvalidRoomState.Wrap(err, "%s", f.Says)
	}
	return err
}

// begin drafts the create event. In version 12 the room's ID is its hash, so two equal rooms made in one moment are told
// apart by their time.
func (c *creation) begin() error {
	v, err := event.ParseVersion(c.want.Version)
	if err != nil {
		return err
	}
	content, err := c.createContent(v)
	if err != nil {
		return err
	}
	for at := c.u.Now().UnixMilli(); ; at++ {
		c.chain, c.queue, c.state, c.at = Chain{Version: v}, nil, nil, at
		if !v.HashedRoomID() {
			c.chain.ID = mxid.Room("!" + rand.Text() + ":" + string(c.Server))
		}
		if err := c.set(event.TypeCreate, "", content); err != nil {
			return invalid(err)
		}
		if _, taken, err := c.Disk.Room(c.u, c.chain.ID); err != nil || !taken {
			return err
		}
	}
}

func (c *creation) createContent(v event.Version) ([]byte, error) {
	content := maps.Clone(c.want.Creation)
	if content == nil {
		content = object{}
	}
	content.set("room_version", v.String())
	delete(content, "creator")
	if v.CreatorInContent() {
		content.set("creator", c.who.User)
	}
	if v.PrivilegedCreators() && c.want.Preset == "trusted_private_chat" && len(c.want.Invite) > 0 {
		var others []mxid.User
		if given := content["additional_creators"]; given != nil {
			if err := json.Unmarshal(given, &others); err != nil {
				return nil, fault.BadJSON.Wrap(err, "The additional creators of a room must be a list of user IDs.")
			}
		}
		others = append(others, c.want.Invite...)
		slices.Sort(others)
		content.set("additional_creators", slices.DeleteFunc(slices.Compact(others), func(u mxid.User) bool { return u == c.who.User }))
	}
	return content.bytes(), nil
}

// powerLevels is who may do what at first, with what the request overrides: single people and event types, or everything
// else as a whole.
func (c *creation) powerLevels() []byte {
	users := object{}
	if !c.chain.Version.PrivilegedCreators() {
		users.set(string(c.who.User), 100)
		if c.want.Preset == "trusted_private_chat" {
			for _, user := range c.want.Invite {
				users.set(string(user), 100)
			}
		}
	}
	events := object{}
	for typ, level := range map[string]int{
		typeName: 50, typeAvatar: 50, typeCanonicalAlias: 50, event.TypePowerLevels: 100, event.TypeHistoryVisibility: 100,
		typeEncryption: 100, "m.room.server_acl": 100, typeTombstone: 100, TypeLabel: 100,
	} {
		events.set(typ, level)
	}
	if c.chain.Version.PrivilegedCreators() {
		events.set(typeTombstone, 150)
	}
	levels := object{}
	for key, level := range map[string]int{"ban": 50, "kick": 50, "redact": 50, "invite": 0, "events_default": 0, "state_default": 50, "users_default": 0} {
		levels.set(key, level)
	}
	if c.want.Preset == "public_chat" {
		levels.set("invite", 50)
	}
	levels.set("users", users)
	levels.set("events", events)
	for key, value := range c.want.Power {
		var single, base object
		if (key == "users" || key == "events") && json.Unmarshal(value, &single) == nil && json.Unmarshal(levels[key], &base) == nil {
			maps.Copy(base, single)
			value = base.bytes()
		}
		levels[key] = value
	}
	return levels.bytes()
}

// preset gives the state that the preset stands for and the request does not set itself.
func (c *creation) preset() []Piece {
	rule, guests := "invite", "can_join"
	if c.want.Preset == "public_chat" {
		rule, guests = "public", "forbidden"
	}
	piece := func(typ, key, value string) Piece {
		content := object{}
		content.set(key, value)
		return Piece{Type: typ, Content: content.bytes()}
	}
	pieces := []Piece{
		piece(event.TypeJoinRules, "join_rule", rule),
		piece(event.TypeHistoryVisibility, "history_visibility", "shared"),
		piece(typeGuestAccess, "guest_access", guests),
	}
	if string(c.want.Creation[announcement]) != "true" {
		pieces = append(pieces, piece(typeEncryption, "algorithm", megolm))
	}
	return slices.DeleteFunc(pieces, func(p Piece) bool {
		return slices.ContainsFunc(c.want.InitialState, func(s Piece) bool { return s.Type == p.Type && s.Key == p.Key })
	})
}

// titles gives the state that name and topic stand for.
func (c *creation) titles() (pieces []Piece) {
	if c.want.Name != "" {
		content := object{}
		content.set("name", c.want.Name)
		pieces = append(pieces, Piece{Type: typeName, Content: content.bytes()})
	}
	if c.want.Topic != "" {
		content := object{}
		content.set("topic", c.want.Topic)
		content.set("m.topic", map[string]any{"m.text": []map[string]string{{"body": c.want.Topic}}})
		pieces = append(pieces, Piece{Type: typeTopic, Content: content.bytes()})
	}
	return pieces
}

// claimAlias makes sure that the wanted alias is free and drafts it as the canonical one.
func (c *creation) claimAlias() error {
	local := c.want.AliasName
	if local == "" {
		return nil
	}
	alias, err := mxid.ParseAlias("#" + local + ":" + string(c.Server))
	if err != nil || strings.Contains(local, ":") {
		return fault.InvalidParam.New("%q can not be the name in a room's address.", local)
	}
	if err := c.mayName(c.who, alias); err != nil {
		return err
	}
	if _, _, taken, err := c.Disk.Alias(c.u, alias); err != nil {
		return err
	} else if taken {
		return fault.RoomInUse.New("The address %s is taken. Choose another one.", alias)
	}
	c.naming = alias
	content := object{}
	content.set("alias", alias)
	return invalid(c.set(typeCanonicalAlias, "", content.bytes()))
}

// finish writes the room.
func (c *creation) finish() error {
	if err := c.write(); err != nil {
		return err
	}
	if c.naming != "" {
		if err := c.Disk.Name(c.u, c.naming, c.chain.No, c.who.Account); err != nil {
			return err
		}
	}
	if c.want.Visibility == "public" {
		return c.Disk.List(c.u, c.chain.No, true)
	}
	return nil
}
