/** The engine gives the number of a process that has ended to another session: what is left of the one before says nothing in its name. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { joinSession } from '../../src/frontend/session.js';
import { quietEvents } from './quiet-events.js';
import { query } from './raw-client.js';

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const near = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

test('a session whose number another one has says nothing in its name any more', async () => {
  const [client, clientsEnd] = await pair();
  const [enginesEnd, engine] = await pair();
  const told: string[] = [];
  const events = {
    ...quietEvents,
    started: (id: number) => told.push(`started ${id}`),
    ready: (id: number) => told.push(`ready ${id}`),
    ended: (id: number) => told.push(`ended ${id}`) < 0,
  };
  const sides = { client: clientsEnd, engine: enginesEnd, first: Buffer.alloc(0) };
  const session = joinSession(sides, events, () => {});
  engine.write(Buffer.from([0x4b, 0, 0, 0, 12, 0, 0, 0, 7, 0, 0, 0, 9]));
  engine.write(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]));
  await expect.poll(() => told).toEqual(['started 7', 'ready 7']);
  session.loseNumber();
  expect(told).toEqual(['started 7', 'ready 7', 'ended 7']);
  client.write(query('SELECT 1'));
  engine.write(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]));
  client.destroy();
  engine.destroy();
  await session.closed;
  expect(told.filter((each) => each.endsWith(' 7'))).toEqual(['started 7', 'ready 7', 'ended 7']);
});
