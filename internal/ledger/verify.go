package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
)

// slack is how far clocks may differ.
const slack = 5 * time.Minute

// Trust is what somebody knows of a log before they look at it.
type Trust struct {
	Key    string         // the log's; empty: the one that its own first entry names
	Policy *config.Policy // who witnesses; nil: who the log itself says
	Seen   *Seen          // what was seen of it the last time; nil: nothing was
	Rules  []Rule         // what its entries have to keep besides
}

// Rule looks at an entry that is known to be in the log, after those before it. hashes are those of the whole tree.
type Rule func(number int64, leaf *Leaf, hashes tlog.HashReader) error

// Held returns an error unless signed is a checkpoint of the log with this key that is over the entry number, was signed by a quorum of the
// witnesses that policy names, and is of the log that hashes are of.
func Held(signed string, number int64, key, policy string, hashes tlog.HashReader) error {
	p, err := config.ParsePolicy(policy)
	if err != nil {
		return err
	}
	c, at, err := witnessedAt([]byte(signed), key, p)
	switch {
	case err != nil:
		return err
	case at.IsZero():
		return errors.New("too few witnesses have signed the checkpoint that it names")
	case c.N <= number:
		return fmt.Errorf("the checkpoint that it names is over %d entries, and not over the entry %d", c.N, number)
	}
	hash, err := tlog.TreeHash(c.N, hashes)
	if err == nil && hash != c.Hash {
		err = errors.New("the checkpoint that it names is of another log")
	}
	return err
}

// Seen is what Verify saw: to be compared with what there is later.
type Seen struct {
	Key        string
	Checkpoint []byte // with its signatures
}

// String is the form in which it is kept: the key, and the checkpoint as it was served.
func (s *Seen) String() string { return s.Key + "\n" + string(s.Checkpoint) }

// ParseSeen reads what String wrote.
func ParseSeen(text string) (*Seen, error) {
	key, signed, ok := strings.Cut(text, "\n")
	if !ok {
		return nil, errors.New("it is not what was kept of a ledger")
	}
	s := &Seen{key, []byte(signed)}
	_, _, err := witnessedAt(s.Checkpoint, key, config.Nobody())
	return s, err
}

// Verdict is what was found where nothing is wrong.
type Verdict struct {
	Seen
	Origin    string
	Entries   int64
	Kinds     map[Kind]int
	Policy    *config.Policy // who witnesses
	Witnessed time.Time      // the last time at which a quorum of them had signed the checkpoint; zero: they are none
	Before    int64          // entries that had been seen the last time, and are still there
	Running   bool           // people had accounts before the ledger began
	Client    ClientBody     // the build of the web client that was recorded last; empty: none was
	People    int            // how many people's master keys it is about
	Missing   int64          // people who had a master key before the ledger knew of them, and of whom there is no entry yet
}

// Verify reads a whole log and returns an error that says what is wrong with it: a signature is missing or false, an entry is not what its
// checkpoint says or is of a form that no server has written, the quorum of witnesses has not signed, what was seen earlier is not there
// any more, or an entry is of a time at which it cannot have been written. It trusts nobody but who is named in trust.
func Verify(ctx context.Context, log torchwood.TileReader, trust Trust) (*Verdict, error) {
	signed, err := log.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return nil, fmt.Errorf("there is no checkpoint to be read: %w", err)
	}
	if trust.Key == "" && trust.Seen != nil {
		trust.Key = trust.Seen.Key
	}
	if trust.Key == "" {
		if trust.Key, err = keyOf(ctx, log, signed); err != nil {
			return nil, fmt.Errorf("its first entry does not say which key is its own: %w", err)
		}
	}
	c, _, err := witnessedAt(signed, trust.Key, config.Nobody())
	if err != nil {
		return nil, fmt.Errorf("its checkpoint is not signed with the key %s: %w", trust.Key, err)
	}
	v := &Verdict{Seen: Seen{trust.Key, signed}, Origin: c.Origin, Entries: c.N, Kinds: map[Kind]int{}}
	if err := v.compare(ctx, log, c.Tree, trust.Seen); err != nil {
		return nil, err
	}
	w := walk{v: v, rules: trust.Rules, hashes: torchwood.TileHashReaderWithContext(ctx, c.Tree, log)}
	client, err := torchwood.NewClient(log)
	if err != nil {
		return nil, err
	}
	for i, text := range client.AllEntries(ctx, c.Tree, 0) {
		if err := w.entry(i, text); err != nil {
			return nil, fmt.Errorf("the entry %d: %w", i, err)
		}
	}
	if err := client.Err(); err != nil {
		return nil, fmt.Errorf("its entries are not those under its checkpoint: %w", err)
	}
	if w.next != c.N {
		return nil, fmt.Errorf("%d of its %d entries could be read", w.next, c.N)
	}
	v.People, v.Missing = len(w.people.last), w.people.missing
	if v.Policy = trust.Policy; v.Policy == nil {
		if v.Policy, err = config.ParsePolicy(w.policy); err != nil {
			return nil, fmt.Errorf("what it says about its witnesses: %w", err)
		}
	}
	if _, v.Witnessed, err = witnessedAt(signed, trust.Key, v.Policy); err != nil {
		return nil, err
	}
	if len(v.Policy.Witnesses) > 0 && v.Witnessed.IsZero() {
		return nil, errors.New("too few of its witnesses have signed its checkpoint")
	}
	if err := w.inTime(trust.Seen); err != nil {
		return nil, err
	}
	if v.Witnessed.After(time.Now().Add(slack)) {
		return nil, fmt.Errorf("its witnesses have signed at %s, which is not yet: look at this machine's clock", v.Witnessed.UTC().Format(time.DateTime))
	}
	return v, nil
}

