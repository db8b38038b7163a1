/** `hologen check`: each misconfiguration is named on a line of its own with its fix; nothing is spent and nothing is left behind. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCredentialRegistry } from '../../sandbox/credentials.js';
import { sandboxKeys } from '../../sandbox/keys.js';
import { type ModelStudio, startModelStudio } from '../../sandbox/model-studio/server.js';
import { type ObjectStore, startObjectStore } from '../../sandbox/object-store/server.js';
import { type Sts, startSts } from '../../sandbox/sts/server.js';
import { type Checked, runCheck } from './run-check.js';
import {
  isRoot,
  makeDirectory,
  nobody,
  type SpawnedGateway,
  serve,
  stopGateways,
} from './spawned-gateway.js';

const role = 'acs:ram::1234567890123456:role/hologen';
const endpoint = 'oss-cn-hangzhou-internal.aliyuncs.com';
const key = 'sk-0123456789abcdef';

let folder: string;
let gateway: SpawnedGateway;
let studio: ModelStudio;
let store: ObjectStore;
let sts: Sts;

beforeAll(async () => {
  folder = await makeDirectory();
  const credentials = createCredentialRegistry();
  [gateway, studio, store, sts] = await Promise.all([
    serve(join(folder, 'serving')),
    startModelStudio({ directory: join(folder, 'results'), rateLimits: 'off' }),
    startObjectStore({ directory: join(folder, 'oss'), credentials }),
    startSts({ credentials, baseAccessKeys: [sandboxKeys] }),
  ]);
  await store.createBucket('bucket');
});
afterAll(async () => {
  await stopGateways();
  await Promise.all([studio?.close(), store?.close(), sts?.close()]);
  await rm(folder, { recursive: true, force: true });
});

/** With the cloud that stands here in the real one's place, and settings that are all right unless told otherwise. */
function check(args: string[], environment: NodeJS.ProcessEnv = {}, account = {}): Promise<Checked> {
  const settings = {
    HOLOGEN_DATA_DIR: join(folder, 'idle'),
    HOLOGEN_PORT: '0',
    DASHSCOPE_API_KEY: key,
    DASHSCOPE_HTTP_BASE_URL: `${studio.url}/api/v1`,
    HOLOGEN_OSS_ENDPOINT: store.url,
    HOLOGEN_STS_ENDPOINT: sts.url,
    HOLOGEN_ALLOWED_ROLES: 'acs:ram::1234567890123456:role/*',
    ALIBABA_CLOUD_ACCESS_KEY_ID: sandboxKeys.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: sandboxKeys.accessKeySecret,
    // Else the chain asks the machine's own metadata service, wherever that is.
    ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
  };
  return runCheck(args, { ...settings, ...environment }, account);
}

test('an account without a fault passes with exit code 0, and nothing is spent or left behind', async () => {
  const { code, stdout, of } = await check(['oss://bucket/pictures/', endpoint, role]);
  expect(stdout).not.toMatch(/^(note|failed)/m);
  expect(of('API key').outcome).toBe('ok');
  expect(of('oss://bucket').outcome).toBe('ok');
  expect(code).toBe(0);
  const asked = (await (await fetch(`${studio.url}/_sandbox/requests`)).json()) as { method: string }[];
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(await store.list('bucket')).toEqual([]);
  expect(existsSync(join(folder, 'idle'))).toBe(false);
});

test('where a gateway runs in the sandbox, its sandbox is checked and its own port is left alone', async () => {
  const place = ['oss://demo/somewhere/', endpoint, role];
  const { code, stdout, of } = await check(['--data-dir', gateway.dataDir, ...place], {
    HOLOGEN_PORT: '15432',
  });
  expect(stdout).toMatch(/runs in the sandbox/);
  expect(of('API key').outcome).toBe('ok');
  expect(of('oss://demo').outcome).toBe('ok');
  expect(of('port').outcome).toBe('not tried');
  expect(code).toBe(0);
  expect(existsSync(join(gateway.dataDir, 'sandbox', 'oss', 'demo', 'somewhere'))).toBe(false);
});

test('a sandbox that does not run yet needs no account', async () => {
  const { code, stdout, of } = await check(['--sandbox'], { DASHSCOPE_API_KEY: '' });
  expect(stdout).toMatch(/account is not checked/);
  expect(of('API key').outcome).toBe('not tried');
  expect(code).toBe(0);
});

type Case = [what: string, environment: NodeJS.ProcessEnv, check: string, said: RegExp];

