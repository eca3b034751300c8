package device

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Recorded is a master key that an entry of the ledger is about.
type Recorded struct {
	Account   account.No
	User      mxid.User
	Seq       int64  // MasterKey.Seq
	PublicKey string // as in MasterKey; empty where there is no such row
	ledger.Opening
}

// Shown is the master key that a person is known by to others, beside the last one in the history.
type Shown struct {
	Account account.No
	User    mxid.User
	Master  event.Value
	Last    string // the public key; empty where there is no history
}

// RecordDisk keeps which entry of the ledger is about which master key.
type RecordDisk interface {
	// AddRecorded notes that there is an entry about a master key.
	AddRecorded(u stream.Unit, r Recorded) error
	// RecordedOf gives the newest of user's master keys that entries are about, the newest first.
	RecordedOf(v stream.View, user mxid.User, limit int) ([]Recorded, error)
	// RecordedAfter gives all that is recorded of the next so many accounts behind one, in the order of accounts and keys.
	RecordedAfter(v stream.View, after account.No, accounts int) ([]Recorded, error)
	// CountUnrecorded is how many people have master keys, none of which an entry is about.
	CountUnrecorded(v stream.View) (int64, error)
	// Unrecorded gives the newest master key of some of these people.
	Unrecorded(v stream.View, limit int) ([]Recorded, error)
	// MasterKeyDifferences gives people whose history has a master key that no entry is about, though one should be.
	MasterKeyDifferences(v stream.View, limit int) ([]mxid.User, error)
	// MasterKeysShown gives what the next so many accounts behind one are known by.
	MasterKeysShown(v stream.View, after account.No, limit int) ([]Shown, error)
}

