/** Replication through the gateway with PostgreSQL's own programs: base backup, streamed WAL, logical decoding. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type DebianPostgres,
  debianPrograms,
  startDebianPostgres,
  superuserPassword,
} from '../debian-postgres.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { connectRaw, copyDone, fields, frame, login, query, row, types } from './raw-client.js';

let engine: DebianPostgres;
let gateway: TestGateway;
let folder: string;
let sql: pg.Client;
const environment = { PGPASSWORD: superuserPassword };
const program = (name: string) => `${debianPrograms}/${name}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hologen-replication-'));
  engine = await startDebianPostgres(
    [],
    ['wal_level = logical', 'max_wal_senders = 8', 'max_replication_slots = 8'],
  );
  gateway = await startTestGateway({ engineUrl: engine.url });
  sql = await gateway.client();
  await sql.query(
    "CREATE TABLE things (n int PRIMARY KEY, words text); INSERT INTO things SELECT n, repeat('w', 500) FROM generate_series(1, 20000) n",
  );
});
afterAll(async () => {
  await gateway?.close();
  await engine?.close();
  await rm(folder, { recursive: true, force: true });
});

const address = (sslmode = 'prefer') =>
  `host=127.0.0.1 port=${new URL(gateway.url).port} user=postgres dbname=postgres sslmode=${sslmode}`;

/** A program that streams until it is told to stop; resolves with what it said then. */
function streaming(name: string, args: string[]): { stop(): Promise<{ code: number | null; said: string }> } {
  const child = spawn(program(name), args, { env: { PATH: process.env.PATH, ...environment } });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const exit = once(child, 'exit');
  return {
    async stop() {
      child.kill('SIGINT');
      return { code: (await exit)[0] as number | null, said };
    },
  };
}

test.each(['disable', 'require'])(
  'pg_basebackup (sslmode=%s) brings a whole cluster, streamed WAL included, that its own check accepts',
  async (sslmode) => {
    const target = join(folder, `backup-${sslmode}`);
    await runProgram(
      program('pg_basebackup'),
      ['-d', address(sslmode), '-D', target, '-X', 'stream', '-c', 'fast', '--no-sync'],
      environment,
    );
    const { stderr, stdout } = await runProgram(program('pg_verifybackup'), [target]);
    expect(stdout + stderr).toMatch(/backup successfully verified/);
  },
);

test('pg_basebackup as a tar stream to its standard output', async () => {
  const child = spawn(
    program('pg_basebackup'),
    ['-d', address(), '-D', '-', '-Ft', '-X', 'fetch', '-c', 'fast'],
    {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let bytes = 0;
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length;
  });
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(bytes).toBeGreaterThan(20_000_000);
});

test.each(['disable', 'require'])(
  'pg_receivewal (sslmode=%s) makes a slot, streams finished segments and stops cleanly',
  async (sslmode) => {
    const target = await mkdtemp(join(folder, 'wal-'));
    await runProgram(
      program('pg_receivewal'),
      ['-d', address(sslmode), '--slot', 'segments', '--create-slot'],
      environment,
    );
    const receiver = streaming('pg_receivewal', [
      '-d',
      address(sslmode),
      '-D',
      target,
      '--slot',
      'segments',
      '--no-sync',
    ]);
    const written = async () => {
      await sql.query("UPDATE things SET words = repeat('x', 500) WHERE n <= 200");
      await sql.query('SELECT pg_switch_wal()');
      const whole = (await readdir(target)).filter((name) => /^[0-9A-F]{24}$/.test(name));
      return whole.length;
    };
    await expect.poll(written).toBeGreaterThanOrEqual(2);
    expect(await receiver.stop()).toMatchObject({ code: 0 });
    for (const name of (await readdir(target)).filter((each) => /^[0-9A-F]{24}$/.test(each))) {
      expect((await stat(join(target, name))).size).toBe(16 * 2 ** 20);
    }
    await runProgram(
      program('pg_receivewal'),
      ['-d', address(sslmode), '--slot', 'segments', '--drop-slot'],
      environment,
    );
  },
);

test('pg_recvlogical streams what is committed, in order, and nothing of what is rolled back', async () => {
  const file = join(folder, 'changes');
  const options = ['-d', address(), '--slot', 'changes'];
  await runProgram(
    program('pg_recvlogical'),
    [...options, '--create-slot', '-P', 'test_decoding'],
    environment,
  );
  const receiver = streaming('pg_recvlogical', [
    ...options,
    '--start',
    '-f',
    file,
    '-F',
    '0',
    '-o',
    'skip-empty-xacts=1',
    '-o',
    'include-xids=0',
  ]);
  await sql.query('CREATE TABLE news (n int, words text)');
  for (let n = 1; n <= 50; n += 1) await sql.query('INSERT INTO news VALUES ($1, $2)', [n, `✓ ${n}`]);
  await sql.query(
    "BEGIN; INSERT INTO news VALUES (0, 'never'); ROLLBACK; INSERT INTO news VALUES (51, repeat('long', 100000))",
  );
  const inserts = async () =>
    (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line.includes('INSERT'));
  await expect.poll(async () => (await inserts()).length).toBe(51);
  expect(await receiver.stop()).toMatchObject({ code: 0 });
  for (const [index, line] of (await inserts()).slice(0, 50).entries()) {
    expect(line).toBe(`table public.news: INSERT: n[integer]:${index + 1} words[text]:'✓ ${index + 1}'`);
  }
  await runProgram(program('pg_recvlogical'), [...options, '--drop-slot'], environment);
});

test('COPY BOTH by hand: commands, a stream both ways, its end, and SQL again on the same connection', async () => {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url, { parameters: { replication: 'database' } });
  client.write(query('IDENTIFY_SYSTEM'));
  const system = (await client.until('Z')).find(({ type }) => type === 'D');
  expect(system && row(system)[3]).toBe('postgres');
  client.write(query('CREATE_REPLICATION_SLOT both TEMPORARY LOGICAL test_decoding'));
  await client.until('Z');
  client.write(query('START_REPLICATION SLOT both LOGICAL 0/0'));
  await client.until('W');
  await sql.query("INSERT INTO things VALUES (-1, 'for COPY BOTH')");
  // 'w' is data, 'k' a keepalive; the client answers with a status update 'r' that asks for a reply at once.
  const status = Buffer.alloc(34);
  status.write('r');
  status.writeUInt8(1, 33);
  let heard = '';
  let keepalives = 0;
  client.write(frame('d', status));
  while (!heard.includes('for COPY BOTH') || keepalives === 0) {
    const [data] = await client.until('d');
    if (data?.body[0] === 0x77) heard += data.body.toString('utf8', 25);
    else {
      keepalives += 1;
      if (!heard.includes('for COPY BOTH')) client.write(frame('d', status));
    }
  }
  client.write(copyDone);
  expect(types((await client.until('Z')).filter(({ type }) => type !== 'd'))).toBe('c C C Z');
  client.write(query('SELECT 42'));
  const answer = (await client.until('Z')).find(({ type }) => type === 'D');
  expect(answer && row(answer)).toEqual(['42']);
  client.write(query('START_REPLICATION SLOT nowhere LOGICAL 0/0'));
  expect((await client.until('Z')).map((each) => (each.type === 'E' ? fields(each).C : each.type))).toEqual([
    '42704',
    'Z',
  ]);
  client.close();
});
