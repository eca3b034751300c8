package room

import (
	"cmp"
	"math"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// megolm is the one algorithm that rooms are encrypted with.
const megolm = "m.megolm.v1.aes-sha2"

// announcement is the field of a create event that makes a room an open announcement room: one that is not encrypted.
const announcement = "org.wardroom.announcement"

// check applies the rules of this server, which come on top of those of the room's version, and fills in what writing the
// event will need.
func (d *draft) check(p proposal, pdu *event.PDU, next *pending) error {
	if err := d.relate(p, pdu, next); err != nil {
		return err
	}
	if pdu.StateKey == nil {
		if pdu.Type == event.TypeRedaction {
			return d.checkRedaction(p.who, pdu, next)
		}
		return d.checkClear(pdu)
	}
	switch pdu.Type {
	case event.TypeMember:
		return d.checkMember(p, pdu, next)
	case typeEncryption:
		return d.checkEncryption(pdu)
	case typeCanonicalAlias:
		return d.checkCanonicalAlias(pdu)
	case TypeLabel:
		return checkLabel(pdu)
	}
	return nil
}

// relate finds the event that this one relates to. One that the room does not have is nobody's relation.
func (d *draft) relate(p proposal, pdu *event.PDU, next *pending) error {
	rel := event.Relation(pdu.Content)
	if rel.Type == "" || d.chain.No == 0 {
		return nil
	}
	target, ok, err := d.Disk.Event(d.u, d.chain.No, rel.Event)
	if err != nil || !ok {
		return err
	}
	switch {
	case rel.Type == event.RelThread && target.Relation != "":
		return fault.InvalidParam.New("A thread can not begin at an event that itself belongs to another one.")
	case rel.Type == event.RelAnnotation && pdu.Type == typeReaction:
		if err := d.checkReaction(p, &target, rel.Key); err != nil {
			return err
		}
	}
	next.e.Relates, next.e.Relation = target.Pos, rel.Type
	return nil
}

// checkReaction refuses the same reaction to the same event by the same person.
//
// Spec: client-server API, "Avoiding duplicate annotations".
func (d *draft) checkReaction(p proposal, target *Event, key string) error {
	reactions, err := d.Disk.By(d.u, target.Pos, event.RelAnnotation, p.who.Account)
	if err != nil {
		return err
	}
	for _, e := range reactions {
		if e.Get("type").Text() == typeReaction && event.Relation(e.Get("content")).Key == key {
			return fault.DuplicateAnnotation.New("You have reacted with this already.")
		}
	}
	return nil
}

// checkEncryption refuses to make a room's encryption weaker than it is, or other than clients here know.
func (d *draft) checkEncryption(pdu *event.PDU) error {
	if *pdu.StateKey != "" {
		return nil
	}
	if pdu.Get("algorithm").Text() != megolm {
		return fault.Forbidden.New("Rooms here are encrypted with %s. Encryption can not be switched off or replaced.", megolm)
	}
	was, err := d.now(typeEncryption, "")
	if err != nil || was == nil {
		return err
	}
	for _, limit := range [...]struct {
		key     string
		missing int64 // what clients take it for where it is not there
	}{{"rotation_period_ms", 604_800_000}, {"rotation_period_msgs", 100}} {
		level := func(p *event.PDU) int64 {
			v := p.Get(limit.key)
			if n, ok := v.Int(); ok {
				return n
			}
			if v == nil {
				return limit.missing
			}
			return math.MaxInt64
		}
		if level(pdu) > level(was) {
			return fault.Forbidden.New("The encryption of a room can not be made weaker: its keys would change less often (%s).", limit.key)
		}
	}
	return nil
}

// checkRedaction finds what is to be redacted and asks whether it may be. The rules of room versions let whoever may redact empty
// every piece of state; here that takes the power to set it as well, and what a room's protection rests on stays. (Of a membership only words go, never
// the membership.)
//
// Spec: room versions, "Handling redactions"; client-server API, "Redactions".
func (d *draft) checkRedaction(who account.Session, pdu *event.PDU, next *pending) error {
	id := pdu.Redacts
	if id == "" {
		id = mxid.Event(pdu.Get("redacts").Text())
	}
	target, ok, err := d.Disk.Event(d.u, d.chain.No, id)
	if err != nil {
		return err
	}
	if !ok {
		return fault.NotFound.New("This room has no such event to delete.")
	}
	typ := target.Get("type").Text()
	switch typ {
	case event.TypeCreate, typeEncryption, TypeLabel:
		return fault.Forbidden.New("This can not be deleted: the room would not be what it is without it (%s).", typ)
	}
	power, err := event.PowerOf(d.chain.Version, d.now)
	if err != nil {
		return err
	}
	need := power.Send(typ, true)
	if isState := target.Get("state_key") != nil; isState && typ != event.TypeMember && power.User(pdu.Sender) < need {
		return fault.Forbidden.New("To delete this takes the power to set it (%s): level %d; yours is %d.", typ, need, power.User(pdu.Sender))
	}
	if !power.MayRedact(pdu.Sender, mxid.User(target.Get("sender").Text())) {
		return fault.Forbidden.New("You can delete what you wrote yourself. To delete what others wrote takes power level %d; yours is %d.", power.Redact(), power.User(pdu.Sender))
	}
	if suspended := who.Writes(); suspended != nil && mxid.User(target.Get("sender").Text()) != who.User {
		return suspended // their own they may delete
	}
	next.redacts = &target
	return nil
}

// checkMember asks whether there is such a person, and whether a restricted room's conditions are met.
func (d *draft) checkMember(p proposal, pdu *event.PDU, next *pending) error {
	target := mxid.User(*pdu.StateKey)
	switch pdu.Get("membership").Text() {
	case event.Join:
		next.person = p.who.Account
		if pdu.Get("join_authorised_via_users_server") != nil {
			return d.checkRestricted(target)
		}
	case event.Knock:
		next.person = p.who.Account
	case event.Invite:
		p, ok, err := d.Disk.PersonByID(d.u, target)
		if err != nil {
			return err
		}
		if !ok || p.Closed {
			return fault.NotFound.New("There is nobody called %s here. Check the name.", target)
		}
		next.person = p.No
		return d.checkWelcome(p)
	}
	return nil
}

// checkWelcome returns fault.InviteBlocked where p wants no invitations.
//
// Spec: client-server API, "Invite permission".
func (d *draft) checkWelcome(p account.Person) error {
	wants, ok, err := d.Disk.Datum(d.u, p.No, "", "m.invite_permission_config")
	if err == nil && ok && event.Value(wants).Get("default_action").Text() == "block" {
		err = fault.InviteBlocked.New("%s takes no invitations. Ask them in another way.", p.User)
	}
	return err
}

// checkRestricted asks whether target is in one of the rooms from which this one takes people.
//
// Spec: client-server API, "Restricted rooms".
func (d *draft) checkRestricted(target mxid.User) error {
	was, err := d.membership(target)
	if err != nil || was == event.Join || was == event.Invite {
		return err
	}
	rules, err := d.now(event.TypeJoinRules, "")
	if err != nil || rules == nil {
		return cmp.Or(err, errRestricted())
	}
	ok, err := d.inOneOf(d.u, target, allowedFrom(rules.Get("allow")))
	if err == nil && !ok {
		err = errRestricted()
	}
	return err
}

func errRestricted() error {
	return fault.Forbidden.New("You need an invitation to join this room, or to be in one of the rooms that it takes people from.")
}

// inOneOf says whether who is in one of these rooms.
func (r *Rooms) inOneOf(v stream.View, who mxid.User, rooms []mxid.Room) (bool, error) {
	for _, id := range rooms {
		c, ok, err := r.Disk.Room(v, id)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		m, err := r.Disk.State(v, c.No, event.StateKey{Type: event.TypeMember, Key: string(who)})
		if err != nil {
			return false, err
		}
		if m[0].Get("content").Get("membership").Text() == event.Join {
			return true, nil
		}
	}
	return false, nil
}

// allowedFrom gives the rooms in the "allow" list of a join rule.
func allowedFrom(allow event.Value) (rooms []mxid.Room) {
	for a := range allow.Items() {
		if a.Get("type").Text() == "m.room_membership" {
			rooms = append(rooms, mxid.Room(a.Get("room_id").Text()))
		}
	}
	return rooms
}

// checkLabel refuses what could not be read as a label later. What a label means is not judged here.
func checkLabel(pdu *event.PDU) error {
	ok := *pdu.StateKey == "" && pdu.Get("level").IsString() && pdu.Get("compartments").IsList()
	for c := range pdu.Get("compartments").Items() {
		ok = ok && c.IsString()
	}
	if !ok {
		return fault.BadJSON.New("A label is a level and a list of compartments, under the empty state key.")
	}
	return nil
}

// checkCanonicalAlias refuses names that do not lead to this room. Those that were there before are not asked about.
//
// Spec: client-server API, PUT /rooms/{roomId}/state/{eventType}/{stateKey}.
func (d *draft) checkCanonicalAlias(pdu *event.PDU) error {
	was, err := d.now(typeCanonicalAlias, "")
	if err != nil {
		return err
	}
	old := map[string]bool{}
	if was != nil {
		for _, a := range canonicalAliases(was) {
			old[a] = true
		}
	}
	for _, text := range canonicalAliases(pdu) {
		if old[text] {
			continue
		}
		alias, err := mxid.ParseAlias(text)
		if err != nil {
			return fault.InvalidParam.New("%q is not a room address.", text)
		}
		id, _, ok, err := d.Disk.Alias(d.u, alias)
		if err != nil {
			return err
		}
		if (!ok || id != d.chain.ID && id != d.moving) && d.naming != alias {
			return fault.BadAlias.New("The address %s does not lead to this room. Give it to the room first.", alias)
		}
	}
	return nil
}

func canonicalAliases(p *event.PDU) (all []string) {
	if a := p.Get("alias").Text(); a != "" {
		all = append(all, a)
	}
	for a := range p.Get("alt_aliases").Items() {
		all = append(all, a.Text())
	}
	return all
}
