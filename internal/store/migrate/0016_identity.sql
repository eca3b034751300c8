-- Which entry of the ledger is about which master key, and the nonce that shows it.
CREATE TABLE identity_entry (
  account BIGINT NOT NULL,
  seq INTEGER NOT NULL,
  no BIGINT NOT NULL,
  nonce BYTEA NOT NULL,
  PRIMARY KEY (account, seq)
) WITHOUT ROWID; -- sqlite
); -- postgres
