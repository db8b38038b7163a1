/** The grammar is everybody's: what is too long or too deep for it must not reach it, by whatever door. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let mallory: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1' });
  const owner = await gateway.client();
  await owner.query("CREATE ROLE mallory LOGIN PASSWORD 'secret'");
  mallory = await gateway.clientOf('mallory');
});
afterAll(() => gateway?.close());

const deepTexts = {
  sum: (n: number) => `${'1+'.repeat(n)}1`,
  parentheses: (n: number) => `${'('.repeat(n)}1${')'.repeat(n)}`,
  negations: (n: number) => `${'not '.repeat(n)}true`,
  functions: (n: number) => `${'f('.repeat(n)}1${')'.repeat(n)}`,
  queries: (n: number) => `${'(SELECT '.repeat(n)}1${')'.repeat(n)}`,
};

const nested = (plan: object, depth: number): object =>
  depth === 0 ? plan : { 'Node Type': 'Sort', Plans: [nested(plan, depth - 1)] };

async function forge(plan: object): Promise<void> {
  const of = { statement: "SELECT ai_gen('a') FROM t", settings: {} };
  await mallory
    .query('SELECT hologen_caller.ask($1)', [JSON.stringify({ ask: 'plan', of, plan: [{ Plan: plan }] })])
    .catch(() => {});
}

test.each(Object.entries(deepTexts))(
  'forged plans of %s, too deep for a stack, break nobody’s statements',
  async (_name, deep) => {
    for (const [size, depth] of [
      [20_000, 0],
      [1_200, 99],
      [1_200, 800],
    ] as const)
      for (let times = 0; times < 40; times++)
        await forge(nested({ 'Node Type': 'Result', Output: [deep(size)] }, depth));
    const client = await gateway.client();
    await client.query('SET hg_anything = 1');
    expect((await client.query('SHOW hg_anything')).rows).toEqual([{ hg_anything: '1' }]);
  },
);

test('a forged plan of megabytes takes no memory that is never given back', async () => {
  const before = process.memoryUsage.rss();
  await forge({ 'Node Type': 'Result', Output: [`${'f(1),'.repeat(1_000_000)}1`] });
  expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 1024 * 1024);
});

test.each(Object.entries(deepTexts))(
  'a statement beside whose call stand %s, too deep for a look, runs as it is written',
  async (name, deep) => {
    const written = deep(name === 'queries' ? 400 : 1_200).replaceAll('f(', 'abs(');
    const statement = `SELECT CASE WHEN i > 0 THEN ai_gen('qwen_image_2', '${name} ' || i) END IS NOT NULL AS made, ${written} AS deep FROM generate_series(1, 2) AS i`;
    const { rows } = await mallory.query(statement);
    expect(rows.map(({ made }) => made)).toEqual([true, true]);
  },
);
