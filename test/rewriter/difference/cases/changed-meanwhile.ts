/** What names mean, and how a query is planned, when it was prepared or opened, and when it runs: the look must not take the one for the other. */
import { bind, execute, frame, parse, text } from '../../../frontend/raw-client.js';
import type { Sent } from '../wire-session.js';
import type { Case } from './case.js';

const query = "SELECT id, ai_gen('m1', p) FROM foxes WHERE id > 0 ORDER BY id";
/** There may be tables of the session before, so that nothing tells it of another one. */
const warm = 'CREATE TEMP TABLE warm (a int) ON COMMIT DROP';
const own =
  "CREATE TEMP TABLE foxes ON COMMIT DROP AS SELECT i AS id, 'own ' || i AS p FROM generate_series(1, 3) i";
const mine = [
  'CREATE SCHEMA mine',
  "CREATE TABLE mine.foxes AS SELECT i AS id, 'mine ' || i AS p FROM generate_series(1, 4) i",
];
const path = 'SET LOCAL search_path = mine, public, hologen_names';
const heap = [
  'CREATE TABLE heap AS SELECT id, p FROM foxes ORDER BY id DESC',
  'ALTER TABLE heap ADD PRIMARY KEY (id)',
  'ANALYZE heap',
];
const first = "SELECT ai_gen('m1', p) FROM heap WHERE id > 0 LIMIT 2";
const inFunction = (body: string) =>
  `CREATE FUNCTION go() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY ${body}; END $$`;
const framed = (argument: string, mark: string) =>
  `CREATE FUNCTION framed(a ${argument}) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '${mark}' || a $$`;
const drawn =
  "CREATE FUNCTION drawn(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m1', framed(p)); END $$";

const sent = (told: string, ...frames: Buffer[]): Sent => ({ text: told, frames });
const prepared = (name: string, written: string) => sent(`PREPARE ${written}`, parse(name, written));
const run = (name: string) => sent('EXECUTE', bind('', name), execute('', 0));
const closed = (name: string) => sent('DEALLOCATE', frame('C', Buffer.from('S'), text(name)));
const opened = (portal: string, written: string) => sent(written, parse('', written), bind(portal, ''));
const fetched = (portal: string, rows: number) => sent(`FETCH ${rows}`, execute(portal, rows));

const declared = (written: string, ...between: string[]) => [
  `DECLARE c CURSOR FOR ${written}`,
  ...between,
  'FETCH 2 FROM c',
  'FETCH ALL FROM c',
];

