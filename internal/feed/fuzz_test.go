package feed

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

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
