/** A statement that is stopped: what was not sent never is, what waits at the provider is cancelled, what runs is saved. */
import { connect } from 'node:net';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';
import { aiGen, anyDirectory, deploy, newestJob, rights } from './statements.js';

let cloud: OwnCloud;
/** Looks on from outside. */
let observer: pg.Client;

beforeAll(async () => {
  cloud = await startOwnCloud();
  observer = await cloud.gateway.client();
  await deploy(observer, 'wan2.6-t2v', 'video-generation');
  await deploy(observer, 'qwen-plus', 'chat/completions');
});
beforeEach(() => {
  cloud.studio.settings.pendingMs = 0;
});
afterAll(() => cloud?.close());

/** As psql sends on Ctrl-C: a connection of its own that carries the session's number and secret. */
function sendCancelRequest(client: pg.Client): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const packet = Buffer.alloc(16);
  for (const [index, value] of [16, 80877102, processID, secretKey].entries())
    packet.writeInt32BE(value, 4 * index);
  const { hostname, port } = new URL(cloud.gateway.url);
  return new Promise((resolve, reject) => {
    connect(Number(port), hostname)
      .on('close', () => resolve())
      .on('error', reject)
      .resume()
      .end(packet);
  });
}

/** What a cancel takes this machine where nothing but PostgreSQL is asked; a statement that waits for a call may take a second more. */
async function promptMs(): Promise<number> {
  const client = await cloud.gateway.client();
  const failed = refusal(client.query('SELECT pg_sleep(60)'));
  await untilSleeping(client);
  const stoppedAt = Date.now();
  await sendCancelRequest(client);
  expect((await failed).code).toBe('57014');
  await client.end();
  return 1000 + 10 * (Date.now() - stoppedAt);
}

async function untilSleeping(client: pg.Client): Promise<void> {
  const doing = async () =>
    (await observer.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [idOf(client)])).rows[0]
      ?.wait_event;
  await expect.poll(doing).toBe('PgSleep');
}

async function waitForSubmit(modelType: string, count = 1): Promise<void> {
  await expect.poll(() => cloud.speaker.submits(modelType)).toBe(count);
}
async function waitForJob(modelType: string, state: string) {
  await expect.poll(async () => (await newestJob(observer, modelType))?.state).toBe(state);
  return newestJob(observer, modelType);
}
const cancels = () =>
  cloud.studio.requests().filter((each) => each.method === 'POST' && each.path.endsWith('/cancel'));

const video = { prompt: 'waves', output_dir: 'oss://bucket/out/' };
const picture = { prompt: 'a castle', output_dir: 'oss://bucket/out/' };

/** Ways to stop a statement that runs on `client`. */
const ways: [name: string, stop: (client: pg.Client) => Promise<unknown>, code: string | undefined][] = [
  ['a cancel request', sendCancelRequest, '57014'],
  ['pg_cancel_backend', (client) => observer.query('SELECT pg_cancel_backend($1)', [idOf(client)]), '57014'],
  [
    'pg_terminate_backend',
    (client) => observer.query('SELECT pg_terminate_backend($1)', [idOf(client)]),
    '57P01',
  ],
  ['a client that is gone', async (client) => streamOf(client).destroy(), undefined],
];
const idOf = (client: pg.Client) => (client as unknown as { processID: number }).processID;
const streamOf = (client: pg.Client) =>
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;

