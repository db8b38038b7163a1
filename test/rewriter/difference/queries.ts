/** Random queries: each clause of SELECT, set operations, and everything that may stand in FROM. */
import { call, calling, conditionOf, type Scope, textOf, within } from './expressions.js';

export interface Query {
  text: string;
  ordered: boolean;
}

interface Source {
  from: string;
  with?: string;
  texts: string[];
  numbers: string[];
  /** Orders its rows completely. */
  key: string | undefined;
}

export function randomQuery(scope: Scope): Query {
  const { random } = scope;
  return random.pick([
    plainQuery,
    plainQuery,
    plainQuery,
    plainQuery,
    groupedQuery,
    setOperation,
    aggregateQuery,
    wantedQuery,
  ])(scope);
}

/** Some of the rows that results let through: s is read in the order in which it was filled. */
function wantedQuery(scope: Scope): Query {
  const { random } = scope;
  const made = within(scope, ['s.p', 's.name', 's.p || n'], ['s.id', 'n']);
  const order = random.pick(['', '', ' ORDER BY n DESC, s.id', ' ORDER BY s.p, n, s.id']);
  const rows = `SELECT n, s.id AS i, ${calling(made, textOf)} AS r, s.p AS q FROM generate_series(1, 3) n, s${order}`;
  const [table, source] = random.pick([
    ['', `(${rows}) x`],
    [`WITH x AS (${rows}) `, 'x'],
    [`WITH x AS MATERIALIZED (${rows}) `, 'x'],
  ]);
  const inner = within(scope, ['r', 'q'], ['i', 'n']);
  const fits = random.pick([
    () => "md5(r) > '8'",
    () => "coalesce(md5(r) > '6', true)",
    () => "NOT md5(r) > 'b'",
    () => "md5(r) > '5' AND i <> 2",
    () => conditionOf(inner),
  ])();
  const limit = random.pick([2, 3, 5, 8].map((count) => ` LIMIT ${count}`).concat(' LIMIT 4 OFFSET 2', ''));
  return {
    text: `${table}SELECT ${random.pick([() => '*', () => 'r, i', () => 'q', () => calling(inner, textOf), () => `i, ${calling(inner, textOf)}`])()} FROM ${source} WHERE ${fits}${limit}`,
    ordered: true,
  };
}

/** SELECT list FROM … WHERE … ORDER BY … LIMIT. */
export function plainQuery(scope: Scope): Query {
  const { random } = scope;
  const source = randomSource(scope);
  const inner = within(scope, source.texts, source.numbers);
  const items = calling(inner, itemsOf);
  const where = random.chance(0.4) ? ` WHERE ${conditionOf(inner, random.pick([0, 1, 1, 2]))}` : '';
  const distinct = random.chance(0.08);
  const ordered = !distinct && source.key !== undefined && random.chance(0.6);
  const order = ordered ? ` ORDER BY ${orderOf(inner, source.key ?? '')}` : '';
  const limit = ordered && random.chance(0.4) ? limitOf(scope) : '';
  const text = `${source.with ?? ''}SELECT ${distinct ? 'DISTINCT ' : ''}${items} FROM ${source.from}${where}${order}${limit}`;
  return { text, ordered: ordered || (source.from === 's' && !distinct) };
}

function limitOf({ random }: Scope): string {
  return random.pick([
    ` LIMIT ${random.below(5)}`,
    ` LIMIT ${random.below(5)} OFFSET 1`,
    ' OFFSET 2',
    ' FETCH FIRST 2 ROWS ONLY',
    ' LIMIT (SELECT 2)',
    ' LIMIT NULL',
  ]);
}

function orderOf(scope: Scope, key: string): string {
  const { random } = scope;
  return random.pick([
    () => key,
    () => `${key} DESC`,
    () => `1, ${key}`,
    () => `${random.pick(scope.texts)} DESC NULLS LAST, ${key}`,
    () => `${textOf(scope, 1)}, ${key}`,
    () => `${key} USING >`,
    () => `length(${textOf(scope, 1)}) NULLS FIRST, ${key}`,
  ])();
}

function itemsOf(scope: Scope): string {
  const { random } = scope;
  return Array.from({ length: 1 + random.below(4) }, () => itemOf(scope)).join(', ');
}

