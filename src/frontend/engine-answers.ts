/** Watches the engine's answers: how statements end, and errors and tags that refer to a rewritten text. */

import { leaveOutOwnRoutines, mentionsOwnRoutines } from '../rewriter/own-context.js';
import type { FrameWatcher } from '../wire/frames.js';
import { backendType, frontendType, typeTable } from '../wire/message-types.js';
import { commandComplete, editFields } from '../wire/replies.js';
import { answersAside, hearAside } from './aside.js';
import { isAllAnswered, isAtLast, noteAllAnswered, noteAnswer, type SentMessage } from './awaited-answers.js';
import { forgetPortals, hideFailed, hidePrepared } from './bindings.js';
import type { Bound } from './bound-values.js';
import { type Conversation, longestSeenText, type Rewritten } from './conversation.js';
import {
  allAnswered,
  type CursorRead,
  forgetPlaces,
  placeOf,
  readsAnswered,
  readsFailed,
} from './cursor-places.js';
import { forgetBound, forgetTypes, readBound } from './last-bound.js';
import { standingPipe } from './pipe.js';

/** States in ReadyForQuery: outside a transaction, and in one that can only be rolled back. */
const idle = 0x49;
const failedTransaction = 0x45;
const lastDigit = 0x39;
const beginningTags = new Set(['BEGIN', 'START TRANSACTION']);
/** These commands leave no prepared statement. */
const forgettingTags = new Set(['DEALLOCATE ALL', 'DISCARD ALL']);
/** Answers whose bodies are read; for the others it is enough to know that they came. */
const seen = typeTable([
  backendType.backendKeyData,
  backendType.readyForQuery,
  backendType.commandComplete,
  backendType.errorResponse,
  backendType.noticeResponse,
]);
/** What is read is read, and what is made is there. */
const completing = typeTable([
  backendType.commandComplete,
  backendType.portalSuspended,
  backendType.bindComplete,
]);
const answers = typeTable(Object.values(backendType));
/** Answers that mean nothing to the gateway where everything is answered after them, no text was rewritten and no tag is among them. */
const remarkable = typeTable([
  backendType.authentication,
  backendType.backendKeyData,
  backendType.readyForQuery,
  backendType.errorResponse,
  backendType.noticeResponse,
  backendType.copyInResponse,
  backendType.copyBothResponse,
]);
const readyFrameBytes = 6;
const nothing = Buffer.alloc(0);

export function watchEngine(conversation: Conversation): FrameWatcher {
  return {
    isRoutine: (chunk) =>
      !conversation.aside && isRoutine(conversation, chunk) && isAllAnswered(conversation.awaited),
    noteRoutine(chunk) {
      noteAllAnswered(conversation.awaited);
      readyForQuery(conversation, chunk[chunk.length - 1]);
    },
    wants: (type, bytes) => {
      if (answersAside(conversation, type)) return true;
      if (answers[type] === 0) return false;
      const answered = noteAnswer(conversation.awaited, type);
      conversation.answered = answered;
      if (answered?.reads && completing[type] === 1) readsAnswered(answered.reads);
      if (type === backendType.portalSuspended) conversation.wasCommit = false;
      if (conversation.everRewritten && answered) conversation.names.answered(type, answered);
      return seen[type] === 1 && bytes <= longestSeenText;
    },
    see: (type, frame) => {
      if (answersAside(conversation, type)) {
        // The end of the session is the client's to hear.
        if (isFatal(type, frame)) return undefined;
        hearAside(conversation, type);
        return nothing;
      }
      const replacement = see(conversation, type, frame);
      if (conversation.untold.length === 0) return replacement;
      return Buffer.concat([...conversation.untold.splice(0), replacement ?? frame]);
    },
  };
}

function isFatal(type: number, frame: Buffer): boolean {
  return type === backendType.errorResponse && /\0V(FATAL|PANIC)\0/.test(frame.toString('latin1'));
}

/** The whole answer to a statement of a session that the gateway has never had to do with: most are, and small. */
function isRoutine({ everRewritten, untold, wasCommit }: Conversation, chunk: Buffer): boolean {
  const readyAt = chunk.length - readyFrameBytes;
  if (everRewritten || wasCommit || untold.length > 0 || chunk[readyAt] !== backendType.readyForQuery)
    return false;
  let at = 0;
  while (at < readyAt) {
    const type = chunk[at] as number;
    const end = at + 1 + chunk.readUInt32BE(at + 1);
    if (remarkable[type] === 1 || end <= at + 4 || end > readyAt) return false;
    if (type === backendType.commandComplete && !countsRows(chunk, at, end)) return false;
    at = end;
  }
  return at === readyAt && chunk.readUInt32BE(at + 1) === readyFrameBytes - 1;
}

