/** Where in a query a call may stand. */

export const one = "ai_gen('m1', p)";
const two = "ai_gen('m2', id::text)";

export const selects: [name: string, text: string, atOnce?: number][] = [
  ['the target list', `SELECT id, ${one} FROM foxes`],
  ['the target list, two calls a row', `SELECT ${one}, ${two} FROM foxes`, 8],
  ['a call of a call', `SELECT ai_gen('m2', ${one}) FROM foxes`],
  ['json_agg', `SELECT json_agg(${one}) FROM foxes`],
  ['json_agg of objects', `SELECT json_agg(json_build_object('id', id, 'r', ${one}) ORDER BY id) FROM foxes`],
  ['array_agg with an order', `SELECT array_agg(${one} ORDER BY id DESC) FROM foxes`],
  ['array_agg ordered by results', `SELECT array_agg(id ORDER BY ${one}) FROM foxes`],
  ['string_agg', `SELECT string_agg(${one}, ', ' ORDER BY id) FROM foxes`],
  ['count', `SELECT count(${one}) FROM foxes`],
  ['count DISTINCT', `SELECT count(DISTINCT ${one}) FROM foxes`],
  ['max', `SELECT max(${one}), min(${two}) FROM foxes`, 8],
  ['an aggregate with FILTER', `SELECT string_agg(${one}, ',') FILTER (WHERE id > 1) FROM foxes`, 3],
  ['a FILTER by results', `SELECT count(*) FILTER (WHERE ${one} LIKE '%fox%') FROM foxes`],
  ['an aggregate with GROUP BY', `SELECT k, json_agg(${one} ORDER BY id) FROM foxes GROUP BY k ORDER BY k`],
  ['an aggregate of one’s own', `SELECT joined(${one} ORDER BY id) FROM foxes`],
  [
    'a call for each group',
    `SELECT k, ai_gen('m1', string_agg(p, ',' ORDER BY id)) FROM foxes GROUP BY k`,
    2,
  ],
  ['ARRAY(SELECT …)', `SELECT ARRAY(SELECT ${one} FROM foxes ORDER BY id)`],
  [
    'ARRAY(SELECT …) for each row',
    `SELECT id, ARRAY(SELECT ai_gen('m1', t) FROM unnest(tags) t) FROM foxes`,
    8,
  ],
  ['a scalar sub-select', `SELECT id, (SELECT ${one}) FROM foxes`],
  [
    'a scalar sub-select of another table',
    `SELECT v.i, (SELECT ${one} FROM foxes WHERE foxes.id = v.i) FROM generate_series(1, 4) v (i)`,
  ],
  ['COALESCE', `SELECT id, coalesce(r, ${one}) FROM foxes`],
  ['COALESCE for some rows', `SELECT id, coalesce(nullif(tags[1], 'a2'), ${one}), ${two} FROM foxes`, 5],
  ['CASE', `SELECT CASE WHEN k = 1 THEN ${one} ELSE 'none' END FROM foxes`, 2],
  ['CASE of several branches', `SELECT CASE k WHEN 1 THEN ${one} WHEN 0 THEN ${two} END FROM foxes`],
  ['CASE inside a function', `SELECT upper(CASE WHEN id > 1 THEN ${one} END) || '!' FROM foxes`, 3],
  ['NULLIF', `SELECT nullif(${one}, '') FROM foxes`],
  ['GREATEST', `SELECT greatest(${one}, ${two}) FROM foxes`, 8],
  ['AND', `SELECT id > 1 AND ${one} <> '' FROM foxes`, 3],
  ['OR', `SELECT id > 3 OR ${one} <> '' FROM foxes`, 3],
  ['beside NULL', `SELECT ${one} || r, ${two} FROM foxes`, 8],
  ['WHERE', `SELECT id FROM foxes WHERE ${one} LIKE '%fox%'`],
  ['WHERE after a cheap condition', `SELECT id FROM foxes WHERE id > 1 AND ${one} LIKE '%fox%'`, 3],
  ['WHERE, and a call in the list', `SELECT id, ${two} FROM foxes WHERE ${one} LIKE '%fox%' ORDER BY id`],
  ['HAVING', `SELECT k FROM foxes GROUP BY k HAVING ai_gen('m1', max(p)) <> '' ORDER BY k`, 2],
  ['ORDER BY a result', `SELECT id FROM foxes ORDER BY ${one} DESC`],
  ['ORDER BY the name of a result', `SELECT id, ${one} AS made FROM foxes ORDER BY made`],
  ['DISTINCT', `SELECT DISTINCT ${one} FROM foxes`],
  ['DISTINCT ON', `SELECT DISTINCT ON (k) k, ${one} FROM foxes ORDER BY k, id`, 2],
  ['GROUP BY a result', `SELECT ${one} AS made, count(*) FROM foxes GROUP BY made`],
  ['JOIN LATERAL', `SELECT id, x.r FROM foxes, LATERAL (SELECT ${one} AS r) x`],
  [
    'LATERAL of several rows',
    `SELECT id, x.r FROM foxes, LATERAL (SELECT ai_gen('m1', t) AS r FROM unnest(tags) t) x`,
    8,
  ],
  ['a set of a result', `SELECT id, string_to_table(${one}, ' ') FROM foxes`],
  [
    'variants: a CTE, then its elements with their numbers',
    `WITH made AS (SELECT id, ${one} AS r FROM foxes)
     SELECT id, n, part FROM made, string_to_table(r, ' ') WITH ORDINALITY AS x (part, n)`,
  ],
  [
    'JOIN LATERAL a set of a result of a sub-select',
    `SELECT id, part FROM (SELECT id, ${one} AS r FROM foxes) m CROSS JOIN LATERAL string_to_table(m.r, ' ') AS x (part)`,
  ],
  [
    'results joined outside',
    `WITH made AS (SELECT id, ${one} AS r FROM foxes) SELECT made.r, tags FROM made JOIN foxes USING (id)`,
  ],
  [
    'results of a sub-select joined outside',
    `SELECT m.r, f.tags FROM (SELECT id, ${one} AS r FROM foxes) m JOIN foxes f ON f.id = m.id`,
  ],
  ['results filtered outside', `SELECT * FROM (SELECT id, ${one} AS r FROM foxes) m WHERE r LIKE '%fox%'`],
  ['results limited outside', `SELECT * FROM (SELECT id, ${one} AS r FROM foxes) m LIMIT 3`, 3],
  [
    'results filtered and limited outside',
    `SELECT * FROM (SELECT id, ${one} AS r FROM foxes) m WHERE r <> '' LIMIT 3`,
    3,
  ],
  [
    'results filtered and limited, and a call about each',
    `SELECT id, ai_gen('m2', r) FROM (SELECT id, ${one} AS r FROM foxes) m WHERE r <> '' LIMIT 3`,
    3,
  ],
  ['a result as a filter, behind a LIMIT', `SELECT id FROM foxes WHERE ${one} <> '' LIMIT 3 OFFSET 1`, 3],
  [
    'results ordered and limited outside',
    `WITH made AS (SELECT id, ${one} AS r FROM foxes) SELECT * FROM made ORDER BY r LIMIT 2`,
  ],
  [
    'results of a function’s rows counted outside',
    "SELECT count(DISTINCT r) FROM (SELECT ai_gen('m1', 'x ' || i) AS r FROM generate_series(1, 4) i) s",
  ],
  [
    'a function’s rows, in an aggregate',
    "SELECT count(ai_gen('m1', 'x ' || i)) FROM generate_series(1, 4) i",
  ],
  ['results counted outside', `SELECT count(*) FROM (SELECT ${one} AS r FROM foxes) m WHERE r <> ''`],
  ['LIMIT', `SELECT ${one} FROM foxes ORDER BY id LIMIT 3`, 3],
  ['a window over rows', `SELECT row_number() OVER (ORDER BY id), ${one} FROM foxes`],
  ['a window over results', `SELECT id, row_number() OVER (ORDER BY ${one}) FROM foxes`],
  ['lag of a result', `SELECT id, lag(${one}) OVER (ORDER BY id) FROM foxes`, 3],
  ['EXISTS', `SELECT id FROM foxes WHERE EXISTS (SELECT 1 WHERE ${one} <> '')`],
  [
    'NOT IN, over results that decide',
    `SELECT id FROM foxes WHERE id NOT IN (SELECT id FROM foxes WHERE ai_gen('m1', p) = 'x')`,
  ],
  [
    'IN, over results that decide, in the list',
    `SELECT id IN (SELECT id FROM foxes WHERE ai_gen('m1', p) <> '') FROM foxes`,
  ],
  [
    'NOT EXISTS in a table',
    `SELECT count(*) FROM foxes f WHERE NOT EXISTS (SELECT 1 FROM foxes g WHERE g.id = f.id AND ai_gen('m1', g.p) = '')`,
  ],
  [
    'EXISTS of a row by its key, and a result',
    `SELECT f.id FROM foxes f WHERE EXISTS (SELECT FROM foxes g WHERE g.id = f.id AND ai_gen('m1', g.p) LIKE '%2%') ORDER BY id`,
  ],
  ['IN', `SELECT 1 WHERE 'none' IN (SELECT ${one} FROM foxes)`],
  [
    'LEFT JOIN ON a result',
    `SELECT f.id, v.i FROM foxes f LEFT JOIN (VALUES (1)) v (i) ON ai_gen('m1', f.p) <> ''`,
  ],
  ['UNION ALL', `SELECT ${one} FROM foxes WHERE k = 1 UNION ALL SELECT ${two} FROM foxes WHERE k = 0`],
  ['UNION', `SELECT ${one} FROM foxes WHERE k = 1 UNION SELECT ${two} FROM foxes WHERE k = 0`],
  ['EXCEPT', `SELECT ${one} FROM foxes WHERE k = 1 EXCEPT SELECT ${two} FROM foxes WHERE k = 0`],
  ['a row', `SELECT ROW(id, ${one}) FROM foxes`],
  ['an element of an array', `SELECT (ARRAY[${one}, 'x'])[1] FROM foxes`],
  [
    'ORDER BY one call, and another in the list',
    `SELECT id, ai_gen('m1', p) AS score, ai_gen('m2', p) FROM foxes ORDER BY score DESC`,
  ],
  [
    'the best by one call, and another in the list',
    `SELECT id, ai_gen('m2', p), ai_gen('m1', p) AS score FROM foxes ORDER BY score DESC LIMIT 4`,
  ],
  [
    'a call that filters and groups',
    `SELECT ai_gen('m1', p) AS c, count(*) FROM foxes WHERE ai_gen('m1', p) <> 'bad' GROUP BY 1`,
  ],
  [
    'conditions that are joined to the same one',
    `SELECT id FROM foxes WHERE (${one} = 'x' OR k < 0) AND (${one} = 'x' OR k > -1)`,
  ],
  ['GROUP BY two calls', `SELECT ai_gen('m1', p), ai_gen('m2', p), count(*) FROM foxes GROUP BY 1, 2`, 8],
  [
    'GROUP BY a call, and another about each group',
    `SELECT ai_gen('m2', string_agg(p, ' ' ORDER BY id)), ai_gen('m1', p) FROM foxes GROUP BY 2`,
  ],
  [
    'rank() over one call, and another in the list',
    `SELECT rank() OVER (ORDER BY ai_gen('m1', p)), ai_gen('m2', p) FROM foxes`,
  ],
  [
    'two CTEs of calls, joined',
    `WITH a AS (SELECT id, ai_gen('m1', p) AS r FROM foxes), b AS (SELECT id, ai_gen('m2', p) AS r FROM foxes) SELECT a.r, b.r FROM a JOIN b USING (id) WHERE a.r <> 'none'`,
  ],
  [
    'EXCEPT of arms that are filtered by calls',
    `SELECT id FROM foxes WHERE ai_gen('m1', p) <> '' EXCEPT SELECT id FROM foxes WHERE ai_gen('m2', p) = ''`,
  ],
  [
    'DISTINCT ON one call',
    `SELECT DISTINCT ON (ai_gen('m1', p)) id, ai_gen('m2', p) FROM foxes ORDER BY ai_gen('m1', p), id`,
  ],
  [
    'a campaign of three stages',
    `WITH pictures AS (SELECT id, k, ${one} AS r FROM foxes),
     scripts AS (SELECT k, ai_gen('m2', string_agg(r, ',' ORDER BY id)) AS r FROM pictures GROUP BY k)
     SELECT k, ai_gen('m3', r) FROM scripts`,
  ],
  [
    'a recursive CTE',
    `WITH RECURSIVE r (n, p) AS (SELECT id, p FROM foxes WHERE id = 1 UNION ALL SELECT f.id, f.p FROM r JOIN foxes f ON f.id = n + 1) SELECT n, ${one} FROM r`,
  ],
  [
    'JSON_TABLE',
    `SELECT ai_gen('m1', j.t) FROM json_table('["a", "b", "c", "d"]'::jsonb, '$[*]' COLUMNS (t text PATH '$')) j`,
  ],
  [
    'XMLTABLE for each row',
    `SELECT ai_gen('m1', x.t) FROM foxes, xmltable('/a' PASSING xmlelement(name a, p) COLUMNS t text PATH '.') x`,
  ],
  [
    'JSON_TABLE of results',
    `SELECT id, j.t FROM foxes, json_table(jsonb_build_object('a', ${one}), '$' COLUMNS (t text PATH '$.a')) j`,
  ],
  ['TABLESAMPLE', `SELECT ${one} FROM foxes TABLESAMPLE BERNOULLI (100) REPEATABLE (7)`],
];
