-- The mail address that a person has given to their account, for a forgotten password; what shows that somebody reads mail at an address;
-- and letters until they are sent. digest is of an address, with a key.
CREATE TABLE mail_address (
  account BIGINT PRIMARY KEY,
  digest BYTEA NOT NULL UNIQUE,
  address TEXT NOT NULL,
  language TEXT NOT NULL,
  added_day INTEGER NOT NULL
);

CREATE TABLE mail_proof (
  sid TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  secret BYTEA NOT NULL,
  digest BYTEA NOT NULL,
  address TEXT NOT NULL,
  language TEXT NOT NULL,
  token BYTEA NOT NULL,
  attempt BIGINT NOT NULL,
  proven BOOLEAN NOT NULL,
  until_ms BIGINT NOT NULL
);
CREATE INDEX mail_proof_asked ON mail_proof (digest, secret);
CREATE INDEX mail_proof_until ON mail_proof (until_ms);

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  language TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail BYTEA NOT NULL,
  tries INTEGER NOT NULL,
  due_ms BIGINT NOT NULL,
  until_ms BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_ms);
CREATE INDEX outbox_until ON outbox (until_ms);
