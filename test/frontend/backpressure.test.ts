/** A client that stops reading, an engine that stops reading: the other side waits, and the gateway's own process does not grow. */
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { connectRaw, copyData, copyDone, login, query, type RawClient, types } from './raw-client.js';

const rowBytes = 2 ** 20;
const rows = 1024;
const mostGrowthMiB = 64;

let gateway: SpawnedGateway;
let watcher: pg.Client;

beforeAll(async () => {
  gateway = await serve(await makeDirectory());
  watcher = await gateway.client();
  await watcher.query(`CREATE TABLE swallowed (line text);
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER swallow BEFORE INSERT ON swallowed FOR EACH ROW EXECUTE FUNCTION swallow()`);
});
afterAll(async () => {
  await watcher?.end();
  await stopGateways();
  if (gateway) await rm(gateway.dataDir, { recursive: true, force: true });
});

async function memoryMiB(what: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

/** Runs something and says how far the gateway's memory rose above where it was, at its highest. */
async function growthDuring(name: string, work: () => Promise<void>): Promise<number> {
  // 5 sets the highest value back to the present one (proc(5), clear_refs).
  await writeFile(`/proc/${gateway.pid}/clear_refs`, '5');
  const [before, from] = [await memoryMiB('VmRSS'), performance.now()];
  await work();
  const growth = (await memoryMiB('VmHWM')) - before;
  const seconds = (performance.now() - from) / 1000;
  console.log(
    `${name}: ${rows} MiB in ${seconds.toFixed(1)} s, the gateway at ${before.toFixed(0)} MiB grew by at most ${growth.toFixed(0)} MiB`,
  );
  return growth;
}

async function enter(): Promise<{ client: RawClient; processId: number }> {
  const client = await connectRaw(gateway.url);
  const hello = await login(client, gateway.url);
  return { client, processId: hello.find(({ type }) => type === 'K')?.body.readUInt32BE(0) ?? 0 };
}

const engineWaits = (processId: number, event: string) =>
  expect
    .poll(
      async () =>
        (await watcher.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [processId])).rows[0]
          ?.wait_event,
    )
    .toBe(event);

test('a result for a client that reads now and then: the engine waits each time', async () => {
  const growth = await growthDuring('slow reader', async () => {
    const { client, processId } = await enter();
    const { socket } = client;
    socket.removeAllListeners('data').pause();
    client.write(query(`SELECT repeat('x', ${rowBytes}) FROM generate_series(1, ${rows})`));
    let received = 0;
    let restAt = 0;
    const over = new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > rows * rowBytes && chunk.subarray(-6).toString('latin1') === 'Z\0\0\0\x05I') resolve();
        if (received < restAt) return;
        restAt = received + (rows * rowBytes) / 8;
        // At the end there is nothing left for which the engine would wait.
        if (restAt > rows * rowBytes) return;
        socket.pause();
        engineWaits(processId, 'ClientWrite').then(() => socket.resume(), reject);
      });
    });
    await engineWaits(processId, 'ClientWrite');
    socket.resume();
    await over;
    client.close();
  });
  expect(growth).toBeLessThan(mostGrowthMiB);
});

test('COPY into a table that is locked: the client waits, and all of it arrives when the lock is gone', async () => {
  const growth = await growthDuring('COPY in', async () => {
    await watcher.query('BEGIN; LOCK TABLE swallowed');
    const { client, processId } = await enter();
    client.write(query('COPY swallowed FROM STDIN'));
    await engineWaits(processId, 'relation');
    const line = copyData(`${'x'.repeat(rowBytes - 1)}\n`);
    const { socket } = client;
    let stalled = 0;
    for (let sent = 0; sent < rows; sent += 1) {
      if (socket.write(line)) continue;
      const drained = once(socket, 'drain');
      if (stalled === 0) {
        // Nothing moves for a while: gateway and kernel are full, and the lock is still held.
        const moves = await Promise.race([drained, watcher.query('SELECT pg_sleep(0.5)')]);
        if (Array.isArray(moves)) continue;
        stalled = sent;
        await watcher.query('COMMIT');
      }
      await drained;
    }
    expect(stalled).toBeGreaterThan(0);
    expect(stalled).toBeLessThan(40);
    client.write(copyDone);
    expect(types(await client.until('Z'))).toBe('G C Z');
    client.close();
  });
  expect(growth).toBeLessThan(mostGrowthMiB);
});