function itemOf(scope: Scope): string {
  const { random, texts, numbers } = scope;
  return random.pick([
    () => call(scope),
    () => call(scope),
    () => textOf(scope),
    () => textOf(scope),
    () => textOf(scope, 3),
    () => `${textOf(scope)} AS ${random.pick(['made', 'p', 'id', '"Odd ""name"', 'style'])}`,
    () => '*',
    () => '*',
    () => nameless(scope),
    () => nameless(scope),
    () => random.pick(texts),
    () => random.pick(numbers),
    () => random.pick(['NULL', "'constant'", '42', "'2026-01-01'::date AS day", '1.5 named', "'x' AS p"]),
    () => `row_number() OVER (ORDER BY ${random.pick(numbers)})`,
    () => `count(*) OVER (PARTITION BY ${random.pick(texts)})`,
    () => `lag(${textOf(scope, 1)}) OVER (ORDER BY ${random.pick(numbers)}, ${random.pick(texts)})`,
    () => `generate_series(1, 2)`,
    () => `unnest(ARRAY[${textOf(scope, 1)}, 'other'])`,
    () => `(pair_of(${textOf(scope, 1)})).*`,
    () => `ROW(${textOf(scope, 1)}, ${random.pick(numbers)})`,
    () => `${conditionOf(scope)} AS yes`,
    () => `ARRAY[${textOf(scope, 1)}]`,
    () => `how_many_then()`,
  ])();
}

/** What gets its name by rules of PostgreSQL's own (FigureColname in parse_target.c). */
function nameless({ random, texts, numbers }: Scope): string {
  const [text, number] = [random.pick(texts), random.pick(numbers)];
  return random.pick([
    `(CASE WHEN ${number} = 1 THEN 'a' ELSE 'b' END)::text`,
    `CASE WHEN ${number} = 1 THEN 'a' ELSE 'b'::text END`,
    `CASE WHEN ${number} = 1 THEN 'a' ELSE ${text} END`,
    `(${number} + 1)::numeric::text`,
    `CAST(${number} AS text)`,
    `-${number}`,
    `${text} IS NULL`,
    `(SELECT 1 AS one)`,
    `(SELECT ${text})`,
    'EXISTS (SELECT 1)',
    `ARRAY[${text}]`,
    `(ARRAY[${text}])[1]`,
    `coalesce(${text}, '')`,
    `greatest(${number}, 1)`,
    `nullif(${text}, '')`,
    'current_date IS NULL',
    'current_role',
    "date '2026-01-01'",
    "interval '1 day'",
    `(pair_of(${text})).a`,
    `(jsonb_build_object('a', ${number}))['a']`,
    `pg_catalog.upper(${text})`,
    `${text}::varchar(3)`,
    `${text} COLLATE "C"`,
    `EXTRACT(day FROM date '2026-01-02')`,
    `position('o' IN ${text})`,
    `trim(${text})`,
    `xmlforest(${number} AS n)::text`,
    'true',
  ]);
}

function groupedQuery(scope: Scope): Query {
  const { random } = scope;
  const source = within(scope, ["string_agg(p, ',' ORDER BY id)", 'max(name)'], ['k', 'count(*)']);
  const having = random.chance(0.3) ? ` HAVING ${conditionOf(source)}` : '';
  const items = calling(source, (inner) =>
    random.pick([
      () => `k, ${textOf(inner)}`,
      () => `${call(inner)}, count(*), k`,
      () => `k, ${aggregateOf(within(scope, ['p', 'name'], ['id']))}`,
    ])(),
  );
  const groups = random.pick(['k', 'k', 'ROLLUP (k)', 'GROUPING SETS ((k), ())']);
  return { text: `SELECT ${items} FROM s GROUP BY ${groups}${having} ORDER BY k`, ordered: false };
}

function aggregateOf(scope: Scope): string {
  const { random } = scope;
  const filter = random.chance(0.25) ? ` FILTER (WHERE ${conditionOf(scope)})` : '';
  const value = () => textOf(scope, random.pick([0, 1, 2]));
  const order = random.pick([' ORDER BY id', ` ORDER BY p, id DESC`]);
  return `${random.pick([
    () => `count(${value()})`,
    () => `count(DISTINCT ${value()})`,
    () => `max(${value()})`,
    () => `string_agg(${value()}, ','${order})`,
    () => `array_agg(${value()}${order})`,
    () => `json_agg(${value()}${order})`,
    () => `json_object_agg(id, ${value()}${order})`,
    () => `joined(${value()}${order})`,
    () => `bool_or(${value()} IS NOT NULL)`,
  ])()}${filter}`;
}