/** Of a CommandComplete: its tag ends in a number of rows, as most do. Others may mean something, as do those of MOVE and FETCH. */
function countsRows(chunk: Buffer, at: number, end: number): boolean {
  const last = chunk[end - 2] as number;
  if (chunk[at + 5] === letter.M && chunk[at + 6] === letter.O) return false;
  if (chunk[at + 5] === letter.F) return false;
  return last <= lastDigit;
}
const letter = { M: 0x4d, O: 0x4f, F: 0x46 };

function see(conversation: Conversation, type: number, frame: Buffer): Buffer | undefined {
  switch (type) {
    case backendType.commandComplete:
      return statementEnded(conversation, frame);
    case backendType.errorResponse:
      failing(conversation);
      return inClientsWords(conversation, frame);
    case backendType.noticeResponse:
      return inClientsWords(conversation, frame);
    case backendType.backendKeyData:
      started(conversation, frame);
      break;
    case backendType.readyForQuery:
      readyForQuery(conversation, frame[5]);
  }
  return undefined;
}

/** The text that the current answer is about, if it was rewritten. */
function rewrittenText({ everRewritten, answered, names }: Conversation): Rewritten | undefined {
  return everRewritten && answered ? names.textOf(answered) : undefined;
}

function inClientsWords(conversation: Conversation, frame: Buffer): Buffer | undefined {
  const rewritten = rewrittenText(conversation);
  const tellsOfUs = frame.includes(mentionsOwnRoutines);
  if (!rewritten && !tellsOfUs) return undefined;
  return editFields(frame, (fields) => {
    rewritten?.translateError(fields);
    if (tellsOfUs) leaveOutOwnRoutines(fields);
  });
}

function failing(conversation: Conversation): void {
  conversation.failed = true;
  conversation.endings += 1;
  forgetBound(conversation.lastBound);
  if (conversation.everRewritten) hideFailed(conversation.bindings, conversation.answered);
  readsFailed(conversation.cursors, conversation.awaited);
  // COMMIT AND CHAIN stood before what failed.
  if (conversation.wasCommit) conversation.events.transactionOver(conversation.engineProcessId, 'committed');
  conversation.wasCommit = false;
  // The engine may be at what comes next in a pipeline already: its calls are not the ones that failed.
  if (!isAtLast(conversation.awaited)) return;
  const settled = undone(conversation);
  if (settled) conversation.holdBack(settled);
}

/** What failed, or what ROLLBACK TO undid. */
function undone(conversation: Conversation): Promise<void> | undefined {
  const { anew, mayChain, events, engineProcessId } = conversation;
  noteSavepoint(conversation);
  return events.undone(engineProcessId, anew || mayChain ? 'all' : 'behind savepoint');
}

/** Before what came with it counts as answered. */
function noteSavepoint(conversation: Conversation): void {
  if (conversation.savepointIsNew) conversation.events.savepointSet(conversation.engineProcessId);
  conversation.savepointIsNew = false;
}

/**
 * Savepoints are counted, not named: where a client goes back to one of several, or releases several at once, all from the first one on counts
 * as undone, and waits to be taken.
 */
function countSavepoints(conversation: Conversation, tag: string): void {
  if (tag === 'SAVEPOINT') {
    conversation.savepointIsNew ||= conversation.savepoints === 0;
    conversation.savepoints += 1;
  }
  if (tag === 'RELEASE' && conversation.savepoints > 0) conversation.savepoints -= 1;
  if (beginningTags.has(tag)) conversation.anew = true;
}

/** They go back in a cursor, perhaps to its begin, which makes no call, or on in a way that was not seen. */
const mayMoveCursors = /^(MOVE \d+|FETCH \d+|DO|CALL)$/;

/** It is known how far. */
function isCounted(tag: string, reads: CursorRead[] = []): boolean {
  const isRead = /^[MF]/.test(tag) && reads.some(({ text }) => text !== '');
  return isRead && reads.every(({ isForward }) => isForward);
}

function statementEnded(conversation: Conversation, frame: Buffer): Buffer | undefined {
  const rewritten = rewrittenText(conversation);
  conversation.wasCommit = false;
  if (!rewritten && countsRows(frame, 0, frame.length)) return undefined;
  const { answered, events, names } = conversation;
  const tag = frame.toString('latin1', 5, frame.length - 1);
  conversation.wasCommit = tag === 'COMMIT';
  if (tag === 'ROLLBACK') conversation.failed = true;
  if (tag === 'PREPARE TRANSACTION') conversation.isPrepared = true;
  countSavepoints(conversation, tag);
  if (mayMoveCursors.test(tag) && !isCounted(tag, answered?.reads)) {
    events.cursorsRewound(conversation.engineProcessId);
    forgetPlaces(conversation.cursors);
  }
  if (tag === 'CREATE DATABASE') events.databaseCreated();
  if (forgettingTags.has(tag)) {
    names.forgetStatements();
    hidePrepared(conversation.bindings);
    forgetTypes(conversation.lastBound);
  }
  const clientsTag = rewritten && answered && rewritten.tagOf(answered.count++, tag);
  return clientsTag === undefined ? undefined : commandComplete(clientsTag);
}

