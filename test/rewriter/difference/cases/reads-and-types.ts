/** What statements read, and what their names and parameters mean. */
import { type Case, sent } from './case.js';

const own = (declaration: string, answer: string) =>
  `CREATE FUNCTION ${declaration} RETURNS text LANGUAGE sql AS $$ SELECT ${answer} $$`;
/** A path on which an own schema stands before the product's names. */
const mine = ['CREATE SCHEMA mine', 'SET LOCAL search_path = mine, pg_catalog, public, hologen_names'];

export const readsAndTypes: Record<string, Case[]> = {
  'what reads the table that is written to': [
    [
      'a slug made unique beside the call',
      "INSERT INTO products SELECT unique_slug(title), title, ai_gen('m1', title) FROM (VALUES ('red-fox'), ('red-fox'), ('red-fox')) t (title)",
    ],
    [
      'a slug made unique beside the call, of rows of a table',
      "INSERT INTO products SELECT unique_slug(p), p, ai_gen('m1', p) FROM s WHERE p IS NOT NULL ORDER BY id",
    ],
    [
      'a slug made unique beside the call, returned',
      "INSERT INTO products (slug, r) SELECT unique_slug('red-fox'), ai_gen('m1', 'x') FROM s RETURNING slug",
    ],
    ['the number of rows so far', "INSERT INTO o (n, r) SELECT how_many(), ai_gen('m1', 'x') FROM s"],
    [
      'the number of rows so far as the prompt',
      "INSERT INTO o (n, r) SELECT id, ai_gen('m1', how_many() || '') FROM s ORDER BY id",
    ],
    [
      'the number of rows so far in VALUES',
      "INSERT INTO o (n, r) VALUES (how_many(), ai_gen('m1', 'a')), (how_many(), ai_gen('m2', 'b'))",
    ],
    ['rows changed so far', "UPDATE w SET r = ai_gen('m1', 'x') || how_many_pl()"],
    [
      'the number of rows so far in RETURNING',
      "INSERT INTO o (n) SELECT id FROM s RETURNING n, how_many(), ai_gen('m1', how_many() || '')",
    ],
    [
      'a stable function, which sees the rows before',
      "INSERT INTO o (n, r) SELECT how_many_then(), ai_gen('m1', 'x') FROM s",
    ],
  ],
  'an UPDATE whose rows are read once': [
    [
      'FROM a view with calls',
      "UPDATE w SET r = ai_gen('m1', painted.r) FROM painted WHERE painted.id = w.id",
    ],
    [
      'FROM a view with calls, two calls more',
      "UPDATE w SET r = ai_gen('m1', 'a'), r2 = ai_gen('m2', painted.r) FROM painted WHERE painted.id = w.id",
    ],
    [
      'FROM a view that chooses by chance',
      "UPDATE w SET r = ai_gen('m1', 'x') FROM chosen WHERE chosen.id = w.id AND chosen.k < 2",
    ],
    [
      'FROM a view that takes numbers',
      "UPDATE w SET r = ai_gen('m1', number::text) FROM numbered WHERE numbered.id = w.id",
    ],
    [
      'WHERE an operator with a call',
      "UPDATE w SET r = ai_gen('m1', 'x') WHERE coalesce(p, 'none') <%%> 'owl'",
    ],
    ['WHERE an operator with chance', "UPDATE w SET r = ai_gen('m1', 'x') WHERE p <~> 'owl'"],
    [
      'WHERE an operator that takes numbers',
      "UPDATE w SET r = ai_gen('m1', 'x') WHERE p ~+ 'x'",
      "CREATE FUNCTION counted(x text, y text) RETURNS boolean LANGUAGE sql AS $$ SELECT nextval('numbers') < 4 $$",
      'CREATE OPERATOR ~+ (FUNCTION = counted, LEFTARG = text, RIGHTARG = text)',
    ],
  ],
  'parameters without a type': [
    [
      'a number in one place, a text in the prompt',
      sent(['007'], "SELECT id, ai_gen('m1', 'run ' || $1) FROM s WHERE id < $1::int ORDER BY id"),
    ],
    [
      'a number in one item, a text in another',
      sent(['007'], "SELECT $1::int, 'run ' || $1, ai_gen('m1', 'run ' || $1) FROM s"),
    ],
    ['a date', sent(['2026-1-3'], "SELECT id, at > $1::date, ai_gen('m1', 'on ' || $1) FROM s ORDER BY id")],
    [
      'two uses, of which the first decides',
      sent(['7'], "SELECT ai_gen('m1', 'x'), $1 + id, $1 FROM s ORDER BY id"),
    ],
    [
      'two uses, the number in the condition',
      sent(['2'], "SELECT ai_gen('m1', 'x' || id), $1 FROM s WHERE id = $1"),
    ],
    [
      'VALUES of several rows',
      sent(['1', 'a', '2'], "INSERT INTO o (n, r) VALUES ($1, ai_gen('m1', $2)), ($3, ai_gen('m2', $2))"),
    ],
    [
      'VALUES of several rows, a parameter as text',
      sent(
        ['1', 'a', 'b'],
        "INSERT INTO o (n, r, r2) VALUES ($1, ai_gen('m1', 'a'), $2), (2, ai_gen('m2', 'b'), $3)",
      ),
    ],
    [
      'VALUES of several rows, and a call of a call',
      sent(
        ['1', 'a', '2'],
        "INSERT INTO o (n, r) VALUES ($1, ai_gen('m2', ai_gen('m1', $2))), ($3, ai_gen('m3', $2))",
      ),
    ],
    [
      'VALUES of several rows that return calls',
      sent(['1', 'a', '2'], "INSERT INTO o (n, r) VALUES ($1, $2), ($3, $2) RETURNING n, ai_gen('m1', r)"),
    ],
    [
      'VALUES of several rows with calls in columns of two types',
      sent(
        ['1', 'a', '2'],
        "INSERT INTO o (n, r, r2) VALUES ($1, ai_gen('m1', $2), ai_gen('m2', 'x')), ($3, $2, ai_gen('m3', 'y'))",
      ),
    ],
    [
      'a number in a row of VALUES and a text in a prompt of the next',
      sent(
        ['007'],
        "INSERT INTO o (n, r) VALUES ($1, 'x'), (2, ai_gen('m1', 'run ' || $1)), (3, ai_gen('m2', 'b'))",
      ),
    ],
    [
      'a number and a text in a row of VALUES',
      sent(['007'], "INSERT INTO o (n, r) VALUES ($1, ai_gen('m1', 'run ' || $1)), (3, ai_gen('m2', 'b'))"),
    ],
    [
      'a date in one item, a text in another',
      sent(['2026-1-3'], "SELECT $1::date, ai_gen('m1', 'on ' || $1) FROM s"),
    ],
    [
      'a date in VALUES of several rows',
      sent(
        ['2026-1-3', '2026-1-4'],
        "INSERT INTO dated VALUES ($1, ai_gen('m1', 'a')), ($2, ai_gen('m2', 'b'))",
      ),
      'CREATE TABLE dated (d date, r text)',
    ],
    [
      'an UPDATE that sets it and asks with it',
      sent(['007'], "UPDATE w SET n = $1, r = ai_gen('m1', 'run ' || $1) WHERE id = 1"),
    ],
    ['a type that no form of ai_gen takes', sent(['1.50'], "SELECT $1::numeric, ai_gen('m1', $1) FROM s")],
  ],
  'functions of one’s own': [
    ['ai_gen of a number', 'SELECT id, ai_gen(id) FROM s ORDER BY id', own('ai_gen(a int)', "'own ' || a")],
    [
      'ai_gen of three texts',
      "SELECT id, ai_gen('m1', 'a', 'b') FROM s ORDER BY id",
      own('ai_gen(a text, b text, c text)', 'a || b || c'),
    ],
    [
      'ai_gen of four arguments',
      "SELECT id, ai_gen('m1', 'a', 'b', 'c') FROM s ORDER BY id",
      own('ai_gen(a text, b text, c text, d text)', 'a || b || c || d'),
    ],
    [
      'beside calls',
      "SELECT id, ai_gen(id), ai_gen('m1', 'x') FROM s ORDER BY id",
      own('ai_gen(a int)', "'own ' || a"),
    ],
    [
      'a schema first on the path',
      "SELECT id, ai_gen('m1', coalesce(p, 'none')) FROM s ORDER BY id",
      ...mine,
      own('mine.ai_gen(a text, b text)', "'mine ' || b"),
    ],
    [
      'a schema first on the path, in an UPDATE',
      "UPDATE w SET r = ai_gen('m1', 'x'), r2 = ai_gen('m2', 'y')",
      ...mine,
      own('mine.ai_gen(a text, b text)', "'mine ' || b"),
    ],
    [
      'a schema first on the path, of one form',
      "SELECT id, ai_gen('m1', 'x'), ai_gen('only prompt') FROM s ORDER BY id",
      ...mine,
      own('mine.ai_gen(a text)', "'mine ' || a"),
    ],
    ['a path without the names', "SELECT id, ai_gen('m1', 'x') FROM s", 'SET LOCAL search_path = public'],
    [
      'an upper() that takes numbers',
      "SELECT upper(p), ai_gen('m1', upper('x')) FROM s",
      ...mine,
      "CREATE FUNCTION mine.upper(x text) RETURNS text LANGUAGE sql AS $$ SELECT nextval('public.numbers') || x $$",
      'SET LOCAL search_path = mine, pg_catalog, public, hologen_names',
    ],
  ],
};
