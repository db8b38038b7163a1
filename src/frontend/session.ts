/** A session: a client's connection and its connection to the engine, with bytes relayed both ways and texts looked at on the way. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createFrameStream, type FrameStream, isBetweenFrames } from '../wire/frames.js';
import type { BusyLook, Side } from './busy-look.js';
import { createLogin, type Login } from './channel-binding.js';
import { watchClient } from './client-messages.js';
import { beginConversation, type Conversation, type SessionEvents } from './conversation.js';
import { lastWordMs } from './door.js';
import { watchEngine } from './engine-answers.js';
import type { Landing } from './landing.js';
import { createOutlet, type Outlet } from './outlet.js';
import { pump, whenClosed } from './pump.js';

export interface Session {
  /** True while a statement is running or a transaction is open. */
  readonly busy: boolean;
  /** 0: the engine has not let it in yet, or another session has the number. */
  readonly engineProcessId: number;
  /** Its engine process has ended, and another session has the number. A client that does not read stays longer than its engine. */
  loseNumber(): void;
  /** Sends a last message (a whole ErrorResponse), if the stream is between two frames, and ends both sides. */
  end(farewell: Buffer): void;
  closed: Promise<void>;
  /** For the session with this key: the statement with a long text that it has under way; undefined if there is none. */
  longStatement(processKey: Buffer): LongStatement | undefined;
}

export interface LongStatement {
  /** It has ended or failed, or the session has. */
  isOver(): boolean;
  /** All of its text has been sent to the engine, which may not have read it yet. */
  isWithEngine(): boolean;
  /** Messages that the client sends until `work` is done reach the engine after it. */
  before(work: Promise<void>): Promise<void>;
}

export interface Sides {
  client: Socket;
  engine: Socket;
  /** Set where a socket reads into a buffer of our own instead of emitting data events. */
  landings?: { client?: Landing | undefined; engine?: Landing };
  /** Bytes that the client sent right after its startup packet. */
  first: Buffer;
  busyLook?: BusyLook | undefined;
}

/** Cancels a statement that nobody waits for, by the engine's key for the session. */
type Cancel = (processKey: Buffer) => void;

/** The embedded engine's client_connection_check_interval, which treats a half-closed client as gone. */
const halfClosedCheckMs = 2_000;

/** Connects the two sockets until one of them closes. */
export function joinSession(
  sides: Sides,
  events: SessionEvents,
  cancel: Cancel,
  login: Login = createLogin(false),
): Session {
  const { client, engine, landings, first, busyLook } = sides;
  const [toClient, toEngine] = [createOutlet(client), createOutlet(engine)];
  const conversation = beginConversation(events, {
    holdBack: (until) => holdBack(toClient, until),
    send: (message) => toEngine.write(message),
    tell(message) {
      if (isBetweenFrames(fromEngine)) toClient.write(message);
      return isBetweenFrames(fromEngine);
    },
  });
  const fromClient = createFrameStream(login.watchClient(watchClient(conversation)));
  const fromEngine = createFrameStream(login.watchEngine(watchEngine(conversation)));

  const passed = (side: Side) => busyLook && (() => busyLook.passed(sides, side));
  pump(client, toEngine, fromClient, { landing: landings?.client, first, passed: passed(0) });
  pump(engine, toClient, fromEngine, { landing: landings?.engine, passed: passed(1) });
  const stop = () => stopGenerating(conversation, cancel);
  if (client.readableEnded) halfClosed(client, stop);
  else client.once('end', () => halfClosed(client, stop));
  // One that could not be written to any more has not said that it leaves.
  client.once('close', () => leftAlone(engine, stop));
  return {
    get busy() {
      return conversation.busy;
    },
    get engineProcessId() {
      return conversation.engineProcessId;
    },
    loseNumber() {
      stop();
      conversation.engineProcessId = 0;
    },
    end(farewell) {
      endSides(toClient, engine, isBetweenFrames(fromEngine) ? farewell : undefined);
    },
    longStatement: (processKey) =>
      conversation.longTextAwaits && conversation.cancelKey?.equals(processKey)
        ? longStatement(conversation, fromClient, toEngine)
        : undefined,
    closed: Promise.all([whenClosed(client), whenClosed(engine)]).then(stop),
  };
}

function longStatement(conversation: Conversation, fromClient: FrameStream, toEngine: Outlet): LongStatement {
  const { endings } = conversation;
  return {
    isOver: () => conversation.endings !== endings || toEngine.socket.destroyed,
    isWithEngine: () => isBetweenFrames(fromClient) && !fromClient.replacing && !toEngine.keeps(),
    before(work) {
      toEngine.hold();
      return work.finally(() => toEngine.release());
    },
  };
}

/** A ledger that does not answer must not keep a client from its error. */
const longestHoldMs = 3_000;

/** What is written to the client meanwhile stays in memory, and the engine is read no further than there is room for. */
function holdBack(toClient: Outlet, until: Promise<void>): void {
  toClient.hold();
  const longest = delay(longestHoldMs, undefined, { ref: false });
  Promise.race([until, longest]).finally(() => toClient.release());
}

/** Nobody waits for the session's rows any more, so its statement must not go on paying for them. */
function stopGenerating({ events, engineProcessId, cancelKey }: Conversation, cancel: Cancel): void {
  if (engineProcessId === 0) return;
  if (events.ended(engineProcessId) && cancelKey) cancel(cancelKey);
}

/**
 * A client that has closed its sending side may still be waiting for answers, and gets them, but it cannot be told from one that is gone. So
 * no new calls are paid for, and the results of those already paid for wait for whoever asks next.
 */
function halfClosed(client: Socket, stop: () => void): void {
  keepStopping(stop, client);
}

/** The engine may have no room for what its client has sent, and not learn that it is gone. */
function leftAlone(engine: Socket, stop: () => void): void {
  if (!engine.destroyed) keepStopping(stop, engine);
}

/** Until the socket is closed: a statement may follow. */
function keepStopping(stop: () => void, until: Socket): void {
  stop();
  const timer = setInterval(stop, halfClosedCheckMs).unref();
  until.once('close', () => clearInterval(timer));
}

function endSides(toClient: Outlet, engine: Socket, lastWord: Buffer | undefined): void {
  const { socket: client } = toClient;
  if (lastWord && client.writable) toClient.write(lastWord);
  client.destroySoon();
  engine.destroy();
  // A client that does not read would keep the connection open.
  const timer = setTimeout(() => client.destroy(), lastWordMs).unref();
  client.once('close', () => clearTimeout(timer));
}
