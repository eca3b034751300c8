-- which sign-in the tokens of a device are of: the hash of a part of them
ALTER TABLE device ADD COLUMN sign_in BYTEA;
CREATE INDEX device_sign_in ON device (sign_in);
