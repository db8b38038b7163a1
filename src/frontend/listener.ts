/**
 * Accepts clients and gives each one its own connection to the engine.
 *
 * Room: src/frontend holds the client's side: the door, sessions and the texts that pass through them. Bytes belong in src/wire.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { EngineAddress } from '../engine/address.js';
import { connectToEngine } from '../engine/connect.js';
import type { ScramKeys } from '../engine/scram-keys.js';
import { KnownError, sqlstateOf } from '../errors.js';
import { type ErrorFields, errorResponse } from '../wire/replies.js';
import { keyOf, withParameters } from '../wire/startup.js';
import { loginBetween } from './bound-connections.js';
import type { BusyLook } from './busy-look.js';
import { cancelForNobody, forwardCancel } from './cancel.js';
import type { SessionEvents } from './conversation.js';
import { dismiss, type Visitor, welcome } from './door.js';
import type { Encryption } from './encryption.js';
import { createLanding, type Landing, landOn } from './landing.js';
import { joinSession, type Session } from './session.js';

export interface FrontendOptions {
  host: string;
  port: number;
  maxConnections: number;
  engine: EngineAddress;
  encryption: Encryption;
  /** How long a client may take to send its whole startup packet. */
  loginMs: number;
  /** See busy-look.ts; undefined: it does not. */
  busyLook?: BusyLook | undefined;
  /** Startup parameters as the engine understands them. */
  mapParameters(parameters: Map<string, string>): Map<string, string>;
  /** Resolves when sessions may be opened in a database of the engine. */
  databaseReady(name: string): Promise<void>;
  /** The engine's verifier of a role's password; undefined if the gateway may not read it. */
  scramKeys(role: string): Promise<ScramKeys | undefined>;
  events: SessionEvents;
  /** What is to be done when the session that these parameters open begins, which gives what is to be done when it is over. */
  opening(parameters: Map<string, string> | undefined): (engineProcessId: number) => () => void;
  log: Logger;
}

export interface Frontend {
  port: number;
  sessions(): number;
  /** Connections turned away so far, by SQLSTATE. */
  refusals(): ReadonlyMap<string, number>;
  /** False from the moment it drains. */
  accepting(): boolean;
  /** Stops accepting and waits up to `graceMs` for running statements, but for those that wait for what does not come. */
  drain(graceMs: number, waitsInVain: (engineProcessId: number) => boolean): Promise<void>;
  /** Ends the remaining sessions with the message that PostgreSQL sends. */
  close(): Promise<void>;
}

const drainPollMs = 20;
/** A client that vanishes without a word is not paid for any longer than that. */
const silentClientMs = 60_000;
/** What PostgreSQL tells its clients when it is stopped. */
const farewell = errorResponse({
  severity: 'FATAL',
  sqlstate: sqlstateOf('adminShutdown'),
  message: 'terminating connection due to administrator command',
});

const tooMany = { sqlstate: sqlstateOf('tooManyConnections'), message: 'sorry, too many clients already' };

/** Counts and sessions of one listener. Visitors are all connections, seats those that have a session or are about to. */
interface House {
  readonly options: FrontendOptions;
  readonly sessions: Set<Session>;
  readonly refusals: Map<string, number>;
  visitors: number;
  seats: number;
  /** Have not said yet what they want. */
  visiting: Set<Socket>;
}

export async function listenForClients(options: FrontendOptions): Promise<Frontend> {
  const house: House = {
    options,
    sessions: new Set(),
    refusals: new Map(),
    visitors: 0,
    seats: 0,
    visiting: new Set(),
  };
  const { sessions, refusals } = house;
  // Half open: a client that has closed its sending side still gets its answers.
  const alive = { noDelay: true, keepAlive: true, keepAliveInitialDelay: silentClientMs };
  const server = createServer({ ...alive, allowHalfOpen: true }, (socket) => admit(house, socket));
  const port = await listen(server, options);
  return {
    port,
    sessions: () => sessions.size,
    refusals: () => refusals,
    accepting: () => server.listening,
    async drain(graceMs, waitsInVain) {
      server.close();
      const giveUpAt = Date.now() + graceMs;
      const isAwaited = ({ busy, engineProcessId }: Session) => busy && !waitsInVain(engineProcessId);
      while ([...sessions].some(isAwaited) && Date.now() < giveUpAt) {
        await new Promise((resolve) => setTimeout(resolve, drainPollMs));
      }
    },
    async close() {
      server.close();
      for (const visitor of house.visiting) visitor.destroy();
      for (const session of sessions) session.end(farewell);
      await Promise.all([...sessions].map((session) => session.closed));
    },
  };
}

