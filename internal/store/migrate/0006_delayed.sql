-- events that are to be sent later, and for a day what became of them; finalised_ms is 0 while one waits
CREATE TABLE delayed_event (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL,
  device BIGINT NOT NULL,
  room BIGINT NOT NULL,
  type TEXT NOT NULL,
  state_key TEXT,
  txn TEXT NOT NULL,
  content BYTEA NOT NULL,
  delay_ms BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  finalised_ms BIGINT NOT NULL,
  event TEXT NOT NULL,
  errcode TEXT NOT NULL,
  error TEXT NOT NULL
);
CREATE INDEX delayed_event_due ON delayed_event (due_ms) WHERE finalised_ms = 0;
CREATE INDEX delayed_event_state ON delayed_event (room, type, state_key) WHERE finalised_ms = 0;
CREATE INDEX delayed_event_account ON delayed_event (account, finalised_ms);
CREATE INDEX delayed_event_finalised ON delayed_event (finalised_ms);
