/** Calls that PostgreSQL takes for one expression, places in one expression that are reached by what another part gives, and plans that end early. */
import type { Case } from './case.js';

const one = "ai_gen('m1', p)";
const grid = [
  'CREATE TABLE grid (a int, b int, p text)',
  "INSERT INTO grid SELECT i / 10, i % 10, 'p' || i FROM generate_series(0, 59) i",
  'CREATE INDEX ON grid (a)',
  'CREATE INDEX ON grid (b)',
  'ANALYZE grid',
  'SET LOCAL enable_seqscan = off',
  'SET LOCAL enable_sort = off',
];
const ties = [
  'CREATE TABLE ties (id int, a int, p text)',
  "INSERT INTO ties SELECT i, i / 10, 'p' || i FROM generate_series(0, 39) i",
  'CREATE INDEX ON ties (a)',
  'ANALYZE ties',
  'SET LOCAL enable_seqscan = off',
  'SET LOCAL enable_sort = off',
];
const sides = [
  'CREATE TABLE side_a (id int PRIMARY KEY)',
  'INSERT INTO side_a VALUES (1), (2), (3)',
  'CREATE TABLE side_b (id int PRIMARY KEY, p text)',
  "INSERT INTO side_b SELECT i, 'p' || i FROM generate_series(1, 20) i",
  'SET LOCAL enable_seqscan = off',
  'SET LOCAL enable_sort = off',
  'SET LOCAL enable_hashagg = off',
];
const ruled = (does: string) => [
  'CREATE TABLE ruled_by (id int, r text)',
  `CREATE RULE some_of AS ON INSERT TO ruled_by DO ${does}`,
];
const moving = [
  'CREATE TABLE moving (id int, p text, k int, r text) PARTITION BY LIST (k)',
  'CREATE TABLE moving_1 PARTITION OF moving FOR VALUES IN (1)',
  'CREATE TABLE moving_2 PARTITION OF moving FOR VALUES IN (2)',
  "INSERT INTO moving VALUES (1, 'a', 1), (2, 'b', 1)",
];
const few = [
  'CREATE TABLE few AS SELECT i AS id, i::text AS p FROM generate_series(1, 300) i',
  `CREATE VIEW inner_calls AS SELECT ai_gen('m2', p) AS x FROM foxes`,
  'ANALYZE few',
];

const grown = [
  'CREATE TABLE kept_rows (k int PRIMARY KEY, p text)',
  "INSERT INTO kept_rows SELECT i, 'p' || i FROM generate_series(1, 100) i",
  'CREATE TABLE grown (k int) WITH (autovacuum_enabled = off)',
  'INSERT INTO grown VALUES (1)',
  'INSERT INTO grown SELECT 2000 + i FROM generate_series(1, 9) i',
  'ANALYZE kept_rows',
  'ANALYZE grown',
];

