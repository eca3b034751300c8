package ledger

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

const (
	// beat is how often witnesses sign anew what they have seen, so that a log that has gone silent is told from one that has nothing to say.
	beat = time.Minute
	// again is how soon they are asked again where too few of them have signed.
	again = 10 * time.Second
)

// Run publishes a checkpoint after each entry, and with witnesses each minute, until ctx ends. Of several servers with one database one runs it.
func (l *Ledger) Run(ctx context.Context) error {
	entries := l.Hub.Subscribe(topic)
	defer entries.Close()
	said := ""
	for {
		pause, says := beat, ""
		if err := l.Publish(ctx); ctx.Err() != nil {
			return nil
		} else if err != nil {
			pause, says = again, err.Error()
		}
		if says != said && says != "" {
			l.Log.ErrorContext(ctx, "the ledger has no new checkpoint", "err", says)
		} else if says != said {
			l.Log.InfoContext(ctx, "the ledger has a new checkpoint again")
		}
		said = says
		select {
		case <-ctx.Done():
			return nil
		case <-entries.C:
		case <-time.After(pause):
		}
	}
}

// Publish signs the tree as it is on disk, has it witnessed, and publishes it. It returns an error, and what was published before stays, where
// the witnesses that have signed are no quorum, and *Diverged where one of them has seen another log under this name: then nothing is
// published any more.
func (l *Ledger) Publish(ctx context.Context) error {
	if err := l.Halted(); err != nil {
		return err
	}
	var tree tlog.Tree
	var kept string
	err := l.Disk.View(ctx, func(v stream.View) (err error) { // not in the unit that appends: what is signed is on disk
		if tree, err = l.tree(v); err != nil {
			return err
		}
		kept, _, err = l.Disk.Meta(v, checkpointName)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: torchwood.Checkpoint{Origin: l.Origin(), Tree: tree}.String()}, l.signer)
	if err != nil {
		return fmt.Errorf("signing a checkpoint: %w", err)
	}
	if len(l.Policy.Witnesses) == 0 && strings.HasPrefix(kept, string(signed)) {
		return nil // a signature by this key over the same text is the same
	}
	signed, missing := l.witnessed(ctx, tree, signed)
	if err := l.Halted(); err != nil {
		return err
	}
	policy, err := l.Policy.Of(l.key)
	if err != nil {
		return err
	}
	if _, _, err := torchwood.VerifyCheckpoint(signed, policy); err != nil {
		return fmt.Errorf("%d entries do not have the signatures of enough witnesses: %s (%w)", tree.N, missing, err)
	}
	err = l.Disk.Do(ctx, func(u stream.Unit) error {
		kept, ok, err := l.Disk.Meta(u, checkpointName)
		if err != nil {
			return err
		}
		if was, err := head(kept); ok && (err != nil || was.N > tree.N) {
			return err // another server was quicker
		} else if was.N < tree.N {
			u.Next(Published)
		}
		return l.Disk.SetMeta(u, checkpointName, string(signed))
	})
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// tree is the tree as v sees it.
func (l *Ledger) tree(v stream.View) (tree tlog.Tree, err error) {
	if tree.N, err = l.Disk.LedgerSize(v); err == nil {
		tree.Hash, err = tlog.TreeHash(tree.N, l.hashes(v))
	}
	return tree, err
}

// witnessed asks all witnesses at once and adds the signatures that come. missing says why others did not.
func (l *Ledger) witnessed(ctx context.Context, tree tlog.Tree, signed []byte) (all []byte, missing string) {
	lines := make([][]byte, len(l.Policy.Witnesses))
	errs := make([]error, len(lines))
	var wait sync.WaitGroup
	for i, w := range l.Policy.Witnesses {
		wait.Go(func() { lines[i], errs[i] = l.cosign(ctx, w, tree, signed) })
	}
	wait.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = map[string]error{}
	all = slices.Clone(signed)
	for i, w := range l.Policy.Witnesses {
		if all = append(all, lines[i]...); errs[i] != nil && ctx.Err() == nil {
			l.silent[w.Name] = errs[i]
		}
	}
	return all, l.missing()
}

// missing is silent in words. l.mu is held.
func (l *Ledger) missing() string {
	var says []string
	for _, name := range slices.Sorted(maps.Keys(l.silent)) {
		says = append(says, fmt.Sprintf("%s: %v", name, l.silent[name]))
	}
	return strings.Join(says, "; ")
}

// Halted returns *Diverged where a witness has seen another log under this name, since this server was started.
func (l *Ledger) Halted() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.halted == nil {
		return nil
	}
	return l.halted
}

