/**
 * What a client has bound last, whatever the text: a view or a function that it names may make calls. Most make none, so that it is kept as it
 * came, in memory that each Bind uses anew, and read when the engine asks for it.
 */
import { frontendType } from '../wire/message-types.js';
import type { AwaitedAnswers } from './awaited-answers.js';
import { type Bound, longestBind, readBoundValues, readParameterTypes, rowsAsked } from './bound-values.js';
import { nameAt } from './statement-names.js';

export interface LastBound {
  /** The types that were given with statements, by the statements' names; undefined: it is not known which of several it is. */
  readonly types: Map<string, number[] | undefined>;
  /** How many types these have been. */
  typesKept: number;
  bind: Buffer;
  /** Of these so many are of the last Bind; 0: it is not known. */
  bytes: number;
  /** They are a whole chunk of messages, of which nothing else is known yet. */
  unread: boolean;
  /** The types of its statement. */
  given: number[] | undefined;
  /** The portal that was executed last behind it, and how often one was. */
  executed: string | undefined;
  executions: number;
  /** So many rows were asked for before the last time, and then: 0 for all. */
  passed: number;
  rows: number;
  read: Bound | undefined;
}

const leastBytes = 256;
/** Who prepares more is not followed. */
const mostStatements = 1_000;
const mostTypes = 100_000;

export function createLastBound(): LastBound {
  return {
    types: new Map(),
    typesKept: 0,
    bind: Buffer.alloc(0),
    bytes: 0,
    unread: false,
    given: undefined,
    executed: undefined,
    executions: 0,
    ...{ passed: 0, rows: 0 },
    read: undefined,
  };
}

/** Takes note of whole messages that the engine will answer. Most chunks are one statement that is prepared, bound and executed, of which hardly ever anything is asked. */
export function keepChunk(last: LastBound, chunk: Buffer): void {
  if (isOneExecution(chunk)) {
    // The unnamed statement stays what it was.
    if (last.unread && last.bind[0] === frontendType.parse && chunk[0] !== frontendType.parse)
      readChunk(last);
    keepBytes(last, chunk);
    last.unread = last.bytes > 0;
    return;
  }
  readChunk(last);
  keepEach(last, chunk);
}

/** The same of one. */
export function keepBound(last: LastBound, type: number, frame: Buffer): void {
  readChunk(last);
  switch (type) {
    case frontendType.parse:
      keepTypes(last, nameAt(frame, 5), readParameterTypes(frame));
      break;
    case frontendType.bind:
      keepBind(last, frame);
      break;
    case frontendType.execute:
      last.executed = nameAt(frame, 5);
      last.executions += 1;
      countRows(last, frame);
      break;
    case frontendType.close:
      if (frame[5] === ofStatement) last.types.delete(nameAt(frame, 6));
  }
}
const ofStatement = 0x53;

/** After an error the engine may have left messages out. */
export function forgetBound(last: LastBound): void {
  Object.assign(last, { bytes: 0, unread: false, read: undefined });
  last.types.delete('');
}

/** What is bound to the text that the engine is at, if it is at the only Execute. */
export function readBound(
  last: LastBound,
  awaited: Pick<AwaitedAnswers<unknown>, 'first'>,
  text: string,
): Bound | undefined {
  if (last.bytes === 0 || !isOnlyExecute(awaited)) return undefined;
  readChunk(last);
  const frame = last.bind.subarray(0, last.bytes);
  const { given: types } = last;
  if (nameAt(frame, 5) !== last.executed || !types) return undefined;
  const { executions, passed } = last;
  if (last.read?.text === text) return Object.assign(last.read, { executions, passed });
  const values = readBoundValues(frame);
  const isKept = nameAt(frame, frame.indexOf(0, 5) + 1) !== '';
  const names = { isNamed: last.executed !== '', isKept, isOpened: false };
  last.read = values && { text, types, values, bytes: last.bytes, executions, passed, ...names };
  return last.read;
}

/** Of one name only the unnamed statement is prepared anew; another one is refused, or was deallocated unseen. */
function keepTypes(last: LastBound, name: string, given: number[] | undefined): void {
  const { types } = last;
  last.typesKept += given?.length ?? 0;
  if (types.size > mostStatements || last.typesKept > mostTypes) forgetTypes(last);
  types.set(name, name !== '' && types.has(name) ? undefined : given);
}

/** After DEALLOCATE ALL or DISCARD ALL, too. Of what was prepared before nothing is known then. */
export function forgetTypes(last: LastBound): void {
  last.types.clear();
  last.typesKept = 0;
}

/** Of the portal that was bound last. */
function countRows(last: LastBound, frame: Buffer): void {
  if (last.executed !== nameAt(last.bind.subarray(0, last.bytes), 5)) return;
  last.passed += last.rows;
  last.rows = rowsAsked(frame);
}

function keepBind(last: LastBound, frame: Buffer): void {
  Object.assign(last, { executed: undefined, executions: 0, passed: 0, rows: 0 });
  last.given = last.types.get(nameAt(frame, frame.indexOf(0, 5) + 1));
  keepBytes(last, frame);
}

function keepBytes(last: LastBound, bytes: Buffer): void {
  last.read = undefined;
  last.bytes = bytes.length > longestBind ? 0 : bytes.length;
  if (last.bytes > last.bind.length) last.bind = Buffer.allocUnsafeSlow(Math.max(leastBytes, 2 * last.bytes));
  bytes.copy(last.bind, 0, 0, last.bytes);
}

function readChunk(last: LastBound): void {
  if (!last.unread) return;
  const chunk = Buffer.from(last.bind.subarray(0, last.bytes));
  Object.assign(last, { bytes: 0, unread: false });
  keepEach(last, chunk);
}

function keepEach(last: LastBound, chunk: Buffer): void {
  for (let at = 0; at < chunk.length; at = endOf(chunk, at))
    keepBound(last, chunk[at] as number, chunk.subarray(at, endOf(chunk, at)));
}

function endOf(chunk: Buffer, at: number): number {
  return at + 1 + chunk.readUInt32BE(at + 1);
}

/**
 * One Bind and one Execute of the unnamed portal, behind the Parse of the unnamed statement or of one that was prepared before: all that it changes
 * for what comes behind is known from itself.
 */
function isOneExecution(chunk: Buffer): boolean {
  let at = 0;
  const takes = (type: number) => {
    if (chunk[at] !== type) return false;
    at = endOf(chunk, at);
    return true;
  };
  const isUnnamed = (offset: number) => chunk[at + offset] === 0;
  const isPrepared = isUnnamed(5) && takes(frontendType.parse);
  if (!isUnnamed(5) || isUnnamed(6) !== isPrepared || !takes(frontendType.bind)) return false;
  takes(frontendType.describe);
  return isUnnamed(5) && takes(frontendType.execute) && takes(frontendType.sync) && at === chunk.length;
}

function isOnlyExecute(awaited: Pick<AwaitedAnswers<unknown>, 'first'>): boolean {
  let executes = 0;
  for (let at = awaited.first; at; at = at.next) {
    if (at.type === frontendType.query || at.type === frontendType.functionCall) return false;
    if (at.type === frontendType.execute) executes += 1;
  }
  return executes === 1;
}
