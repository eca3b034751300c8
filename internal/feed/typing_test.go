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

func TestADeviceHasASerialOfEachServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewTyping(stream.NewHub())
		time.Sleep(time.Second)
		b := NewTyping(stream.NewHub())
		for range 3 {
			a.Set("!r:x", "@lin:x", time.Second, nil)
			a.Set("!r:x", "@lin:x", 0, nil)
		}
		token := Token{stream.Token{1}, a.Serial(), nil}
		read, err := ParseToken(token.String())
		if err != nil {
			t.Fatal(err)
		}
		mine, others := b.Mine(append([]int64{read.typing}, read.others...))
		if mine != 0 || len(others) != 1 || others[0] != a.Serial() {
			t.Fatalf("to the other server they are %d, %v", mine, others)
		}
		read, err = ParseToken(Token{stream.Token{2}, b.Serial(), others}.String())
		if err != nil {
			t.Fatal(err)
		}
		if mine, others = a.Mine(append([]int64{read.typing}, read.others...)); mine != a.Serial() || len(others) != 1 || others[0] != b.Serial() {
			t.Errorf("back at the first they are %d, %v", mine, others)
		}
		if _, err := ParseToken("s1.1.2.3.4.5.6.7.8.9"); err == nil {
			t.Error("a token of any length is read")
		}
	})
}
