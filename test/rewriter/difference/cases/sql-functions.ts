/** Functions in SQL that PostgreSQL does not put into the statement: nothing may be asked for that they do not come to. */
import type { Case } from './case.js';

const made = (body: string, parameters = '', options = '') =>
  `CREATE FUNCTION made(${parameters}) RETURNS SETOF text LANGUAGE sql ${options} AS $$ ${body} $$`;
const each = "SELECT ai_gen('m1', p) FROM foxes ORDER BY id";
const one = (body: string, parameters = '', result = 'text') =>
  `CREATE FUNCTION made(${parameters}) RETURNS ${result} LANGUAGE sql AS $$ ${body} $$`;

export const sqlFunctions: Record<string, Case[]> = {
  'functions in SQL': [
    ['in the list', 'SELECT made()', made(each)],
    ['in the list, two rows of it', 'SELECT made() LIMIT 2', made(each)],
    ['in FROM, two rows of it', 'SELECT * FROM made() LIMIT 2', made(each)],
    ['in FROM and in the list', 'SELECT made() FROM made() LIMIT 3', made(each)],
    ['in EXISTS', 'SELECT EXISTS (SELECT FROM made())', made(each)],
    ['in the list of EXISTS', 'SELECT EXISTS (SELECT made())', made(each)],
    ['for each row', 'SELECT f.id, m FROM foxes f, made() m ORDER BY 1, 2 LIMIT 3', made(each)],
    [
      'by LATERAL',
      'SELECT f.id, m FROM foxes f, LATERAL made(f.id) m ORDER BY 1, 2',
      made("SELECT ai_gen('m1', p) FROM foxes WHERE id > $1", 'int'),
    ],
    [
      'by a parameter',
      'SELECT * FROM made(2)',
      made("SELECT ai_gen('m1', p || $1) FROM foxes WHERE id > $1", 'int'),
    ],
    [
      'by a name',
      'SELECT * FROM made(2)',
      made("SELECT ai_gen('m1', p || low) FROM foxes WHERE id > low", 'low int'),
    ],
    [
      'by a name with that of the function',
      'SELECT * FROM made(2)',
      made("SELECT ai_gen('m1', p || made.low) FROM foxes WHERE id > made.low", 'low int'),
    ],
    [
      'by a name that is a column',
      'SELECT * FROM made(2)',
      made("SELECT ai_gen('m1', p || id) FROM foxes WHERE id = id", 'id int'),
    ],
    [
      'by a default',
      'SELECT * FROM made()',
      made("SELECT ai_gen('m1', p) FROM foxes WHERE id > low", 'low int DEFAULT 2'),
    ],
    [
      'VARIADIC',
      "SELECT * FROM made('{a}', 'b')",
      made("SELECT ai_gen('m1', x) FROM unnest($1) x", 'VARIADIC text[]'),
    ],
    [
      'VARIADIC of one',
      "SELECT * FROM made('{a,b}')",
      made("SELECT ai_gen('m1', x) FROM unnest($1) x", 'VARIADIC text[]'),
    ],
    [
      'STRICT',
      'SELECT * FROM made(NULL)',
      made("SELECT ai_gen('m1', p || coalesce($1, 0)) FROM foxes", 'int', 'STRICT'),
    ],
    ['a cut type', "SELECT * FROM made('abc')", made("SELECT ai_gen('m1', $1 || id) FROM foxes", 'char(2)')],
    ['of any type', 'SELECT * FROM made(2)', made("SELECT ai_gen('m1', p || $1) FROM foxes", 'anyelement')],
    [
      'another of its name',
      'SELECT * FROM made(2)',
      made(each),
      made("SELECT ai_gen('m2', p || $1) FROM foxes", 'int'),
    ],
    ['the first row only', 'SELECT made()', one("SELECT ai_gen('m1', p) FROM foxes ORDER BY id DESC")],
    [
      'the first row only, in FROM',
      'SELECT * FROM made()',
      one("SELECT ai_gen('m1', p) FROM foxes ORDER BY id DESC"),
    ],
    [
      'the last of several statements',
      'SELECT * FROM made()',
      made(`UPDATE foxes SET p = p || '!'; ${each}`),
    ],
    [
      'the first of several statements',
      'SELECT * FROM made()',
      made(`UPDATE foxes SET p = ai_gen('m1', p); SELECT p FROM foxes ORDER BY id`),
    ],
    ['what writes', "SELECT made('x')", one("UPDATE foxes SET p = ai_gen('m1', p || $1)", 'text', 'void')],
    [
      'what writes, by a name',
      "SELECT made('x')",
      one("UPDATE foxes SET p = ai_gen('m1', p || look)", 'look text', 'void'),
    ],
    [
      'what writes, for each row',
      'SELECT made(p) FROM foxes ORDER BY id',
      one("INSERT INTO s (id, p) SELECT 7, ai_gen('m1', $1 || id) FROM s", 'text', 'void'),
    ],
    [
      'an error in its rows',
      'SELECT * FROM made()',
      made("SELECT ai_gen('m1', (10 / (id - 3))::text) FROM foxes ORDER BY id"),
    ],
    [
      'a setting of its own',
      'SELECT * FROM made()',
      'CREATE SCHEMA elsewhere',
      'CREATE TABLE elsewhere.foxes AS SELECT 9 AS id, $$other$$::text AS p',
      made(each, '', 'SET search_path = elsewhere'),
    ],
    [
      'a body without quotes',
      'SELECT * FROM made()',
      "CREATE FUNCTION made() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT ai_gen('m1', p) FROM foxes ORDER BY id; END",
    ],
    ['STABLE', 'SELECT * FROM made()', made(each, '', 'STABLE')],
    ['a condition around it', "SELECT * FROM made() m WHERE m LIKE '%1%'", made(each)],
    ['a call beside it', "SELECT m, ai_gen('m2', m) FROM made() m", made(each)],
    ['in a view', 'SELECT * FROM looks', made(each), 'CREATE VIEW looks AS SELECT made() AS r LIMIT 2'],
    [
      'called by another',
      'SELECT * FROM outer_made() LIMIT 1',
      made(each),
      'CREATE FUNCTION outer_made() RETURNS SETOF text LANGUAGE sql AS $$ SELECT made() LIMIT 2 $$',
    ],
    [
      'in a view and beside it, with another argument',
      'SELECT * FROM looks, made(3) WHERE count > 9',
      made("SELECT ai_gen('m1', p || $1) FROM foxes WHERE id > $1", 'int'),
      'CREATE VIEW looks AS SELECT count(*) FROM made(2)',
    ],
    [
      'in a view and beside it, in a function that returns a query',
      'SELECT * FROM looks WHERE count > 9 UNION ALL SELECT 1 FROM made(3) WHERE (SELECT count FROM looks) > 9',
      `CREATE FUNCTION made(low int) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT ai_gen('m1', p || low) FROM foxes WHERE id > low; END $$`,
      'CREATE VIEW looks AS SELECT count(*) FROM made(2)',
    ],
    ['as an argument', 'SELECT * FROM upper(made())', made(each)],
    ['ROWS FROM', 'SELECT * FROM ROWS FROM (made(), generate_series(1, 2)) WITH ORDINALITY', made(each)],
  ],
};
