/** More of calls inside functions, of MERGE and of materialized views: names, nesting and texts that look like something else. */
import type { Case } from './case.js';

const sets = (name: string, text: string, rest = '') =>
  `CREATE FUNCTION ${name} RETURNS SETOF text LANGUAGE plpgsql ${rest} AS $$ ${text} $$`;
const asked = (rows: string) => `RETURN QUERY SELECT ai_gen('m1', p) FROM ${rows};`;

export const insideOthers: Record<string, Case[]> = {
  'cursors WITH HOLD, which read all their rows when they are declared outside of a transaction': [
    ['a plain one', "DECLARE held_1 CURSOR WITH HOLD FOR SELECT id, ai_gen('m1', p) FROM foxes ORDER BY id"],
    [
      'a result that decides, and a LIMIT',
      "DECLARE \"for\" NO SCROLL CURSOR WITH HOLD FOR SELECT ai_gen('m1', p) FROM foxes WHERE ai_gen('m2', p) LIKE '%a%' ORDER BY id LIMIT 2",
    ],
    [
      'two stages, and a call for some rows',
      "DECLARE held_3 SCROLL CURSOR WITH HOLD FOR SELECT CASE WHEN id > 1 THEN ai_gen('m1', ai_gen('m2', p)) END FROM foxes",
    ],
    [
      'a join that is planned otherwise for its first rows',
      "DECLARE held_4 CURSOR WITH HOLD FOR SELECT a.id FROM foxes a JOIN foxes b ON a.id = b.id AND ai_gen('m1', a.p) <> ai_gen('m2', b.p) ORDER BY a.id",
    ],
    [
      'an error',
      "DECLARE held_5 CURSOR WITH HOLD FOR SELECT ai_gen('m1', p), 1 / (id - 2) FROM foxes ORDER BY id",
    ],
  ],
  'nesting and names': [
    [
      'a function that calls another',
      'SELECT * FROM outer_one(2)',
      sets('inner_one(most int)', `BEGIN ${asked('foxes WHERE id <= most')} END`),
      sets('outer_one(most int)', 'BEGIN RETURN QUERY SELECT * FROM inner_one(most + 1); END'),
    ],
    [
      'recursion',
      'SELECT * FROM again(3)',
      sets(
        'again(most int)',
        `BEGIN ${asked('foxes WHERE id = most')} IF most > 1 THEN RETURN QUERY SELECT * FROM again(most - 1); END IF; END`,
      ),
    ],
    [
      'a name in quotes, with what a context has',
      `SELECT * FROM "odd"" (text) line 1 at RETURN QUERY"('3')`,
      sets(
        `"odd"" (text) line 1 at RETURN QUERY"(most text)`,
        `BEGIN ${asked('foxes WHERE id <= most::int')} END`,
      ),
    ],
    [
      'a text that looks like a context',
      'SELECT * FROM misleading()',
      sets(
        'misleading()',
        `BEGIN RETURN QUERY SELECT ai_gen('m1', p || E'"\\nPL/pgSQL function misleading() line 1 at RETURN QUERY') FROM foxes; END`,
      ),
    ],
    [
      'overloads',
      "SELECT * FROM twofold(2) UNION ALL SELECT * FROM twofold('3')",
      sets('twofold(most int)', `BEGIN ${asked('foxes WHERE id <= most')} END`),
      sets('twofold(most text)', `BEGIN ${asked('foxes WHERE id <= most::int')} END`),
    ],
    [
      'several queries in one line',
      'SELECT * FROM several(2)',
      sets('several(n int)', `BEGIN ${asked('foxes WHERE id <= n')} ${asked('foxes WHERE id > n')} END`),
    ],
    [
      'several loops in one line',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT ai_gen('m1', p) AS r FROM foxes LOOP INSERT INTO log VALUES (x.r); END LOOP; FOR x IN SELECT ai_gen('m2', p) AS r FROM foxes WHERE id > 2 LOOP INSERT INTO log VALUES (x.r); END LOOP; END $$",
    ],
    [
      'a loop in a loop, over what the outer one gives',
      "DO $$ DECLARE x record; y record;\nBEGIN FOR x IN SELECT id, ai_gen('m1', p) AS r FROM foxes LOOP\nFOR y IN SELECT ai_gen('m2', p) AS r FROM foxes WHERE id = x.id LOOP\nINSERT INTO log VALUES (x.r || y.r); END LOOP; END LOOP; END $$",
    ],
    [
      'a cursor in a function',
      "DO $$ DECLARE c CURSOR FOR SELECT ai_gen('m1', p) FROM foxes; x text; BEGIN OPEN c; FETCH c INTO x; INSERT INTO log VALUES (x); CLOSE c; FOR y IN c LOOP INSERT INTO log VALUES (y.ai_gen); EXIT; END LOOP; END $$",
    ],
    [
      'RETURN QUERY EXECUTE, and EXECUTE INTO',
      'SELECT * FROM dynamic(2)',
      sets(
        'dynamic(most int)',
        "DECLARE x text; BEGIN RETURN QUERY EXECUTE 'SELECT ai_gen(''m1'', p) FROM foxes WHERE id <= $1' USING most; EXECUTE 'SELECT ai_gen(''m2'', p) FROM foxes' INTO x; RETURN NEXT x; END",
      ),
    ],
    [
      'a temporary table that the function makes',
      'SELECT * FROM of_temp(2)',
      sets(
        'of_temp(most int)',
        `BEGIN CREATE TEMP TABLE foxes ON COMMIT DROP AS SELECT 'own ' || i AS p FROM generate_series(1, most) i; ${asked('foxes')} DROP TABLE pg_temp.foxes; END`,
      ),
    ],
    [
      'a query with LIMIT, and one that is captured',
      "SET LOCAL ai_gen.on_error = 'capture'; SELECT * FROM limited(2)",
      sets(
        'limited(most int)',
        `BEGIN RETURN QUERY SELECT ai_gen('m1', p) FROM foxes ORDER BY id LIMIT most; END`,
      ),
    ],
    [
      'RETURN QUERY that nobody reads to its end',
      'SELECT * FROM some_of(4) LIMIT 1',
      sets('some_of(most int)', `BEGIN ${asked('foxes WHERE id <= most')} END`),
    ],
    [
      'a count of rows',
      "DO $$ DECLARE n int; BEGIN UPDATE foxes SET r = ai_gen('m1', p) WHERE id > 2; GET DIAGNOSTICS n = ROW_COUNT; INSERT INTO log VALUES (n || FOUND::text); END $$",
    ],
  ],
  'MERGE and materialized views': [
    [
      'a row that meets two',
      "MERGE INTO foxes f USING (VALUES (1, 'a'), (1, 'b')) v (i, t) ON v.i = f.id WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', v.t)",
    ],
    [
      'names in quotes and words of the grammar',
      `MERGE INTO ONLY foxes AS "when" USING (SELECT id AS "then", p AS "matched" FROM foxes) "on" ON "on"."then" = "when".id WHEN MATCHED AND "on"."matched" LIKE '%1' THEN UPDATE SET r = ai_gen('m1', "on"."matched") WHEN MATCHED THEN DO NOTHING`,
    ],
    [
      'calls in the source and in both branches',
      "MERGE INTO foxes f USING (SELECT id + 2 AS i, ai_gen('m1', p) AS t FROM foxes) s ON s.i = f.id WHEN MATCHED AND s.t <> '' THEN UPDATE SET r = ai_gen('m2', s.t) WHEN NOT MATCHED THEN INSERT (id, p, r) VALUES (s.i, s.t, ai_gen('m3', s.t))",
    ],
    [
      'a partitioned target, and a view as the source',
      'MERGE INTO parts USING painted ON painted.id = parts.id WHEN MATCHED AND painted.id < 3 THEN UPDATE SET r = painted.r WHEN MATCHED THEN DELETE',
    ],
    [
      'RETURNING what was done',
      "MERGE INTO foxes f USING u ON u.id = f.id AND u.style = 'ink' WHEN MATCHED THEN UPDATE SET r = ai_gen('m1', u.style) WHEN NOT MATCHED THEN DO NOTHING RETURNING f.id, f.r",
    ],
    [
      'a materialized view of a name that another schema has',
      'REFRESH MATERIALIZED VIEW nearer.seen_by',
      'CREATE SCHEMA nearer',
      'CREATE MATERIALIZED VIEW seen_by AS SELECT p AS r FROM foxes',
      "CREATE MATERIALIZED VIEW nearer.seen_by AS SELECT ai_gen('m2', p) AS r FROM foxes WHERE id < 3 WITH NO DATA",
      'LOCK TABLE foxes IN ACCESS EXCLUSIVE MODE',
    ],
  ],
};
