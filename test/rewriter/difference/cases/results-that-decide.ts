/** A call's result decides whether another call is made, or how often: that one is never sent before the result is there. */
import type { Case } from './case.js';

/** What the view `painted` gives for a row of foxes: a call that does not stand in the statement's text. */
const hidden = '(SELECT max(r) FROM painted WHERE painted.id = foxes.id)';

/** What makes rows of a list few, or seems to; in each there is a second row for some. */
const keyed: [name: string, key: string, on: string, ...more: string[]][] = [
  ['a unique index', 'ALTER TABLE lists ADD PRIMARY KEY (id)', 'g.id = f.id'],
  ['of several columns', 'CREATE UNIQUE INDEX ON lists (k, id)', 'g.id = f.id AND g.k = 0'],
  ['of a larger type', 'CREATE UNIQUE INDEX ON lists (id)', 'g.id = f.id::bigint'],
  ['of a text', 'CREATE UNIQUE INDEX ON lists (p)', 'g.p = f.p'],
  ['of some rows', 'CREATE UNIQUE INDEX ON lists (id) WHERE id > 1', 'g.id = f.id AND g.id > 1'],
  [
    'one that is no unique index',
    'CREATE INDEX ON lists (id)',
    'g.id = f.id',
    "INSERT INTO lists SELECT id, k, 'a 2 ' || p FROM foxes",
  ],
  ['only some columns', 'CREATE UNIQUE INDEX ON lists (k, id)', 'g.k = f.k'],
  ['several values', 'CREATE UNIQUE INDEX ON lists (id)', 'g.id = ANY (ARRAY[f.id, f.k])'],
  ['a range', 'CREATE UNIQUE INDEX ON lists (id)', 'g.id >= f.id'],
  [
    'NULLs',
    'CREATE UNIQUE INDEX ON lists (id)',
    'g.id IS NULL',
    "INSERT INTO lists VALUES (NULL, 1, 'a'), (NULL, 1, '2')",
  ],
  ['an expression', 'CREATE UNIQUE INDEX ON lists ((id + 1))', 'g.id + 1 = f.id'],
  [
    'a key that is checked at the end',
    'ALTER TABLE lists ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED',
    'g.id = f.id',
    "INSERT INTO lists SELECT id, k, '2 ' || p FROM foxes",
  ],
  [
    'columns that it only carries',
    'CREATE UNIQUE INDEX ON lists (id) INCLUDE (k)',
    'g.id = f.id AND g.k = 1',
  ],
];

