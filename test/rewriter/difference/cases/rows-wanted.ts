/** A LIMIT, or a client that asks for some rows, behind a filter on results: how many calls are made follows from what they give. */
import { bind, execute, parse } from '../../../frontend/raw-client.js';
import type { Sent } from '../wire-session.js';
import { type Case, sent } from './case.js';

const many = 'generate_series(1, 40) i';
/** About every second one fits. */
const fits = "md5(r) > '8'";
const rare = "md5(r) > 'e'";
const one = "ai_gen('m1', 'item ' || i)";
const made = `SELECT i, ${one} AS r FROM ${many}`;
const some = `SELECT * FROM (${made}) s WHERE ${fits} LIMIT 6`;
const twice = [
  'CREATE TABLE twice (i int, p text)',
  "INSERT INTO twice SELECT i, 'same ' || i / 3 FROM generate_series(1, 30) i",
];
const conditional = `SELECT i, CASE WHEN i % 3 > 0 THEN ${one} END AS r FROM ${many}`;
const parted = [
  'CREATE TABLE sections (i int, p text) PARTITION BY RANGE (i)',
  'CREATE TABLE sections_1 PARTITION OF sections FOR VALUES FROM (0) TO (5)',
  'CREATE TABLE sections_2 PARTITION OF sections FOR VALUES FROM (5) TO (30)',
  "INSERT INTO sections SELECT i, 'section ' || i FROM generate_series(1, 29) i",
];
const keyed = [
  'CREATE TABLE keyed (i int PRIMARY KEY, p text)',
  "INSERT INTO keyed SELECT i, 'key ' || i FROM generate_series(1, 60) i",
  'ANALYZE keyed',
  'SET LOCAL enable_seqscan = off',
];
const endless =
  "CREATE FUNCTION some_of(n int) RETURNS SETOF text LANGUAGE sql AS $$ SELECT r FROM (SELECT ai_gen('m1', 'in ' || i) AS r FROM generate_series(1, 30) i) s WHERE md5(r) > '8' LIMIT n $$";
const inLoop = `DO $$ DECLARE r record; BEGIN FOR r IN ${some} LOOP RAISE NOTICE '%', r; END LOOP; END $$`;

const portal = (query: string): Sent => ({
  text: `portal "a" of ${query}`,
  frames: [parse('', query), bind('a', '')],
});
const executed = (rows: number): Sent => ({ text: `Execute ${rows} of a`, frames: [execute('a', rows)] });
const unlimited = `SELECT * FROM (${made}) s WHERE ${fits}`;

