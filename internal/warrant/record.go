package warrant

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
	"wardroom/internal/ledger"
)

// slack is how far clocks may differ.
const slack = 5 * 60

// Record is what a ledger says about power: who is an officer, and how far each act has come. It is made by giving it all entries in order,
// and refuses the first that breaks a rule: the server cannot carry out what a verifier would not accept, because both ask it.
// The zero value is ready for the first entry. It is no use any more after an error.
type Record struct {
	key      string // of the log
	policy   string // who witnesses
	charter  *Charter
	officers map[string]Officer // by key: all that ever were
	ended    map[string]int64   // when they were dismissed, by key
	acts     map[int64]*Act     // by the number of the entry that authorised them
	hashes   map[string]bool    // of all texts that were ever authorised
}

// Act is a warrant that was authorised, and how far it has come.
type Act struct {
	Number     int64 // of the entry that authorised it
	Head       Head
	Authorised int64    // when; seconds since 1970, as the next
	Executed   int64    // 0: it was not
	Approved   []string // by whose keys
	Done       bool
	Ended      bool // it has lapsed, or was reversed
}

// Charter is what holds; nil: there was no first appointment yet.
func (r *Record) Charter() *Charter { return r.charter }

// Witnessed says whether anybody outside witnesses the ledger.
func (r *Record) Witnessed() bool {
	p, err := config.ParsePolicy(r.policy)
	return err == nil && len(p.Witnesses) > 0
}

// Key is that of the ledger.
func (r *Record) Key() string { return r.key }

// Act gives what the entry with that number has authorised.
func (r *Record) Act(number int64) (a Act, ok bool) {
	if is := r.acts[number]; is != nil {
		return *is, true
	}
	return Act{}, false
}

// Acts gives all, in order.
func (r *Record) Acts() (all []Act) {
	for _, n := range slices.Sorted(maps.Keys(r.acts)) {
		all = append(all, *r.acts[n])
	}
	return all
}

// InOffice lists who may approve at a time, by their keys, in order.
func (r *Record) InOffice(at int64) (all []Officer) {
	for _, key := range slices.Sorted(maps.Keys(r.officers)) {
		if o, ok := r.officer(key, at); ok {
			all = append(all, o)
		}
	}
	return all
}

func (r *Record) officer(key string, at int64) (Officer, bool) {
	o, ok := r.officers[key]
	_, ended := r.ended[key]
	return o, ok && !ended && o.Until > at
}

// Clone is a record that can be carried on without changing r.
func (r *Record) Clone() *Record {
	c := *r
	c.officers, c.ended, c.hashes = maps.Clone(r.officers), maps.Clone(r.ended), maps.Clone(r.hashes)
	c.acts = make(map[int64]*Act, len(r.acts))
	for n, a := range r.acts {
		is := *a
		c.acts[n] = &is
	}
	return &c
}

// Entry carries r on by the next entry. hashes are those of the tree that it is in. It is a ledger.Rule.
func (r *Record) Entry(number int64, leaf *ledger.Leaf, hashes tlog.HashReader) (err error) {
	switch leaf.Kind {
	case ledger.Genesis:
		body, err := ledger.BodyOf[ledger.GenesisBody](leaf)
		if err != nil {
			return err
		}
		*r = Record{key: body.Log, officers: map[string]Officer{}, ended: map[string]int64{}, acts: map[int64]*Act{}, hashes: map[string]bool{}}
	case ledger.Authorised:
		err = r.authorised(number, leaf)
	case ledger.Executed:
		err = r.executed(leaf, hashes)
	case ledger.Done:
		err = r.done(leaf)
	case ledger.Lapsed:
		err = r.lapsed(leaf)
	}
	if err == nil {
		r.policy, err = leaf.PolicyAfter(r.policy)
	}
	return err
}

func (r *Record) authorised(number int64, leaf *ledger.Leaf) error {
	body, err := ledger.BodyOf[ledger.AuthorisedBody](leaf)
	if err != nil {
		return err
	}
	h, err := ParseHead(body.Warrant)
	if err != nil {
		return err
	}
	if r.hashes[h.Hash] {
		return errors.New("this warrant was authorised before")
	}
	if err := r.MayAsk(h); err != nil {
		return err
	}
	approved, err := r.Approved(h, body.Approvals, leaf.At)
	if err != nil {
		return err
	}
	r.hashes[h.Hash] = true
	r.acts[number] = &Act{Number: number, Head: *h, Authorised: leaf.At, Approved: approved}
	return nil
}

