/** A statement that makes more calls than anybody meant is refused before the first is sent. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway.close());

const pictures = (rows: number) =>
  `SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'row ' || i)::text) FROM generate_series(1, ${rows}) i`;

test('a thousand calls are the default limit, and nothing is sent beyond it', async () => {
  const client = await gateway.client();
  const error = await refusal(client.query(pictures(1001)));
  expect(error).toMatchObject({ code: '53400', message: 'the statement makes more than 1000 calls' });
  expect(error.hint).toContain('ai_gen.max_calls');
  expect(await gateway.requests()).toHaveLength(0);
});

test('ai_gen.max_calls sets it for a session', async () => {
  const client = await gateway.client();
  await client.query('SET ai_gen.max_calls = 2');
  expect((await refusal(client.query(pictures(3)))).code).toBe('53400');
  expect(await gateway.requests()).toHaveLength(0);
  expect((await client.query(pictures(2))).rowCount).toBe(2);
  await client.query("SET ai_gen.max_calls = 'many'");
  expect(await refusal(client.query(pictures(1)))).toMatchObject({
    code: '22023',
    message: expect.stringContaining('max_calls'),
  });
});
