package feed

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func FuzzParseToken(f *testing.F) {
	for _, s := range []string{"s0", "s42.0", "s42_7.1z", "s1.", "s1.-5", "s1.2.3", ".1", "s1.zzzzzzzzzzzzzzz", "s1._1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token, err := ParseToken(s)
		if err != nil {
			if !errors.Is(err, stream.ErrToken) {
				t.Errorf("%q is refused with %v", s, err)
			}
			return
		}
		if again, err := ParseToken(token.String()); err != nil || !reflect.DeepEqual(again, token) {
			t.Errorf("%v, written and read again, is %v, %v", token, again, err)
		}
		if plain, err := stream.ParseToken(strings.Split(token.String(), ".")[0]); err != nil || !slices.Equal(plain, token.Token) {
			t.Errorf("up to its dot %v is %v, %v", token, plain, err)
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `null`, ` {"room":{"timeline":{"limit":20}}}`, `{"room":{"rooms":[],"not_rooms":["!a:b"]}}`, `{"event_format":"federation"}`,
		`{"event_format":"xml"}`, `{"room":{"timeline":{"limit":-1}}}`, `{"room":{"timeline":{"limit":1e99}}}`, `{"room":{"state":{"lazy_load_members":true}}}`,
		`{"presence":{"types":[]},"account_data":{"types":["m.*"],"not_types":["*"]}}`, `{"room":7}`, `{"room":{"rooms":null}}`, "{\"room\":\"\xff\"}",
	} {
		f.Add(s, "!a:b")
	}
	f.Fuzz(func(t *testing.T, s, room string) {
		filter, err := ParseFilter([]byte(s))
		var refusal *fault.Fault
		if err != nil {
			if !errors.As(err, &refusal) || refusal.Code.Status != 400 {
				t.Errorf("%q is refused with %v", s, err)
			}
			return
		}
		if n := filter.limit(); n < 1 || n > maxTimeline {
			t.Errorf("%q wants %d events of each room", s, n)
		}
		id := mxid.Room(room)
		if filter.Room.NotRooms = append(filter.Room.NotRooms, id); filter.Room.room(id) {
			t.Errorf("%q still wants a room that was excluded", s)
		}
		filter.AccountData.MatchType(room)
		filter.lazy()
	})
}

func FuzzSlideRequest(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `{"lists":{"a":{"ranges":[[0,19]],"timeline_limit":1,"required_state":[["m.room.member","$LAZY"],["*","*"],["a","$ME"]],"filters":{"is_dm":true,"room_types":[null,"x"]}}}}`,
		`{"lists":{"a":{"range":[3,1]},"b":{"ranges":[[1]]},"c":{"ranges":null,"required_state":null}}}`, `{"rooms":{"!a:b":{"timeline_limit":-1}}}`,
		`{"rooms":{"x":{"required_state":{"include":[{},{"type":"m.room.member","state_key":"@a:b"}],"exclude":[{"state_key":""}],"lazy_members":true}}}}`,
		`{"rooms":{"x":{"required_state":[["a"]]}},"extensions":{"to_device":{"enabled":true,"since":"s1","limit":9e9},"typing":{"lists":[],"rooms":["*"]}}}`,
	} {
		f.Add(s, "m.room.member", "@a:b")
	}
	f.Fuzz(func(t *testing.T, s, typ, key string) {
		var req SlideRequest
		if json.Unmarshal([]byte(s), &req) != nil {
			return
		}
		var refusal *fault.Fault
		if err := req.Check(); err != nil {
			if !errors.As(err, &refusal) || refusal.Code.Status != 400 {
				t.Errorf("%q is refused with %v", s, err)
			}
			return
		}
		state := event.StateKey{Type: typ, Key: key}
		check := func(c *Config) {
			r := &c.State
			if again := missing([]*Required{r}, []*Required{r}); len(again) > 0 {
				t.Errorf("%q: %v is not the same as itself", s, r)
			}
			if r.everybody() && len(r.not) == 0 && typ == event.TypeMember && !r.has(state, "@me:x") {
				t.Errorf("%q wants everybody, and not %s", s, key)
			}
		}
		for _, l := range req.Lists {
			l.has(7)
			check(&l.Config)
		}
		for _, c := range req.Rooms {
			check(&c)
		}
	})
}
