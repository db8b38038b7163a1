/** The same SQL on the engine itself and through the gateway: every frame that comes back is the same, byte for byte. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { query, terminate } from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { sequences } from './message-sequences.js';
import {
  describeFrame,
  openRaw,
  readCases,
  replay,
  type Server,
  sqlstates,
  untilClosed,
  ways,
} from './replay.js';
import { directServer, gatewayServer } from './servers.js';

let gateway: TestGateway;
let owner: pg.Client;
let through: Server;
let direct: Server;

beforeAll(async () => {
  gateway = await startTestGateway();
  through = gatewayServer(gateway);
  direct = await directServer(gateway);
  owner = await gateway.client({ options: '-c client_min_messages=warning' });
});
afterAll(() => gateway?.close());

const freshSchema = () => owner.query('DROP SCHEMA IF EXISTS play CASCADE; CREATE SCHEMA play');
describe.each(readCases('cases'))('$name', (each) => {
  test.each(ways)('%s', async (way) => {
    await freshSchema();
    const expected = await replay(direct, each, way);
    await freshSchema();
    expect(await replay(through, each, way)).toEqual(expected);
    if (way === 'simple') expect(sqlstates(expected)).toEqual(each.refused);
  });
});

describe('messages that no text can send', () => {
  async function send(server: Server, messages: Buffer[]): Promise<string[]> {
    await freshSchema();
    const { client } = await openRaw(server);
    client.write(...messages, terminate);
    const ids = new Map<number, number>();
    return (await untilClosed(client)).map((each) => describeFrame(each, ids));
  }

  test.each(Object.entries(sequences))('%s', async (_, { messages, types, refused }) => {
    const expected = await send(direct, messages);
    expect(await send(through, messages)).toEqual(expected);
    expect(expected.map((each) => each[0]).join('')).toBe(types);
    expect(sqlstates(expected)).toEqual(refused);
  });
});

test('the greeting is the engine’s: parameter status in its order, a cancel key of its length', async () => {
  const options = { application_name: 'größe', options: '-c DateStyle=German -c work_mem=5MB' };
  const greetings = await Promise.all(
    [direct, through].map(async (server) => {
      const { client, greeting } = await openRaw(server, options);
      client.close();
      return greeting.map((each) => (each.type === 'K' ? `K ${each.body.length}` : describeFrame(each)));
    }),
  );
  expect(greetings[1]).toEqual(greetings[0]);
  expect(greetings[0]?.join()).toMatch(/DateStyle\\u0000German.*K 8/);
});

test('a session that idles too long in its transaction hears the engine’s own end', async () => {
  const end = async (server: Server) => {
    const { client } = await openRaw(server, { idle_in_transaction_session_timeout: '50' });
    client.write(query('BEGIN'));
    return (await untilClosed(client)).map((each) => describeFrame(each));
  };
  const expected = await end(direct);
  expect(sqlstates(expected)).toEqual(['25P03']);
  expect(await end(through)).toEqual(expected);
});
