/** Makes random statements with AI calls over small tables, from a seed: the same seed makes the same statements. */

import type { Random } from './random.js';
import { randomJoin, randomUnion, randomWritingCte } from './random-joins.js';
import { paintedViews, randomOddity } from './random-oddities.js';
import { randomReturning } from './random-returning.js';
import { randomUpdate, updatedTables } from './random-updates.js';

/** Tables every statement may use, and one that INSERTs write to. */
export const tables = `
  CREATE TABLE t (id int PRIMARY KEY, p text, k int, v numeric(8,2), d date, name varchar(10), js json);
  INSERT INTO t SELECT i, 'prompt ' || i, i % 3, i * 1.25, date '2026-01-01' + i, 'n' || i, json_build_object('a', i)
    FROM generate_series(1, 9) i;
  INSERT INTO t (id, k) VALUES (10, 1);
  CREATE TABLE u (tid int, style text);
  INSERT INTO u SELECT i % 5 + 1, 's' || i FROM generate_series(1, 7) i;
  CREATE TABLE o (id serial PRIMARY KEY, n int, r text DEFAULT 'none', d date);
  ${updatedTables}
  ${paintedViews}`;

const columns = ['id', 'p', 'k', 'v', 'd', 'name'] as const;

export interface GeneratedStatement {
  form: string;
  text: string;
  parameters: unknown[];
  ordered: boolean;
}

type Written = Pick<GeneratedStatement, 'text'> & Partial<GeneratedStatement>;

/** Forms, and how often each comes. */
const forms: [form: string, share: number, write: (random: Random) => Written][] = [
  ['select', 4, (random) => selectStatement(random, 0)],
  ['insert select', 2, (random) => ({ text: insertSelect(random) })],
  ['create table', 1, (random) => ({ text: `CREATE TABLE made AS ${selectStatement(random, 0).text}` })],
  ['insert values', 1, (random) => ({ text: valuesInsert(random), ordered: true })],
  ['parameters', 1, withParameters],
  ['copy', 1, copyStatement],
  ['sub-selects', 2, (random) => ({ text: subSelects(random) })],
  ['update', 6, (random) => ({ text: randomUpdate(random) })],
  ['returning', 2, (random) => ({ text: randomReturning(random) })],
  ['union', 3, (random) => ({ text: randomUnion(random) })],
  ['oddities', 3, randomOddity],
  ['join', 2, (random) => ({ text: randomJoin(random) })],
  ['writing cte', 1, (random) => ({ text: randomWritingCte(random) })],
];
const drawn = forms.flatMap((form) => Array.from({ length: form[1] }, () => form));

export function generateStatement(random: Random): GeneratedStatement {
  const [form, , write] = random.pick(drawn);
  return { form, parameters: [], ordered: false, ...write(random) };
}

function insertSelect(random: Random): string {
  return random.pick([
    `INSERT INTO o (n, r) ${twoColumns(random)} RETURNING n, r`,
    `INSERT INTO o (r, d) SELECT ${call(random, 't')}, '2026-02-03' FROM t ON CONFLICT DO NOTHING`,
  ]);
}

function withParameters(random: Random): Written {
  return random.pick([
    {
      text: `SELECT id, ai_gen('m', p || $1), $1::text AS given FROM t WHERE k = 1 ORDER BY id`,
      parameters: ['with parameter'],
      ordered: true,
    },
    {
      text: `SELECT id, ai_gen('m', p) || $1, ai_gen('m2', p) FROM t`,
      parameters: [random.pick([null, 'x'])],
    },
    { text: `UPDATE w SET r = ai_gen($1, p) WHERE id = $2 OR k = $2`, parameters: ['m', random.below(8)] },
    { text: `UPDATE w SET r = ai_gen('m', $1), r2 = ai_gen('m', p) WHERE p <> $1`, parameters: ['prompt 3'] },
    {
      text: `UPDATE w SET r = ai_gen('n', ai_gen('m', $1 || p)), n = $2 WHERE id < 5 RETURNING id, r`,
      parameters: ['so ', 4],
    },
  ]);
}

/** The differential test reads the rows as those of a query. */
function copyStatement(random: Random): Written {
  const { text, ordered } = selectStatement(random, 0);
  return { text: `COPY (${text}) TO STDOUT`, ordered };
}

function subSelects(random: Random): string {
  return random.pick([
    () =>
      `WITH first AS (${twoColumns(random)}) SELECT n, ai_gen('second', r) AS z FROM first${random.chance(0.3) ? ' WHERE n > 2' : ''}`,
    () => `SELECT sub.* FROM (${selectStatement(random, 0).text}) sub`,
    () =>
      `SELECT sub.id, ai_gen('outer', sub.p) FROM (SELECT id, p FROM t WHERE k < ${random.below(3)}) sub LIMIT ${random.below(6)}`,
  ])();
}

