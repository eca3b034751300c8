// Package casework is complaints and what came of them: a report of a message, a person or a room has a number, somebody in charge, a
// date, an outcome with reasons, and one appeal. It gives nobody power over anything: see docs/decisions/cases.md.
package casework

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardroom/internal/account"
	"wardroom/internal/desk"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// No is a case's number. People see it.
type No int64

// Party is somebody in a case: an account and whose it is.
type Party struct {
	No   account.No
	User mxid.User
}

// Nobody is in charge of a case that waits for somebody to be.
var Nobody Party

// About is what a case is about: a message (Room, Event and, as sender, Person), a person, or a room.
type About struct {
	Room   mxid.Room
	Event  mxid.Event
	Person mxid.User
}

// State is how far a case has come.
type State string

// The states of a case.
const (
	Open      State = "open"
	Decided   State = "decided"
	Withdrawn State = "withdrawn"
)

// Outcome is what was decided.
type Outcome string

// The outcomes of a case.
const (
	Upheld    Outcome = "upheld"
	NotUpheld Outcome = "not_upheld"
)

// Case is a complaint as it stands now.
type Case struct {
	No       No
	About    About
	Reporter Party
	InCharge Party // Nobody: it waits for somebody
	Opened   int64 // milliseconds since 1970, as all times here
	Due      int64 // when it is to be answered
	Changed  int64 // when its latest step was
	State    State
	Outcome  Outcome // of the latest decision; empty: there was none
	Appealed bool
}

// Did is what somebody did in a case.
type Did string

// The kinds of steps.
const (
	Opened    Did = "opened"
	Assigned  Did = "assigned" // To is in charge from now on, or nobody
	Said      Did = "said"
	Decides   Did = "decided"
	Appealed  Did = "appealed"
	Withdraws Did = "withdrawn"
)

// Step is one thing that was done in a case.
type Step struct {
	At      int64
	By      Party // Nobody: it follows from the rules
	Did     Did
	To      Party
	Outcome Outcome
	Text    string
}

const (
	answerIn   = 7 * 24 * time.Hour   // after it was opened or appealed against, a case is to be answered
	appealFor  = 30 * 24 * time.Hour  // after a decision, an appeal may be put
	keptFor    = 365 * 24 * time.Hour // after its last step, a case that is not open goes
	maxText    = 4000                 // letters in one step
	maxSteps   = 200                  // of one case
	opensADay  = 20                   // cases that one person may open
	casesAPage = 50
)

// Disk is what cases keep.
type Disk interface {
	stream.Disk
	// First is whoever signed up first of those who are here: nobody, or one.
	First(v stream.View) ([]Party, error)
	// PersonByID finds somebody; ok is false where there is no such account.
	PersonByID(v stream.View, user mxid.User) (p account.Person, ok bool, err error)
	// AddCase keeps a new case.
	AddCase(u stream.Unit, c Case) error
	// SetCase keeps what may change of a case: who is in charge, until when, its state, and when it was changed.
	SetCase(u stream.Unit, c Case) error
	// Case finds a case; ok is false where there is none of that number.
	Case(v stream.View, no No) (c Case, ok bool, err error)
	// CasesOf lists the cases that who opened, is in charge of, or did something in, the latest first: those before one, or, for no case, all.
	CasesOf(v stream.View, who account.No, before Case, limit int) ([]Case, error)
	// Adrift lists the open cases of which nobody is in charge, or somebody who has closed their account.
	Adrift(v stream.View) ([]Case, error)
	// OpenedSince counts the cases that who has opened since a time.
	OpenedSince(v stream.View, who account.No, since int64) (int, error)
	// AddStep adds to a case.
	AddStep(u stream.Unit, no No, s Step) error
	// Steps gives all that was done in a case, the earliest first.
	Steps(v stream.View, no No) ([]Step, error)
	// DropCases removes cases that are not open and were not changed since a time.
	DropCases(u stream.Unit, before int64) error
	// SetDatum writes account data; see account.DataDisk.
	SetDatum(u stream.Unit, a account.No, d account.Datum, pos stream.Position) (ok bool, err error)
}

