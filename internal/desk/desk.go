// Package desk is where acts of power are asked for, approved and carried out. It keeps warrants until enough officers have signed, enters them in the
// ledger, waits until outsiders hold the entry, has the act done in one unit of work with its record, and tells the person. What may be done is
// decided by package warrant; what is done, by whoever acts.
package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/ledger"
	"wardroom/internal/mail"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// Warrant is a warrant as it is kept.
type Warrant struct {
	Hash       string // of its text; by this it is asked for
	Head, Text []byte // in the form that is signed and hashed
	By         account.No
	Entry      int64 // the number of the entry that authorised it; Open: none did
}

// Open is the entry of a warrant that was not authorised.
const Open = -1

// Word is what an officer said about a warrant.
type Word struct {
	At      int64 // milliseconds since 1970
	By      account.No
	User    mxid.User
	Refused bool
	Text    string
}

// Disk is what the desk keeps.
type Disk interface {
	stream.Disk
	AuditDisk
	// PersonByID finds somebody; ok is false where there is no such account.
	PersonByID(v stream.View, user mxid.User) (p account.Person, ok bool, err error)
	// Founder is who signed up first of those who are here; ok is false where nobody has.
	Founder(v stream.View) (user mxid.User, ok bool, err error)

	AddWarrant(u stream.Unit, w Warrant) error
	// SetEntry keeps the number of the entry that authorised a warrant.
	SetEntry(u stream.Unit, hash string, entry int64) error
	// Warrant finds one by its hash.
	Warrant(v stream.View, hash string) (w Warrant, ok bool, err error)
	// WarrantOf finds the one that an entry authorised.
	WarrantOf(v stream.View, entry int64) (w Warrant, ok bool, err error)
	// Warrants lists those before one, the latest first, or, for none, all.
	Warrants(v stream.View, before string, limit int) ([]Warrant, error)
	// OpenSince counts the warrants that who has asked for and nobody has authorised.
	OpenBy(v stream.View, who account.No) (int, error)
	// DropOpen removes the warrants that were not authorised, and what was said about them, where they were asked for before a time.
	DropOpen(u stream.Unit, asked int64) error

	// AddApproval keeps a signature, one for each key.
	AddApproval(u stream.Unit, hash, key, signature string) error
	// Approvals are the signatures on a warrant.
	Approvals(v stream.View, hash string) (signatures []string, err error)
	AddWord(u stream.Unit, hash string, w Word) error
	Words(v stream.View, hash string) ([]Word, error)

	// AddNotice keeps that somebody is told of a warrant.
	AddNotice(u stream.Unit, to account.No, hash string, at int64) error
	// Notices lists the warrants that somebody was told of, the latest first.
	Notices(v stream.View, to account.No, limit int) ([]Warrant, error)
	// Noticed reports whether somebody was told of a warrant.
	Noticed(v stream.View, to account.No, hash string) (bool, error)

	// LogKey is the key by which somebody's tags are made, and how many there are; ok is false where there is none yet.
	LogKey(v stream.View, of account.No) (key []byte, used int64, ok bool, err error)
	SetLogKey(u stream.Unit, of account.No, key []byte, used int64) error
	// SetDatum writes account data; see account.DataDisk.
	SetDatum(u stream.Unit, a account.No, d account.Datum, pos stream.Position) (ok bool, err error)
}

// Act is what a kind of warrant does to people's things, in the unit of work in which the ledger records it. Undo ends it when its time is over.
type Act struct {
	Do, Undo func(u stream.Unit, o warrant.Order) error
}

// Powers are all acts that there are, and what does them.
func Powers(accounts *account.Accounts) map[warrant.Kind]Act {
	return map[warrant.Kind]Act{
		warrant.Suspend: {accounts.Suspend, accounts.Lapse},
		warrant.Restore: {accounts.Restore, nil},
		// The ledger itself says who is an officer, and what the charter is.
		warrant.Appoint: {}, warrant.Dismiss: {}, warrant.Amend: {},
	}
}

