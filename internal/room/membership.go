package room

import (
	"cmp"
	"context"
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// object is the fields of a JSON object that is being put together.
type object map[string]json.RawMessage

// set puts a value that always has a JSON form.
func (o object) set(key string, value any) {
	o[key], _ = json.Marshal(value)
}

func (o object) bytes() []byte {
	b, _ := json.Marshal(o) // its values are JSON already
	return b
}

// look fills in how who is shown to others, as far as content does not say it.
func (d *draft) look(who account.No, content object) error {
	profile, err := d.Disk.Profile(d.u, who)
	for _, field := range [...]string{account.DisplayName, account.AvatarURL} {
		if value := profile[field]; content[field] == nil && value != nil {
			content[field] = value
		}
	}
	return err
}

// mark says in the content of a membership which application service it is an account of, and of a person nothing: nobody says it of themselves,
// nor leaves it out.
func (o object) mark(service string) {
	delete(o, account.ServiceField)
	if service != "" {
		o.set(account.ServiceField, service)
	}
}

// withLook is look for the content of a membership event that a client wrote itself.
func (d *draft) withLook(who mxid.User, content event.Content) (event.Content, error) {
	switch content.Get("membership").Text() {
	case event.Join, event.Invite, event.Knock:
	default:
		return content, nil
	}
	p, ok, err := d.Disk.PersonByID(d.u, who)
	if err != nil || !ok {
		return content, err
	}
	fields := object{}
	if err := json.Unmarshal(content.JSON(), &fields); err != nil {
		return content, err
	}
	if err := d.look(p.No, fields); err != nil {
		return content, err
	}
	fields.mark(p.Service)
	return event.NewContent(fields.bytes())
}

// member proposes that who makes target's membership what content says.
func (d *draft) member(who account.Session, target mxid.User, content object) error {
	said, err := event.NewContent(content.bytes())
	if err != nil {
		return err
	}
	full, err := d.withLook(target, said)
	if err != nil {
		return err
	}
	key := string(target)
	_, err = d.add(proposal{who: who, typ: event.TypeMember, key: &key, content: full})
	return err
}

// becomes is the content of a membership event.
func becomes(membership, reason string) object {
	content := object{}
	content.set("membership", membership)
	if reason != "" {
		content.set("reason", reason)
	}
	return content
}

// change makes target's membership of the room what content says, unless already says that nothing is to be done.
func (r *Rooms) change(ctx context.Context, who account.Session, room mxid.Room, target mxid.User, content object, already func(was string) (bool, error)) error {
	return r.Disk.Do(ctx, func(u stream.Unit) error {
		d, err := r.draftIn(u, room)
		if err != nil {
			return err
		}
		if target != who.User {
			if mine, err := d.membership(who.User); err != nil || mine != event.Join {
				return cmp.Or(err, notThere())
			}
		}
		was, err := d.membership(target)
		if err != nil {
			return err
		}
		if done, err := already(was); done || err != nil {
			return err
		}
		if err := d.member(who, target, content); err != nil {
			return err
		}
		return d.write()
	})
}

// Join makes who a member of the room. Who is in it already stays as they are.
//
// It returns fault.Forbidden if the room does not take who in: they need an invitation, or to be in one of the rooms that a
// restricted room takes people from.
//
// Spec: client-server API, POST /rooms/{roomId}/join; "Restricted rooms".
func (r *Rooms) Join(ctx context.Context, who account.Session, room mxid.Room, reason string) error {
	return r.Disk.Do(ctx, func(u stream.Unit) error {
		d, err := r.draftIn(u, room)
		if err != nil {
			return err
		}
		was, err := d.membership(who.User)
		if err != nil || was == event.Join {
			return err
		}
		content := becomes(event.Join, reason)
		if was != event.Invite {
			via, err := d.voucher(who.User)
			if err != nil {
				return err
			}
			if via != "" {
				content.set("join_authorised_via_users_server", via)
			}
		}
		if err := d.member(who, who.User, content); err != nil {
			return err
		}
		return d.write()
	})
}

// voucher finds a member in whose name a restricted room takes who in; "" where none is needed.
func (d *draft) voucher(who mxid.User) (mxid.User, error) {
	rules, err := d.now(event.TypeJoinRules, "")
	if err != nil || rules == nil {
		return "", err
	}
	if rule := rules.Get("join_rule").Text(); rule != "restricted" && rule != "knock_restricted" {
		return "", nil
	}
	if ok, err := d.inOneOf(d.u, who, allowedFrom(rules.Get("allow"))); err != nil || !ok {
		return "", err
	}
	power, err := event.PowerOf(d.chain.Version, d.now)
	if err != nil {
		return "", err
	}
	members, err := d.Disk.StateAt(d.u, d.chain.No, Still-1, event.TypeMember)
	if err != nil {
		return "", err
	}
	for _, m := range members {
		user := mxid.User(m.Get("state_key").Text())
		if m.Content("membership").Text() == event.Join && power.User(user) >= power.Invite() {
			return user, nil
		}
	}
	return "", fault.Forbidden.New("Nobody who could let you in is left in this room.")
}

// Invite invites target, who may then join. Who is invited already is invited again.
//
// It returns fault.NotFound if there is no such person and fault.Forbidden if who may not invite them.
//
// Spec: client-server API, POST /rooms/{roomId}/invite.
func (r *Rooms) Invite(ctx context.Context, who account.Session, room mxid.Room, target mxid.User, reason string) error {
	return r.change(ctx, who, room, target, becomes(event.Invite, reason), func(string) (bool, error) { return false, nil })
}

// Leave ends who's membership, declines an invitation or takes back a knock. Who has left already stays so.
//
// Spec: client-server API, POST /rooms/{roomId}/leave.
func (r *Rooms) Leave(ctx context.Context, who account.Session, room mxid.Room, reason string) error {
	return r.change(ctx, who, room, who.User, becomes(event.Leave, reason), func(was string) (bool, error) {
		if was == "" {
			return false, notThere()
		}
		return was == event.Leave, nil
	})
}

// Kick removes target from the room, or takes back an invitation or a knock.
//
// It returns fault.Forbidden if target is not there or who may not.
//
// Spec: client-server API, POST /rooms/{roomId}/kick.
func (r *Rooms) Kick(ctx context.Context, who account.Session, room mxid.Room, target mxid.User, reason string) error {
	return r.change(ctx, who, room, target, becomes(event.Leave, reason), func(was string) (bool, error) {
		switch was {
		case event.Join, event.Invite, event.Knock:
			return false, nil
		}
		return false, fault.Forbidden.New("%s is not in this room.", target)
	})
}

// Ban removes target, if they are there, and keeps them from coming back.
//
// Spec: client-server API, POST /rooms/{roomId}/ban.
func (r *Rooms) Ban(ctx context.Context, who account.Session, room mxid.Room, target mxid.User, reason string) error {
	return r.change(ctx, who, room, target, becomes(event.Ban, reason), func(string) (bool, error) { return false, nil })
}

// Unban lifts a ban. Target is not in the room afterwards, but may be invited or join.
//
// Spec: client-server API, POST /rooms/{roomId}/unban.
func (r *Rooms) Unban(ctx context.Context, who account.Session, room mxid.Room, target mxid.User, reason string) error {
	return r.change(ctx, who, room, target, becomes(event.Leave, reason), func(was string) (bool, error) {
		if was != event.Ban {
			return false, fault.Forbidden.New("%s is not banned from this room.", target)
		}
		return false, nil
	})
}

// Knock asks to be let into the room.
//
// It returns fault.Forbidden if one can not ask there, or who is there or invited already.
//
// Spec: client-server API, POST /knock/{roomIdOrAlias}.
func (r *Rooms) Knock(ctx context.Context, who account.Session, room mxid.Room, reason string) error {
	return r.change(ctx, who, room, who.User, becomes(event.Knock, reason), func(was string) (bool, error) {
		return was == event.Knock, nil
	})
}

// Forget hides a room that who has left from who's lists and history, until they are invited or join again.
//
// It returns fault.BadRequest if who has not left.
//
// Spec: client-server API, POST /rooms/{roomId}/forget.
func (r *Rooms) Forget(ctx context.Context, who account.Session, room mxid.Room) error {
	return r.Disk.Do(ctx, func(u stream.Unit) error {
		d, err := r.draftIn(u, room)
		if err != nil {
			return err
		}
		switch was, err := d.membership(who.User); {
		case err != nil:
			return err
		case was == "":
			return notThere()
		case was != event.Leave && was != event.Ban:
			return fault.BadRequest.New("Leave the room before you forget it.")
		}
		return r.Disk.ForgetRoom(u, who.Account, d.chain.No)
	})
}
