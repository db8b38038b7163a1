/** What the engine can do, a client of the gateway can do: the whole protocol through the relay, and streams cut at every byte. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEngineUrl } from '../../src/engine/address.js';
import type { SessionEvents } from '../../src/frontend/conversation.js';
import { type Encryption, ensureOwnCertificate, openEncryption } from '../../src/frontend/encryption.js';
import { type Frontend, listenForClients } from '../../src/frontend/listener.js';
import { mapStartupParameters } from '../../src/rewriter/session-settings.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { quietEvents } from './quiet-events.js';
import { collected } from './random-bytes.js';
import {
  bind,
  connectRaw,
  copyData,
  copyDone,
  describe as describeFrame,
  execute,
  type Frame,
  fields,
  frame,
  login,
  parse,
  query,
  type RawClient,
  rows,
  session,
  startup,
  sync,
  tags,
  types,
} from './raw-client.js';

const run = promisify(execFile);
let gateway: TestGateway;
let encryption: Encryption;

beforeAll(async () => {
  gateway = await startTestGateway();
  const files = await ensureOwnCertificate(gateway.dataDir);
  encryption = openEncryption(files, { minVersion: 'TLSv1.2', clientCa: undefined });
});
afterAll(() => gateway?.close());

describe('simple queries', () => {
  test('several statements in one text answer in order, and an error ends the rest', async () => {
    const client = await session(gateway.url);
    client.write(
      query("SELECT 1; CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT 'x' FROM t"),
    );
    const done = await client.until('Z');
    expect(tags(done)).toEqual(['SELECT 1', 'CREATE TABLE', 'INSERT 0 2', 'SELECT 2']);
    client.write(query('SELECT 1; SELECT nothing; SELECT 3'));
    const failed = await client.until('Z');
    expect(types(failed)).toBe('T D C E Z');
    expect(fields(failed[3] as Frame)).toMatchObject({ C: '42703', P: '18' });
    client.write(query(''));
    expect(types(await client.until('Z'))).toBe('I Z');
    client.close();
  });

  test('many queries sent at once are answered one by one', async () => {
    const client = await session(gateway.url);
    client.write(...Array.from({ length: 200 }, (_, index) => query(`SELECT ${index}`)));
    for (let index = 0; index < 200; index += 1) {
      expect(rows(await client.until('Z'))).toEqual([[String(index)]]);
    }
    client.close();
  });

  test('transaction status is told in ReadyForQuery', async () => {
    const client = await session(gateway.url);
    const states: string[] = [];
    for (const sql of ['BEGIN', 'SELECT 1/0', 'ROLLBACK']) {
      client.write(query(sql));
      states.push((await client.until('Z')).at(-1)?.body.toString() ?? '');
    }
    expect(states).toEqual(['T', 'E', 'I']);
    client.close();
  });
});

describe('extended queries', () => {
  test('a named statement is described, and run by several portals', async () => {
    const client = await session(gateway.url);
    client.write(
      ...[parse('twice', 'SELECT $1::int * 2 AS doubled'), describeFrame('S', 'twice')],
      ...[bind('a', 'twice', ['21']), bind('b', 'twice', ['4']), execute('b'), execute('a'), sync],
    );
    const answer = await client.until('Z');
    expect(types(answer)).toBe('1 t T 2 2 D C D C Z');
    expect(rows(answer)).toEqual([['8'], ['42']]);
    client.close();
  });

  test('a portal gives as many rows as each Execute asks for', async () => {
    const client = await session(gateway.url);
    client.write(
      parse('', 'SELECT generate_series(1, 5)'),
      bind('p', ''),
      execute('p', 2),
      execute('p', 2),
      execute('p', 2),
      sync,
    );
    const answer = await client.until('Z');
    expect(types(answer)).toBe('1 2 D D s D D s D C Z');
    expect(rows(answer).flat()).toEqual(['1', '2', '3', '4', '5']);
    client.close();
  });

  test('a thousand statements in one pipeline, one Sync', async () => {
    const client = await session(gateway.url);
    const steps = Array.from({ length: 1000 }, (_, index) => [
      bind('', 'add', [String(index)]),
      execute(''),
    ]).flat();
    client.write(parse('add', 'SELECT $1::int + 1'), ...steps, sync);
    expect(rows(await client.until('Z')).map(([value]) => Number(value))).toEqual(
      Array.from({ length: 1000 }, (_, index) => index + 1),
    );
    client.close();
  });

  test('Flush brings the answers so far, without Sync', async () => {
    const client = await session(gateway.url);
    client.write(parse('', 'SELECT 1'), frame('H'));
    expect((await client.frame())?.type).toBe('1');
    client.write(sync);
    expect(types(await client.until('Z'))).toBe('Z');
    client.close();
  });

  test('the old function call still works', async () => {
    const client = await session(gateway.url);
    client.write(query("SELECT 'pg_catalog.int4pl'::regproc::oid"));
    const oid = Number(rows(await client.until('Z'))[0]?.[0]);
    // FunctionCall: oid, argument formats (one: binary), two int4 arguments, binary result.
    const call = Buffer.from('00000000000100010002000000040000001400000004000000160001', 'hex');
    call.writeUInt32BE(oid);
    client.write(frame('F', call));
    const [result, ready] = await client.until('Z');
    expect([result?.type, result?.body.toString('hex'), ready?.type]).toEqual(['V', '000000040000002a', 'Z']);
    client.close();
  });
});

test('a notification arrives at whoever listens, unasked', async () => {
  const [listener, speaker] = await Promise.all([session(gateway.url), session(gateway.url)]);
  listener.write(query('LISTEN news'));
  await listener.until('Z');
  speaker.write(query("NOTIFY news, 'the fox is painted'"));
  const [notification] = await listener.until('A');
  expect(notification?.body.toString('utf8', 4)).toBe('news\0the fox is painted\0');
  listener.close();
  speaker.close();
});

describe('COPY', () => {
  test('in and out, as raw frames', async () => {
    const client = await session(gateway.url);
    client.write(query('CREATE TEMP TABLE t (a int, b text)'));
    await client.until('Z');
    client.write(query('COPY t FROM STDIN'));
    await client.until('G');
    client.write(copyData('1\tone\n2\tt'), copyData('wo\n'), copyDone);
    expect(tags(await client.until('Z'))).toEqual(['COPY 2']);
    client.write(query('COPY t TO STDOUT'));
    const out = await client.until('Z');
    expect(types(out)).toBe('H d d c C Z');
    expect(out[2]?.body.toString()).toBe('2\ttwo\n');
    client.close();
  });

  test('that the client gives up, and one with bad data, are errors; the session goes on', async () => {
    const client = await session(gateway.url);
    client.write(query('CREATE TEMP TABLE t (a int)'));
    await client.until('Z');
    client.write(query('COPY t FROM STDIN'), frame('f', Buffer.from('changed my mind\0')));
    expect(fields((await client.until('E')).at(-1) as Frame).C).toBe('57014');
    await client.until('Z');
    client.write(query('COPY t FROM STDIN'), copyData('not a number\n'), copyDone);
    expect(fields((await client.until('E')).at(-1) as Frame).C).toBe('22P02');
    await client.until('Z');
    client.write(query('SELECT count(*) FROM t'));
    expect(rows(await client.until('Z'))).toEqual([['0']]);
    client.close();
  });

  test('in the extended protocol, as libpq sends it: the Sync that the engine passes over is not waited for', async () => {
    const ready: string[] = [];
    const frontend = await openDoor(gateway.url, {
      ready: (_process, outcome) => void ready.push(outcome),
    });
    const client = await connectRaw({ host: '127.0.0.1', port: frontend.port });
    await login(client, gateway.url);
    client.write(query('CREATE TEMP TABLE t (a int)'));
    await client.until('Z');
    client.write(parse('', 'COPY t FROM STDIN'), bind('', ''), execute(''), sync);
    await client.until('G');
    client.write(copyData('1\n'), copyDone, sync);
    expect(tags(await client.until('Z'))).toEqual(['COPY 1']);
    client.write(parse('', 'COPY nowhere FROM STDIN'), bind('', ''), execute(''), sync);
    expect(types(await client.until('Z'))).toBe('1 2 E Z');
    client.write(query('SELECT 1'), query('SELECT 2'));
    await client.until('Z');
    await client.until('Z');
    // Login and three things asked one by one; of two queries sent at once only the second leaves nothing to do.
    expect(ready).toEqual(['committed', 'committed', 'committed', 'failed', 'committed']);
    client.close();
    await frontend.close();
  });

  test('a hundred thousand rows through psql \\copy come back as they went', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hologen-copy-'));
    const [there, back] = [join(folder, 'there.csv'), join(folder, 'back.csv')];
    const lines = Array.from({ length: 100_000 }, (_, index) => `${index},"line ${index} ✓"`);
    await writeFile(there, `${lines.join('\n')}\n`);
    const commands = [
      'CREATE TEMP TABLE t (a int, b text)',
      `\\copy t FROM '${there}' WITH (FORMAT csv)`,
      `\\copy (SELECT * FROM t ORDER BY a) TO '${back}' WITH (FORMAT csv, FORCE_QUOTE (b))`,
    ];
    const { stdout } = await run('psql', ['-X', gateway.url, ...commands.flatMap((each) => ['-c', each])]);
    expect(stdout).toBe('CREATE TABLE\nCOPY 100000\nCOPY 100000\n');
    expect((await readFile(back)).equals(await readFile(there))).toBe(true);
    await rm(folder, { recursive: true });
  });
});

/** A client that asked for 200 MB and reads nothing; the engine waits for it. */
async function stalledClient(port: string | number): Promise<RawClient> {
  const client = await connectRaw({ host: '127.0.0.1', port: Number(port) });
  const hello = await login(client, gateway.url);
  const engineProcessId = hello.find(({ type }) => type === 'K')?.body.readUInt32BE(0);
  client.socket.removeAllListeners('data').pause();
  client.write(query("SELECT repeat('x', 1000000) FROM generate_series(1, 200)"));
  const watcher = await gateway.client();
  const waitingFor = 'SELECT wait_event FROM pg_stat_activity WHERE pid = $1';
  await expect
    .poll(async () => (await watcher.query(waitingFor, [engineProcessId])).rows[0]?.wait_event)
    .toBe('ClientWrite');
  await watcher.end();
  return client;
}

