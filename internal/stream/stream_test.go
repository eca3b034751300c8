package stream_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/stream"
)

func FuzzParseToken(f *testing.F) {
	for _, s := range []string{"s0", "s42", "s42_7_19", "s", "s-1", "s+1", "s01", "s1_", "s9223372036854775807", "s9223372036854775808", "t1", "s" + strings.Repeat("1_", 70) + "1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token, err := stream.ParseToken(s)
		if err != nil {
			if !errors.Is(err, stream.ErrToken) {
				t.Errorf("%q is refused with %v", s, err)
			}
			return
		}
		if len(token) == 0 || slices.Min(token) < 0 {
			t.Errorf("%q is read as %v", s, token)
		}
		if again, err := stream.ParseToken(token.String()); err != nil || !slices.Equal(again, token) {
			t.Errorf("%v, written and read again, is %v, %v", token, again, err)
		}
		_ = token.At("!room")
	})
}
