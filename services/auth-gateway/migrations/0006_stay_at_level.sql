-- Whether an attempt is content with the level that comes back, and what the first leg of a second lap
-- was short of (decision R9). A release that does not know these columns writes attempts that go up.
ALTER TABLE flows
  ADD COLUMN stay_at_level boolean NOT NULL DEFAULT false,
  ADD COLUMN lap_for text NOT NULL DEFAULT '';
