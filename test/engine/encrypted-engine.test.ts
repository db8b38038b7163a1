/** An engine behind TLS: what --engine-url may ask of it, and what clients see whose logins are bound to a certificate. */
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEngineUrl } from '../../src/engine/address.js';
import { type CertificateFolder, makeCertificateFolder } from '../certificates.js';
import { hologen, makeDirectory } from '../cli/spawned-gateway.js';
import {
  copyOfPrograms,
  type DebianPostgres,
  embeddedPrograms,
  startDebianPostgres,
} from '../debian-postgres.js';
import { sslRequest } from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

let certificates: CertificateFolder;
let engine: DebianPostgres;
let plain: DebianPostgres;

beforeAll(async () => {
  certificates = await makeCertificateFolder();
  await certificates.authority('authority');
  await certificates.authority('stranger');
  await certificates.issue('engine', 'authority', 'localhost');
  await certificates.issue('gateway', 'authority');
  await certificates.issue('callback', 'authority', hostname());
  const databases = ['carried', 'modes', 'strangers', 'guarded', 'callbacks', 'verified', 'bound', 'unbound'];
  [engine, plain] = await Promise.all([
    startDebianPostgres(
      [
        'hostssl guarded all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
        'hostssl all only_encrypted 127.0.0.1/32 scram-sha-256',
        'host all only_encrypted 127.0.0.1/32 reject',
      ],
      encrypted(),
    ),
    startDebianPostgres(),
  ]);
  const admin = new pg.Client(engine.url);
  await admin.connect();
  for (const name of databases) await admin.query(`CREATE DATABASE ${name}`);
  await admin.query(`CREATE ROLE only_encrypted LOGIN PASSWORD 'secret'`);
  await admin.query(`CREATE ROLE plain_owner LOGIN PASSWORD 'secret'`);
  await admin.query('ALTER DATABASE unbound OWNER TO plain_owner');
  await admin.end();
  const inUnbound = new pg.Client(url('unbound', {}));
  await inUnbound.connect();
  await inUnbound.query('CREATE SCHEMA for_owner; CREATE EXTENSION dblink SCHEMA for_owner');
  await inUnbound.query('GRANT USAGE ON SCHEMA for_owner TO plain_owner');
  await inUnbound.end();
});
afterAll(async () => {
  await Promise.all([engine?.close(), plain?.close()]);
  await certificates?.remove();
});

function encrypted(): string[] {
  const { file } = certificates;
  return [
    'ssl = on',
    `ssl_cert_file = '${file('engine.crt')}'`,
    `ssl_key_file = '${file('engine.key')}'`,
    `ssl_ca_file = '${file('authority.crt')}'`,
  ];
}

/** The engine's URL; names of certificates stand for their files. */
function url(database: string, parameters: Record<string, string>, { url: base } = engine): string {
  const whole = new URL(base);
  whole.pathname = database;
  for (const [name, value] of Object.entries(parameters)) {
    const isFile = /\.(crt|key)$/.test(value);
    if (name === 'on') whole.hostname = value;
    else whole.searchParams.set(name, isFile ? certificates.file(value) : value);
  }
  return whole.href;
}

const sessionEncrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const poolEncrypted = `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'hologen gateway'`;

async function encryptedParts(gateway: TestGateway): Promise<unknown> {
  const client = await gateway.client();
  const [session, pool] = [await client.query(sessionEncrypted), await client.query(poolEncrypted)];
  await client.end();
  return { session: session.rows[0].ssl, pool: pool.rows.map(({ ssl }) => ssl) };
}

