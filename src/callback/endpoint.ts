/**
 * The callback endpoint: the engine's functions connect here over dblink and ask questions in JSON; pg-gateway speaks the protocol.
 *
 * Room: src/callback holds the way from the engine to the gateway: the endpoint and, in questions/, the answers to what is asked there.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { createScramSha256Data } from 'pg-gateway';

import { fromNodeSocket } from 'pg-gateway/node';
import type { Logger } from 'pino';
import { KnownError, sqlstateOf } from '../errors.js';
import { storableJson } from '../json.js';
import type { RoleIdentity } from '../ledger/job.js';
import { frontendType } from '../wire/message-types.js';
import { commandDone, textAnswer } from '../wire/replies.js';
import { type CallbackPlace, encrypt, listenAt, needsEncryption } from './address.js';

/** Who is asking, according to the engine's SECURITY DEFINER functions; clients cannot forge it. */
export interface Caller extends RoleIdentity {
  database: string;
  application: string;
  engineProcessId: number;
  /** Start of the statement (ISO time); together with the process id it identifies the statement. */
  statementAt: string;
  /** Owns hologen's functions, or is a member of the role that does, or of hologen_admin. */
  admin: boolean;
  /** Members of hologen_maker and hologen_viewer. */
  maker: boolean;
  viewer: boolean;
  readOnly: boolean;
  /** What the statement does is undone, or it says so. Left out by a gateway's older functions. */
  dryRun?: boolean | null;
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
/** A password of 256 random bits needs no slow hashing, which would delay the first call of every engine process. */
const scramIterations = 1;
/** How long a login may take; anybody else who finds the port is cut off. */
const loginMs = 10_000;
/** In bytes, those of an encryption's beginning included. */
const mostBeforeLogin = 64 * 1024;
const watchMs = 20;

/** A gateway that vanishes without a word is given up within half a minute; whoever stands between forgets no connection that is asked of so often. */
const noticingSilence = 'keepalives_idle=15 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=30000';

type ScramData = Awaited<ReturnType<typeof createScramSha256Data>>;

export interface CallbackOptions {
  /** Survives restarts, so that databases created from a template know it too. */
  secret: string;
  place: CallbackPlace;
  answer: Answer;
  /**
   * An engine process has closed its connection: it has ended, or something ended its last question before it had read the answer, and it goes on.
   * Then that was `unread`, whether it has been answered or not.
   */
  gone(caller: Caller, unread: Question | undefined): void;
  log: Logger;
}

/** What is needed to serve each of the engine's connections. */
interface Desk {
  options: CallbackOptions;
  /** Sent with every message: knowing the endpoint's password is not enough to speak for a role. */
  secret: string;
  scram: ScramData;
  /** The latest connection of each engine process: a process whose question was cancelled connects again. */
  newest: Map<number, Connection>;
  /** What the last question of an engine process is answered, if it has left its connection before it had read that. */
  unread: Map<number, Answered>;
  /** Of engine processes whose connection was reset under a question: tells that they have left it. They may ask it again in a moment. */
  reset: Map<number, () => void>;
}

interface Connection {
  /** Its engine process has left it. read: with its last answer read. reset: by what stands between, so that it asks again. */
  left(how: 'read' | 'unread' | 'reset'): void;
  last(): Answered | undefined;
}

/** A question is asked once more, under its id, where its connection broke before its answer was read. */
interface Answered {
  id: string | undefined;
  text: Promise<string>;
}

/** An engine process connects again at once when it notices, which takes it as long as `noticingSilence` says. */
const unreadMs = 300_000;
/** Where its connection is reset it notices at once. */
const asksAgainMs = 2_000;

export async function listenForEngine(options: CallbackOptions): Promise<Callback> {
  const { place, log } = options;
  const password = derive(options.secret, 'password');
  const secret = derive(options.secret, 'message');
  const scram = await createScramSha256Data(password, scramIterations);
  const desk: Desk = { options, secret, scram, newest: new Map(), unread: new Map(), reset: new Map() };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    admit(desk, socket);
  });
  const target = await listenAt(server, place);
  server.on('error', (error) => log.error({ err: error }, 'the engine could not be answered'));
  return {
    connectionString: `${target} user=${callbackUser} password=${password} dbname=hologen gssencmode=disable connect_timeout=10 ${noticingSilence}`,
    secret,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function admit(desk: Desk, socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), loginMs);
  // Of a stranger's message all is kept until it is whole, however long it says that it is.
  const watch = setInterval(() => {
    if (socket.bytesRead > mostBeforeLogin) socket.destroy();
  }, watchMs);
  const loggedIn = () => {
    clearTimeout(timer);
    clearInterval(watch);
  };
  socket.once('close', loggedIn);
  tolerateErrors(socket);
  serve(desk, socket, loggedIn).catch((error: unknown) => {
    desk.options.log.error({ err: error }, 'callback connection failed');
    socket.destroy();
  });
}

