/** Models that answer in pieces only, and answers that the provider cuts where its own time is over. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../../calls/own-cloud.js';
import { aiGen, deploy } from '../../calls/statements.js';
import { refusal } from '../../gateway.js';

let cloud: OwnCloud;
let client: pg.Client;
const notices: string[] = [];
beforeAll(async () => {
  cloud = await startOwnCloud({}, { lookMs: '100' });
  client = await cloud.gateway.client();
  client.on('notice', ({ message }) => notices.push(message ?? ''));
});
afterAll(() => cloud?.close());

const newest = async () =>
  (
    await client.query(
      'SELECT state, price::float, units, usage FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 1',
    )
  ).rows[0];

test.each(['qwen3-32b', 'qwq-plus', 'qwen3-omni-flash'])(
  '%s is asked in pieces, and gives its text whole',
  async (type) => {
    const model = await deploy(client, type, 'chat/completions');
    const text = await aiGen(client, model, { prompt: 'a few words about the sea' });
    expect(text).toMatch(/a few words about the sea/);
    expect(cloud.speaker.bodies(type)).toEqual([expect.objectContaining({ stream: true })]);
    expect(await newest()).toMatchObject({
      state: 'succeeded',
      usage: { prompt_tokens: expect.any(Number) },
    });
    expect((await newest()).price).toBeGreaterThan(0);
  },
);

test.each([
  [
    'that ends before the model does',
    'data: {"choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n',
    /did not say|read|unanswered|billed/,
  ],
  [
    'in which it tells of an error',
    'data: {"error":{"code":"data_inspection_failed","message":"no"}}\n\n',
    /data_inspection_failed/,
  ],
])('an answer in pieces %s is none', async (_, body, message) => {
  const type = 'qwen3-14b';
  const model = await deploy(client, type, 'chat/completions').catch(() => 'test_qwen3_14b');
  const headers = { 'content-type': 'text/event-stream;charset=UTF-8' };
  cloud.speaker.script(type, { status: 200, body, headers });
  const error = await refusal(aiGen(client, model, { prompt: `the sea ${body.length}` }));
  expect(`${error.message} ${error.hint}`).toMatch(message);
});

test('what the provider gives when its time is over is told to be a part, and is not asked for again', async () => {
  const type = 'qwen-plus-latest';
  const model = await deploy(client, type, 'chat/completions');
  const message = { role: 'assistant', content: '{"half": ' };
  const answer = {
    status: 200,
    body: {
      choices: [{ message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    },
    headers: { 'x-dashscope-partialresponse': 'true' },
  };
  cloud.speaker.script(type, answer);
  expect(await aiGen(client, model, { prompt: 'all about the sea' })).toBe('{"half": ');
  expect(notices.join()).toContain('the provider’s time for it was over');
  cloud.speaker.script(type, answer);
  const json = { response_format: { type: 'json_object' } };
  const error = await refusal(
    aiGen(client, model, { prompt: 'all about the sea in JSON', parameters: json }),
  );
  expect(error.hint).toContain('time for it was over');
  expect(cloud.speaker.submits(type)).toBe(2);
});

test('a search costs at most what the price list says, beside the tokens', async () => {
  const model = await deploy(client, 'qwen-plus', 'chat/completions');
  const priceOf = async (parameters: object) => {
    await aiGen(client, model, { prompt: 'what is new', parameters });
    return (await newest()).price;
  };
  const plain = await priceOf({});
  expect(await priceOf({ enable_search: true })).toBeCloseTo(plain + 0.004, 9);
});

test.each([
  ['qwen3.5-plus', { enable_thinking: false, response_format: { type: 'json_object' } }, 'first'],
  ['qwq-plus', { response_format: undefined }, 'first'],
  ['qwen3.7-plus', { response_format: { type: 'json_schema' } }, 'none'],
])('%s is told of a schema as it can be', async (type, sent, words) => {
  const model = await deploy(client, type, 'chat/completions').catch(
    () => `test_${type.replace(/\W/g, '_')}`,
  );
  const schema = { type: 'object', properties: { sea: { type: 'string' } } };
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema } };
  const messages = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'The sea?' },
  ];
  const text = await aiGen(client, model, { messages, parameters: { response_format: format } });
  expect(JSON.parse(text)).toEqual({ sea: expect.any(String) });
  const body = cloud.speaker.bodies(type).at(-1);
  expect(body).toMatchObject(JSON.parse(JSON.stringify(sent)));
  expect(Object.hasOwn(body, 'response_format')).toBe(sent.response_format !== undefined);
  expect(body.messages.map(({ role }: { role: string }) => role)).toEqual(['system', 'user']);
  const told = words === 'none' ? /^Be short\.$/ : /^Be short\.\n\n.*JSON schema: \{/s;
  expect(body.messages[0].content).toMatch(told);
});
