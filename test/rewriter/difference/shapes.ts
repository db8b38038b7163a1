/** The shapes that people write calls in, each over four rows: all the calls that follow from nothing else are made at once. */
import { bind, execute, parse } from '../../frontend/raw-client.js';
import { carefulShapes } from './careful-shapes.js';
import { one, selects } from './query-shapes.js';
import type { Sent } from './wire-session.js';

export interface Shape {
  name: string;
  steps: Sent[];
  setup?: string[];
  /** So many calls are in the provider's hands together; all four rows' when left out. */
  atOnce?: number;
  /** So many calls are made, where PostgreSQL itself would make more. */
  fewer?: number;
  /** So many of the calls are in each of the stages that follow from one another; all in one when left out. */
  stages?: (calls: number) => number[];
}

const analyze = 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off)';

const writes: [name: string, text: string, atOnce?: number][] = [
  ['INSERT … SELECT', `INSERT INTO log SELECT ${one} FROM foxes`],
  [
    'INSERT … VALUES',
    `INSERT INTO log VALUES (ai_gen('m1', 'a')), (ai_gen('m2', 'b')), (ai_gen('m3', 'c')), (ai_gen('m4', 'd'))`,
  ],
  ['INSERT … RETURNING', `INSERT INTO o (n) SELECT id FROM foxes RETURNING ai_gen('m1', n::text)`],
  ['INSERT with a default that calls', `INSERT INTO called (id) SELECT id FROM foxes`],
  [
    'ON CONFLICT DO UPDATE',
    `INSERT INTO foxes SELECT id, p FROM foxes ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.p)`,
  ],
  [
    'ON CONFLICT DO UPDATE of VALUES',
    `INSERT INTO foxes (id, p) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (9, 'i')
     ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.p || foxes.id)`,
    3,
  ],
  ['UPDATE', `UPDATE foxes SET r = ${one}`],
  ['UPDATE with CASE', `UPDATE foxes SET r = CASE WHEN id > 1 THEN ${one} ELSE 'none' END`, 3],
  ['UPDATE with COALESCE', `UPDATE foxes SET r = coalesce(r, ${one})`],
  ['UPDATE FROM', `UPDATE foxes SET r = ai_gen('m1', g.p) FROM foxes g WHERE g.id = 5 - foxes.id`],
  ['UPDATE WHERE a result', `UPDATE foxes SET r = 'seen' WHERE ${one} LIKE '%fox%'`],
  ['UPDATE from a row of a sub-select', `UPDATE foxes SET (r, k) = (SELECT ${one}, 5)`],
  ['DELETE … RETURNING', `DELETE FROM foxes RETURNING ${one}`],
  ['DELETE WHERE a result', `DELETE FROM foxes WHERE ${one} LIKE '%fox%'`],
  [
    'MERGE',
    `MERGE INTO foxes USING foxes g ON g.id = foxes.id WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', g.p)`,
  ],
  [
    'MERGE that inserts',
    `MERGE INTO w USING foxes ON w.id = foxes.id + 100 WHEN NOT MATCHED THEN INSERT (id, r) VALUES (foxes.id, ai_gen('m1', foxes.p))`,
  ],
  [
    'MERGE of several branches',
    `WITH g AS (SELECT * FROM foxes WHERE p <> 'none') MERGE INTO foxes AS t USING (SELECT id + i * 100 AS i, p, k FROM g, generate_series(0, 1) i) AS s ON s.i = t.id
     WHEN MATCHED AND CASE WHEN s.k = 1 THEN t.id > 0 ELSE false END THEN UPDATE SET (p, r) = (SELECT s.p, ai_gen('m1', s.p)), k = DEFAULT
     WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND s.k = 0 THEN INSERT (id, p, r) VALUES (s.i, DEFAULT, ai_gen('m2', s.p)) WHEN NOT MATCHED THEN DO NOTHING`,
  ],
  ['SELECT INTO', `SELECT ${one} AS r INTO TEMP TABLE made FROM foxes`],
  ['EXPLAIN ANALYZE', `${analyze} SELECT ${one} FROM foxes`],
  ['EXPLAIN ANALYZE of what writes', `${analyze} UPDATE foxes SET r = ${one}`],
  ['CREATE TABLE AS', `CREATE TABLE made AS SELECT ${one} AS r FROM foxes`],
  ['CREATE MATERIALIZED VIEW', `CREATE MATERIALIZED VIEW made AS SELECT ${one} AS r FROM foxes`],
  ['COPY', `COPY (SELECT ${one} FROM foxes) TO STDOUT`],
  ['a trigger that calls', `INSERT INTO self_painted (id, p) SELECT id, p FROM foxes`],
];

