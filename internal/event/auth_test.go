package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// room is a room's state, as a test sets it up.
type room map[StateKey]*PDU

func (r room) view(typ, key string) (*PDU, error) { return r[StateKey{typ, key}], nil }

func user(name string) mxid.User { return mxid.User("@" + name + ":example.org") }

// set puts a state event by this sender into the room.
func (r room) set(typ, key, sender, content string) {
	r[StateKey{typ, key}] = stateEvent(typ, key, sender, content)
}

func (r room) member(name, membership string) {
	r.set(TypeMember, string(user(name)), name, `{"membership":"`+membership+`"}`)
}

func stateEvent(typ, key, sender, content string) *PDU {
	return &PDU{Type: typ, StateKey: &key, RoomID: "!room:example.org", Sender: user(sender), Content: canonical(content)}
}

func messageEvent(typ, sender, content string) *PDU {
	return &PDU{Type: typ, RoomID: "!room:example.org", Sender: user(sender), Content: canonical(content)}
}

func memberEvent(target, sender, content string) *PDU {
	return stateEvent(TypeMember, string(user(target)), sender, content)
}

func canonical(raw string) json.RawMessage {
	c, err := Canonical([]byte(raw))
	if err != nil {
		panic(err)
	}
	return c
}

func createContent(v Version, sender string) string {
	if v.CreatorInContent() {
		return fmt.Sprintf(`{"room_version":"%v","creator":"%s"}`, v, user(sender))
	}
	return fmt.Sprintf(`{"room_version":"%v"}`, v)
}

// office is a room created by boss, with a moderator (50), a helper (20), lin and ken (0), and others in every other
// membership.
func office(v Version) room {
	r := room{}
	r.set(TypeCreate, "", "boss", createContent(v, "boss"))
	for _, name := range []string{"boss", "mod", "mod2", "helper", "lin", "ken"} {
		r.member(name, Join)
	}
	r.member("invited", Invite)
	r.member("knocking", Knock)
	r.member("gone", Leave)
	r.member("banned", Ban)
	users := `"@mod:example.org":50,"@mod2:example.org":50,"@helper:example.org":20`
	if !v.PrivilegedCreators() {
		users += `,"@boss:example.org":100`
	}
	r.set(TypePowerLevels, "", "boss", `{"users":{`+users+`},"events":{"m.room.topic":20,"m.room.pinned_events":0,"secret":60},
		"notifications":{"room":20},"invite":10}`)
	return r
}

// judgement is one question to Allowed: whether p may be sent into an office that was changed a little.
type judgement struct {
	name   string
	p      *PDU
	change func(room)
	says   string // "" if it is allowed, else part of the refusal
	only   []Version
}

func judge(t *testing.T, cases []judgement) {
	t.Helper()
	for _, c := range cases {
		for _, v := range Versions() {
			if c.only != nil && !slices.Contains(c.only, v) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%v", c.name, v), func(t *testing.T) {
				r := office(v)
				if c.change != nil {
					c.change(r)
				}
				err := Allowed(v, c.p, r.view)
				switch {
				case c.says == "" && err != nil:
					t.Errorf("refused: %v", err)
				case c.says != "" && err == nil:
					t.Errorf("allowed; want the refusal: %s", c.says)
				case c.says != "" && (!fault.Forbidden.In(err) || !strings.Contains(err.Error(), c.says)):
					t.Errorf("refused with %v; want: %s", err, c.says)
				}
			})
		}
	}
}

func rule(join string) func(room) {
	return func(r room) { r.set(TypeJoinRules, "", "boss", `{"join_rule":"`+join+`"}`) }
}

var (
	upTo11 = []Version{V10, V11}
	only10 = []Version{V10}
	only12 = []Version{V12}
)

