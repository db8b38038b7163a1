/** /healthz and /readyz through the life of a gateway, and what the metrics port does with requests that nobody should send. */
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { freePort } from '../debian-postgres.js';
import { refusal } from '../gateway.js';
import { readMetrics } from './read-metrics.js';

interface Readiness {
  status: number;
  ready?: boolean;
  reason?: string;
}

/** Reasons that were given while the gateway started. */
const startingReasons = new Set<string | undefined>();
let directory: string;
let gateway: SpawnedGateway;
let base: string;

beforeAll(async () => {
  directory = await makeDirectory();
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  let started = false;
  const serving = serve(
    directory,
    ['--sandbox', '--sandbox-image-ms', '3000', '--metrics-port', String(port)],
    {
      environment: { HOLOGEN_DRAIN_MS: '60000' },
    },
  ).finally(() => {
    started = true;
  });
  while (!started) {
    startingReasons.add((await readiness().catch(() => undefined))?.reason);
    await delay(10);
  }
  gateway = await serving;
});
afterAll(async () => {
  await stopGateways();
  await rm(directory, { recursive: true, force: true });
});

async function readiness(): Promise<Readiness> {
  const answer = await fetch(`${base}/readyz`);
  return { status: answer.status, ...((await answer.json()) as object) };
}
const isAlive = async () => (await fetch(`${base}/healthz`)).status === 200;

async function signalEngine(signal: NodeJS.Signals): Promise<void> {
  const pidFile = join(directory, 'engine', 'cluster', 'postmaster.pid');
  process.kill(Number((await readFile(pidFile, 'utf8')).split('\n')[0]), signal);
}

/** Sends bytes as they are and returns what comes back until the other side closes. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return received;
}

test('while it starts it is alive and not ready; then it is both, and runtime.json says where', async () => {
  expect([...startingReasons]).toContain('starting');
  expect(await readiness()).toEqual({ status: 200, ready: true });
  expect(await isAlive()).toBe(true);
  expect(JSON.parse(await readFile(join(directory, 'runtime.json'), 'utf8')).metrics).toBe(base);
});

test('an engine that does not answer makes it not ready, and ready again when it does', async () => {
  await signalEngine('SIGSTOP');
  try {
    await expect
      .poll(readiness)
      .toEqual({ status: 503, ready: false, reason: 'the engine did not answer within 2 s' });
    expect(await isAlive()).toBe(true);
  } finally {
    await signalEngine('SIGCONT');
  }
  await expect.poll(readiness).toEqual({ status: 200, ready: true });
});

test('an engine that was killed and started again is counted', async () => {
  await signalEngine('SIGKILL');
  await expect.poll(async () => (await readMetrics(base)).value('hologen_engine_restarts_total')).toBe(1);
  await expect.poll(readiness).toEqual({ status: 200, ready: true });
});

test('many who ask at once share one look at the engine', async () => {
  const client = await gateway.client();
  const answers = await Promise.all(Array.from({ length: 40 }, readiness));
  expect(answers.every((answer) => answer.ready)).toBe(true);
  const { rows } = await client.query(
    `SELECT count(*)::int AS own FROM pg_stat_activity WHERE application_name = 'hologen gateway'`,
  );
  expect(rows[0].own).toBeLessThan(20);
  await client.end();
});

test('only GET and HEAD of the three addresses, without a body, and in time', async () => {
  const status = async (path: string, init?: RequestInit) => (await fetch(base + path, init)).status;
  expect(await status('/metrics?x=1')).toBe(200);
  expect(await status('/')).toBe(404);
  expect(await status('/__proto__')).toBe(404);
  expect(await status('/metrics', { method: 'POST', body: 'x' })).toBe(405);
  expect(await status('/metrics', { method: 'DELETE' })).toBe(405);
  const head = await fetch(`${base}/metrics`, { method: 'HEAD' });
  expect(await head.text()).toBe('');
  expect(await exchange('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')).toMatch(
    /^HTTP\/1.1 413 /,
  );
  expect(await exchange(`GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 /,
  );
  expect(await exchange('bananas\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  expect(await exchange('GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow:')).toMatch(/^HTTP\/1.1 408 /);
});

test('a port in use names its setting', async () => {
  const other = await makeDirectory();
  const { port } = new URL(base);
  const { code, stderr } = await hologen([
    'serve',
    '--sandbox',
    '--data-dir',
    other,
    '--port',
    '0',
    '--metrics-port',
    port,
  ]);
  await rm(other, { recursive: true, force: true });
  expect(stderr).toMatch(/--metrics-port/);
  expect(code).toBe(1);
});

test('while it drains it is alive and not ready', async () => {
  const client = await gateway.client();
  const before = (await readMetrics(base)).value('hologen_running_calls');
  const running = refusal(
    client.query(`SELECT ai_gen('qwen_image_2_pro', '{"prompt": "slow"}', NULL)`),
  ).catch(() => {});
  await expect.poll(async () => (await readMetrics(base)).value('hologen_running_calls')).toBe(before + 1);
  gateway.kill('SIGTERM');
  await expect.poll(readiness).toEqual({ status: 503, ready: false, reason: 'draining' });
  expect(await isAlive()).toBe(true);
  await running;
  await client.end();
  expect(await gateway.exit).toBe(0);
});
