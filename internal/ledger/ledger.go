// Package ledger is the append-only public record: a Merkle tree over entries, of which anybody can check that nothing was changed
// or taken out.
//
// An entry is appended in the unit of work of the act that it records, so there is never one without the other. When the
// unit is on disk, the tree's head is signed, and witnesses outside sign that it only grew since they last saw it: a checkpoint.
// Everybody can read checkpoints and entries over HTTP, in the form of c2sp.org/tlog-tiles, and check all of it with Verify.
package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Disk is where the tree is kept. Hashes are numbered as golang.org/x/mod/sumdb/tlog numbers them.
type Disk interface {
	stream.Disk
	// LedgerSize is how many entries there are.
	LedgerSize(v stream.View) (int64, error)
	// LedgerLeaves gives the entries from ≤ number < upto, in order.
	LedgerLeaves(v stream.View, from, upto int64) ([][]byte, error)
	// LedgerHashes gives the hashes with these numbers, in the order of the numbers. It returns an error where one is not there.
	LedgerHashes(v stream.View, numbers []int64) ([]tlog.Hash, error)
	// AddLeaf adds an entry, and the hashes that become known with it, the first of them with the number at.
	AddLeaf(u stream.Unit, number int64, leaf []byte, at int64, hashes []tlog.Hash) error

	// AnyPerson reports whether anybody has an account.
	AnyPerson(v stream.View) (bool, error)
	// Meta gives what is kept under a name for the whole installation.
	Meta(v stream.View, name string) (value string, ok bool, err error)
	SetMeta(u stream.Unit, name, value string) error
}

// What is kept for the whole installation.
const (
	keyName        = "ledger_key"        // the key that signs, and the one that checks
	checkpointName = "ledger_checkpoint" // the last checkpoint that was published
	policyName     = "ledger_policy"     // the number of the last entry that says who witnesses
)

// topic is woken with each entry.
const topic stream.Topic = "ledger"

// Published is woken when a checkpoint over more entries than before is published.
const Published stream.Topic = "ledger published"

// Ledger is one server's log.
type Ledger struct {
	Disk   Disk
	Hub    *stream.Hub
	Log    *slog.Logger
	Server mxid.Server
	Policy *config.Policy // who witnesses
	Client *http.Client   // by which witnesses are asked

	key    string // that checks signatures, in the form of c2sp.org/signed-note; known after Prepare, as is the next
	signer note.Signer
	since  time.Time // when Prepare was called

	mu     sync.Mutex       // guards the rest
	seen   map[string]int64 // by witness' key: how many entries it has seen
	silent map[string]error // by witness' name: why its last signature is missing
	halted *Diverged
}

// Origin is the log's name in its checkpoints.
func (l *Ledger) Origin() string { return string(l.Server) + "/ledger" }

// Key checks the log's signatures: one line, for those who verify. It is there after Prepare.
func (l *Ledger) Key() string { return l.key }

// Prepare makes the log's key and its first entry where there are none, and appends an entry where others witness than before. It
// returns an error where the log is another server's.
func (l *Ledger) Prepare(ctx context.Context) error {
	l.since = time.Now()
	err := l.Disk.Do(ctx, func(u stream.Unit) error {
		if err := l.prepareKey(u); err != nil {
			return err
		}
		size, err := l.Disk.LedgerSize(u)
		if err != nil {
			return err
		}
		if size == 0 {
			running, err := l.Disk.AnyPerson(u)
			if err != nil {
				return err
			}
			return l.decided(u, Genesis, GenesisBody{Log: l.key, Policy: l.Policy.Text, Running: running})
		}
		before, err := l.policyBefore(u)
		if err != nil || before == l.Policy.Text {
			return err
		}
		return l.decided(u, Policy, PolicyBody{Policy: l.Policy.Text})
	})
	if err != nil {
		return fmt.Errorf("preparing the ledger: %w", err)
	}
	return nil
}

