-- Which application service an account belongs to ('': to a person), and how far each service has been told of events: of all up to
-- pos, and of those up to upto it is being told.
ALTER TABLE account ADD COLUMN service TEXT NOT NULL DEFAULT '';

CREATE TABLE service (
  id TEXT PRIMARY KEY,
  pos BIGINT NOT NULL,
  upto BIGINT NOT NULL
);
