/** Random statements that depend on more than their text: the session's settings and names, parameters, cursors, prepared statements, functions. */
import type { Random } from '../random.js';
import { call, calling, conditionOf, type Scope, scopeOf, textOf, within } from './expressions.js';
import type { Statement } from './outcome.js';
import { plainQuery, randomQuery } from './queries.js';
import { randomInsert, randomUpdate } from './writes.js';

type Part = Omit<Statement, 'form'>;

const columns = (scope: Scope) => within(scope, ['p', 'name'], ['id']);

/** Parameters whose types the server finds out, sent as text. */
export function withParameters(random: Random): Part {
  const scope = scopeOf(random, ['p', '$1', 'name'], ['id'], 3);
  const bare = scopeOf(random, ['$1'], [], 3);
  const value = () => random.pick(['007', 'x', '2', '2026-02-03', '']);
  const one = () => random.pick<string | null>([value(), value(), null]);
  const step = random.pick<() => Part['steps'][number]>([
    () => ({
      text: `SELECT id, ${calling(scope, textOf)}, $1::text AS given FROM s ORDER BY id`,
      parameters: [one()],
    }),
    () => ({
      text: `SELECT id, $1::int + 1, ${call(columns(scope))}, 'run ' || $1 FROM s ORDER BY id`,
      parameters: ['007'],
    }),
    () => ({
      text: `SELECT id, ai_gen('m1', 'run ' || $1), $1::int FROM s ORDER BY id`,
      parameters: ['007'],
    }),
    () => ({
      text: `SELECT id, ai_gen('m1', coalesce(p, 'n') || $1), at > $1::date FROM s ORDER BY id`,
      parameters: ['2026-1-3'],
    }),
    () => ({
      text: `SELECT id, ai_gen('m1', $1) FROM s WHERE id = $2 OR name = $1 ORDER BY id`,
      parameters: [value(), '2'],
    }),
    () => ({
      text: `SELECT ai_gen($1, coalesce(p, $2)), $2 FROM s WHERE id < $3 ORDER BY id`,
      parameters: ['m1', value(), '3'],
    }),
    () => ({
      text: `SELECT id, ${call(scope)} FROM s WHERE k = $2 ORDER BY id LIMIT $3`,
      parameters: [value(), '1', '2'],
    }),
    () => ({
      text: `INSERT INTO o (n, r) VALUES ($1, ${call(columns(bare))}), ($2, 'x') RETURNING n, r`.replaceAll(
        /\b(p|name)\b(?=[,)])/g,
        "'p'",
      ),
      parameters: ['007', '8'],
    }),
    () => ({
      text: `INSERT INTO o (n, r) VALUES ($1, ai_gen('m1', $2)), ($3, ai_gen('m2', $2)) RETURNING n, r`,
      parameters: ['1', value(), '2'],
    }),
    () => ({
      text: `INSERT INTO o (n, r, r2) VALUES ($1, ai_gen('m1', $2), $3), (how_many(), $3, ai_gen('m2', 'b')) RETURNING *`,
      parameters: ['1', value(), one()],
    }),
    () => ({
      text: `INSERT INTO o (n, r) SELECT $1, ai_gen('m1', $2 || coalesce(p, '')) FROM s`,
      parameters: ['4', value()],
    }),
    () => ({
      text: `INSERT INTO o (n, r) VALUES ($1, ${random.pick(["'x'", "ai_gen('m1', 'a')"])}), (2, ai_gen('m2', 'run ' || $1)), (3, ai_gen('m3', 'b'))`,
      parameters: ['007'],
    }),
    () => ({
      text: `SELECT ${random.pick(['$1::date', '$1::int', '$1::numeric', '$1::boolean'])}, ai_gen('m1', 'on ' || $1), id FROM s ORDER BY id`,
      parameters: [random.pick(['007', '2026-1-3', 't', '1.50'])],
    }),
    () => ({
      text: `UPDATE w SET r = ai_gen('m1', $1), r2 = $2 WHERE id = $3 OR k = $3`,
      parameters: [value(), one(), '2'],
    }),
    () => ({
      text: `UPDATE w SET r = ai_gen('m1', $1 || coalesce(p, '')), n = $2 WHERE p <> $1 RETURNING id, r, n`,
      parameters: [value(), '3'],
    }),
    () => ({
      text: `UPDATE w SET r = ai_gen('m1', 'run ' || $1) WHERE id = $1 RETURNING *`,
      parameters: ['02'],
    }),
    () => ({ text: `SELECT ${call(scope)} || $1, ${textOf(scope)} FROM s ORDER BY id`, parameters: [one()] }),
    () => ({
      text: `SELECT replace(${call(columns(scope))}, $1, 'y') FROM s ORDER BY id`,
      parameters: [one()],
    }),
    () => ({
      text: `DELETE FROM w WHERE id = $1 RETURNING $2::text, ai_gen('m1', coalesce(p, $2))`,
      parameters: ['1', value()],
    }),
    () => ({
      text: `SELECT $1 AS a, $2::numeric AS b, ai_gen('m1', $2) FROM s WHERE id < 3 ORDER BY id`,
      parameters: [one(), '1.50'],
    }),
    () => ({
      text: `SELECT CASE WHEN $1 THEN ai_gen('m1', 'yes') ELSE ai_gen('m2', $2) END`,
      parameters: [random.pick(['t', 'no', '1']), value()],
    }),
    () => ({ text: `SELECT ai_gen('m1', x) FROM unnest($1::text[]) AS x`, parameters: ['{a,b,NULL,a}'] }),
  ])();
  return { setup: [], steps: [step], ordered: / ORDER BY id/.test(step.text) };
}

