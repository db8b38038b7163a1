/**
 * Opens the engine, embedded or remote, together with the callback endpoint and the schema that its functions need.
 *
 * Room: src/engine holds the PostgreSQL behind the gateway: its process or address, connections to it, what is installed in it.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Logger } from 'pino';
import type { NetworkPlace } from './callback/address.js';
import { type Callback, type CallbackOptions, listenForEngine } from './callback/endpoint.js';
import { type EngineAddress, parseEngineUrl } from './engine/address.js';
import { settleEncryption } from './engine/connect.js';
import { prepareEngine, startEmbeddedEngine } from './engine/embedded.js';
import { migrateAll, migrateHome } from './engine/migrate.js';
import { type NewDatabases, noDatabases } from './engine/new-databases.js';
import { clientOptions, type EnginePool, openEnginePool } from './engine/pool.js';
import { findStatementLog } from './engine/statement-log.js';
import { superviseEngine } from './engine/supervise.js';
import { keptSecret } from './kept-secret.js';
import { type Gateways, joinGateways } from './ledger/gateways.js';

export interface EngineOptions {
  dataDirectory: string;
  maxConnections: number;
  /** Undefined: the embedded engine. */
  remote: RemoteEngine | undefined;
}

export interface RemoteEngine {
  url: string;
  /** Where the engine finds the callback endpoint. */
  callback: Omit<NetworkPlace, 'certificate'> & {
    certificate(): NetworkPlace['certificate'] | Promise<NetworkPlace['certificate']>;
  };
}

export interface OpenedEngine {
  /** Of this gateway, as long as it runs. */
  gatewayId: string;
  /** The same, where sessions must tell the engine which gateway they came through. */
  sessionGateway: string | undefined;
  gateways: Gateways;
  address: EngineAddress;
  pool: EnginePool;
  /** Databases made from now on. */
  databases: NewDatabases;
  /** How often an embedded engine ended by itself and was started again. */
  restarts(): number;
  /** Resolves when an embedded engine ended by itself and could not be started again. */
  died: Promise<unknown>;
  close(): Promise<void>;
}

export type Callbacks = Pick<CallbackOptions, 'answer' | 'gone' | 'log'>;

/** Room for the gateway's own connections and for what PostgreSQL keeps back for superusers. */
const ownConnections = 20;

export interface ClaimedEngine {
  /** Starts (or reaches) the engine and installs the schema. A failure releases the claim. */
  open(): Promise<OpenedEngine>;
  release(): Promise<void>;
}

/**
 * Listens for the engine's functions. With the embedded engine the endpoint's socket is also the lock that keeps two gateways off one data
 * directory: nothing else of the directory may be touched before.
 */
export async function claimEngine(options: EngineOptions, callbacks: Callbacks): Promise<ClaimedEngine> {
  const secret = await keptSecret(options.dataDirectory, 'callback-secret');
  return options.remote
    ? claimRemote(options.remote, { ...callbacks, secret })
    : claimEmbedded(options, { ...callbacks, secret });
}

type Listening = Callbacks & { secret: string };
type Opened = Pick<OpenedEngine, 'address' | 'died' | 'restarts' | 'databases' | 'sessionGateway'>;

async function claimEmbedded(options: EngineOptions, listening: Listening): Promise<ClaimedEngine> {
  const { log } = listening;
  const place = await prepareEngine(options.dataDirectory);
  const callback = await listenForEngine({ ...listening, place });
  return claimed(callback, log, async (opened) => {
    const maxConnections = options.maxConnections + ownConnections;
    const engine = await superviseEngine(() => startEmbeddedEngine(place, { maxConnections, log }), log);
    opened.push(engine.stop);
    const databases = await migrateAll(engine.address, { ...callback, gatewayId: 'embedded' }, log);
    const { address, died, restarts } = engine;
    return { address, died, restarts, databases, sessionGateway: undefined };
  });
}

async function claimRemote(remote: RemoteEngine, listening: Listening): Promise<ClaimedEngine> {
  const { log } = listening;
  const wanted = parseEngineUrl(remote.url);
  const certificate = await remote.callback.certificate();
  const callback = await listenForEngine({ ...listening, place: { ...remote.callback, certificate } });
  return claimed(callback, log, async (_opened, gatewayId) => {
    const address = await settleEncryption(wanted);
    await migrateHome(address, { ...callback, gatewayId });
    await warnOfStatementLog(address, log);
    const never = { died: new Promise(() => {}), restarts: () => 0 };
    return { ...never, address, databases: noDatabases, sessionGateway: gatewayId };
  });
}

/** Clients' sessions log as the engine's settings say; the gateway may not change that for them. */
async function warnOfStatementLog(address: EngineAddress, log: Logger): Promise<void> {
  const client = new pg.Client(clientOptions(address));
  client.on('error', () => {});
  await client.connect();
  try {
    const found = await findStatementLog(client);
    const message =
      'the engine can log statements, with API keys and prompts in them; hologen check says how to change that';
    if (found) log.warn({ settings: found.settings }, message);
  } finally {
    await client.end();
  }
}

function claimed(
  callback: Callback,
  log: Logger,
  start: (opened: (() => Promise<void>)[], gatewayId: string) => Promise<Opened>,
): ClaimedEngine {
  const opened = [callback.close];
  const release = () => closeAll(opened);
  return {
    release,
    async open() {
      try {
        const gatewayId = randomUUID();
        const engine = await start(opened, gatewayId);
        const gateways = await joinGateways(engine.address, gatewayId, log);
        opened.push(gateways.close);
        const pool = openEnginePool(engine.address);
        opened.push(() => pool.end());
        return { ...engine, gatewayId, gateways, pool, close: release };
      } catch (error) {
        await release();
        throw error;
      }
    },
  };
}

/** What was opened last is closed first. */
async function closeAll(opened: (() => Promise<void>)[]): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}
