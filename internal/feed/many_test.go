package feed_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Of many rooms, more than are read at once, somebody is told what they would be told of each alone.
func TestManyRoomsAreToldAsEachAlone(t *testing.T) {
	o := open(t, 3, 70)
	me := o.people[0]
	for i, in := range o.rooms {
		var last mxid.Event
		for n := range i % 4 { // some are longer than others
			last = o.say(t, o.people[1+n%2], in, fmt.Sprint(i, ".", n))
		}
		switch i % 5 {
		case 3:
			if last != "" {
				_, err := o.Rooms.Send(t.Context(), o.people[1], in, "m.room.encrypted", "answer",
					[]byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x","m.relates_to":{"event_id":"`+string(last)+`","rel_type":"m.thread"}}`))
				must(t, err)
			}
		case 1:
			must(t, o.Rooms.Leave(t.Context(), o.people[1], in, ""))
		case 2:
			must(t, o.Receive(t.Context(), me, in, feed.Receipt{Type: feed.Read, Event: o.say(t, me, in, "read")}))
		}
	}
	sync := func(only string) map[string]any {
		filter, err := feed.ParseFilter([]byte(`{"room":{` + only + `"timeline":{"limit":3},"state":{"lazy_load_members":true}}}`))
		must(t, err)
		answer, err := o.Sync(t.Context(), me, feed.Request{Filter: filter})
		must(t, err)
		var joined struct {
			Rooms struct {
				Join map[string]any `json:"join"`
			} `json:"rooms"`
		}
		must(t, json.Unmarshal(answer.AppendJSON(nil), &joined))
		return timeless(joined.Rooms.Join).(map[string]any)
	}
	slide := func(rooms ...mxid.Room) map[string]any {
		req := feed.SlideRequest{Rooms: map[mxid.Room]feed.Config{}}
		for _, id := range rooms {
			var c feed.Config
			must(t, json.Unmarshal([]byte(`{"timeline_limit":3,"required_state":[["m.room.member","$LAZY"],["m.room.member","$ME"],["m.room.encryption",""]]}`), &c))
			req.Rooms[id] = c
		}
		answer, err := o.Slide(t.Context(), me, req)
		must(t, err)
		text, err := json.Marshal(answer.Rooms)
		must(t, err)
		var all map[string]any
		must(t, json.Unmarshal(text, &all))
		return timeless(all).(map[string]any)
	}
	together, slid := sync(""), slide(o.rooms...)
	if len(together) != len(o.rooms) || len(slid) != len(o.rooms) {
		t.Fatalf("%d and %d rooms of %d", len(together), len(slid), len(o.rooms))
	}
	for _, id := range o.rooms {
		if alone := sync(`"rooms":["` + string(id) + `"],`); !reflect.DeepEqual(alone[string(id)], together[string(id)]) {
			t.Errorf("with others: %v\nalone: %v", together[string(id)], alone[string(id)])
		}
		if alone := slide(id); !reflect.DeepEqual(alone[string(id)], slid[string(id)]) {
			t.Errorf("with others: %v\nalone: %v", slid[string(id)], alone[string(id)])
		}
	}
	if text := fmt.Sprint(together[string(o.rooms[3])]); !strings.Contains(text, "m.relations") {
		t.Errorf("a thread is not told with its root: %s", text)
	}
	// As the store is asked for one room at a time.
	must(t, o.Disk.View(t.Context(), func(v stream.View) error {
		for _, id := range []mxid.Room{o.rooms[0], o.rooms[69]} {
			st, _, err := o.Disk.Stay(v, me.User, id)
			must(t, err)
			events, err := o.Disk.Timeline(v, st.Room, 0, v.Upto()[0], true, 3)
			must(t, err)
			slices.Reverse(events)
			var want, got []mxid.Event
			for _, e := range events {
				want = append(want, e.ID)
			}
			for _, e := range together[string(id)].(map[string]any)["timeline"].(map[string]any)["events"].([]any) {
				got = append(got, mxid.Event(e.(map[string]any)["event_id"].(string)))
			}
			if !slices.Equal(got, want) {
				t.Errorf("the newest events are %v, and told were %v", want, got)
			}
		}
		return nil
	}))
}

// timeless is v without the ages of events.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "age")
		for _, member := range v {
			timeless(member)
		}
	case []any:
		for _, item := range v {
			timeless(item)
		}
	}
	return v
}