function started(conversation: Conversation, frame: Buffer): void {
  // A copy, because the frame would keep its whole chunk in memory.
  conversation.cancelKey = Buffer.from(frame.subarray(5));
  conversation.engineProcessId = conversation.cancelKey.readUInt32BE(0);
  const { events, engineProcessId } = conversation;
  const bound = (text: string, now: boolean) => executing(conversation, text, now);
  const place: Parameters<typeof events.started>[3] = (cursor) =>
    placeOf(conversation.cursors, conversation.awaited, cursor);
  events.started(engineProcessId, bound, () => standingPipe(conversation), place);
}

/** The engine keeps its answers until the pipeline ends: which of several Executes of one text it is at cannot be told. */
function executing(
  { awaited, bindings: { declared }, lastBound }: Conversation,
  text: string,
  now: boolean,
): Bound | undefined {
  const executes = declared.has(text) ? [] : executesFrom(awaited.first);
  const found = executes.flatMap(({ bound, reads: [read] = [] }) =>
    bound?.text === text ? Object.assign(bound, { passed: read?.before }) : [],
  );
  const isOnly = found.length === 1 && !executes.some(({ isHidden }) => isHidden);
  const bound = isOnly ? found[0] : declared.get(text);
  const known = bound ?? (now ? readBound(lastBound, awaited, text) : undefined);
  return known && Object.assign(known, { isOpened: known.isNamed && !isJustBound(known, awaited.first) });
}

/** Its Bind, too, has no answer yet. */
function isJustBound(bound: Bound, first: SentMessage<Rewritten> | undefined): boolean {
  const binds: (string | undefined)[] = [];
  let portal: string | undefined;
  for (let at = first; at; at = at.next) {
    if (at.type === frontendType.bind) binds.push(at.portalName);
    if (at.bound === bound) portal = at.portalName;
  }
  return binds.includes(portal);
}

function executesFrom(first: SentMessage<Rewritten> | undefined): SentMessage<Rewritten>[] {
  const found: SentMessage<Rewritten>[] = [];
  for (let at = first; at; at = at.next) if (at.type === frontendType.execute) found.push(at);
  return found;
}

function readyForQuery(conversation: Conversation, state: number | undefined): void {
  const { awaited, failed } = conversation;
  conversation.busy = state !== idle || awaited.first !== undefined;
  conversation.longestText = longestSeenText;
  conversation.longTextAwaits &&= awaited.first !== undefined;
  conversation.endings += 1;
  if (state === idle && conversation.everRewritten) portalsAreGone(conversation);
  if (awaited.first) {
    if (state === idle) oneIsOver(conversation);
    conversation.wasCommit = false;
    return;
  }
  conversation.rowsAwaited = 0;
  if (state === idle) forgetPlaces(conversation.cursors);
  else allAnswered(conversation.cursors);
  conversation.atRest = state !== failedTransaction;
  if (state === idle)
    isOver(conversation, failed ? 'failed' : conversation.isPrepared ? 'prepared' : 'committed');
  else if (state === failedTransaction) undone(conversation);
  // AND CHAIN
  else if (conversation.wasCommit && !failed) isOver(conversation, 'committed');
  else goesOn(conversation);
  conversation.anew = false;
  conversation.wasCommit = false;
}

function isOver(conversation: Conversation, outcome: 'committed' | 'failed' | 'prepared'): void {
  conversation.events.ready(conversation.engineProcessId, outcome);
  conversation.isPrepared = false;
  conversation.savepoints = 0;
  conversation.savepointIsNew = false;
  conversation.failed = false;
}

/** Of several transactions; what is prepared is told with the last. */
function oneIsOver(conversation: Conversation): void {
  const { events, engineProcessId, failed, isPrepared } = conversation;
  if (isPrepared) return;
  events.transactionOver(engineProcessId, failed ? 'failed' : 'committed');
  conversation.failed = false;
}

function portalsAreGone({ awaited, names, bindings }: Conversation): void {
  names.forgetPortals();
  if (!awaited.first) forgetPortals(bindings);
}

/** An open transaction: what went wrong in it was undone by ROLLBACK TO. */
function goesOn(conversation: Conversation): void {
  const { events, engineProcessId, failed } = conversation;
  noteSavepoint(conversation);
  events.answered(engineProcessId);
  if (failed) undone(conversation);
  conversation.failed = false;
}
