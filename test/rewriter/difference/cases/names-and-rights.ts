/** Names and origins of columns, calls that need not be made, rules, sessions, rights, positions. */
import type { Case } from './case.js';

const painter = 'SET LOCAL ROLE painter';
const revoked = ['REVOKE EXECUTE ON FUNCTION hologen.ai_gen(text, text) FROM PUBLIC', painter];
const lists = [
  'CREATE TABLE lists (id int, arr text[], js jsonb, x text)',
  `INSERT INTO lists VALUES (1, NULL, NULL, NULL), (2, '{a,b}', '{"a": "b"}', 'x')`,
];

export const namesAndRights: Record<string, Case[]> = {
  'names of columns': [
    ['renamed columns with a star', "SELECT *, ai_gen('m1', 'x') FROM s AS x (a, b)"],
    [
      'renamed columns of a sub-select',
      "SELECT x.*, ai_gen('m1', b) FROM (SELECT id, coalesce(p, 'n') FROM s) AS x (a, b)",
    ],
    ['a cast of CASE', "SELECT (CASE WHEN k = 1 THEN 'a' ELSE 'b' END)::text, ai_gen('m1', 'x') FROM s"],
    [
      'CASE with a cast at its end',
      "SELECT CASE WHEN k = 1 THEN 'a' ELSE 'b'::text END, ai_gen('m1', 'x') FROM s",
    ],
    [
      'CASE with a call at its end',
      "SELECT CASE WHEN k = 1 THEN 'a' ELSE ai_gen('m1', 'x') END, ai_gen('m2', 'x') FROM s",
    ],
    ['a cast of a cast', "SELECT (k + 1)::numeric::text, ai_gen('m1', 'x') FROM s"],
    ['a cast of a call', "SELECT ai_gen('m1', 'x')::varchar(3), (ai_gen('m2', 'x') || '')::char(2) FROM s"],
    [
      'a field, an element, a row',
      "SELECT (pair_of(p)).a, tags[1], js['a'], ROW(id, k), ARRAY[id], ai_gen('m1', 'x') FROM s ORDER BY id",
    ],
    [
      'functions that are written as words',
      "SELECT coalesce(p, ''), greatest(id, k), nullif(p, ''), current_date, EXTRACT(year FROM at), xmlelement(name x), EXISTS (SELECT 1), (SELECT 1 AS one), ai_gen('m1', 'x') FROM s",
    ],
  ],
  'ORDER BY a name': [
    [
      'that an item carries beside USING',
      "SELECT s.name AS id, ai_gen('m1', coalesce(p, 'n')) FROM s JOIN u USING (id) ORDER BY id, u.style",
    ],
    [
      'that an item carries beside USING, of a left join',
      "SELECT -id AS k, ai_gen('m1', coalesce(p, 'n')) FROM s LEFT JOIN u USING (id, k) ORDER BY k",
    ],
    [
      'that USING alone has',
      "SELECT p, ai_gen('m1', coalesce(p, 'n')) FROM s JOIN u USING (id) ORDER BY id, u.style",
    ],
    [
      'that an item carries beside USING, alone',
      "SELECT -k AS id, ai_gen('m1', coalesce(p, 'n')) FROM s JOIN (SELECT id FROM u) v USING (id) ORDER BY id",
    ],
    [
      'that an item carries beside USING, of the other side',
      "SELECT u.id AS id, ai_gen('m1', coalesce(p, 'n')) FROM s LEFT JOIN u USING (id) ORDER BY id",
    ],
    [
      'that both sides of USING carry',
      "SELECT s.id, u.id, ai_gen('m1', coalesce(p, 'n')) FROM s JOIN u USING (id) ORDER BY id",
    ],
    [
      'that a column beside a call carries, and USING',
      "SELECT s.name, ai_gen('m1', coalesce(p, 'n')) || u.id FROM s LEFT JOIN u USING (id) ORDER BY id",
    ],
    [
      'that two columns beside calls carry, and USING',
      "SELECT s.name, ai_gen('m1', coalesce(p, 'n')) || u.id, ai_gen('m2', 'x') || s.id FROM s LEFT JOIN u USING (id) ORDER BY id",
    ],
    [
      'that an item carries beside USING of a right join',
      "SELECT s.id, ai_gen('m1', coalesce(style, 'n')) FROM s RIGHT JOIN u USING (id) ORDER BY id, style",
    ],
    [
      'that an item and USING of a full join carry',
      "SELECT id, s.id, ai_gen('m1', coalesce(p, 'n')) FROM s FULL JOIN u USING (id) ORDER BY id",
    ],
    [
      'that a star carries beside USING',
      "SELECT *, ai_gen('m1', coalesce(p, 'n')) FROM s JOIN u USING (id) ORDER BY id, style",
    ],
    [
      'that a star of one side carries beside USING',
      "SELECT u.*, s.name, ai_gen('m1', coalesce(p, 'n')) FROM s LEFT JOIN u USING (id) ORDER BY id, style",
    ],
    ['that two items carry', "SELECT p AS x, name AS x, ai_gen('m1', 'x') FROM s ORDER BY x"],
    [
      'of a column, beside an item of that name',
      "SELECT -id AS id, ai_gen('m1', id::text) FROM s ORDER BY s.id",
    ],
    [
      'in an expression, where it means the column',
      "SELECT -id AS id, ai_gen('m1', id::text) FROM s ORDER BY id + 0",
    ],
  ],
  'calls that need not be made': [
    ['an element of no array', "SELECT id, arr[ai_gen('m1', '1')::int] FROM lists", ...lists],
    [
      'an element of no array, of a number made from a call',
      "SELECT id, arr[length(ai_gen('m1', ''))], ai_gen('m2', 'x') FROM lists",
      ...lists,
    ],
    ['a field of no JSON', "SELECT id, js[ai_gen('m1', 'a')], ai_gen('m2', 'x') FROM lists", ...lists],
    [
      'an operator that is a coalesce',
      "SELECT id, x //? ai_gen('m1', 'x'), ai_gen('m2', 'y') FROM lists ORDER BY id",
      ...lists,
    ],
    [
      'a function that is a coalesce',
      "SELECT id, first_of(x, ai_gen('m1', 'x')), ai_gen('m2', 'y') FROM lists ORDER BY id",
      ...lists,
    ],
    [
      'beside a NULL of a sub-select',
      "SELECT ai_gen('m1', 'x') || s.x FROM (SELECT NULL::text AS x FROM u) s",
    ],
    [
      'beside a NULL of a CTE',
      "WITH s AS (SELECT NULL::text AS x FROM u) SELECT ai_gen('m1', 'x') || s.x, ai_gen('m2', 'y') FROM s",
    ],
    ['a strict function beside NULL', "SELECT imm_strict(NULL, ai_gen('m1', 'x')), ai_gen('m2', 'y') FROM s"],
    [
      'a CTE named as the table of the UPDATE',
      "WITH w AS (SELECT 1 AS id, 'x' AS p) UPDATE w SET r = ai_gen('m1', coalesce(p, 'n'))",
    ],
    [
      'a CTE named as the table of the UPDATE, that is read',
      "WITH w AS (SELECT 1 AS id) UPDATE public.w t SET r = ai_gen('m1', coalesce(t.p, 'n')), r2 = ai_gen('m2', 'x') FROM w WHERE w.id = t.id",
    ],
    ['of a view whose rows are left out', 'SELECT id FROM painted WHERE id < 3'],
    [
      'of a sub-select of which nobody reads the call',
      "SELECT i FROM (SELECT id AS i, ai_gen('m1', 'x') AS r FROM s) x",
    ],
  ],
  'rules, sessions, names of the catalogue': [
    [
      'a DO ALSO rule and VALUES of two calls',
      "INSERT INTO ruled VALUES (1, ai_gen('m1', 'a')), (2, ai_gen('m2', 'b'))",
    ],
    ['a DO ALSO rule and a SELECT', "INSERT INTO ruled SELECT id, ai_gen('m1', coalesce(p, 'n')) FROM s"],
    ['a DO INSTEAD rule', "INSERT INTO redirected SELECT id, ai_gen('m1', coalesce(p, 'n')) FROM s"],
    ['a DO ALSO rule of an UPDATE', "UPDATE changes SET r = ai_gen('m1', r)"],
    [
      'a DO ALSO rule of an UPDATE of two calls',
      "UPDATE watched SET r = ai_gen('m1'), r2 = ai_gen('m2', r || CASE WHEN random() < 2 THEN '' END)",
      'CREATE RULE heard AS ON UPDATE TO watched DO ALSO INSERT INTO log VALUES (OLD.r)',
    ],
    [
      'a DO ALSO rule of an UPDATE of two calls, in a WITH',
      "WITH changed AS (UPDATE changes SET r = ai_gen('m3'), id = changes.id + 10 FROM s RETURNING (SELECT ai_gen('m2') FROM u) AS r) SELECT * FROM changed",
    ],
    [
      'a DO ALSO rule of an UPDATE with a CTE',
      "WITH c AS (SELECT 1 AS i) UPDATE changes SET r = ai_gen('m1', r) FROM c WHERE c.i = id RETURNING r, ai_gen('m2', r)",
    ],
    [
      'a DO ALSO rule and RETURNING calls',
      "UPDATE changes SET r = ai_gen('m1', r) RETURNING r, ai_gen('m2', r)",
    ],
    [
      'a DO ALSO rule, rows of a table, and RETURNING calls',
      "INSERT INTO ruled SELECT id, p FROM s RETURNING ai_gen('m2', coalesce(r, 'n'))",
    ],
    [
      'a DO ALSO rule behind a view, and RETURNING calls',
      "INSERT INTO through SELECT id, p FROM s RETURNING ai_gen('m2', coalesce(r, 'n'))",
      'CREATE VIEW through AS SELECT * FROM ruled',
    ],
    [
      'a DO ALSO rule of this transaction, and RETURNING calls',
      "INSERT INTO o (n) SELECT id FROM s RETURNING ai_gen('m2', n::text)",
      'CREATE RULE mine AS ON INSERT TO o DO ALSO INSERT INTO log VALUES (NEW.n::text)',
    ],
    [
      'a DO ALSO rule of this text, and RETURNING calls',
      "CREATE RULE mine AS ON INSERT TO o DO ALSO INSERT INTO log VALUES (NEW.n::text); INSERT INTO o (n) SELECT id FROM s RETURNING ai_gen('m2', n::text)",
    ],
    [
      'a DO INSTEAD NOTHING rule and RETURNING calls',
      "DELETE FROM o RETURNING ai_gen('m2', n::text)",
      'CREATE RULE mine AS ON DELETE TO o DO INSTEAD NOTHING',
    ],
    [
      'an operator that makes a call, in a WITH that writes',
      "WITH changed AS (UPDATE w SET r = ai_gen('m1') WHERE w.p <%%> 'x' RETURNING w.id) SELECT * FROM changed",
    ],
    [
      'an operator that is a coalesce, behind a WITH that writes',
      "WITH c AS (DELETE FROM w RETURNING p) SELECT p //? ai_gen('m1') FROM c",
    ],
    [
      'two writes that count by one sequence',
      "WITH made AS (INSERT INTO o (n) SELECT id FROM s RETURNING n) INSERT INTO o (n, r) SELECT n, ai_gen('m1', n::text) FROM made",
    ],
    ['current_query()', "SELECT current_query(), ai_gen('m1', 'x') FROM s"],
    [
      'current_query() in a function',
      "SELECT asked(), ai_gen('m1', 'x') FROM s",
      'CREATE FUNCTION asked() RETURNS text LANGUAGE sql AS $$ SELECT current_query() $$',
    ],
    [
      'a temporary table called pg_class',
      "UPDATE pg_class SET p = ai_gen('m1', p) || ai_gen('m2', p) WHERE id > 0 RETURNING *",
      'CREATE TEMP TABLE pg_class (id int, p text) ON COMMIT DROP',
      "INSERT INTO pg_class VALUES (1, 'a'), (2, 'b')",
    ],
    [
      'a temporary table called pg_class beside an UPDATE',
      "UPDATE w SET r = ai_gen('m1', 'a'), r2 = ai_gen('m2', 'b') WHERE id < 3",
      'CREATE TEMP TABLE pg_class (id int, p text) ON COMMIT DROP',
    ],
    [
      'backslashes that escape',
      "SELECT ai_gen('m1', 'a\\'b'), ai_gen('m2', 'c') FROM s",
      'SET LOCAL standard_conforming_strings = off',
      'SET LOCAL escape_string_warning = off',
    ],
    [
      'backslashes that hide a call',
      "SELECT 'it\\' , ai_gen(' , ai_gen('m2', 'c') FROM s",
      'SET LOCAL standard_conforming_strings = off',
      'SET LOCAL escape_string_warning = off',
    ],
  ],
  'a right that was taken': [
    ['from everybody', "SELECT ai_gen('m1', 'x'), ai_gen('m2', 'y') FROM u", ...revoked],
    ['in an UPDATE', "UPDATE w SET r = ai_gen('m1', 'x'), r2 = ai_gen('m2', 'y')", ...revoked],
    ['of another form', "SELECT ai_gen('m1', 'x', NULL), ai_gen('m2', 'y', NULL) FROM u", ...revoked],
    ['where no row calls it', "SELECT ai_gen('m1', 'x'), ai_gen('m2', 'y') FROM u WHERE false", ...revoked],
    [
      'of the schema',
      "SELECT hologen.ai_gen('m1', 'x') FROM u",
      'REVOKE USAGE ON SCHEMA hologen FROM PUBLIC',
      painter,
    ],
  ],
  'where columns come from': [
    ['a SELECT', "SELECT id, p, ai_gen('m1', 'x') FROM s"],
    ['RETURNING', "DELETE FROM w WHERE id = 1 RETURNING *, ai_gen('m1', coalesce(p, 'n'))"],
    [
      'RETURNING of an UPDATE',
      "UPDATE w SET r = ai_gen('m1', 'x') WHERE id = 1 RETURNING id, r, ai_gen('m2', coalesce(r, 'n'))",
    ],
    ['RETURNING of an INSERT', "INSERT INTO o (n) SELECT id FROM s RETURNING *, ai_gen('m1', n::text)"],
  ],
  'positions of errors': [
    ['no such form', "INSERT INTO o (n, r) VALUES (1, ai_gen(1)), (2, ai_gen('m1', 'two'))"],
    ['a column that does not exist', "SELECT ai_gen('m1', nothing), ai_gen('m2', p) FROM s"],
    ['a wrong type in an UPDATE', "UPDATE w SET n = ai_gen('m1', 'x'), r = ai_gen('m2', 'y')"],
    ['a missing GROUP BY', "SELECT p, ai_gen('m1', 'x'), count(*) FROM s"],
    ['an operator that does not exist', "SELECT ai_gen('m1', 'x') + 1, ai_gen('m2', p) FROM s"],
  ],
};
