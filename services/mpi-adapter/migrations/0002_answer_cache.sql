-- What MPI answered, for as long as it may be served (mpi_mhv.md 1.16, 3.1.11), and who may add whom.
-- *_hash columns are keyed hashes with a purpose per kind of identifier: an EDIPI is never found as
-- an ICN, and nothing here says who was asked about. Times and the question stand inside the seal once
-- more, and it is those that count.

CREATE TABLE kept_answers (
  -- A new one with every answer: what is sealed is bound to it.
  id uuid PRIMARY KEY,
  key_hash text NOT NULL,
  search text NOT NULL,
  outcome text NOT NULL,
  -- The ICN of the person, when the answer holds one.
  person_hash text,
  -- Whatever forgets the answer: its key, and every identifier in it.
  subject_hashes text[] NOT NULL,
  answer_sealed bytea NOT NULL,
  asked_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT kept_answers_one_per_question UNIQUE (key_hash, search),
  CONSTRAINT kept_answers_search CHECK (search IN ('correlations', 'icn_history', 'relationships')),
  -- Only these two are ever kept (decision M1), and no longer than this.
  CONSTRAINT kept_answers_outcome CHECK (outcome IN ('OK', 'NO_MATCH')),
  CONSTRAINT kept_answers_person CHECK ((outcome = 'OK') = (person_hash IS NOT NULL)),
  CONSTRAINT kept_answers_short CHECK (
    expires_at > asked_at AND expires_at <= asked_at
      + CASE outcome WHEN 'OK' THEN interval '24 hours' ELSE interval '30 minutes' END)
);

CREATE INDEX kept_answers_over ON kept_answers (expires_at);
CREATE INDEX kept_answers_by_age ON kept_answers (asked_at);
CREATE INDEX kept_answers_by_person ON kept_answers (person_hash) WHERE person_hash IS NOT NULL;
CREATE INDEX kept_answers_by_subject ON kept_answers USING gin (subject_hashes);

-- An ICN that MPI replaced leads to the one it replaced it by (mpi_mhv.md 3.1.10). Both stand in the
-- seal, so that nobody who can write here makes one person another.
CREATE TABLE retired_icns (
  id uuid PRIMARY KEY,
  icn_hash text NOT NULL,
  successor_hash text NOT NULL,
  link_sealed bytea NOT NULL,
  learned_at timestamptz NOT NULL,
  CONSTRAINT retired_icns_one_successor UNIQUE (icn_hash),
  CONSTRAINT retired_icns_other CHECK (icn_hash <> successor_hash)
);

CREATE INDEX retired_icns_by_age ON retired_icns (learned_at);
CREATE INDEX retired_icns_by_successor ON retired_icns (successor_hash);

-- What was invalidated, also where nothing was kept: an answer asked for before that is neither kept
-- nor served. A mark outlives every answer it can concern.
CREATE TABLE invalidations (
  subject_hash text PRIMARY KEY,
  invalidated_at timestamptz NOT NULL
);

CREATE INDEX invalidations_by_age ON invalidations (invalidated_at);

-- Who adds which credential at this moment: one at a time (mpi_mhv.md 3.1.20).
CREATE TABLE add_claims (
  credential_hash text PRIMARY KEY,
  owner text NOT NULL,
  held_until timestamptz NOT NULL
);

CREATE INDEX add_claims_over ON add_claims (held_until);
