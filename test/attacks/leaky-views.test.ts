/** Attack: a role asks the views for what others wrote, letter by letter, by what PostgreSQL does below a security barrier and EXPLAIN tells. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let mallory: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway({ viewersSee: 'all' });
  const owner = await gateway.client({ application_name: 'secret application' });
  await owner.query(
    "CREATE ROLE mallory LOGIN PASSWORD 'secret'; CREATE ROLE vic LOGIN PASSWORD 'secret'; GRANT hologen_viewer TO vic",
  );
  await owner.query("SET ai_gen.tag = 'secret tag'");
  await owner.query("SELECT ai_gen('qwen_plus', 'secret prompt')");
  mallory = await gateway.clientOf('mallory');
  await mallory.query("SELECT ai_gen('qwen_plus', 'an own prompt')");
  await owner.query(
    'ANALYZE hologen_internal.job, hologen_internal.attempt, hologen_internal.prompt, hologen_internal.statement',
  );
});
afterAll(() => gateway?.close());

/** What EXPLAIN ANALYZE tells, without times and costs. */
async function told(query: string): Promise<string> {
  const { rows } = await mallory.query(
    `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ${query}`,
  );
  return rows
    .map((row) =>
      row['QUERY PLAN'].replace(/'(?:[^']|'')*'/g, '?').replace(/Memory: \d+kB|\(actual time.*?\)/g, ''),
    )
    .join('\n');
}

/** Each view with the columns that hold what people wrote, or paid, and what the owner's row has there. */
const secrets: [view: string, column: string, right: string, wrong: string][] = [
  ['prompts', 'prompt', "'secret prompt'", "'wrong'"],
  ...(['jobs', 'usage'] as const).flatMap((view): [string, string, string, string][] => [
    [view, 'statement', `'SELECT ai_gen(''qwen_plus'', ''secret prompt'')'`, "'wrong'"],
    [view, 'application_name', "'secret application'", "'wrong'"],
    [view, 'tag', "'secret tag'", "'wrong'"],
  ]),
  ['jobs', 'result', "'secret prompt'", "'wrong'"],
];

test.each(secrets)('hologen.%s says nothing of another’s %s', async (view, column, right, wrong) => {
  for (const operator of ['=', '^@', '<', '>=']) {
    const ask = (value: string) =>
      told(`SELECT FROM hologen.${view} WHERE role_name = 'hologen' AND ${column} ${operator} ${value}`);
    expect(await ask(right)).toBe(await ask(wrong));
    const anybody = (value: string) =>
      told(`SELECT FROM hologen.${view} WHERE ${column} ${operator} ${value}`);
    const [first, second] = [await anybody(right), await anybody(wrong)].map((plan) =>
      plan.replace(/rows=\d+|Removed by Filter: \d+/g, ''),
    );
    expect(first).toBe(second);
  }
});

test('a viewer sees what was made, and no money but its own', async () => {
  const vic = await gateway.clientOf('vic');
  const { rows } = await vic.query(
    'SELECT count(*)::int AS jobs, count(price)::int AS prices, count(estimated_price)::int AS estimates FROM hologen.jobs',
  );
  expect(rows).toEqual([{ jobs: 2, prices: 0, estimates: 0 }]);
});