function aggregateQuery(scope: Scope): Query {
  const inner = within(scope, ['p', 'name'], ['id', 'k']);
  const items = calling(inner, (each) =>
    Array.from({ length: 1 + scope.random.below(2) }, () => aggregateOf(each)).join(', '),
  );
  const where = scope.random.chance(0.4) ? ` WHERE ${conditionOf(inner)}` : '';
  return { text: `SELECT ${items} FROM s${where}`, ordered: true };
}

function setOperation(scope: Scope): Query {
  const { random } = scope;
  const arm = () => {
    const inner = within(scope, ['p', 'name'], ['id', 'k']);
    return `SELECT id AS a, ${textOf(inner)} AS b FROM s${random.chance(0.5) ? ` WHERE ${conditionOf(inner)}` : ''}`;
  };
  const operation = random.pick(['UNION ALL', 'UNION ALL', 'UNION', 'EXCEPT', 'INTERSECT ALL']);
  const text = calling(scope, () => `${arm()} ${operation} ${arm()}`);
  const ordered = random.chance(0.3) ? `${text} ORDER BY ${random.pick(['1, 2', 'a, b', '2, 1'])}` : text;
  return random.pick([
    () => ({ text: ordered, ordered: ordered !== text }),
    () => ({ text: `SELECT count(*), min(b) FROM (${text}) x`, ordered: true }),
    () => ({ text: `${text} ORDER BY a, b LIMIT 2`, ordered: true }),
    () => ({ text: `WITH c AS (${text}) SELECT * FROM c WHERE a > 1`, ordered: false }),
  ])();
}

const s: Source = {
  from: 's',
  texts: ['s.p', 's.name', "s.js ->> 'a'"],
  numbers: ['s.id', 's.k'],
  key: 's.id',
};

