/** What newer types do not take is refused before anything is sent or noted; names that do not fit their task when they are deployed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { recordVideo } from '../../../sandbox/media/videos.js';
import { families } from '../../../src/providers/model-studio/families.js';
import { knownTypes } from '../../../src/providers/model-studio/known-types.js';
import { aiGen, deploy, putObject } from '../../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../../gateway.js';
import { golden } from './bodies/row.js';
import { clips, newerRefusals } from './refusals/newer.js';

let gateway: TestGateway;
let client: pg.Client;
const models = new Map<string, string>();
const known = knownTypes(families);

async function modelOf(modelType: string): Promise<string> {
  const made = models.get(modelType) ?? (await deploy(client, modelType, known.taskOf(modelType) as string));
  models.set(modelType, made);
  return made;
}

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '0', sandboxVideoMs: '0' });
  client = await gateway.client();
  const look = { width: 320, height: 320, title: 'clip', prompt: 'clip', references: [], seed: 1 };
  for (const [durationSeconds, path] of Object.entries(clips))
    await putObject(
      gateway.dataDir,
      path,
      await recordVideo({ ...look, durationSeconds: Number(durationSeconds) }),
    );
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const jobs = async () => (await client.query('SELECT count(*)::int AS jobs FROM hologen.jobs')).rows[0].jobs;

test.each(newerRefusals)('%s refuses %j', async (modelType, request, message) => {
  const before = await jobs();
  const error = await refusal(aiGen(client, await modelOf(modelType), request));
  expect([error.code, error.message]).toEqual(['22023', expect.stringMatching(message)]);
  expect(error.hint).toBeTruthy();
  expect(await gateway.requests('all')).toEqual([]);
  expect(await jobs()).toBe(before);
});

test.each<[modelType: string, request: object, notice: RegExp | undefined]>([
  ['happyhorse-1.0-t2v', { prompt: '马'.repeat(2500) }, undefined],
  ['happyhorse-1.0-t2v', { prompt: '马'.repeat(2501) }, /may read only the first 2500 of/],
  ['happyhorse-1.1-t2v', { prompt: 'a'.repeat(5000) }, undefined],
  ['happyhorse-1.1-t2v', { prompt: 'a'.repeat(5001) }, /may read only the first 5000 of/],
  ['qwen-image-2.0', { prompt: '图'.repeat(1300) }, undefined],
  ['qwen-image-2.0', { prompt: '图'.repeat(1301) }, /about 1301 tokens; .* may read only the first 1300 of/],
  ['qwen-image-max', { prompt: '图'.repeat(800) }, undefined],
  ['qwen-image-max', { prompt: '图'.repeat(801) }, /about 801 tokens; .* may read only the first 800 of/],
  ['wan2.7-image', { prompt: 'x', parameters: { thinking_mode: true } }, undefined],
  [
    'wan2.7-image',
    { prompt: 'x', reference_urls: [golden], parameters: { thinking_mode: true } },
    /thinking_mode has no effect/,
  ],
])('%s tells of a prompt that is too long, or a switch without effect, %#', async (type, request, notice) => {
  const other = await gateway.client();
  const notices: string[] = [];
  other.on('notice', ({ message = '' }) => notices.push(message));
  await aiGen(other, await modelOf(type), request);
  if (notice) expect(notices.join()).toMatch(notice);
  else expect(notices).toEqual([]);
});

test('a first frame of wan2.5 has up to 20 MiB, one of an older type up to 10', async () => {
  const picture = Buffer.alloc(11 * 1024 * 1024);
  (await readFile(join(gateway.dataDir, 'sandbox/oss', golden.replace('oss://', '')))).copy(picture);
  const img_url = 'oss://bucket/path/large.png';
  await putObject(gateway.dataDir, img_url, picture);
  const { output } = JSON.parse(await aiGen(client, await modelOf('wan2.5-i2v-preview'), { img_url }));
  expect(output).toMatchObject({ task_status: 'SUCCEEDED' });
  for (const older of ['wan2.2-i2v-plus', 'wanx2.1-i2v-turbo']) {
    const { message, hint } = await refusal(aiGen(client, await modelOf(older), { img_url }));
    expect([message, hint]).toEqual([
      `img_url is too large: ${img_url} has 11.0 MiB`,
      'The provider takes at most 10 MiB.',
    ]);
  }
});

test.each<[modelType: string, task: string, own: string]>([
  ['wan2.8-t2v', 'chat/completions', 'video-generation'],
  ['happyhorse-2.0-video-edit', 'embedding', 'video-generation'],
  ['qwen-image-4.0', 'chat/completions', 'image-generation'],
  ['wan2.9-t2i', 'embedding', 'image-generation'],
  ['text-embedding-v9', 'chat/completions', 'embedding'],
  ['qwen4-rerank', 'chat/completions', 'rerank'],
  ['paraformer-v9', 'chat/completions', 'speech-to-text'],
  ['qwen9-max', 'embedding', 'chat/completions'],
])('an unknown type %s is not deployed for task %s', async (modelType, task, own) => {
  const error = await refusal(deploy(client, modelType, task));
  expect([error.code, error.message]).toEqual([
    '22023',
    `task must be '${own}' for model type ${modelType}, not "${task}"`,
  ]);
});

test('what names say they are for is what the table says of those that it has', () => {
  const rows = known.describe([]).filter(({ model_type: name }) => !String(name).startsWith('('));
  const wrong = rows.filter(
    ({ model_type: name, task }) => ![undefined, task].includes(known.taskByName(String(name))),
  );
  expect(wrong.map(({ model_type: name }) => name)).toEqual([]);
});

const register = (name: string, modelType: string, task: string, config: object) =>
  client.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [name, modelType, config, task]);

test('a chat model of tomorrow has form and price of the one that it is like', async () => {
  await register('tomorrow_chat', 'qwen9-max', 'chat/completions', { like: 'qwen-turbo' });
  const request = { prompt: 'hello', parameters: { max_completion_tokens: 1_000_000 } };
  const { rows } = await client.query('SELECT price::float8 FROM ai_estimate($1)', [
    `SELECT ai_gen('tomorrow_chat', '${JSON.stringify(request)}')`,
  ]);
  // The longest answer, and a few tokens that go in. Nobody knows that it does not think.
  expect(rows[0].price).toBeCloseTo(3, 3);
  const { rows: supported } = await client.query(
    "SELECT like_type, price FROM hologen.supported_models WHERE model_type = 'qwen9-max'",
  );
  expect(supported).toEqual([{ like_type: 'qwen-turbo', price: expect.stringContaining('0.3 in, 0.6 out') }]);
  for (const like of ['wan2.7-t2v', 'no-such-model', 5]) {
    const { code, message } = await refusal(register('never', 'qwen9-max', 'chat/completions', { like }));
    expect([code, message]).toEqual([
      '22023',
      expect.stringMatching(/^config\.like must be a known model type/),
    ]);
  }
});

test('what it is like, its own ranges and its own price hold when it is called, also once the table knows the type', async () => {
  await register('now_known', 'wan2.7-t2v', 'video-generation', {
    like: 'wan2.7-t2v',
    duration: [3, 4],
    resolutions: ['720P'],
    price: { per_second: { '720P': 2 } },
  });
  const { code } = await refusal(aiGen(client, 'now_known', { prompt: 'x', parameters: { duration: 5 } }));
  expect(code).toBe('22023');
  await aiGen(client, 'now_known', { prompt: 'x' });
  const [{ body }] = (await gateway.requests()) as unknown as [{ body: object }];
  expect(body).toMatchObject({ model: 'wan2.7-t2v', parameters: { resolution: '720P', duration: 4 } });
  const { rows } = await client.query(
    "SELECT price::float8, estimated_price::float8 AS estimated FROM hologen.jobs WHERE model_name = 'now_known'",
  );
  expect(rows).toEqual([{ price: 8, estimated: 8 }]);
});
