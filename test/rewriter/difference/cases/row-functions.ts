/** PL/pgSQL functions that are called for each row, whose calls are looked for in the statement: nothing may be asked for that it does not come to. */
import type { Case } from './case.js';

const drawn = (body: string, options = '', parameters = 'p text') =>
  `CREATE FUNCTION drawn(${parameters}) RETURNS text LANGUAGE plpgsql ${options} AS $$ ${body} $$`;
const plain = drawn("BEGIN RETURN ai_gen('m1', p); END");
/** A place in the statement has a model of its own. */
const ofTwo = drawn("BEGIN RETURN ai_gen(CASE WHEN p ~ '^x|[0-9]x' THEN 'm2' ELSE 'm1' END, p); END");
const all = 'SELECT id, drawn(p) FROM foxes ORDER BY id';
const named = (name: string, body: string, options = '', language = 'plpgsql') =>
  `CREATE FUNCTION ${name}(p text) RETURNS text LANGUAGE ${language} ${options} AS $$ ${body} $$`;
const also = named('also', "BEGIN RETURN ai_gen('m2', p); END");
/** Of what another one gives. */
const ofResults = (name: string, first: string, then: string) =>
  named(name, `BEGIN RETURN ai_gen(CASE WHEN p ~ '<' THEN '${then}' ELSE '${first}' END, p); END`);
const inSql = named('in_sql', "SELECT ai_gen('m2', p)", '', 'sql');

