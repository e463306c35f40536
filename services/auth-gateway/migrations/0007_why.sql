-- Why an attempt ended as it did: the rules that decided in order, what each finding did to it, and the
-- policy that the decision was made under. Nothing in it is personal. A release that does not know these
-- columns leaves them empty.
ALTER TABLE flows
  ADD COLUMN rules text[] NOT NULL DEFAULT '{}',
  ADD COLUMN effects text[] NOT NULL DEFAULT '{}',
  ADD COLUMN decided_under text NOT NULL DEFAULT '';
