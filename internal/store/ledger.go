package store

import (
	"database/sql"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/ledger"
	"wardroom/internal/stream"
)

var _ ledger.Disk = (*DB)(nil)

// LedgerSize implements ledger.Disk.
func (db *DB) LedgerSize(v stream.View) (n int64, err error) {
	err = in(v).row(`SELECT coalesce(max(no), -1) + 1 FROM ledger_leaf`).Scan(&n)
	return n, err
}

// LedgerLeaves implements ledger.Disk.
func (db *DB) LedgerLeaves(v stream.View, from, upto int64) ([][]byte, error) {
	rows, err := in(v).query(`SELECT leaf FROM ledger_leaf WHERE no >= $1 AND no < $2 ORDER BY no`, from, upto)
	return collect(rows, err, scanOne[[]byte])
}

// LedgerHashes implements ledger.Disk.
func (db *DB) LedgerHashes(v stream.View, numbers []int64) ([]tlog.Hash, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	type one struct {
		no   int64
		hash []byte
	}
	places, args := list(1, numbers)
	rows, err := in(v).query(`SELECT no, hash FROM ledger_hash WHERE no IN (`+places+`)`, args...)
	all, err := collect(rows, err, func(rows *sql.Rows) (o one, err error) { return o, rows.Scan(&o.no, &o.hash) })
	if err != nil {
		return nil, err
	}
	found := make(map[int64]tlog.Hash, len(all))
	for _, o := range all {
		if len(o.hash) != tlog.HashSize {
			return nil, fmt.Errorf("the hash %d of the ledger has %d bytes", o.no, len(o.hash))
		}
		found[o.no] = tlog.Hash(o.hash)
	}
	hashes := make([]tlog.Hash, len(numbers))
	for i, no := range numbers {
		h, ok := found[no]
		if !ok {
			return nil, fmt.Errorf("the hash %d of the ledger is not there", no)
		}
		hashes[i] = h
	}
	return hashes, nil
}

// AddLeaf implements ledger.Disk.
func (db *DB) AddLeaf(u stream.Unit, number int64, leaf []byte, at int64, hashes []tlog.Hash) error {
	t := in(u)
	if _, err := t.exec(`INSERT INTO ledger_leaf (no, leaf) VALUES ($1, $2)`, number, leaf); err != nil {
		return err
	}
	for i, h := range hashes {
		if _, err := t.exec(`INSERT INTO ledger_hash (no, hash) VALUES ($1, $2)`, at+int64(i), h[:]); err != nil {
			return err
		}
	}
	return nil
}
