/** The first minute at the command line: the demo that stays, the console in a browser, and the README's block for an account. */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCredentialRegistry } from '../../sandbox/credentials.js';
import { sandboxKeys } from '../../sandbox/keys.js';
import { startModelStudio } from '../../sandbox/model-studio/server.js';
import { startObjectStore } from '../../sandbox/object-store/server.js';
import { startSts } from '../../sandbox/sts/server.js';
import { runProgram } from '../programs.js';
import { hologen, makeDirectory, serve, startDemo, stopGateways } from './spawned-gateway.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await makeDirectory();
});
afterAll(async () => {
  await stopGateways();
  await rm(folder, { recursive: true, force: true });
});

/** Signs in with the ticket of an address, as the page does. Resolves with the answer's status. */
async function showTicket(address: string): Promise<number> {
  const { origin, hash } = new URL(address);
  const ticket = new URLSearchParams(hash.split('?')[1]).get('ticket');
  const headers = { 'content-type': 'application/json', origin };
  const body = JSON.stringify({ ticket });
  return (await fetch(`${origin}/api/session`, { method: 'POST', headers, body })).status;
}

/** A folder with the program that opens a browser, which here writes down what it was given. */
async function browserIn(directory: string): Promise<{ path: string; opened(): Promise<string> }> {
  await mkdir(directory, { recursive: true });
  const program = join(directory, process.platform === 'darwin' ? 'open' : 'xdg-open');
  const told = join(directory, 'opened');
  await writeFile(program, `#!/bin/sh\nprintf %s "$1" > '${told}.part' && mv '${told}.part' '${told}'\n`);
  await chmod(program, 0o755);
  const opened = () => readFile(told, 'utf8').catch(() => '');
  return { path: `${directory}${delimiter}${process.env.PATH}`, opened };
}

test('demo --keep prints a psql line and, before the scenarios and behind them, an address that signs in, once; url and check find it, and a second one does not start', async () => {
  const dataDir = join(folder, 'kept');
  await mkdir(dataDir, { mode: 0o711 });
  const demo = await startDemo(dataDir);
  const url = /psql '(\S+)'/.exec(demo.printed.stdout)?.[1] ?? '';
  const addresses = [...demo.printed.stdout.matchAll(/^ {2}(http:\S+)$/gm)].map(
    ([, address]) => address ?? '',
  );
  expect(addresses).toHaveLength(2);
  const { stdout } = await runProgram('psql', [
    url,
    '-Atc',
    "SELECT count(*) FROM hologen.outputs WHERE kind = 'video'",
  ]);
  expect(Number(stdout)).toBeGreaterThan(0);
  for (const address of addresses)
    expect([await showTicket(address), await showTicket(address)]).toEqual([200, 401]);
  const environment = { HOLOGEN_DATA_DIR: dataDir };
  expect((await hologen(['url'], { environment })).stdout).toBe(`${url}\n`);
  const checked = await hologen(['check'], { environment });
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('runs in the sandbox')]);
  const second = await hologen(['demo'], { environment });
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('a demo still runs')]);
}, 120_000);

test.skipIf(process.platform === 'win32')(
  'open shows the address that it prints in the browser, which is signed in by it',
  async () => {
    const dataDir = join(folder, 'opened');
    await mkdir(dataDir, { mode: 0o711 });
    await serve(dataDir);
    const { path, opened } = await browserIn(join(folder, 'browser'));
    const { code, stdout } = await hologen(['open', '--data-dir', dataDir], { environment: { PATH: path } });
    expect(code).toBe(0);
    await expect.poll(opened).toBe(stdout.trim());
    expect(await showTicket(stdout.trim())).toBe(200);
  },
);

test('a start without an account says so, and how to do without one', async () => {
  const dataDir = join(folder, 'no-account');
  await mkdir(dataDir, { mode: 0o711 });
  const { printed } = await serve(dataDir, [], { environment: { DASHSCOPE_API_KEY: '', HOME: folder } });
  expect(printed.stdout).toMatch(/^no API key .*--sandbox runs without an account$/m);
});

/** A cloud that an account would find, with the account's own key and base identity. */
async function startCloud() {
  const credentials = createCredentialRegistry();
  const [studio, store, sts] = await Promise.all([
    startModelStudio({ directory: join(folder, 'results'), rateLimits: 'off' }),
    startObjectStore({ directory: join(folder, 'oss'), credentials }),
    startSts({ credentials, baseAccessKeys: [sandboxKeys] }),
  ]);
  return {
    settings: {
      DASHSCOPE_HTTP_BASE_URL: `${studio.url}/api/v1`,
      HOLOGEN_OSS_ENDPOINT: store.url,
      HOLOGEN_STS_ENDPOINT: sts.url,
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
    },
    close: () => Promise.all([studio.close(), store.close(), sts.close()]),
  };
}

/** The README's lines for an account, with an account in them and each line's remark left out. */
async function accountLines(): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, block = ''] = /^With an account:\n\n((?: {4}.+\n)+)/m.exec(readme) ?? [];
  const account: [shown: RegExp, own: string][] = [
    [/(DASHSCOPE_API_KEY)=\S+/, '$1=sk-0123456789abcdef'],
    [/(ALIBABA_CLOUD_ACCESS_KEY_ID)=\S+/, `$1=${sandboxKeys.accessKeyId}`],
    [/(ALIBABA_CLOUD_ACCESS_KEY_SECRET)=\S+/, `$1=${sandboxKeys.accessKeySecret}`],
    [/<account>/, '1234567890123456'],
  ];
  const own = account.reduce((text, [shown, value]) => text.replace(shown, value), block);
  return own
    .split('\n')
    .map((line) => line.replace(/ {2,}#.*$/, '').trim())
    .filter(Boolean);
}

test('the README’s block for an account runs from its first line to its last', async () => {
  const lines = await accountLines();
  const exports = lines.filter((line) => line.startsWith('export '));
  const commands = lines.filter((line) => !line.startsWith('export '));
  expect(commands.map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
    ...[
      'npx --no hologen check',
      'npx --no hologen serve',
      'psql "$(npx --no hologen',
      'npx --no hologen open',
    ],
  ]);
  const cloud = await startCloud();
  const { path, opened } = await browserIn(join(folder, 'browser-of-the-account'));
  const dataDir = join(folder, 'of-an-account');
  await mkdir(dataDir, { mode: 0o711 });
  const settings = { ...cloud.settings, HOLOGEN_PORT: '0', HOLOGEN_DATA_DIR: dataDir, PATH: path };
  const run = (line: string) => runProgram('bash', ['-euc', [...exports, line].join('\n')], settings, root);
  const [check = '', , psql = '', open = ''] = commands;
  try {
    expect((await run(check)).stdout).not.toMatch(/^failed/m);
    const values = await run('env -0');
    const environment = Object.fromEntries(
      values.stdout.split('\0').map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
    );
    await serve(dataDir, [], { environment });
    expect((await run(psql)).stdout).toMatch(/hello/i);
    await run(open);
    await expect.poll(opened).toMatch(/^http:\S+ticket=/);
    expect(await showTicket(await opened())).toBe(200);
  } finally {
    await stopGateways();
    await cloud.close();
  }
}, 120_000);
