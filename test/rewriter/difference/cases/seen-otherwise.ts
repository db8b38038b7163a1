/** What looks otherwise before there are results: names of columns, functions that tell of a look, what is evaluated first, and blocks and cursors that run twice. */
import type { Case } from './case.js';

const six = [
  'CREATE TABLE six (id int PRIMARY KEY, p text)',
  "INSERT INTO six SELECT i, 'p' || i FROM generate_series(1, 6) i",
];
const asJson = (rows: string, model = 'm1') =>
  `SELECT ai_gen('${model}', row_to_json(x)::text) FROM (${rows}) x`;
const plpgsql = (head: string, body: string, volatility = '') =>
  `CREATE FUNCTION ${head} LANGUAGE plpgsql ${volatility} AS $$ BEGIN ${body} END $$`;
const saying = plpgsql('said(p text) RETURNS text', "RETURN 'x ' || ai_gen('m1', p);");
const loop = `CREATE FUNCTION counted(n int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; c int := 0;
  BEGIN FOR r IN SELECT ai_gen('m1', p) FROM six WHERE id > n LOOP c := c + 1; END LOOP; RETURN c; END $$`;

export const seenOtherwise: Record<string, Case[]> = {
  'names of columns that are part of what is asked': [
    [
      'a variable’s',
      "SELECT * FROM in_words('de')",
      ...six,
      plpgsql('in_words(lang text) RETURNS SETOF text', `RETURN QUERY ${asJson('SELECT p, lang FROM six')};`),
    ],
    [
      'a variable’s in a cast',
      "SELECT * FROM in_words('de')",
      ...six,
      plpgsql(
        'in_words(lang text) RETURNS SETOF text',
        `RETURN QUERY ${asJson('SELECT p, lang::varchar FROM six')};`,
      ),
    ],
    [
      'a parameter’s, of a function in SQL',
      'SELECT * FROM in_sql(5)',
      ...six,
      `CREATE FUNCTION in_sql(int) RETURNS SETOF text LANGUAGE sql AS $$ ${asJson('SELECT p, $1 FROM six')} $$`,
    ],
    [
      'an element’s of a parameter',
      { text: asJson('SELECT p, $1[1] FROM six').replace('$1[1]', '($1::int[])[1]'), parameters: ['{7}'] },
      ...six,
    ],
    [
      'a parameter’s with a collation',
      { text: asJson('SELECT p, $1 COLLATE "C" FROM six'), parameters: ['a'] },
      ...six,
    ],
    [
      'of EXECUTE',
      [`PREPARE told (text) AS ${asJson('SELECT p, $1 FROM six')}`, "EXECUTE told ('a')", 'DEALLOCATE told'],
      ...six,
    ],
    ['a function’s value in a cast', asJson('SELECT id, said(p)::varchar FROM six', 'm2'), ...six, saying],
    [
      'a function’s value in a CASE',
      asJson('SELECT id, CASE WHEN id < 0 THEN p ELSE said(p) END FROM six', 'm2'),
      ...six,
      saying,
    ],
    [
      'of a call in FROM',
      "SELECT ai_gen('m2', row_to_json(x)::text) FROM six, LATERAL (SELECT * FROM ai_gen('m1', p)) x",
      ...six,
    ],
    [
      'of a call in FROM with ordinality',
      "SELECT ai_gen('m2', row_to_json(x)::text) FROM six, LATERAL (SELECT * FROM ai_gen('m1', p) WITH ORDINALITY) x",
      ...six,
    ],
  ],
  'functions that belie their word': [
    [
      'a STABLE one that makes calls and catches what fails',
      "SELECT ai_gen('m3', p), coalesce(safe(p), ai_gen('m1', p)) FROM six",
      ...six,
      plpgsql(
        'safe(p text) RETURNS text',
        "RETURN ai_gen('m2', p); EXCEPTION WHEN OTHERS THEN RETURN NULL;",
        'STABLE',
      ),
    ],
    [
      'a STABLE one that writes by another one',
      "SELECT ai_gen('m1', p || next_no()) FROM six",
      ...six,
      'CREATE TABLE counter (n int)',
      'INSERT INTO counter VALUES (0)',
      'CREATE FUNCTION bump() RETURNS int LANGUAGE sql AS $$ UPDATE counter SET n = n + 1 RETURNING n $$',
      plpgsql('next_no() RETURNS int', 'RETURN bump();', 'STABLE'),
    ],
    [
      'one that says INFO',
      "SELECT ai_gen('m1', told(p)) FROM six",
      ...six,
      plpgsql('told(a text) RETURNS text', "RAISE INFO 'told %', a; RETURN a;", 'STABLE'),
    ],
    [
      'one that says what it says whatever is set',
      "SELECT ai_gen('m1', told(p)) FROM six",
      ...six,
      plpgsql(
        'told(a text) RETURNS text',
        "RAISE NOTICE 'told %', a; RETURN a;",
        "STABLE SET client_min_messages = 'notice'",
      ),
    ],
    [
      'a LIMIT that is reckoned from a result',
      'SELECT * FROM first_of_six()',
      ...six,
      `CREATE FUNCTION first_of_six() RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT ai_gen('m1', p) FROM six LIMIT 1 + 0 * length(ai_gen('m2', 'x')) $$`,
    ],
  ],
  'what is evaluated first': [
    [
      'the offset of lag()',
      "SELECT id, lag(ai_gen('m1', p), coalesce(length(ai_gen('m2', p)), 1)) OVER (ORDER BY id) FROM six",
      ...six,
    ],
    [
      'the offset of nth_value()',
      "SELECT id, nth_value(ai_gen('m1', p), coalesce(length(ai_gen('m2', p)), 1)) OVER (ORDER BY id) FROM six",
      ...six,
    ],
    [
      'of lead(), whose offset is no result',
      "SELECT id, lead(ai_gen('m1', p), 2, ai_gen('m2', p)) OVER (ORDER BY id) FROM six",
      ...six,
    ],
    [
      'the FILTER of JSON_ARRAYAGG',
      "SELECT JSON_ARRAYAGG(ai_gen('m1', p) ORDER BY id) FILTER (WHERE ai_gen('m2', p) IS NULL) FROM six",
      ...six,
    ],
    [
      'the FILTER of JSON_OBJECTAGG',
      "SELECT JSON_OBJECTAGG(id : ai_gen('m1', p)) FILTER (WHERE ai_gen('m2', p) IS NULL) FROM six",
      ...six,
    ],
    [
      'what a hashed list is asked about',
      "SELECT id FROM six WHERE (SELECT ai_gen('m1', 'q')) IN (SELECT p FROM six WHERE ai_gen('m2', p) IS NULL)",
      ...six,
    ],
    [
      'keys of a join that are all NULL',
      `SELECT a.id FROM (SELECT id, ai_gen('m1', p) r FROM hundred OFFSET 0) a JOIN (SELECT ai_gen('m2', p) r FROM three OFFSET 0) b
       ON a.id = CASE WHEN b.r IS NULL THEN 7 END`,
      'CREATE TABLE hundred (id int, p text)',
      "INSERT INTO hundred SELECT i, 'h' || i FROM generate_series(1, 100) i",
      'CREATE TABLE three (p text)',
      "INSERT INTO three VALUES ('a'), ('b'), ('c')",
      'ANALYZE hundred, three',
    ],
    [
      'OVERRIDING USER VALUE',
      "INSERT INTO kept_ids (id, r) OVERRIDING USER VALUE VALUES (length(ai_gen('m1', 'a')), ai_gen('m2', 'b'))",
      'CREATE TABLE kept_ids (id int GENERATED ALWAYS AS IDENTITY, r text)',
    ],
    [
      'OVERRIDING USER VALUE in MERGE',
      `MERGE INTO kept_ids USING six ON false WHEN NOT MATCHED THEN INSERT (id, r) OVERRIDING USER VALUE VALUES (length(ai_gen('m1', p)), ai_gen('m2', p))`,
      ...six,
      'CREATE TABLE kept_ids (id int GENERATED ALWAYS AS IDENTITY, r text)',
    ],
  ],
  'what runs twice, or is called the same': [
    [
      'two DO blocks',
      `DO $$ DECLARE n int := 1; BEGIN RAISE NOTICE '%', n; END $$; DO $$ DECLARE n int := 4; BEGIN PERFORM ai_gen('m1', p) FROM six WHERE id > n; END $$`,
      ...six,
    ],
    [
      'a function whose other call is a part of the statement',
      'SELECT counted(1), late()',
      ...six,
      loop,
      'CREATE FUNCTION late() RETURNS int LANGUAGE sql AS $$ SELECT counted(4) $$',
    ],
    [
      'a function and what is prepared in one text',
      'SELECT * FROM counted(1); EXECUTE of_four; DEALLOCATE of_four',
      ...six,
      loop,
      'PREPARE of_four AS SELECT counted(4)',
    ],
    [
      'a SCROLL cursor that goes back over what it keeps',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT k, ai_gen('m1', string_agg(p, ',')) FROM (SELECT id AS k, p FROM six) s GROUP BY k",
        'FETCH 3 FROM c',
        'FETCH BACKWARD 2 FROM c',
        'FETCH 3 FROM c',
        'CLOSE c',
      ],
      ...six,
    ],
    [
      'a query in a block that runs twice, with a LIMIT',
      `DO $$ DECLARE r record; BEGIN FOR k IN 1..2 LOOP
         FOR r IN SELECT id FROM many_of WHERE ai_gen('m1', p) <> 'none' ORDER BY id LIMIT 3 LOOP NULL; END LOOP;
         INSERT INTO many_of VALUES (-k, 'z' || k);
       END LOOP; END $$`,
      'CREATE TABLE many_of (id int PRIMARY KEY, p text)',
      "INSERT INTO many_of SELECT i, 'p' || i FROM generate_series(1, 10000) i",
      'ANALYZE many_of',
    ],
    [
      'two statements that are prepared under one name',
      [
        "PREPARE q AS SELECT ai_gen('m1', p) FROM six; DEALLOCATE q; PREPARE q AS SELECT ai_gen('m2', p) FROM six",
        'EXECUTE q',
        'DEALLOCATE q',
      ],
      ...six,
    ],
    [
      'two cursors of one name',
      [
        "DECLARE c CURSOR FOR SELECT ai_gen('m1', p) FROM six; CLOSE c; DECLARE c CURSOR FOR SELECT ai_gen('m2', p) FROM six",
        'FETCH 3 FROM c',
        'CLOSE c',
      ],
      ...six,
    ],
  ],
  'what is read when it is prepared or opened': [
    [
      'a date, and another order of days since',
      [
        "SET datestyle = 'ISO, MDY'",
        "PREPARE q AS SELECT ai_gen('m1', p || ('01/02/2026'::date)) FROM six",
        "SET datestyle = 'ISO, DMY'",
        'EXECUTE q',
        'DEALLOCATE q',
        'RESET datestyle',
      ],
      ...six,
    ],
    [
      'a text with a backslash',
      [
        'SET standard_conforming_strings = off',
        "PREPARE q AS SELECT ai_gen('m1', p || 'a\\\\b') FROM six",
        'SET standard_conforming_strings = on',
        'EXECUTE q',
        'DEALLOCATE q',
        'RESET standard_conforming_strings',
      ],
      ...six,
    ],
    [
      'an operator of another schema',
      [
        'SET LOCAL search_path = public, joins_a',
        "DECLARE c CURSOR FOR SELECT ai_gen('m1', p ||| 'x') FROM six",
        'SET LOCAL search_path = public, joins_b',
        'FETCH 3 FROM c',
        'CLOSE c',
      ],
      ...six,
      ...['a', 'b'].flatMap((name) => [
        `CREATE SCHEMA joins_${name}`,
        `CREATE FUNCTION joins_${name}.j(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || '${name}' || $2 $$`,
        `CREATE OPERATOR joins_${name}.||| (LEFTARG = text, RIGHTARG = text, FUNCTION = joins_${name}.j)`,
      ]),
    ],
    [
      'a type of another schema',
      [
        'SET LOCAL search_path = public, kinds_a',
        "PREPARE q AS SELECT ai_gen('m1', p::short) FROM six",
        'SET LOCAL search_path = public, kinds_b',
        'EXECUTE q',
        'DEALLOCATE q',
      ],
      ...six,
      'CREATE SCHEMA kinds_a',
      'CREATE SCHEMA kinds_b',
      'CREATE DOMAIN kinds_a.short AS varchar(1)',
      'CREATE DOMAIN kinds_b.short AS varchar(2)',
    ],
    [
      'conditions in the order of their costs, for any values',
      [
        'SET LOCAL plan_cache_mode = force_generic_plan',
        "PREPARE q (text) AS SELECT id FROM six WHERE ai_gen('m1', slowly($1) || p) <> '' AND fits_four(id)",
        "EXECUTE q ('x')",
        'DEALLOCATE q',
      ],
      ...six,
      'CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE COST 100000 AS $$ BEGIN RETURN $1; END $$',
      'CREATE FUNCTION fits_four(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE COST 10000 AS $$ BEGIN RETURN $1 > 3; END $$',
    ],
  ],
  'cursors that go back unseen': [
    [
      'over rows that make no call',
      [
        "DECLARE c CURSOR FOR SELECT i, CASE WHEN i > 3 THEN ai_gen('m1', 'row ' || i) END FROM generate_series(1, 9) i",
        'FETCH 4 FROM c',
        'FETCH BACKWARD 3 FROM c',
        'FETCH 4 FROM c',
        'CLOSE c',
      ],
    ],
    [
      'by a function',
      [
        "DECLARE c CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'SELECT back()',
        'FETCH 3 FROM c',
        'CLOSE c',
      ],
      "CREATE FUNCTION back() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x refcursor := 'c'; BEGIN MOVE ABSOLUTE 0 FROM x; RETURN 1; END $$",
    ],
  ],
  'what belies its word, one step further': [
    [
      'an operator',
      "SELECT ai_gen('m1', p ||| ' ') FROM six",
      ...six,
      'CREATE SEQUENCE nos',
      plpgsql('in_turn(a text, b text) RETURNS text', "RETURN a || b || nextval('nos');", 'STABLE'),
      'CREATE OPERATOR ||| (LEFTARG = text, RIGHTARG = text, FUNCTION = in_turn)',
    ],
    [
      'a view in its body',
      "SELECT ai_gen('m1', next_of(p)) FROM six",
      ...six,
      'CREATE SEQUENCE nos',
      "CREATE VIEW next_no_of AS SELECT nextval('nos') AS x",
      plpgsql('next_of(a text) RETURNS text', 'RETURN a || (SELECT x FROM next_no_of);', 'STABLE'),
    ],
    [
      'a setting of the look',
      "SELECT ai_gen('m1', level_now() || p) FROM six",
      ...six,
      plpgsql('level_now() RETURNS text', "RETURN current_setting('client_min_messages');", 'STABLE'),
    ],
    [
      'a view over a table with rules',
      "INSERT INTO over_rules SELECT id, ai_gen('m1', p) FROM six",
      ...six,
      'CREATE TABLE under_rules (id int, r text)',
      'CREATE RULE some_of AS ON INSERT TO under_rules DO INSTEAD INSERT INTO log SELECT NEW.r WHERE NEW.id > 2',
      'CREATE VIEW over_rules AS SELECT * FROM under_rules',
    ],
    [
      'a name that NATURAL JOIN asks for',
      "SELECT ai_gen('m2', p) FROM (SELECT id, p, (ai_gen('m1', p)) FROM six) a NATURAL JOIN wanted_rows",
      ...six,
      "CREATE TABLE wanted_rows AS SELECT id, 'no'::text AS ai_gen FROM six",
    ],
    [
      'a name in ROWS FROM',
      "SELECT ai_gen('m2', row_to_json(x)::text) FROM six, LATERAL ROWS FROM (ai_gen('m1', p), generate_series(1, 1)) AS x",
      ...six,
    ],
    [
      'a parameter that is called as a table',
      "SELECT * FROM rated('x')",
      ...six,
      "CREATE FUNCTION rated(s text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT ai_gen('m1', to_json(s)::text) FROM six s $$",
    ],
    [
      'a call that looks as one below it',
      "SELECT ai_gen('m1', 'q') FROM over_six WHERE r IS NULL",
      ...six,
      "CREATE VIEW over_six AS SELECT id, ai_gen('m1', 'q') AS r FROM six",
    ],
    [
      'the look’s own functions on the path',
      [
        'SET LOCAL search_path = public, hologen_names, hologen_caller',
        "SELECT id FROM six WHERE ai_gen('m1', slowly(p)) IS NULL AND ai_gen('m2', p) IS NULL",
      ],
      ...six,
      'CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE COST 100000 AS $$ BEGIN RETURN $1; END $$',
    ],
  ],
};
