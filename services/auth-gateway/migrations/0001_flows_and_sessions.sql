-- Sign-in attempts, assertions already used, and sessions. Whatever grants access is kept as a
-- hash, whatever is personal is sealed before it gets here.

-- Rules about one value are domains: PostgreSQL prepares a domain's check once per connection, but
-- parses a table's check again for every statement that writes to the table.
CREATE DOMAIN sha256 AS bytea CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN flow_stage AS text CHECK (VALUE IN ('started', 'claimed', 'done'));
CREATE DOMAIN flow_outcome AS text
  CHECK (VALUE IN ('session', 'step_up', 'refusal', 'try_later'));
CREATE DOMAIN refusal_place AS text CHECK (VALUE IN ('page', 'redirect'));

-- One row per attempt; `id` is the request id that a person can read out. Nothing in it is
-- personal.
CREATE TABLE flows (
  id uuid PRIMARY KEY,
  handle_hash sha256 NOT NULL UNIQUE,
  browser_hash sha256 NOT NULL,
  authn_request_id text NOT NULL,
  idp text NOT NULL,
  sign_in_type text NOT NULL,
  application text NOT NULL,
  csp text NOT NULL,
  contexts text[] NOT NULL,
  comparison text NOT NULL,
  force_authn boolean NOT NULL,
  skip_dupe boolean NOT NULL,
  target text NOT NULL,
  restart text NOT NULL,
  policy_version text NOT NULL,
  on_refusal refusal_place NOT NULL,
  had_session boolean NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  stage flow_stage NOT NULL DEFAULT 'started',
  outcome flow_outcome,
  code text,
  tag text,
  loa smallint,
  findings text[],
  waived text[],
  stations text[],
  CHECK ((stage = 'done') = (outcome IS NOT NULL))
);
-- Updates touch no indexed column but `stage`, and pages keep room for them.
ALTER TABLE flows SET (fillfactor = 80);
CREATE INDEX flows_open_by_browser ON flows (browser_hash, created_at) WHERE stage = 'started';
CREATE INDEX flows_by_expiry ON flows (expires_at);

-- Assertions are used once (decision P2): the row that exists is the use. Kept while the assertion
-- itself would be accepted.
CREATE TABLE used_assertions (
  issuer text NOT NULL,
  assertion_id text NOT NULL,
  flow_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, assertion_id)
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- `person` and `name_id` are sealed for this table and row.
CREATE TABLE sessions (
  token_hash sha256 PRIMARY KEY,
  -- An attempt ends in at most one session.
  flow_id uuid NOT NULL UNIQUE,
  account_id text NOT NULL,
  verification_id text NOT NULL,
  person bytea NOT NULL,
  name_id bytea NOT NULL,
  session_index text NOT NULL,
  transaction_id text NOT NULL,
  authn_context text NOT NULL,
  service_name text NOT NULL,
  account_type text NOT NULL,
  multifactor boolean NOT NULL,
  ial smallint NOT NULL,
  aal smallint NOT NULL,
  auth_time timestamptz NOT NULL,
  csp text,
  pathway text NOT NULL,
  loa_current smallint NOT NULL,
  loa_highest smallint NOT NULL,
  application text NOT NULL,
  waived text[] NOT NULL,
  policy_version text NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  absolute_expires_at timestamptz NOT NULL,
  CHECK (expires_at <= absolute_expires_at)
);
ALTER TABLE sessions SET (fillfactor = 80);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_account ON sessions (account_id);
