-- What the audit trail of this service looked like, minute by minute (lib/telemetry/audit_chain.h): a
-- trail that was computed anew from a changed record on does not lead to these hashes any more.
-- `signinctl audit verify` compares.

CREATE TABLE audit_heads (
  chain text NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  anchored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (chain, seq),
  CONSTRAINT audit_heads_seq CHECK (seq > 0),
  CONSTRAINT audit_heads_hash CHECK (octet_length(hash) = 32)
);

CREATE INDEX audit_heads_by_age ON audit_heads (anchored_at);

-- The serving role may change rows of every table, so that this one is append-only is said here: by
-- the clock of the database, not by the one of whoever writes. What is older than 400 days goes.
CREATE FUNCTION audit_heads_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.anchored_at := now();
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF OLD.anchored_at < now() - interval '400 days' THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_heads_append_only BEFORE INSERT OR UPDATE OR DELETE ON audit_heads
  FOR EACH ROW EXECUTE FUNCTION audit_heads_guard();
CREATE TRIGGER audit_heads_not_emptied BEFORE TRUNCATE ON audit_heads
  FOR EACH STATEMENT EXECUTE FUNCTION audit_heads_guard();
