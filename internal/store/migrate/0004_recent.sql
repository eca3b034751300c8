-- When something happened last in each room: lists of rooms begin with those where that was last. And all that is asked of somebody's
-- memberships stands in their index.

ALTER TABLE room ADD COLUMN last BIGINT NOT NULL DEFAULT 0;
UPDATE room SET last = (SELECT COALESCE(MAX(event.pos), 0) FROM event WHERE event.room = room.no);

DROP INDEX state_member;
CREATE INDEX state_member ON state (state_key, room, pos, membership) WHERE type = 'm.room.member' AND until = 9223372036854775807;
