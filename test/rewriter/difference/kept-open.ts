/** Random statements that stay open: cursors that a COMMIT keeps, cursors of which some rows make no call, and a driver's named statements that run many times. */
import { bind, close, describe, execute, parse } from '../../frontend/raw-client.js';
import type { Random } from '../random.js';
import { call, calling, conditionOf, type Scope, scopeOf, textOf, within } from './expressions.js';
import type { Statement } from './outcome.js';
import { plainQuery } from './queries.js';
import type { Sent } from './wire-session.js';

type Part = Omit<Statement, 'form'>;

const some = (random: Random, most: number) => Array.from({ length: 1 + random.below(most) });
const fetches = ['FETCH 1 FROM', 'FETCH 2 FROM', 'FETCH 3 FROM', 'MOVE 1 FROM', 'FETCH ALL FROM'];

/** Of tables of one order. */
function opened(scope: Scope): string {
  const { random } = scope;
  const inner = within(scope, ['p', 'name'], ['id', 'k']);
  return random.pick([
    () => plainQuery(scope).text,
    () => `SELECT id, CASE WHEN ${conditionOf(inner)} THEN ${call(inner)} END FROM s ORDER BY id`,
    () => `SELECT id, CASE k WHEN 1 THEN ${call(inner)} WHEN 0 THEN ${call(inner)} END, p FROM s`,
    () => `SELECT id, coalesce(p, ${call(within(scope, ['name'], ['id']))}) FROM s`,
    () => `SELECT p FROM s UNION ALL SELECT ${call(inner)} FROM s WHERE ${conditionOf(inner)}`,
    () => `SELECT id FROM s WHERE ${conditionOf(inner)} AND ${call(inner)} LIKE '%o%'`,
    () => `SELECT s.id, x.r FROM s LEFT JOIN LATERAL (SELECT ${call(inner)} AS r WHERE s.k = 1) x ON true`,
  ])();
}

/** Each step is a transaction of its own, but for what BEGIN opens. */
export function keptCursors(random: Random): Part {
  const scope = scopeOf(random, [], [], 3);
  const scroll = random.pick(['', '', 'SCROLL ', 'NO SCROLL ']);
  const declare = `DECLARE c ${scroll}CURSOR WITH HOLD FOR ${opened(scope)}`;
  const fetch = () => `${random.pick(fetches)} c`;
  const inside = [
    'BEGIN',
    declare,
    ...(random.chance(0.5) ? [fetch()] : []),
    ...(random.chance(0.2) ? ["INSERT INTO log VALUES ('between')"] : []),
    ...(random.chance(0.2) ? ["UPDATE s SET p = p || '!'"] : []),
    'COMMIT',
  ];
  const texts = random.chance(0.4) ? [declare] : inside;
  const steps = [...texts, fetch(), ...(random.chance(0.5) ? [fetch()] : []), 'CLOSE c'];
  return {
    ...{ setup: [], ordered: true, committed: true, after: ['CLOSE ALL'] },
    steps: steps.map((text) => ({ text })),
  };
}

/** What may stand between two of its rows. */
const betweens = [
  'SAVEPOINT a',
  "INSERT INTO log VALUES ('between')",
  "UPDATE s SET p = p || '!' WHERE id > 2",
  'SELECT 1',
  "SELECT ai_gen('m21', 'between')",
  'SET LOCAL enable_seqscan = off',
];

export function cursors(random: Random): Part {
  const scope = scopeOf(random, [], [], 3);
  const declare = (name: string) =>
    `DECLARE ${name} ${random.pick(['', '', 'SCROLL ', 'NO SCROLL '])}CURSOR FOR ${opened(scope)}`;
  const names = random.chance(0.25) ? ['c', 'd'] : ['c'];
  const rows = some(random, 4).flatMap(() => [
    ...(random.chance(0.2) ? [random.pick(betweens)] : []),
    `${random.pick([...fetches, ...fetches, 'FETCH PRIOR FROM', 'FETCH FIRST FROM', 'FETCH ABSOLUTE 2 FROM'])} ${random.pick(names)}`,
  ]);
  return {
    ...{ setup: [], ordered: true, after: [] },
    steps: [...names.map(declare), ...rows].map((text) => ({ text })),
  };
}

/** PostgreSQL plans for any values from the sixth time on. */
export function namedStatements(random: Random): Part {
  const scope = scopeOf(random, ['p', '$1', 'name'], ['id'], 3);
  const [text, takes] = random.pick<() => [string, number]>([
    () => [`SELECT id, ${calling(scope, textOf)}, $1::text FROM s WHERE id < $2 ORDER BY id`, 2],
    () => [`SELECT id, $1::text, ${call(scope)} FROM s WHERE k = $2`, 2],
    () => [`SELECT $1::text, ${call(scope)} FROM s JOIN u USING (id) WHERE u.k = $2`, 2],
    () => [`SELECT id FROM s WHERE ${conditionOf(scope)} AND ${call(scope)} <> $1::text`, 1],
    () => [
      `UPDATE w SET r = ${calling(within(scope, ['p', '$1'], ['id']), textOf)} || $1::text WHERE id = $2`,
      2,
    ],
    () => [
      `INSERT INTO o (n, r) SELECT $2, ${call(scope)} || $1::text FROM s WHERE id = $2 RETURNING n, r`,
      2,
    ],
    () => [`INSERT INTO o (n, r) VALUES ($2, ${call(within(scope, ['$1'], []))} || $1::text) RETURNING *`, 2],
    () => [`SELECT ${call(within(scope, [], []))}, $1::text`, 1],
    () => [`DELETE FROM w WHERE id = $2 RETURNING $1::text, ${call(within(scope, ['p'], ['id']))}`, 2],
  ])();
  const values = () =>
    [random.pick(['fox', '007', '', 'x']), random.pick(['1', '2', '3', '4', '9'])].slice(0, takes);
  const run = (): Buffer[] =>
    random.chance(0.2)
      ? [bind('p', 'named', values()), execute('p', 1), execute('p', random.pick([0, 2])), close('P', 'p')]
      : [bind('', 'named', values()), ...(random.chance(0.5) ? [describe('P', '')] : []), execute('')];
  const step = (frames: Buffer[], about: string): Sent => ({ text: about, frames });
  const steps = Array.from({ length: random.pick([2, 3, 8]) }, () =>
    random.pick<() => Sent>([
      () => step(run(), 'Bind and Execute'),
      () => step(run(), 'Bind and Execute'),
      () => step([...run(), ...run()], 'two of them in one pipe'),
      () => ({ text: random.pick(betweens) }),
    ])(),
  );
  return {
    ...{ setup: [], ordered: true, after: ['DEALLOCATE ALL'] },
    steps: [step([parse('named', text), describe('S', 'named')], text), ...steps],
  };
}
