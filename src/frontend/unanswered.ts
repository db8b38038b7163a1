/** What the client has sent and the engine has not answered yet, in order: it tells which message an answer belongs to. */
import { backendType, frontendType, typeTable } from '../wire/message-types.js';

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

/** The messages in order, and what the engine does at present with those that come. */
interface Line<Text> {
  first: SentMessage<Text> | undefined;
  last: SentMessage<Text>;
  /** After an error in the extended protocol the engine reads on to the next Sync without a word. */
  skipping: boolean;
  /** The engine takes COPY data, and passes over Sync. */
  copying: boolean;
}

/**
 * No more is kept than fits into the sockets: the engine answers in order, and what it will not answer is not kept.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html
 */
export function createUnanswered<Text>(): Unanswered<Text> {
  const first = newMessage<Text>(startup);
  const line: Line<Text> = { first, last: first, skipping: false, copying: false };
  return {
    sent: (type) => sent(line, type),
    answered(type) {
      const message = line.first;
      takeAnswer(line, type);
      return message;
    },
    get none() {
      return line.first === undefined;
    },
  };
}

function sent<Text>(line: Line<Text>, type: number): SentMessage<Text> | undefined {
  if (type === frontendType.copyDone || type === frontendType.copyFail) return copyEnds(line, type);
  if (!isAnswered[type]) return undefined;
  if (type === frontendType.sync) {
    if (line.copying) return undefined;
    line.skipping = false;
  }
  return line.skipping ? undefined : push(line, type);
}

function takeAnswer<Text>(line: Line<Text>, type: number): void {
  const { first } = line;
  switch (type) {
    case backendType.readyForQuery:
      line.skipping = false;
      line.copying = false;
      while (line.first && !endsWithReady[line.first.type]) line.first = line.first.next;
      drop(line);
      break;
    case backendType.errorResponse:
      line.copying = false;
      if (first && !endsWithReady[first.type]) skipToSync(line);
      break;
    case backendType.copyInResponse:
      copyBegins(line);
      break;
    default:
      if (first && first.type === doneBy[type]) drop(line);
  }
}

function push<Text>(line: Line<Text>, type: number): SentMessage<Text> {
  const message = newMessage<Text>(type);
  if (line.first) line.last.next = message;
  else line.first = message;
  line.last = message;
  return message;
}

function drop<Text>(line: Line<Text>): void {
  line.first = line.first?.next;
  // The end of COPY data for which there was no COPY (any more) is not answered.
  if (line.first && isCopyEnd(line.first)) line.first = line.first.next;
}

function skipToSync<Text>(line: Line<Text>): void {
  while (line.first && line.first.type !== frontendType.sync) line.first = line.first.next;
  line.skipping = line.first === undefined;
}

/** The Syncs that were sent before the data's end are passed over: libpq sends one with the Execute and another behind the data. */
function copyBegins<Text>(line: Line<Text>): void {
  line.copying = true;
  for (let at = line.first; at?.next && line.copying; ) {
    const { next } = at;
    if (isCopyEnd(next)) {
      line.copying = false;
      next.count -= 1;
    }
    if (next.type === frontendType.sync || next.count < 0) unlink(line, at, next);
    else at = next;
  }
}

function unlink<Text>(line: Line<Text>, before: SentMessage<Text>, message: SentMessage<Text>): void {
  before.next = message.next;
  if (line.last === message) line.last = before;
}

function copyEnds<Text>(line: Line<Text>, type: number): undefined {
  if (line.copying) line.copying = false;
  else if (line.first && isCopyEnd(line.last)) line.last.count += 1;
  else if (line.first) push(line, type);
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
