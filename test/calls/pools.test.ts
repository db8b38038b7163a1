/** A deployed model with several keys and regions: rates add up, a key that is throttled or refused lets another take what was surely not taken. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ModelStudio, startModelStudio } from '../../sandbox/model-studio/server.js';
import { refusal } from '../gateway.js';
import { type OwnCloud, type Said, startOwnCloud, startSpeaker } from './own-cloud.js';

let own: OwnCloud;
let far: { studio: ModelStudio; speaker: Awaited<ReturnType<typeof startSpeaker>>; directory: string };
let client: pg.Client;
let notices: string[] = [];

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-far-'));
  const options = { rateLimits: 'off', imageMs: 0, videoMs: 0, textMs: 0 } as const;
  const studio = await startModelStudio({ directory, ...options });
  far = { studio, speaker: await startSpeaker(studio.url), directory };
  own = await startOwnCloud({ imageMs: 200 }, { lookMs: '50', providerRegions: `${far.speaker.url}/api/v1` });
  client = await own.gateway.client();
  client.on('notice', ({ message }) => notices.push(message ?? ''));
});
beforeEach(() => {
  notices = [];
});
afterAll(async () => {
  await own?.close();
  await Promise.all([far?.speaker.close(), far?.studio.close()]);
  await rm(far.directory, { recursive: true, force: true });
});

const near = { name: 'near', api_key: 'sk-near-0123456789' };
const abroad = () => ({
  name: 'abroad',
  api_key: 'sk-far-0123456789',
  base_url: `${far.speaker.url}/api/v1`,
});

const deploy = (name: string, type: string, config: object, task = 'image-generation') =>
  client.query('CALL register_external_model($1, $2, $3, $4, $5)', [
    name,
    type,
    'bailian',
    JSON.stringify(config),
    task,
  ]);

async function make(model: string, prompt: string) {
  const { rows } = await client.query(`SELECT ai_gen($1, json_build_object('prompt', $2::text)) AS made`, [
    model,
    prompt,
  ]);
  return JSON.parse(rows[0].made);
}

/** Which key each call of a model was last sent with, and each attempt. */
async function keysUsed(model: string) {
  const jobs = await client.query(
    'SELECT state, key_name AS key, attempts FROM hologen.jobs WHERE model_name = $1 ORDER BY submitted_at',
    [model],
  );
  const attempts = await client.query(
    'SELECT key_name AS key, outcome FROM hologen.usage WHERE model_name = $1 ORDER BY sent_at',
    [model],
  );
  return { jobs: jobs.rows, attempts: attempts.rows.map(({ key, outcome }) => `${key} ${outcome}`) };
}

const throttled: Said = {
  status: 429,
  body: { code: 'Throttling.RateQuota', message: 'slow down', request_id: 'r' },
};
const unpaid: Said = { status: 400, body: { code: 'Arrearage', message: 'pay first', request_id: 'r' } };
const unknownKey: Said = { status: 401, body: { code: 'InvalidApiKey', message: 'no', request_id: 'r' } };
const many = (said: Said) => Array<Said>(30).fill(said);

test('keys of a pool are shown nowhere, and each has a name', async () => {
  await deploy('named', 'qwen-image-2.0', { pool: [near, { api_key: 'sk-unnamed-0123456789' }] });
  const { rows } = await client.query("SELECT config FROM list_external_models() WHERE model_name = 'named'");
  expect(rows[0].config).toEqual({
    pool: [{ name: 'near' }, { name: expect.stringMatching(/^[0-9a-f]{8}$/) }],
  });
  const stored = await client.query(
    "SELECT d::text AS row FROM hologen_internal.deployed_models d WHERE model_name = 'named'",
  );
  expect(stored.rows[0].row).not.toMatch(/sk-|0123456789/);
  await make('named', 'a lake');
  const jobs = await client.query("SELECT j::text AS row FROM hologen.jobs j WHERE model_name = 'named'");
  expect(jobs.rows[0].row).not.toContain('0123456789');
});