async function serve(desk: Desk, raw: Socket, loggedIn: () => void): Promise<void> {
  const { place } = desk.options;
  const socket = needsEncryption(place) ? await encrypt(raw, place.certificate) : raw;
  if (socket !== raw) tolerateErrors(socket);
  const leaving = new AbortController();
  let last: Asked | undefined;
  let answered: Answered | undefined;
  let isAnswered = false;
  let broken = false;
  let isReset = false;
  // A process that ends with bytes unread resets the connection. One that goes on leaves it by itself for one reason alone: see exchange().
  for (const each of [raw, socket])
    each.on('error', () => {
      broken = true;
      isReset ||= !isAnswered;
    });
  const own: Connection = {
    left: (how) => last && left(desk, last, own, how),
    last: () => answered,
  };
  socket.once('close', () => {
    raw.destroy();
    leaving.abort();
    own.left(isReset ? 'reset' : isAnswered && !broken ? 'read' : 'unread');
  });
  await fromNodeSocket(socket, {
    serverVersion: '18.0 (hologen)',
    auth: { method: 'scram-sha-256', getScramSha256Data: () => desk.scram },
    onAuthenticated: loggedIn,
    async onMessage(message, { isAuthenticated }) {
      broken ||= message[0] === frontendType.terminate;
      if (!isAuthenticated || message[0] !== frontendType.query) return undefined;
      const asked = readQuestion(message, desk.secret);
      // dblink first sends "set client_encoding to …"; everything here is UTF-8 anyway.
      if (!asked) return commandDone('SET');
      const same = askedBefore(desk, asked, own);
      // The same wait may wait on.
      const before = askedOnce.test(asked.question.ask) ? same : undefined;
      last = asked;
      comeTo(desk, asked.caller.engineProcessId, own, same !== undefined);
      isAnswered = false;
      answered = before ?? { id: asked.id, text: reply(desk.options, asked, leaving.signal) };
      const text = await answered.text;
      isAnswered = true;
      return textAnswer('answer', text);
    },
  });
}

/** That an earlier connection is closed may be heard later than the first question on the next. `again`: it is the one that was asked there. */
function comeTo({ newest, reset }: Desk, engineProcessId: number, own: Connection, again: boolean): void {
  const before = newest.get(engineProcessId);
  if (before !== own && !again) before?.left('unread');
  if (!again) reset.get(engineProcessId)?.();
  reset.delete(engineProcessId);
  newest.set(engineProcessId, own);
}

/** What makes something, and is not to make it twice. */
const askedOnce = /^(?:submit|note_calls$|retry_job$|estimate$)/;

/** Where the same was asked on a connection that broke: its answer. */
function askedBefore({ newest, unread }: Desk, { id, caller }: Asked, own: Connection): Answered | undefined {
  const connection = newest.get(caller.engineProcessId);
  const known = connection === own ? undefined : (connection?.last() ?? unread.get(caller.engineProcessId));
  return id !== undefined && known?.id === id ? known : undefined;
}

function keepUnread({ unread }: Desk, { caller }: Asked, answered: Answered): void {
  const { engineProcessId } = caller;
  unread.set(engineProcessId, answered);
  const forget = () => unread.get(engineProcessId) === answered && unread.delete(engineProcessId);
  setTimeout(forget, unreadMs).unref();
}

function left(desk: Desk, asked: Asked, own: Connection, how: Parameters<Connection['left']>[0]): void {
  const { newest, reset, options } = desk;
  const { caller, question } = asked;
  const { engineProcessId } = caller;
  const answered = own.last();
  if (how !== 'read' && answered) keepUnread(desk, asked, answered);
  if (newest.get(engineProcessId) !== own) return;
  newest.delete(engineProcessId);
  if (how !== 'reset') {
    options.gone(caller, how === 'read' ? undefined : question);
    return;
  }
  const tell = () => {
    if (reset.get(engineProcessId) !== tell) return;
    reset.delete(engineProcessId);
    options.gone(caller, question);
  };
  reset.set(engineProcessId, tell);
  setTimeout(tell, asksAgainMs).unref();
}

interface Asked {
  /** One of its own for each time that the engine's functions ask. */
  id?: string;
  question: Question;
  caller: Caller;
}

/** Undefined if it is not JSON. Throws if it is not readable, or comes without the secret. */
function readQuestion(message: Uint8Array, secret: string): Asked | undefined {
  const text = Buffer.from(message.buffer, message.byteOffset + 5, message.byteLength - 6).toString('utf8');
  if (!text.startsWith('{')) return undefined;
  const { secret: shown, ...asked } = JSON.parse(text) as Asked & { secret: string };
  if (shown !== secret) throw new Error('a callback message without the secret');
  return asked;
}

/** Known errors are returned, for the engine to raise. Of others the client learns only that they are in the log. */
async function reply(
  { answer, log }: CallbackOptions,
  { question, caller }: Asked,
  signal: AbortSignal,
): Promise<string> {
  try {
    return storableJson({ value: (await answer(question, caller, signal)) ?? null });
  } catch (error) {
    if (error instanceof KnownError) {
      const { sqlstate, message, detail, hint } = error;
      return storableJson({
        error: { sqlstate, message: clipped(message), detail: clipped(detail), hint: clipped(hint) },
      });
    }
    log.error({ err: error, ask: question.ask }, 'call failed unexpectedly');
    return JSON.stringify({
      error: {
        sqlstate: sqlstateOf('internalError'),
        message: 'hologen failed unexpectedly; its log has the particulars',
      },
    });
  }
}

/** A message repeats what was wrong, which may be megabytes; nobody reads them, and logs keep them. */
const longestMessage = 2_000;

function clipped<T extends string | undefined>(text: T): T {
  return (text && text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text) as T;
}

function derive(secret: string, purpose: string): string {
  return createHash('sha256').update(`${purpose} ${secret}`).digest('base64url');
}

/** A cancelled question closes its connection with the answer unread. pg-gateway would print the error unless it looks like an abort. */
function tolerateErrors(socket: Socket): void {
  socket.on('error', (error) => {
    Object.assign(error, { code: 'ABORT_ERR' });
    socket.destroy();
  });
}
