package desk

import (
	"context"
	"errors"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// State is how far a warrant has come.
type State string

// The states of a warrant.
const (
	Waits      State = "open"       // for approvals: nothing has happened
	Expired    State = "expired"    // it was not approved in time: nothing has happened
	Authorised State = "authorised" // it is in the ledger: nothing was done yet
	Executed   State = "executed"   // it was done
	Finished   State = "done"       // and so was what follows from it
	Over       State = "over"       // it has ended by itself, or was ended
)

// Approval is who has approved a warrant.
type Approval struct {
	User   mxid.User
	Office warrant.Office
	Key    string
}

// Shown is a warrant as somebody sees it who may.
type Shown struct {
	Warrant
	State     State
	Approvals []Approval
	Needs     int // how many it needs
	Words     []Word
	From      int64 // when it is carried out at the earliest, where that is known; seconds since 1970, as the next
	Executed  int64
}

// show is a warrant with all that belongs to it.
func (d *Desk) show(v stream.View, r *warrant.Record, p people, w Warrant) (s Shown, err error) {
	s.Warrant, s.State = w, Waits
	h, err := warrant.ParseHead(w.Head)
	if err != nil {
		return s, err
	}
	if s.Words, err = d.Disk.Words(v, w.Hash); err != nil {
		return s, err
	}
	if s.Needs = 2; r.Charter() != nil {
		s.Needs = r.Charter().Approvals
	} else if h.Charter != nil {
		s.Needs = max(h.Charter.Approvals, len(h.Appoint))
	}
	var keys []string
	if w.Entry == Open {
		signatures, err := d.Disk.Approvals(v, w.Hash)
		if err != nil {
			return s, err
		}
		var missing *warrant.Missing
		if keys, err = r.Approved(h, signatures, h.Asked); err != nil && !errors.As(err, &missing) {
			keys = nil
		}
		if time.Now().Unix() > h.ApproveBy {
			s.State = Expired
		}
	} else if a, ok := r.Act(w.Entry); ok {
		keys, s.Executed = a.Approved, a.Executed
		switch {
		case a.Ended:
			s.State = Over
		case a.Done:
			s.State = Finished
		case a.Executed != 0:
			s.State = Executed
		default:
			s.State = Authorised
			if s.From, err = r.From(a); err != nil {
				return s, err
			}
		}
	}
	t, err := warrant.ParseText(w.Text)
	if err != nil {
		return s, err
	}
	for _, key := range keys {
		is := Approval{User: p.users[key], Office: p.officers[key].Office, Key: key}
		for _, a := range t.Appoint {
			if a.Key == key {
				is.User, is.Office = a.User, a.Office
			}
		}
		s.Approvals = append(s.Approvals, is)
	}
	return s, nil
}

// Officer is somebody in office.
type Officer struct {
	warrant.Officer
	User mxid.User
}

// Standing is what everybody may know about power here.
type Standing struct {
	Charter   *warrant.Charter // nil: nobody is an officer yet, and no act of power exists
	Officers  []Officer
	Own       *Officer // the office of who asks
	Founder   bool     // who asks may appoint the first officers
	Witnessed bool     // somebody outside witnesses the ledger
	Log       string   // the ledger's key
}

// Standing says who has power here.
func (d *Desk) Standing(ctx context.Context, s account.Session) (is Standing, err error) {
	err = d.view(ctx, func(v stream.View, r *warrant.Record, p people) error {
		is = Standing{Charter: r.Charter(), Witnessed: r.Witnessed(), Log: r.Key()}
		for _, o := range r.InOffice(time.Now().Unix()) {
			one := Officer{o, p.users[o.Key]}
			if is.Officers = append(is.Officers, one); one.User == s.User {
				is.Own = &one
			}
		}
		if is.Charter != nil {
			return nil
		}
		founder, ok, err := d.Disk.Founder(v)
		is.Founder = ok && founder == s.User
		return err
	})
	return is, err
}

// InOffice lists who is an officer now, in the order of their keys, as v sees it; v may be a unit of work.
func (d *Desk) InOffice(v stream.View) (users []mxid.User, err error) {
	r, from, err := d.from(v)
	if err != nil {
		return nil, err
	}
	if _, err := d.Ledger.Read(v, from, r.Entry); err != nil {
		return nil, err
	}
	p, err := d.people(v, r)
	for _, o := range r.InOffice(time.Now().Unix()) {
		users = append(users, p.users[o.Key])
	}
	return users, err
}

// List gives the warrants that s may decide on or has asked for, the latest first: those behind the one with the hash before, or, for none, all. It gives
// 50 at most.
func (d *Desk) List(ctx context.Context, s account.Session, before string) (all []Shown, err error) {
	err = d.view(ctx, func(v stream.View, r *warrant.Record, p people) error {
		all = nil
		found, err := d.Disk.Warrants(v, before, onAPage)
		for _, w := range found {
			if _, _, no := d.find(v, s, r, p, w.Hash); no != nil {
				continue
			}
			one, err := d.show(v, r, p, w)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return err
	})
	return all, err
}

// One gives one warrant that s may see. It returns fault.NotFound for every other.
func (d *Desk) One(ctx context.Context, s account.Session, hash string) (shown Shown, err error) {
	err = d.view(ctx, func(v stream.View, r *warrant.Record, p people) error {
		w, _, err := d.find(v, s, r, p, hash)
		if err == nil {
			shown, err = d.show(v, r, p, w)
		}
		return err
	})
	return shown, err
}

// About is what was decided about somebody, and by which tags their own devices find it in the ledger without asking anybody.
type About struct {
	Key      []byte
	Used     int64 // tags
	Warrants []Shown
}

// About gives what was decided about s, the latest first, 500 at most. Whoever asks for the first time is given their key, long before anything is
// decided about them: so their devices have it when somebody would rather keep it from them.
func (d *Desk) About(ctx context.Context, s account.Session) (about About, err error) {
	made := false
	err = d.view(ctx, func(v stream.View, r *warrant.Record, p people) (err error) {
		about = About{}
		if about.Key, about.Used, made, err = d.Disk.LogKey(v, s.Account); err != nil {
			return err
		}
		found, err := d.Disk.Notices(v, s.Account, maxAbout)
		for _, w := range found {
			one, err := d.show(v, r, p, w)
			if err != nil {
				return err
			}
			about.Warrants = append(about.Warrants, one)
		}
		return err
	})
	if err == nil && !made {
		err = d.Disk.Do(ctx, func(u stream.Unit) (err error) {
			if about.Key, about.Used, made, err = d.Disk.LogKey(u, s.Account); err != nil || made {
				return err
			}
			about.Key = newKey()
			return d.Disk.SetLogKey(u, s.Account, about.Key, 0)
		})
	}
	return about, err
}

func (d *Desk) view(ctx context.Context, fn func(stream.View, *warrant.Record, people) error) error {
	return d.Disk.View(ctx, func(v stream.View) error {
		r, err := d.inView(v)
		if err != nil {
			return err
		}
		p, err := d.people(v, r)
		if err != nil {
			return err
		}
		return fn(v, r, p)
	})
}
