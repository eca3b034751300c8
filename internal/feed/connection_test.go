package feed

import (
	"strconv"
	"testing"

	"wardroom/internal/mxid"
)

// What is remembered of connections is bounded, and the one that was quiet longest goes first.
func TestTheQuietestConnectionIsForgottenFirst(t *testing.T) {
	var c connections
	begin := func(name string, rooms int) string {
		from, turn, ok := c.begin(1, name, "")
		next := from.copy(0)
		next.order = make([]*Recent, 4*rooms)
		if !ok || !c.end(1, name, turn, from, next) {
			t.Fatalf("%s does not begin", name)
		}
		return next.pos()
	}
	quiet, used := begin("quiet", maxMarks/4), begin("used", maxMarks/4)
	for i := range 3 {
		if _, _, ok := c.begin(1, "used", used); !ok {
			t.Fatalf("not known at the %dth time", i)
		}
	}
	begin("large", maxMarks*3/5)
	if _, _, ok := c.begin(1, "quiet", quiet); ok {
		t.Error("the one that was quiet is still known")
	}
	if _, _, ok := c.begin(1, "used", used); !ok {
		t.Error("the one that was used is forgotten")
	}
	if begin("huge", 2*maxMarks); len(c.by[1]) != 1 || c.used.Len() != 1 {
		t.Errorf("%d connections beside one that is larger than all may be", len(c.by[1])-1)
	}
	begin("huge", 0)
	if c.weight > 10 {
		t.Errorf("nothing weighs %d", c.weight)
	}
}

// Of a room in which very many speak, not all are remembered.
func TestHowManyWereIntroducedIsBounded(t *testing.T) {
	m := telling{framed: &framed{Recent: &Recent{}}}
	for i := range 3 * maxMembers {
		m.named, m.who = []mxid.User{mxid.User("@p" + strconv.Itoa(i))}, nil
		m.speakers()
		if n := len(m.is.members); n == 0 || n > maxMembers {
			t.Fatalf("%d of %d are remembered", n, i+1)
		}
	}
}
