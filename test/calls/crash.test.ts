/** The plug is pulled: gateway, engine, provider's answers and OSS go away at any moment, and nothing paid is lost or paid twice. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { generate, isProvable, kinds, other, type Wanted, wish } from './crash-calls.js';
import {
  again,
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  seededRandom,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';

const kills = Number(process.env.HOLOGEN_KILLS ?? 12);
const wantedCalls = Number(process.env.HOLOGEN_CALLS ?? 80);
const seed = Number(process.env.HOLOGEN_SEED ?? 20_260);

let cloud: OutlivingCloud;
let gateway: GatewayProcess;
let dataDir: string;

beforeAll(async () => {
  dataDir = await newDirectory();
  cloud = await startOutlivingCloud({ imageMs: 400, videoMs: 800, textMs: 200 });
  gateway = await served();
  const client = await connect(dataDir);
  for (const { model, type, task } of [...kinds, other]) {
    await client.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [
      model,
      type,
      JSON.stringify({ submits_per_second: 1000, concurrent_tasks: null }),
      task,
    ]);
  }
  await client.end();
});
afterAll(async () => {
  gateway?.child.kill('SIGTERM');
  await gateway?.ended;
  await cloud?.close();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

async function served(): Promise<GatewayProcess> {
  const started = spawnGateway(dataDir, cloud.environment);
  if (!(await started.ready)) throw new Error(`the gateway did not start: ${started.printed()}`);
  return started;
}

/** What a client may be told whose gateway or engine was killed. */
const mayPass = ({ code }: pg.DatabaseError) => code === undefined || /^(57P|08|E[A-Z]+$)/.test(code);

async function jobs(client: pg.Client, word = '') {
  const { rows } = await client.query<{
    state: string;
    task_id: string | null;
    request: string;
    claimed: boolean;
  }>(
    `SELECT state, task_id, request #>> '{}' AS request, claimed_at IS NOT NULL AS claimed FROM hologen.jobs
     WHERE strpos(request::text, $1) > 0`,
    [word],
  );
  return rows;
}

const unfinished = ['submitted', 'running', 'saving'];

async function untilAllEnded(client: pg.Client): Promise<void> {
  const open = async () => (await jobs(client)).filter(({ state }) => unfinished.includes(state));
  await expect.poll(open).toEqual([]);
}

/** The objects that a result names are there, and are what its addresses give. */
async function expectSaved(result: string): Promise<string[]> {
  const { image_urls, image_oss_paths, output } = JSON.parse(result);
  const paths: string[] = image_oss_paths ?? [output.video_oss_path];
  const urls: string[] = image_urls ?? [output.video_url];
  expect(paths).toHaveLength(1);
  const object = await cloud.store.read('bucket', String(paths[0]).replace('oss://bucket/', ''));
  const made = Buffer.from(await (await fetch(String(urls[0]))).arrayBuffer());
  expect(object?.equals(made)).toBe(true);
  return paths;
}

/** Of every wanted call: one result; a task submitted once; of the others each submit more is a call the ledger has as unanswered. */
async function expectPaidOnce(client: pg.Client, wanted: Wanted[], results: Map<string, string>) {
  let unanswered = 0;
  const paths: string[] = [];
  for (const call of wanted) {
    const { word, kind, saved } = call;
    const result = results.get(word);
    expect(result, word).toBeTruthy();
    const rows = await jobs(client, word);
    const states = rows.map(({ state }) => state).sort();
    const inState = (state: string) => states.filter((each) => each === state).length;
    expect(
      states.filter((state) => !['succeeded', 'cancelled', 'unanswered'].includes(state)),
      word,
    ).toEqual([]);
    expect(inState('succeeded'), `${word}: ${states}`).toBe(1);
    const submits = cloud.submits(word).length;
    if (isProvable(kind)) expect(submits, `${word} submits, jobs ${JSON.stringify(rows)}`).toBe(1);
    else {
      expect(submits, `${word} submits`).toBeLessThanOrEqual(1 + inState('unanswered'));
      unanswered += inState('unanswered');
    }
    if (saved) paths.push(...(await expectSaved(result ?? '')));
  }
  return { unanswered, paths };
}

