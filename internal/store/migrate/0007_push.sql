-- What pushers still have to be told: the event at pos, or that less is unread since. And pushers are found by their device, with which
-- they end, and by their key, which one person has at a time.

CREATE TABLE push (
  account BIGINT NOT NULL,
  app_id TEXT NOT NULL,
  pushkey TEXT NOT NULL,
  pos BIGINT NOT NULL,
  PRIMARY KEY (account, app_id, pushkey, pos)
) WITHOUT ROWID; -- sqlite
); -- postgres

DELETE FROM pusher WHERE device NOT IN (SELECT no FROM device);
CREATE INDEX pusher_device ON pusher (device);
CREATE INDEX pusher_key ON pusher (app_id, pushkey);
