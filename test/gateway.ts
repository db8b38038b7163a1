/** A whole gateway for a test: own engine, own sandbox, free ports, a folder of its own; gone when the test is over. */
import { chmod, rm } from 'node:fs/promises';
import pg from 'pg';
import { startGateway } from '../src/main.js';
import type { Drivers } from '../src/open-calls.js';
import { readTexts } from '../src/settings/read.js';
import type { SettingTexts } from '../src/settings/table.js';
import { startLikeEmbedded } from './debian-postgres.js';
import { newDataDir } from './ready-made.js';

export interface SandboxRequest {
  sequence: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  status?: number;
}

export interface TestGateway {
  /** URL of the owner role, password included. */
  url: string;
  /** Address of its console. */
  console: string;
  dataDir: string;
  sandbox: { modelStudio: string; oss: string; sts: string };
  /** Base URL for an OpenAI client, if it was asked for. */
  openai: string;
  /** Where its metrics are, if they were asked for. */
  metrics: string;
  /** A connected client; ended with the gateway. */
  client(options?: pg.ClientConfig): Promise<pg.Client>;
  /** The same, signed in as another role. */
  clientOf(role: string, password?: string): Promise<pg.Client>;
  /** What Model Studio received; result downloads and polls are left out unless asked for. */
  requests(kind?: 'submits' | 'all'): Promise<SandboxRequest[]>;
  forgetRequests(): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `TEST_ENGINE=14 npx vitest run test/attacks`: on a remote engine of that version wherever the embedded one would be. */
const engineVersion = Number(process.env.TEST_ENGINE);

/**
 * Picture and video take some milliseconds unless told otherwise. A test that starts the parts of a cloud itself passes
 * their addresses beside settings of `sandbox: 'off'`.
 */
export async function startTestGateway(
  changes: Partial<SettingTexts> = {},
  ownCloud?: TestGateway['sandbox'],
  drivers?: Drivers,
): Promise<TestGateway> {
  const quick = {
    sandbox: 'on',
    port: '0',
    maxConnections: '100',
    sandboxImageMs: '20',
    sandboxVideoMs: '100',
    logLevel: 'error',
    drainMs: '2000',
  };
  const engine = engineVersion && !changes.engineUrl ? await startLikeEmbedded(engineVersion) : undefined;
  const ofEngine = engine && { engineUrl: engine.url };
  // What the first start of all does is seen in an empty one.
  const isFirst = changes.usualModels !== undefined;
  const dataDir =
    changes.dataDir ??
    (await newDataDir(isFirst, async (ready) => {
      await (await startGateway(readTexts({ ...quick, dataDir: ready }))).stop();
    }));
  // Root's engine runs under an account of its own, which must be able to walk in.
  await chmod(dataDir, 0o711);
  const configuration = readTexts({ ...quick, dataDir, ...changes, ...ofEngine });
  const gateway = await startGateway(configuration, undefined, drivers);
  const { postgres } = gateway.runFile;
  const sandbox = gateway.runFile.sandbox ?? ownCloud;
  if (!sandbox) throw new Error('a test gateway needs its sandbox');
  const clients: pg.Client[] = [];

  async function close(): Promise<void> {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
    await gateway.stop();
    await engine?.close();
    if (!changes.dataDir) await rm(dataDir, { recursive: true, force: true });
  }

  async function client(options: pg.ClientConfig = {}): Promise<pg.Client> {
    const connected = new pg.Client({ connectionString: postgres, ...options });
    connected.on('error', () => {});
    await connected.connect();
    clients.push(connected);
    return connected;
  }

  return {
    url: postgres,
    console: gateway.runFile.console ?? '',
    dataDir,
    sandbox,
    openai: gateway.runFile.openai ?? '',
    metrics: gateway.runFile.metrics ?? '',
    client,
    clientOf(user, password = 'secret') {
      const { hostname: host, port, pathname } = new URL(postgres);
      const account = { host, port: Number(port), database: pathname.slice(1), user, password };
      return client({ ...account, connectionString: undefined });
    },
    async requests(kind = 'submits') {
      const answer = await fetch(`${sandbox.modelStudio}/_sandbox/requests`);
      const all = (await answer.json()) as SandboxRequest[];
      return kind === 'all'
        ? all
        : all.filter((request) => request.method === 'POST' && !request.path.endsWith('/cancel'));
    },
    async forgetRequests() {
      await fetch(`${sandbox.modelStudio}/_sandbox/requests`, { method: 'DELETE' });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The error of a statement that must fail. */
export async function refusal(statement: Promise<unknown>): Promise<pg.DatabaseError> {
  try {
    await statement;
  } catch (error) {
    return error as pg.DatabaseError;
  }
  throw new Error('the statement was not refused');
}
