// Package warrant is acts of power over people: what a warrant says, who may approve it, when it may be carried out, and the Order by which alone
// that is done. The rules here are the same for the server, for whoever verifies its ledger, and for the officer who signs.
//
// A warrant has a text, which says everything, and a head, which is public for ever and is what officers sign. The head
// names the text by its hash; the text holds 32 random bytes, so that once it is deleted the hash says nothing.
package warrant

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardroom/internal/event"
	"wardroom/internal/mxid"
)

// version is that of the form of heads and texts.
const version = 1

// Kind is what a warrant does.
type Kind string

// The kinds of warrants.
const (
	// Appoint makes officers. The first one also sets the charter.
	Appoint Kind = "appoint"
	// Dismiss ends officers' power.
	Dismiss Kind = "dismiss"
	// Amend sets another charter.
	Amend Kind = "amend"
	// Suspend keeps a person from writing until a time.
	Suspend Kind = "suspend"
	// Restore ends what another warrant does.
	Restore Kind = "restore"
)

// Office is what an officer stands for.
type Office string

// The offices.
const (
	Steward Office = "steward" // who runs the organisation's affairs
	Counsel Office = "counsel" // who knows the law
	Staff   Office = "staff"   // who represents the staff
)

var offices = []Office{Steward, Counsel, Staff}

const (
	// MaxText is how many bytes a text may have.
	MaxText = 32 << 10

	// ApproveWithin is how long a warrant waits for its approvals.
	ApproveWithin = 7 * 24 * time.Hour
	// MaxSuspended is how long somebody may be suspended by one warrant.
	MaxSuspended = 90 * 24 * time.Hour
	// MaxTerm is for how long an officer is appointed.
	MaxTerm = 2 * 366 * 24 * time.Hour
	// Unwitnessed is how long an act waits, once it is approved and its person was told, where nobody outside witnesses the ledger.
	Unwitnessed = 24 * time.Hour
	// ExecuteWithin is how long after its approval an act may still be carried out.
	ExecuteWithin = 14 * 24 * time.Hour

	maxApprovals = 7
	maxAppointed = 9
	maxEvidence  = 20
	maxReasons   = 8000 // letters
	maxLine      = 500
)

// Charter is what is decided before any act, and is changed by warrant alone.
type Charter struct {
	Approvals    int  `json:"approvals"`     // how many officers approve a warrant
	SealDays     int  `json:"seal_days"`     // for how long a disclosure may be kept from its person, at most; 0: it may not
	StateSecrets bool `json:"state_secrets"` // whether anything that the law calls a state secret may ever be carried
}

// Officer is an appointment. No key is appointed twice.
type Officer struct {
	Key    string `json:"key"`    // as ParseKey gives it
	Office Office `json:"office"` // what they stand for
	Person string `json:"person"` // the same in all appointments of one person; it says nothing else
	Until  int64  `json:"until"`  // seconds since 1970, as all times here
}

// Head is what is public of a warrant for ever, and what its officers sign: these bytes, as Bytes gives them.
type Head struct {
	Version   int       `json:"v"`
	Log       string    `json:"log"`  // the key of the ledger that it is for
	Kind      Kind      `json:"kind"` // what it does
	Law       string    `json:"law"`  // under whose law: two letters of ISO 3166
	Hash      string    `json:"hash"` // SHA-256 of the text, in base64url
	Asked     int64     `json:"asked"`
	ApproveBy int64     `json:"approve_by"`         // it is not approved after this
	Until     int64     `json:"until,omitempty"`    // when what it does ends by itself
	By        string    `json:"by,omitempty"`       // the key of the officer who asks for it; empty: nobody is an officer yet
	About     string    `json:"about,omitempty"`    // the tag by which the person's own devices find it
	Not       []string  `json:"not,omitempty"`      // the keys of officers whom it is about: they do not approve it
	Charter   *Charter  `json:"charter,omitempty"`  // of an amendment and of the first appointment
	Appoint   []Officer `json:"appoint,omitempty"`  // who become officers
	Dismiss   []string  `json:"dismiss,omitempty"`  // the keys of those who are no officers any more
	Reverses  *int64    `json:"reverses,omitempty"` // the number of the entry that authorised what is ended
}

