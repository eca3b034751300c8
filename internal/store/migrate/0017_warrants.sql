-- Warrants: their heads, which the ledger has once they are authorised, and their texts; what officers signed and said until then; who was told;
-- the keys by which people's own devices find in the ledger what is about them; and who is suspended.
CREATE TABLE warrant (
  hash TEXT PRIMARY KEY,
  head BYTEA NOT NULL,
  text BYTEA NOT NULL,
  by_account BIGINT NOT NULL,
  asked BIGINT NOT NULL,
  entry BIGINT NOT NULL
);
CREATE INDEX warrant_asked ON warrant (asked, hash);
CREATE UNIQUE INDEX warrant_entry ON warrant (entry) WHERE entry >= 0;
CREATE INDEX warrant_open ON warrant (by_account) WHERE entry < 0;

CREATE TABLE warrant_approval (
  warrant TEXT NOT NULL,
  key TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (warrant, key)
);

CREATE TABLE warrant_word (
  warrant TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  by_account BIGINT NOT NULL,
  refused BOOLEAN NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (warrant, seq)
);

CREATE TABLE warrant_notice (
  account BIGINT NOT NULL,
  warrant TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (account, warrant)
);

CREATE TABLE log_key (
  account BIGINT PRIMARY KEY,
  key BYTEA NOT NULL,
  used BIGINT NOT NULL
);

CREATE TABLE suspension (
  account BIGINT NOT NULL,
  entry BIGINT NOT NULL,
  until_ms BIGINT NOT NULL,
  PRIMARY KEY (account, entry)
);
