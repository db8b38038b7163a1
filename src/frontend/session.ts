/** A session: one client connection and its engine connection, bytes relayed both ways, statement texts seen on the way. */
import type { Socket } from 'node:net';
import { createFrameStream } from '../wire/frames.js';
import { createLogin, type Login } from './channel-binding.js';
import { watchClient } from './client-messages.js';
import { beginConversation, type Conversation, type SessionEvents } from './conversation.js';
import { lastWordMs } from './door.js';
import { watchEngine } from './engine-answers.js';
import { type Landing, pump, whenClosed } from './pump.js';

export interface Session {
  /** True while a statement runs or a transaction is open. */
  readonly busy: boolean;
  /** Says a last word (a whole ErrorResponse), where the stream allows it, and ends both sides. */
  end(farewell: Buffer): void;
  closed: Promise<void>;
}

export interface Sides {
  client: Socket;
  engine: Socket;
  /** Where the engine's answers land when its socket gives no data events. */
  landing?: Landing;
  /** Bytes that the client sent right behind its startup packet. */
  first: Buffer;
}

/** Ends, by the engine's key for it, a statement that nobody waits for. */
type Cancel = (processKey: Buffer) => void;

/** As often as the embedded engine looks, see client_connection_check_interval: to PostgreSQL a half-closed client is a gone one then. */
const halfClosedCheckMs = 2_000;

/** Joins the two sockets until one of them closes. */
export function joinSession(
  sides: Sides,
  events: SessionEvents,
  cancel: Cancel,
  login: Login = createLogin(false),
): Session {
  const { client, engine, landing, first } = sides;
  const conversation = beginConversation(events);
  const fromClient = createFrameStream(login.watchClient(watchClient(conversation)));
  const fromEngine = createFrameStream(login.watchEngine(watchEngine(conversation)));

  for (const piece of fromClient.push(first)) engine.write(piece);
  pump(client, engine, fromClient);
  pump(engine, client, fromEngine, landing);
  const stop = () => stopGenerating(conversation, cancel);
  if (client.readableEnded) halfClosed(client, stop);
  else client.once('end', () => halfClosed(client, stop));
  return {
    get busy() {
      return conversation.busy;
    },
    end(farewell) {
      endSides(sides, fromEngine.betweenFrames ? farewell : undefined);
    },
    closed: Promise.all([whenClosed(client), whenClosed(engine)]).then(stop),
  };
}

/** Nobody waits for the session's rows any more: what it has under way must not pay for more of them. */
function stopGenerating({ events, engineProcessId, cancelKey }: Conversation, cancel: Cancel): void {
  if (events.ended(engineProcessId) && cancelKey) cancel(cancelKey);
}

/**
 * A client that has closed its sending side may well wait for its answers, and gets them, but nobody can tell it from one that is gone: nothing
 * is paid for it, and what is paid for already is for whoever asks next.
 */
function halfClosed(client: Socket, stop: () => void): void {
  stop();
  const timer = setInterval(stop, halfClosedCheckMs).unref();
  client.once('close', () => clearInterval(timer));
}

function endSides({ client, engine }: Sides, lastWord: Buffer | undefined): void {
  if (lastWord && client.writable) client.write(lastWord);
  client.destroySoon();
  engine.destroy();
  // A client that does not read would never let go.
  const timer = setTimeout(() => client.destroy(), lastWordMs).unref();
  client.once('close', () => clearTimeout(timer));
}
