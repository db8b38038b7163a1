/** Accepts clients and gives each its engine connection. */
import { createServer, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { EngineAddress } from '../engine/address.js';
import { connectToEngine } from '../engine/connect.js';
import type { ScramKeys } from '../engine/scram-keys.js';
import { KnownError, sqlstateOf } from '../errors.js';
import { type ErrorFields, errorResponse } from '../wire/replies.js';
import { cancelRequest, withParameters } from '../wire/startup.js';
import { loginBetween } from './bound-connections.js';
import { dismiss, type Visitor, welcome } from './door.js';
import type { Encryption } from './encryption.js';
import { createLanding } from './pump.js';
import { joinSession, type Session, type SessionEvents } from './session.js';

export interface FrontendOptions {
  host: string;
  port: number;
  maxConnections: number;
  engine: EngineAddress;
  encryption: Encryption;
  /** How long a client may take until its startup packet is whole. */
  loginMs: number;
  /** Startup parameters as the engine understands them. */
  mapParameters(parameters: Map<string, string>): Map<string, string>;
  /** Resolves when the engine's database may be entered. */
  databaseReady(name: string): Promise<void>;
  /** What the engine keeps of a role's password; undefined where that cannot be read. */
  scramKeys(role: string): Promise<ScramKeys | undefined>;
  events: SessionEvents;
  log: Logger;
}

export interface Frontend {
  port: number;
  sessions(): number;
  /** Connections turned away so far, by SQLSTATE. */
  refusals(): ReadonlyMap<string, number>;
  /** False from the moment it drains. */
  accepting(): boolean;
  /** Stops accepting and waits up to `graceMs` for running statements. */
  drain(graceMs: number): Promise<void>;
  /** Ends the sessions that are left, each with PostgreSQL's own word for it. */
  close(): Promise<void>;
}

const drainPollMs = 20;
/** What PostgreSQL says when it is stopped. */
const farewell = errorResponse({
  severity: 'FATAL',
  sqlstate: sqlstateOf('adminShutdown'),
  message: 'terminating connection due to administrator command',
});

const tooMany = { sqlstate: sqlstateOf('tooManyConnections'), message: 'sorry, too many clients already' };

export async function listenForClients(options: FrontendOptions): Promise<Frontend> {
  const sessions = new Set<Session>();
  /** Connections, whatever they want; and those of them that have a session or wait for one. */
  let visitors = 0;
  let seats = 0;
  const refusals = new Map<string, number>();

  // Half open: a client that has closed its sending side still waits for the answers.
  const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    // As many again may stand at the door, as in PostgreSQL: a cancel request must get through to a gateway that is full.
    if (visitors >= 2 * options.maxConnections) return turnAway(socket, tooMany);
    visitors += 1;
    socket.once('close', () => {
      visitors -= 1;
    });
    serve(socket).catch((error: unknown) => {
      options.log.warn({ err: error }, 'connection failed');
      socket.destroy();
    });
  });

  function turnAway(socket: Socket, why: Omit<ErrorFields, 'severity'>): void {
    refusals.set(why.sqlstate, (refusals.get(why.sqlstate) ?? 0) + 1);
    dismiss(socket, { severity: 'FATAL', ...why });
  }

  async function serve(raw: Socket): Promise<void> {
    const visitor = await welcome(raw, options.encryption, options.loginMs);
    if (!visitor) return;
    if (visitor.kind === 'cancel') return forwardCancel(visitor.socket, visitor.request);
    if (seats >= options.maxConnections) return turnAway(visitor.socket, tooMany);
    seats += 1;
    try {
      await openSession(visitor);
    } finally {
      seats -= 1;
    }
  }

  async function openSession(visitor: Extract<Visitor, { kind: 'session' }>): Promise<void> {
    const { startup, parameters } = visitor;
    await options.databaseReady(inUtf8(parameters?.get('database') ?? parameters?.get('user')));
    const landing = createLanding();
    let engine: Socket;
    try {
      engine = await connectToEngine(options.engine, landing.onread);
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      options.log.error({ err: error.cause }, error.message);
      const { message, hint } = error;
      return turnAway(visitor.socket, { sqlstate: sqlstateOf('cannotConnectNow'), message, hint });
    }
    engine.on('error', () => engine.destroy());
    const mapped = parameters && options.mapParameters(parameters);
    engine.write(mapped && mapped !== parameters ? withParameters(startup, mapped) : startup);
    const login = await loginBetween(visitor.socket, engine, () =>
      options.scramKeys(inUtf8(parameters?.get('user'))),
    );
    const sides = { client: visitor.socket, engine, landing, first: visitor.rest };
    const session = joinSession(sides, options.events, cancelForNobody, login);
    sessions.add(session);
    await session.closed;
    sessions.delete(session);
  }

  /** Without client_connection_check_interval an engine notices a lost client only when it writes; until then each row would be paid. */
  function cancelForNobody(processKey: Buffer): void {
    sendCancel(cancelRequest(processKey)).catch((error: unknown) =>
      options.log.warn({ err: error }, 'a statement that nobody waits for could not be cancelled'),
    );
  }

  async function forwardCancel(client: Socket, request: Buffer): Promise<void> {
    const engine = await sendCancel(request);
    engine.once('close', () => client.destroy());
  }

  /** The engine decides which statement a key cancels; it answers by closing the connection. */
  async function sendCancel(request: Buffer): Promise<Socket> {
    const engine = await connectToEngine(options.engine);
    engine.on('error', () => engine.destroy());
    engine.end(request);
    return engine.resume();
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  // A client that cannot be accepted, for want of file descriptors say, must not end the others.
  server.on('error', (error) => options.log.error({ err: error }, 'a client could not be accepted'));
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the gateway does not listen on a TCP port');

  return {
    port: address.port,
    sessions: () => sessions.size,
    refusals: () => refusals,
    accepting: () => server.listening,
    async drain(graceMs) {
      server.close();
      const giveUpAt = Date.now() + graceMs;
      while ([...sessions].some((session) => session.busy) && Date.now() < giveUpAt) {
        await new Promise((resolve) => setTimeout(resolve, drainPollMs));
      }
    },
    async close() {
      server.close();
      for (const session of sessions) session.end(farewell);
      await Promise.all([...sessions].map((session) => session.closed));
    },
  };
}

/** A name of the startup packet, whose bytes came as Latin-1 characters. */
function inUtf8(name = ''): string {
  return Buffer.from(name, 'latin1').toString();
}
