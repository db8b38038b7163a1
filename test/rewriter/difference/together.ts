/** Random statements that a client sends together: several in one text, and batches of a prepared one in one pipe, with others behind it. */
import type { Random } from '../random.js';
import { call, calling, conditionOf, type Scope, scopeOf, textOf, within } from './expressions.js';
import type { Statement } from './outcome.js';
import { plainQuery, randomQuery } from './queries.js';
import { randomDelete, randomInsert, randomMerge, randomUpdate } from './writes.js';

type Part = Omit<Statement, 'form'>;

const several = (random: Random, most: number) => Array.from({ length: 1 + random.below(most) });

/** What those behind it read. */
function written(random: Random): string {
  return random.pick([
    `INSERT INTO log VALUES ('between')`,
    `UPDATE s SET p = p || '!' WHERE id = ${1 + random.below(5)}`,
    `UPDATE w SET p = 'changed', k = k + 1 WHERE id < 3`,
    `UPDATE u SET style = NULL`,
    `INSERT INTO s (id, p, k) VALUES (6, 'new', 1)`,
    `DELETE FROM s WHERE id = ${1 + random.below(5)}`,
    `SAVEPOINT between`,
    `SELECT vol('x')`,
    `CREATE TABLE made_between (id int)`,
    `SET LOCAL search_path = other, public, hologen_names`,
    `INSERT INTO watched VALUES (7, 'c')`,
    `UPDATE parts SET k = 0`,
  ]);
}

export function inOneText(random: Random): Part {
  const scope = scopeOf(random, [], [], 3);
  const texts = several(random, 3).map(() =>
    random.pick([
      () => randomInsert(scope),
      () => randomUpdate(scope),
      () => randomDelete(scope),
      () => randomMerge(scope),
      () => randomQuery(scope).text,
      () => written(random),
      () => written(random),
      () => simple(scope, String(1 + random.below(5)), `'given'`),
      () => simple(scope, String(1 + random.below(5)), `'given'`),
    ])(),
  );
  const text = [...texts, simple(scope, '2', `'last'`)].join('; ');
  return { setup: [], steps: [{ text }], ordered: false };
}

/** Over a number and a text, which may be parameters. */
function simple(outer: Scope, number: string, text: string): string {
  return outer.random.chance(0.7) ? usual(outer, number, text) : odd(outer, number, text);
}

/** As drivers and mappers of objects write them. */
function usual(outer: Scope, number: string, text: string): string {
  const { random } = outer;
  const own = within(outer, [text], []);
  const ofS = within(outer, ['p', 'name', text], ['id', 'k']);
  const ofP = within(outer, ['p', text], ['id']);
  const returning = random.pick(['', '', ' RETURNING *', ' RETURNING r']);
  return random.pick([
    () => `INSERT INTO o (n, r) VALUES (${number}, ${call(own)})${returning}`,
    () => `INSERT INTO o (n, r, r2) VALUES (${number}, ${calling(own, textOf)}, ${text})${returning}`,
    () => `INSERT INTO o (n, r) SELECT id, ${calling(ofS, textOf)} FROM s WHERE id = ${number}`,
    () => `INSERT INTO log SELECT ${call(ofS)} FROM s WHERE id > ${number}`,
    () => `INSERT INTO products VALUES (${text}, ${text}, ${call(own)})`,
    () => `INSERT INTO products VALUES ('fox', ${text}, ${call(own)}) ON CONFLICT DO NOTHING`,
    () => `UPDATE w SET r = ${call(ofP)} WHERE id = ${number}${returning}`,
    () => `UPDATE foxes SET r = ${call(ofP)} WHERE id = ${number}${returning}`,
    () => `DELETE FROM foxes WHERE id = ${number} AND ${call(ofP)} <> ${text}`,
    () => `SELECT id, ${calling(ofS, textOf)} FROM s WHERE id = ${number} OR ${conditionOf(ofS, 1)}`,
    () => `SELECT ${call(own)}, imm(${text})`,
  ])();
}

