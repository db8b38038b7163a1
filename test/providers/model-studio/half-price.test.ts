/** A text model deployed with "lane": "half_price" is asked at Batch Chat's own address, and costs half. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());

const deploy = (name: string, type: string, task: string, config: object) =>
  client.query('CALL register_external_model($1, $2, $3, $4, $5)', [
    name,
    type,
    'bailian',
    JSON.stringify(config),
    task,
  ]);

test('calls in the lane go to its address, and the ledger has half the price', async () => {
  const price = { input_per_million: 800_000, output_per_million: 2_000_000 };
  await deploy('at_once', 'qwen-plus', 'chat/completions', { price });
  await deploy('patient', 'qwen-plus', 'chat/completions', { price, lane: 'half_price' });
  const { rows } = await client.query(
    `SELECT ai_gen('at_once', 'the same') AS one, ai_gen('patient', 'the same') AS other`,
  );
  expect(rows[0].other).toBe(rows[0].one);
  const paths = (await gateway.requests()).map(({ path }) => path).sort();
  expect(paths).toEqual([
    '/batch/compatible-mode/v1/chat/completions',
    '/compatible-mode/v1/chat/completions',
  ]);
  const { rows: prices } = await client.query<{ model: string; price: number }>(
    `SELECT model_name AS model, price::float FROM hologen.jobs ORDER BY model_name`,
  );
  const [atOnce, patient] = prices;
  expect(prices.map(({ model }) => model)).toEqual(['at_once', 'patient']);
  expect(atOnce?.price).toBeGreaterThan(0);
  expect(patient?.price).toBeCloseTo((atOnce?.price ?? 0) / 2, 9);
});

test('an error of the lane is told as any other', async () => {
  const { code } = await refusal(client.query(`SELECT ai_gen('patient', '[[sandbox:refuse]]')`));
  expect(code).toBe('22H01');
});

test.each([
  ['qwen-image-2.0', 'image-generation', 'half_price', /left out for task image-generation/],
  ['qwen-plus', 'chat/completions', 'slow', /'half_price'/],
])('%s with task %s and lane %s is refused when it is deployed', async (type, task, lane, said) => {
  const { code, message } = await refusal(deploy('never', type, task, { lane }));
  expect([code, message]).toEqual(['22023', expect.stringMatching(said)]);
});

test('where the region has no such lane, it is refused when it is deployed, and when a model that has it is called', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  try {
    const config = { api_key: 'sk-test', lane: 'half_price' };
    {
      await using here = await startTestGateway({ dataDir });
      await (await here.client()).query(
        "CALL register_external_model('moved', 'qwen-plus', 'bailian', $1, 'chat/completions')",
        [config],
      );
    }
    await using abroad = await startTestGateway(
      {
        dataDir,
        sandbox: 'off',
        providerUrl: 'https://dashscope-intl.aliyuncs.com/api/v1',
        allowedRoles: '*',
      },
      { modelStudio: '', oss: '', sts: '' },
    );
    const other = await abroad.client();
    const said = {
      code: '22023',
      message: 'config.lane must be left out in this region, not "half_price"',
      hint: 'Only Beijing (dashscope.aliyuncs.com) has that lane.',
    };
    const deploying = other.query(
      "CALL register_external_model('abroad', 'qwen-plus', 'bailian', $1, 'chat/completions')",
      [config],
    );
    expect(await refusal(deploying)).toMatchObject(said);
    expect(await refusal(other.query("SELECT ai_gen('moved', 'hello')"))).toMatchObject(said);
    const { rows } = await other.query('SELECT count(*)::int AS jobs FROM hologen.jobs');
    expect(rows).toEqual([{ jobs: 0 }]);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
