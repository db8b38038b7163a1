/** Random statements that write in ways that ./writes.ts has none of, and COPY: rows that meet on both sides of a MERGE or an ON CONFLICT, several columns from one sub-select. */
import type { Random } from '../random.js';
import { call, calling, conditionOf, type Scope, scopeOf, textOf, within } from './expressions.js';
import type { Statement } from './outcome.js';
import { randomQuery } from './queries.js';
import { randomDelete, randomInsert, randomUpdate } from './writes.js';

type Part = Omit<Statement, 'form'>;

export function copied(random: Random): Part {
  const scope = scopeOf(random, [], []);
  const query = random.pick([
    () => randomQuery(scope).text,
    () => randomQuery(scope).text,
    () => `${randomQuery(scope).text}`,
    () => randomDelete(scope),
    () => `${randomInsert(scope).replace(/ RETURNING .*$/s, '')} RETURNING *`,
    () => `${randomUpdate(scope).replace(/ RETURNING .*$/s, '')} RETURNING *`,
  ])();
  const options = random.pick([
    '',
    '',
    ' WITH (FORMAT csv, HEADER)',
    ' WITH (FORMAT csv, FORCE_QUOTE *)',
    " (DELIMITER '|')",
  ]);
  const step = random.chance(0.2) ? { parameters: [] } : {};
  return { setup: [], steps: [{ text: `COPY (${query}) TO STDOUT${options}`, ...step }], ordered: true };
}

export function mergedFromBoth(scope: Scope): string {
  const { random } = scope;
  const target = random.pick(['w', 'w', 'w', 'watched', 'plain', 'changes', 'owned']);
  const its = { w: ['w.p', 'w.r'], plain: ['plain.p', 'plain.r'], owned: ['owned.p', 'owned.r'] }[target];
  const mine = within(scope, its ?? [`${target}.r`], [`${target}.id`]);
  const theirs = within(scope, ['s.p', 's.name'], ['s.id', 's.k']);
  const both = within(scope, [...mine.texts, 's.p'], [`${target}.id`, 's.k']);
  const source = random.pick([
    () => '(SELECT id, p, k, name FROM s) s',
    () => '(SELECT id, p, k, name FROM s) s',
    () => 's',
    () => `(SELECT id, p, k, ${textOf(within(scope, ['p', 'name'], ['id']))} AS name FROM s WHERE id > 2) s`,
    () => `(VALUES (1, 'one', 1, 'n'), (7, NULL, 0, 'm')) s (id, p, k, name)`,
  ])();
  const and = (each: Scope) => (random.chance(0.4) ? ` AND ${conditionOf(each)}` : '');
  const actions = [
    () =>
      ` WHEN MATCHED${and(both)} THEN ${random.pick([() => `UPDATE SET r = ${calling(both, textOf)}`, () => 'DELETE', () => 'DO NOTHING'])()}`,
    () =>
      ` WHEN NOT MATCHED BY SOURCE${and(mine)} THEN ${random.pick([() => `UPDATE SET r = ${calling(mine, textOf)}`, () => `UPDATE SET r = ${call(mine)}`, () => 'DELETE'])()}`,
    () =>
      ` WHEN NOT MATCHED${random.pick(['', ' BY TARGET'])}${and(theirs)} THEN INSERT (id, r) VALUES (s.id, ${calling(theirs, textOf)})`,
  ];
  const chosen = actions.filter((_, index) => index === 1 || random.chance(0.6)).map((each) => each());
  const returning = random.pick([
    () => '',
    () => '',
    () => ` RETURNING merge_action(), ${target}.*`,
    () => ` RETURNING merge_action(), ${textOf(mine)}`,
  ])();
  const on = random.pick([`s.id = ${target}.id`, `s.id = ${target}.id AND ${conditionOf(both, 0)}`]);
  return `MERGE INTO ${target} USING ${source} ON ${on}${chosen.join('')}${returning}`;
}

