package account

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// PushRulesType is the type of the account data in which clients find the rules.
const PushRulesType = "m.push_rules"

// Rule says what a person wants to happen when an event meets its conditions.
//
// Spec: client-server API, "Push Rules".
type Rule struct {
	ID         string            `json:"rule_id"`
	Default    bool              `json:"default"`
	Enabled    bool              `json:"enabled"`
	Conditions []Condition       `json:"conditions,omitempty"`
	Pattern    string            `json:"pattern,omitempty"`
	Actions    []json.RawMessage `json:"actions"`
}

// Condition is one condition of a rule. Which fields count depends on Kind.
type Condition struct {
	Kind    string          `json:"kind"`
	Key     string          `json:"key,omitempty"`
	Pattern string          `json:"pattern,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Is      string          `json:"is,omitempty"`
	// Subscribed is whether the person follows the thread that the event is in (MSC4306).
	Subscribed *bool `json:"subscribed,omitempty"`
}

// PushRules are a person's rules by kind; within a kind the first that matches decides.
type PushRules struct {
	Override    []Rule `json:"override"`
	Content     []Rule `json:"content"`
	PostContent []Rule `json:"postcontent,omitempty"` // of threads, and only those that everybody has (MSC4306)
	Room        []Rule `json:"room"`
	Sender      []Rule `json:"sender"`
	Underride   []Rule `json:"underride"`
}

// ruleset is how rules are kept and sent.
type ruleset struct {
	Global PushRules `json:"global"`
}

// Datum is the rules as account data.
func (p PushRules) Datum() Datum {
	content, err := json.Marshal(ruleset{p})
	if err != nil {
		panic(err) // actions and values were valid JSON when they came in
	}
	return Datum{Type: PushRulesType, Content: content}
}

// kind finds the list of a kind; nil for a kind that is none.
func (p *PushRules) kind(name string) *[]Rule {
	switch name {
	case "override":
		return &p.Override
	case "content":
		return &p.Content
	case postContent:
		return &p.PostContent
	case "room":
		return &p.Room
	case "sender":
		return &p.Sender
	case "underride":
		return &p.Underride
	}
	return nil
}

// rule finds one rule, or returns fault.NotFound.
func (p *PushRules) rule(kind, id string) (*Rule, error) {
	if list := p.kind(kind); list != nil {
		if i := slices.IndexFunc(*list, func(r Rule) bool { return r.ID == id }); i >= 0 {
			return &(*list)[i], nil
		}
	}
	return nil, fault.NotFound.New("There is no push rule %s/%s.", kind, id)
}

// PushRules gives s's rules: the defaults until s changed any.
//
// Spec: client-server API, GET /pushrules/.
func (a *Accounts) PushRules(ctx context.Context, s Session) (rules PushRules, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		rules, err = PushRulesOf(v, a.Disk, s)
		return err
	})
	return rules, err
}

// PushRulesOf gives s's rules: the defaults until s changed any.
func PushRulesOf(v stream.View, disk HearingDisk, s Session) (PushRules, error) {
	content, _, err := disk.Datum(v, s.Account, "", PushRulesType)
	if err != nil {
		return PushRules{}, err
	}
	return KeptPushRules(content, s.User)
}

// KeptPushRules reads the rules of who out of their account data; nil stands for the defaults.
func KeptPushRules(content json.RawMessage, who mxid.User) (PushRules, error) {
	if content == nil {
		return DefaultPushRules(who), nil
	}
	var kept ruleset
	err := json.Unmarshal(content, &kept)
	if kept.Global.PostContent == nil { // kept before there were any
		kept.Global.PostContent = threadRules()
	}
	return kept.Global, err
}

// PushRule gives one rule. It returns fault.NotFound where there is none.
//
// Spec: client-server API, GET /pushrules/global/{kind}/{ruleId}.
func (a *Accounts) PushRule(ctx context.Context, s Session, kind, id string) (Rule, error) {
	rules, err := a.PushRules(ctx, s)
	if err != nil {
		return Rule{}, err
	}
	r, err := rules.rule(kind, id)
	if err != nil {
		return Rule{}, err
	}
	return *r, nil
}

// changePushRules applies change to s's rules and keeps the result; all devices of s learn it.
func (a *Accounts) changePushRules(ctx context.Context, s Session, change func(*PushRules) error) error {
	return a.Disk.Do(ctx, func(u stream.Unit) error {
		rules, err := PushRulesOf(u, a.Disk, s)
		if err != nil {
			return err
		}
		if err := change(&rules); err != nil {
			return err
		}
		d := rules.Datum()
		if len(d.Content) > maxDatum {
			return fault.TooLarge.New("All push rules together may have at most %d bytes.", maxDatum)
		}
		_, err = a.Disk.SetDatum(u, s.Account, d, u.Next(stream.Topic(s.User)))
		return err
	})
}

// EnablePushRule switches a rule on or off. It returns fault.NotFound where there is none.
//
// Spec: client-server API, PUT /pushrules/global/{kind}/{ruleId}/enabled.
func (a *Accounts) EnablePushRule(ctx context.Context, s Session, kind, id string, enabled bool) error {
	return a.changePushRules(ctx, s, func(p *PushRules) error {
		r, err := p.rule(kind, id)
		if err == nil {
			r.Enabled = enabled
		}
		return err
	})
}

// SetPushRuleActions replaces what a rule does. It returns fault.NotFound where there is none.
//
// Spec: client-server API, PUT /pushrules/global/{kind}/{ruleId}/actions.
func (a *Accounts) SetPushRuleActions(ctx context.Context, s Session, kind, id string, actions []json.RawMessage) error {
	if actions == nil {
		return fault.MissingParam.New("Say what the rule does in \"actions\".")
	}
	return a.changePushRules(ctx, s, func(p *PushRules) error {
		r, err := p.rule(kind, id)
		if err == nil {
			r.Actions = actions
		}
		return err
	})
}

// PutPushRule adds a rule of s's own or replaces the one with its ID, before or after another own rule where before or
// after is not empty, else before all own rules. It returns fault.InvalidParam for what can not be a rule and fault.NotFound
// for a neighbour that is not there.
//
// Spec: client-server API, PUT /pushrules/global/{kind}/{ruleId}.
func (a *Accounts) PutPushRule(ctx context.Context, s Session, kind string, r Rule, before, after string) error {
	if err := r.check(kind); err != nil {
		return err
	}
	r.Default, r.Enabled = false, true
	return a.changePushRules(ctx, s, func(p *PushRules) error {
		list := p.kind(kind)
		old := slices.IndexFunc(*list, func(o Rule) bool { return o.ID == r.ID })
		if old >= 0 {
			r.Enabled = (*list)[old].Enabled
			if before == "" && after == "" {
				(*list)[old] = r
				return nil
			}
			*list = slices.Delete(*list, old, old+1)
		}
		at := 0
		if neighbour := before + after; neighbour != "" {
			at = slices.IndexFunc(*list, func(o Rule) bool { return o.ID == neighbour && !o.Default })
			if at < 0 {
				return fault.NotFound.New("There is no push rule %s/%s of yours to put this one beside.", kind, neighbour)
			}
			if after != "" {
				at++
			}
		} else if kind == "override" && len(*list) > 0 && (*list)[0].ID == ".m.rule.master" {
			at = 1 // nothing goes before the switch for everything
		}
		*list = slices.Insert(*list, at, r)
		return nil
	})
}

// check says why r can not be a rule of that kind.
func (r *Rule) check(kind string) error {
	switch {
	case (&PushRules{}).kind(kind) == nil:
		return fault.InvalidParam.New("There is no kind of push rule called %q.", kind)
	case kind == postContent:
		return fault.InvalidParam.New("There are no rules of one's own of the kind %q.", kind)
	case r.ID == "" || strings.HasPrefix(r.ID, ".") || strings.ContainsAny(r.ID, `/\`):
		return fault.InvalidParam.New("A rule's ID may not start with a dot nor contain a slash.")
	case r.Actions == nil:
		return fault.MissingParam.New("Say what the rule does in \"actions\".")
	case kind == "content" && r.Pattern == "":
		return fault.MissingParam.New("A content rule needs a \"pattern\".")
	}
	return nil
}

// DeletePushRule removes a rule of s's own. It returns fault.NotFound where there is none; defaults can only be disabled.
//
// Spec: client-server API, DELETE /pushrules/global/{kind}/{ruleId}.
func (a *Accounts) DeletePushRule(ctx context.Context, s Session, kind, id string) error {
	return a.changePushRules(ctx, s, func(p *PushRules) error {
		r, err := p.rule(kind, id)
		if err != nil {
			return err
		}
		if r.Default {
			return fault.InvalidParam.New("This rule belongs to Matrix. You can switch it off, but not remove it.")
		}
		list := p.kind(kind)
		*list = slices.DeleteFunc(*list, func(o Rule) bool { return o.ID == id })
		return nil
	})
}

// What default rules do.
var (
	notify    = []json.RawMessage{[]byte(`"notify"`)}
	sound     = []json.RawMessage{[]byte(`"notify"`), []byte(`{"set_tweak":"sound","value":"default"}`)}
	highlight = []json.RawMessage{[]byte(`"notify"`), []byte(`{"set_tweak":"sound","value":"default"}`), []byte(`{"set_tweak":"highlight"}`)}
	loud      = []json.RawMessage{[]byte(`"notify"`), []byte(`{"set_tweak":"highlight"}`)}
	ring      = []json.RawMessage{[]byte(`"notify"`), []byte(`{"set_tweak":"sound","value":"ring"}`)}
	nothing   = []json.RawMessage{}
)

// DefaultPushRules are the rules that everybody starts with.
//
// Spec: client-server API, "Predefined Rules".
func DefaultPushRules(who mxid.User) PushRules {
	is := func(key, pattern string) Condition { return Condition{Kind: "event_match", Key: key, Pattern: pattern} }
	has := func(key string, value any) Condition {
		data, err := json.Marshal(value)
		if err != nil {
			panic(err) // values are the constants below, and an identifier
		}
		return Condition{Kind: "event_property_is", Key: key, Value: data}
	}
	pair := Condition{Kind: "room_member_count", Is: "2"}
	rule := func(id string, actions []json.RawMessage, when ...Condition) Rule {
		return Rule{ID: id, Default: true, Enabled: true, Conditions: when, Actions: actions}
	}
	master := rule(".m.rule.master", nothing)
	master.Enabled = false
	mention, err := json.Marshal(who)
	if err != nil {
		panic(err) // an identifier is a string
	}
	return PushRules{
		Override: []Rule{
			master,
			rule(".m.rule.suppress_notices", nothing, is("content.msgtype", "m.notice")),
			rule(".m.rule.invite_for_me", sound, is("type", "m.room.member"), is("content.membership", "invite"), is("state_key", string(who))),
			rule(".m.rule.member_event", nothing, is("type", "m.room.member")),
			rule(".m.rule.is_user_mention", highlight, Condition{Kind: "event_property_contains", Key: `content.m\.mentions.user_ids`, Value: mention}),
			rule(".m.rule.is_room_mention", loud, has(`content.m\.mentions.room`, true), Condition{Kind: "sender_notification_permission", Key: "room"}),
			rule(".m.rule.tombstone", loud, is("type", "m.room.tombstone"), is("state_key", "")),
			rule(".m.rule.reaction", nothing, is("type", "m.reaction")),
			rule(".m.rule.room.server_acl", nothing, is("type", "m.room.server_acl"), is("state_key", "")),
			rule(".m.rule.suppress_edits", nothing, has(`content.m\.relates_to.rel_type`, "m.replace")),
		},
		Content:     []Rule{},
		PostContent: threadRules(),
		Room:        []Rule{},
		Sender:      []Rule{},
		Underride: []Rule{
			rule(".m.rule.call", ring, is("type", "m.call.invite")),
			rule(".m.rule.encrypted_room_one_to_one", sound, pair, is("type", "m.room.encrypted")),
			rule(".m.rule.room_one_to_one", sound, pair, is("type", "m.room.message")),
			rule(".m.rule.message", notify, is("type", "m.room.message")),
			rule(".m.rule.encrypted", notify, is("type", "m.room.encrypted")),
		},
	}
}

// postContent is the kind of the rules of threads, and threadSubscription the kind of their condition.
const (
	postContent        = "postcontent"
	threadSubscription = "io.element.msc4306.thread_subscription"
)

// threadRules tell of threads that somebody follows. The rule that keeps all other threads quiet is there and off: most clients
// subscribe to nothing, and with it on their people would hear of no thread at all. Who has clients that do switches it on.
//
// Spec: MSC4306, "New Push Rules".
func threadRules() []Rule {
	rule := func(id string, enabled, subscribed bool, actions []json.RawMessage) Rule {
		return Rule{ID: ".io.element.msc4306.rule." + id, Default: true, Enabled: enabled, Actions: actions,
			Conditions: []Condition{{Kind: threadSubscription, Subscribed: &subscribed}}}
	}
	return []Rule{rule("unsubscribed_thread", false, false, nothing), rule("subscribed_thread", true, true, sound)}
}
