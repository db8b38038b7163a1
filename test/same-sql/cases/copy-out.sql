-- COPY TO STDOUT: text, CSV, queries, many rows, an error in the middle.
-- Refused with: 22012 42P01 22023 42601
COPY (SELECT 1 AS a, E'tab\tline\nback\\ 中文' AS b, NULL AS c) TO STDOUT;

COPY (VALUES (1, 'a,b', '"q"'), (2, NULL, '')) TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';', FORCE_QUOTE *);

COPY (SELECT n, repeat('x', 50) FROM generate_series(1, 5000) n) TO STDOUT;

COPY (SELECT 10 / (5 - n) FROM generate_series(1, 10) n) TO STDOUT;

COPY nosuch TO STDOUT;

COPY (SELECT 1) TO STDOUT (FORMAT nosuch);

COPY pg_database (datname) TO STDOUT WHERE true;

COPY (SELECT 1) TO STDOUT; COPY (SELECT 2) TO STDOUT; SELECT 3;

COPY (SELECT) TO STDOUT;

CREATE TABLE out (a int);

COPY out TO STDOUT;

COPY (INSERT INTO out VALUES (1), (2) RETURNING a) TO STDOUT;

COPY (SELECT 'Grüße') TO STDOUT WITH (ENCODING 'LATIN1');