func TestAllowedCreate(t *testing.T) {
	for _, v := range Versions() {
		content := createContent(v, "boss")
		if err := Allowed(v, stateEvent(TypeCreate, "", "boss", content), room{}.view); err != nil {
			t.Errorf("version %v: %v", v, err)
		}
		second := stateEvent(TypeCreate, "", "boss", content)
		second.PrevEvents = []mxid.Event{"$first"}
		if err := Allowed(v, second, office(v).view); !fault.Forbidden.In(err) {
			t.Errorf("version %v takes a second create event: %v", v, err)
		}
	}
	abroad := stateEvent(TypeCreate, "", "boss", createContent(V11, "boss"))
	abroad.RoomID = "!room:example.com"
	if err := Allowed(V11, abroad, room{}.view); !fault.Forbidden.In(err) {
		t.Errorf("a room ID of another server is allowed: %v", err)
	}
	judge(t, []judgement{
		{name: "no version", p: stateEvent(TypeCreate, "", "boss", `{"creator":"@boss:example.org"}`), says: "version"},
		{name: "unknown version", p: stateEvent(TypeCreate, "", "boss", `{"room_version":"99"}`), says: "version"},
		{name: "another version", p: stateEvent(TypeCreate, "", "boss", `{"room_version":"11"}`), only: only12, says: "version 12"},
		{name: "state key", p: stateEvent(TypeCreate, "x", "boss", createContent(V12, "boss")), says: "empty state key"},
		{name: "no creator", p: stateEvent(TypeCreate, "", "boss", `{"room_version":"10"}`), only: only10, says: "creator"},
		{name: "another creator", p: stateEvent(TypeCreate, "", "boss", createContent(V10, "lin")), only: only10, says: "creator"},
		{name: "more creators", only: only12, p: stateEvent(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":["@lin:example.org"]}`)},
		{name: "no list of creators", only: only12, says: "list", p: stateEvent(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":"@lin:example.org"}`)},
		{name: "creator is no user", only: only12, says: "user IDs", p: stateEvent(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":["lin"]}`)},
		{name: "creator is a number", only: only12, says: "user IDs", p: stateEvent(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":[5]}`)},
		{name: "field without meaning", only: []Version{V11}, p: stateEvent(TypeCreate, "", "boss", `{"room_version":"11","additional_creators":5}`)},
		{
			name: "no room", says: "does not exist", p: messageEvent("m.room.message", "lin", `{}`),
			change: func(r room) { delete(r, StateKey{TypeCreate, ""}) },
		},
	})
}

// The first steps of a new room: nothing but the creator's join can come first.
func TestAllowedFirstJoin(t *testing.T) {
	for _, v := range Versions() {
		fresh := func() room {
			r := room{}
			r.set(TypeCreate, "", "boss", createContent(v, "boss"))
			return r
		}
		if err := Allowed(v, memberEvent("boss", "boss", `{"membership":"join"}`), fresh().view); err != nil {
			t.Errorf("version %v: the creator cannot join: %v", v, err)
		}
		for name, p := range map[string]*PDU{
			"somebody else joins":               memberEvent("lin", "lin", `{"membership":"join"}`),
			"somebody else joins the creator":   memberEvent("boss", "lin", `{"membership":"join"}`),
			"the creator sends without joining": messageEvent("m.room.message", "boss", `{}`),
			"the creator leaves":                memberEvent("boss", "boss", `{"membership":"leave"}`),
			"the creator invites":               memberEvent("lin", "boss", `{"membership":"invite"}`),
		} {
			if err := Allowed(v, p, fresh().view); !fault.Forbidden.In(err) {
				t.Errorf("version %v: %s: %v", v, name, err)
			}
		}
		left := fresh()
		left.member("boss", Leave)
		if err := Allowed(v, memberEvent("boss", "boss", `{"membership":"join"}`), left.view); !fault.Forbidden.In(err) {
			t.Errorf("version %v: the creator, who left, walks in again: %v", v, err)
		}
	}
	r := room{}
	r.set(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":["@lin:example.org"]}`)
	if err := Allowed(V12, memberEvent("lin", "lin", `{"membership":"join"}`), r.view); !fault.Forbidden.In(err) {
		t.Errorf("an additional creator joins before the first one: %v", err)
	}
}

func TestAllowedJoin(t *testing.T) {
	join := `{"membership":"join"}`
	via := func(name string) string {
		return `{"membership":"join","join_authorised_via_users_server":"@` + name + `:example.org"}`
	}
	var cases []judgement
	for _, c := range []struct{ rule, who, says string }{
		{"public", "new", ""}, {"public", "gone", ""}, {"public", "invited", ""}, {"public", "lin", ""}, {"public", "banned", "banned"},
		{"invite", "new", "invitation"}, {"invite", "gone", "invitation"}, {"invite", "invited", ""}, {"invite", "lin", ""},
		{"invite", "knocking", "invitation"}, {"invite", "banned", "banned"},
		{"knock", "invited", ""}, {"knock", "knocking", "invitation"}, {"knock", "lin", ""},
		{"restricted", "invited", ""}, {"restricted", "lin", ""}, {"restricted", "new", "invitation"}, {"restricted", "banned", "banned"},
		{"knock_restricted", "invited", ""}, {"knock_restricted", "new", "invitation"},
		{"private", "invited", "Nobody"}, {"surprise", "lin", "Nobody"},
	} {
		cases = append(cases, judgement{name: c.rule + " " + c.who, p: memberEvent(c.who, c.who, join), change: rule(c.rule), says: c.says})
	}
	cases = append(cases,
		judgement{name: "no rule", p: memberEvent("new", "new", join), says: "invitation"},
		judgement{name: "no rule, invited", p: memberEvent("invited", "invited", join)},
		judgement{name: "for another", p: memberEvent("invited", "lin", join), change: rule("public"), says: "for somebody else"},
		judgement{name: "restricted, vouched for", p: memberEvent("new", "new", via("mod")), change: rule("restricted")},
		judgement{name: "restricted, vouched for by a creator", p: memberEvent("new", "new", via("boss")), change: rule("restricted")},
		judgement{name: "knock_restricted, vouched for", p: memberEvent("new", "new", via("helper")), change: rule("knock_restricted")},
		judgement{name: "vouched for by who may not invite", p: memberEvent("new", "new", via("lin")), change: rule("restricted"), says: "@lin:example.org cannot"},
		judgement{name: "vouched for by who is not here", p: memberEvent("new", "new", via("gone")), change: rule("restricted"), says: "@gone:example.org cannot"},
		judgement{name: "banned and vouched for", p: memberEvent("banned", "banned", via("mod")), change: rule("restricted"), says: "banned"},
		judgement{name: "vouched for where only invitations count", p: memberEvent("new", "new", via("mod")), change: rule("invite"), says: "invitation"},
	)
	judge(t, cases)
}

func TestAllowedMembership(t *testing.T) {
	invite, leave, ban, knock := `{"membership":"invite"}`, `{"membership":"leave"}`, `{"membership":"ban"}`, `{"membership":"knock"}`
	judge(t, []judgement{
		{name: "no state key", p: messageEvent(TypeMember, "lin", leave), says: "whose"},
		{name: "no membership", p: memberEvent("lin", "lin", `{}`), says: "what it is"},
		{name: "membership in the wrong case", p: memberEvent("lin", "lin", `{"Membership":"leave"}`), says: "what it is"},
		{name: "unknown membership", p: memberEvent("lin", "lin", `{"membership":"boss"}`), says: `"boss"`},
		{name: "nobody's", p: stateEvent(TypeMember, "lin", "lin", leave), says: "not a user ID"},

		{name: "invite", p: memberEvent("new", "helper", invite)},
		{name: "invite again", p: memberEvent("invited", "helper", invite)},
		{name: "invite who knocks", p: memberEvent("knocking", "helper", invite)},
		{name: "invite who left", p: memberEvent("gone", "helper", invite)},
		{name: "creator invites", p: memberEvent("new", "boss", invite)},
		{name: "invite without power", p: memberEvent("new", "lin", invite), says: "You need power level 10 to invite people; yours is 0."},
		{name: "invite from outside", p: memberEvent("new", "gone", invite), says: "You are not in this room"},
		{name: "invite who is here", p: memberEvent("ken", "mod", invite), says: "is in this room already"},
		{name: "invite who is banned", p: memberEvent("banned", "mod", invite), says: "Lift the ban"},
		{name: "invite by third party", says: "e-mail", p: memberEvent("new", "mod", `{"membership":"invite","third_party_invite":{"signed":{}}}`)},
		{name: "third-party invite", says: "e-mail", p: stateEvent(TypeThirdPartyInvite, "token", "boss", `{}`)},

		{name: "leave", p: memberEvent("lin", "lin", leave)},
		{name: "decline", p: memberEvent("invited", "invited", leave)},
		{name: "take back a knock", p: memberEvent("knocking", "knocking", leave)},
		{name: "leave twice", p: memberEvent("gone", "gone", leave), says: "not in this room"},
		{name: "leave unseen", p: memberEvent("new", "new", leave), says: "not in this room"},
		{name: "leave a ban", p: memberEvent("banned", "banned", leave), says: "banned"},
		{name: "creator leaves", p: memberEvent("boss", "boss", leave)},

		{name: "kick", p: memberEvent("lin", "mod", leave)},
		{name: "kick as creator", p: memberEvent("mod", "boss", leave)},
		{name: "withdraw an invitation", p: memberEvent("invited", "mod", leave)},
		{name: "turn away who knocks", p: memberEvent("knocking", "mod", leave)},
		{name: "kick without power", p: memberEvent("lin", "helper", leave), says: "You need power level 50 to remove people; yours is 20."},
		{name: "kick an equal", p: memberEvent("mod2", "mod", leave), says: "as much power"},
		{name: "kick the creator", p: memberEvent("boss", "mod", leave), says: "as much power"},
		{name: "kick from outside", p: memberEvent("lin", "gone", leave), says: "You are not in this room"},
		{
			name: "kick a fellow creator", p: memberEvent("lin", "boss", leave), only: only12, says: "as much power",
			change: func(r room) {
				r.set(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":["@lin:example.org"]}`)
			},
		},

		{name: "ban", p: memberEvent("lin", "mod", ban)},
		{name: "ban who was never here", p: memberEvent("new", "mod", ban)},
		{name: "ban without power", p: memberEvent("lin", "helper", ban), says: "You need power level 50 to ban people; yours is 20."},
		{name: "ban an equal", p: memberEvent("mod2", "mod", ban), says: "as much power"},
		{name: "ban oneself", p: memberEvent("mod", "mod", ban), says: "as much power"},
		{name: "ban the creator", p: memberEvent("boss", "mod", ban), says: "as much power"},
		{name: "ban from outside", p: memberEvent("lin", "gone", ban), says: "You are not in this room"},
		{name: "lift a ban", p: memberEvent("banned", "mod", leave)},
		{name: "lift a ban without power", p: memberEvent("banned", "lin", leave), says: "50 to lift a ban"},
		{
			name: "lift a ban with the power to kick only", p: memberEvent("banned", "helper", leave), says: "50 to lift a ban",
			change: func(r room) { r.set(TypePowerLevels, "", "boss", `{"kick":20,"users":{"@helper:example.org":20}}`) },
		},
		{
			name: "lift a ban with the power to ban only", p: memberEvent("banned", "helper", leave), says: "50 to remove people",
			change: func(r room) { r.set(TypePowerLevels, "", "boss", `{"ban":20,"users":{"@helper:example.org":20}}`) },
		},

		{name: "knock", p: memberEvent("new", "new", knock), change: rule("knock")},
		{name: "knock again", p: memberEvent("knocking", "knocking", knock), change: rule("knock_restricted")},
		{name: "knock after leaving", p: memberEvent("gone", "gone", knock), change: rule("knock")},
		{name: "knock where one cannot", p: memberEvent("new", "new", knock), change: rule("restricted"), says: "One cannot ask"},
		{name: "knock for another", p: memberEvent("new", "lin", knock), change: rule("knock"), says: "for somebody else"},
		{name: "knock from inside", p: memberEvent("lin", "lin", knock), change: rule("knock"), says: "already"},
		{name: "knock though invited", p: memberEvent("invited", "invited", knock), change: rule("knock"), says: "already"},
		{name: "knock though banned", p: memberEvent("banned", "banned", knock), change: rule("knock"), says: "banned"},
	})
}

func TestAllowedEvents(t *testing.T) {
	local := func(r room) {
		create := r[StateKey{TypeCreate, ""}]
		create.Content = canonical(strings.Replace(string(create.Content), "{", `{"m.federate":false,`, 1))
	}
	abroad := messageEvent("m.room.message", "lin", `{}`)
	abroad.Sender = "@lin:example.com"
	readOnly := func(r room) {
		r.set(TypePowerLevels, "", "boss", `{"events_default":30,"users":{"@mod:example.org":50}}`)
	}
	noLevels := func(r room) { delete(r, StateKey{TypePowerLevels, ""}) }
	judge(t, []judgement{
		{name: "message", p: messageEvent("m.room.message", "lin", `{}`)},
		{name: "message from outside", p: messageEvent("m.room.message", "new", `{}`), says: "You are not in this room"},
		{name: "message while invited", p: messageEvent("m.room.message", "invited", `{}`), says: "You are not in this room"},
		{name: "message after leaving", p: messageEvent("m.room.message", "gone", `{}`), says: "You are not in this room"},
		{name: "message while banned", p: messageEvent("m.room.message", "banned", `{}`), says: "You are not in this room"},
		{name: "message where few may speak", p: messageEvent("m.room.encrypted", "lin", `{}`), change: readOnly, says: "You need power level 30 to send messages here; yours is 0."},
		{name: "reaction where few may speak", p: messageEvent("m.reaction", "lin", `{}`), change: readOnly, says: "to react to messages here"},
		{name: "moderator speaks where few may", p: messageEvent("m.room.encrypted", "mod", `{}`), change: readOnly},
		{name: "special message", p: messageEvent("secret", "mod", `{}`), says: "You need power level 60 to send secret here; yours is 50."},
		{name: "redaction", p: messageEvent(TypeRedaction, "lin", `{"redacts":"$x"}`)},
		{name: "redaction where few may speak", p: messageEvent(TypeRedaction, "lin", `{}`), change: readOnly, says: "to delete messages"},

		{name: "name", p: stateEvent("m.room.name", "", "mod", `{}`)},
		{name: "name without power", p: stateEvent("m.room.name", "", "helper", `{}`), says: "You need power level 50 to change the room's name; yours is 20."},
		{name: "topic with its own level", p: stateEvent("m.room.topic", "", "helper", `{}`)},
		{name: "pins by anybody", p: stateEvent("m.room.pinned_events", "", "lin", `{}`)},
		{name: "unknown state", p: stateEvent("org.example.badge", "", "lin", `{}`), says: "to change org.example.badge here"},
		{name: "aliases are ordinary state", p: stateEvent("m.room.aliases", "example.org", "lin", `{}`), says: "50"},
		{name: "aliases of any server", p: stateEvent("m.room.aliases", "example.com", "mod", `{}`)},
		{name: "one's own state", p: stateEvent("m.room.pinned_events", "@lin:example.org", "lin", `{}`)},
		{name: "another's state", p: stateEvent("m.room.pinned_events", "@lin:example.org", "boss", `{}`), says: "Only @lin:example.org"},
		{name: "state key that begins like a user", p: stateEvent("m.room.pinned_events", "@lin:example.org_call", "lin", `{}`), says: "Only"},

		{name: "local room", p: messageEvent("m.room.message", "lin", `{}`), change: local},
		{
			name: "local room, stranger", p: abroad, says: "only for people of example.org",
			change: func(r room) {
				local(r)
				r[StateKey{TypeMember, "@lin:example.com"}] = stateEvent(TypeMember, "@lin:example.com", "lin", `{"membership":"join"}`)
			},
		},
		{name: "stranger outside", p: abroad, says: "not in this room"},

		{name: "no levels: message", p: messageEvent("m.room.message", "lin", `{}`), change: noLevels},
		{name: "no levels: state", p: stateEvent("m.room.name", "", "lin", `{}`), change: noLevels, says: "50"},
		{name: "no levels: creator's state", p: stateEvent("m.room.name", "", "boss", `{}`), change: noLevels},
	})
}

func TestAllowedPowerLevels(t *testing.T) {
	levels := func(sender, content string) *PDU { return stateEvent(TypePowerLevels, "", sender, content) }
	// The room of these cases: everybody may send power levels.
	open := func(extra string) func(room) {
		return func(r room) {
			r.set(TypePowerLevels, "", "boss", `{"events":{"m.room.power_levels":0,"high":60,"low":10},"notifications":{"room":50},
				"users":{"@mod:example.org":50,"@mod2:example.org":50,"@helper:example.org":20,"@chief:example.org":90}`+extra+`}`)
		}
	}
	same := `"events":{"m.room.power_levels":0,"high":60,"low":10},"notifications":{"room":50}`
	people := `"@mod:example.org":50,"@mod2:example.org":50,"@helper:example.org":20,"@chief:example.org":90`
	with := func(events, notifications, users, rest string) string {
		return `{"events":{` + events + `},"notifications":{` + notifications + `},"users":{` + users + `}` + rest + `}`
	}
	events, notes := `"m.room.power_levels":0,"high":60,"low":10`, `"room":50`
	first := func(r room) { delete(r, StateKey{TypePowerLevels, ""}) }
	var cases []judgement
	for _, key := range []string{"users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"} {
		cases = append(cases,
			judgement{name: key + " as text", p: levels("boss", `{"`+key+`":"5"}`), says: key},
			judgement{name: key + " null", p: levels("boss", `{"`+key+`":null}`), says: key},
			judgement{name: key + " set", p: levels("mod", `{`+same+`,"users":{`+people+`},"`+key+`":50}`), change: open("")},
			judgement{name: key + " set above one's own", p: levels("mod", `{`+same+`,"users":{`+people+`},"`+key+`":51}`), change: open(""), says: key},
			judgement{name: key + " lowered from above one's own", p: levels("mod", `{`+same+`,"users":{`+people+`},"`+key+`":50}`), change: open(`,"` + key + `":51`), says: key},
			judgement{name: key + " removed", p: levels("mod", `{`+same+`,"users":{`+people+`}}`), change: open(`,"` + key + `":50`)},
			judgement{name: key + " removed from above one's own", p: levels("mod", `{`+same+`,"users":{`+people+`}}`), change: open(`,"` + key + `":51`), says: key},
			judgement{name: key + " left alone above one's own", p: levels("mod", `{`+same+`,"users":{`+people+`},"`+key+`":51}`), change: open(`,"` + key + `":51`)},
		)
	}
	cases = append(cases, []judgement{
		{name: "events no object", p: levels("boss", `{"events":[]}`), says: "events"},
		{name: "event as text", p: levels("boss", `{"events":{"a":"1"}}`), says: "events"},
		{name: "notifications no object", p: levels("boss", `{"notifications":5}`), says: "notifications"},
		{name: "notification as text", p: levels("boss", `{"notifications":{"a":null}}`), says: "notifications"},
		{name: "users no object", p: levels("boss", `{"users":"x"}`), says: "users"},
		{name: "user as text", p: levels("boss", `{"users":{"@a:b":"1"}}`), says: "users"},
		{name: "user no ID", p: levels("boss", `{"users":{"a":1}}`), says: "not a user ID"},
		{name: "creator among the users", p: levels("boss", `{"users":{"@boss:example.org":100}}`), only: only12, change: first, says: "always has full power"},
		{name: "creator among the users before 12", p: levels("boss", `{"users":{"@boss:example.org":100}}`), only: upTo11, change: first},
		{
			name: "additional creator among the users", p: levels("boss", `{"users":{"@lin:example.org":100}}`), only: only12, says: "@lin:example.org created",
			change: func(r room) {
				r.set(TypeCreate, "", "boss", `{"room_version":"12","additional_creators":["@lin:example.org"]}`)
			},
		},
		{name: "the first levels", p: levels("boss", `{"users":{"@lin:example.org":9007199254740991},"ban":9007199254740991}`), change: first},
		{name: "the first levels by a member", p: levels("lin", `{}`), change: first, says: "50"},

		{name: "nothing changes", p: levels("lin", with(events, notes, people, "")), change: open("")},
		{name: "default ban lowered by who could not ban", p: levels("helper", with(events, notes, people, `,"ban":0`)), change: open(""), says: "ban"},

		{name: "event added", p: levels("helper", with(events+`,"new":20`, notes, people, "")), change: open("")},
		{name: "event added above one's own", p: levels("helper", with(events+`,"new":21`, notes, people, "")), change: open(""), says: `"new"`},
		{name: "event changed", p: levels("helper", with(`"m.room.power_levels":0,"high":60,"low":20`, notes, people, "")), change: open("")},
		{name: "event raised above one's own", p: levels("helper", with(`"m.room.power_levels":0,"high":60,"low":30`, notes, people, "")), change: open(""), says: `"low"`},
		{name: "event lowered from above", p: levels("helper", with(`"m.room.power_levels":0,"high":10,"low":10`, notes, people, "")), change: open(""), says: `"high"`},
		{name: "event removed", p: levels("helper", with(`"m.room.power_levels":0,"high":60`, notes, people, "")), change: open("")},
		{name: "event removed from above", p: levels("helper", with(`"m.room.power_levels":0,"low":10`, notes, people, "")), change: open(""), says: `"high"`},
		{name: "notification lowered from above", p: levels("helper", with(events, `"room":0`, people, "")), change: open(""), says: `"room"`},
		{name: "notification lowered", p: levels("mod", with(events, `"room":0`, people, "")), change: open("")},
		{name: "all notifications removed", p: levels("helper", `{"events":{`+events+`},"users":{`+people+`}}`), change: open(""), says: `"room"`},

		{name: "promote", p: levels("mod", with(events, notes, people+`,"@lin:example.org":50`, "")), change: open("")},
		{name: "promote above oneself", p: levels("mod", with(events, notes, people+`,"@lin:example.org":51`, "")), change: open(""), says: "@lin:example.org power level 51"},
		{name: "promote oneself", p: levels("helper", with(events, notes, `"@mod:example.org":50,"@mod2:example.org":50,"@helper:example.org":21,"@chief:example.org":90`, "")), change: open(""), says: "power level 21"},
		{name: "demote oneself", p: levels("mod", with(events, notes, `"@mod:example.org":0,"@mod2:example.org":50,"@helper:example.org":20,"@chief:example.org":90`, "")), change: open("")},
		{name: "demote an equal", p: levels("mod", with(events, notes, `"@mod:example.org":50,"@mod2:example.org":0,"@helper:example.org":20,"@chief:example.org":90`, "")), change: open(""), says: "role of @mod2:example.org"},
		{name: "remove an equal", p: levels("mod", with(events, notes, `"@mod:example.org":50,"@helper:example.org":20,"@chief:example.org":90`, "")), change: open(""), says: "role of @mod2:example.org"},
		{name: "demote a superior", p: levels("mod", with(events, notes, `"@mod:example.org":50,"@mod2:example.org":50,"@helper:example.org":20,"@chief:example.org":0`, "")), change: open(""), says: "role of @chief:example.org"},
		{name: "demote a lesser", p: levels("mod", with(events, notes, `"@mod:example.org":50,"@mod2:example.org":50,"@helper:example.org":0,"@chief:example.org":90`, "")), change: open("")},
		{name: "all users removed", p: levels("mod", `{`+same+`}`), change: open(""), says: "role of"},
		{name: "creator changes all", p: levels("boss", `{"users":{"@lin:example.org":9007199254740991},"ban":1000}`), change: open(""), only: only12},
		{name: "a creator without a level is a user like others", p: levels("boss", with(events, notes, people+`,"@lin:example.org":50`, "")), change: open(""), only: upTo11, says: "power level 50"},
	}...)
	judge(t, cases)
}

// Power levels mean the same however the client spaced them.
func TestAllowedReadsAnySpacing(t *testing.T) {
	p := stateEvent(TypePowerLevels, "", "mod", `{}`)
	p.Content = json.RawMessage(" { \"users\" : { \"@mod:example.org\" : 100 } } ")
	if err := Allowed(V12, p, office(V12).view); !fault.Forbidden.In(err) {
		t.Errorf("somebody gives themselves power: %v", err)
	}
	p.Content = json.RawMessage(`{"users":{},"users":{}}`)
	if err := Allowed(V12, p, office(V12).view); !fault.BadJSON.In(err) {
		t.Errorf("ambiguous power levels: %v", err)
	}
	join := memberEvent("lin", "lin", `{}`)
	join.Content = json.RawMessage(" { \"membership\" : \"join\" } ")
	if keys := AuthEvents(V12, join); len(keys) != 3 || keys[2].Type != TypeJoinRules {
		t.Errorf("auth events of a join: %v", keys)
	}
}

// A view that fails is not a refusal.
func TestAllowedViewFails(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, p := range []*PDU{
		messageEvent("m.room.message", "lin", `{}`), memberEvent("new", "new", `{"membership":"join"}`),
		memberEvent("new", "new", `{"membership":"knock"}`), memberEvent("lin", "mod", `{"membership":"ban"}`),
		memberEvent("new", "new", `{"membership":"join","join_authorised_via_users_server":"@mod:example.org"}`),
		stateEvent(TypePowerLevels, "", "boss", `{}`),
	} {
		r := office(V12)
		rule("restricted")(r)
		for fail := 0; ; fail++ {
			calls := 0
			err := Allowed(V12, p, func(typ, key string) (*PDU, error) {
				if calls++; calls > fail {
					return nil, broken
				}
				return r.view(typ, key)
			})
			if calls <= fail {
				break
			}
			if !errors.Is(err, broken) {
				t.Errorf("%s %s: call %d fails and Allowed says %v", p.Type, p.Content, fail+1, err)
			}
		}
	}
}

func TestAuthEvents(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *PDU
		want string
	}{
		{"create", stateEvent(TypeCreate, "", "boss", `{}`), ""},
		{"message", messageEvent("m.room.message", "lin", `{}`), "power_levels; member @lin"},
		{"state", stateEvent("m.room.name", "", "lin", `{}`), "power_levels; member @lin"},
		{"join", memberEvent("lin", "lin", `{"membership":"join"}`), "power_levels; member @lin; join_rules"},
		{
			"restricted join", memberEvent("lin", "lin", `{"membership":"join","join_authorised_via_users_server":"@mod:example.org"}`),
			"power_levels; member @lin; member @mod; join_rules",
		},
		{
			"invite", memberEvent("new", "lin", `{"membership":"invite","join_authorised_via_users_server":"@mod:example.org"}`),
			"power_levels; member @lin; member @new; join_rules",
		},
		{"knock", memberEvent("new", "new", `{"membership":"knock"}`), "power_levels; member @new; join_rules"},
		{"kick", memberEvent("lin", "mod", `{"membership":"leave"}`), "power_levels; member @mod; member @lin"},
		{"ban", memberEvent("lin", "mod", `{"membership":"ban"}`), "power_levels; member @mod; member @lin"},
	} {
		for _, v := range Versions() {
			var got []string
			for _, k := range AuthEvents(v, c.p) {
				name := strings.TrimPrefix(k.Type, "m.room.") + " " + strings.TrimSuffix(k.Key, ":example.org")
				got = append(got, strings.TrimSpace(name))
			}
			want := c.want
			if v < V12 && want != "" {
				want = "create; " + want
			}
			if s := strings.Join(got, "; "); s != want {
				t.Errorf("%s in version %v: %s; want %s", c.name, v, s, want)
			}
		}
	}
}

func TestPower(t *testing.T) {
	for _, v := range Versions() {
		r := room{}
		content := createContent(v, "boss")
		content = strings.Replace(content, "{", `{"additional_creators":["@lin:example.org"],`, 1)
		r.set(TypeCreate, "", "boss", content)
		power := func() Power {
			p, err := PowerOf(v, r.view)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		check := func(what string, got, want int64) {
			t.Helper()
			if got != want {
				t.Errorf("version %v: %s is %d, want %d", v, what, got, want)
			}
		}
		infinite := func(otherwise int64) int64 {
			if v == V12 {
				return Infinite
			}
			return otherwise
		}
		p := power()
		check("creator without levels", p.User(user("boss")), infinite(100))
		check("additional creator without levels", p.User(user("lin")), infinite(0))
		for _, levels := range []string{"", `{}`} {
			if levels != "" {
				r.set(TypePowerLevels, "", "boss", levels)
				p = power()
				check("creator with levels", p.User(user("boss")), infinite(0))
			}
			check("user", p.User(user("ken")), 0)
			check("message", p.Send("m.room.message", false), 0)
			check("state", p.Send("m.room.message", true), 50)
			check("invite", p.Invite(), 0)
			check("kick", p.Kick(), 50)
			check("ban", p.Ban(), 50)
			check("redact", p.Redact(), 50)
			check("notify", p.Notify("room"), 50)
		}
		r.set(TypePowerLevels, "", "boss", `{"users":{"@ken:example.org":-5,"@lin:example.org":7},"users_default":1,"events":{"a\"b":2,"天":3},
			"events_default":4,"state_default":5,"invite":6,"kick":7,"ban":8,"redact":9,"notifications":{"room":10}}`)
		p = power()
		check("ken", p.User(user("ken")), -5)
		check("lin", p.User(user("lin")), infinite(7))
		check("anybody", p.User(user("x")), 1)
		check(`a"b`, p.Send(`a"b`, true), 2)
		check("天", p.Send("天", false), 3)
		check("message", p.Send("x", false), 4)
		check("state", p.Send("x", true), 5)
		check("invite", p.Invite(), 6)
		check("kick", p.Kick(), 7)
		check("ban", p.Ban(), 8)
		check("redact", p.Redact(), 9)
		check("notify", p.Notify("room"), 10)
		if !p.MayRedact(user("ken"), user("ken")) || p.MayRedact(user("ken"), user("boss")) || p.MayRedact(user("boss"), user("ken")) != (v == V12) {
			t.Errorf("version %v: redaction goes wrong", v)
		}
	}
}

func BenchmarkAllowed(b *testing.B) {
	r := office(V12)
	p := messageEvent("m.room.encrypted", "lin", `{"ciphertext":"x"}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := Allowed(V12, p, r.view); err != nil {
			b.Fatal(err)
		}
	}
}