describe('a task that waits at the provider', () => {
  test.each(ways)('is cancelled there after %s', async (_name, stop, code) => {
    cloud.studio.settings.pendingMs = 60_000;
    const client = await cloud.gateway.client();
    const [submits, before] = [cloud.speaker.submits('wan2.6-t2v'), cancels().length];
    const failed = refusal(aiGen(client, 'test_wan2_6_t2v', video));
    await waitForSubmit('wan2.6-t2v', submits + 1);
    const { task_id: taskId } = await waitForTask();
    const mostMs = await promptMs();
    const stoppedAt = Date.now();
    await stop(client);
    const error = await failed;
    expect(Date.now() - stoppedAt).toBeLessThan(mostMs);
    if (code) expect(error.code).toBe(code);
    expect(await waitForJob('wan2.6-t2v', 'cancelled')).toMatchObject({
      task_id: taskId,
      sqlstate: '57014',
      finished: true,
    });
    expect(cancels().slice(before)).toMatchObject([{ path: `/api/v1/tasks/${taskId}/cancel`, status: 200 }]);
    if (code !== '57014') return;
    // The session goes on.
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await aiGen(client, 'test_qwen_plus', 'hello', null)).not.toBe('');
  });

  test('is cancelled there after statement_timeout', async () => {
    cloud.studio.settings.pendingMs = 60_000;
    const client = await cloud.gateway.client();
    const before = cancels().length;
    const mostMs = await promptMs();
    // Time enough to reach the provider.
    await client.query('SET statement_timeout = 3000');
    const startedAt = Date.now();
    const error = await refusal(aiGen(client, 'test_wan2_6_t2v', video));
    expect(error).toMatchObject({ code: '57014', message: 'canceling statement due to statement timeout' });
    expect(Date.now() - startedAt).toBeLessThan(3000 + mostMs);
    await waitForJob('wan2.6-t2v', 'cancelled');
    expect(cancels().slice(before)).toMatchObject([{ status: 200 }]);
    expect(await aiGen(client, 'test_qwen_plus', 'hello', null)).not.toBe('');
  });

  test('is cancelled there inside a transaction, which can be rolled back and goes on after a savepoint', async () => {
    cloud.studio.settings.pendingMs = 60_000;
    const client = await cloud.gateway.client();
    const submits = cloud.speaker.submits('wan2.6-t2v');
    await client.query('BEGIN');
    await client.query('SAVEPOINT before_call');
    const failed = refusal(aiGen(client, 'test_wan2_6_t2v', video));
    await waitForSubmit('wan2.6-t2v', submits + 1);
    await waitForTask();
    await sendCancelRequest(client);
    expect((await failed).code).toBe('57014');
    await waitForJob('wan2.6-t2v', 'cancelled');
    await client.query('ROLLBACK TO before_call');
    expect(await aiGen(client, 'test_qwen_plus', 'hello', null)).not.toBe('');
    await client.query('COMMIT');
  });

  /** The answer of the submit is in the ledger, so the newest job is the one that waits. */
  async function waitForTask() {
    await expect
      .poll(async () => {
        const job = await newestJob(observer, 'wan2.6-t2v');
        return job?.state === 'running' && job.task_id !== null;
      })
      .toBe(true);
    return newestJob(observer, 'wan2.6-t2v');
  }
});

describe('what runs at the provider is paid for', () => {
  test.each(ways.filter(([name]) => /cancel request|gone/.test(name)))(
    'so a video goes on and is saved after %s',
    async (name, stop, code) => {
      const client = await cloud.gateway.client();
      const submits = cloud.speaker.submits('wan2.6-t2v');
      const mostMs = await promptMs();
      const slow = { ...video, prompt: `waves after ${name} [[sandbox:slow=5000]]` };
      const failed = refusal(aiGen(client, 'test_wan2_6_t2v', slow));
      await waitForSubmit('wan2.6-t2v', submits + 1);
      await expect.poll(async () => (await newestJob(observer, 'wan2.6-t2v')).task_id).not.toBeNull();
      const stoppedAt = Date.now();
      await stop(client);
      const error = await failed;
      expect(Date.now() - stoppedAt).toBeLessThan(mostMs);
      if (code) expect(error.code).toBe(code);
      expect((await newestJob(observer, 'wan2.6-t2v')).state).toBe('running');
      const job = await waitForJob('wan2.6-t2v', 'succeeded');
      expect(cancels().at(-1)).toMatchObject({ path: `/api/v1/tasks/${job.task_id}/cancel`, status: 400 });
      await expectSaved(job);
      expect(cloud.speaker.submits('wan2.6-t2v')).toBe(submits + 1);
    },
  );

  test('so a picture that is being made is saved', async () => {
    const client = await cloud.gateway.client();
    const model = await deploy(client, 'qwen-image-2.0', 'image-generation');
    const failed = refusal(aiGen(client, model, { ...picture, prompt: 'a castle [[sandbox:slow=5000]]' }));
    await waitForSubmit('qwen-image-2.0');
    await sendCancelRequest(client);
    expect((await failed).code).toBe('57014');
    expect((await newestJob(observer, 'qwen-image-2.0')).state).toBe('running');
    await expectSaved(await waitForJob('qwen-image-2.0', 'succeeded'));
    expect(cloud.speaker.submits('qwen-image-2.0')).toBe(1);
  });

  async function expectSaved(job: { outputs: { url: string; ossPath: string }[]; result: string }) {
    const [output] = job.outputs;
    const key = output?.ossPath.replace('oss://bucket/', '') ?? '';
    expect((await cloud.store.read('bucket', key))?.length).toBeGreaterThan(1000);
    expect(job.result).toContain(output?.ossPath);
  }
});

