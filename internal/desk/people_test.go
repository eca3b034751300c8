package desk_test

import (
	"testing"

	"wardroom/internal/desk"
)

// The web client makes the same: web/src/ledger/tags.test.ts.
func TestTagsAreTheSameEverywhere(t *testing.T) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	for n, tag := range map[int64]string{0: "ROe39nf31o_IsM7i5paNBQ", 1: "iMlnYg7kw5tJbTOEC_1Liw", 258: "zkiqSy5HaMuSSJNU0bdbjg"} {
		if got := desk.Tag(key, n); got != tag {
			t.Errorf("the tag %d is %s, and not %s", n, got, tag)
		}
	}
}
