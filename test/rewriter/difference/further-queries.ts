/** Random queries of clauses that ./queries.ts has none of: DISTINCT ON, ordered sets, grouping sets, frames of windows, sets and JSON tables of results, EXISTS over several rows. */
import { call, calling, conditionOf, type Scope, textOf, within } from './expressions.js';

const ofS = (scope: Scope) => within(scope, ['p', 'name'], ['id', 'k']);
const ofU = (scope: Scope) => within(scope, ['u.style', 's.p'], ['u.id', 's.k']);
const madeOf = (scope: Scope) => `SELECT id AS i, k, ${calling(ofS(scope), textOf)} AS r, p AS q FROM s`;

export function distinctOn(scope: Scope): string {
  const { random } = scope;
  const inner = ofS(scope);
  const key = random.pick([
    () => 'k',
    () => 'p',
    () => 'k, p',
    () => call(inner),
    () => textOf(inner),
    () => `length(${textOf(inner, 1)})`,
    () => conditionOf(inner),
  ])();
  const items = random.pick([
    () => calling(inner, textOf),
    () => `*, ${call(inner)}`,
    () => `id, ${call(inner)} AS r`,
  ])();
  const where = random.chance(0.3) ? ` WHERE ${conditionOf(inner)}` : '';
  const text = `SELECT DISTINCT ON (${key}) ${items} FROM s${where} ORDER BY ${key}, id${random.pick(['', ' DESC'])}`;
  return random.pick([text, text, `${text} LIMIT 2`, `SELECT count(*) FROM (${text}) x`]);
}

export function withinGroup(scope: Scope): string {
  const { random } = scope;
  const inner = ofS(scope);
  const value = () => random.pick([() => call(inner), () => textOf(inner), () => textOf(inner, 1)])();
  const order = () => `WITHIN GROUP (ORDER BY ${value()}${random.pick(['', ' DESC', ' NULLS FIRST'])})`;
  const one = () =>
    random.pick([
      () => `percentile_disc(${random.pick(['0.5', 'ARRAY[0.2, 0.8]', '0'])}) ${order()}`,
      () => `mode() ${order()}`,
      () => `${random.pick(['rank', 'dense_rank', 'percent_rank', 'cume_dist'])}('m') ${order()}`,
      () => `rank(${call(within(scope, [], []))}) ${order()}`,
      () => `percentile_cont(0.5) WITHIN GROUP (ORDER BY length(${value()}))`,
      () => `percentile_disc(0.5) ${order()} FILTER (WHERE ${conditionOf(inner)})`,
      () => `rank('m', 2) WITHIN GROUP (ORDER BY ${value()}, id)`,
    ])();
  const items = calling(inner, () => Array.from({ length: 1 + random.below(2) }, one).join(', '));
  const group = random.pick(['', ' GROUP BY k', ' GROUP BY k HAVING count(*) > 1', ' GROUP BY ROLLUP (k)']);
  return `SELECT ${items} FROM s${random.chance(0.3) ? ` WHERE ${conditionOf(inner)}` : ''}${group}`;
}

export function groupingSets(scope: Scope): string {
  const { random } = scope;
  const grouped = within(scope, ["string_agg(p, ',' ORDER BY id)", 'p'], ['k', 'count(*)', 'grouping(k)']);
  const items = calling(grouped, (each) =>
    random.pick([
      () => `k, p, ${textOf(each)}`,
      () => `grouping(k, p), ${call(each)}`,
      () => `k, max(${textOf(ofS(scope), 1)}), ${textOf(each, 1)}`,
      () => `CASE WHEN grouping(p) = 1 THEN ${call(each)} ELSE p END, k`,
    ])(),
  );
  const sets = random.pick([
    'GROUPING SETS ((k, p), (k), ())',
    'ROLLUP (k, p)',
    'CUBE (k, p)',
    'k, ROLLUP (p)',
    'GROUPING SETS ((k), (p))',
    'DISTINCT ROLLUP (k, p), ROLLUP (k)',
    'GROUPING SETS (CUBE (k), (p, k))',
  ]);
  const having = random.chance(0.3) ? ` HAVING ${conditionOf(grouped)}` : '';
  return random.pick([
    () => `SELECT ${items} FROM s GROUP BY ${sets}${having}${random.pick(['', ' ORDER BY k, p'])}`,
    () =>
      `SELECT r, k, count(*), max(q) FROM (${madeOf(scope)}) x GROUP BY ${random.pick(['ROLLUP (r, k)', 'GROUPING SETS ((r), (k), ())', 'CUBE (r, k)'])}${random.pick(['', ' HAVING count(*) > 1'])}`,
  ])();
}