// Text is all that a warrant says: to its officers, and to the person whom it is about.
//
// Spec: Regulation (EU) 2022/2065, Article 17(3), for what a person is told.
type Text struct {
	Version   int        `json:"v"`
	Nonce     string     `json:"nonce"` // 32 random bytes in base64url
	Log       string     `json:"log"`
	Kind      Kind       `json:"kind"`
	Law       string     `json:"law"`
	Asked     int64      `json:"asked"`
	ApproveBy int64      `json:"approve_by"`
	Until     int64      `json:"until,omitempty"`
	By        mxid.User  `json:"by"`                 // who asks for it
	Outside   string     `json:"outside,omitempty"`  // which authority or whom outside they ask for it for
	Subject   mxid.User  `json:"subject,omitempty"`  // whom it is about
	Scope     string     `json:"scope"`              // exactly what is done
	Ground    string     `json:"ground"`             // the law or the rule, and where in it
	Contract  bool       `json:"contract,omitempty"` // the ground is a rule of the house's, and no law
	Reasons   string     `json:"reasons"`            // what happened, and why this follows
	Automated bool       `json:"automated,omitempty"`
	Milder    string     `json:"milder,omitempty"` // which milder step there was, and why it is not taken
	Evidence  []Evidence `json:"evidence,omitempty"`
	Appeal    string     `json:"appeal"` // how to object

	Charter  *Charter    `json:"charter,omitempty"`
	Appoint  []Appointee `json:"appoint,omitempty"`
	Dismiss  []Appointee `json:"dismiss,omitempty"`
	Reverses *int64      `json:"reverses,omitempty"`
}

// Appointee is who becomes an officer, or is one no more.
type Appointee struct {
	User   mxid.User `json:"user"`
	Office Office    `json:"office"`
	Key    string    `json:"key"`
	Until  int64     `json:"until,omitempty"`
}

// Evidence is what is said to show something.
type Evidence struct {
	What   string `json:"what"`             // what it is
	Shows  string `json:"shows"`            // what it proves
	Not    string `json:"not,omitempty"`    // what it does not prove
	SHA256 string `json:"sha256,omitempty"` // of the thing itself, in hexadecimal
}

// Nonce makes a new one.
func Nonce() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash is what a head names its text by.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Bytes is a head or a text as it is signed, hashed and kept: canonical JSON.
func (h *Head) Bytes() ([]byte, error) { return canonical(h) }

// Bytes is the text as it is hashed and kept.
func (t *Text) Bytes() ([]byte, error) { return canonical(t) }

func canonical(what any) ([]byte, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	return event.Canonical(text)
}

// ParseHead reads a head. It returns an error for what is not, byte for byte, what Bytes gives, or breaks a rule that a head breaks by itself.
func ParseHead(text []byte) (*Head, error) {
	h := &Head{}
	if err := strict(text, h); err != nil {
		return nil, err
	}
	return h, h.whole()
}

// ParseText reads a text, as ParseHead reads a head.
func ParseText(text []byte) (*Text, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("it has %d bytes, and %d are allowed", len(text), MaxText)
	}
	t := &Text{}
	if err := strict(text, t); err != nil {
		return nil, err
	}
	return t, t.whole()
}

// strict reads canonical JSON that has no fields but those of into.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if made, err := canonical(into); err != nil || !bytes.Equal(made, text) {
		return errors.New("it is not in canonical form")
	}
	return nil
}

