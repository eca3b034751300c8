package account

import (
	"fmt"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// Suspension keeps somebody from writing until a time. A person may be under several.
type Suspension struct {
	User    mxid.User
	Entry   int64 // the number of the ledger's entry that authorised it
	UntilMS int64 // milliseconds since 1970
}

// SuspensionDisk keeps who is suspended.
type SuspensionDisk interface {
	AddSuspension(u stream.Unit, of No, s Suspension) error
	// EndSuspension removes one; ended is false where there was none.
	EndSuspension(u stream.Unit, of No, entry int64) (ended bool, err error)
	// Suspensions lists all, also those whose time is over.
	Suspensions(v stream.View) ([]Suspension, error)
	// SuspendedUntil is when the last of somebody's suspensions ends, in milliseconds since 1970; 0: there is none.
	SuspendedUntil(v stream.View, of No) (ms int64, err error)
}

// Suspend keeps the person whom an order is about from writing, joining and inviting until its time. They go on reading, and appeal. It returns an
// error for everything but an order to suspend.
//
// Spec: client-server API, "Account suspension".
func (a *Accounts) Suspend(u stream.Unit, o warrant.Order) error {
	t, err := o.To(warrant.Suspend)
	if err != nil {
		return err
	}
	p, err := a.whom(u, t)
	if err != nil {
		return err
	}
	u.Next(stream.Topic(p.User)) // sessions that are remembered are looked for again
	return a.Disk.AddSuspension(u, p.No, Suspension{Entry: o.Number(), UntilMS: t.Until * 1000})
}

// Restore ends the suspension that an order names. It returns an error for everything but an order to restore.
func (a *Accounts) Restore(u stream.Unit, o warrant.Order) error {
	t, err := o.To(warrant.Restore)
	if err != nil {
		return err
	}
	return a.endSuspension(u, t, *t.Reverses)
}

// Lapse ends a suspension whose time is over. It returns an error for everything but an order to end one.
func (a *Accounts) Lapse(u stream.Unit, o warrant.Order) error {
	t, err := o.ToEnd(warrant.Suspend)
	if err != nil {
		return err
	}
	return a.endSuspension(u, t, o.Number())
}

func (a *Accounts) endSuspension(u stream.Unit, t *warrant.Text, entry int64) error {
	p, err := a.whom(u, t)
	if err != nil {
		return err
	}
	u.Next(stream.Topic(p.User))
	_, err = a.Disk.EndSuspension(u, p.No, entry) // there is none where it was never carried out, or the person has gone
	return err
}

// whom finds the account that a warrant is about, also where its person has closed it.
func (a *Accounts) whom(v stream.View, t *warrant.Text) (Person, error) {
	p, ok, err := a.Disk.PersonByID(v, t.Subject)
	if err == nil && !ok {
		err = fmt.Errorf("there is no account %s", t.Subject)
	}
	return p, err
}

// Writes returns fault.UserSuspended, with the time until when, where s is suspended: for what a suspended person may not do.
func (s Session) Writes() error {
	until := time.UnixMilli(s.SuspendedMS)
	if !time.Now().Before(until) {
		return nil
	}
	return suspended(until)
}

func suspended(until time.Time) *fault.Fault {
	f := fault.UserSuspended.New("Your account cannot write until %s UTC. You can read, and object: the reasons, who decided, and how to object are with what was decided about you.",
		until.UTC().Format("2006-01-02 15:04"))
	f.More = map[string]any{"org.wardroom.until": until.UnixMilli()}
	return f
}

// MayWrite is Session.Writes for what is done without a session.
func MayWrite(v stream.View, disk interface {
	SuspendedUntil(v stream.View, of No) (ms int64, err error)
}, of No, now time.Time) error {
	ms, err := disk.SuspendedUntil(v, of)
	if until := time.UnixMilli(ms); err == nil && now.Before(until) {
		err = suspended(until)
	}
	return err
}
