/** Statements that run another one to its end, or write what a query gives, in each form that PostgreSQL has for it. */
import type { Case } from './case.js';

const one = "ai_gen('m1', p)";
const analyze = 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off)';
const prepare = `PREPARE ran (int) AS SELECT id, ${one} AS r FROM foxes WHERE id < $1`;
const read = 'SELECT * FROM made';
/** The lines tell of time and memory; what it called and wrote is compared. */
const seen = 'SELECT id, r FROM foxes ORDER BY id';

export const runInside: Record<string, Case[]> = {
  'SELECT INTO': [
    ['a table of a schema', [`SELECT ${one} AS r INTO public.made FROM foxes`, read]],
    [
      'a quoted name',
      [`SELECT ${one} AS "into" INTO UNLOGGED TABLE "from" FROM foxes`, 'SELECT * FROM "from"'],
    ],
    [
      'behind a WITH, some rows',
      [
        `WITH f AS (SELECT * FROM foxes) SELECT id, ${one} AS r INTO TEMP made FROM f ORDER BY id LIMIT 2`,
        read,
      ],
    ],
    [
      'of two queries',
      [`SELECT ${one} AS r INTO made FROM foxes UNION ALL SELECT ai_gen('m2', p) FROM foxes`, read],
    ],
    ['rows that differ', [`SELECT DISTINCT ${one} AS r INTO TEMPORARY TABLE made FROM foxes`, read]],
    ['a table that is there', [`SELECT ${one} AS r INTO foxes FROM foxes`]],
    ['without rows', [`SELECT ${one} AS r INTO made FROM foxes WHERE false`, read]],
    ['one row', [`SELECT ${one} AS r INTO made FROM foxes WHERE id = 1`, read]],
    [
      'what is another value each time',
      [`SELECT ai_gen('m1', p || (random() < 2)) AS r INTO made FROM foxes`, read],
    ],
    [
      'a result that decides',
      [`SELECT ai_gen('m2', p) AS r INTO made FROM foxes WHERE ${one} LIKE '%a%'`, read],
    ],
  ],
  EXPLAIN: [
    ['without ANALYZE', [`EXPLAIN (COSTS off) SELECT ${one} FROM foxes`]],
    ['ANALYZE false', [`EXPLAIN (ANALYZE false, COSTS off) SELECT ${one} FROM foxes`]],
    ['ANALYZE of some rows', [`${analyze} SELECT ${one} FROM foxes ORDER BY id LIMIT 2`]],
    ['ANALYZE of an INSERT', [`${analyze} INSERT INTO log SELECT ${one} FROM foxes`, 'SELECT * FROM log']],
    [
      'ANALYZE of an UPDATE with a CTE',
      [
        `${analyze} WITH f AS (SELECT id FROM foxes WHERE id > 1) UPDATE foxes SET r = ${one} FROM f WHERE f.id = foxes.id`,
        seen,
      ],
    ],
    ['ANALYZE of a DELETE', [`${analyze} DELETE FROM foxes WHERE ${one} LIKE '%red%'`, seen]],
    ['ANALYZE of what returns calls', [`${analyze} UPDATE foxes SET k = 5 RETURNING ${one}`, seen]],
    ['ANALYZE of a table', [`${analyze} CREATE TABLE made AS SELECT ${one} AS r FROM foxes`]],
    ['ANALYZE of what is prepared', [prepare, `${analyze} EXECUTE ran (3)`, 'DEALLOCATE ran']],
    [
      'ANALYZE of a sub-select for each row',
      [`${analyze} SELECT (SELECT ai_gen('m1', f.p || g.id) FROM foxes g WHERE g.id = f.id) FROM foxes f`],
    ],
    [
      'ANALYZE of EXISTS',
      [
        `${analyze} SELECT id FROM foxes f WHERE EXISTS (SELECT FROM foxes g WHERE g.k = f.k AND ai_gen('m1', g.p) <> '')`,
      ],
    ],
    [
      'ANALYZE of a view',
      [
        "CREATE VIEW asked AS SELECT id, ai_gen('m1', p) AS r FROM foxes",
        `${analyze} SELECT r FROM asked WHERE id > 2`,
      ],
    ],
    ['ANALYZE with an error', [`${analyze} SELECT ${one}, 1 / (id - 2) FROM foxes ORDER BY id`]],
    ['ANALYZE of a cursor', [`${analyze} DECLARE c CURSOR FOR SELECT ${one} FROM foxes`]],
  ],
  'CREATE TABLE AS EXECUTE': [
    ['with a value', [prepare, 'CREATE TABLE made AS EXECUTE ran (3)', read, 'DEALLOCATE ran']],
    [
      'with names for its columns',
      [
        prepare,
        'CREATE TEMP TABLE "as" (a, b) ON COMMIT DROP AS EXECUTE ran (1 + 2) WITH DATA',
        'SELECT * FROM "as"',
        'DEALLOCATE ran',
      ],
    ],
    [
      'without its rows',
      [prepare, 'CREATE TABLE made AS EXECUTE ran (9) WITH NO DATA', read, 'DEALLOCATE ran'],
    ],
    ['that is there', [prepare, 'CREATE TABLE IF NOT EXISTS foxes AS EXECUTE ran (9)', 'DEALLOCATE ran']],
    ['of nothing that is prepared', ['CREATE TABLE made AS EXECUTE nothing (9)']],
    [
      'given a call',
      [prepare, "CREATE TABLE made AS EXECUTE ran (length(ai_gen('m2', 'x')))", read, 'DEALLOCATE ran'],
    ],
  ],
  'recursion, samples and tables made of JSON': [
    [
      'a call in the first rows',
      "WITH RECURSIVE r (n, t) AS (SELECT id, ai_gen('m1', p) FROM foxes UNION ALL SELECT n + 10, t FROM r WHERE n < 4) SELECT * FROM r",
    ],
    [
      'a call in each step',
      "WITH RECURSIVE r (n, t) AS (SELECT 1, 'a' UNION ALL SELECT n + 1, ai_gen('m1', t) FROM r WHERE n < 4) SELECT * FROM r",
    ],
    [
      'a result that ends it',
      "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 9 AND ai_gen('m1', n::text) LIKE '%a%') SELECT n, ai_gen('m2', n::text) FROM r",
    ],
    [
      'some of its rows',
      "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT ai_gen('m1', n::text) FROM r LIMIT 3",
    ],
    [
      'what is another value each time',
      "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3 + (random() < 2)::int) SELECT ai_gen('m1', n::text) FROM r",
    ],
    [
      'rows that differ',
      "WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n % 3 + 1 FROM r) SELECT ai_gen('m1', n::text) FROM r ORDER BY n",
    ],
    [
      'a result that decides outside',
      "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT ai_gen('m2', n::text) FROM r WHERE ai_gen('m1', n::text) LIKE '%a%'",
    ],
    [
      'in a sub-select for each row',
      "SELECT id, (WITH RECURSIVE r (n) AS (SELECT f.id UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT string_agg(ai_gen('m1', n::text), ',') FROM r) FROM foxes f",
    ],
    ['a sample by chance', "SELECT ai_gen('m1', p) FROM foxes TABLESAMPLE BERNOULLI (100)"],
    [
      'a sample of which the share is a result',
      "SELECT ai_gen('m1', p) FROM foxes TABLESAMPLE BERNOULLI (length(ai_gen('m2', 'x'))) REPEATABLE (1)",
    ],
    [
      'JSON of a result',
      "SELECT j.t, ai_gen('m2', j.t) FROM foxes, json_table(json_build_object('a', ai_gen('m1', p)), '$' COLUMNS (t text PATH '$.a')) j",
    ],
    [
      'JSON with a default that calls',
      "SELECT j.t FROM foxes, json_table('{}'::jsonb, '$' COLUMNS (t text PATH '$.a' DEFAULT ai_gen('m1', 'd') ON EMPTY)) j",
    ],
    [
      'a path given a result',
      "SELECT j.t FROM foxes, json_table('[1,2]'::jsonb, '$[*]' PASSING ai_gen('m1', p) AS x COLUMNS (t text PATH '$')) j",
    ],
    [
      'columns of a type with a check that counts',
      [
        'CREATE SEQUENCE checks',
        "CREATE DOMAIN checked AS text CHECK (nextval('checks') > 0 OR VALUE = '')",
        "SELECT ai_gen('m1', x.t) FROM foxes, xmltable('/a' PASSING xmlelement(name a, p) COLUMNS t checked PATH '.') x",
        'SELECT last_value FROM checks',
      ],
    ],
    [
      'two CTEs of one name',
      "WITH s AS MATERIALIZED (SELECT id, ai_gen('m1', p) AS r FROM foxes) SELECT id, CASE WHEN coalesce(s.r, '') NOT LIKE '%a%' THEN ai_gen('m2', id::text) END FROM s WHERE id IN (WITH s AS MATERIALIZED (SELECT id FROM foxes) SELECT id FROM s)",
    ],
  ],
};
