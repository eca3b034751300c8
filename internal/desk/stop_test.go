package desk_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/desk"
	"wardroom/internal/ledger"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// stopped is the desk after a start over what would be found if the machine had stopped this moment.
func (h *house) stopped(dir string) *house {
	h.t.Helper()
	to := h.t.TempDir()
	storetest.Copy(h.t, dir, to)
	again := openHouse(h.t, to)
	again.people, again.keys = h.people, h.keys
	return again
}

// starts prepares the ledger, as a start does.
func (h *house) starts() {
	h.t.Helper()
	if err := h.Ledger.Prepare(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// goesOn ends what was begun, and says how often it was carried out.
func (h *house) goesOn(w desk.Shown) (times int) {
	h.t.Helper()
	h.starts()
	h.step()
	h.step()
	kinds := h.verified()
	h.audited(0)
	if is := h.suspended(5); is != (kinds[ledger.Executed] == 2) || is && h.one(5, w).State != desk.Finished {
		h.t.Errorf("it was carried out %d times, suspended is %t, and it is %s", kinds[ledger.Executed]-1, is, h.one(5, w).State)
	}
	return kinds[ledger.Executed] - 1
}

// Wherever the server stops, what was authorised is carried out once, with its record, and what was not is not.
func TestAStopAtAnyStepLosesAndRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := newHouseIn(t, dir)
		h.appointed()
		var during *house
		suspend := h.Acts[warrant.Suspend]
		h.Acts[warrant.Suspend] = desk.Act{Do: func(u stream.Unit, o warrant.Order) error {
			err := suspend.Do(u, o)
			during = h.stopped(dir) // after what is done, and before its unit is on disk
			return err
		}, Undo: suspend.Undo}

		w := h.ask(0, h.suspend(5))
		asked := h.stopped(dir)
		h.approve(1, w)
		approved := h.stopped(dir)
		w = h.approve(2, w)
		authorised := h.stopped(dir)
		time.Sleep(day)
		if more, err := h.SingleStep(t.Context(), w.Entry); err != nil || !more || !h.suspended(5) {
			t.Fatalf("it was not carried out: %v", err)
		}
		executed := h.stopped(dir)
		if _, err := h.SingleStep(t.Context(), w.Entry); err != nil {
			t.Fatal(err)
		}
		done := h.stopped(dir)
		for _, c := range []struct {
			at    string
			house *house
			times int
		}{{"asked for", asked, 0}, {"approved by one", approved, 0}, {"authorised", authorised, 1}, {"being carried out", during, 1}, {"carried out", executed, 1}, {"done", done, 1}} {
			if times := c.house.goesOn(w); times != c.times {
				t.Errorf("stopped when it was %s, it was carried out %d times, and not %d", c.at, times, c.times)
			}
		}
	})
}

// The control: where act and record are two units, a stop between them leaves one without the other, and that is found.
func TestAnActAndItsRecordInTwoUnitsAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := newHouseIn(t, dir)
		h.appointed()
		w := h.ask(0, h.suspend(5))
		h.approve(1, w)
		w = h.approve(2, w)
		time.Sleep(day)
		s := account.Suspension{Entry: w.Entry, UntilMS: time.Now().Add(6 * day).UnixMilli()}
		if err := h.db.Do(t.Context(), func(u stream.Unit) error { return h.db.AddSuspension(u, h.people[5].Account, s) }); err != nil {
			t.Fatal(err)
		}
		first := h.stopped(dir)
		first.starts()
		first.audited(1)
	})
}
