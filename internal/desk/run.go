package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardroom/internal/ledger"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

const (
	again    = 10 * time.Second // after an error
	look     = time.Minute      // at the latest
	keptOpen = 30 * 24 * time.Hour
)

// errNotYet is why an act waits: its entry was not witnessed yet, or its time has not come.
var errNotYet = errors.New("not yet")

// Run carries warrants out, and ends what they did when its time is over, until ctx ends. Of several servers with one database one runs it.
func (d *Desk) Run(ctx context.Context) error {
	steps := d.Hub.Subscribe(topic, ledger.Published)
	defer steps.Close()
	said := ""
	for {
		pause, says := look, ""
		if next, err := d.Step(ctx); ctx.Err() != nil {
			return nil
		} else if err != nil {
			pause, says = again, err.Error()
		} else if !next.IsZero() {
			pause = max(0, min(pause, time.Until(next)))
		}
		if says != "" && says != said {
			d.Log.ErrorContext(ctx, "a warrant waits", "err", says)
		}
		said = says
		select {
		case <-ctx.Done():
			return nil
		case <-steps.C:
		case <-time.After(pause):
		}
	}
}

// Step does what can be done now, and says when there is more to do by time alone; zero: never.
func (d *Desk) Step(ctx context.Context) (next time.Time, err error) {
	if err := d.Ledger.Halted(); err != nil {
		return next, err
	}
	var r *warrant.Record
	if err := d.Disk.View(ctx, func(v stream.View) (err error) { r, err = d.inView(v); return err }); err != nil {
		return next, fmt.Errorf("reading what the ledger says about power: %w", err)
	}
	var failed []error
	later := func(at int64) {
		if t := time.Unix(at, 0); at != 0 && t.After(time.Now()) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	now := time.Now().Unix()
	for _, a := range r.Acts() {
		if at := a.LapsesAt(); (a.Done || a.Executed == 0) && (a.Ended || a.Done && (at == 0 || at > now)) {
			later(at)
			continue
		}
		if err := d.carryOn(ctx, a.Number, later); err != nil {
			failed = append(failed, fmt.Errorf("what the entry %d of the ledger authorised: %w", a.Number, err))
		}
	}
	return next, errors.Join(failed...)
}

// Prune removes warrants that were not approved within their time, a month after they were asked for.
func (d *Desk) Prune(ctx context.Context) error {
	return d.Disk.Do(ctx, func(u stream.Unit) error { return d.Disk.DropOpen(u, u.Now().Add(-keptOpen).Unix()) })
}

// carryOn does the next step of an act, and the one behind it, as long as there is one that can be done now.
func (d *Desk) carryOn(ctx context.Context, number int64, later func(int64)) error {
	for {
		more := false
		err := d.Disk.Do(ctx, func(u stream.Unit) (err error) {
			more, err = d.next(u, number, later)
			return err
		})
		if errors.Is(err, errNotYet) {
			return nil
		}
		if err != nil || !more {
			return err
		}
	}
}

// next does one step of an act in u: it is carried out, its effects are, or it lapses. more is false where there was nothing to do.
func (d *Desk) next(u stream.Unit, number int64, later func(int64)) (more bool, err error) {
	r, upto, err := d.inUnit(u)
	if err != nil {
		return false, err
	}
	a, _ := r.Act(number)
	now := u.Now().Unix()
	switch at := a.LapsesAt(); {
	case a.Ended:
		return a.Executed != 0 && !a.Done, d.done(u, r, upto, a)
	case at != 0 && now >= at && (a.Executed == 0 || a.Head.Until != 0):
		return true, d.lapse(u, r, upto, a)
	case a.Executed == 0:
		later(at)
		return true, d.execute(u, r, upto, a, later)
	default:
		later(at)
		return !a.Done, d.done(u, r, upto, a)
	}
}

// execute does an act, in the unit in which the ledger records that it was done: there is never one without the other.
func (d *Desk) execute(u stream.Unit, r *warrant.Record, upto int64, a warrant.Act, later func(int64)) error {
	from, err := r.From(a)
	if err != nil {
		return err
	}
	if from > u.Now().Unix() {
		later(from)
		return errNotYet
	}
	body := ledger.ExecutedBody{Authorised: a.Number}
	if r.Witnessed() {
		signed, ok, err := d.Ledger.Witnessed(u, a.Number)
		if err != nil {
			return err
		}
		if !ok {
			return errNotYet
		}
		body.Checkpoint = signed
	}
	w, err := d.warrantOf(u, a)
	if err != nil {
		return err
	}
	if _, err := d.appended(u, r, upto, ledger.Executed, body); err != nil {
		return err
	}
	o, err := r.Order(a.Number, w.Text)
	if err != nil {
		return err
	}
	if do := d.Acts[a.Head.Kind].Do; do != nil {
		if err := do(u, o); err != nil {
			return err
		}
	}
	return d.tell(u, w)
}

// lapse ends what an act did, or that it may be done.
func (d *Desk) lapse(u stream.Unit, r *warrant.Record, upto int64, a warrant.Act) error {
	w, err := d.warrantOf(u, a)
	if err != nil {
		return err
	}
	if _, err := d.appended(u, r, upto, ledger.Lapsed, ledger.ActBody{Authorised: a.Number}); err != nil {
		return err
	}
	if undo := d.Acts[a.Head.Kind].Undo; undo != nil && a.Executed != 0 {
		o, err := r.Undo(a.Number, w.Text)
		if err != nil {
			return err
		}
		if err := undo(u, o); err != nil {
			return err
		}
	}
	return d.tell(u, w)
}

// done records that nothing is left to do of an act that was carried out.
func (d *Desk) done(u stream.Unit, r *warrant.Record, upto int64, a warrant.Act) error {
	if a.Executed == 0 || a.Done {
		return nil
	}
	u.Next(topic)
	_, err := d.appended(u, r, upto, ledger.Done, ledger.ActBody{Authorised: a.Number})
	return err
}

// warrantOf is the warrant of an act.
func (d *Desk) warrantOf(v stream.View, a warrant.Act) (Warrant, error) {
	w, ok, err := d.Disk.WarrantOf(v, a.Number)
	if err == nil && !ok {
		err = errors.New("its text is not there any more")
	}
	return w, err
}
