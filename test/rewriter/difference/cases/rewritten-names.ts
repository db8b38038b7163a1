/** Statements whose submits are put before their waits, where a name of PostgreSQL's, or of an AI function, means a function or an operator of somebody's. */
import type { Case } from './case.js';

const mine = (...made: string[]) => [
  'CREATE SCHEMA mine',
  ...made,
  'SET LOCAL search_path = mine, pg_catalog, public, hologen_names',
];
const counting = mine(
  "CREATE FUNCTION mine.upper(x text) RETURNS text LANGUAGE sql AS $$ SELECT nextval('public.numbers') || x $$",
);
/** It does not evaluate all that it is given. */
const choosing = mine(
  "CREATE FUNCTION mine.replace(a text, b text, c text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN a LIKE '%2' THEN c ELSE a END $$",
);
const coalescing = mine(
  'CREATE FUNCTION mine.concat(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(a, b) $$',
  'CREATE OPERATOR mine.|| (FUNCTION = mine.concat, LEFTARG = text, RIGHTARG = text)',
);
const asking = mine(
  "CREATE FUNCTION mine.ai_gen(a text, b text) RETURNS text LANGUAGE sql AS $$ SELECT 'mine ' || b $$",
);
/** Too long to be looked ahead in. */
const long = `'${'x'.repeat(10_000)}'`;

export const rewrittenNames: Record<string, Case[]> = {
  'a function that counts has the name of one of PostgreSQL’s': [
    [
      'in two items',
      "SELECT ai_gen('m1', p) || upper('x'), upper('y'), random() < 2 FROM foxes ORDER BY id",
      ...counting,
    ],
    [
      'in VALUES of several rows',
      "INSERT INTO o (n, r) VALUES ((random() * 0)::int, ai_gen('m1', upper('a'))), (length(upper('b')), ai_gen('m1', upper('c')))",
      ...counting,
    ],
    [
      'in a long SELECT',
      `SELECT ai_gen('m1', p) || upper('x'), upper('y'), p = ${long} FROM foxes ORDER BY id`,
      ...counting,
    ],
    [
      'in a long UPDATE',
      `UPDATE foxes SET r = ai_gen('m1', upper(p)), p = substr(${long}, 1, 2)`,
      ...counting,
    ],
  ],
  'a function that does not evaluate all has the name of one of PostgreSQL’s': [
    ['SELECT', "SELECT replace(p, 'x', ai_gen('m1', p)), random() < 2 FROM foxes ORDER BY id", ...choosing],
    [
      'VALUES',
      "INSERT INTO o (n, r) VALUES (1, replace('a', 'b', ai_gen('m1', 'x'))), ((random() * 0)::int, replace('2', 'b', ai_gen('m2', 'x')))",
      ...choosing,
    ],
    ['RETURNING', "UPDATE foxes SET k = 1 RETURNING replace(p, 'b', ai_gen('m1', p))", ...choosing],
    [
      'a long UPDATE',
      `UPDATE foxes SET r = replace(p, 'b', ai_gen('m1', p)), p = substr(${long}, 1, 2)`,
      ...choosing,
    ],
    [
      'a coalesce',
      "SELECT concat(ai_gen('m1', p), ai_gen('m2', p)), random() < 2 FROM foxes ORDER BY id",
      ...coalescing,
    ],
    [
      'a coalesce as an operator',
      "SELECT ai_gen('m1', p) || ai_gen('m2', p), random() < 2 FROM foxes ORDER BY id",
      ...coalescing,
    ],
  ],
  'a function has the name of an AI function': [
    ['SELECT', "SELECT ai_gen('m1', p), random() < 2 FROM foxes ORDER BY id", ...asking],
    ['RETURNING', "UPDATE foxes SET r = 'x' RETURNING ai_gen('m1', p)", ...asking],
    ['a long SELECT', `SELECT ai_gen('m1', p), p = ${long} FROM foxes ORDER BY id`, ...asking],
  ],
  'functions by which PostgreSQL compares': [
    [
      'GREATEST',
      "SELECT ai_gen('m1', (greatest(c, ROW('aa')::compared)).a) FROM rows_compared",
      'CREATE TYPE compared AS (a text)',
      "CREATE FUNCTION is_less(a compared, b compared) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('numbers'); RETURN (a).a < (b).a; END $$",
      "CREATE FUNCTION compare(a compared, b compared) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('numbers'); RETURN CASE WHEN (a).a < (b).a THEN -1 WHEN (a).a > (b).a THEN 1 ELSE 0 END; END $$",
      'CREATE OPERATOR <! (FUNCTION = is_less, LEFTARG = compared, RIGHTARG = compared)',
      'CREATE OPERATOR CLASS comparing DEFAULT FOR TYPE compared USING btree AS OPERATOR 1 <!, FUNCTION 1 compare(compared, compared)',
      'CREATE TABLE rows_compared (c compared)',
      "INSERT INTO rows_compared VALUES (ROW('b')), (ROW('a')), (ROW('c'))",
    ],
    [
      'CASE',
      "SELECT CASE c WHEN ROW('a')::compared THEN ai_gen('m1', 'x') ELSE ai_gen('m2', (c).a) END FROM rows_compared",
      'CREATE TYPE compared AS (a text)',
      "CREATE FUNCTION is_same(a compared, b compared) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('numbers'); RETURN (a).a = (b).a; END $$",
      'CREATE OPERATOR = (FUNCTION = is_same, LEFTARG = compared, RIGHTARG = compared)',
      'CREATE TABLE rows_compared (c compared)',
      "INSERT INTO rows_compared VALUES (ROW('b')), (ROW('a')), (ROW('c'))",
    ],
  ],
};
