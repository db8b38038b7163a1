/** A gateway that others take for gone, or that has lost them from sight, and lives: the provider's word reaches it all the same, and counts. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import type pg from 'pg';
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

/** Stands between a gateway and the engine. */
async function startWire(port: number) {
  const ways: { near: Socket; far: Socket }[] = [];
  const server = createServer((near) => {
    const far = connectTcp(port, '127.0.0.1');
    ways.push({ near, far });
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** The engine's side of the connection with this port breaks; the gateway's hears nothing, and is not heard. */
    break(enginePort: number) {
      const way = ways.find(({ far }) => far.localPort === enginePort);
      way?.near.unpipe(way.far);
      way?.far.unpipe(way.near);
      way?.near.resume();
      way?.far.destroy();
    },
    close() {
      server.close();
      for (const { near } of ways) near.destroy();
    },
  };
}

let engine: DebianPostgres;
let cloud: OutlivingCloud;
let wire: Awaited<ReturnType<typeof startWire>>;
const gateways: { place: string; process: GatewayProcess; client: pg.Client }[] = [];

async function startOne(port: number): Promise<pg.Client> {
  const place = await newDirectory();
  const process = spawnGateway(place, {
    ...cloud.environment,
    HOLOGEN_ENGINE_URL: engine.url.replace(`:${engine.port}/`, `:${port}/`),
    HOLOGEN_SECRET_KEY: 'of both',
    HOLOGEN_LOG_LEVEL: 'error',
  });
  expect(await process.ready, process.printed()).toBe(true);
  const client = await connect(place);
  gateways.push({ place, process, client });
  return client;
}

let first: pg.Client;
let second: pg.Client;
beforeAll(async () => {
  engine = await startDebianPostgres();
  cloud = await startOutlivingCloud({ textMs: 2_000 });
  wire = await startWire(engine.port);
  first = await startOne(wire.port);
  second = await startOne(engine.port);
  await first.query("CALL register_external_model('text', 'qwen-plus', 'bailian', '{}', 'chat/completions')");
});
afterAll(async () => {
  for (const { process, client } of gateways) {
    await client.end();
    process.child.kill('SIGKILL');
    await process.ended;
  }
  wire?.close();
  await cloud?.close();
  await engine?.close();
  for (const { place } of gateways) await rm(place, { recursive: true, force: true });
});

const say = (client: pg.Client, words: string) =>
  client.query("SELECT ai_gen('text', $1) AS said", [words]).then(({ rows }) => rows[0].said);
const own = 'WHERE job_id = (SELECT job_id FROM hologen_internal.job WHERE request #>> $1 = $2)';

test('a text that another gateway has given up as unanswered is written down when the answer comes, with its price, and paid for once', async () => {
  const said = say(first, 'late words');
  await expect.poll(() => cloud.submits('late words')).toHaveLength(1);
  const before = (await second.query('SELECT sum(calls)::int AS calls FROM hologen.daily_usage')).rows;
  // What a gateway leaves that takes another one's jobs over.
  const { rows } = await second.query(
    `WITH taken AS (UPDATE hologen_internal.job SET gateway_id = 'another', abandoned = true, state = 'unanswered', finished_at = now(),
         error = '{"sqlstate": "08006", "message": "nobody knows"}' ${own} RETURNING job_id)
     UPDATE hologen_internal.attempt SET outcome = 'unanswered', ended_at = now() WHERE job_id = (SELECT job_id FROM taken) RETURNING job_id`,
    ['{}', 'late words'],
  );
  expect(await said).toContain('late words');
  const job = async (what: string) =>
    (await second.query(`SELECT ${what} WHERE job_id = $1`, [rows[0].job_id])).rows[0];
  expect(await job('state, error, price > 0 AS priced, attempts FROM hologen.jobs')).toEqual({
    ...{ state: 'succeeded', error: null, priced: true, attempts: 1 },
  });
  expect(await job('outcome, price > 0 AS priced FROM hologen_internal.attempt')).toEqual({
    ...{ outcome: 'succeeded', priced: true },
  });
  expect((await second.query('SELECT sum(calls)::int AS calls FROM hologen.daily_usage')).rows).toEqual(
    before,
  );
});

test('a gateway whose standing connection broke without its hearing of it stands again before others take over, and what it makes is its own', async () => {
  const standing = async () =>
    (
      await second.query(
        `SELECT client_port FROM hologen_internal.living_gateway l JOIN pg_stat_activity a ON a.pid = l.process_id ORDER BY backend_start`,
      )
    ).rows.map(({ client_port }) => client_port);
  const [broken, other] = await standing();
  wire.break(broken);
  await expect.poll(standing).toEqual([other]);
  // For as long as others would have taken over in.
  for (let word = 1; word <= 5; word++) expect(await say(first, `word ${word}`)).toContain(`word ${word}`);
  expect((await standing()).length).toBe(2);
  const { rows } = await second.query('SELECT count(*)::int AS gateways FROM hologen_internal.gateway');
  expect(rows).toEqual([{ gateways: 2 }]);
});
