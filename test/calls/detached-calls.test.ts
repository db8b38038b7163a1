/** ai_submit, ai_wait, ai_status, ai_cancel: a call that outlives its statement, its session and its gateway. */
import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxVideoMs: '400' });
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const submit = (prompt: string, model = 'qwen_image_2') =>
  `SELECT ai_submit('${model}', '{"prompt": "${prompt}"}') AS handle`;
const submits = async () => (await gateway.requests()).length;

async function handleOf(prompt: string, model?: string): Promise<string> {
  const client = await gateway.client();
  const { rows } = await client.query(submit(prompt, model));
  await client.end();
  return rows[0].handle;
}

async function status(handle: string): Promise<string> {
  const client = await gateway.client();
  const { rows } = await client.query('SELECT ai_status($1) AS state', [handle]);
  await client.end();
  return rows[0].state;
}

test('a handle comes at once, the call is made when nobody is connected, and a later session collects it', async () => {
  const handle = await handleOf('later', 'wan26_t2v');
  await expect.poll(() => status(handle)).toBe('succeeded');
  const client = await gateway.client();
  const { rows } = await client.query('SELECT ai_wait($1) AS result', [handle]);
  expect(JSON.parse(rows[0].result).output.task_status).toBe('SUCCEEDED');
  // Once more: a handle is no ticket that is used up.
  expect((await client.query('SELECT ai_wait($1) AS result', [handle])).rows).toEqual(rows);
  const job = () =>
    client.query(
      'SELECT state, attempts, claimed_at IS NOT NULL AS claimed, price::float FROM hologen.jobs WHERE job_id = $1',
      [handle],
    );
  // That it was given is written down after it was given.
  await expect
    .poll(async () => (await job()).rows)
    .toEqual([{ state: 'succeeded', attempts: 1, claimed: true, price: 5 }]);
});

test('whoever waits for a handle is told what its call does', async () => {
  const handle = await handleOf('somebody waits [[sandbox:slow=600000]]', 'wan26_t2v');
  const client = await gateway.client();
  const told: string[] = [];
  client.on('notice', ({ message = '' }) => void told.push(message));
  expect((await client.query("SELECT ai_wait($1, '5 s') AS result", [handle])).rows).toEqual([
    { result: null },
  ]);
  expect(told.at(-1)).toMatch(/^ai_wait: 1 running, \d+ s \(wan26_t2v\)$/);
  await client.query('SELECT ai_cancel($1)', [handle]);
});

test('waiting while it is made, from several sessions at once, sends it once', async () => {
  const handle = await handleOf('many wait [[sandbox:slow=500]]');
  const results = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const client = await gateway.client();
      return (await client.query('SELECT ai_wait($1) AS result', [handle])).rows[0].result;
    }),
  );
  expect(new Set(results).size).toBe(1);
  expect(await submits()).toBe(1);
});

test('ai_wait with a time limit gives NULL when the result is not there in time', async () => {
  const handle = await handleOf('in a while [[sandbox:slow=4000]]');
  const client = await gateway.client();
  const early = await client.query("SELECT ai_wait($1, interval '50 ms') AS result", [handle]);
  expect(early.rows).toEqual([{ result: null }]);
  const { rows } = await client.query("SELECT ai_wait($1, interval '1 min') AS result", [handle]);
  expect(JSON.parse(rows[0].result).image_urls).toHaveLength(1);
});

test('submit and wait in one transaction, and in one statement', async () => {
  const client = await gateway.client();
  await client.query('BEGIN');
  const { rows } = await client.query(submit('own transaction'));
  const waited = await client.query('SELECT ai_wait($1) AS result', [rows[0].handle]);
  await client.query('COMMIT');
  expect(JSON.parse(waited.rows[0].result).image_urls).toHaveLength(1);
  const nested = await client.query(`SELECT ai_wait(ai_submit('qwen_image_2', '{"prompt": "nested"}')) AS r`);
  expect(JSON.parse(nested.rows[0].r).image_urls).toHaveLength(1);
  expect(await submits()).toBe(2);
});

test('a rolled back submit is never sent and its handle says cancelled', async () => {
  const client = await gateway.client();
  await client.query('BEGIN');
  const { rows } = await client.query(submit('rolled back'));
  expect(await status(rows[0].handle)).toBe('submitted');
  await client.query('ROLLBACK');
  await expect.poll(() => status(rows[0].handle)).toBe('cancelled');
  expect((await refusal(client.query('SELECT ai_wait($1)', [rows[0].handle]))).code).toBe('57014');
  expect(await submits()).toBe(0);
});