const frames = [
  'ROWS BETWEEN 1 PRECEDING AND CURRENT ROW',
  'ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING',
  'ROWS 2 PRECEDING',
  'RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING',
  'RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW',
  'GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES',
  'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP',
];

export function windows(scope: Scope): string {
  const { random } = scope;
  const inner = ofS(scope);
  const value = () => random.pick([() => call(inner), () => textOf(inner), () => textOf(inner, 1)])();
  const frame = () =>
    random.chance(0.1)
      ? `ROWS length(${call(within(scope, [], []))}) % 3 PRECEDING`
      : random.pick(['', ...frames]);
  const over = () => {
    const partition = random.chance(0.4)
      ? `PARTITION BY ${random.pick([() => 'k', () => 'p', () => textOf(inner, 1)])()} `
      : '';
    return `OVER (${partition}ORDER BY ${random.chance(0.15) ? `length(${value()})` : 'id'} ${frame()})`;
  };
  const one = () =>
    random.pick([
      () => `${random.pick(['first_value', 'last_value'])}(${value()}) ${over()}`,
      () => `nth_value(${value()}, ${random.pick(['2', 'id'])}) ${over()}`,
      () => `string_agg(${value()}, ',') ${over()}`,
      () => `count(${value()}) FILTER (WHERE ${conditionOf(inner)}) ${over()}`,
      () => `${random.pick(['max', 'min'])}(${value()}) ${over()}`,
      () => `lead(${value()}, ${random.pick(['1', '2', 'k', '-1'])}, ${textOf(inner, 1)}) ${over()}`,
      () => `ntile(2) OVER (ORDER BY ${value()}, id)`,
      () => `count(*) OVER w, ${value()}`,
    ])();
  const items = calling(inner, () => Array.from({ length: 1 + random.below(2) }, one).join(', '));
  const where = random.chance(0.3) ? ` WHERE ${conditionOf(inner)}` : '';
  const numbering = random.pick(['row_number()', 'rank()', 'count(*)']);
  return random.pick([
    () => `SELECT id, ${items} FROM s${where} WINDOW w AS (PARTITION BY k ORDER BY id ${frame()})`,
    () =>
      `SELECT id, ${items} FROM s${where} WINDOW w AS (ORDER BY id) ORDER BY ${random.pick(['2', 'id DESC'])} LIMIT 3`,
    () =>
      `SELECT i, ${textOf(within(scope, ['r', 'q'], ['i']))} FROM (SELECT *, ${numbering} OVER (ORDER BY ${random.pick(['r', 'i', 'q, i'])}) AS n FROM (${madeOf(scope)}) x) y WHERE n <= ${random.pick(['2', '3', 'k'])}`,
  ])();
}

