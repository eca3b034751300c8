package event

import (
	"fmt"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// AuthEvents gives the pieces of state that p is allowed by: the room's events that hold them, as far as there are any, are
// what belongs in p.AuthEvents. It looks at the type, the sender, the state key and the content of p. Content that has no
// canonical form, which Build refuses, counts as empty.
//
// Spec: server-server API, "Auth events selection". Third-party invites are not selected: there are none here.
func AuthEvents(v Version, p *PDU) []StateKey {
	if p.Type == TypeCreate {
		return nil
	}
	keys := make([]StateKey, 0, 6)
	add := func(typ, key string) {
		for _, k := range keys {
			if k.Type == typ && k.Key == key {
				return
			}
		}
		keys = append(keys, StateKey{typ, key})
	}
	if !v.HashedRoomID() {
		add(TypeCreate, "")
	}
	add(TypePowerLevels, "")
	add(TypeMember, string(p.Sender))
	if p.Type == TypeMember && p.StateKey != nil {
		add(TypeMember, *p.StateKey)
		content, _ := Canonical(p.Content)
		switch Value(content).Get("membership").Text() {
		case Join:
			if via := Value(content).Get("join_authorised_via_users_server").Text(); via != "" {
				add(TypeMember, via)
			}
			add(TypeJoinRules, "")
		case Invite, Knock:
			add(TypeJoinRules, "")
		}
	}
	return keys
}

// Allowed says whether p may be sent into a room of version v with this state. It returns nil if it may, fault.Forbidden
// with a sentence for the sender if not, Canonical's refusal if p is a state event without canonical content, and the view's
// error if that fails. It looks at the type, the sender, the state key and the content of p, and at the room ID and
// prev_events of a create event; so a draft can be judged before it has a place in the room.
//
// What the caller has to see to: that a restricted join with join_authorised_via_users_server meets one of the room's
// "allow" conditions (here it is only checked that this user is in the room and may invite; the signature that the
// specification asks for stands for a check that this one server makes itself), that a redaction's target may be redacted
// (Power.MayRedact), that state comes from the room that p is sent to, and that p.AuthEvents are the events that AuthEvents
// asks for. Third-party invites are refused: they need an identity server. So is a create event that does not name its
// version, which would be version 1.
//
// Spec: room versions, "Authorisation rules".
func Allowed(v Version, p *PDU, state StateView) error {
	if p.StateKey != nil {
		// The rules read nothing but state events' content. It is not left to the caller to have it in the form that can be
		// read: power levels with a space in them would look empty.
		content, err := Canonical(p.Content)
		if err != nil {
			return err
		}
		draft := *p
		draft.Content = content
		p = &draft
	}
	if p.Type == TypeCreate {
		return allowedCreate(v, p)
	}
	power, err := PowerOf(v, state)
	if err != nil {
		return err
	}
	if power.create == nil {
		return fault.Forbidden.New("This room does not exist.")
	}
	if f := power.create.Get("m.federate"); string(f) == "false" && p.Sender.Server() != power.create.Sender.Server() {
		return fault.Forbidden.New("This room is only for people of %s.", power.create.Sender.Server())
	}
	a := auth{p: p, state: state, power: power}
	if p.Type == TypeMember {
		return a.member()
	}
	membership, err := a.membership(p.Sender)
	if err != nil {
		return err
	}
	if membership != Join {
		return fault.Forbidden.New("You are not in this room.")
	}
	if p.Type == TypeThirdPartyInvite {
		return errThirdParty()
	}
	if need, have := power.Send(p.Type, p.StateKey != nil), power.User(p.Sender); have < need {
		return needs(need, have, p.deed())
	}
	if p.StateKey != nil && len(*p.StateKey) > 0 && (*p.StateKey)[0] == '@' && *p.StateKey != string(p.Sender) {
		return fault.Forbidden.New("Only %s can set this.", *p.StateKey)
	}
	if p.Type == TypePowerLevels {
		return a.powerLevels()
	}
	return nil
}

func allowedCreate(v Version, p *PDU) error {
	if len(p.PrevEvents) > 0 || !p.Is(TypeCreate, "") {
		return fault.Forbidden.New("A room has one create event, its first, with an empty state key.")
	}
	if !v.HashedRoomID() {
		if _, server, _ := strings.Cut(string(p.RoomID), ":"); server != string(p.Sender.Server()) {
			return fault.Forbidden.New("The room ID %q does not belong to the creator's server.", p.RoomID)
		}
	}
	if version, err := ParseVersion(p.Get("room_version").Text()); err != nil || version != v {
		return fault.Forbidden.New("The create event must say that the room has version %v.", v)
	}
	if v.CreatorInContent() && p.Get("creator").Text() != string(p.Sender) {
		return fault.Forbidden.New("The create event must name its sender as the room's creator.")
	}
	if others := p.Get("additional_creators"); others != nil && v.PrivilegedCreators() {
		if !others.IsList() {
			return fault.Forbidden.New("The room's additional creators must be a list of user IDs.")
		}
		for c := range others.Items() {
			if _, err := mxid.ParseUser(c.Text()); err != nil {
				return fault.Forbidden.New("The room's additional creators must be user IDs; %.300s is none.", c)
			}
		}
	}
	return nil
}

func errThirdParty() error {
	return fault.Forbidden.New("People cannot be invited by e-mail address or telephone number here. Invite their user ID.")
}

// needs refuses for want of power.
func needs(need, have int64, deed string) error {
	return fault.Forbidden.New("You need power level %d to %s; yours is %d.", need, deed, have)
}

// auth judges one event.
type auth struct {
	p     *PDU
	state StateView
	power Power
}

// membership is the current membership of u, "" if u never had one.
func (a auth) membership(u mxid.User) (string, error) {
	m, err := a.state(TypeMember, string(u))
	if err != nil || m == nil {
		return "", err
	}
	return m.Get("membership").Text(), nil
}

// joinRule is the room's join rule, "invite" while it has none.
func (a auth) joinRule() (string, error) {
	rules, err := a.state(TypeJoinRules, "")
	if err != nil || rules == nil {
		return "invite", err
	}
	return rules.Get("join_rule").Text(), nil
}

func (a auth) member() error {
	p := a.p
	if p.StateKey == nil || !p.Get("membership").IsString() {
		return fault.Forbidden.New("A membership must say whose it is and what it is.")
	}
	if p.Get("third_party_invite") != nil {
		return errThirdParty()
	}
	target := mxid.User(*p.StateKey)
	if _, err := mxid.ParseUser(*p.StateKey); err != nil {
		return fault.Forbidden.New("%q is not a user ID.", *p.StateKey)
	}
	was, err := a.membership(target)
	if err != nil {
		return err
	}
	switch membership := p.Get("membership").Text(); membership {
	case Join:
		return a.join(target, was)
	case Knock:
		return a.knock(target, was)
	case Leave:
		if p.Sender == target {
			return a.leave(was)
		}
		return a.overOther(target, was, membership)
	case Invite, Ban:
		return a.overOther(target, was, membership)
	default:
		return fault.Forbidden.New("There is no membership %q.", membership)
	}
}

func (a auth) join(target mxid.User, was string) error {
	if a.p.Sender != target {
		return fault.Forbidden.New("Nobody can join for somebody else.")
	}
	// In a room that is a linear chain, nothing but the creator's join can follow the create event: the join rule is "invite"
	// until a member changes it. So who created the room and has no membership yet is the one the specification means by "the
	// only previous event is an m.room.create".
	if was == "" && a.creates(target) {
		return nil
	}
	if was == Ban {
		return fault.Forbidden.New("You are banned from this room.")
	}
	rule, err := a.joinRule()
	if err != nil {
		return err
	}
	in := was == Join || was == Invite
	switch rule {
	case "public":
		return nil
	case "invite", "knock":
		if !in {
			return fault.Forbidden.New("You need an invitation to join this room.")
		}
		return nil
	case "restricted", "knock_restricted":
		if in {
			return nil
		}
		return a.restricted()
	}
	return fault.Forbidden.New("Nobody can join this room.")
}

// creates reports whether u made the room. Of a version 12 room's creators that is the sender of the create event.
func (a auth) creates(u mxid.User) bool {
	for c := range a.power.Creators() {
		return c == u
	}
	return false
}

// restricted judges the join of somebody who is not invited, vouched for by a member.
func (a auth) restricted() error {
	via := mxid.User(a.p.Get("join_authorised_via_users_server").Text())
	if via == "" {
		return fault.Forbidden.New("You need an invitation to join this room, or to be in one of the rooms that it takes people from.")
	}
	membership, err := a.membership(via)
	if err != nil {
		return err
	}
	if membership != Join || a.power.User(via) < a.power.Invite() {
		return fault.Forbidden.New("%s cannot let you into this room: it takes a member who may invite.", via)
	}
	return nil
}

func (a auth) knock(target mxid.User, was string) error {
	rule, err := a.joinRule()
	if err != nil {
		return err
	}
	switch {
	case rule != "knock" && rule != "knock_restricted":
		return fault.Forbidden.New("One cannot ask to join this room.")
	case a.p.Sender != target:
		return fault.Forbidden.New("Nobody can ask to join for somebody else.")
	case was == Ban:
		return fault.Forbidden.New("You are banned from this room.")
	case was == Invite:
		return fault.Forbidden.New("You are invited to this room already; join it.")
	case was == Join:
		return fault.Forbidden.New("You are in this room already.")
	}
	return nil
}

// leave judges who leaves, declines an invitation or takes back a knock.
func (a auth) leave(was string) error {
	switch was {
	case Join, Invite, Knock:
		return nil
	case Ban:
		return fault.Forbidden.New("You are banned from this room.")
	}
	return fault.Forbidden.New("You are not in this room.")
}

// overOther judges an invitation, a kick, a ban and the lifting of a ban.
func (a auth) overOther(target mxid.User, was, membership string) error {
	sender, err := a.membership(a.p.Sender)
	if err != nil {
		return err
	}
	if sender != Join {
		return fault.Forbidden.New("You are not in this room.")
	}
	have, other := a.power.User(a.p.Sender), a.power.User(target)
	switch membership {
	case Invite:
		switch {
		case was == Join:
			return fault.Forbidden.New("%s is in this room already.", target)
		case was == Ban:
			return fault.Forbidden.New("%s is banned from this room. Lift the ban before you invite them.", target)
		case have < a.power.Invite():
			return needs(a.power.Invite(), have, "invite people")
		}
		return nil
	case Ban:
		if have < a.power.Ban() {
			return needs(a.power.Ban(), have, "ban people")
		}
		if other >= have {
			return fault.Forbidden.New("You cannot ban %s, who has as much power as you or more.", target)
		}
		return nil
	}
	if was == Ban && have < a.power.Ban() {
		return needs(a.power.Ban(), have, "lift a ban")
	}
	if have < a.power.Kick() {
		return needs(a.power.Kick(), have, "remove people")
	}
	if other >= have {
		return fault.Forbidden.New("You cannot remove %s, who has as much power as you or more.", target)
	}
	return nil
}

// deed says in words what sending p does, to follow "You need power level 50 to".
func (p *PDU) deed() string {
	if p.StateKey == nil {
		switch p.Type {
		case TypeRedaction:
			return "delete messages here"
		case "m.room.message", "m.room.encrypted":
			return "send messages here"
		case "m.reaction":
			return "react to messages here"
		}
		return fmt.Sprintf("send %s here", p.Type)
	}
	for _, d := range deeds {
		if d.typ == p.Type {
			return d.deed
		}
	}
	return fmt.Sprintf("change %s here", p.Type)
}

var deeds = [...]struct{ typ, deed string }{
	{"m.room.name", "change the room's name"},
	{"m.room.topic", "change the room's topic"},
	{"m.room.avatar", "change the room's picture"},
	{"m.room.canonical_alias", "change the room's addresses"},
	{"m.room.encryption", "switch on encryption"},
	{TypeHistoryVisibility, "change who can read the room's history"},
	{TypeJoinRules, "change who can join"},
	{TypePowerLevels, "change people's roles"},
	{"m.room.pinned_events", "pin messages"},
	{"m.room.server_acl", "change which servers take part"},
	{"m.room.guest_access", "change whether guests can join"},
	{"m.room.tombstone", "close the room in favour of another"},
	{"m.space.child", "change which rooms belong to this space"},
	{"m.space.parent", "change which spaces this room belongs to"},
}
