-- From here on events are kept in a brief form (internal/store/brief.go), which older programs do not know; what was kept before stays as it is.
-- There is nothing to change in the tables.
SELECT 1;
