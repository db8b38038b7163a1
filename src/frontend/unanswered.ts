/** What the client has sent and the engine has not answered yet, in order: it tells which message an answer belongs to. */
import { backendType, frontendType, typeTable } from '../wire/frames.js';

/** A message that the engine answers. The rest is known only of messages that somebody looked into. */
export interface SentMessage<Text> {
  readonly type: number;
  /** Its statement text, where the engine got another one than the client sent. */
  text: Text | undefined;
  statementName: string | undefined;
  portalName: string | undefined;
  /** CommandCompletes so far; of CopyDone and CopyFail: how many more came right behind. */
  count: number;
  next: SentMessage<Text> | undefined;
}

export interface Unanswered<Text> {
  /** Notes a message on its way to the engine; undefined when the engine will not answer it. */
  sent(type: number): SentMessage<Text> | undefined;
  /** Notes an answer, or something said by the way; the message that the engine was at. */
  answered(type: number): SentMessage<Text> | undefined;
  /** Everything is answered. */
  readonly none: boolean;
}

/** Startup ends with ReadyForQuery too, and has no type of its own. */
const startup = 0;
const { query, parse, bind, describe, execute, close, sync, functionCall } = frontendType;
const endsWithReady = typeTable([startup, query, functionCall, sync]);
const isAnswered = typeTable([query, functionCall, sync, parse, bind, describe, execute, close]);
/** By the answer that it is done with: the message of the extended protocol. */
const doneBy = new Uint8Array(256);
doneBy[backendType.parseComplete] = parse;
doneBy[backendType.bindComplete] = bind;
doneBy[backendType.closeComplete] = close;
doneBy[backendType.rowDescription] = describe;
doneBy[backendType.noData] = describe;
doneBy[backendType.commandComplete] = execute;
doneBy[backendType.emptyQueryResponse] = execute;
doneBy[backendType.portalSuspended] = execute;

/**
 * No more is kept than fits into the sockets: the engine answers in order, and what it will not answer is not kept.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html
 */
export function createUnanswered<Text>(): Unanswered<Text> {
  let first: SentMessage<Text> | undefined = newMessage(startup);
  let last = first;
  /** After an error in the extended protocol the engine reads on to the next Sync without a word. */
  let skipping = false;
  /** The engine takes COPY data, and passes over Sync. */
  let copying = false;

  return {
    sent(type) {
      if (type === frontendType.copyDone || type === frontendType.copyFail) return copyEnds(type);
      if (!isAnswered[type]) return undefined;
      if (type === frontendType.sync) {
        if (copying) return undefined;
        skipping = false;
      }
      return skipping ? undefined : push(type);
    },
    answered(type) {
      const message = first;
      switch (type) {
        case backendType.readyForQuery:
          skipping = false;
          copying = false;
          while (first && !endsWithReady[first.type]) first = first.next;
          drop();
          break;
        case backendType.errorResponse:
          copying = false;
          if (message && !endsWithReady[message.type]) skipToSync();
          break;
        case backendType.copyInResponse:
          copyBegins();
          break;
        default:
          if (message && message.type === doneBy[type]) drop();
      }
      return message;
    },
    get none() {
      return first === undefined;
    },
  };

  function push(type: number): SentMessage<Text> {
    const message = newMessage<Text>(type);
    if (first) last.next = message;
    else first = message;
    last = message;
    return message;
  }

  function drop(): void {
    first = first?.next;
    // The end of COPY data for which there was no COPY (any more) is not answered.
    if (first && isCopyEnd(first)) first = first.next;
  }

  function skipToSync(): void {
    while (first && first.type !== frontendType.sync) first = first.next;
    skipping = first === undefined;
  }

  /** The Syncs that were sent before the data's end are passed over: libpq sends one with the Execute and another behind the data. */
  function copyBegins(): void {
    copying = true;
    for (let at = first; at?.next && copying; ) {
      const { next } = at;
      if (isCopyEnd(next)) {
        copying = false;
        next.count -= 1;
      }
      if (next.type === frontendType.sync || next.count < 0) unlink(at, next);
      else at = next;
    }
  }

  function unlink(before: SentMessage<Text>, message: SentMessage<Text>): void {
    before.next = message.next;
    if (last === message) last = before;
  }

  function copyEnds(type: number): undefined {
    if (copying) copying = false;
    else if (first && isCopyEnd(last)) last.count += 1;
    else if (first) push(type);
  }
}

function newMessage<Text>(type: number): SentMessage<Text> {
  return {
    type,
    text: undefined,
    statementName: undefined,
    portalName: undefined,
    count: 0,
    next: undefined,
  };
}

function isCopyEnd<Text>({ type }: SentMessage<Text>): boolean {
  return type === frontendType.copyDone || type === frontendType.copyFail;
}