/** Only some of the rows are asked for. */
export function fetchedInPart(random: Random): Part {
  const scope = scopeOf(random, [], [], 3);
  const { text, ordered } = plainQuery(scope);
  const rows = 1 + random.below(4);
  const more = [
    ...['FETCH NEXT FROM c', 'FETCH ALL FROM c', 'MOVE 1 FROM c', 'FETCH 2 FROM c', 'FETCH 2 FROM c'],
    ...['FETCH NEXT FROM c; FETCH 2 FROM c', 'SAVEPOINT s', 'SAVEPOINT s; FETCH 1 FROM c; ROLLBACK TO s'],
  ];
  const fetched = [
    { text: `DECLARE c ${random.pick(['', '', 'SCROLL ', 'NO SCROLL '])}CURSOR FOR ${text}` },
    { text: `FETCH ${rows} FROM c` },
    ...Array.from({ length: random.below(4) }, () => ({ text: random.pick(more) })),
    ...(random.chance(0.5) ? [{ text: 'CLOSE c' }] : []),
  ];
  return random.pick([
    () => ({ setup: [], steps: [{ text, parameters: [], rows }], ordered }),
    () => ({ setup: [], steps: fetched, ordered }),
  ])();
}

export function prepared(random: Random): Part {
  const scope = scopeOf(random, ['p', '$1'], ['id'], 3);
  const [text, given] = random.pick<() => [string, string]>([
    () => [`SELECT id, ${calling(scope, textOf)} FROM s WHERE id < $2 ORDER BY id`, "('x', 4)"],
    () => [`UPDATE w SET r = ${calling(scope, textOf)} WHERE id = $2`, "('y', 1)"],
    () => [`INSERT INTO o (n, r) SELECT $2, ${calling(scope, textOf)} FROM s RETURNING n, r`, "('z', 5)"],
  ])();
  const types = random.pick(['(text, int)', '', '(unknown, int)', '(varchar, int)']);
  const run = { text: `EXECUTE run ${given}` };
  return {
    setup: [],
    steps: [{ text: `PREPARE run ${types} AS ${text}` }, run, ...(random.chance(0.3) ? [run] : [])],
    after: ['DEALLOCATE ALL'],
    ordered: text.includes('ORDER BY'),
  };
}

