/** INSERT … ON CONFLICT DO UPDATE with a call in what it sets: which rows meet one that is there, and what "excluded" has of them. */
import { type Case, sent } from './case.js';

const kept = [
  "CREATE TABLE kept (id int PRIMARY KEY, name text DEFAULT 'none', size numeric(6,1), code varchar(4), day date, r text)",
  "INSERT INTO kept SELECT i, 'old ' || i, i, 'c' || i, date '2026-01-01' + i, NULL FROM generate_series(1, 4) i",
];
const asked = "ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', concat_ws(' ', excluded.id, excluded.name";
const upsert = (rows: string, columns = '(id, name)', also = '))') =>
  `INSERT INTO kept ${columns} ${rows} ${asked}${also}`;

export const onConflict: Record<string, Case[]> = {
  'INSERT … ON CONFLICT DO UPDATE with calls': [
    ['rows of a query', upsert("SELECT i, 'new ' || i FROM generate_series(3, 6) i"), ...kept],
    ['rows of VALUES', upsert("VALUES (2, 'b'), (3, 'c'), (9, 'i')"), ...kept],
    [
      'values of several types in a column',
      upsert('VALUES (2, 1::float8), (3, 1.50), (4, true::text::bool)'),
      ...kept,
    ],
    ['columns without a list', upsert("SELECT i, 'x' FROM generate_series(1, 3) i", ''), ...kept],
    ['columns of a star', upsert("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v", ''), ...kept],
    [
      'lengths and roundings of columns',
      upsert(
        "VALUES (1, 'a', 1.25, 'ab  '), (2, 'b', 2.35, 'abcd   ')",
        '(id, name, size, code)',
        ", excluded.size, '<' || excluded.code || '>'))",
      ),
      ...kept,
    ],
    [
      'a text that is too long',
      upsert("VALUES (1, 'a', 'abcd'), (2, 'b', 'abcde')", '(id, name, code)', ', excluded.code))'),
      ...kept,
    ],
    [
      'columns that are not written, with a default and without',
      upsert('SELECT i FROM generate_series(1, 2) i', '(id)', ', excluded.size))'),
      ...kept,
    ],
    [
      'only a column without a default',
      "INSERT INTO kept (id) SELECT generate_series(1, 2) ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', coalesce(excluded.code, 'none') || kept.id)",
      ...kept,
    ],
    [
      'the whole row',
      "INSERT INTO kept (id, name) VALUES (1, 'a'), (2, 'b') ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded::text)",
      ...kept,
    ],
    [
      'a condition',
      upsert("SELECT i, 'x' FROM generate_series(1, 4) i", '(id, name)', ')) WHERE kept.size > 2'),
      ...kept,
    ],
    [
      'a call in its condition',
      "INSERT INTO kept AS k (id, name) SELECT i, 'x' || i FROM generate_series(1, 4) i ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE ai_gen('m1', k.name || excluded.name) LIKE '%2%'",
      ...kept,
    ],
    [
      'two columns that are set at once, and RETURNING',
      "INSERT INTO kept AS k (id, name) SELECT i, 'x' || i FROM generate_series(1, 3) i ON CONFLICT (id) DO UPDATE SET (name, r) = (excluded.name, ai_gen('m1', k.name)) RETURNING k.id, k.name, k.r",
      ...kept,
    ],
    ['rows that meet each other', upsert("VALUES (7, 'a'), (7, 'b')"), ...kept],
    ['rows that meet the same one', upsert("VALUES (1, 'a'), (1, 'b')"), ...kept],
    [
      'keys that are NULL',
      "INSERT INTO maybe VALUES (NULL, 'a'), (1, 'b') ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.r)",
      'CREATE TABLE maybe (id int UNIQUE, r text)',
      "INSERT INTO maybe VALUES (NULL, 'old'), (1, 'old')",
    ],
    [
      'a key of two columns',
      "INSERT INTO pairs SELECT i, i % 2, 'new' FROM generate_series(1, 4) i ON CONFLICT (b, a) DO UPDATE SET r = ai_gen('m1', excluded.r || pairs.a)",
      'CREATE TABLE pairs (a int, b int, r text, PRIMARY KEY (a, b))',
      "INSERT INTO pairs VALUES (1, 1, 'old'), (2, 1, 'old'), (4, 0, 'old')",
    ],
    [
      'an index of some rows',
      "INSERT INTO partly VALUES (1, 'a', true), (2, 'b', true) ON CONFLICT (id) WHERE live DO UPDATE SET r = ai_gen('m1', excluded.r)",
      'CREATE TABLE partly (id int, r text, live boolean)',
      'CREATE UNIQUE INDEX ON partly (id) WHERE live',
      "INSERT INTO partly VALUES (1, 'old', false), (2, 'old', true)",
    ],
    [
      'a key by an expression',
      "INSERT INTO words VALUES ('Fox', 'a'), ('OWL', 'b') ON CONFLICT (lower(w)) DO UPDATE SET r = ai_gen('m1', excluded.r)",
      'CREATE TABLE words (w text, r text)',
      'CREATE UNIQUE INDEX ON words (lower(w))',
      "INSERT INTO words VALUES ('fox', 'old'), ('owl', 'old')",
    ],
    [
      'a trigger that changes what is inserted',
      upsert("VALUES (1, 'a'), (2, 'b'), (3, 'c')"),
      ...kept,
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 2 THEN RETURN NULL; END IF; NEW.name := 'changed'; RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a table from which another inherits',
      upsert("VALUES (1, 'a'), (11, 'b'), (12, 'c')"),
      ...kept,
      'CREATE TABLE heir () INHERITS (kept)',
      "INSERT INTO heir SELECT i, 'heir' FROM generate_series(11, 12) i",
    ],
    [
      'a table in parts',
      "INSERT INTO halves SELECT i, 'new' FROM generate_series(1, 6) i ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.r || halves.id)",
      'CREATE TABLE halves (id int PRIMARY KEY, r text) PARTITION BY RANGE (id)',
      'CREATE TABLE halves_low PARTITION OF halves FOR VALUES FROM (0) TO (3)',
      'CREATE TABLE halves_high PARTITION OF halves FOR VALUES FROM (3) TO (10)',
      "INSERT INTO halves VALUES (1, 'old'), (2, 'old'), (4, 'old')",
    ],
    [
      'a trigger of a part',
      "INSERT INTO halves SELECT i, 'new' FROM generate_series(1, 6) i ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.r || halves.id)",
      'CREATE TABLE halves (id int PRIMARY KEY, r text) PARTITION BY RANGE (id)',
      'CREATE TABLE halves_all PARTITION OF halves FOR VALUES FROM (0) TO (10)',
      "INSERT INTO halves VALUES (1, 'old'), (2, 'old'), (4, 'old')",
      "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.r := 'changed'; RETURN NEW; END $$",
      'CREATE TRIGGER other BEFORE INSERT ON halves_all FOR EACH ROW EXECUTE FUNCTION other()',
    ],
    [
      'a domain that checks',
      "INSERT INTO checked VALUES (1, 'a'), (2, 'b') ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.r)",
      'CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)',
      'CREATE TABLE checked (id int PRIMARY KEY, r short)',
      "INSERT INTO checked VALUES (1, 'old'), (2, 'old')",
    ],
    [
      'a CTE with the name of the table',
      `WITH kept AS (SELECT 2 AS id, 'b' AS name UNION ALL SELECT 3, 'c') INSERT INTO kept (id, name) SELECT id, name FROM kept ${asked}))`,
      ...kept,
    ],
    [
      'a CTE of what is inserted',
      `WITH rows AS (SELECT i, 'b' || i AS name FROM generate_series(2, 5) i) INSERT INTO kept (id, name) SELECT * FROM rows ${asked}))`,
      ...kept,
    ],
    [
      'calls in what is inserted, too',
      upsert("SELECT i, ai_gen('m2', 'x' || i) FROM generate_series(3, 5) i"),
      ...kept,
    ],
    ['a default in VALUES', upsert("VALUES (1, DEFAULT), (2, 'b')"), ...kept],
    [
      'DO NOTHING',
      "INSERT INTO kept (id, name) SELECT i, ai_gen('m1', 'x' || i) FROM generate_series(3, 5) i ON CONFLICT DO NOTHING",
      ...kept,
    ],
    [
      'parameters of unknown types',
      sent(['1', 'a', '02', 'b'], `INSERT INTO kept (id, name) VALUES ($1, $2), ($3, $4) ${asked}))`),
      ...kept,
    ],
    [
      'a date and a number as texts',
      upsert(
        "VALUES ('1', 'a', '1.25', '03/04/2026'), (' 2', 'b', ' 2', 'Jan 5 2026')",
        '(id, name, size, day)',
        ', excluded.size, excluded.day))',
      ),
      ...kept,
    ],
    [
      'a column that hides a word of the query',
      "INSERT INTO odd (id, hologen_rows, \"excluded\") SELECT i, 'a' || i, 'b' FROM generate_series(1, 2) i ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', excluded.hologen_rows || excluded.excluded || odd.r)",
      'CREATE TABLE odd (id int PRIMARY KEY, hologen_rows text, "excluded" text, r text)',
      "INSERT INTO odd SELECT i, 'old', 'older', 'x' FROM generate_series(1, 2) i",
    ],
    [
      'a word "set" and "where" as names',
      'INSERT INTO words AS "set" (id, "where") SELECT i, \'a\' || i FROM generate_series(1, 3) i ON CONFLICT (id) DO UPDATE SET "where" = ai_gen(\'m1\', excluded."where" || "set"."where") WHERE "set".id > 1',
      'CREATE TABLE words (id int PRIMARY KEY, "where" text)',
      "INSERT INTO words SELECT i, 'old' FROM generate_series(1, 3) i",
    ],
    [
      'row security',
      upsert("VALUES (1, 'a'), (2, 'b')"),
      ...kept,
      'ALTER TABLE kept ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE kept FORCE ROW LEVEL SECURITY',
      'CREATE POLICY low ON kept USING (id < 2)',
    ],
  ],
};