function randomSource(scope: Scope): Source {
  const { random } = scope;
  const made = within(scope, ['s.p', 's.name'], ['s.id']);
  const columns = () => `s.id AS i, ${calling(made, textOf)} AS r, s.p AS q`;
  return random.pick<() => Source>([
    () => s,
    () => s,
    () => s,
    () => ({ ...s, from: 's JOIN u ON u.id = s.id', texts: ['s.p', 'u.style'], key: 's.id, u.style' }),
    () => ({ ...s, from: 's LEFT JOIN u ON u.id = s.id', texts: ['s.p', 'u.style'], key: 's.id, u.style' }),
    () => ({ ...s, from: 's JOIN u USING (id)', texts: ['p', 'style'], numbers: ['id'], key: 'id, style' }),
    () => ({
      ...s,
      from: 's NATURAL LEFT JOIN u',
      texts: ['p', 'style'],
      numbers: ['id', 'k'],
      key: 'id, style',
    }),
    () => ({ ...s, from: `s LEFT JOIN u ON u.id = s.id AND ${conditionOf(made)}`, key: 's.id, u.style' }),
    () => ({
      ...s,
      from: `s ${random.pick(['RIGHT', 'FULL', 'LEFT'])} JOIN u USING (id)`,
      texts: ['p', 'style'],
      numbers: ['id', 's.id', 'u.id'],
      key: random.pick(['id, style', 's.id, u.id, style']),
    }),
    () => ({
      from: '(SELECT id AS i, p AS q, NULL::text AS x, NULL AS y FROM s) n',
      texts: ['x', 'q', 'n.x', 'y'],
      numbers: ['i'],
      key: 'i',
    }),
    () => ({
      with: `WITH RECURSIVE r (i, q) AS (SELECT id, ${random.pick(['p', call(made)])} FROM s WHERE id = 1 UNION ALL SELECT s.id, ${random.pick(['s.p', "r.q || '+'"])} FROM r JOIN s ON s.id = r.i + 1) `,
      ...{ from: 'r', texts: ['q', 'r.q'], numbers: ['i'], key: 'i' },
    }),
    () => ({ ...s, from: 's TABLESAMPLE BERNOULLI (60) REPEATABLE (3)', texts: ['p', 'name'] }),
    () => ({
      from: `s, xmltable('/a' PASSING xmlelement(name a, ${random.pick(['s.p', call(made)])}) COLUMNS t text PATH '.') x`,
      ...{ texts: ['x.t', 's.p'], numbers: ['s.id'], key: 's.id' },
    }),
    () => ({
      from: `s, json_table(jsonb_build_array(${random.pick(['s.p', call(made)])}, 'z'), '$[*]' COLUMNS (n FOR ORDINALITY, t text PATH '$')) x`,
      ...{ texts: ['x.t', 's.p'], numbers: ['s.id', 'x.n'], key: 's.id, x.n' },
    }),
    () => ({ from: 's AS x (a, b)', texts: ['b', 'x.name'], numbers: ['a', 'k'], key: 'a' }),
    () => ({ from: 's AS x (a, b)', texts: ['b', 'x.name'], numbers: ['a', 'k'], key: 'a' }),
    () => ({ from: `(SELECT ${columns()} FROM s) x`, texts: ['x.r', 'x.q'], numbers: ['i'], key: 'i' }),
    () => ({
      from: `(SELECT ${columns()} FROM s ORDER BY s.id LIMIT 3) x`,
      texts: ['x.r', 'q'],
      numbers: ['i'],
      key: 'i',
    }),
    () => ({
      with: `WITH c AS (SELECT ${columns()} FROM s) `,
      from: 'c',
      texts: ['r', 'q'],
      numbers: ['i'],
      key: 'i',
    }),
    () => ({
      with: `WITH c AS (SELECT ${columns()} FROM s) `,
      from: 'c LEFT JOIN u ON u.id = c.i',
      texts: ['r', 'style'],
      numbers: ['i'],
      key: 'i, style',
    }),
    () => ({
      with: `WITH c AS (SELECT ${columns()} FROM s) `,
      from: 'c JOIN c d ON d.i = c.i + 1',
      texts: ['c.r', 'd.r'],
      numbers: ['c.i'],
      key: 'c.i',
    }),
    () => ({
      with: `WITH c AS NOT MATERIALIZED (SELECT ${columns()} FROM s), d AS (SELECT i, r || '!' AS r FROM c) `,
      from: 'd',
      texts: ['r'],
      numbers: ['i'],
      key: 'i',
    }),
    () => ({
      from: `s, LATERAL (SELECT ${calling(made, textOf)} AS r) x`,
      texts: ['x.r', 's.p'],
      numbers: ['s.id'],
      key: 's.id',
    }),
    () => ({
      from: `s, LATERAL string_to_table(${calling(made, textOf)}, ' ') WITH ORDINALITY AS x (part, n)`,
      texts: ['part', 'p'],
      numbers: ['s.id', 'n'],
      key: 's.id, n',
    }),
    () => ({ from: 'painted', texts: ['r', 'p'], numbers: ['id'], key: 'id' }),
    () => ({ from: 'painted_more x', texts: ['r', 'framed'], numbers: ['id'], key: 'id' }),
    () => ({ from: 's JOIN painted USING (id)', texts: ['r', 's.p'], numbers: ['id'], key: 'id' }),
    () => ({ from: 'chosen', texts: ['p'], numbers: ['id', 'k'], key: 'id' }),
    () => ({ from: 'numbered', texts: ['p'], numbers: ['id', 'number'], key: 'id' }),
    () => ({ from: 'kinds', texts: ['p'], numbers: ['k'], key: 'k' }),
    () => ({ from: 'w', texts: ['p', 'r'], numbers: ['id', 'k'], key: undefined }),
    () => ({ from: 'parts', texts: ['p', 'r'], numbers: ['id', 'k'], key: 'id' }),
    () => ({ from: 'generate_series(1, 3) AS i', texts: ['i::text'], numbers: ['i'], key: 'i' }),
    () => ({
      from: `unnest(ARRAY['a', NULL, 'a']) WITH ORDINALITY AS x (e, i)`,
      texts: ['e'],
      numbers: ['i'],
      key: 'i',
    }),
    () => ({
      from: `(VALUES (1, 'a'), (2, ${calling(made.calls.count > 2 ? made : within(scope, [], []), textOf)})) AS v (i, e)`,
      texts: ['e'],
      numbers: ['i'],
      key: 'i',
    }),
    () => ({ from: 'paint_all(3) AS x', texts: ['r'], numbers: ['n'], key: 'n' }),
    () => ({ from: 's TABLESAMPLE BERNOULLI (60) REPEATABLE (3)', texts: ['p'], numbers: ['id'], key: 'id' }),
    () => ({
      from: `(SELECT ${columns()} FROM s) x JOIN s y ON y.id = x.i`,
      texts: ['x.r', 'y.p'],
      numbers: ['i'],
      key: 'i',
    }),
  ])();
}
