/** Random INSERTs, UPDATEs and DELETEs that call for what they return. */
import type { Random } from './random.js';

export function randomReturning(random: Random): string {
  return random.pick([insert, update, remove])(random);
}

function items(random: Random, columns: string[], prompt: string): string {
  const call = random.pick([
    `ai_gen('r', ${prompt})`,
    `upper(ai_gen('r', ${prompt})) || ${columns[0]}`,
    `ai_gen('r2', ai_gen('r', ${prompt})) AS "Twice"`,
    `ai_gen('r', ${prompt}), ai_gen('r2', ${prompt})`,
  ]);
  const others = random.pick([
    columns.join(', '),
    '*',
    "'constant', 5 AS five",
    `${columns[0]} AS renamed, NULL`,
  ]);
  return random.pick([
    `${others}, ${call}`,
    `${call}, ${others}`,
    call,
    `coalesce(${columns[0]}::text, ${call})`,
  ]);
}

function insert(random: Random): string {
  const source = random.pick([
    "VALUES (1, 'one'), (2, 'two'), (3, DEFAULT)",
    "VALUES (1, 'only')",
    "VALUES (1, ai_gen('v', 'one')), (2, ai_gen('v', 'two'))",
    `SELECT id, p FROM t WHERE k = ${random.below(4)}`,
    "SELECT id, ai_gen('s', p) FROM t WHERE id < 4",
    'WITH c AS (SELECT tid, style FROM u) SELECT * FROM c',
  ]);
  const conflict = random.pick([
    '',
    '',
    ' ON CONFLICT DO NOTHING',
    " ON CONFLICT (id) DO UPDATE SET r = 'again'",
  ]);
  const alias = random.chance(0.3) ? ' AS x' : '';
  const text = `INSERT INTO o${alias} (n, r) ${source}${conflict} RETURNING ${items(random, ['n', 'r'], 'n::text')}`;
  return random.chance(0.2) ? `WITH first AS (SELECT 1 AS one) ${text}` : text;
}

function update(random: Random): string {
  const target = random.pick(['w', 'w', 'parts', 'seen']);
  const set = random.pick([
    "r = 'new'",
    "n = n + 1, r2 = 'b'",
    "r = ai_gen('u', p)",
    "r = ai_gen('u', p), r2 = ai_gen('u2', p)",
  ]);
  const from = random.chance(0.2)
    ? { from: ' FROM u', on: ` AND u.tid = ${target}.id` }
    : { from: '', on: '' };
  return `UPDATE ${target} SET ${set}${from.from} WHERE ${target}.id > ${random.below(7)}${from.on} RETURNING ${items(random, [`${target}.id`, `${target}.r`], `coalesce(${target}.p, 'none')`)}`;
}

function remove(random: Random): string {
  const using = random.pick(['', ' USING u']);
  const where = using ? ' WHERE u.tid = w.id' : random.pick(['', ' WHERE k = 1', ' WHERE id > 20']);
  return `DELETE FROM w${using}${where} RETURNING ${items(random, ['w.id', 'w.p'], 'w.p')}`;
}
