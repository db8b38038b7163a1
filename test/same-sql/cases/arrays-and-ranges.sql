-- Arrays and ranges: nested, empty, with NULLs, with odd bounds.
-- Refused with: 22P02 22P02 22000
SELECT '{1,2,NULL,3}'::int[], '{{1,2},{3,4}}'::int8[], '[0:2]={a,b,c}'::text[], '{}'::text[], ARRAY[]::float8[];

SELECT ARRAY['comma, quote " backslash \ NULL', NULL, 'NULL', ''], ARRAY['\x00ff'::bytea], ARRAY[true, NULL];

SELECT ARRAY['2026-01-01'::date], ARRAY['1 day'::interval], ARRAY['{"a": 1}'::jsonb], ARRAY[1.5, 'NaN'::numeric];

SELECT int4range(1, 10), int8range(NULL, 5), numrange(1.5, 2.5, '[]'), 'empty'::daterange, tstzrange('2026-01-01 00:00+00', NULL);

SELECT '{[1,3), [7,9)}'::int4multirange, '{}'::datemultirange, range_agg(r) FROM (VALUES (int4range(1,3)), (int4range(2,8))) AS v(r);

SELECT unnest(ARRAY[1,2,3]), unnest(ARRAY['a','b']);

SELECT '{1,2'::int[];

SELECT '{{1,2},{3}}'::int[];

SELECT int4range(5, 1);

SELECT (ARRAY[1,2,3])[2:3], (ARRAY[[1,2],[3,4]])[2][1], array_dims('[2:3][1:2]={{1,2},{3,4}}'::int[]);

SELECT '1 2 3'::int2vector, '1 2'::oidvector;