// Desk is the officers' desk of one server.
type Desk struct {
	Disk   Disk
	Ledger *ledger.Ledger
	Hub    *stream.Hub
	Log    *slog.Logger
	Mail   *mail.Outbox // nil: no mail is sent
	Acts   map[warrant.Kind]Act
	Audits []Compare // of other nouns

	mu      sync.Mutex      // guards the rest
	record  *warrant.Record // of what is on disk, up to
	upto    int64
	audited Audited
}

// topic is woken with each step of a warrant.
const topic stream.Topic = "warrants"

const (
	maxOpen   = 50 // warrants that one officer has asked for and nobody has approved
	maxWords  = 100
	maxWord   = 4000 // letters
	onAPage   = 50
	maxAbout  = 500
	tagLength = 16
)

// inView is the record as v, a view, sees it.
func (d *Desk) inView(v stream.View) (*warrant.Record, error) {
	r, from, err := d.from(v)
	if err != nil {
		return nil, err
	}
	upto, err := d.Ledger.Read(v, from, r.Entry)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if upto > d.upto {
		d.record, d.upto = r.Clone(), upto
	}
	return r, nil
}

// inUnit is the record as u sees it, with what u has written, and how far it goes. It is u's alone, and nothing of it is remembered: u may fail.
func (d *Desk) inUnit(u stream.Unit) (*warrant.Record, int64, error) {
	r, from, err := d.from(u)
	if err != nil {
		return nil, 0, err
	}
	upto, err := d.Ledger.Read(u, from, r.Entry)
	return r, upto, err
}

