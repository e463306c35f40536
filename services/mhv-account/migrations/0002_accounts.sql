-- What is known of MHV accounts, and the history of how it came to be known (mpi_mhv.md 3.2.1,
-- 3.2.16, 3.2.18; decisions M4, M10). The MHV id is sealed for its table and row; *_hash columns are
-- keyed hashes, separate per purpose.

CREATE DOMAIN account_state AS text CHECK (VALUE IN ('ensured', 'needs_terms', 'ineligible'));
CREATE DOMAIN account_origin AS text CHECK (VALUE IN ('api_created', 'existing', 'unknown'));

-- One row per user account: the present state, and the facts MHV stated last.
CREATE TABLE accounts (
  account_id uuid PRIMARY KEY,
  icn_hash text NOT NULL,
  state account_state NOT NULL,
  reasons text[] NOT NULL,
  upstream_code text,
  mhv_id_hash text,
  mhv_id_sealed bytea,
  premium boolean,
  champ_va boolean,
  patient boolean,
  sm_account_created boolean,
  origin account_origin,
  terms_revision text,
  ensured_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT accounts_facts_whole CHECK (
    num_nonnulls(mhv_id_hash, mhv_id_sealed, premium, champ_va, patient, sm_account_created,
                 origin, terms_revision, ensured_at) IN (0, 9)),
  CONSTRAINT accounts_ensured_with_facts CHECK (state <> 'ensured' OR mhv_id_sealed IS NOT NULL)
);

-- What happened, in order. Nothing in it is personal.
CREATE TABLE account_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id uuid NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  request_id text NOT NULL,
  mhv_asked boolean NOT NULL,
  state account_state NOT NULL,
  reasons text[] NOT NULL,
  upstream_code text,
  origin account_origin,
  terms_revision text,
  at timestamptz NOT NULL
);
CREATE INDEX account_events_by_account ON account_events (account_id, id);

-- History is appended to and nothing else, whoever asks.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'account_events is append-only';
END
$$;
CREATE TRIGGER account_events_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON account_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