// PrepareRecord brings the master keys under the ledger that were published before it knew of any: of each person the last one. It is to be called
// before keys can be published, and after Ledger.Prepare. Where it is cut off, it goes on the next time. A key that has no entry later on is
// not taken for one of these: Audit names it.
func (ds *Devices) PrepareRecord(ctx context.Context) error {
	const some = 200
	for left := int64(1); left > 0; {
		err := ds.Disk.Do(ctx, func(u stream.Unit) error {
			n, err := ds.Disk.CountUnrecorded(u)
			if err != nil {
				return err
			}
			if left, err = ds.Ledger.BeginIdentities(u, n); err != nil || left == 0 {
				return err
			}
			keys, err := ds.Disk.Unrecorded(u, int(min(left, some)))
			if err != nil {
				return err
			}
			for _, key := range keys {
				if err := ds.record(u, key, -1, true); err != nil {
					return err
				}
			}
			if left -= int64(len(keys)); len(keys) == 0 {
				left = 0 // somebody has taken them out of the database; whoever verifies the ledger sees that they are missing
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("recording the master keys that were there before: %w", err)
		}
	}
	return nil
}

// record appends to the ledger that a person has another master key; last is the number of the entry about the one before, or -1.
func (ds *Devices) record(u stream.Unit, r Recorded, last int64, earlier bool) (err error) {
	if r.Opening, err = ds.Ledger.AppendIdentity(u, r.User, plain(r.PublicKey), r.Seq, last, earlier); err != nil {
		return err
	}
	return ds.Disk.AddRecorded(u, r)
}

// recordNext is record for the key that follows all that there are.
func (ds *Devices) recordNext(u stream.Unit, who account.Session, m MasterKey) error {
	before, err := ds.Disk.RecordedOf(u, who.User, 1)
	if err != nil {
		return err
	}
	last, seq := int64(-1), int64(0)
	if len(before) > 0 {
		last, seq = before[0].Number, before[0].Seq
	}
	if seq != m.Seq-1 {
		return fmt.Errorf("the last master key of %s in the ledger has the number %d, and the one to be recorded %d: somebody has changed the database", who.User, seq, m.Seq)
	}
	return ds.record(u, Recorded{Account: who.Account, User: who.User, Seq: m.Seq, PublicKey: m.PublicKey}, last, false)
}

// plain is the one form of a public key that entries are about: base64 without padding, however its owner wrote it.
func plain(public string) string {
	key, ok := publicKey(public)
	if !ok {
		return public
	}
	return base64.RawStdEncoding.EncodeToString(key)
}

// maxProven is of how many people one request may ask for proofs, and maxChain how much of each chain is given.
const (
	maxProven = 100
	maxChain  = 10
)

// IdentityProofs shows that what people are known by is in the ledger, to whoever does not believe the server.
type IdentityProofs struct {
	Checkpoint string                      `json:"checkpoint"` // with its signatures
	Tags       TagsProof                   `json:"tags"`
	People     map[mxid.User]IdentityProof `json:"people"`
}

// TagsProof is the key of people's tags and the entry that is bound to it.
type TagsProof struct {
	ledger.Proof
	Key []byte `json:"key"`
}

// IdentityProof is the end of somebody's chain, the oldest first.
type IdentityProof struct {
	Entries []ProvenKey `json:"entries"`
	Pending bool        `json:"pending"` // there is a newer one, which no published checkpoint covers yet
}

// ProvenKey is an entry about a master key, with what opens it.
type ProvenKey struct {
	ledger.Proof
	Nonce []byte `json:"nonce"`
	Key   string `json:"key"` // the public master key, unpadded
}

// ProveIdentities gives for each of these people the newest entries about their master keys, at most ten, under the last checkpoint that was
// published. Somebody who has published no key, and who is not there, has none. It returns fault.TooLarge for more than a hundred people and
// fault.NotFound while there is no checkpoint.
func (ds *Devices) ProveIdentities(ctx context.Context, of []mxid.User) (p IdentityProofs, err error) {
	if len(of) > maxProven {
		return p, fault.TooLarge.New("Proofs of at most %d people can be asked for at once.", maxProven)
	}
	err = ds.Disk.View(ctx, func(v stream.View) error {
		p = IdentityProofs{People: map[mxid.User]IdentityProof{}}
		key, tags, ok, err := ds.Ledger.TagKey(v)
		if err != nil {
			return err
		}
		if !ok {
			return fault.NotFound.New("The ledger knows of no master keys yet.")
		}
		chains, numbers := map[mxid.User][]Recorded{}, []int64{tags}
		for _, user := range of {
			if chains[user] != nil {
				continue
			}
			if chains[user], err = ds.Disk.RecordedOf(v, user, maxChain); err != nil {
				return err
			}
			for _, r := range chains[user] {
				numbers = append(numbers, r.Number)
			}
		}
		signed, proofs, err := ds.Ledger.Prove(v, numbers)
		if err != nil {
			return err
		}
		first, ok := proofs[tags]
		if !ok {
			return fault.NotFound.New("The last checkpoint of the ledger knows of no master keys yet.")
		}
		p.Checkpoint, p.Tags = signed, TagsProof{first, key}
		for user, chain := range chains {
			one := IdentityProof{Entries: []ProvenKey{}}
			for _, r := range slices.Backward(chain) {
				if proof, ok := proofs[r.Number]; ok {
					one.Entries = append(one.Entries, ProvenKey{proof, r.Nonce, plain(r.PublicKey)})
				} else {
					one.Pending = true
				}
			}
			p.People[user] = one
		}
		return nil
	})
	return p, err
}

// Audit compares the master keys that people are known by with their history and with the ledger, and names each difference. Honest work makes none,
// so each of them is by somebody who has changed the database.
func (ds *Devices) Audit(ctx context.Context) (differences []string, err error) {
	err = ds.Disk.View(ctx, func(v stream.View) (err error) {
		differences, err = ds.audit(v)
		return err
	})
	return differences, err
}

// mostAudited is how many accounts are compared at a time.
const mostAudited = 500

func (ds *Devices) audit(v stream.View) (found []string, err error) {
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	entries, err := ds.Ledger.Identities(v)
	if err != nil {
		say("the ledger is not right: %v", err)
	}
	about := map[int64]bool{}
	for _, n := range entries {
		about[n] = true
	}
	for after, more := account.No(0), true; more; {
		recorded, err := ds.Disk.RecordedAfter(v, after, mostAudited)
		if err != nil {
			return nil, err
		}
		for _, r := range recorded {
			after = r.Account
			delete(about, r.Number)
			if r.PublicKey == "" {
				say("the master key %d of %s is in the ledger (entry %d) and not in the table master_key", r.Seq, r.User, r.Number)
			} else if ok, err := ds.Ledger.Opens(v, r.Opening, r.User, plain(r.PublicKey), r.Seq); err != nil {
				return nil, err
			} else if !ok {
				say("the master key %d of %s in the table master_key is not the one in the ledger (entry %d)", r.Seq, r.User, r.Number)
			}
		}
		more = len(recorded) > 0
	}
	for _, n := range slices.Sorted(maps.Keys(about)) {
		say("the entry %d of the ledger is about a master key of somebody, and no row of the table identity_entry says whose", n)
	}
	users, err := ds.Disk.MasterKeyDifferences(v, mostAudited)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		say("the table master_key has a key of %s that is not in the ledger", user)
	}
	for after, more := account.No(0), true; more; {
		shown, err := ds.Disk.MasterKeysShown(v, after, mostAudited)
		if err != nil {
			return nil, err
		}
		for _, s := range shown {
			after = s.Account
			if s.Last == "" || plain(crossPublicKey(s.Master)) != plain(s.Last) {
				say("the master key that is shown as that of %s (table cross_signing_key) is not the last one in the table master_key", s.User)
			}
		}
		more = len(shown) == mostAudited
	}
	return found, nil
}