export const rowsWanted: Record<string, Case[]> = {
  'filtered results behind a LIMIT': [
    ['of a sub-select', some],
    ['of a CTE', `WITH s AS MATERIALIZED (${made}) SELECT * FROM s WHERE ${fits} LIMIT 6`],
    ['of a CTE that is read once', `WITH s AS (${made}) SELECT i FROM s WHERE ${fits} LIMIT 6`],
    ['of the call itself', `SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 6`],
    ['with an OFFSET', `${some} OFFSET 3`],
    ['with an OFFSET behind the end', `${some} OFFSET 30`],
    ['that few rows fit', `SELECT * FROM (${made}) s WHERE ${rare} LIMIT 4`],
    ['that none fits', `SELECT * FROM (${made}) s WHERE r = 'none' LIMIT 4`],
    ['that all fit', `SELECT * FROM (${made}) s WHERE r <> 'none' LIMIT 6`],
    ['of one row', `SELECT * FROM (${made}) s WHERE ${fits} LIMIT 1`],
    ['of none', `SELECT * FROM (${made}) s WHERE ${fits} LIMIT 0`],
    ['of all', `SELECT * FROM (${made}) s WHERE ${fits} LIMIT ALL`],
    ['of more than there are', `SELECT * FROM (${made}) s WHERE ${fits} LIMIT 1000`],
    ['reckoned', `SELECT * FROM (${made}) s WHERE ${fits} LIMIT 2 + 3`],
    ['of a cast that makes it less', `SELECT * FROM (${made}) s WHERE ${fits} LIMIT 38::bit(3)::int`],
    ['FETCH FIRST', `SELECT * FROM (${made}) s WHERE ${fits} FETCH FIRST 5 ROWS ONLY`],
    ['WITH TIES', `SELECT * FROM (${made}) s WHERE ${fits} ORDER BY i / 4 FETCH FIRST 5 ROWS WITH TIES`],
    ['as a parameter', sent(['5'], `SELECT * FROM (${made}) s WHERE ${fits} LIMIT $1`)],
    [
      'and an offset as parameters',
      sent(['5', '2'], `SELECT * FROM (${made}) s WHERE ${fits} LIMIT $1 OFFSET $2`),
    ],
    ['NULL as a parameter', sent([null], `SELECT * FROM (${made}) s WHERE ${fits} LIMIT $1`)],
    [
      'of a prepared statement',
      [
        `PREPARE q (int) AS SELECT * FROM (${made}) s WHERE ${fits} LIMIT $1`,
        'EXECUTE q (5)',
        'DEALLOCATE q',
      ],
    ],
    [
      'in an order',
      `SELECT * FROM (SELECT i, ai_gen('m1', p) AS r FROM keyed ORDER BY i DESC) s WHERE ${fits} LIMIT 7`,
      ...keyed,
    ],
    [
      'in the order of an index',
      `SELECT * FROM (SELECT i, ai_gen('m1', p) AS r FROM keyed) s WHERE ${fits} ORDER BY i LIMIT 7`,
      ...keyed,
    ],
    [
      'of rows whose prompts are the same',
      `SELECT * FROM (SELECT i, ai_gen('m1', p) AS r FROM twice) s WHERE ${fits} LIMIT 8`,
      ...twice,
    ],
    ['of rows that make no call', `SELECT * FROM (${conditional}) s WHERE r IS NULL OR ${fits} LIMIT 9`],
    [
      'of rows that make a call or fit',
      `SELECT * FROM (${conditional}) s WHERE coalesce(${fits}, true) LIMIT 9`,
    ],
    [
      'of two calls a row',
      `SELECT * FROM (SELECT i, ${one} AS r, ai_gen('m2', 'more ' || i) AS q FROM ${many}) s WHERE ${fits} LIMIT 5`,
    ],
    [
      'of two calls, both filtered',
      `SELECT * FROM (SELECT i, ${one} AS r, ai_gen('m2', 'more ' || i) AS q FROM ${many}) s WHERE ${fits} AND md5(q) > '5' LIMIT 5`,
    ],
    ['of NOT', `SELECT i FROM (${made}) s WHERE NOT (${fits}) LIMIT 6`],
    ['of IS NULL', `SELECT i FROM (${made}) s WHERE r IS NOT NULL LIMIT 6`],
    [
      'of partitions',
      `SELECT * FROM (SELECT i, ai_gen('m1', p) AS r FROM sections) s WHERE ${fits} LIMIT 6`,
      ...parted,
    ],
    [
      'of UNION ALL',
      `SELECT * FROM (SELECT i, ${one} AS r FROM generate_series(1, 5) i UNION ALL SELECT i, ai_gen('m2', 'other ' || i) FROM generate_series(1, 20) i) s WHERE ${fits} LIMIT 7`,
    ],
    [
      'of VALUES',
      `SELECT * FROM (VALUES (ai_gen('m1', 'a')), (ai_gen('m1', 'b')), (ai_gen('m1', 'c')), (ai_gen('m1', 'd')), (ai_gen('m1', 'e'))) s (r) WHERE ${fits} LIMIT 2`,
    ],
    [
      'of joined rows',
      `SELECT * FROM (SELECT a.i, ai_gen('m1', a.i || ' and ' || b.p) AS r FROM ${many.replace(' i', ' AS a (i)')} JOIN foxes b ON b.id = a.i % 4 + 1) s WHERE ${fits} LIMIT 5`,
    ],
    [
      'of groups',
      `SELECT * FROM (SELECT i % 12 AS g, ai_gen('m1', string_agg(i::text, ' ' ORDER BY i)) AS r FROM ${many} GROUP BY 1 ORDER BY 1) s WHERE ${fits} LIMIT 4`,
    ],
    [
      'of groups of calls',
      `SELECT * FROM (SELECT i / 3 AS g, string_agg(${one}, ' ') AS r FROM (SELECT i FROM ${many} ORDER BY i) t GROUP BY 1 ORDER BY 1) s WHERE ${fits} LIMIT 3`,
    ],
    [
      'of a window',
      `SELECT * FROM (SELECT i, row_number() OVER (ORDER BY i DESC) AS n, ${one} AS r FROM ${many}) s WHERE ${fits} LIMIT 5`,
    ],
    [
      'of a window over results',
      `SELECT * FROM (SELECT i, lag(${one}) OVER (ORDER BY i) AS r FROM ${many}) s WHERE ${fits} LIMIT 5`,
    ],
    ['in a view', `SELECT * FROM limited WHERE ${fits} LIMIT 5`, `CREATE VIEW limited AS ${made}`],
    [
      'of a view that has a LIMIT',
      'SELECT * FROM limited LIMIT 20',
      `CREATE VIEW limited AS SELECT * FROM (${made}) s WHERE ${fits} LIMIT 3`,
    ],
    [
      'of a view that has one, and a sub-select that has none any more',
      'SELECT * FROM limited WHERE EXISTS (SELECT 1 FROM foxes LIMIT 20)',
      `CREATE VIEW limited AS SELECT * FROM (${made}) s WHERE ${fits} LIMIT 3`,
    ],
    ['inside, and an aggregate outside', `SELECT count(*), min(i) FROM (${some}) t`],
    ['inside, and a filter outside', `SELECT * FROM (${some}) t WHERE r LIKE '%2%'`],
    ['inside and outside', `SELECT * FROM (${some}) t LIMIT 3`],
    [
      'inside, and more outside',
      `SELECT * FROM (SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3) t LIMIT 20`,
    ],
    [
      'inside a CTE, and more outside',
      `WITH t AS (SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3) SELECT * FROM t LIMIT 20`,
    ],
    [
      'of a view of one select that has one, and more outside',
      'SELECT * FROM limited_few LIMIT 20',
      `CREATE VIEW limited_few AS SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3`,
    ],
    [
      'of a view of one select that has one',
      'SELECT * FROM limited_few',
      `CREATE VIEW limited_few AS SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3`,
    ],
    [
      'of a function that has one, and more outside',
      'SELECT * FROM few_of() LIMIT 20',
      `CREATE FUNCTION few_of() RETURNS SETOF int LANGUAGE sql STABLE AS $$ SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3 $$`,
    ],
    [
      'with an OFFSET inside',
      `SELECT * FROM (SELECT i FROM ${many} WHERE md5(${one}) > '8' OFFSET 3) t LIMIT 5`,
    ],
    ['with an OFFSET alone', `SELECT i FROM ${many} WHERE md5(${one}) > '8' OFFSET 30`],
    [
      'joined with rows outside',
      `SELECT s.i, v.n FROM (${made}) s, generate_series(1, 3) v (n) WHERE ${fits} LIMIT 10`,
    ],
    [
      'joined with results',
      `SELECT f.id, s.i FROM foxes f JOIN (${made}) s ON s.i = f.id WHERE ${fits} LIMIT 2`,
    ],
    ['and rows made of each', `SELECT s.i, generate_series(1, 2) FROM (${made}) s WHERE ${fits} LIMIT 9`],
    [
      'and rows made of each result',
      `SELECT i, regexp_split_to_table(r, ' ') FROM (${made}) s WHERE ${fits} LIMIT 9`,
    ],
    ['DISTINCT', `SELECT DISTINCT r FROM (${made}) s WHERE ${fits} LIMIT 4`],
    [
      'and one result that decides about all',
      `SELECT * FROM (${conditional}) s WHERE coalesce(r, '') <> (SELECT ai_gen('m2', 'one of all')) LIMIT 9`,
    ],
    [
      'and a list of results',
      `SELECT * FROM (${conditional}) s WHERE coalesce(r, 'x') NOT IN (SELECT ai_gen('m2', p) FROM foxes) LIMIT 9`,
    ],
    [
      'of a CTE that is read twice',
      `WITH s AS (${made}) SELECT * FROM s WHERE ${fits} UNION ALL SELECT * FROM s WHERE NOT (${fits}) LIMIT 12`,
    ],
    ['and a call about what fits', `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits} LIMIT 4`],
    [
      'of a call about a call',
      `SELECT * FROM (SELECT i, ai_gen('m2', ${one}) AS r FROM ${many}) s WHERE ${fits} LIMIT 4`,
    ],
    [
      'that fails in its second part',
      `SELECT * FROM (SELECT i, ai_gen('m1', CASE i WHEN 8 THEN 'fails' ELSE 'item ' || i END) AS r FROM ${many}) s WHERE ${rare} LIMIT 5`,
    ],
    [
      'that would fail behind its end',
      `SELECT * FROM (SELECT i, ai_gen('m1', CASE i WHEN 39 THEN 'refused' ELSE 'item ' || i END) AS r FROM ${many}) s WHERE ${fits} LIMIT 5`,
    ],
    ['beside a division that fails', `SELECT i, 10 / (i - 30) FROM (${made}) s WHERE ${fits} LIMIT 5`],
    [
      'FOR UPDATE',
      `SELECT * FROM (SELECT id, p FROM foxes) f WHERE ai_gen('m1', p) <> '' LIMIT 2 FOR UPDATE`,
    ],
    ['that random() goes with', `SELECT i FROM (${made}) s WHERE ${fits} AND random() >= 0 LIMIT 5`],
  ],
  'one call that decides about all rows': [
    [
      'beside others',
      `SELECT i FROM generate_series(1, 30) i WHERE CASE WHEN i % 4 = 0 THEN ai_gen('m1', 'item ' || i) <> '' ELSE coalesce((SELECT ai_gen('m2', 'one')), '') <> '' END LIMIT 6`,
    ],
    [
      'in a list',
      `SELECT i FROM generate_series(1, 30) i WHERE CASE WHEN i % 4 = 0 THEN ai_gen('m1', 'item ' || i) <> '' ELSE ('m2<' || i || '>') NOT IN (SELECT ai_gen('m2', p) FROM foxes) END LIMIT 6`,
    ],
    [
      'in a CTE',
      `WITH c AS MATERIALIZED (SELECT ai_gen('m2', 'one') AS q) SELECT i FROM generate_series(1, 30) i WHERE CASE WHEN i % 4 = 0 THEN ai_gen('m1', 'item ' || i) <> '' ELSE (SELECT q FROM c) <> '' END LIMIT 6`,
    ],
    [
      'in an aggregate',
      `SELECT i FROM generate_series(1, 30) i WHERE CASE WHEN i % 4 = 0 THEN ai_gen('m1', 'item ' || i) <> '' ELSE (SELECT count(ai_gen('m2', p)) FROM foxes) > 0 END LIMIT 6`,
    ],
  ],
  'calls about those that fit': [
    ['of a sub-select', `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits} LIMIT 6`],
    ['few', `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${rare} LIMIT 4`],
    ['of a CTE', `WITH s AS MATERIALIZED (${made}) SELECT ai_gen('m2', r), i FROM s WHERE ${fits} LIMIT 6`],
    ['with an OFFSET', `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits} LIMIT 5 OFFSET 2`],
    ['of the call itself', `SELECT ai_gen('m2', 'about ' || i) FROM ${many} WHERE md5(${one}) > '8' LIMIT 6`],
    ['two', `SELECT ai_gen('m2', r), ai_gen('m3', 'and ' || r) FROM (${made}) s WHERE ${fits} LIMIT 5`],
    ['one about another', `SELECT ai_gen('m3', ai_gen('m2', r)) FROM (${made}) s WHERE ${fits} LIMIT 5`],
    [
      'of some of them',
      `SELECT CASE WHEN i % 2 = 0 THEN ai_gen('m2', r) END FROM (${made}) s WHERE ${fits} LIMIT 5`,
    ],
    [
      'that decide themselves',
      `SELECT * FROM (SELECT i, ai_gen('m2', r) AS q FROM (${made}) s WHERE ${fits}) t WHERE md5(q) > '7' LIMIT 3`,
    ],
    [
      'that one of them decides about',
      `SELECT * FROM (SELECT i, ${one} AS r, ai_gen('m2', ai_gen('m3', 'to ' || i)) AS q FROM ${many}) s WHERE md5(q) > '7' LIMIT 3`,
    ],
    [
      'beside plain ones',
      `SELECT ai_gen('m2', r), s.q FROM (SELECT i, ${one} AS r, ai_gen('m3', 'plain ' || i) AS q FROM ${many}) s WHERE ${fits} LIMIT 5`,
    ],
    [
      'of which one fails',
      `SELECT i, ai_gen('m2', CASE WHEN i > 12 THEN 'fails' ELSE r END) FROM (${made}) s WHERE ${fits} LIMIT 9`,
    ],
    [
      'of which one is refused',
      `SELECT i, ai_gen('m2', CASE WHEN i = 39 THEN 'refused' ELSE r END) FROM (${made}) s WHERE ${fits} LIMIT 5`,
    ],
    [
      'of rows that make no call',
      `SELECT i, ai_gen('m2', coalesce(r, 'none')) FROM (${conditional}) s WHERE r IS NULL OR ${fits} LIMIT 7`,
    ],
    ['inserted', `INSERT INTO log SELECT ai_gen('m2', r) FROM (${made}) s WHERE ${fits} LIMIT 5`],
    ['as a parameter', sent(['5'], `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits} LIMIT $1`)],
    [
      'read in parts',
      [
        portal(`SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits}`),
        executed(4),
        executed(3),
        executed(5),
      ],
    ],
    [
      'by FETCH',
      [
        `DECLARE c CURSOR FOR SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits}`,
        'FETCH 4 FROM c',
        'FETCH 3 FROM c',
        'CLOSE c',
      ],
    ],
    ['in an order', `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits} ORDER BY i DESC LIMIT 5`],
    [
      'in the order of a result',
      `SELECT i, ai_gen('m2', r) FROM (${made}) s WHERE ${fits} ORDER BY r LIMIT 5`,
    ],
    [
      'asked of the same model',
      `SELECT i, ai_gen('m1', r) FROM (${made}) s WHERE ${fits} LIMIT 5`.replace(
        "ai_gen('m1', r)",
        "ai_gen('m2', 'same ' || left(r, 0))",
      ),
    ],
  ],
  'what writes some of the rows that fit': [
    ['INSERT', `INSERT INTO log SELECT r FROM (${made}) s WHERE ${fits} LIMIT 6`],
    ['CREATE TABLE AS', [`CREATE TABLE kept AS ${some}`, 'SELECT count(*) FROM kept', 'DROP TABLE kept']],
    ['UPDATE', `UPDATE foxes SET r = s.r FROM (${some}) s WHERE s.i = foxes.id`],
    ['DELETE', `DELETE FROM foxes WHERE id IN (SELECT i FROM (${made}) s WHERE ${fits} LIMIT 2)`],
    ['COPY', `COPY (${some}) TO STDOUT`],
    ['a block', inLoop],
    ['a function', 'SELECT * FROM some_of(4)', endless],
    ['two in one text', `${some}; ${some.replace('m1', 'm2')}`],
  ],
  'filtered rows of which a client reads some': [
    ['in two parts', [portal(unlimited), executed(4), executed(4)]],
    ['in parts until the end', [portal(unlimited), executed(7), executed(7), executed(7), executed(7)]],
    ['one by one', [portal(unlimited), executed(1), executed(1), executed(3)]],
    ['behind a LIMIT', [portal(some), executed(4), executed(4)]],
    [
      'of a sub-select with a LIMIT',
      [portal(`SELECT * FROM (SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3) t`), executed(20)],
    ],
    [
      'of a sub-select with a LIMIT, by FETCH',
      [
        `DECLARE c CURSOR FOR SELECT * FROM (SELECT i FROM ${many} WHERE md5(${one}) > '8' LIMIT 3) t`,
        'FETCH 20 FROM c',
        'CLOSE c',
      ],
    ],
    ['with an OFFSET', [portal(`${unlimited} OFFSET 3`), executed(4), executed(4)]],
    ['fewer than its LIMIT', [portal(`SELECT * FROM (${made}) s WHERE ${fits} LIMIT 3`), executed(10)]],
    [
      'of rows that make no call',
      [
        portal(`SELECT * FROM (${conditional}) s WHERE r IS NULL OR ${fits}`),
        executed(3),
        executed(5),
        executed(5),
      ],
    ],
    ['and then all', [portal(unlimited), executed(4), executed(0)]],
    [
      'by FETCH',
      [`DECLARE c CURSOR FOR ${unlimited}`, 'FETCH 4 FROM c', 'FETCH 3 FROM c', 'FETCH 6 FROM c', 'CLOSE c'],
    ],
    [
      'by FETCH and MOVE',
      [`DECLARE c CURSOR FOR ${unlimited}`, 'FETCH 4 FROM c', 'MOVE 3 IN c', 'FETCH 3 FROM c', 'CLOSE c'],
    ],
    [
      'by FETCH, and back',
      [
        `DECLARE c SCROLL CURSOR FOR ${unlimited}`,
        'FETCH 4 FROM c',
        'FETCH BACKWARD 2 FROM c',
        'FETCH 6 FROM c',
        'CLOSE c',
      ],
    ],
    [
      'by FETCH ALL of some',
      [`DECLARE c CURSOR FOR ${some}`, 'FETCH 2 FROM c', 'FETCH ALL FROM c', 'CLOSE c'],
    ],
    ['WITH HOLD', [`DECLARE c CURSOR WITH HOLD FOR ${some}`, 'COMMIT', 'FETCH ALL FROM c', 'CLOSE c']],
  ],
};
