/** Who gets in is the engine's decision, told in its words; the gateway's own part is certificates, time limits and the number of clients. */
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import pg from 'pg';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { connectRaw, fields, query, rawClient, row, sslRequest, startup } from './raw-client.js';

const rules = [
  'host private scram_role 127.0.0.1/32 reject',
  'host all md5_role 127.0.0.1/32 md5',
  'host all clear_role 127.0.0.1/32 password',
  'host all trusted 127.0.0.1/32 trust',
  'host all limited 127.0.0.1/32 trust',
  'host all rejected 127.0.0.1/32 reject',
];
const password = 'pass wörd';
/** Less than the default of a minute; enough for two thousand to be at the door at once. */
const loginMs = 10_000;

let engine: DebianPostgres;
let gateway: TestGateway;
let guarded: SpawnedGateway;
let folder: string;
const file = (name: string) => join(folder, name);
const ownDatabase = (name: string) => engine.url.replace(/[^/]*$/, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hologen-certificates-'));
  engine = await startDebianPostgres(rules, ['max_connections = 25', 'authentication_timeout = 2s']);
  const admin = new pg.Client(engine.url);
  await admin.connect();
  await admin.query(`CREATE ROLE scram_role LOGIN PASSWORD '${password}'; CREATE ROLE clear_role LOGIN PASSWORD '${password}';
    CREATE ROLE trusted LOGIN; CREATE ROLE rejected LOGIN; CREATE ROLE nobody_enters NOLOGIN PASSWORD '${password}';
    CREATE ROLE limited LOGIN CONNECTION LIMIT 1; CREATE ROLE expired LOGIN PASSWORD '${password}' VALID UNTIL '2001-01-01'`);
  await admin.query(`SET password_encryption = 'md5'`);
  await admin.query(`CREATE ROLE md5_role LOGIN PASSWORD '${password}'`);
  for (const name of ['private', 'closed', 'guarded', 'small']) await admin.query(`CREATE DATABASE ${name}`);
  await admin.query(
    'REVOKE CONNECT ON DATABASE closed FROM PUBLIC; ALTER DATABASE closed ALLOW_CONNECTIONS true',
  );
  await admin.end();

  const authority = await generate([{ name: 'commonName', value: 'test authority' }], {
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const stranger = await generate([{ name: 'commonName', value: 'trusted' }]);
  const ca = { key: authority.private, cert: authority.cert };
  const member = await generate([{ name: 'commonName', value: 'trusted' }], { ca });
  await writeFile(file('ca.crt'), authority.cert);
  for (const [name, pair] of Object.entries({ member, stranger })) {
    await writeFile(file(`${name}.crt`), pair.cert);
    await writeFile(file(`${name}.key`), pair.private, { mode: 0o600 });
  }
  await newServerCertificate('first.example.com');

  gateway = await startTestGateway({ engineUrl: engine.url });
  guarded = await serve(
    await makeDirectory(),
    [
      '--sandbox',
      '--engine-url',
      // A database of its own: one database has one gateway.
      ownDatabase('guarded'),
      '--tls-cert',
      file('server.crt'),
      '--tls-key',
      file('server.key'),
    ],
    {
      environment: {
        HOLOGEN_TLS_CLIENT_CA: file('ca.crt'),
        HOLOGEN_TLS_MIN_VERSION: 'TLSv1.3',
        HOLOGEN_LOGIN_MS: String(loginMs),
      },
    },
  );
});
afterAll(async () => {
  await Promise.all([gateway?.close(), stopGateways()]);
  await engine?.close();
  if (guarded) await rm(guarded.dataDir, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

async function newServerCertificate(name: string): Promise<void> {
  const pair = await generate([{ name: 'commonName', value: name }]);
  await writeFile(file('server.crt'), pair.cert);
  await writeFile(file('server.key'), pair.private, { mode: 0o600 });
}

interface Login {
  user: string;
  password?: string;
  database?: string;
}

/** What a login comes to: who the engine says one is, or every field of its error. */
async function attempt(port: number, login: Login): Promise<unknown> {
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'postgres', ...login });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query('SELECT current_user AS me, current_database() AS here')).rows[0];
  } catch (error) {
    const { severity, code, message, detail, hint, file, line, routine } = error as pg.DatabaseError;
    return { severity, code, message, detail, hint, file, line, routine };
  } finally {
    await client.end().catch(() => {});
  }
}
const gatewayPort = () => Number(new URL(gateway.url).port);

