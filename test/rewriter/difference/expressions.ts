/** Random expressions around calls: every construct that evaluates, may evaluate, or must not evaluate what stands in it. */
import type { Random } from '../random.js';
import { otherCall } from './other-functions.js';

/** What an expression may name, and where it counts its calls: each place of a call has a model of its own. */
export interface Scope {
  random: Random;
  /** Columns of type text. */
  texts: string[];
  /** Columns of type integer. */
  numbers: string[];
  /** How many calls were written so far in this statement. */
  calls: { count: number };
  /** How many more may be. */
  most: number;
  /** Other AI functions than ai_gen, too. */
  others?: boolean;
}

export function scopeOf(random: Random, texts: string[], numbers: string[], most = 4): Scope {
  return { random, texts, numbers, calls: { count: 0 }, most };
}

/** The same statement, other columns. */
export function within(scope: Scope, texts: string[], numbers: string[]): Scope {
  return { ...scope, texts, numbers };
}

/** A call, at whatever depth of nesting chance will have. */
export function call(scope: Scope, depth = 1): string {
  const { random } = scope;
  scope.calls.count += 1;
  const number = Math.min(scope.calls.count, 20);
  const model = `m${number}`;
  const nested = depth > 0 && random.chance(0.15) && mayCall(scope);
  const prompt = nested ? call(scope, depth - 1) : promptOf(scope, depth);
  if (scope.others && random.chance(0.8)) return otherCall(random, number, prompt);
  return random.pick([
    `ai_gen('${model}', ${prompt})`,
    `ai_gen('${model}', ${prompt})`,
    `ai_gen('${model}', ${prompt})`,
    `ai_gen('${model}', ${prompt}, NULL)`,
    `hologen.ai_gen('${model}', ${prompt})`,
    `"ai_gen" /* ( */ ('${model}'::text, ${prompt})`,
    `pg_catalog.ai_gen('${model}', ${prompt})`,
    `ai_gen(model => '${model}', prompt => ${prompt})`,
  ]);
}

function mayCall({ calls, most }: Scope): boolean {
  return calls.count < most;
}

/** Seldom NULL: a NULL request ends the statement. */
function promptOf(scope: Scope, depth: number): string {
  const { random, texts, numbers } = scope;
  const column = texts.length > 0 ? random.pick(texts) : "'x'";
  const number = numbers.length > 0 ? random.pick(numbers) : '1';
  return random.pick([
    () => `coalesce(${column}, 'none')`,
    () => `coalesce(${column}, 'none')`,
    () => `'for ' || coalesce(${number}::text, '?')`,
    () => `concat(${column}, ${number})`,
    () => (random.chance(0.1) ? column : `coalesce(${column}, '')`),
    () => `format('%s of %s', ${column}, ${number})`,
    () => `json_build_object('prompt', ${column})::text`,
    () => `coalesce((SELECT max(style) FROM u WHERE u.id = ${number}), 'plain')`,
    () => `imm(coalesce(${column}, ''))`,
    () => `coalesce(stab(${column}), 'none')`,
    () => `coalesce(vol(${column}), 'none')`,
    () => `coalesce(noted(${column}), 'none')`,
    () => `(how_many_pl() || '')`,
    () => random.pick(["'always the same'", "'fox'", `E'it''s \\n'`]),
    () => (depth > 0 ? `coalesce(${textOf(scope, depth - 1)}, 'none')` : "'deep'"),
    () => (random.chance(0.15) ? random.pick(["'refused'", "'it fails'"]) : "'good'"),
  ])();
}

