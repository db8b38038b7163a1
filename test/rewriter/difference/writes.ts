/** Random statements that write: INSERT, UPDATE, DELETE and MERGE on tables, partitions, views, and on tables with rules, triggers and policies. */
import { call, calling, conditionOf, type Scope, textOf, within } from './expressions.js';

export function randomInsert(scope: Scope): string {
  const { random } = scope;
  const made = within(scope, ['s.p', 's.name'], ['s.id', 's.k']);
  const selected = () => calling(made, textOf);
  const where = random.chance(0.4) ? ` WHERE ${conditionOf(made, 1)}` : '';
  return random.pick([
    () =>
      `INSERT INTO o (n, r) SELECT id, ${selected()} FROM s${where} ORDER BY id${returningOf(scope, ['r'], ['n', 'id'])}`,
    () => `INSERT INTO o (r, n) SELECT ${selected()}, how_many() FROM s ORDER BY id RETURNING n, r`,
    () => `INSERT INTO o (r, n) SELECT ${selected()}, how_many_then() FROM s ORDER BY id`,
    () =>
      `INSERT INTO products SELECT unique_slug(p), p, ${selected()} FROM s WHERE p IS NOT NULL ORDER BY id RETURNING *`,
    () =>
      `INSERT INTO products SELECT coalesce(p, 'n'), p, ${selected()} FROM s ON CONFLICT (slug) DO NOTHING`,
    () =>
      `INSERT INTO products SELECT coalesce(p, 'n') || id, p, 'x' FROM s ON CONFLICT (slug) DO UPDATE SET r = ${call(within(scope, ['excluded.title'], []))}`,
    () =>
      `INSERT INTO products VALUES ('fox', 'a', ${call(within(scope, [], []))}), ('fox', 'b', ${call(within(scope, [], []))}) ON CONFLICT (slug) DO UPDATE SET r = excluded.r || '2'`,
    () => `INSERT INTO o (n, r, r2) VALUES ${valueRows(scope)}${returningOf(scope, ['r', 'r2'], ['n'])}`,
    () =>
      `INSERT INTO ${random.pick(['ruled', 'redirected', 'watched'])} (id, r) SELECT id, ${selected()} FROM s${where}`,
    () =>
      `INSERT INTO ${random.pick(['ruled', 'redirected', 'watched'])} (id, r) VALUES ${Array.from({ length: 1 + random.below(2) }, () => `(${random.below(9)}, ${call(within(scope, [], []))})`).join(', ')}`,
    () => `INSERT INTO self_painted (id, p, r) SELECT id, coalesce(p, 'none'), ${selected()} FROM s`,
    () => `INSERT INTO plain (id, r) SELECT id, ${selected()} FROM s${where} RETURNING id, r`,
    () => `INSERT INTO parts SELECT id, p, k, ${selected()} FROM s`,
    () =>
      `WITH c AS (SELECT id, ${selected()} AS r FROM s) INSERT INTO o (n, r) SELECT id, ${textOf(within(scope, ['r'], ['id']))} FROM c RETURNING n`,
    () => `INSERT INTO o (n, r) OVERRIDING SYSTEM VALUE SELECT id, ${selected()} FROM s`,
    () =>
      `INSERT INTO watched SELECT id, ${selected()} FROM s RETURNING *, ${call(within(scope, ['r', 'r2'], ['id']))}`,
  ])();
}

function valueRows(scope: Scope): string {
  const { random } = scope;
  const bare = within(scope, [], []);
  return calling(bare, () =>
    Array.from({ length: 1 + random.below(4) }, (_, index) => {
      const value = () =>
        random.pick([() => textOf(bare, 1), () => 'DEFAULT', () => call(bare), () => 'NULL'])();
      return `(${random.pick([String(index), `how_many()`, `'${index}'`])}, ${value()}, ${value()})`;
    }).join(', '),
  );
}

