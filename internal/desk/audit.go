package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// AuditDisk is what an audit reads besides.
type AuditDisk interface {
	// AllWarrants lists every warrant, and AllNotices who was told of which.
	AllWarrants(v stream.View) ([]Warrant, error)
	AllNotices(v stream.View) (map[string][]account.No, error)
	// Suspensions lists who is suspended; see account.SuspensionDisk.
	Suspensions(v stream.View) ([]account.Suspension, error)
}

// Compare compares tables with the ledger and gives each difference in words. It changes nothing.
type Compare func(ctx context.Context) (differences []string, err error)

// Audit compares everything that gives power over people, or takes something from them, with the ledger, and gives each difference in words. It
// changes nothing. What it finds was changed by hand, or by another program than this one.
func (d *Desk) Audit(ctx context.Context) (differences []string, err error) {
	err = d.Disk.View(ctx, func(v stream.View) error {
		a := audit{d: d, v: v}
		err := a.all()
		differences = a.found
		return err
	})
	for _, other := range d.Audits {
		more, bad := other(ctx)
		differences, err = append(differences, more...), errors.Join(err, bad)
	}
	return differences, err
}

// Audited is what the last audit has found.
type Audited struct {
	At          time.Time // zero: there was none yet
	Differences int
}

// Audited says what the last audit of RunAudits has found.
func (d *Desk) Audited() Audited {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.audited
}