describe('sessions and the gateway’s own connections are encrypted', () => {
  const own = { sslcert: 'gateway.crt', sslkey: 'gateway.key' };
  test.each<[string, Record<string, string>, boolean]>([
    ['modes', {}, false],
    ['modes', { sslmode: 'disable' }, false],
    ['modes', { sslmode: 'prefer' }, true],
    ['modes', { sslmode: 'require' }, true],
    ['modes', { sslmode: 'require', sslrootcert: 'authority.crt' }, true],
    ['modes', { sslmode: 'verify-ca', sslrootcert: 'authority.crt' }, true],
    ['modes', { sslmode: 'verify-full', sslrootcert: 'authority.crt', on: 'localhost' }, true],
    ['guarded', { sslmode: 'require', ...own }, true],
  ])('%s with %j: %s', async (database, parameters, encrypted) => {
    await using gateway = await startTestGateway({ engineUrl: url(database, parameters) });
    expect(await encryptedParts(gateway)).toEqual({ session: encrypted, pool: [encrypted] });
  });

  test('prefer goes without where the engine has no TLS', async () => {
    await using gateway = await startTestGateway({
      engineUrl: url('postgres', { sslmode: 'prefer' }, plain),
    });
    expect(await encryptedParts(gateway)).toEqual({ session: false, pool: [false] });
  });
});

describe('sslnegotiation=direct', () => {
  const direct = {
    sslmode: 'verify-full',
    sslrootcert: 'authority.crt',
    sslnegotiation: 'direct',
    on: 'localhost',
  };

  test('saves the question where the engine knows it', async () => {
    const programs = await copyOfPrograms(embeddedPrograms);
    const newer = await startDebianPostgres([], encrypted(), join(programs, 'bin'));
    {
      await using gateway = await startTestGateway({ engineUrl: url('postgres', direct, newer) });
      expect(await encryptedParts(gateway)).toEqual({ session: true, pool: [true] });
    }
    await newer.close();
    await rm(programs, { recursive: true, force: true });
  });

  test('is refused at the start where it does not', async () => {
    const { code, stderr } = await hologen(['migrate', '--engine-url', url('modes', direct)]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^hologen migrate: the engine at .* cannot be used: /),
    ]);
  });
});

describe('what cannot be trusted is refused at the start, in one sentence', () => {
  test.each<[Record<string, string>, RegExp]>([
    [
      { sslmode: 'verify-ca', sslrootcert: 'stranger.crt' },
      /certificate is not believed: .*sslrootcert must hold/,
    ],
    [{ sslmode: 'require', sslrootcert: 'stranger.crt' }, /certificate is not believed/],
    [
      { sslmode: 'verify-full', sslrootcert: 'authority.crt' },
      /certificate is not for 127\.0\.0\.1: .*verify-ca/,
    ],
    [
      { sslmode: 'verify-full', sslrootcert: 'system', on: 'localhost' },
      /certificate is not believed: .*sslrootcert must hold/,
    ],
  ])('%j', async (parameters, said) => {
    const directory = await makeDirectory();
    const engineUrl = url('modes', parameters);
    for (const args of [['serve', '--port', '0', '--data-dir', directory], ['migrate']]) {
      const { code, stderr } = await hologen([...args, '--engine-url', engineUrl]);
      expect(stderr).toMatch(said);
      expect(stderr).toMatch(/^hologen \w+: the engine at [\w.]+:\d+ cannot be used: /);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
    await rm(directory, { recursive: true, force: true });
  });

  test('an engine without TLS, where it is required', async () => {
    const { code, stderr } = await hologen([
      'migrate',
      '--engine-url',
      url('postgres', { sslmode: 'require' }, plain),
    ]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/refuses TLS, which sslmode/)]);
  });

  test('an engine that wants a certificate of its clients', async () => {
    const engineUrl = url('guarded', { sslmode: 'require' });
    const { code, stderr } = await hologen(['migrate', '--engine-url', engineUrl]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/valid client certificate/)]);
  });
});

