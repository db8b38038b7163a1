/** What stands between the engine and the gateway resets their connections: the statement that waits goes on, and pays nothing twice. */
import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let engine: DebianPostgres;
let gateway: TestGateway;
let between: Awaited<ReturnType<typeof standBetween>>;

beforeAll(async () => {
  engine = await startDebianPostgres();
  gateway = await startTestGateway({ engineUrl: engine.url, callbackHost: '127.0.0.1' });
  const owner = new pg.Client(engine.url);
  await owner.connect();
  const { rows } = await owner.query(
    "SELECT substring(connection_string from 'port=(\\d+)')::int AS port FROM hologen_internal.gateway",
  );
  between = await standBetween(rows[0].port);
  await owner.query(
    "UPDATE hologen_internal.gateway SET connection_string = regexp_replace(connection_string, 'port=\\d+', $1)",
    [`port=${between.port}`],
  );
  await owner.end();
});
afterAll(async () => {
  between?.close();
  await gateway?.close();
  await engine?.close();
});

async function standBetween(target: number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const further = connect(target, '127.0.0.1');
    for (const each of [socket, further]) sockets.add(each.on('error', () => {}));
    socket.pipe(further);
    further.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    const count = sockets.size;
    sockets.clear();
    return count;
  };
  const { port } = server.address() as { port: number };
  const close = () => {
    reset();
    server.close();
  };
  return { port, reset, close };
}

test('a statement whose connection is reset while it waits has all its rows, each paid for once', async () => {
  const client = await gateway.client();
  const made = client.query(
    `SELECT ai_gen('qwen_plus', 'row ' || i || ' [[sandbox:slow=3000]]') AS said FROM generate_series(1, 5) i`,
  );
  await expect.poll(async () => (await gateway.requests()).length).toBe(5);
  expect(between.reset()).toBeGreaterThan(0);
  const { rows } = await made;
  expect(rows.map(({ said }) => /row \d/.exec(said)?.[0])).toEqual([1, 2, 3, 4, 5].map((i) => `row ${i}`));
  expect(await gateway.requests()).toHaveLength(5);
});