const accounts: Case[] = [
  ['no key', { DASHSCOPE_API_KEY: '' }, 'API key', /no default API key\n.*DASHSCOPE_API_KEY/],
  [
    'a Coding Plan key',
    { DASHSCOPE_API_KEY: 'sk-sp-0123456789' },
    'API key',
    /Coding Plan.*\n.*API-key page/,
  ],
  [
    'an AccessKey id for a key',
    { DASHSCOPE_API_KEY: 'LTAI5tExample' },
    'API key',
    /AccessKey.*\n.*API-key page/,
  ],
  ['a key in quotes', { DASHSCOPE_API_KEY: `"${key}"` }, 'API key', /quotes.*\n.*API-key page/],
  ['a key with the line end of another system', { DASHSCOPE_API_KEY: `${key}\r` }, 'API key', /U\+000D/],
  ['a key in other letters', { DASHSCOPE_API_KEY: 'sk-0123456789аbc' }, 'API key', /U\+0430 at place 14/],
  ['a key of another kind', { DASHSCOPE_API_KEY: 'abcdef' }, 'API key', /begins with sk-/],
  [
    'a provider that does not answer',
    { DASHSCOPE_HTTP_BASE_URL: 'http://127.0.0.1:1/api/v1' },
    'API key',
    /cannot be reached \(ECONNREFUSED\)\n.*DASHSCOPE_HTTP_BASE_URL/,
  ],
  [
    'the base URL of the other protocol',
    { DASHSCOPE_HTTP_BASE_URL: 'https://dashscope.aliyuncs.com/compatible-mode/v1' },
    'cloud settings',
    /compatible-mode.*\n.*must end with \/api\/v1/,
  ],
  [
    'no identity',
    { ALIBABA_CLOUD_ACCESS_KEY_ID: '', ALIBABA_CLOUD_ACCESS_KEY_SECRET: '' },
    'identity',
    /no Alibaba Cloud identity[\s\S]*ALIBABA_CLOUD_ACCESS_KEY_ID/,
  ],
  [
    'STS out of reach',
    { HOLOGEN_STS_ENDPOINT: 'http://127.0.0.1:1' },
    'STS',
    /ECONNREFUSED.*\n.*HOLOGEN_STS_ENDPOINT/,
  ],
];

test.each(accounts)('the account: %s', async (_what, environment, name, said) => {
  const { code, of, stdout } = await check([], environment);
  expect(of(name)).toEqual({ outcome: 'failed', said: expect.stringMatching(said) });
  expect(code).toBe(1);
  expect(stdout).not.toContain(key);
});