test.each<[Record<string, string>, RegExp]>([
  [{ sslmode: 'allow' }, /must be disable, prefer, require, verify-ca, verify-full, not "allow"/],
  [{ sslmode: 'verify-full' }, /needs sslrootcert=FILE .* or sslrootcert=system/],
  [{ sslmode: 'require', sslrootcert: 'system' }, /needs sslmode=verify-full/],
  [{ sslmode: 'verify-ca', sslrootcert: 'missing.crt' }, /sslrootcert of the engine URL cannot be read/],
  [{ sslmode: 'verify-ca', sslrootcert: 'engine.key' }, /holds no certificate/],
  [{ sslmode: 'require', sslcert: 'gateway.crt' }, /sslcert and sslkey .* belong together/],
  [{ sslmode: 'require', sslcert: 'gateway.crt', sslkey: 'engine.key' }, /cannot be used: .*mismatch/],
  [{ sslmode: 'prefer', sslnegotiation: 'direct' }, /needs sslmode=require or better/],
  [{ sslmode: 'require', sslnegotiation: 'quick' }, /postgres or direct, not "quick"/],
  [{ sslmode: 'require', sslcrl: '/crl.pem' }, /asks for sslcrl; hologen knows/],
])('%j is wrong usage', (parameters, said) => {
  expect(() => parseEngineUrl(url('modes', parameters))).toThrow(said);
});

describe('logins that are bound to a certificate', () => {
  let same: TestGateway;
  let carrying: TestGateway;
  let unable: TestGateway;
  beforeAll(async () => {
    const [tlsCert, tlsKey] = [certificates.file('engine.crt'), certificates.file('engine.key')];
    const owned = new URL(url('unbound', { sslmode: 'require' }));
    [owned.username, owned.password] = ['plain_owner', 'secret'];
    [same, carrying, unable] = await Promise.all([
      startTestGateway({ engineUrl: url('bound', { sslmode: 'require' }), tlsCert, tlsKey }),
      startTestGateway({ engineUrl: url('carried', { sslmode: 'require' }) }),
      startTestGateway({ engineUrl: owned.href }),
    ]);
  });
  afterAll(() => Promise.all([same?.close(), carrying?.close(), unable?.close()]));

  /** "t" for a login over an encrypted connection to the engine, else what psql says. */
  async function login(port: string | number, words: string, password = 'secret'): Promise<string> {
    const target = `host=127.0.0.1 port=${port} dbname=bound user=only_encrypted ${words}`;
    return runProgram('psql', ['-XAt', target, '-c', sessionEncrypted], { PGPASSWORD: password }).then(
      ({ stdout }) => stdout.trim(),
      (error) => error.stderr,
    );
  }
  const portOf = (gateway: TestGateway) => new URL(gateway.url).port;
  const everyWay = ['require', 'prefer', 'disable'].flatMap((mode) =>
    ['require', 'prefer', 'disable']
      .filter((binding) => mode === 'require' || binding !== 'require')
      .map((binding) => `sslmode=${mode} channel_binding=${binding}`),
  );

  test.each(everyWay)('with the engine’s own certificate %s logs in', async (words) => {
    expect(await login(portOf(same), words)).toBe('t');
  });

  test.each(everyWay)(
    'with another one, where the gateway may read what the engine keeps of passwords, %s logs in',
    async (words) => {
      expect(await login(portOf(carrying), words)).toBe('t');
    },
  );

  test.each(everyWay)('with another one, where it may not, %s logs in or is told how', async (words) => {
    const needsBinding = /=require channel_binding=(require|prefer)/.test(words);
    expect(await login(portOf(unable), words)).toMatch(
      needsBinding
        ? /FATAL: .*channel binding check failed\nHINT: .*channel_binding=disable.*--tls-cert/
        : /^t$/,
    );
  });

  test('a wrong password and an unknown role are what they are directly', async () => {
    const words = 'sslmode=require channel_binding=require';
    for (const [extra, password] of [
      ['', 'wrong'],
      ['user=nobody_here', 'secret'],
    ] as const) {
      const said = async (port: string | number) =>
        (await login(port, `${words} ${extra}`, password)).replace(String(port), 'PORT');
      const direct = await said(engine.port);
      expect(direct).toMatch(/password authentication failed/);
      expect(await said(portOf(carrying))).toBe(direct);
    }
  });

  test('somebody between client and gateway is found out', async () => {
    const middle = await standBetween(Number(portOf(carrying)));
    expect(await login(middle.port, 'sslmode=require channel_binding=disable')).toBe('t');
    const said = await login(middle.port, 'sslmode=require channel_binding=require');
    expect(said).toMatch(/channel binding check failed/);
    expect(said).not.toMatch(/HINT/);
    middle.close();
  });

  test('a driver in JavaScript binds its login too', async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: Number(portOf(carrying)),
      user: 'only_encrypted',
      password: 'secret',
      database: 'bound',
      ssl: { rejectUnauthorized: false },
      enableChannelBinding: true,
    });
    await client.connect();
    expect((await client.query(sessionEncrypted)).rows).toEqual([{ ssl: true }]);
    await client.end();
  });
});

