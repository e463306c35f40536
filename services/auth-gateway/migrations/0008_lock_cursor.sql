-- How far the events of accounts (locks, moved credentials, forgotten accounts) have been applied to
-- the sessions here: a gateway that starts goes on from there. All gateways share the row; applying an
-- event twice ends nothing more.
CREATE TABLE lock_cursor (
  feed text PRIMARY KEY,
  sequence bigint NOT NULL,
  CONSTRAINT lock_cursor_sequence CHECK (sequence >= 0)
);
