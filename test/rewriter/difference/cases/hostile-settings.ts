/** What runs between two rows of a statement, and changes what the next row asks for; cursors that go back without a call. */
import type { Case } from './case.js';

const written =
  "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i";
const table = 'CREATE TABLE trig (id int, r text)';
const sets =
  "CREATE FUNCTION sets(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('my.k', 'after ' || x, true); RETURN x; END $$";

export const hostileSettings: Record<string, Case[]> = {
  'settings and roles between two rows': [
    [
      'a loop that sets a role, which no request reads',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 14) i LOOP SET LOCAL ROLE painter; END LOOP; END $$",
    ],
    [
      'a trigger that sets a role, which no request reads',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', 'row ' || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'GRANT ALL ON ALL TABLES IN SCHEMA public TO painter',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE painter; RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a setting of the gateway that a trigger sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', 'row ' || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ai_gen.at_once = off; RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a dry run that a trigger sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', 'row ' || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ai_gen.dry_run = on; RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'an ON CONFLICT in a function that is called for each row',
      "SELECT put(i, 'new ' || i) FROM generate_series(1, 3) i",
      "CREATE TABLE kept (id int PRIMARY KEY, name text DEFAULT 'none', size numeric(6,1), code varchar(4), day date, r text)",
      "INSERT INTO kept SELECT i, 'old ' || i, i, 'c' || i, date '2026-01-01' + i, NULL FROM generate_series(1, 4) i",
      "CREATE FUNCTION put(i int, n text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE made text; BEGIN INSERT INTO kept (id, name) VALUES (i, n) ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.name || kept.name) RETURNING kept.r INTO made; RETURN made; END $$",
    ],
    [
      'a loop with a comment before SET',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) AS r FROM generate_series(1, 14) i LOOP -- the next\n SET LOCAL my.k = 'later'; END LOOP; END $$",
    ],
    [
      'a loop with a label before SET',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) AS r FROM generate_series(1, 14) i LOOP SET LOCAL my.k = 'later'; END LOOP; END $$",
    ],
    [
      'a loop that sets a zone of time',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || ' ' || timestamptz '2026-01-01 00:00+00') AS r FROM generate_series(1, 14) i LOOP SET LOCAL timezone = 'Asia/Tokyo'; END LOOP; END $$",
    ],
    [
      'a loop that sets a path of names',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || ' ' || current_schema) AS r FROM generate_series(1, 14) i LOOP SET LOCAL search_path = other, public, pg_catalog; END LOOP; END $$",
    ],
    [
      'a loop that updates pg_settings',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || ' ' || current_setting('application_name')) AS r FROM generate_series(1, 14) i LOOP UPDATE pg_settings SET setting = 'later' WHERE name = 'application_name'; END LOOP; END $$",
    ],
    [
      'a loop that sets a role',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || ' ' || current_user) AS r FROM generate_series(1, 14) i LOOP SET LOCAL ROLE painter; END LOOP; END $$",
    ],
    [
      'a loop of a function in a function',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || outer_setting()) AS r FROM generate_series(1, 14) i LOOP PERFORM set_config('my.k', 'later', true); END LOOP; END $$",
      "CREATE FUNCTION inner_setting() RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(current_setting('my.k', true), '-') $$",
      'CREATE FUNCTION outer_setting() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN inner_setting(); END $$',
    ],
    [
      'a loop that asks for a text search config',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || to_tsvector('the foxes')::text) AS r FROM generate_series(1, 14) i LOOP SET LOCAL default_text_search_config = 'pg_catalog.english'; END LOOP; END $$",
    ],
    [
      'a role that a function in FROM of an UPDATE trigger sets',
      "UPDATE trig SET r = ai_gen('m1', 'row ' || id)",
      'CREATE TABLE trig (id int, r text)',
      'INSERT INTO trig SELECT i FROM generate_series(1, 3) i',
      'GRANT ALL ON ALL TABLES IN SCHEMA public TO painter',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE painter; RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE UPDATE ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'money as it is printed',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', i || ' ' || i::money::text || ' ' || (1.0::float8 / 3)::text) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET LOCAL extra_float_digits = 0; RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'nested setting reader',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', outer_setting() || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      "CREATE FUNCTION inner_setting() RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(current_setting('my.k', true), '-') $$",
      'CREATE FUNCTION outer_setting() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN inner_setting(); END $$',
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('my.k', 'after ' || NEW.id, true); RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a CHECK that sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i",
      "CREATE TABLE trig (id int, r text, CHECK (set_config('my.k', 'after ' || id, true) <> ''))",
    ],
    [
      'a trigger WHEN that sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
      "CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW WHEN (set_config('my.k', 'after ' || NEW.id, true) <> '') EXECUTE FUNCTION other()",
    ],
    [
      'a SET behind a comment',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN -- from here\n SET LOCAL my.k = 'later'; RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a setting of PostgreSQL that a cast reads',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', i || timestamptz '2026-01-01 00:00+00'::text) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('timezone', 'Asia/Tokyo', true); RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a view of settings that is updated',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', current_setting('application_name') || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE pg_settings SET setting = 'after ' || NEW.id WHERE name = 'application_name'; RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'an operator that reads a setting',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', i::text ||? '') FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      "CREATE FUNCTION with_setting(a text, b text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN a || coalesce(current_setting('my.k', true), '-'); END $$",
      'CREATE OPERATOR ||? (FUNCTION = with_setting, LEFTARG = text, RIGHTARG = text)',
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('my.k', 'after ' || NEW.id, true); RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a role that a trigger sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', current_user || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'GRANT ALL ON trig TO painter',
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE painter; RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a domain default that sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i",
      "CREATE DOMAIN setting AS text DEFAULT set_config('my.k', 'later', true)",
      'CREATE TABLE trig (id int, r text, s setting)',
    ],
    [
      'a policy that sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i",
      'CREATE TABLE trig (id int, r text)',
      'GRANT ALL ON trig TO painter',
      'ALTER TABLE trig ENABLE ROW LEVEL SECURITY',
      "CREATE POLICY own ON trig WITH CHECK (set_config('my.k', 'after ' || id, true) <> '')",
      'SET LOCAL ROLE painter',
    ],
    [
      'a batch of inserts with a default that sets',
      {
        text: "INSERT INTO trig (id, r) VALUES ($1::int, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || $1::int))",
        batch: [['1'], ['2'], ['3']],
      },
      "CREATE TABLE trig (id int, r text, s text DEFAULT set_config('my.k', 'later', true))",
    ],
    [
      'a batch of inserts with a check that sets',
      {
        text: "INSERT INTO trig (id, r) VALUES ($1::int, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || $1::int))",
        batch: [['1'], ['2'], ['3']],
      },
      "CREATE TABLE trig (id int, r text, CHECK (set_config('my.k', 'after ' || id, true) <> ''))",
    ],
    [
      'a batch of upserts',
      {
        text: "INSERT INTO kept (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', concat_ws(' ', excluded.id, excluded.name))",
        batch: [
          ['1', 'a'],
          ['2', 'b'],
          ['1', 'c'],
          ['9', 'd'],
          ['9', 'e'],
        ],
      },
      "CREATE TABLE kept (id int PRIMARY KEY, name text DEFAULT 'none', size numeric(6,1), code varchar(4), day date, r text)",
      "INSERT INTO kept SELECT i, 'old ' || i, i, 'c' || i, date '2026-01-01' + i, NULL FROM generate_series(1, 4) i",
    ],
    [
      'unknown parameters of a SELECT, and in SET',
      {
        text: "INSERT INTO kept (id, size) SELECT $1, $2 ON CONFLICT (id) DO UPDATE SET size = $2, r = ai_gen('m1', excluded.id || ' ' || excluded.size)",
        parameters: ['1', '9'],
      },
      "CREATE TABLE kept (id int PRIMARY KEY, name text DEFAULT 'none', size numeric(6,1), code varchar(4), day date, r text)",
      "INSERT INTO kept SELECT i, 'old ' || i, i, 'c' || i, date '2026-01-01' + i, NULL FROM generate_series(1, 4) i",
    ],
    [
      'a loop that updates pg_settings',
      "DO $$ DECLARE x record; BEGIN FOR x IN SELECT i, ai_gen('m1', i || ' ' || current_setting('application_name')) AS r FROM generate_series(1, 3) i LOOP UPDATE pg_settings SET setting = 'later' WHERE name = 'application_name'; END LOOP; END $$",
    ],
    [
      'UPDATE with a CHECK that sets',
      "UPDATE trig SET r = ai_gen('m1', coalesce(current_setting('my.k', true), '-') || id)",
      'CREATE TABLE trig (id int, r text)',
      "INSERT INTO trig VALUES (1, 'a'), (2, 'b'), (3, 'c')",
      "ALTER TABLE trig ADD CHECK (set_config('my.k', 'after ' || id, true) <> '') NOT VALID",
    ],
    [
      'a domain of a column whose check sets',
      "INSERT INTO trig (id, r) SELECT i, ai_gen('m1', coalesce(current_setting('my.k', true), '-') || i) FROM generate_series(1, 3) i",
      "CREATE DOMAIN told AS text CHECK (set_config('my.k', 'later', true) <> '')",
      'CREATE TABLE trig (id int, r told)',
    ],
    ...[
      ['an index that sets', 'CREATE INDEX ON trig (sets(id))'],
      ['a generated column that sets', 'ALTER TABLE trig ADD g int GENERATED ALWAYS AS (sets(id)) STORED'],
      ['a check by a function that sets', 'ALTER TABLE trig ADD CHECK (sets(id) > 0)'],
      ['a default by a function that sets', 'ALTER TABLE trig ADD g int DEFAULT sets(1)'],
      [
        'a domain by a function that sets',
        'CREATE DOMAIN told AS text CHECK (sets(length(VALUE)) > 0); ALTER TABLE trig ALTER r TYPE told',
      ],
      [
        'an AFTER trigger whose condition sets',
        'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; ' +
          'CREATE TRIGGER other AFTER INSERT ON trig FOR EACH ROW WHEN (sets(NEW.id) > 0) EXECUTE FUNCTION other()',
      ],
    ].map(([name = '', ...made]): Case => [name, written, table, sets, ...made]),
    [
      'a part of a table that has a trigger that sets',
      written,
      'CREATE TABLE trig (id int, r text) PARTITION BY LIST (id)',
      'CREATE TABLE part PARTITION OF trig DEFAULT',
      sets,
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM sets(1); RETURN NEW; END $$',
      'CREATE TRIGGER other BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a view that is written with a trigger that sets',
      written.replace('trig', 'seen'),
      table,
      'CREATE VIEW seen AS SELECT * FROM trig',
      sets,
      'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM sets(1); RETURN NEW; END $$',
      'CREATE TRIGGER other INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a cast to what is written that sets',
      written.replace('i, ai_gen', 'ROW(i, i)::told, ai_gen'),
      table,
      'CREATE TYPE told AS (a int, b int)',
      "CREATE FUNCTION sets(x told) RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('my.k', 'after', true); RETURN x.a; END $$",
      'CREATE CAST (told AS int) WITH FUNCTION sets(told) AS ASSIGNMENT',
    ],
    ['what is returned sets', `${written} RETURNING sets(id)`, table, sets],
    [
      'a function that is returned as a column sets',
      `${written} RETURNING trig.bump`,
      table,
      "CREATE FUNCTION bump(trig) RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('my.k', 'after ' || $1.id, true); RETURN 1; END $$",
    ],
    [
      'a view in what is returned sets',
      `${written} RETURNING (SELECT s FROM setting)`,
      table,
      "CREATE VIEW setting AS SELECT set_config('my.k', 'later', true) AS s",
    ],
  ],
  'cursors that go back': [
    [
      'a cursor moved to its begin',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'MOVE ABSOLUTE 0 FROM c',
        'FETCH 5 FROM c',
      ],
    ],
    [
      'a cursor moved to its begin, read 3',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'MOVE ABSOLUTE 0 FROM c',
        'FETCH 3 FROM c',
      ],
    ],
    [
      'a cursor moved back by all',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'MOVE BACKWARD ALL FROM c',
        'FETCH 3 FROM c',
      ],
    ],
    [
      'a cursor moved forward',
      [
        "DECLARE c  CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 2 FROM c',
        'MOVE 2 FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'a cursor in two texts',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'FETCH ABSOLUTE 0 FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'a cursor over a table, moved to its begin',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT id, ai_gen('m1', 'row ' || id) AS r FROM s ORDER BY id",
        'FETCH 2 FROM c',
        'MOVE ABSOLUTE 0 FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'a cursor over a table without SCROLL, moved to its begin',
      [
        "DECLARE c CURSOR FOR SELECT id, ai_gen('m1', 'row ' || id) AS r FROM s",
        'FETCH 1 FROM c',
        'MOVE ABSOLUTE 0 FROM c',
        'FETCH 1 FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'rewound and savepoint',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'SAVEPOINT a',
        'FETCH 2 FROM c',
        'ROLLBACK TO a',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'MOVE RELATIVE 0',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'MOVE RELATIVE 0 FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'MOVE FIRST',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        'MOVE FIRST FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    [
      'moved in a DO',
      [
        "DECLARE c SCROLL CURSOR FOR SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 9) i",
        'FETCH 3 FROM c',
        "DO $$ DECLARE x refcursor := 'c'; BEGIN MOVE ABSOLUTE 0 FROM x; END $$",
        'FETCH 3 FROM c',
      ],
    ],
  ],
};