// Cases answers for complaints.
type Cases struct {
	Disk  Disk
	Rooms *room.Rooms
	Desk  *desk.Desk // nil: there are no officers
}

// officers are those who answer cases: the officers in office, or, while there are none, whoever signed up first.
func (cs *Cases) officers(v stream.View) (all []Party, err error) {
	if cs.Desk == nil {
		return cs.Disk.First(v)
	}
	users, err := cs.Desk.InOffice(v)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		p, ok, err := cs.Disk.PersonByID(v, user)
		if err != nil {
			return nil, err
		}
		if ok && !p.Closed {
			all = append(all, Party{p.No, p.User})
		}
	}
	if len(all) == 0 {
		return cs.Disk.First(v)
	}
	return all, nil
}

// Shown is a case as somebody in it sees it.
type Shown struct {
	Case
	Steps []Step // empty in a list
	May   []Did  // what the person who asks may do now
}

// Open opens a case of s's. The number is the answer's, and somebody is in charge of it, or it waits and says so.
//
// It returns fault.NotFound where s does not see what it is about, fault.InvalidParam where it is about nothing or too much is said,
// fault.Forbidden where s is the only one who answers cases, and fault.LimitExceeded after 20 in a day.
func (cs *Cases) Open(ctx context.Context, s account.Session, about About, text string) (Shown, error) {
	if s.Service != "" {
		return Shown{}, fault.Forbidden.New("Cases are opened by people.")
	}
	text, err := clean(text, true)
	if err != nil {
		return Shown{}, err
	}
	return cs.do(ctx, s, func(u stream.Unit) (Case, error) {
		about, err := cs.seen(u, s, about)
		if err != nil {
			return Case{}, err
		}
		now := u.Now().UnixMilli()
		if n, err := cs.Disk.OpenedSince(u, s.Account, u.Now().Add(-24*time.Hour).UnixMilli()); err != nil || n >= opensADay {
			if err != nil {
				return Case{}, err
			}
			f := fault.LimitExceeded.New("You have opened %d cases within a day. Say more in one of them, or go on tomorrow.", n)
			f.RetryAfter = time.Hour
			return Case{}, f
		}
		c := Case{About: about, Reporter: Party{s.Account, s.User}, Opened: now, Due: u.Now().Add(answerIn).UnixMilli(), Changed: now, State: Open}
		officers, err := cs.officers(u)
		if err != nil {
			return Case{}, err
		}
		if len(without(officers, c.Reporter)) == 0 {
			return Case{}, fault.Forbidden.New("You are the only one here who answers cases, so there is nobody to whom you could report this. Nothing was kept.")
		}
		if c.InCharge, err = cs.next(u, officers, c); err != nil {
			return Case{}, err
		}
		if c.No, err = cs.number(u); err != nil {
			return Case{}, err
		}
		if err := cs.Disk.AddCase(u, c); err != nil {
			return Case{}, err
		}
		return c, cs.step(u, c, nil, Step{By: c.Reporter, Did: Opened, Text: text}, Step{Did: Assigned, To: c.InCharge})
	})
}

// seen is what a case of s's is about, with the person whom it concerns.
func (cs *Cases) seen(v stream.View, s account.Session, a About) (_ About, err error) {
	switch {
	case a.Room != "" && a.Event != "" && a.Person == "":
		a.Person, err = cs.Rooms.SenderOf(v, s, a.Room, a.Event)
	case a.Room != "" && a.Event == "" && a.Person == "":
		err = cs.Rooms.Knows(v, s, a.Room)
	case a.Person != "" && a.Room == "" && a.Event == "":
		var ok bool
		if _, ok, err = cs.Disk.PersonByID(v, a.Person); err == nil && !ok {
			err = fault.NotFound.New("There is nobody called %s.", a.Person)
		}
	default:
		err = fault.InvalidParam.New("A case is about a message (room_id and event_id), a person (user_id) or a room (room_id).")
	}
	return a, err
}

