-- Composite types, enums, domains, records.
-- Refused with: 23514 22P02 22P02 2BP01
CREATE TYPE address AS (street text, number int, city text);

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'über');

CREATE DOMAIN positive AS int CONSTRAINT must_be_positive CHECK (VALUE > 0);

CREATE TABLE people (id int PRIMARY KEY, home address, mood mood DEFAULT 'ok', luck positive);

INSERT INTO people VALUES (1, ROW('Main, "St"', 5, NULL), 'happy', 7), (2, NULL, 'über', NULL) RETURNING *;

SELECT id, home, mood, luck, (home).street, (home).* FROM people ORDER BY mood, id;

SELECT ROW(1, 'a', NULL), ROW(1.5, ROW(true, 'x')), p::text FROM people p WHERE id = 2;

INSERT INTO people (id, luck) VALUES (3, -1);

INSERT INTO people (id, mood) VALUES (3, 'angry');

SELECT enum_range(NULL::mood)::text, 'ok'::mood < 'happy'::mood;

ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok';

SELECT 'meh'::mood;

SELECT (ROW(1, 2)).f1;

SELECT '(a,b)'::address;

DROP TYPE address;

DROP TYPE address CASCADE;
