-- What people answered to the terms of use (mpi_mhv.md 3.2.6): one immutable row per answer, with
-- the revision, version and title that were shown. Whoever changes their mind adds a row.

CREATE TABLE terms_answers (
  -- In the order the database took them in: the latest is found by it, whatever clocks said.
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_account_id uuid NOT NULL REFERENCES user_accounts (id),
  request_id text NOT NULL,
  document text NOT NULL,
  revision text NOT NULL,
  legal_version text NOT NULL,
  title text NOT NULL,
  decision text NOT NULL,
  decided_at timestamptz NOT NULL,
  CONSTRAINT terms_answers_once UNIQUE (user_account_id, request_id),
  CONSTRAINT terms_answers_decision CHECK (decision IN ('accepted', 'declined'))
);

CREATE INDEX terms_answers_latest ON terms_answers (user_account_id, document, id);

-- The serving role may change rows of every table, so that this one is append-only is said here.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER terms_answers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON terms_answers
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
