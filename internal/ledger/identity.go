package ledger

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/event"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	// Tags is bound to the key that makes people's tags. There is one in a ledger, and no Identity is before it: so each person
	// has one tag, and nobody can keep two chains for somebody.
	Tags Kind = "tags"
	// Identity says that a person has another master key.
	Identity Kind = "identity"
)

// TagsBody names the key of people's tags, and does not give it away.
type TagsBody struct {
	Earlier int64  `json:"earlier"` // how many people had a master key before; for each there is one Identity that says so
	Key     string `json:"key"`     // SHA-256 of "wardroom/tags/v1\0" and the key
}

// IdentityBody says that somebody has another master key, and not who. What is bytes is in base64.
type IdentityBody struct {
	Earlier  bool   `json:"earlier"`  // the key is older than the ledger's knowledge: those before it are in no entry
	Key      string `json:"key"`      // CommitKey of person and key
	Number   int64  `json:"number"`   // the how manyth master key of this person it is, from 1 on
	Previous string `json:"previous"` // the record hash of the person's entry before; empty where there is none
	Tag      string `json:"tag"`      // whose; see Tag
}

// Lengths in bytes, before they are written in base64.
const (
	tagSize = 16
	keySize = sha256.Size // of the key of people's tags, of nonces and of hashes
)

// Tag is what a person is known by in entries about their master keys. With the key of people's tags everybody sees that a person has this
// one and no other; without it nobody sees whose it is.
func Tag(key []byte, user mxid.User) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("wardroom/tag/v1\x00" + string(user)))
	return base64.StdEncoding.EncodeToString(m.Sum(nil)[:tagSize])
}