test('kill -9 of the gateway at random moments: every row comes, every task was paid once, every lost call is in the ledger', async () => {
  const random = seededRandom(seed);
  let killed = 0;
  let over = false;
  const wanted = Array.from({ length: wantedCalls }, (_, index) =>
    wish(`word-${String(index).padStart(4, '0')}-`, index, index % 8 >= 4),
  );
  // Two thirds in statements of many rows of one kind, the others one by one.
  const alike = kinds.flatMap((kind) =>
    [false, true].map((saved) => wanted.filter((call) => call.kind === kind && call.saved === saved)),
  );
  const statements = alike.flatMap((rows) => {
    const groups: Wanted[][] = [];
    for (let at = 0; at < rows.length; ) {
      const size = at < (rows.length * 2) / 3 ? 2 + Math.floor(random() * 8) : 1;
      groups.push(rows.slice(at, at + size));
      at += size;
    }
    return groups;
  });
  statements.sort(() => random() - 0.5);
  const results = new Map<string, string>();
  const started = Date.now();

  const clients = statements.map(async (rows, index) => {
    // Spread over the run, so that the last kill has something to hit as well.
    while (killed < Math.floor((index / statements.length) * kills)) await delay(20);
    for (const [word, result] of await again(dataDir, (client) => generate(client, rows), mayPass))
      results.set(word, result);
  });
  const done = Promise.all(clients).finally(() => {
    over = true;
  });
  done.catch(() => {});
  for (; killed < kills && !over; killed++) {
    // One in four while it starts, the others while it serves.
    if (random() < 0.25) await delay(random() * 900);
    else {
      expect(await gateway.ready, gateway.printed()).toBe(true);
      await delay(random() * 1500);
    }
    gateway.child.kill('SIGKILL');
    await gateway.ended;
    gateway = spawnGateway(dataDir, cloud.environment);
  }
  expect(await gateway.ready, gateway.printed()).toBe(true);
  await done;

  const client = await connect(dataDir);
  await untilAllEnded(client);
  const { unanswered, paths } = await expectPaidOnce(client, wanted, results);
  // Nothing else was saved: a copy that was cut short has not left a second one under another name.
  expect((await cloud.store.list('bucket', 'out/')).sort()).toEqual(
    paths.map((path) => path.replace('oss://bucket/', '')).sort(),
  );
  // What the provider made is what the ledger has; of types that tell no prompt, but for what it has as unanswered.
  const made = cloud.submits('word-').flatMap(({ taskId, body }) => (taskId ? { taskId, body } : []));
  const kept = new Set(
    (await jobs(client, 'word-')).flatMap(({ state, task_id }) =>
      state === 'succeeded' ? (task_id ?? []) : [],
    ),
  );
  const lost = made.filter(({ taskId }) => !kept.has(taskId));
  expect(lost.filter(({ body }) => (body as { model: string }).model !== 'wan2.6-t2i')).toEqual([]);
  expect(lost.length).toBeLessThanOrEqual(unanswered);
  expect([...kept].filter((id) => !made.some(({ taskId }) => taskId === id))).toEqual([]);
  await client.end();
  console.log(
    `${killed} kills over ${wanted.length} calls in ${statements.length} statements, seed ${seed}, ${Math.round((Date.now() - started) / 1000)} s: ` +
      `0 results lost, 0 tasks submitted twice, ${unanswered} synchronous calls unanswered`,
  );
}, 3_600_000);

test('a synchronous call that was under way at a kill is told to its role with its next statement, once, with the money at risk', async () => {
  const client = await connect(dataDir);
  const rows = [wish('untold-[[sandbox:slow=20000]]', 2)];
  const lost = refusal(generate(client, rows));
  await expect.poll(() => cloud.submits('untold-').length).toBe(1);
  gateway.child.kill('SIGKILL');
  await Promise.all([gateway.ended, lost]);
  gateway = await served();
  const again = await connect(dataDir);
  const notices: string[] = [];
  again.on('notice', ({ message }) => notices.push(message ?? ''));
  for (const word of ['told-one-', 'told-two-']) await generate(again, [wish(word, 3)]);
  const told = notices.filter((notice) => notice.includes('under way when the gateway ended'));
  expect(told).toEqual([
    expect.stringMatching(/; they may have cost CNY \d+\.\d\d\. SELECT \* FROM hologen\.jobs/),
  ]);
  expect(await jobs(again, 'untold-')).toMatchObject([{ state: 'unanswered' }]);
  await again.end();
});

