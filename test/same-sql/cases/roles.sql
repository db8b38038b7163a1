-- Roles, grants and row security; SET ROLE, what a role may not do.
-- Refused with: 42710 42501 42501 42501 42501 42501 42501 2BP01
CREATE ROLE same_sql_reader;

CREATE ROLE same_sql_reader;

CREATE TABLE secrets (owner text, secret text);

INSERT INTO secrets VALUES ('same_sql_reader', 'mine'), ('boss', 'not mine');

GRANT USAGE ON SCHEMA play TO same_sql_reader;

SET ROLE same_sql_reader;

SELECT * FROM secrets;

RESET ROLE;

GRANT SELECT (owner) ON secrets TO same_sql_reader;

SET ROLE same_sql_reader;

SELECT owner FROM secrets; SELECT secret FROM secrets;

CREATE TABLE play.nope (a int);

SELECT current_user, session_user;

DROP TABLE secrets;

SET ROLE NONE;

GRANT SELECT ON secrets TO same_sql_reader;

ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON secrets USING (owner = current_user);

SET SESSION AUTHORIZATION same_sql_reader;

SELECT * FROM secrets;

CREATE ROLE nope;

COPY secrets TO '/tmp/nope';

RESET SESSION AUTHORIZATION;

DROP ROLE same_sql_reader;

REASSIGN OWNED BY same_sql_reader TO CURRENT_USER;

DROP OWNED BY same_sql_reader;

DROP ROLE same_sql_reader;