// prepareKey reads the key, and makes it where there is none.
func (l *Ledger) prepareKey(u stream.Unit) error {
	kept, ok, err := l.Disk.Meta(u, keyName)
	if err != nil {
		return err
	}
	if !ok {
		signs, checks, err := note.GenerateKey(rand.Reader, l.Origin())
		if err != nil {
			return err
		}
		kept = signs + " " + checks
		if err := l.Disk.SetMeta(u, keyName, kept); err != nil {
			return err
		}
	}
	signs, checks, _ := strings.Cut(kept, " ")
	if l.signer, err = note.NewSigner(signs); err != nil {
		return fmt.Errorf("its key is kept in a form that is not known: %w", err)
	}
	if l.key = checks; l.signer.Name() != l.Origin() {
		return fmt.Errorf("its key is that of %s, and this is %s", l.signer.Name(), l.Origin())
	}
	return nil
}

// decided appends an entry that says who witnesses, and notes which it is.
func (l *Ledger) decided(u stream.Unit, kind Kind, body any) error {
	number, err := l.Append(u, kind, body)
	if err != nil {
		return err
	}
	return l.Disk.SetMeta(u, policyName, strconv.FormatInt(number, 10))
}

// policyBefore is the policy that the last entry about it names.
func (l *Ledger) policyBefore(v stream.View) (string, error) {
	text, _, err := l.Disk.Meta(v, policyName)
	if err != nil {
		return "", err
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", fmt.Errorf("which entry says who witnesses is not known: %w", err)
	}
	leaves, err := l.Disk.LedgerLeaves(v, number, number+1)
	if err != nil {
		return "", err
	}
	if len(leaves) == 0 {
		return "", fmt.Errorf("the entry %d, which says who witnesses, is not there", number)
	}
	leaf, err := ParseLeaf(leaves[0])
	if err != nil {
		return "", err
	}
	return leaf.PolicyAfter("")
}

// Append adds an entry in u and returns its number: it is there if u is committed, and only then. What is in body is public for
// ever, and nobody can take it back: commitments, hashes and keys, never a name or what somebody wrote.
func (l *Ledger) Append(u stream.Unit, kind Kind, body any) (number int64, err error) {
	leaf, err := encode(kind, u.Now(), body)
	if err != nil {
		return 0, fmt.Errorf("recording %s in the ledger: %w", kind, err)
	}
	if number, err = l.Disk.LedgerSize(u); err != nil {
		return 0, err
	}
	hashes, err := tlog.StoredHashes(number, leaf, l.hashes(u))
	if err != nil {
		return 0, fmt.Errorf("hashing the entry %d of the ledger: %w", number, err)
	}
	if err := l.Disk.AddLeaf(u, number, leaf, tlog.StoredHashIndex(0, number), hashes); err != nil {
		return 0, err
	}
	u.Next(topic)
	return number, nil
}

// hashes reads the hashes of the tree as v sees it.
func (l *Ledger) hashes(v stream.View) tlog.HashReader {
	return tlog.HashReaderFunc(func(numbers []int64) ([]tlog.Hash, error) { return l.Disk.LedgerHashes(v, numbers) })
}

// Read gives the entries from a number on to each, in order, as v sees them, with the hashes of the tree, and returns how many there are.
func (l *Ledger) Read(v stream.View, from int64, each func(number int64, leaf *Leaf, hashes tlog.HashReader) error) (upto int64, err error) {
	const atOnce = 1000
	if upto, err = l.Disk.LedgerSize(v); err != nil {
		return 0, err
	}
	for ; from < upto; from += atOnce {
		leaves, err := l.Disk.LedgerLeaves(v, from, min(from+atOnce, upto))
		if err != nil {
			return 0, err
		}
		for i, text := range leaves {
			leaf, err := ParseLeaf(text)
			if err == nil {
				err = each(from+int64(i), leaf, l.hashes(v))
			}
			if err != nil {
				return 0, fmt.Errorf("the entry %d: %w", from+int64(i), err)
			}
		}
	}
	return upto, nil
}