// keyOf is the key that the first entry of a log names. Nothing of it is checked here.
func keyOf(ctx context.Context, log torchwood.TileReader, signed []byte) (string, error) {
	tree, err := head(string(signed))
	if err != nil || tree.N < 1 {
		return "", errors.Join(err, errors.New("there is none"))
	}
	tiles, err := log.ReadTiles(ctx, []tlog.Tile{{H: torchwood.TileHeight, L: -1, N: 0, W: int(min(tree.N, torchwood.TileWidth))}})
	if err != nil {
		return "", err
	}
	text, _, err := torchwood.ReadTileEntry(tiles[0])
	if err != nil {
		return "", err
	}
	leaf, err := ParseLeaf(text)
	if err != nil {
		return "", err
	}
	body, err := BodyOf[GenesisBody](leaf)
	return body.Log, err
}

// compare looks whether what was seen earlier is there still.
func (v *Verdict) compare(ctx context.Context, log torchwood.TileReader, tree tlog.Tree, seen *Seen) error {
	if seen == nil {
		return nil
	}
	if seen.Key != v.Key {
		return fmt.Errorf("its key was %s when it was looked at last, and is %s now", seen.Key, v.Key)
	}
	old, _, err := witnessedAt(seen.Checkpoint, seen.Key, config.Nobody())
	switch {
	case err != nil:
		return fmt.Errorf("what was kept of it: %w", err)
	case old.N > tree.N:
		return fmt.Errorf("it was rolled back: it had %d entries when it was looked at last, and has %d now", old.N, tree.N)
	case old.N > 0:
		hash, err := tlog.TreeHash(old.N, torchwood.TileHashReaderWithContext(ctx, tree, log))
		if err != nil {
			return fmt.Errorf("its hashes are not those under its checkpoint: %w", err)
		}
		if hash != old.Hash {
			return fmt.Errorf("it was rewritten: the first %d entries are not those that were there when it was looked at last", old.N)
		}
	}
	v.Before = old.N
	return nil
}

// walk goes through the entries in order.
type walk struct {
	v      *Verdict
	rules  []Rule
	hashes tlog.HashReader
	next   int64
	policy string // who witnesses, as far as it has come
	oldest *Leaf  // of the entries that were not there the last time
	people identities
}

// entry looks at one entry, which is known to be under the checkpoint.
func (w *walk) entry(i int64, text []byte) error {
	leaf, err := ParseLeaf(text)
	if err != nil {
		return err
	}
	if (leaf.Kind == Genesis) != (i == 0) {
		return errors.New("the first entry, and no other, says how the ledger began")
	}
	if i == 0 {
		body, err := BodyOf[GenesisBody](leaf)
		if err != nil {
			return err
		}
		if w.v.Running = body.Running; body.Log != w.v.Key {
			return fmt.Errorf("it names the key %s, and the checkpoint is signed with %s", body.Log, w.v.Key)
		}
	}
	at := time.Unix(leaf.At, 0)
	if at.After(time.Now().Add(slack)) {
		return fmt.Errorf("it is of %s, which is not yet: look at this machine's clock", at.UTC().Format(time.DateTime))
	}
	if i >= w.v.Before && (w.oldest == nil || leaf.At < w.oldest.At) {
		w.oldest = leaf
	}
	if w.policy, err = leaf.PolicyAfter(w.policy); err != nil {
		return err
	}
	switch leaf.Kind {
	case Client:
		w.v.Client, err = clientOf(leaf)
	case Tags, Identity:
		err = w.people.entry(leaf, text)
	}
	if err != nil {
		return err
	}
	for _, rule := range w.rules {
		if err := rule(i, leaf, w.hashes); err != nil {
			return err
		}
	}
	w.v.Kinds[leaf.Kind]++
	w.next = i + 1
	return nil
}

// inTime returns an error where an entry is new and claims to be older than the witnesses' signatures of the last time, under which it was not.
func (w *walk) inTime(seen *Seen) error {
	if seen == nil || w.oldest == nil {
		return nil
	}
	_, then, err := witnessedAt(seen.Checkpoint, seen.Key, w.v.Policy)
	if at := time.Unix(w.oldest.At, 0); err == nil && at.Before(then.Add(-slack)) {
		return fmt.Errorf("an entry was dated back: it says that it is of %s UTC, and was not there at %s", at.UTC().Format(time.DateTime), then.UTC().Format(time.DateTime))
	}
	return err
}

// Copy reads a log from another reader and keeps what was found to be right of it in a folder, in the form in which it is served, so that it
// can be verified there without anybody's network. The checkpoint is for who calls to put there, once all is verified.
type Copy struct {
	torchwood.TileReader
	Folder string
	Err    error // why something was not kept
}

// SaveTiles implements torchwood.TileReader.
func (c *Copy) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, t := range tiles {
		file := filepath.Join(c.Folder, filepath.FromSlash(torchwood.TilePath(t)))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			c.Err = errors.Join(c.Err, err)
		} else {
			c.Err = errors.Join(c.Err, os.WriteFile(file, data[i], 0o600))
		}
	}
}
