-- NULLs in every place a column or a parameter may have one.
-- Refused with: 42P02 42P02 42P02 42P02 42P02 42P02 42P02
SELECT NULL, NULL::int, NULL::text, NULL::numeric, NULL::jsonb, NULL::timestamptz, NULL::bytea, NULL::int[];

SELECT $1::int IS NULL, coalesce($2::text, 'none')
\bind [null, null]

SELECT $1::int + 1, $2::text || '!', $3::bool
\bind ["41", "naïve 中", "t"]

SELECT $1
\bind ["of unknown type"]

SELECT $1::int
\bind ["abc"]

SELECT $1 + $2
\bind ["1", "2"]

SELECT $1::int, $3::int
\bind ["1", "2", "3"]

SELECT $1::int
\bind []

SELECT nullif(1, 1), NULL = NULL, NULL IS NOT DISTINCT FROM NULL, count(NULL), sum(x) FROM (VALUES (NULL::int)) AS v(x);

SELECT;

SELECT FROM generate_series(1, 3);

SELECT * FROM (VALUES (1, NULL), (NULL, 'b')) AS v(a, b) ORDER BY a NULLS FIRST;