test('200 MB for a client that does not read wait in the engine, not in the gateway', async () => {
  const before = await collected();
  const client = await stalledClient(new URL(gateway.url).port);
  const held = (await collected()) - before;
  let received = 0;
  await new Promise<void>((resolve) => {
    client.socket.on('data', (chunk) => {
      received += chunk.length;
      if (received > 200_000_000) resolve();
    });
    client.socket.resume();
  });
  // The socket's and the relay's own buffers; what was read and is done with waits for the collector, whose habits are Node's.
  expect(held).toBeLessThan(8 * 2 ** 20);
  client.close();
});

test('a client that does not read does not keep the gateway from ending', async () => {
  const frontend = await openDoor(gateway.url);
  const client = await stalledClient(frontend.port);
  await frontend.close();
  client.socket.resume();
  await client.closed();
});

/** Another front door to the same engine, which it reaches over TCP. */
function openDoor(engineUrl: string, events: Partial<SessionEvents> = {}): Promise<Frontend> {
  return listenForClients({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 10,
    loginMs: 60_000,
    opening: () => () => () => {},
    mapParameters: mapStartupParameters,
    databaseReady: () => Promise.resolve(),
    scramKeys: () => Promise.resolve(undefined),
    engine: parseEngineUrl(engineUrl),
    encryption,
    events: { ...quietEvents, ...events },
    log: pino({ level: 'silent' }),
  });
}