function selectStatement(random: Random, depth: number): { text: string; ordered: boolean } {
  const grouped = random.chance(0.15);
  if (grouped) return groupedSelect(random);
  const join = random.chance(0.2);
  const alias = random.chance(0.3) ? 'x' : 't';
  const from = `t${alias === 'x' ? ' x' : ''}${join ? ` JOIN u ON u.tid = ${alias}.id` : ''}`;
  const count = 1 + random.below(4);
  const items = Array.from({ length: count }, () => item(random, alias));
  if (!items.some((each) => each.includes('ai_gen'))) items.push(call(random, alias));
  const where = random.chance(0.4)
    ? ` WHERE ${alias}.id ${random.pick(['<', '>', '<>'])} ${random.below(10)}`
    : '';
  const ordered = random.chance(0.5) && !join;
  const order = ordered
    ? ` ORDER BY ${random.pick([`${alias}.id`, `${alias}.id DESC`, `${alias}.k, ${alias}.id`])}`
    : '';
  // Without an order, which rows LIMIT takes is not defined.
  const limit =
    ordered && random.chance(0.4) ? ` LIMIT ${random.below(6)}${random.chance(0.3) ? ' OFFSET 1' : ''}` : '';
  const withClause = depth === 0 && random.chance(0.15) ? 'WITH w AS (SELECT 1 AS one) ' : '';
  return { text: `${withClause}SELECT ${items.join(', ')} FROM ${from}${where}${order}${limit}`, ordered };
}

function groupedSelect(random: Random): { text: string; ordered: boolean } {
  const having = random.chance(0.3) ? ' HAVING count(*) > 2' : '';
  const prompt = random.pick(["string_agg(p, ',' ORDER BY id)", 'count(*)::text', 'max(name) || k']);
  return {
    text: `SELECT k, ai_gen('g', ${prompt})${random.pick([' AS made', '', '::text'])}, count(*) FROM t GROUP BY k${having} ORDER BY k`,
    ordered: true,
  };
}

function twoColumns(random: Random): string {
  return `SELECT id AS n, ${call(random, 't')} AS r FROM t${random.chance(0.4) ? ` WHERE k = ${random.below(3)}` : ''}`;
}

function valuesInsert(random: Random): string {
  const rows = Array.from({ length: 1 + random.below(4) }, (_, index) =>
    random.pick([
      `(${index}, ai_gen('v', 'row ${index}'))`,
      `(${index}, DEFAULT)`,
      `(${index}, upper(ai_gen('v', 'up ${index}')))`,
    ]),
  );
  return `INSERT INTO o (n, r) VALUES ${rows.join(', ')} RETURNING n, r`;
}

function item(random: Random, alias: string): string {
  const column = `${random.chance(0.5) ? `${alias}.` : ''}${random.pick(columns)}`;
  switch (random.below(12)) {
    case 0:
      return `${alias}.*`;
    case 1:
      return random.pick(["'constant'", '42', 'NULL', "'2026-01-01'::date AS day", '1.5 named']);
    case 2:
      return `${column} AS ${random.pick(['other', '"Odd ""name"', 'x1'])}`;
    case 3:
      return random.pick([
        `upper(${alias}.p)`,
        `${alias}.v * 2`,
        `${alias}.k + 1 AS more`,
        `coalesce(${alias}.p, 'none')`,
        `${alias}.js->>'a'`,
      ]);
    case 4:
      return `CASE WHEN ${alias}.k = 1 THEN ${call(random, alias)} ELSE 'no' END`;
    case 5:
    case 6:
    case 7:
    case 8:
      return call(random, alias);
    case 9:
      return `${alias}.d::text`;
    default:
      return column;
  }
}

function call(random: Random, alias: string): string {
  const prompt = random.pick([
    `${alias}.p`,
    `'for ' || ${alias}.id`,
    `json_build_object('prompt', ${alias}.p)::text`,
    `coalesce(${alias}.name, 'x')`,
    `repeat(${alias}.p, 2)`,
    `(SELECT max(style) FROM u WHERE u.tid = ${alias}.id)`,
  ]);
  const plain = random.pick([
    `ai_gen('m', ${prompt})`,
    `ai_gen(${prompt})`,
    `hologen.ai_gen('m2', ${prompt}, NULL)`,
    `"ai_gen" /* ( */ ('m', ${prompt})`,
    `pg_catalog.ai_gen('m', ${prompt})`,
  ]);
  switch (random.below(11)) {
    case 0:
      return `ai_gen('nested', ${plain})`;
    case 1:
      return `${plain} || ' of ' || ${alias}.id`;
    case 2:
      return `json_build_object('r', ${plain})::json->>'r' AS picked`;
    case 3:
      return `upper(${plain})`;
    case 4:
      return `length(${plain}) + ${alias}.k`;
    case 5:
      return `coalesce(${plain}, 'never')`;
    case 6:
      return `${plain} AS "Result"`;
    case 7:
      return `${plain} || NULL`;
    default:
      return plain;
  }
}
