package room

import (
	"encoding/json"
	"slices"
	"strings"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// Filter says which events of a room somebody wants. The zero Filter takes all.
//
// Spec: client-server API, "Filtering", RoomEventFilter.
type Filter struct {
	Limit       int          `json:"limit"`
	Types       *[]string    `json:"types"`
	NotTypes    []string     `json:"not_types"`
	Senders     *[]mxid.User `json:"senders"`
	NotSenders  []mxid.User  `json:"not_senders"`
	Rooms       *[]mxid.Room `json:"rooms"`
	NotRooms    []mxid.Room  `json:"not_rooms"`
	ContainsURL *bool        `json:"contains_url"`

	RelatedByTypes   []string    `json:"related_by_rel_types"`
	RelatedBySenders []mxid.User `json:"related_by_senders"`

	Format string `json:"event_format"` // "federation" for events as they are stored: an addition of this server

	LazyMembers      bool `json:"lazy_load_members"`
	RedundantMembers bool `json:"include_redundant_members"`
	ThreadCounts     bool `json:"unread_thread_notifications"`
}

// ParseFilter reads a filter. It returns fault.NotJSON or fault.BadJSON for what is none.
func ParseFilter(text []byte) (Filter, error) {
	var f Filter
	if !json.Valid(text) {
		return f, fault.NotJSON.New("The filter is not valid JSON.")
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return Filter{}, fault.BadJSON.Wrap(err, "The filter has a field of the wrong type.")
	}
	return f, nil
}

// Room reports whether events of the room are wanted at all.
func (f *Filter) Room(id mxid.Room) bool {
	return !slices.Contains(f.NotRooms, id) && (f.Rooms == nil || slices.Contains(*f.Rooms, id))
}

// Match reports whether e is wanted, as far as e itself can tell. What relates to it only the store knows: see Related.
func (f *Filter) Match(e *Event) bool {
	if (f.Types != nil || f.NotTypes != nil) && !f.MatchType(e.Get("type").Text()) {
		return false
	}
	if f.Senders != nil || f.NotSenders != nil {
		sender := mxid.User(e.Get("sender").Text())
		if slices.Contains(f.NotSenders, sender) || f.Senders != nil && !slices.Contains(*f.Senders, sender) {
			return false
		}
	}
	return f.ContainsURL == nil || *f.ContainsURL == e.Content("url").IsString()
}

// MatchType reports whether events of the type are wanted.
func (f *Filter) MatchType(typ string) bool {
	fits := func(pattern string) bool { return glob(pattern, typ) }
	return !slices.ContainsFunc(f.NotTypes, fits) && (f.Types == nil || slices.ContainsFunc(*f.Types, fits))
}

// Related reports whether the filter asks what relates to an event.
func (f *Filter) Related() bool { return len(f.RelatedByTypes)+len(f.RelatedBySenders) > 0 }

// MatchRelated reports whether one of children, which relate to an event, makes that event wanted.
func (f *Filter) MatchRelated(children []Event) bool {
	return slices.ContainsFunc(children, func(e Event) bool {
		return (len(f.RelatedByTypes) == 0 || slices.Contains(f.RelatedByTypes, e.Relation)) &&
			(len(f.RelatedBySenders) == 0 || slices.Contains(f.RelatedBySenders, mxid.User(event.Value(e.JSON).Get("sender").Text())))
	})
}

// glob reports whether text fits pattern, in which each "*" stands for any text.
func glob(pattern, text string) bool {
	head, rest, found := strings.Cut(pattern, "*")
	if !found {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, head)
	for ok {
		var part string
		part, rest, found = strings.Cut(rest, "*")
		if !found {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part)
	}
	return false
}
