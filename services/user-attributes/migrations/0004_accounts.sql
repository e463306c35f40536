-- Accounts beyond a single sign-in: what a credential was last known by, locks of whole accounts,
-- merges that operators decide and can take back, events that end sessions, and accounts that were
-- forgotten (sign_in_service.md 3.5, 10; ssoe_saml.md 15, 16, 25.19-25.23; decision R12).
-- The program before this one goes on: it neither fills nor reads what is new here.

ALTER TABLE user_accounts
  ADD COLUMN locked boolean NOT NULL DEFAULT false,
  ADD COLUMN acceptable_verified_credential_at timestamptz,
  ADD COLUMN idme_verified_credential_at timestamptz,
  -- Of a forgotten account the row alone stays, so that answers to terms keep what they refer to.
  ADD COLUMN forgotten_at timestamptz;

CREATE INDEX user_accounts_locked ON user_accounts (id) WHERE locked;

ALTER TABLE user_verifications
  ADD COLUMN email_sealed bytea,
  ADD COLUMN attributes_digest text,
  -- To the day; without a value nobody has signed in since this column exists.
  ADD COLUMN last_used_at timestamptz;

-- A sign-in that changes something rewrites its row; none of these columns is in an index, so that a
-- little room on the page spares all of them.
ALTER TABLE user_verifications SET (fillfactor = 90);

CREATE INDEX user_verifications_locked ON user_verifications (user_account_id) WHERE locked;

CREATE INDEX deprecated_user_accounts_by_account ON deprecated_user_accounts (user_account_id);

ALTER TABLE pending_merges
  ADD COLUMN state text NOT NULL DEFAULT 'pending' CHECK (state IN (
    'pending', 'proposed', 'accepted', 'rejected', 'revert_proposed', 'reverted')),
  -- Whose word it is that a second operator has to confirm.
  ADD COLUMN proposed_by text,
  -- What a merge that was carried out replaced, so that it can be taken back: the ICN that the
  -- account had, or since when the account the credential moved to had been a former one of it.
  ADD COLUMN former_icn_hash text,
  ADD COLUMN former_icn_sealed bytea,
  ADD COLUMN former_since timestamptz;

CREATE INDEX pending_merges_by_age ON pending_merges (created_at, id);
CREATE INDEX pending_merges_waiting ON pending_merges (created_at, id)
  WHERE state IN ('pending', 'proposed', 'revert_proposed');
CREATE INDEX pending_merges_by_account ON pending_merges (user_account_id);
CREATE INDEX pending_merges_by_icn_account ON pending_merges (icn_account_id);

-- Who said what about a merge. It stays when the merge goes with a forgotten account: nothing in it
-- says who a person is.
CREATE TABLE merge_steps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  merge_id uuid NOT NULL,
  state text NOT NULL,
  caller text NOT NULL,
  operator_id text NOT NULL,
  reason text NOT NULL,
  happened_at timestamptz NOT NULL,
  CONSTRAINT merge_steps_state CHECK (state IN (
    'pending', 'proposed', 'accepted', 'rejected', 'revert_proposed', 'reverted'))
);

CREATE INDEX merge_steps_by_merge ON merge_steps (merge_id, id);

CREATE TRIGGER merge_steps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON merge_steps
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What sessions have to end for. Numbers come from the one row of the counter, which stays locked
-- until the event is committed: they have no gaps, and nobody sees a number before a smaller one.
CREATE TABLE account_event_counter (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  last bigint NOT NULL
);
INSERT INTO account_event_counter (last) VALUES (0);

CREATE TABLE account_events (
  sequence bigint PRIMARY KEY,
  kind text NOT NULL,
  -- Of a move, the account that the credential was on before.
  user_account_id uuid NOT NULL,
  user_verification_id uuid,
  -- Who asked for it; empty for what a sign-in did.
  caller text NOT NULL,
  operator_id text NOT NULL,
  reason text NOT NULL,
  happened_at timestamptz NOT NULL,
  CONSTRAINT account_events_kind CHECK (kind IN ('locked', 'unlocked', 'moved', 'forgotten'))
);

-- An account goes when two operators ask for it.
CREATE TABLE forget_requests (
  user_account_id uuid PRIMARY KEY REFERENCES user_accounts (id),
  caller text NOT NULL,
  operator_id text NOT NULL,
  reason text NOT NULL,
  requested_at timestamptz NOT NULL
);

-- What VA Profile answered about a signed-in person, for minutes, sealed; dropped on sign-out
-- (user_endpoint.md 2). Without an answer: the session ended, and no question that began earlier may
-- write again.
CREATE TABLE contact_cache (
  user_account_id uuid PRIMARY KEY REFERENCES user_accounts (id) ON DELETE CASCADE,
  answer_sealed bytea,
  asked_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT contact_cache_short CHECK (expires_at <= asked_at + interval '24 hours')
);

CREATE INDEX contact_cache_over ON contact_cache (expires_at);
