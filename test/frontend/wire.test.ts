/** The door as clients find it: TLS in every form, plain connections, what is refused, whose errors a client sees. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import {
  bind,
  cancelRequest,
  connectRaw,
  describe as describeFrame,
  execute,
  type Frame,
  fields,
  frame,
  gssRequest,
  int32,
  login,
  packet,
  parse,
  query,
  rawClient,
  row,
  sslRequest,
  startup,
  sync,
  types,
} from './raw-client.js';

const run = promisify(execFile);
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

function psql(parameters: string, ...commands: string[]) {
  return run('psql', [
    '-X',
    '-A',
    '-t',
    `${gateway.url}?${parameters}`,
    ...commands.flatMap((each) => ['-c', each]),
  ]);
}

/** TLS on top of a connection, as libpq does it; ALPN only where the client sends it. */
async function tls(socket: ConnectionOptions): Promise<TLSSocket> {
  const secure = connectTls({ rejectUnauthorized: false, ...socket });
  await once(secure, 'secureConnect');
  return secure;
}

describe('TLS', () => {
  test('sslmode=require gives TLS 1.3 with the gateway’s own certificate', async () => {
    const { stdout } = await psql('sslmode=require', '\\conninfo', 'SELECT 1');
    expect(stdout).toMatch(/SSL connection \(protocol: TLSv1\.3, cipher: \S+/);
    expect(stdout).toMatch(/^1$/m);
  });

  test('TLS 1.2 is spoken too, TLS 1.1 is not', async () => {
    const only = (version: string) =>
      psql(
        `sslmode=require&ssl_min_protocol_version=${version}&ssl_max_protocol_version=${version}`,
        '\\conninfo',
      );
    expect((await only('TLSv1.2')).stdout).toMatch(/protocol: TLSv1\.2/);
    await expect(only('TLSv1.1')).rejects.toThrow(/SSL error|protocol version/i);
  });

  test('sslmode=disable gives a plain connection', async () => {
    const { stdout } = await psql('sslmode=disable', '\\conninfo', 'SELECT 1');
    expect(stdout).not.toMatch(/SSL connection/);
    expect(stdout).toMatch(/^1$/m);
  });

  test('sslnegotiation=direct: TLS from the first byte, with the protocol name agreed by ALPN', async () => {
    const { hostname, port } = new URL(gateway.url);
    const secure = await tls({ host: hostname, port: Number(port), ALPNProtocols: ['postgresql'] });
    expect(secure.alpnProtocol).toBe('postgresql');
    const client = rawClient(secure);
    await login(client, gateway.url);
    client.write(query('SELECT 42'));
    expect(row((await client.until('Z'))[1] as Frame)).toEqual(['42']);
    client.close();
  });

  test.each([
    ['without ALPN', undefined],
    ['with another protocol in ALPN', ['http/1.1']],
  ])('direct TLS %s gets no session', async (_name, protocols) => {
    const { hostname, port } = new URL(gateway.url);
    const secure = connectTls({
      ...{ host: hostname, port: Number(port), rejectUnauthorized: false },
      ...(protocols && { ALPNProtocols: protocols }),
    });
    const client = rawClient(secure);
    secure.write(startup({ user: 'hologen' }));
    expect((await client.closed()).length).toBe(0);
  });

  test('bytes sent in clear behind SSLRequest are refused, never taken into the session', async () => {
    const client = await connectRaw(gateway.url);
    client.write(sslRequest, startup({ user: 'hologen', database: 'hologen' }));
    expect(fields((await client.frame()) as Frame)).toMatchObject({ S: 'FATAL', C: '08P01' });
    expect((await client.closed()).length).toBe(0);
  });

  test('GSSENCRequest is answered N; TLS and the session may follow on the same connection', async () => {
    const client = await connectRaw(gateway.url);
    client.write(gssRequest);
    expect((await client.bytes(1)).toString()).toBe('N');
    client.write(sslRequest);
    expect((await client.bytes(1)).toString()).toBe('S');
    client.socket.removeAllListeners('data');
    const secure = rawClient(await tls({ socket: client.socket }));
    await login(secure, gateway.url);
    secure.write(query('SELECT 1'));
    expect(types(await secure.until('Z'))).toBe('T D C Z');
    secure.close();
  });

  test('a second SSLRequest inside TLS is answered N', async () => {
    const client = await connectRaw(gateway.url);
    client.write(sslRequest);
    expect((await client.bytes(1)).toString()).toBe('S');
    client.socket.removeAllListeners('data');
    const secure = rawClient(await tls({ socket: client.socket }));
    secure.write(sslRequest);
    expect((await secure.bytes(1)).toString()).toBe('N');
    secure.close();
  });
});

describe('refused at the door', () => {
  test.each([
    ['a startup packet longer than PostgreSQL takes', startup({ user: 'x'.repeat(10_000) })],
    ['a length below eight', int32(4)],
    ['a browser', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['random bytes', Buffer.from('8f3a99c0ffee00112233445566778899', 'hex')],
  ])('%s hears 08P01 and is closed', async (_name, bytes) => {
    const client = await connectRaw(gateway.url);
    client.write(bytes);
    expect(fields((await client.frame()) as Frame)).toMatchObject({
      S: 'FATAL',
      C: '08P01',
      M: 'invalid length of startup packet',
    });
    expect((await client.closed()).length).toBe(0);
  });

  test('a client that sends on after its refusal still hears it', async () => {
    const client = await connectRaw(gateway.url);
    client.write(Buffer.alloc(1_000_000, 'A'));
    expect(fields((await client.frame()) as Frame).C).toBe('08P01');
    await client.closed();
  });

  test('a client that leaves in the middle of its startup packet takes nothing with it', async () => {
    const client = await connectRaw(gateway.url);
    client.socket.end(startup({ user: 'hologen' }).subarray(0, 11));
    await client.closed();
    expect((await psql('', 'SELECT 1')).stdout).toBe('1\n');
  });

  test('protocol 2 is refused by the engine, in its words, each time', async () => {
    // The engine may have gone before the gateway has turned round.
    for (let times = 0; times < 30; times++) {
      const client = await connectRaw(gateway.url);
      client.write(packet(int32(2 << 16), Buffer.alloc(288)));
      // To such a client PostgreSQL speaks its language: E, text, zero byte.
      expect((await client.closed()).toString()).toMatch(/^EFATAL: {2}unsupported frontend protocol 2\.0/);
    }
  });
});

describe('the engine’s own answers at login', () => {
  const changed = (change: (url: URL) => void) => {
    const url = new URL(gateway.url);
    change(url);
    return url.href;
  };

  test.each([
    ['a wrong password', '28P01', (url: URL) => (url.password = 'wrong'), /password authentication failed/],
    ['an unknown role', '28P01', (url: URL) => (url.username = 'nobody'), /"nobody"/],
    [
      'an unknown database',
      '3D000',
      (url: URL) => (url.pathname = '/nowhere'),
      /database "nowhere" does not exist/,
    ],
  ])('%s is %s', async (_name, code, change, message) => {
    const client = gateway.client({ connectionString: changed(change) });
    await expect(client).rejects.toMatchObject({
      severity: 'FATAL',
      code,
      message: expect.stringMatching(message),
    });
  });

  test('a startup setting that does not exist is 42704', async () => {
    const client = gateway.client({ options: '-c no_such_setting=1' });
    await expect(client).rejects.toMatchObject({ severity: 'FATAL', code: '42704' });
  });

  test('protocol 3.2 is spoken: no negotiation down, a 32-byte cancel key that cancels', async () => {
    const client = await connectRaw(gateway.url);
    const hello = await login(client, gateway.url, { version: (3 << 16) | 2 });
    expect(types(hello)).not.toContain('v');
    const key = hello.find(({ type }) => type === 'K') as Frame;
    expect(key.body).toHaveLength(4 + 32);
    client.write(query('SELECT pg_sleep(60)'));
    await runningSleep(key.body.readUInt32BE(0));
    const canceller = await connectRaw(gateway.url);
    canceller.write(cancelRequest(key.body));
    await canceller.closed();
    expect(fields((await client.until('E')).at(-1) as Frame).C).toBe('57014');
    client.close();
  });

  test('a minor version of the future and its options are negotiated down by the engine', async () => {
    const client = await connectRaw(gateway.url);
    const parameters = { '_pq_.of_tomorrow': 'on' };
    const hello = await login(client, gateway.url, { version: (3 << 16) | 9999, parameters });
    const negotiation = hello.find(({ type }) => type === 'v') as Frame;
    expect(negotiation.body.readUInt32BE(0)).toBe((3 << 16) | 2);
    expect(negotiation.body.toString('latin1', 8)).toBe('_pq_.of_tomorrow\0');
    client.close();
  });
});

/** Resolves when the engine process runs its statement. */
async function runningSleep(engineProcessId: number): Promise<void> {
  const watcher = await gateway.client();
  await expect
    .poll(async () => {
      const { rows } = await watcher.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [
        engineProcessId,
      ]);
      return rows[0]?.wait_event;
    })
    .toBe('PgSleep');
  await watcher.end();
}

describe('cancel', () => {
  /** A session that sleeps, and its key. */
  async function sleeper() {
    const client = await connectRaw(gateway.url);
    const key = (await login(client, gateway.url)).find(({ type }) => type === 'K') as Frame;
    client.write(query('SELECT pg_sleep(60)'));
    await runningSleep(key.body.readUInt32BE(0));
    return { client, key: key.body };
  }

  test('ends the statement it has the key of and no other, plain and over TLS', async () => {
    const [first, second] = await Promise.all([sleeper(), sleeper()]);

    const plain = await connectRaw(gateway.url);
    plain.write(cancelRequest(first.key));
    expect((await plain.closed()).length).toBe(0);
    expect(fields((await first.client.until('E')).at(-1) as Frame)).toMatchObject({
      C: '57014',
      M: 'canceling statement due to user request',
    });
    await first.client.until('Z');
    first.client.write(query('SELECT 1'));
    expect(types(await first.client.until('Z'))).toBe('T D C Z');
    await runningSleep(second.key.readUInt32BE(0));

    const { hostname, port } = new URL(gateway.url);
    const secure = rawClient(
      await tls({ host: hostname, port: Number(port), ALPNProtocols: ['postgresql'] }),
    );
    secure.write(cancelRequest(second.key));
    await secure.closed();
    expect(fields((await second.client.until('E')).at(-1) as Frame).C).toBe('57014');
    first.client.close();
    second.client.close();
  });

  test('over TLS its connection is ended, not cut: what OpenSSL calls an unexpected eof, libpq tells as an error', async () => {
    const { client, key } = await sleeper();
    const { hostname, port } = new URL(gateway.url);
    const request = cancelRequest(key).toString('hex');
    const program = ['test/frontend/cancel_over_tls.py', hostname, port, request];
    expect((await run('/usr/bin/python3', program)).stdout.trim()).toBe('ended');
    expect(fields((await client.until('E')).at(-1) as Frame).C).toBe('57014');
    client.close();
  });

  test('with a wrong key cancels nothing', async () => {
    const { client, key } = await sleeper();
    const wrong = Buffer.from(key);
    wrong.writeUInt8(wrong.readUInt8(7) ^ 1, 7);
    const canceller = await connectRaw(gateway.url);
    canceller.write(cancelRequest(wrong));
    await canceller.closed();
    await runningSleep(key.readUInt32BE(0));
    client.close();
  });

  test('a client that goes away ends its statement', async () => {
    const { client, key } = await sleeper();
    client.close();
    const watcher = await gateway.client();
    await expect
      .poll(async () => {
        const { rows } = await watcher.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [
          key.readUInt32BE(0),
        ]);
        return rows.length;
      })
      .toBe(0);
  });
});

