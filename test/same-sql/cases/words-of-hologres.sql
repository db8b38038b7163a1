-- Words that the gateway looks for, where they are something else: columns, tables, values, comments, functions.
-- Refused with: 42703 42703 22023 42P02 22P02 42883 42703 42P01 42P01
CREATE TABLE vectors (orientation text, clustering_key int, hg_id int, "optimizer_join" text DEFAULT 'hg_x', keep_alive bool) WITH (fillfactor = 70);

INSERT INTO vectors VALUES ('column', 1, 2, 'ai_gen(1)', true) RETURNING *;

SELECT orientation, hg_id, optimizer_join AS table_group, 'SET hg_x = 1' AS binlog FROM vectors -- hg_comment
WHERE /* optimizer_ */ hg_id = 2;

SELECT v.hg_nope, 'é' FROM vectors v;

SELECT 'hg_é', orientation, nope FROM vectors;

ALTER TABLE vectors SET (fillfactor = 80, autovacuum_enabled = off);

ALTER TABLE vectors SET (nosuch_parameter = 1);

CREATE TABLE hg_table (a int, partition_key text) PARTITION BY LIST (partition_key);

CREATE TABLE hg_table_a PARTITION OF hg_table FOR VALUES IN ('a') WITH (fillfactor = 50);

SELECT row_number() OVER (PARTITION BY hg_id ORDER BY hg_id) FROM vectors;

CREATE FUNCTION hg_own(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('my.hg_x', 'on', true); RAISE NOTICE 'hg_ %', n; RETURN n; END $$;

SELECT hg_own($1::int) AS hg_result
\bind ["3"]

SELECT hg_own('x');

PREPARE hg_prepared AS SELECT hg_own($1);

EXECUTE hg_prepared(1); DEALLOCATE hg_prepared;

SELECT hg_no_such_function(1);

SET my.hg_setting = 'x'; SHOW my.hg_setting;

SELECT 'dynamic table', 'object table', 'PARTITION (' AS "dynamic table";

SELECT dynamic table FROM vectors;

CREATE TABLE hg_copy (hg_a int);

COPY hg_copy (hg_a) FROM STDIN
\data
1
\.

SELECT hg_a FROM hg_copy; SELECT orientation FROM nowhere_hg_; SELECT 1;

BEGIN; DECLARE hg_cursor CURSOR FOR SELECT hg_a FROM hg_copy; FETCH 1 FROM hg_cursor; COMMIT;

COMMENT ON TABLE hg_copy IS 'storage_format and time_to_live_in_seconds';

DROP TABLE hg_nope;

DROP TABLE IF EXISTS hg_nope;