// MayAsk says why a warrant with this head cannot be, as things stand.
func (r *Record) MayAsk(h *Head) error {
	if h.Log != r.key {
		return errors.New("it is for another ledger")
	}
	if (r.charter == nil) != (h.Charter != nil && h.Kind == Appoint) {
		if r.charter == nil {
			return errors.New("nobody is an officer yet: the first warrant appoints officers of at least two offices, and sets the charter")
		}
		return errors.New("there is a charter already: it is changed by an amendment")
	}
	if (r.charter == nil) != (h.By == "") {
		return errors.New("an officer asks for it, or, while there are none, nobody who is one")
	}
	if _, ok := r.officer(h.By, h.Asked); h.By != "" && !ok {
		return errors.New("who asks for it is no officer")
	}
	persons := map[string]Office{}
	for _, o := range r.InOffice(h.Asked) {
		persons[o.Person] = o.Office
	}
	for _, o := range h.Appoint {
		if _, is := r.officers[o.Key]; is {
			return errors.New("it appoints a key that was appointed before: take a new one for each term")
		}
		if _, is := persons[o.Person]; is {
			return errors.New("it appoints somebody who is an officer already")
		}
		persons[o.Person] = o.Office
	}
	for _, key := range h.Dismiss {
		o, ok := r.officer(key, h.Asked)
		if !ok {
			return errors.New("it dismisses somebody who is no officer")
		}
		delete(persons, o.Person)
		if !slices.Contains(h.Not, key) {
			return errors.New("those whom it dismisses are not to approve it")
		}
	}
	if needs := r.needs(h); h.Kind == Appoint || h.Kind == Dismiss || h.Kind == Amend {
		if offices := slices.Compact(slices.Sorted(maps.Values(persons))); len(persons) < needs || len(offices) < 2 {
			return fmt.Errorf("afterwards there would be %d officers of %d offices, and %d of two are needed for any act: appoint others first", len(persons), len(offices), needs)
		}
	}
	if h.Reverses != nil {
		a := r.acts[*h.Reverses]
		if a == nil || a.Head.Kind != Suspend || a.Ended {
			return errors.New("there is nothing that it could end")
		}
		if a.Head.About != "" && h.About == "" {
			return errors.New("the person whom it is about could not find it")
		}
	}
	if h.Kind == Suspend && h.About == "" {
		return errors.New("the person whom it is about could not find it")
	}
	return nil
}

// needs is how many approvals a warrant needs.
func (r *Record) needs(h *Head) int {
	switch {
	case r.charter == nil:
		return h.Charter.Approvals
	case h.Charter != nil:
		return max(r.charter.Approvals, h.Charter.Approvals)
	}
	return r.charter.Approvals
}

// Missing says what a warrant still needs; Approved gives it as an error.
type Missing struct {
	Approvals int  // how many more officers
	Offices   bool // they are of one office so far
}

func (m *Missing) Error() string {
	if m.Approvals > 0 {
		return fmt.Sprintf("it lacks the approval of %d more officers", m.Approvals)
	}
	return "it lacks the approval of an officer of another office"
}

// Approved checks the approvals of a warrant as of a time, and gives the keys of those who made them. Each must be of an officer in office, who
// neither asks for it nor is the one it is about, and of whom there is no other. It returns *Missing where they are right and too few.
//
// The first appointment is approved by all whom it appoints: so each of them has the key, and agrees.
func (r *Record) Approved(h *Head, approvals []string, at int64) (keys []string, err error) {
	if at > h.ApproveBy || at < h.Asked-slack {
		return nil, errors.New("it was not approved within its time")
	}
	message, err := h.Bytes()
	if err != nil {
		return nil, err
	}
	persons, of := map[string]bool{}, map[Office]bool{}
	for _, signature := range approvals {
		key, err := signer(signature, message)
		if err != nil {
			return nil, err
		}
		o, ok := r.officer(key, at)
		if r.charter == nil {
			i := slices.IndexFunc(h.Appoint, func(o Officer) bool { return o.Key == key })
			if ok = i >= 0; ok {
				o = h.Appoint[i]
			}
		}
		switch {
		case !ok:
			return nil, errors.New("an approval is by a key that is no officer's")
		case key == h.By:
			return nil, errors.New("an approval is by the officer who asks for it")
		case slices.Contains(h.Not, key):
			return nil, errors.New("an approval is by an officer whom it is about")
		case persons[o.Person]:
			return nil, errors.New("two approvals are by one person")
		}
		persons[o.Person], of[o.Office] = true, true
		keys = append(keys, key)
	}
	needs := r.needs(h)
	if r.charter == nil {
		needs = max(needs, len(h.Appoint))
	}
	if len(keys) < needs || len(of) < 2 {
		return keys, &Missing{max(needs-len(keys), 0), len(of) < 2}
	}
	return keys, nil
}

func (r *Record) act(number int64) (*Act, error) {
	a := r.acts[number]
	if a == nil {
		return nil, fmt.Errorf("the entry %d, which it names, has authorised nothing", number)
	}
	return a, nil
}

