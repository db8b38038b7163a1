/** A session: one client connection and its engine connection, bytes relayed both ways, statement texts seen on the way. */
import type { Socket } from 'node:net';
import {
  backendType,
  createFrameStream,
  type FrameWatcher,
  frontendType,
  typeTable,
} from '../wire/frames.js';
import { commandComplete, editFields } from '../wire/replies.js';
import { createLogin, type Login } from './channel-binding.js';
import { lastWordMs } from './door.js';
import { type Landing, pump, whenClosed } from './pump.js';
import { createStatementNames, readNames } from './statement-names.js';
import { rewriteFrame } from './statement-text.js';
import { createUnanswered, type SentMessage } from './unanswered.js';

export interface SessionEvents {
  /** Another text for this statement, or undefined. Called for Query and Parse texts that may concern the gateway. */
  rewrite(text: string): Rewritten | undefined;
  /** The engine named its process: later calls of this session carry the number. */
  started(engineProcessId: number): void;
  /** The client asks for rows of a portal whose text was rewritten, at most so many; 0: all. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** Everything the client sent is answered, and what it had under way is either committed or lost; not called in an open transaction. */
  ready(engineProcessId: number, outcome: 'committed' | 'failed'): void;
  /** Nobody waits for the session's answers any more; true when its last statement had made calls, and so might be making more. */
  ended(engineProcessId: number): boolean;
  /** A client made a database. */
  databaseCreated(): void;
}

export interface Rewritten {
  text: string;
  /** Tells the fields of an error or notice about the new text in terms of the old one. */
  translateError(fields: Map<string, string>): void;
  /** The command tag of a statement, counted from 0, where it differs from what the engine says. */
  tagOf(index: number, engineTag: string): string | undefined;
}

export interface Session {
  /** True while a statement runs or a transaction is open. */
  readonly busy: boolean;
  /** Says a last word (a whole ErrorResponse), where the stream allows it, and ends both sides. */
  end(farewell: Buffer): void;
  closed: Promise<void>;
}

/** Texts longer than this are relayed unseen: nobody writes such a SET or ai_gen by hand. */
const longestSeenText = 8 * 1024 * 1024;
/** Before the engine let the client in, it may not make the gateway hold more than this. */
const longestEarlyText = 64 * 1024;
/** As often as the embedded engine looks, see client_connection_check_interval: to PostgreSQL a half-closed client is a gone one then. */
const halfClosedCheckMs = 2_000;
/** States of ReadyForQuery: outside of a transaction, and in one that can only be rolled back. */
const idle = 0x49;
const failedTransaction = 0x45;
/** After these commands no prepared statement is left. */
const forgettingTags = new Set(['DEALLOCATE ALL', 'DISCARD ALL']);
/** Answers whose bodies are looked into; of the others it is enough that they came. */
const seenFromEngine = typeTable([
  backendType.backendKeyData,
  backendType.readyForQuery,
  backendType.commandComplete,
  backendType.errorResponse,
  backendType.noticeResponse,
]);
const answersFromEngine = typeTable(Object.values(backendType));
/** Frames with names of statements and portals. */
const namingFromClient = typeTable([
  frontendType.parse,
  frontendType.bind,
  frontendType.describe,
  frontendType.execute,
  frontendType.close,
]);

export interface Sides {
  client: Socket;
  engine: Socket;
  /** Where the engine's answers land when its socket gives no data events. */
  landing?: Landing;
  /** Bytes that the client sent right behind its startup packet. */
  first: Buffer;
}