export function setsOfResults(scope: Scope): string {
  const { random } = scope;
  const value = random.pick(['x.r', "x.r || ' ' || coalesce(x.q, 'n')", "coalesce(nullif(x.r, ''), 'e')"]);
  const set = random.pick([
    `unnest(ARRAY[${value}, x.q]) WITH ORDINALITY AS e (part, n)`,
    `regexp_split_to_table(${value}, '[ <]') WITH ORDINALITY AS e (part, n)`,
    `ROWS FROM (string_to_table(${value}, ' '), generate_series(1, 2)) AS e (part, n)`,
    `jsonb_array_elements_text(jsonb_build_array(${value}, x.k)) WITH ORDINALITY AS e (part, n)`,
    `jsonb_each_text(jsonb_build_object('a', ${value}, '7', x.q)) WITH ORDINALITY AS e (key, part, n)`,
    `(SELECT ${value} || g AS part, g AS n FROM generate_series(1, length(${value}) % 3) g) AS e`,
    `regexp_matches(${value}, '[a-z]+', 'g') WITH ORDINALITY AS f (parts, n), LATERAL (SELECT f.parts[1] AS part) e`,
    `pairs_of(${value}) AS e (part, n)`,
  ]);
  const inner = within(scope, ['part', 'x.q'], ['n', 'x.i']);
  const items = random.pick([
    () => 'x.i, part, n',
    () => `x.i, ${textOf(inner)}`,
    () => `part, ${call(inner)}`,
    () => `x.*, part`,
    () => `count(*), string_agg(${textOf(inner, 1)}, ',' ORDER BY x.i, n)`,
  ])();
  const join = random.pick([', LATERAL ', ' CROSS JOIN LATERAL ', ' LEFT JOIN LATERAL ']);
  const on = join.includes('LEFT') ? ` ON ${conditionOf(within(scope, ['part'], ['n']))}` : '';
  const where = random.chance(0.3) ? ` WHERE ${conditionOf(inner)}` : '';
  const made = madeOf(scope);
  return random.pick([
    () => `SELECT ${items} FROM (${made}) x${join}${set}${on}${where}`,
    () => `WITH x AS (${made}) SELECT ${items} FROM x${join}${set}${on}${where}`,
    () =>
      `SELECT id, ${random.pick(['unnest', 'unnest'])}(ARRAY[${calling(ofS(scope), textOf)}, p]), generate_series(1, ${random.pick(['2', '3', 'id'])}) FROM s`,
    () =>
      `SELECT id, string_to_table(${calling(ofS(scope), textOf)}, ' ') AS part FROM s ORDER BY ${random.pick(['1', '2', 'id, part'])} LIMIT 4`,
  ])();
}

export function jsonTables(scope: Scope): string {
  const { random } = scope;
  const inner = ofS(scope);
  const value = () => random.pick([() => call(inner), () => textOf(inner), () => textOf(inner, 1)])();
  const document = () => `jsonb_build_object('a', ${value()}, 'b', jsonb_build_array(p, ${value()}))`;
  const columns = random.pick([
    "n FOR ORDINALITY, t text PATH '$.a'",
    "t text PATH '$.c' DEFAULT 'none' ON EMPTY, n int EXISTS PATH '$.a'",
    "t text PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (n FOR ORDINALITY, u text PATH '$')",
    "t jsonb PATH '$.b' WITH WRAPPER, n FOR ORDINALITY",
  ]);
  const of = within(scope, ['t::text', 'p'], ['n', 'id']);
  const one = () =>
    random.pick([
      () =>
        `json_value(${document()}, '$.c' RETURNING text DEFAULT ${random.pick(["'d'", 'p'])} ON EMPTY DEFAULT 'e' ON ERROR)`,
      () => `json_query(${document()}, '$.b[*]' WITH WRAPPER)`,
      () => `json_exists(${document()}, '$.b[*] ? (@ == $x)' PASSING ${value()} AS x)`,
      () => `(${value()} IS JSON)`,
      () =>
        `json_object('a': ${value()}, 'b': p ${random.pick(['ABSENT', 'NULL'])} ON NULL WITHOUT UNIQUE KEYS)`,
      () => `json_object('a': 1, coalesce(p, 'n'): ${value()} WITH UNIQUE KEYS)`,
      () => `json_array(${value()}, p, id ABSENT ON NULL RETURNING jsonb)`,
      () => `json_array(SELECT ${textOf(within(scope, ['style'], ['u.id']), 1)} FROM u ORDER BY 1)`,
      () => `json_scalar(${value()})`,
    ])();
  const aggregate = random.pick([
    () => `json_arrayagg(${value()} ORDER BY id ABSENT ON NULL)`,
    () => `json_objectagg(id: ${value()})`,
    () => `json_objectagg(k: ${value()} ABSENT ON NULL WITH UNIQUE KEYS)`,
    () => `json_arrayagg(${value()} ORDER BY ${value()} RETURNING jsonb)`,
  ]);
  return random.pick([
    () => `SELECT id, ${calling(inner, one)} FROM s`,
    () => `SELECT ${calling(inner, aggregate)} FROM s${random.pick(['', ' GROUP BY k'])}`,
    () =>
      `SELECT id, ${random.pick([() => 'x.*', () => textOf(of), () => call(of)])()} FROM s, json_table(${document()}, '$' COLUMNS (${columns})) x${random.chance(0.3) ? ` WHERE ${conditionOf(of)}` : ''}`,
    () =>
      `SELECT id, x.* FROM s LEFT JOIN json_table(jsonb_build_array(${value()}, p), '$[*] ? (@ != $no)' PASSING ${random.pick(["'owl'", 'name', value()])} AS no COLUMNS (n FOR ORDINALITY, t text PATH '$')) x ON ${conditionOf(within(scope, ['x.t'], ['x.n']))}`,
  ])();
}