describe('the engine decides', () => {
  const me = (user: string, here = 'postgres') => ({ me: user, here });
  const cases: [string, Login, object][] = [
    ['scram-sha-256', { user: 'scram_role', password }, me('scram_role')],
    ['md5', { user: 'md5_role', password }, me('md5_role')],
    ['password in clear', { user: 'clear_role', password }, me('clear_role')],
    ['trust', { user: 'trusted' }, me('trusted')],
    ['trust, in another database', { user: 'trusted', database: 'private' }, me('trusted', 'private')],
    ['wrong password for scram-sha-256', { user: 'scram_role', password: 'x' }, { code: '28P01' }],
    ['wrong password for md5', { user: 'md5_role', password: 'x' }, { code: '28P01' }],
    ['wrong password in clear', { user: 'clear_role', password: 'x' }, { code: '28P01' }],
    ['an unknown user', { user: 'who', password }, { code: '28P01' }],
    ['reject', { user: 'rejected' }, { code: '28000' }],
    ['a rule for one database', { user: 'scram_role', password, database: 'private' }, { code: '28000' }],
    ['an unknown database', { user: 'trusted', database: 'nowhere' }, { code: '3D000' }],
    ['a database without the right to connect', { user: 'trusted', database: 'closed' }, { code: '42501' }],
    ['a role that may not log in', { user: 'nobody_enters', password }, { code: '28000' }],
    ['a password that is no longer valid', { user: 'expired', password }, { code: '28P01' }],
    ['a name of more than 63 bytes', { user: 'u'.repeat(80), password }, { code: '28P01' }],
  ];
  test.each(cases)('%s: as directly', async (_name, login, expected) => {
    const [direct, through] = [await attempt(engine.port, login), await attempt(gatewayPort(), login)];
    expect(direct).toMatchObject(expected);
    expect(through).toEqual(direct);
  });

  test('libpq logs in with each method, over TLS and without', async () => {
    for (const user of ['scram_role', 'md5_role', 'clear_role']) {
      for (const mode of ['require', 'disable']) {
        const target = `host=127.0.0.1 port=${gatewayPort()} dbname=postgres user=${user} sslmode=${mode}`;
        const { stdout } = await runProgram('psql', ['-XAt', target, '-c', 'SELECT current_user'], {
          PGPASSWORD: password,
        });
        expect(stdout).toBe(`${user}\n`);
      }
    }
  });

  test('a role with a connection limit, and an engine that is full', async () => {
    const open = async (user: string) => {
      const client = new pg.Client({ host: '127.0.0.1', port: gatewayPort(), user, database: 'postgres' });
      client.on('error', () => {});
      await client.connect();
      return client;
    };
    const clients = [await open('limited')];
    const overLimit = await attempt(gatewayPort(), { user: 'limited' });
    expect(overLimit).toMatchObject({ severity: 'FATAL', code: '53300' });
    expect(overLimit).toEqual(await attempt(engine.port, { user: 'limited' }));

    let full: pg.DatabaseError | undefined;
    while (!full && clients.length < 40) {
      await open('trusted').then(
        (client) => clients.push(client),
        (error) => {
          full = error;
        },
      );
    }
    expect(full).toMatchObject({ severity: 'FATAL', code: '53300' });
    const [direct, through] = [
      await attempt(engine.port, { user: 'trusted' }),
      await attempt(gatewayPort(), { user: 'trusted' }),
    ];
    expect(through).toEqual(direct);
    await Promise.all(clients.map((client) => client.end()));
  });

  test.each([10_003, 10_004, 10_005])('a startup packet of %i bytes', async (bytes) => {
    const options = (length: number) => ({
      user: 'trusted',
      database: 'postgres',
      options: `-c geqo=off${' '.repeat(length)}`,
    });
    const hello = startup(options(bytes - startup(options(0)).length));
    expect(hello.length).toBe(bytes);
    const welcomed = async (port: number) => {
      const client = await connectRaw({ host: '127.0.0.1', port });
      client.write(hello, query('SHOW geqo'));
      const first = await client.frame();
      const answer = first?.type === 'R' ? (await client.until('D')).at(-1) : undefined;
      client.close();
      return answer && row(answer);
    };
    const direct = await welcomed(engine.port);
    expect(direct).toEqual(bytes > 10_004 ? undefined : ['off']);
    expect(await welcomed(gatewayPort())).toEqual(direct);
  });

  test('a client that never sends its password is let go by the engine, after its authentication_timeout', async () => {
    const wait = async (port: number) => {
      const client = await connectRaw({ host: '127.0.0.1', port });
      client.write(startup({ user: 'scram_role', database: 'postgres' }));
      return client.closed();
    };
    const [direct, through] = await Promise.all([wait(engine.port), wait(gatewayPort())]);
    expect(through).toEqual(direct);
  });
});

