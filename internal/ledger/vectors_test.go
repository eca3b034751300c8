package ledger_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
	"wardroom/internal/ledger"
)

var update = flag.Bool("update", false, "write the log by which the web client's verifier is tested, anew")

// vectorsFile is read by web/src/ledger/ledger.test.ts.
const vectorsFile = "../../web/src/ledger/vectors.json"

// vectors is a log as a server has served it at several times.
type vectors struct {
	Key         string            `json:"key"`
	Policy      string            `json:"policy"` // two of three
	Checkpoints []string          `json:"checkpoints"`
	Tiles       map[string][]byte `json:"tiles"` // of the last one
	Fork        fork              `json:"fork"`
}

// fork is another log under the same key, with the same beginning. No witness has signed it.
type fork struct {
	Begins     int64             `json:"begins"` // how many entries are the same
	Checkpoint string            `json:"checkpoint"`
	Tiles      map[string][]byte `json:"tiles"`
}

// served is a log as it is kept in the file.
type served struct {
	checkpoint string
	tiles      map[string][]byte
}

func (s served) ReadEndpoint(_ context.Context, name string) ([]byte, error) {
	if name != "checkpoint" {
		return nil, os.ErrNotExist
	}
	return []byte(s.checkpoint), nil
}

func (s served) ReadTiles(_ context.Context, tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		tile, ok := s.tiles[torchwood.TilePath(t)]
		if !ok {
			return nil, fmt.Errorf("%s: %w", torchwood.TilePath(t), os.ErrNotExist)
		}
		data = append(data, tile)
	}
	return data, nil
}

func (served) SaveTiles([]tlog.Tile, [][]byte) {}

// What the web client's verifier is tested with is what this one takes, and refuses.
func TestTheLogByWhichTheWebClientIsTested(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	policy, err := config.ParsePolicy(v.Policy)
	if err != nil {
		t.Fatal(err)
	}
	strict, err := policy.Of(v.Key)
	if err != nil {
		t.Fatal(err)
	}
	last := served{v.Checkpoints[len(v.Checkpoints)-1], v.Tiles}
	for _, signed := range v.Checkpoints {
		if _, _, err := torchwood.VerifyCheckpoint([]byte(signed), strict); err != nil {
			t.Errorf("%v: %s", err, signed)
		}
		seen := &ledger.Seen{Key: v.Key, Checkpoint: []byte(signed)}
		if _, err := ledger.Verify(t.Context(), last, ledger.Trust{Key: v.Key, Policy: policy, Seen: seen}); err != nil {
			t.Errorf("%v: %s", err, signed)
		}
		_, err := ledger.Verify(t.Context(), served{v.Fork.Checkpoint, v.Fork.Tiles}, ledger.Trust{Key: v.Key, Seen: seen})
		var size int64
		if _, err := fmt.Sscan(strings.Split(signed, "\n")[1], &size); err != nil {
			t.Fatal(err)
		}
		if (err == nil) != (size <= v.Fork.Begins) {
			t.Errorf("from %d entries to the fork: %v", size, err)
		}
	}
	if _, _, err := torchwood.VerifyCheckpoint([]byte(v.Fork.Checkpoint), strict); err == nil {
		t.Error("the fork has the signatures of the witnesses")
	}
}

func writeVectors(t *testing.T) {
	text := ""
	var all []*witness
	for _, name := range []string{"east", "west", "north"} {
		w := newWitness(t, name+".example.org")
		all, text = append(all, w), text+"witness "+name+" "+w.key+" "+w.url+"\n"
	}
	text += "group two 2 east west north\nquorum two\n"
	s := newSite(t, t.TempDir(), text)
	for _, w := range all[:2] { // the third one does not know it
		w.knows(t, s.Key())
	}
	v := vectors{Key: s.Key(), Policy: strings.ReplaceAll(s.Policy.Text, "http://127.0.0.1", "https://witness.example.org")}
	publish := func(s *site) string {
		s.publish(t)
		signed, err := s.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	tiles := func(s *site) map[string][]byte {
		v, err := s.verify(t, ledger.Trust{})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string][]byte{}
		for level, n := 0, v.Entries; n > 0; level, n = level+1, n/256 {
			for tile := int64(0); tile*256 < n; tile++ {
				for _, l := range []int{level, -1} {
					path := torchwood.TilePath(tlog.Tile{H: 8, L: l, N: tile, W: int(min(256, n-tile*256))})
					if l < 0 && level > 0 {
						continue
					}
					if found[path], err = s.Tile(t.Context(), path); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		return found
	}
	v.Checkpoints = append(v.Checkpoints, publish(s))
	for _, size := range []int64{2, 7, 100} {
		s.record(t, int(size-s.size(t)-1), "x")
		v.Checkpoints = append(v.Checkpoints, publish(s))
	}
	forked := s.copied(t, alone)
	for _, size := range []int64{255, 256, 257, 300} {
		s.record(t, int(size-s.size(t)-1), "x")
		v.Checkpoints = append(v.Checkpoints, publish(s))
	}
	v.Tiles = tiles(s)
	forked.record(t, 198, "y") // 300 as well
	v.Fork = fork{Begins: 100, Checkpoint: publish(forked), Tiles: tiles(forked)}
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, vectorsFile, append(out, '\n'))
}