/** An expression of type text, which need not have a call in it. */
export function textOf(scope: Scope, depth = 2): string {
  const { random, texts, numbers } = scope;
  const column = texts.length > 0 ? random.pick(texts) : "'t'";
  const number = numbers.length > 0 ? random.pick(numbers) : '2';
  if (depth <= 0) return random.chance(0.35) && mayCall(scope) ? call(scope, 0) : column;
  const inner = () => textOf(scope, depth - 1);
  if (mayCall(scope) && random.chance(0.45)) return call(scope);
  return random.pick([
    () => column,
    () => random.pick(["'text'", 'NULL', "'b'::text", 'NULL::text', "E'a\\tb'", "'a\\\\b'"]),
    () => `upper(${inner()})`,
    () => `${inner()} || ${inner()}`,
    () => `${inner()} || ${number}`,
    () => `(${inner()} || NULL)`,
    () => `coalesce(${inner()}, ${inner()})`,
    () => `CASE WHEN ${conditionOf(scope, depth - 1)} THEN ${inner()} ELSE ${inner()} END`,
    () => `CASE ${number} WHEN 1 THEN ${inner()} WHEN 2 THEN ${inner()} END`,
    () => `(CASE WHEN ${conditionOf(scope, depth - 1)} THEN ${inner()} ELSE 'b'::text END)::text`,
    () => `nullif(${inner()}, ${inner()})`,
    () => `${random.pick(['greatest', 'least'])}(${inner()}, ${inner()})`,
    () => `imm(${inner()})`,
    () => `imm_strict(${inner()}, ${inner()})`,
    () => `stab(${inner()})`,
    () => `vol(${inner()})`,
    () => `noted(${inner()})`,
    () => `first_of(${inner()}, ${inner()})`,
    () => `(${inner()} //? ${inner()})`,
    () => `(ARRAY[${inner()}, ${inner()}])[${random.pick(['1', '2', number])}]`,
    () => `(ARRAY['a', 'b'])[length(${inner()})]`,
    () => `(CASE WHEN ${number} > 2 THEN ARRAY['a', 'b'] END)[length(${inner()})]`,
    () => `(CASE WHEN ${number} > 2 THEN '{"fox": 1}'::jsonb END)[${inner()}]::text`,
    () => `(jsonb_build_object('r', ${inner()}) ->> 'r')`,
    () => `replace(${inner()}, ${random.pick(["'o'", column])}, '0')`,
    () => `left(${inner()}, ${random.pick(['3', number])})`,
    () => `(${inner()})::varchar(5)`,
    () => `(${number} + 1)::numeric::text`,
    () => `(SELECT ${inner()})`,
    () => `(SELECT ${inner()} FROM u WHERE u.id = ${number} ORDER BY style LIMIT 1)`,
    () =>
      `(SELECT string_agg(${textOf(within(scope, ['u.style'], ['u.id']), 1)}, ',' ORDER BY style) FROM u)`,
    () =>
      `array_to_string(ARRAY(SELECT ${textOf(within(scope, ['u.style'], ['u.id']), 1)} FROM u ORDER BY u.style, u.id), ',')`,
    () => `(pair_of(${inner()})).a`,
    () => `paint(${inner()})`,
    () => `paint_pl(coalesce(${inner()}, 'p'))`,
    () => `concat_ws('-', ${inner()}, ${inner()})`,
    () => `format('%s', ${inner()})`,
    () => `(${conditionOf(scope, depth - 1)})::text`,
    () => `length(${inner()})::text`,
  ])();
}

export function conditionOf(scope: Scope, depth = 1): string {
  const { random, texts, numbers } = scope;
  const number = numbers.length > 0 ? random.pick(numbers) : '1';
  const column = texts.length > 0 ? random.pick(texts) : "'t'";
  const plain = [
    () => `${number} ${random.pick(['<', '>', '=', '<>'])} ${random.below(5)}`,
    () => `${column} IS NOT NULL`,
    () => `${column} LIKE '%o%'`,
    () => `${number} IN (1, 2, 4)`,
    () => 'true',
    () => `${column} IS DISTINCT FROM 'fox'`,
    () => `EXISTS (SELECT 1 FROM u WHERE u.id = ${number})`,
    () => `${number} IN (SELECT u.id FROM u)`,
  ];
  if (depth <= 0) return random.pick(plain)();
  const inner = () => conditionOf(scope, depth - 1);
  const value = () => textOf(scope, depth - 1);
  return random.pick([
    ...plain,
    ...plain,
    () => `(${inner()} AND ${inner()})`,
    () => `(${inner()} OR ${inner()})`,
    () => `NOT (${inner()})`,
    () => `${value()} IS NOT NULL`,
    () => `${value()} ${random.pick(['<', '<>', '='])} ${value()}`,
    () => `length(${value()}) > 5`,
    () => `${value()} = ANY (ARRAY[${value()}, 'x'])`,
    () => `${value()} BETWEEN 'a' AND 'n'`,
    () => `EXISTS (SELECT ${textOf(within(scope, ['u.style'], ['u.id']), 0)} FROM u WHERE u.id = ${number})`,
    () => `${column} IN (SELECT ${textOf(within(scope, ['u.style'], ['u.id']), 1)} FROM u)`,
    () => `(${column} <~> ${column})`,
    () => `(coalesce(${column}, 'x') <%%> 'never')`,
  ])();
}

/** An expression that surely has a call in it. */
export function calling(scope: Scope, write: (scope: Scope) => string): string {
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = scope.calls.count;
    const text = write(scope);
    if (scope.calls.count > before) return text;
  }
  return call(scope);
}