// from is a record to be carried on from a number: what is remembered, or nothing where v does not see all of that.
func (d *Desk) from(v stream.View) (*warrant.Record, int64, error) {
	size, err := d.Ledger.Disk.LedgerSize(v)
	if err != nil {
		return nil, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.record == nil || size < d.upto {
		return &warrant.Record{}, 0, nil
	}
	return d.record.Clone(), d.upto, nil
}

// appended adds an entry and gives the record with it. What the record refuses is in no ledger: u has to fail then.
func (d *Desk) appended(u stream.Unit, r *warrant.Record, upto int64, kind ledger.Kind, body any) (number int64, err error) {
	if number, err = d.Ledger.Append(u, kind, body); err != nil {
		return 0, err
	}
	_, err = d.Ledger.Read(u, upto, func(n int64, leaf *ledger.Leaf, hashes tlog.HashReader) error { return r.Entry(n, leaf, hashes) })
	return number, err
}

// Asked is what an officer fills in.
type Asked struct {
	Kind      warrant.Kind
	Law       string
	Until     int64 // seconds since 1970
	Outside   string
	Subject   mxid.User
	Scope     string
	Ground    string
	Contract  bool
	Reasons   string
	Automated bool
	Milder    string
	Evidence  []warrant.Evidence
	Appeal    string
	Charter   *warrant.Charter
	Appoint   []warrant.Appointee
	Dismiss   []string // keys
	Reverses  *int64
}

// Ask keeps a warrant that waits for its approvals. It is asked for by an officer, or, while there are none, by whoever signed up first.
//
// It returns fault.Forbidden for everybody else, fault.InvalidParam where a rule is broken, with that rule, and fault.LimitExceeded where s has
// asked for 50 that nobody has approved.
func (d *Desk) Ask(ctx context.Context, s account.Session, a Asked) (Shown, error) {
	return d.do(ctx, s, func(u stream.Unit, r *warrant.Record, _ int64, p people) (Warrant, error) {
		now := u.Now().Unix()
		t := &warrant.Text{
			Version: 1, Nonce: warrant.Nonce(), Log: r.Key(), Kind: a.Kind, Law: a.Law, Asked: now, ApproveBy: now + int64(warrant.ApproveWithin/time.Second), Until: a.Until,
			By: s.User, Outside: a.Outside, Subject: a.Subject, Scope: a.Scope, Ground: a.Ground, Contract: a.Contract, Reasons: a.Reasons, Automated: a.Automated,
			Milder: a.Milder, Evidence: a.Evidence, Appeal: a.Appeal, Charter: a.Charter, Appoint: a.Appoint, Reverses: a.Reverses,
		}
		h := &warrant.Head{
			Version: 1, Log: t.Log, Kind: t.Kind, Law: t.Law, Asked: t.Asked, ApproveBy: t.ApproveBy, Until: t.Until, Charter: t.Charter, Reverses: t.Reverses, Dismiss: a.Dismiss,
		}
		if r.Charter() != nil {
			own, ok := p.inOffice(r, s.User, now)
			if !ok {
				return Warrant{}, fault.Forbidden.New("Warrants are asked for by officers.")
			}
			h.By = own.Key
		} else if founder, ok, err := d.Disk.Founder(u); err != nil || !ok || founder != s.User {
			if err != nil {
				return Warrant{}, err
			}
			return Warrant{}, fault.Forbidden.New("Nobody is an officer yet. The first officers are appointed by whoever signed up first: ask them.")
		}
		if n, err := d.Disk.OpenBy(u, s.Account); err != nil || n >= maxOpen {
			if err != nil {
				return Warrant{}, err
			}
			f := fault.LimitExceeded.New("%d of your warrants wait for approval. Ask again when they are decided.", n)
			f.RetryAfter = time.Hour
			return Warrant{}, f
		}
		if err := d.whom(u, r, p, t, h); err != nil {
			return Warrant{}, err
		}
		w, err := d.keep(u, s, r, t, h)
		if err == nil {
			err = d.call(u, r, p, t, h)
		}
		return w, err
	})
}

// whom fills in whom a warrant is about: the accounts must be there, and get tags; officers among them do not approve it.
func (d *Desk) whom(u stream.Unit, r *warrant.Record, p people, t *warrant.Text, h *warrant.Head) error {
	for _, key := range h.Dismiss {
		user, ok := p.users[key]
		if !ok {
			return fault.InvalidParam.New("Nobody was appointed with the key %s.", key)
		}
		o := p.officers[key]
		t.Dismiss = append(t.Dismiss, warrant.Appointee{User: user, Office: o.Office, Key: key})
		h.Not = append(h.Not, key)
	}
	for i, a := range t.Appoint {
		who, err := d.person(u, a.User)
		if err != nil {
			return err
		}
		key, err := warrant.ParseKey(a.Key)
		if err != nil {
			return fault.InvalidParam.New("The key of %s: %s.", who.User, err)
		}
		t.Appoint[i].Key = key
		h.Appoint = append(h.Appoint, warrant.Officer{Key: key, Office: a.Office, Person: p.pseudonym(who.User), Until: a.Until})
		p.pseudonyms[who.User] = h.Appoint[i].Person
	}
	if t.Kind == warrant.Restore && t.Reverses != nil {
		before, ok, err := d.Disk.WarrantOf(u, *t.Reverses)
		if err != nil || !ok {
			return errors.Join(err, fault.InvalidParam.New("The entry %d of the ledger has authorised nothing that could be ended.", *t.Reverses))
		}
		of, err := warrant.ParseText(before.Text)
		if err != nil {
			return err
		}
		t.Subject = of.Subject
	}
	if t.Subject == "" {
		return nil
	}
	who, err := d.person(u, t.Subject)
	if err != nil {
		return err
	}
	for key, user := range p.users {
		if user == who.User {
			h.Not = append(h.Not, key)
		}
	}
	slices.Sort(h.Not)
	h.Not = slices.Compact(h.Not)
	h.About, err = d.tag(u, who.No)
	return err
}

// person finds somebody who is here.
func (d *Desk) person(v stream.View, user mxid.User) (account.Person, error) {
	p, ok, err := d.Disk.PersonByID(v, user)
	if err == nil && (!ok || p.Closed || p.Service != "") {
		err = fault.InvalidParam.New("There is nobody here called %s.", user)
	}
	return p, err
}

// keep keeps a warrant that breaks no rule.
func (d *Desk) keep(u stream.Unit, s account.Session, r *warrant.Record, t *warrant.Text, h *warrant.Head) (w Warrant, err error) {
	if w.Text, err = t.Bytes(); err != nil {
		return w, fault.InvalidParam.Wrap(err, "That is not a warrant.")
	}
	w.Hash, w.By, w.Entry = warrant.Hash(w.Text), s.Account, Open
	h.Hash = w.Hash
	if w.Head, err = h.Bytes(); err == nil {
		_, err = warrant.ParseHead(w.Head)
	}
	if err == nil {
		_, err = h.Agrees(w.Text)
	}
	if err == nil {
		err = r.MayAsk(h)
	}
	if err != nil {
		return w, fault.InvalidParam.Wrap(err, "%s.", sentence(err))
	}
	return w, d.Disk.AddWarrant(u, w)
}

// sentence begins with a capital letter.
func sentence(err error) string {
	text := err.Error()
	_, n := utf8.DecodeRuneInString(text)
	return strings.ToUpper(text[:n]) + text[n:]
}

// Approve adds an officer's signature, as ssh-keygen -Y sign makes it over the head. With the last one that is needed the warrant is entered in the ledger, and
// whoever it is about is told; nothing is done yet.
//
// It returns fault.NotFound where s sees no such warrant, and fault.InvalidParam, with the reason, for what is no approval of it.
func (d *Desk) Approve(ctx context.Context, s account.Session, hash, armoured string) (Shown, error) {
	signature, err := warrant.Unarmour(armoured)
	if err != nil {
		return Shown{}, fault.InvalidParam.Wrap(err, "%s.", sentence(err))
	}
	return d.do(ctx, s, func(u stream.Unit, r *warrant.Record, upto int64, p people) (Warrant, error) {
		w, h, err := d.open(u, s, r, p, hash)
		if err != nil {
			return w, err
		}
		have, err := d.Disk.Approvals(u, hash)
		if err != nil {
			return w, err
		}
		keys, err := r.Approved(h, append(have, signature), u.Now().Unix())
		var missing *warrant.Missing
		if err != nil && !errors.As(err, &missing) {
			return w, fault.InvalidParam.Wrap(err, "%s.", sentence(err))
		}
		if err := d.Disk.AddApproval(u, hash, keys[len(keys)-1], signature); err != nil || missing != nil {
			return w, err
		}
		if err := d.Ledger.Halted(); err != nil {
			return w, fault.Unavailable.Wrap(err, "The ledger is halted, because a witness has seen another one under its name. Nothing is authorised until that is cleared up.")
		}
		if w.Entry, err = d.appended(u, r, upto, ledger.Authorised, ledger.AuthorisedBody{Warrant: w.Head, Approvals: append(have, signature)}); err != nil {
			return w, err
		}
		if err := d.Disk.SetEntry(u, hash, w.Entry); err != nil {
			return w, err
		}
		return w, d.tell(u, w)
	})
}

// Refuse keeps that an officer does not approve a warrant, with reasons. Others may approve it all the same. It returns what Approve does.
func (d *Desk) Refuse(ctx context.Context, s account.Session, hash, reasons string) (Shown, error) {
	reasons = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(reasons, "\uFFFD"), "\x00", ""))
	if n := utf8.RuneCountInString(reasons); n == 0 || n > maxWord {
		return Shown{}, fault.InvalidParam.New("Say why, in at most %d letters.", maxWord)
	}
	return d.do(ctx, s, func(u stream.Unit, r *warrant.Record, _ int64, p people) (Warrant, error) {
		w, _, err := d.open(u, s, r, p, hash)
		if err != nil {
			return w, err
		}
		words, err := d.Disk.Words(u, hash)
		if err != nil {
			return w, err
		}
		if len(words) >= maxWords {
			return w, fault.OverQuota.New("So much has been said about this warrant that no more is taken.")
		}
		u.Next(topic)
		return w, d.Disk.AddWord(u, hash, Word{At: u.Now().UnixMilli(), By: s.Account, User: s.User, Refused: true, Text: reasons})
	})
}

