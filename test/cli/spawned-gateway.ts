/** The built command line as people run it: `hologen …` to its end, or `hologen serve` until it is told to stop. */
import { spawn } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const program = fileURLToPath(new URL('../../dist/src/cli/hologen.js', import.meta.url));

export interface Account {
  uid?: number;
  gid?: number;
}

/** `nobody` on Debian, Fedora and in most containers. */
export const nobody: Account = { uid: 65_534, gid: 65_534 };
export const isRoot = process.getuid?.() === 0;

export interface RunOptions {
  environment?: NodeJS.ProcessEnv;
  account?: Account;
}

interface Running {
  pid: number;
  /** What was printed so far. */
  printed: { stdout: string; stderr: string };
  /** Exit code; null: ended by a signal. */
  exit: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

export interface SpawnedGateway extends Running {
  url: string;
  dataDir: string;
  /** A client, not in anyone's way when the gateway goes away. */
  client(): Promise<pg.Client>;
}

/** An empty folder that any account may enter. */
export async function makeDirectory(account: Account = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  await chmod(directory, 0o711);
  if (account.uid !== undefined && account.gid !== undefined)
    await chown(directory, account.uid, account.gid);
  return directory;
}

/** Nothing of the person who runs the tests: no key, no identity, no setting. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: '/nonexistent', TZ: 'UTC' };
}

function start(args: string[], { environment = {}, account = {} }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...cleanEnvironment(), ...environment },
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.stderr += text;
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { pid: child.pid ?? 0, printed, exit, kill: (signal) => child.kill(signal) };
}

/** Runs `hologen ARGS` to its end. */
export async function hologen(
  args: string[],
  options: RunOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const running = start(args, options);
  const code = await running.exit;
  return { code, ...running.printed };
}

const running = new Set<Running>();

/** `hologen serve` on a free port; resolves when it is ready, rejects with what it printed when it ends before. */
export async function serve(
  dataDir: string,
  args: string[] = ['--sandbox'],
  options: RunOptions = {},
): Promise<SpawnedGateway> {
  const gateway = start(['serve', '--data-dir', dataDir, '--port', '0', ...args], options);
  running.add(gateway);
  gateway.exit.then(() => running.delete(gateway));
  await untilPrinted(gateway, /^ready /m);
  const { postgres: url } = JSON.parse(await readFile(join(dataDir, 'runtime.json'), 'utf8'));
  return {
    ...gateway,
    url,
    dataDir,
    async client() {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => {});
      await client.connect();
      return client;
    },
  };
}

/** `hologen demo --keep`; resolves when its scenarios have run and it goes on. */
export async function startDemo(dataDir: string): Promise<Running> {
  const quick = ['--sandbox-image-ms', '1', '--sandbox-video-ms', '1'];
  const demo = start(['demo', '--keep', '--data-dir', dataDir, '--console-port', '0', ...quick]);
  running.add(demo);
  demo.exit.then(() => running.delete(demo));
  // An address stands before the scenarios, and another one behind them.
  await untilPrinted(demo, /psql '[\s\S]*^ {2}http:\S+\n/m);
  return demo;
}

/** Ends every gateway of this file that still runs, with its engine. */
export async function stopGateways(): Promise<void> {
  await Promise.all(
    [...running].map((gateway) => {
      gateway.kill('SIGTERM');
      return gateway.exit;
    }),
  );
}

function untilPrinted({ printed, exit }: Running, awaited: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = setInterval(() => {
      if (!awaited.test(printed.stdout)) return;
      clearInterval(look);
      resolve();
    }, 5);
    exit.then((code) => {
      clearInterval(look);
      reject(new Error(`hologen ended with ${code}: ${printed.stdout}${printed.stderr}`));
    });
  });
}
