package feed

import (
	"encoding/json"
	"strconv"
)

// AppendJSON appends the answer as json.Marshal would write it, in less time: its events are JSON already, and are not read again.
func (a *Sync) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"next_batch":`...), a.Next)
	b = a.Data.append(append(b, `,"account_data":`...))
	b = append(b, `,"rooms":{"join":{`...)
	first := true
	for id, j := range a.Rooms.Join {
		b = j.append(appendKey(b, &first, string(id)))
	}
	b, first = append(b, `},"invite":{`...), true
	for id, i := range a.Rooms.Invite {
		b = append(i.State.append(append(appendKey(b, &first, string(id)), `{"invite_state":`...)), '}')
	}
	b, first = append(b, `},"knock":{`...), true
	for id, k := range a.Rooms.Knock {
		b = append(k.State.append(append(appendKey(b, &first, string(id)), `{"knock_state":`...)), '}')
	}
	b, first = append(b, `},"leave":{`...), true
	for id, l := range a.Rooms.Leave {
		b = append(l.append(append(appendKey(b, &first, string(id)), '{')), '}')
	}
	b = a.ToDevice.append(append(b, `}},"to_device":`...))
	if a.Lists != nil {
		b = appendAny(append(b, `,"device_lists":`...), a.Lists)
	}
	b = append(a.Presence.append(append(b, `,"presence":`...)), ',')
	if a.keys != nil {
		b = append(b, a.keys...)
	} else {
		b = appendCounts(b, a.OneTime, a.Fallback)
	}
	return append(b, '}')
}

// appendCounts appends what an answer says of the device's keys.
func appendCounts(b []byte, oneTime map[string]int, fallback []string) []byte {
	first := true
	b = append(b, `"device_one_time_keys_count":{`...)
	for algorithm, n := range oneTime {
		b = strconv.AppendInt(appendKey(b, &first, algorithm), int64(n), 10)
	}
	b, first = append(b, `},"device_unused_fallback_key_types":[`...), true
	for _, algorithm := range fallback {
		b = appendText(appendComma(b, &first), algorithm)
	}
	return append(b, ']')
}

func (l eventList) append(b []byte) []byte {
	return append(appendEvents(append(b, `{"events":`...), l.Events), '}')
}

func (l *left) append(b []byte) []byte {
	b = appendEvents(append(b, `"timeline":{"events":`...), l.Timeline.Events)
	b = strconv.AppendBool(append(b, `,"limited":`...), l.Timeline.Limited)
	if l.Timeline.Prev != "" {
		b = appendText(append(b, `,"prev_batch":`...), l.Timeline.Prev)
	}
	b = append(b, '}')
	if l.State != nil {
		b = l.State.append(append(b, `,"state":`...))
	}
	if l.After != nil {
		b = l.After.append(append(b, `,"state_after":`...))
	}
	if l.AfterUnstable != nil {
		b = l.AfterUnstable.append(append(b, `,"org.matrix.msc4222.state_after":`...))
	}
	return l.Data.append(append(b, `,"account_data":`...))
}

func (j *joined) append(b []byte) []byte {
	b = j.left.append(append(b, '{'))
	b = j.Ephemeral.append(append(b, `,"ephemeral":`...))
	if j.Summary != nil {
		b = appendAny(append(b, `,"summary":`...), j.Summary)
	}
	b = j.Unread.append(append(b, `,"unread_notifications":`...))
	if len(j.Threads) > 0 {
		b = append(b, `,"unread_thread_notifications":{`...)
		first := true
		for root, n := range j.Threads {
			b = n.append(appendKey(b, &first, string(root)))
		}
		b = append(b, '}')
	}
	if j.Messages != nil {
		b = appendAny(append(b, `,"org.wardroom.unread":`...), j.Messages)
	}
	return append(b, '}')
}

func (u unread) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"notification_count":`...), int64(u.Notifications), 10)
	b = strconv.AppendInt(append(b, `,"highlight_count":`...), int64(u.Highlights), 10)
	return append(b, '}')
}

func appendEvents(b []byte, events []json.RawMessage) []byte {
	b = append(b, '[')
	for i, e := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e...)
	}
	return append(b, ']')
}

func appendComma(b []byte, first *bool) []byte {
	if !*first {
		b = append(b, ',')
	}
	*first = false
	return b
}

func appendKey(b []byte, first *bool, key string) []byte {
	return append(appendText(appendComma(b, first), key), ':')
}

// appendText appends a string. Identifiers and tokens have nothing in them that is escaped.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendAny(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendAny(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // lists and numbers of ours always have a JSON form
	}
	return append(b, text...)
}
