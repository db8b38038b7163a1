-- Functions, procedures and DO: OUT parameters, sets, variadic, transactions inside, dropped dependencies.
-- Refused with: 42723 42883 42P02 2D000 42809 42883 42704 42723 42P13 42P17
CREATE FUNCTION pair(IN a int, OUT b int, OUT c text) LANGUAGE sql AS 'SELECT $1 + 1, $1::text';

SELECT pair(1), (pair(2)).c;

SELECT * FROM pair(3);

CREATE FUNCTION many(VARIADIC n int[]) RETURNS SETOF int LANGUAGE sql RETURN unnest(n);

CREATE FUNCTION many(VARIADIC n int[]) RETURNS SETOF int LANGUAGE sql AS 'SELECT unnest(n)';

SELECT many(3, 1, 2);

CREATE FUNCTION named(a int, b int DEFAULT 10) RETURNS TABLE (x int, y int) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT a, b; RETURN NEXT; END $$;

SELECT * FROM named(b => 2, a => 1);

SELECT named(1, c => 2);

CREATE PROCEDURE twice(INOUT n int, note text DEFAULT 'x') LANGUAGE plpgsql AS $$ BEGIN n := n * 2; COMMIT; RAISE NOTICE 'committed %', note; END $$;

CALL twice(21);

CALL twice($1::int, $2)
\bind ["4", "bound"]

BEGIN; CALL twice(1); ROLLBACK;

ROLLBACK;

SELECT twice(1);

CALL named(1);

DO LANGUAGE plpgsql $$ DECLARE r record; BEGIN FOR r IN SELECT 1 AS a LOOP RAISE NOTICE '%', r; END LOOP; END $$;

DO LANGUAGE nosuch '';

CREATE FUNCTION named(a int, b int DEFAULT 10) RETURNS TABLE (x int, y int) LANGUAGE sql AS 'SELECT 1, 2';

CREATE OR REPLACE FUNCTION named(a int, b int DEFAULT 10) RETURNS int LANGUAGE sql AS 'SELECT 1';

CREATE AGGREGATE product(int) (sfunc = int4mul, stype = int, initcond = '1');

SELECT product(n) FROM generate_series(1, 5) n;

CREATE OPERATOR === (leftarg = int, rightarg = int, procedure = int4eq);

SELECT 1 === 1;

CREATE CAST (int AS point) WITHOUT FUNCTION;

SELECT inline.* FROM named(1) AS inline;
