package account_test

import (
	"encoding/json"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/event"
)

func TestWhatPushRulesTellOfWhatTheServerCanNotRead(t *testing.T) {
	actions := func(texts ...string) (all []json.RawMessage) {
		for _, text := range texts {
			all = append(all, json.RawMessage(text))
		}
		return all
	}
	secret := account.Heard{Type: "m.room.encrypted", Room: "!quay:wardroom.test", Sender: "@mei:wardroom.test", Joined: 5}
	on := func(kind, key, pattern string) account.Condition {
		return account.Condition{Kind: kind, Key: key, Pattern: pattern}
	}
	members := func(is string) account.Condition { return account.Condition{Kind: "room_member_count", Is: is} }
	own := func(acts []json.RawMessage, when ...account.Condition) account.Rule {
		return account.Rule{ID: "mine", Enabled: true, Conditions: when, Actions: acts}
	}
	muted := own(nil, on("event_match", "room_id", "!quay:wardroom.test"))
	for what, c := range map[string]struct {
		change func(*account.PushRules)
		e      account.Heard
		want   bool
	}{
		"by default":           {func(*account.PushRules) {}, secret, true},
		"an open announcement": {func(*account.PushRules) {}, account.Heard{Type: "m.room.message", Room: secret.Room, Joined: 2}, true},
		"something else":       {func(*account.PushRules) {}, account.Heard{Type: "m.sticker", Room: secret.Room}, false},
		"the master switch":    {func(p *account.PushRules) { p.Override[0].Enabled = true }, secret, false},
		"a muted room":         {func(p *account.PushRules) { p.Override = append(p.Override, muted) }, secret, false},
		"another muted room":   {func(p *account.PushRules) { p.Override = append(p.Override, muted) }, account.Heard{Type: secret.Type, Room: "!tide:wardroom.test"}, true},
		"a mute switched off": {func(p *account.PushRules) {
			off := muted
			off.Enabled = false
			p.Override = append(p.Override, off)
		}, secret, true},
		"mentions alone": {func(p *account.PushRules) {
			p.Room = []account.Rule{{ID: string(secret.Room), Enabled: true, Actions: actions(`"dont_notify"`)}}
		}, secret, false},
		"the first that matches": {func(p *account.PushRules) {
			p.Override = append([]account.Rule{own(actions(`"notify"`), on("event_match", "sender", "@MEI:*"))}, append(p.Override, muted)...)
		}, secret, true},
		"somebody": {func(p *account.PushRules) {
			p.Sender = []account.Rule{{ID: string(secret.Sender), Enabled: true}}
		}, secret, false},
		"mentions in general": {func(p *account.PushRules) {
			for i := range p.Underride {
				p.Underride[i].Actions = nil
			}
		}, secret, false},
		"a sound alone": {func(p *account.PushRules) { p.Underride = []account.Rule{own(actions(`{"set_tweak":"sound"}`))} }, secret, false},
		"words": {func(p *account.PushRules) {
			p.Override = []account.Rule{own(nil, on("event_match", "content.body", "*"))}
		}, secret, true},
		"a condition of others": {func(p *account.PushRules) { p.Override = []account.Rule{own(nil, on("org.example.moon", "", ""))} }, secret, true},
		"many":                  {func(p *account.PushRules) { p.Override = []account.Rule{own(nil, members(">=5"))} }, secret, false},
		"few":                   {func(p *account.PushRules) { p.Override = []account.Rule{own(nil, members("<5"))} }, secret, true},
		"no number":             {func(p *account.PushRules) { p.Override = []account.Rule{own(nil, members("5>"))} }, secret, true},
		"a pattern": {func(p *account.PushRules) {
			p.Override = []account.Rule{own(nil, on("event_match", "room_id", "!q?ay:*.test"))}
		}, secret, false},
		"half of a pattern": {func(p *account.PushRules) {
			p.Override = []account.Rule{own(nil, on("event_match", "room_id", "!q*y"))}
		}, secret, true},
	} {
		rules := account.DefaultPushRules("@lin:wardroom.test")
		c.change(&rules)
		got, known := rules.Tells(c.e)
		if got.Notify != c.want || !known {
			t.Errorf("%s: told %v, known %v, want %v", what, got, known, c.want)
		}
		// Whatever can be said without counting people is what is said when they are counted.
		uncounted := c.e
		uncounted.Joined = account.NotCounted
		if early, known := rules.Tells(uncounted); known && early != got || !known && early != (account.Verdict{}) {
			t.Errorf("%s: without a count told %v, known %v, with one %v", what, early, known, got)
		}
	}
}

func TestWhatPushRulesTellOfWhatIsOpen(t *testing.T) {
	rules := account.DefaultPushRules("@lin:wardroom.test")
	rules.Content = []account.Rule{{ID: "tide", Enabled: true, Pattern: "t?de*s", Actions: []json.RawMessage{[]byte(`"notify"`), []byte(`{"set_tweak":"highlight"}`)}}}
	rules.Underride = append([]account.Rule{{ID: "soft", Enabled: true, Actions: []json.RawMessage{[]byte(`"notify"`), []byte(`{"set_tweak":"highlight","value":false}`)},
		Conditions: []account.Condition{{Kind: "event_match", Key: `content.a\\b\.c.d`, Pattern: "H?LLO"}}}}, rules.Underride...)
	for content, want := range map[string]account.Verdict{
		`{"body":"hello","msgtype":"m.text"}`:                                                {Notify: true},
		`{"body":"hello","msgtype":"m.notice"}`:                                              {},
		`{"body":"x","m.mentions":{"user_ids":["@mei:wardroom.test","@lin:wardroom.test"]}}`: {Notify: true, Highlight: true},
		`{"body":"x","m.mentions":{"user_ids":["@mei:wardroom.test"]}}`:                      {Notify: true},
		`{"body":"x","m.mentions":{"user_ids":"@lin:wardroom.test"}}`:                        {Notify: true},
		`{"body":"x","m.mentions":{"room":true}}`:                                            {Notify: true, Highlight: true},
		`{"body":"x","m.mentions":{"room":"true"}}`:                                          {Notify: true},
		`{"body":"x","m.relates_to":{"rel_type":"m.replace"}}`:                               {},
		`{"body":"mind the TIDEs, all"}`:                                                     {Notify: true, Highlight: true},
		`{"body":"Tide and more tides."}`:                                                    {Notify: true, Highlight: true},
		`{"body":"untides"}`:                                                                 {Notify: true},
		`{"body":7}`:                                                                         {Notify: true},
		`{"a\\b.c":{"d":"hello"},"body":"x"}`:                                                {Notify: true},
	} {
		e := account.Heard{Type: "m.room.message", Sender: "@mei:wardroom.test", Joined: 5, Says: event.Value(`{"content":` + content + `}`),
			Power: func(key string) bool { return key == "room" }}
		if got, known := rules.Tells(e); got != want || !known {
			t.Errorf("%s: told %v, known %v, want %v", content, got, known, want)
		}
		e.Power = func(string) bool { return false }
		if got, _ := rules.Tells(e); content == `{"body":"x","m.mentions":{"room":true}}` && got.Highlight {
			t.Error("who has no power to notify a room did")
		}
	}
}
