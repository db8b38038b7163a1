/** Random statements whose calls stand in several SELECT blocks: UNION, joins of CTEs and sub-selects, CTEs read twice, data-modifying CTEs. */
import type { Random } from './random.js';

export function randomUnion(random: Random): string {
  const arms = Array.from({ length: 2 + random.below(2) }, () => arm(random));
  const joins = () => random.pick([' UNION ALL ', ' UNION ALL ', ' UNION ', '\n  union all -- next\n']);
  const union = arms.slice(1).reduce((text, each) => `${text}${joins()}${each}`, arms[0] ?? '');
  const ordered = random.chance(0.3) ? `${union} ORDER BY ${random.pick(['1', 'a', '2, 1'])}` : union;
  return random.pick([
    ordered,
    ordered,
    `WITH c AS (SELECT 1 AS one) ${ordered}`,
    `SELECT count(*), min(b) FROM (${union}) s`,
    `INSERT INTO o (n, r) ${union}`,
    `WITH c AS (${union}) SELECT * FROM c`,
    `${union} LIMIT 2`,
    `WITH c AS (SELECT id, ai_gen('c', p) AS r FROM t) SELECT id AS a, r AS b FROM c UNION ALL SELECT id, r FROM c`,
    `(${arms[0]}) UNION ALL (${arms[1]})`,
  ]);
}

function arm(random: Random): string {
  return random.pick([
    `SELECT id AS a, ai_gen('u1', p) AS b FROM t WHERE k = ${random.below(3)}`,
    `SELECT tid, ai_gen('u2', style) FROM u`,
    `SELECT k, ai_gen('u3', string_agg(name, ',' ORDER BY id)) FROM t GROUP BY k`,
    `SELECT 5, upper(ai_gen('u4', 'one row'))`,
    `SELECT NULL, ai_gen('u5', s.p) || s.id FROM (SELECT id, p FROM t WHERE id < 4) s`,
    `SELECT id, ai_gen('u6', ai_gen('u7', p)) FROM t WHERE id > 7`,
    random.chance(0.2) ? `SELECT id, name FROM t` : `SELECT 1, ai_gen('u8', 'x') FROM t WHERE false`,
  ]);
}

export function randomJoin(random: Random): string {
  const made = random.pick([
    `SELECT id, ai_gen('j', p) AS pic FROM t WHERE id < ${random.below(10)}`,
    `SELECT id, ai_gen('j', p) AS pic FROM t`,
    `SELECT tid AS id, ai_gen('j', style) AS pic FROM u`,
    `SELECT max(id) AS id, ai_gen('j', k::text) AS pic FROM t GROUP BY k`,
  ]);
  const other = random.pick([
    't',
    'u',
    '(SELECT id AS tid, name AS style FROM t) u',
    '(SELECT 1 AS tid WHERE false) u',
  ]);
  const on = other === 't' ? 'c.id = t.id' : 'c.id = u.tid';
  const kind = random.pick(['LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'JOIN', 'FULL JOIN']);
  const where = random.pick(['', '', '', ' WHERE c.id > 2']);
  const columns = random.pick(['c.id, c.pic', 'c.pic', `c.id, c.pic, ${other === 't' ? 't.name' : 'u.tid'}`]);
  const call = random.pick(['', `, ai_gen('top', c.id::text) AS top`]);
  const more = random.pick(['', '', ' LEFT JOIN w ON w.id = c.id']);
  return random.pick([
    `WITH c AS (${made}) SELECT ${columns}${call} FROM c ${kind} ${other} ON ${on}${more}${where}`,
    `SELECT ${columns}${call} FROM (${made}) c ${kind} ${other} ON ${on}${more}${where}`,
    `SELECT ${columns} FROM ${other} ${kind} (${made}) c ON ${on}${where}`,
    `SELECT t.id, x.pic FROM t CROSS JOIN LATERAL (SELECT ai_gen('l', t.p) AS pic) x`,
    `INSERT INTO o (n, r) WITH c AS (${made}) SELECT c.id, c.pic FROM c LEFT JOIN ${other} ON ${on}`,
    `WITH c AS (${made}) UPDATE w SET r = c.pic FROM c WHERE c.id = w.id`,
  ]);
}

export function randomWritingCte(random: Random): string {
  return random.pick([
    `WITH made AS (INSERT INTO o (n, r) SELECT id, ai_gen('w', p) FROM t RETURNING n, r) SELECT * FROM made WHERE n > 3`,
    `WITH made AS (INSERT INTO o (n, r) VALUES (1, ai_gen('w', 'a')), (2, ai_gen('w', 'b')) RETURNING n, r) SELECT n, ai_gen('after', r) FROM made`,
    `WITH made AS (INSERT INTO o (n) SELECT id FROM t RETURNING n) INSERT INTO o (n, r) SELECT n, ai_gen('w', n::text) FROM made`,
    `WITH gone AS (DELETE FROM w WHERE k = ${random.below(3)} RETURNING id, p) SELECT id, ai_gen('farewell', p) FROM gone`,
    `WITH made AS (UPDATE w SET r = ai_gen('w', p), r2 = ai_gen('w2', p) WHERE id > ${random.below(8)} RETURNING id, r) SELECT m.id, ai_gen('after', m.r) FROM made m`,
    `WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT i, ai_gen('r', i::text) FROM n`,
    `WITH RECURSIVE n AS (SELECT 1 AS i, ai_gen('r', 'start') AS r UNION ALL SELECT i + 1, ai_gen('r', n.r) FROM n WHERE i < 4) SELECT * FROM n`,
  ]);
}