/** One who shows clients a certificate of his own and passes on to the gateway what they say. */
async function standBetween(gatewayPort: number): Promise<{ port: number; close(): void }> {
  const secureContext = createSecureContext({
    cert: await readFile(certificates.file('gateway.crt')),
    key: await readFile(certificates.file('gateway.key')),
  });
  const server = createServer(async (victim) => {
    await once(victim, 'readable');
    victim.read(8);
    const gateway = connect(gatewayPort, '127.0.0.1');
    gateway.write(sslRequest);
    await once(gateway, 'readable');
    gateway.read(1);
    victim.write('S');
    const ends = [
      new TLSSocket(victim, { isServer: true, secureContext }),
      connectTls({ socket: gateway, rejectUnauthorized: false }),
    ] as const;
    for (const end of ends) end.on('error', () => {});
    ends[0].pipe(ends[1]).pipe(ends[0]);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe('the engine calls the gateway back from another machine', () => {
  test('whoever comes there without TLS, or without the password, hears nothing', async () => {
    await using gateway = await startTestGateway({
      engineUrl: url('strangers', {}),
      callbackHost: hostname(),
      logLevel: 'silent',
    });
    const client = await gateway.client();
    const { rows } = await client.query('SELECT connection_string AS told FROM hologen_internal.gateway');
    const told: string = rows[0].told;
    for (const [words, said] of [
      [told.replace('sslmode=require', 'sslmode=disable'), /server closed the connection unexpectedly/],
      [
        told.replace(/password=\S+/, 'password=wrong'),
        /password authentication failed|closed the connection/,
      ],
    ] as const)
      await expect(runProgram('psql', ['-X', words, '-c', '{}'])).rejects.toThrow(said);
    expect((await client.query(picture)).rows[0].text).toContain('hello');
  });

  const picture = `SELECT ai_gen('qwen_plus', 'hello') AS text`;
  test.each([
    ['encrypted, with the gateway’s own certificate', 'callbacks', {}],
    ['encrypted and verified, with one of an authority', 'verified', { verified: true }],
  ] as const)('%s', async (_name, database, options) => {
    const verified = 'verified' in options;
    await using gateway = await startTestGateway({
      engineUrl: url(database, { sslmode: 'require' }),
      callbackHost: hostname(),
      ...(verified && {
        tlsCert: certificates.file('callback.crt'),
        tlsKey: certificates.file('callback.key'),
        callbackRootCert: certificates.file('authority.crt'),
      }),
    });
    const client = await gateway.client();
    const { rows } = await client.query('SELECT connection_string AS told FROM hologen_internal.gateway');
    expect(rows[0].told).toMatch(verified ? / sslmode=verify-full .*authority\.crt/ : / sslmode=require /);
    expect((await client.query(picture)).rows[0].text).toContain('hello');
  });
});
