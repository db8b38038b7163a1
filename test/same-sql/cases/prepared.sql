-- PREPARE, EXECUTE, DEALLOCATE, DISCARD; plans that change under a statement.
-- Refused with: 22P02 42601 26000 42P05 0A000 26000 42703
PREPARE plus (int, int) AS SELECT $1 + $2 AS sum;

EXECUTE plus(1, 2);

EXECUTE plus(1, 'x');

EXECUTE plus(1);

EXECUTE nosuch(1);

PREPARE plus AS SELECT 1;

PREPARE guess AS SELECT $1 || 'x', $2::date;

EXECUTE guess('a', '2026-01-01');

SELECT name, parameter_types, result_types, from_sql FROM pg_prepared_statements WHERE name <> '' ORDER BY name;

EXPLAIN (COSTS OFF) EXECUTE plus(3, 4);

CREATE TABLE changing (a int);

INSERT INTO changing VALUES (1);

PREPARE star AS SELECT * FROM changing;

EXECUTE star;

ALTER TABLE changing ADD b text DEFAULT 'new';

EXECUTE star;

CREATE TABLE made AS EXECUTE plus(5, 6);

TABLE made;

DEALLOCATE plus;

DEALLOCATE plus;

DEALLOCATE ALL;

PREPARE wrong AS SELECT nope;

DISCARD ALL;

PREPARE many AS INSERT INTO play.changing SELECT generate_series(1, $1);

EXECUTE many(3);
