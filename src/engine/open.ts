/** Opens the engine, embedded or remote, with the callback endpoint its functions use and the schema they need. */
import type { Logger } from 'pino';
import { keptSecret } from '../kept-secret.js';
import { type EngineAddress, parseEngineUrl } from './address.js';
import { type Answer, listenForEngine } from './callback.js';
import { prepareEngine, startEmbeddedEngine } from './embedded.js';
import { migrateAll, migrateHome } from './migrate.js';
import { type EnginePool, openEnginePool } from './pool.js';
import { superviseEngine } from './supervise.js';

export interface EngineOptions {
  dataDirectory: string;
  /** Undefined: the embedded engine. */
  engineUrl: string | undefined;
  maxConnections: number;
  /** Address and port of the callback endpoint as a remote engine reaches it. */
  callbackHost: string;
  callbackPort: number;
}

export interface OpenedEngine {
  address: EngineAddress;
  pool: EnginePool;
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

export async function openEngine(options: EngineOptions, callbacks: Callbacks): Promise<OpenedEngine> {
  const secret = await keptSecret(options.dataDirectory, 'callback-secret');
  return options.engineUrl
    ? openRemote(options, options.engineUrl, { ...callbacks, secret })
    : openEmbedded(options, { ...callbacks, secret });
}

type Listening = Callbacks & { secret: string };

/** The endpoint listens first: its socket is also the lock that keeps two gateways off one data directory. */
async function openEmbedded(options: EngineOptions, listening: Listening): Promise<OpenedEngine> {
  const place = await prepareEngine(options.dataDirectory);
  const callback = await listenForEngine({ ...listening, listen: place });
  const opened = [callback.close];
  try {
    const maxConnections = options.maxConnections + ownConnections;
    const engine = await superviseEngine(() => startEmbeddedEngine(place, { maxConnections }), listening.log);
    opened.push(engine.stop);
    await migrateAll(engine.address, callback);
    const pool = openEnginePool(engine.address);
    opened.push(() => pool.end());
    return { address: engine.address, pool, died: engine.died, close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function openRemote(options: EngineOptions, url: string, listening: Listening): Promise<OpenedEngine> {
  const address = parseEngineUrl(url);
  const { callbackHost, callbackPort } = options;
  const host = callbackHost === '127.0.0.1' ? callbackHost : '0.0.0.0';
  const callback = await listenForEngine({
    ...listening,
    listen: { host, port: callbackPort, advertisedHost: callbackHost },
  });
  const opened = [callback.close];
  try {
    await migrateHome(address, callback);
    const pool = openEnginePool(address);
    opened.push(() => pool.end());
    return { address, pool, died: new Promise(() => {}), close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** What was opened last is closed first. */
async function closeAll(opened: (() => Promise<void>)[]): Promise<void> {
  for (const close of opened.reverse()) await close();
}
