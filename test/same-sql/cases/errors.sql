-- Errors of every common class, with every field: position, internal query, context, detail, hint, object names.
-- Refused with: 42601 42601 42601 42703 42703 42P01 42883 42883 42702 42803 42804 42804 42P10 22012 42P01 ZZ001 23505 P0004 42601 42703 23P01 23514 42501 42704 22023 42704 22023 42704 22P02 42883 42804 22012
SELEC 1;

SELECT 1 FROM;

SELECT 'unterminated;

SELECT nosuchcolumn FROM pg_class;

SELECT relnam FROM pg_class;

SELECT * FROM nosuchtable;

SELECT nosuchfunction(1, 'a');

SELECT max(1) OVER ();  SELECT sum('a'::text);

SELECT oid FROM pg_class a, pg_class b;

SELECT relname FROM pg_class GROUP BY relkind;

SELECT 1 WHERE 1;

SELECT 1 UNION SELECT 'a'::text;

SELECT * FROM pg_class ORDER BY 99;

CREATE FUNCTION fails(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF n = 0 THEN RETURN 1 / n; END IF; RETURN fails(n - 1); END $$;

SELECT fails(2);

CREATE FUNCTION inside() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN EXECUTE 'SELECT 1 FROM nowhere' INTO n; RETURN n; END $$;

SELECT inside();

DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = 'own error', DETAIL = 'a detail', HINT = 'a hint', COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'd', TABLE = 't', SCHEMA = 's'; END $$;

DO $$ BEGIN RAISE unique_violation; END $$;

DO $$ BEGIN ASSERT false, 'asserted'; END $$;

DO $$ BEGIN PERFORM 1 END $$;

CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS 'SELECT nocolumn';

CREATE TABLE pairs (a int, b int, EXCLUDE USING btree (a WITH =), CONSTRAINT a_below_b CHECK (a < b));

INSERT INTO pairs VALUES (1, 2);

INSERT INTO pairs VALUES (1, 3);

INSERT INTO pairs VALUES (5, 3);

CREATE TABLE refs (a int REFERENCES pg_class);

GRANT SELECT ON pairs TO nobody_at_all;

SELECT set_config('work_mem', '1 parsec', false);

SELECT lo_get(4294967295);

SELECT pg_sleep(-1), pg_advisory_unlock(1);

SELECT generate_series(1, 3, 0);

SELECT 'x' COLLATE "nosuch";

SELECT ('{"a":'::text || repeat('[', 20000))::jsonb;

SELECT row_to_json(1);

SELECT pg_terminate_backend(0);

SELECT * FROM json_populate_record(NULL, '{}');

SELECT 1; SELECT 2 / 0; SELECT 3;
