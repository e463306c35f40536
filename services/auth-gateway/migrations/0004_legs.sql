-- An attempt may have a second lap, may begin beside a session that it replaces, and says for what
-- it was begun. Everything has a default: a release that does not know these columns writes first
-- laps that replace nothing.
ALTER TABLE flows
  ADD COLUMN operation text NOT NULL DEFAULT 'authorize',
  -- 0 or 1: there is no third lap (decision R9).
  ADD COLUMN lap smallint NOT NULL DEFAULT 0,
  -- The attempt whose answer called for this lap.
  ADD COLUMN parent uuid,
  -- The session that stood when the attempt began, by the hash of its token; it ends in the same
  -- statement in which the attempt's own session begins (decision P7).
  ADD COLUMN session_hash sha256,
  ADD COLUMN session_account text,
  ADD COLUMN session_signed_in timestamptz,
  -- The person was sent to the terms of use before their target.
  ADD COLUMN terms_first boolean NOT NULL DEFAULT false;

-- When the person last signed in, which a second factor that is set up later does not move
-- (ssoe_saml.md 13.1). NULL: the session is from a release that did not keep it; its beginning is
-- meant.
ALTER TABLE sessions ADD COLUMN last_signed_in timestamptz;
