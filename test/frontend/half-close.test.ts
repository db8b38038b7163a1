/** Clients that close only their sending side, as `printf … | nc` does, hear their answers; those that are gone keep nothing running. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import {
  bind,
  connectRaw,
  copyData,
  execute,
  type Frame,
  login,
  parse,
  query,
  type RawClient,
  rawClient,
  row,
  sslRequest,
  startup,
  sync,
  terminate,
  types,
} from './raw-client.js';

let gateway: TestGateway;
let watcher: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  watcher = await gateway.client();
});
afterAll(() => gateway?.close());

/** Enters; the number of the engine process, which does not look for lost clients by itself, as PostgreSQL's does not unless it is told to. */
async function enter(client: RawClient): Promise<number> {
  const hello = await login(client, gateway.url);
  client.write(query('SET client_connection_check_interval = 0'));
  await client.until('Z');
  return (hello.find(({ type }) => type === 'K') as Frame).body.readUInt32BE(0);
}

async function plain() {
  const client = await connectRaw(gateway.url);
  return { client, processId: await enter(client) };
}

async function encrypted() {
  const outer = await connectRaw(gateway.url);
  outer.write(sslRequest);
  expect((await outer.bytes(1)).toString()).toBe('S');
  outer.socket.removeAllListeners('data');
  const secure = connectTls({ socket: outer.socket, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  const client = rawClient(secure);
  return { client, processId: await enter(client) };
}

async function framesToTheEnd(client: RawClient): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let next = await client.frame(); next; next = await client.frame()) frames.push(next);
  return frames;
}

const engineProcess = async (processId: number) =>
  (await watcher.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [processId])).rows[0];
const engineGone = (processId: number) => expect.poll(() => engineProcess(processId)).toBeUndefined();

describe.each([
  ['plain', plain],
  ['over TLS', encrypted],
])('%s: what was sent before the end is answered, then the connection closes', (_name, session) => {
  test('queries', async () => {
    const { client, processId } = await session();
    client.socket.end(
      Buffer.concat([query('SELECT 1'), query('SELECT nothing'), query('SELECT pg_sleep(0.5), 2')]),
    );
    const frames = await framesToTheEnd(client);
    expect(types(frames)).toBe('T D C Z E Z T D C Z');
    expect(row(frames.findLast(({ type }) => type === 'D') as Frame)[1]).toBe('2');
    await engineGone(processId);
  });

  test('a result longer than any buffer', async () => {
    const { client } = await session();
    client.socket.end(query("SELECT repeat('x', 1000) FROM generate_series(1, 30000)"));
    const frames = await framesToTheEnd(client);
    expect(frames).toHaveLength(30_003);
    expect(frames.at(-1)?.type).toBe('Z');
  });

  test('a pipeline, and one without its Sync, which the engine does not answer either', async () => {
    const { client, processId } = await session();
    const once = [parse('', 'SELECT 1'), bind('', ''), execute('')];
    client.socket.end(Buffer.concat([...once, sync, ...once]));
    expect(types(await framesToTheEnd(client))).toMatch(/^1 2 D C Z/);
    await engineGone(processId);
  });

  test('nothing, in an open transaction and in COPY: the engine sees the end', async () => {
    for (const before of ['SELECT 1', 'BEGIN', 'CREATE TEMP TABLE t (a int); COPY t FROM STDIN']) {
      const { client, processId } = await session();
      client.write(query(before));
      await client.until(before.includes('COPY') ? 'G' : 'Z');
      client.socket.end(before.includes('COPY') ? copyData('1\n') : '');
      await framesToTheEnd(client);
      await engineGone(processId);
    }
  });
});

