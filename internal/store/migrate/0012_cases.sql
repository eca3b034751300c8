-- Complaints: what each is about, who is in charge, and all that was done in it.
CREATE TABLE complaint (
  no INTEGER PRIMARY KEY, -- sqlite
  no BIGINT PRIMARY KEY, -- postgres
  room TEXT NOT NULL,
  event TEXT NOT NULL,
  person TEXT NOT NULL,
  reporter BIGINT NOT NULL,
  in_charge BIGINT NOT NULL,
  opened_ms BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,
  appealed BOOLEAN NOT NULL
);
CREATE INDEX complaint_reporter ON complaint (reporter);
CREATE INDEX complaint_in_charge ON complaint (in_charge);
CREATE INDEX complaint_open ON complaint (opened_ms) WHERE state = 'open';

CREATE TABLE complaint_step (
  complaint BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  by_account BIGINT NOT NULL,
  did TEXT NOT NULL,
  to_account BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (complaint, seq)
);
CREATE INDEX complaint_step_by ON complaint_step (by_account);
