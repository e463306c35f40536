-- Answers to the consent text, handoffs, and accounts that completed one (inherited_proofing.md 5,
-- 13; P-2, P-7, P-11). Nothing here says who somebody is: accounts are our own uuids, tokens and
-- codes are kept as SHA-256 of random bits, MHV's and MPI's facts are not kept at all.

-- Rules about one value are domains: PostgreSQL prepares a domain's check once per connection.
CREATE DOMAIN sha256 AS bytea CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN sha256_hex AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');
CREATE DOMAIN consent_decision AS text CHECK (VALUE IN ('given', 'declined'));
CREATE DOMAIN handoff_state AS text CHECK (VALUE IN (
  'ISSUED', 'REDEEMED', 'COMPLETED', 'ALREADY_VERIFIED_AT_LOGINGOV', 'FAILED', 'EXPIRED',
  'ABANDONED'));

-- One row per answer, kept for good. What a given answer grants (token, end, use) hangs on it.
CREATE TABLE consents (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  flow_id text NOT NULL,
  text_version text NOT NULL,
  text_sha256 sha256_hex NOT NULL,
  decision consent_decision NOT NULL,
  locale text NOT NULL,
  request_id text NOT NULL,
  decided_at timestamptz NOT NULL,
  token_hash sha256,
  expires_at timestamptz,
  spent_at timestamptz,
  CONSTRAINT consents_one_per_request UNIQUE (account_id, request_id),
  CONSTRAINT consents_token UNIQUE (token_hash),
  CONSTRAINT consents_grant_when_given CHECK (
    (decision = 'given') = (token_hash IS NOT NULL)
    AND (token_hash IS NULL) = (expires_at IS NULL)
    AND (spent_at IS NULL OR token_hash IS NOT NULL))
);

-- Append-only is a rule of the table, not a habit of the program: an answer never changes or goes.
-- Only its grant moves: the token until it is spent, then nothing.
CREATE FUNCTION consents_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.account_id, NEW.flow_id, NEW.text_version, NEW.text_sha256, NEW.decision,
         NEW.locale, NEW.request_id, NEW.decided_at)
        = (OLD.id, OLD.account_id, OLD.flow_id, OLD.text_version, OLD.text_sha256, OLD.decision,
           OLD.locale, OLD.request_id, OLD.decided_at)
      AND NEW.expires_at IS NOT DISTINCT FROM OLD.expires_at
      AND OLD.spent_at IS NULL THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'consents are only ever added' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER consents_append_only BEFORE UPDATE OR DELETE ON consents
  FOR EACH ROW EXECUTE FUNCTION consents_keep();
CREATE TRIGGER consents_not_emptied BEFORE TRUNCATE ON consents
  FOR EACH STATEMENT EXECUTE FUNCTION consents_keep();

-- One row per code that was minted.
CREATE TABLE handoffs (
  code_hash sha256 PRIMARY KEY,
  account_id uuid NOT NULL,
  flow_id text NOT NULL,
  csp text NOT NULL,
  consent_id uuid NOT NULL UNIQUE REFERENCES consents (id),
  state handoff_state NOT NULL,
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX handoffs_by_expiry ON handoffs (expires_at);

-- Accounts that completed a handoff: on the account, so that it outlives the credential.
CREATE TABLE verified_accounts (
  account_id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL
);
