/** Random PL/pgSQL functions that a statement calls for each row: they compute a value, and some of them do more. */
import type { Random } from '../random.js';
import type { Statement } from './outcome.js';

export function forEachRow(random: Random): Omit<Statement, 'form'> {
  const drawn = functionOf(random, 'drawn');
  const also = functionOf(random, 'also');
  const value = calling(random);
  return { setup: [drawn, also], steps: [{ text: statement(random, value) }], ordered: false };
}

function functionOf(random: Random, name: string): string {
  // Where one of several does more, none is looked at ahead.
  if (random.chance(0.4))
    return `CREATE FUNCTION ${name}(p text, n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ${text(random).replaceAll('drawn.', `${name}.`)}; END $$`;
  const declared = random.chance(0.6)
    ? `DECLARE a text${random.chance(0.5) ? ` := ${text(random)}` : ''}; b int; `
    : '';
  const body = `${declared}BEGIN ${statements(random, declared !== '', 2)} RETURN ${text(random)}; END`;
  const options = random.pick([
    '',
    '',
    '',
    'STRICT',
    'STABLE',
    'SECURITY DEFINER',
    'SET search_path = public',
  ]);
  const returned = random.pick(['text', 'text', 'varchar']);
  const own = body.replaceAll('drawn.', `${name}.`);
  return `CREATE FUNCTION ${name}(p text, n int) RETURNS ${returned} LANGUAGE plpgsql ${options} AS $$ ${own} $$`;
}

function calling(random: Random): string {
  return random.pick([
    'drawn(p, id)',
    'drawn(p, k)',
    'drawn(upper(p), 3)',
    'drawn(n => id, p => p)',
    "drawn(paint(coalesce(p, 'n')), id)",
    'drawn(vol(p), k)',
    "drawn((p //? 'n'), length(paint('l')))",
    "drawn('x', id)",
    'drawn(p, id)::text',
    'drawn(also(p, k), id)',
    'also(drawn(p, id), id)',
    'drawn(drawn(p, k), id)',
  ]);
}

function statement(random: Random, value: string): string {
  return random.pick([
    `SELECT id, ${value} FROM s`,
    `SELECT id, ${value}, also(p, id) FROM s`,
    `SELECT also(p, k), ${value}, also(p, id) FROM s WHERE id < 4`,
    `SELECT id, also(p, k) AS a FROM s WHERE ${value}::text <> 'x'`,
    `SELECT ai_gen('m2', p), ${value}, also(p, 3) FROM s WHERE p IS NOT NULL`,
    `SELECT coalesce(${value}::text, also(p, id)::text) FROM s`,
    `SELECT id FROM s WHERE ${value}::text <> 'x' AND also(p, k)::text <> 'y'`,
    `SELECT paint(coalesce(p, 'n')), ${value} FROM s`,
    `UPDATE w SET r = ${value.replace('k)', 'n)')}, r2 = also(p, n)`,
    `INSERT INTO log SELECT concat(${value}, also(p, 1)) FROM s`,
    `SELECT max(${value}::text), max(also(p, k)::text) FROM s GROUP BY k`,
    `SELECT id, ${value} AS r FROM s ORDER BY id DESC LIMIT 2`,
    `SELECT id, ${value} AS r FROM s WHERE k > 0`,
    `SELECT DISTINCT ${value}::text FROM s`,
    `SELECT id FROM s WHERE ${value}::text <> 'x'`,
    `SELECT id FROM s WHERE p IS NOT NULL AND ${value}::text LIKE '%o%' AND id < 4`,
    `SELECT string_agg(${value}::text, ',') FROM s GROUP BY k`,
    `SELECT s.id, (SELECT ${value}) FROM s JOIN u USING (id, k)`,
    `SELECT x.r, x.r FROM (SELECT id, ${value} AS r FROM s) AS x WHERE x.id > 1`,
    `WITH made AS (SELECT id, ${value} AS r FROM s) SELECT a.r, b.id FROM made a JOIN made b USING (id)`,
    `SELECT CASE WHEN id > 2 THEN ${value} END FROM s`,
    `SELECT coalesce(${value}::text, 'none'), ${value} FROM s`,
    `UPDATE w SET r = ${value.replace('k)', 'n)')}::text WHERE id < 4`,
    `UPDATE w SET r = ${value.replace('k)', 'n)')}, r2 = r WHERE p IS NOT NULL RETURNING id, r`,
    `INSERT INTO log SELECT ${value} FROM s WHERE id > 1`,
    `INSERT INTO watched SELECT id, ${value} FROM s`,
    `DELETE FROM w WHERE ${value.replace('k)', 'n)')}::text <> ''`,
    `SELECT ai_gen('m2', p), ${value} FROM s WHERE p IS NOT NULL`,
    `SELECT id, ${value}, paint_pl(coalesce(p, 'n')) FROM s`,
    `SELECT ${value} FROM (SELECT 1 AS id, 'fox' AS p, 2 AS k) AS s`,
    `SELECT * FROM s LEFT JOIN u ON s.id = u.id AND drawn(s.p, u.k)::text <> ''`,
    `SELECT EXISTS (SELECT FROM s WHERE ${value}::text = 'x')`,
  ]);
}