export const changedMeanwhile: Record<string, Case[]> = {
  'a table of the same name is made': [
    ['PREPARE', ['EXECUTE q1', own, 'EXECUTE q1', 'DEALLOCATE q1'], warm, `PREPARE q1 AS ${query}`],
    [
      'PREPARE, in a schema of the path',
      ['EXECUTE q2', mine[1] as string, 'EXECUTE q2', 'DEALLOCATE q2'],
      ...['CREATE SCHEMA mine', path, `PREPARE q2 AS ${query}`],
    ],
    ['a client’s Parse', [prepared('q3', query), run('q3'), own, run('q3'), closed('q3')], warm],
    [
      'a client’s Parse in the same pipe',
      [
        sent(
          `PREPARE, ${own}, EXECUTE`,
          parse('q4', query),
          parse('', own),
          bind('', ''),
          execute('', 0),
          bind('', 'q4'),
          execute('', 0),
        ),
        closed('q4'),
      ],
      warm,
    ],
    ['a client’s Bind', [opened('p1', query), own, fetched('p1', 2), fetched('p1', 0)], warm],
    [
      'a function in PL/pgSQL',
      ['SELECT * FROM go()', own, 'SELECT * FROM go()'],
      ...[warm, inFunction("SELECT ai_gen('m1', p) FROM foxes ORDER BY id")],
    ],
    [
      'a function in SQL',
      ['SELECT * FROM go()', own, 'SELECT * FROM go()'],
      warm,
      "CREATE FUNCTION go() RETURNS SETOF text LANGUAGE sql AS $$ SELECT ai_gen('m1', p) FROM foxes ORDER BY id $$",
    ],
    ['a cursor', declared(query, own), warm],
  ],
  'a function of the same name is made': [
    [
      'PREPARE',
      ['EXECUTE q5', framed('text', '<'), 'EXECUTE q5', 'DEALLOCATE q5'],
      framed('varchar', 'v'),
      "PREPARE q5 AS SELECT ai_gen('m1', framed(p)) FROM foxes ORDER BY id",
    ],
    [
      'for each row',
      [
        'SELECT drawn(p) FROM foxes ORDER BY id',
        framed('text', '<'),
        'SELECT drawn(p) FROM foxes ORDER BY id',
      ],
      ...[framed('varchar', 'v'), drawn],
    ],
    [
      'a cursor',
      declared("SELECT id, ai_gen('m1', framed(p)) FROM foxes ORDER BY id", framed('text', '<')),
      framed('varchar', 'v'),
    ],
    [
      'a cursor, of a function that is replaced',
      declared(
        "SELECT id, ai_gen('m1', framed(p)) FROM foxes ORDER BY id",
        framed('text', '<').replace('CREATE', 'CREATE OR REPLACE'),
      ),
      framed('text', 'v'),
    ],
  ],
  'a cursor is open': [
    ['another path', declared(query, path), ...mine],
    [
      'another path, in a client’s portal',
      [opened('p2', query), path, fetched('p2', 2), fetched('p2', 0)],
      ...mine,
    ],
    ['another path, in a whole portal', [opened('p3', query), path, fetched('p3', 0)], ...mine],
    [
      'another path, in a portal of which rows were read',
      [sent(query, parse('', query), bind('p5', ''), execute('p5', 2)), path, fetched('p5', 0)],
      ...mine,
    ],
    [
      'another path, and another Bind in front of its Execute',
      [
        opened('p6', query),
        path,
        sent('SELECT, FETCH', parse('', 'SELECT 1'), bind('p7', ''), execute('p6', 2)),
      ],
      ...mine,
    ],
    ['another role', declared("SELECT id, ai_gen('m1', p) FROM owned ORDER BY id", 'SET LOCAL ROLE painter')],
    [
      'another view',
      declared(
        'SELECT id, r FROM seen ORDER BY id',
        "CREATE OR REPLACE VIEW seen AS SELECT id, ai_gen('m2', p) AS r FROM foxes",
      ),
      "CREATE VIEW seen AS SELECT id, ai_gen('m1', p) AS r FROM foxes",
    ],
    [
      'other settings',
      declared("SELECT id, ai_gen('m1', p) FROM heap WHERE id > 0", 'SET LOCAL enable_seqscan = off'),
      ...heap,
    ],
    [
      'other settings, in a client’s portal',
      [
        opened('p4', "SELECT id, ai_gen('m1', p) FROM heap WHERE id > 0"),
        'SET LOCAL enable_seqscan = off',
        fetched('p4', 2),
      ],
      ...heap,
    ],
  ],
  'a plan is kept': [
    [
      'PREPARE',
      ['EXECUTE q6', 'SET LOCAL enable_seqscan = off', 'EXECUTE q6', 'DEALLOCATE q6'],
      ...heap,
      `PREPARE q6 AS ${first}`,
    ],
    [
      'a client’s Parse',
      [prepared('q7', first), run('q7'), 'SET LOCAL enable_seqscan = off', run('q7'), closed('q7')],
      ...heap,
    ],
    [
      'a function in PL/pgSQL',
      ['SELECT * FROM go()', 'SET LOCAL enable_seqscan = off', 'SELECT * FROM go()'],
      ...[...heap, inFunction(first)],
    ],
    [
      'a function in PL/pgSQL, and a table that grows',
      [
        'SELECT * FROM go()',
        "INSERT INTO heap SELECT i, 'x ' || i FROM generate_series(5, 20000) i",
        'SELECT * FROM go()',
      ],
      heap[0] as string,
      'CREATE INDEX ON heap (id)',
      inFunction("SELECT ai_gen('m1', h.p) FROM heap h JOIN foxes f ON f.id = h.id LIMIT 2"),
    ],
  ],
};