export function severalColumns(scope: Scope): string {
  const { random } = scope;
  const inner = within(scope, ['u.style', 'w.p'], ['u.id', 'w.id']);
  const outer = within(scope, ['w.p', 'w.r'], ['w.id']);
  const row = random.pick([
    () =>
      `(SELECT ${calling(inner, textOf)}, ${textOf(inner, 1)} FROM u WHERE u.id = w.id ORDER BY u.style LIMIT 1)`,
    () =>
      `(SELECT max(x), ${random.pick(['min(x)', "string_agg(x, ',')"])} FROM (SELECT ${calling(inner, textOf)} AS x FROM u WHERE u.k = w.k ORDER BY u.style) y)`,
    () => `(SELECT ${calling(inner, textOf)}, u.style FROM u WHERE u.id = w.id)`,
    () => `ROW(${calling(outer, textOf)}, ${textOf(outer, 1)})`,
    () => `(SELECT x, x FROM (SELECT ${calling(outer, textOf)} AS x) y)`,
    () => `(SELECT ${calling(within(scope, ['p'], ['id']), textOf)}, p FROM s WHERE s.id = w.k)`,
  ])();
  const other = random.pick([() => '', () => '', () => `, p = ${textOf(outer, 1)}`])();
  const where = random.chance(0.5) ? ` WHERE ${conditionOf(outer)}` : '';
  const returning = random.pick([
    () => '',
    () => '',
    () => ' RETURNING id, r, r2',
    () => ` RETURNING ${call(outer)}`,
  ])();
  return `UPDATE w SET (r, r2) = ${row}${other}${where}${returning}`;
}

/** Into a table with rows of the same keys. */
export function upserted(random: Random): Part {
  const scope = scopeOf(random, [], []);
  const made = within(scope, ['s.p', 's.name'], ['s.id', 's.k']);
  const meeting = within(scope, ['excluded.title', 'excluded.r', 'products.title', 'products.r'], []);
  const rows = random.pick([
    () => `SELECT coalesce(p, 'n') || id, name, ${calling(made, textOf)} FROM s`,
    () => `SELECT DISTINCT ON (p) coalesce(p, 'n'), name, ${textOf(made)} FROM s ORDER BY p, id`,
    () => `SELECT name || id, p, 'given' FROM s`,
    () =>
      `VALUES ('fox1', 'a', ${call(within(scope, [], []))}), ('elk5', 'b', 'x'), ('new', NULL, ${textOf(within(scope, [], []))})`,
    () =>
      `SELECT 'fox' || g, 'of ' || g, ${textOf(within(scope, ["'g'"], ['g']))} FROM generate_series(1, 4) g`,
  ])();
  const set = random.pick([
    () => `r = ${calling(meeting, textOf)}`,
    () => `r = ${call(meeting)}, title = excluded.title`,
    () => `(title, r) = ROW(excluded.title, ${call(meeting)})`,
    () => `r = excluded.r || coalesce(products.r, '')`,
    () => `r = CASE WHEN ${conditionOf(meeting)} THEN ${call(meeting)} ELSE products.r END`,
    () =>
      `(title, r) = (SELECT style, ${call(within(scope, ['style', 'excluded.title'], []))} FROM u LIMIT 1)`,
  ])();
  const where = random.chance(0.4) ? ` WHERE ${conditionOf(meeting)}` : '';
  const conflict = random.pick([
    `(slug) DO UPDATE SET ${set}${where}`,
    `(slug) DO UPDATE SET ${set}${where}`,
    `(slug) DO UPDATE SET ${set}${where}`,
    '(slug) DO NOTHING',
    `ON CONSTRAINT products_pkey DO UPDATE SET ${set}`,
  ]);
  const returning = random.pick([
    () => '',
    () => '',
    () => ' RETURNING slug, r',
    () => ` RETURNING slug, ${call(within(scope, ['title', 'r'], []))}`,
  ])();
  const text = `INSERT INTO products (slug, title, r) ${rows} ON CONFLICT ${conflict}${returning}`;
  const setup = ["INSERT INTO products VALUES ('fox1', 'old', 'r'), ('owl2', NULL, NULL), ('a5', 'old', '')"];
  return { setup, steps: [{ text }], ordered: true };
}