test('kill -9 in the first seconds of an empty directory: the next start works', async () => {
  const random = seededRandom(seed + 1);
  const directory = await newDirectory();
  for (let round = 0; round < 3; round++) {
    const started = spawnGateway(directory, cloud.environment);
    await delay(150 + random() * 1200);
    started.child.kill('SIGKILL');
    await started.ended;
  }
  const last = spawnGateway(directory, cloud.environment);
  expect(await last.ready, last.printed()).toBe(true);
  const client = await connect(directory);
  expect((await client.query('SELECT hg_version() IS NOT NULL AS works')).rows).toEqual([{ works: true }]);
  await client.end();
  last.child.kill('SIGTERM');
  await last.ended;
  await rm(directory, { recursive: true, force: true });
});

test('kill -9 of the engine while calls run: the same statements again take what was paid, nothing is submitted twice', async () => {
  const groups = kinds.map((_, index) =>
    Array.from({ length: 4 }, (_row, row) => wish(`engine-${index}-${row}-`, index, index < 3)),
  );
  const all = groups.flat();
  const work = Promise.all(groups.map((rows) => again(dataDir, (client) => generate(client, rows), mayPass)));
  await expect.poll(() => cloud.submits('engine-').length).toBeGreaterThan(8);
  const postmaster = (await readFile(join(dataDir, 'engine', 'cluster', 'postmaster.pid'), 'utf8')).split(
    '\n',
  )[0];
  process.kill(Number(postmaster), 'SIGKILL');
  const results = new Map((await work).flatMap((made) => [...made]));
  const client = await connect(dataDir);
  await untilAllEnded(client);
  const { unanswered } = await expectPaidOnce(client, all, results);
  expect(unanswered).toBe(0);
  expect(cloud.submits('engine-')).toHaveLength(all.length);
  await client.end();
});

test('OSS is down for a moment, and the gateway is killed meanwhile: what was made is saved when both are back, made once', async () => {
  const groups = [0, 1, 2].map((index) =>
    Array.from({ length: 3 }, (_, row) => wish(`down-${index}-${row}-`, index, true)),
  );
  const client = await connect(dataDir);
  // That the place can be written is asked before anything is spent, and remembered.
  await generate(client, [wish('place-', 2, true)]);
  cloud.store.faults.add({
    answer: 'unavailable',
    times: 1e9,
    when: ({ operation }) => operation === 'PutObject',
  });
  const work = Promise.all(groups.map((rows) => again(dataDir, (each) => generate(each, rows), mayPass)));
  const saving = async () => (await jobs(client, 'down-')).filter(({ state }) => state === 'saving').length;
  await expect.poll(saving).toBe(9);
  gateway.child.kill('SIGKILL');
  await gateway.ended;
  gateway = await served();
  const later = await connect(dataDir);
  const savingAgain = async () =>
    (await jobs(later, 'down-')).filter(({ state }) => state === 'saving').length;
  expect(await savingAgain()).toBe(9);
  await delay(2_000);
  expect(await savingAgain()).toBe(9);
  cloud.store.faults.clear();
  const results = new Map((await work).flatMap((made) => [...made]));
  const { unanswered } = await expectPaidOnce(later, groups.flat(), results);
  expect(unanswered).toBe(0);
  expect(
    cloud.submits('down-').filter(({ taskId, path }) => taskId || path.includes('multimodal')),
  ).toHaveLength(9);
  await later.end();
});

test('answers to submits are lost: the tasks are found in the provider’s list, each result reaches its own row', async () => {
  const client = await connect(dataDir);
  const groups = [0, 4].map((index) =>
    Array.from({ length: 6 }, (_, row) =>
      wish(`lost-${index}-${row}-${row % 2 === 0 ? '[[sandbox:drop]]' : ''}`, index),
    ),
  );
  const made = await Promise.all(
    groups.map(async (rows) =>
      again(
        dataDir,
        (each) => generate(each, rows),
        () => false,
      ),
    ),
  );
  for (const [index, results] of made.entries())
    for (const { word } of groups[index] ?? []) {
      const [submit, ...more] = cloud.submits(word);
      expect(more).toEqual([]);
      expect(submit?.answered).toBe(!word.includes('drop'));
      expect(await jobs(client, word)).toMatchObject([{ state: 'succeeded', task_id: submit?.taskId }]);
      expect(results.get(word)).toBeTruthy();
      if (index === 0) expect(JSON.parse(results.get(word) ?? '').output.orig_prompt).toContain(word);
    }
  await client.end();
});

