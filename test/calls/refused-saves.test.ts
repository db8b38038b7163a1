/** What is made and not saved, because the store refuses it: the next call, ai_wait, a restart and the gateway itself only copy it. */
import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';
import { aiGen, anyDirectory, deploy, rights } from './statements.js';

let cloud: OutlivingCloud;
let gateway: GatewayProcess;
let dataDir: string;
let client: pg.Client;
let model: string;

beforeAll(async () => {
  dataDir = await newDirectory();
  cloud = await startOutlivingCloud({ imageMs: 0 });
  await serve();
  model = await deploy(client, 'qwen-image-2.0', 'image-generation');
}, 60_000);
afterEach(() => cloud.store.faults.clear());
afterAll(async () => {
  gateway?.child.kill('SIGTERM');
  await gateway?.ended;
  await cloud?.close();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

async function serve(): Promise<void> {
  gateway = spawnGateway(dataDir, cloud.environment);
  if (!(await gateway.ready)) throw new Error(`the gateway did not start: ${gateway.printed()}`);
  client = await connect(dataDir);
}

const requestOf = (word: string) => ({
  prompt: `a lake, ${word}`,
  output_dir: 'oss://bucket/out/',
  parameters: { size: '512*512' },
});
const jobOf = async (word: string) =>
  (
    await client.query(
      `SELECT state, hold_up ->> 'message' AS why, price::float FROM hologen.jobs WHERE strpos(request::text, $1) > 0`,
      [word],
    )
  ).rows;

/** Its result is in the store, it was made once and is paid once. */
async function expectSaved(word: string, result: string): Promise<void> {
  const [path] = JSON.parse(result).image_oss_paths;
  expect((await cloud.store.read('bucket', path.replace('oss://bucket/', '')))?.length).toBeGreaterThan(100);
  expect(await jobOf(word)).toMatchObject([{ state: 'succeeded', why: null, price: 0.2 }]);
  expect(cloud.submits(word)).toHaveLength(1);
}

const refusals = [
  ['409 FileImmutable', 409, 'FileImmutable', /refused the request \(FileImmutable\)/],
  ['403 UserDisable', 403, 'UserDisable', /refused the request \(UserDisable\)/],
  ['403 of a key that KMS has disabled', 403, 'Forbidden.KeyDisabled', /\(Forbidden\.KeyDisabled\)/],
  ['403 RequestTimeTooSkewed', 403, 'RequestTimeTooSkewed', /the clock of the gateway is wrong/],
] as const;

test.each(refusals)(
  'after %s what was made is only copied, whoever asks',
  async (what, status, code, why) => {
    const word = (way: string) => `${way}-${code}-${status}`;
    // The place is known to be writable.
    await aiGen(client, model, requestOf(`before-${what}`));
    const refuse = () =>
      cloud.store.faults.add({
        ...{ answer: { status, code, message: 'not now' }, times: 10_000 },
        when: ({ operation }) => operation === 'PutObject',
      });
    refuse();
    const isRefused = async (asked: Promise<unknown>) => expect((await refusal(asked)).message).toMatch(why);
    await isRefused(aiGen(client, model, requestOf(word('call'))));
    const handle = (
      await client.query('SELECT ai_submit($1, $2, to_file($3, $4, $5)) AS handle', [
        ...[model, JSON.stringify(requestOf(word('wait')))],
        ...[anyDirectory, ...rights],
      ])
    ).rows[0].handle;
    const wait = async () => (await client.query('SELECT ai_wait($1) AS result', [handle])).rows[0].result;
    await isRefused(wait());
    for (const way of ['call', 'wait'])
      expect(await jobOf(word(way))).toMatchObject([{ state: 'saving', why: expect.stringMatching(why) }]);
    cloud.store.faults.clear();
    await expectSaved(word('call'), await aiGen(client, model, requestOf(word('call'))));
    await expectSaved(word('wait'), await wait());

    refuse();
    for (const way of ['restart', 'itself']) await isRefused(aiGen(client, model, requestOf(word(way))));
    gateway.child.kill('SIGKILL');
    await gateway.ended;
    await serve();
    // The new one is refused, too, before it may save.
    await expect
      .poll(() => jobOf(word('restart')))
      .toMatchObject([{ state: 'saving', why: expect.stringMatching(why) }]);
    cloud.store.faults.clear();
    await expectSaved(word('restart'), await aiGen(client, model, requestOf(word('restart'))));
    await expect
      .poll(() => jobOf(word('itself')), { timeout: 60_000 })
      .toMatchObject([{ state: 'succeeded' }]);
    await expectSaved(word('itself'), await aiGen(client, model, requestOf(word('itself'))));
  },
);
