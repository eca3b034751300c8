package service_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wardroom/internal/feed"
	"wardroom/internal/mxid"
)

// pass gives what passes in rooms, of what the bridge gets up to the event last.
func (b *bridge) pass(t testing.TB, last mxid.Event) (all []string) {
	t.Helper()
	for {
		tx := b.next(t)
		for _, e := range tx.Ephemeral {
			all = append(all, fmt.Sprint(e.Type, " ", e.Room, " ", string(e.Content)))
		}
		for _, id := range tx.ids {
			if id == last {
				return all
			}
		}
	}
}

func (o *office) reads(t testing.TB, in mxid.Room, e mxid.Event, kind, thread string) {
	t.Helper()
	must(t, o.feed.Receive(t.Context(), o.lin, in, feed.Receipt{Type: kind, Thread: thread, Event: e}))
}

// Who has read what is told where the room is told, and where one of the service's accounts is; what a person keeps to themselves is told nowhere.
func TestAServiceIsToldWhoHasReadWhereItIs(t *testing.T) {
	o := open(t)
	o.asks = "receive_ephemeral: true,"
	run(t, o.services(t, ""))
	in, without := o.shared(t), o.room(t)
	first, second, hidden := o.say(t, in, "1"), o.say(t, in, "2"), o.say(t, without, "3")
	o.bridge.upto(t, second)
	o.reads(t, in, first, feed.ReadPrivate, "")
	o.reads(t, without, hidden, feed.Read, "")
	o.reads(t, in, first, feed.Read, "")
	o.reads(t, in, second, feed.Read, "main")
	o.reads(t, in, second, feed.FullyRead, "")
	got := strings.Join(o.bridge.pass(t, o.say(t, in, "4")), "\n")
	for _, want := range []string{
		`"` + string(first) + `":{"m.read":{"@lin:office.test":{}}}`, `"` + string(second) + `":{"m.read":{"@lin:office.test":{"thread_id":"main"}}}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("told was %s without %s", got, want)
		}
	}
	if strings.Contains(got, "private") || strings.Contains(got, string(without)) || strings.Contains(got, "fully") || strings.Count(got, "@lin") != 2 || !strings.Contains(got, "m.receipt "+string(in)) {
		t.Errorf("told was %s", got)
	}

	// What was read while it was out is not told when it is back.
	must(t, o.rooms.Kick(t.Context(), o.lin, in, o.bot.User, ""))
	out := o.say(t, in, "5")
	o.reads(t, in, out, feed.Read, "")
	must(t, o.rooms.Join(t.Context(), o.bot, in, ""))
	if got := o.bridge.pass(t, o.say(t, in, "6")); len(got) > 0 {
		t.Errorf("of the time without it it was told %v", got)
	}
}

func TestWhoWritesIsToldWhereAServiceIs(t *testing.T) {
	o := open(t)
	o.asks = "de.sorunome.msc2409.push_ephemeral: true,"
	s := o.services(t, "")
	in, without := o.shared(t), o.room(t)
	must(t, o.feed.SetTyping(t.Context(), o.lin, without, time.Minute))
	must(t, o.feed.SetTyping(t.Context(), o.lin, in, time.Minute))
	run(t, s)
	told := func(want string) (name string) {
		t.Helper()
		for {
			tx := o.bridge.next(t)
			if len(tx.Ephemeral) == 0 {
				continue
			}
			e := tx.Ephemeral[0]
			if len(tx.Ephemeral) != 1 || len(tx.Old.Ephemeral) != 1 || len(tx.Events) > 0 || e.Type != "m.typing" || e.Room != in || string(e.Content) != want {
				t.Errorf("told was %+v, want %s", tx, want)
			}
			return tx.txn
		}
	}
	first := told(`{"user_ids":["@lin:office.test"]}`)
	o.bridge.upto(t, o.say(t, in, "all that was there to tell"))
	// It is not taken: what is told then is how it is by then.
	o.bridge.answers(func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) })
	must(t, o.feed.SetTyping(t.Context(), o.lin, in, 0))
	second := told(`{"user_ids":[]}`)
	o.bridge.answers(nil)
	if third := told(`{"user_ids":[]}`); first == second || third != second {
		t.Errorf("the transactions were called %s, %s and %s", first, second, third)
	}
}

func TestAServiceThatDoesNotAskIsToldNothingThatPasses(t *testing.T) {
	o := open(t)
	s := o.services(t, "")
	in := o.shared(t)
	must(t, o.feed.SetTyping(t.Context(), o.lin, in, time.Minute))
	o.reads(t, in, o.say(t, in, "1"), feed.Read, "")
	run(t, s)
	if got := o.bridge.pass(t, o.say(t, in, "2")); len(got) > 0 {
		t.Errorf("told was %v", got)
	}
}
