package room

import (
	"math/rand/v2"
	"testing"

	"wardroom/internal/stream"
)

// TestRangesAreWhatIsSeen makes up histories of rooms and compares Ranges with Sees, position by position.
func TestRangesAreWhatIsSeen(t *testing.T) {
	const end = 40
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		spans := func(values ...string) (all []Span) {
			for pos := stream.Position(1 + r.IntN(6)); pos < end; pos += stream.Position(1 + r.IntN(9)) {
				value := values[r.IntN(len(values))]
				all = append(all, Span{Event: Event{Pos: pos, JSON: []byte(`{"content":{"history_visibility":"` + value + `"}}`)}, Until: Still, Membership: value})
				if n := len(all); n > 1 {
					all[n-2].Until = pos
				}
			}
			return all
		}
		s := &Sight{
			stays: spans("join", "leave", "invite", "ban", "knock"),
			rules: rulesOf(spans("shared", "joined", "invited", "world_readable", "nonsense")),
		}
		in := map[stream.Position]bool{}
		last := stream.Position(-1)
		for _, one := range s.Ranges() {
			if one.First > one.Last || one.First <= last+1 && last >= 0 {
				t.Fatalf("seed %d: ranges %v", seed, s.Ranges())
			}
			last = one.Last
			for pos := one.First; pos <= min(one.Last, end+5); pos++ {
				in[pos] = true
			}
		}
		for pos := stream.Position(0); pos <= end+5; pos++ {
			if in[pos] != s.Sees(pos) {
				t.Fatalf("seed %d, position %d: in the ranges %t, seen %t\n%v", seed, pos, in[pos], s.Sees(pos), s.Ranges())
			}
		}
	}
}
