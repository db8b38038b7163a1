/** ai_translate and ai_gen with a model that only translates. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deploy } from '../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await deploy(client, 'qwen-mt-plus', 'translation');
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const one = async (sql: string) => {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return (rows[0] as unknown[])[0];
};

test('a translation model translates, with its own form of the request, and costs its own price', async () => {
  expect(await one("SELECT ai_translate('test_qwen_mt_plus', 'a red door', 'zh')")).toBe(
    '[sandbox qwen-mt-plus] Chinese: a red door',
  );
  expect(
    await one(
      `SELECT ai_gen('test_qwen_mt_plus', '{"prompt": "{0} doors", "to_lang": "Traditional Chinese", "parameters": {"temperature": 0.1,
         "translation_options": {"source_lang": "English", "domains": "Carpentry.", "terms": [{"source": "door", "target": "門"}]}}}')`,
    ),
  ).toBe('[sandbox qwen-mt-plus] Traditional Chinese: {0} doors');
  const [first, second] = (await gateway.requests()).map(({ body }) => body);
  expect(first).toEqual({
    model: 'qwen-mt-plus',
    messages: [{ role: 'user', content: 'a red door' }],
    translation_options: { source_lang: 'auto', target_lang: 'Chinese' },
  });
  expect(second).toMatchObject({
    temperature: 0.1,
    translation_options: {
      source_lang: 'English',
      target_lang: 'Traditional Chinese',
      domains: 'Carpentry.',
    },
  });
  const { rows } = await client.query(
    `SELECT (units ->> 'inputTokens')::int AS input, (units ->> 'outputTokens')::int AS output, price::float8, estimated_price >= price AS bounded
     FROM hologen.jobs WHERE model_type = 'qwen-mt-plus' ORDER BY submitted_at LIMIT 1`,
  );
  const [{ input, output, price, bounded }] = rows;
  expect(price).toBeCloseTo((input * 1.8 + output * 5.4) / 1e6, 9);
  expect(bounded).toBe(true);
});

test('a translation model refuses what it cannot do before anything is sent', async () => {
  for (const [call, message] of [
    ["ai_gen('test_qwen_mt_plus', 'a door')", /^to_lang/],
    [
      `ai_gen('test_qwen_mt_plus', '{"prompt": "a door", "to_lang": "zh", "size": "1"}')`,
      /^unknown field "size"/,
    ],
    [
      "ai_summarize('test_qwen_mt_plus', 'a door')",
      /^ai_summarize takes models of task chat\/completions, and/,
    ],
    [
      `ai_gen('qwen_plus', '{"prompt": "a door", "to_lang": "zh", "parameters": {"translation_options": {}}}')`,
      /^unknown field "translation_options"/,
    ],
    [
      "ai_translate('text_embedding_v4', 'a door', 'zh')",
      /^ai_translate takes models of task chat\/completions or translation, and/,
    ],
  ] as const)
    expect((await refusal(client.query(`SELECT ${call}`))).message).toMatch(message);
  expect(await gateway.requests()).toEqual([]);
});