// Each has models of its own, so that they run side by side.
describe.concurrent('calls of several models at once', () => {
  test('a submit that is reset before the provider took it is unanswered, and not sent again by itself', async () => {
    const client = await connect(dataDir);
    cloud.studio.faults.add({ action: { kind: 'reset' }, method: 'POST', path: '/video-synthesis' });
    const rows = [{ word: 'reset-', kind: other, saved: false }];
    const error = await refusal(generate(client, rows));
    expect(error.code).toBe('08006');
    expect(error.message).toMatch(/may have been taken and billed, so it was not sent again/);
    expect(await jobs(client, 'reset-')).toMatchObject([{ state: 'unanswered', task_id: null }]);
    expect((await generate(client, rows)).get('reset-')).toBeTruthy();
    expect(cloud.submits('reset-')).toHaveLength(1);
    await client.end();
  });

  test('clients of one call are cut off and cancelled one after the other: the last one gets the result of the only submit', async () => {
    const rows = [wish('left-[[sandbox:slow=8000]]', 3)];
    const submitted = () => cloud.submits('left-').length;
    const cutOff = await connect(dataDir);
    const lost = refusal(generate(cutOff, rows));
    await expect.poll(submitted).toBe(1);
    await cutOff.end();
    expect((await lost).message).toMatch(/terminated/);
    const client = await connect(dataDir);
    for (const timeoutMs of [200, 300, 50]) {
      await client.query(`SET statement_timeout = ${timeoutMs}`);
      expect((await refusal(generate(client, rows))).code).toBe('57014');
    }
    await client.query('RESET statement_timeout');
    expect([...(await generate(client, rows)).values()]).toEqual([expect.stringMatching(/./)]);
    expect(submitted()).toBe(1);
    await expect.poll(() => jobs(client, 'left-')).toMatchObject([{ state: 'succeeded', claimed: true }]);
    await client.end();
  });

  test('a storm of 429: all calls get through, each is made once, at no less than half of what the provider allows', async () => {
    const perSecond = 8;
    // What as many calls take this machine where nothing holds them up.
    const ownMs = Math.max(...(await timesOf('calm-')));
    cloud.studio.settings.rateLimits = {
      'qwen-image-2.0': { submits: perSecond, windowMs: 1000 },
      'wan2.6-t2i': { submits: perSecond, windowMs: 1000, concurrentTasks: 1000 },
      'wan2.6-t2v': { submits: 1000, windowMs: 1000, concurrentTasks: 1000 },
    };
    const times = await timesOf('storm-');
    cloud.studio.settings.rateLimits = 'off';
    const submits = cloud.submits('storm-');
    const refused = submits.filter(({ status }) => status === 429).length;
    console.log(
      `429 storm: 2 × 40 calls at ${perSecond}/s took ${times.join(' and ')} ms; ${refused} refused`,
    );
    expect(refused).toBeGreaterThan(0);
    for (const { word } of wishes('storm-').flat())
      expect(cloud.submits(word).filter(({ status }) => status === 200)).toHaveLength(1);
    expect(Math.max(...times)).toBeLessThan((2 * 40 * 1000) / perSecond + 5_000 + 2 * ownMs);

    function wishes(name: string): Wanted[][] {
      return [1, 2].map((index) =>
        Array.from({ length: 40 }, (_, row) => wish(`${name}${index}-${row}-`, index)),
      );
    }

    /** How long each of two models took for forty calls, both at once. */
    function timesOf(name: string): Promise<number[]> {
      const startedAt = Date.now();
      return Promise.all(
        wishes(name).map(async (rows) => {
          const results = await again(
            dataDir,
            (client) => generate(client, rows),
            () => false,
          );
          expect(results.size).toBe(40);
          return Date.now() - startedAt;
        }),
      );
    }
  });
});