test('an ai_submit that is cancelled while its job is being opened leaves no job waiting', async () => {
  const owner = await gateway.client();
  await owner.query('BEGIN; LOCK TABLE hologen_internal.budget');
  const client = await gateway.client();
  const { rows: session } = await client.query('SELECT pg_backend_pid() AS pid');
  const late = refusal(client.query(submit('too late')));
  const watcher = await gateway.client();
  const waiting = async () => (await watcher.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount;
  await expect.poll(waiting).toBe(1);
  await watcher.query('SELECT pg_cancel_backend($1)', [session[0].pid]);
  expect((await late).code).toBe('57014');
  await owner.query('COMMIT');
  const state = async () =>
    (await owner.query("SELECT state FROM hologen.jobs WHERE request ->> 'prompt' = 'too late'")).rows;
  await expect.poll(state).toEqual([{ state: 'cancelled' }]);
  expect(await submits()).toBe(0);
});

test('a bad request is refused by ai_submit itself', async () => {
  const client = await gateway.client();
  const error = await refusal(client.query(`SELECT ai_submit('qwen_image_2', '{"promt": "x"}')`));
  expect(error).toMatchObject({ code: '22023', message: expect.stringContaining('promt') });
});

test('its job has the key of what it asks for: the media’s contents belong to it', async () => {
  const [first, same, other] = [await handleOf('key'), await handleOf('key'), await handleOf('another key')];
  const client = await gateway.client();
  const keyOf = async (handle: string) =>
    (await client.query('SELECT request_key AS key FROM hologen_internal.job WHERE job_id = $1', [handle]))
      .rows[0].key;
  expect(await keyOf(first)).toMatch(/^[\w-]{43}$/);
  expect(await keyOf(same)).toBe(await keyOf(first));
  expect(await keyOf(other)).not.toBe(await keyOf(first));
});

test('a failed call raises its own error when it is waited for, or gives it as a value', async () => {
  const handle = await handleOf('[[sandbox:refuse]]');
  const client = await gateway.client();
  const error = await refusal(client.query('SELECT ai_wait($1)', [handle]));
  expect(error).toMatchObject({ code: '22H01', message: expect.stringContaining('DataInspectionFailed') });
  await client.query('SET ai_gen.on_error = capture');
  const { rows } = await client.query('SELECT ai_wait($1)::json -> $2 AS error', [handle, 'error']);
  expect(rows[0].error).toMatchObject({ code: 'DataInspectionFailed', retryable: false });
});

test('ai_cancel drops what waits for its commit, and what waits at the provider; what runs there goes on', async () => {
  const client = await gateway.client();
  await client.query('BEGIN');
  const { rows } = await client.query(submit('dropped'));
  expect((await client.query('SELECT ai_cancel($1) AS c', [rows[0].handle])).rows).toEqual([{ c: true }]);
  await client.query('COMMIT');
  expect(await status(rows[0].handle)).toBe('cancelled');
  expect(await submits()).toBe(0);

  const running = await handleOf('goes on [[sandbox:slow=4000]]');
  await expect.poll(() => status(running)).toBe('running');
  expect((await client.query('SELECT ai_cancel($1) AS c', [running])).rows).toEqual([{ c: false }]);
  await expect.poll(() => status(running)).toBe('succeeded');
  expect((await client.query('SELECT ai_cancel($1) AS c', [running])).rows).toEqual([{ c: false }]);
});

test('handles are their role’s own, and nothing else is one', async () => {
  const handle = await handleOf('mine');
  const client = await gateway.client();
  await client.query('CREATE ROLE stranger; SET ROLE stranger');
  for (const each of [handle, 'no handle', '00000000-0000-0000-0000-000000000000'])
    for (const call of ['ai_wait', 'ai_status', 'ai_cancel'])
      expect(await refusal(client.query(`SELECT ${call}($1)`, [each]))).toMatchObject({
        code: '42704',
        message: `there is no call with the handle "${each}"`,
      });
  expect((await client.query('SELECT ai_wait(NULL) AS r')).rows).toEqual([{ r: null }]);
});

test('its result is for the handle only: an identical ai_gen makes its own', async () => {
  const handle = await handleOf('twins');
  await expect.poll(() => status(handle)).toBe('succeeded');
  const client = await gateway.client();
  await client.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "twins"}')`);
  expect(await submits()).toBe(2);
});

async function endAll(client: pg.Client, gateway: GatewayProcess, cloud: OutlivingCloud, dataDir: string) {
  await client.end();
  gateway.child.kill('SIGTERM');
  await gateway.ended;
  await cloud.close();
  await rm(dataDir, { recursive: true, force: true });
}

