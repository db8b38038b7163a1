/** Random UPDATEs: tables, partitions, views, joined tables, duplicate rows; several columns, nested and conditional calls. */
import type { Random } from './random.js';

/** `w` has rows that are alike, `parts` has partitions and a trigger, `seen` is a view. */
export const updatedTables = `
  CREATE TABLE w (id int, p text, k int, v numeric(8,2), r text, r2 varchar(200), n int DEFAULT 7,
    len int GENERATED ALWAYS AS (length(r)) STORED);
  INSERT INTO w (id, p, k, v, r) SELECT i, 'prompt ' || i, i % 3, i * 1.25, CASE WHEN i % 2 = 0 THEN 'old ' || i END
    FROM generate_series(1, 7) i;
  INSERT INTO w SELECT id, p, k, v, r FROM w WHERE id < 4;
  INSERT INTO w (id) VALUES (9);
  CREATE VIEW seen AS SELECT id, p, k, v, r, r2, n FROM w WHERE id < 6;
  CREATE TABLE parts (id int, p text, k int, v numeric, r text, r2 text, n int) PARTITION BY LIST (k);
  CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
  CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
  INSERT INTO parts SELECT i, 'part ' || i, i % 3, i, NULL, NULL, i FROM generate_series(1, 8) i;
  CREATE FUNCTION skip_some() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.id = 4 THEN RETURN NULL; END IF; NEW.r2 := coalesce(NEW.r2, 'by trigger'); RETURN NEW; END $$;
  CREATE TRIGGER skip_some BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION skip_some();`;

export function randomUpdate(random: Random): string {
  const target = random.pick(['w', 'w', 'w', 'parts', 'seen', 'public.w']);
  const alias = random.chance(0.4) ? 'a' : '';
  const name = alias || target.replace('public.', '');
  const from = random.chance(0.25) ? joined(random, name) : undefined;
  const source = from?.style ?? `${name}.p`;
  const set = assignments(random, name, source);
  const conditions = [
    ...(from?.on ? [from.on] : []),
    ...(random.chance(0.6) ? [condition(random, name)] : []),
  ];
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  const returning = random.chance(0.5)
    ? ` RETURNING ${random.pick([`${name}.id, ${name}.r`, `${name}.*`, `${name}.r AS "Made", upper(${name}.r2)`])}`
    : '';
  const written = `${random.chance(0.1) && target !== 'seen' ? 'ONLY ' : ''}${target}${alias && random.pick([' a', ' AS a'])}`;
  const update = `UPDATE ${written} SET ${set}${from ? ` FROM ${from.items}` : ''}${where}${returning}`;
  if (returning && random.chance(0.2)) return `WITH changed AS (${update}) SELECT count(*) FROM changed`;
  return from?.with ? `WITH ${from.with} ${update}` : update;
}

function joined(random: Random, name: string) {
  return random.pick([
    { items: 'u', on: `u.tid = ${name}.id`, style: 'u.style', with: undefined },
    { items: 'u JOIN t ON t.id = u.tid', on: `u.tid = ${name}.id`, style: 't.name', with: undefined },
    {
      items: 't LEFT JOIN u ON u.tid = t.id',
      on: `t.id = ${name}.id`,
      style: "coalesce(u.style, 'plain')",
      with: undefined,
    },
    {
      items: '(SELECT id AS i, name FROM t WHERE k = 1) s',
      on: `s.i = ${name}.id`,
      style: 's.name',
      with: undefined,
    },
    {
      items: 'c',
      on: `c.i = ${name}.id`,
      style: "c.style || ' ' || c.chosen",
      with: 'c AS (SELECT tid AS i, style, (random() * 1000)::int * 0 AS chosen FROM u)',
    },
    {
      items: 'picked',
      on: `picked.i = ${name}.id`,
      style: 'picked.name',
      with: 'picked AS (SELECT id AS i, name FROM t ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED)',
    },
  ]);
}

function assignments(random: Random, name: string, source: string): string {
  const value = () => updateValue(random, name, source);
  return random.pick([
    () => `r = ${value()}`,
    () => `r = ${value()}`,
    () => `r = ${value()}, n = 1`,
    () => `r = ${value()}, r2 = ${value()}`,
    () => `(r, r2) = (${value()}, ${value()})`,
    () => `(r, n, r2) = ROW(${value()}, DEFAULT, 'fixed')`,
    () => `(r, n) = (SELECT ${value()}, 5)`,
    () => `p = 'new', r = ${value()}, v = ${name}.v + 1`,
    () => `k = 2 - k, r = ${value()}`,
  ])();
}

function updateValue(random: Random, name: string, source: string): string {
  const prompt = random.pick([
    source,
    // Only an UPDATE by chance is rewritten.
    `${source} || left(random()::text, 0)`,
    `'for ' || ${name}.id`,
    `json_build_object('prompt', ${source}, 'k', ${name}.k)::text`,
    `coalesce(${name}.r, ${name}.p, 'x')`,
    "'always the same'",
    `(SELECT max(style) FROM u WHERE tid = ${name}.id)`,
  ]);
  const call = random.pick([
    `ai_gen('m', ${prompt})`,
    `ai_gen(${prompt})`,
    `hologen.ai_gen('m2', ${prompt}, NULL)`,
  ]);
  return random.pick([
    call,
    call,
    call,
    `upper(${call})`,
    `${call} || ' of ' || ${name}.id`,
    `ai_gen('nested', ${call})`,
    `CASE WHEN ${name}.k = 1 THEN ${call} ELSE 'no' END`,
    `coalesce(${name}.r, ${call})`,
    `json_build_object('r', ${call}, 'none', NULL)::text`,
  ]);
}

function condition(random: Random, name: string): string {
  return random.pick([
    `${name}.id ${random.pick(['<', '>', '<>'])} ${random.below(8)}`,
    `${name}.r IS NULL`,
    `${name}.k IN (0, 2)`,
    `${name}.id IN (SELECT tid FROM u)`,
    `EXISTS (SELECT 1 FROM u WHERE u.tid = ${name}.id)`,
    `${name}.id = ANY (ARRAY[1, 3, 5])`,
    `(${name}.k = 1 OR ${name}.v > 4)`,
    `${name}.r IS DISTINCT FROM 'old 2'`,
    `${name}.id IN (SELECT id FROM t WHERE ${name}.k = t.k LIMIT 2)`,
  ]);
}