export const resultsThatDecide: Record<string, Case[]> = {
  'a result in front of another call': [
    ['a sub-select of a view in a coalesce', `SELECT max(coalesce(${hidden}, ai_gen('m1', p))) FROM foxes`],
    ['a sub-select of a view behind a call', `SELECT max(coalesce(ai_gen('m1', p), ${hidden})) FROM foxes`],
    ['a sub-select of a view in a prompt', `SELECT max(ai_gen('m1', coalesce(${hidden}, p))) FROM foxes`],
    [
      'a sub-select of a view in FILTER',
      `SELECT max(ai_gen('m1', p)) FILTER (WHERE ${hidden} IS NULL) FROM foxes`,
    ],
    ['a sub-select of a view in an UPDATE', `UPDATE foxes SET r = coalesce(${hidden}, ai_gen('m1', p))`],
    [
      'a sub-select of a view in an INSERT',
      `INSERT INTO o (n, r) SELECT id, coalesce(${hidden}, ai_gen('m1', p)) FROM foxes`,
    ],
    [
      'a column of a view that is one of two tables',
      "SELECT array_agg(coalesce(x.r, ai_gen('m1', x.p))) FROM (SELECT * FROM painted UNION ALL SELECT id, p, 'x' FROM foxes) x WHERE p IS NOT NULL",
    ],
    [
      'a column of a window over a view',
      "SELECT array_agg(coalesce(x.r, ai_gen('m1', x.p))) FROM (SELECT p, first_value(r) OVER (ORDER BY id) r FROM painted) x WHERE p IS NOT NULL",
    ],
    [
      'a column of a view in a sub-select that calls',
      "SELECT max((SELECT max(ai_gen('m1', u.id || '')) FROM u WHERE u.id = x.id AND x.r IS NULL)) FROM (SELECT * FROM painted OFFSET 0) x",
    ],
  ],
  'conditions side by side': [
    [
      'the cheaper one stands second',
      "SELECT id FROM foxes WHERE ai_gen('m1', 'draw ' || p) IS NOT NULL AND ai_gen('m2', p) IS NULL",
    ],
    [
      'a view in the costlier one',
      `SELECT id FROM foxes WHERE ${hidden} IS NULL AND ai_gen('m1', p) IS NULL`,
    ],
    [
      'sub-selects, of which the cheaper one stands second',
      "SELECT id FROM foxes WHERE (SELECT max(ai_gen('m1', style || p)) FROM u WHERE style IS NOT NULL) IS NULL AND (SELECT ai_gen('m2', p)) IS NULL",
    ],
    [
      'a condition for all rows',
      "SELECT x.r FROM (SELECT ai_gen('m1', p) r FROM foxes OFFSET 0) x WHERE (SELECT ai_gen('m2', 'q')) IS NULL",
    ],
  ],
  'lists that are hashed': [
    [
      'NOT IN',
      "SELECT id FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%2%') ORDER BY id",
    ],
    [
      'NOT IN nothing',
      "SELECT id FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) = 'x') ORDER BY id",
    ],
    [
      'a call that is looked for',
      "SELECT id FROM foxes WHERE ai_gen('m2', p) NOT IN (SELECT p FROM foxes WHERE ai_gen('m1', p) = 'x') ORDER BY id",
    ],
    [
      'a sub-select that is looked for',
      "SELECT id FROM foxes f WHERE (SELECT ai_gen('m2', f.p)) NOT IN (SELECT p FROM foxes WHERE ai_gen('m1', p) = 'x') ORDER BY id",
    ],
    [
      'a call of a call that is looked for',
      "SELECT id FROM foxes WHERE ai_gen('m2', p) NOT IN (SELECT ai_gen('m1', p) FROM foxes WHERE ai_gen('m3', p) = 'x') ORDER BY id",
    ],
    [
      'no rows that ask',
      "SELECT id FROM foxes WHERE k > 7 AND id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) = 'x')",
    ],
    [
      'a result before it',
      "SELECT id FROM foxes WHERE ai_gen('m2', p) = 'x' AND id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) = 'x')",
    ],
    [
      'a result behind it',
      "SELECT id FROM foxes WHERE id IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%2%') IS TRUE AND ai_gen('m2', p) <> '' ORDER BY id",
    ],
    [
      'two of them',
      "SELECT id FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) <> '') AND id NOT IN (SELECT k FROM foxes WHERE ai_gen('m2', p) <> '')",
    ],
    [
      'in the list and in CASE',
      "SELECT id IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%2%'), CASE WHEN id NOT IN (SELECT k FROM foxes WHERE ai_gen('m2', p) LIKE '%2%') THEN ai_gen('m3', p) END FROM foxes ORDER BY id",
    ],
    [
      'some rows',
      "SELECT id FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%2%') ORDER BY id LIMIT 1",
    ],
    [
      'in EXISTS',
      "SELECT EXISTS (SELECT FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%1%'))",
    ],
    [
      'by the row outside',
      "SELECT id FROM foxes f WHERE id NOT IN (SELECT id FROM foxes g WHERE g.k = f.k AND ai_gen('m1', g.p || f.p) LIKE '%2%') ORDER BY id",
    ],
    [
      'of a CTE that is read twice',
      "WITH c AS MATERIALIZED (SELECT id, ai_gen('m1', p) AS r FROM foxes) SELECT id FROM foxes WHERE id NOT IN (SELECT id FROM c WHERE r LIKE '%2%') ORDER BY id",
    ],
    [
      'NULLs',
      "SELECT id FROM s WHERE p NOT IN (SELECT p FROM s WHERE ai_gen('m1', coalesce(p, 'n')) LIKE '%o%') ORDER BY id",
    ],
    [
      'UPDATE',
      "UPDATE foxes SET r = 'none' WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%2%')",
    ],
    ['DELETE', "DELETE FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) LIKE '%2%')"],
    [
      'a list that is NULL for a row',
      "SELECT id FROM s WHERE (id, p) NOT IN (SELECT id, p FROM s WHERE ai_gen('m1', coalesce(p, 'n')) LIKE '%o%') ORDER BY id",
    ],
  ],
  'a list of one row by a key': [
    ...keyed.map(
      ([name, key, on, ...more]): Case => [
        name,
        `SELECT f.id FROM foxes f WHERE NOT EXISTS (SELECT FROM lists g WHERE ${on} AND ai_gen('m1', g.p) LIKE '%2%') ORDER BY id`,
        ...['CREATE TABLE lists (id int, k int, p text)', `${key}; ${more.join(';')}`],
        'INSERT INTO lists SELECT id, k, p FROM foxes',
        'SET LOCAL enable_seqscan = off',
      ],
    ),
    [
      'a call behind it',
      "SELECT ai_gen('m2', f.p) FROM foxes f WHERE NOT EXISTS (SELECT FROM foxes g WHERE g.id = f.id AND ai_gen('m1', g.p) LIKE '%2%')",
      'SET LOCAL enable_seqscan = off',
    ],
    [
      'a join of one row for each',
      "SELECT f.id, g.id FROM foxes f JOIN foxes g ON g.id = f.k AND ai_gen('m1', g.p) LIKE '%1%' ORDER BY 1",
      'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off',
    ],
    [
      'a list that is joined',
      "SELECT id FROM foxes WHERE id IN (SELECT g.id FROM foxes g WHERE ai_gen('m1', g.p) LIKE '%1%') ORDER BY 1",
      'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off',
    ],
  ],
  'which rows there are to be asked about': [
    [
      'a function of a result',
      "WITH x AS (SELECT id AS i, ai_gen(prompt => (SELECT max(style) FROM u)) AS r FROM s) SELECT x.i FROM x LEFT JOIN LATERAL pairs_of(x.r) AS e (part) ON (coalesce(part, 'x') <%%> 'never')",
    ],
    [
      'the key of a row',
      "WITH x AS MATERIALIZED (SELECT id, ai_gen('m1', p) AS r FROM foxes) SELECT x.id, f.id FROM x JOIN foxes f ON f.id = coalesce(length(x.r) - 7, 1) WHERE ai_gen('m2', f.p) <> ''",
      'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off',
    ],
  ],
  'how far is read': [
    [
      'EXISTS in a CTE of calls',
      "WITH c AS MATERIALIZED (SELECT id, ai_gen('m1', p) r FROM foxes) SELECT EXISTS (SELECT 1 FROM c WHERE r LIKE '%2%')",
    ],
    [
      'LIMIT by a result',
      "SELECT coalesce(ai_gen('m1', p), 'x') FROM foxes ORDER BY id LIMIT length(ai_gen('m2', 'x')) - 4",
    ],
    [
      'LIMIT by a sub-select',
      "SELECT coalesce(ai_gen('m1', p), 'x') FROM foxes ORDER BY id LIMIT length((SELECT ai_gen('m2', 'x'))) - 4",
    ],
    [
      'LIMIT by a view',
      "SELECT coalesce(ai_gen('m1', p), 'x') FROM foxes ORDER BY id LIMIT (SELECT length(max(r)) - 6 FROM painted)",
    ],
    [
      'LIMIT by a column of a view',
      "SELECT max(z.r) FROM (SELECT id, length(r) - 6 AS n FROM painted OFFSET 0) x, LATERAL (SELECT ai_gen('m1', p) r FROM foxes LIMIT x.n) z",
    ],
    [
      'EXCEPT from nothing',
      "SELECT * FROM (SELECT p FROM foxes WHERE ai_gen('m1', p) IS NULL EXCEPT SELECT ai_gen('m2', p) FROM foxes) z",
    ],
    [
      'INTERSECT with nothing',
      "SELECT * FROM (SELECT p FROM foxes WHERE ai_gen('m1', p) IS NULL INTERSECT SELECT ai_gen('m2', p) FROM foxes) z",
    ],
    [
      'a series as long as a result',
      "SELECT generate_series(1, coalesce(length(ai_gen('m1', p)), 20)), ai_gen('m2', p) FROM foxes WHERE id < 3",
    ],
  ],
};