function returningOf(scope: Scope, texts: string[], numbers: string[]): string {
  const { random } = scope;
  if (random.chance(0.5)) return '';
  const inner = within(scope, texts, numbers);
  return ` RETURNING ${random.pick([
    () => '*',
    () => `${random.pick(texts)} AS made, ${random.pick(numbers)}`,
    () => `${random.pick(numbers)}, ${textOf(inner)}`,
    () => `${textOf(inner)} AS "R", *`,
  ])()}`;
}

export function randomUpdate(scope: Scope): string {
  const { random } = scope;
  const target = random.pick(['w', 'w', 'w a', 'plain', 'parts', 'watched', 'changes', 'owned', 'ONLY w']);
  const name = target.replace(/^ONLY |^w (?=a)/, '');
  const texts = {
    ...{
      w: ['w.p', 'w.r', 'w.r2'],
      a: ['a.p', 'a.r'],
      plain: ['plain.p', 'plain.r'],
      parts: ['parts.p', 'parts.r'],
    },
    ...{ watched: ['watched.r', 'watched.r2'], changes: ['changes.r'], owned: ['owned.p', 'owned.owner'] },
  }[name] as string[];
  const other = random.pick([
    { from: '', on: [], texts: [], with: '' },
    { from: '', on: [], texts: [], with: '' },
    { from: ' FROM u', on: [`u.id = ${name}.id`], texts: ['u.style'], with: '' },
    {
      from: ' FROM s LEFT JOIN u ON u.id = s.id',
      on: [`s.id = ${name}.id`],
      texts: ['u.style', 's.name'],
      with: '',
    },
    { from: ' FROM chosen', on: [`chosen.id = ${name}.id`], texts: ['chosen.p'], with: '' },
    {
      from: ' FROM numbered',
      on: [`numbered.id = ${name}.id`],
      texts: ['numbered.p', 'numbered.number::text'],
      with: '',
    },
    { from: ' FROM painted', on: [`painted.id = ${name}.id`], texts: ['painted.r'], with: '' },
    { from: ' FROM kinds', on: [`kinds.k = ${name}.id`], texts: ['kinds.p'], with: '' },
    {
      from: ' FROM c',
      on: [`c.i = ${name}.id`],
      texts: ['c.r'],
      with: `WITH c AS (SELECT s.id AS i, ${textOf(within(scope, ['s.p'], ['s.id']), 1)} AS r FROM s) `,
    },
  ]);
  const inner = within(scope, [...texts, ...other.texts], [`${name}.id`]);
  const conditions = [
    ...other.on,
    ...(random.chance(0.5) ? [conditionOf(inner, random.pick([0, 0, 1]))] : []),
    ...(random.chance(0.15)
      ? [
          random.pick([
            `(${texts[0]} <~> 'x')`,
            'random() < 0.5',
            `(${texts[0]} <%%> 'x')`,
            'how_many_pl() < 9',
          ]),
        ]
      : []),
  ];
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  const returning = returningOf(scope, texts, [`${name}.id`]);
  const update = `UPDATE ${target} SET ${calling(inner, (each) => assignments(each, name, texts))}${other.from}${where}${returning}`;
  if (returning && other.with === '' && random.chance(0.2))
    return `WITH changed AS (${update}) SELECT count(*) FROM changed`;
  return other.with + update;
}

function assignments(scope: Scope, name: string, texts: string[]): string {
  const { random } = scope;
  const value = () => textOf(scope, 2);
  const second = name === 'watched' ? 'r2' : 'r';
  return random.pick([
    () => `r = ${value()}`,
    () => `r = ${value()}`,
    () => `r = ${value()}, id = ${name}.id + 10`,
    () => (second === 'r' ? `r = ${value()}` : `r = ${value()}, r2 = ${value()}`),
    () => `(r, id) = (${value()}, ${name}.id)`,
    () => `(r, id) = (SELECT ${value()}, 5)`,
    () => `r = coalesce(${texts.at(-1)}, ${value()})`,
    () => `r = CASE WHEN ${conditionOf(scope)} THEN ${value()} ELSE ${texts[0]} END`,
  ])();
}

