/** What a plan does not tell: parts that EXPLAIN does not print, parts of tables that it leaves out, and functions that do more than they say. */
import type { Case } from './case.js';

const view = (text: string) => `CREATE VIEW hiding AS ${text}`;
const inSql = (text: string, volatility: string) =>
  `CREATE FUNCTION hiding() RETURNS SETOF text LANGUAGE sql ${volatility} AS $$ ${text} $$`;
const ordered = "SELECT id, ai_gen('m1', p) AS r FROM foxes ORDER BY id";
const framed = (end: string) =>
  `SELECT id, array_agg(ai_gen('m1', p)) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND ${end} FOLLOWING) AS r FROM foxes`;
const lying = (body: string, volatility = 'STABLE') =>
  `CREATE FUNCTION lying() RETURNS text LANGUAGE plpgsql ${volatility} AS $$ BEGIN RETURN ${body}; END $$`;
const ofParts = {
  text: "SELECT ai_gen('m2', coalesce(r, 'none')) FROM parts WHERE k = $1",
  parameters: ['0'],
};

export const hiddenParts: Record<string, Case[]> = {
  'what EXPLAIN does not print': [
    ['LIMIT by a sequence', `${ordered} LIMIT nextval('numbers') + 1`],
    ['OFFSET by a sequence', `${ordered} LIMIT 2 OFFSET nextval('numbers')`],
    [
      'LIMIT by a sequence in a view',
      'SELECT * FROM hiding',
      view(`${ordered} LIMIT nextval('numbers') + 1`),
    ],
    [
      'LIMIT by a sequence in a view of a view',
      'SELECT * FROM above',
      view(`${ordered} LIMIT nextval('numbers') + 1`),
      'CREATE VIEW above AS SELECT id, r FROM hiding WHERE id > 0',
    ],
    [
      'LIMIT by a result in a view',
      'SELECT * FROM hiding',
      view(`${ordered} LIMIT length(ai_gen('m2', 'x')) - 3`),
    ],
    [
      'LIMIT by a column in a view, which is a result',
      'SELECT max(r) FROM hiding',
      view(
        "SELECT z.r FROM (SELECT id, length(r) - 6 AS n FROM painted OFFSET 0) x, LATERAL (SELECT ai_gen('m1', p) AS r FROM foxes LIMIT x.n) z",
      ),
    ],
    [
      'LIMIT by a sequence in a function in SQL',
      'SELECT * FROM hiding()',
      inSql("SELECT ai_gen('m1', p) FROM foxes ORDER BY id LIMIT nextval('numbers') + 1", 'VOLATILE'),
    ],
    [
      'LIMIT by a sequence in a function that is put into the statement',
      'SELECT * FROM hiding()',
      inSql("SELECT ai_gen('m1', p) FROM foxes ORDER BY id LIMIT nextval('numbers') + 1", 'STABLE'),
    ],
    ['the frame of a window by a sequence', framed("nextval('numbers')")],
    ['the frame of a window by a result', framed("length(ai_gen('m2', 'x')) - 4")],
    [
      'the frame of a window by a sequence in a view',
      'SELECT * FROM hiding',
      view(framed("nextval('numbers')")),
    ],
    [
      'VALUES of a view that takes numbers',
      'SELECT * FROM hiding',
      view(
        "SELECT * FROM (VALUES (nextval('numbers'), ai_gen('m1', 'a')), (nextval('numbers'), ai_gen('m2', 'b'))) v (a, b)",
      ),
    ],
    [
      'VALUES of a view in which a result decides',
      'SELECT * FROM hiding',
      view(
        "SELECT * FROM (VALUES (1, coalesce(ai_gen('m1', 'a'), ai_gen('m3', 'a'))), (2, ai_gen('m2', 'b'))) v (a, b)",
      ),
    ],
  ],
  'what EXPLAIN does not print of statements that are sent together': [
    ...[
      "SELECT * FROM (VALUES (counted()), ('b')) v (x)",
      'SELECT (count(*) OVER (ORDER BY id ROWS counted()::int PRECEDING))::text AS x FROM foxes',
      'SELECT p AS x FROM foxes ORDER BY id LIMIT counted()::int + 1',
    ].map(
      (text): Case => [
        text,
        "INSERT INTO log VALUES (ai_gen('m1', 'a')); SELECT ai_gen('m2', x) FROM hiding",
        'CREATE FUNCTION counted() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT count(*) FROM log); END $$',
        view(text),
      ],
    ),
  ],
  'what is evaluated again for each row that it lets through': [
    [
      'a call that JSON_TABLE is passed, of rows that it lets through as NULL alone',
      "SELECT id, x.t FROM s, json_table(jsonb_build_array(p), '$[*] ? (@ == $no)' PASSING ai_gen('m1', id::text) AS no COLUMNS (t text PATH '$')) x",
    ],
    [
      'a call that JSON_TABLE is passed, of rows that it lets through as a text alone',
      "SELECT id, x.t FROM s, json_table(jsonb_build_array(p), '$[*] ? (@ != $no)' PASSING ai_gen('m1', id::text) AS no COLUMNS (t text PATH '$')) x",
    ],
    [
      'a call that JSON_TABLE is passed in a view',
      'SELECT * FROM passing',
      "CREATE VIEW passing AS SELECT id, x.t FROM s, json_table(jsonb_build_array(p), '$[*] ? (@ == $no)' PASSING ai_gen('m1', id::text) AS no COLUMNS (t text PATH '$')) x",
    ],
    [
      'a sub-select with a call that JSON_TABLE is passed',
      "SELECT id, x.t FROM s, json_table(jsonb_build_array(p), '$[*] ? (@ == $no)' PASSING (SELECT ai_gen('m1', id::text)) AS no COLUMNS (t text PATH '$')) x",
    ],
    [
      'a result of below that JSON_TABLE is passed',
      "WITH c AS MATERIALIZED (SELECT id, p, ai_gen('m1', id::text) AS r FROM s) SELECT id, x.t FROM c, json_table(jsonb_build_array(p), '$[*] ? (@ == $no)' PASSING r AS no COLUMNS (t text PATH '$')) x",
    ],
  ],
  'a window function that asks until it is given a number': [
    ['ntile of a result', "SELECT id, ntile(length(ai_gen('m1', p)) - 8) OVER (ORDER BY id) FROM foxes"],
    [
      'ntile of a result for each group',
      "SELECT id, ntile(length(ai_gen('m1', p)) - 7) OVER (PARTITION BY k ORDER BY id) FROM foxes",
    ],
    [
      'ntile of a sub-select',
      "SELECT id, ntile((SELECT length(ai_gen('m1', foxes.p)) - 8)::int) OVER (ORDER BY id) FROM foxes",
    ],
    [
      'ntile of a result of below',
      "WITH c AS MATERIALIZED (SELECT id, ai_gen('m1', p) AS r FROM foxes) SELECT id, ntile(length(r) - 8) OVER (ORDER BY id) FROM c",
    ],
  ],
  'parts of a table that a plan for any values leaves out': [
    [
      'read behind an UPDATE of the table',
      {
        text: "UPDATE parts SET r = ai_gen('m1', p) WHERE k = $1 AND p IS NOT NULL",
        batch: [['0'], ['1']],
        behind: [ofParts],
      },
    ],
    [
      'read behind an INSERT into one of them',
      {
        text: "INSERT INTO parts_0 (id, p, k, r) VALUES ($1, 'new', 0, ai_gen('m1', 'x'))",
        batch: [['7'], ['8']],
        behind: [ofParts],
      },
    ],
    [
      'one by one',
      {
        text: "UPDATE parts SET r = ai_gen('m1', p) WHERE k = $1 AND p IS NOT NULL",
        batch: [['0'], ['1'], ['0']],
      },
    ],
    [
      'another column of them',
      {
        text: "UPDATE parts SET r = ai_gen('m1', p) WHERE k = $1 AND p IS NOT NULL",
        batch: [['0'], ['1']],
        behind: [
          { text: "UPDATE parts SET p = ai_gen('m2', coalesce(r, 'none')) WHERE k = $1", parameters: ['0'] },
        ],
      },
    ],
  ],
  'functions that are volatile in spite of their word': [
    [
      'STABLE, with a sequence',
      "SELECT id, ai_gen('m1', p || lying()) FROM foxes ORDER BY id",
      lying("nextval('numbers')"),
    ],
    [
      'STABLE, with a random number',
      "SELECT id, ai_gen('m1', p || lying()) FROM foxes ORDER BY id",
      lying('random()'),
    ],
    [
      'STABLE, by way of another one',
      "SELECT id, ai_gen('m1', p || lying()) FROM foxes ORDER BY id",
      "CREATE FUNCTION another() RETURNS bigint LANGUAGE sql AS $$ SELECT pg_catalog.nextval('numbers') $$",
      lying('another()'),
    ],
    [
      'a variable that must not be NULL',
      'SELECT id, drawn(p) FROM foxes ORDER BY id',
      "CREATE FUNCTION drawn(p text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE c text NOT NULL := nullif(p, 'fox 3'); BEGIN RETURN ai_gen('m1', c || p); END $$",
    ],
  ],
};
