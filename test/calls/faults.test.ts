/** Faults: what the client sees when engine, gateway or another client dies, is stopped, or runs out of file descriptors. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import {
  connectRaw,
  copyData,
  type Frame,
  fields,
  login,
  parse,
  query,
  type RawClient,
  startup,
} from '../frontend/raw-client.js';

/** Long enough for a picture that is being made, shorter than a video takes. */
const drainMs = 5_000;
/** Longer than any test waits for it: whoever gets an answer got it because the statement was ended. */
const endless = 'SELECT pg_sleep(600)';
const picture = (prompt: string) =>
  `SELECT ai_gen('qwen_image_2_pro', '{"prompt": "${prompt}"}', NULL) AS result`;
const video = `SELECT ai_gen('wan26_t2v', '{"input": {"prompt": "a slow river"}}', NULL) AS result`;

let gateway: SpawnedGateway;
let stopped: SpawnedGateway;
let remote: SpawnedGateway;
let engine: DebianPostgres;

beforeAll(async () => {
  engine = await startDebianPostgres();
  const environment = {
    HOLOGEN_DRAIN_MS: String(drainMs),
    HOLOGEN_SANDBOX_VIDEO_MS: '20000',
    HOLOGEN_SANDBOX_IMAGE_MS: '500',
  };
  [gateway, stopped, remote] = await Promise.all([
    serve(await makeDirectory(), ['--sandbox'], { environment }),
    serve(await makeDirectory(), ['--sandbox'], { environment }),
    serve(await makeDirectory(), ['--sandbox', '--engine-url', engine.url]),
  ]);
});
afterAll(async () => {
  await stopGateways();
  await engine?.close();
  for (const each of [gateway, stopped, remote])
    if (each) await rm(each.dataDir, { recursive: true, force: true });
});

async function session(of: SpawnedGateway): Promise<{ client: RawClient; processId: number }> {
  const client = await connectRaw(of.url);
  const hello = await login(client, of.url);
  return { client, processId: hello.find(({ type }) => type === 'K')?.body.readUInt32BE(0) ?? 0 };
}

/** The last word of a connection that is ended: an ErrorResponse, or nothing at all. */
async function lastWord(client: RawClient): Promise<Record<string, string> | undefined> {
  let error: Frame | undefined;
  for (;;) {
    const next = await client.frame();
    if (!next) return error && fields(error);
    if (next.type === 'E') error = next;
  }
}

/**
 * Connects as soon as the gateway lets one. Every refusal on the way must be the one that says "come again", or none:
 * a PostgreSQL that ends in the middle of somebody's login cuts the connection without a word.
 */
async function comeAgain(of: SpawnedGateway): Promise<{ client: pg.Client; refusals: pg.DatabaseError[] }> {
  const refusals: pg.DatabaseError[] = [];
  for (;;) {
    try {
      return { client: await of.client(), refusals };
    } catch (error) {
      const { code, message } = error as pg.DatabaseError;
      expect(code ?? message).toMatch(/^(57P03|ECONNRESET|Connection terminated unexpectedly)$/);
      if (code === '57P03') refusals.push(error as pg.DatabaseError);
    }
  }
}