export function randomDelete(scope: Scope): string {
  const { random } = scope;
  const target = random.pick(['w', 'plain', 'owned', 'parts']);
  const inner = within(scope, [`${target}.p`], [`${target}.id`]);
  const using = random.chance(0.25) ? ' USING u' : '';
  const where = using
    ? ` WHERE u.id = ${target}.id`
    : random.chance(0.5)
      ? ` WHERE ${conditionOf(inner)}`
      : '';
  const items = calling(inner, (each) =>
    random.pick([
      () => `${target}.id, ${textOf(each)}`,
      () => `*, ${call(each)}`,
      () => `${call(each)} AS p`,
    ])(),
  );
  return `DELETE FROM ${target}${using}${where} RETURNING ${items}`;
}

export function randomMerge(scope: Scope): string {
  const { random } = scope;
  const both = within(scope, ['w.p', 's.p', 'w.r'], ['w.id', 's.id']);
  const source = within(scope, ['s.p', 's.name'], ['s.id']);
  const matched = random.pick([
    () => `WHEN MATCHED THEN UPDATE SET r = ${calling(both, textOf)}`,
    () => `WHEN MATCHED AND ${conditionOf(both)} THEN UPDATE SET r = ${call(both)}`,
    () => `WHEN MATCHED AND w.id = 2 THEN DO NOTHING WHEN MATCHED THEN UPDATE SET r2 = ${call(both)}`,
  ])();
  const missing = random.pick([
    () => ` WHEN NOT MATCHED THEN INSERT (id, p, r) VALUES (s.id, s.p, ${calling(source, textOf)})`,
    () => ` WHEN NOT MATCHED AND s.id > 2 THEN INSERT (id, r) VALUES (s.id, ${call(source)})`,
    () => '',
  ])();
  const using = random.pick([
    's',
    's',
    `(SELECT id, p, name, ${textOf(within(scope, ['p'], ['id']))} AS r FROM s) s`,
  ]);
  return `MERGE INTO w USING ${using} ON s.id = w.id AND w.id <> 2 ${matched}${missing}`;
}

export function randomWritingCte(scope: Scope): string {
  const { random } = scope;
  const made = within(scope, ['p'], ['id']);
  return random.pick([
    () =>
      `WITH c AS (INSERT INTO o (n, r) SELECT id, ${calling(made, textOf)} FROM s RETURNING n, r) SELECT n, ${textOf(within(scope, ['r'], ['n']))} FROM c WHERE n > 1`,
    () => `WITH c AS (DELETE FROM w WHERE k = 1 RETURNING id, p) SELECT id, ${calling(made, textOf)} FROM c`,
    () =>
      `WITH c AS (UPDATE w SET r = ${calling(made, textOf)} WHERE id <> 2 RETURNING id, r) INSERT INTO o (n, r) SELECT id, ${textOf(within(scope, ['r'], ['id']))} FROM c RETURNING n, r`,
    () =>
      `WITH c AS (INSERT INTO log SELECT ${calling(made, textOf)} FROM s) SELECT count(*), ${call(within(scope, [], []))} FROM log`,
    () => `WITH w AS (SELECT 1 AS id, 'x' AS p) UPDATE w SET r = ${call(within(scope, ['p'], []))}`,
    () =>
      `WITH w AS (SELECT id, p FROM s) UPDATE public.w t SET r = ${call(within(scope, ['w.p', 't.p'], []))} FROM w WHERE w.id = t.id`,
    () =>
      `WITH RECURSIVE c AS (SELECT 1 AS i, ${call(within(scope, [], []))} AS r UNION ALL SELECT i + 1, ${call(within(scope, ['c.r'], ['i']))} FROM c WHERE i < 3) SELECT * FROM c`,
    () => `CREATE TABLE made AS SELECT id, ${calling(made, textOf)} AS r, ${textOf(made)} FROM s`,
    () => `CREATE MATERIALIZED VIEW made AS SELECT id, ${calling(made, textOf)} AS r FROM s`,
    () => `CREATE TEMP TABLE made ON COMMIT DROP AS SELECT id, ${calling(made, textOf)} AS r FROM s`,
    () => `SELECT id, ${calling(made, textOf)} AS r INTO made FROM s`,
  ])();
}
