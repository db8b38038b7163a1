/** ai_translate and ai_rank with models that do nothing else, and ai_gen with the same. */
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
  for (const type of ['qwen3-rerank', 'gte-rerank-v2']) await deploy(client, type, 'rerank');
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

test('a model that ranks scores documents, in either of the provider’s two forms, and costs its own price', async () => {
  const { rows } = await client.query(
    `SELECT document, ai_rank('test_qwen3_rerank', 'red door', document) AS one, ai_rank('test_gte_rerank_v2', 'red door', document) AS other
     FROM unnest(ARRAY['a red door', 'a blue door', 'a kettle']) AS document ORDER BY one DESC`,
  );
  expect(rows).toEqual([
    { document: 'a red door', one: 1, other: 1 },
    { document: 'a blue door', one: 0.5, other: 0.5 },
    { document: 'a kettle', one: 0, other: 0 },
  ]);
  // Together, though one of them orders the rows.
  const documents = ['a red door', 'a blue door', 'a kettle'];
  const sent = (await gateway.requests()).map(({ path, body }) => ({ path, body }));
  expect(sent).toContainEqual({
    path: '/compatible-api/v1/reranks',
    body: { model: 'qwen3-rerank', query: 'red door', documents },
  });
  expect(sent).toContainEqual({
    path: '/api/v1/services/rerank/text-rerank/text-rerank',
    body: { model: 'gte-rerank-v2', input: { query: 'red door', documents }, parameters: {} },
  });
  const { rows: jobs } = await client.query(
    `SELECT (units ->> 'inputTokens')::int AS tokens, price::float8, estimated_price >= price AS bounded FROM hologen.jobs
     WHERE model_type = 'gte-rerank-v2' LIMIT 1`,
  );
  expect(jobs[0].price).toBeCloseTo((jobs[0].tokens * 0.8) / 1e6, 9);
  expect(jobs[0].bounded).toBe(true);
});

test('a model that ranks refuses what it cannot do before anything is sent, and a captured error is NULL', async () => {
  for (const [call, message] of [
    ["ai_gen('test_qwen3_rerank', 'red door')", /^document/],
    [
      `ai_gen('test_qwen3_rerank', '{"prompt": "a", "document": "b", "parameters": {"top_n": 2}}')`,
      /^unknown field "top_n"/,
    ],
    ["ai_classify('test_qwen3_rerank', 'a door', ARRAY['b'])", /^ai_classify takes models of task chat/],
  ] as const)
    expect((await refusal(client.query(`SELECT ${call}`))).message).toMatch(message);
  expect(await gateway.requests()).toEqual([]);
  await client.query('SET ai_gen.on_error = capture');
  expect(await one("SELECT ai_rank('test_qwen3_rerank', 'a', '[[sandbox:refuse]]')")).toBeNull();
  await client.query('RESET ai_gen.on_error');
  expect(await one("SELECT ai_rank('test_qwen3_rerank', 'a', NULL)")).toBeNull();
});

test('what a function writes for one kind of model is no text for another', async () => {
  await client.query(
    "CALL register_external_model('seeing_vectors', 'qwen3-vl-embedding', 'bailian', '{}', 'embedding')",
  );
  await client.query(
    "CALL register_external_model('text_vectors', 'text-embedding-v4', 'bailian', '{}', 'embedding')",
  );
  const refused = async (call: string) => (await refusal(client.query(`SELECT ${call}`))).message;
  expect(await refused("ai_embed('text_vectors', '\\x89504e47'::bytea, 'png')")).toMatch(
    /reads text alone, and the call passes a picture/,
  );
  expect(await refused("ai_similarity('seeing_vectors', 'a', 'b')")).toMatch(
    /does not tell how near two texts are/,
  );
  expect(await one(`SELECT ai_embed('text_vectors', '{"data": 5}') IS NOT NULL`)).toBe(true);
});
