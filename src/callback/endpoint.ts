/** The callback endpoint: the engine's functions connect here over dblink and ask in JSON; pg-gateway speaks their protocol. */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { createScramSha256Data } from 'pg-gateway';
import { fromNodeSocket } from 'pg-gateway/node';
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import { frontendType } from '../wire/frames.js';
import { commandDone, textAnswer } from '../wire/replies.js';
import { type CallbackPlace, encrypt, listenAt, needsEncryption } from './address.js';

/** Who asks, as the engine's SECURITY DEFINER functions tell it; a client cannot forge it. */
export interface Caller {
  role: string;
  database: string;
  application: string;
  engineProcessId: number;
  /** ISO time of the statement; together with the process id it names one statement. */
  statementAt: string;
  /** Owns hologen's functions, or is a member of the role that does. */
  admin: boolean;
  readOnly: boolean;
  engineVersion: number;
}

export interface Question {
  ask: string;
  [field: string]: unknown;
}

export type Answer = (question: Question, caller: Caller, signal: AbortSignal) => Promise<unknown>;

export interface Callback {
  /** What dblink_connect takes to reach this endpoint. */
  connectionString: string;
  secret: string;
  close(): Promise<void>;
}

const callbackUser = 'hologen_callback';
/** A password of 256 random bits needs no slow hashing; each backend's first call would pay for it. */
const scramIterations = 1;
/** How long the engine may take to log in; whoever else finds the port is cut. */
const loginMs = 10_000;

export interface CallbackOptions {
  /** Kept over restarts, so that databases made from a template know it too. */
  secret: string;
  place: CallbackPlace;
  /** `gone`: the engine process ended or its connection broke. */
  answer: Answer;
  gone(engineProcessId: number): void;
  log: Logger;
}

export async function listenForEngine(options: CallbackOptions): Promise<Callback> {
  const password = derive(options.secret, 'password');
  const secret = derive(options.secret, 'message');
  const scram = await createScramSha256Data(password, scramIterations);
  const sockets = new Set<Socket>();
  /** A backend whose statement was cancelled in the middle of an answer comes back over a new connection. */
  const newest = new Map<number, Socket>();
  const { place } = options;
  const server = createServer((raw) => {
    sockets.add(raw);
    const timer = setTimeout(() => raw.destroy(), loginMs);
    raw.once('close', () => {
      clearTimeout(timer);
      sockets.delete(raw);
    });
    tolerateErrors(raw);
    serve(raw, () => clearTimeout(timer)).catch((error: unknown) => {
      options.log.error({ err: error }, 'callback connection failed');
      raw.destroy();
    });
  });

  async function serve(raw: Socket, loggedIn: () => void): Promise<void> {
    const socket = needsEncryption(place) ? await encrypt(raw, place.certificate) : raw;
    if (socket !== raw) tolerateErrors(socket);
    const leaving = new AbortController();
    let engineProcessId: number | undefined;
    socket.once('close', () => {
      raw.destroy();
      leaving.abort();
      if (engineProcessId === undefined || newest.get(engineProcessId) !== socket) return;
      newest.delete(engineProcessId);
      options.gone(engineProcessId);
    });
    await fromNodeSocket(socket, {
      serverVersion: '18.0 (hologen)',
      auth: { method: 'scram-sha-256', getScramSha256Data: () => scram },
      onAuthenticated: loggedIn,
      async onMessage(message, { isAuthenticated }) {
        if (!isAuthenticated || message[0] !== frontendType.query) return undefined;
        const text = Buffer.from(message.buffer, message.byteOffset + 5, message.byteLength - 6).toString(
          'utf8',
        );
        // dblink says "set client_encoding to …" first; everything here is UTF-8 anyway.
        if (!text.startsWith('{')) return commandDone('SET');
        const {
          secret: shown,
          caller,
          question,
        } = JSON.parse(text) as { secret: string; caller: Caller; question: Question };
        if (shown !== secret) throw new Error('a callback message without the secret');
        engineProcessId = caller.engineProcessId;
        newest.set(engineProcessId, socket);
        return textAnswer('answer', await reply(question, caller, leaving.signal));
      },
    });
  }

  /** Known errors go back to be raised in the engine; of unknown ones the client learns only that they are in the log. */
  async function reply(question: Question, caller: Caller, signal: AbortSignal): Promise<string> {
    try {
      return JSON.stringify({ value: (await options.answer(question, caller, signal)) ?? null });
    } catch (error) {
      if (error instanceof KnownError) {
        const { sqlstate, message, detail, hint } = error;
        return JSON.stringify({ error: { sqlstate, message, detail, hint } });
      }
      options.log.error({ err: error, ask: question.ask }, 'call failed unexpectedly');
      return JSON.stringify({
        error: {
          kind: 'internalError',
          message: 'hologen failed unexpectedly; its log has the particulars',
        },
      });
    }
  }

  const target = await listenAt(server, place);
  server.on('error', (error) => options.log.error({ err: error }, 'the engine could not be answered'));
  return {
    connectionString: `${target} user=${callbackUser} password=${password} dbname=hologen gssencmode=disable connect_timeout=10`,
    secret,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function derive(secret: string, purpose: string): string {
  return createHash('sha256').update(`${purpose} ${secret}`).digest('base64url');
}

/** A cancelled statement leaves its connection with an answer unread. pg-gateway prints every error but an abort. */
function tolerateErrors(socket: Socket): void {
  socket.on('error', (error) => {
    Object.assign(error, { code: 'ABORT_ERR' });
    socket.destroy();
  });
}