test('an engine that breaks off tells its client what happened', async () => {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url);
  client.write(query('SELECT pg_terminate_backend(pg_backend_pid())'));
  expect(fields((await client.until('E')).at(-1) as Frame)).toMatchObject({ S: 'FATAL', C: '57P01' });
  expect((await client.closed()).length).toBe(0);
});

test('a broken frame is refused by the engine, and ends only this session', async () => {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url);
  client.write(Buffer.concat([Buffer.from('Q'), int32(1)]), frame('S'));
  // PostgreSQL does not answer what it cannot tell the length of.
  expect((await client.closed()).length).toBe(0);
  expect((await psql('', 'SELECT 1')).stdout).toBe('1\n');
});

test('an unknown frame type is refused by the engine', async () => {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url);
  client.write(frame('~', Buffer.from('?')));
  expect(fields((await client.frame()) as Frame)).toMatchObject({ S: 'FATAL', C: '08P01' });
  await client.closed();
});

test('an error in a pipeline skips to Sync, and the session goes on', async () => {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url);
  client.write(
    ...[
      parse('', 'SELECT 1 / (random() * 0)::int'),
      bind('', ''),
      describeFrame('P', ''),
      execute(''),
      parse('', 'SELECT 1'),
      sync,
    ],
    ...[parse('', 'SELECT 2'), bind('', ''), execute(''), sync],
  );
  expect(types(await client.until('Z'))).toBe('1 2 T E Z');
  const after = await client.until('Z');
  expect(types(after)).toBe('1 2 D C Z');
  expect(row(after[2] as Frame)).toEqual(['2']);
  client.close();
});