/** A function of one's own that is found in place of ai_gen, or beside it. */
export function overloaded(random: Random): Part {
  const own = (argument: string, answer: string, schema = 'public') =>
    `CREATE FUNCTION ${schema}.ai_gen(${argument}) RETURNS ${random.pick(['text', 'text', 'varchar'])} LANGUAGE sql ${random.pick(['IMMUTABLE', 'VOLATILE'])} AS $$ SELECT ${answer}::text $$`;
  const setup = random.pick([
    () => [own('a int', "'own ' || a")],
    () => [own('a text, b text, c text', 'a || b || c')],
    () => [own('a text, b text, c text, d text', 'a || b || c || d')],
    () => [own('a varchar, b int', 'a || b')],
    () => [
      'CREATE SCHEMA mine',
      own('a text, b text', "'mine ' || a || b", 'mine'),
      'SET LOCAL search_path = mine, public, hologen_names',
    ],
    () => [
      'CREATE SCHEMA mine',
      own('a text', "'mine ' || a", 'mine'),
      'SET LOCAL search_path = mine, pg_catalog, public',
    ],
    () => [
      'CREATE SCHEMA mine',
      own('a text, b text', "'mine ' || a || b", 'mine'),
      'SET LOCAL search_path = mine, public, pg_catalog',
    ],
    () => ['SET LOCAL search_path = public'],
    () => [
      'CREATE TEMP TABLE pg_class (id int, p text) ON COMMIT DROP',
      "INSERT INTO pg_class VALUES (1, 'own')",
    ],
    () => [
      'CREATE TEMP TABLE s (id int, p text, name text) ON COMMIT DROP',
      "INSERT INTO s VALUES (7, 'temp', 'n'), (8, NULL, 'n')",
    ],
    () => [
      'CREATE FUNCTION public.coalesced(a text) RETURNS text LANGUAGE sql AS $$ SELECT $1 $$',
      'CREATE FUNCTION public.upper(a text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT nextval($$numbers$$) || a $$'.replace(
        '$$numbers$$',
        "'numbers'",
      ),
    ],
  ])();
  const scope = scopeOf(random, ['p', 'name'], ['id'], 3);
  const text = random.pick([
    () => 'SELECT id, ai_gen(id), ai_gen(coalesce(p, $$n$$)) FROM s ORDER BY id',
    () => `SELECT id, ai_gen('m1', 'a', 'b'), ai_gen('m2', 'x') FROM s ORDER BY id`,
    () => `SELECT id, ai_gen('m1', coalesce(p, ''), name, 'd') FROM s ORDER BY id`,
    () => `SELECT id, ai_gen('m1', id), ai_gen('m1', coalesce(p, 'n')) FROM s ORDER BY id`,
    () => `SELECT id, ${calling(scope, textOf)}, ${call(scope)} FROM s ORDER BY id`,
    () => `UPDATE w SET r = ai_gen('m1', coalesce(p, 'n')), r2 = ai_gen('m2', 'x')`,
    () => `SELECT p, ai_gen('m1', coalesce(p, 'n')) FROM pg_class ORDER BY 1`,
    () => `INSERT INTO o (n, r) VALUES (1, ai_gen(1)), (2, ai_gen('m1', 'two'))`,
  ])();
  return { setup, steps: [{ text }], ordered: text.includes('ORDER BY') };
}

