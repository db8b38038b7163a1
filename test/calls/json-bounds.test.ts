/** JSON that is deeper or more manifold than anybody means it: refused by name, before anything walks through it. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());

const nested = (levels: number) => `${'{"a": '.repeat(levels)}1${'}'.repeat(levels)}`;
const items = (count: number) => `[${Array(count).fill('"oss://a/b.png"').join()}]`;
const inArrays = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['a request', 'qwen_image_2', nested(200_000), 'the request is nested more than 256 levels deep'],
  [
    'its parameters',
    'qwen_image_2',
    `{"prompt": "x", "parameters": {"n": ${inArrays(5_000)}}}`,
    'the request is nested',
  ],
  ['args', 'qwen_plus', `{"prompt": "{0}", "args": [${nested(200_000)}]}`, 'the request is nested'],
  [
    'many references',
    'qwen_image_2',
    `{"prompt": "x", "reference_urls": ${items(200_000)}}`,
    'more than 50000 fields and items',
  ],
])(
  '%s beyond what is meant is refused by name, before it is walked through',
  async (_what, model, request, message) => {
    const error = await refusal(client.query('SELECT ai_gen($1, $2)', [model, request]));
    expect(error).toMatchObject({
      code: '54000',
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  },
);

test('signs of JSON in a prompt, or in its texts, are a prompt’s own affair', async () => {
  for (const prompt of [
    '{'.repeat(1_000),
    inArrays(1_000),
    JSON.stringify({ prompt: `${'[{'.repeat(1_000)}\\\\"` }),
  ])
    await client.query('SELECT ai_gen($1, $2)', ['qwen_plus', prompt]);
});

test('a config is as short and flat as settings are, and an error repeats megabytes of nothing', async () => {
  const deploy = (config: string) =>
    refusal(
      client.query(`CALL register_external_model('odd', 'qwen-plus', 'bailian', $1, 'chat/completions')`, [
        config,
      ]),
    );
  expect(await deploy(`{"a": ${inArrays(1_000)}}`)).toMatchObject({
    code: '54000',
    message: 'config is nested more than 16 levels deep',
  });
  expect((await deploy(`{"a": "${'x'.repeat(100_000)}"}`)).code).toBe('54000');
  for (const hidden of ['{"a": [{"token": "abc"}]}', '{"a": ["b", "sk-abc"]}'])
    expect(await deploy(hidden)).toMatchObject({
      code: '22023',
      message: expect.stringContaining('looks like a key'),
    });
  expect((await refusal(client.query("SELECT ai_status(repeat('x', 5000000))"))).message.length).toBeLessThan(
    2_100,
  );
});
