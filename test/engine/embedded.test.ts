/** The embedded engine through the life of a gateway: first and next start, killed, stopped while it works, any account, any folder. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import {
  type Account,
  hologen,
  isRoot,
  makeDirectory,
  nobody,
  type SpawnedGateway,
  serve,
  stopGateways,
} from '../cli/spawned-gateway.js';
import { refusal } from '../gateway.js';

/** Who may start a gateway on this machine. */
const accounts: [string, Account][] = isRoot
  ? [
      ['root', {}],
      ['an unprivileged user', nobody],
    ]
  : [['an unprivileged user', {}]];
const shared = '/var/lib/hologen';

const directories: string[] = [];
afterAll(async () => {
  await stopGateways();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function newDirectory(account?: Account): Promise<string> {
  const directory = await makeDirectory(account);
  directories.push(directory);
  return directory;
}

async function stop(gateway: SpawnedGateway): Promise<number | null> {
  gateway.kill('SIGTERM');
  return gateway.exit;
}

/** A process that ended may stay listed until its parent looks; its command line is gone at once. */
async function isRunning(processId: number): Promise<boolean> {
  return (await readFile(`/proc/${processId}/cmdline`, 'utf8').catch(() => '')) !== '';
}

/** The server's process id. */
async function engineOf(home: string): Promise<number> {
  return Number((await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function accountOf(processId: number): Promise<number> {
  return (await stat(`/proc/${processId}`)).uid;
}

/** The error a connection gets without having asked for anything. */
function lastWord(client: pg.Client): Promise<pg.DatabaseError> {
  return new Promise((resolve) => client.once('error', (error) => resolve(error as pg.DatabaseError)));
}

function picture(prompt: string): string {
  const place = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test')`;
  return `SELECT ai_gen('qwen_image', '{"prompt":"${prompt}","output_dir":"oss://demo/"}', ${place}) AS result`;
}

test.each(accounts)(
  'started by %s it answers soon, keeps its data and its password',
  async (who, account) => {
    const directory = await newDirectory(account);
    const times: number[] = [];
    const urls: string[] = [];
    for (const statement of ['CREATE TABLE kept AS SELECT 7 AS value', 'SELECT value FROM kept']) {
      const startedAt = Date.now();
      const gateway = await serve(directory, ['--sandbox'], { account });
      const client = await gateway.client();
      await client.query(statement);
      times.push(Date.now() - startedAt);
      urls.push(new URL(gateway.url).password);
      expect((await client.query('SHOW fsync')).rows).toEqual([{ fsync: 'on' }]);
      expect((await client.query('SHOW listen_addresses')).rows).toEqual([{ listen_addresses: '' }]);
      expect(await accountOf(await engineOf(join(directory, 'engine')))).not.toBe(0);
      await client.end();
      expect(await stop(gateway)).toBe(0);
    }
    console.log(`started by ${who}: first answer after ${times[0]} ms, next start ${times[1]} ms`);
    expect(urls[1]).toBe(urls[0]);
  },
);

test('nothing in the data directory can be read by others', async () => {
  const directory = await newDirectory();
  const gateway = await serve(directory);
  for (const name of await readdir(directory)) {
    const { mode } = await stat(join(directory, name));
    expect(`${name} ${(mode & 0o044).toString(8)}`).toBe(`${name} 0`);
  }
  await stop(gateway);
});

test('after kill -9 the next start names the engine left behind, ends it and goes on where it was', async () => {
  const directory = await newDirectory();
  const killed = await serve(directory, ['--sandbox', '--sandbox-image-ms', '60000']);
  const client = await killed.client();
  await client.query('CREATE TABLE kept AS SELECT 7 AS value');
  const waiting = refusal(client.query(picture('never finished')));
  const other = await killed.client();
  await submitted(other);
  const left = await engineOf(join(directory, 'engine'));
  killed.kill('SIGKILL');
  await killed.exit;
  await waiting;
  expect(existsSync(join(directory, 'runtime.json'))).toBe(true);
  expect((await hologen(['url', '--data-dir', directory])).code).toBe(1);

  const startedAt = Date.now();
  const next = await serve(directory, ['--sandbox', '--sandbox-image-ms', '1']);
  const again = await next.client();
  const { rows } = await again.query('SELECT value FROM kept');
  const tookMs = Date.now() - startedAt;
  console.log(`after kill -9: next start ${tookMs} ms`);
  expect(rows).toEqual([{ value: 7 }]);
  expect(await isRunning(left)).toBe(false);
  expect(logged(next)).toContainEqual(
    expect.objectContaining({
      processId: left,
      cluster: join(directory, 'engine', 'cluster'),
      msg: 'an engine of a gateway that was killed still runs here; it is stopped first',
    }),
  );
  expect(JSON.parse((await again.query(picture('a lake'))).rows[0].result).image_oss_paths).toHaveLength(1);
  await again.end();
  expect(await stop(next)).toBe(0);
});

/** What it wrote to its log so far. */
function logged({ printed }: SpawnedGateway): unknown[] {
  const lines = printed.stderr.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

/** Until the one call of the gateway is at the provider. */
async function submitted(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query("SELECT FROM hologen.jobs WHERE state = 'running'");
    if (rows.length > 0) return;
  }
}

test('an engine left behind that does not stop in time is named, with what to do about it', async () => {
  const directory = await newDirectory();
  const killed = await serve(directory);
  const engine = await engineOf(join(directory, 'engine'));
  process.kill(engine, 'SIGSTOP');
  killed.kill('SIGKILL');
  await killed.exit;
  const refused = await serve(directory, ['--sandbox'], { environment: { PGCTLTIMEOUT: '1' } }).then(
    () => 'it started',
    ({ message }: Error) => message,
  );
  process.kill(engine, 'SIGCONT');
  expect(refused).toMatch(
    new RegExp(`process ${engine}\\b.* did not stop within 1 s[^]*kill -QUIT ${engine}`),
  );
  expect(refused).toMatch(/PGCTLTIMEOUT/);
  await stop(await serve(directory));
});

test('a process of the engine that does not end does not keep the gateway from stopping, and loses nothing', async () => {
  const directory = await newDirectory();
  const gateway = await serve(directory, ['--sandbox'], { environment: { PGCTLTIMEOUT: '1' } });
  const client = await gateway.client();
  lastWord(client);
  await client.query('CREATE TABLE kept AS SELECT 1 AS one');
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0].pid, 'SIGSTOP');
  expect(await stop(gateway)).toBe(0);
  expect(logged(gateway)).toContainEqual(
    expect.objectContaining({ msg: expect.stringMatching(/did not stop within 1 s; it is ended at once/) }),
  );
  expect(await isRunning(rows[0].pid)).toBe(false);
  const next = await serve(directory);
  const again = await next.client();
  expect((await again.query('SELECT one FROM kept')).rows).toEqual([{ one: 1 }]);
  await again.end();
  expect(await stop(next)).toBe(0);
});

test('a second gateway on the same data directory is refused, and the first is not disturbed', async () => {
  const directory = await newDirectory();
  const first = await serve(directory);
  const client = await first.client();
  const second = await hologen(['serve', '--sandbox', '--data-dir', directory, '--port', '0']);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/^hologen serve: another hologen serves this data directory/);
  expect(second.stderr.trim().split('\n')).toHaveLength(1);
  expect((await hologen(['url', '--data-dir', directory])).stdout.trim()).toBe(first.url);
  expect((await client.query("SELECT ai_gen('qwen_plus', 'hello') AS text")).rows[0].text).toContain('hello');
  await client.end();
  expect(await stop(first)).toBe(0);
});

test('SIGTERM lets a running statement end, then sessions hear 57P01, and nothing is left', async () => {
  const directory = await newDirectory();
  const gateway = await serve(directory, ['--sandbox', '--sandbox-image-ms', '1500']);
  const [working, idle] = [await gateway.client(), await gateway.client()];
  const words = Promise.all([lastWord(working), lastWord(idle)]);
  const running = working.query(picture('finished'));
  await submitted(idle);
  const engine = await engineOf(join(directory, 'engine'));
  gateway.kill('SIGTERM');
  const { rows } = await running;
  expect(JSON.parse(rows[0].result).image_oss_paths).toHaveLength(1);
  expect((await words).map(({ code }) => code)).toEqual(['57P01', '57P01']);
  expect(await gateway.exit).toBe(0);
  expect(existsSync(join(directory, 'runtime.json'))).toBe(false);
  expect(await isRunning(engine)).toBe(false);
});

test('a statement that outlasts the drain time is ended with 57P01', async () => {
  const directory = await newDirectory();
  const gateway = await serve(directory, ['--sandbox'], { environment: { HOLOGEN_DRAIN_MS: '300' } });
  const client = await gateway.client();
  const running = refusal(client.query('SELECT pg_sleep(60)'));
  const other = await gateway.client();
  await untilSleeping(other);
  const stoppedAt = Date.now();
  gateway.kill('SIGINT');
  expect((await running).code).toBe('57P01');
  expect(await gateway.exit).toBe(0);
  expect(Date.now() - stoppedAt).toBeGreaterThanOrEqual(300);
  // The statement itself would have taken a minute.
  expect(Date.now() - stoppedAt).toBeLessThan(50_000);
});

async function untilSleeping(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    if (rows.length > 0) return;
  }
}

test.runIf(isRoot)(
  'below a folder that only root may enter, the engine lives in /var/lib/hologen',
  async () => {
    const before = new Set(await readdir(shared).catch(() => []));
    const directory = `/root/hologen-test-${process.pid}`;
    directories.push(directory);
    const gateway = await serve(directory);
    const [home, ...more] = (await readdir(shared)).filter((name) => !before.has(name));
    if (!home) throw new Error(`nothing new in ${shared}`);
    directories.push(...[home, ...more].map((name) => join(shared, name)));
    const client = await gateway.client();
    expect((await client.query("SELECT ai_gen('qwen_plus', 'hello') AS text")).rows[0].text).toContain(
      'hello',
    );
    await client.end();
    expect(more).toEqual([]);
    expect(await accountOf(await engineOf(join(shared, home)))).not.toBe(0);
    expect(existsSync(join(directory, 'engine'))).toBe(false);
    expect(await stop(gateway)).toBe(0);
  },
);

/** What a gateway says that does not start there. */
async function refusedStart(directory: string): Promise<string> {
  return serve(directory).then(
    () => 'it started',
    ({ message }: Error) => message,
  );
}

test.runIf(isRoot)(
  'a data directory that is moved into or out of such a folder does not begin again empty: it says where its databases are',
  async () => {
    const name = `hologen-moved-${process.pid}`;
    const hidden = `/root/${name}`;
    const open = join(await newDirectory(), name);
    directories.push(hidden);
    let home = '';
    const gateway = await serve(hidden);
    await (await gateway.client()).query('CREATE TABLE kept AS SELECT 7 AS value');
    await stop(gateway);
    for (const [from, to] of [
      [hidden, open],
      [open, hidden],
    ] as const) {
      await rename(from, to);
      const [, cluster = '', target = ''] = /mv (\S+) (\S+)$/m.exec(await refusedStart(to)) ?? [];
      await rename(cluster, join(target, 'cluster'));
      if (from === hidden) home = dirname(cluster);
      const moved = await serve(to);
      const { rows } = await (await moved.client()).query('SELECT value FROM kept');
      expect(rows).toEqual([{ value: 7 }]);
      await stop(moved);
    }
    directories.push(home);
    expect(dirname(home)).toBe(shared);
    await rm(join(home, 'cluster'), { recursive: true });
    expect(await refusedStart(hidden)).toContain(`delete ${hidden}/engine-home to begin with empty ones`);
    await rm(join(hidden, 'engine-home'));
    await stop(await serve(hidden));
  },
);
