/** The command line: help, exit codes, settings, and what `serve` prints, writes and removes. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WhoAmI } from '../../src/console/server/answers.js';
import type { RunFile } from '../../src/run-file.js';
import { freePort } from '../debian-postgres.js';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from './spawned-gateway.js';

const commands = [
  'serve',
  'url',
  'open',
  'demo',
  'image',
  'check',
  'migrate',
  'pause',
  'resume',
  'drain',
  'undrain',
  'reload',
  'retry',
];
const endpoint = 'oss-cn-hangzhou-internal.aliyuncs.com';

let gateway: SpawnedGateway;
let emptyDirectory: string;

beforeAll(async () => {
  emptyDirectory = await makeDirectory();
  gateway = await serve(await makeDirectory());
});
afterAll(async () => {
  await stopGateways();
  for (const directory of [emptyDirectory, gateway?.dataDir]) {
    if (directory) await rm(directory, { recursive: true, force: true });
  }
});

async function runtime(directory: string): Promise<RunFile> {
  return JSON.parse(await readFile(join(directory, 'runtime.json'), 'utf8'));
}

test.concurrent.each(commands)('hologen %s --help explains itself and exits 0', async (command) => {
  const { code, stdout, stderr } = await hologen([command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^hologen ${command} `));
});

test.concurrent.each(commands)(
  'every setting in hologen %s --help has its name in the left column',
  async (command) => {
    const { stdout } = await hologen([command, '--help']);
    const [settings = ''] = stdout.split('\nExit codes');
    const rows = settings.split('\n').filter((line) => /^ {2}\S| {8}/.test(line));
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => !/^ {2}(--[a-z]|[A-Z_]{5,}|\d )/.test(row))).toEqual([]);
  },
);

test('hologen --help lists every command; without a command it does so with exit code 2', async () => {
  const asked = await hologen(['--help']);
  const bare = await hologen([]);
  for (const command of commands) expect(asked.stdout).toMatch(new RegExp(`^ +${command} +\\S`, 'm'));
  expect([asked.code, bare.code]).toEqual([0, 2]);
  expect(bare.stdout).toBe(asked.stdout);
});

const wrongUsage: [string[], RegExp, NodeJS.ProcessEnv?][] = [
  [['bogus'], /no command "bogus"/],
  [['serve', '--bogus'], /--bogus/],
  [['serve', 'extra'], /extra/],
  [['serve', '--port', 'http'], /--port \/ HOLOGEN_PORT .* not "http"/],
  [['serve', '--port', '70000'], /0 to 65535/],
  [['serve', '--sandbox'], /HOLOGEN_DRAIN_MS .*"soon"/, { HOLOGEN_PORT: '0', HOLOGEN_DRAIN_MS: 'soon' }],
  [['serve', '--sandbox'], /HOLOGEN_LOG_LEVEL .*"loud"/, { HOLOGEN_PORT: '0', HOLOGEN_LOG_LEVEL: 'loud' }],
  [['serve'], /engine URL begins with mysql/, { HOLOGEN_PORT: '0', HOLOGEN_ENGINE_URL: 'mysql://u@h/d' }],
  [
    ['serve'],
    /DASHSCOPE_API_KEY .*U\+000D at place 11/,
    { HOLOGEN_PORT: '0', DASHSCOPE_API_KEY: 'sk-0123456\r' },
  ],
  [
    ['serve'],
    /DASHSCOPE_HTTP_BASE_URL .*"nowhere"/,
    { HOLOGEN_PORT: '0', DASHSCOPE_HTTP_BASE_URL: 'nowhere' },
  ],
  [['check'], /HOLOGEN_STS_ENDPOINT .*"sts"/, { HOLOGEN_STS_ENDPOINT: 'sts' }],
  [['check'], /HOLOGEN_ALLOWED_ROLES .*"writer"/, { HOLOGEN_ALLOWED_ROLES: 'writer' }],
  [['url', '--port', '1'], /--port/],
  [['check', 'oss://demo/x/', endpoint], /three words/],
  [['pause'], /MODEL expected, and none/],
  [['resume', 'one', 'two'], /one MODEL expected, not "one two"/],
  [['drain', '--at-most', 'soon'], /whole number of seconds, not "soon"/],
  [['retry', 'a-job', '--tag', 'summer'], /not both/],
  [['migrate'], /--engine-url is missing/],
  [['migrate', '--engine-url', 'http://u@h/d'], /postgresql:\/\//],
];

test.concurrent.each(wrongUsage)(
  'hologen %j is wrong usage: exit code 2 and the way to --help',
  async (args, said, env) => {
    const { code, stderr } = await hologen(args, {
      environment: { HOLOGEN_DATA_DIR: join(emptyDirectory, 'wrong'), ...env },
    });
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/--help|COMMAND/);
    expect(code).toBe(2);
  },
);

test('what fails for another reason has exit code 1 and one sentence', async () => {
  const { port } = new URL(gateway.url);
  const failures: [string[], RegExp][] = [
    [['url', '--data-dir', emptyDirectory], /^hologen url: no gateway runs on /],
    [['migrate', '--engine-url', 'postgresql://u:p@127.0.0.1:1/d'], /^hologen migrate: .*127\.0\.0\.1:1/],
    [
      ['serve', '--sandbox', '--data-dir', emptyDirectory, '--port', port],
      /^hologen serve: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*--port \/ HOLOGEN_PORT/,
    ],
  ];
  for (const [args, said] of failures) {
    const { code, stderr } = await hologen(args);
    expect(stderr).toMatch(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  }
  expect(existsSync(join(emptyDirectory, 'runtime.json'))).toBe(false);
});

test('serve prints one ready line without the password, and writes runtime.json for its owner only', async () => {
  const file = await runtime(gateway.dataDir);
  const url = new URL(file.postgres);
  const ready = gateway.printed.stdout.split('\n').filter((line) => line.startsWith('ready '));
  expect(ready).toHaveLength(1);
  expect(ready[0]).toContain(`${url.username}@${url.host}${url.pathname}`);
  expect(gateway.printed.stdout + gateway.printed.stderr).not.toContain(url.password);
  expect(file).toEqual({
    pid: gateway.pid,
    postgres: gateway.url,
    console: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
    openai: null,
    ticketKey: expect.any(String),
    metrics: null,
    sandbox: {
      modelStudio: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      oss: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      sts: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    },
  });
  expect((await stat(join(gateway.dataDir, 'runtime.json'))).mode & 0o777).toBe(0o600);
  const printed = await hologen(['url'], { environment: { HOLOGEN_DATA_DIR: gateway.dataDir } });
  expect(printed).toEqual({ code: 0, stdout: `${file.postgres}\n`, stderr: '' });
  const client = await gateway.client();
  expect((await client.query("SELECT ai_gen('qwen_plus', 'hello') AS text")).rows[0].text).toContain('hello');
  await client.end();
});

test('serve prints an address that signs the owner in, once, and open makes another', async () => {
  const printed = /^console (\S+)$/m.exec(gateway.printed.stdout)?.[1] ?? '';
  const opened = await hologen(['open', '--print', '--data-dir', gateway.dataDir]);
  expect(opened).toEqual({ code: 0, stdout: expect.stringMatching(/^http:\S+\n$/), stderr: '' });
  for (const address of [printed, opened.stdout.trim()]) {
    const { origin, hash } = new URL(address);
    const ticket = new URLSearchParams(hash.split('?')[1]).get('ticket');
    const show = () =>
      fetch(`${origin}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ ticket }),
      });
    const first = await show();
    expect([first.status, ((await first.json()) as WhoAmI).administers]).toEqual([200, true]);
    expect(first.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Strict/);
    const second = await show();
    expect([second.status, second.headers.getSetCookie()]).toEqual([401, []]);
  }
});

test('url finds a gateway that runs on the demo folder of the data directory', async () => {
  const directory = await makeDirectory();
  const runFile = await readFile(join(gateway.dataDir, 'runtime.json'), 'utf8');
  await mkdir(join(directory, 'demo'));
  await writeFile(join(directory, 'demo', 'runtime.json'), runFile);
  const printed = await hologen(['url', '--data-dir', directory]);
  expect(printed).toEqual({ code: 0, stdout: `${gateway.url}\n`, stderr: '' });
  const checked = await hologen(['check', '--data-dir', directory]);
  expect(checked.stdout).toContain(`The gateway on ${join(directory, 'demo')} runs in the sandbox`);
  await rm(directory, { recursive: true, force: true });
});

test('url does not hand out the address of a killed gateway whose process id another program has now', async () => {
  const directory = await makeDirectory();
  const stale = { pid: process.pid, postgres: `postgresql://u:p@127.0.0.1:${await freePort()}/d` };
  await writeFile(join(directory, 'runtime.json'), JSON.stringify(stale));
  const { code, stdout, stderr } = await hologen(['url', '--data-dir', directory]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/no gateway runs on /);
  await rm(directory, { recursive: true, force: true });
});

test('settings come from the environment, and flags win', async () => {
  const dataDir = await makeDirectory();
  const port = await freePort();
  const environment = {
    HOLOGEN_DATA_DIR: '/nonexistent/never-used',
    HOLOGEN_PORT: '1',
    HOLOGEN_CONSOLE_PORT: '0',
    HOLOGEN_HOST: '127.0.0.1',
    HOLOGEN_SANDBOX: 'on',
    HOLOGEN_SANDBOX_IMAGE_MS: '1',
    HOLOGEN_LOG_LEVEL: 'silent',
  };
  const other = await serve(dataDir, ['--port', String(port)], { environment });
  expect(new URL(other.url).port).toBe(String(port));
  expect((await runtime(dataDir)).sandbox).not.toBeNull();
  const client = await other.client();
  await client.query("SELECT ai_gen('qwen_plus', 'hello')");
  await client.end();
  other.kill('SIGINT');
  expect(await other.exit).toBe(0);
  expect(other.printed.stderr).toBe('');
  expect(existsSync(join(dataDir, 'runtime.json'))).toBe(false);
  await rm(dataDir, { recursive: true, force: true });
});

test('npm start serves in the sandbox without a key and says so, and with a key in the cloud', async () => {
  const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));
  const { scripts } = JSON.parse(await readFile(manifest, 'utf8'));
  const flags: string[] = scripts.start.split(' serve ')[1].split(' ');
  const home = await makeDirectory();
  const started = async (environment: NodeJS.ProcessEnv) => {
    const dataDir = await makeDirectory();
    const other = await serve(dataDir, flags, { environment: { HOME: home, ...environment } });
    const { sandbox } = await runtime(dataDir);
    other.kill('SIGTERM');
    await other.exit;
    await rm(dataDir, { recursive: true, force: true });
    return { sandbox, said: other.printed.stdout };
  };
  const without = await started({});
  expect(without.sandbox).not.toBeNull();
  expect(without.said).toMatch(/DASHSCOPE_API_KEY.*sandbox/);
  const withKey = await started({ DASHSCOPE_API_KEY: 'sk-0123456789abcdef' });
  expect(withKey).toEqual({ sandbox: null, said: expect.not.stringContaining('sandbox') });
  await mkdir(join(home, '.alibabacloud'));
  const key = 'dashscope_api_key = sk-0123456789abcdef';
  await writeFile(join(home, '.alibabacloud', 'credentials'), `[default]\n${key}\n`);
  expect((await started({})).sandbox).toBeNull();
  await rm(home, { recursive: true, force: true });
});

test('the installed command runs through npm, which builds nothing anew where others may run it', async () => {
  const folder = fileURLToPath(new URL('../..', import.meta.url));
  const built = async () => (await stat(join(folder, 'dist/src/cli/hologen.js'))).mtimeMs;
  const before = await built();
  const { stdout } = await promisify(execFile)('npx', ['--no-install', 'hologen', '--help'], { cwd: folder });
  expect(stdout).toMatch(/^hologen: /);
  expect(await built()).toBe(before);
});