function statements(random: Random, declared: boolean, depth: number): string {
  const some = Array.from({ length: random.pick([0, 1, 1, 2]) }, () => one(random, declared, depth));
  return some.join(' ');
}

function one(random: Random, declared: boolean, depth: number): string {
  const inner = () => (depth > 0 ? statements(random, declared, depth - 1) : '');
  const variable = declared ? random.pick(['a', 'p']) : 'p';
  return random.pick([
    () => `${variable} := ${text(random)};`,
    () =>
      declared
        ? `b := ${random.pick(['n + 1', 'length(p)', "length(ai_gen('m3', p || 'x'))"])};`
        : 'n := n + 1;',
    () => `IF ${condition(random)} THEN ${inner()} ELSE ${inner()} END IF;`,
    () =>
      `IF ${condition(random)} THEN RETURN ${text(random)}; ELSIF ${condition(random)} THEN ${inner()} END IF;`,
    () =>
      `CASE n WHEN 1, 2 THEN ${inner() || 'NULL;'} WHEN 3 THEN RETURN ${text(random)}; ELSE NULL; END CASE;`,
    () => `CASE WHEN ${condition(random)} THEN ${inner() || 'NULL;'} ELSE ${inner() || 'NULL;'} END CASE;`,
    () => `RAISE NOTICE 'noted % %', p, n;`,
    () => (declared ? `a := ${random.pick(["set_config('ai_gen.tag', n::text, true)", 'vol(p)'])};` : ''),
    () => `BEGIN ${inner()} END;`,
    () =>
      random.pick([
        `INSERT INTO log VALUES (p);`,
        'PERFORM 1 FROM s;',
        `IF n = 4 THEN RAISE EXCEPTION 'no'; END IF;`,
        'FOR i IN 1..2 LOOP p := p || i; END LOOP;',
        `BEGIN p := p || (1 / n); EXCEPTION WHEN division_by_zero THEN p := 'none'; END;`,
        `SELECT max(id) INTO n FROM u;`,
        `p := (SELECT min(style) FROM u WHERE u.id = n);`,
      ]),
  ])();
}

/** A request that is NULL would end most of them. */
function text(random: Random): string {
  const known = "coalesce(p, 'none')";
  return random.pick([
    `ai_gen('m1', ${known})`,
    `ai_gen('m1', ${known} || coalesce(n, 0))`,
    `ai_gen('m2', ${known}) || '!'`,
    `CASE WHEN n > 2 THEN ai_gen('m4', ${known}) ELSE p END`,
    `ai_gen('m5', ai_gen('m1', ${known}))`,
    `upper(${known})`,
    "drawn.p || 'x'",
    `${known} || ai_gen('m6', 'n' || coalesce(drawn.n, 0))`,
    random.pick(['NULL', 'vol(p)', 'imm(p)', 'stab(p)', "ai_gen('m1', p)"]),
    `paint(${known})`,
    `(p <%%> 'owl')::text`,
  ]);
}

function condition(random: Random): string {
  return random.pick([
    'n > 2',
    'p IS NULL',
    "p = 'fox'",
    'length(p) > 2',
    "ai_gen('m7', coalesce(p, 'none')) = 'x'",
    random.pick(['FOUND', 'n', 'stab(p) IS NULL']),
  ]);
}