export function inFunctions(random: Random): Part {
  const scope = scopeOf(random, ['p'], ['id'], 3);
  const value = calling(scope, textOf);
  const text = random.pick([
    () =>
      `DO $do$ DECLARE x record; BEGIN FOR x IN SELECT id, ${value} AS r FROM s ORDER BY id LOOP INSERT INTO log VALUES (x.r); END LOOP; END $do$`,
    () => `DO $do$ BEGIN UPDATE w SET r = ${value}; INSERT INTO log SELECT ${value} FROM s; END $do$`,
    () =>
      `DO $do$ DECLARE x text; BEGIN SELECT ${value} INTO x FROM s WHERE id = 2; RAISE NOTICE 'noted %', x; EXCEPTION WHEN others THEN RAISE NOTICE 'noted failure %', SQLSTATE; END $do$`,
    () =>
      `DO $do$ DECLARE x text; BEGIN EXECUTE 'SELECT string_agg(' || $q$ ${value} $q$ || ', $sep$,$sep$) FROM s' INTO x; INSERT INTO log VALUES (x); END $do$`,
    () => 'SELECT * FROM paint_all(4)',
    () => 'SELECT paint_set(3), 1',
    () => 'SELECT id, paint_loop(id) FROM s WHERE id < 4 ORDER BY id',
    () => `SELECT id, (pair_of(${value})).*, (pairs_of(coalesce(p, 'x'))).b FROM s ORDER BY id`,
    () => `SELECT (pair_of(${value})).* FROM s ORDER BY id`,
    () => `SELECT id, x.* FROM s, pair_of(${value}) AS x ORDER BY id`,
    () => `SELECT id, paint(p), paint_pl(coalesce(p, 'n')), ${value} FROM s WHERE p IS NOT NULL ORDER BY id`,
    () => `SELECT count(*) FROM s WHERE (coalesce(p, 'x') <%%> 'a') AND ${conditionOf(scope)}`,
  ])();
  return { setup: [], steps: [{ text }], ordered: text.includes('ORDER BY') };
}

/** The same statements in a session that is not as it was opened. */
export function inAnotherState(random: Random): Part {
  const scope = scopeOf(random, [], [], 4);
  const text = random.pick([
    () => randomQuery(scope).text,
    () => randomUpdate(scope),
    () => randomInsert(scope),
    () => `SELECT ai_gen('m1', 'a\\'b'), ai_gen('m2', 'x') FROM s`,
    () => `SELECT ai_gen('m1', 'a\\'), 'b' FROM s`,
    () => `SELECT id, ai_gen('m1', 'tab\\there' || coalesce(p, '')), 'c\\\\d' FROM s ORDER BY id`,
    () =>
      `SELECT ai_gen('m1', coalesce(p, 'n')), ai_gen('m2', 'x') FROM ${random.pick(['u JOIN s USING (id)', 's'])} WHERE ${random.pick(['true', 'false'])}`,
    () => `SELECT id, current_query(), ai_gen('m1', coalesce(p, 'n')) FROM s`,
    () => `SELECT owned.id, ${calling(within(scope, ['p'], ['id']), textOf)} FROM owned`,
    () =>
      `UPDATE owned SET r = ${call(within(scope, ['p'], ['id']))} || ${call(within(scope, ['p'], ['id']))} RETURNING id, r`,
  ])();
  const setup = random.pick([
    ['SET LOCAL standard_conforming_strings = off'],
    ['SET LOCAL ROLE painter'],
    ['SET LOCAL ROLE painter'],
    ['REVOKE EXECUTE ON FUNCTION hologen.ai_gen(text, text) FROM PUBLIC', 'SET LOCAL ROLE painter'],
    ['REVOKE SELECT ON s FROM painter', 'GRANT SELECT (id, p) ON s TO painter', 'SET LOCAL ROLE painter'],
    ['SET LOCAL search_path = pg_catalog, public'],
    ["SET LOCAL ai_gen.on_error = 'capture'"],
    ["SET LOCAL ai_gen.dry_run = 'on'"],
    ['SET LOCAL ai_gen.max_calls = 3'],
    ['SET TRANSACTION READ ONLY'],
    ['SET LOCAL enable_hashjoin = off', 'SET LOCAL enable_hashagg = off'],
    ["SET LOCAL DateStyle = 'German'"],
    ['CREATE INDEX ON s (p)', 'SET LOCAL enable_seqscan = off'],
  ]);
  return { setup, steps: [{ text }], ordered: false };
}