// CommitTagKey is what TagsBody says of a key.
func CommitTagKey(key []byte) string {
	sum := sha256.Sum256(append([]byte("wardroom/tags/v1\x00"), key...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// CommitKey binds an entry to a person and the public part of their master key, in unpadded base64. Without the nonce it says nothing of either.
func CommitKey(nonce []byte, user mxid.User, public string) string {
	text, err := json.Marshal(struct {
		Key  string    `json:"key"`
		User mxid.User `json:"user"`
	}{public, user})
	if err == nil {
		text, err = event.Canonical(text)
	}
	if err != nil {
		return "" // a user ID and base64 are always JSON; and this would match no entry
	}
	m := hmac.New(sha256.New, nonce)
	m.Write(append([]byte("wardroom/identity/v1\x00"), text...))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// check returns an error for what no server writes.
func (b TagsBody) check() error {
	if b.Earlier < 0 {
		return errors.New("fewer than no people had a master key before")
	}
	return sized("key", b.Key, keySize)
}

// check returns an error for what no server writes.
func (b IdentityBody) check() error {
	err := errors.Join(sized("tag", b.Tag, tagSize), sized("key", b.Key, keySize))
	if b.Previous != "" {
		err = errors.Join(err, sized("previous", b.Previous, keySize))
	}
	first := b.Previous == ""
	switch {
	case err != nil:
		return err
	case b.Number < 1:
		return errors.New("master keys are counted from 1 on")
	case b.Earlier && !first:
		return errors.New("it is older than the ledger's knowledge, and has an entry before it")
	case !b.Earlier && first != (b.Number == 1):
		return errors.New("the first master key of a person, and no other, has no entry before it")
	}
	return nil
}

// sized returns an error unless text is so many bytes in base64, written in the one way there is.
func sized(name, text string, n int) error {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) != n || strings.ContainsAny(text, "\r\n") {
		return fmt.Errorf("%s is not %d bytes in base64", name, n)
	}
	return nil
}

// identities is what the entries so far say about people's master keys. Each of these chains is without gaps, and there is one for each tag.
type identities struct {
	tags    bool
	earlier int64           // how many chains began before the ledger knew of them
	missing int64           // those of them of which there is no entry yet
	last    map[string]link // by tag
}

// link is the newest entry of a person's chain.
type link struct {
	number int64
	hash   string
}

// entry takes the next entry in; it returns an error where that cannot follow those before it.
func (is *identities) entry(leaf *Leaf, text []byte) error {
	switch leaf.Kind {
	case Tags:
		body, err := BodyOf[TagsBody](leaf)
		if err != nil {
			return err
		}
		if is.tags {
			return errors.New("there are two keys of people's tags: so somebody could have two chains of master keys")
		}
		is.tags, is.earlier, is.missing, is.last = true, body.Earlier, body.Earlier, map[string]link{}
	case Identity:
		body, err := BodyOf[IdentityBody](leaf)
		if err != nil {
			return err
		}
		return is.identity(body, recordHash(text))
	}
	return nil
}

func (is *identities) identity(body IdentityBody, hash string) error {
	if !is.tags {
		return errors.New("it is about a person's master key, and no entry before it says how their tags are made")
	}
	before, known := is.last[body.Tag]
	switch {
	case body.Previous == "" && known:
		return fmt.Errorf("it begins a second chain of master keys for the person %s", body.Tag)
	case body.Previous != "" && !known:
		return fmt.Errorf("it follows an entry about the person %s, and there is none", body.Tag)
	case known && body.Previous != before.hash:
		return fmt.Errorf("it does not follow the last entry about the person %s", body.Tag)
	case known && body.Number != before.number+1:
		return fmt.Errorf("it is about the master key %d of the person %s, and the one before it was %d", body.Number, body.Tag, before.number)
	case body.Earlier && is.missing == 0:
		return fmt.Errorf("it says that it is older than the ledger's knowledge, and all %d of those are there already", is.earlier)
	}
	if body.Earlier {
		is.missing--
	}
	is.last[body.Tag] = link{body.Number, hash}
	return nil
}

// recordHash is the hash by which the tree, and the next entry about a person, name an entry.
func recordHash(text []byte) string { return tlog.RecordHash(text).String() }

// What is kept for the whole installation.
const (
	tagsName    = "ledger_tags"    // the key of people's tags, behind the number of the entry about it
	earlierName = "ledger_earlier" // how many people's keys are still to be recorded that are older than the ledger's knowledge
)

// TagKey is the key of people's tags, and the number of the entry that is bound to it. ok is false where there is none yet.
func (l *Ledger) TagKey(v stream.View) (key []byte, number int64, ok bool, err error) {
	kept, ok, err := l.Disk.Meta(v, tagsName)
	if err != nil || !ok {
		return nil, 0, false, err
	}
	at, text, _ := strings.Cut(kept, " ")
	if number, err = strconv.ParseInt(at, 10, 64); err == nil {
		key, err = base64.StdEncoding.DecodeString(text)
	}
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("it has %d bytes", len(key))
	}
	if err != nil {
		return nil, 0, false, fmt.Errorf("the key of people's tags is kept in a form that is not known: %w", err)
	}
	return key, number, true, nil
}

// BeginIdentities makes the key of people's tags and the entry about it where there are none; earlier people have master keys that no entry is
// about yet. It returns of how many people an entry may still be appended that says that it is older than the ledger's knowledge.
func (l *Ledger) BeginIdentities(u stream.Unit, earlier int64) (left int64, err error) {
	if _, _, ok, err := l.TagKey(u); err != nil {
		return 0, err
	} else if ok {
		return l.earlierLeft(u)
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // it never fails
	number, err := l.Append(u, Tags, TagsBody{Earlier: earlier, Key: CommitTagKey(key)})
	if err != nil {
		return 0, err
	}
	if err := l.Disk.SetMeta(u, tagsName, strconv.FormatInt(number, 10)+" "+base64.StdEncoding.EncodeToString(key)); err != nil {
		return 0, err
	}
	return earlier, l.Disk.SetMeta(u, earlierName, strconv.FormatInt(earlier, 10))
}

func (l *Ledger) earlierLeft(v stream.View) (int64, error) {
	text, ok, err := l.Disk.Meta(v, earlierName)
	if err != nil || !ok {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// takeEarlier uses up one of the entries that may say that they are older than the ledger's knowledge. So whoever verifies the ledger never meets one too many.
func (l *Ledger) takeEarlier(u stream.Unit) error {
	left, err := l.earlierLeft(u)
	if err == nil && left < 1 {
		err = errors.New("all master keys that are older than the ledger's knowledge are recorded already")
	}
	if err != nil {
		return err
	}
	return l.Disk.SetMeta(u, earlierName, strconv.FormatInt(left-1, 10))
}

// Opening shows that an entry is about a person and a master key.
type Opening struct {
	Number int64 // of the entry
	Nonce  []byte
}

// AppendIdentity appends in u that user's master key number is public, in unpadded base64; last is the number of the entry about the one before it, or -1 where no entry
// is about any: then it is the first, or older than the ledger's knowledge. It returns an error where the entry before is not about the key before.
func (l *Ledger) AppendIdentity(u stream.Unit, user mxid.User, public string, number, last int64, earlier bool) (o Opening, err error) {
	key, _, ok, err := l.TagKey(u)
	if err != nil {
		return o, err
	}
	if !ok {
		return o, errors.New("recording a master key: the ledger has no key of people's tags yet")
	}
	body := IdentityBody{Earlier: earlier, Number: number, Tag: Tag(key, user)}
	if last >= 0 {
		text, before, err := l.identityAt(u, last)
		if err != nil {
			return o, err
		}
		if before == nil || before.Tag != body.Tag || before.Number != number-1 {
			return o, fmt.Errorf("recording master key %d of %s: the entry %d is not about the one before it, so somebody has changed the database", number, user, last)
		}
		body.Previous = recordHash(text)
	}
	if earlier {
		if err := l.takeEarlier(u); err != nil {
			return o, err
		}
	}
	o.Nonce = make([]byte, keySize)
	_, _ = rand.Read(o.Nonce) // it never fails
	body.Key = CommitKey(o.Nonce, user, public)
	if err := body.check(); err != nil {
		return o, fmt.Errorf("recording master key %d of %s: %w", number, user, err)
	}
	o.Number, err = l.Append(u, Identity, body)
	return o, err
}

// identityAt reads an entry about a master key; body is nil where there is none with this number.
func (l *Ledger) identityAt(v stream.View, number int64) (text []byte, body *IdentityBody, err error) {
	leaves, err := l.Disk.LedgerLeaves(v, number, number+1)
	if err != nil || len(leaves) == 0 {
		return nil, nil, err
	}
	leaf, err := ParseLeaf(leaves[0])
	if err != nil || leaf.Kind != Identity {
		return nil, nil, nil // it is not one, whatever else it is
	}
	is, err := BodyOf[IdentityBody](leaf)
	return leaves[0], &is, err
}

// Opens reports whether the entry that o names is about user's master key number, and public is that.
func (l *Ledger) Opens(v stream.View, o Opening, user mxid.User, public string, number int64) (bool, error) {
	key, _, ok, err := l.TagKey(v)
	if err != nil || !ok {
		return false, err
	}
	_, body, err := l.identityAt(v, o.Number)
	return err == nil && body != nil && body.Tag == Tag(key, user) && body.Number == number && body.Key == CommitKey(o.Nonce, user, public), err
}

// Identities gives the numbers of all entries about master keys. It returns an error where the entries do not follow each other as they must.
func (l *Ledger) Identities(v stream.View) (numbers []int64, err error) {
	size, err := l.Disk.LedgerSize(v)
	if err != nil {
		return nil, err
	}
	var is identities
	const some = 256
	for from := int64(0); from < size; from += some {
		leaves, err := l.Disk.LedgerLeaves(v, from, min(from+some, size))
		if err != nil {
			return nil, err
		}
		for i, text := range leaves {
			leaf, err := ParseLeaf(text)
			if err == nil {
				err = is.entry(leaf, text)
			}
			if err != nil {
				return nil, fmt.Errorf("the entry %d: %w", from+int64(i), err)
			}
			if leaf.Kind == Identity {
				numbers = append(numbers, from+int64(i))
			}
		}
	}
	return numbers, nil
}

// Proof shows that an entry is under a checkpoint.
//
// Spec: RFC 6962, section 2.1.1.
type Proof struct {
	Number int64       `json:"number"`
	Entry  string      `json:"entry"` // its bytes
	Proof  []tlog.Hash `json:"proof"` // in base64, from the leaf upwards
}

// Prove gives the last checkpoint that was published, with its signatures, and for each of these entries that is under it the proof. It returns
// fault.NotFound where nothing was published yet.
func (l *Ledger) Prove(v stream.View, numbers []int64) (signed string, proofs map[int64]Proof, err error) {
	text, err := l.published(v)
	if err != nil {
		return "", nil, err
	}
	tree, err := head(string(text))
	if err != nil {
		return "", nil, err
	}
	proofs = map[int64]Proof{}
	for _, n := range numbers {
		if n < 0 || n >= tree.N {
			continue
		}
		leaves, err := l.Disk.LedgerLeaves(v, n, n+1)
		if err != nil {
			return "", nil, err
		}
		hashes, err := tlog.ProveRecord(tree.N, n, l.hashes(v))
		if err != nil || len(leaves) == 0 {
			return "", nil, fmt.Errorf("proving the entry %d of the ledger: %w", n, errors.Join(err, missing(leaves)))
		}
		proofs[n] = Proof{n, string(leaves[0]), hashes}
	}
	return string(text), proofs, nil
}

func missing(leaves [][]byte) error {
	if len(leaves) == 0 {
		return errors.New("it is not there")
	}
	return nil
}