const views = [
  `CREATE VIEW pictures AS SELECT id, k, ${one} AS r FROM foxes`,
  "CREATE VIEW framed AS SELECT id, '[' || r || ']' AS r FROM pictures",
];
const functions = [
  `CREATE FUNCTION made(x text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('m1', x) $$`,
  `CREATE FUNCTION made_pl(x text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m1', x) || '!'; END $$`,
  `CREATE FUNCTION also_pl(x text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m2', 'also ' || x); END $$`,
  `CREATE PROCEDURE make_sql() LANGUAGE sql AS $$ UPDATE foxes SET r = ai_gen('m1', p) $$`,
  `CREATE FUNCTION all_made() RETURNS SETOF text LANGUAGE sql AS $$ SELECT ${one} FROM foxes $$`,
  `CREATE FUNCTION all_made_pl() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT ${one} FROM foxes; END $$`,
  `CREATE FUNCTION looped() RETURNS SETOF text LANGUAGE plpgsql AS $$ DECLARE x record; BEGIN FOR x IN SELECT ${one} AS r FROM foxes LOOP RETURN NEXT x.r; END LOOP; END $$`,
];

type Within = [name: string, setup: string[], steps: (string | Sent)[], atOnce?: number];
const within: Within[] = [
  ['a view', views, ['SELECT * FROM pictures']],
  ['a view, some rows', views, ['SELECT r FROM pictures WHERE id > 1'], 3],
  ['a view of a view', views, ['SELECT * FROM framed']],
  ['an aggregate over a view', views, ['SELECT string_agg(r, $$,$$) FROM framed']],
  ['a materialized view of a view', views, ['CREATE MATERIALIZED VIEW made AS SELECT * FROM framed']],
  [
    'REFRESH',
    [`CREATE MATERIALIZED VIEW made AS SELECT ${one} AS r FROM foxes WITH NO DATA`],
    ['REFRESH MATERIALIZED VIEW made'],
  ],
  ['an SQL function for each row', functions, ['SELECT id, made(p) FROM foxes']],
  ['a PL/pgSQL function for each row', functions, ['SELECT id, made_pl(p) FROM foxes']],
  ...[
    ['in UPDATE', 'UPDATE foxes SET p = made_pl(p)'],
    ['in INSERT', 'INSERT INTO log SELECT made_pl(p) FROM foxes'],
    ['in WHERE', "SELECT id FROM foxes WHERE made_pl(p) <> ''"],
    ['over another', "SELECT id, made_pl(upper(p) || 'x') AS r FROM foxes ORDER BY r"],
    ['in an aggregate', "SELECT string_agg(made_pl(p), E'\\n' ORDER BY id) FROM foxes"],
  ].map(
    ([where, text]): Within => [`a PL/pgSQL function for each row ${where}`, functions, [text as string]],
  ),
  ...[
    [
      'with variables',
      "x text := upper(p); y text; BEGIN y := ai_gen('m1', x); y := y || '!'; RETURN y; END",
    ],
    ['with IF', "BEGIN IF length(p) > 100 THEN RETURN NULL; ELSE RETURN ai_gen('m1', p); END IF; END"],
    [
      'with CASE',
      "BEGIN CASE length(p) WHEN 0 THEN RETURN NULL; ELSE NULL; END CASE; RETURN ai_gen('m1', p); END",
    ],
    ['with a NOTICE', "BEGIN RAISE NOTICE 'of %', p; RETURN ai_gen('m1', row_of.p); END"],
    ['with a block', "BEGIN BEGIN p := p || '?'; END; RETURN ai_gen('m1', p); END"],
    ['in two stages', "a text := ai_gen('m1', p); BEGIN RETURN ai_gen('m1', 'again ' || a); END"],
  ].map(
    ([how, body]): Within => [
      `a PL/pgSQL function for each row ${how}`,
      [`CREATE FUNCTION row_of(p text) RETURNS text LANGUAGE plpgsql STRICT AS $$ DECLARE ${body} $$`],
      ['SELECT id, row_of(p) FROM foxes'],
    ],
  ),
  [
    'a PL/pgSQL function of a row',
    [
      `CREATE FUNCTION of_row(f foxes) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m1', f.p); END $$`,
    ],
    ['SELECT id, of_row(foxes) FROM foxes'],
  ],
  ...[
    ['one more of them', 'SELECT id, made_pl(p), also_pl(p) FROM foxes'],
    ['one more of them in UPDATE', 'UPDATE foxes SET p = made_pl(p), r = also_pl(p)'],
    ['an SQL function', 'SELECT id, made_pl(p), made(p) FROM foxes'],
    ['a call', "SELECT id, made_pl(p), ai_gen('m1', p) FROM foxes"],
    ['an SQL function before it', 'SELECT id, made(p), made_pl(p) FROM foxes'],
    ['a call before it', "SELECT id, ai_gen('m1', p), made_pl(p) FROM foxes"],
    ['the same again', "SELECT id, made_pl(p), made_pl(p || 'x') FROM foxes"],
  ].map(
    ([beside, text]): Within => [
      `a PL/pgSQL function for each row beside ${beside}`,
      functions,
      [text as string],
      8,
    ],
  ),
  ...[
    ['a view', 'SELECT $1, r FROM pictures WHERE id > $2'],
    ['a view of a view', 'SELECT r || $1 FROM framed WHERE id > $2'],
    ['an SQL function for each row', 'SELECT id, made($1 || p) FROM foxes WHERE id > $2'],
    ['a PL/pgSQL function for each row', 'SELECT id, made_pl($1 || p) FROM foxes WHERE id > $2'],
    ['PL/pgSQL functions for each row in UPDATE', 'UPDATE foxes SET p = made_pl($1 || p) WHERE id > $2'],
  ].map(
    ([what, text = '']): Within => [
      `${what}, with parameters`,
      [...views, ...functions],
      [{ text, parameters: ['a ', '1'] }],
      3,
    ],
  ),
  [
    'a PL/pgSQL function for each row beside a call with parameters',
    functions,
    [
      {
        text: "UPDATE foxes SET p = made_pl(p || $1), r = ai_gen('m1', $2 || p) WHERE id < $3",
        parameters: ['a', 'b', '4'],
      },
    ],
    6,
  ],
  [
    'a PL/pgSQL function of another one for each row',
    functions,
    ['SELECT id, also_pl(made_pl(p)) FROM foxes'],
  ],
  ['an SQL function of several rows', functions, ['SELECT * FROM all_made()']],
  [
    'an SQL function of several rows, by an argument',
    [
      `CREATE FUNCTION styled(style text, low int) RETURNS TABLE (id int, r text) LANGUAGE sql AS
       $$ SELECT id, ai_gen('m1', p || style) FROM foxes WHERE id >= $2 ORDER BY id $$`,
    ],
    ["SELECT * FROM styled('ink', 2)"],
    3,
  ],
  ['an SQL procedure', functions, ['CALL make_sql()']],
  ['RETURN QUERY', functions, ['SELECT * FROM all_made_pl()']],
  [
    'RETURN QUERY by an argument',
    [
      `CREATE FUNCTION made_for(low int, style text) RETURNS TABLE (id int, r text) LANGUAGE plpgsql AS
       $$ BEGIN RETURN QUERY SELECT f.id, ai_gen('m1', f.p || style) FROM foxes f WHERE f.id >= low ORDER BY f.id; END $$`,
    ],
    ["SELECT * FROM made_for(2, 'ink')"],
    3,
  ],
  [
    'a FOR loop in a procedure, by an argument',
    [
      `CREATE PROCEDURE make_all(low int, most numeric(4, 0)) LANGUAGE plpgsql AS
       $$ DECLARE x record; BEGIN FOR x IN SELECT id, ai_gen('m1', p) AS r FROM foxes WHERE id BETWEEN low AND most LOOP UPDATE foxes SET r = x.r WHERE id = x.id; END LOOP; END $$`,
    ],
    ["CALL make_all(2, '4'::numeric)"],
    3,
  ],
  ['a FOR loop in a function', functions, ['SELECT * FROM looped()']],
  [
    'a FOR loop in DO',
    [],
    [
      `DO $$ DECLARE x record; BEGIN FOR x IN SELECT ${one} AS r FROM foxes LOOP INSERT INTO log VALUES (x.r); END LOOP; END $$`,
    ],
  ],
  ['PERFORM', [], [`DO $$ BEGIN PERFORM ${one} FROM foxes; END $$`]],
  [
    'an array of results in a function',
    [],
    [
      `DO $$ DECLARE x text[]; BEGIN x := ARRAY(SELECT ${one} FROM foxes); INSERT INTO log SELECT unnest(x); END $$`,
    ],
  ],
  [
    'an UPDATE in DO with constants',
    [],
    [
      `DO $do$ DECLARE style constant text := 'ink'; whole text := 'in ' || style; BEGIN UPDATE foxes SET r = ai_gen('m1', p || whole) WHERE id > 0; END $do$`,
    ],
  ],
  [
    'an INSERT in a procedure with variables',
    [
      `CREATE PROCEDURE fill(style text) LANGUAGE plpgsql AS
       $$ DECLARE whole text := ', ' || style; BEGIN INSERT INTO log SELECT ai_gen('m1', p || whole) FROM foxes; END $$`,
    ],
    ["CALL fill('oil')"],
  ],
  ['an UPDATE in DO', [], [`DO $$ BEGIN UPDATE foxes SET r = ${one}; END $$`]],
  ['DECLARE and FETCH ALL', [], [`DECLARE c CURSOR FOR SELECT ${one} FROM foxes`, 'FETCH ALL FROM c']],
  [
    'DECLARE WITH HOLD and COMMIT',
    [],
    [`DECLARE c CURSOR WITH HOLD FOR SELECT ${one} FROM foxes`, 'COMMIT', 'FETCH ALL FROM c', 'CLOSE c'],
  ],
  [
    'DECLARE and FETCH of some',
    [],
    [`DECLARE c CURSOR FOR SELECT ${one} FROM foxes`, 'FETCH 3 FROM c', 'CLOSE c'],
    3,
  ],
  [
    'DECLARE and FETCH of some, twice',
    [],
    [`DECLARE c CURSOR FOR SELECT ${one} FROM foxes`, 'FETCH 2 FROM c', 'FETCH 2 FROM c'],
    2,
  ],
  ['Execute of some rows', [], [{ text: `SELECT ${one} FROM foxes`, parameters: [], rows: 3 }], 3],
  [
    'parameters',
    [],
    [{ text: `SELECT ai_gen('m1', p || $1) FROM foxes WHERE id < $2`, parameters: ['!', '9'] }],
  ],
  [
    'CREATE TABLE AS EXECUTE',
    [`PREPARE run_it (int) AS SELECT ${one} AS r FROM foxes WHERE id < $1`],
    ['CREATE TABLE made (r) AS EXECUTE run_it (9) WITH DATA'],
  ],
  ['EXECUTE', [`PREPARE run_it (int) AS SELECT ${one} FROM foxes WHERE id < $1`], ['EXECUTE run_it (9)']],
  [
    'a batch of INSERTs',
    [],
    [{ text: "INSERT INTO log VALUES (ai_gen('m1', $1))", batch: [['a'], ['b'], ['c'], ['d']] }],
  ],
  [
    'a batch of UPDATEs',
    [],
    [{ text: "UPDATE foxes SET r = ai_gen('m1', p) WHERE id = $1", batch: [['1'], ['2'], ['3'], ['4']] }],
  ],
  [
    'a batch of SELECTs',
    [],
    [
      {
        text: "SELECT ai_gen('m1', p), $1::int FROM foxes WHERE id = $1",
        batch: [['1'], ['2'], ['3'], ['4']],
      },
    ],
  ],
  [
    'a batch of INSERT … SELECT',
    [],
    [{ text: "INSERT INTO log SELECT ai_gen('m1', p) FROM foxes WHERE id % 2 = $1", batch: [['0'], ['1']] }],
  ],
  [
    'a batch of updates of parts of a table',
    [],
    [{ text: "UPDATE parts SET r = ai_gen('m1', id::text) WHERE k = $1", batch: [['0'], ['1'], ['2']] }],
  ],
  [
    'a client’s portal in two parts, where another schema has a table of the name',
    ['CREATE SCHEMA mine', 'CREATE TABLE mine.foxes (id int, p text)'],
    [
      {
        text: 'Bind and Execute',
        frames: [parse('', `SELECT ${one} FROM foxes`), bind('a', ''), execute('a', 2)],
      },
      { text: 'Execute', frames: [execute('a', 2)] },
    ],
    2,
  ],
  [
    'a client’s portal of rows that a result lets through, in two parts',
    [],
    [
      {
        text: 'Bind and Execute',
        frames: [parse('', `SELECT id FROM foxes WHERE ${one} <> ''`), bind('a', ''), execute('a', 2)],
      },
      { text: 'Execute', frames: [execute('a', 2)] },
    ],
    2,
  ],
  [
    'a pipe of an INSERT, an UPDATE and a SELECT',
    [],
    [
      {
        text: "INSERT INTO log VALUES (ai_gen('m1', $1))",
        batch: [['a'], ['b']],
        behind: [
          { text: "UPDATE foxes SET r = ai_gen('m2', p) WHERE id = $1", parameters: ['2'] },
          { text: "SELECT ai_gen('m3', p) FROM foxes WHERE id = $1", parameters: ['1'] },
        ],
      },
    ],
  ],
  [
    'a batch of summaries',
    [],
    [{ text: "SELECT ai_summarize('m1', $1)", batch: [['a'], ['b'], ['c'], ['d']] }],
  ],
  [
    'several statements in one text',
    [],
    [
      "INSERT INTO log VALUES (ai_gen('m1', 'a')); INSERT INTO log SELECT ai_gen('m1', p) FROM foxes WHERE id < 3; UPDATE foxes SET r = ai_gen('m2', p) WHERE id = 3",
    ],
  ],
  [
    'statements between savepoints in one text',
    [],
    [
      "SAVEPOINT s; INSERT INTO log VALUES (ai_gen('m1', 'a')); INSERT INTO log VALUES ('b'); SELECT ai_gen('m1', p) FROM foxes WHERE id < 4; RELEASE s",
    ],
  ],
];