// Checkpoint is the last one that was published, with all its signatures. It returns fault.NotFound where there is none yet.
//
// Spec: c2sp.org/tlog-tiles, "Checkpoints".
func (l *Ledger) Checkpoint(ctx context.Context) (signed []byte, err error) {
	err = l.Disk.View(ctx, func(v stream.View) error {
		signed, err = l.published(v)
		return err
	})
	return signed, err
}

func (l *Ledger) published(v stream.View) ([]byte, error) {
	kept, ok, err := l.Disk.Meta(v, checkpointName)
	if err == nil && !ok {
		err = fault.NotFound.New("There is no checkpoint yet: too few witnesses have signed.")
	}
	return []byte(kept), err
}

// head is the tree that a checkpoint is about. Its signatures are not looked at.
func head(signed string) (tlog.Tree, error) {
	text, _, _ := strings.Cut(signed, "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	return c.Tree, err
}

// State is how the ledger stands.
type State struct {
	Size      int64     // entries
	Published int64     // of them under the last checkpoint
	Witnesses int       // who are asked
	Witnessed time.Time // the last time at which a quorum has signed the last checkpoint; zero: there is no witness, or it has not
	Missing   string    // why the last signatures are missing, by witness
	Halted    error     // why nothing is published any more
}

// State says how the ledger stands.
func (l *Ledger) State(ctx context.Context) (s State, err error) {
	err = l.Disk.View(ctx, func(v stream.View) error {
		if s.Size, err = l.Disk.LedgerSize(v); err != nil {
			return err
		}
		kept, ok, err := l.Disk.Meta(v, checkpointName)
		if err != nil || !ok {
			return err
		}
		c, at, err := witnessedAt([]byte(kept), l.key, l.Policy)
		s.Published, s.Witnessed = c.N, at
		return err
	})
	s.Witnesses, s.Halted = len(l.Policy.Witnesses), l.Halted()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Missing = l.missing()
	return s, err
}

// witnessedAt checks the log's own signature of a checkpoint, and gives the last time at which a quorum of p had signed it: zero where it has
// not, or where p names no witness.
func witnessedAt(signed []byte, key string, p *config.Policy) (c torchwood.Checkpoint, at time.Time, err error) {
	alone, err := config.Nobody().Of(key)
	if err != nil {
		return c, at, err
	}
	if c, _, err = torchwood.VerifyCheckpoint(signed, alone); err != nil || len(p.Witnesses) == 0 {
		return c, at, err
	}
	policy, err := p.Of(key)
	if err != nil {
		return c, at, err
	}
	_, n, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return c, at, nil
	}
	// The last time at which it was a quorum: that of the earliest among the latest signatures that make one together.
	byTime := map[int64]bool{}
	times := make([]int64, len(n.Sigs))
	for i, s := range n.Sigs {
		if s.Name == c.Origin {
			times[i] = math.MaxInt64 // the log's own has no time, and is part of every quorum
		} else if times[i], err = torchwood.CosignatureTimestamp(s); err != nil {
			return c, at, err
		} else {
			byTime[times[i]] = true
		}
	}
	for _, t := range slices.Backward(slices.Sorted(maps.Keys(byTime))) {
		var since []note.Signature
		for i, s := range n.Sigs {
			if times[i] >= t {
				since = append(since, s)
			}
		}
		if policy.Check(c.Origin, since) == nil {
			return c, time.Unix(t, 0), nil
		}
	}
	return c, at, nil
}
