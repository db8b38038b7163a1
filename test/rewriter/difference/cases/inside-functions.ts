/** Calls of queries inside PL/pgSQL, which are looked for where they stand: nothing may be asked for that the function does not come to. */
import type { Case } from './case.js';

const body = (name: string, text: string, rest = '') =>
  `CREATE FUNCTION ${name} LANGUAGE plpgsql ${rest} AS $$ ${text} $$`;

export const insideFunctions: Record<string, Case[]> = {
  'inside functions': [
    [
      'a variable that is assigned to again',
      `DO $do$ DECLARE style text := 'ink'; BEGIN style := 'oil'; UPDATE foxes SET r = ai_gen('m1', p || style); END $do$`,
    ],
    [
      'a variable that a SELECT fills',
      `DO $do$ DECLARE style text := 'ink'; BEGIN SELECT max(p) INTO style FROM foxes; UPDATE foxes SET r = ai_gen('m1', p || style); END $do$`,
    ],
    [
      'a variable that a loop hides',
      `DO $do$ DECLARE i text := 'ink'; BEGIN FOR i IN 1..2 LOOP UPDATE foxes SET r = ai_gen('m1', p || i); END LOOP; END $do$`,
    ],
    [
      'a variable that a block hides',
      `DO $do$ DECLARE style text := 'ink'; BEGIN DECLARE style text := 'oil'; BEGIN UPDATE foxes SET r = ai_gen('m1', p || style); END; END $do$`,
    ],
    [
      'a variable that is made by a function',
      `DO $do$ DECLARE n text := vol('x'); m text := 'a' || n; BEGIN UPDATE foxes SET r = ai_gen('m1', p || m); END $do$`,
    ],
    [
      'a variable that is too long for its type',
      `DO $do$ DECLARE style varchar(2) := 'ink'; BEGIN UPDATE foxes SET r = ai_gen('m1', p || style); END $do$`,
    ],
    [
      'a variable that is filled up for its type',
      `DO $do$ DECLARE style char(5) := 'ink'; n numeric(3,1) := '2.25'; BEGIN UPDATE foxes SET r = ai_gen('m1', p || style || '.' || n); END $do$`,
    ],
    [
      'a variable by another one that changes',
      `DO $do$ DECLARE a text := 'ink'; b text := a || '!'; BEGIN a := 'oil'; UPDATE foxes SET r = ai_gen('m1', p || b); END $do$`,
    ],
    [
      'a variable with the name of a column of the query',
      `DO $do$ DECLARE tags text := 'ink'; BEGIN UPDATE log SET r = ai_gen('m1', r || tags); INSERT INTO log SELECT ai_gen('m2', p || tags) FROM foxes; END $do$`,
    ],
    [
      'a variable beside a column',
      'SELECT * FROM chosen_by(2)',
      body(
        'chosen_by(most int) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE id <= most; END",
      ),
    ],
    [
      'a variable with the name of a column',
      'SELECT * FROM hidden(1)',
      body(
        'hidden(k int) RETURNS SETOF text',
        "#variable_conflict use_variable\nBEGIN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE foxes.k = k; END",
      ),
    ],
    [
      'variables hide columns by a setting of the function',
      'SELECT * FROM hidden_too(1)',
      body(
        'hidden_too(k int) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE foxes.k = k; END",
        'SET plpgsql.variable_conflict = use_variable',
      ),
    ],
    [
      'a parameter that is assigned to',
      'SELECT * FROM changed_by(1)',
      body(
        'changed_by(most int) RETURNS SETOF text',
        "BEGIN most := most + 2; RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE id <= most; END",
      ),
    ],
    [
      'a parameter that a loop, INTO and a diagnosis assign to',
      "SELECT assigned(1, 1, 1, 1, '{4}')",
      body(
        'assigned(a int, b int, c int, d int, e int[]) RETURNS void',
        `BEGIN SELECT 4 INTO a; FOR b IN SELECT 4 LOOP INSERT INTO log SELECT ai_gen('m1', p) FROM foxes WHERE id <= b; END LOOP;
         GET DIAGNOSTICS c = ROW_COUNT; FOREACH d IN ARRAY e LOOP INSERT INTO log SELECT ai_gen('m2', p) FROM foxes WHERE id <= d; END LOOP;
         INSERT INTO log SELECT ai_gen('m3', p) FROM foxes WHERE id <= a; INSERT INTO log SELECT ai_gen('m4', p) FROM foxes WHERE id <= c; END`,
      ),
    ],
    [
      'a parameter whose name another variable has',
      'SELECT * FROM shadowed(4)',
      body(
        'shadowed(most int) RETURNS SETOF text',
        "BEGIN DECLARE most int := 1; BEGIN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes WHERE id <= most; END; END",
      ),
    ],
    [
      'a parameter whose name a result has',
      'SELECT * FROM ordered_by(4)',
      body(
        'ordered_by(n int) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT x.r FROM (SELECT ai_gen('m1', p) AS r, -id AS n FROM foxes ORDER BY n) x; END",
      ),
    ],
    [
      'an argument that is rounded by its type',
      "SELECT * FROM rounded('2.6')",
      body(
        'rounded(most numeric) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', p || most) FROM foxes WHERE id <= most; END",
      ),
    ],
    [
      'arguments by name, by default and of each row',
      'SELECT * FROM by_name(b => 2), by_name(1, 2) UNION ALL SELECT by_name(id, 1) FROM foxes',
      body(
        'by_name(a int DEFAULT 3, b int DEFAULT 4) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', p || a || b) FROM foxes WHERE id <= a; END",
      ),
    ],
    [
      'a loop that ends early',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT id, ai_gen('m1', p) AS r FROM foxes ORDER BY id LOOP EXIT WHEN x.id = 2; END LOOP; END $$",
    ],
    [
      'a loop that a function ends early',
      'SELECT first_two()',
      body(
        'first_two() RETURNS text',
        "DECLARE x record; BEGIN FOR x IN SELECT id, ai_gen('m1', p) AS r FROM foxes ORDER BY id LOOP IF x.id = 2 THEN RETURN x.r; END IF; END LOOP; END",
      ),
    ],
    [
      'a loop whose error is caught',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT id, ai_gen('m1', p) AS r FROM foxes ORDER BY id LOOP PERFORM 1 / (2 - x.id); END LOOP; EXCEPTION WHEN OTHERS THEN NULL; END $$",
    ],
    [
      'a loop whose error is caught elsewhere',
      'DO $$ BEGIN PERFORM failing(); EXCEPTION WHEN OTHERS THEN NULL; END $$',
      body(
        'failing() RETURNS void',
        "DECLARE x record; BEGIN FOR x IN SELECT id, ai_gen('m1', p) AS r FROM foxes, generate_series(1, 5) ORDER BY id LOOP PERFORM 1 / (1 - x.id); END LOOP; END",
      ),
    ],
    [
      'RETURNING INTO fails at its second row',
      "DO $$ DECLARE x text; BEGIN INSERT INTO o (r) SELECT ai_gen('m1', p) FROM foxes RETURNING r INTO x; EXCEPTION WHEN OTHERS THEN NULL; END $$",
    ],
    [
      'SELECT INTO reads one row',
      "DO $$ DECLARE x text; BEGIN SELECT ai_gen('m1', p) INTO x FROM foxes; END $$",
    ],
    [
      'the same query again, over other rows',
      "DO $$ BEGIN FOR i IN 1..2 LOOP INSERT INTO log SELECT ai_gen('m1', coalesce(max(r), 'none')) FROM log; INSERT INTO log SELECT ai_gen('m2', r) FROM log; END LOOP; END $$",
    ],
    [
      'a trigger’s query',
      'INSERT INTO asked SELECT id, p FROM foxes',
      'CREATE TABLE asked (id int, p text, r text)',
      body(
        'ask_for() RETURNS trigger',
        "BEGIN INSERT INTO log SELECT ai_gen('m1', p) FROM asked; RETURN NULL; END",
      ),
      'CREATE TRIGGER ask_for AFTER INSERT ON asked FOR EACH STATEMENT EXECUTE FUNCTION ask_for()',
    ],
    [
      'a function of another path and another owner’s rights',
      'SELECT * FROM elsewhere()',
      body(
        'elsewhere() RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', coalesce(s.t, 'none')) FROM s; END",
        'SECURITY DEFINER SET search_path = nearer, public, hologen_names',
      ),
      'CREATE SCHEMA nearer',
      "CREATE TABLE nearer.s AS SELECT 'near ' || i AS t FROM generate_series(1, 3) i",
    ],
    [
      'PERFORM, an array, a MERGE',
      "DO $$ DECLARE x text[]; BEGIN PERFORM ai_gen('m1', p) FROM foxes; x := ARRAY(SELECT ai_gen('m2', p) FROM foxes ORDER BY id); INSERT INTO log SELECT unnest(x); MERGE INTO foxes USING u ON u.id = foxes.id AND u.k = 1 WHEN MATCHED THEN UPDATE SET r = ai_gen('m3', u.style); END $$",
    ],
  ],
};
