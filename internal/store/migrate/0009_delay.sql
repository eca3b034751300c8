-- The ID that an event had while it was delayed. What waits ends with its device: what was left of those that are gone already goes.
ALTER TABLE event
  ADD COLUMN delay TEXT;
DELETE FROM delayed_event WHERE finalised_ms = 0 AND NOT EXISTS (SELECT 1 FROM device WHERE device.no = delayed_event.device);
-- by which those are found who follow a thread
CREATE INDEX thread_subscription_root ON thread_subscription (root) WHERE subscribed;