// number is a number that no case has. It is drawn, so that nobody learns from their own whether somebody else has complained.
func (cs *Cases) number(v stream.View) (No, error) {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(90_000_000))
		if err != nil {
			return 0, err
		}
		no := No(10_000_000 + n.Int64())
		if _, taken, err := cs.Disk.Case(v, no); err != nil || !taken {
			return no, err
		}
	}
}

// next is who of the officers is to answer c: nobody complained about, which are those who run the room where it is about a room, nobody who
// complains, nobody who has decided it before.
func (cs *Cases) next(u stream.Unit, officers []Party, c Case, decided ...Party) (Party, error) {
	concerns := func(who mxid.User) bool { return who == c.About.Person }
	if c.About.Room != "" && c.About.Event == "" {
		var err error
		if concerns, err = cs.Rooms.RunBy(u, c.About.Room); err != nil {
			return Nobody, err
		}
	}
	for _, p := range without(officers, append(decided, c.Reporter)...) {
		if !concerns(p.User) {
			return p, nil
		}
	}
	return Nobody, nil
}

// without leaves some out.
func without(all []Party, some ...Party) []Party {
	return slices.DeleteFunc(slices.Clone(all), func(p Party) bool { return slices.Contains(some, p) })
}

// clean is a text as it is kept. It returns fault.InvalidParam for one that is too long, and for none where there must be one.
func clean(text string, mayBeEmpty bool) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	switch {
	case utf8.RuneCountInString(text) > maxText:
		return "", fault.InvalidParam.New("That is too long: a text has %d letters at most.", maxText)
	case text == "" && !mayBeEmpty:
		return "", fault.InvalidParam.New("\"text\" is empty: say what happened, or why.")
	}
	return text, nil
}

// Say adds a word to a case, by one of the two it is between. It returns fault.NotFound for everybody else's and fault.Forbidden where s may not, now.
func (cs *Cases) Say(ctx context.Context, s account.Session, no No, text string) (Shown, error) {
	return cs.act(ctx, s, no, Said, text, func(stream.Unit, *Case, *Step) error { return nil })
}

// Withdraw ends a case that s opened. The text may be empty. It returns what Say does.
func (cs *Cases) Withdraw(ctx context.Context, s account.Session, no No, text string) (Shown, error) {
	return cs.act(ctx, s, no, Withdraws, text, func(_ stream.Unit, c *Case, _ *Step) error {
		c.State = Withdrawn
		return nil
	})
}

// Decide answers a case that s is in charge of, with reasons. It returns what Say does, and fault.InvalidParam for any other outcome than the two.
func (cs *Cases) Decide(ctx context.Context, s account.Session, no No, o Outcome, reasons string) (Shown, error) {
	if o != Upheld && o != NotUpheld {
		return Shown{}, fault.InvalidParam.New("The outcome is %q or %q.", Upheld, NotUpheld)
	}
	return cs.act(ctx, s, no, Decides, reasons, func(_ stream.Unit, c *Case, step *Step) error {
		c.State, c.Outcome, step.Outcome = Decided, o, o
		return nil
	})
}

// Appeal puts a case that s opened to somebody else than who decided it, once and within thirty days; where there is nobody else it
// waits for somebody. It returns what Say does.
func (cs *Cases) Appeal(ctx context.Context, s account.Session, no No, reasons string) (Shown, error) {
	return cs.act(ctx, s, no, Appealed, reasons, func(u stream.Unit, c *Case, _ *Step) error {
		officers, err := cs.officers(u)
		if err != nil {
			return err
		}
		c.State, c.Appealed, c.Due = Open, true, u.Now().Add(answerIn).UnixMilli()
		c.InCharge, err = cs.next(u, officers, *c, c.InCharge)
		return err
	})
}

