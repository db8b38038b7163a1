/** Two gateways on one engine: jobs, budgets, limits and cancel work across both; one dies, the other goes on with what it left. */
import { rm } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from '../calls/crash-run.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { refusal } from '../gateway.js';

let engine: DebianPostgres;
let cloud: OutlivingCloud;
const places: string[] = [];
const processes: GatewayProcess[] = [];
let first: pg.Client;
let second: pg.Client;

async function startOne(): Promise<{ process: GatewayProcess; client: pg.Client }> {
  const place = await newDirectory();
  const process = spawnGateway(place, {
    ...cloud.environment,
    HOLOGEN_ENGINE_URL: engine.url,
    HOLOGEN_SECRET_KEY: 'the same for all gateways of one engine',
  });
  places.push(place);
  processes.push(process);
  expect(await process.ready, process.printed()).toBe(true);
  return { process, client: await connect(place) };
}

let firstProcess: GatewayProcess;

beforeAll(async () => {
  engine = await startDebianPostgres();
  cloud = await startOutlivingCloud({ imageMs: 100, videoMs: 1_500, textMs: 50 });
  ({ process: firstProcess, client: first } = await startOne());
  ({ client: second } = await startOne());
  for (const [name, type, task, config] of [
    ['picture', 'qwen-image-2.0', 'image-generation', { submits_per_second: 1000 }],
    [
      'video',
      'wan2.6-t2v',
      'video-generation',
      { submits_per_second: 1000, concurrent_tasks: 4, api_key: 'sk-test' },
    ],
  ] as const)
    await first.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [
      name,
      type,
      JSON.stringify(config),
      task,
    ]);
});
afterAll(async () => {
  for (const { child, ended } of processes) {
    child.kill('SIGTERM');
    await ended;
  }
  await cloud?.close();
  await engine?.close();
  for (const place of places) await rm(place, { recursive: true, force: true });
});

const pictures = (word: string, count: number) =>
  `SELECT ai_gen('picture', json_build_object('prompt', '${word} ' || i)::text) AS made FROM generate_series(1, ${count}) i`;
const status = async (client: pg.Client, handle: string) =>
  (await client.query('SELECT ai_status($1) AS state', [handle])).rows[0].state;

test('both serve, each session through its own gateway, and both show the jobs of both', async () => {
  await Promise.all([first.query(pictures('at the first', 3)), second.query(pictures('at the second', 3))]);
  for (const client of [first, second]) {
    const claimed = () =>
      client.query(
        "SELECT count(*)::int AS jobs FROM hologen.jobs WHERE request ->> 'prompt' LIKE 'at the %' AND claimed_at IS NOT NULL",
      );
    await expect.poll(async () => (await claimed()).rows).toEqual([{ jobs: 6 }]);
  }
  expect(cloud.submits('at the ')).toHaveLength(6);
});

test('a budget that was set at one is kept by the other', async () => {
  const used = (await first.query("SELECT count(*)::int AS n FROM hologen.jobs WHERE model_name = 'picture'"))
    .rows[0].n;
  await first.query("CALL set_budget(NULL, 'picture', $1, NULL)", [used + 2]);
  await first.query(pictures('budget', 1));
  expect((await refusal(second.query(pictures('too many', 2)))).code).toBe('53400');
  await second.query(pictures('budget', 1));
  await second.query("CALL remove_budget(NULL, 'picture')");
});

const filmOf = (prompt: string) => `SELECT ai_gen('video', '{"prompt": "${prompt}"}') AS made`;

/** Runs the film, and cuts its statement off by `cut` as soon as it is submitted. */
async function cutOff(client: pg.Client, prompt: string, cut: (pid: number) => Promise<unknown>) {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const refused = refusal(client.query(filmOf(prompt)));
  await expect.poll(() => cloud.submits(prompt).filter(({ taskId }) => taskId)).toHaveLength(1);
  await cut(rows[0].pid);
  expect((await refused).code).toBe('57014');
}

async function takesTheOneFilm(client: pg.Client, prompt: string) {
  const made = JSON.parse((await client.query(filmOf(prompt))).rows[0].made);
  expect(made.output.task_id).toBe(cloud.submits(prompt)[0]?.taskId);
  expect(cloud.submits(prompt)).toHaveLength(1);
}