// open finds a warrant that waits for approvals, and that s may decide on. Those whom the first one appoints decide on it before they are officers.
func (d *Desk) open(v stream.View, s account.Session, r *warrant.Record, p people, hash string) (Warrant, *warrant.Head, error) {
	w, t, err := d.find(v, s, r, p, hash)
	if err != nil {
		return w, nil, err
	}
	if w.Entry != Open {
		return w, nil, fault.InvalidParam.New("This warrant was authorised already.")
	}
	if _, ok := p.inOffice(r, s.User, time.Now().Unix()); !ok && !(r.Charter() == nil && appoints(t, s.User)) {
		return w, nil, fault.Forbidden.New("Only officers decide on warrants.")
	}
	h, err := warrant.ParseHead(w.Head)
	return w, h, err
}

// find finds a warrant that s may see: an officer, who asked for it, and whom it is about.
func (d *Desk) find(v stream.View, s account.Session, r *warrant.Record, p people, hash string) (w Warrant, t *warrant.Text, err error) {
	w, ok, err := d.Disk.Warrant(v, hash)
	if err != nil {
		return w, nil, err
	}
	if ok {
		if t, err = warrant.ParseText(w.Text); err != nil {
			return w, nil, err
		}
		if _, ok = p.inOffice(r, s.User, time.Now().Unix()); !ok {
			ok = w.By == s.Account || r.Charter() == nil && appoints(t, s.User)
		}
		if !ok {
			if ok, err = d.Disk.Noticed(v, s.Account, hash); err != nil {
				return w, nil, err
			}
		}
	}
	if !ok {
		return Warrant{}, nil, fault.NotFound.New("There is no such warrant, or it is not for you.")
	}
	return w, t, nil
}

