-- Who owns this schema. Tables follow with the code that uses them.
COMMENT ON SCHEMA mhv IS 'mhv-account: My HealtheVet accounts. Read and written by no other service.';