export const mergedAndLeft: Record<string, Case[]> = {
  'calls that PostgreSQL takes for one': [
    [
      'in arms of an OR',
      `SELECT id FROM foxes WHERE (${one} <> '' AND id = 1) OR (${one} <> '' AND id = 2) ORDER BY id`,
    ],
    [
      'in arms of an OR, spelled otherwise',
      `SELECT id FROM foxes f WHERE (${one} <> '' AND id = 1) OR (pg_catalog.ai_gen('m1', f.p) <> '' AND id = 2) ORDER BY id`,
    ],
    [
      'in a NOT',
      `SELECT id FROM foxes WHERE NOT ((NOT ${one} <> '' OR id <> 1) AND (NOT ${one} <> '' OR id <> 2)) ORDER BY id`,
    ],
    [
      'in arms of a join',
      `SELECT f.id FROM foxes f JOIN foxes g ON (ai_gen('m1', f.p) <> '' AND g.id = f.id) OR (ai_gen('m1', f.p) <> '' AND g.id = 2) ORDER BY 1`,
    ],
    [
      'in a key and a branch',
      `SELECT CASE WHEN ${one} LIKE '%1%' THEN ai_gen('m2', p) ELSE ai_gen('m3', p) END FROM foxes ORDER BY ai_gen('m2', p)`,
    ],
    [
      'in a group and a branch',
      `SELECT CASE WHEN count(*) > 0 THEN ai_gen('m2', p) ELSE ai_gen('m3', 'none') END FROM foxes GROUP BY ai_gen('m2', p), p ORDER BY 1`,
    ],
    [
      'in a DISTINCT ON and a branch',
      `SELECT DISTINCT ON (ai_gen('m2', p)) CASE WHEN ${one} LIKE '%1%' THEN ai_gen('m2', p) ELSE ai_gen('m3', p) END FROM foxes`,
    ],
  ],
  'rows that a function makes of results': [
    [
      'filtered by calls about them',
      `WITH x AS (SELECT id AS i, ai_gen('m1', coalesce(p, 'x')) AS r FROM s) SELECT x.i FROM x LEFT JOIN LATERAL regexp_split_to_table(x.r, 'o') AS e (part) ON ai_gen('m2', coalesce(part, 'x')) <> ''`,
    ],
    [
      'filtered by calls about them, in a join',
      `WITH x AS MATERIALIZED (SELECT id AS i, ai_gen('m1', coalesce(p, 'x')) AS r FROM s) SELECT x.i FROM x, LATERAL regexp_split_to_table(x.r, 'o') AS e (part) WHERE ai_gen('m2', coalesce(part, 'x')) <> ''`,
    ],
  ],
  'calls about VALUES': [
    ['of which one is volatile', `SELECT count(ai_gen('m1', x)) FROM (VALUES (vol('a')), ('b')) v (x)`],
    [
      'of which one is a sequence',
      `SELECT count(ai_gen('m1', x)) FROM (VALUES (nextval('numbers')::text), ('b')) v (x)`,
    ],
    [
      'of a view, of which one is volatile',
      `SELECT count(ai_gen('m1', x)) FROM drawn_rows`,
      `CREATE VIEW drawn_rows (x) AS VALUES (vol('a')), ('b')`,
    ],
    [
      'of which one has a default that is volatile',
      `SELECT count(ai_gen('m1', x)) FROM (VALUES (tagged('a')), (tagged('b'))) v (x)`,
      `CREATE FUNCTION tagged(p text, r bigint DEFAULT nextval('numbers')) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT p || r'`,
    ],
    [
      'of a view, by a function that belies its word',
      `SELECT count(ai_gen('m1', p)) FROM told_rows`,
      `CREATE FUNCTION told_row(t text) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN t || nextval('numbers'); END $$`,
      `CREATE VIEW told_rows AS SELECT * FROM (VALUES (told_row('a')), (told_row('b'))) x (p)`,
    ],
    [
      'that are joined',
      `SELECT p, ai_gen('m1', p || x) FROM foxes JOIN (VALUES (1, vol('a')), (2, 'b')) v (i, x) ON i = id ORDER BY id`,
    ],
  ],
  'calls in VALUES that are left early': [
    [
      'by a LIMIT',
      `SELECT x FROM (VALUES (ai_gen('m1', 'a')), (ai_gen('m1', 'b')), (ai_gen('m1', 'c'))) v (x) WHERE x <> '' LIMIT 1`,
    ],
    [
      'by EXISTS',
      `SELECT EXISTS (SELECT FROM (VALUES (ai_gen('m1', 'a')), (ai_gen('m1', 'b'))) v (x) WHERE x <> '')`,
    ],
    [
      'inside a join',
      `SELECT id, x FROM foxes, (VALUES (ai_gen('m2', 'a')), (ai_gen('m2', 'b'))) v (x) WHERE ai_gen('m1', p) IS NULL`,
    ],
    [
      'in a list',
      `SELECT id FROM foxes WHERE p IN (SELECT x FROM (VALUES (ai_gen('m2', 'a')), (ai_gen('m2', 'b'))) v (x) WHERE x <> '')`,
    ],
  ],
  'rules about what is inserted': [
    [
      'that leave rows out',
      `INSERT INTO ruled_by SELECT id, ${one} FROM foxes`,
      ...ruled('INSTEAD INSERT INTO log SELECT NEW.r WHERE NEW.id > 2'),
    ],
    [
      'that join',
      `INSERT INTO ruled_by SELECT id, ${one} FROM foxes`,
      ...ruled('INSTEAD UPDATE foxes SET r = NEW.r WHERE foxes.id = NEW.id AND foxes.id > 2'),
    ],
    [
      'that also write',
      `INSERT INTO ruled_by SELECT id, ${one} FROM foxes`,
      ...ruled('ALSO INSERT INTO log VALUES (NEW.id)'),
    ],
    ['that do nothing', `INSERT INTO ruled_by SELECT id, ${one} FROM foxes`, ...ruled('INSTEAD NOTHING')],
  ],
  'rows that an UPDATE moves': [
    [
      'to another partition',
      `UPDATE moving SET k = 2, r = ai_gen('m1', p) WHERE id > 0; SELECT ai_gen('m2', p) FROM moving_1`,
      ...moving,
    ],
    [
      'nowhere',
      `UPDATE moving SET r = ai_gen('m1', p) WHERE id > 0; SELECT ai_gen('m2', p) FROM moving_1`,
      ...moving,
    ],
  ],
  'plans that end early': [
    [
      'with grouping sets as they come',
      `SELECT a, b, count(*) FROM grid WHERE ${one} <> '' GROUP BY GROUPING SETS ((a), (b)) LIMIT 1`,
      ...grid,
    ],
    ['with ties', `SELECT id FROM ties ORDER BY a, ${one} FETCH FIRST 3 ROWS WITH TIES`, ...ties],
    [
      'with the first ranks',
      `SELECT id FROM (SELECT id, rank() OVER (ORDER BY a, ${one}) AS n FROM ties) x WHERE n <= 3`,
      ...ties,
    ],
    [
      'at the end of the other side',
      `SELECT id FROM side_a INTERSECT SELECT id FROM side_b WHERE ${one} <> ''`,
      ...sides,
    ],
    [
      'at the end of what is taken away',
      `SELECT id FROM side_a EXCEPT SELECT id FROM side_b WHERE ${one} <> ''`,
      ...sides,
    ],
    [
      'that remember by a result',
      `SELECT a.id, s.n FROM (SELECT id, coalesce(ai_gen('m1', p) <> '', id % 2 = 0) AS k FROM few WHERE id < 30) a, LATERAL (SELECT count(v.x) AS n, a.k FROM inner_calls v) s`,
      ...few,
    ],
  ],
  'plans that were made long ago': [
    [
      'of what is prepared',
      [
        'PREPARE kept_plan AS SELECT s1.k FROM grown a JOIN kept_rows s1 ON s1.k = a.k WHERE ai_gen($$m1$$, s1.p) IS NOT NULL',
        'EXECUTE kept_plan',
        'INSERT INTO grown SELECT 5000 + i FROM generate_series(1, 30000) i',
        'EXECUTE kept_plan',
        'DEALLOCATE kept_plan',
      ],
      ...grown,
    ],
  ],
  'parts that are reached by what another one gives': [
    [
      'a default of a nested column',
      `SELECT f.id FROM foxes f, JSON_TABLE(jsonb_build_object('a', jsonb_build_array(jsonb_build_object('p', f.p))), '$' COLUMNS (NESTED PATH '$.a[*]' COLUMNS (x text PATH '$.x' DEFAULT ai_gen('m2', 'spare') ON EMPTY))) j WHERE coalesce(ai_gen('m1', f.p), 'yes') = 'yes'`,
    ],
    [
      'subscripts',
      `SELECT (CASE WHEN ${one} IS NULL THEN ARRAY[p] END)[length(ai_gen('m2', p))] FROM foxes ORDER BY id`,
    ],
    [
      'rows in order',
      `SELECT id FROM foxes WHERE (coalesce(${one}, 'a'), ai_gen('m2', p)) < ('a', 'b') ORDER BY id`,
    ],
    [
      'rows that are equal',
      `SELECT id FROM foxes WHERE (coalesce(${one}, 'a'), ai_gen('m2', p)) = ('a', 'b') ORDER BY id`,
    ],
    [
      'rows that are not',
      `SELECT id FROM foxes WHERE (coalesce(${one}, 'a'), ai_gen('m2', p)) <> ('a', 'b') ORDER BY id`,
    ],
    [
      'rows that are distinct',
      `SELECT id FROM foxes WHERE ROW(coalesce(${one}, 'a'), ai_gen('m2', p)) IS DISTINCT FROM ROW('a', 'b') ORDER BY id`,
    ],
    [
      'a default of XMLTABLE',
      `SELECT x.a FROM foxes, XMLTABLE('/r' PASSING xmlelement(name r, CASE WHEN ${one} IS NOT NULL THEN xmlelement(name a, 'x') END) COLUMNS a text PATH 'a' DEFAULT ai_gen('m2', p)) x`,
    ],
    [
      'a default of JSON_VALUE',
      `SELECT JSON_VALUE((CASE WHEN ${one} IS NULL THEN '{}' ELSE '{"a":"x"}' END)::jsonb, '$.a' DEFAULT ai_gen('m2', 'spare') ON EMPTY) FROM foxes`,
    ],
    [
      'what is passed to JSON_VALUE',
      `SELECT JSON_VALUE((CASE WHEN ${one} IS NULL THEN '{"a": "x"}' END)::jsonb, '$.a' PASSING ai_gen('m2', 'passed') AS y) FROM foxes`,
    ],
  ],
  'filters of what several rows or groups are reckoned from': [
    [
      'a window',
      `SELECT * FROM (SELECT i, sum(length(CASE WHEN i % 3 = 0 THEN ai_gen('m1', 'item ' || i) END)) OVER (ORDER BY i) AS n FROM generate_series(1, 40) i) s WHERE n > 0 LIMIT 3`,
    ],
    [
      'ROLLUP',
      `SELECT * FROM (SELECT a, b, string_agg(ai_gen('m1', p), ' ') AS r FROM (VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 3, 'z'), (4, 4, 'w')) t (a, b, p) GROUP BY ROLLUP (a, b)) s WHERE r <> 'none' LIMIT 4`,
    ],
  ],
};