interface TlsChoice {
  certificate?: 'member' | 'stranger';
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}
const guardedAddress = () => ({ host: '127.0.0.1', port: Number(new URL(guarded.url).port) });

function clientWith({ certificate, maxVersion }: TlsChoice): pg.Client {
  const pair = certificate && {
    cert: readFileSync(file(`${certificate}.crt`)),
    key: readFileSync(file(`${certificate}.key`)),
  };
  const client = new pg.Client({
    ...guardedAddress(),
    user: 'trusted',
    database: 'postgres',
    ssl: { rejectUnauthorized: false, maxVersion, ...pair },
  });
  client.on('error', () => {});
  return client;
}

describe('with certificates asked of clients', () => {
  test('one from the authority is let in', async () => {
    const client = clientWith({ certificate: 'member' });
    await client.connect();
    expect((await client.query('SELECT current_user AS me')).rows).toEqual([{ me: 'trusted' }]);
    await client.end();
  });

  test.each([
    ['no certificate', {}],
    ['a certificate of somebody else', { certificate: 'stranger' }],
    ['TLS 1.2, where 1.3 is the least', { certificate: 'member', maxVersion: 'TLSv1.2' }],
  ] as const)('%s is refused in the handshake', async (_name, choice) => {
    await expect(clientWith(choice).connect()).rejects.toThrow(
      /alert|certificate|protocol version|ECONNRESET|terminated unexpectedly/i,
    );
  });

  test('a client without TLS is refused with 28000', async () => {
    const client = new pg.Client({ ...guardedAddress(), user: 'trusted', database: 'postgres', ssl: false });
    client.on('error', () => {});
    await expect(client.connect()).rejects.toMatchObject({ severity: 'FATAL', code: '28000' });
  });

  test('libpq names what is missing', async () => {
    const target = `host=127.0.0.1 port=${guardedAddress().port} user=trusted dbname=postgres sslmode=require`;
    const own = `sslcert=${file('member.crt')} sslkey=${file('member.key')}`;
    const ask = ['-c', 'SELECT 1'];
    expect((await runProgram('psql', ['-XAt', `${target} ${own}`, ...ask])).stdout).toBe('1\n');
    await expect(runProgram('psql', ['-XAt', target, ...ask])).rejects.toThrow(/certificate required/);
  });
});

/** Name in the certificate that the next client is shown. */
async function shownName(): Promise<string | string[] | undefined> {
  const client = clientWith({ certificate: 'member' });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection;
  const { subject } = stream.getPeerCertificate();
  await client.end();
  return subject.CN;
}