const postmaster = async ({ dataDir }: SpawnedGateway) =>
  Number((await readFile(join(dataDir, 'engine', 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);

/** Waits until a session's process does (or is gone, undefined) what `event` says. */
async function untilEngine(watcher: pg.Client, processId: number, event: string | undefined): Promise<void> {
  const state = async () => {
    const found = await watcher.query('SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1', [
      processId,
    ]);
    return found.rows[0] && `${found.rows[0].state} ${found.rows[0].wait_event}`;
  };
  await expect.poll(state).toEqual(event);
}

describe('the engine dies', () => {
  test('kill -9 of the server under load: clients hear 57P01 or the connection ends; newcomers hear 57P03 until it is back, with all that was committed', async () => {
    const first = await gateway.client();
    await first.query('CREATE TABLE kept (writer int, n int)');
    const confirmed = Array<number>(8).fill(0);
    const ends = Array.from(confirmed, async (_, writer) => {
      const client = await gateway.client();
      const ended = new Promise((resolve) => client.once('end', resolve));
      // Between two statements the driver tells it as an event.
      let heard: Error | undefined;
      client.on('error', (error) => {
        heard ??= error;
      });
      try {
        for (;;) {
          await client.query('INSERT INTO kept VALUES ($1, $2)', [writer, (confirmed[writer] ?? 0) + 1]);
          confirmed[writer] = (confirmed[writer] ?? 0) + 1;
        }
      } catch (error) {
        await ended;
        return (heard ?? error) as pg.DatabaseError;
      }
    });
    await expect.poll(() => Math.min(...confirmed)).toBeGreaterThan(20);
    process.kill(await postmaster(gateway), 'SIGKILL');
    for (const error of await Promise.all(ends)) {
      expect(error.code ?? error.message).toMatch(/^(57P01|ECONNRESET|Connection terminated unexpectedly)$/);
    }

    const { client, refusals } = await comeAgain(gateway);
    for (const refusal of refusals) expect(refusal.severity).toBe('FATAL');
    const { rows } = await client.query(
      'SELECT writer, max(n) AS n FROM kept GROUP BY writer ORDER BY writer',
    );
    for (const [writer, { n }] of rows.entries()) expect(n).toBeGreaterThanOrEqual(confirmed[writer] ?? 0);
    // The functions and the gateway's own connections are back as well.
    expect(
      JSON.parse((await client.query(picture('after the crash'))).rows[0].result).image_urls,
    ).toHaveLength(1);
    await client.end();
  });

  test('kill -9 of one session’s process: that client’s connection ends, the others hear the engine’s own 57P02', async () => {
    // PostgreSQL gives its processes five seconds for this word; on a machine that stands still longer they die without.
    const heard: string[] = [];
    for (let tries = 0; tries < 3 && heard.length === 0; tries++) {
      const victim = await session(gateway);
      const other = await session(gateway);
      victim.client.write(query(endless));
      process.kill(victim.processId, 'SIGKILL');
      expect(await lastWord(victim.client)).toBeUndefined();
      for (let next = await other.client.frame(); next; next = await other.client.frame()) {
        heard.push(fields(next).C ?? '');
      }
      const { client } = await comeAgain(gateway);
      await client.end();
    }
    expect(heard).toEqual(['57P02']);
  });
});

describe('a client dies, with a reset or without', () => {
  const phases: [string, (client: RawClient, watcher: pg.Client) => Promise<unknown>][] = [
    ['before its first byte', async () => {}],
    ['in its startup packet', async (client) => client.write(startup({ user: 'hologen' }).subarray(0, 9))],
    [
      'while it is asked for its password',
      async (client) => {
        client.write(startup({ user: 'hologen', database: 'hologen' }));
        await client.until('R');
      },
    ],
    [
      'in a query',
      async (client, watcher) => {
        const processId = await enter(client);
        client.write(query(endless));
        await untilEngine(watcher, processId, 'active PgSleep');
      },
    ],
    [
      'in the middle of a frame',
      async (client) => {
        await enter(client);
        client.write(parse('', 'SELECT 1').subarray(0, 8));
      },
    ],
    [
      'in COPY in',
      async (client) => {
        await enter(client);
        client.write(query('CREATE TEMP TABLE t (a int); COPY t FROM STDIN'));
        await client.until('G');
        client.write(copyData('1\n'), copyData('2\n').subarray(0, 3));
      },
    ],
    [
      'in COPY out, without reading',
      async (client, watcher) => {
        const processId = await enter(client);
        client.socket.removeAllListeners('data').pause();
        client.write(query("COPY (SELECT repeat('x', 100000) FROM generate_series(1, 2000)) TO STDOUT"));
        await untilEngine(watcher, processId, 'active ClientWrite');
      },
    ],
    [
      'in a transaction that holds a lock',
      async (client) => {
        await enter(client);
        client.write(query('BEGIN; LOCK TABLE locked'));
        await client.until('Z');
      },
    ],
    [
      'while ai_gen waits',
      async (client, watcher) => {
        await enter(client);
        client.write(query(picture('nobody waits for this')));
        await expect.poll(async () => (await watcher.query(ownJobs)).rowCount).toBeGreaterThan(0);
      },
    ],
  ];
  const ownJobs = `SELECT state FROM hologen.jobs WHERE request::text LIKE '%nobody waits for this%'`;

  async function enter(client: RawClient): Promise<number> {
    const hello = await login(client, gateway.url);
    return hello.find(({ type }) => type === 'K')?.body.readUInt32BE(0) ?? 0;
  }

  let watcher: pg.Client;
  beforeAll(async () => {
    watcher = await gateway.client();
    await watcher.query('CREATE TABLE locked ()');
  });
  afterAll(() => watcher?.end());

  test.each(phases)('%s: its session, its lock and its place are free again', async (_name, live) => {
    for (const reset of [true, false]) {
      const client = await connectRaw(gateway.url);
      await live(client, watcher);
      if (reset) client.socket.resetAndDestroy();
      else client.socket.destroy();
      const left = async () =>
        (
          await watcher.query(`SELECT state, query FROM pg_stat_activity WHERE backend_type = 'client backend'
            AND application_name <> 'hologen gateway' AND pid <> pg_backend_pid()`)
        ).rows;
      await expect.poll(left).toEqual([]);
    }
    await watcher.query('BEGIN; LOCK TABLE locked NOWAIT; COMMIT');
  });

  test('what it had asked ai_gen for was paid, and has its outcome in the ledger', async () => {
    const states = async () => [...new Set((await watcher.query(ownJobs)).rows.map(({ state }) => state))];
    await expect.poll(states).toEqual(['succeeded']);
  });
});

test('file descriptors run out: newcomers hear 57P03 or are cut, sessions go on, and all is well when there are some again', async () => {
  const old = await gateway.client();
  const open = readdirSync(`/proc/${gateway.pid}/fd`).length;
  const limit = (count: number | string) =>
    execFileSync('prlimit', ['--pid', String(gateway.pid), `--nofile=${count}:`]);
  const before =
    /Max open files\s+(\d+)/.exec(await readFile(`/proc/${gateway.pid}/limits`, 'utf8'))?.[1] ?? '';
  limit(open + 9);
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => gateway.client()));
  const entered = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(entered.length).toBeLessThan(10);
  for (const error of refused) {
    expect(error.code ?? error.message).toMatch(
      /^(57P03|ECONNRESET|EPIPE|Connection terminated unexpectedly)$/,
    );
    if (error.code === '57P03') expect(error.hint).toMatch(/again/);
  }
  expect((await old.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  for (const client of entered) expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  // Also the calls of the engine find no room; that is an error like any other.
  await old.query(picture('without descriptors')).catch((error) => expect(error.code).toMatch(/^\w{5}$/));

  await Promise.all(entered.map((client) => client.end()));
  await expect
    .poll(() =>
      gateway.client().then(
        (client) => client.end().then(() => 'served'),
        (error) => error.message,
      ),
    )
    .toBe('served');
  limit(before);
  const rows = await Promise.all(Array.from({ length: 20 }, () => gateway.client()));
  expect((await old.query(picture('with descriptors'))).rows).toHaveLength(1);
  await Promise.all([...rows, old].map((client) => client.end()));
});

test('the engine cannot be reached: 57P03 with a HINT, sessions end, and it is served again when it is back', async () => {
  const { client } = await session(remote);
  await engine.stop();
  expect(await lastWord(client)).toMatchObject({ C: '57P01' });
  const newcomer = await connectRaw(remote.url);
  newcomer.write(startup({ user: 'postgres' }));
  const refusal = await lastWord(newcomer);
  expect(refusal).toMatchObject({
    S: 'FATAL',
    C: '57P03',
    M: 'the engine behind the gateway cannot be reached',
  });
  expect(refusal?.H).toMatch(/^Try again/);

  await engine.start();
  const again = await remote.client();
  expect((await again.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await again.end();
});

test('a second gateway on the same directory says so and exits with 1; the first one serves on', async () => {
  const { code, stderr } = await hologen([
    'serve',
    '--sandbox',
    '--data-dir',
    gateway.dataDir,
    '--port',
    '0',
  ]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('another hologen serves this data directory'),
  });
  const client = await gateway.client();
  expect(JSON.parse((await client.query(picture('still here'))).rows[0].result).image_urls).toHaveLength(1);
  await client.end();
});

test('SIGTERM: running statements end well within the drain time, the others hear 57P01, and the exit code is 0', async () => {
  const idle = await session(stopped);
  const inTransaction = await session(stopped);
  inTransaction.client.write(query('CREATE TABLE undone (); BEGIN; CREATE TABLE never ()'));
  await inTransaction.client.until('Z');
  const short = await session(stopped);
  short.client.write(query("SELECT 'done' FROM pg_sleep(0.7)"));
  const long = await session(stopped);
  long.client.write(query(endless));
  const painting = await session(stopped);
  painting.client.write(query(picture('in time')));
  const filming = await session(stopped);
  filming.client.write(query(video));
  const watcher = await stopped.client();
  await untilEngine(watcher, long.processId, 'active PgSleep');
  const jobs = async () =>
    (await watcher.query("SELECT 1 FROM hologen.jobs WHERE state = 'running'")).rowCount;
  await expect.poll(jobs).toBeGreaterThanOrEqual(1);
  const watcherEnds = once(watcher, 'error');

  const from = performance.now();
  stopped.kill('SIGTERM');
  expect(String((await short.client.until('Z')).map(({ type }) => type))).toBe('T,D,C,Z');
  expect((await painting.client.until('Z')).map(({ type }) => type)).toContain('D');
  for (const { client } of [idle, inTransaction, short, long, painting, filming]) {
    expect(await lastWord(client)).toMatchObject({ S: 'FATAL', C: '57P01' });
  }
  expect(performance.now() - from).toBeGreaterThan(drainMs - 200);
  expect((await watcherEnds)[0]).toMatchObject({ code: '57P01' });
  expect(await stopped.exit).toBe(0);
  await expect(connectRaw(stopped.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('kill -9 of the gateway: connections end without a word; the next start finds all that was committed', async () => {
  const client = await gateway.client();
  await client.query('CREATE TABLE survives AS SELECT 42 AS n');
  const { client: waiting } = await session(gateway);
  gateway.kill('SIGKILL');
  expect(await lastWord(waiting)).toBeUndefined();
  await gateway.exit;
  gateway = await serve(gateway.dataDir);
  const again = await gateway.client();
  expect((await again.query('SELECT n FROM survives')).rows).toEqual([{ n: 42 }]);
  await again.end();
});