const asSteps = (steps: (string | Sent)[]) =>
  steps.map((step) => (typeof step === 'string' ? { text: step } : step));
const called = ["CREATE TABLE called (id int, r text DEFAULT ai_gen('m1', 'always'))"];

const inHalves = (calls: number) => [calls / 2, calls / 2];
const stages: Record<string, Shape['stages']> = {
  'a call of a call': inHalves,
  'WHERE, and a call in the list': inHalves,
  'DECLARE and FETCH of some, twice': inHalves,
  'a client’s portal in two parts, where another schema has a table of the name': inHalves,
  'results filtered and limited, and a call about each': inHalves,
  'a call that filters and groups': inHalves,
  'a client’s portal of rows that a result lets through, in two parts': inHalves,
  'a campaign of three stages': (calls) => [calls - 4, 2, 2],
  'ORDER BY one call, and another in the list': inHalves,
  'the best by one call, and another in the list': inHalves,
  'DISTINCT ON one call': inHalves,
  'GROUP BY a call, and another about each group': inHalves,
  'rank() over one call, and another in the list': inHalves,
  'two CTEs of calls, joined': inHalves,
  'EXCEPT of arms that are filtered by calls': inHalves,
};

export const shapes: Shape[] = [
  ...[...selects, ...writes].map(([name, text, atOnce]) => ({
    ...{ name, atOnce, stages: stages[name] },
    steps: [{ text }],
    setup: called,
  })),
  { name: '(f(call)).*', steps: [{ text: `SELECT (pair_of(${one})).* FROM foxes` }], fewer: 4 },
  ...[...within, ...carefulShapes].map(([name, setup, steps, atOnce]) => ({
    ...{ name, atOnce, setup, steps: asSteps(steps), stages: stages[name] },
  })),
];
