-- Who owns this schema. Tables follow with the code that uses them.
COMMENT ON SCHEMA proofing IS 'inherited-proofing: the handoff to Login.gov. Read and written by no other service.';
