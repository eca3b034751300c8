-- The ledger: what was recorded, and the hashes of the Merkle tree over it, where golang.org/x/mod/sumdb/tlog puts them.

CREATE TABLE ledger_leaf (
  no INTEGER PRIMARY KEY, -- sqlite
  no BIGINT PRIMARY KEY, -- postgres
  leaf BYTEA NOT NULL
);

CREATE TABLE ledger_hash (
  no INTEGER PRIMARY KEY, -- sqlite
  no BIGINT PRIMARY KEY, -- postgres
  hash BYTEA NOT NULL
);
