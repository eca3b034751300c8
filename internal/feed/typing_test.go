package feed

import (
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func TestTypingEndsByItselfAndWakesTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := stream.NewHub()
		w := hub.Subscribe("@sora:x")
		defer w.Close()
		typing, members := NewTyping(hub), []mxid.User{"@lin:x", "@sora:x"}
		before := typing.Serial()
		typing.Set("!r:x", "@lin:x", 20*time.Second, members)
		<-w.C
		if who, changed := typing.Since("!r:x", before, "@sora:x"); !changed || len(who) != 1 || who[0] != mxid.User("@lin:x") {
			t.Fatalf("got %v, %v", who, changed)
		}
		seen := typing.Serial()
		time.Sleep(10 * time.Second) // renewed before it ends: nothing changes for the others
		typing.Set("!r:x", "@lin:x", 20*time.Second, members)
		time.Sleep(15 * time.Second)
		if _, changed := typing.Since("!r:x", seen, "@sora:x"); changed {
			t.Fatal("a renewal was announced as a change, or the first announcement ended the second")
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		<-w.C
		if who, changed := typing.Since("!r:x", seen, "@sora:x"); !changed || len(who) != 0 {
			t.Fatalf("after its time: %v, %v", who, changed)
		}
	})
}
