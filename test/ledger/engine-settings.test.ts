/** What an engine, a database or a role is set to for people's sessions is no reason for the ledger to lose what is paid for. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from '../calls/crash-run.js';

let cloud: OutlivingCloud;
let dataDir: string;
let gateway: GatewayProcess;

beforeAll(async () => {
  cloud = await startOutlivingCloud({ videoMs: 3000 });
});
afterAll(() => cloud?.close());
beforeEach(async () => {
  dataDir = await newDirectory();
  await serve();
});
afterEach(async () => {
  await kill();
  await rm(dataDir, { recursive: true, force: true });
});

async function serve(): Promise<void> {
  gateway = spawnGateway(dataDir, cloud.environment);
  expect(await gateway.ready).toBe(true);
}

async function kill(): Promise<void> {
  gateway.child.kill('SIGKILL');
  await gateway.ended;
}

/** Settings of the database hold for connections from the next start on. */
async function startWith(settings: string[]): Promise<pg.Client> {
  const client = await connect(dataDir);
  for (const setting of settings) await client.query(`ALTER DATABASE hologen SET ${setting}`);
  await kill();
  await serve();
  return connect(dataDir);
}

/** Asks for a film, and resolves when the provider has it. */
async function askFor(prompt: string, client: pg.Client): Promise<void> {
  client.query("SELECT ai_gen('wan26_t2v', $1)", [prompt]).catch(() => {});
  await expect.poll(() => cloud.submits(prompt).length, { interval: 5, timeout: 20_000 }).toBe(1);
}

async function expectMade(prompt: string): Promise<void> {
  const client = await connectAgain();
  const jobs = 'SELECT state, price::float FROM hologen.jobs';
  await expect
    .poll(async () => (await client.query(jobs)).rows, { timeout: 30_000 })
    .toEqual([{ state: 'succeeded', price: 5 }]);
  await client.query("SELECT ai_gen('wan26_t2v', $1)", [prompt]);
  expect(cloud.submits(prompt)).toHaveLength(1);
}

async function connectAgain(): Promise<pg.Client> {
  for (;;) {
    const client = await connect(dataDir).catch(() => undefined);
    if (client) return client;
    await delay(100);
  }
}

test('a film is followed after a kill where the database writes times in another form, only reads, and limits statements', async () => {
  const client = await startWith([
    "datestyle = 'German'",
    'default_transaction_read_only = on',
    "default_transaction_isolation = 'serializable'",
    "lock_timeout = '1ms'",
  ]);
  await askFor('a mill by the sea', client);
  const taken = 'SELECT count(task_id)::int AS tasks FROM hologen.jobs';
  const other = await connect(dataDir);
  await expect.poll(async () => (await other.query(taken)).rows[0].tasks).toBe(1);
  await kill();
  await serve();
  await expectMade('a mill by the sea');
});

test('a film is in the ledger after a kill of an engine that is told not to wait for its disk', async () => {
  const client = await startWith(['synchronous_commit = off']);
  await askFor('a mill by the lake', client);
  const file = await readFile(join(dataDir, 'engine', 'cluster', 'postmaster.pid'), 'utf8');
  process.kill(Number(file.split('\n')[0]), 'SIGKILL');
  await expectMade('a mill by the lake');
});
