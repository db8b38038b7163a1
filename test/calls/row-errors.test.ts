/** One bad row among many: an error, a value that tells it, or NULL, as ai_gen.on_error says; and settings that make no sense are refused. */

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
beforeEach(async () => {
  await client.query('RESET ALL');
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

const rowsOf = async (model: string, ...prompts: string[]) =>
  (
    await client.query(
      `SELECT p, ai_gen($1, json_build_object('prompt', p)::text) AS made FROM unnest($2::text[]) WITH ORDINALITY AS t (p, i) ORDER BY i`,
      [model, prompts],
    )
  ).rows;

test('capture gives the error as a value in its row, and the other rows their results', async () => {
  await client.query('SET ai_gen.on_error = capture');
  const [good, bad, last] = await rowsOf('qwen_image_2', 'one', '[[sandbox:refuse]]', 'three');
  expect(JSON.parse(good.made).image_urls).toHaveLength(1);
  expect(JSON.parse(bad.made)).toEqual({
    error: {
      code: 'DataInspectionFailed',
      message: expect.stringContaining('Model Studio refused the call'),
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      retryable: false,
    },
  });
  expect(JSON.parse(last.made).image_urls).toHaveLength(1);
});

test('skip gives NULL', async () => {
  await client.query('SET ai_gen.on_error = skip');
  const rows = await rowsOf('qwen_image_2', 'one', '[[sandbox:refuse]]');
  expect(rows.map(({ made }) => made === null)).toEqual([false, true]);
});

test('unknown models, missing files and bad requests raise in every mode, and nothing is sent', async () => {
  for (const mode of ['error', 'capture', 'skip']) {
    await client.query(`SET ai_gen.on_error = ${mode}`);
    expect((await refusal(rowsOf('no_such_model', 'x'))).code).toBe('42704');
    const bad = `SELECT ai_gen('qwen_image_2', '{"promt": "x"}') FROM generate_series(1, 3)`;
    expect((await refusal(client.query(bad))).code).toBe('22023');
    const missing = `SELECT to_file('oss://demo/no/such.png', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')`;
    expect((await refusal(client.query(missing))).code).toBe('58P01');
  }
  expect(await gateway.requests()).toHaveLength(0);
});

test('a failed statement’s good rows are not lost: the same statement takes them', async () => {
  expect((await refusal(rowsOf('qwen_image_2', 'kept', '[[sandbox:refuse]]'))).code).toBe('22H01');
  await gateway.forgetRequests();
  await client.query('SET ai_gen.on_error = capture');
  await rowsOf('qwen_image_2', 'kept', '[[sandbox:refuse]]');
  expect(await gateway.requests()).toHaveLength(1);
});

test('ai_gen.timeout ends the statement; what the provider has begun is kept for the next run', async () => {
  await client.query("SET ai_gen.timeout = '1s'");
  const error = await refusal(rowsOf('qwen_image_2', 'in time? [[sandbox:slow=4000]]'));
  expect(error).toMatchObject({
    code: '57014',
    message: 'the calls of the statement took longer than ai_gen.timeout (1 s)',
  });
  await client.query('SET ai_gen.timeout = 0');
  await rowsOf('qwen_image_2', 'in time? [[sandbox:slow=4000]]');
  expect(await gateway.requests()).toHaveLength(1);
});

test.each([
  ['on_error', 'bananas', 'one of error, capture, skip'],
  ['reuse', 'maybe', 'one of unclaimed, off, on'],
  ['dry_run', '2', 'on or off'],
  ['progress', 'bananas', 'on or off'],
  ['timeout', 'soon', 'a time such as 90s, 10min or 2h (0: none)'],
  ['max_calls', '-1', 'a whole number'],
])('SET ai_gen.%s = %j is refused by the first call', async (name, value, allowed) => {
  await client.query(`SET ai_gen.${name} = '${value}'`);
  const error = await refusal(rowsOf('qwen_image_2', 'x'));
  expect(error).toMatchObject({
    code: '22023',
    message: `ai_gen.${name} must be ${allowed}, not "${value}"`,
    hint: expect.stringContaining(`SET ai_gen.${name} = `),
  });
});