// whole says what is wrong with a head that is wrong by itself.
func (h *Head) whole() error {
	if h.Version != version {
		return fmt.Errorf("it is of version %d, and this program knows version %d: use a newer one", h.Version, version)
	}
	if hash, err := base64.RawURLEncoding.Strict().DecodeString(h.Hash); err != nil || len(hash) != sha256.Size {
		return errors.New("it does not name its text by a hash")
	}
	var keys []string
	for _, o := range h.Appoint {
		keys = append(keys, o.Key)
		if o.Person == "" || len(o.Person) > 64 {
			return errors.New("it appoints somebody without saying whether they were appointed before")
		}
	}
	keys = append(keys, h.Dismiss...)
	keys = append(keys, h.Not...)
	if h.By != "" {
		keys = append(keys, h.By)
	}
	for _, k := range keys {
		if is, err := ParseKey(k); err != nil || is != k {
			return fmt.Errorf("%q is no key of an officer", k)
		}
	}
	if len(h.About) > 64 {
		return errors.New("its tag is too long")
	}
	appoint := make([]Appointee, 0, len(h.Appoint))
	for _, o := range h.Appoint {
		appoint = append(appoint, Appointee{Office: o.Office, Key: o.Key, Until: o.Until})
	}
	return about{h.Kind, h.Law, h.Asked, h.ApproveBy, h.Until, h.Charter, appoint, h.Dismiss, h.Reverses}.whole()
}

// about is what head and text both say.
type about struct {
	kind                    Kind
	law                     string
	asked, approveBy, until int64
	charter                 *Charter
	appoint                 []Appointee
	dismiss                 []string
	reverses                *int64
}

// whole says which rule of its kind is broken.
func (a about) whole() error {
	if len(a.law) != 2 || strings.Trim(a.law, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return errors.New("say under whose law it is, by the two letters of the country")
	}
	if a.asked <= 0 || a.approveBy <= a.asked || a.approveBy > a.asked+int64(ApproveWithin/time.Second) {
		return fmt.Errorf("it is approved within %d days, or not at all", ApproveWithin/(24*time.Hour))
	}
	has := func(what bool, kinds ...Kind) bool { return what == slices.Contains(kinds, a.kind) }
	switch {
	case !slices.Contains([]Kind{Appoint, Dismiss, Amend, Suspend, Restore}, a.kind):
		return fmt.Errorf("%q is no kind of warrant that this program knows: use a newer one", a.kind)
	case !has(a.until != 0, Suspend):
		return fmt.Errorf("only what ends by itself has an end, and %s has one: %t", a.kind, a.until != 0)
	case a.charter != nil && a.kind != Appoint && a.kind != Amend, a.charter == nil && a.kind == Amend:
		return errors.New("the charter is set by the first appointment, and changed by an amendment")
	case !has(len(a.appoint) > 0, Appoint), len(a.appoint) > maxAppointed:
		return fmt.Errorf("an appointment, and nothing else, appoints between one and %d people", maxAppointed)
	case !has(len(a.dismiss) > 0, Dismiss), len(a.dismiss) > maxAppointed:
		return fmt.Errorf("a dismissal, and nothing else, dismisses between one and %d people", maxAppointed)
	case !has(a.reverses != nil, Restore), a.reverses != nil && *a.reverses < 0:
		return errors.New("only what restores says what it ends")
	case a.kind == Suspend && (a.until <= a.asked || a.until > a.asked+int64(MaxSuspended/time.Second)):
		return fmt.Errorf("a suspension ends within %d days", MaxSuspended/(24*time.Hour))
	}
	if c := a.charter; c != nil && (c.Approvals < 2 || c.Approvals > maxApprovals || c.SealDays < 0 || c.SealDays > 90) {
		return fmt.Errorf("a charter asks for between 2 and %d approvals, and lets nothing be sealed for more than 90 days", maxApprovals)
	}
	keys := slices.Clone(a.dismiss)
	for _, o := range a.appoint {
		keys = append(keys, o.Key)
		if !slices.Contains(offices, o.Office) {
			return fmt.Errorf("there is no office %q; there are %v", o.Office, offices)
		}
		if o.Until <= a.asked || o.Until > a.asked+int64(MaxTerm/time.Second) {
			return errors.New("an officer is appointed for two years at most")
		}
	}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != len(a.appoint)+len(a.dismiss) {
		return errors.New("it names a key twice")
	}
	return nil
}

