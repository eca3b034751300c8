package account

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Heard is what the server knows of an event that somebody might be notified of. What an encrypted event says it does not know.
type Heard struct {
	Type   string
	Room   mxid.Room
	Sender mxid.User
	Joined int         // how many people are in the room; NotCounted where nobody has looked
	Says   event.Value // the event, where it is not encrypted; else nil
	Thread Thread
	// Power, if set, reports whether the sender has the power to notify the room under a key, such as "room".
	Power func(key string) bool
}

// Thread is what an event is to the threads of a room.
type Thread int

const (
	NoThread     Thread = iota // it is in none
	Unsubscribed               // it is in one that the person does not follow
	Subscribed                 // it is in one that they follow
)

// NotCounted stands for a number of people that has not been looked up.
const NotCounted = -1

// Verdict is what somebody's push rules make of an event. Nothing is a highlight that notifies nobody.
type Verdict struct{ Notify, Highlight bool }

// answer is whether something holds.
type answer int

const (
	no answer = iota
	perhaps
	yes
)

// Tells gives what the rules make of e, as far as that can be known without what an encrypted event says: a condition on what is
// not in e does not hold. So a room that was muted and the master switch keep everything quiet, and a room of which only mentions are
// wanted what is encrypted there, since the server sees no mention. known is false where it depends on e.Joined, which is NotCounted.
//
// Spec: client-server API, "Push Rules".
func (p PushRules) Tells(e Heard) (is Verdict, known bool) {
	first := true // no rule was met, not even perhaps
	for _, list := range [...]struct {
		rules []Rule
		meets func(*Rule) answer
	}{
		{p.Override, e.meets},
		{p.Content, func(r *Rule) answer { return holds(e.says("content.body", r.Pattern)) }},
		{p.PostContent, e.meets},
		{p.Room, func(r *Rule) answer { return holds(r.ID == string(e.Room)) }},
		{p.Sender, func(r *Rule) answer { return holds(r.ID == string(e.Sender)) }},
		{p.Underride, e.meets},
	} {
		for i := range list.rules {
			r := &list.rules[i]
			if !r.Enabled {
				continue
			}
			met := list.meets(r)
			if met == no {
				continue
			}
			if v := r.verdict(); first {
				is, first = v, false
			} else if v != is {
				return Verdict{}, false
			}
			if met == yes {
				return is, true
			}
		}
	}
	return is, is == Verdict{} // where no rule decides, nobody is notified
}

// AsksSender reports whether what the rules make of what is encrypted may depend on who sent it.
func (p PushRules) AsksSender() bool {
	on := func(r Rule) bool { return r.Enabled }
	asks := func(r Rule) bool {
		return r.Enabled && slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.Key == "sender" })
	}
	return slices.ContainsFunc(p.Sender, on) || slices.ContainsFunc(p.Override, asks) || slices.ContainsFunc(p.Underride, asks)
}

// verdict is what r says of what meets it.
func (r *Rule) verdict() (v Verdict) {
	for _, a := range r.Actions {
		switch string(a) {
		case `"notify"`, `"coalesce"`:
			v.Notify = true
			continue
		}
		if !bytes.Contains(a, []byte("highlight")) && !bytes.Contains(a, []byte{'\\'}) {
			continue // it is no tweak that counts here; most are of a sound
		}
		var tweak struct {
			Set   string `json:"set_tweak"`
			Value *bool  `json:"value"`
		}
		if json.Unmarshal(a, &tweak) == nil && tweak.Set == "highlight" {
			v.Highlight = tweak.Value == nil || *tweak.Value
		}
	}
	v.Highlight = v.Highlight && v.Notify
	return v
}

func holds(ok bool) answer {
	if ok {
		return yes
	}
	return no
}

// meets says whether e meets all conditions of r.
func (e Heard) meets(r *Rule) answer {
	all := yes
	for _, c := range r.Conditions {
		is := no
		switch c.Kind {
		case "event_match":
			is = holds(e.says(c.Key, c.Pattern))
		case "event_property_is":
			is = holds(same(e.field(c.Key), c.Value))
		case "event_property_contains":
			for item := range e.field(c.Key).Items() {
				is = max(is, holds(same(item, c.Value)))
			}
		case "sender_notification_permission":
			is = holds(e.Power != nil && e.Power(c.Key))
		case threadSubscription:
			is = holds(c.Subscribed != nil && (*c.Subscribed && e.Thread == Subscribed || !*c.Subscribed && e.Thread == Unsubscribed))
		case "room_member_count":
			if is = perhaps; e.Joined != NotCounted {
				is = holds(c.counts(e.Joined))
			}
		}
		if all = min(all, is); all == no {
			break
		}
	}
	return all
}

