package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"wardroom/internal/event"
)

// version is that of the form of entries. A later one may add kinds; it never gives another meaning to what is there.
const version = 1

// MaxLeaf is how many bytes an entry may have. What needs more goes in as a hash.
const MaxLeaf = 8 << 10

// Kind says what an entry records. docs/decisions/ledger.md lists those that are still to come.
type Kind string

const (
	// Genesis is the first entry, and there is no other.
	Genesis Kind = "genesis"
	// Policy says who witnesses from here on.
	Policy Kind = "policy"

	// Authorised is a warrant that enough officers have approved. Nothing was done yet.
	Authorised Kind = "authorised"
	// Executed says that it was carried out, in the same unit of work.
	Executed Kind = "executed"
	// Done says that what followed from it was done as well.
	Done Kind = "done"
	// Lapsed says that its time is over: what it did has ended, or it was never carried out.
	Lapsed Kind = "lapsed"
)

// GenesisBody says whose log it is, and how it began.
type GenesisBody struct {
	Log     string `json:"log"`     // the key that checks its signatures
	Policy  string `json:"policy"`  // who witnesses
	Running bool   `json:"running"` // people had accounts already: what was before is in no ledger
}

// PolicyBody says who witnesses from here on.
type PolicyBody struct {
	Policy string `json:"policy"`
}

// AuthorisedBody is a warrant's head, and the signatures of who has approved it; see package warrant.
type AuthorisedBody struct {
	Warrant   json.RawMessage `json:"warrant"`
	Approvals []string        `json:"approvals"` // by ssh-keygen -Y, in base64
}

// ExecutedBody names the entry that authorised what was done, and shows that it was witnessed before.
type ExecutedBody struct {
	Authorised int64  `json:"authorised"`
	Checkpoint string `json:"checkpoint,omitempty"` // over that entry, with the signatures of the witnesses; empty: nobody witnesses
}

// ActBody names the entry that authorised an act.
type ActBody struct {
	Authorised int64 `json:"authorised"`
}

// Leaf is an entry: canonical JSON, and these bytes are what is hashed, kept and served.
type Leaf struct {
	Version int             `json:"v"`
	Kind    Kind            `json:"kind"`
	At      int64           `json:"at"` // the time of its unit of work, in seconds since 1970 (UTC)
	Body    json.RawMessage `json:"body"`
}

// encode makes the bytes of an entry.
func encode(kind Kind, at time.Time, body any) ([]byte, error) {
	inner, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(Leaf{version, kind, at.Unix(), inner})
	if err != nil {
		return nil, err
	}
	if text, err = event.Canonical(text); err != nil {
		return nil, err
	}
	if len(text) > MaxLeaf {
		return nil, fmt.Errorf("it has %d bytes, and %d are allowed", len(text), MaxLeaf)
	}
	return text, nil
}

// ParseLeaf reads an entry. It returns an error for whatever is not, byte for byte, what encode would have made: that has no honest server appended.
func ParseLeaf(text []byte) (*Leaf, error) {
	if len(text) > MaxLeaf {
		return nil, fmt.Errorf("it has %d bytes, and %d are allowed", len(text), MaxLeaf)
	}
	leaf := &Leaf{}
	if err := strict(text, leaf); err != nil {
		return nil, err
	}
	if leaf.Version != version {
		return nil, fmt.Errorf("it is of version %d, and this program knows version %d: use a newer one", leaf.Version, version)
	}
	var body any
	var err error
	switch leaf.Kind {
	case Genesis:
		body, err = BodyOf[GenesisBody](leaf)
	case Policy:
		body, err = BodyOf[PolicyBody](leaf)
	case Client:
		body, err = clientOf(leaf)
	case Tags:
		body, err = checked[TagsBody](leaf)
	case Identity:
		body, err = checked[IdentityBody](leaf)
	case Authorised:
		body, err = BodyOf[AuthorisedBody](leaf)
	case Executed:
		body, err = BodyOf[ExecutedBody](leaf)
	case Done, Lapsed:
		body, err = BodyOf[ActBody](leaf)
	default:
		return nil, fmt.Errorf("it is of the kind %q, which this program does not know: use a newer one", leaf.Kind)
	}
	if err != nil {
		return nil, err
	}
	if made, err := encode(leaf.Kind, time.Unix(leaf.At, 0), body); err != nil || !bytes.Equal(made, text) {
		return nil, fmt.Errorf("it is not in canonical form")
	}
	return leaf, nil
}

// BodyOf reads the body of an entry of the kind that T is for.
func BodyOf[T any](leaf *Leaf) (body T, err error) {
	err = strict(leaf.Body, &body)
	return body, err
}

// checked reads the body of an entry that says itself whether it is one that a server writes.
func checked[T interface{ check() error }](leaf *Leaf) (body T, err error) {
	if body, err = BodyOf[T](leaf); err == nil {
		err = body.check()
	}
	return body, err
}

// PolicyAfter is who witnesses once the entry is there, where before is who did until then.
func (leaf *Leaf) PolicyAfter(before string) (string, error) {
	switch leaf.Kind {
	case Genesis:
		body, err := BodyOf[GenesisBody](leaf)
		return body.Policy, err
	case Policy:
		body, err := BodyOf[PolicyBody](leaf)
		return body.Policy, err
	}
	return before, nil
}

// strict reads JSON that has no fields but those of into.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