/** Joins the two sockets until one of them closes. `cancel` ends, by the engine's key for it, a statement that nobody waits for. */
export function joinSession(
  { client, engine, landing, first }: Sides,
  events: SessionEvents,
  cancel: (processKey: Buffer) => void,
  login: Login = createLogin(false),
): Session {
  let engineProcessId = 0;
  let key: Buffer | undefined;
  let busy = true;
  let longestText = longestEarlyText;
  /** Something since the last settled state failed or was rolled back. */
  let failed = false;
  /** Ordinary sessions are spared the look at names. */
  let everRewritten = false;
  const unanswered = createUnanswered<Rewritten>();
  const names = createStatementNames<Rewritten>();
  /** The message whose frame passes at present; undefined when it will not be answered. */
  let sent: SentMessage<Rewritten> | undefined;
  /** The message that the engine was at when it sent the frame that passes at present. */
  let answered: SentMessage<Rewritten> | undefined;

  const clientWatcher: FrameWatcher = {
    wants: (type, bytes) => {
      busy = true;
      sent = unanswered.sent(type);
      const hasText = type === frontendType.query || type === frontendType.parse;
      return (hasText || (everRewritten && namingFromClient[type] === 1)) && bytes <= longestText;
    },
    see: (type, frame) => {
      if (everRewritten && sent) readNames(sent, frame);
      if (type === frontendType.execute) {
        events.rowsAsked(engineProcessId, frame.readUInt32BE(frame.length - 4));
        return undefined;
      }
      if (type !== frontendType.query && type !== frontendType.parse) return undefined;
      return rewriteFrame(type, frame, (text) => rewrite(text, frame));
    },
  };
  const fromClient = createFrameStream(login.watchClient(clientWatcher));
  function rewrite(text: string, frame: Buffer): string | undefined {
    const rewritten = events.rewrite(text);
    if (!rewritten) return undefined;
    everRewritten = true;
    if (sent) {
      sent.text = rewritten;
      readNames(sent, frame);
    }
    return rewritten.text;
  }

  const engineWatcher: FrameWatcher = {
    wants: (type, bytes) => {
      if (answersFromEngine[type] === 0) return false;
      answered = unanswered.answered(type);
      if (everRewritten && answered) names.answered(type, answered);
      // A NOTICE can be as long as a client's function makes it.
      return seenFromEngine[type] === 1 && bytes <= longestSeenText;
    },
    see: (type, frame) => {
      const rewritten = everRewritten && answered ? names.textOf(answered) : undefined;
      switch (type) {
        case backendType.commandComplete: {
          const tag = frame.toString('latin1', 5, frame.length - 1);
          failed ||= tag === 'ROLLBACK';
          if (tag === 'CREATE DATABASE') events.databaseCreated();
          if (forgettingTags.has(tag)) names.forgetStatements();
          return rewritten && answered && renameTag(rewritten.tagOf(answered.count++, tag));
        }
        case backendType.errorResponse:
          failed = true;
          return rewritten && editFields(frame, rewritten.translateError);
        case backendType.noticeResponse:
          return rewritten && editFields(frame, rewritten.translateError);
        case backendType.backendKeyData:
          // A copy: the frame is part of a whole chunk.
          key = Buffer.from(frame.subarray(5));
          engineProcessId = key.readUInt32BE(0);
          events.started(engineProcessId);
          break;
        case backendType.readyForQuery:
          readyForQuery(frame[5]);
      }
      return undefined;
    },
  };
  const fromEngine = createFrameStream(login.watchEngine(engineWatcher));
  function readyForQuery(state: number | undefined): void {
    busy = state !== idle || !unanswered.none;
    longestText = longestSeenText;
    if (state === idle) names.forgetPortals();
    if (!unanswered.none) return;
    if (state === idle || state === failedTransaction)
      events.ready(engineProcessId, failed ? 'failed' : 'committed');
    if (state === idle) failed = false;
  }

  for (const piece of fromClient.push(first)) engine.write(piece);
  pump(client, engine, fromClient);
  pump(engine, client, fromEngine, landing);
  if (client.readableEnded) halfClosed();
  else client.once('end', halfClosed);
  /**
   * Such a client may well wait for its answers, and gets them, but nobody can tell it from one that is gone: nothing is paid for it, and
   * what is paid for already is for whoever asks next.
   */
  function halfClosed(): void {
    stopGenerating();
    const timer = setInterval(stopGenerating, halfClosedCheckMs).unref();
    client.once('close', () => clearInterval(timer));
  }
  function stopGenerating(): void {
    if (events.ended(engineProcessId) && key) cancel(key);
  }
  const closed = Promise.all([whenClosed(client), whenClosed(engine)]).then(stopGenerating);
  return {
    get busy() {
      return busy;
    },
    end(farewell) {
      if (fromEngine.betweenFrames && client.writable) client.write(farewell);
      client.destroySoon();
      engine.destroy();
      // A client that does not read would never let go.
      const timer = setTimeout(() => client.destroy(), lastWordMs).unref();
      client.once('close', () => clearTimeout(timer));
    },
    closed,
  };
}

function renameTag(tag: string | undefined): Buffer | undefined {
  return tag === undefined ? undefined : commandComplete(tag);
}