/** Passes everything on one byte a write, each only when the one before is on its way. */
async function oneByteRelay(target: { host: string; port: number }) {
  async function trickle(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from) {
      for (const byte of chunk as Buffer) {
        await new Promise<void>((resolve) => to.write(Buffer.from([byte]), () => setImmediate(resolve)));
      }
    }
    to.end();
  }
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ ...target, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      trickle(from, to).catch(() => {
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

/** A session of all kinds of frames; its texts are rewritten on the way, too. */
async function conversation(client: RawClient): Promise<string[]> {
  const steps = [
    [query('SET hg_x = 42; SELECT 1'), query("SELECT 'ai_gen, but only as a word'")],
    [parse('show', 'SHOW hg_x'), bind('', 'show'), describeFrame('P', ''), execute(''), sync],
    [query('SELECT nothing')],
    [query('CREATE TEMP TABLE t (a int); COPY t FROM STDIN')],
    [copyData('7\n'), copyDone],
    [query(`SELECT repeat('✓', 1500), a + 0 FROM t; RESET hg_x; SHOW hg_x`)],
  ];
  const heard: string[] = [];
  for (const [index, step] of steps.entries()) {
    client.write(...step);
    const answers = [...(await client.until(index === 3 ? 'G' : 'Z'))];
    if (index === 0) answers.push(...(await client.until('Z')));
    heard.push(...answers.map(({ type, body }) => `${type} ${body.toString('base64')}`));
  }
  return heard;
}

describe('a stream cut at every byte', () => {
  test('by the client and by the engine: the answers are the same as of whole frames', async () => {
    const whole = await session(gateway.url);
    const expected = await conversation(whole);
    whole.close();

    const { hostname: host, port } = new URL(gateway.url);
    await using engineSide = await oneByteRelay({ host, port: Number(port) });
    const engine = new URL(gateway.url);
    engine.port = String(engineSide.port);
    const ended: number[] = [];
    const frontend = await openDoor(engine.href, {
      ended: (engineProcessId) => ended.push(engineProcessId) < 0,
    });
    await using clientSide = await oneByteRelay({ host: '127.0.0.1', port: frontend.port });

    const cut = await connectRaw({ host: '127.0.0.1', port: clientSide.port });
    const hello = await login(cut, gateway.url, { parameters: { options: '-c hg_y=1' } });
    expect(await conversation(cut)).toEqual(expected);
    cut.write(query('SHOW hg_y'));
    expect(rows(await cut.until('Z'))).toEqual([['1']]);
    cut.close();
    await frontend.close();
    expect(ended).toEqual([hello.find(({ type }) => type === 'K')?.body.readUInt32BE(0)]);
  });

  test('in the startup packet, at each place: the session begins', async () => {
    const { username: user, pathname } = new URL(gateway.url);
    const hello = startup({ user, database: pathname.slice(1) });
    for (let at = 1; at < hello.length; at += 1) {
      const client = await connectRaw(gateway.url);
      await new Promise((resolve) => client.socket.write(hello.subarray(0, at), resolve));
      client.write(hello.subarray(at));
      // AuthenticationSASL.
      expect((await client.frame())?.body.readUInt32BE(0)).toBe(10);
      client.close();
    }
  });
});
