package ledger

import (
	"context"
	"strconv"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// Tile is what is at a path that begins with "tile/": 256 hashes of one level of the tree, or 256 entries, or the first few of them. It
// never changes, for it is under a checkpoint that was published; what is not yet, is fault.NotFound.
//
// Spec: c2sp.org/tlog-tiles, "Merkle tree" and "Log entries".
func (l *Ledger) Tile(ctx context.Context, path string) (data []byte, err error) {
	t, bad := torchwood.ParseTilePath(path)
	if bad != nil || torchwood.TilePath(t) != path {
		return nil, fault.NotFound.Wrap(bad, "The ledger has no tile at this address.")
	}
	err = l.Disk.View(ctx, func(v stream.View) error {
		signed, err := l.published(v)
		if err != nil {
			return err
		}
		tree, err := head(string(signed))
		if err != nil {
			return err
		}
		// Of level n there is a hash for each 256ⁿ entries.
		first, last := t.N*torchwood.TileWidth, t.N*torchwood.TileWidth+int64(t.W)
		if t.N > tree.N || last > tree.N>>(torchwood.TileHeight*max(t.L, 0)) {
			return fault.NotFound.New("The last checkpoint has %s entries: this tile is not there yet.", strconv.FormatInt(tree.N, 10))
		}
		if t.L >= 0 {
			data, err = tlog.ReadTileData(t, l.hashes(v))
			return err
		}
		leaves, err := l.Disk.LedgerLeaves(v, first, last)
		if err != nil {
			return err
		}
		data = nil
		for _, leaf := range leaves {
			if data, err = torchwood.AppendTileEntry(data, leaf); err != nil {
				return err
			}
		}
		return nil
	})
	return data, err
}
