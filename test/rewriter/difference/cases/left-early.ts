/** Places that stop before their end, columns whose names or values EXPLAIN does not tell, and what the look itself must not fail at. */
import { type Case, sent } from './case.js';

const one = "ai_gen('m1', p)";
/** Its plain arm first. */
const prompts = `CREATE VIEW prompts AS SELECT id, p AS prompt FROM u2 UNION ALL SELECT id, ai_gen('m3', p) FROM foxes`;
const written = [
  'CREATE TABLE u2 (id int, p text)',
  "INSERT INTO u2 VALUES (10, 'written'), (11, 'by hand')",
];
const asserting = `CREATE FUNCTION must(a text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN ASSERT a IS NOT NULL; RETURN a || '!'; END $$`;
const noticing = `CREATE FUNCTION telling(a text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE NOTICE 'told %', a; RETURN a; END $$`;
const skipping = [
  'CREATE TABLE skipped (id int, r text)',
  'CREATE RULE skip AS ON INSERT TO skipped WHERE NEW.id > 2 DO INSTEAD NOTHING',
];

export const leftEarly: Record<string, Case[]> = {
  'comparisons with the rows of a sub-select': [
    ['<> ANY of rows', `SELECT id, ${one} <> ANY (SELECT p FROM s) FROM foxes ORDER BY id`],
    ['<> ALL of calls', `SELECT 'x' <> ALL (SELECT ${one} FROM foxes)`],
    ['= ALL of calls', `SELECT '' = ALL (SELECT ${one} FROM foxes)`],
    [
      '= ANY of calls of its row',
      `SELECT id, 'x' = ANY (SELECT ai_gen('m1', u.style) FROM u WHERE u.id = f.id) FROM foxes f ORDER BY id`,
    ],
    [
      'IN of calls of its row',
      `SELECT id FROM foxes f WHERE 'spam' IN (SELECT ai_gen('m1', u.style) FROM u WHERE u.id <= f.id) ORDER BY id`,
    ],
    [
      'NOT IN of calls of its row',
      `SELECT id FROM foxes f WHERE 'spam' NOT IN (SELECT ai_gen('m1', u.style) FROM u WHERE u.id <= f.id) ORDER BY id`,
    ],
    [
      'a call IN rows of its row',
      `SELECT id FROM foxes f WHERE ai_gen('m1', p) IN (SELECT u.style FROM u WHERE u.id <= f.id) ORDER BY id`,
    ],
    [
      '< ANY of a list that is hashed by nothing',
      `SELECT id FROM foxes f WHERE ai_gen('m1', p) < ANY (SELECT style FROM u) ORDER BY id`,
    ],
    [
      'rows of two columns',
      `SELECT id FROM foxes f WHERE (1, ai_gen('m1', p)) > ALL (SELECT k, style FROM u) ORDER BY id`,
    ],
    [
      'an array of a sub-select',
      `SELECT id FROM foxes f WHERE ${one} = ANY (ARRAY(SELECT ai_gen('m2', style) FROM u WHERE style IS NOT NULL)) ORDER BY id`,
    ],
    [
      'a list that is hashed',
      `SELECT id FROM foxes WHERE ${one} IN (SELECT ai_gen('m2', style) FROM u WHERE style IS NOT NULL) ORDER BY id`,
    ],
  ],
  'rows of which each has two compared values': [
    ['equal', `SELECT id FROM foxes WHERE (${one}, ai_gen('m2', p)) = ('a', 'b')`],
    ['in order', `SELECT id FROM foxes WHERE (${one}, ai_gen('m2', p)) < ('a', 'b') ORDER BY id`],
    [
      'a record',
      `SELECT id FROM foxes WHERE ROW(${one}, ai_gen('m2', p)) IS DISTINCT FROM ROW('a', 'b') ORDER BY id`,
    ],
  ],
  'columns of a UNION ALL that are called as those of its plain arm': [
    ['asked about', `SELECT id, ai_gen('m1', 'x ' || prompt) FROM prompts ORDER BY id`, ...written, prompts],
    [
      'or else',
      `SELECT id, coalesce(prompt, ai_gen('m1', 'spare ' || id)) FROM prompts ORDER BY id`,
      ...written,
      prompts,
    ],
    [
      'filtered',
      `SELECT id, ai_gen('m1', 'x ' || id) FROM prompts WHERE prompt <> '' ORDER BY id`,
      ...written,
      prompts,
    ],
    [
      'sorted, some of them',
      `SELECT id, ai_gen('m1', 'x ' || id) FROM prompts ORDER BY prompt, id LIMIT 3`,
      ...written,
      prompts,
    ],
    [
      'grouped',
      `SELECT prompt, ai_gen('m1', 'x ' || count(*)) FROM prompts GROUP BY prompt ORDER BY 1`,
      ...written,
      prompts,
    ],
    [
      'without doubles',
      `SELECT ai_gen('m1', prompt) FROM (SELECT p AS prompt FROM u2 UNION SELECT ai_gen('m3', p) FROM foxes) t ORDER BY 1`,
      ...written,
    ],
    [
      'in the statement',
      `SELECT ai_gen('m1', 'x ' || t.p) FROM (SELECT p FROM u2 UNION ALL SELECT ai_gen('m3', p) FROM foxes) t`,
      ...written,
    ],
    [
      'in a join',
      `SELECT ai_gen('m1', 'x ' || t.prompt || s.p) FROM prompts t JOIN s USING (id) ORDER BY 1`,
      ...written,
      prompts,
    ],
  ],
  'values that EXPLAIN does not print': [
    [
      'columns turned into rows',
      `SELECT v.id, ai_gen('m1', 'In Latin ' || k.t) FROM painted v CROSS JOIN LATERAL (VALUES (v.r), (v.id::text)) k (t) ORDER BY 1, 2`,
    ],
    [
      'of a sub-select',
      `SELECT ai_gen('m4', 'In Latin ' || k.t) FROM (SELECT id, ${one} AS r FROM foxes) v, LATERAL (VALUES (v.r), (v.id::text)) k (t) ORDER BY 1`,
    ],
    [
      'grouping sets',
      `SELECT left(ai_gen('m1', 'Label ' || p), 1000), ai_gen('m2', string_agg(p, ' ' ORDER BY id)) FROM foxes GROUP BY ROLLUP (1) ORDER BY 1, 2`,
    ],
    [
      'a rollup of a call by its place',
      `SELECT left(ai_gen('m1', 'Label ' || p), 1000), ai_gen('m2', string_agg(p, ' ')) FROM foxes GROUP BY ROLLUP (1)`,
    ],
    [
      'a cube',
      `SELECT ai_gen('m1', p), k, ai_gen('m2', string_agg(p, ' ' ORDER BY id)) FROM foxes GROUP BY CUBE (1, k) ORDER BY 1, 2, 3`,
    ],
  ],
  'names of columns that become values': [
    [
      'a row as JSON',
      `SELECT ai_gen('m4', 'Rate ' || row_to_json(x)::text) FROM (SELECT id, ${one} FROM foxes) x ORDER BY 1`,
    ],
    [
      'a row as jsonb',
      `SELECT ai_gen('m4', 'Rate ' || to_jsonb(x)::text) FROM (SELECT ai_gen('m2', p), ${one}, id FROM foxes) x ORDER BY 1`,
    ],
    [
      'an aggregate of rows',
      `SELECT ai_gen('m1', json_agg(x ORDER BY id)::text) FROM (SELECT id, ${one} FROM foxes) x`,
    ],
    ['sorted by its name', `SELECT ai_gen('m1', p) FROM foxes ORDER BY ai_gen`],
    [
      'of a CTE',
      `WITH x AS (SELECT id, ${one} FROM foxes) SELECT ai_gen('m2', 'Rate ' || row_to_json(x)::text) FROM x ORDER BY 1`,
    ],
    [
      'a parameter as JSON',
      sent(
        ['7'],
        `SELECT ai_gen('m1', 'Rate ' || row_to_json(x)::text) FROM (SELECT id, $1::text FROM foxes) x ORDER BY 1`,
      ),
    ],
    [
      'beside a named one',
      `SELECT ai_gen('m4', row_to_json(x)::text) FROM (SELECT id, ${one} AS made, ai_gen('m3', p) FROM foxes) x ORDER BY 1`,
    ],
  ],
  'rules that leave rows out': [
    [
      'INSERT … SELECT',
      [`INSERT INTO skipped SELECT id, ${one} FROM foxes ORDER BY id`, 'SELECT * FROM skipped ORDER BY id'],
      ...skipping,
    ],
    [
      'INSERT … VALUES',
      [
        `INSERT INTO skipped VALUES (1, ai_gen('m1', 'a')), (3, ai_gen('m1', 'b'))`,
        'SELECT * FROM skipped ORDER BY id',
      ],
      ...skipping,
    ],
  ],
  'functions that see NULL while the gateway looks': [
    ['an assertion', `SELECT must(${one}) FROM foxes ORDER BY id`, asserting],
    [
      'an assertion in a function of rows',
      `SELECT must(r) FROM (SELECT ${one} AS r, id FROM foxes) t ORDER BY id`,
      asserting,
    ],
    ['a notice, of two stages', `SELECT ai_gen('m2', telling(${one})) FROM foxes ORDER BY id`, noticing],
    [
      'keys of an object',
      `SELECT jsonb_object_agg(r, n) FROM (SELECT ${one} AS r, count(*) AS n FROM foxes GROUP BY 1) t`,
    ],
    ['keys that are built', `SELECT json_build_object(${one}, id) FROM foxes ORDER BY id`],
  ],
  'words that are no keywords there': [
    [
      'a CTE called data',
      [
        `CREATE TABLE made AS WITH data AS (SELECT * FROM foxes) SELECT id, ${one} AS r FROM data`,
        'SELECT * FROM made ORDER BY id',
      ],
    ],
    [
      'a table called conflict',
      [
        `INSERT INTO log SELECT ${one} FROM foxes JOIN conflict ON conflict.id = foxes.id`,
        'SELECT * FROM log ORDER BY 1',
      ],
      'CREATE TABLE conflict AS SELECT 2 AS id',
    ],
    ['NULLS FIRST', `SELECT id, ${one} FROM foxes ORDER BY r NULLS FIRST, id`],
    ['DESC NULLS LAST', `SELECT id, ${one} FROM foxes ORDER BY p DESC NULLS LAST`],
    ['USING', `SELECT id, ${one} FROM foxes ORDER BY p USING >`],
    ['NULLS FIRST in a window', `SELECT rank() OVER (ORDER BY p NULLS FIRST), ${one} FROM foxes ORDER BY id`],
  ],
  'a call that is spelled in two ways': [
    ['with its table', `SELECT ai_gen('m1', f.p), ai_gen('m2', p) FROM foxes f ORDER BY ai_gen('m1', p)`],
    ['with a cast', `SELECT ai_gen('m2', p), ai_gen('m1', p::text) FROM foxes ORDER BY ai_gen('m1', p)`],
    [
      'with a schema',
      `SELECT hologen.ai_gen('m1', p), ai_gen('m2', p) FROM foxes ORDER BY ai_gen('m1', p) LIMIT 2`,
    ],
    [
      'in a group',
      `SELECT ai_gen('m1', f.p), ai_gen('m2', max(p)) FROM foxes f GROUP BY ai_gen('m1', p) ORDER BY 1, 2`,
    ],
    [
      'in a window',
      `SELECT ai_gen('m1', f.p), ai_gen('m2', p), rank() OVER (ORDER BY ai_gen('m1', p)) FROM foxes f ORDER BY 3, 2`,
    ],
    [
      'twice in the list',
      `SELECT ai_gen('m1', p), ai_gen('m1', f.p), ai_gen('m2', p) FROM foxes f ORDER BY 1, 3`,
    ],
  ],
  'arms of a UNION': [
    [
      'whose unnamed column is asked about',
      `SELECT ai_gen('m4', row_to_json(t)::text) FROM (SELECT ${one} FROM foxes UNION ALL SELECT p FROM s WHERE p IS NOT NULL) t ORDER BY 1`,
    ],
    [
      'whose column is in parentheses',
      `SELECT ai_gen('m4', row_to_json(t)::text) FROM (SELECT (${one}) FROM foxes UNION ALL SELECT p FROM s WHERE p IS NOT NULL) t ORDER BY 1`,
    ],
    ['in VALUES', `VALUES (ai_gen('m1', vol('a'))), (ai_gen('m1', 'q')) UNION ALL SELECT p FROM s`],
    [
      'with a LIMIT by a sequence',
      `(SELECT ${one} FROM foxes ORDER BY id LIMIT nextval('numbers')) UNION ALL (SELECT p FROM s)`,
    ],
    [
      'with a LIMIT by a result',
      `(SELECT ${one} FROM foxes ORDER BY id LIMIT length(ai_gen('m2', 'q')) / 100) UNION ALL (SELECT p FROM s)`,
    ],
    ['with a LIMIT', `(SELECT ${one} FROM foxes ORDER BY id LIMIT 2) UNION ALL (SELECT p FROM s)`],
    ['that lock rows', `SELECT ${one} FROM foxes UNION ALL (SELECT p FROM s ORDER BY id LIMIT 1)`],
  ],
  'rows within rows': [
    [
      'an array of rows',
      `SELECT ai_gen('m4', array_to_json(ARRAY(SELECT q FROM (SELECT (${one})::varchar FROM foxes ORDER BY id) q))::text)`,
    ],
    [
      'a row as a column',
      `SELECT ai_gen('m4', to_json(s.t)::text) FROM (SELECT t FROM (SELECT (${one})::varchar FROM foxes) t) s ORDER BY 1`,
    ],
  ],
};
