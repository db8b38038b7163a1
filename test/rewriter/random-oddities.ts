/** Random SELECTs with what is rarely written beside calls: rows that multiply, windows, grouping sets, samples, sub-selects as arguments. */
import type { Random } from './random.js';

export function randomOddity(random: Random): { text: string; ordered: boolean } {
  const call = random.pick([
    "ai_gen('m', t.p)",
    "upper(ai_gen('m', t.p)) || t.id",
    "ai_gen('m', (SELECT max(style) FROM u WHERE u.tid = t.id))",
    "ai_gen('m', t.p), ai_gen('m2', ai_gen('m3', t.name))",
  ]);
  const ordered = random.pick([
    `SELECT t.id, row_number() OVER (ORDER BY t.id DESC), ${call} FROM t ORDER BY t.id`,
    `SELECT sum(t.v) OVER w, ${call} FROM t WINDOW w AS (PARTITION BY t.k ORDER BY t.id) ORDER BY t.id`,
    `SELECT ${call}, t.id AS place FROM t ORDER BY place DESC LIMIT 3`,
    `SELECT 'x' AS place, ${call} FROM t ORDER BY place, t.id`,
    `SELECT t.id, t.k, ${call} FROM t ORDER BY 2, 1`,
    `SELECT ${call}, t.k, t.id FROM t ORDER BY ${random.below(2) + 2}, t.id`,
    `SELECT t.id, ${call} FROM t ORDER BY t.id OFFSET 2 FETCH FIRST 3 ROWS ONLY`,
    `SELECT t.k, ai_gen('g', coalesce(t.k::text, 'all')), grouping(t.k) FROM t GROUP BY ROLLUP (t.k) ORDER BY t.k`,
    `SELECT t.k, ai_gen('g', count(*)::text) FROM t GROUP BY GROUPING SETS ((1), ()) ORDER BY 1`,
    `SELECT t.k AS kind, ai_gen('g', count(*)::text) FROM t GROUP BY CUBE (kind) ORDER BY kind`,
    `SELECT DISTINCT ON (t.k) t.k, ${call} FROM t ORDER BY t.k, t.id`,
    `SELECT (s.whole).*, ai_gen('m', s.n::text) FROM (SELECT t AS whole, t.id AS n FROM t) s ORDER BY s.n`,
    `SELECT (s.whole).*, ai_gen('m', s.n::text) FROM (SELECT t AS whole, t.id AS n FROM t) s ORDER BY id`,
  ]);
  const unordered = random.pick([
    `SELECT generate_series(1, t.k), ${call} FROM t`,
    `SELECT t.id, ai_gen('m', unnest(ARRAY[t.p, t.name])) FROM t`,
    `SELECT unnest(ARRAY[1, 2]), upper(ai_gen('m', t.p)), t.k FROM t`,
    `SELECT t.id, ${call} FROM t FOR UPDATE`,
    `SELECT t.id, e.part, e.place, ${call} FROM t, unnest(ARRAY[t.p, t.name]) WITH ORDINALITY AS e (part, place)`,
    `SELECT t.id, ${call} FROM t TABLESAMPLE BERNOULLI (60) REPEATABLE (${random.below(9)})`,
    `SELECT nextval('o_id_seq'), ${call} FROM t`,
    `SELECT DISTINCT t.k, ${call} FROM t`,
    `SELECT t.id, (SELECT ai_gen('m', t.p)), ${call} FROM t`,
    `SELECT t.id, ${call} FROM t WHERE ai_gen('w', t.p) IS NOT NULL`,
    `SELECT count(*), max(ai_gen('a', t.p)) FROM t`,
    `SELECT x.id, x.r FROM painted x WHERE x.id > ${random.below(9)}`,
    `SELECT paint(t.p), ${call} FROM t`,
    `SELECT a.r, b.r FROM (SELECT id, ai_gen('a', p) AS r FROM t) a, (SELECT tid, ai_gen('b', style) AS r FROM u) b`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t) SELECT * FROM c a FULL JOIN c b ON a.id = b.id + 1`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t) SELECT (SELECT count(*) FROM c), id, ai_gen('d', r) FROM c`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t) SELECT * FROM c WHERE EXISTS (SELECT FROM u WHERE tid = c.id)`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t) SELECT 1 FROM t WHERE false AND t.id IN (SELECT id FROM c)`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t) SELECT * FROM c WHERE id IN (SELECT tid FROM u WHERE style = 'none')`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t), d AS (SELECT row_number() OVER () AS n, r FROM c) SELECT n, ai_gen('d', r) FROM d WHERE n < 3`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t), d AS (SELECT id + 1 AS n, r FROM c) SELECT n, ai_gen('d', r) FROM d`,
    `WITH c AS (SELECT id, p FROM t), d AS (SELECT id, ai_gen('d', p) AS r FROM c) SELECT r FROM d WHERE false`,
    `SELECT ai_gen('m', p) IS NULL, ai_gen('m2', p) || NULL::text, upper(ai_gen('m3', p)), replace(ai_gen('m4', p), NULL, 'x') FROM t`,
  ]);
  return random.chance(0.5) ? { text: ordered, ordered: true } : { text: unordered, ordered: false };
}

export const paintedViews = `
  CREATE VIEW painted AS SELECT id, ai_gen('v', p) AS r FROM t;
  CREATE FUNCTION paint(prompt text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('f', prompt) $$;`;
