-- What became of the questions that follow a session: whether My HealtheVet knows the person's
-- account, and whether the person's proofing may be handed on. Nothing here is personal. NULL: not
-- asked. A release that does not know these columns leaves them NULL.
CREATE DOMAIN mhv_account_state AS text
  CHECK (VALUE IN ('pending', 'ensured', 'needs_terms', 'ineligible', 'unavailable'));
CREATE DOMAIN proofing_state AS text
  CHECK (VALUE IN ('pending', 'invited', 'not_eligible', 'unavailable'));

ALTER TABLE flows
  ADD COLUMN mhv_account mhv_account_state,
  ADD COLUMN proofing proofing_state;
