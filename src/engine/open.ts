/** Opens the engine, embedded or remote, with the callback endpoint its functions use and the schema they need. */
import pg from 'pg';
import type { Logger } from 'pino';
import { keptSecret } from '../kept-secret.js';
import { type EngineAddress, parseEngineUrl } from './address.js';
import { type Answer, type Callback, listenForEngine } from './callback.js';
import type { NetworkPlace } from './callback-address.js';
import { settleEncryption } from './connect.js';
import { prepareEngine, startEmbeddedEngine } from './embedded.js';
import { migrateAll, migrateHome } from './migrate.js';
import { type NewDatabases, noDatabases } from './new-databases.js';
import { clientOptions, type EnginePool, openEnginePool } from './pool.js';
import { superviseEngine } from './supervise.js';

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
  address: EngineAddress;
  pool: EnginePool;
  /** Databases made from now on. */
  databases: NewDatabases;
  /** Resolves when an embedded engine ended by itself and could not be started again. */
  died: Promise<unknown>;
  close(): Promise<void>;
}

export interface Callbacks {
  answer: Answer;
  gone(engineProcessId: number): void;
  log: Logger;
}

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
type Opened = Pick<OpenedEngine, 'address' | 'died' | 'databases'>;

async function claimEmbedded(options: EngineOptions, listening: Listening): Promise<ClaimedEngine> {
  const place = await prepareEngine(options.dataDirectory);
  const callback = await listenForEngine({ ...listening, place });
  return claimed(callback, async (opened) => {
    const maxConnections = options.maxConnections + ownConnections;
    const engine = await superviseEngine(() => startEmbeddedEngine(place, { maxConnections }), listening.log);
    opened.push(engine.stop);
    const databases = await migrateAll(engine.address, callback, listening.log);
    return { address: engine.address, died: engine.died, databases };
  });
}

async function claimRemote(remote: RemoteEngine, listening: Listening): Promise<ClaimedEngine> {
  const wanted = parseEngineUrl(remote.url);
  const certificate = await remote.callback.certificate();
  const callback = await listenForEngine({ ...listening, place: { ...remote.callback, certificate } });
  return claimed(callback, async (opened) => {
    const address = await settleEncryption(wanted);
    opened.push(await claimRemoteEngine(address));
    await migrateHome(address, callback);
    return { address, died: new Promise(() => {}), databases: noDatabases };
  });
}

/** Any number will do, as long as every gateway takes the same. */
const gatewayLock = 7_465_164;

/** Two gateways on one engine would take up each other's jobs: the second is refused. The lock ends with the connection. */
async function claimRemoteEngine(address: EngineAddress): Promise<() => Promise<void>> {
  const client = new pg.Client(clientOptions(address));
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [
    gatewayLock,
  ]);
  if (rows[0]?.got) return () => client.end();
  await client.end();
  throw new Error(`another hologen serves the database ${address.database} of this engine`);
}

function claimed(
  callback: Callback,
  start: (opened: (() => Promise<void>)[]) => Promise<Opened>,
): ClaimedEngine {
  const opened = [callback.close];
  const release = () => closeAll(opened);
  return {
    release,
    async open() {
      try {
        const engine = await start(opened);
        const pool = openEnginePool(engine.address);
        opened.push(() => pool.end());
        return { ...engine, pool, close: release };
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