export const rowFunctions: Record<string, Case[]> = {
  'functions for each row': [
    ['a call beside it', "SELECT ai_gen('m2', p), drawn(p), ai_gen('m3', p) FROM foxes ORDER BY id", plain],
    ['a call in its argument', "SELECT drawn(ai_gen('m2', p)) FROM foxes ORDER BY id", plain],
    [
      'itself in its argument',
      'SELECT drawn(drawn(p)) FROM foxes ORDER BY id',
      ofResults('drawn', 'm1', 'm2'),
    ],
    ['twice in a row', "SELECT drawn(p), drawn('x') FROM foxes ORDER BY id", ofTwo],
    ['another one', 'SELECT drawn(p), also(p) FROM foxes ORDER BY id', ...[plain, also]],
    ['another one before it', 'SELECT also(p), drawn(p) FROM foxes ORDER BY id', plain, also],
    ['one in SQL', 'SELECT drawn(p), in_sql(p) FROM foxes ORDER BY id', plain, inSql],
    ['one in SQL before it', 'SELECT in_sql(p), drawn(p) FROM foxes ORDER BY id', plain, inSql],
    ['one in SQL around it', 'SELECT in_sql(drawn(p)) FROM foxes ORDER BY id', plain, inSql],
    ['one in SQL in its argument', 'SELECT drawn(in_sql(p)) FROM foxes ORDER BY id', plain, inSql],
    ['a call behind it', "SELECT drawn(p), ai_gen('m3', p) FROM foxes ORDER BY id", plain],
    [
      'a call in a view before it',
      'SELECT r, drawn(p) FROM called ORDER BY id',
      ...[plain, "CREATE VIEW called AS SELECT id, p, ai_gen('m3', p) AS r FROM foxes"],
    ],
    [
      'a call in a view behind it',
      'SELECT drawn(p), r FROM called ORDER BY id',
      ...[plain, "CREATE VIEW called AS SELECT id, p, ai_gen('m3', p) AS r FROM foxes"],
    ],
    [
      'an expanded call before it',
      "SELECT (pair_of(ai_gen('m3', 'x'))).*, drawn(p) FROM foxes ORDER BY id",
      plain,
    ],
    [
      'a call before it, by a parameter',
      {
        text: "SELECT ai_gen('m3', p), drawn($1 || p) FROM foxes WHERE id < $2 ORDER BY id",
        parameters: ['a ', '3'],
      },
      plain,
    ],
    [
      'itself before it in a cursor of some rows',
      { text: "SELECT ai_gen('m3', p), drawn(p) FROM foxes ORDER BY id", parameters: [], rows: 2 } as never,
      plain,
    ],
    [
      'a call before it in EXISTS',
      "SELECT EXISTS (SELECT FROM foxes WHERE ai_gen('m3', p) = 'x' OR drawn(p) LIKE '%2%')",
      plain,
    ],
    ['another one around it', 'SELECT also(drawn(p)) FROM foxes ORDER BY id', plain, also],
    [
      'another one in both',
      'SELECT also(drawn(p)), drawn(also(p)) FROM foxes ORDER BY id',
      ...[ofResults('drawn', 'm1', 'm2'), ofResults('also', 'm3', 'm4')],
    ],
    [
      'another one of which one decides',
      "SELECT id FROM foxes WHERE drawn(p) LIKE '%2%' AND also(p) <> '' ORDER BY id",
      plain,
      also,
    ],
    [
      'another one in the list',
      "SELECT also(p) FROM foxes WHERE drawn(p) LIKE '%2%' ORDER BY id",
      plain,
      also,
    ],
    [
      'another one in CASE',
      "SELECT CASE WHEN drawn(p) LIKE '%2%' THEN also(p) END FROM foxes ORDER BY id",
      plain,
      also,
    ],
    [
      'another one that does not read its argument',
      'SELECT blank(drawn(p)) FROM foxes ORDER BY id',
      ...[plain, named('blank', "BEGIN RETURN ai_gen('m2', 'none'); END")],
    ],
    [
      'another one that reads its argument at times',
      'SELECT rare(drawn(p), id) FROM foxes ORDER BY id',
      plain,
      "CREATE FUNCTION rare(p text, n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF n > 2 THEN RETURN ai_gen('m2', p); END IF; RETURN 'x'; END $$",
    ],
    [
      'another one that reads its argument twice',
      'SELECT twice(drawn(p)) FROM foxes ORDER BY id',
      ...[plain, named('twice', "BEGIN RETURN ai_gen('m2', p) || p; END")],
    ],
    [
      'another one that is STRICT',
      'SELECT also(drawn(p)) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN ai_gen('m2', p); END", 'STRICT'),
    ],
    [
      'another one that is STABLE',
      'SELECT drawn(p), also(p) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN ai_gen('m2', p); END", 'STABLE'),
    ],
    [
      'another one that writes',
      'SELECT drawn(p), also(p) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN INSERT INTO log VALUES (p); RETURN ai_gen('m2', p); END"),
    ],
    [
      'another one that calls it',
      'SELECT drawn(p), also(p) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN drawn(p || 'a'); END"),
    ],
    [
      'another one that calls it beside a call',
      'SELECT also(p), drawn(p) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN ai_gen('m2', p) || drawn(p || 'a'); END"),
    ],
    [
      'another one that calls itself',
      'SELECT drawn(p), also(p) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN IF length(p) > 6 THEN RETURN ai_gen('m2', p); END IF; RETURN also(p || 'a'); END"),
    ],
    [
      'another one that makes none',
      'SELECT drawn(p), also(p) FROM foxes ORDER BY id',
      plain,
      named('also', 'BEGIN RETURN upper(p); END'),
    ],
    [
      'another one with a name in FROM',
      'SELECT drawn(p), a FROM foxes, also(p) AS a ORDER BY id',
      plain,
      also,
    ],
    [
      'another one that fails for a row',
      'SELECT drawn(p), also(p) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN ai_gen('m2', p || (1 / (length(p) - 5))); END"),
    ],
    [
      'BETWEEN',
      all,
      drawn(
        "DECLARE a text := ai_gen('m1', p); BEGIN IF a BETWEEN 'a' AND 'z' THEN RETURN 'yes'; END IF; RETURN 'no'; END",
      ),
    ],
    [
      'BETWEEN in another one',
      'SELECT also(drawn(p)) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN ai_gen('m2', (p BETWEEN 'a' AND 'z')::text); END"),
    ],
    [
      'IN of another one',
      'SELECT also(drawn(p)) FROM foxes ORDER BY id',
      plain,
      named('also', "BEGIN RETURN ai_gen('m2', (p IN ('a', current_user))::text); END"),
    ],
    [
      'a set of one row in its body',
      all,
      drawn("BEGIN RETURN ai_gen('m1', p) || generate_series(1, 1); END"),
    ],
    [
      'a set without rows in its body',
      all,
      drawn("DECLARE a text := ai_gen('m1', p); b int := generate_series(1, 0); BEGIN RETURN a || b; END"),
    ],
    [
      'an aggregate in its body',
      "SELECT drawn('x') FROM foxes",
      drawn(
        "DECLARE a text := ai_gen('m1', p); BEGIN IF count(*) > 1 THEN RETURN ai_gen('m2', 'many'); END IF; RETURN a; END",
      ),
    ],
    [
      'an aggregate in the body of another one',
      "SELECT drawn('x'), also(p) FROM foxes",
      ...[plain, named('also', "BEGIN RETURN max(ai_gen('m2', p)); END")],
    ],
    [
      'another one in a trigger',
      'INSERT INTO log SELECT drawn(p) FROM foxes ORDER BY id',
      plain,
      "CREATE FUNCTION looked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.r := ai_gen('m4', 'fox 3'); RETURN NEW; END $$",
      'CREATE TRIGGER looked BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION looked()',
    ],
    [
      'in a view and beside it',
      'SELECT r, drawn(p) FROM looks ORDER BY id',
      plain,
      'CREATE VIEW looks AS SELECT id, p, drawn(p) AS r FROM foxes',
    ],
    [
      'what is not read of a sub-select',
      'SELECT id FROM (SELECT id, drawn(p) AS r FROM foxes) AS x ORDER BY id',
      plain,
    ],
    [
      'what is not read of a sub-select, beside what is',
      'SELECT id::text FROM (SELECT id, drawn(p) AS r FROM foxes) AS x UNION ALL SELECT drawn(p) FROM s WHERE id = 1',
      drawn("BEGIN RETURN ai_gen('m1', p); END", 'STABLE'),
    ],
    ['IMMUTABLE', "SELECT drawn('x') FROM foxes", drawn("BEGIN RETURN ai_gen('m1', p); END", 'IMMUTABLE')],
    ['LIMIT of ordered rows', 'SELECT drawn(p) FROM foxes ORDER BY id DESC LIMIT 2', plain],
    ['OFFSET and LIMIT', 'SELECT drawn(p) FROM foxes ORDER BY id OFFSET 1 LIMIT 2', plain],
    ['ordered by it', 'SELECT id FROM foxes ORDER BY drawn(p) LIMIT 2', plain],
    ['grouped by it', 'SELECT drawn(p), count(*) FROM foxes GROUP BY drawn(p) ORDER BY 1', plain],
    ['HAVING', "SELECT k FROM foxes GROUP BY k HAVING drawn(max(p)) <> '' ORDER BY k", plain],
    [
      'a CTE that is read twice',
      'WITH m AS (SELECT id, drawn(p) AS r FROM foxes) SELECT a.r, b.r FROM m a, m b WHERE a.id = b.id ORDER BY a.id',
      plain,
    ],
    [
      'a condition that is cheaper behind it',
      "SELECT id FROM foxes WHERE drawn(p) <> '' AND id < 3 ORDER BY id",
      plain,
    ],
    [
      'a result that decides about it',
      "SELECT id FROM foxes WHERE drawn(p) LIKE '%2%' AND drawn(p || 'x') <> '' ORDER BY id",
      ofTwo,
    ],
    ['a named argument', 'SELECT drawn(p => p) FROM foxes ORDER BY id', plain],
    [
      'a default',
      'SELECT drawn() FROM foxes',
      drawn("BEGIN RETURN ai_gen('m1', p); END", '', "p text DEFAULT 'x'"),
    ],
    ['a field of its result', 'SELECT (pair_of(drawn(p))).a FROM foxes ORDER BY id', plain],
    ['in FROM', 'SELECT f.id, r FROM foxes f, drawn(f.p) AS r ORDER BY f.id', plain],
    ['RETURNING', 'UPDATE foxes SET k = k + 1 RETURNING id, drawn(p || k)', plain],
    ['an UPDATE of what its argument reads', "UPDATE foxes SET p = drawn(p) || '.'", plain],
    [
      'ON CONFLICT',
      'INSERT INTO foxes SELECT id, p FROM foxes ON CONFLICT (id) DO UPDATE SET r = drawn(excluded.p)',
      plain,
    ],
    [
      'parameters',
      { text: 'SELECT id, drawn($1 || p) FROM foxes WHERE id < $2 ORDER BY id', parameters: ['a ', '3'] },
      plain,
    ],
    [
      'NULL to a STRICT one',
      'SELECT id, drawn(p) FROM s ORDER BY id',
      drawn("BEGIN RETURN ai_gen('m1', p); END", 'STRICT'),
    ],
    [
      'it fails for a row',
      'SELECT id, drawn(p) FROM foxes ORDER BY id',
      drawn("BEGIN RETURN ai_gen('m1', p || (1 / (length(p) - 5))); END"),
    ],
    [
      'a variable with the name of a column',
      all,
      drawn("DECLARE id text := p; k int; BEGIN k := 3; RETURN ai_gen('m1', id || k); END"),
    ],
    [
      'a name that it does not know',
      all,
      drawn("BEGIN IF p = 'fox 3' THEN RETURN id; END IF; RETURN ai_gen('m1', p); END"),
    ],
    ['FOUND', all, drawn("BEGIN IF FOUND THEN RETURN 'found'; END IF; RETURN ai_gen('m1', p); END")],
    ['NOT NULL', all, drawn("DECLARE x text NOT NULL := ai_gen('m1', p); BEGIN RETURN x; END")],
    [
      'a result that decides whether it fails',
      all,
      drawn(
        "BEGIN IF ai_gen('m1', p) IS NULL THEN RAISE EXCEPTION 'none'; END IF; RETURN ai_gen('m2', p); END",
      ),
    ],
    [
      'a result that decides',
      all,
      drawn("BEGIN IF ai_gen('m1', p) LIKE '%2%' THEN RETURN ai_gen('m2', p); END IF; RETURN 'no'; END"),
    ],
    [
      'AND of a result',
      all,
      drawn(
        "BEGIN IF ai_gen('m1', p) LIKE '%2%' AND ai_gen('m2', p) <> '' THEN RETURN 'yes'; END IF; RETURN 'no'; END",
      ),
    ],
    [
      'its own error is caught',
      all,
      drawn(
        "BEGIN RETURN ai_gen('m1', p || (1 / (length(p) - 5))); EXCEPTION WHEN OTHERS THEN RETURN 'caught'; END",
      ),
    ],
    [
      'it writes',
      all,
      drawn("BEGIN INSERT INTO log VALUES (p); RETURN ai_gen('m1', p || (SELECT count(*) FROM log)); END"),
    ],
    [
      'it reads what the statement writes',
      'UPDATE w SET r = drawn(p)',
      drawn("BEGIN RETURN ai_gen('m1', coalesce(p, 'n') || (SELECT count(*) FROM w WHERE r IS NULL)); END"),
    ],
    [
      'it reads by a function',
      'UPDATE w SET r = drawn(p)',
      drawn("BEGIN RETURN ai_gen('m1', coalesce(p, 'n') || how_many_then()); END"),
    ],
    ['random()', all, drawn("BEGIN IF random() < 2 THEN RETURN ai_gen('m1', p); END IF; RETURN 'x'; END")],
    ['a sequence', all, drawn("BEGIN RETURN ai_gen('m1', p || nextval('numbers')); END")],
    [
      'its names mean something else',
      all,
      drawn("BEGIN RETURN ai_gen('m1', upper(p)); END", 'SET search_path = hidden, pg_catalog, public'),
      'CREATE SCHEMA hidden',
      "CREATE FUNCTION hidden.upper(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'up' $$",
    ],
    ['SECURITY DEFINER', all, drawn("BEGIN RETURN ai_gen('m1', p || current_user); END", 'SECURITY DEFINER')],
    [
      'a row',
      'SELECT of_row(foxes) FROM foxes ORDER BY id',
      "CREATE FUNCTION of_row(f foxes) RETURNS text LANGUAGE plpgsql AS $$ BEGIN f.p := upper(f.p); RETURN ai_gen('m1', f.p); END $$",
    ],
    [
      'a number, and one that overflows',
      'SELECT of_number(id) FROM foxes ORDER BY id',
      "CREATE FUNCTION of_number(n smallint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN n := n * 10000; RETURN ai_gen('m1', n::text); END $$",
      'CREATE FUNCTION of_number(n int) RETURNS text LANGUAGE sql AS $$ SELECT of_number(n::smallint) $$',
    ],
    [
      'a length that is too short',
      all,
      drawn("DECLARE x varchar(4) := p; BEGIN RETURN ai_gen('m1', x); END"),
    ],
    [
      'a set where a value is wanted',
      all,
      drawn("BEGIN RETURN CASE WHEN p = 'fox 1' THEN ai_gen('m1', p) END || generate_series(1, 2); END"),
    ],
    [
      'a WITH that writes',
      'WITH x AS (INSERT INTO log SELECT drawn(p) FROM foxes RETURNING r) SELECT r FROM x',
      plain,
    ],
    ['an aggregate of all rows in its argument', 'SELECT drawn(count(*)::text) FROM foxes', plain],
    [
      'a window function in its argument',
      'SELECT drawn((row_number() OVER (ORDER BY id DESC))::text) FROM foxes',
      plain,
    ],
    ['DISTINCT ON', 'SELECT DISTINCT ON (k) drawn(p) FROM foxes ORDER BY k', plain],
    [
      'an overload that makes no call',
      'SELECT drawn(p), drawn(id) FROM foxes',
      plain,
      "CREATE FUNCTION drawn(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'no call' $$",
    ],
    [
      'a function of its name in another schema that makes no call',
      "SELECT drawn(p), nearer.drawn(p || 'x') FROM foxes",
      plain,
      'CREATE SCHEMA nearer',
      "CREATE FUNCTION nearer.drawn(p text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'no call' $$",
    ],
    [
      'rows that lie in another order than the one asked for',
      'SELECT drawn(p) FROM parts WHERE p IS NOT NULL ORDER BY id',
      plain,
    ],
    [
      'a cursor of some rows',
      { text: 'SELECT drawn(p) FROM foxes ORDER BY id', parameters: [], rows: 2 } as never,
      plain,
    ],
  ],
};
