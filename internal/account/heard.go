package account

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Heard is what the server knows of an event that somebody might be notified of. What an encrypted event says it does not know.
type Heard struct {
	Type   string
	Room   mxid.Room
	Sender mxid.User
	Joined int // how many people are in the room
}

// Tells reports whether the rules want somebody to be notified of e, as far as that can be known without what e says: a condition
// on anything else than Heard holds does not hold. So a room that was muted and the master switch keep everything quiet, and a room of
// which only mentions are wanted too, since the server sees no mention.
//
// Spec: client-server API, "Push Rules".
func (p PushRules) Tells(e Heard) bool {
	for _, list := range [...]struct {
		rules   []Rule
		matches func(*Rule) bool
	}{
		{p.Override, e.meets},
		{p.Room, func(r *Rule) bool { return r.ID == string(e.Room) }},
		{p.Sender, func(r *Rule) bool { return r.ID == string(e.Sender) }},
		{p.Underride, e.meets},
	} {
		for i := range list.rules {
			if r := &list.rules[i]; r.Enabled && list.matches(r) {
				return slices.ContainsFunc(r.Actions, func(a json.RawMessage) bool { return string(a) == `"notify"` || string(a) == `"coalesce"` })
			}
		}
	}
	return false
}

// meets reports whether e meets all conditions of r.
func (e Heard) meets(r *Rule) bool {
	for _, c := range r.Conditions {
		ok := false
		switch {
		case c.Kind == "event_match" && c.Key == "room_id":
			ok = fits(c.Pattern, string(e.Room))
		case c.Kind == "event_match" && c.Key == "type":
			ok = fits(c.Pattern, e.Type)
		case c.Kind == "event_match" && c.Key == "sender":
			ok = fits(c.Pattern, string(e.Sender))
		case c.Kind == "room_member_count":
			ok = c.counts(e.Joined)
		}
		if !ok {
			return false
		}
	}
	return true
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

// IgnoredBy gives the people whom s ignores. Nobody ignores themselves.
//
// Spec: client-server API, "Ignoring Users".
func IgnoredBy(v stream.View, disk HearingDisk, s Session) (Ignored, error) {
	content, ok, err := disk.Datum(v, s.Account, "", "m.ignored_user_list")
	if err != nil || !ok {
		return nil, err
	}
	var list struct {
		Users map[mxid.User]json.RawMessage `json:"ignored_users"`
	}
	if json.Unmarshal(content, &list) != nil { // a client's own mistake; nobody is ignored by it
		return nil, nil
	}
	delete(list.Users, s.User)
	ignored := make(Ignored, len(list.Users))
	for user := range list.Users {
		p, _, err := disk.PersonByID(v, user)
		if err != nil {
			return nil, err
		}
		ignored[user] = p.No
	}
	return ignored, nil
}