/** Resolves with the port; rejects with the system's error when it cannot listen there. */
async function listen(server: Server, { port, host, log }: FrontendOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // Failing to accept one client, for example for lack of file descriptors, must not end the others.
  server.on('error', (error) => log.error({ err: error }, 'a client could not be accepted'));
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the gateway does not listen on a TCP port');
  return address.port;
}

function admit(house: House, socket: Socket): void {
  const { maxConnections, log } = house.options;
  socket.on('error', () => socket.destroy());
  // Twice as many may connect, as in PostgreSQL: cancel requests must get through when all seats are taken.
  if (house.visitors >= 2 * maxConnections) {
    turnAway(house, socket, tooMany);
    return;
  }
  house.visitors += 1;
  socket.once('close', () => {
    house.visitors -= 1;
  });
  serve(house, socket).catch((error: unknown) => {
    log.warn({ err: error }, 'connection failed');
    socket.destroy();
  });
}

function turnAway({ refusals }: House, socket: Socket, why: Omit<ErrorFields, 'severity'>): void {
  refusals.set(why.sqlstate, (refusals.get(why.sqlstate) ?? 0) + 1);
  dismiss(socket, { severity: 'FATAL', ...why });
}

async function serve(house: House, raw: Socket): Promise<void> {
  const { encryption, loginMs, maxConnections, engine } = house.options;
  house.visiting.add(raw);
  const visitor = await welcome(raw, encryption, loginMs).finally(() => house.visiting.delete(raw));
  if (!visitor) return;
  if (visitor.kind === 'cancel') {
    const [statement] = [...house.sessions].flatMap(
      (session) => session.longStatement(keyOf(visitor.request)) ?? [],
    );
    return forwardCancel(engine, visitor.socket, visitor.request, statement);
  }
  if (house.seats >= maxConnections) return turnAway(house, visitor.socket, tooMany);
  house.seats += 1;
  try {
    await openSession(house, visitor);
  } finally {
    house.seats -= 1;
  }
}

async function openSession(house: House, visitor: Extract<Visitor, { kind: 'session' }>): Promise<void> {
  const { options, sessions } = house;
  const { startup, parameters } = visitor;
  const landings = { client: createLanding(), engine: createLanding() };
  // At once: nothing can have come in since the startup packet was read.
  const landed = landOn(visitor.socket, landings.client);
  const socket = landed ?? visitor.socket;
  await options.databaseReady(inUtf8(parameters?.get('database') ?? parameters?.get('user')));
  const engine = await reachEngine(house, socket, landings.engine);
  if (!engine) return;
  const mapped = parameters && options.mapParameters(parameters);
  engine.write(mapped && mapped !== parameters ? withParameters(startup, mapped) : startup);
  const login = await loginBetween(socket, engine, () => options.scramKeys(inUtf8(parameters?.get('user'))));
  const cancel = (processKey: Buffer) => cancelForNobody(options.engine, processKey, options.log);
  const sides = {
    client: socket,
    engine,
    landings: { client: landed && landings.client, engine: landings.engine },
    first: visitor.rest,
    busyLook: options.busyLook,
  };
  const begin = options.opening(parameters);
  let over = () => {};
  const started: SessionEvents['started'] = (engineProcessId, ...told) => {
    for (const other of sessions)
      if (other !== session && other.engineProcessId === engineProcessId) other.loseNumber();
    options.events.started(engineProcessId, ...told);
    over = begin(engineProcessId);
  };
  const session = joinSession(sides, { ...options.events, started }, cancel, login);
  sessions.add(session);
  await session.closed;
  sessions.delete(session);
  over();
}

/** The session's own connection to the engine. Undefined: the engine cannot be reached, and the client was told so. */
async function reachEngine(house: House, client: Socket, landing: Landing): Promise<Socket | undefined> {
  const { options } = house;
  try {
    const engine = await connectToEngine(options.engine, landing.onread);
    return engine.on('error', () => engine.destroy());
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    options.log.error({ err: error.cause }, error.message);
    const { message, hint } = error;
    turnAway(house, client, { sqlstate: sqlstateOf('cannotConnectNow'), message, hint });
    return undefined;
  }
}

/** A name from the startup packet, which was read as Latin-1. */
function inUtf8(name = ''): string {
  return Buffer.from(name, 'latin1').toString();
}