describe('what was not sent', () => {
  test('is dropped: a call that waits for its turn', async () => {
    const client = await cloud.gateway.client();
    // Two submits a minute: the third call waits for half a minute.
    const model = await deploy(client, 'qwen-image-2.0-pro', 'image-generation');
    const request = JSON.stringify({ prompt: 'a castle [[sandbox:slow=500]]' });
    const failed = refusal(
      client.query(
        `WITH s AS MATERIALIZED (
           SELECT hologen_caller.submit_call($1, $2, to_file($3, $4, $5)) AS handle FROM generate_series(1, 3))
         SELECT hologen_caller.wait_call(handle) FROM s WHERE (SELECT count(*) FROM s) IS NOT NULL`,
        [model, request, anyDirectory, ...rights],
      ),
    );
    await waitForSubmit('qwen-image-2.0-pro', 2);
    await sendCancelRequest(client);
    expect((await failed).code).toBe('57014');
    await expect.poll(states).toEqual(['cancelled', 'succeeded', 'succeeded']);
    expect(cloud.speaker.submits('qwen-image-2.0-pro')).toBe(2);

    async function states() {
      const { rows } = await observer.query(
        "SELECT state FROM hologen.jobs WHERE model_type = 'qwen-image-2.0-pro' ORDER BY state",
      );
      return rows.map(({ state }) => state);
    }
  });

  test('is dropped: a call that the provider told to wait', async () => {
    const client = await cloud.gateway.client();
    const model = await deploy(client, 'qwen-image-plus', 'image-generation');
    const body = { code: 'Throttling.RateQuota', message: 'slow down', request_id: 'r' };
    cloud.speaker.script('qwen-image-plus', { status: 429, headers: { 'retry-after': '60' }, body });
    const failed = refusal(aiGen(client, model, { prompt: 'a castle' }, null));
    await waitForSubmit('qwen-image-plus');
    await sendCancelRequest(client);
    expect((await failed).code).toBe('57014');
    expect(await waitForJob('qwen-image-plus', 'cancelled')).toMatchObject({
      sqlstate: '57014',
      finished: true,
    });
    expect(cloud.speaker.submits('qwen-image-plus')).toBe(1);
  });

  test('never becomes a job when the statement is stopped before its first wait', async () => {
    const client = await cloud.gateway.client();
    const jobs = async () => (await observer.query('SELECT count(*)::int AS n FROM hologen.jobs')).rows[0].n;
    const before = await jobs();
    const failed = refusal(
      client.query("SELECT hologen_caller.submit_call('test_qwen_plus', 'hello', NULL), pg_sleep(60)"),
    );
    await untilSleeping(client);
    await sendCancelRequest(client);
    expect((await failed).code).toBe('57014');
    expect(await jobs()).toBe(before);
  });
});

describe('what is given up while it is written down that it leaves', () => {
  test.each([
    ['chat/completions', 'qwen-turbo'],
    ['embedding', 'text-embedding-v4'],
  ])('is not sent, however long that takes (%s)', async (task, type) => {
    const model = await deploy(observer, type, task);
    const client = await cloud.gateway.client();
    const ledger = await cloud.gateway.client();
    await ledger.query('BEGIN; LOCK TABLE hologen_internal.attempt IN SHARE MODE');
    const failed = refusal(
      client.query('SELECT ai_gen($1, to_json($2 || i)::text) FROM generate_series(1, 5) i', [
        model,
        'given up ',
      ]),
    );
    const waiting = async () =>
      (
        await observer.query(
          "SELECT FROM pg_locks WHERE NOT granted AND relation = 'hologen_internal.attempt'::regclass",
        )
      ).rowCount;
    await expect.poll(waiting).toBe(1);
    await sendCancelRequest(client);
    expect((await failed).code).toBe('57014');
    await ledger.query('COMMIT');
    const states = async () =>
      (
        await observer.query('SELECT DISTINCT state FROM hologen.jobs WHERE model_name = $1', [model])
      ).rows.map(({ state }) => state);
    await expect.poll(states).toEqual(['cancelled']);
    expect(cloud.speaker.submits(type)).toBe(0);
    await Promise.all([client.end(), ledger.end()]);
  });
});