// Witnessed gives the published checkpoint if it is over the entry number and a quorum has signed it since the server was started: whoever has put an
// older database in place has signatures of before, and is found out before anything is done. It returns none while it is not so, and where
// nobody witnesses.
func (l *Ledger) Witnessed(v stream.View, number int64) (signed string, ok bool, err error) {
	kept, ok, err := l.Disk.Meta(v, checkpointName)
	if err != nil || !ok || len(l.Policy.Witnesses) == 0 {
		return "", false, err
	}
	c, at, err := witnessedAt([]byte(kept), l.key, l.Policy)
	return kept, err == nil && c.N > number && at.Unix() >= l.since.Unix(), err
}

// ErrChanged says that the ledger in the database is not as it was written.
var ErrChanged = errors.New("the ledger in the database was changed by hand")

// Recompute hashes all entries anew and compares them with the hashes that are kept, and with the checkpoint that was published. It returns
// ErrChanged, with what is different.
func (l *Ledger) Recompute(v stream.View) error {
	size, err := l.Disk.LedgerSize(v)
	if err != nil {
		return err
	}
	key, err := l.ownKey(v)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	var hashes []tlog.Hash
	known := tlog.HashReaderFunc(func(numbers []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, n := range numbers {
			found = append(found, hashes[n])
		}
		return found, nil
	})
	const atOnce = 1000
	for from := int64(0); from < size; from += atOnce {
		leaves, err := l.Disk.LedgerLeaves(v, from, min(from+atOnce, size))
		if err != nil {
			return err
		}
		if int64(len(leaves)) != min(from+atOnce, size)-from {
			return fmt.Errorf("%w: entries are missing behind number %d", ErrChanged, from)
		}
		for i, leaf := range leaves {
			more, err := tlog.StoredHashes(from+int64(i), leaf, known)
			if err != nil {
				return err
			}
			hashes = append(hashes, more...)
		}
	}
	numbers := make([]int64, len(hashes))
	for i := range numbers {
		numbers[i] = int64(i)
	}
	for len(numbers) > 0 {
		some := numbers[:min(len(numbers), atOnce)]
		kept, err := l.Disk.LedgerHashes(v, some)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrChanged, err)
		}
		for i, n := range some {
			if kept[i] != hashes[n] {
				return fmt.Errorf("%w: the hash %d is not that of its entries", ErrChanged, n)
			}
		}
		numbers = numbers[len(some):]
	}
	kept, ok, err := l.Disk.Meta(v, checkpointName)
	if err != nil || !ok {
		return err
	}
	signed, _, err := witnessedAt([]byte(kept), key, config.Nobody())
	if err != nil {
		return fmt.Errorf("%w: its checkpoint: %w", ErrChanged, err)
	}
	if signed.N > size {
		return fmt.Errorf("%w: %d entries were published, and there are %d", ErrChanged, signed.N, size)
	}
	hash, err := tlog.TreeHash(signed.N, known)
	if err == nil && hash != signed.Hash {
		err = fmt.Errorf("%w: the first %d entries are not those that were published", ErrChanged, signed.N)
	}
	return err
}

// ownKey is the key that is kept, if it is the one that the first entry names and the log is signed with.
func (l *Ledger) ownKey(v stream.View) (key string, err error) {
	kept, _, err := l.Disk.Meta(v, keyName)
	if err != nil {
		return "", err
	}
	signs, key, _ := strings.Cut(kept, " ")
	leaves, err := l.Disk.LedgerLeaves(v, 0, 1)
	if err != nil || len(leaves) == 0 {
		return "", errors.Join(err, errors.New("it has no entry"))
	}
	first, err := ParseLeaf(leaves[0])
	if err != nil {
		return "", err
	}
	body, err := BodyOf[GenesisBody](first)
	if err != nil || first.Kind != Genesis || body.Log != key {
		return "", errors.Join(err, errors.New("its key is not the one that its first entry names"))
	}
	signer, err := note.NewSigner(signs)
	if err != nil {
		return "", fmt.Errorf("its key: %w", err)
	}
	checks, err := note.NewVerifier(key)
	if err != nil || signer.KeyHash() != checks.KeyHash() {
		return "", errors.Join(err, errors.New("its key does not belong to the one that its first entry names"))
	}
	return key, nil
}