test('SIGHUP shows the new certificate to the next client, old sessions go on, broken files change nothing', async () => {
  const before = clientWith({ certificate: 'member' });
  await before.connect();
  expect(await shownName()).toBe('first.example.com');

  await newServerCertificate('second.example.com');
  expect(await shownName()).toBe('first.example.com');
  guarded.kill('SIGHUP');
  await expect.poll(shownName).toBe('second.example.com');
  expect((await before.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);

  await copyFile(file('stranger.key'), file('server.key'));
  await writeFile(file('server.crt'), 'not a certificate');
  guarded.kill('SIGHUP');
  await expect
    .poll(() => guarded.printed.stderr)
    .toMatch(/the new certificate cannot be used.*the old ones stay/);
  expect(await shownName()).toBe('second.example.com');

  await newServerCertificate('third.example.com');
  await copyFile(file('stranger.key'), file('server.key'));
  const complaints = () => guarded.printed.stderr.split('the old ones stay').length - 1;
  guarded.kill('SIGHUP');
  await expect.poll(complaints).toBe(2);
  expect(await shownName()).toBe('second.example.com');
  expect((await before.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
  await before.end();
});

describe('a client that takes too long to say what it wants is cut', () => {
  const raw = () => connectRaw(guardedAddress());

  test('silent, slow, silent before the TLS handshake, and after it', async () => {
    const from = performance.now();
    const silent = await raw();
    const slow = await raw();
    const hello = startup({ user: 'trusted', application_name: 'x'.repeat(5_000) });
    let at = 0;
    const trickle = setInterval(() => slow.write(hello.subarray(at, ++at)), 20);
    const beforeHandshake = await raw();
    beforeHandshake.write(sslRequest);
    expect((await beforeHandshake.bytes(1)).toString()).toBe('S');
    const inside = await raw();
    inside.write(sslRequest);
    await inside.bytes(1);
    inside.socket.removeAllListeners('data');
    const secure = connectTls({
      socket: inside.socket,
      rejectUnauthorized: false,
      cert: readFileSync(file('member.crt')),
      key: readFileSync(file('member.key')),
    });
    const quiet = rawClient(secure);
    await new Promise((resolve) => secure.once('secureConnect', resolve));

    const cutAfterMs = await Promise.all(
      [silent, slow, beforeHandshake, quiet].map((client) =>
        client.closed().then(() => performance.now() - from),
      ),
    );
    clearInterval(trickle);
    for (const ms of cutAfterMs) {
      expect(ms).toBeGreaterThan(loginMs - 100);
      expect(ms).toBeLessThan(50_000);
    }
  });

  test('two thousand silent ones cost little memory, those above are turned away, and all are cut', async () => {
    const memoryKiB = (what: string) =>
      Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${guarded.pid}/status`, 'utf8'))?.[1]);
    // 5 sets the highest value back to the present one (proc(5), clear_refs).
    await writeFile(`/proc/${guarded.pid}/clear_refs`, '5');
    const before = memoryKiB('VmRSS');
    const ends: Promise<Buffer>[] = [];
    // In portions that fit the queue of connections not yet accepted.
    for (let portion = 0; portion < 12; portion += 1) {
      const clients = await Promise.all(Array.from({ length: 200 }, raw));
      ends.push(...clients.map((client) => client.closed()));
    }
    const lastWords = (await Promise.all(ends)).map((bytes) => bytes.toString('latin1')).filter(Boolean);
    const each = (memoryKiB('VmHWM') - before) / 2_000;
    console.log(`2000 silent connections: ${each.toFixed(1)} KiB each; ${lastWords.length} more turned away`);
    expect(each).toBeLessThan(40);
    expect(lastWords.length).toBeGreaterThan(0);
    for (const word of lastWords) expect(word).toContain('C53300\0');

    const client = clientWith({ certificate: 'member' });
    await client.connect();
    await client.end();
  });
});

test('the gateway’s own limit is told as 53300, before the engine is asked', async () => {
  await using small = await startTestGateway({ engineUrl: ownDatabase('small'), maxConnections: '2' });
  const port = Number(new URL(small.url).port);
  const clients = await Promise.all([small.client(), small.client()]);
  const third = await connectRaw({ host: '127.0.0.1', port });
  third.write(startup({ user: 'trusted', database: 'postgres' }), query('SELECT 1'));
  const [error] = await third.until('E');
  expect(error && fields(error)).toMatchObject({
    S: 'FATAL',
    C: '53300',
    M: 'sorry, too many clients already',
  });
  await Promise.all(clients.map((client) => client.end()));
  await expect.poll(() => attempt(port, { user: 'trusted' })).toEqual({ me: 'trusted', here: 'postgres' });
});
