package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
	"wardroom/internal/ledger"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// site is a server's ledger over a real store, and its address.
type site struct {
	*ledger.Ledger
	db  *store.DB
	dir string
	url string
}

// newSite makes the ledger of a server in a folder, which may hold one already, with these witnesses.
func newSite(t *testing.T, dir, policy string) *site {
	t.Helper()
	db, hub := storetest.OpenDir(t, dir)
	p, err := config.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{db: db, dir: dir, Ledger: &ledger.Ledger{Disk: db, Hub: hub, Log: slog.New(slog.DiscardHandler), Server: "quay.example.org", Policy: p, Client: http.DefaultClient}}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		data, err := s.Tile(r.Context(), path)
		if path == "checkpoint" {
			data, err = s.Checkpoint(r.Context())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(served.Close)
	s.url = served.URL
	return s
}

const alone = "quorum none\n"

// record appends n entries, which differ from each other and from those with another word.
func (s *site) record(t *testing.T, n int, word string) {
	t.Helper()
	err := s.db.Do(t.Context(), func(u stream.Unit) error {
		for i := range n {
			if _, err := s.Append(u, ledger.Policy, ledger.PolicyBody{Policy: fmt.Sprintf("quorum none\n%s %d", word, i)}); err != nil {
				return err
			}
		}
		_, err := s.Append(u, ledger.Policy, ledger.PolicyBody{Policy: s.Policy.Text}) // the last word about witnesses
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) publish(t *testing.T) {
	t.Helper()
	if err := s.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *site) size(t *testing.T) int64 {
	t.Helper()
	is, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return is.Size
}

// copied is another server over what would be there if this moment's database were put in place again later.
func (s *site) copied(t *testing.T, policy string) *site {
	t.Helper()
	dir := t.TempDir()
	storetest.Copy(t, s.dir, dir)
	return newSite(t, dir, policy)
}

// verify looks at the log as somebody outside does.
func (s *site) verify(t *testing.T, trust ledger.Trust) (*ledger.Verdict, error) {
	t.Helper()
	log, err := torchwood.NewTileFetcher(s.url)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Verify(t.Context(), log, trust)
}

func TestAnEntryIsThereWithItsActAndNeverWithout(t *testing.T) {
	s := newSite(t, t.TempDir(), alone)
	act := func(fails error) error {
		return s.db.Do(t.Context(), func(u stream.Unit) error {
			if err := s.db.SetMeta(u, "act", "done"); err != nil {
				return err
			}
			if _, err := s.Append(u, ledger.Policy, ledger.PolicyBody{Policy: alone}); err != nil {
				return err
			}
			return fails
		})
	}
	look := func() (done bool, size int64) {
		err := s.db.View(t.Context(), func(v stream.View) (err error) {
			if _, done, err = s.db.Meta(v, "act"); err == nil {
				size, err = s.db.LedgerSize(v)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return done, size
	}
	if err := act(errors.New("it failed in the end")); err == nil {
		t.Fatal("a failure was lost")
	}
	if done, size := look(); done || size != 1 {
		t.Errorf("after an act that failed: done %v, %d entries", done, size)
	}
	if err := act(nil); err != nil {
		t.Fatal(err)
	}
	if done, size := look(); !done || size != 2 {
		t.Errorf("after the act: done %v, %d entries", done, size)
	}
	// One that is too long is refused, and its act with it.
	err := s.db.Do(t.Context(), func(u stream.Unit) error {
		if err := s.db.SetMeta(u, "other", "done"); err != nil {
			return err
		}
		_, err := s.Append(u, ledger.Policy, ledger.PolicyBody{Policy: strings.Repeat("x", ledger.MaxLeaf)})
		return err
	})
	if _, size := look(); err == nil || size != 2 {
		t.Errorf("an entry that is too long: %v, %d entries", err, size)
	}
}

func TestOthersReadTheWholeLog(t *testing.T) {
	s := newSite(t, t.TempDir(), alone)
	if _, err := s.Checkpoint(t.Context()); err == nil {
		t.Error("there is a checkpoint before one was published")
	}
	s.record(t, 10, "first")
	s.publish(t)
	early, err := s.verify(t, ledger.Trust{})
	if err != nil {
		t.Fatal(err)
	}
	s.record(t, 700, "later") // two whole tiles and a part
	if again, err := s.verify(t, ledger.Trust{}); err != nil || again.Entries != early.Entries {
		t.Errorf("what has no checkpoint is shown: %v, %v", again, err)
	}
	if _, err := s.Tile(t.Context(), "tile/entries/001"); err == nil {
		t.Error("entries are shown that are under no checkpoint")
	}
	s.publish(t)
	seen, err := ledger.ParseSeen(early.String())
	if err != nil {
		t.Fatal(err)
	}
	log, err := torchwood.NewTileFetcher(s.url)
	if err != nil {
		t.Fatal(err)
	}
	kept := &ledger.Copy{TileReader: log, Folder: t.TempDir()}
	v, err := ledger.Verify(t.Context(), kept, ledger.Trust{Key: s.Key(), Seen: seen})
	if err != nil || v.Entries != 713 || v.Before != 12 || v.Kinds[ledger.Policy] != 712 || v.Origin != "quay.example.org/ledger" {
		t.Fatalf("it finds %+v, %v", v, err)
	}
	if kept.Err != nil {
		t.Fatal(kept.Err)
	}
	write(t, filepath.Join(kept.Folder, "checkpoint"), v.Checkpoint)
	if again, err := offline(t, kept.Folder, ledger.Trust{Key: s.Key(), Seen: seen}); err != nil || again.Entries != 713 {
		t.Errorf("in its copy it finds %+v, %v", again, err)
	}
	for _, path := range []string{"tile/entries/003", "tile/0/000.p/0", "tile/0/000.p/257", "tile/entries/000.p/256", "tile/data/000", "tile/1/000.p/3", "tile/63/000.p/1",
		"tile/0/x999/x999/x999/x999/x999/999", "tile/entries/x000/000", "tile/", "tile/8/0/000", "tile/entries/../checkpoint"} {
		if data, err := s.Tile(t.Context(), path); err == nil {
			t.Errorf("%s has %d bytes", path, len(data))
		}
	}
}

func offline(t *testing.T, dir string, trust ledger.Trust) (*ledger.Verdict, error) {
	t.Helper()
	log, err := torchwood.NewTileFS(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Verify(t.Context(), log, trust)
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAServerThatStartsAgainGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, dir, alone)
	s.publish(t)
	again := s.copied(t, alone)
	if again.Key() != s.Key() || again.size(t) != 1 {
		t.Errorf("it has another key or %d entries", again.size(t))
	}
	w := newWitness(t, "east.example.org", s.Key())
	watched := s.copied(t, w.policy)
	if watched.size(t) != 2 {
		t.Errorf("that there is a witness now is in no entry: there are %d", watched.size(t))
	}
	watched.publish(t)
	v, err := watched.verify(t, ledger.Trust{})
	if err != nil || len(v.Policy.Witnesses) != 1 || time.Since(v.Witnessed) > time.Hour || v.Running {
		t.Errorf("it finds %+v, %v", v, err)
	}
	other := &ledger.Ledger{Disk: s.db, Hub: s.Hub, Server: "pier.example.org", Policy: s.Policy}
	if err := other.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "quay.example.org/ledger") {
		t.Errorf("another server takes the log over: %v", err)
	}
}

func TestEachBuildOfTheWebClientHasOneEntry(t *testing.T) {
	s := newSite(t, t.TempDir(), alone)
	first, second := strings.Repeat("0f", 32), strings.Repeat("1e", 32)
	serves := func(s *site, build string) *ledger.Verdict {
		t.Helper()
		if err := s.Serves(t.Context(), build, "1.0"); err != nil {
			t.Fatal(err)
		}
		s.publish(t)
		v, err := s.verify(t, ledger.Trust{})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		on    *site
		build string
		kinds int
		last  string
	}{{s, first, 1, first}, {s, first, 1, first}, {s, second, 2, second}, {s, first, 2, second}} {
		if v := serves(c.on, c.build); v.Kinds[ledger.Client] != c.kinds || v.Client != (ledger.ClientBody{Build: c.last, Version: "1.0"}) {
			t.Errorf("after %s: %v, %+v", c.build, v.Kinds, v.Client)
		}
	}
	if v := serves(s.copied(t, alone), second); v.Kinds[ledger.Client] != 2 {
		t.Errorf("started again: %v", v.Kinds)
	}
	for _, no := range []string{"", "0f", strings.Repeat("0F", 32), strings.Repeat("xy", 32)} {
		text := `{"at":1764432000,"body":{"build":"` + no + `","version":"1.0"},"kind":"client","v":1}`
		if _, err := ledger.ParseLeaf([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	// What says nothing about witnesses leaves them as they were.
	w := newWitness(t, "east.example.org")
	watched := newSite(t, t.TempDir(), w.policy)
	w.knows(t, watched.Key())
	if v := serves(watched, first); len(v.Policy.Witnesses) != 1 || v.Witnessed.IsZero() {
		t.Errorf("its witnesses: %+v, %v", v.Policy, v.Witnessed)
	}
}

func TestACheckpointIsPublishedAfterEachEntry(t *testing.T) {
	w := newWitness(t, "east.example.org")
	s := newSite(t, t.TempDir(), w.policy)
	w.knows(t, s.Key())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	s.record(t, 3, "word")
	for deadline := time.Now().Add(30 * time.Second); ; {
		is, err := s.State(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", is, err)
		}
		if is.Published == 5 && !is.Witnessed.IsZero() {
			break
		}
		runtime.Gosched()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What somebody who has all of the machine may do with the log, and what finds it out.
func TestWhatVerifyRefuses(t *testing.T) {
	w := newWitness(t, "east.example.org")
	s := newSite(t, t.TempDir(), w.policy)
	w.knows(t, s.Key())
	s.record(t, 300, "true")
	s.publish(t)
	seen := func() *ledger.Seen {
		v, err := s.verify(t, ledger.Trust{Key: s.Key()})
		if err != nil {
			t.Fatal(err)
		}
		return &v.Seen
	}()
	older := newSite(t, t.TempDir(), alone)
	trust := ledger.Trust{Key: s.Key(), Policy: s.Policy, Seen: seen}
	if _, err := s.verify(t, trust); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		does func(t *testing.T, forged *site)
		says string
	}{
		"one entry is changed in the database": {func(t *testing.T, f *site) {
			f.sql(t, `UPDATE ledger_leaf SET leaf = (SELECT leaf FROM ledger_leaf WHERE no = 8) WHERE no = 7`)
		}, "entries are not those under its checkpoint"},
		"a hash is changed": {func(t *testing.T, f *site) {
			f.sql(t, `UPDATE ledger_hash SET hash = (SELECT hash FROM ledger_hash WHERE no = 1) WHERE no = 0`)
		}, "not those under its checkpoint"},
		"an entry is taken out": {func(t *testing.T, f *site) {
			f.sql(t, `DELETE FROM ledger_leaf WHERE no = 7`)
		}, "entries are not those under its checkpoint"},
		"all is rewritten with one entry changed, and signed": {func(t *testing.T, f *site) {
			f.rewrite(t, 302, 7)
		}, "it was rewritten: the first 302 entries are not those"},
		"the last entries are cut off, and it is signed": {func(t *testing.T, f *site) {
			f.rewrite(t, 300, -1)
		}, "it was rolled back: it had 302 entries when it was looked at last, and has 300 now"},
		"it goes on without the witnesses": {func(t *testing.T, f *site) {
			f.record(t, 1, "more")
			f.rewrite(t, f.size(t), -1)
		}, "too few of its witnesses"},
		"an entry is dated back": {func(t *testing.T, f *site) {
			f.dateBack(t)
			f.publish(t)
		}, "an entry was dated back: it says that it is of 2001-09-09 01:46:40 UTC"},
		"it is another log": {func(t *testing.T, f *site) {
			f.Ledger, f.url = older.Ledger, older.url
			f.publish(t)
		}, "not signed with the key"},
	} {
		t.Run(name, func(t *testing.T) {
			forged := s.copied(t, w.policy)
			c.does(t, forged)
			if v, err := forged.verify(t, trust); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it finds %+v, %v", v, err)
			}
		})
	}
}

// dateBack appends an entry as Append does, and lets it be of long ago.
func (s *site) dateBack(t *testing.T) {
	t.Helper()
	leaf := []byte(`{"at":1000000000,"body":{"policy":"quorum none\n"},"kind":"policy","v":1}`)
	err := s.db.Do(t.Context(), func(u stream.Unit) error {
		n, err := s.db.LedgerSize(u)
		if err != nil {
			return err
		}
		hashes, err := tlog.StoredHashes(n, leaf, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) { return s.db.LedgerHashes(u, at) }))
		if err != nil {
			return err
		}
		return s.db.AddLeaf(u, n, leaf, tlog.StoredHashIndex(0, n), hashes)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sql changes the database by hand.
func (s *site) sql(t *testing.T, q string, args ...any) {
	t.Helper()
	if _, err := storetest.Beside(t, s.dir).Exec(q, args...); err != nil {
		t.Fatal(err)
	}
}

// rewrite makes the log anew with its first n entries, one of them changed unless that is -1, all hashes right, and the checkpoint signed with the
// log's own key: what somebody can do who has the whole machine.
func (s *site) rewrite(t *testing.T, n, change int64) {
	t.Helper()
	var leaves [][]byte
	var kept string
	err := s.db.View(t.Context(), func(v stream.View) (err error) {
		if leaves, err = s.db.LedgerLeaves(v, 0, n); err == nil {
			kept, _, err = s.db.Meta(v, "ledger_key")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if change >= 0 {
		leaves[change] = leaves[change+1]
	}
	s.sql(t, `DELETE FROM ledger_leaf`)
	s.sql(t, `DELETE FROM ledger_hash`)
	err = s.db.Do(t.Context(), func(u stream.Unit) error {
		read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) { return s.db.LedgerHashes(u, at) })
		for i, leaf := range leaves {
			hashes, err := tlog.StoredHashes(int64(i), leaf, read)
			if err != nil {
				return err
			}
			if err := s.db.AddLeaf(u, int64(i), leaf, tlog.StoredHashIndex(0, int64(i)), hashes); err != nil {
				return err
			}
		}
		hash, err := tlog.TreeHash(n, read)
		if err != nil {
			return err
		}
		secret, _, _ := strings.Cut(kept, " ")
		signer, err := note.NewSigner(secret)
		if err != nil {
			return err
		}
		signed, err := note.Sign(&note.Note{Text: torchwood.Checkpoint{Origin: s.Origin(), Tree: tlog.Tree{N: n, Hash: hash}}.String()}, signer)
		if err != nil {
			return err
		}
		return s.db.SetMeta(u, "ledger_checkpoint", string(signed))
	})
	if err != nil {
		t.Fatal(err)
	}
}
