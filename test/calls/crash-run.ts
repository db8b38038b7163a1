/** For crash tests: a cloud that outlives every kill, a gateway process that is killed and started again, clients that come again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createCredentialRegistry } from '../../sandbox/credentials.js';
import { sandboxKeys } from '../../sandbox/keys.js';
import { type ModelStudioOptions, startModelStudio } from '../../sandbox/model-studio/server.js';
import { startObjectStore } from '../../sandbox/object-store/server.js';
import { startSts } from '../../sandbox/sts/server.js';

const program = fileURLToPath(new URL('../../dist/src/cli/hologen.js', import.meta.url));

/** Numbers from 0 to 1, the same again for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A folder that the engine's own account may enter. */
export async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-crash-'));
  await chmod(directory, 0o711);
  return directory;
}

export type OutlivingCloud = Awaited<ReturnType<typeof startOutlivingCloud>>;

/** Model Studio, OSS (with the bucket `bucket`) and STS in this process, and the environment that points a gateway at them. */
export async function startOutlivingCloud(options: Partial<ModelStudioOptions>) {
  const directory = await newDirectory();
  const credentials = createCredentialRegistry();
  const [studio, store, sts] = await Promise.all([
    startModelStudio({ directory: join(directory, 'results'), rateLimits: 'off', ...options }),
    startObjectStore({ directory: join(directory, 'oss'), credentials }),
    startSts({ credentials, baseAccessKeys: [sandboxKeys] }),
  ]);
  await store.createBucket('bucket');
  return {
    studio,
    store,
    environment: {
      DASHSCOPE_HTTP_BASE_URL: `${studio.url}/api/v1`,
      DASHSCOPE_API_KEY: 'sk-test',
      HOLOGEN_OSS_ENDPOINT: store.url,
      HOLOGEN_STS_ENDPOINT: sts.url,
      HOLOGEN_ALLOWED_ROLES: '*',
      ALIBABA_CLOUD_ACCESS_KEY_ID: sandboxKeys.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: sandboxKeys.accessKeySecret,
      HOLOGEN_LOG_LEVEL: 'warn',
    },
    /** Submits that were received with this word in them, tasks and pictures and texts alike. */
    submits: (word: string) =>
      studio
        .requests()
        .filter((each) => each.method === 'POST' && JSON.stringify(each.body ?? '').includes(word)),
    async close() {
      await Promise.all([studio.close(), store.close(), sts.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface GatewayProcess {
  child: ChildProcess;
  /** True when it serves, false when it ended before. */
  ready: Promise<boolean>;
  ended: Promise<unknown>;
  printed(): string;
}

/** `hologen serve` that may be killed at any moment, also while it starts. */
export function spawnGateway(dataDir: string, environment: NodeJS.ProcessEnv): GatewayProcess {
  const child = spawn(process.execPath, [program, 'serve', '--data-dir', dataDir, '--port', '0'], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TZ: 'UTC', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const ended = once(child, 'close');
  const serves = new Promise<boolean>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (/^ready /m.test(printed)) resolve(true);
      });
  });
  return {
    child,
    ended,
    ready: Promise.race([serves, ended.then(() => false)]),
    printed: () => printed,
  };
}

/** A client of whichever gateway serves the directory now. */
export async function connect(dataDir: string): Promise<pg.Client> {
  const { postgres } = JSON.parse(await readFile(join(dataDir, 'runtime.json'), 'utf8'));
  const client = new pg.Client({ connectionString: postgres, connectionTimeoutMillis: 30_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Runs work over and over until it succeeds: what a person does whose gateway was killed. Errors that `mayPass` refuses end it. */
export async function again<T>(
  dataDir: string,
  work: (client: pg.Client) => Promise<T>,
  mayPass: (error: pg.DatabaseError) => boolean,
): Promise<T> {
  for (;;) {
    let client: pg.Client | undefined;
    try {
      client = await connect(dataDir);
      return await work(client);
    } catch (error) {
      if (client && !mayPass(error as pg.DatabaseError)) throw error;
    } finally {
      await client?.end().catch(() => {});
    }
    await delay(50);
  }
}