/** A server on loopback that answers everything alike. */
async function answering(status: number, headers: Record<string, string>, body: string) {
  const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

test('a key of the credentials file that no header carries', async () => {
  const home = join(folder, 'home');
  await mkdir(join(home, '.alibabacloud'), { recursive: true });
  await writeFile(
    join(home, '.alibabacloud', 'credentials'),
    '[default]\ndashscope_api_key = sk-0123456789é\n',
  );
  const { of } = await check([], { DASHSCOPE_API_KEY: '', HOME: home });
  expect(of('API key').said).toMatch(/dashscope_api_key in .*credentials .*U\+00E9/);
});

test('a key that the region does not know: the other regions are listed', async () => {
  const refused = JSON.stringify({
    code: 'InvalidApiKey',
    message: 'Invalid API-key provided.',
    request_id: 'r',
  });
  const region = await answering(401, { 'content-type': 'application/json' }, refused);
  const { of } = await check([], { DASHSCOPE_HTTP_BASE_URL: `${region.url}/api/v1` });
  region.close();
  expect(of('API key')).toEqual({ outcome: 'failed', said: expect.stringMatching(/InvalidApiKey/) });
  expect(of('API key').said).toMatch(/Singapore: https:\/\/dashscope-intl\.aliyuncs\.com\/api\/v1/);
});

test.each([
  [-20, 'failed', /20 min ahead\n.*RequestTimeTooSkewed/],
  [30, 'failed', /30 min behind/],
  [5, 'note', /5 min behind/],
])('a clock that is %i minutes from that of STS: %s', async (minutes, outcome, said) => {
  const date = new Date(Date.now() + minutes * 60_000).toUTCString();
  const clock = await answering(400, { Date: date }, '');
  const { of } = await check([], { HOLOGEN_STS_ENDPOINT: clock.url });
  clock.close();
  expect(of('STS')).toEqual({ outcome, said: expect.stringMatching(said) });
});

test.each(['*', 'acs:ram::*', 'acs:ram::1:role/*', 'acs:ram::1*:role/a, acs:ram::2:role/b-*'])(
  'allowed roles may be %s',
  async (roles) => {
    const { of } = await check([], { HOLOGEN_ALLOWED_ROLES: roles });
    expect(of('cloud settings').outcome).toBe('ok');
  },
);

test('no allowed roles is a note: text needs none', async () => {
  const { code, of } = await check([], { HOLOGEN_ALLOWED_ROLES: '' });
  expect(of('cloud settings')).toEqual({
    outcome: 'note',
    said: expect.stringMatching(/SQL may name no role/),
  });
  expect(code).toBe(0);
});

test('places: a role that is not allowed, unknown or forbidden, a bucket that is missing, elsewhere or closed', async () => {
  const roles = (name: string) => `acs:ram::1234567890123456:role/${name}`;
  sts.unknownRoles.push(roles('unknown'));
  sts.forbiddenRoles.push(roles('forbidden'));
  await store.createBucket('elsewhere', 'cn-beijing');
  const places = [
    ['oss://bucket/', endpoint, 'acs:ram::1:user/me', /not the ARN of a RAM role/],
    ['oss://bucket/', endpoint, 'acs:ram::2:role/foreign', /HOLOGEN_ALLOWED_ROLES/],
    ['oss://bucket/', endpoint, roles('unknown'), /no such role/],
    ['oss://bucket/', endpoint, roles('forbidden'), /may not assume this role[\s\S]*trust policy/],
    ['oss://no-such-bucket-here/', endpoint, role, /no such bucket[\s\S]*another region/],
    ['oss://elsewhere/', endpoint, role, /another region[\s\S]*bucket's own region/],
    ['oss://bucket/', 'files.example.com', role, /not an OSS endpoint: "files\.example\.com"/],
  ] as const;
  const { code, stdout } = await check(places.flatMap((place) => place.slice(0, 3) as string[]));
  const told = stdout.split(/^(?=ok |note |failed )/m).filter((text) => text.includes('oss://'));
  expect(told).toHaveLength(places.length);
  places.forEach(([, , , said], index) => {
    expect(told[index]).toMatch(/^failed /);
    expect(told[index]).toMatch(said);
  });
  expect(code).toBe(1);
});

describe('the machine', () => {
  test('a data directory that cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const inTheWay = await check(['--sandbox', '--data-dir', join(folder, 'file', 'data')]);
    expect(inTheWay.of('data directory')).toEqual({
      outcome: 'failed',
      said: expect.stringMatching(/ENOTDIR.*\n.*--data-dir/),
    });
    if (!isRoot) return;
    await mkdir(join(folder, 'of-root'), { mode: 0o755 });
    const notOurs = await check(['--sandbox', '--data-dir', join(folder, 'of-root')], {}, nobody);
    expect(notOurs.of('data directory')).toEqual({
      outcome: 'failed',
      said: expect.stringMatching(/EACCES.*\n.*chown/),
    });
  });

  test('a port that is taken, and an address that is not this machine’s', async () => {
    const { port } = new URL(gateway.url);
    const taken = await check(['--sandbox', '--port', port]);
    expect(taken.of('port')).toEqual({
      outcome: 'failed',
      said: expect.stringMatching(/EADDRINUSE.*--port \/ HOLOGEN_PORT/),
    });
    const foreign = await check(['--sandbox', '--host', '203.0.113.1']);
    expect(foreign.of('port')).toEqual({
      outcome: 'failed',
      said: expect.stringMatching(/not one of this machine/),
    });
  });

  test('certificates: one half, unreadable, no certificate, of different pairs, expired, soon to expire', async () => {
    const file = (name: string) => join(folder, name);
    const dayMs = 24 * 3600 * 1000;
    const make = async (name: string, lastDay: number) => {
      const notBeforeDate = new Date(Date.now() - 90 * dayMs);
      const notAfterDate = new Date(Date.now() + lastDay * dayMs);
      const made = await generate([{ name: 'commonName', value: 'test' }], {
        ...{ keyType: 'ec', curve: 'P-256', notBeforeDate, notAfterDate },
      });
      await Promise.all([
        writeFile(file(`${name}.crt`), made.cert),
        writeFile(file(`${name}.key`), made.private),
      ]);
    };
    await Promise.all([make('good', 90), make('other', 90), make('soon', 3), make('old', -1)]);
    const pair = (cert: string, key: string) => [
      '--sandbox',
      '--tls-cert',
      file(cert),
      '--tls-key',
      file(key),
    ];
    const cases: [string[], string, RegExp][] = [
      [pair('good.crt', 'good.key'), 'ok', /certificate/],
      [['--sandbox', '--tls-cert', file('good.crt')], 'failed', /--tls-key is missing/],
      [pair('absent.crt', 'good.key'), 'failed', /absent\.crt cannot be read \(ENOENT\)/],
      [pair('good.key', 'good.key'), 'failed', /good\.key is not a certificate.*\n.*BEGIN CERTIFICATE/],
      [pair('good.crt', 'good.crt'), 'failed', /good\.crt is not a private key.*\n.*BEGIN PRIVATE KEY/],
      [pair('good.crt', 'other.key'), 'failed', /does not belong to the certificate/],
      [pair('soon.crt', 'soon.key'), 'note', /expires on 20/],
      [pair('old.crt', 'old.key'), 'failed', /expired on 20.*\n.*Renew it/],
    ];
    for (const [args, outcome, said] of cases) {
      const { of } = await check(args);
      expect(of('certificate')).toEqual({ outcome, said: expect.stringMatching(said) });
    }
  });
});
