-- Counts beside what they count, so that a quota is looked up and not added up.

-- how much of what somebody sent to devices waits there; whoever has nothing waiting has no row
CREATE TABLE to_device_waiting (
  sender TEXT PRIMARY KEY,
  messages BIGINT NOT NULL,
  bytes BIGINT NOT NULL
);
INSERT INTO to_device_waiting (sender, messages, bytes)
SELECT sender, COUNT(*), SUM(length(content)) FROM to_device GROUP BY sender;

-- bytes of the session data in a version
ALTER TABLE backup_version ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
UPDATE backup_version SET bytes = (
  SELECT COALESCE(SUM(length(data)), 0) FROM backup_key
  WHERE backup_key.account = backup_version.account AND backup_key.version = backup_version.version);

CREATE INDEX device_seen_day ON device (seen_day);