func appoints(t *warrant.Text, user mxid.User) bool {
	return slices.ContainsFunc(t.Appoint, func(a warrant.Appointee) bool { return a.User == user })
}

// tell tells those whom a warrant is about: their clients ask what it is, and a letter says that there is something.
func (d *Desk) tell(u stream.Unit, w Warrant) error {
	t, err := warrant.ParseText(w.Text)
	if err != nil {
		return err
	}
	u.Next(topic)
	for _, user := range concerned(t) {
		p, ok, err := d.Disk.PersonByID(u, user)
		if err != nil {
			return err
		}
		if !ok || p.Closed {
			continue
		}
		if err := d.Disk.AddNotice(u, p.No, w.Hash, u.Now().UnixMilli()); err != nil {
			return err
		}
		if err := d.touch(u, p); err != nil {
			return err
		}
		if d.Mail != nil {
			if err := d.Mail.Queue(u, mail.Person(p.No), mail.Warrant, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// touch has somebody's clients ask what there is for them.
func (d *Desk) touch(u stream.Unit, p account.Person) error {
	content, err := json.Marshal(map[string]int64{"changed": u.Now().UnixMilli()})
	if err == nil {
		_, err = d.Disk.SetDatum(u, p.No, account.Datum{Type: account.WarrantsChanged, Content: content}, u.Next(stream.Topic(p.User)))
	}
	return err
}

// call has the clients of those who may approve a warrant ask for it.
func (d *Desk) call(u stream.Unit, r *warrant.Record, p people, t *warrant.Text, h *warrant.Head) error {
	var whom []mxid.User
	for _, o := range r.InOffice(h.Asked) {
		if o.Key != h.By && !slices.Contains(h.Not, o.Key) {
			whom = append(whom, p.users[o.Key])
		}
	}
	if r.Charter() == nil {
		whom = concerned(t)
	}
	for _, user := range whom {
		one, ok, err := d.Disk.PersonByID(u, user)
		if err != nil {
			return err
		}
		if ok && !one.Closed {
			if err := d.touch(u, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// do runs one unit of work and shows s the warrant that it was about.
func (d *Desk) do(ctx context.Context, s account.Session, fn func(stream.Unit, *warrant.Record, int64, people) (Warrant, error)) (shown Shown, err error) {
	if s.Service != "" {
		return Shown{}, fault.Forbidden.New("Warrants are for people.")
	}
	err = d.Disk.Do(ctx, func(u stream.Unit) error {
		r, upto, err := d.inUnit(u)
		if err != nil {
			return fmt.Errorf("reading what the ledger says about power: %w", err)
		}
		p, err := d.people(u, r)
		if err != nil {
			return err
		}
		w, err := fn(u, r, upto, p)
		if err == nil {
			shown, err = d.show(u, r, p, w)
		}
		return err
	})
	return shown, err
}
