/** Wherever a person writes a call: the calls of all rows are in the provider's hands before one of them is answered, and are as many as written. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shown } from './difference/outcome.js';
import { type Shape, shapes } from './difference/shapes.js';
import { startWorld, type World } from './difference/world.js';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** Those that run one after another today: taken out of the list when they are mended. */
const serial = new Set<string>([
  'json_agg',
  'json_agg of objects',
  'array_agg with an order',
  'array_agg ordered by results',
  'string_agg',
  'count',
  'count DISTINCT',
  'max',
  'an aggregate with FILTER',
  'a FILTER by results',
  'an aggregate with GROUP BY',
  'an aggregate of one’s own',
  'ARRAY(SELECT …)',
  'ARRAY(SELECT …) for each row',
  'a scalar sub-select',
  'a scalar sub-select of another table',
  'COALESCE',
  'COALESCE for some rows',
  'CASE',
  'CASE of several branches',
  'CASE inside a function',
  'NULLIF',
  'GREATEST',
  'AND',
  'OR',
  'WHERE',
  'WHERE after a cheap condition',
  'WHERE, and a call in the list',
  'HAVING',
  'ORDER BY a result',
  'ORDER BY the name of a result',
  'DISTINCT',
  'DISTINCT ON',
  'GROUP BY a result',
  'JOIN LATERAL',
  'LATERAL of several rows',
  'a set of a result',
  'variants: a CTE, then its elements with their numbers',
  'JOIN LATERAL a set of a result of a sub-select',
  'results joined outside',
  'results of a sub-select joined outside',
  'results filtered outside',
  'results limited outside',
  'results ordered and limited outside',
  'results counted outside',
  'a window over results',
  'lag of a result',
  'EXISTS',
  'NOT EXISTS in a table',
  'IN',
  'LEFT JOIN ON a result',
  'EXCEPT',
  'a row',
  'INSERT with a default that calls',
  'ON CONFLICT DO UPDATE',
  'UPDATE with CASE',
  'UPDATE with COALESCE',
  'UPDATE WHERE a result',
  'UPDATE from a row of a sub-select',
  'DELETE WHERE a result',
  'MERGE',
  'MERGE that inserts',
  'CREATE MATERIALIZED VIEW',
  'a trigger that calls',
  '(f(call)).*',
  'a view',
  'a view, some rows',
  'a view of a view',
  'an aggregate over a view',
  'a materialized view of a view',
  'REFRESH',
  'an SQL function for each row',
  'a PL/pgSQL function for each row',
  'an SQL function of several rows',
  'RETURN QUERY',
  'a FOR loop in a function',
  'a FOR loop in DO',
  'an UPDATE in DO',
  'DECLARE and FETCH ALL',
  'DECLARE and FETCH of some',
  'DECLARE and FETCH of some, twice',
  'a batch of INSERTs',
  'a batch of UPDATEs',
]);

async function runsAtOnce({ setup = [], steps, atOnce = 4, fewer }: Shape): Promise<void> {
  const statement = { form: 'shape', setup, steps, ordered: false, after: ['DEALLOCATE ALL'] };
  const { written, through, difference } = await world.compare(statement, atOnce);
  expect(written.heard.map(({ error }) => error).join('')).toBe('');
  if (fewer === undefined) expect(difference ? shown(statement, difference) : '').toBe('');
  else expect(through.heard.map(({ rows }) => rows)).toEqual(written.heard.map(({ rows }) => rows));
  expect(through.calls.most).toBe(atOnce);
  expect(through.calls.calls).toHaveLength(fewer ?? written.calls.calls.length);
}

for (const shape of shapes) (serial.has(shape.name) ? test.fails : test)(shape.name, () => runsAtOnce(shape));
