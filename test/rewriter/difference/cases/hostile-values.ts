/** What a look sees that the statement does not, or values that it takes for others: each once paid for calls that the statement does not make. */
import type { Case } from './case.js';

const drawn = (body: string, parameters = 'p text', result = 'text') =>
  `CREATE FUNCTION drawn(${parameters}) RETURNS ${result} LANGUAGE plpgsql AS $$ ${body} $$`;
const all = 'SELECT drawn(p) FROM foxes ORDER BY id';
const sparing = drawn(
  "BEGIN IF p IN ('fox 1', 'fox 2') THEN RETURN 'new ' || p; END IF; RETURN ai_gen('m1', p); END",
);
const odd =
  'CREATE FUNCTION odd(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 5000 AS $$ BEGIN RETURN i % 2 = 1; END $$';
const assigned = (variable: string, value: string): string =>
  drawn(`DECLARE n ${variable}; BEGIN n := ${value}; RETURN ai_gen('m1', p || n); END`);

export const hostileValues: Record<string, Case[]> = {
  'rows that the statement has written before its first call': [
    ['UPDATE', 'UPDATE foxes SET p = drawn(p)', sparing],
    ['INSERT of its own table', 'INSERT INTO foxes (id, p) SELECT id + 10, drawn(p) FROM foxes', sparing],
    ['DELETE', "DELETE FROM foxes WHERE drawn(p) LIKE 'new%'", sparing],
    [
      'by a trigger',
      'INSERT INTO t2 SELECT drawn(p) FROM foxes ORDER BY id',
      drawn("BEGIN IF p = 'fox 1' THEN RETURN 'none'; END IF; RETURN ai_gen('m1', p); END"),
      'CREATE TABLE t2 (r text)',
      "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE foxes SET p = 'changed ' || p; RETURN new; END $$",
      'CREATE TRIGGER changing BEFORE INSERT ON t2 FOR EACH ROW EXECUTE FUNCTION change()',
    ],
  ],
  'conditions that a function joins': [
    [
      'AND in WHERE',
      'SELECT id FROM foxes WHERE drawn(p, id) ORDER BY id',
      odd,
      drawn("BEGIN RETURN odd(n) AND ai_gen('m1', p) <> ''; END", 'p text, n int', 'boolean'),
    ],
    [
      'AND in HAVING',
      'SELECT k FROM foxes GROUP BY k HAVING drawn(max(p), max(id)) ORDER BY k',
      odd,
      drawn("BEGIN RETURN odd(n) AND ai_gen('m1', p) <> ''; END", 'p text, n int', 'boolean'),
    ],
    [
      'OR behind NOT',
      'SELECT id FROM foxes WHERE NOT drawn(p, id) ORDER BY id',
      odd,
      drawn("BEGIN RETURN NOT odd(n) OR ai_gen('m1', p) = ''; END", 'p text, n int', 'boolean'),
    ],
    [
      'by a variable',
      'SELECT id FROM foxes WHERE drawn(p, id) ORDER BY id',
      odd,
      drawn(
        "DECLARE b bool; BEGIN b := odd(n) AND ai_gen('m1', p) <> ''; RETURN b; END",
        'p text, n int',
        'bool',
      ),
    ],
  ],
  'casts that an assignment does not make': [
    ['bits', all, assigned('int', "B'101'")],
    ['one character', all, assigned('int', `'7'::"char"`)],
    ['a number', all, assigned('int', "'7'")],
    ['a number that is rounded', all, assigned('int', '2.5')],
    ['a number of a text', all, assigned('int', 'substr(p, 5)')],
    ['a domain of one character', all, 'CREATE DOMAIN dc AS "char"', assigned('dc', '65')],
    ['an array', all, assigned('int[]', `ARRAY['7'::"char"]`)],
    ['a row', all, assigned('pair', "ROW(p, B'101')")],
    ['a text that is too long', all, assigned('varchar(3)', "repeat('x', length(p) - 2)")],
    ['a number in JSON', all, assigned('int', "jsonb '2.5'")],
    ['a number of a truth', all, assigned('bool', '2')],
    [
      'what is returned',
      all,
      drawn("BEGIN RETURN B'101'; END", 'p text', 'int'),
      drawn("BEGIN RETURN ai_gen('m1', p || drawn('x')); END", 'p text, n int'),
    ],
    [
      'CASE without ELSE',
      all,
      drawn("DECLARE n text; BEGIN CASE p WHEN 'fox 1' THEN n := 'a'; END CASE; RETURN ai_gen('m1', p); END"),
    ],
  ],
  'collations and types that a variable has': [
    [
      'of an argument',
      'SELECT drawn(p COLLATE "en-x-icu") FROM foxes ORDER BY id',
      drawn(
        "DECLARE x text := 'a'; BEGIN IF x < 'B' THEN RETURN ai_gen('m1', p); END IF; RETURN ai_gen('m2', p); END",
      ),
    ],
    [
      'of a column',
      all,
      'ALTER TABLE foxes ALTER p TYPE text COLLATE "en-x-icu"',
      drawn(
        "DECLARE x text := 'a'; BEGIN IF x || p < 'B' || p THEN RETURN ai_gen('m1', p); END IF; RETURN ai_gen('m2', p); END",
      ),
    ],
    [
      'of a variable',
      all,
      drawn(
        `DECLARE x text COLLATE "en-x-icu" := 'a'; BEGIN IF x < 'B' THEN RETURN ai_gen('m1', p); END IF; RETURN ai_gen('m2', p); END`,
      ),
    ],
    [
      'a row that is declared with a value',
      all,
      drawn("DECLARE y pair := ROW('a', 1); BEGIN RETURN ai_gen('m1', p || y.a); END"),
    ],
    [
      'a domain that is declared with a value',
      all,
      'CREATE DOMAIN t1 AS text',
      drawn("DECLARE y t1 := 'a'; BEGIN RETURN ai_gen('m1', p || coalesce(y, 'none')); END"),
    ],
    [
      'nothing, from what the statement has written',
      'UPDATE foxes SET p = drawn(p)',
      drawn("BEGIN IF p = 'fox 1' THEN RETURN NULL; END IF; RETURN ai_gen('m1', p); END"),
    ],
  ],
  'what changes while a statement runs': [
    [
      'whether the transaction has written',
      "INSERT INTO log SELECT ai_gen('m1', id::text || (pg_current_xact_id_if_assigned() IS NULL)::text) FROM foxes",
    ],
    [
      'in the statement before',
      "INSERT INTO log VALUES (ai_gen('m1', 'a')); INSERT INTO log VALUES (ai_gen('m2', (pg_current_xact_id_if_assigned() IS NULL)::text))",
    ],
    [
      'what is prepared',
      "INSERT INTO log SELECT ai_gen('m1', p || count) FROM foxes, (SELECT count(*) FROM pg_prepared_statements) AS x",
    ],
  ],
  'a column that is written, in a sub-select': [
    [
      'SELECT of it',
      "UPDATE foxes SET r = ai_gen('m1', p) WHERE id = 1; SELECT ai_gen('m2', (SELECT r FROM foxes WHERE id = 1))",
      "UPDATE foxes SET r = 'old'",
    ],
    [
      'INSERT of it',
      "UPDATE foxes SET r = ai_gen('m1', p) WHERE id = 1; INSERT INTO log SELECT ai_gen('m2', x) FROM (SELECT (SELECT r FROM foxes WHERE id = 1) AS x) AS q",
      "UPDATE foxes SET r = 'old'",
    ],
  ],
};
