-- Who asks. A function of a client's own rights proves its role to the one that speaks to the gateway, so that neither the session's user
-- nor SET ROLE is believed: in ANALYZE, REINDEX or REFRESH the code of a table's owner runs in somebody else's session.
CREATE SCHEMA hologen_caller;
GRANT USAGE ON SCHEMA hologen_caller TO PUBLIC;

-- Proofs are made with it; nobody but the owner reads it.
CREATE TABLE hologen_internal.proof_secret (secret text NOT NULL);
REVOKE ALL ON hologen_internal.proof_secret FROM PUBLIC;
INSERT INTO hologen_internal.proof_secret VALUES (gen_random_uuid()::text || gen_random_uuid()::text);

DROP FUNCTION IF EXISTS hologen_internal.ask_gateway(json);
DROP FUNCTION IF EXISTS hologen_internal.call_question(text, text, text, hologen.file);
DROP FUNCTION IF EXISTS hologen_internal.session_settings();
