-- Single logout. An IdP names a session by itself, a name and an index: `idp` is its entity id,
-- `name_id_hash` a keyed hash of the sealed `name_id` at that IdP. NULL in sessions that a release
-- without these columns began; those end by their own time. Format and qualifiers belong to a name as
-- much as its text (SAML core 3.3.4): they are kept as they were asserted.
ALTER TABLE sessions
  ADD COLUMN idp text,
  ADD COLUMN name_id_hash text,
  ADD COLUMN name_id_format text,
  ADD COLUMN name_qualifier text,
  ADD COLUMN sp_name_qualifier text;
CREATE INDEX sessions_by_name_id ON sessions (name_id_hash) WHERE name_id_hash IS NOT NULL;

-- One row per LogoutRequest of ours that waits for its answer. Nothing in it is personal.
CREATE TABLE logouts (
  handle_hash sha256 PRIMARY KEY,
  browser_hash sha256 NOT NULL,
  request_id text NOT NULL,
  idp text NOT NULL,
  csp text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX logouts_by_expiry ON logouts (expires_at);