test('kill -9 of the gateway: committed submits are made by the next one, each once; others are not', async () => {
  const dataDir = await newDirectory();
  const cloud = await startOutlivingCloud({ videoMs: 1_500 });
  const first = spawnGateway(dataDir, cloud.environment);
  expect(await first.ready).toBe(true);
  const before = await connect(dataDir);
  // One at a time: most of them are not sent yet when the gateway dies.
  await before.query(
    `CALL register_external_model('one_by_one', 'wan2.6-t2v', 'bailian', '{"concurrent_tasks": 1}', 'video-generation')`,
  );
  const { rows } = await before.query(
    `SELECT ai_submit('one_by_one', json_build_object('prompt', 'clip ' || i)::text) AS handle FROM generate_series(1, 3) i`,
  );
  await before.query('BEGIN');
  const uncommitted = await before.query(
    `SELECT ai_submit('one_by_one', '{"prompt": "clip open"}') AS handle`,
  );
  // Of one that dies on its way to the provider nobody could say whether it was taken.
  const taken = () => before.query('SELECT FROM hologen_internal.job WHERE task_id IS NOT NULL');
  await expect.poll(async () => (await taken()).rowCount).toBe(1);
  first.child.kill('SIGKILL');
  await first.ended;

  const second = spawnGateway(dataDir, cloud.environment);
  expect(await second.ready).toBe(true);
  const after = await connect(dataDir);
  const states = async (handles: { handle: string }[]) =>
    (
      await after.query('SELECT DISTINCT ai_status(h) AS state FROM unnest($1::text[]) h', [
        handles.map(({ handle }) => handle),
      ])
    ).rows;
  await expect.poll(() => states(rows)).toEqual([{ state: 'succeeded' }]);
  expect(await states(uncommitted.rows)).toEqual([{ state: 'cancelled' }]);
  expect(cloud.submits('clip ')).toHaveLength(3);
  await endAll(after, second, cloud, dataDir);
});

test('kill -9 between the COMMIT and the gateway’s own word of it: the next one asks the engine, and sends what was committed', async () => {
  const dataDir = await newDirectory();
  const cloud = await startOutlivingCloud({ videoMs: 100 });
  const first = spawnGateway(dataDir, cloud.environment);
  expect(await first.ready).toBe(true);
  const [client, other] = [await connect(dataDir), await connect(dataDir)];
  await client.query('BEGIN');
  const kept = await client.query(submit('clip kept', 'wan26_t2v'));
  await client.query('SAVEPOINT s');
  const undone = await client.query(submit('clip undone', 'wan26_t2v'));
  await client.query('ROLLBACK TO s');
  // However long ago it was asked for.
  await other.query("UPDATE hologen_internal.job SET submitted_at = submitted_at - interval '2 days'");
  // The gateway's word waits for this.
  await other.query('BEGIN');
  await other.query('SELECT FROM hologen_internal.job FOR UPDATE');
  await client.query('COMMIT');
  const writing = () =>
    client.query("SELECT FROM pg_stat_activity WHERE query ~ 'SET released' AND wait_event_type = 'Lock'");
  await expect.poll(async () => (await writing()).rowCount).toBe(1);
  first.child.kill('SIGKILL');
  await first.ended;

  const second = spawnGateway(dataDir, cloud.environment);
  expect(await second.ready).toBe(true);
  const after = await connect(dataDir);
  const state = async ({ rows }: typeof kept) =>
    (await after.query('SELECT ai_status($1) AS state', [rows[0].handle])).rows[0].state;
  await expect.poll(() => state(kept)).toBe('succeeded');
  expect(await state(undone)).toBe('cancelled');
  expect(cloud.submits('clip ')).toHaveLength(1);
  await endAll(after, second, cloud, dataDir);
});

test.each(['qwen_image_2', 'wan26_t2i'])(
  'a refused call of %s says through its handle all that ai_gen says',
  async (model) => {
    const client = await gateway.client();
    const request = '{"prompt": "gone [[sandbox:refuse]]"}';
    const now = await refusal(client.query('SELECT ai_gen($1, $2)', [model, request]));
    expect(now.hint).toMatch(/change the prompt/);
    const { rows } = await client.query('SELECT ai_submit($1, $2) AS handle', [model, request]);
    const later = await refusal(client.query('SELECT ai_wait($1)', [rows[0].handle]));
    const words = ({ code, message, detail = '', hint }: typeof now) => [
      code,
      message,
      detail.replace(/[0-9a-f]{8}-[^.]*/, 'its own'),
      hint,
    ];
    expect(words(later)).toEqual(words(now));
    const kept = await client.query('SELECT error FROM hologen.jobs WHERE job_id = $1', [rows[0].handle]);
    expect(kept.rows[0].error).toMatchObject({ hint: now.hint, retryable: false });
  },
);

test('it is made where its client left while the engine was at COMMIT, and COMMIT succeeds all the same', async () => {
  const [owner, leaving] = [await gateway.client(), await gateway.client()];
  await owner.query(`
    CREATE TABLE slowly (n int);
    CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_sleep(20);
      RETURN NULL;
    EXCEPTION WHEN query_canceled THEN
      PERFORM pg_sleep(1);
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slowly DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_time()`);
  await leaving.query('BEGIN; INSERT INTO slowly VALUES (1)');
  const { rows } = await leaving.query(submit('left at COMMIT'));
  const lost = refusal(leaving.query('COMMIT'));
  const commits =
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'";
  await expect.poll(async () => (await owner.query(commits)).rows[0].n).toBe(1);
  // biome-ignore lint/suspicious/noExplicitAny: pg does not let anybody break a connection
  (leaving as any).connection.stream.destroy();
  await lost;
  await expect.poll(() => status(rows[0].handle), { timeout: 15_000 }).toBe('succeeded');
});
