-- Of which devices keys were handed out lately: looked for where an application service is told how many are left.
CREATE INDEX device_claimed_pos ON device (claimed_pos);