// act does one thing in a case, where s may.
func (cs *Cases) act(ctx context.Context, s account.Session, no No, did Did, text string, change func(stream.Unit, *Case, *Step) error) (Shown, error) {
	text, err := clean(text, did == Withdraws)
	if err != nil {
		return Shown{}, err
	}
	return cs.do(ctx, s, func(u stream.Unit) (Case, error) {
		c, steps, err := cs.find(u, s, no)
		if err != nil {
			return c, err
		}
		now := u.Now()
		if !slices.Contains(may(c, s.Account, now), did) {
			return c, mayNot(c, s.Account, did)
		}
		if len(steps) >= maxSteps {
			return c, fault.OverQuota.New("So much has been said in case %d already that no more is taken. Open another one.", no)
		}
		before, step := c.InCharge, Step{By: Party{s.Account, s.User}, Did: did, Text: text}
		if err := change(u, &c, &step); err != nil {
			return c, err
		}
		c.Changed = now.UnixMilli()
		if err := cs.Disk.SetCase(u, c); err != nil {
			return c, err
		}
		done := []Step{step}
		if c.InCharge != before {
			done = append(done, Step{Did: Assigned, To: c.InCharge})
		}
		return c, cs.step(u, c, []Party{before}, done...)
	})
}

// may is what who may do in c at a time.
func may(c Case, who account.No, now time.Time) (all []Did) {
	reporter, inCharge := c.Reporter.No == who, c.InCharge.No == who
	if c.State == Open && (reporter || inCharge) {
		all = append(all, Said)
	}
	if c.State == Open && inCharge {
		all = append(all, Decides)
	}
	if c.State == Decided && reporter && !c.Appealed && now.Before(time.UnixMilli(c.Changed).Add(appealFor)) {
		all = append(all, Appealed)
	}
	if c.State == Open && reporter {
		all = append(all, Withdraws)
	}
	return all
}

// mayNot says why who may not do that in c.
func mayNot(c Case, who account.No, did Did) error {
	switch {
	case did == Appealed && c.Appealed:
		return fault.Forbidden.New("An appeal is put once, and yours has been.")
	case did == Appealed && c.Reporter.No == who && c.State == Decided:
		return fault.Forbidden.New("An appeal is put within thirty days, and they are over. You can open another case.")
	case did == Appealed && c.Reporter.No == who:
		return fault.Forbidden.New("There is no decision yet against which you could appeal.")
	case c.State != Open:
		return fault.Forbidden.New("Case %d is closed.", c.No)
	case did == Decides:
		return fault.Forbidden.New("You are not in charge of case %d.", c.No)
	}
	return fault.Forbidden.New("Only who opened case %d may do that.", c.No)
}

// find finds a case and its steps, where s has a part in it. It returns fault.NotFound otherwise.
func (cs *Cases) find(v stream.View, s account.Session, no No) (c Case, steps []Step, err error) {
	c, ok, err := cs.Disk.Case(v, no)
	if err == nil && ok {
		steps, err = cs.Disk.Steps(v, no)
	}
	if err != nil {
		return c, nil, err
	}
	had := func(st Step) bool { return st.By.No == s.Account }
	if !ok || c.Reporter.No != s.Account && c.InCharge.No != s.Account && !slices.ContainsFunc(steps, had) {
		return Case{}, nil, fault.NotFound.New("There is no case %d, or you have no part in it.", no)
	}
	return c, steps, nil
}

