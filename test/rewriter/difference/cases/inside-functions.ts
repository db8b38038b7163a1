/** Calls of queries inside PL/pgSQL, which are looked for where they stand: nothing may be asked for that the function does not come to. */
import type { Case } from './case.js';

const body = (name: string, text: string, rest = '') =>
  `CREATE FUNCTION ${name} LANGUAGE plpgsql ${rest} AS $$ ${text} $$`;

export const insideFunctions: Record<string, Case[]> = {
  'inside functions': [
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