test('a pool that does not say what it means is refused, without repeating a key', async () => {
  const wrong: [object, RegExp][] = [
    [{ pool: [] }, /config\.pool must be an array of 1 to 16 objects/],
    [{ pool: 'sk-near-0123456789' }, /looks like a key/],
    [{ pool: [{ name: 'near' }] }, /config\.pool\.api_key must be a key/],
    [{ pool: [near, near] }, /config\.pool\.name must be another/],
    [{ pool: [near, { ...near, name: 'again' }] }, /config\.pool\.api_key must be another/],
    [{ pool: [{ ...near, region: 'eu' }] }, /unknown field "region" in config\.pool/],
    [{ pool: [{ ...near, name: 'so near' }] }, /config\.pool\.name must be of letters/],
    [
      { pool: [{ ...near, base_url: 'https://dashscope.aliyuncs.com.example/api/v1' }] },
      /base URL of a region/,
    ],
    [{ pool: [{ ...near, base_url: 'http://127.0.0.1:5432/api/v1' }] }, /base URL of a region/],
    [{ pool: [near], api_key: 'sk-other-0123456789' }, /config\.api_key must be left out beside pool/],
    [{ pool: [{ ...near, api_key: 'sk-sp-0123456789' }] }, /must be a Model Studio key/],
    [{ pool: [{ ...near, price: 0.1 }] }, /config\.pool\.price must be an object/],
    [{ pool: [{ ...near, price: { per_second: 1 } }] }, /unknown field "per_second"/],
    [
      { pool: [near, { ...abroad(), price: { per_picture: 0.1, currency: 'USD' } }] },
      /config\.pool\.price\.currency must be CNY/,
    ],
    [{ pool: [near], reserve: { api_key: 'sk-near-0123456789' } }, /looks like a key/],
  ];
  for (const [config, message] of wrong) {
    const error = await refusal(deploy('wrong', 'qwen-image-2.0', config));
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.detail} ${error.hint}`).not.toContain('0123456789');
    expect(error.code).toBe('22023');
  }
});

test('who does not administer hologen deploys a pool of keys of its own, and counts in no budget of others', async () => {
  await client.query("CREATE ROLE ann LOGIN PASSWORD 'secret'");
  const ann = await own.gateway.clientOf('ann');
  await ann.query(
    "CALL register_external_model('anns', 'qwen-image-2.0', 'bailian', $1, 'image-generation')",
    [JSON.stringify({ pool: [near] })],
  );
  const { rows } = await client.query('SELECT hologen_internal.models_of_own_keys() AS own');
  expect(rows[0].own).toEqual(['anns']);
});

test('where one key has no room another one takes the call, in its region', async () => {
  await deploy('both', 'qwen-image-max', { pool: [near, abroad()], concurrent_tasks: 2 });
  const before = far.speaker.submits('qwen-image-max');
  await client.query(
    `SELECT ai_gen('both', json_build_object('prompt', 'lake ' || n)) FROM generate_series(1, 4) AS n`,
  );
  const { jobs } = await keysUsed('both');
  expect(jobs.map(({ key }) => key).sort()).toEqual(['abroad', 'abroad', 'near', 'near']);
  expect(far.speaker.submits('qwen-image-max') - before).toBe(2);
  const { rows } = await client.query(
    "SELECT key_name, concurrent_tasks FROM hologen.queues WHERE model_type = 'qwen-image-max' AND key_name IS NOT NULL ORDER BY key_name",
  );
  expect(rows).toEqual([
    { key_name: 'abroad', concurrent_tasks: 2 },
    { key_name: 'near', concurrent_tasks: 2 },
  ]);
});

test('a throttled key rests while another one takes the call', async () => {
  await deploy('busy', 'qwen-image-plus', { pool: [near, abroad()] });
  own.speaker.script('qwen-image-plus', throttled);
  expect((await make('busy', 'a hill')).image_urls).toHaveLength(1);
  expect(await keysUsed('busy')).toEqual({
    jobs: [{ state: 'succeeded', key: 'abroad', attempts: 2 }],
    attempts: ['near refused', 'abroad succeeded'],
  });
});

test('a refused key is left out, with a NOTICE, and the ledger says which one made it', async () => {
  await deploy('unpaid', 'wan2.6-t2i', { pool: [near, abroad()] });
  own.speaker.script('wan2.6-t2i', ...many(unpaid));
  await make('unpaid', 'a first sea');
  await make('unpaid', 'a second sea');
  expect(await keysUsed('unpaid')).toEqual({
    jobs: [
      { state: 'succeeded', key: 'abroad', attempts: 2 },
      { state: 'succeeded', key: 'abroad', attempts: 1 },
    ],
    attempts: ['near refused', 'abroad succeeded', 'abroad succeeded'],
  });
  expect(notices.filter((notice) => notice.includes('"near" is refused'))).toHaveLength(1);
  const { rows } = await client.query(
    `SELECT key_name, cooling_seconds > 0 AS cooling FROM hologen.queues WHERE model_type = 'wan2.6-t2i' AND key_name IS NOT NULL ORDER BY key_name`,
  );
  expect(rows).toEqual([
    { key_name: 'abroad', cooling: false },
    { key_name: 'near', cooling: true },
  ]);
});

test('where all keys are refused the error names each, and a mended one is taken at once', async () => {
  await deploy('none', 'wan2.7-image', { pool: [near, abroad()] });
  own.speaker.script('wan2.7-image', unpaid);
  far.speaker.script('wan2.7-image', unknownKey);
  const error = await refusal(make('none', 'a red lake'));
  expect(error.code).toBe('28H01');
  expect(error.message).toMatch(/InvalidApiKey.*key "abroad" of the pool; refused before: "near": Arrearage/);
  // Both are left out for now, and asked all the same.
  await make('none', 'a blue lake');
  const { jobs } = await keysUsed('none');
  expect(jobs).toMatchObject([{ state: 'failed' }, { state: 'succeeded', key: 'near', attempts: 1 }]);
});

test('what the provider may have taken is sent with no other key', async () => {
  await deploy('lost', 'qwen-image-2.0-pro', { pool: [near, abroad()] });
  own.speaker.script('qwen-image-2.0-pro', 'lost');
  const before = far.speaker.submits('qwen-image-2.0-pro');
  expect((await refusal(make('lost', 'a sea'))).code).toBe('08006');
  expect(far.speaker.submits('qwen-image-2.0-pro')).toBe(before);
});

test('a lost answer is looked for with the key and in the region that it was sent to', async () => {
  await deploy('film', 'wan2.6-t2v', { pool: [abroad(), near] }, 'video-generation');
  far.speaker.script('wan2.6-t2v', 'lost');
  const { output } = await make('film', 'a boat');
  expect(output.task_status).toBe('SUCCEEDED');
  expect(far.speaker.submits('wan2.6-t2v') + own.speaker.submits('wan2.6-t2v')).toBe(1);
  expect((await keysUsed('film')).jobs).toEqual([{ state: 'succeeded', key: 'abroad', attempts: 1 }]);
});

test('ai_status says with which key a call was sent', async () => {
  await deploy('told', 'qwen-image', { pool: [abroad()] });
  const { rows } = await client.query(`SELECT ai_submit('told', '{"prompt": "a tree"}') AS handle`);
  await client.query('SELECT ai_wait($1)', [rows[0].handle]);
  await client.query('SELECT ai_status($1)', [rows[0].handle]);
  expect(notices).toContainEqual(expect.stringContaining('last sent with key "abroad"'));
});

test('another model answers when every key is throttled, and not before', async () => {
  await deploy('reserve', 'qwen-image-2.0', {});
  await deploy('crowded', 'qwen-image-max-2025-12-30', {
    pool: [near, abroad()],
    fallback: [{ model: 'reserve', on: ['quota'] }],
    submits_per_second: 100,
  });
  own.speaker.script('qwen-image-max-2025-12-30', ...many(throttled));
  far.speaker.script('qwen-image-max-2025-12-30', throttled);
  expect(await make('crowded', 'a cat')).not.toHaveProperty('answered_by');
  far.speaker.script('qwen-image-max-2025-12-30', ...many(throttled));
  expect((await make('crowded', 'a dog')).answered_by).toBe('reserve');
});

test('texts at half the price and embeddings that go together are sent with a pool too', async () => {
  await deploy('cheap', 'qwen-turbo', { pool: [near, abroad()], lane: 'half_price' }, 'chat/completions');
  await deploy('vectors', 'text-embedding-v4', { pool: [near, abroad()] }, 'embedding');
  for (const type of ['qwen-turbo', 'text-embedding-v4']) own.speaker.script(type, unpaid);
  await client.query("SELECT ai_gen('cheap', 'Say hello')");
  await client.query("SELECT ai_embed('vectors', 'text ' || n) FROM generate_series(1, 3) AS n");
  expect((await keysUsed('cheap')).attempts).toEqual(['near refused', 'abroad succeeded']);
  expect((await keysUsed('vectors')).jobs).toEqual(
    Array(3).fill({ state: 'succeeded', key: 'abroad', attempts: 2 }),
  );
  expect(far.speaker.bodies('text-embedding-v4').at(-1).input).toHaveLength(3);
});

/** What each call of a model cost, by its key. */
async function pricesOf(model: string): Promise<Record<string, number[]>> {
  const { rows } = await client.query<{ key: string; prices: number[] }>(
    'SELECT key_name AS key, array_agg(price::float8) AS prices FROM hologen.jobs WHERE model_name = $1 GROUP BY 1',
    [model],
  );
  return Object.fromEntries(rows.map(({ key, prices }) => [key, prices]));
}

const estimated = async (statement: string) =>
  (await client.query('SELECT price::float8, currency FROM ai_estimate($1)', [statement])).rows;

test('a key may have a price of its own: an estimate has the highest, the ledger that of the key that made it', async () => {
  await deploy('priced', 'qwen-image-max', {
    pool: [
      { ...near, price: { per_picture: 0.1 } },
      { ...abroad(), price: { per_picture: 0.3 } },
    ],
    concurrent_tasks: 2,
    submits_per_second: 100,
  });
  await deploy(
    'priced_film',
    'wan2.6-t2v',
    {
      pool: [near, { ...abroad(), price: { per_second: { '720P': 2, '1080P': 3 } } }],
      price: { per_second: { '720P': 1, '1080P': 1 } },
      concurrent_tasks: 1,
    },
    'video-generation',
  );
  const pictures = `SELECT ai_gen('priced', json_build_object('prompt', 'lake ' || n)) FROM generate_series(1, 4) AS n`;
  expect(await estimated(pictures)).toEqual([{ price: 1.2, currency: 'CNY' }]);
  await client.query(pictures);
  expect(await pricesOf('priced')).toEqual({ near: [0.1, 0.1], abroad: [0.3, 0.3] });
  const films = `SELECT ai_gen('priced_film', json_build_object('prompt', 'boat ' || n, 'parameters', json_build_object('duration', 2))) FROM generate_series(1, 2) AS n`;
  expect(await estimated(films)).toEqual([{ price: 12, currency: 'CNY' }]);
  await client.query(films);
  expect(await pricesOf('priced_film')).toEqual({ near: [2], abroad: [6] });
});