// whole says what is wrong with a text that is wrong by itself.
func (t *Text) whole() error {
	if t.Version != version {
		return fmt.Errorf("it is of version %d, and this program knows version %d: use a newer one", t.Version, version)
	}
	if nonce, err := base64.RawURLEncoding.Strict().DecodeString(t.Nonce); err != nil || len(nonce) != 32 {
		return errors.New("its nonce is not 32 bytes")
	}
	if _, err := mxid.ParseUser(string(t.By)); err != nil {
		return errors.New("it does not say who asks for it")
	}
	if _, err := mxid.ParseUser(string(t.Subject)); (err == nil) != (t.Kind == Suspend || t.Kind == Restore) {
		return errors.New("\"subject\" is the person whom it is about, where it is about one")
	}
	for _, field := range []struct {
		name, text string
		empty      bool
		most       int
	}{
		{"scope", t.Scope, false, maxLine}, {"ground", t.Ground, false, maxLine}, {"reasons", t.Reasons, false, maxReasons}, {"appeal", t.Appeal, false, maxLine},
		{"milder", t.Milder, true, maxReasons}, {"outside", t.Outside, true, maxLine},
	} {
		switch {
		case strings.TrimSpace(field.text) == "" && !field.empty:
			return fmt.Errorf("%q is empty", field.name)
		case utf8.RuneCountInString(field.text) > field.most:
			return fmt.Errorf("%q has more than %d letters", field.name, field.most)
		}
	}
	if len(t.Evidence) > maxEvidence {
		return fmt.Errorf("there are %d pieces of evidence at most", maxEvidence)
	}
	for _, e := range t.Evidence {
		if e.What == "" || e.Shows == "" || utf8.RuneCountInString(e.What+e.Shows+e.Not) > 3*maxLine {
			return errors.New("a piece of evidence says what it is and what it shows, in short")
		}
		if len(e.SHA256) != 0 && (len(e.SHA256) != 64 || strings.Trim(e.SHA256, "0123456789abcdef") != "") {
			return errors.New("the digest of a piece of evidence is its SHA-256 in hexadecimal")
		}
	}
	dismiss := make([]string, 0, len(t.Dismiss))
	for _, a := range slices.Concat(t.Appoint, t.Dismiss) {
		if is, err := ParseKey(a.Key); err != nil || is != a.Key {
			return fmt.Errorf("%q is no key of an officer", a.Key)
		}
		if _, err := mxid.ParseUser(string(a.User)); err != nil {
			return fmt.Errorf("%q is nobody who could be an officer", a.User)
		}
	}
	for _, a := range t.Dismiss {
		dismiss = append(dismiss, a.Key)
	}
	return about{t.Kind, t.Law, t.Asked, t.ApproveBy, t.Until, t.Charter, t.Appoint, dismiss, t.Reverses}.whole()
}

// Agrees says whether a head is that of a text: where it does not, nobody may sign it.
func (h *Head) Agrees(text []byte) (*Text, error) {
	t, err := ParseText(text)
	if err != nil {
		return nil, fmt.Errorf("the text of the warrant: %w", err)
	}
	same := h.Hash == Hash(text) && h.Log == t.Log && h.Kind == t.Kind && h.Law == t.Law && h.Asked == t.Asked && h.ApproveBy == t.ApproveBy && h.Until == t.Until &&
		equal(h.Charter, t.Charter) && equal(h.Reverses, t.Reverses) &&
		slices.EqualFunc(h.Appoint, t.Appoint, func(o Officer, a Appointee) bool { return o.Key == a.Key && o.Office == a.Office && o.Until == a.Until }) &&
		slices.EqualFunc(h.Dismiss, t.Dismiss, func(key string, a Appointee) bool { return key == a.Key })
	if !same {
		return nil, errors.New("what is to be signed is not what the text says")
	}
	return t, nil
}

func equal[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
