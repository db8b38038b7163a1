/** The client's messages that the engine has not answered yet, in order, to find out which message an answer belongs to. */
import { backendType, frontendType, typeTable } from '../wire/message-types.js';
import type { Bound } from './bound-values.js';
import type { CursorRead } from './cursor-places.js';

/** A message that the engine will answer. Text and names are known only if the frame was looked at. */
export interface SentMessage<Text> {
  readonly type: number;
  /** Set if the engine got a different text from the one the client sent. */
  text: Text | undefined;
  statementName: string | undefined;
  portalName: string | undefined;
  /** Of an Execute whose Bind was looked at. */
  bound: Bound | undefined;
  /** Of an Execute of which it is not known what was bound, and that may call. */
  isHidden: boolean;
  /** Of an Execute whose frame was looked at: how many rows it asks for; 0: all. */
  rows: number | undefined;
  /** What it reads of cursors and portals, or makes of them. */
  reads: CursorRead[] | undefined;
  /** CommandCompletes so far; for CopyDone and CopyFail: how many more of them followed directly. */
  count: number;
  next: SentMessage<Text> | undefined;
}

/** The startup packet is answered with ReadyForQuery too, but has no type byte. */
const startup = 0;
const { query, parse, bind, describe, execute, close, sync, functionCall } = frontendType;
const endsWithReady = typeTable([startup, query, functionCall, sync]);
const isAnswered = typeTable([query, functionCall, sync, parse, bind, describe, execute, close]);
/** By type of answer: the message of the extended protocol that it completes. */
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
 * The awaited messages as a linked list, and what the engine does with new ones at the moment. It cannot grow beyond what fits into the sockets:
 * the engine answers in order, and messages that it will not answer are not kept.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html
 */
export interface AwaitedAnswers<Text> {
  /** The one that the engine is at; undefined if everything has been answered. */
  first: SentMessage<Text> | undefined;
  last: SentMessage<Text>;
  /** Types of messages behind which nothing is known to be awaited yet: an object for each is made when somebody asks for `first`, as hardly ever. */
  readonly types: Uint8Array;
  /** How many of them there are. While there are any, the list is empty. */
  typesOnly: number;
  /** After an error in the extended protocol the engine ignores everything up to the next Sync. */
  skipping: boolean;
  /** The engine is reading COPY data, and ignores Sync. */
  copying: boolean;
}

/** As many as one statement of the extended protocol takes. */
const mostTypesOnly = 8;

export function createAwaitedAnswers<Text>(): AwaitedAnswers<Text> {
  const last = newMessage<Text>(startup);
  let list: SentMessage<Text> | undefined = last;
  const line: AwaitedAnswers<Text> = {
    get first() {
      if (line.typesOnly > 0) makeMessages(line);
      return list;
    },
    set first(message) {
      list = message;
    },
    last,
    types: new Uint8Array(mostTypesOnly),
    typesOnly: 0,
    skipping: false,
    copying: false,
  };
  return line;
}

/** True if nothing comes after the message that is being answered. */
export function isAtLast({ first, last }: AwaitedAnswers<unknown>): boolean {
  return first === undefined || first === last;
}

/** Takes note of a message to the engine; undefined if the engine will not answer it. */
export function noteSent<Text>(line: AwaitedAnswers<Text>, type: number): SentMessage<Text> | undefined {
  if (type === frontendType.copyDone || type === frontendType.copyFail) return copyEnds(line, type);
  if (!isAnswered[type]) return undefined;
  if (type === frontendType.sync) {
    if (line.copying) return undefined;
    line.skipping = false;
  }
  return line.skipping ? undefined : push(line, type);
}

/** The same of a message of which nothing more is to be said than its type; false if the engine will not answer it. */
export function noteTypeSent(line: AwaitedAnswers<unknown>, type: number): boolean {
  const isAlone = line.typesOnly > 0 || line.first === undefined;
  const isShort = isAlone && line.typesOnly < mostTypesOnly && !line.skipping && !line.copying;
  if (!isShort || isAnswered[type] === 0) return noteSent(line, type) !== undefined;
  line.types[line.typesOnly] = type;
  line.typesOnly += 1;
  return true;
}

/** Takes note of a message from the engine; returns the client's message that it belongs to. */
export function noteAnswer<Text>(line: AwaitedAnswers<Text>, type: number): SentMessage<Text> | undefined {
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
      // What completes nothing has the number of the startup packet.
      if (first && doneBy[type] !== startup && first.type === doneBy[type]) drop(line);
  }
  return first;
}

/** True if behind the next ReadyForQuery nothing more is awaited. */
export function isAllAnswered(line: AwaitedAnswers<unknown>): boolean {
  const { types, typesOnly } = line;
  if (typesOnly > 0) {
    let at = 0;
    while (at < typesOnly - 1 && endsWithReady[types[at] as number] === 0) at += 1;
    return at === typesOnly - 1 && endsWithReady[types[at] as number] === 1;
  }
  let ready = line.first;
  while (ready && !endsWithReady[ready.type]) ready = ready.next;
  return ready !== undefined && ready.next === undefined;
}

/** Takes note of that ReadyForQuery. */
export function noteAllAnswered(line: AwaitedAnswers<unknown>): void {
  line.typesOnly = 0;
  line.first = undefined;
  line.skipping = false;
  line.copying = false;
}

function makeMessages<Text>(line: AwaitedAnswers<Text>): void {
  const { types, typesOnly } = line;
  line.typesOnly = 0;
  for (let at = 0; at < typesOnly; at += 1) push(line, types[at] as number);
}

function push<Text>(line: AwaitedAnswers<Text>, type: number): SentMessage<Text> {
  const message = newMessage<Text>(type);
  if (line.first) line.last.next = message;
  else line.first = message;
  line.last = message;
  return message;
}

function drop<Text>(line: AwaitedAnswers<Text>): void {
  line.first = line.first?.next;
  // The end of COPY data is not answered if there is no COPY (any more).
  if (line.first && isCopyEnd(line.first)) line.first = line.first.next;
}

function skipToSync<Text>(line: AwaitedAnswers<Text>): void {
  while (line.first && line.first.type !== frontendType.sync) line.first = line.first.next;
  line.skipping = line.first === undefined;
}

/** Syncs sent before the end of the data are ignored: libpq sends one with Execute and another one after the data. */
function copyBegins<Text>(line: AwaitedAnswers<Text>): void {
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

function unlink<Text>(
  line: AwaitedAnswers<Text>,
  before: SentMessage<Text>,
  message: SentMessage<Text>,
): void {
  before.next = message.next;
  if (line.last === message) line.last = before;
}

function copyEnds<Text>(line: AwaitedAnswers<Text>, type: number): undefined {
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
    bound: undefined,
    isHidden: false,
    rows: undefined,
    reads: undefined,
    count: 0,
    next: undefined,
  };
}

function isCopyEnd<Text>({ type }: SentMessage<Text>): boolean {
  return type === frontendType.copyDone || type === frontendType.copyFail;
}
