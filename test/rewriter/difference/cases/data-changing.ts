/** Statements that change data: whose parameters and whose calls the look's query could take for others. */
import { type Case, sent } from './case.js';

const sevens = [
  'CREATE TABLE sevens (k int, p text, r text)',
  "INSERT INTO sevens VALUES (7, 'a', NULL), (7, 'b', NULL), (7, 'c', NULL)",
];
const kept = [
  'CREATE TABLE kept (id int PRIMARY KEY, name text, r text)',
  "INSERT INTO kept VALUES (1, 'old 1', NULL), (2, 'old 2', NULL)",
];

/** A plan of the key alone finds other rows first than one of whole rows. Enough of them, so that it is taken. */
const backwards = [
  'CREATE TABLE backwards (id int PRIMARY KEY, note text)',
  "INSERT INTO backwards SELECT i, repeat('x', 1000) FROM generate_series(300, 1, -1) i",
  'CREATE TABLE thousand (id int PRIMARY KEY, p text, r text)',
  "INSERT INTO thousand SELECT i, 'p' || i, NULL FROM generate_series(1, 300) i",
  'ANALYZE backwards, thousand',
  "UPDATE pg_class SET relallvisible = relpages WHERE relname IN ('backwards', 'thousand')",
];

export const dataChanging: Record<string, Case[]> = {
  'parameters are of the types that the statement itself gives them': [
    [
      'UPDATE',
      sent(['007'], "UPDATE sevens SET r = ai_gen('m1', 'run ' || $1 || ' ' || p) WHERE k = $1::int"),
      ...sevens,
    ],
    [
      'UPDATE of a date',
      sent(
        ['2026-1-5'],
        "UPDATE sevens SET r = ai_gen('m1', 'on ' || $1 || ' ' || p) WHERE DATE '2026-01-05' = $1::date",
      ),
      ...sevens,
    ],
    [
      'DELETE',
      sent(
        ['007'],
        "DELETE FROM sevens WHERE k = $1::int AND ai_gen('m1', 'run ' || $1 || ' ' || p) = 'none'",
      ),
      ...sevens,
    ],
    [
      'MERGE',
      sent(
        ['007'],
        "MERGE INTO sevens t USING (VALUES (7)) s (k) ON t.k = s.k AND s.k = $1::int WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', 'on ' || $1 || ' ' || p)",
      ),
      ...sevens,
    ],
    [
      'ON CONFLICT',
      sent(
        ['1', '2', '007'],
        "INSERT INTO kept (id, name) VALUES ($1, 'new 1'), ($2, 'new 2') ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', kept.name || $3) WHERE kept.id < $3::int",
      ),
      ...kept,
    ],
  ],
  'some rows of a sub-select, in no order': [
    [
      'UPDATE … FROM',
      "UPDATE thousand t SET r = ai_gen('m1', t.p) FROM (SELECT * FROM backwards LIMIT 5) x WHERE x.id = t.id",
      ...backwards,
    ],
    [
      'UPDATE … FROM a CTE',
      "WITH x AS (SELECT * FROM backwards LIMIT 5) UPDATE thousand t SET r = ai_gen('m1', t.p) FROM x WHERE x.id = t.id",
      ...backwards,
    ],
    [
      'DELETE … USING',
      "DELETE FROM thousand t USING (SELECT * FROM backwards LIMIT 5) x WHERE x.id = t.id AND ai_gen('m1', t.p) = 'no'",
      ...backwards,
    ],
    [
      'MERGE',
      "MERGE INTO thousand t USING (SELECT * FROM backwards LIMIT 5) x ON x.id = t.id WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', t.p)",
      ...backwards,
    ],
    [
      'ON CONFLICT',
      "INSERT INTO thousand (id, p) SELECT id, note FROM backwards LIMIT 5 ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', thousand.p)",
      ...backwards,
    ],
  ],
  'some rows of what a sub-select reads': [
    [
      'a view',
      "UPDATE thousand t SET r = ai_gen('m1', t.p) FROM some_of_them x WHERE x.id = t.id",
      ...backwards,
      'CREATE VIEW some_of_them AS SELECT * FROM backwards LIMIT 5',
    ],
    [
      'a sub-select in a sub-select',
      "UPDATE thousand t SET r = ai_gen('m1', t.p) FROM (SELECT id FROM (SELECT * FROM backwards LIMIT 5) y) x WHERE x.id = t.id",
      ...backwards,
    ],
    [
      'a list from a CTE',
      "WITH x AS (SELECT * FROM backwards LIMIT 5) UPDATE thousand t SET r = ai_gen('m1', t.p) WHERE id IN (SELECT id FROM x)",
      ...backwards,
    ],
    [
      'a view of which rows are inserted',
      "INSERT INTO thousand (id, p) SELECT id, note FROM some_of_them ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', thousand.p)",
      ...backwards,
      'CREATE VIEW some_of_them AS SELECT * FROM backwards LIMIT 5',
    ],
    [
      'a list',
      "UPDATE thousand t SET r = ai_gen('m1', t.p) WHERE id IN (SELECT id FROM backwards LIMIT 5)",
      ...backwards,
    ],
  ],
  'statements of a pipe of which some make no call': [
    [
      'an upsert among inserts',
      {
        text: "INSERT INTO kept (id, name) VALUES ($1, CASE WHEN $2 <> '' THEN ai_gen('m1', $2) ELSE 'none' END) ON CONFLICT (id) DO UPDATE SET r = ai_gen('m2', excluded.name)",
        batch: [
          ['10', 'a'],
          ['1', ''],
          ['11', 'b'],
        ],
      },
      ...kept,
    ],
  ],
  'SQL that a function in C runs': [
    [
      'a call of a call in a crosstab',
      "SELECT * FROM crosstab($$SELECT id, k, ai_gen('m2', 'In French: ' || ai_gen('m1', p)) FROM f ORDER BY 1$$) AS c (id int, a text)",
      'CREATE EXTENSION tablefunc',
      'CREATE TABLE f (id int, k text, p text)',
      "INSERT INTO f VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, 'a', 'z')",
    ],
    [
      'a text of query_to_xml',
      "SELECT query_to_xml('SELECT coalesce(ai_gen(''m1'', p), ai_gen(''m2'', p)) FROM sevens', true, false, '')",
      ...sevens,
    ],
    [
      'a check behind a foreign key’s action',
      "UPDATE parent SET id = id + 10, r = CASE WHEN id > 10 THEN ai_gen('m1', p) END",
      'CREATE TABLE parent (id int PRIMARY KEY, p text, r text)',
      "INSERT INTO parent VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', NULL)",
      "CREATE TABLE child (id int REFERENCES parent ON UPDATE CASCADE, CHECK (id < 10 OR ai_gen('m2', 'child ' || id) IS NOT NULL))",
      'INSERT INTO child VALUES (1), (2), (3)',
    ],
  ],
};
