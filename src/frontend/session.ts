/** A session: one client connection and its engine connection, bytes relayed both ways, statement texts seen on the way. */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { FrameStream, FrameWatcher } from '../wire/frames.js';
import { backendType, createFrameStream, frontendType } from '../wire/frames.js';
import { commandComplete, editFields, replaceText } from '../wire/replies.js';
import { createLogin, type Login } from './channel-binding.js';
import { lastWordMs } from './door.js';
import { createOwedAnswers } from './owed-answers.js';

export interface SessionEvents {
  /** Another text for this statement, or undefined. Called for Query and Parse texts that may concern the gateway. */
  rewrite(text: string): Rewritten | undefined;
  /** The engine named its process: later calls of this session carry the number. */
  started(engineProcessId: number): void;
  /** The client asks for rows of a portal whose text was rewritten, at most so many; 0: all. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** Everything the client sent is answered, and what it had under way is either committed or lost; not called in an open transaction. */
  ready(engineProcessId: number, outcome: 'committed' | 'failed'): void;
  ended(engineProcessId: number): void;
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
const mayConcernUs = new RegExp(
  [
    'ai_gen|hg_|optimizer_',
    // Statements and table properties of Hologres; "PARTITION (", not the PARTITION BY of window functions.
    String.raw`(?:dynamic|object)\s+table|logical\s+partition|partition\s*\(|partition_\w+\s*=`,
    'orientation|(?:distribution|clustering|segment)_key|event_time_column|(?:bitmap|dictionary_encoding)_columns',
    'time_to_live_in|storage_(?:mode|format)|table_group|colocate_with|mutate_type|vectors|binlog|keep_alive',
  ].join('|'),
  'i',
);
/** States of ReadyForQuery: outside of a transaction, and in one that can only be rolled back. */
const idle = 0x49;
const failedTransaction = 0x45;
const seenFromEngine = new Set<number>(Object.values(backendType));

/** Joins the two sockets until one of them closes. `first` are bytes the client sent right behind its startup packet. */
export function joinSession(
  client: Socket,
  engine: Socket,
  first: Buffer,
  events: SessionEvents,
  login: Login = createLogin(false),
): Session {
  let engineProcessId = 0;
  let busy = true;
  let longestText = longestEarlyText;
  const owed = createOwedAnswers();
  /** The latest text that went to the engine in other words, until everything sent is answered. */
  let rewritten: Rewritten | undefined;
  /** Statements of that text that are complete. */
  let completed = 0;
  /** Something since the last settled state failed or was rolled back. */
  let failed = false;
  /** Ordinary sessions are spared a look at each Execute. */
  let everRewritten = false;

  const clientWatcher: FrameWatcher = {
    wants: (type, bytes) => {
      busy = true;
      owed.sent(type);
      if (type === frontendType.execute) return everRewritten && bytes <= longestText;
      return (type === frontendType.query || type === frontendType.parse) && bytes <= longestText;
    },
    see: (type, frame) => {
      if (type === frontendType.execute) {
        events.rowsAsked(engineProcessId, frame.readUInt32BE(frame.length - 4));
        return undefined;
      }
      return rewriteFrame(type, frame, rewrite);
    },
  };
  const fromClient = createFrameStream(login.watchClient(clientWatcher));
  function rewrite(text: string): string | undefined {
    const changed = events.rewrite(text);
    if (changed) {
      rewritten = changed;
      completed = 0;
      everRewritten = true;
    }
    return changed?.text;
  }
  const engineWatcher: FrameWatcher = {
    // A NOTICE can be as long as a client's function makes it.
    wants: (type, bytes) => seenFromEngine.has(type) && bytes <= longestSeenText,
    see: (type, frame) => {
      switch (type) {
        case backendType.commandComplete: {
          const tag = frame.toString('latin1', 5, frame.length - 1);
          failed ||= tag === 'ROLLBACK';
          if (tag === 'CREATE DATABASE') events.databaseCreated();
          return rewritten && renameTag(rewritten.tagOf(completed++, tag));
        }
        case backendType.errorResponse:
          failed = true;
          return rewritten && editFields(frame, rewritten.translateError);
        case backendType.noticeResponse:
          return rewritten && editFields(frame, rewritten.translateError);
        case backendType.backendKeyData:
          engineProcessId = frame.readUInt32BE(5);
          events.started(engineProcessId);
          break;
        case backendType.copyInResponse:
          owed.copyBegins();
          break;
        case backendType.readyForQuery: {
          const allAnswered = owed.answered();
          busy = frame[5] !== idle || !allAnswered;
          longestText = longestSeenText;
          if (!allAnswered) break;
          rewritten = undefined;
          if (frame[5] === idle || frame[5] === failedTransaction)
            events.ready(engineProcessId, failed ? 'failed' : 'committed');
          if (frame[5] === idle) failed = false;
        }
      }
      return undefined;
    },
  };
  const fromEngine = createFrameStream(login.watchEngine(engineWatcher));

  pump(client, engine, fromClient);
  pump(engine, client, fromEngine);
  if (first.length > 0) client.unshift(first);
  const closed = Promise.all([whenClosed(client), whenClosed(engine)]).then(() =>
    events.ended(engineProcessId),
  );
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

/** Moves chunks one way; a receiver that stops reading stops the sender, so memory stays flat. */
function pump(source: Socket, target: Socket, frames: FrameStream): void {
  source.on('data', (chunk) => {
    let room = true;
    for (const piece of frames.push(chunk)) room = target.write(piece);
    if (!room) source.pause();
  });
  target.on('drain', () => source.resume());
  source.on('end', () => target.end());
  source.on('error', () => source.destroy());
  source.on('close', () => target.destroySoon());
}

function whenClosed(socket: Socket): Promise<void> {
  return socket.destroyed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', () => resolve()));
}

function renameTag(tag: string | undefined): Buffer | undefined {
  return tag === undefined ? undefined : commandComplete(tag);
}

/** Query: text. Parse: statement name, text, parameter types. */
function rewriteFrame(
  type: number,
  frame: Buffer,
  rewrite: (text: string) => string | undefined,
): Buffer | undefined {
  const start = type === frontendType.query ? 5 : frame.indexOf(0, 5) + 1;
  const end = frame.indexOf(0, start);
  if (start === 0 || end < 0) return undefined;
  // Latin-1 keeps one character a byte, enough to look for ASCII words without decoding.
  if (!mayConcernUs.test(frame.toString('latin1', start, end))) return undefined;
  // A client_encoding other than UTF-8 keeps its bytes this way; all the words that matter are ASCII.
  const encoding = isUtf8(frame.subarray(start, end)) ? 'utf8' : 'latin1';
  const text = rewrite(frame.toString(encoding, start, end));
  return text === undefined ? undefined : replaceText(frame, start, end, Buffer.from(text, encoding));
}
