-- Clients that sign people in by OAuth, the codes they are given, and which client a device signed in with ('': by the login of old).
CREATE TABLE oauth_client (
  id TEXT PRIMARY KEY,
  metadata BYTEA NOT NULL,
  made_ms BIGINT NOT NULL,
  approved_day INTEGER NOT NULL
);
CREATE INDEX oauth_client_waiting ON oauth_client (made_ms) WHERE approved_day = 0;

CREATE TABLE oauth_code (
  hash BYTEA PRIMARY KEY,
  account BIGINT NOT NULL,
  client TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT NOT NULL,
  scope TEXT NOT NULL,
  until_ms BIGINT NOT NULL,
  device BIGINT NOT NULL
);

ALTER TABLE device ADD COLUMN client TEXT NOT NULL DEFAULT '';
CREATE INDEX device_client ON device (client);
-- Passkeys, with which people sign in without their password.
CREATE TABLE passkey (
  id BYTEA PRIMARY KEY,
  account BIGINT NOT NULL,
  handle BYTEA NOT NULL,
  name TEXT NOT NULL,
  made_day INTEGER NOT NULL,
  used_day INTEGER NOT NULL,
  credential BYTEA NOT NULL
);
CREATE INDEX passkey_account ON passkey (account);
