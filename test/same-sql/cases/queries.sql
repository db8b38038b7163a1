-- Queries: CTE, window, grouping sets, lateral, set operations, sampling of plans.
WITH RECURSIVE t(n, path) AS (VALUES (1, ARRAY[1]) UNION ALL SELECT n + 1, path || n + 1 FROM t WHERE n < 5) SELECT * FROM t;

WITH a AS MATERIALIZED (SELECT 1 AS x), b AS NOT MATERIALIZED (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION ALL TABLE b ORDER BY 1 DESC;

SELECT n, sum(n) OVER w, lag(n, 2, -1) OVER w, ntile(2) OVER w, first_value(n) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM generate_series(1, 6) n WINDOW w AS (PARTITION BY n % 2 ORDER BY n DESC);

SELECT a, b, grouping(a, b), count(*) FROM (VALUES (1, 'x'), (1, 'y'), (2, 'x')) v(a, b) GROUP BY GROUPING SETS ((a, b), (a), ()) ORDER BY 1, 2, 3;

SELECT a, b, sum(1) FROM (VALUES (1, 'x'), (1, 'y'), (2, 'x')) v(a, b) GROUP BY CUBE (a, b) ORDER BY 1 NULLS FIRST, 2 NULLS FIRST;

SELECT n, l.m FROM generate_series(1, 3) n CROSS JOIN LATERAL (SELECT n * 10 AS m) l;

SELECT string_agg(n::text, ', ' ORDER BY n DESC), array_agg(n) FILTER (WHERE n > 2), percentile_cont(0.5) WITHIN GROUP (ORDER BY n), mode() WITHIN GROUP (ORDER BY n % 2) FROM generate_series(1, 5) n;

SELECT 1 EXCEPT ALL SELECT 2 INTERSECT SELECT 2;

SELECT DISTINCT ON (n % 3) n FROM generate_series(1, 9) n ORDER BY n % 3, n DESC;

SELECT n FROM generate_series(1, 10) n ORDER BY n OFFSET 2 FETCH FIRST 3 ROWS WITH TIES;

SELECT CASE WHEN n = 1 THEN 'one' ELSE 'more' END, n BETWEEN 1 AND 2, n IN (1, 3), EXISTS (SELECT 1) FROM generate_series(1, 3) n;

VALUES (1, 'a'), (2, 'b');

SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g(n, at) NATURAL JOIN (VALUES (1), (3)) v(n);

SELECT n AS "?column?", n, n AS n FROM generate_series(1, 2000) n;
