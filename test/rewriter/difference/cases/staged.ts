/** Statements whose submits are put before their waits, because a look would ask for something else: everything around the calls is as written. */
import type { Case } from './case.js';

const by = 'random() < 2 AS b';
const about = "ai_gen('m1', p || left(random()::text, 0))";
const counted = [
  'CREATE TABLE told (n int, r text)',
  'CREATE FUNCTION told_so_far() RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT count(*)::int FROM told $$',
  'CREATE VIEW counting AS SELECT id, p, told_so_far() AS n FROM foxes',
];

export const staged: Record<string, Case[]> = {
  'queries in parentheses, by chance': [
    ['LIMIT', `(SELECT id, ai_gen('m1', p), ${by} FROM foxes) LIMIT 2`],
    ['ORDER BY', `(SELECT id, ai_gen('m1', p), ${by} FROM foxes) ORDER BY k, id`],
    ['FETCH FIRST ROW', `(SELECT id, ai_gen('m1', p), ${by} FROM foxes) FETCH FIRST ROW ONLY`],
    ['OFFSET', `(SELECT id, ai_gen('m1', p), ${by} FROM foxes) OFFSET 2`],
    ['inserted', `INSERT INTO log (SELECT ${about} FROM foxes) LIMIT 2`],
    ['in FROM', `SELECT * FROM ((SELECT id, ai_gen('m1', p), ${by} FROM foxes) LIMIT 2) s`],
  ],
  'operands that are NULL when it is planned, by chance': [
    [
      'of a view that is written',
      `UPDATE nothing_yet SET p = p RETURNING x || ai_gen('m1', p)`,
      'CREATE VIEW nothing_yet AS SELECT id, p, NULL::text AS x FROM foxes',
    ],
    ['of a sub-select', `SELECT s.x || ai_gen('m1', p), ${by} FROM foxes, (SELECT NULL::text AS x) s`],
    ['of a CTE', `WITH s AS (SELECT NULL::text AS x) SELECT s.x || ai_gen('m1', p), ${by} FROM foxes, s`],
    [
      'of a view',
      `SELECT s.x || ai_gen('m1', p), ${by} FROM foxes, nothing s`,
      'CREATE VIEW nothing AS SELECT NULL::text AS x',
    ],
    [
      'of VALUES',
      `UPDATE foxes SET k = v.k FROM (VALUES (1, 5, NULL::text)) v (id, k, note) WHERE v.id = foxes.id RETURNING ai_gen('m1', p) || v.note`,
    ],
    ['of JSON', `SELECT ('{"a":1}'::json ->> 'style') || ai_gen('m1', p), ${by} FROM foxes`],
    ['of an array', `SELECT (ARRAY['a'])[2] || ai_gen('m1', p), ${by} FROM foxes`],
    ['of a function', `SELECT substring('a' FROM 'x') || ai_gen('m1', p), ${by} FROM foxes`],
    ['that are not', `SELECT 'a' || k % 2 || ai_gen('m1', p), ${by} FROM foxes ORDER BY id`],
  ],
  'names that mean others, by chance': [
    [
      'a CTE called as the table that is updated',
      `WITH foxes AS (SELECT 1 AS id, 'x'::text AS p) UPDATE foxes SET r = ${about} WHERE id > 0`,
    ],
    ['a CTE called so without the column', `WITH foxes AS (SELECT 1 AS id) UPDATE foxes SET r = ${about}`],
    [
      'a star and a group',
      `SELECT t.*, ai_gen('m1', t.p), ${by} FROM foxes t GROUP BY t.id, t.p, t.k, t.r, t.tags ORDER BY t.id`,
    ],
    [
      'a part of a group',
      `SELECT (k % 2) || ': ' || ai_gen('m1', string_agg(p, ',' ORDER BY id)), ${by} FROM foxes GROUP BY k % 2 ORDER BY k % 2`,
    ],
    [
      'a star and an order',
      `SELECT a.*, ai_gen('m1', a.p), ${by} FROM foxes a, foxes b WHERE b.id = a.id ORDER BY id`,
    ],
    [
      'a column beside and an order',
      `SELECT f.id, ai_gen('m1', f.p) || u.id AS r, ${by} FROM foxes f JOIN u ON u.id = f.id ORDER BY id`,
    ],
    [
      'a merged column and an order',
      `SELECT f.p, ai_gen('m1', f.p) || coalesce(u.id, 0), ${by} FROM foxes f LEFT JOIN u USING (id) ORDER BY id`,
    ],
    [
      'a column that is ambiguous',
      `SELECT ai_gen('m1', f.p) || g.k AS x, ${by} FROM foxes f, foxes g ORDER BY k`,
    ],
  ],
  'what counts while rows are written': [
    ['of a view', `INSERT INTO told SELECT n, ${about} FROM counting ORDER BY id`, ...counted],
  ],
  'rows that are locked, by chance': [
    [
      'of a sub-select',
      `SELECT * FROM (SELECT id, ai_gen('m1', p) AS r, ${by} FROM foxes) s ORDER BY id FOR UPDATE`,
    ],
    [
      'of one of them',
      `SELECT s.id FROM (SELECT id, ai_gen('m1', p) AS r, ${by} FROM foxes) s FOR UPDATE OF s`,
    ],
  ],
  'calls that are none': [
    ['DISTINCT', `SELECT ai_gen(DISTINCT p), ${by} FROM foxes`],
    ['OVER', `SELECT ai_gen('m1', p) OVER (), ${by} FROM foxes`],
    ['FILTER', `SELECT ai_gen('m1', p) FILTER (WHERE true), ${by} FROM foxes`],
    ['VARIADIC', `SELECT ai_gen('m1', VARIADIC ARRAY[p]), ${by} FROM foxes`],
  ],
};
