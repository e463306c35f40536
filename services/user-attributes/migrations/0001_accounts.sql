-- Accounts and the credentials that lead to them (ssoe_saml.md 15; decisions R12, R13, E7).
-- Values are sealed; *_hash columns are keyed hashes, separate per purpose, for looking up.

CREATE TABLE user_accounts (
  id uuid PRIMARY KEY,
  icn_hash text,
  icn_sealed bytea,
  created_at timestamptz NOT NULL,
  CONSTRAINT user_accounts_one_per_icn UNIQUE (icn_hash),
  CONSTRAINT user_accounts_icn_whole CHECK ((icn_hash IS NULL) = (icn_sealed IS NULL))
);

CREATE TABLE user_verifications (
  id uuid PRIMARY KEY,
  user_account_id uuid NOT NULL REFERENCES user_accounts (id),
  idme_uuid_hash text,
  logingov_uuid_hash text,
  mhv_uuid_hash text,
  dslogon_uuid_hash text,
  credential_sealed bytea NOT NULL,
  backing_idme_uuid_hash text,
  backing_idme_uuid_sealed bytea,
  verified_at timestamptz,
  locked boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT user_verifications_idme UNIQUE (idme_uuid_hash),
  CONSTRAINT user_verifications_logingov UNIQUE (logingov_uuid_hash),
  CONSTRAINT user_verifications_mhv UNIQUE (mhv_uuid_hash),
  CONSTRAINT user_verifications_dslogon UNIQUE (dslogon_uuid_hash),
  -- Really one: the reference's chain of exclusive-ors also lets three pass (decision R13).
  CONSTRAINT user_verifications_exactly_one_id CHECK (
    num_nonnulls(idme_uuid_hash, logingov_uuid_hash, mhv_uuid_hash, dslogon_uuid_hash) = 1),
  CONSTRAINT user_verifications_backed CHECK (
    num_nonnulls(idme_uuid_hash, logingov_uuid_hash, backing_idme_uuid_hash) > 0),
  CONSTRAINT user_verifications_backing_whole CHECK (
    (backing_idme_uuid_hash IS NULL) = (backing_idme_uuid_sealed IS NULL))
);

CREATE INDEX user_verifications_by_account ON user_verifications (user_account_id);
CREATE INDEX user_verifications_by_backing ON user_verifications (backing_idme_uuid_hash)
  WHERE backing_idme_uuid_hash IS NOT NULL;

-- Where a verification was before it moved to the account of its ICN.
CREATE TABLE deprecated_user_accounts (
  user_verification_id uuid NOT NULL REFERENCES user_verifications (id),
  user_account_id uuid NOT NULL REFERENCES user_accounts (id),
  deprecated_at timestamptz NOT NULL,
  PRIMARY KEY (user_verification_id, user_account_id)
);

-- A verified account that was given another ICN: nothing moves until operators decide (decision R12).
CREATE TABLE pending_merges (
  id uuid PRIMARY KEY,
  user_verification_id uuid NOT NULL REFERENCES user_verifications (id),
  user_account_id uuid NOT NULL REFERENCES user_accounts (id),
  icn_account_id uuid REFERENCES user_accounts (id),
  icn_hash text NOT NULL,
  icn_sealed bytea NOT NULL,
  first_request_id text NOT NULL,
  last_request_id text NOT NULL,
  times_seen integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  CONSTRAINT pending_merges_one_per_icn UNIQUE (user_verification_id, icn_hash)
);
