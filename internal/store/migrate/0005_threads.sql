-- which threads somebody follows, and which they have left: those are not followed again for what had been said by then
CREATE TABLE thread_subscription (
  account BIGINT NOT NULL,
  root BIGINT NOT NULL,
  room BIGINT NOT NULL,
  subscribed BOOLEAN NOT NULL,
  automatic BOOLEAN NOT NULL,
  pos BIGINT NOT NULL,
  PRIMARY KEY (account, root)
) WITHOUT ROWID; -- sqlite
); -- postgres
CREATE INDEX thread_subscription_pos ON thread_subscription (account, pos);