const cancelBackend = (pid: number) => second.query('SELECT pg_cancel_backend($1)', [pid]);

test('a statement that was cut off at one is run again at the other: it takes what the first one makes, and nothing is submitted twice', async () => {
  await cutOff(first, 'cut off', cancelBackend);
  await takesTheOneFilm(second, 'cut off');
});

test('a result that a statement at one was given and has not kept is found at the other', async () => {
  for (const client of [first, second, first]) {
    await client.query('BEGIN');
    await client.query(`CREATE TEMP TABLE undone AS ${pictures('kept by nobody', 3)}`);
    await client.query('ROLLBACK');
  }
  await second.query(pictures('kept by nobody', 3));
  expect(cloud.submits('kept by nobody')).toHaveLength(3);
});

test('a call with ai_gen.reuse on that has waited in vain leaves the film to others', async () => {
  await cutOff(first, 'waited in vain', cancelBackend);
  await second.query("SET ai_gen.reuse = 'on'; SET ai_gen.timeout = '300ms'");
  expect((await refusal(second.query(filmOf('waited in vain')))).code).toBe('57014');
  await second.query('RESET ai_gen.reuse; RESET ai_gen.timeout');
  await takesTheOneFilm(first, 'waited in vain');
});

test('the error of a statement that was cut off comes when the other gateway can know of it, however long the ledger takes', async () => {
  const locking = await connect(places[1] as string);
  let told = false;
  const cut = cutOff(first, 'slowly cut', async (pid) => {
    await locking.query('BEGIN');
    await locking.query(
      "SELECT FROM hologen_internal.job WHERE request ->> 'prompt' = 'slowly cut' FOR UPDATE",
    );
    await cancelBackend(pid);
  }).then(() => {
    told = true;
  });
  const writing = () =>
    second.query("SELECT FROM pg_stat_activity WHERE query ~ 'SET abandoned' AND wait_event_type = 'Lock'");
  await expect.poll(async () => (await writing()).rowCount).toBe(1);
  const toldTooEarly = told;
  await locking.query('COMMIT');
  await locking.end();
  expect(toldTooEarly).toBe(false);
  await cut;
  await takesTheOneFilm(second, 'slowly cut');
});

test('a statement that was cut off is run again before its transaction is undone: it takes the film too', async () => {
  const other = await connect(places[0] as string);
  await first.query('BEGIN');
  // Undoing them takes the engine a while, after the client has its error.
  await first.query(
    "DO $$ BEGIN FOR i IN 1..1200 LOOP EXECUTE format('CREATE TEMP TABLE t%s (a int PRIMARY KEY, b text)', i); END LOOP; END $$",
  );
  await cutOff(first, 'undone slowly', cancelBackend);
  await takesTheOneFilm(other, 'undone slowly');
  await first.query('ROLLBACK');
  await other.end();
});

test('what one has made for a client whose transaction is open the other does not give to another client, and finds when it is rolled back', async () => {
  await first.query('CREATE TABLE kept (made text)');
  await first.query('BEGIN');
  await first.query(`INSERT INTO kept ${pictures('still open', 1)}`);
  const [other] = (await second.query(pictures('still open', 1))).rows;
  expect(cloud.submits('still open')).toHaveLength(2);
  const [own] = (await first.query('SELECT made FROM kept')).rows;
  expect(other.made).not.toBe(own.made);
  await first.query('ROLLBACK');
  expect((await second.query(pictures('still open', 1))).rows).toEqual([own]);
  expect(cloud.submits('still open')).toHaveLength(2);
});

test('with ai_gen.reuse on what one makes is for the clients of the other, too', async () => {
  for (const client of [first, second]) await client.query('SET ai_gen.reuse = on');
  const own = first.query(filmOf('for both'));
  await expect.poll(() => cloud.submits('for both')).toHaveLength(1);
  const other = (await second.query(filmOf('for both'))).rows;
  expect(other).toEqual((await own).rows);
  expect(cloud.submits('for both')).toHaveLength(1);
  for (const client of [first, second]) await client.query('RESET ai_gen.reuse');
});