// RunAudits audits now and every day, until ctx ends, and logs each difference.
func (d *Desk) RunAudits(ctx context.Context) error {
	for {
		found, err := d.Audit(ctx)
		if ctx.Err() != nil {
			return nil
		}
		pause := 24 * time.Hour
		if err != nil {
			d.Log.ErrorContext(ctx, "comparing the database with the ledger", "err", err)
			pause = time.Minute
		} else {
			for _, f := range found {
				d.Log.ErrorContext(ctx, "the database is not what the ledger explains", "difference", f)
			}
			d.mu.Lock()
			d.audited = Audited{time.Now(), len(found)}
			d.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// audit is one comparison.
type audit struct {
	d     *Desk
	v     stream.View
	r     warrant.Record
	found []string
}

func (a *audit) say(format string, args ...any) {
	a.found = append(a.found, fmt.Sprintf(format, args...))
}

func (a *audit) all() error {
	if err := a.d.Ledger.Recompute(a.v); errors.Is(err, ledger.ErrChanged) {
		a.say("%s", err)
		return nil // nothing can be compared with it
	} else if err != nil {
		return err
	}
	if _, err := a.d.Ledger.Read(a.v, 0, a.r.Entry); err != nil {
		a.say("the ledger: %s", err)
		return nil
	}
	rows, err := a.d.Disk.AllWarrants(a.v)
	if err != nil {
		return err
	}
	texts, err := a.warrants(rows)
	if err != nil {
		return err
	}
	if err := a.notices(rows, texts); err != nil {
		return err
	}
	return a.suspensions(rows, texts)
}

// warrants compares the warrants that are kept with those that were authorised, and gives the texts of what agrees, by hash.
func (a *audit) warrants(rows []Warrant) (map[string]*warrant.Text, error) {
	texts, byEntry := map[string]*warrant.Text{}, map[int64]bool{}
	for _, w := range rows {
		h, err := warrant.ParseHead(w.Head)
		if err != nil {
			a.say("warrant %s: its head: %s", w.Hash, err)
			continue
		}
		t, err := h.Agrees(w.Text)
		switch {
		case err != nil:
			a.say("warrant %s: %s", w.Hash, err)
			continue
		case h.Hash != w.Hash:
			a.say("warrant %s: it is kept under another name than its own", w.Hash)
			continue
		}
		by, ok, err := a.d.Disk.PersonByID(a.v, t.By)
		if err != nil {
			return nil, err
		}
		if !ok || by.No != w.By {
			a.say("warrant %s: it is kept as somebody else's than %s, who asked for it", w.Hash, t.By)
		}
		if t.Subject != "" {
			if err := a.tag(w, h, t.Subject); err != nil {
				return nil, err
			}
		}
		if w.Entry == Open {
			texts[w.Hash] = t
			continue
		}
		act, ok := a.r.Act(w.Entry)
		if head, err := act.Head.Bytes(); !ok || err != nil || string(head) != string(w.Head) {
			a.say("warrant %s: the ledger's entry %d did not authorise it", w.Hash, w.Entry)
			continue
		}
		texts[w.Hash], byEntry[w.Entry] = t, true
	}
	for _, act := range a.r.Acts() {
		if !byEntry[act.Number] {
			a.say("the ledger's entry %d authorised a warrant (%s) that is not kept as it was", act.Number, act.Head.Kind)
		}
	}
	return texts, nil
}

// tag compares the tag of a warrant with the key of the person whom it is about.
func (a *audit) tag(w Warrant, h *warrant.Head, subject mxid.User) error {
	p, ok, err := a.d.Disk.PersonByID(a.v, subject)
	if err != nil {
		return err
	}
	var key []byte
	var used int64
	if ok {
		if key, used, _, err = a.d.Disk.LogKey(a.v, p.No); err != nil {
			return err
		}
	}
	for n := range used {
		if Tag(key, n) == h.About {
			return nil
		}
	}
	a.say("warrant %s: %s would not find it in the ledger, because its tag is not one of theirs", w.Hash, subject)
	return nil
}

// notices looks whether everybody was told of what was authorised about them.
func (a *audit) notices(rows []Warrant, texts map[string]*warrant.Text) error {
	told, err := a.d.Disk.AllNotices(a.v)
	if err != nil {
		return err
	}
	for _, w := range rows {
		t := texts[w.Hash]
		if t == nil {
			continue
		}
		var due []account.No
		for _, user := range concerned(t) {
			p, ok, err := a.d.Disk.PersonByID(a.v, user)
			if err != nil {
				return err
			}
			if ok && w.Entry != Open {
				due = append(due, p.No)
				if !p.Closed && !slices.Contains(told[w.Hash], p.No) {
					a.say("warrant %s: %s was not told of it", w.Hash, user)
				}
			}
		}
		for _, no := range told[w.Hash] {
			if !slices.Contains(due, no) {
				a.say("warrant %s: somebody was told of it whom it is not about", w.Hash)
			}
		}
		delete(told, w.Hash)
	}
	for _, hash := range slices.Sorted(maps.Keys(told)) {
		if texts[hash] == nil {
			a.say("somebody was told of a warrant %s, and there is none", hash)
		}
	}
	return nil
}

// suspensions compares who is suspended with who is to be.
func (a *audit) suspensions(rows []Warrant, texts map[string]*warrant.Text) error {
	want := map[account.Suspension]bool{}
	for _, w := range rows {
		if act, ok := a.r.Act(w.Entry); ok && texts[w.Hash] != nil && act.Head.Kind == warrant.Suspend && act.Executed != 0 && !act.Ended {
			want[account.Suspension{User: texts[w.Hash].Subject, Entry: w.Entry, UntilMS: act.Head.Until * 1000}] = true
		}
	}
	have, err := a.d.Disk.Suspensions(a.v)
	if err != nil {
		return err
	}
	for _, s := range have {
		if !want[s] {
			a.say("%s is suspended by the ledger's entry %d until %d, and no warrant says so", s.User, s.Entry, s.UntilMS)
		}
		delete(want, s)
	}
	for s := range want {
		a.say("%s is to be suspended by the ledger's entry %d, and is not", s.User, s.Entry)
	}
	return nil
}

// concerned are those whom a warrant is about.
func concerned(t *warrant.Text) (whom []mxid.User) {
	if t.Subject != "" {
		whom = append(whom, t.Subject)
	}
	for _, one := range slices.Concat(t.Appoint, t.Dismiss) {
		whom = append(whom, one.User)
	}
	return whom
}
