/** What a query that is written out for a statement does more often, or not at all, than the statement, and what its names stand for. */
import type { Case } from './case.js';

const body = (name: string, text: string, rest = '') =>
  `CREATE FUNCTION ${name} LANGUAGE plpgsql ${rest} AS $$ ${text} $$`;

export const unprinted: Record<string, Case[]> = {
  'what is written out once, several times or not at all': [
    [
      'a setting in a variable that nobody reads',
      'SELECT id, tagged_by(k::text, p) FROM foxes ORDER BY id',
      body(
        'tagged_by(customer text, p text) RETURNS text',
        "DECLARE tagged text := set_config('ai_gen.tag', customer, true); BEGIN RETURN ai_gen('m1', p); END",
      ),
    ],
    [
      'a setting that is assigned and not read',
      'SELECT id, tagged_by(k::text, p) FROM foxes ORDER BY id',
      body(
        'tagged_by(customer text, p text) RETURNS text',
        "DECLARE tagged text; BEGIN tagged := set_config('ai_gen.tag', customer, true); RETURN ai_gen('m1', p); END",
      ),
    ],
    [
      'an argument that is not read, and writes',
      'SELECT only_second(vol(p), p) FROM foxes ORDER BY id',
      body('only_second(a text, p text) RETURNS text', "BEGIN RETURN ai_gen('m1', p); END"),
    ],
    [
      'a call that a function hides, in an argument that is read twice',
      'SELECT around(paint(p), p) FROM foxes ORDER BY id',
      body('around(x text, y text) RETURNS text', "BEGIN RETURN x || ai_gen('m1', y) || x; END"),
    ],
    [
      'a call that a function hides, in a variable that is read twice',
      'SELECT summed(p) FROM foxes ORDER BY id',
      body(
        'summed(p text) RETURNS text',
        "DECLARE v text := paint('sum ' || p); BEGIN RETURN v || ' / ' || v || ai_gen('m1', 'title ' || p); END",
      ),
    ],
    [
      'a call that a function hides, in an argument that is read once',
      'SELECT beside_it(paint(p), p) FROM foxes ORDER BY id',
      body('beside_it(x text, y text) RETURNS text', "BEGIN RETURN x || ai_gen('m1', y); END"),
    ],
    [
      'a call that a function hides, in what EXECUTE is given',
      [
        'PREPARE given(text) AS SELECT id, $1 || p FROM foxes ORDER BY id',
        "EXECUTE given(paint('x'))",
        'DEALLOCATE given',
      ],
    ],
    [
      'a call that an operator hides, in what EXECUTE is given',
      [
        'PREPARE given(boolean) AS SELECT id, $1, p FROM foxes ORDER BY id',
        "EXECUTE given('a' <%%> 'b')",
        'DEALLOCATE given',
      ],
    ],
  ],
  'what a name stands for in a function': [
    [
      'an aggregate of JSON beside one of the statement',
      'SELECT count(*), many(max(p)) FROM foxes',
      body(
        'many(p text) RETURNS text',
        "BEGIN RETURN CASE WHEN json_array_length(JSON_ARRAYAGG(1)) > 1 THEN ai_gen('m2', 'many') ELSE '' END || ai_gen('m1', p); END",
      ),
    ],
    [
      'a table’s name, in a function with a search path of its own',
      "SELECT * FROM named_of('s')",
      body(
        'named_of(rel regclass) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', p) FROM public.foxes WHERE rel = 'other.s'::regclass OR id = 1; END",
        'SET search_path = other, pg_catalog, hologen_names',
      ),
    ],
    [
      'a variable of an inner block and a column behind it',
      `DO $$ BEGIN
        DECLARE k int := 1; BEGIN RAISE NOTICE '%', k; END;
        UPDATE foxes SET r = ai_gen('m1', p) WHERE k = 1 AND id > 1;
      END $$`,
    ],
    [
      'a variable of an inner block and a column of a loop behind it',
      `DO $$ DECLARE x record; BEGIN
        DECLARE id int := 1; BEGIN RAISE NOTICE '%', id; END;
        FOR x IN SELECT ai_gen('m1', p) AS r FROM foxes WHERE id < 4 LOOP INSERT INTO log VALUES (x.r); END LOOP;
      END $$`,
    ],
    [
      'a variable of the first block',
      `DO $$
      DECLARE
        most int := 3;
      BEGIN
        BEGIN NULL; END;
        UPDATE foxes SET r = ai_gen('m1', p) WHERE id < most;
      END $$`,
    ],
    [
      'a parameter and a column in what is put together',
      'SELECT * FROM put_together(1)',
      body(
        'put_together(k int) RETURNS SETOF text',
        "BEGIN\n RETURN QUERY EXECUTE $q$SELECT ai_gen('m1', p) FROM foxes WHERE k = 1$q$; END",
      ),
    ],
    [
      'a parameter and a number that is put together',
      'SELECT * FROM put_together(5)',
      body(
        'put_together(id int) RETURNS SETOF text',
        "BEGIN\n RETURN QUERY EXECUTE $q$SELECT ai_gen('m1', p) FROM foxes WHERE id < 3$q$; END",
      ),
    ],
    [
      'a parameter and an output column that rows are ordered by',
      'SELECT best_of(1)',
      body(
        'best_of(k int) RETURNS text',
        `DECLARE x text[]; BEGIN
        x := ARRAY(SELECT s.r FROM (SELECT foxes.k, ai_gen('m1', p) AS r FROM foxes ORDER BY k DESC, foxes.id DESC LIMIT 2) s); RETURN x[1]; END`,
      ),
    ],
    [
      'a parameter with its function’s name',
      "SELECT * FROM of_kind('a')",
      body(
        'of_kind(k text) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', of_kind.k || p) FROM foxes ORDER BY id; END",
      ),
    ],
    [
      'a table with the name of the function, and a column with that of its parameter',
      "SELECT * FROM of_kind('a')",
      body(
        'of_kind(p text) RETURNS SETOF text',
        "BEGIN RETURN QUERY SELECT ai_gen('m1', of_kind.p) FROM foxes AS of_kind ORDER BY of_kind.id; END",
      ),
    ],
  ],
};