/** Where those behind may read what is written, or more is done than is told. */
function odd(outer: Scope, number: string, text: string): string {
  const { random } = outer;
  const own = within(outer, [text], []);
  const ofW = within(outer, ['p', 'r', text], ['id', 'k']);
  const ofP = within(outer, ['p', text], ['id']);
  return random.pick([
    () => `INSERT INTO w (id, p) SELECT id, ${call(ofP)} FROM s WHERE id >= ${number}`,
    () => `INSERT INTO w (id, p) SELECT ${number}, ${call(ofW)} FROM w WHERE id = ${number}`,
    () => `UPDATE w SET r = ${call(ofW)}, n = n + 1 WHERE id = ${number} RETURNING r, n`,
    () => `UPDATE w SET p = ${call(ofW)} WHERE id = ${number} AND p <> ${text}`,
    () =>
      `UPDATE foxes SET r = ${call(ofP)} WHERE id = (SELECT max(id) FROM foxes WHERE r IS NULL AND id < ${number})`,
    () =>
      `UPDATE foxes f SET r = ${call(within(outer, ['f.p', 's.p'], ['f.id']))} FROM s WHERE f.id = s.id AND s.id = ${number}`,
    () => `UPDATE parts SET r = ${call(ofP)} WHERE id = ${number}`,
    () => `UPDATE plain SET r = ${call(ofP)} WHERE id = ${number}`,
    () => `UPDATE changes SET r = ${call(within(outer, [text], ['id']))} WHERE id = ${number}`,
    () => `UPDATE owned SET r = ${call(ofP)} WHERE id = ${number}`,
    () => `INSERT INTO products VALUES (unique_slug('fox'), ${text}, ${call(own)})`,
    () =>
      `INSERT INTO ${random.pick(['watched', 'ruled', 'redirected'])} (id, r) VALUES (${number}, ${call(own)})`,
    () => `INSERT INTO self_painted (id, p, r) VALUES (${number}, 'x', ${call(own)})`,
    () => `INSERT INTO log VALUES (${call(own)} || how_many_then())`,
    () =>
      `INSERT INTO log SELECT ai_gen('m22', 'there are ' || count(*)) FROM ${random.pick(['o', 's', 'w', 'log'])} WHERE ${number} > 0`,
    () => `INSERT INTO log SELECT r FROM painted WHERE id = ${number} AND ${call(ofP)} <> ''`,
    () => `SELECT id, ${call(ofW)} FROM w WHERE id = ${number} ORDER BY id LIMIT 1`,
    () => `SELECT ${call(own)}, ${random.pick(['stab', 'vol', 'imm', 'noted'])}(${text})`,
    () =>
      `SELECT ${call(own)}, (SELECT count(*) FROM (${plainQuery(within(outer, [], [])).text}) q WHERE ${number} > 0)`,
  ])();
}

export function inOnePipe(random: Random): Part {
  const scope = scopeOf(random, [], [], 3);
  const [first, ...others] = several(random, 3).map(() => bindable(scope));
  const bound = ({ text, kinds }: Bindable) => ({ text, values: () => kinds.map((kind) => kind(random)) });
  const { text, values } = bound(first as Bindable);
  const step = {
    text,
    batch: several(random, 4).map(values),
    behind: others.map(bound).map((each) => ({ text: each.text, parameters: each.values() })),
  };
  return { setup: [], steps: [step], ordered: false };
}

interface Bindable {
  text: string;
  /** What its parameters are drawn from. */
  kinds: ((random: Random) => string | null)[];
}

/** The parameters are of the types that the statement makes of them, or of these. */
function bindable(scope: Scope): Bindable {
  const { random } = scope;
  const isWritten = random.chance(0.1);
  const [number, given] = random.pick(parameters);
  const text = isWritten ? written(random) : simple(scope, number, given);
  if (!text.includes('$2')) return { text, kinds: text.includes('$1') ? [aNumber] : [] };
  if (!text.includes('$1')) return { text: text.replaceAll('$2', '$1'), kinds: [aText] };
  return { text, kinds: [aNumber, aText] };
}
const parameters: [number: string, text: string][] = [
  ['$1', '$2::text'],
  ['$1::int', '$2::text'],
  ['$1', '$2'],
];

function aNumber(random: Random): string | null {
  return random.chance(0.05) ? random.pick([null, 'none']) : random.pick(['1', '2', '3', '4', '9']);
}

function aText(random: Random): string | null {
  return random.chance(0.05) ? null : random.pick(['fox', '007', 'x', 'y']);
}