// step keeps what was done in c and lets its people's devices know that something was, and those of others who had a part in it.
func (cs *Cases) step(u stream.Unit, c Case, also []Party, steps ...Step) error {
	for _, s := range steps {
		s.At = u.Now().UnixMilli()
		if err := cs.Disk.AddStep(u, c.No, s); err != nil {
			return err
		}
	}
	content, err := json.Marshal(map[string]int64{"changed": c.Changed})
	if err != nil {
		return err
	}
	told := []Party{c.Reporter}
	for _, p := range append(also, c.InCharge, steps[0].By) {
		if p != Nobody && !slices.Contains(told, p) {
			told = append(told, p)
		}
	}
	for _, p := range told {
		if _, err := cs.Disk.SetDatum(u, p.No, account.Datum{Type: account.CasesChanged, Content: content}, u.Next(stream.Topic(p.User))); err != nil {
			return err
		}
	}
	return nil
}

// do runs one unit of work and shows s the case that it was about.
func (cs *Cases) do(ctx context.Context, s account.Session, fn func(stream.Unit) (Case, error)) (shown Shown, err error) {
	err = cs.Disk.Do(ctx, func(u stream.Unit) error {
		c, err := fn(u)
		if err == nil {
			shown, err = cs.show(u, s, c, u.Now())
		}
		return err
	})
	return shown, err
}

// show is a case with its steps.
func (cs *Cases) show(v stream.View, s account.Session, c Case, now time.Time) (Shown, error) {
	steps, err := cs.Disk.Steps(v, c.No)
	return Shown{c, steps, may(c, s.Account, now)}, err
}

// Case gives one case in which s has a part. It returns fault.NotFound for every other number.
func (cs *Cases) Case(ctx context.Context, s account.Session, no No) (shown Shown, err error) {
	err = cs.Disk.View(ctx, func(v stream.View) error {
		c, steps, err := cs.find(v, s, no)
		shown = Shown{c, steps, may(c, s.Account, time.Now())}
		return err
	})
	return shown, err
}

// List gives the cases in which s has a part, the latest first, 50 at most, behind that of number before; zero: from the latest on. next is
// where the next page begins, zero where there is none. It returns fault.NotFound where there is no case before.
func (cs *Cases) List(ctx context.Context, s account.Session, before No) (all []Shown, next No, err error) {
	err = cs.Disk.View(ctx, func(v stream.View) (err error) {
		var from Case
		if before != 0 {
			if from, _, err = cs.find(v, s, before); err != nil {
				return err
			}
		}
		found, err := cs.Disk.CasesOf(v, s.Account, from, casesAPage+1)
		all, next = nil, 0
		if len(found) > casesAPage {
			found = found[:casesAPage]
			next = found[casesAPage-1].No
		}
		for _, c := range found {
			all = append(all, Shown{c, nil, may(c, s.Account, time.Now())})
		}
		return err
	})
	return all, next, err
}

// HandOver gives the cases that wait, and those of people who have closed their account, to whoever may answer them now, and says so in them.
func (cs *Cases) HandOver(ctx context.Context) error {
	return cs.Disk.Do(ctx, func(u stream.Unit) error {
		adrift, err := cs.Disk.Adrift(u)
		if err != nil || len(adrift) == 0 {
			return err
		}
		officers, err := cs.officers(u)
		if err != nil {
			return err
		}
		for _, c := range adrift {
			steps, err := cs.Disk.Steps(u, c.No)
			if err != nil {
				return err
			}
			var decided []Party
			for _, st := range steps {
				if st.Did == Decides {
					decided = append(decided, st.By)
				}
			}
			before := c.InCharge
			if c.InCharge, err = cs.next(u, officers, c, decided...); err != nil {
				return err
			}
			if c.InCharge == before {
				continue
			}
			c.Changed = u.Now().UnixMilli()
			if err := cs.Disk.SetCase(u, c); err != nil {
				return err
			}
			if err := cs.step(u, c, nil, Step{Did: Assigned, To: c.InCharge}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Prune removes cases that ended a year ago.
func (cs *Cases) Prune(ctx context.Context) error {
	return cs.Disk.Do(ctx, func(u stream.Unit) error { return cs.Disk.DropCases(u, u.Now().Add(-keptFor).UnixMilli()) })
}
