/** An answer that the limit of tokens has cut: a text is given and told, JSON is an error or captured; both are paid. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy, newestJob } from './statements.js';

const type = 'qwen-plus';
let cloud: OwnCloud;
let client: pg.Client;
let model: string;
let notices: (string | undefined)[];

beforeAll(async () => {
  cloud = await startOwnCloud();
  client = await cloud.gateway.client();
  client.on('notice', ({ message }) => notices.push(message));
  model = await deploy(client, type, 'chat/completions');
});
beforeEach(async () => {
  notices = [];
  await client.query('RESET ALL');
});
afterAll(() => cloud?.close());

const usage = { prompt_tokens: 1_000, completion_tokens: 2_000, total_tokens: 3_000 };
const answer = (content: string) => {
  const choices = [{ index: 0, finish_reason: 'length', message: { role: 'assistant', content } }];
  cloud.speaker.script(type, { status: 200, headers: { 'x-request-id': 'r-cut' }, body: { choices, usage } });
};
const json = { prompt: 'colours, as JSON', parameters: { response_format: { type: 'json_object' } } };
const price = async () =>
  Number((await client.query('SELECT price FROM hologen.usage ORDER BY sent_at DESC LIMIT 1')).rows[0].price);

test.each(['error', 'capture', 'skip'])(
  'a text that was cut is given with ai_gen.on_error = %s, and a note says so',
  async (onError) => {
    await client.query(`SET ai_gen.on_error = ${onError}`);
    answer(`Half a sent, ${onError}`);
    expect(await aiGen(client, model, `tell, ${onError}`, null)).toBe(`Half a sent, ${onError}`);
    expect(notices.join()).toMatch(/an answer was cut at the limit of tokens \(finish_reason length\)/);
    expect(await price()).toBeGreaterThan(0);
  },
);

test('JSON that was cut is an error that says why, and is paid', async () => {
  answer('{"colours": ["re');
  const error = await refusal(aiGen(client, model, json, null));
  expect(error).toMatchObject({
    code: '58H01',
    message: expect.stringMatching(/answered with what is no JSON: .*colours.*re/),
    hint: 'The answer was cut at the limit of tokens: raise max_tokens.',
  });
  expect(await newestJob(client, type)).toMatchObject({ state: 'failed', sqlstate: '58H01' });
  expect(await price()).toBeGreaterThan(0);
});

test('JSON that was cut is a value with ai_gen.on_error = capture, NULL with skip, and is paid', async () => {
  const request = (word: string) => ({ ...json, prompt: `${json.prompt}, ${word}` });
  await client.query('SET ai_gen.on_error = capture');
  answer('{"colours": ["gre');
  expect(JSON.parse(await aiGen(client, model, request('captured'), null))).toEqual({
    error: {
      code: 'NoJson',
      message: expect.stringMatching(/answered with what is no JSON: .*colours.*gre/),
      request_id: 'r-cut',
      retryable: true,
    },
  });
  expect(await price()).toBeGreaterThan(0);
  await client.query('SET ai_gen.on_error = skip');
  answer('{"colours": ["blu');
  expect(await aiGen(client, model, request('skipped'), null)).toBeNull();
  expect(await price()).toBeGreaterThan(0);
});