test('what one submits the other waits for, and cancels', async () => {
  const submit = (word: string, model: string) =>
    first.query(`SELECT ai_submit($1, json_build_object('prompt', $2::text)::text) AS handle`, [model, word]);
  const waited = (await submit('handed over', 'picture')).rows[0].handle;
  const { rows } = await second.query('SELECT ai_wait($1) AS made', [waited]);
  expect(JSON.parse(rows[0].made).image_urls).toHaveLength(1);

  const videos = await first.query(
    `SELECT ai_submit('video', json_build_object('prompt', 'queue ' || i)::text) AS handle FROM generate_series(1, 12) i`,
  );
  const last = videos.rows.at(-1).handle;
  expect(await status(second, last)).toBe('submitted');
  expect((await second.query('SELECT ai_cancel($1) AS gone', [last])).rows).toEqual([{ gone: true }]);
  expect(await status(first, last)).toBe('cancelled');
  for (const { handle } of videos.rows.slice(0, -1)) await second.query('SELECT ai_wait($1)', [handle]);
  expect(cloud.submits('queue ')).toHaveLength(11);
});

test('together they keep to the limits of one', async () => {
  cloud.studio.settings.rateLimits = { 'wan2.6-t2v': { submits: 1000, windowMs: 1000, concurrentTasks: 4 } };
  const videos = (word: string) =>
    `SELECT ai_gen('video', json_build_object('prompt', '${word} ' || i)::text) FROM generate_series(1, 6) i`;
  await Promise.all([first.query(videos('shared a')), second.query(videos('shared b'))]);
  cloud.studio.settings.rateLimits = 'off';
  expect(cloud.submits('shared ')).toHaveLength(12);
});

test('one is killed: the other polls its tasks, sends what was committed and not sent, and saves; everything is paid once', async () => {
  const committed = await first.query(
    `SELECT ai_submit('video', json_build_object('prompt', 'orphan ' || i)::text) AS handle FROM generate_series(1, 6) i`,
  );
  const waiting = first
    .query(`SELECT ai_gen('video', '{"prompt": "orphan of a statement"}')`)
    .catch((error: Error) => error.message);
  await expect.poll(() => cloud.submits('orphan ').length).toBeGreaterThanOrEqual(2);
  firstProcess.child.kill('SIGKILL');
  await firstProcess.ended;
  expect(await waiting).toMatch(/terminated|ECONNRESET/);
  for (const { handle } of committed.rows) {
    const { rows } = await second.query('SELECT ai_wait($1) AS made', [handle]);
    expect(JSON.parse(rows[0].made).output.task_status).toBe('SUCCEEDED');
  }
  for (let number = 1; number <= 6; number++) expect(cloud.submits(`orphan ${number}`)).toHaveLength(1);
  // The gateway that is gone is forgotten; the engine's functions ask the one that lives.
  const gateways = async () =>
    (await second.query('SELECT count(*)::int AS n FROM hologen_internal.gateway')).rows;
  await expect.poll(gateways).toEqual([{ n: 1 }]);
});

test('what is taken over while the engine does not answer a question about it goes on when it does', async () => {
  const { process: third, client } = await startOne();
  const operator = new pg.Client({ connectionString: engine.url });
  await operator.connect();
  client.query(`SELECT ai_gen('video', '{"prompt": "orphan of a third"}')`).catch(() => {});
  await expect.poll(() => cloud.submits('of a third')[0]?.taskId).toBeDefined();
  const job = async () =>
    (
      await operator.query(
        "SELECT state, gateway_id FROM hologen_internal.job WHERE request ->> 'prompt' LIKE '%of a third'",
      )
    ).rows[0];
  const before = await job();
  await operator.query('ALTER TABLE hologen_internal.removed_models RENAME TO away');
  third.child.kill('SIGKILL');
  await third.ended;
  await expect.poll(async () => (await job()).gateway_id).not.toBe(before.gateway_id);
  await expect.poll(() => processes[1]?.printed()).toContain('cannot be taken up for now');
  await operator.query('ALTER TABLE hologen_internal.away RENAME TO removed_models');
  await expect.poll(async () => (await job()).state, { timeout: 20_000 }).toBe('succeeded');
  expect(cloud.submits('of a third')).toHaveLength(1);
  await operator.end();
});
