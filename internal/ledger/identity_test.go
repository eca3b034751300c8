package ledger_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const lin mxid.User = "@lin:quay.example.org"

// bytes64 is n bytes in base64.
func bytes64(n int, b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, n))
}

// appends adds entries as they are, whatever they say, and gives the record hash of the last one.
func (s *site) appends(t *testing.T, kind ledger.Kind, body any) (hash string) {
	t.Helper()
	err := s.db.Do(t.Context(), func(u stream.Unit) error {
		n, err := s.Append(u, kind, body)
		if err != nil {
			return err
		}
		leaves, err := s.db.LedgerLeaves(u, n, n+1)
		if err == nil {
			hash = tlog.RecordHash(leaves[0]).String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// key records that somebody has another master key.
func (s *site) key(t *testing.T, user mxid.User, number, last int64, earlier bool) (o ledger.Opening, err error) {
	t.Helper()
	err = s.db.Do(t.Context(), func(u stream.Unit) (err error) {
		o, err = s.AppendIdentity(u, user, fmt.Sprintf("key %d of %s", number, user), number, last, earlier)
		return err
	})
	return o, err
}

// begins lets the ledger know of master keys.
func (s *site) begins(t *testing.T, earlier int64) (left int64) {
	t.Helper()
	if err := s.db.Do(t.Context(), func(u stream.Unit) (err error) { left, err = s.BeginIdentities(u, earlier); return err }); err != nil {
		t.Fatal(err)
	}
	return left
}

func TestEachPersonHasOneChainOfMasterKeys(t *testing.T) {
	s := newSite(t, t.TempDir(), alone)
	if _, err := s.key(t, lin, 1, -1, false); err == nil {
		t.Error("a master key is recorded before there are tags")
	}
	if left := s.begins(t, 1); left != 1 {
		t.Errorf("%d are left", left)
	}
	if left := s.begins(t, 7); left != 1 {
		t.Errorf("begun again, %d are left", left)
	}
	must := func(o ledger.Opening, err error) ledger.Opening {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	first := must(s.key(t, lin, 1, -1, false))
	mo := must(s.key(t, "@mo:quay.example.org", 4, -1, true))
	second := must(s.key(t, lin, 2, first.Number, false))
	must(s.key(t, "@mo:quay.example.org", 5, mo.Number, false))
	for name, refused := range map[string]func() (ledger.Opening, error){
		"a gap":                        func() (ledger.Opening, error) { return s.key(t, lin, 4, second.Number, false) },
		"somebody else's chain":        func() (ledger.Opening, error) { return s.key(t, lin, 5, mo.Number, false) },
		"no chain at all":              func() (ledger.Opening, error) { return s.key(t, lin, 3, 0, false) },
		"what nobody has":              func() (ledger.Opening, error) { return s.key(t, lin, 3, 99, false) },
		"the third without the others": func() (ledger.Opening, error) { return s.key(t, "@ana:quay.example.org", 3, -1, false) },
		"one too many from before":     func() (ledger.Opening, error) { return s.key(t, "@ana:quay.example.org", 3, -1, true) },
	} {
		if o, err := refused(); err == nil {
			t.Errorf("%s is recorded as %d", name, o.Number)
		}
	}
	s.publish(t)
	v, err := s.verify(t, ledger.Trust{})
	if err != nil || v.People != 2 || v.Missing != 0 || v.Kinds[ledger.Identity] != 4 || v.Kinds[ledger.Tags] != 1 {
		t.Errorf("it finds %+v, %v", v, err)
	}
	err = s.db.View(t.Context(), func(view stream.View) error {
		for _, c := range []struct {
			o      ledger.Opening
			user   mxid.User
			public string
			number int64
			opens  bool
		}{
			{second, lin, "key 2 of " + string(lin), 2, true},
			{second, lin, "key 1 of " + string(lin), 2, false},
			{second, lin, "key 2 of " + string(lin), 1, false},
			{second, "@mo:quay.example.org", "key 2 of " + string(lin), 2, false},
			{ledger.Opening{Number: first.Number, Nonce: second.Nonce}, lin, "key 2 of " + string(lin), 2, false},
			{ledger.Opening{Number: 0, Nonce: second.Nonce}, lin, "key 2 of " + string(lin), 2, false},
		} {
			if is, err := s.Opens(view, c.o, c.user, c.public, c.number); err != nil || is != c.opens {
				t.Errorf("%+v opens: %v, %v", c, is, err)
			}
		}
		signed, proofs, err := s.Prove(view, []int64{second.Number, 99, -1})
		if err != nil || len(proofs) != 1 || !strings.HasPrefix(signed, s.Origin()+"\n") {
			t.Fatalf("proofs %v, %v", proofs, err)
		}
		tree, p := treeOf(t, signed), proofs[second.Number]
		if err := tlog.CheckRecord(p.Proof, tree.N, tree.Hash, p.Number, tlog.RecordHash([]byte(p.Entry))); err != nil {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Nothing public names anybody.
	err = s.db.View(t.Context(), func(view stream.View) error {
		leaves, err := s.db.LedgerLeaves(view, 0, 99)
		for _, leaf := range leaves {
			if strings.Contains(string(leaf), "lin") || strings.Contains(string(leaf), "mo:") {
				t.Errorf("%s", leaf)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What a server may append that has another program than ours, and what finds it out.
func TestWhatVerifyRefusesOfMasterKeys(t *testing.T) {
	tags := ledger.TagsBody{Key: bytes64(32, 1)}
	identity := func(number int64, previous string, change func(*ledger.IdentityBody)) ledger.IdentityBody {
		b := ledger.IdentityBody{Key: bytes64(32, 2), Number: number, Previous: previous, Tag: bytes64(16, 3)}
		if change != nil {
			change(&b)
		}
		return b
	}
	type body = ledger.IdentityBody
	for name, c := range map[string]struct {
		does func(s *site)
		says string
	}{
		"nothing": {func(s *site) {
			s.appends(t, ledger.Identity, identity(2, s.appends(t, ledger.Identity, identity(1, "", nil)), nil))
		}, ""},
		"a second chain for somebody": {func(s *site) {
			s.appends(t, ledger.Identity, identity(1, "", nil))
			s.appends(t, ledger.Identity, identity(1, "", nil))
		}, "second chain"},
		"other tags, for other chains": {func(s *site) { s.appends(t, ledger.Tags, tags) }, "two keys of people's tags"},
		"a number is left out": {func(s *site) {
			s.appends(t, ledger.Identity, identity(3, s.appends(t, ledger.Identity, identity(1, "", nil)), nil))
		}, "and the one before it was 1"},
		"a fork of a chain": {func(s *site) {
			first := s.appends(t, ledger.Identity, identity(1, "", nil))
			s.appends(t, ledger.Identity, identity(2, first, nil))
			s.appends(t, ledger.Identity, identity(2, first, func(b *body) { b.Key = bytes64(32, 9) }))
		}, "does not follow the last entry"},
		"somebody's chain goes on as another's": {func(s *site) {
			first := s.appends(t, ledger.Identity, identity(1, "", nil))
			s.appends(t, ledger.Identity, identity(2, first, func(b *body) { b.Tag = bytes64(16, 9) }))
		}, "and there is none"},
		"one more from before": {func(s *site) {
			s.appends(t, ledger.Identity, identity(3, "", func(b *body) { b.Earlier = true }))
		}, "all 0 of those are there already"},
		"a chain that begins later": {func(s *site) { s.appends(t, ledger.Identity, identity(2, "", nil)) }, "has no entry before it"},
		"the number 0":              {func(s *site) { s.appends(t, ledger.Identity, identity(0, "", nil)) }, "counted from 1"},
		"a tag that says something": {func(s *site) {
			s.appends(t, ledger.Identity, identity(1, "", func(b *body) { b.Tag = "@lin:quay.example.org" }))
		}, "tag is not 16 bytes"},
		"a key that says something": {func(s *site) { s.appends(t, ledger.Identity, identity(1, "", func(b *body) { b.Key = "key" })) }, "key is not 32 bytes"},
		"base64 with a line's end": {func(s *site) {
			s.appends(t, ledger.Identity, identity(1, "", func(b *body) { b.Tag = b.Tag[:4] + "\n" + b.Tag[4:] }))
		}, "tag is not 16 bytes"},
		"base64 that ends otherwise": {func(s *site) {
			s.appends(t, ledger.Identity, identity(1, "", func(b *body) { b.Tag = b.Tag[:21] + "x==" }))
		}, "tag is not 16 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, t.TempDir(), alone)
			s.appends(t, ledger.Tags, tags)
			c.does(s)
			s.publish(t)
			v, err := s.verify(t, ledger.Trust{})
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("it finds %+v, %v", v, err)
			}
		})
	}
	t.Run("before there are tags", func(t *testing.T) {
		s := newSite(t, t.TempDir(), alone)
		s.appends(t, ledger.Identity, identity(1, "", nil))
		s.publish(t)
		if v, err := s.verify(t, ledger.Trust{}); err == nil || !strings.Contains(err.Error(), "how their tags are made") {
			t.Errorf("it finds %+v, %v", v, err)
		}
	})
	t.Run("those from before are not there yet", func(t *testing.T) {
		s := newSite(t, t.TempDir(), alone)
		s.appends(t, ledger.Tags, ledger.TagsBody{Key: bytes64(32, 1), Earlier: 2})
		s.appends(t, ledger.Identity, identity(3, "", func(b *body) { b.Earlier = true }))
		s.publish(t)
		if v, err := s.verify(t, ledger.Trust{}); err != nil || v.Missing != 1 || v.People != 1 {
			t.Errorf("it finds %+v, %v", v, err)
		}
	})
}

// treeOf is the tree that a checkpoint is about.
func treeOf(t *testing.T, signed string) tlog.Tree {
	t.Helper()
	var tree tlog.Tree
	lines := strings.Split(signed, "\n")
	if _, err := fmt.Sscan(lines[1], &tree.N); err != nil {
		t.Fatal(err)
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		t.Fatal(err)
	}
	tree.Hash = hash
	return tree
}

// chainsFile is read by web/src/ledger/chains.test.ts.
const chainsFile = "../../web/src/ledger/chains.json"

// chains is a log with people's master keys, and what opens its entries.
type chains struct {
	Checkpoints []string          `json:"checkpoints"` // before the last key was published, and after
	Tiles       map[string][]byte `json:"tiles"`       // of both
	TagKey      []byte            `json:"tag_key"`
	People      []opened          `json:"people"`
}

type opened struct {
	User   mxid.User `json:"user"`
	Key    string    `json:"key"`
	Number int64     `json:"number"`
	Entry  int64     `json:"entry"`
	Nonce  []byte    `json:"nonce"`
	Tag    string    `json:"tag"`
}

// What the web client is tested with is what this verifier takes.
func TestTheChainsByWhichTheWebClientIsTested(t *testing.T) {
	if *update {
		writeChains(t)
	}
	text, err := os.ReadFile(chainsFile)
	if err != nil {
		t.Fatal(err)
	}
	var c chains
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	for _, signed := range c.Checkpoints {
		if v, err := ledger.Verify(t.Context(), served{signed, c.Tiles}, ledger.Trust{}); err != nil || v.People != 2 {
			t.Errorf("%+v, %v", v, err)
		}
	}
	bundle := c.Tiles[fmt.Sprintf("tile/entries/000.p/%d", treeOf(t, c.Checkpoints[1]).N)]
	for _, p := range c.People {
		if !bytes.Contains(bundle, []byte(ledger.CommitKey(p.Nonce, p.User, p.Key))) || !bytes.Contains(bundle, []byte(ledger.Tag(c.TagKey, p.User))) || p.Tag != ledger.Tag(c.TagKey, p.User) {
			t.Errorf("nothing is about %+v", p)
		}
	}
	if !bytes.Contains(bundle, []byte(ledger.CommitTagKey(c.TagKey))) {
		t.Error("nothing is bound to the key of tags")
	}
}

func writeChains(t *testing.T) {
	s := newSite(t, t.TempDir(), alone)
	s.begins(t, 1)
	c := chains{Tiles: map[string][]byte{}}
	publish := func() {
		s.publish(t)
		signed, err := s.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.Checkpoints = append(c.Checkpoints, string(signed))
		for _, part := range []string{"0", "entries"} {
			path := fmt.Sprintf("tile/%s/000.p/%d", part, s.size(t))
			if c.Tiles[path], err = s.Tile(t.Context(), path); err != nil {
				t.Fatal(err)
			}
		}
	}
	add := func(user mxid.User, number, last int64, earlier bool) int64 {
		o, err := s.key(t, user, number, last, earlier)
		if err != nil {
			t.Fatal(err)
		}
		c.People = append(c.People, opened{User: user, Key: fmt.Sprintf("key %d of %s", number, user), Number: number, Entry: o.Number, Nonce: o.Nonce})
		return o.Number
	}
	add("@mo:quay.example.org", 3, -1, true)
	first := add(lin, 1, -1, false)
	publish()
	s.record(t, 2, "x")
	add(lin, 2, first, false)
	publish()
	err := s.db.View(t.Context(), func(v stream.View) (err error) { c.TagKey, _, _, err = s.TagKey(v); return err })
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.People {
		c.People[i].Tag = ledger.Tag(c.TagKey, c.People[i].User)
	}
	out, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, chainsFile, append(out, '\n'))
}
