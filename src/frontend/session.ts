/** A session: one client connection and its engine connection, bytes relayed both ways, statement texts seen on the way. */
import type { Socket } from 'node:net';
import type { FrameStream } from '../wire/frames.js';
import { backendType, createFrameStream, frontendType } from '../wire/frames.js';
import { replaceText } from '../wire/replies.js';

export interface SessionEvents {
  /** Another text for this statement, or the same. Called for Query and Parse texts that may concern the gateway. */
  rewrite(text: string): string;
  /** The engine named its process: later calls of this session carry the number. */
  started(engineProcessId: number): void;
  /** The engine is ready for the next statement. `idle`: and the client has sent none yet, so nothing of this session runs. */
  ready(engineProcessId: number, idle: boolean): void;
  ended(engineProcessId: number): void;
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
const mayConcernUs = /ai_gen|hg_|optimizer_/i;
const idle = 0x49;

/** Joins the two sockets until one of them closes. `first` are bytes the client sent right behind its startup packet. */
export function joinSession(client: Socket, engine: Socket, first: Buffer, events: SessionEvents): Session {
  let engineProcessId = 0;
  let busy = true;
  /** Query and Sync messages that the engine has not answered with ReadyForQuery; startup ends with one too. */
  let unanswered = 1;

  const fromClient = createFrameStream({
    wants: (type, bytes) => {
      busy = true;
      if (type === frontendType.query || type === frontendType.sync || type === frontendType.functionCall)
        unanswered += 1;
      return (type === frontendType.query || type === frontendType.parse) && bytes <= longestSeenText;
    },
    see: (type, frame) => rewriteFrame(type, frame, events.rewrite),
  });
  const fromEngine = createFrameStream({
    wants: (type) => type === backendType.readyForQuery || type === backendType.backendKeyData,
    see: (type, frame) => {
      if (type === backendType.backendKeyData) {
        engineProcessId = frame.readUInt32BE(5);
        events.started(engineProcessId);
      } else {
        unanswered -= 1;
        busy = frame[5] !== idle || unanswered > 0;
        events.ready(engineProcessId, unanswered <= 0);
      }
      return undefined;
    },
  });

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

/** Query: text. Parse: statement name, text, parameter types. */
function rewriteFrame(type: number, frame: Buffer, rewrite: (text: string) => string): Buffer | undefined {
  const start = type === frontendType.query ? 5 : frame.indexOf(0, 5) + 1;
  const end = frame.indexOf(0, start);
  if (start === 0 || end < 0) return undefined;
  // Latin-1 keeps one character a byte, enough to look for ASCII words without decoding.
  if (!mayConcernUs.test(frame.toString('latin1', start, end))) return undefined;
  const text = frame.toString('utf8', start, end);
  const rewritten = rewrite(text);
  return rewritten === text ? undefined : replaceText(frame, start, end, rewritten);
}