// From is when an act that was authorised may be carried out at the earliest. It says why it never will, where its time is over.
func (r *Record) From(a Act) (at int64, err error) {
	if a.Ended || a.Executed != 0 {
		return 0, errors.New("it was carried out already, or is over")
	}
	if at = a.Authorised; !r.Witnessed() && r.charter != nil && a.Head.Kind != Restore {
		at += int64(Unwitnessed / time.Second)
	}
	return at, nil
}

// LapsesAt is when an act is over by itself; 0: never.
func (a Act) LapsesAt() int64 {
	if a.Executed == 0 {
		at := a.Authorised + int64(ExecuteWithin/time.Second)
		if a.Head.Until != 0 {
			at = min(at, a.Head.Until)
		}
		return at
	}
	return a.Head.Until
}

func (r *Record) executed(leaf *ledger.Leaf, hashes tlog.HashReader) error {
	body, err := ledger.BodyOf[ledger.ExecutedBody](leaf)
	if err != nil {
		return err
	}
	a, err := r.act(body.Authorised)
	if err != nil {
		return err
	}
	from, err := r.From(*a)
	switch {
	case err != nil:
		return err
	case leaf.At < from:
		return errors.New("it was carried out before its time")
	case leaf.At >= a.LapsesAt():
		return errors.New("it was carried out after its time")
	case r.Witnessed() != (body.Checkpoint != ""):
		return errors.New("it does not show that it was witnessed before it was carried out")
	}
	if body.Checkpoint != "" {
		if err := ledger.Held(body.Checkpoint, a.Number, r.key, r.policy, hashes); err != nil {
			return err
		}
	}
	if err := r.MayAsk(&a.Head); err != nil { // what was done meanwhile may be in its way
		return err
	}
	a.Executed = leaf.At
	if a.Head.Charter != nil {
		r.charter = a.Head.Charter
	}
	for _, o := range a.Head.Appoint {
		r.officers[o.Key] = o
	}
	for _, key := range a.Head.Dismiss {
		r.ended[key] = leaf.At
	}
	if a.Head.Reverses != nil {
		r.acts[*a.Head.Reverses].Ended = true
	}
	return nil
}

func (r *Record) done(leaf *ledger.Leaf) error {
	body, err := ledger.BodyOf[ledger.ActBody](leaf)
	if err != nil {
		return err
	}
	a, err := r.act(body.Authorised)
	if err == nil && (a.Executed == 0 || a.Done) {
		err = errors.New("it was not carried out, or was done before")
	}
	if err == nil {
		a.Done = true
	}
	return err
}

func (r *Record) lapsed(leaf *ledger.Leaf) error {
	body, err := ledger.BodyOf[ledger.ActBody](leaf)
	if err != nil {
		return err
	}
	a, err := r.act(body.Authorised)
	switch {
	case err != nil:
		return err
	case a.Ended:
		return errors.New("it was over already")
	case a.LapsesAt() == 0 || leaf.At < a.LapsesAt():
		return errors.New("its time is not over")
	}
	a.Ended = true
	return nil
}

// Order is leave to carry out one act, once: the functions that act on people take one, and only a Record makes one, out of a ledger that has
// authorised it and shows that it was witnessed. The zero value is leave to do nothing.
type Order struct {
	act  Act
	text *Text
	undo bool
}

// Order gives leave to do what the entry number has authorised and r has as carried out. It is for the unit of work in which that entry is.
// text is the warrant's.
func (r *Record) Order(number int64, text []byte) (Order, error) {
	return r.order(number, text, false)
}

// Undo gives leave to end what the entry number has authorised and r has as over.
func (r *Record) Undo(number int64, text []byte) (Order, error) {
	return r.order(number, text, true)
}

func (r *Record) order(number int64, text []byte, undo bool) (Order, error) {
	a, ok := r.Act(number)
	if !ok || undo && !a.Ended || !undo && (a.Executed == 0 || a.Ended || a.Done) {
		return Order{}, fmt.Errorf("nothing gives leave to do what the entry %d of the ledger authorised", number)
	}
	t, err := a.Head.Agrees(text)
	if err != nil {
		return Order{}, err
	}
	return Order{a, t, undo}, nil
}

// Number is that of the entry which authorised it.
func (o Order) Number() int64 { return o.act.Number }

// To returns the text of an order that is leave to do what kind does, and an error for every other, the zero value among them.
func (o Order) To(kind Kind) (*Text, error) {
	if o.text == nil || o.undo || o.act.Head.Kind != kind {
		return nil, fmt.Errorf("there is no order to %s", kind)
	}
	return o.text, nil
}

// ToEnd returns the text of an order that is leave to end what kind did.
func (o Order) ToEnd(kind Kind) (*Text, error) {
	if o.text == nil || !o.undo || o.act.Head.Kind != kind {
		return nil, fmt.Errorf("there is no order to end what %s did", kind)
	}
	return o.text, nil
}
