package account

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
)

func asked() challenge {
	return challenge{purpose: ToSignIn, data: webauthn.SessionData{Expires: time.Now().Add(challengesLast)}}
}

// Whoever asks for more challenges than are kept spends their own, and everybody else's stay.
func TestManyChallengesTakeNobodyElsesPlace(t *testing.T) {
	var c challenges
	mine := c.begin("me", asked())
	first := c.begin("flood", asked())
	for range maxChallenges + 100 {
		c.begin("flood", asked())
	}
	others := c.begin("somebody else", asked())
	if _, ok := c.take(first, ToSignIn, "", 0); ok {
		t.Error("the oldest of those that are too many is still there")
	}
	for _, name := range []string{mine, others} {
		if _, ok := c.take(name, ToSignIn, "", 0); !ok {
			t.Error("a challenge of somebody who asked for one is gone")
		}
		if _, ok := c.take(name, ToSignIn, "", 0); ok {
			t.Error("a challenge is good for two answers")
		}
	}
}

// What is kept of challenges is bounded, also of those that were answered, and all of it goes.
func TestChallengesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c challenges
		c.begin("slow", asked())
		for i := range 3 * maxChallenges {
			c.take(c.begin(fmt.Sprint(i%3), asked()), ToSignIn, "", 0)
			if len(c.open) > 1 || len(c.of) > 1 || len(c.age) > 2*maxChallenges {
				t.Fatalf("after %d: %d wait, of %d askers, %d names", i, len(c.open), len(c.of), len(c.age))
			}
		}
		for i := range maxChallenges + 10 {
			c.begin(fmt.Sprint(i), asked())
		}
		if len(c.open) > maxChallenges || len(c.of) > maxChallenges {
			t.Errorf("%d wait, of %d askers", len(c.open), len(c.of))
		}
		time.Sleep(challengesLast)
		c.begin("me", asked())
		if len(c.open) != 1 || len(c.of) != 1 || len(c.age) != 1 {
			t.Errorf("when they have ended %d wait, of %d askers, %d names", len(c.open), len(c.of), len(c.age))
		}
	})
}
