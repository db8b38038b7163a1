/** After kill -9 a gateway starts with something missing: what runs at the provider stays open, and the next right start gets it. */
import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { generate, kinds, wish } from './crash-calls.js';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';

const film = kinds[0];
let cloud: OutlivingCloud;
let gateway: GatewayProcess;
let dataDir: string;

beforeAll(async () => {
  dataDir = await newDirectory();
  cloud = await startOutlivingCloud({ imageMs: 100, videoMs: 2_500, textMs: 100 });
  gateway = await serve();
});
afterAll(async () => {
  gateway?.child.kill('SIGTERM');
  await gateway?.ended;
  await cloud?.close();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

async function serve(settings: NodeJS.ProcessEnv = {}): Promise<GatewayProcess> {
  const started = spawnGateway(dataDir, { ...cloud.environment, HOLOGEN_LOOK_MS: '100', ...settings });
  if (!(await started.ready)) throw new Error(`the gateway did not start: ${started.printed()}`);
  return started;
}

async function restart(settings?: NodeJS.ProcessEnv): Promise<pg.Client> {
  gateway.child.kill('SIGKILL');
  await gateway.ended;
  gateway = await serve(settings);
  return connect(dataDir);
}

async function jobOf(client: pg.Client, word: string) {
  const { rows } = await client.query(
    `SELECT state, hold_up ->> 'message' AS held_up, outputs -> 0 ->> 'ossPath' AS path FROM hologen.jobs WHERE strpos(request::text, $1) > 0`,
    [word],
  );
  return rows;
}

async function sendFilm(word: string): Promise<void> {
  const client = await connect(dataDir);
  await client.query("CALL register_external_model($1, $2, 'bailian', '{}', $3)", [
    film.model,
    film.type,
    film.task,
  ]);
  const lost = refusal(generate(client, [wish(word, 0, true)]));
  await expect.poll(async () => (await cloud.submits(word)).filter(({ taskId }) => taskId)).toHaveLength(1);
  lost.catch(() => {});
}

async function removeFilm(client: pg.Client): Promise<void> {
  await client.query('CALL delete_external_model($1)', [film.model]);
}

test.each([
  // The sandbox takes any key that begins with sk-.
  ['a wrong key', { DASHSCOPE_API_KEY: 'st-wrong-start' }, /InvalidApiKey/],
  [
    'an address where nobody listens',
    { DASHSCOPE_HTTP_BASE_URL: 'http://127.0.0.1:9/api/v1' },
    /cannot be reached/,
  ],
  ['a role that is not allowed', { HOLOGEN_ALLOWED_ROLES: 'acs:ram::1:role/none' }, undefined],
])('with %s', async (what, settings, why) => {
  const word = `${what.replaceAll(' ', '-')}-`;
  await sendFilm(word);
  const wrong = await restart(settings);
  if (why) await expect.poll(async () => (await jobOf(wrong, word))[0].held_up).toMatch(why);
  expect(await jobOf(wrong, word)).toMatchObject([{ state: expect.stringMatching(/running|saving/) }]);
  await wrong.end();
  const client = await restart();
  const result = (await generate(client, [wish(word, 0, true)])).get(word);
  expect(result).toBeTruthy();
  expect(await jobOf(client, word)).toMatchObject([{ state: 'succeeded', held_up: null }]);
  expect(cloud.submits(word)).toHaveLength(1);
  await removeFilm(client);
  await client.end();
});

test('with another secret, so that the keys of a pool cannot be read', async () => {
  const setUp = await connect(dataDir);
  await setUp.query("CALL register_external_model('pooled', $1, 'bailian', $2, $3)", [
    film.type,
    JSON.stringify({ pool: [{ name: 'one', api_key: 'sk-one-of-the-pool' }] }),
    film.task,
  ]);
  const lost = refusal(setUp.query("SELECT ai_gen('pooled', 'a film of a pool')"));
  await expect.poll(() => cloud.submits('of a pool')[0]?.taskId).toBeDefined();
  lost.catch(() => {});
  const wrong = await restart({ HOLOGEN_SECRET_KEY: 'another secret than it was' });
  await expect.poll(() => gateway.printed()).toContain('cannot be taken up for now');
  expect(await jobOf(wrong, 'of a pool')).toMatchObject([{ state: 'running' }]);
  await wrong.end();
  const client = await restart();
  await expect
    .poll(() => jobOf(client, 'of a pool'), { timeout: 30_000 })
    .toMatchObject([{ state: 'succeeded' }]);
  expect(cloud.submits('of a pool')).toHaveLength(1);
  await client.end();
});

test('a model that was removed meanwhile: its films are followed and saved with the key that they were sent with', async () => {
  await sendFilm('removed-');
  const remover = await connect(dataDir);
  await removeFilm(remover);
  await remover.end();
  const client = await restart();
  await expect
    .poll(() => jobOf(client, 'removed-'), { timeout: 30_000 })
    .toMatchObject([{ state: 'succeeded' }]);
  const [job] = await jobOf(client, 'removed-');
  expect(await cloud.store.read('bucket', job.path.replace('oss://bucket/', ''))).toBeTruthy();
  await client.end();
});