test('a whole session sent at once, by a client that needs no password', async () => {
  const { rows } = await watcher.query("SELECT current_setting('hba_file') AS file");
  await writeFile(rows[0].file, `local all trusted trust\n${await readFile(rows[0].file, 'utf8')}`);
  await watcher.query('CREATE ROLE trusted LOGIN');
  await watcher.query('SELECT pg_reload_conf()');
  const hello = startup({ user: 'trusted', database: 'postgres' });
  for (const last of [Buffer.alloc(0), terminate]) {
    const told = async () => {
      const client = await connectRaw(gateway.url);
      client.socket.end(Buffer.concat([hello, query('SELECT 1'), query('SELECT 2'), last]));
      return types(await framesToTheEnd(client));
    };
    await expect.poll(told).toMatch(/^R [SK ]+ Z T D C Z T D C Z$/);
  }
});

test('a statement runs on for such a client as long as the engine lets it', async () => {
  const { client } = await plain();
  client.socket.end(query('SELECT pg_sleep(4)'));
  expect(types(await framesToTheEnd(client))).toBe('T D C Z');
});

test('a client that ends its side while it says who it is, or what it wants, is let go', async () => {
  const beginnings = [
    Buffer.alloc(0),
    sslRequest.subarray(0, 5),
    sslRequest,
    startup({ user: 'hologen' }).subarray(0, 11),
    startup({ user: 'hologen', database: 'hologen' }),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ];
  for (const bytes of beginnings) {
    const client = await connectRaw(gateway.url);
    client.socket.end(bytes);
    await client.closed();
  }
  const { hostname, port } = new URL(gateway.url);
  const handshake = await connectRaw({ host: hostname, port: Number(port) });
  handshake.write(sslRequest);
  await handshake.bytes(1);
  handshake.socket.end(Buffer.from('1603010005', 'hex'));
  await handshake.closed();
});

describe('a client that is gone while ai_gen waits', () => {
  /** One call after another, whose results go where the engine does not notice that nobody reads. */
  const pictures = (prompt: string) => `CREATE TEMP TABLE pictures AS
    SELECT CASE WHEN i > 0 THEN ai_gen('qwen_image_2_pro',
      json_build_object('prompt', '${prompt} [[sandbox:slow=300]] ' || i)::text, NULL) END
    FROM generate_series(1, 100) i`;

  test.each([
    ['with its end', 'on', (client: RawClient) => client.socket.destroy()],
    ['with a reset', 'on', (client: RawClient) => client.socket.resetAndDestroy()],
    ['with its end and without progress', 'off', (client: RawClient) => client.socket.destroy()],
    ['with a reset and without progress', 'off', (client: RawClient) => client.socket.resetAndDestroy()],
  ])('%s: its statement ends, whatever the engine would do by itself', async (how, progress, leave) => {
    const { client, processId } = await plain();
    client.write(query(`SET ai_gen.progress = ${progress}; SET ai_gen.at_once = off`));
    client.write(query(pictures(how)));
    const sent = async () => JSON.stringify(await gateway.requests()).split(`${how} [[`).length - 1;
    await expect.poll(sent).toBeGreaterThan(0);
    leave(client);
    await engineGone(processId);
    expect(await sent()).toBeLessThan(50);
  });
});

test.each([
  ['closes its sending side', (client: RawClient) => client.socket.end()],
  ['is gone', (client: RawClient) => client.socket.destroy()],
])(
  'no call is sent, and none claimed, of a statement that comes to its first one after its client %s',
  async (how, leave) => {
    const { client, processId } = await plain();
    const slowly = `json_build_object('prompt', '${how}: nobody reads' || pg_sleep(0.5))::text`;
    client.write(query('BEGIN'));
    await client.until('Z');
    client.write(query(`SELECT ai_gen('qwen_image_2_pro', ${slowly}, NULL)`));
    await expect.poll(async () => (await engineProcess(processId))?.wait_event).toBe('PgSleep');
    leave(client);
    await engineGone(processId);
    expect(JSON.stringify(await gateway.requests())).not.toContain(`${how}: nobody reads`);
  },
);
