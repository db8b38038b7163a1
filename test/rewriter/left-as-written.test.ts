/** What cannot be proved equal stays to the letter as it was written. */
import { beforeAll, expect, test } from 'vitest';
import { rewriteCalls } from '../../src/rewriter/calls.js';
import { loadParser } from '../../src/rewriter/parse.js';
import { unedited } from '../../src/rewriter/spliced-text.js';

beforeAll(loadParser);

test.each([
  ['a call in a condition', "SELECT id FROM t WHERE ai_gen('m', p) IS NOT NULL"],
  ['a call that need not happen', "SELECT coalesce(r, ai_gen('m', p)) FROM t"],
  ['a call beside NULL', "SELECT ai_gen('m', p) || NULL FROM t"],
  ['a call beside a parameter that may be NULL', "SELECT replace(ai_gen('m', p), $1, '') FROM t"],
  ['a call in an aggregate', "SELECT max(ai_gen('m', p)) FROM t"],
  ['an argument by its name', "SELECT ai_gen(model => 'm', prompt => p) FROM t"],
  ["somebody's own function", "SELECT studio.ai_gen('m', p) FROM t"],
  ['a function with another name', 'SELECT "AI_GEN"(p) FROM t'],
  ['both halves of a call', "SELECT ai_wait(ai_submit('m', p, NULL)), ai_gen('m', p) FROM t"],
  ['DISTINCT', "SELECT DISTINCT ai_gen('m', p) FROM t"],
  ['DISTINCT ON', "SELECT DISTINCT ON (k) k, ai_gen('m', p) FROM t ORDER BY k"],
  ['locked rows', "SELECT ai_gen('m', p) FROM t FOR UPDATE SKIP LOCKED"],
  ['an order by results', "SELECT id, ai_gen('m', p) AS r FROM t ORDER BY r"],
  ['an order by the name of a constant', "SELECT 'x' AS place, ai_gen('m', p) FROM t ORDER BY place"],
  ['an order by a number behind a wide item', "SELECT ai_gen('m', p) || k || v, id FROM t ORDER BY 2"],
  ['groups by a result', "SELECT ai_gen('m', k::text), count(*) FROM t GROUP BY GROUPING SETS ((1))"],
  ['a cursor', "DECLARE c CURSOR FOR SELECT ai_gen('m', p) FROM t"],
  ['EXPLAIN', "EXPLAIN ANALYZE SELECT ai_gen('m', p) FROM t"],
  ['a view', "CREATE VIEW v AS SELECT ai_gen('m', p) FROM t"],
  ['a materialised view', "CREATE MATERIALIZED VIEW v AS SELECT ai_gen('m', p) FROM t"],
  [
    'a function',
    "CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT ai_gen('m', p) FROM t; END",
  ],
  ['MERGE', "MERGE INTO t USING u ON tid = id WHEN MATCHED THEN UPDATE SET r = ai_gen('m', p)"],
  ['ON CONFLICT', "INSERT INTO t VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET r = ai_gen('m', excluded.p)"],
  ['one call on one row', "INSERT INTO t (p) VALUES (ai_gen('m', 'fox'))"],
  [
    'a join that may be read in part',
    "SELECT s.r FROM u JOIN (SELECT id, ai_gen('m', p) AS r FROM t) s ON s.id = u.tid",
  ],
  [
    'the side of a join that is read only for rows of the other',
    "SELECT s.r FROM u LEFT JOIN (SELECT id, ai_gen('m', p) AS r FROM t) s ON s.id = u.tid",
  ],
  [
    'an outer join that a condition may make an inner one',
    "WITH s AS (SELECT id, ai_gen('m', p) AS r FROM t) SELECT s.r FROM s LEFT JOIN u ON s.id = u.tid WHERE u.style = 'a'",
  ],
  [
    'a CTE under a condition that may become a join',
    "WITH s AS (SELECT id, ai_gen('m', p) AS r FROM t) SELECT r FROM s WHERE id IN (SELECT tid FROM u)",
  ],
  [
    'a CTE of which only numbered rows are read',
    "WITH s AS (SELECT ai_gen('m', p) AS r FROM t), n AS (SELECT r, row_number() OVER () AS n FROM s) SELECT r FROM n WHERE n < 3",
  ],
  ['LATERAL', "SELECT s.r FROM t, LATERAL (SELECT ai_gen('m', t.p) AS r) s"],
  ['a sub-select below LIMIT', "SELECT s.r FROM (SELECT ai_gen('m', p) AS r FROM t) s LIMIT 3"],
  ['a UNION below LIMIT', "SELECT ai_gen('m', p) FROM t UNION ALL SELECT ai_gen('m', p) FROM t LIMIT 3"],
  ['a UNION of which an arm calls nothing', "SELECT p FROM t UNION ALL SELECT ai_gen('m', p) FROM t"],
  ['EXCEPT and INTERSECT', "SELECT ai_gen('m', p) FROM t EXCEPT SELECT ai_gen('m', p) FROM u"],
  [
    'a recursive CTE',
    "WITH RECURSIVE n AS (SELECT ai_gen('m', '1') AS r UNION ALL SELECT ai_gen('m', r) FROM n) SELECT r FROM n WHERE false",
  ],
  ['calls of calls beside rows that multiply', "SELECT unnest(tags), ai_gen('n', ai_gen('m', p)) FROM t"],
  ['an EXISTS', "SELECT 1 WHERE EXISTS (SELECT ai_gen('m', p) FROM t)"],
  [
    'UPDATE of what a cursor stands on',
    "UPDATE t SET r = ai_gen('m', p || left(random()::text, 0)) WHERE CURRENT OF c",
  ],
  ['UPDATE in which nothing is turned by chance', "UPDATE t SET r = ai_gen('m', p) WHERE id < 5"],
  ['UPDATE by chance', "UPDATE t SET r = ai_gen('m', p) WHERE random() < 0.5"],
  [
    'UPDATE with a function nobody knows',
    "UPDATE t SET r = ai_gen('m', p || left(random()::text, 0)) WHERE chosen(id)",
  ],
  [
    'UPDATE with an argument nobody knows',
    "UPDATE t SET r = ai_gen('m', latest(id) || left(random()::text, 0)) WHERE id < 5",
  ],
  [
    'UPDATE of rows taken from a queue',
    "UPDATE t SET r = ai_gen('m', p || left(random()::text, 0)) WHERE id IN (SELECT id FROM t WHERE r IS NULL LIMIT 5 FOR UPDATE SKIP LOCKED)",
  ],
  [
    'UPDATE with a sample',
    "UPDATE t SET r = ai_gen('m', p || left(random()::text, 0)) FROM u TABLESAMPLE SYSTEM (10) WHERE tid = id",
  ],
  [
    'UPDATE from a row of a sub-select',
    "UPDATE t SET (r, n) = (SELECT ai_gen('m', p || left(random()::text, 0)), 1)",
  ],
  [
    'UPDATE whose parameter gets its type in WHERE',
    "UPDATE t SET r = ai_gen('m', $1 || p || left(random()::text, 0)) WHERE id = $1",
  ],
  ['UPDATE without a look at the row', "UPDATE t SET r = ai_gen('m', 'fox' || left(random()::text, 0))"],
])('%s', (_name, statement) => {
  expect(rewriteCalls(unedited(statement)).text).toBe(statement);
});