// field finds a field by its path: keys with dots between them; a dot in a key has a backslash before it, and so has a backslash.
func (e Heard) field(path string) event.Value {
	v, key := e.Says, []byte(nil)
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '.':
			v, key = v.Get(string(key)), key[:0]
		case c == '\\' && i+1 < len(path) && (path[i+1] == '.' || path[i+1] == '\\'):
			i++
			key = append(key, path[i])
		default:
			key = append(key, c)
		}
	}
	return v.Get(string(key))
}

// says reports whether the text at path fits pattern: the whole of it, of what is written in a message some words.
func (e Heard) says(path, pattern string) bool {
	switch path {
	case "room_id":
		return fits(pattern, string(e.Room))
	case "type":
		return fits(pattern, e.Type)
	case "sender":
		return fits(pattern, string(e.Sender))
	}
	text := e.field(path)
	switch {
	case !text.IsString():
		return false
	case path == "content.body":
		return hasWords(text.Text(), pattern)
	}
	return fits(pattern, text.Text())
}

// hasWords reports whether words in text fit pattern.
func hasWords(text, pattern string) bool {
	glob := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	words, err := regexp.Compile(`(?is)(^|\W)` + glob + `(\W|$)`)
	return err == nil && words.MatchString(text) // a pattern that is too large fits nothing
}

// same reports whether two JSON values that are no object and no list are the same.
func same(v event.Value, want json.RawMessage) bool {
	if len(v) == 0 || v.IsObject() || v.IsList() {
		return false
	}
	var a, b any
	return json.Unmarshal(v, &a) == nil && json.Unmarshal(want, &b) == nil && reflect.DeepEqual(a, b)
}

// counts reports whether n is as a room_member_count condition wants it: "2", "==2", "<2", ">2", "<=2" or ">=2".
func (c Condition) counts(n int) bool {
	digits := strings.TrimLeft(c.Is, "<>=")
	want, err := strconv.Atoi(digits)
	if err != nil {
		return false
	}
	switch strings.TrimSuffix(c.Is, digits) {
	case "", "==":
		return n == want
	case "<":
		return n < want
	case ">":
		return n > want
	case "<=":
		return n <= want
	case ">=":
		return n >= want
	}
	return false
}

// fits reports whether text fits pattern, in which "*" stands for any text and "?" for one character; letters may be large or small.
func fits(pattern, text string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return strings.EqualFold(pattern, text)
	}
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(text))
	star, from, i := -1, 0, 0 // the last "*", and where what it stands for ends
	for n := 0; n < len(t); {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, n
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[n]):
			i++
			n++
		case star >= 0:
			from++
			i, n = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// HearingDisk is what PushRulesOf and IgnoredBy read.
type HearingDisk interface {
	Datum(v stream.View, a No, room mxid.Room, typ string) (content json.RawMessage, ok bool, err error)
	PersonByID(v stream.View, who mxid.User) (p Person, ok bool, err error)
}

// Ignored are people whom somebody ignores: their accounts, 0 for who is not here.
type Ignored map[mxid.User]No

// Has reports whether who is ignored.
func (i Ignored) Has(who mxid.User) bool {
	_, has := i[who]
	return has
}

// IgnoredType is the type of the account data with the people whom somebody ignores.
const IgnoredType = "m.ignored_user_list"

// IgnoredIn reads whom a person ignores out of their account data, which may be nil. Nobody ignores themselves.
func IgnoredIn(content json.RawMessage, self mxid.User) map[mxid.User]json.RawMessage {
	var list struct {
		Users map[mxid.User]json.RawMessage `json:"ignored_users"`
	}
	if content == nil || json.Unmarshal(content, &list) != nil { // a client's own mistake; nobody is ignored by it
		return nil
	}
	delete(list.Users, self)
	return list.Users
}

// IgnoredBy gives the people whom s ignores. Nobody ignores themselves.
//
// Spec: client-server API, "Ignoring Users".
func IgnoredBy(v stream.View, disk HearingDisk, s Session) (Ignored, error) {
	content, _, err := disk.Datum(v, s.Account, "", IgnoredType)
	if err != nil {
		return nil, err
	}
	users := IgnoredIn(content, s.User)
	ignored := make(Ignored, len(users))
	for user := range users {
		p, _, err := disk.PersonByID(v, user)
		if err != nil {
			return nil, err
		}
		ignored[user] = p.No
	}
	return ignored, nil
}
