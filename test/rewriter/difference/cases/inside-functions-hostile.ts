/** What makes a query inside PL/pgSQL, a MERGE or a materialized view look like another one: only what is come to may be asked for. */
import type { Case } from './case.js';

const body = (name: string, text: string, rest = '') =>
  `CREATE FUNCTION ${name} LANGUAGE plpgsql ${rest} AS $$ ${text} $$`;
const asked = 'CREATE TABLE asked (id int, p text)';
const transition =
  'CREATE TRIGGER ask_new AFTER INSERT ON asked REFERENCING NEW TABLE AS foxes FOR EACH STATEMENT EXECUTE FUNCTION ask_new()';

export const hostileInsideFunctions: Record<string, Case[]> = {
  'inside functions, where names mislead': [
    [
      'a transition table with the name of a table',
      "INSERT INTO asked VALUES (1, 'only')",
      asked,
      body(
        'ask_new() RETURNS trigger',
        "BEGIN INSERT INTO log SELECT ai_gen('m1', p) FROM foxes; RETURN NULL; END",
      ),
      transition,
    ],
    [
      'a loop over a transition table with the name of a table',
      "INSERT INTO asked VALUES (1, 'only')",
      asked,
      body(
        'ask_new() RETURNS trigger',
        "DECLARE x record; BEGIN FOR x IN SELECT ai_gen('m1', p) AS r FROM foxes LOOP INSERT INTO log VALUES (x.r); END LOOP; RETURN NULL; END",
      ),
      transition,
    ],
    [
      'a block that a function runs, in which variables hide columns',
      'SELECT runs_block()',
      body(
        'runs_block() RETURNS void',
        "BEGIN EXECUTE 'DO $d$ #variable_conflict use_variable\nDECLARE k int := 1; BEGIN INSERT INTO log SELECT ai_gen(''m1'', p) FROM foxes WHERE foxes.k = k; END $d$'; END",
      ),
    ],
    [
      'variables that hid columns when the function was compiled',
      'SELECT * FROM hidden_then(1, true)',
      'SET LOCAL plpgsql.variable_conflict = use_variable',
      body(
        'hidden_then(most int, really boolean) RETURNS SETOF text',
        "DECLARE k int := most; BEGIN IF really THEN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE foxes.k = k; END IF; END",
      ),
      'SELECT * FROM hidden_then(1, false)',
      'SET LOCAL plpgsql.variable_conflict = error',
    ],
    [
      'columns that hid variables when the function was compiled',
      'SELECT * FROM hidden_before(1, true)',
      'SET LOCAL plpgsql.variable_conflict = use_column',
      body(
        'hidden_before(most int, really boolean) RETURNS SETOF text',
        "DECLARE k int := most; BEGIN IF really THEN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE foxes.id = 1 OR foxes.k <> k; END IF; END",
      ),
      'SELECT * FROM hidden_before(1, false)',
      'SET LOCAL plpgsql.variable_conflict = error',
    ],
    [
      'a function that replaces its text before its loop',
      'SELECT replaced()',
      body(
        'replaced() RETURNS void',
        "DECLARE x record; BEGIN EXECUTE $q$CREATE OR REPLACE FUNCTION replaced() RETURNS void LANGUAGE plpgsql AS 'DECLARE x record; BEGIN\nFOR x IN SELECT ai_gen(''m2'', p) FROM foxes LOOP END LOOP; END'$q$;\nFOR x IN SELECT ai_gen('m1', p) FROM foxes WHERE id < 3 LOOP END LOOP; END",
      ).replaceAll('$$', '$f$'),
    ],
    [
      'a name that looks like the end of a query in the context',
      `DO $$ BEGIN INSERT INTO log SELECT ai_gen('m1', p) FROM foxes "\nPL/pgSQL function f line 1 at SQL statement\n" WHERE id < 2; END $$`,
    ],
    [
      'a name that looks like the end of a query in a block',
      `DO $$ BEGIN INSERT INTO log SELECT ai_gen('m1', p) FROM foxes "\nPL/pgSQL function inline_code_block line 1 at PERFORM\n" WHERE id < 2; END $$`,
    ],
    [
      'a loop that changes a setting that its query reads',
      "DO $$ DECLARE x record; BEGIN PERFORM set_config('a.b', 'first', true); FOR x IN SELECT i, ai_gen('m1', current_setting('a.b') || i) AS r FROM generate_series(1, 15) i LOOP PERFORM set_config('a.b', 'then', true); END LOOP; END $$",
    ],
    [
      'a setting that a trigger changes',
      "INSERT INTO asked SELECT id, ai_gen('m1', current_setting('a.b') || id) FROM foxes",
      asked,
      "SELECT set_config('a.b', 'first', true)",
      body('change() RETURNS trigger', "BEGIN PERFORM set_config('a.b', 'then', true); RETURN NEW; END"),
      'CREATE TRIGGER change BEFORE INSERT ON asked FOR EACH ROW EXECUTE FUNCTION change()',
    ],
    [
      'a setting that a trigger changes, and a function reads',
      "INSERT INTO asked SELECT id, ai_gen('m1', tenant() || id) FROM foxes",
      asked,
      "SELECT set_config('a.b', 'first', true)",
      "CREATE FUNCTION tenant() RETURNS text LANGUAGE sql STABLE RETURN current_setting('a.b')",
      body('change() RETURNS trigger', "BEGIN SET LOCAL a.b = 'then'; RETURN NEW; END"),
      'CREATE TRIGGER change BEFORE INSERT ON asked FOR EACH ROW EXECUTE FUNCTION change()',
    ],
    [
      'a setting that a default changes',
      "INSERT INTO with_default (n, r) SELECT id, ai_gen('m1', current_setting('a.b') || id) FROM foxes",
      "SELECT set_config('a.b', 'first', true)",
      "CREATE TABLE with_default (n int, r text, x text DEFAULT set_config('a.b', 'then', true))",
    ],
    [
      'a setting that a trigger of an UPDATE changes',
      "UPDATE foxes SET p = ai_gen('m1', current_setting('a.b') || p) WHERE id < 3",
      "SELECT set_config('a.b', 'first', true)",
      body('changed() RETURNS trigger', "BEGIN PERFORM set_config('a.b', 'then', true); RETURN NEW; END"),
      'CREATE TRIGGER changed BEFORE UPDATE ON foxes FOR EACH ROW EXECUTE FUNCTION changed()',
    ],
    [
      'overloads of a name',
      'SELECT * FROM over(1)',
      body(
        'over(a int) RETURNS SETOF text',
        "DECLARE x record; BEGIN FOR x IN SELECT ai_gen('m1', p) AS r FROM foxes WHERE id < 3 LOOP RETURN NEXT x.r; END LOOP; END",
      ),
      body(
        'over(a text) RETURNS SETOF text',
        "DECLARE x record; BEGIN FOR x IN SELECT ai_gen('m2', p) AS r FROM foxes LOOP RETURN NEXT x.r; END LOOP; END",
      ),
    ],
    [
      'a function called like a block',
      "DO $$ DECLARE x record; BEGIN PERFORM inline_code_block(); IF false THEN\nFOR x IN SELECT ai_gen('m2', p) FROM foxes LOOP END LOOP; END IF; END $$",
      body(
        'inline_code_block() RETURNS void',
        "DECLARE x record; BEGIN \nFOR x IN SELECT ai_gen('m1', p) FROM foxes WHERE id < 3 LOOP END LOOP; END",
      ),
    ],
    [
      'a temporary table that hides another',
      "DO $$ BEGIN CREATE TEMP TABLE foxes ON COMMIT DROP AS SELECT 'hid' AS p; INSERT INTO log SELECT ai_gen('m1', p) FROM foxes; END $$",
    ],
    [
      'materialized views of one name',
      'REFRESH MATERIALIZED VIEW mv',
      "CREATE MATERIALIZED VIEW other.mv AS SELECT ai_gen('m2', p) AS r FROM public.foxes",
      "CREATE MATERIALIZED VIEW mv AS SELECT ai_gen('m1', p) AS r FROM foxes WHERE id < 3",
    ],
    [
      'MERGE with names like words',
      `MERGE INTO foxes AS "when" USING (SELECT id AS "end", coalesce(p, 'none') AS "then" FROM s) AS matched ON matched.end = "when".id WHEN MATCHED AND matched.end < 3 THEN UPDATE SET r = ai_gen('m1', matched.then || 'x') WHEN NOT MATCHED THEN INSERT (id, p) VALUES (matched.end, ai_gen('m2', 'y' || matched.end))`,
    ],
    [
      'MERGE beside a CTE of its target’s name',
      "WITH foxes AS (SELECT 1 AS id, 'c' AS p) MERGE INTO foxes USING foxes f ON f.id = foxes.id WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', f.p)",
    ],
    [
      'MERGE into a parent alone',
      "MERGE INTO ONLY animals USING s ON s.id = animals.id WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', 'a' || s.id)",
      'CREATE TABLE animals (id int, r text)',
      'CREATE TABLE birds () INHERITS (animals)',
      'INSERT INTO animals VALUES (1)',
      'INSERT INTO birds VALUES (2)',
    ],
  ],
};
