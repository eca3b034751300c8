package room

import (
	"context"
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// carried is the state that an upgraded room takes over as it is, with the empty state key.
var carried = []string{
	event.TypeHistoryVisibility, typeGuestAccess, typeEncryption, "m.room.server_acl", typeName, typeTopic, typeAvatar, TypeLabel,
	event.TypeJoinRules,
}

// Upgrade closes the room in favour of a new one of another version, and returns the new one's ID. The new room takes over
// the old one's face, rules, roles, bans, addresses and place in the directory; its members come over one by one. All of it
// happens, or nothing.
//
// It returns fault.Forbidden if who may not close the room and fault.UnsupportedVersion.
//
// Spec: client-server API, POST /rooms/{roomId}/upgrade; "Room upgrades".
func (r *Rooms) Upgrade(ctx context.Context, who account.Session, room mxid.Room, version string, creators []mxid.User) (mxid.Room, error) {
	if _, err := event.ParseVersion(version); err != nil {
		return "", err
	}
	return do(ctx, r.Disk, func(u stream.Unit) (mxid.Room, error) {
		old, err := r.draftIn(u, room)
		if err != nil {
			return "", err
		}
		state, err := r.Disk.StateAt(u, old.chain.No, Still-1, "")
		if err != nil {
			return "", err
		}
		up := upgrade{old: old, state: state, creation: creation{draft: &draft{Rooms: r, u: u}, who: who, want: Wanted{Version: version}}}
		if err := up.build(creators); err != nil {
			return "", err
		}
		return up.chain.ID, up.finish()
	})
}

// upgrade is a room that takes another one's place.
type upgrade struct {
	creation
	old   *draft
	state []Event // of the old room
}

// content is the old room's state under (typ, ""), nil if it has none.
func (up *upgrade) content(typ string) event.Value {
	for i := range up.state {
		if e := &up.state[i]; e.Get("type").Text() == typ && e.Get("state_key").Text() == "" {
			return e.Get("content")
		}
	}
	return nil
}

func (up *upgrade) build(creators []mxid.User) error {
	if may, err := up.old.may(up.who.User, typeTombstone); err != nil || !may {
		if err == nil {
			err = fault.Forbidden.New("You may not close this room in favour of another one.")
		}
		return err
	}
	up.createFrom(creators)
	if err := up.begin(); err != nil {
		return err
	}
	join := becomes(event.Join, "")
	join.mark(up.who.Service)
	if err := up.look(up.who.Account, join); err != nil {
		return err
	}
	if err := up.set(event.TypeMember, string(up.who.User), join.bytes()); err != nil {
		return err
	}
	if err := up.carry(); err != nil {
		return err
	}
	tombstone := object{}
	tombstone.set("body", "This room has been replaced")
	tombstone.set("replacement_room", up.chain.ID)
	if err := up.old.setAs(up.who, typeTombstone, "", tombstone.bytes()); err != nil {
		return err
	}
	return up.quieten()
}

// createFrom takes the old room's create content over, with what the version and the move change.
func (up *upgrade) createFrom(creators []mxid.User) {
	up.want.Creation = object{}
	for key, value := range up.content(event.TypeCreate).Each() {
		switch key {
		case "creator", "room_version", "predecessor", "additional_creators":
		default:
			up.want.Creation[key] = json.RawMessage(value)
		}
	}
	up.want.Creation.set("predecessor", map[string]any{"room_id": up.old.chain.ID, "event_id": up.old.chain.Head})
	if len(creators) > 0 {
		up.want.Creation.set("additional_creators", creators)
	}
}

// carry takes over the old room's state. The power levels come last: before them the creator may do everything.
func (up *upgrade) carry() error {
	for _, typ := range carried {
		if content := up.content(typ); content != nil {
			if err := up.set(typ, "", content); err != nil {
				return invalid(err)
			}
		}
	}
	for i := range up.state {
		e := &up.state[i]
		typ, key := e.Get("type").Text(), e.Get("state_key").Text()
		banned := typ == event.TypeMember && e.Content("membership").Text() == event.Ban
		if banned || typ == typeSpaceChild && len(e.Get("content")) > len("{}") {
			if err := up.set(typ, key, e.Get("content")); err != nil {
				return invalid(err)
			}
		}
	}
	if alias := up.content(typeCanonicalAlias); alias != nil {
		up.moving = up.old.chain.ID
		if err := up.set(typeCanonicalAlias, "", alias); err != nil {
			return invalid(err)
		}
	}
	return invalid(up.set(event.TypePowerLevels, "", up.powerLevelsFrom(up.content(event.TypePowerLevels))))
}

// powerLevelsFrom gives the old room's power levels in the form of the new version, in which creators stand above them.
func (up *upgrade) powerLevelsFrom(old event.Value) []byte {
	levels := object{}
	_ = json.Unmarshal(up.powerLevels(), &levels) // our own
	for key, value := range old.Each() {
		levels[key] = json.RawMessage(value)
	}
	users := object{}
	for user, level := range old.Get("users").Each() {
		users[user] = json.RawMessage(level)
	}
	if up.chain.Version.PrivilegedCreators() {
		create := up.known(event.StateKey{Type: event.TypeCreate}).pdu
		delete(users, string(up.who.User))
		for c := range create.Get("additional_creators").Items() {
			delete(users, c.Text())
		}
		events := object{}
		for typ, level := range old.Get("events").Each() {
			events[typ] = json.RawMessage(level)
		}
		events.set(typeTombstone, 150)
		levels.set("events", events)
	} else {
		users.set(string(up.who.User), 100)
	}
	levels.set("users", users)
	return levels.bytes()
}

// quieten keeps people from going on in the old room, if who may do that.
func (up *upgrade) quieten() error {
	now, err := up.old.now(event.TypePowerLevels, "")
	if err != nil || now == nil {
		return err
	}
	levels := object{}
	if err := json.Unmarshal(now.Content, &levels); err != nil {
		return err
	}
	for _, key := range []string{"events_default", "invite"} {
		if n, _ := now.Get(key).Int(); n < 50 {
			levels.set(key, 50)
		}
	}
	err = up.old.setAs(up.who, event.TypePowerLevels, "", levels.bytes())
	if fault.Forbidden.In(err) {
		return nil
	}
	return err
}

func (up *upgrade) finish() error {
	if err := up.write(); err != nil {
		return err
	}
	if err := up.old.write(); err != nil {
		return err
	}
	if err := up.Disk.Rename(up.u, up.old.chain.No, up.chain.No); err != nil {
		return err
	}
	if listed, err := up.Disk.IsListed(up.u, up.old.chain.No); err != nil || !listed {
		return err
	}
	if err := up.Disk.List(up.u, up.old.chain.No, false); err != nil {
		return err
	}
	return up.Disk.List(up.u, up.chain.No, true)
}