/** Which of several rows are read follows from the results. */
export function existsOverSeveral(scope: Scope): string {
  const { random } = scope;
  const inner = ofU(scope);
  const rows = () =>
    `FROM u WHERE ${random.pick(['u.k = s.k', 'u.id >= s.id', 'u.style IS NOT NULL', 'true'])}`;
  const list = () => `SELECT ${calling(inner, textOf)} ${rows()}`;
  const condition = random.pick([
    () => `EXISTS (SELECT 1 ${rows()} AND ${call(inner)} LIKE '%o%')`,
    () => `NOT EXISTS (SELECT FROM u WHERE u.k = s.k AND ${call(inner)} < 'm4')`,
    () => `EXISTS (SELECT ${call(inner)} ${rows()} OFFSET 1)`,
    () => `coalesce(s.p, 'n') IN (${list()})`,
    () => `s.p NOT IN (${list()})`,
    () => `s.p = ANY (${list()})`,
    () => `coalesce(s.p, 'n') ${random.pick(['<', '<>', '>'])} ALL (${list()})`,
    () => `${call(ofS(scope))} > ANY (SELECT style ${rows()})`,
    () => `(s.id, ${textOf(ofS(scope), 1)}) IN (SELECT u.id, ${call(inner)} ${rows()})`,
    () => `(SELECT ${call(inner)} ${rows()} ORDER BY u.style, u.id LIMIT 1) IS NOT NULL`,
    () => `EXISTS (SELECT 1 FROM (SELECT ${call(inner)} AS r ${rows()}) x WHERE r LIKE '%k%')`,
    () => `s.id = (SELECT count(*) ${rows()} AND ${call(inner)} <> 'x')`,
  ])();
  const other = random.pick([() => '', () => '', () => ` AND ${conditionOf(ofS(scope))}`])();
  return random.pick([
    () => `SELECT id, ${textOf(ofS(scope), 1)} FROM s WHERE ${condition}${other}`,
    () => `SELECT id, ${condition} AS yes FROM s`,
    () => `SELECT id FROM s WHERE ${condition} OR ${call(ofS(scope))} = 'x' ORDER BY id LIMIT 2`,
    () => `SELECT count(*) FROM s WHERE NOT (${condition})${other}`,
    () => `UPDATE s SET name = ${textOf(ofS(scope), 1)} WHERE ${condition}`,
    () => `DELETE FROM s WHERE ${condition} RETURNING id`,
  ])();
}
