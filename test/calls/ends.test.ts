/** What docs/running.md says of what ends: a gateway while calls wait in their line, an engine of one's own while a film is made. */
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDebianPostgres } from '../debian-postgres.js';
import { refusal } from '../gateway.js';
import {
  connect,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';
import { startOwnCloud } from './own-cloud.js';
import { deploy, newestJob } from './statements.js';

let dataDir: string;
let cloud: OutlivingCloud;
beforeEach(async () => {
  dataDir = await newDirectory();
  cloud = await startOutlivingCloud({ videoMs: 1_500 });
});
afterEach(async () => {
  await cloud?.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function serve() {
  const settings = { ...cloud.environment, HOLOGEN_LOOK_MS: '100', HOLOGEN_DRAIN_MS: '200' };
  const started = spawnGateway(dataDir, settings);
  expect(await started.ready, started.printed()).toBe(true);
  return started;
}

const films = `SELECT ai_gen('one_by_one', json_build_object('prompt', 'film ' || i)::text) AS made FROM generate_series(1, 3) i`;
const taskIds = () => cloud.submits('film ').flatMap(({ taskId }) => taskId ?? []);

test.each(['SIGKILL', 'SIGTERM'] as const)(
  '%s of the gateway: calls that waited in their line are cancelled and cost nothing, what was sent is followed, and the same statement has both',
  async (signal) => {
    const first = await serve();
    const client = await connect(dataDir);
    await client.query(
      `CALL register_external_model('one_by_one', 'wan2.6-t2v', 'bailian', '{"concurrent_tasks": 1}', 'video-generation')`,
    );
    const lost = refusal(client.query(films));
    await expect.poll(taskIds).toHaveLength(1);
    first.child.kill(signal);
    await Promise.all([first.ended, lost]);
    const second = await serve();
    const after = await connect(dataDir);
    const { rows } = await after.query(
      "SELECT state, price::int, finished_at IS NOT NULL AS over FROM hologen.jobs WHERE state = 'cancelled'",
    );
    expect(rows).toEqual(Array(2).fill({ state: 'cancelled', price: 0, over: true }));
    expect((await after.query(films)).rows).toHaveLength(3);
    expect(taskIds()).toHaveLength(3);
    await after.end();
    second.child.kill('SIGTERM');
    await second.ended;
  },
);

test('an engine of yours is away when a film is ready: the gateway writes down what became of it when the engine is back', async () => {
  const engine = await startDebianPostgres();
  const own = await startOwnCloud({ videoMs: 1_500 }, { lookMs: '100', engineUrl: engine.url });
  try {
    const type = 'wan2.6-t2v';
    const client = await own.gateway.client();
    const model = await deploy(client, type, 'video-generation');
    const lost = refusal(client.query('SELECT ai_gen($1, $2, NULL)', [model, '{"prompt": "waves"}']));
    const runs = () => own.studio.requests().filter(({ path }) => path.includes('/tasks/')).length;
    await expect.poll(runs).toBeGreaterThan(1);
    await engine.stop();
    await lost;
    const looks = runs();
    // Nobody can ask the ledger; the provider is asked all the same.
    await expect.poll(runs).toBeGreaterThan(looks);
    await engine.start();
    const after = await own.gateway.client();
    await expect
      .poll(() => newestJob(after, type).catch(() => undefined), { timeout: 60_000 })
      .toMatchObject({ state: 'succeeded', finished: true });
    expect(own.speaker.submits(type)).toBe(1);
  } finally {
    await own.close();
    await engine.close();
  }
});
